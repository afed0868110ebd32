/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_ixgbe_rings.h - rings of the 82599 and its successors in the hands of a program: their descriptors.
 *
 * Sections are of Intel's "82599 10 GbE Controller Datasheet" (331520); the X540, X550 and E610 have the same rings.
 */
#ifndef NM_IXGBE_RINGS_H
#define NM_IXGBE_RINGS_H

#include "drivers/nm_nic.h"

#define NM_IXGBE_PARTS 38u      /* 7.2.1.1: of one frame, 40 - WTHRESH - 2 */
#define NM_IXGBE_SHORTEST 17u   /* bytes, 7.2.3.2.4: the least PAYLEN; the NIC itself fills up to 60 (HLREG0.TXPADEN) */

/*
 * Transmit, 7.2.3.2.4: advanced data descriptors, the first of which has the frame's length.
 *
 * That frames are done is told by the DD bit of those that report (RS), 7.2.3.5. The NIC can write its head to a place in memory
 * instead (TDWBAL, TDWBAH): as often, so that nothing is saved on the bus, and on a cache line more, whereas the descriptor is
 * on one that we have to fetch anyway to fill it in again. With few that report TXDCTL.WTHRESH has to be 0, 7.2.3.5: it counts
 * those that do, which then would wait for each other.
 */
static u32
nm_ixgbe_frame_bytes(const struct nm_frame *f)
{
	u32 bytes = 0, k;

	for (k = 0; k < f->parts; k++)
		bytes += f->part[k].len;
	return bytes;
}

static __always_inline void
nm_ixgbe_put_tx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr, uint32_t len, unsigned int flags)
{
	struct ixgbe_ring *ring = r->nic;
	union ixgbe_adv_tx_desc *d = IXGBE_TX_DESC(ring, desc);
	u32 cmd = IXGBE_ADVTXD_DTYP_DATA | IXGBE_ADVTXD_DCMD_DEXT | IXGBE_ADVTXD_DCMD_IFCS, payload = 0;

	if (flags & NM_HW_LAST)
		cmd |= IXGBE_ADVTXD_DCMD_EOP;
	if (flags & NM_HW_REPORT)
		cmd |= IXGBE_ADVTXD_DCMD_RS;
	if (flags & NM_HW_FIRST)
		payload = flags & NM_HW_LAST ? len : nm_ixgbe_frame_bytes(r->frame);
	d->read.buffer_addr = cpu_to_le64(addr);
	d->read.cmd_type_len = cpu_to_le32(cmd | len);
	d->read.olinfo_status = cpu_to_le32(payload << IXGBE_ADVTXD_PAYLEN_SHIFT);
}

static __always_inline void
nm_ixgbe_report(struct nm_hw_ring *r, uint32_t desc)
{
	struct ixgbe_ring *ring = r->nic;

	IXGBE_TX_DESC(ring, desc)->read.cmd_type_len |= cpu_to_le32(IXGBE_ADVTXD_DCMD_RS);
}

static __always_inline bool
nm_ixgbe_done(struct nm_hw_ring *r, uint32_t desc)
{
	struct ixgbe_ring *ring = r->nic;

	return READ_ONCE(IXGBE_TX_DESC(ring, desc)->wb.status) & cpu_to_le32(IXGBE_TXD_STAT_DD);
}

/* 7.2.3.3, 7.1.9: the tail is the first descriptor that is not the NIC's. */
static __always_inline void
nm_ixgbe_kick(struct nm_hw_ring *r)
{
	struct ixgbe_ring *ring = r->nic;

	dma_wmb();
	writel(r->use, ring->tail);
}

/*
 * A frame that ends here and is wrong, or may have the time of its arrival behind it, as the host can ask the X550 for. The 82599 marks
 * acknowledgements of TCP in the same way.
 */
static noinline unsigned int
nm_ixgbe_get_odd(const struct ixgbe_ring *ring, u32 status, uint32_t *bytes)
{
	const struct ixgbe_adapter *a = ring->q_vector->adapter;
	const unsigned int whole = NM_HW_DONE | NM_HW_LAST;

	if (status & IXGBE_RXDADV_ERR_FRAME_ERR_MASK)
		return whole | NM_HW_BAD;
	if (a->hw.mac.type < ixgbe_mac_X550 || !(a->flags & IXGBE_FLAG_RX_HWTSTAMP_ENABLED))
		return whole;
	if (*bytes <= IXGBE_TS_HDR_LEN) /* it began in the buffer before */
		return whole | NM_HW_BAD;
	*bytes -= IXGBE_TS_HDR_LEN;
	return whole;
}

/* Receive, 7.1.6.2: what the NIC writes over a descriptor; errors are told with the last of a frame. */
static __always_inline unsigned int
nm_ixgbe_get_rx(struct nm_hw_ring *r, uint32_t desc, uint32_t *bytes)
{
	const u32 odd = IXGBE_RXDADV_ERR_FRAME_ERR_MASK | IXGBE_RXD_STAT_TSIP;
	const struct ixgbe_ring *ring = r->nic;
	const union ixgbe_adv_rx_desc *d = IXGBE_RX_DESC(ring, desc);
	u32 status = le32_to_cpu(READ_ONCE(d->wb.upper.status_error));

	if (!(status & IXGBE_RXDADV_STAT_DD))
		return 0;
	dma_rmb();
	*bytes = le16_to_cpu(d->wb.upper.length);
	if (likely((status & (IXGBE_RXDADV_STAT_EOP | odd)) == IXGBE_RXDADV_STAT_EOP))
		return NM_HW_DONE | NM_HW_LAST;
	return status & IXGBE_RXDADV_STAT_EOP ? nm_ixgbe_get_odd(ring, status, bytes) : NM_HW_DONE;
}

/* 7.1.6.1: the second address, of a header that nobody wants apart, is where the NIC writes its status. */
static __always_inline void
nm_ixgbe_put_rx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr)
{
	struct ixgbe_ring *ring = r->nic;
	union ixgbe_adv_rx_desc *d = IXGBE_RX_DESC(ring, desc);

	d->read.pkt_addr = cpu_to_le64(addr);
	d->read.hdr_addr = 0;
}

static const struct nm_hw_tx nm_ixgbe_tx = {
	.put = nm_ixgbe_put_tx,
	.report = nm_ixgbe_report,
	.done = nm_ixgbe_done,
	.kick = nm_ixgbe_kick,
	.max_parts = NM_IXGBE_PARTS,
	.min_bytes = NM_IXGBE_SHORTEST,
};

static const struct nm_hw_rx nm_ixgbe_rx = {
	.get = nm_ixgbe_get_rx,
	.put = nm_ixgbe_put_rx,
	.kick = nm_ixgbe_kick,
};

/* The lowest bit of an address may mean something else (7.1.6.1: NSE). */
static const struct nm_hw_bufs nm_ixgbe_bufs = {.sizes = 1024 | 2048 | 4096 | 8192 | 16384, .step = 1024, .align = 2};

static bool
nm_ixgbe_txsync(struct nm_hw_ring *r)
{
	return nm_hw_tx(r, &nm_ixgbe_tx);
}

static uint32_t
nm_ixgbe_rxsync(struct nm_hw_ring *r, uint32_t budget)
{
	return nm_hw_rx(r, &nm_ixgbe_rx, budget);
}

static bool
nm_ixgbe_txforeign(struct nm_hw_ring *r, const struct nm_hw_foreign *f)
{
	return nm_hw_put_foreign(r, &nm_ixgbe_tx, f);
}

static bool
nm_ixgbe_txdone(struct nm_hw_ring *r)
{
	return nm_ixgbe_done(r, r->report[r->report_first].desc);
}

#endif
