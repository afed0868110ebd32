/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_igb.h - the netmap side of the driver of the 82575, 82576, 82580, I350, I354, I210 and I211: included by its igb_main.c,
 * igb_ethtool.c and, where there is one, igb_xsk.c; called where igb.cocci says.
 *
 * Each queue can be a program's. It is stopped, given and started alone; the others go on, and the link stays.
 *
 * Sections are of Intel's "82576EB Gigabit Ethernet Controller Datasheet" (320961); that of the I350 (333171) has them by the same names.
 */
#ifndef NM_IGB_H
#define NM_IGB_H

#include "nm_igb_rings.h"

#include <linux/delay.h>
#include <linux/if_vlan.h>
#include <net/xdp_sock_drv.h>

#define NM_IGB_WTHRESH GENMASK(20, 16) /* of TXDCTL */
#define NM_IGB_SWFLSH  BIT(26)         /* of TXDCTL: write back what waits to be */
#define NM_IGB_TRIES   100             /* each of a tenth of a millisecond */

void igb_clean_tx_ring(struct igb_ring *ring);
void igb_clean_rx_ring(struct igb_ring *ring);

/* What a program may have of the driver's ring. NULL for those of its self test, which have the numbers of others. */
static inline struct nm_hw_ring *
nm_igb_tx_of(const struct igb_ring *ring)
{
	const struct igb_adapter *a = netdev_priv(ring->netdev);
	const struct nm_nic_dev *d = READ_ONCE(a->netmap);
	u32 i = ring->queue_index;

	return d && i < d->ntx && a->tx_ring[i] == ring ? &d->tx[i] : NULL;
}

static inline struct nm_hw_ring *
nm_igb_rx_of(const struct igb_ring *ring)
{
	const struct igb_adapter *a = netdev_priv(ring->netdev);
	const struct nm_nic_dev *d = READ_ONCE(a->netmap);
	u32 i = ring->queue_index;

	return d && i < d->nrx && a->rx_ring[i] == ring ? &d->rx[i] : NULL;
}

/* In the driver's loops: its hands off. */
static inline bool
nm_igb_taken_tx(const struct igb_ring *ring)
{
	const struct nm_hw_ring *r = nm_igb_tx_of(ring);

	return r && nm_nic_taken(r);
}

static inline bool
nm_igb_taken_rx(const struct igb_ring *ring)
{
	const struct nm_hw_ring *r = nm_igb_rx_of(ring);

	return r && nm_nic_taken(r);
}

static inline bool
nm_igb_tx_irq(struct igb_ring *ring)
{
	const struct igb_adapter *a = netdev_priv(ring->netdev);
	const struct nm_nic_dev *d = READ_ONCE(a->netmap);

	if (d)
		d->core->irq(&d->tx[ring->queue_index], 0);
	return true;
}

static inline int
nm_igb_rx_irq(struct igb_ring *ring, int budget)
{
	const struct igb_adapter *a = netdev_priv(ring->netdev);
	const struct nm_nic_dev *d = READ_ONCE(a->netmap);

	return d ? d->core->irq(&d->rx[ring->queue_index], budget) : 0;
}

static inline netdev_tx_t
nm_igb_xmit(struct sk_buff *skb, struct igb_ring *ring)
{
	const struct igb_adapter *a = netdev_priv(ring->netdev);
	struct nm_nic_dev *d = READ_ONCE(a->netmap);

	return d && nm_igb_taken_tx(ring) ? d->core->host_frame(d, skb) : igb_xmit_frame_ring(skb, ring);
}

/* Queues [first .. first + n) are about to be stopped. */
static inline void
nm_igb_stop(struct igb_adapter *a, u32 first, u32 n)
{
	struct nm_nic_dev *d = a->netmap;
	u32 i;

	for (i = first; d && i < first + n; i++) {
		if (i < d->ntx && nm_nic_owns(&d->tx[i]))
			d->core->hw.stop(&d->tx[i]);
		if (i < d->nrx && nm_nic_owns(&d->rx[i]))
			d->core->hw.stop(&d->rx[i]);
	}
}

/* Soon the register has these bits, or has them no more. */
static inline bool
nm_igb_await(struct igb_adapter *a, u32 reg, u32 bits, bool on)
{
	struct e1000_hw *hw = &a->hw;
	u32 tries;

	for (tries = 0; !(rd32(reg) & bits) == on; tries++) {
		if (tries == NM_IGB_TRIES)
			return false;
		usleep_range(100, 200);
	}
	return true;
}

/* 4.5, "Transmit Initialization": the tail may be moved when the queue says that it is on. So it is with receive. */
static inline void
nm_igb_await_on(struct igb_adapter *a, u32 reg)
{
	if (!nm_igb_await(a, reg, E1000_TXDCTL_QUEUE_ENABLE, true))
		netdev_err(a->netdev, "netmap: the queue of register %#x does not start\n", reg);
}

/* 8.12, "Transmit Descriptor Control": done bits are written at once; we ask for one of many frames. */
static inline u32
nm_igb_txdctl(const struct igb_ring *ring, u32 value)
{
	const struct nm_hw_ring *r = nm_igb_tx_of(ring);

	return r && nm_nic_owns(r) ? value & ~(u32)NM_IGB_WTHRESH : value;
}

static inline void
nm_igb_start_tx(struct igb_ring *ring)
{
	struct nm_hw_ring *r = nm_igb_tx_of(ring);

	if (!r || !nm_nic_owns(r))
		return;
	nm_igb_await_on(netdev_priv(ring->netdev), E1000_TXDCTL(ring->reg_idx));
	r->nic = ring;
	r->core->start(r, ring->count, 0, ring->netdev->mtu + ETH_HLEN + VLAN_HLEN);
}

/*
 * 8.10, "Split and Replication Receive Control": buffers of as many bytes as the ring says, with nothing but the frame in them, so without
 * times. A program that does not take its frames must not hold up the other queues, also where the NIC may ask its peer to pause.
 */
static inline u32
nm_igb_srrctl(const struct igb_adapter *a, const struct igb_ring *ring, u32 value)
{
	const struct nm_hw_ring *r = nm_igb_rx_of(ring);

	if (!r || !nm_nic_owns(r))
		return value;
	value &= E1000_SRRCTL_DROP_EN;
	if (a->num_rx_queues > 1)
		value |= E1000_SRRCTL_DROP_EN;
	return value | E1000_SRRCTL_DESCTYPE_ADV_ONEBUF | r->buf_bytes >> E1000_SRRCTL_BSIZEPKT_SHIFT;
}

static inline bool
nm_igb_start_rx(struct igb_ring *ring)
{
	struct igb_adapter *a = netdev_priv(ring->netdev);
	struct nm_hw_ring *r = nm_igb_rx_of(ring);

	if (!r || !nm_nic_owns(r))
		return false;
	nm_igb_await_on(a, E1000_RXDCTL(ring->reg_idx));
	r->nic = ring;
	r->core->start(r, ring->count, 0, ring->netdev->mtu + ETH_HLEN + VLAN_HLEN);
	a->netmap->core->post(r);
	return true;
}

/*
 * 8.2, "Device Control", VME: tags are taken off for all queues or none, and put on for none where they are not taken off. So the
 * stack has to do both while one receive ring is a program's. With virtual functions the same is said for all queues of this one.
 */
static inline netdev_features_t
nm_igb_features(const struct net_device *dev, netdev_features_t features)
{
	const struct igb_adapter *a = netdev_priv(dev);
	const struct nm_nic_dev *d = a->netmap;
	u32 i;

	for (i = 0; d && i < d->nrx; i++)
		if (nm_nic_owns(&d->rx[i]))
			return features & ~NETIF_F_HW_VLAN_CTAG_RX;
	return features;
}

/* Rings after the first `queues` are programs'. */
static inline bool
nm_igb_needs(const struct net_device *dev, u32 queues)
{
	const struct igb_adapter *a = netdev_priv(dev);

	return nm_nic_needs_more(a->netmap, queues, queues);
}

/* Registers can't be reached; when it wakes up, the driver programs them by dev->features. */
static inline bool
nm_igb_asleep(struct net_device *dev)
{
	return !netif_device_present(dev);
}

/* A socket of AF_XDP can't have a queue that is a program's. */
static inline bool
nm_igb_refuses(const struct net_device *dev, const struct netdev_bpf *xdp)
{
	const struct igb_adapter *a = netdev_priv(dev);
	const struct nm_nic_dev *d = a->netmap;
	u32 i = xdp->xsk.queue_id;

	if (xdp->command != XDP_SETUP_XSK_POOL || !xdp->xsk.pool || !d)
		return false;
	return (i < d->ntx && nm_nic_owns(&d->tx[i])) || (i < d->nrx && nm_nic_owns(&d->rx[i]));
}

/* The NIC has sent all that it was given, and written that it has: that of the last descriptor says so for all. */
static inline bool
nm_igb_sent(const struct igb_ring *ring, struct nm_hw_ring *r)
{
	u32 use = ring->next_to_use, clean = ring->next_to_clean;

	if (nm_nic_owns(r)) {
		nm_os_spin_lock(&r->kr->lock);
		if (r->up)
			nm_hw_reap(r, &nm_igb_tx);
		use = r->use;
		clean = r->up ? r->clean : use;
		nm_os_spin_unlock(&r->kr->lock);
	}
	return use == clean || READ_ONCE(IGB_TX_DESC(ring, (use ? use : ring->count) - 1)->wb.status) & cpu_to_le32(E1000_TXD_STAT_DD);
}

/*
 * 4.5, "Dynamic Enabling and Disabling of Transmit Queues": before, the queue has to be empty and its descriptors written back.
 * Without a link, or where the peer makes it pause, it does not become that soon.
 */
static inline bool
nm_igb_drain(struct igb_adapter *a, struct igb_ring *ring, struct nm_hw_ring *r)
{
	struct e1000_hw *hw = &a->hw;
	u32 tries;

	if (!nm_nic_owns(r))
		writel(ring->next_to_use, ring->tail); /* a frame before one that was dropped may not have been told yet */
	for (tries = 0; !nm_igb_sent(ring, r); tries++) {
		if (tries == NM_IGB_TRIES || !netif_carrier_ok(a->netdev))
			return false;
		wr32(E1000_TXDCTL(ring->reg_idx), rd32(E1000_TXDCTL(ring->reg_idx)) | NM_IGB_SWFLSH);
		usleep_range(100, 200);
	}
	return true;
}

/* "Dynamic Enabling and Disabling of Receive Queues": the bit goes when the last access to descriptors and buffers is over. */
static inline bool
nm_igb_off(struct igb_adapter *a, u32 reg)
{
	struct e1000_hw *hw = &a->hw;

	wr32(reg, 0);
	return nm_igb_await(a, reg, E1000_RXDCTL_QUEUE_ENABLE, false);
}

static inline bool
nm_igb_tx_off(struct nm_nic_dev *d, u32 i)
{
	struct igb_adapter *a = d->priv;
	struct nm_hw_ring *r = &d->tx[i];
	struct igb_ring *ring = a->tx_ring[i];

	if (!nm_igb_drain(a, ring, r) || !nm_igb_off(a, E1000_TXDCTL(ring->reg_idx)))
		return false;
	if (nm_nic_owns(r))
		r->core->stop(r);
	igb_clean_tx_ring(ring);
	return true;
}

static inline bool
nm_igb_rx_off(struct nm_nic_dev *d, u32 i)
{
	struct igb_adapter *a = d->priv;
	struct nm_hw_ring *r = &d->rx[i];
	struct igb_ring *ring = a->rx_ring[i];

	if (!nm_igb_off(a, E1000_RXDCTL(ring->reg_idx)))
		return false;
	if (nm_nic_owns(r))
		r->core->stop(r);
	igb_clean_rx_ring(ring);
	return true;
}

/* Stops the queues that move; false: that is not possible. The host's frames and polls that are under way end first. */
static inline bool
nm_igb_queues_off(struct nm_nic_dev *d)
{
	struct igb_adapter *a = d->priv;
	u32 i;

	for (i = 0; i < max(d->ntx, d->nrx); i++) /* buffers of sockets of AF_XDP are nothing that we could put back */
		if (((i < d->ntx && d->tx[i].moves) || (i < d->nrx && d->rx[i].moves)) && xsk_get_pool_from_qid(d->dev, i))
			return false;
	synchronize_net();
	for (i = 0; i < d->ntx && i < a->num_tx_queues; i++)
		if (d->tx[i].moves && !nm_igb_tx_off(d, i))
			return false;
	for (i = 0; i < d->nrx && i < a->num_rx_queues; i++)
		if (d->rx[i].moves && !nm_igb_rx_off(d, i))
			return false;
	return true;
}

static inline void
nm_igb_queues_on(struct nm_nic_dev *d)
{
	struct igb_adapter *a = d->priv;
	u32 i;

	for (i = 0; i < d->ntx && i < a->num_tx_queues; i++)
		if (d->tx[i].moves) {
			igb_configure_tx_ring(a, a->tx_ring[i]);
			netif_wake_subqueue(d->dev, i); /* it may have been full */
		}
	for (i = 0; i < d->nrx && i < a->num_rx_queues; i++)
		if (d->rx[i].moves) {
			igb_configure_rx_ring(a, a->rx_ring[i]);
			igb_alloc_rx_buffers(a->rx_ring[i], igb_desc_unused(a->rx_ring[i]));
		}
}

/* What came to rings that are the driver's again was not looked at while they moved. */
static inline void
nm_igb_look_again(struct nm_nic_dev *d)
{
	struct igb_adapter *a = d->priv;
	struct e1000_hw *hw = &a->hw;
	u32 i;

	for (i = 0; i < d->nrx; i++)
		if (d->rx[i].moves && !nm_nic_owns(&d->rx[i]))
			smp_store_release(&d->rx[i].moves, false);
	if (a->flags & IGB_FLAG_HAS_MSIX)
		wr32(E1000_EICS, a->eims_enable_mask & ~a->eims_other);
	else
		wr32(E1000_ICS, E1000_ICS_RXDMT0);
}

static inline void
nm_igb_down(struct nm_nic_dev *d)
{
	struct igb_adapter *a = d->priv;

	a->netmap_reset = !nm_igb_queues_off(d);
	if (!a->netmap_reset)
		return;
	while (test_and_set_bit(__IGB_RESETTING, &a->state))
		usleep_range(1000, 2000);
	igb_down(a);
	clear_bit(__IGB_RESETTING, &a->state); /* RTNL is held until up, which features may change before */
}

static inline void
nm_igb_up(struct nm_nic_dev *d)
{
	struct igb_adapter *a = d->priv;

	if (a->netmap_reset) {
		while (test_and_set_bit(__IGB_RESETTING, &a->state))
			usleep_range(1000, 2000);
		igb_up(a);
		clear_bit(__IGB_RESETTING, &a->state);
	} else {
		nm_igb_queues_on(d);
	}
	nm_igb_look_again(d);
}

static_assert(IGB_MAX_RXD <= IGB_MAX_TXD);

static const struct nm_nic_driver nm_igb_driver __maybe_unused = {
	.version = NM_NIC_VERSION,
	.max_desc = IGB_MAX_TXD,
	.bufs = &nm_igb_bufs,
	.down = nm_igb_down,
	.up = nm_igb_up,
	.txsync = nm_igb_txsync,
	.rxsync = nm_igb_rxsync,
	.txforeign = nm_igb_txforeign,
	.txdone = nm_igb_txdone,
};

static inline void
nm_igb_attach(struct pci_dev *pdev)
{
	struct net_device *dev = pci_get_drvdata(pdev);
	struct igb_adapter *a = netdev_priv(dev);

	WRITE_ONCE(a->netmap, netmap_nic_attach(dev, &nm_igb_driver, a, dev->num_tx_queues, dev->num_rx_queues));
}

/* Closed before, so that none of the driver's loops looks at what goes. */
static inline void
nm_igb_detach(struct pci_dev *pdev)
{
	struct igb_adapter *a = netdev_priv(pci_get_drvdata(pdev));

	if (a->netmap)
		a->netmap->core->detach(&a->netmap);
}

#endif
