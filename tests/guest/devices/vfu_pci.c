/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_pci.c - configuration space: header, BARs, capabilities, and what the guest may write of it */
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include "vfu_impl.h"

#define FIRST_CAPABILITY 0x40u

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}
static void put32(uint8_t *at, uint32_t value)
{
	put16(at, (uint16_t)value);
	put16(at + 2, (uint16_t)(value >> 16));
}
static uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] | at[1] << 8); }

void vfu_pci_init(struct vfu *v, const struct vfu_id *id)
{
	uint8_t *c = v->initial;

	put16(c + PCI_VENDOR_ID, id->vendor);
	put16(c + PCI_DEVICE_ID, id->device);
	c[PCI_REVISION_ID] = id->revision;
	c[PCI_CLASS_PROG] = (uint8_t)id->class_code;
	put16(c + PCI_CLASS_DEVICE, (uint16_t)(id->class_code >> 8));
	put16(c + PCI_SUBSYSTEM_VENDOR_ID, id->subvendor);
	put16(c + PCI_SUBSYSTEM_ID, id->subdevice);
	c[PCI_INTERRUPT_PIN] = 1;
	put16(v->writable + PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | PCI_COMMAND_SERR |
						 PCI_COMMAND_INTX_DISABLE);
	v->writable[PCI_CACHE_LINE_SIZE] = v->writable[PCI_LATENCY_TIMER] = v->writable[PCI_INTERRUPT_LINE] = 0xff;
	v->config_size = 256;
	v->last_capability = PCI_CAPABILITY_LIST;
	v->next_capability = FIRST_CAPABILITY;
	v->n_vectors[VFU_INTX] = 1;
	vfu_pci_reset(v);
}

void vfu_pci_reset(struct vfu *v) { memcpy(v->config, v->initial, sizeof v->config); }

uint8_t *vfu_config(struct vfu *v) { return v->config; }

void vfu_config_size(struct vfu *v, unsigned int size)
{
	if (size != 256 && size != VFU_CONFIG)
		abort();
	v->config_size = size;
}

void vfu_bar(struct vfu *v, unsigned int bar, uint32_t size, uint32_t pci_type)
{
	uint32_t kept = (pci_type & PCI_BASE_ADDRESS_SPACE_IO) ? (uint32_t)PCI_BASE_ADDRESS_IO_MASK : (uint32_t)PCI_BASE_ADDRESS_MEM_MASK;

	if (bar >= VFU_BARS || !size || size & (size - 1))
		abort();
	v->bar_size[bar] = size;
	put32(v->initial + PCI_BASE_ADDRESS_0 + 4 * bar, pci_type);
	put32(v->writable + PCI_BASE_ADDRESS_0 + 4 * bar, ~(size - 1) & kept);
	if ((pci_type & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64 && !(pci_type & PCI_BASE_ADDRESS_SPACE_IO))
		put32(v->writable + PCI_BASE_ADDRESS_0 + 4 * bar + 4, ~0u);
	vfu_pci_reset(v);
}

unsigned int vfu_capability(struct vfu *v, uint8_t id, const void *data, const void *writable, unsigned int length)
{
	unsigned int at = v->next_capability;

	if (at + 2 + length > 256)
		abort();
	v->initial[v->last_capability] = (uint8_t)at;
	v->initial[at] = id;
	v->initial[at + 1] = 0;
	memcpy(v->initial + at + 2, data, length);
	if (writable)
		memcpy(v->writable + at + 2, writable, length);
	v->last_capability = at + 1;
	v->next_capability = (at + 2 + length + 3) & ~3u;
	put16(v->initial + PCI_STATUS, PCI_STATUS_CAP_LIST);
	vfu_pci_reset(v);
	return at;
}

void vfu_next_capability(struct vfu *v, unsigned int at)
{
	if (at < v->next_capability || at & 3)
		abort();
	v->next_capability = at;
}

/* no wake-up events; what the device knows stays in D3 */
void vfu_add_pm(struct vfu *v)
{
	uint8_t data[PCI_PM_SIZEOF - 2] = {0}, writable[PCI_PM_SIZEOF - 2] = {0};

	put16(data, 3); /* version 1.2 */
	put16(data + PCI_PM_CTRL - 2, PCI_PM_CTRL_NO_SOFT_RESET);
	put16(writable + PCI_PM_CTRL - 2, PCI_PM_CTRL_STATE_MASK);
	vfu_capability(v, PCI_CAP_ID_PM, data, writable, sizeof data);
}

/* an endpoint of version 2; speed is 1 for 2.5 GT/s and so on */
void vfu_add_pcie(struct vfu *v, unsigned int speed, unsigned int width)
{
	uint8_t data[PCI_CAP_EXP_ENDPOINT_SIZEOF_V2 - 2] = {0}, writable[sizeof data] = {0};

	put16(data + PCI_EXP_FLAGS - 2, 2 | PCI_EXP_TYPE_ENDPOINT << 4);
	put32(data + PCI_EXP_DEVCAP - 2, PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_EXT_TAG | 1); /* payloads of 256 */
	put16(data + PCI_EXP_DEVCTL - 2, PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_READRQ_512B);
	put16(writable + PCI_EXP_DEVCTL - 2, 0x7fff);
	put32(data + PCI_EXP_LNKCAP - 2, speed | width << 4);
	put16(writable + PCI_EXP_LNKCTL - 2, PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_RCB | PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES);
	put16(data + PCI_EXP_LNKSTA - 2, (uint16_t)(speed | width << 4));
	put32(data + PCI_EXP_DEVCAP2 - 2, PCI_EXP_DEVCAP2_COMP_TMOUT_DIS);
	put16(writable + PCI_EXP_DEVCTL2 - 2, 0x1f);
	put32(data + PCI_EXP_LNKCAP2 - 2, ((1u << speed) - 1) << 1);
	put16(data + PCI_EXP_LNKCTL2 - 2, (uint16_t)speed);
	put16(writable + PCI_EXP_LNKCTL2 - 2, PCI_EXP_LNKCTL2_TLS);
	vfu_capability(v, PCI_CAP_ID_EXP, data, writable, sizeof data);
}

void vfu_add_msi(struct vfu *v, unsigned int vectors)
{
	uint8_t data[12] = {0}, writable[12] = {0};
	uint16_t log = 0;

	while (1u << log < vectors)
		log++;
	if (vectors != 1u << log || vectors > 32)
		abort();
	put16(data + PCI_MSI_FLAGS - 2, (uint16_t)(PCI_MSI_FLAGS_64BIT | log << 1));
	put16(writable + PCI_MSI_FLAGS - 2, PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	put32(writable + PCI_MSI_ADDRESS_LO - 2, ~3u);
	put32(writable + PCI_MSI_ADDRESS_HI - 2, ~0u);
	put16(writable + PCI_MSI_DATA_64 - 2, 0xffff);
	v->msi = vfu_capability(v, PCI_CAP_ID_MSI, data, writable, sizeof data);
	v->n_vectors[VFU_MSI] = vectors;
}

/* The client keeps the table and the pending bits itself; what is behind them in the BAR is never asked for. */
void vfu_add_msix(struct vfu *v, unsigned int vectors, unsigned int bar, uint32_t table, uint32_t pending)
{
	uint8_t data[PCI_CAP_MSIX_SIZEOF - 2] = {0}, writable[PCI_CAP_MSIX_SIZEOF - 2] = {0};

	if (!vectors || vectors > VFU_VECTORS || bar >= VFU_BARS || (table | pending) & 7)
		abort();
	put16(data + PCI_MSIX_FLAGS - 2, (uint16_t)(vectors - 1));
	put16(writable + PCI_MSIX_FLAGS - 2, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	put32(data + PCI_MSIX_TABLE - 2, table | bar);
	put32(data + PCI_MSIX_PBA - 2, pending | bar);
	v->msix = vfu_capability(v, PCI_CAP_ID_MSIX, data, writable, sizeof data);
	v->n_vectors[VFU_MSIX] = vectors;
}

void vfu_pci_write(struct vfu *v, uint32_t offset, const uint8_t *data, uint32_t length)
{
	for (uint32_t i = 0; i < length && offset + i < v->config_size; i++) {
		uint8_t mask = v->writable[offset + i];

		v->config[offset + i] = (uint8_t)((v->config[offset + i] & ~mask) | (data[i] & mask));
	}
	vfu_irq_update(v);
}

bool vfu_pci_master(const struct vfu *v) { return get16(v->config + PCI_COMMAND) & PCI_COMMAND_MASTER; }
bool vfu_pci_intx_off(const struct vfu *v) { return get16(v->config + PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE; }

void vfu_pci_intx_status(struct vfu *v, bool level)
{
	uint16_t status = get16(v->config + PCI_STATUS) & (uint16_t)~PCI_STATUS_INTERRUPT;

	put16(v->config + PCI_STATUS, level ? status | PCI_STATUS_INTERRUPT : status);
}

bool vfu_enabled(const struct vfu *v, enum vfu_irq kind)
{
	bool msix = v->msix && get16(v->config + v->msix + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_ENABLE;
	bool msi = v->msi && get16(v->config + v->msi + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_ENABLE;

	switch (kind) {
	case VFU_MSIX: return msix;
	case VFU_MSI: return msi && !msix;
	default: return !msi && !msix;
	}
}
