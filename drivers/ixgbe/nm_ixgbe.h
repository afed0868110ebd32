/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_ixgbe.h - the netmap side of the driver of the 82599 and its successors: included by its ixgbe_main.c, called where ixgbe.cocci
 * says.
 *
 * Sections are of Intel's "82599 10 GbE Controller Datasheet" (331520); the X540, X550 and E610 have the same rings.
 *
 * ixgbe_ring.netmap says whether a ring is a program's: set when the ring is configured, taken back when its NAPI and its queue of the
 * host stand still. So neither of these needs more than to look at it. All that configures or stops rings is done under RTNL.
 */
#ifndef NM_IXGBE_H
#define NM_IXGBE_H

#include "nm_ixgbe_rings.h"

#include <linux/if_vlan.h>

#define NM_IXGBE_DESC 8192u     /* of a ring that a program can have: all that the 82599 and X540 can */
#define NM_IXGBE_WTHRESH (0x7fu << IXGBE_TXDCTL_WTHRESH_SHIFT)
/* Of queues that are to get empty, at 100 Mbit/s as well, or to stop; each of half a millisecond and more. */
#define NM_IXGBE_EMPTY_POLLS 100u
#define NM_IXGBE_STOP_POLLS 10u

/* They follow in ixgbe_main.c. */
static void ixgbe_clean_tx_ring(struct ixgbe_ring *ring);
static void ixgbe_clean_rx_ring(struct ixgbe_ring *ring);
static void ixgbe_enable_rx_drop(struct ixgbe_adapter *adapter, struct ixgbe_ring *ring);

/* In the driver's data path. */
static inline bool
nm_ixgbe_owns(const struct ixgbe_ring *ring)
{
	return READ_ONCE(ring->netmap) != NULL;
}

static netdev_tx_t
nm_ixgbe_host_frame(const struct ixgbe_ring *ring, struct sk_buff *skb)
{
	return ring->netmap->core->host_frame(ring->netmap, skb);
}

static bool
nm_ixgbe_tx_irq(const struct ixgbe_ring *ring)
{
	const struct nm_nic_dev *d = ring->netmap;

	if (!d)
		return false;
	d->core->irq(&d->tx[ring->queue_index], 0);
	return true;
}

static int
nm_ixgbe_rx_irq(const struct ixgbe_ring *ring, int budget)
{
	const struct nm_nic_dev *d = ring->netmap;

	return d->core->irq(&d->rx[ring->queue_index], budget);
}

/* A mode of the NIC in which its rings are not what a program takes them for. */
static const char *
nm_ixgbe_refuses(struct nm_nic_dev *d)
{
	const struct ixgbe_adapter *a = d->priv;

	if (a->flags & (IXGBE_FLAG_SRIOV_ENABLED | IXGBE_FLAG_VMDQ_ENABLED))
		return "its virtual functions or the macvlans that it switches";
	if (a->flags & IXGBE_FLAG_FCOE_ENABLED)
		return "FCoE";
	return NULL;
}

static const char nm_ixgbe_xsk[] = "a socket of AF_XDP that has it";

static void
nm_ixgbe_tell(struct ixgbe_adapter *a, u32 queue, const char *why)
{
	if (!a->netmap_told)
		netdev_warn(a->netdev, "netmap: queue %u can't be a program's now, because of %s\n", queue, why);
	a->netmap_told = true;
}

/* The ring is to be configured: is it a program's, as r? It need not be one of the adapter's that a program can have. */
static struct nm_nic_dev *
nm_ixgbe_takes(struct ixgbe_adapter *a, const struct ixgbe_ring *ring, const struct nm_hw_ring *r, const char *why)
{
	if (!r || !nm_nic_owns(r))
		return NULL;
	if (!why)
		why = nm_ixgbe_refuses(a->netmap);
	if (!why && ring->count > NM_IXGBE_DESC)
		why = "its length, more than 8192 descriptors (ethtool -G)";
	if (why)
		nm_ixgbe_tell(a, ring->queue_index, why);
	else
		a->netmap_told = false;
	return why ? NULL : a->netmap;
}

/* NULL: rings of other kinds, as for the driver's own tests or XDP. */
static struct nm_hw_ring *
nm_ixgbe_tx_of(const struct ixgbe_adapter *a, const struct ixgbe_ring *ring)
{
	uint32_t i = ring->queue_index;

	return a->netmap && i < a->netmap->ntx && a->tx_ring[i] == ring ? &a->netmap->tx[i] : NULL;
}

static struct nm_hw_ring *
nm_ixgbe_rx_of(const struct ixgbe_adapter *a, const struct ixgbe_ring *ring)
{
	uint32_t i = ring->queue_index;

	return a->netmap && i < a->netmap->nrx && a->rx_ring[i] == ring ? &a->netmap->rx[i] : NULL;
}

static void
nm_ixgbe_take_tx(struct ixgbe_adapter *a, struct ixgbe_ring *ring)
{
	WRITE_ONCE(ring->netmap, nm_ixgbe_takes(a, ring, nm_ixgbe_tx_of(a, ring), NULL));
}

static void
nm_ixgbe_take_rx(struct ixgbe_adapter *a, struct ixgbe_ring *ring)
{
	const struct nm_hw_ring *r = nm_ixgbe_rx_of(a, ring);

	WRITE_ONCE(ring->netmap, nm_ixgbe_takes(a, ring, r, r && ixgbe_xsk_pool(a, ring) ? nm_ixgbe_xsk : NULL));
}

/* 8.2.3.9.10 */
static u32
nm_ixgbe_txdctl(const struct ixgbe_ring *ring, u32 txdctl)
{
	return nm_ixgbe_owns(ring) ? txdctl & ~NM_IXGBE_WTHRESH : txdctl;
}

/* 8.2.3.8.6: tags of VLANs stay in the frame, and its length is limited for all queues alike (MAXFRS). */
static u32
nm_ixgbe_rxdctl(const struct ixgbe_ring *ring, u32 rxdctl)
{
	return nm_ixgbe_owns(ring) ? rxdctl & ~(IXGBE_RXDCTL_VME | IXGBE_RXDCTL_RLPMLMASK | IXGBE_RXDCTL_RLPML_EN) : rxdctl;
}

/*
 * 8.2.3.8.7: buffers of as many bytes as the ring says, in KiB. Among several queues one without buffers loses its frames: else it would hold
 * back those of the others, and a program may stop to read at any time. The checksum is stripped always (RDRXCTL.CRCSTRIP, as the
 * driver has it).
 */
static u32
nm_ixgbe_srrctl(const struct ixgbe_ring *ring, u32 srrctl)
{
	const struct nm_nic_dev *d = READ_ONCE(ring->netmap); /* in the driver's service as well */

	if (!d)
		return srrctl;
	srrctl &= ~IXGBE_SRRCTL_BSIZEPKT_MASK;
	srrctl |= d->rx[ring->queue_index].buf_bytes >> IXGBE_SRRCTL_BSIZEPKT_SHIFT;
	return ring->q_vector->adapter->num_rx_queues > 1 ? srrctl | IXGBE_SRRCTL_DROP_EN : srrctl;
}

/* 8.2.3.8.13: frames are not merged. The queue may have been the host's just now. */
static bool
nm_ixgbe_leaves_rsc_off(struct ixgbe_adapter *a, const struct ixgbe_ring *ring)
{
	struct ixgbe_hw *hw = &a->hw;

	if (!nm_ixgbe_owns(ring))
		return false;
	IXGBE_WRITE_REG(hw, IXGBE_RSCCTL(ring->reg_idx), IXGBE_READ_REG(hw, IXGBE_RSCCTL(ring->reg_idx)) & ~IXGBE_RSCCTL_RSCEN);
	return true;
}

static void
nm_ixgbe_start_tx(struct ixgbe_adapter *a, struct ixgbe_ring *ring)
{
	struct nm_nic_dev *d = ring->netmap;

	if (!d)
		return;
	d->tx[ring->queue_index].nic = ring;
	d->core->hw.start(&d->tx[ring->queue_index], ring->count, 0, a->netdev->mtu + ETH_HLEN + VLAN_HLEN);
}

static bool
nm_ixgbe_start_rx(struct ixgbe_adapter *a, struct ixgbe_ring *ring)
{
	struct nm_nic_dev *d = ring->netmap;

	if (!d)
		return false;
	d->rx[ring->queue_index].nic = ring;
	d->core->hw.start(&d->rx[ring->queue_index], ring->count, 0, a->netdev->mtu + ETH_HLEN + VLAN_HLEN);
	d->core->post(&d->rx[ring->queue_index]);
	return true;
}

static void
nm_ixgbe_stop_tx(struct ixgbe_ring *ring)
{
	if (ring->netmap)
		ring->netmap->core->hw.stop(&ring->netmap->tx[ring->queue_index]);
}

static void
nm_ixgbe_stop_rx(struct ixgbe_ring *ring)
{
	if (ring->netmap)
		ring->netmap->core->hw.stop(&ring->netmap->rx[ring->queue_index]);
}

static void
nm_ixgbe_stop(struct ixgbe_adapter *a)
{
	int i;

	for (i = 0; i < a->num_tx_queues; i++)
		nm_ixgbe_stop_tx(a->tx_ring[i]);
	for (i = 0; i < a->num_rx_queues; i++)
		nm_ixgbe_stop_rx(a->rx_ring[i]);
}

static void
nm_ixgbe_stop_pair(struct ixgbe_adapter *a, int queue)
{
	nm_ixgbe_stop_tx(a->tx_ring[queue]);
	nm_ixgbe_stop_rx(a->rx_ring[queue]);
}

/* Neither NAPI nor the host's queues run. */
static void
nm_ixgbe_forget(struct ixgbe_adapter *a)
{
	int i;

	for (i = 0; i < a->num_tx_queues; i++)
		WRITE_ONCE(a->tx_ring[i]->netmap, NULL);
	for (i = 0; i < a->num_rx_queues; i++)
		WRITE_ONCE(a->rx_ring[i]->netmap, NULL);
	a->netmap_held = false;
}

/* A pool of AF_XDP comes to the queue, or goes (NULL). */
static bool
nm_ixgbe_has_queue(const struct ixgbe_adapter *a, const struct xsk_buff_pool *pool, u16 queue)
{
	if (!pool || !a->netmap || queue >= a->netmap->nrx || !nm_nic_owns(&a->netmap->rx[queue]))
		return false;
	netdev_warn(a->netdev, "netmap: queue %u is a program's and can't be a socket's\n", queue);
	return true;
}

/* Rings that change hands, while others run. One that a socket of AF_XDP has does not. */
static struct ixgbe_ring *
nm_ixgbe_moving_tx(const struct nm_nic_dev *d, const struct ixgbe_adapter *a, uint32_t i)
{
	return i < (uint32_t)a->num_tx_queues && d->tx[i].moves ? a->tx_ring[i] : NULL;
}

static struct ixgbe_ring *
nm_ixgbe_moving_rx(const struct nm_nic_dev *d, const struct ixgbe_adapter *a, uint32_t i)
{
	return i < (uint32_t)a->num_rx_queues && d->rx[i].moves && !a->rx_ring[i]->xsk_pool ? a->rx_ring[i] : NULL;
}

#define nm_ixgbe_each_moving(ring, i, dir, d, a) \
	for ((i) = 0; (i) < (d)->n##dir; (i)++) \
		if (((ring) = nm_ixgbe_moving_##dir(d, a, i)))

static unsigned long *
nm_ixgbe_state(struct ixgbe_ring *ring)
{
	return (unsigned long *)&ring->state; /* of one type or another */
}

/* NAPIs that serve them, by index; they may serve others as well. */
static u64
nm_ixgbe_vectors(const struct nm_nic_dev *d, const struct ixgbe_adapter *a)
{
	struct ixgbe_ring *ring;
	u64 vectors = 0;
	uint32_t i;

	nm_ixgbe_each_moving(ring, i, tx, d, a)
		vectors |= BIT_ULL(ring->q_vector->v_idx);
	nm_ixgbe_each_moving(ring, i, rx, d, a)
		vectors |= BIT_ULL(ring->q_vector->v_idx);
	return vectors;
}

static void
nm_ixgbe_enable_napis(struct ixgbe_adapter *a, u64 vectors, bool on)
{
	int i;

	for (i = 0; i < a->num_q_vectors; i++)
		if (vectors & BIT_ULL(i))
			(on ? napi_enable : napi_disable)(&a->q_vector[i]->napi);
}

/* An interrupt that found its NAPI disabled is masked since; the poll unmasks it. */
static void
nm_ixgbe_poll(struct ixgbe_adapter *a, u64 vectors)
{
	int i;

	local_bh_disable();
	for (i = 0; i < a->num_q_vectors; i++)
		if (vectors & BIT_ULL(i))
			napi_schedule(&a->q_vector[i]->napi);
	local_bh_enable();
}

/* The host's queue waits, also where the driver's service wakes it; for its watchdog it is not stuck. */
static void
nm_ixgbe_hold_queue(struct ixgbe_adapter *a, struct ixgbe_ring *ring)
{
	struct netdev_queue *q = netdev_get_tx_queue(a->netdev, ring->queue_index);

	__netif_tx_lock_bh(q);
	netif_tx_stop_queue(q);
	txq_trans_cond_update(q);
	set_bit(__IXGBE_TX_DISABLED, nm_ixgbe_state(ring));
	__netif_tx_unlock_bh(q);
}

static void
nm_ixgbe_release_queue(struct ixgbe_adapter *a, struct ixgbe_ring *ring)
{
	smp_mb__before_atomic();
	clear_bit(__IXGBE_TX_DISABLED, nm_ixgbe_state(ring));
	if (netif_carrier_ok(a->netdev)) /* else the driver wakes all when it comes */
		netif_tx_wake_queue(netdev_get_tx_queue(a->netdev, ring->queue_index));
}

/* 4.6.8.1: a transmit queue has to be empty before it is stopped. Without a link, or while the peer makes it pause, it may not get so. */
static bool
nm_ixgbe_drain(const struct nm_nic_dev *d, struct ixgbe_adapter *a)
{
	struct ixgbe_hw *hw = &a->hw;
	struct ixgbe_ring *ring;
	u32 polls, i;
	bool empty;

	nm_ixgbe_each_moving(ring, i, tx, d, a)
		if (!nm_ixgbe_owns(ring)) /* a frame before one that was refused may not have been told yet */
			writel(ring->next_to_use, ring->tail);
	for (polls = 0;; polls++) {
		empty = true;
		nm_ixgbe_each_moving(ring, i, tx, d, a)
			empty &= IXGBE_READ_REG(hw, IXGBE_TDH(ring->reg_idx)) == IXGBE_READ_REG(hw, IXGBE_TDT(ring->reg_idx));
		if (empty || polls == NM_IXGBE_EMPTY_POLLS || !netif_carrier_ok(a->netdev))
			return empty;
		usleep_range(500, 1000);
	}
}

/* 4.6.7.1, 4.6.8.1: queues are stopped while others run. False: one does not stop. */
static bool
nm_ixgbe_stop_queues(const struct nm_nic_dev *d, struct ixgbe_adapter *a)
{
	struct ixgbe_hw *hw = &a->hw;
	struct ixgbe_ring *ring;
	u32 left = IXGBE_TXDCTL_ENABLE, polls, i;

	if (!nm_ixgbe_drain(d, a))
		return false;
	nm_ixgbe_each_moving(ring, i, tx, d, a)
		IXGBE_WRITE_REG(hw, IXGBE_TXDCTL(ring->reg_idx), IXGBE_TXDCTL_SWFLSH);
	nm_ixgbe_each_moving(ring, i, rx, d, a)
		IXGBE_WRITE_REG(hw, IXGBE_RXDCTL(ring->reg_idx),
		    (IXGBE_READ_REG(hw, IXGBE_RXDCTL(ring->reg_idx)) & ~IXGBE_RXDCTL_ENABLE) | IXGBE_RXDCTL_SWFLSH);
	for (polls = 0; left && polls < NM_IXGBE_STOP_POLLS; polls++) {
		usleep_range(500, 1000);
		left = 0;
		nm_ixgbe_each_moving(ring, i, tx, d, a)
			left |= IXGBE_READ_REG(hw, IXGBE_TXDCTL(ring->reg_idx)) & IXGBE_TXDCTL_ENABLE;
		nm_ixgbe_each_moving(ring, i, rx, d, a)
			left |= IXGBE_READ_REG(hw, IXGBE_RXDCTL(ring->reg_idx)) & IXGBE_RXDCTL_ENABLE;
	}
	usleep_range(100, 200); /* what receive queues had under way */
	return !left;
}

/* What a program has sent to the end is no loss. */
static void
nm_ixgbe_finish_tx(struct ixgbe_ring *ring)
{
	struct nm_hw_ring *r;

	if (!nm_ixgbe_owns(ring))
		return;
	r = &ring->netmap->tx[ring->queue_index];
	nm_os_spin_lock(&r->kr->lock);
	if (r->up)
		nm_hw_reap(r, &nm_ixgbe_tx);
	nm_os_spin_unlock(&r->kr->lock);
	r->core->stop(r);
}

/*
 * Rings that change hands, and no others; the link stays. Where a queue does not stop, as one may that still has frames to send when
 * there is no link, the whole NIC is. Between down and up rings of either owner are ours, so that NAPIs that go on pass them over.
 */
static void
nm_ixgbe_hold(struct nm_nic_dev *d, struct ixgbe_adapter *a)
{
	struct ixgbe_ring *ring;
	uint32_t i;

	nm_ixgbe_each_moving(ring, i, tx, d, a) {
		nm_ixgbe_finish_tx(ring);
		ixgbe_clean_tx_ring(ring);
		WRITE_ONCE(ring->netmap, d);
	}
	nm_ixgbe_each_moving(ring, i, rx, d, a) {
		nm_ixgbe_stop_rx(ring);
		ixgbe_clean_rx_ring(ring);
		WRITE_ONCE(ring->netmap, d);
	}
	a->netmap_held = true;
}

static void
nm_ixgbe_reserve(struct ixgbe_adapter *a)
{
	while (test_and_set_bit(__IXGBE_RESETTING, &a->state))
		usleep_range(1000, 2000);
}

static void
nm_ixgbe_down(struct nm_nic_dev *d)
{
	struct ixgbe_adapter *a = d->priv;
	struct ixgbe_ring *ring;
	bool stopped;
	u64 vectors;
	uint32_t i;

	a->netmap_held = a->netmap_whole = false;
	if (test_bit(__IXGBE_DOWN, &a->state))
		return;
	nm_ixgbe_reserve(a);
	for (i = 0; i < d->nrx && i < (uint32_t)a->num_rx_queues; i++)
		if (d->rx[i].moves && a->rx_ring[i]->xsk_pool)
			nm_ixgbe_tell(a, i, nm_ixgbe_xsk);
	nm_ixgbe_each_moving(ring, i, tx, d, a)
		nm_ixgbe_hold_queue(a, ring);
	vectors = nm_ixgbe_vectors(d, a);
	nm_ixgbe_enable_napis(a, vectors, false);
	stopped = nm_ixgbe_stop_queues(d, a);
	if (stopped)
		nm_ixgbe_hold(d, a);
	nm_ixgbe_enable_napis(a, vectors, true);
	if (stopped) {
		nm_ixgbe_poll(a, vectors);
	} else {
		netif_trans_update(a->netdev);
		ixgbe_down(a);
		a->netmap_whole = true;
	}
	clear_bit(__IXGBE_RESETTING, &a->state); /* RTNL is held until up; before, the driver may be told to reset the NIC */
}

/* A receive queue of the host again: what the driver sets for all of them, when it resets the NIC or when a link comes. */
static void
nm_ixgbe_restore_rx(struct ixgbe_adapter *a, struct ixgbe_ring *ring)
{
	bool pfc = a->dcb_cfg.pfc_mode_enable || (a->ixgbe_ieee_pfc && a->ixgbe_ieee_pfc->pfc_en);

	if (!nm_ixgbe_owns(ring) && a->num_rx_queues > 1 && !(a->hw.fc.current_mode & ixgbe_fc_tx_pause) && !pfc)
		ixgbe_enable_rx_drop(a, ring);
}

static void
nm_ixgbe_start_queues(struct nm_nic_dev *d, struct ixgbe_adapter *a)
{
	struct ixgbe_hw *hw = &a->hw;
	struct ixgbe_ring *ring;
	uint32_t i;

	nm_ixgbe_each_moving(ring, i, tx, d, a) {
		ixgbe_configure_tx_ring(a, ring);
		nm_ixgbe_start_tx(a, ring);
	}
	nm_ixgbe_each_moving(ring, i, rx, d, a) {
		if (a->netdev->features & NETIF_F_HW_VLAN_CTAG_RX) /* and off again, if it is a program's */
			IXGBE_WRITE_REG(hw, IXGBE_RXDCTL(ring->reg_idx),
			    IXGBE_READ_REG(hw, IXGBE_RXDCTL(ring->reg_idx)) | IXGBE_RXDCTL_VME);
		ixgbe_configure_rx_ring(a, ring);
		nm_ixgbe_restore_rx(a, ring);
	}
}

static void
nm_ixgbe_up(struct nm_nic_dev *d)
{
	struct ixgbe_adapter *a = d->priv;
	struct ixgbe_ring *ring;
	u64 vectors;
	uint32_t i;

	nm_ixgbe_reserve(a);
	if (a->netmap_held) { /* and not reset since then */
		vectors = nm_ixgbe_vectors(d, a);
		nm_ixgbe_enable_napis(a, vectors, false);
		nm_ixgbe_start_queues(d, a);
		nm_ixgbe_enable_napis(a, vectors, true);
		nm_ixgbe_poll(a, vectors);
	} else if (a->netmap_whole && test_bit(__IXGBE_DOWN, &a->state)) {
		ixgbe_up(a);
	}
	nm_ixgbe_each_moving(ring, i, tx, d, a)
		nm_ixgbe_release_queue(a, ring);
	a->netmap_held = a->netmap_whole = false;
	clear_bit(__IXGBE_RESETTING, &a->state);
}

static const struct nm_nic_driver nm_ixgbe_driver = {
	.version = NM_NIC_VERSION,
	.max_desc = NM_IXGBE_DESC,
	.bufs = &nm_ixgbe_bufs,
	.down = nm_ixgbe_down,
	.up = nm_ixgbe_up,
	.txsync = nm_ixgbe_txsync,
	.rxsync = nm_ixgbe_rxsync,
	.txforeign = nm_ixgbe_txforeign,
	.txdone = nm_ixgbe_txdone,
	.refuses = nm_ixgbe_refuses,
};

/* Somebody has bound rings. */
static bool
nm_ixgbe_in_use(const struct nm_nic_dev *d)
{
	uint32_t i;

	for (i = 0; i < d->ntx; i++)
		if (nm_nic_owns(&d->tx[i]))
			return true;
	for (i = 0; i < d->nrx; i++)
		if (nm_nic_owns(&d->rx[i]))
			return true;
	return false;
}

static void
nm_ixgbe_attach(struct ixgbe_adapter *a)
{
	struct net_device *dev = a->netdev;
	struct nm_nic_dev *d;

	if (a->hw.mac.type == ixgbe_mac_82598EB) {
		netdev_info(dev, "netmap: programs don't get the rings of an 82598; frames are copied\n");
		return;
	}
	d = netmap_nic_attach(dev, &nm_ixgbe_driver, a, min_t(u32, dev->num_tx_queues, MAX_TX_QUEUES),
	    min_t(u32, dev->num_rx_queues, MAX_RX_QUEUES));
	if (!d)
		return;
	rtnl_lock();
	a->netmap = d;
	if (nm_ixgbe_in_use(d) && netif_running(dev)) /* since it was attached, and the driver did not know */
		ixgbe_reinit_locked(a);
	rtnl_unlock();
}

static void
nm_ixgbe_detach(struct ixgbe_adapter *a)
{
	if (a->netmap)
		a->netmap->core->detach(&a->netmap);
}

#endif
