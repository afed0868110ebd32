/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_r8169.h - the netmap side of the driver of Realtek's gigabit NICs: included by its r8169_main.c, called where r8169.cocci says.
 *
 * Registers and bits have the names of the driver. Sections are of Realtek's "RTL8169S/8110S Registers" data sheet; later chips have
 * the same descriptors, with more bits in their second word, of which none is used here.
 *
 * There is no tail register: each descriptor says whose it is. So the first descriptor of a frame is given last, and after that one
 * write tells the NIC to look. It stops at the first that is not its own, which is why it does with one that stays unused.
 */
#ifndef NM_R8169_H
#define NM_R8169_H

#include "drivers/nm_nic.h"

#include <linux/if_vlan.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <linux/udp.h>

/* What of a ring's descriptors the program has written, so that the driver's own have to be put back: of netmap_given. */
enum { NM_R8169_TX = 1, NM_R8169_RX = 2 };

static void rtl8169_doorbell(struct rtl8169_private *tp);
static void rtl8169_cleanup(struct rtl8169_private *tp);
static void rtl_reset_work(struct rtl8169_private *tp);
static int rtl8169_runtime_resume(struct device *dev);

/* The ring, if it is a program's. */
static inline struct nm_hw_ring *
nm_r8169_tx_of(struct rtl8169_private *tp)
{
	struct nm_nic_dev *d = READ_ONCE(tp->netmap);

	return d && nm_nic_owns(&d->tx[0]) ? &d->tx[0] : NULL;
}

static inline struct nm_hw_ring *
nm_r8169_rx_of(struct rtl8169_private *tp)
{
	struct nm_nic_dev *d = READ_ONCE(tp->netmap);

	return d && nm_nic_owns(&d->rx[0]) ? &d->rx[0] : NULL;
}

static inline bool
nm_r8169_owns_tx(struct rtl8169_private *tp)
{
	return nm_r8169_tx_of(tp) != NULL;
}

static inline bool
nm_r8169_owns_rx(struct rtl8169_private *tp)
{
	return nm_r8169_rx_of(tp) != NULL;
}

/* Transmit command descriptor: OWN, EOR, FS, LS and the length in its first word. A frame begins at r->use until it is all there. */
static __always_inline void
nm_r8169_put_tx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr, uint32_t len, unsigned int flags)
{
	struct rtl8169_private *tp = r->nic;
	struct TxDesc *d = &tp->TxDescArray[desc];
	u32 opts1 = DescOwn | len;

	if (desc == r->use)
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
	WRITE_ONCE(d->opts1, cpu_to_le32(DescOwn | (desc == NUM_RX_DESC - 1 ? RingEnd : 0) | r->map->stride));
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

/* Under the ring's lock. A client that writes to its frames meanwhile can hang its NIC, and nothing else. Frames of several slots are
 * not looked at. */
static void
nm_r8169_lengthen(struct nm_hw_ring *r)
{
	struct nm_kring *kr = r->kr;
	uint32_t at, steps = NM_HW_STEP;

	for (at = kr->hwcur; at != kr->rhead && steps--; at = nm_ring_add(at, 1, kr->nslots)) {
		struct netmap_slot s = nm_kring_snapshot(&kr->slots[at]);
		uint32_t len = max_t(uint32_t, s.len, ETH_ZLEN), padto;
		u8 *frame;

		if ((s.flags & (NS_MOREFRAG | NS_INDIRECT)) || s.len < NM_FRAME_SHORTEST || len >= 128 + 47)
			continue;
		frame = (u8 *)nm_kring_buf(kr, s.buf_idx);
		if (!frame)
			continue;
		padto = nm_r8169_udp_padto(frame, len);
		if (padto > len) {
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

static netdev_tx_t
nm_r8169_host_frame(struct rtl8169_private *tp, struct sk_buff *skb)
{
	return tp->netmap->core->host_frame(tp->netmap, skb);
}

static int
nm_r8169_rx_irq(struct rtl8169_private *tp, int budget)
{
	return tp->netmap->core->irq(&tp->netmap->rx[0], budget);
}

/* A doorbell may be lost while the NIC ends with the frame before (rtl_tx of the driver): it rings again while the last is not sent. */
static bool
nm_r8169_tx_irq(struct rtl8169_private *tp)
{
	struct nm_hw_ring *r = nm_r8169_tx_of(tp);
	uint32_t last;

	if (!r)
		return false;
	last = (READ_ONCE(r->use) + NUM_TX_DESC - 1) % NUM_TX_DESC;
	if (READ_ONCE(tp->TxDescArray[last].opts1) & cpu_to_le32(DescOwn))
		rtl8169_doorbell(tp);
	tp->netmap->core->irq(r, 0);
	return true;
}

/* Tags of VLANs stay in the frame: C+CR.RxVLAN, and what the RTL8125 has instead. */
static u16
nm_r8169_cp_cmd(struct rtl8169_private *tp, u16 cp_cmd)
{
	return nm_r8169_owns_rx(tp) ? cp_cmd & ~RxVlan : cp_cmd;
}

static bool
nm_r8169_strips_tags(struct rtl8169_private *tp, netdev_features_t features)
{
	return (features & NETIF_F_HW_VLAN_CTAG_RX) && !nm_r8169_owns_rx(tp);
}

/*
 * RMS: longer frames are not taken. The driver's buffers are as large as any frame, and it takes them all. Here the limit keeps the
 * NIC in its buffer, whatever it does with the size in the descriptor.
 */
static u16
nm_r8169_rx_max(struct rtl8169_private *tp, u16 max)
{
	return nm_r8169_owns_rx(tp) ? READ_ONCE(tp->netmap)->buf_size : max;
}

static void
nm_r8169_stop(struct rtl8169_private *tp)
{
	struct nm_hw_ring *tx = nm_r8169_tx_of(tp), *rx = nm_r8169_rx_of(tp);

	if (tx)
		tx->core->stop(tx);
	if (rx)
		rx->core->stop(rx);
}

/* The NIC is reset: descriptors become again what the driver had left, which knows where its own buffers are from them alone. */
static void
nm_r8169_give_back(struct rtl8169_private *tp)
{
	unsigned int i;

	if (tp->netmap_given & NM_R8169_TX)
		memset(tp->TxDescArray, 0, R8169_TX_RING_BYTES);
	for (i = 0; (tp->netmap_given & NM_R8169_RX) && i < NUM_RX_DESC; i++) {
		tp->RxDescArray[i].addr = tp->netmap_addr[i];
		tp->RxDescArray[i].opts1 = i == NUM_RX_DESC - 1 ? cpu_to_le32(RingEnd) : 0;
	}
	tp->netmap_given = 0;
}

static uint32_t
nm_r8169_max_bytes(const struct rtl8169_private *tp)
{
	return tp->dev->mtu + ETH_HLEN + VLAN_HLEN;
}

/* Of a NIC that does not run yet. */
static void
nm_r8169_start_rx(struct rtl8169_private *tp)
{
	struct nm_hw_ring *r = nm_r8169_rx_of(tp);
	unsigned int i;

	if (!r)
		return;
	for (i = 0; i < NUM_RX_DESC; i++) {
		tp->netmap_addr[i] = tp->RxDescArray[i].addr;
		tp->RxDescArray[i].opts1 = 0;
	}
	tp->netmap_given |= NM_R8169_RX;
	r->nic = tp;
	r->core->start(r, NUM_RX_DESC, 0, nm_r8169_max_bytes(tp));
	tp->netmap->core->post(r);
}

/* Of one that runs, since its doorbell would not be heard before. Who waits for room finds all of it. */
static void
nm_r8169_start_tx(struct rtl8169_private *tp)
{
	struct nm_hw_ring *r = nm_r8169_tx_of(tp);

	if (!r)
		return;
	tp->netmap_given |= NM_R8169_TX;
	r->nic = tp;
	r->core->start(r, NUM_TX_DESC, 0, nm_r8169_max_bytes(tp));
	tp->netmap->core->irq(r, 0);
}

/* The task that resets the NIC is held off, by RTNL where it takes that. */
static void
nm_r8169_hold_task(struct rtl8169_private *tp, bool hold)
{
#ifdef NM_R8169_TASK_ALONE
	if (hold)
		disable_work_sync(&tp->wk.work);
	else
		enable_work(&tp->wk.work);
#endif
}

/* What that task does, in two halves: the MAC is reset, the PHY keeps its link. */
static void
nm_r8169_down(struct nm_nic_dev *d)
{
	struct rtl8169_private *tp = d->priv;

	nm_r8169_hold_task(tp, true);
	netif_trans_update(tp->dev); /* the queue stands still for a while, and not because of the NIC */
	netif_stop_queue(tp->dev);
	rtl8169_cleanup(tp);
}

static void
nm_r8169_up(struct nm_nic_dev *d)
{
	struct rtl8169_private *tp = d->priv;

	napi_enable(&tp->napi);
	rtl_reset_work(tp);
	netif_wake_queue(tp->dev);
	nm_r8169_hold_task(tp, false);
}

/* The MTU has changed, of which the driver tells the NIC nothing: a program's rings are started again with it. */
static void
nm_r8169_restart(struct net_device *dev)
{
	struct rtl8169_private *tp = netdev_priv(dev);

	if (!netif_running(dev) || !netif_device_present(dev) || (!nm_r8169_owns_tx(tp) && !nm_r8169_owns_rx(tp)))
		return;
	nm_r8169_down(tp->netmap);
	nm_r8169_up(tp->netmap);
}

/* Rings come and go under RTNL, without which the driver starts the NIC after sleep. */
static int
nm_r8169_resume(struct device *device)
{
	int error;

	rtnl_lock();
	error = rtl8169_runtime_resume(device);
	rtnl_unlock();
	return error;
}

static const struct nm_nic_driver nm_r8169_driver = {
	.version = NM_NIC_VERSION,
	.max_desc = NUM_TX_DESC > NUM_RX_DESC ? NUM_TX_DESC : NUM_RX_DESC,
	.buf_sizes = 2048 | 4096,
	.down = nm_r8169_down,
	.up = nm_r8169_up,
	.txsync = nm_r8169_txsync,
	.rxsync = nm_r8169_rxsync,
	.txforeign = nm_r8169_txforeign,
	.txdone = nm_r8169_txdone,
};

/* An RTL8110SCd has to take tags out of frames (rtl_init_one of the driver): programs open it like an interface without hooks. */
static void
nm_r8169_attach(struct net_device *dev)
{
	struct rtl8169_private *tp = netdev_priv(dev);

	if (tp->mac_version == RTL_GIGA_MAC_VER_05)
		netdev_info(dev, "netmap: this chip can't leave tags of VLANs in frames, so its rings are not given to programs\n");
	else
		WRITE_ONCE(tp->netmap, netmap_nic_attach(dev, &nm_r8169_driver, tp, 1, 1));
}

static void
nm_r8169_detach(struct net_device *dev)
{
	struct rtl8169_private *tp = netdev_priv(dev);

	if (tp->netmap)
		tp->netmap->core->detach(&tp->netmap);
}

#endif
