/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_r8169.h - the netmap side of the driver of Realtek's gigabit NICs: included by its r8169_main.c, called where r8169.cocci says.
 *
 * Registers and bits have the names of the driver. Sections are of Realtek's "RTL8169S/8110S Registers" data sheet; later chips have
 * the same descriptors, with more bits in their second word, of which none is used here.
 */
#ifndef NM_R8169_H
#define NM_R8169_H

#include "nm_r8169_rings.h"

#include <linux/if_vlan.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <linux/udp.h>

/* What of a ring's descriptors the program has written, so that the driver's own have to be put back: of netmap_given. */
enum { NM_R8169_TX = 1, NM_R8169_RX = 2 };

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
	return nm_r8169_owns_rx(tp) ? READ_ONCE(tp->netmap)->rx[0].buf_bytes : max;
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

/* With its frame check sequence, in one buffer. */
static uint32_t
nm_r8169_rx_least(const struct nm_nic_dev *d)
{
	return d->dev->mtu + ETH_HLEN + VLAN_HLEN + ETH_FCS_LEN;
}

static const struct nm_nic_driver nm_r8169_driver = {
	.version = NM_NIC_VERSION,
	.max_desc = NUM_TX_DESC > NUM_RX_DESC ? NUM_TX_DESC : NUM_RX_DESC,
	.bufs = &nm_r8169_bufs,
	.down = nm_r8169_down,
	.up = nm_r8169_up,
	.txsync = nm_r8169_txsync,
	.rxsync = nm_r8169_rxsync,
	.txforeign = nm_r8169_txforeign,
	.txdone = nm_r8169_txdone,
	.rx_least = nm_r8169_rx_least,
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
