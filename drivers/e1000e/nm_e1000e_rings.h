/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_e1000e_rings.h - rings of the PCIe successors of the 8254x in the hands of a program: their descriptors.
 *
 * Sections are of Intel's "82574 GbE Controller Family Datasheet" (revision 3.4).
 */
#ifndef NM_E1000E_RINGS_H
#define NM_E1000E_RINGS_H

#include "drivers/nm_8254x_rings.h"

static void e1000e_update_rdt_wa(struct e1000_ring *rx_ring, unsigned int i);
static void e1000e_update_tdt_wa(struct e1000_ring *tx_ring, unsigned int i);

static inline struct e1000_ring *
nm_e1000e_of(const struct nm_hw_ring *r)
{
	return r->nic;
}

/* Transmit, 7.2.10.1: legacy descriptors, as those of the 8254x. */
static __always_inline void
nm_e1000e_put_tx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr, uint32_t len, unsigned int flags)
{
	struct e1000_ring *ring = nm_e1000e_of(r);

	nm_8254x_put_tx(E1000_TX_DESC(*ring, desc), addr, len, flags, ring->adapter->txd_cmd);
}

static __always_inline void
nm_e1000e_report(struct nm_hw_ring *r, uint32_t desc)
{
	nm_8254x_report(E1000_TX_DESC(*nm_e1000e_of(r), desc));
}

static __always_inline bool
nm_e1000e_done(struct nm_hw_ring *r, uint32_t desc)
{
	return nm_8254x_done(E1000_TX_DESC(*nm_e1000e_of(r), desc));
}

/* 10.2.6.5 TDT, the first descriptor that is not the NIC's. The driver knows chips that may miss the write. */
static __always_inline void
nm_e1000e_kick_tx(struct nm_hw_ring *r)
{
	struct e1000_ring *ring = nm_e1000e_of(r);

	dma_wmb();
	if (unlikely(ring->adapter->flags2 & FLAG2_PCIM2PCI_ARBITER_WA))
		e1000e_update_tdt_wa(ring, r->use);
	else
		writel(r->use, ring->tail);
}

/* Receive, 7.1.5: extended descriptors. What was written back covers the address. */
static __always_inline unsigned int
nm_e1000e_get_rx(struct nm_hw_ring *r, uint32_t desc, uint32_t *bytes)
{
	union e1000_rx_desc_extended *d = E1000_RX_DESC_EXT(*nm_e1000e_of(r), desc);
	u32 status = le32_to_cpu(READ_ONCE(d->wb.upper.status_error));

	if (!(status & E1000_RXD_STAT_DD))
		return 0;
	dma_rmb();
	*bytes = le16_to_cpu(d->wb.upper.length);
	if (likely(status & E1000_RXD_STAT_EOP))
		return NM_HW_DONE | NM_HW_LAST | (unlikely(status & E1000_RXDEXT_ERR_FRAME_ERR_MASK) ? NM_HW_BAD : 0);
	return NM_HW_DONE;
}

static __always_inline void
nm_e1000e_put_rx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr)
{
	union e1000_rx_desc_extended *d = E1000_RX_DESC_EXT(*nm_e1000e_of(r), desc);

	d->read.buffer_addr = cpu_to_le64(addr);
	d->read.reserved = 0; /* no done bit */
}

/* 10.2.5.8 RDT */
static __always_inline void
nm_e1000e_kick_rx(struct nm_hw_ring *r)
{
	struct e1000_ring *ring = nm_e1000e_of(r);

	dma_wmb();
	if (unlikely(ring->adapter->flags2 & FLAG2_PCIM2PCI_ARBITER_WA))
		e1000e_update_rdt_wa(ring, r->use);
	else
		writel(r->use, ring->tail);
}

/* The NIC itself fills short frames up (TCTL.PSP), but not those of 16 bytes and less, of which the driver warns. */
static const struct nm_hw_tx nm_e1000e_tx = {
	.put = nm_e1000e_put_tx,
	.report = nm_e1000e_report,
	.done = nm_e1000e_done,
	.kick = nm_e1000e_kick_tx,
	.max_parts = NETMAP_MAX_FRAGS,
	.min_bytes = ETH_ZLEN,
};

static const struct nm_hw_rx nm_e1000e_rx = {
	.get = nm_e1000e_get_rx,
	.put = nm_e1000e_put_rx,
	.kick = nm_e1000e_kick_rx,
};

static const struct nm_hw_bufs nm_e1000e_bufs = {.sizes = 256 | 512 | 1024 | 2048 | 4096 | 8192 | 16384};

static bool
nm_e1000e_txsync(struct nm_hw_ring *r)
{
	return nm_hw_tx(r, &nm_e1000e_tx);
}

static uint32_t
nm_e1000e_rxsync(struct nm_hw_ring *r, uint32_t budget)
{
	return nm_hw_rx(r, &nm_e1000e_rx, budget);
}

static bool
nm_e1000e_txforeign(struct nm_hw_ring *r, const struct nm_hw_foreign *f)
{
	return nm_hw_put_foreign(r, &nm_e1000e_tx, f);
}

static bool
nm_e1000e_txdone(struct nm_hw_ring *r)
{
	return nm_e1000e_done(r, r->report[r->report_first].desc);
}

#endif
