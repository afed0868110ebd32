/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_vif_recv.c - what a persistent port transmits: received by the host.
 *
 * A sync makes skbs of the frames and queues them; NAPI gives them to the stack. The stack is not entered from within the
 * sync: its answer would be the next frame to this or another port, and so on, without an end.
 */
#include "nm_vif.h"
#include "nm_frame.h"
#include "nm_root.h"
#include "nm_trace.h"
#include "nm_vale_nic.h"

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>

#define LONGEST (ETH_MAX_MTU + VLAN_ETH_HLEN + VLAN_HLEN)
#define HEAD 256u /* bytes of a frame in several slots that are kept in one piece, as far as it has them */

struct piece {
	const char *data;
	uint32_t len;
};

/* A slot's part of a frame; 0 or the counter of why not. */
static int
take_slot(const struct nm_kring *kr, const struct netmap_slot *s, struct piece *piece)
{
	uint32_t offset;
	int bad = nm_frame_slot(kr, s, &offset);

	if (!bad)
		*piece = (struct piece){nm_kring_buf(kr, s->buf_idx) + offset, s->len};
	return bad;
}

/* The frame at hwcur: its slots. 0 in *bad, or the counter of why it can't be sent. */
static uint32_t
take_frame(struct nm_kring *kr, struct piece *piece, uint32_t *bytes, int *bad)
{
	uint32_t avail = nm_ring_dist(kr->hwcur, kr->rhead, kr->nslots), n = 0, i = kr->hwcur;
	struct netmap_slot s;
	int why;

	*bytes = 0;
	*bad = 0;
	do {
		s = nm_kring_snapshot(&kr->slots[i]);
		why = n < NETMAP_MAX_FRAGS ? take_slot(kr, &s, &piece[n]) : NM_STAT_drop_bad_frags;
		if (why && !*bad)
			*bad = why;
		if (s.flags & (NS_INDIRECT | NS_BUF_CHANGED | NS_REPORT))
			NM_WRITE_ONCE(kr->slots[i].flags, s.flags & ~(NS_INDIRECT | NS_BUF_CHANGED | NS_REPORT));
		*bytes += s.len;
		n++;
		i = nm_ring_add(i, 1, kr->nslots);
	} while ((s.flags & NS_MOREFRAG) && n < avail);
	if (s.flags & NS_MOREFRAG)
		*bad = NM_STAT_drop_bad_frags;
	if (!*bad && *bytes < ETH_HLEN)
		*bad = NM_STAT_drop_short;
	if (!*bad && *bytes > LONGEST)
		*bad = NM_STAT_drop_bad_len;
	return n;
}

/* Of several pieces: pages behind a head, since no block of memory for all of it may be there. */
static struct sk_buff *
long_skb(const struct piece *piece, uint32_t n, uint32_t bytes)
{
	uint32_t head = min(bytes, HEAD), at = 0, k;
	struct sk_buff *skb;
	int error;

	skb = alloc_skb_with_frags(NET_SKB_PAD + NET_IP_ALIGN + head, bytes - head, PAGE_ALLOC_COSTLY_ORDER, &error,
	    GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, NET_SKB_PAD + NET_IP_ALIGN);
	skb_put(skb, head);
	skb->data_len = bytes - head;
	skb->len = bytes;
	for (k = 0; k < n; at += piece[k].len, k++)
		skb_store_bits(skb, at, piece[k].data, piece[k].len);
	return skb;
}

static struct sk_buff *
make_skb(struct nm_vif_queue *q, const struct piece *piece, uint32_t n, uint32_t bytes)
{
	struct sk_buff *skb;

	if (n > 1 || bytes > SKB_MAX_ORDER(NET_SKB_PAD + NET_IP_ALIGN, 0)) {
		skb = long_skb(piece, n, bytes);
	} else {
		skb = napi_alloc_skb(&q->napi, bytes);
		if (skb)
			skb_put_data(skb, piece->data, bytes);
	}
	if (!skb)
		return NULL;
	skb_record_rx_queue(skb, q->id);
	skb->protocol = eth_type_trans(skb, q->v->dev);
	return skb;
}

static void
consume(struct nm_kring *kr, uint32_t slots, uint32_t bytes, int counter)
{
	kr->stat[NM_STAT_tx_packets]++;
	kr->stat[counter]++;
	if (counter == NM_STAT_forwarded || counter == NM_STAT_drop_no_backend)
		kr->stat[NM_STAT_tx_bytes] += bytes;
	if (counter != NM_STAT_forwarded && kr->wrap) /* else the sync of the session tells */
		trace_netmap_drop(kr, counter, 1);
	kr->hwcur = nm_ring_add(kr->hwcur, slots, kr->nslots);
}

/* One frame to the list; an interface that is down takes none. */
static void
receive_one(struct nm_vif_queue *q, struct nm_kring *kr, struct sk_buff_head *list, bool up)
{
	struct piece piece[NETMAP_MAX_FRAGS];
	struct sk_buff *skb = NULL;
	uint32_t slots, bytes;
	int bad;

	slots = take_frame(kr, piece, &bytes, &bad);
	if (!bad && up)
		skb = make_skb(q, piece, slots, bytes);
	if (skb)
		__skb_queue_tail(list, skb);
	consume(kr, slots, bytes, bad ? bad : skb ? NM_STAT_forwarded : NM_STAT_drop_no_backend);
}

int
nm_vif_txsync(struct nm_kring *kr)
{
	struct nm_vif *v = nm_vif_of(kr->port);
	uint32_t budget = kr->port->root->limits.bridge_batch, queued;
	struct nm_vif_queue *q;
	struct sk_buff_head list;
	bool up;

	if (!v)
		return -EIO;
	q = &v->q[kr->id];
	up = NM_LOAD_ACQUIRE(&v->open);
	__skb_queue_head_init(&list);
	queued = skb_queue_len_lockless(&q->backlog);
	NM_WRITE_ONCE(kr->blocked, false);
	while (kr->hwcur != kr->rhead && budget && queued + list.qlen < NM_VIF_BACKLOG) {
		receive_one(q, kr, &list, up);
		budget--;
	}
	if (!skb_queue_empty(&list)) {
		spin_lock(&q->backlog.lock);
		skb_queue_splice_tail(&list, &q->backlog);
		spin_unlock(&q->backlog.lock);
		napi_schedule(&q->napi);
	}
	kr->hwtail = nm_ring_add(kr->hwcur, kr->nslots - 1, kr->nslots);
	if (kr->hwcur != kr->rhead && budget) {
		NM_WRITE_ONCE(kr->blocked, true);
		if (!kr->wrap)
			nm_vif_tx_later(kr);
	}
	return 0;
}

void
nm_vif_tx_later(struct nm_kring *kr)
{
	struct nm_vif *v = nm_vif_of(kr->port);

	if (!v)
		return;
	WRITE_ONCE(v->q[kr->id].waits, 1);
	smp_mb(); /* before NAPI is found to be running: then it runs again */
	if (NM_LOAD_ACQUIRE(&v->open))
		napi_schedule(&v->q[kr->id].napi);
}

/* There is room again. In a read section. */
static void
go_on(struct nm_vif_queue *q)
{
	struct nm_port *p = NM_RCU_DEREF(q->v->port);
	struct nm_kring *kr;

	if (!p || !xchg(&q->waits, 0))
		return;
	kr = &p->krings[NM_DIR_TX][q->id];
	if (!NM_LOAD_ACQUIRE(&kr->ready))
		return;
	if (READ_ONCE(kr->wrap))
		nm_vale_nic_resume(kr);
	else
		nm_os_linux_wake(kr, NULL);
}

int
nm_vif_poll(struct napi_struct *napi, int budget)
{
	struct nm_vif_queue *q = container_of(napi, struct nm_vif_queue, napi);
	struct sk_buff_head list;
	struct sk_buff *skb;
	int n = 0;

	__skb_queue_head_init(&list);
	spin_lock(&q->backlog.lock);
	for (; n < budget && (skb = __skb_dequeue(&q->backlog)); n++)
		__skb_queue_tail(&list, skb);
	spin_unlock(&q->backlog.lock);
	while ((skb = __skb_dequeue(&list))) {
		q->received.packets++;
		q->received.bytes += skb->len + ETH_HLEN;
		napi_gro_receive(napi, skb);
	}
	rcu_read_lock();
	if (READ_ONCE(q->waits) && skb_queue_len_lockless(&q->backlog) <= NM_VIF_BACKLOG / 2)
		go_on(q);
	rcu_read_unlock();
	if (n < budget)
		napi_complete_done(napi, n);
	return n;
}

int
nm_vif_open(struct net_device *dev)
{
	struct nm_vif *v = netdev_priv(dev);
	uint32_t i;

	for (i = 0; i < dev->num_rx_queues; i++)
		napi_enable(&v->q[i].napi);
	smp_store_release(&v->open, true);
	local_bh_disable();
	for (i = 0; i < dev->num_rx_queues; i++)
		napi_schedule(&v->q[i].napi); /* what waited while it was down */
	local_bh_enable();
	netif_tx_start_all_queues(dev);
	return 0;
}

int
nm_vif_stop(struct net_device *dev)
{
	struct nm_vif *v = netdev_priv(dev);
	uint32_t i;

	netif_tx_stop_all_queues(dev);
	WRITE_ONCE(v->open, false);
	synchronize_net();
	for (i = 0; i < dev->num_rx_queues; i++) {
		struct nm_vif_queue *q = &v->q[i];

		napi_disable(&q->napi);
		q->received.dropped += skb_queue_len(&q->backlog);
		skb_queue_purge(&q->backlog);
		nm_os_linux_read_lock();
		go_on(q); /* from here on frames are dropped instead of waiting */
		nm_os_linux_read_unlock();
	}
	return 0;
}
