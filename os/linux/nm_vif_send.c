/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_vif_send.c - what the host sends by a persistent port: copied into the receive ring of the queue's number.
 *
 * The lock of the transmit queue is held, so that a ring has one sender. A ring that somebody has and that is full stops the
 * queue: frames wait in the qdisc, whose length the administrator sets.
 */
#include "nm_trace.h"
#include "nm_vif.h"

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>

/* Of a slot: a buffer's bytes, as far as the slot's length can say them. */
static uint32_t
chunk_of(const struct nm_kring *kr)
{
	return min_t(uint32_t, nm_kring_chunk(kr), 65472);
}

/* More than any frame may take, if offsets leave no byte of a buffer. */
static uint32_t
slots_of(const struct nm_kring *kr, uint32_t len)
{
	uint32_t chunk = chunk_of(kr);

	if (len <= chunk)
		return 1;
	return chunk ? DIV_ROUND_UP(len, chunk) : NETMAP_MAX_FRAGS + 1;
}

/* A longer frame can't be passed on. */
static uint32_t
most_slots(const struct nm_kring *kr)
{
	return min_t(uint32_t, NETMAP_MAX_FRAGS, kr->nslots - 1);
}

/* The room without which the queue stops: that of the longest frame to be expected. */
static uint32_t
enough_room(const struct nm_kring *kr, const struct net_device *dev)
{
	return min(slots_of(kr, READ_ONCE(dev->mtu) + VLAN_ETH_HLEN), most_slots(kr));
}

static uint32_t
room_of(struct nm_kring *kr)
{
	uint32_t room = nm_kring_lease_begin(kr), none;

	nm_kring_lease_commit(kr, 0, &none);
	return room;
}

static void
tell(struct nm_kring *kr, struct nm_vif_queue *q)
{
	if (q->news)
		nm_trace_notify(kr);
	q->news = false;
}

/* True when there is room for n slots, if need be after a switch took what is there. Else the queue stops, mostly. */
static bool
make_room(struct nm_kring *kr, struct nm_vif_queue *q, uint32_t n)
{
	struct netdev_queue *txq = netdev_get_tx_queue(q->v->dev, q->id);

	tell(kr, q);
	if (room_of(kr) >= n)
		return true;
	netif_tx_stop_queue(txq);
	smp_mb(); /* with those of nm_vif_rxsync and vif_changed: either they see the stop or we what they did */
	if (room_of(kr) < enough_room(kr, q->v->dev) && READ_ONCE(kr->ready))
		return false;
	netif_tx_start_queue(txq);
	return room_of(kr) >= n;
}

/* The client gave slots back. */
int
nm_vif_rxsync(struct nm_kring *kr)
{
	struct nm_vif *v = nm_vif_of(kr->port);
	struct netdev_queue *txq;

	if (!v)
		return -EIO;
	txq = netdev_get_tx_queue(v->dev, kr->id);
	smp_mb();
	if (netif_tx_queue_stopped(txq) && room_of(kr) >= enough_room(kr, v->dev))
		netif_tx_wake_queue(txq);
	return 0;
}

static netdev_tx_t
drop(struct nm_vif_queue *q, struct nm_kring *kr, struct sk_buff *skb, int counter)
{
	q->sent.dropped++;
	if (kr) {
		kr->stat[counter]++;
		trace_netmap_drop(kr, counter, 1);
	}
	kfree_skb(skb); /* may be none any more */
	return NETDEV_TX_OK;
}

static bool
is_special(const struct sk_buff *skb, uint32_t slots)
{
	return skb_vlan_tag_present(skb) || (skb->ip_summed == CHECKSUM_PARTIAL && slots > 1);
}

/* Tag and checksum into the frame, where copying can't do that. NULL: there is no memory, and no frame any more. */
static struct sk_buff *
make_plain(struct sk_buff *skb)
{
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (skb && skb_vlan_tag_present(skb))
		skb = __vlan_hwaccel_push_inside(skb);
	if (skb && skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb)) {
		kfree_skb(skb);
		skb = NULL;
	}
	return skb;
}

/* All in one buffer, with its checksum if that is wanted. */
static void
copy_whole(struct sk_buff *skb, char *dst)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		skb_copy_and_csum_dev(skb, (u8 *)dst);
	else if (!skb_is_nonlinear(skb))
		memcpy(dst, skb->data, skb->len);
	else
		skb_copy_bits(skb, 0, dst, skb->len);
}

static void
put_frame(struct nm_kring *kr, struct sk_buff *skb, uint32_t start, uint32_t n, const uint32_t *idx)
{
	uint32_t chunk = chunk_of(kr), slot = start, k, at, len, offset;

	for (k = 0; k < n; k++, slot = nm_ring_add(slot, 1, kr->nslots)) {
		char *dst = kr->bufs + (size_t)idx[k] * kr->stride;

		at = k * chunk;
		len = min(skb->len - at, chunk);
		offset = nm_kring_place(kr, slot, len);
		dst += offset;
		if (n == 1)
			copy_whole(skb, dst);
		else
			skb_copy_bits(skb, at, dst, len);
		nm_kring_put_slot_at(&kr->slots[slot], idx[k], len, k + 1 < n ? NS_MOREFRAG : 0, offset);
	}
}

/* The checksum's place must be where skb_copy_and_csum_dev, which trusts it, looks for it. */
static bool
bad_partial(const struct sk_buff *skb)
{
	return skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb_checksum_start_offset(skb) + skb->csum_offset + (int)sizeof(__sum16) > (int)skb_headlen(skb);
}

static netdev_tx_t
send(struct nm_vif_queue *q, struct nm_kring *kr, struct sk_buff *skb)
{
	uint32_t n = slots_of(kr, skb->len + (skb_vlan_tag_present(skb) ? VLAN_HLEN : 0)), idx[NETMAP_MAX_FRAGS], room, start;

	if (!NM_LOAD_ACQUIRE(&kr->ready))
		return drop(q, kr, skb, NM_STAT_missed);
	if (skb_is_gso(skb) || n > most_slots(kr) || bad_partial(skb)) /* the stack splits what is to be split before */
		return drop(q, kr, skb, NM_STAT_refused);
	room = nm_kring_lease_begin(kr);
	if (unlikely(room < n || is_special(skb, n))) {
		nm_kring_lease_commit(kr, 0, idx);
		if (room < n && !make_room(kr, q, n))
			return NETDEV_TX_BUSY;
		if (is_special(skb, n) && !(skb = make_plain(skb)))
			return drop(q, kr, NULL, NM_STAT_refused);
		room = nm_kring_lease_begin(kr); /* nobody else leases here, so that it can only have grown */
	}
	start = nm_kring_lease_commit(kr, n, idx);
	put_frame(kr, skb, start, n, idx);
	nm_kring_finish(kr, start, n, 1, skb->len);
	q->news = true;
	q->sent.packets++;
	q->sent.bytes += skb->len;
	skb_tx_timestamp(skb);
	consume_skb(skb);
	if (room - n < enough_room(kr, q->v->dev))
		make_room(kr, q, enough_room(kr, q->v->dev));
	return NETDEV_TX_OK;
}

netdev_tx_t
nm_vif_send(struct sk_buff *skb, struct net_device *dev)
{
	struct nm_vif *v = netdev_priv(dev);
	struct nm_vif_queue *q = &v->q[skb_get_queue_mapping(skb)];
	netdev_tx_t result;
	struct nm_kring *kr;
	struct nm_port *p;

	rcu_read_lock();
	p = NM_RCU_DEREF(v->port);
	if (p) {
		kr = &p->krings[NM_DIR_RX][q->id];
		result = send(q, kr, skb);
		if (!netdev_xmit_more() || netif_tx_queue_stopped(netdev_get_tx_queue(dev, q->id)))
			tell(kr, q);
	} else {
		result = drop(q, NULL, skb, 0);
	}
	rcu_read_unlock();
	return result;
}
