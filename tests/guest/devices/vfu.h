/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfu.h - the server's side of vfio-user: a PCI device in this process, for the device vfio-user-pci of QEMU.
 *
 * The protocol is told in QEMU's documentation (interop/vfio-user), the structures behind it in <linux/vfio.h>. What is served:
 * VERSION, DMA_MAP and DMA_UNMAP with file descriptors, DEVICE_GET_INFO, GET_REGION_INFO, GET_IRQ_INFO, SET_IRQS with eventfds,
 * REGION_READ and REGION_WRITE, DEVICE_RESET. Everything else is answered with ENOTSUP. Regions are not offered for mmap(), and no
 * message goes to the client on its own, so a device reaches only memory that came with a descriptor (share=on).
 *
 * A device belongs to one thread. Nothing that the client or the guest says is taken as it is: a message that breaks the protocol
 * ends the connection, one that asks for too much is refused, and an access of the device to memory that is not there fails.
 */
#ifndef VFU_H
#define VFU_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vfu;

struct vfu_ops {
	/* a register of a BAR; size is 1, 2 or 4, and offset + size is within the BAR */
	uint32_t (*read)(void *nic, unsigned int bar, uint32_t offset, unsigned int size);
	void (*write)(void *nic, unsigned int bar, uint32_t offset, unsigned int size, uint32_t value);
	/* to what it is after power on */
	void (*reset)(void *nic);
};

struct vfu_id {
	uint16_t vendor, device, subvendor, subdevice;
	uint8_t revision;
	uint32_t class_code; /* 24 bits */
};

enum vfu_irq { VFU_INTX, VFU_MSI, VFU_MSIX, VFU_IRQS };
#define VFU_VECTORS 64u /* the most of a kind */
#define VFU_BARS 6u

/* vfu_new - listens at a path; NULL and errno if that fails. The path is removed first, and by vfu_free. */
struct vfu *vfu_new(const char *path, const struct vfu_id *id, const struct vfu_ops *ops, void *nic);
void vfu_free(struct vfu *v);

/* Before the first client: BARs and capabilities. The size of a BAR is a power of two, of a memory BAR at least a page. */
void vfu_bar(struct vfu *v, unsigned int bar, uint32_t size, uint32_t pci_type);
/* vfu_capability - adds one; data begins behind the two bytes of id and next, writable has a bit set for each that the guest may
 * write, or is NULL. Returns where it is. */
unsigned int vfu_capability(struct vfu *v, uint8_t id, const void *data, const void *writable, unsigned int length);
/* vfu_next_capability - where the next one comes, for drivers that do not look for theirs; behind those that are there */
void vfu_next_capability(struct vfu *v, unsigned int at);
void vfu_add_pm(struct vfu *v);
void vfu_add_pcie(struct vfu *v, unsigned int speed, unsigned int width);
void vfu_add_msi(struct vfu *v, unsigned int vectors);
void vfu_add_msix(struct vfu *v, unsigned int vectors, unsigned int bar, uint32_t table, uint32_t pending);
/* vfu_config_size - 256, or 4096 for one with extended capabilities, of which there are none yet */
void vfu_config_size(struct vfu *v, unsigned int size);
uint8_t *vfu_config(struct vfu *v);

/* vfu_fd - what to wait for (POLLIN): a client or its messages. vfu_serve - takes what there is; false if the client has gone. */
int vfu_fd(const struct vfu *v);
bool vfu_serve(struct vfu *v);
bool vfu_connected(const struct vfu *v);

/* Interrupts. vfu_line sets the level of INTx, which counts only while neither MSI nor MSI-X is enabled; vfu_message sends a
 * message of those, or keeps it until the client has said where to. */
void vfu_line(struct vfu *v, bool level);
void vfu_message(struct vfu *v, unsigned int vector);
bool vfu_enabled(const struct vfu *v, enum vfu_irq kind);

/* Guest memory, by bus address; all fail unless the guest has made the device a bus master. vfu_memory gives a pointer that holds
 * until the next vfu_serve, for a range that has to be within one mapping: descriptors. */
void *vfu_memory(struct vfu *v, uint64_t address, size_t length, bool write);
bool vfu_fetch(struct vfu *v, uint64_t address, void *to, size_t length);
bool vfu_store(struct vfu *v, uint64_t address, const void *from, size_t length);

#endif
