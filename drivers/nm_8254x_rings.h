/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_8254x_rings.h - rings of the 8254x and its PCIe successors in the hands of a program: their descriptors.
 *
 * Sections are of Intel's "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual" (317453).
 */
#ifndef NM_8254X_RINGS_H
#define NM_8254X_RINGS_H

#include "drivers/nm_nic.h"

/*
 * Transmit, 3.3.3: legacy descriptors. A frame has to come with its checksum (IFCS); RS asks for the done bit to be written, and
 * IDE, which the driver sets if it wants that, for an interrupt that may wait.
 */
static __always_inline void
nm_8254x_put_tx(struct e1000_tx_desc *d, uint64_t addr, uint32_t len, unsigned int flags, u32 ide)
{
	u32 cmd = E1000_TXD_CMD_IFCS | (ide & E1000_TXD_CMD_IDE);

	if (flags & NM_HW_LAST)
		cmd |= E1000_TXD_CMD_EOP;
	if (flags & NM_HW_REPORT)
		cmd |= E1000_TXD_CMD_RS;
	d->buffer_addr = cpu_to_le64(addr);
	d->lower.data = cpu_to_le32(cmd | len);
	d->upper.data = 0;
}

static __always_inline void
nm_8254x_report(struct e1000_tx_desc *d)
{
	d->lower.data |= cpu_to_le32(E1000_TXD_CMD_RS);
}

static __always_inline bool
nm_8254x_done(const struct e1000_tx_desc *d)
{
	return READ_ONCE(d->upper.data) & cpu_to_le32(E1000_TXD_STAT_DD);
}

#endif
