/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_r8169_rings.h - rings of Realtek's gigabit NICs in the hands of a program: their descriptors.
 *
 * There is no tail register: each descriptor says whose it is. So the first descriptor of a frame is given last, and after that one
 * write tells the NIC to look. It stops at the first that is not its own, which is why it does with one that stays unused.
 *
 * Sections are of Realtek's "RTL8169S/8110S Registers" data sheet; later chips have the same descriptors, with more bits in their second
 * word, of which none is used here.
 */
#ifndef NM_R8169_RINGS_H
#define NM_R8169_RINGS_H

#include "drivers/nm_nic.h"

#include <linux/ipv6.h>
#include <linux/udp.h>

static void rtl8169_doorbell(struct rtl8169_private *tp);

/* Transmit command descriptor: OWN, EOR, FS, LS and the length in its first word. */
static __always_inline void
nm_r8169_put_tx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr, uint32_t len, unsigned int flags)
{
	struct rtl8169_private *tp = r->nic;
	struct TxDesc *d = &tp->TxDescArray[desc];
	u32 opts1 = DescOwn | len;

	if (flags & NM_HW_FIRST)
		opts1 |= FirstFrag;
	if (flags & NM_HW_LAST)
		opts1 |= LastFrag;
	if (desc == NUM_TX_DESC - 1)
		opts1 |= RingEnd;
	d->addr = cpu_to_le64(addr);
	d->opts2 = 0;
	dma_wmb();
	WRITE_ONCE(d->opts1, cpu_to_le32(opts1));
}

/* All are reported: the NIC gives each back. */
static __always_inline void
nm_r8169_report(struct nm_hw_ring *r, uint32_t desc)
{
}

static __always_inline bool
nm_r8169_done(struct nm_hw_ring *r, uint32_t desc)
{
	struct rtl8169_private *tp = r->nic;

	return !(READ_ONCE(tp->TxDescArray[desc].opts1) & cpu_to_le32(DescOwn));
}

/* TPPoll.NPQ */
static __always_inline void
nm_r8169_kick_tx(struct nm_hw_ring *r)
{
	rtl8169_doorbell(r->nic);
}

/*
 * Receive status descriptor. The length has the frame check sequence in it. As for the driver, a frame is one descriptor: the NIC
 * takes none that is longer than a buffer (nm_r8169_rx_max), and a part of one is refused.
 */
static __always_inline unsigned int
nm_r8169_get_rx(struct nm_hw_ring *r, uint32_t desc, uint32_t *bytes)
{
	const u32 whole = FirstFrag | LastFrag;
	struct rtl8169_private *tp = r->nic;
	u32 opts1 = le32_to_cpu(READ_ONCE(tp->RxDescArray[desc].opts1)), len = opts1 & GENMASK(13, 0);

	if (opts1 & DescOwn)
		return 0;
	dma_rmb();
	if (unlikely((opts1 & (RxRES | whole)) != whole || len <= ETH_FCS_LEN)) {
		*bytes = 0;
		return NM_HW_DONE | NM_HW_LAST | NM_HW_BAD;
	}
	*bytes = len - ETH_FCS_LEN;
	return NM_HW_DONE | NM_HW_LAST;
}

/* Receive command descriptor. */
static __always_inline void
nm_r8169_put_rx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr)
{
	struct rtl8169_private *tp = r->nic;
	struct RxDesc *d = &tp->RxDescArray[desc];

	d->addr = cpu_to_le64(addr);
	d->opts2 = 0;
	dma_wmb();
	WRITE_ONCE(d->opts1, cpu_to_le32(DescOwn | (desc == NUM_RX_DESC - 1 ? RingEnd : 0) | r->buf_bytes));
}

/* The NIC looks at the descriptor again when the next frame comes. */
static __always_inline void
nm_r8169_kick_rx(struct nm_hw_ring *r)
{
}

/* Short frames are filled up by us, since several chips want that: rtl_quirk_packet_padto of the driver. */
static const struct nm_hw_tx nm_r8169_tx = {
	.put = nm_r8169_put_tx,
	.report = nm_r8169_report,
	.done = nm_r8169_done,
	.kick = nm_r8169_kick_tx,
	.max_parts = NETMAP_MAX_FRAGS,
	.min_bytes = ETH_ZLEN,
};

static const struct nm_hw_rx nm_r8169_rx = {
	.get = nm_r8169_get_rx,
	.put = nm_r8169_put_rx,
	.kick = nm_r8169_kick_rx,
};

/* Rx buffers: sizes and addresses are multiples of 8. A size has 14 bits, and all of them set is what the driver has of its own buffers. */
static const struct nm_hw_bufs nm_r8169_bufs = {.sizes = 2048 | 4096 | 8192 | 16384, .step = 8, .most = R8169_RX_BUF_SIZE, .align = 8};

/*
 * How long a frame of `len` bytes, at least ETH_ZLEN, has to be so that an RTL8125A or B does not hang: rtl8125_quirk_udp_padto of the
 * driver, which knows more of its frames. They read 47 bytes of datagrams for the two ports of PTP, and the header of each.
 */
static uint32_t
nm_r8169_udp_padto(const u8 *frame, uint32_t len)
{
	uint32_t l3 = get_unaligned_be16(frame + 12) == ETH_P_8021Q ? ETH_HLEN + VLAN_HLEN : ETH_HLEN, l4;
	u16 type = get_unaligned_be16(frame + l3 - 2), port;

	if (type == ETH_P_IP && frame[l3 + 9] == IPPROTO_UDP)
		l4 = l3 + (frame[l3] & 15) * 4;
	else if (type == ETH_P_IPV6 && frame[l3 + 6] == IPPROTO_UDP)
		l4 = l3 + sizeof(struct ipv6hdr);
	else
		return len;
	if (l4 > len)
		return len;
	port = l4 + 4 <= len ? get_unaligned_be16(frame + l4 + 2) : 0;
	return max_t(uint32_t, len, l4 + (port == 319 || port == 320 ? 47 : sizeof(struct udphdr)));
}

/*
 * Under the ring's lock. A client that writes to its frames meanwhile can hang its NIC, and nothing else. Frames of several slots are
 * not looked at. One at an offset that leaves no room for as many bytes gets none, and so is dropped.
 */
static void
nm_r8169_lengthen(struct nm_hw_ring *r)
{
	struct nm_kring *kr = r->kr;
	uint32_t at, steps = NM_HW_STEP;

	for (at = kr->hwcur; at != kr->rhead && steps--; at = nm_ring_add(at, 1, kr->nslots)) {
		struct netmap_slot s = nm_kring_snapshot(&kr->slots[at]);
		uint32_t len = max_t(uint32_t, s.len, ETH_ZLEN), offset = nm_kring_offset(&kr->offsets, s.ptr), padto;
		u8 *frame;

		if ((s.flags & (NS_MOREFRAG | NS_INDIRECT)) || s.len < NM_FRAME_SHORTEST || len >= 128 + 47)
			continue;
		frame = (u8 *)nm_kring_buf(kr, s.buf_idx);
		if (!frame || len > kr->stride - offset) /* such a frame is not sent */
			continue;
		frame += offset;
		padto = nm_r8169_udp_padto(frame, len);
		if (padto > kr->stride - offset) {
			NM_WRITE_ONCE(kr->slots[at].len, 0);
		} else if (padto > len) {
			memset(frame + s.len, 0, padto - s.len);
			NM_WRITE_ONCE(kr->slots[at].len, padto);
		}
	}
}

static bool
nm_r8169_hangs(const struct rtl8169_private *tp)
{
	return tp->mac_version >= RTL_GIGA_MAC_VER_61 && tp->mac_version <= RTL_GIGA_MAC_VER_63;
}

static bool
nm_r8169_txsync(struct nm_hw_ring *r)
{
	if (nm_r8169_hangs(r->nic))
		nm_r8169_lengthen(r);
	return nm_hw_tx(r, &nm_r8169_tx);
}

static bool
nm_r8169_txforeign(struct nm_hw_ring *r, const struct nm_hw_foreign *f)
{
	struct nm_hw_foreign g = *f;

	BUILD_BUG_ON(NM_HW_FOREIGN < 128 + 47);
	if (nm_r8169_hangs(r->nic) && g.len < 128 + 47)
		g.len = nm_r8169_udp_padto(g.data, max_t(uint32_t, g.len, ETH_ZLEN));
	return nm_hw_put_foreign(r, &nm_r8169_tx, &g);
}

static uint32_t
nm_r8169_rxsync(struct nm_hw_ring *r, uint32_t budget)
{
	return nm_hw_rx(r, &nm_r8169_rx, budget);
}

static bool
nm_r8169_txdone(struct nm_hw_ring *r)
{
	return nm_r8169_done(r, r->report[r->report_first].desc);
}

#endif
