/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_nic_rx.c - from the system's frames to receive rings.
 *
 * A frame is queued where it is found and delivered by a NAPI of the ring, so that a lease and a wake-up serve a batch. What
 * finds no room in the ring waits in the queue, which is bounded; the client's next sync lets the NAPI go on. Frames keep
 * their sender's account meanwhile, so that a socket or ring of this machine is held back instead of overrunning us.
 */
#include "nm_nic.h"
#include "nm_trace.h"
#include "compat.h"

#define BATCH_SLOTS (NM_NIC_BATCH + NETMAP_MAX_FRAGS)

struct batch {
	struct sk_buff *skb[NM_NIC_BATCH];
	uint32_t slots[NM_NIC_BATCH];
	uint32_t n, total;
	uint32_t idx[BATCH_SLOTS];
};

bool
nm_nic_rx_queue(struct nm_nic_rx *r, struct sk_buff *skb)
{
	bool room;

	spin_lock(&r->queue.lock);
	room = r->queue.qlen < r->limit;
	if (likely(room))
		__skb_queue_tail(&r->queue, skb);
	else
		r->kr->stat[NM_STAT_missed]++;
	spin_unlock(&r->queue.lock);
	napi_schedule(&r->napi);
	return room;
}

rx_handler_result_t
nm_nic_rx_handler(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;
	struct nm_nic *n = rcu_dereference(skb->dev->rx_handler_data);
	uint32_t i = skb_rx_queue_recorded(skb) ? skb_get_rx_queue(skb) : 0, rings = n->port->nrings[NM_DIR_RX];

	if (unlikely(i >= rings))
		i %= rings;
	if (nm_nic_host_injects(n) || !NM_LOAD_ACQUIRE(&n->rx[i].kr->ready) || skb->pkt_type == PACKET_LOOPBACK)
		return RX_HANDLER_PASS;
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (unlikely(!skb))
		return RX_HANDLER_CONSUMED;
	skb_push(skb, skb->data - skb_mac_header(skb));
	if (unlikely(!nm_nic_rx_queue(&n->rx[i], skb)))
		kfree_skb(skb);
	return RX_HANDLER_CONSUMED;
}

static struct sk_buff *
next_skb(struct nm_nic_rx *r)
{
	if (skb_queue_empty(&r->local)) {
		spin_lock(&r->queue.lock);
		skb_queue_splice_tail_init(&r->queue, &r->local);
		spin_unlock(&r->queue.lock);
	}
	return __skb_dequeue(&r->local);
}

/* A list by ->next goes before all that waits. */
static void
put_first(struct nm_nic_rx *r, struct sk_buff *list)
{
	struct sk_buff_head h;
	struct sk_buff *next;

	__skb_queue_head_init(&h);
	for (; list; list = next) {
		next = list->next;
		skb_mark_not_on_list(list);
		__skb_queue_tail(&h, list);
	}
	skb_queue_splice(&h, &r->local);
}

static uint32_t
slots_of(const struct nm_kring *kr, uint32_t len)
{
	return likely(len <= kr->stride) ? 1 : DIV_ROUND_UP(len, kr->stride);
}

/* Makes skb one that can be copied; NULL when it went elsewhere. */
static struct sk_buff *
prepare(struct nm_nic_rx *r, struct sk_buff *skb, uint32_t *slots)
{
	struct nm_kring *kr = r->kr;

	if (unlikely(skb_is_gso(skb))) {
		skb = nm_nic_skb_segment(skb);
		if (skb)
			put_first(r, skb);
		else
			kr->stat[NM_STAT_refused]++;
		return NULL;
	}
	*slots = slots_of(kr, nm_nic_skb_len(skb));
	if (likely(*slots == 1 && nm_nic_skb_plain(skb)))
		return skb;
	if (*slots > NETMAP_MAX_FRAGS || *slots >= kr->nslots || skb->len < ETH_HLEN) {
		kfree_skb(skb);
		skb = NULL;
	} else {
		skb = nm_nic_skb_finish(skb);
	}
	if (!skb)
		kr->stat[NM_STAT_refused]++;
	return skb;
}

/* Up to max frames for one lease; frames taken from the queue are counted in *seen. */
static void
collect(struct nm_nic_rx *r, struct batch *b, uint32_t max, uint32_t *seen)
{
	struct sk_buff *skb;
	uint32_t slots;

	b->n = b->total = 0;
	while (b->n < NM_NIC_BATCH && b->total <= NM_NIC_BATCH && *seen < max) {
		skb = next_skb(r);
		if (!skb)
			return;
		++*seen;
		skb = prepare(r, skb, &slots);
		if (!skb)
			continue;
		b->skb[b->n] = skb;
		b->slots[b->n++] = slots;
		b->total += slots;
	}
}

/* Into the slots from `slot` on, with buffers idx[]. */
static void
put_frame(struct nm_kring *kr, const struct sk_buff *skb, uint32_t slot, const uint32_t *idx, uint32_t slots)
{
	uint32_t len = nm_nic_skb_len(skb), k, part;

	if (likely(slots == 1)) {
		nm_nic_skb_copy(skb, kr->bufs + (size_t)*idx * kr->stride);
		nm_kring_put_slot(&kr->slots[slot], *idx, (uint16_t)len, 0);
		return;
	}
	for (k = 0; k < slots; k++) {
		part = min(len - k * kr->stride, kr->stride);
		skb_copy_bits(skb, (int)(k * kr->stride), kr->bufs + (size_t)idx[k] * kr->stride, (int)part);
		nm_kring_put_slot(&kr->slots[nm_ring_add(slot, k, kr->nslots)], idx[k], (uint16_t)part, k + 1 < slots ? NS_MOREFRAG : 0);
	}
}

/* As many frames as fit, the others go back. Frames delivered. */
static uint32_t
deliver(struct nm_nic_rx *r, struct batch *b, int budget)
{
	struct nm_kring *kr = r->kr;
	uint32_t room = nm_kring_lease_begin(kr), fit = 0, slots = 0, start, at, i;
	uint64_t bytes = 0;

	while (fit < b->n && slots + b->slots[fit] <= room)
		slots += b->slots[fit++];
	start = nm_kring_lease_commit(kr, slots, b->idx);
	for (i = b->n; i-- > fit;)
		__skb_queue_head(&r->local, b->skb[i]);
	for (i = at = 0; i < fit; at += b->slots[i++]) {
		if (i + 2 < fit)
			prefetch(b->skb[i + 2]->data);
		put_frame(kr, b->skb[i], nm_ring_add(start, at, kr->nslots), b->idx + at, b->slots[i]);
		bytes += nm_nic_skb_len(b->skb[i]);
	}
	if (!fit)
		return 0;
	nm_kring_finish(kr, start, slots, fit, bytes);
	for (i = 0; i < fit; i++)
		napi_consume_skb(b->skb[i], budget);
	nm_trace_notify(kr);
	return fit;
}

void
nm_nic_rx_purge(struct nm_nic_rx *r)
{
	spin_lock_bh(&r->queue.lock);
	skb_queue_splice_tail_init(&r->queue, &r->local);
	spin_unlock_bh(&r->queue.lock);
	__skb_queue_purge(&r->local);
}

/* Up to budget frames, as far as there is room; how many were looked at. In a read section. */
static uint32_t
serve(struct nm_nic_rx *r, int budget)
{
	uint32_t seen = 0;
	struct batch b;

	if (unlikely(!NM_LOAD_ACQUIRE(&r->kr->ready)))
		nm_nic_rx_purge(r);
	while (seen < (uint32_t)budget) {
		collect(r, &b, (uint32_t)budget, &seen);
		if (!b.n && !skb_queue_empty(&r->local))
			continue; /* something was cut */
		if (!b.n || !deliver(r, &b, budget))
			break;
	}
	return seen;
}

static struct nm_nic_rx *
rx_of(struct nm_kring *kr)
{
	struct nm_nic *n = kr->port->priv;

	return &n->rx[kr->id];
}

uint32_t
nm_nic_rx_poll(struct nm_kring *kr, uint32_t budget)
{
	struct nm_nic_rx *r = rx_of(kr);

	return skb_queue_empty(&r->local) && skb_queue_empty_lockless(&r->queue) ? 0 : serve(r, (int)budget);
}

/* A NAPI that is disabled is not run when it is scheduled. */
void
nm_nic_rx_take(struct nm_kring *kr, bool on)
{
	struct napi_struct *napi = &rx_of(kr)->napi;

	if (on) {
		napi_disable(napi);
		return;
	}
	napi_enable(napi);
	local_bh_disable();
	napi_schedule(napi);
	local_bh_enable();
}

static int
poll(struct napi_struct *napi, int budget)
{
	struct nm_nic_rx *r = container_of(napi, struct nm_nic_rx, napi);
	uint32_t seen;

	if (budget <= 0)
		return 0;
	nm_os_linux_read_lock();
	seen = serve(r, budget);
	nm_os_linux_read_unlock();
	if (seen >= (uint32_t)budget && !(skb_queue_empty(&r->local) && skb_queue_empty_lockless(&r->queue)))
		return budget;
	napi_complete_done(napi, (int)min(seen, (uint32_t)budget - 1));
	return (int)min(seen, (uint32_t)budget - 1);
}

/* Frames may have waited for the slots that were given back. */
int
nm_nic_rx_sync(struct nm_kring *kr)
{
	struct nm_nic_rx *r = rx_of(kr);

	if (!skb_queue_empty_lockless(&r->queue) || !skb_queue_empty_lockless(&r->local))
		napi_schedule(&r->napi);
	return 0;
}

void
nm_nic_rx_init(struct nm_nic_rx *r, struct nm_nic *n, struct nm_kring *kr)
{
	r->nic = n;
	r->kr = kr;
	r->limit = max(kr->nslots, 1024u);
	skb_queue_head_init(&r->queue);
	__skb_queue_head_init(&r->local);
	nm_compat_napi_add(n->napi_dev, &r->napi, poll);
}
