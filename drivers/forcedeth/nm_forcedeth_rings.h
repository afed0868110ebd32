/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_forcedeth_rings.h - rings of nForce NICs in the hands of a program: their descriptors.
 *
 * There is no tail register: each descriptor says whose it is. So the first descriptor of a frame is given last, and after that one
 * write tells the NIC to look. It stops at the first that is not its own, which is why it does with one that stays unused.
 *
 * There are three formats of descriptors: 1 and 2 (struct ring_desc, 32 bits of address, different flags) and 3 (struct ring_desc_ex, the
 * flags of 2).
 */
#ifndef NM_FORCEDETH_RINGS_H
#define NM_FORCEDETH_RINGS_H

#include "drivers/nm_nic.h"

/* Transmit, formats 1 and 2. The length counts from 0. */
static __always_inline void
nm_forcedeth_put_tx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr, uint32_t len, unsigned int flags)
{
	struct fe_priv *np = r->nic;
	struct ring_desc *d = &np->tx_ring.orig[desc];
	u32 flaglen = NV_TX_VALID | (len - 1);

	if (flags & NM_HW_LAST)
		flaglen |= np->desc_ver == DESC_VER_1 ? NV_TX_LASTPACKET : NV_TX2_LASTPACKET;
	d->buf = cpu_to_le32(addr);
	dma_wmb();
	WRITE_ONCE(d->flaglen, cpu_to_le32(flaglen));
}

/* Format 3. */
static __always_inline void
nm_forcedeth_fill_tx_ex(struct fe_priv *np, uint32_t desc, uint64_t addr, u32 flaglen)
{
	struct ring_desc_ex *d = &np->tx_ring.ex[desc];

	d->bufhigh = cpu_to_le32(dma_high(addr));
	d->buflow = cpu_to_le32(dma_low(addr));
	d->txvlan = 0;
	dma_wmb();
	WRITE_ONCE(d->flaglen, cpu_to_le32(flaglen));
}

static __always_inline void
nm_forcedeth_put_tx_ex(struct nm_hw_ring *r, uint32_t desc, uint64_t addr, uint32_t len, unsigned int flags)
{
	nm_forcedeth_fill_tx_ex(r->nic, desc, addr, NV_TX2_VALID | (flags & NM_HW_LAST ? NV_TX2_LASTPACKET : 0) | (len - 1));
}

/* All are reported: the NIC gives each back. */
static __always_inline void
nm_forcedeth_report(struct nm_hw_ring *r, uint32_t desc)
{
}

static __always_inline bool
nm_forcedeth_done(struct nm_hw_ring *r, uint32_t desc)
{
	struct fe_priv *np = r->nic;

	return !(READ_ONCE(np->tx_ring.orig[desc].flaglen) & cpu_to_le32(NV_TX_VALID));
}

static __always_inline bool
nm_forcedeth_done_ex(struct nm_hw_ring *r, uint32_t desc)
{
	struct fe_priv *np = r->nic;

	return !(READ_ONCE(np->tx_ring.ex[desc].flaglen) & cpu_to_le32(NV_TX2_VALID));
}

static void
nm_forcedeth_kick(struct fe_priv *np)
{
	writel(NVREG_TXRXCTL_KICK | READ_ONCE(np->txrxctl_bits), np->base + NvRegTxRxControl);
}

static __always_inline void
nm_forcedeth_kick_tx(struct nm_hw_ring *r)
{
	nm_forcedeth_kick(r->nic);
}

/*
 * Chips of which the driver says DEV_NEED_TX_LIMIT hang with more than NV_TX_LIMIT_COUNT frames. As in the driver, frames beyond
 * are written without the valid bit of their first descriptor:
 *
 *	[r->clean .. netmap_tail)       sent
 *	[netmap_tail .. netmap_given)   netmap_flight frames that the NIC has
 *	[netmap_given .. r->use)        those that wait; a sync gives them to it, or the interrupt of one that is sent
 *
 * Under the ring's lock.
 */
static void
nm_forcedeth_advance(struct nm_hw_ring *r)
{
	struct fe_priv *np = r->nic;
	struct ring_desc_ex *ring = np->tx_ring.ex;
	uint32_t n = r->ndesc, at = np->netmap_tail, given = np->netmap_given, use = r->use, flight = np->netmap_flight;

	if (flight && !(READ_ONCE(ring[nm_ring_add(given, n - 1, n)].flaglen) & cpu_to_le32(NV_TX2_VALID))) {
		at = given; /* the last is sent, so all are */
		flight = 0;
	}
	np->netmap_tail = at;
	while (at != given) {
		u32 flaglen = le32_to_cpu(READ_ONCE(ring[at].flaglen));

		if (flaglen & NV_TX2_VALID)
			break;
		at = nm_ring_add(at, 1, n);
		if (flaglen & NV_TX2_LASTPACKET) {
			np->netmap_tail = at;
			flight--;
		}
	}
	for (; given != use && flight < NV_TX_LIMIT_COUNT; flight++) {
		struct ring_desc_ex *first = &ring[given];
		__le32 flaglen = first->flaglen;

		if (unlikely(!(flaglen & cpu_to_le32(NV_TX2_LASTPACKET))))
			do
				given = nm_ring_add(given, 1, n);
			while (!(ring[given].flaglen & cpu_to_le32(NV_TX2_LASTPACKET)));
		given = nm_ring_add(given, 1, n);
		WRITE_ONCE(first->flaglen, flaglen | cpu_to_le32(NV_TX2_VALID));
	}
	np->netmap_flight = flight;
	if (given == np->netmap_given)
		return;
	np->netmap_given = given;
	nm_forcedeth_kick(np);
}

static __always_inline void
nm_forcedeth_put_tx_limited(struct nm_hw_ring *r, uint32_t desc, uint64_t addr, uint32_t len, unsigned int flags)
{
	u32 flaglen = (flags & NM_HW_FIRST ? 0 : NV_TX2_VALID) | (flags & NM_HW_LAST ? NV_TX2_LASTPACKET : 0) | (len - 1);

	nm_forcedeth_fill_tx_ex(r->nic, desc, addr, flaglen);
}

static __always_inline bool
nm_forcedeth_done_limited(struct nm_hw_ring *r, uint32_t desc)
{
	const struct fe_priv *np = r->nic;

	return nm_ring_dist(r->clean, desc, r->ndesc) < nm_ring_dist(r->clean, np->netmap_tail, r->ndesc);
}

static __always_inline void
nm_forcedeth_kick_tx_limited(struct nm_hw_ring *r)
{
	dma_wmb();
	nm_forcedeth_advance(r);
}

/*
 * What the NIC says of a frame, which is in one descriptor and without its frame check sequence. NV_RX_ERROR4 alone tells that the
 * length in an 802.3 header is another than that of the frame: that is the program's matter.
 */
static __always_inline unsigned int
nm_forcedeth_frame(u32 flaglen, bool format1, uint32_t *bytes)
{
	u32 errors = flaglen & (format1 ? NV_RX_ERROR_MASK : NV_RX2_ERROR_MASK);
	bool bad = !(flaglen & (format1 ? NV_RX_DESCRIPTORVALID : NV_RX2_DESCRIPTORVALID));

	*bytes = flaglen & (format1 ? LEN_MASK_V1 : LEN_MASK_V2);
	if (unlikely(flaglen & (format1 ? NV_RX_ERROR : NV_RX2_ERROR))) {
		if (errors == (format1 ? NV_RX_FRAMINGERR : NV_RX2_FRAMINGERR))
			*bytes -= *bytes && (flaglen & (format1 ? NV_RX_SUBTRACT1 : NV_RX2_SUBTRACT1));
		else if (errors != (format1 ? NV_RX_ERROR4 : NV_RX2_ERROR4))
			bad = true;
	}
	return NM_HW_DONE | NM_HW_LAST | (unlikely(bad) ? NM_HW_BAD : 0);
}

static __always_inline unsigned int
nm_forcedeth_get_rx(struct nm_hw_ring *r, uint32_t desc, uint32_t *bytes)
{
	struct fe_priv *np = r->nic;
	u32 flaglen = le32_to_cpu(READ_ONCE(np->rx_ring.orig[desc].flaglen));

	if (flaglen & NV_RX_AVAIL)
		return 0;
	dma_rmb();
	if (np->desc_ver == DESC_VER_1)
		return nm_forcedeth_frame(flaglen, true, bytes);
	return nm_forcedeth_frame(flaglen, false, bytes);
}

static __always_inline unsigned int
nm_forcedeth_get_rx_ex(struct nm_hw_ring *r, uint32_t desc, uint32_t *bytes)
{
	struct fe_priv *np = r->nic;
	u32 flaglen = le32_to_cpu(READ_ONCE(np->rx_ring.ex[desc].flaglen));

	if (flaglen & NV_RX2_AVAIL)
		return 0;
	dma_rmb();
	return nm_forcedeth_frame(flaglen, false, bytes);
}

static __always_inline void
nm_forcedeth_put_rx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr)
{
	struct fe_priv *np = r->nic;
	struct ring_desc *d = &np->rx_ring.orig[desc];

	d->buf = cpu_to_le32(addr);
	dma_wmb();
	WRITE_ONCE(d->flaglen, cpu_to_le32(NV_RX_AVAIL | r->buf_bytes));
}

/* The NIC writes tags of VLANs where the address was. */
static __always_inline void
nm_forcedeth_put_rx_ex(struct nm_hw_ring *r, uint32_t desc, uint64_t addr)
{
	struct fe_priv *np = r->nic;
	struct ring_desc_ex *d = &np->rx_ring.ex[desc];

	d->bufhigh = cpu_to_le32(dma_high(addr));
	d->buflow = cpu_to_le32(dma_low(addr));
	dma_wmb();
	WRITE_ONCE(d->flaglen, cpu_to_le32(NV_RX2_AVAIL | r->buf_bytes));
}

/* The NIC looks at the descriptor again when the next frame comes. */
static __always_inline void
nm_forcedeth_kick_rx(struct nm_hw_ring *r)
{
}

/* The driver leaves it to the NIC to fill up short frames; with what is not known, so it does not get any. */
static const struct nm_hw_tx nm_forcedeth_tx = {
	.put = nm_forcedeth_put_tx,
	.report = nm_forcedeth_report,
	.done = nm_forcedeth_done,
	.kick = nm_forcedeth_kick_tx,
	.max_parts = NETMAP_MAX_FRAGS,
	.min_bytes = ETH_ZLEN,
};

static const struct nm_hw_tx nm_forcedeth_tx_ex = {
	.put = nm_forcedeth_put_tx_ex,
	.report = nm_forcedeth_report,
	.done = nm_forcedeth_done_ex,
	.kick = nm_forcedeth_kick_tx,
	.max_parts = NETMAP_MAX_FRAGS,
	.min_bytes = ETH_ZLEN,
};

static const struct nm_hw_tx nm_forcedeth_tx_limited = {
	.put = nm_forcedeth_put_tx_limited,
	.report = nm_forcedeth_report,
	.done = nm_forcedeth_done_limited,
	.kick = nm_forcedeth_kick_tx_limited,
	.max_parts = NETMAP_MAX_FRAGS,
	.min_bytes = ETH_ZLEN,
};

static const struct nm_hw_rx nm_forcedeth_rx = {
	.get = nm_forcedeth_get_rx,
	.put = nm_forcedeth_put_rx,
	.kick = nm_forcedeth_kick_rx,
};

static const struct nm_hw_rx nm_forcedeth_rx_ex = {
	.get = nm_forcedeth_get_rx_ex,
	.put = nm_forcedeth_put_rx_ex,
	.kick = nm_forcedeth_kick_rx,
};

/*
 * Of addresses only those are known to work that the driver's own buffers have, which begin where cache lines do; of sizes those up to
 * that for its greatest MTU.
 */
static const struct nm_hw_bufs nm_forcedeth_bufs = {
	.sizes = 2048 | 4096 | 8192 | 16384, .step = 4, .most = NV_PKTLIMIT_2 + NV_RX_HEADERS, .align = 64,
};

static bool
nm_forcedeth_txsync(struct nm_hw_ring *r)
{
	struct fe_priv *np = r->nic;

	if (!nv_optimized(np))
		return nm_hw_tx(r, &nm_forcedeth_tx);
	if (!np->tx_limit)
		return nm_hw_tx(r, &nm_forcedeth_tx_ex);
	nm_forcedeth_advance(r);
	return nm_hw_tx(r, &nm_forcedeth_tx_limited);
}

static uint32_t
nm_forcedeth_rxsync(struct nm_hw_ring *r, uint32_t budget)
{
	return nv_optimized(r->nic) ? nm_hw_rx(r, &nm_forcedeth_rx_ex, budget) : nm_hw_rx(r, &nm_forcedeth_rx, budget);
}

static bool
nm_forcedeth_txforeign(struct nm_hw_ring *r, const struct nm_hw_foreign *f)
{
	struct fe_priv *np = r->nic;

	if (!nv_optimized(np))
		return nm_hw_put_foreign(r, &nm_forcedeth_tx, f);
	if (!np->tx_limit)
		return nm_hw_put_foreign(r, &nm_forcedeth_tx_ex, f);
	nm_forcedeth_advance(r);
	return nm_hw_put_foreign(r, &nm_forcedeth_tx_limited, f);
}

static bool
nm_forcedeth_txdone(struct nm_hw_ring *r)
{
	uint32_t desc = r->report[r->report_first].desc;
	struct fe_priv *np = r->nic;

	if (!nv_optimized(np))
		return nm_forcedeth_done(r, desc);
	if (!np->tx_limit)
		return nm_forcedeth_done_ex(r, desc);
	nm_forcedeth_advance(r);
	return nm_forcedeth_done_limited(r, desc);
}

#endif
