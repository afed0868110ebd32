/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_impl.h - what the files of vfu share */
#ifndef VFU_IMPL_H
#define VFU_IMPL_H
#include "vfu.h"

/* QEMU sends at most this many; the version reply says so. */
#define VFU_FDS 8
#define VFU_CONFIG 4096u
#define VFU_MAPPINGS 4096u

struct vfu_mapping {
	uint64_t address, size;
	uint8_t *at; /* NULL: no descriptor came with it */
	void *map;
	size_t map_size;
	bool readable, writable;
};

struct vfu {
	const struct vfu_ops *ops;
	void *nic;
	char *path;
	int listener, client;
	bool greeted; /* the client's version has been taken */
	uint32_t bar_size[VFU_BARS];
	unsigned int config_size, last_capability, next_capability;
	unsigned int msi, msix; /* where these capabilities are, 0: none */
	uint8_t config[VFU_CONFIG], initial[VFU_CONFIG], writable[VFU_CONFIG];
	struct vfu_mapping *mappings; /* in the order of their addresses, which do not overlap */
	size_t n_mappings;
	unsigned int n_vectors[VFU_IRQS];
	int event[VFU_IRQS][VFU_VECTORS]; /* -1: none */
	uint64_t pending[VFU_IRQS];       /* messages without an event */
	bool line, line_masked;           /* INTx: its level; masked since it was told, until the client says */
};

/* vfu_mem.c */
int vfu_mem_map(struct vfu *v, const void *request, size_t length, int *fds, int n_fds);
int vfu_mem_unmap(struct vfu *v, const void *request, size_t length);
void vfu_mem_clear(struct vfu *v);

/* vfu_pci.c */
void vfu_pci_init(struct vfu *v, const struct vfu_id *id);
void vfu_pci_reset(struct vfu *v);
void vfu_pci_write(struct vfu *v, uint32_t offset, const uint8_t *data, uint32_t length);
bool vfu_pci_master(const struct vfu *v);
bool vfu_pci_intx_off(const struct vfu *v);
void vfu_pci_intx_status(struct vfu *v, bool level);

/* vfu_irq.c */
void vfu_irq_init(struct vfu *v);
void vfu_irq_clear(struct vfu *v);
int vfu_irq_set(struct vfu *v, const void *request, size_t length, int *fds, int n_fds);
void vfu_irq_update(struct vfu *v);

#endif
