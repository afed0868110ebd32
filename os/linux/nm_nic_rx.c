/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_nic_rx.c - from the system's frames to receive rings.
 *
 * A frame is queued where it is found. A program's sync takes what is queued, so that this is done by the program's processor;
 * a NAPI of the ring wakes the program when no more frames come just now or many wait, which makes wake-ups few, and helps when
 * still more wait. Rings in a switch have nobody who syncs: there the NAPI delivers all. What finds no room in the ring stays
 * in the queue, which is bounded. Frames keep their sender's account meanwhile, so that a socket or ring of this machine is held
 * back instead of overrunning us; those of our own rings are bounded by that alone. A program for which they wait longer than
 * NM_NIC_STALL holds nobody back any more: its ring is filled, and what comes then is lost.
 */
#include "nm_nic.h"
#include "nm_trace.h"
#include "compat.h"

#define BATCH_SLOTS (NM_NIC_BATCH + NETMAP_MAX_FRAGS)
#define WAKE_FRAMES 256u /* that wait: no more are waited for */

struct batch {
	struct sk_buff *skb[NM_NIC_BATCH];
	uint32_t slots[NM_NIC_BATCH];
	uint32_t n, total;
	uint32_t idx[BATCH_SLOTS];
};

static void
lose(struct nm_kring *kr, int counter)
{
	kr->stat[counter]++;
	trace_netmap_drop(kr, counter, 1);
}

static bool
stalled(const struct nm_nic_rx *r)
{
	unsigned long since = READ_ONCE(r->waiting);

	return since && time_after(jiffies, since + NM_NIC_STALL);
}

/* Frames wait from now on, or none do. Set without a lock: when one comes just then, the time begins with the next. */
static void
wait_from_now(struct nm_nic_rx *r, bool on)
{
	WRITE_ONCE(r->waiting, on ? jiffies | 1 : 0);
}

/*
 * The NAPI is told of the first frame. Who takes frames takes all, so what finds others waiting was told of, or is left to a
 * program that has more than it can take.
 */
bool
nm_nic_rx_queue(struct nm_nic_rx *r, struct sk_buff *skb)
{
	bool ours = nm_nic_flight_arrive(skb), room;
	uint32_t n;

	spin_lock(&r->queue.lock);
	n = r->queue.qlen;
	room = ours || n < r->limit;
	if (!READ_ONCE(r->waiting))
		wait_from_now(r, true);
	if (likely(room))
		__skb_queue_tail(&r->queue, skb);
	else
		lose(r->kr, NM_STAT_missed);
	spin_unlock(&r->queue.lock);
	if (!n || n == r->limit / 2 || unlikely(stalled(r)))
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
	uint32_t chunk = nm_kring_chunk(kr);

	if (likely(len <= chunk))
		return 1;
	return chunk ? DIV_ROUND_UP(len, chunk) : NETMAP_MAX_FRAGS + 1;
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
			lose(kr, NM_STAT_refused);
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
		lose(kr, NM_STAT_refused);
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
	uint32_t len = nm_nic_skb_len(skb), chunk = nm_kring_chunk(kr), k, part, offset;

	if (likely(slots == 1)) {
		offset = nm_kring_place(kr, slot, len);
		nm_nic_skb_copy(skb, kr->bufs + (size_t)*idx * kr->stride + offset);
		nm_kring_put_slot_at(&kr->slots[slot], *idx, (uint16_t)len, 0, offset);
		return;
	}
	for (k = 0; k < slots; k++, slot = nm_ring_add(slot, 1, kr->nslots)) {
		part = min(len - k * chunk, chunk);
		offset = nm_kring_place(kr, slot, part);
		skb_copy_bits(skb, (int)(k * chunk), kr->bufs + (size_t)idx[k] * kr->stride + offset, (int)part);
		nm_kring_put_slot_at(&kr->slots[slot], idx[k], (uint16_t)part, k + 1 < slots ? NS_MOREFRAG : 0, offset);
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
	nm_nic_flight_consume(b->skb, fit, budget);
	if (kr->wrap)
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

/* All that waits is lost for want of room. With `taking`. */
static void
lose_all(struct nm_nic_rx *r)
{
	struct sk_buff *skb;

	while ((skb = next_skb(r))) {
		kfree_skb(skb);
		lose(r->kr, NM_STAT_missed);
	}
}

/* Up to budget frames, as far as there is room; how many were looked at. In a read section, with `taking` (see nm_nic_rx). */
static uint32_t
serve(struct nm_nic_rx *r, uint32_t budget)
{
	uint32_t seen = 0;
	struct batch b;

	if (unlikely(!NM_LOAD_ACQUIRE(&r->kr->ready)))
		nm_nic_rx_purge(r);
	while (seen < budget) {
		collect(r, &b, budget, &seen);
		if (!b.n && !skb_queue_empty(&r->local))
			continue; /* something was cut */
		if (!b.n || !deliver(r, &b, (int)budget))
			break;
	}
	return seen;
}

static bool
waiting(const struct nm_nic_rx *r)
{
	return !skb_queue_empty_lockless(&r->queue) || !skb_queue_empty_lockless(&r->local);
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

	return waiting(r) ? serve(r, budget) : 0;
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

/* For a ring of a program. While frames come in, those who bring them have their turn, and then we have ours again. */
static uint32_t
rouse(struct nm_nic_rx *r, uint32_t budget)
{
	uint32_t n = skb_queue_len_lockless(&r->queue), seen = 0;

	if (n > r->seen && n < WAKE_FRAMES) {
		r->seen = n;
		return budget;
	}
	r->seen = 0;
	if ((n >= r->limit / 2 || stalled(r)) && spin_trylock(&r->taking)) {
		seen = serve(r, budget);
		if (seen < budget && stalled(r)) /* there was no room for more */
			lose_all(r);
		spin_unlock(&r->taking);
	}
	nm_trace_notify(r->kr);
	return seen;
}

static int
poll(struct napi_struct *napi, int budget)
{
	struct nm_nic_rx *r = container_of(napi, struct nm_nic_rx, napi);
	uint32_t seen, most = (uint32_t)budget;

	if (budget <= 0)
		return 0;
	nm_os_linux_read_lock();
	if (READ_ONCE(r->kr->wrap)) {
		seen = serve(r, most);
		wait_from_now(r, false); /* nobody is to sync */
		if (r->nic->soft)
			nm_native_soft_turn(r->kr);
	} else {
		seen = rouse(r, most);
	}
	nm_os_linux_read_unlock();
	if (seen >= most && waiting(r))
		return budget;
	napi_complete_done(napi, (int)min(seen, most - 1));
	return (int)min(seen, most - 1);
}

int
nm_nic_rx_sync(struct nm_kring *kr)
{
	struct nm_nic_rx *r = rx_of(kr);

	if (waiting(r)) {
		spin_lock(&r->taking);
		serve(r, kr->nslots);
		spin_unlock(&r->taking);
	}
	wait_from_now(r, waiting(r));
	return 0;
}

void
nm_nic_rx_unbound(struct nm_kring *kr)
{
	struct nm_nic *n = kr->port->priv;

	if (kr->dir != NM_DIR_RX || !n->rx)
		return;
	spin_lock_bh(&n->rx[kr->id].taking); /* its NAPI may look at it */
	nm_nic_rx_purge(&n->rx[kr->id]);
	spin_unlock_bh(&n->rx[kr->id].taking);
}

void
nm_nic_rx_init(struct nm_nic_rx *r, struct nm_nic *n, struct nm_kring *kr)
{
	r->nic = n;
	r->kr = kr;
	r->limit = max(kr->nslots, 1024u);
	spin_lock_init(&r->taking);
	skb_queue_head_init(&r->queue);
	__skb_queue_head_init(&r->local);
	nm_compat_napi_add(n->napi_dev, &r->napi, poll);
}
