/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_e1000_rings.h - rings of the 8254x in the hands of a program: their descriptors.
 *
 * Sections are of Intel's "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual" (317453).
 */
#ifndef NM_E1000_RINGS_H
#define NM_E1000_RINGS_H

#include "drivers/nm_8254x_rings.h"

static inline struct e1000_adapter *
nm_e1000_of(const struct nm_hw_ring *r)
{
	return r->nic;
}

static __always_inline void
nm_e1000_put_tx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr, uint32_t len, unsigned int flags)
{
	struct e1000_adapter *a = nm_e1000_of(r);

	nm_8254x_put_tx(E1000_TX_DESC(a->tx_ring[0], desc), addr, len, flags, a->txd_cmd);
}

static __always_inline void
nm_e1000_report(struct nm_hw_ring *r, uint32_t desc)
{
	nm_8254x_report(E1000_TX_DESC(nm_e1000_of(r)->tx_ring[0], desc));
}

static __always_inline bool
nm_e1000_done(struct nm_hw_ring *r, uint32_t desc)
{
	return nm_8254x_done(E1000_TX_DESC(nm_e1000_of(r)->tx_ring[0], desc));
}

/* 13.4.38: the tail is the first descriptor that is not the NIC's. */
static __always_inline void
nm_e1000_kick_tx(struct nm_hw_ring *r)
{
	struct e1000_adapter *a = nm_e1000_of(r);

	dma_wmb();
	writel(r->use, a->hw.hw_addr + a->tx_ring[0].tdt);
}

/* Receive, 3.2.3: a frame may take several descriptors, errors are told with its last. */
static __always_inline unsigned int
nm_e1000_get_rx(struct nm_hw_ring *r, uint32_t desc, uint32_t *bytes)
{
	struct e1000_rx_desc *d = E1000_RX_DESC(nm_e1000_of(r)->rx_ring[0], desc);
	u8 status = READ_ONCE(d->status);

	if (!(status & E1000_RXD_STAT_DD))
		return 0;
	dma_rmb();
	*bytes = le16_to_cpu(d->length);
	if (likely(status & E1000_RXD_STAT_EOP))
		return NM_HW_DONE | NM_HW_LAST | (unlikely(d->errors & E1000_RXD_ERR_FRAME_ERR_MASK) ? NM_HW_BAD : 0);
	return NM_HW_DONE;
}

static __always_inline void
nm_e1000_put_rx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr)
{
	struct e1000_rx_desc *d = E1000_RX_DESC(nm_e1000_of(r)->rx_ring[0], desc);

	d->buffer_addr = cpu_to_le64(addr);
	d->status = 0;
}

/* 13.4.30 */
static __always_inline void
nm_e1000_kick_rx(struct nm_hw_ring *r)
{
	struct e1000_adapter *a = nm_e1000_of(r);

	dma_wmb();
	writel(r->use, a->hw.hw_addr + a->rx_ring[0].rdt);
}

/* Frames shorter than 60 bytes are filled up by us: see what the driver says of the NIC's own padding in e1000_xmit_frame. */
static const struct nm_hw_tx nm_e1000_tx = {
	.put = nm_e1000_put_tx,
	.report = nm_e1000_report,
	.done = nm_e1000_done,
	.kick = nm_e1000_kick_tx,
	.max_parts = NETMAP_MAX_FRAGS,
	.min_bytes = ETH_ZLEN,
};

static const struct nm_hw_rx nm_e1000_rx = {
	.get = nm_e1000_get_rx,
	.put = nm_e1000_put_rx,
	.kick = nm_e1000_kick_rx,
};

static const struct nm_hw_bufs nm_e1000_bufs = {.sizes = 256 | 512 | 1024 | 2048 | 4096 | 8192 | 16384};

static bool
nm_e1000_txsync(struct nm_hw_ring *r)
{
	return nm_hw_tx(r, &nm_e1000_tx);
}

static uint32_t
nm_e1000_rxsync(struct nm_hw_ring *r, uint32_t budget)
{
	return nm_hw_rx(r, &nm_e1000_rx, budget);
}

static bool
nm_e1000_txforeign(struct nm_hw_ring *r, const struct nm_hw_foreign *f)
{
	return nm_hw_put_foreign(r, &nm_e1000_tx, f);
}

static bool
nm_e1000_txdone(struct nm_hw_ring *r)
{
	return nm_e1000_done(r, r->report[r->report_first].desc);
}

#endif
