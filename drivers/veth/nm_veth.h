/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_veth.h - the netmap side of veth: included by its veth.c behind its structures, called where veth.cocci says.
 *
 *	transmit ring i of an end --> receive ring i of the other, if that is a program's     nm_veth_link.h
 *	                          --> the other end's stack, if not                           skbs, by veth's own veth_xmit
 *	the other end's stack, queue i --> receive ring i, if that is a program's             skbs, from veth_xmit
 *
 * i is taken modulo the receive queues that there are. There is no device: a ring is up when its interface is.
 *
 * The other end may leave at any time: it is found by RCU, as veth does, and so are its rings; a ring's kring is what it is as long
 * as the kring's lock is held and the ring is up. Of two locks that of the transmit ring comes first.
 */
#ifndef NM_VETH_H
#define NM_VETH_H

#include "drivers/nm_nic.h"
#include "nm_veth_link.h"

/* A hook in a table, which has to look like a call for who checks that all found a place. */
#define nm_veth_op(name) nm_veth_##name

static inline struct nm_nic_dev *
nm_veth_of(const struct net_device *dev)
{
	const struct veth_priv *priv = netdev_priv(dev);

	return READ_ONCE(priv->netmap);
}

/* The receive ring that queue i of the other end leads to; NULL: dev has none. */
static struct nm_hw_ring *
nm_veth_rx(const struct net_device *dev, u32 i)
{
	struct nm_nic_dev *d = dev ? nm_veth_of(dev) : NULL;
	u32 n;

	if (!d)
		return NULL;
	n = READ_ONCE(dev->real_num_rx_queues);
	return &d->rx[likely(i < n) ? i : i % n];
}

static struct net_device *
nm_veth_peer(const struct net_device *dev)
{
	const struct veth_priv *priv = netdev_priv(dev);

	return rcu_dereference(priv->peer);
}

/* Of a receive ring: locked, by who has locked a transmit ring, or NULL where it is not up. */
static struct nm_kring *
nm_veth_lock(struct nm_hw_ring *r)
{
	struct nm_kring *kr = READ_ONCE(r->kr);

	if (!kr)
		return NULL;
	spin_lock_nested(&kr->lock.l, SINGLE_DEPTH_NESTING);
	if (READ_ONCE(r->kr) == kr && r->up)
		return kr;
	spin_unlock(&kr->lock.l);
	return NULL;
}

static void
nm_veth_unlock(struct nm_kring *kr)
{
	spin_unlock(&kr->lock.l);
}

/* The sender waits until the receiver has released slots. Under both locks. */
static bool
nm_veth_wait(struct nm_hw_ring *t, struct nm_kring *rx, bool on)
{
	WRITE_ONCE(t->reports, on);
	if (on)
		WRITE_ONCE(rx->blocked, true);
	return on;
}

static u32
nm_veth_max(const struct net_device *dev)
{
	return READ_ONCE(dev->mtu) + dev->hard_header_len + VLAN_HLEN;
}

static const struct nm_nic_core *
nm_veth_core(const struct nm_hw_ring *r)
{
	return container_of(r->core, struct nm_nic_core, hw);
}

/*
 * A ring at the other end that changes hands, which up or ndo_open tell of, is waited for: frames would come by another way than those
 * after them.
 */
static bool
nm_veth_txsync(struct nm_hw_ring *t)
{
	struct net_device *dev = t->nic, *peer = nm_veth_peer(dev);
	struct nm_veth_link l = {.core = t->core, .tx = t->kr};
	struct nm_hw_ring *r = nm_veth_rx(peer, t->kr->id);

	if (!r || !nm_nic_taken(r)) {
		WRITE_ONCE(t->reports, 0);
		return nm_veth_core(t)->transmit(t);
	}
	l.rx = nm_veth_lock(r);
	if (!l.rx) {
		WRITE_ONCE(t->reports, 1);
		return t->kr->hwcur != t->kr->rhead;
	}
	l.max_bytes = min(nm_veth_max(dev), nm_veth_max(peer));
	nm_veth_move(&l, t->frame);
	nm_veth_wait(t, l.rx, l.full);
	nm_veth_unlock(l.rx);
	if (l.frames) {
		dev_sw_netstats_tx_add(dev, l.frames, l.bytes);
		nm_veth_core(t)->filled(r);
	}
	return l.full;
}

static bool
nm_veth_txdone(struct nm_hw_ring *t)
{
	struct nm_hw_ring *r = nm_veth_rx(nm_veth_peer(t->nic), t->kr->id);
	struct nm_kring *rx;
	bool waits;

	if (!r || !nm_nic_taken(r))
		return true;
	rx = nm_veth_lock(r);
	if (!rx)
		return false;
	waits = nm_veth_wait(t, rx, !t->core->room(rx));
	nm_veth_unlock(rx);
	return !waits;
}

/* Transmit rings of dev that wait, or all that are a program's, look again. */
static void
nm_veth_wake(const struct net_device *dev, bool all)
{
	struct nm_nic_dev *d = dev ? nm_veth_of(dev) : NULL;
	u32 i;

	for (i = 0; d && i < d->ntx; i++)
		if (nm_nic_owns(&d->tx[i]) && (all || READ_ONCE(d->tx[i].reports)))
			d->core->irq(&d->tx[i], 0);
}

/*
 * Senders that wait go on when half of the ring is free, or when the receiver has seen all there is, whatever he keeps. What came is in
 * its slots by now, or comes as skbs do.
 */
static uint32_t
nm_veth_rxsync(struct nm_hw_ring *r, uint32_t budget)
{
	struct nm_kring *kr = r->kr;

	(void)budget;
	if (likely(!READ_ONCE(kr->blocked)) || (r->core->room(kr) < kr->nslots / 2 && kr->rcur != kr->hwtail && kr->rel != kr->hwtail))
		return 0;
	WRITE_ONCE(kr->blocked, false);
	nm_veth_wake(nm_veth_peer(r->nic), false);
	return 0;
}

/* What the driver does with a frame of the stack. */
enum { NM_VETH_PASSES, NM_VETH_GONE, NM_VETH_LOST };

static int
nm_veth_lose(struct net_device *dev, struct sk_buff *skb)
{
	struct veth_priv *priv = netdev_priv(dev);

	dev_kfree_skb_any(skb);
	atomic64_inc(&priv->dropped);
	return NM_VETH_LOST;
}

/* As veth_xmit: what it does to a frame that changes hands, and what it counts. */
static int
nm_veth_receive(struct net_device *dev, struct net_device *peer, struct nm_hw_ring *r, struct sk_buff *skb)
{
	struct veth_priv *priv = netdev_priv(dev);
	unsigned int len = skb->len;

	if (unlikely(irqs_disabled() || !pskb_may_pull(skb, ETH_HLEN))) /* the ring's queue is not for who has interrupts off */
		return nm_veth_lose(dev, skb);
	skb_tx_timestamp(skb);
	if (unlikely(__dev_forward_skb(peer, skb))) { /* it was freed */
		atomic64_inc(&priv->dropped);
		return NM_VETH_LOST;
	}
	skb_push(skb, ETH_HLEN);
	if (unlikely(!nm_veth_core(r)->receive(r, skb)))
		return nm_veth_lose(dev, skb);
	dev_sw_netstats_tx_add(dev, 1, len);
	return NM_VETH_GONE;
}

/* A frame that veth_xmit is to send. */
static int
nm_veth_takes(struct sk_buff *skb, struct net_device *dev)
{
	struct nm_nic_dev *d = nm_veth_of(dev);
	u32 i = skb_get_queue_mapping(skb);
	const struct net_device *peer;
	struct nm_hw_ring *r;
	int verdict = NM_VETH_PASSES;

	rcu_read_lock();
	peer = nm_veth_peer(dev);
	r = nm_veth_rx(peer, i);
	if (d && i < d->ntx && unlikely(nm_nic_owns(&d->tx[i])) && !d->core->transmits(dev)) {
		d->core->host_frame(d, skb);
		verdict = NM_VETH_GONE;
	} else if (r && nm_nic_owns(r)) {
		verdict = nm_veth_receive(dev, (struct net_device *)peer, r, skb);
	}
	rcu_read_unlock();
	return verdict;
}

static bool
nm_veth_owns_any(const struct net_device *dev)
{
	const struct nm_nic_dev *d = nm_veth_of(dev);
	bool owns = false;
	u32 i;

	for (i = 0; d && i < d->ntx; i++)
		owns |= nm_nic_owns(&d->tx[i]);
	for (i = 0; d && i < d->nrx; i++)
		owns |= nm_nic_owns(&d->rx[i]);
	return owns;
}

/* Frames of XDP programs, which are no skbs, don't go to a ring of a program. */
static bool
nm_veth_refuses_frames(const struct net_device *dev)
{
	struct nm_hw_ring *r;
	bool refuses;

	rcu_read_lock();
	r = nm_veth_rx(nm_veth_peer(dev), smp_processor_id());
	refuses = r && nm_nic_owns(r);
	rcu_read_unlock();
	return refuses;
}

/* Nor does a program see those of rings that are not the stack's. */
static bool
nm_veth_refuses_prog(const struct net_device *dev, const struct netdev_bpf *xdp)
{
	return xdp->command == XDP_SETUP_PROG && xdp->prog && nm_veth_owns_any(dev);
}

static const char *
nm_veth_refuses(struct nm_nic_dev *d)
{
	const struct veth_priv *priv = netdev_priv(d->dev);

	return priv->_xdp_prog ? "an XDP program" : NULL;
}

static void
nm_veth_set(struct nm_nic_dev *d, struct nm_hw_ring *r, bool on)
{
	if (!nm_nic_owns(r))
		return;
	if (on)
		d->core->hw.start(r, 1, 0, nm_veth_max(d->dev));
	else
		d->core->hw.stop(r);
}

/* Of programs' rings those that move, or all. Under RTNL, as all that follows. */
static void
nm_veth_set_rings(struct nm_nic_dev *d, bool on, bool all)
{
	u32 i;

	for (i = 0; i < d->ntx; i++)
		if (all || d->tx[i].moves)
			nm_veth_set(d, &d->tx[i], on);
	for (i = 0; i < d->nrx; i++)
		if (all || d->rx[i].moves)
			nm_veth_set(d, &d->rx[i], on);
}

/* What waits at the other end looks where its way leads now. */
static void
nm_veth_tell_peer(const struct net_device *dev)
{
	const struct veth_priv *priv = netdev_priv(dev);

	nm_veth_wake(rtnl_dereference(priv->peer), true);
}

/* Who has not seen that they move, and sends to the stack, is waited for. */
static void
nm_veth_down(struct nm_nic_dev *d)
{
	nm_veth_set_rings(d, false, false);
	synchronize_net();
}

static void
nm_veth_up(struct nm_nic_dev *d)
{
	u32 i;

	nm_veth_set_rings(d, true, false);
	for (i = 0; i < d->nrx; i++)
		smp_store_release(&d->rx[i].moves, false);
	nm_veth_tell_peer(d->dev);
}

static void
nm_veth_opened(const struct net_device *dev)
{
	if (!nm_veth_of(dev))
		return;
	nm_veth_set_rings(nm_veth_of(dev), true, true);
	nm_veth_tell_peer(dev);
}

static void
nm_veth_closes(const struct net_device *dev)
{
	if (nm_veth_of(dev))
		nm_veth_set_rings(nm_veth_of(dev), false, true);
}

static const struct nm_nic_driver nm_veth_driver = {
	.version = NM_NIC_VERSION,
	.max_desc = 1,
	.soft = true,
	.down = nm_veth_down,
	.up = nm_veth_up,
	.txsync = nm_veth_txsync,
	.rxsync = nm_veth_rxsync,
	.txdone = nm_veth_txdone,
	.refuses = nm_veth_refuses,
};

/* error: of what the driver did to make the device. */
static int
nm_veth_init(struct net_device *dev, int error)
{
	struct veth_priv *priv = netdev_priv(dev);
	struct nm_nic_dev *d;
	u32 i;

	if (error)
		return error;
	d = netmap_nic_attach(dev, &nm_veth_driver, NULL, dev->num_tx_queues, dev->num_rx_queues);
	for (i = 0; d && i < d->ntx; i++)
		d->tx[i].nic = dev;
	for (i = 0; d && i < d->nrx; i++)
		d->rx[i].nic = dev;
	WRITE_ONCE(priv->netmap, d);
	return 0;
}

static void
nm_veth_uninit(struct net_device *dev)
{
	struct veth_priv *priv = netdev_priv(dev);

	if (priv->netmap)
		priv->netmap->core->detach(&priv->netmap);
}

#endif
