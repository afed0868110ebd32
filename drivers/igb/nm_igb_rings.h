/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_igb_rings.h - rings of the 82575 and its successors in the hands of a program: their descriptors.
 *
 * Sections are of Intel's "82576EB Gigabit Ethernet Controller Datasheet" (320961).
 */
#ifndef NM_IGB_RINGS_H
#define NM_IGB_RINGS_H

#include "drivers/nm_nic.h"

/*
 * Transmit, 7.2.2, "Advanced Transmit Data Descriptor". The length of the whole frame, without what the NIC adds, is read from its
 * first descriptor. RS asks for the done bit to be written; TXDCTL.WTHRESH is 0, so that it is written at once.
 *
 * A head written back to memory would take as many writes of the NIC, one for each RS, and a page more.
 */
static __always_inline u32
nm_igb_frame_bytes(const struct nm_frame *f)
{
	u32 k, bytes = 0;

	for (k = 0; k < f->parts; k++)
		bytes += f->part[k].len;
	return bytes;
}

static __always_inline void
nm_igb_put_tx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr, uint32_t len, unsigned int flags)
{
	union e1000_adv_tx_desc *d = IGB_TX_DESC((struct igb_ring *)r->nic, desc);
	u32 cmd = E1000_ADVTXD_DTYP_DATA | E1000_ADVTXD_DCMD_DEXT | E1000_ADVTXD_DCMD_IFCS, whole = len;

	if (flags & NM_HW_LAST)
		cmd |= E1000_ADVTXD_DCMD_EOP;
	else if (flags & NM_HW_FIRST)
		whole = nm_igb_frame_bytes(r->frame);
	if (flags & NM_HW_REPORT)
		cmd |= E1000_ADVTXD_DCMD_RS;
	d->read.buffer_addr = cpu_to_le64(addr);
	d->read.cmd_type_len = cpu_to_le32(cmd | len);
	d->read.olinfo_status = cpu_to_le32(whole << E1000_ADVTXD_PAYLEN_SHIFT);
}

static __always_inline void
nm_igb_report(struct nm_hw_ring *r, uint32_t desc)
{
	union e1000_adv_tx_desc *d = IGB_TX_DESC((struct igb_ring *)r->nic, desc);

	d->read.cmd_type_len |= cpu_to_le32(E1000_ADVTXD_DCMD_RS);
}

static __always_inline bool
nm_igb_done(struct nm_hw_ring *r, uint32_t desc)
{
	union e1000_adv_tx_desc *d = IGB_TX_DESC((struct igb_ring *)r->nic, desc);

	return READ_ONCE(d->wb.status) & cpu_to_le32(E1000_TXD_STAT_DD);
}

/* Of either direction: the tail is the first descriptor that is not the NIC's. */
static __always_inline void
nm_igb_kick(struct nm_hw_ring *r)
{
	dma_wmb();
	writel(r->use, ((struct igb_ring *)r->nic)->tail);
}

/* Receive, 7.1, "Advanced Receive Descriptors": a frame may take several, errors are told with its last. */
static __always_inline unsigned int
nm_igb_get_rx(struct nm_hw_ring *r, uint32_t desc, uint32_t *bytes)
{
	union e1000_adv_rx_desc *d = IGB_RX_DESC((struct igb_ring *)r->nic, desc);
	u32 status = le32_to_cpu(READ_ONCE(d->wb.upper.status_error));

	if (!(status & E1000_RXD_STAT_DD))
		return 0;
	dma_rmb();
	*bytes = le16_to_cpu(d->wb.upper.length);
	if (likely(status & E1000_RXD_STAT_EOP))
		return NM_HW_DONE | NM_HW_LAST | (unlikely(status & E1000_RXDEXT_ERR_FRAME_ERR_MASK) ? NM_HW_BAD : 0);
	return NM_HW_DONE;
}

/* The header's address, which is not used, is where the NIC writes its done bit. */
static __always_inline void
nm_igb_put_rx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr)
{
	union e1000_adv_rx_desc *d = IGB_RX_DESC((struct igb_ring *)r->nic, desc);

	d->read.pkt_addr = cpu_to_le64(addr);
	d->read.hdr_addr = 0;
}

/* Frames of 17 bytes and more are filled up by the NIC, TCTL.PSP; it can't do with less, see igb_xmit_frame. */
static const struct nm_hw_tx nm_igb_tx = {
	.put = nm_igb_put_tx,
	.report = nm_igb_report,
	.done = nm_igb_done,
	.kick = nm_igb_kick,
	.max_parts = NETMAP_MAX_FRAGS,
	.min_bytes = 17,
};

static const struct nm_hw_rx nm_igb_rx = {
	.get = nm_igb_get_rx,
	.put = nm_igb_put_rx,
	.kick = nm_igb_kick,
};

/* BSIZEPACKET counts in KiB. The lowest bit of an address may mean something else (7.1.4.1: NSE). */
static const struct nm_hw_bufs nm_igb_bufs = {.sizes = 1024 | 2048 | 4096 | 8192 | 16384, .step = 1024, .align = 2};

static inline bool
nm_igb_txsync(struct nm_hw_ring *r)
{
	return nm_hw_tx(r, &nm_igb_tx);
}

static inline uint32_t
nm_igb_rxsync(struct nm_hw_ring *r, uint32_t budget)
{
	return nm_hw_rx(r, &nm_igb_rx, budget);
}

static inline bool
nm_igb_txforeign(struct nm_hw_ring *r, const struct nm_hw_foreign *f)
{
	return nm_hw_put_foreign(r, &nm_igb_tx, f);
}

static inline bool
nm_igb_txdone(struct nm_hw_ring *r)
{
	return nm_igb_done(r, r->report[r->report_first].desc);
}

#endif
