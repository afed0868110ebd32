/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_monitor.h"

int
nm_kring_accept(struct nm_kring *kr, uint32_t head, uint32_t cur)
{
	uint32_t from = kr->dir == NM_DIR_TX ? kr->rhead : kr->hwcur;
	uint32_t tail = kr->dir == NM_DIR_TX ? kr->rtail : kr->hwtail;

	if (NM_UNLIKELY(!nm_ring_valid(from, head, cur, tail, kr->nslots))) {
		kr->stat[NM_STAT_sync_errors]++;
		kr->rhead = kr->rcur = kr->hwcur;
		nm_monitor_forget(kr);
		return -EINVAL;
	}
	kr->rhead = head;
	kr->rcur = cur;
	return 0;
}

int
nm_kring_sync(struct nm_kring *kr)
{
	uint32_t head = NM_LOAD_ACQUIRE(&kr->atok->head);
	uint32_t cur = NM_READ_ONCE(kr->atok->cur);
	int error = nm_kring_accept(kr, head, cur);

	if (error)
		return error;
	kr->stat[kr->dir == NM_DIR_TX ? NM_STAT_syncs_tx : NM_STAT_syncs_rx]++;
	error = nm_kring_call(kr);
	if (kr->dir == NM_DIR_TX)
		nm_kring_publish(kr);
	return error;
}

/* Bad slots are made harmless, the indices set to what the ring's last good ones came to. */
static void
reset_shared(struct nm_kring *kr)
{
	uint32_t i, head = kr->dir == NM_DIR_TX ? kr->hwcur : kr->rel;

	for (i = 0; i < kr->nslots; i++) {
		struct netmap_slot *s = &kr->slots[i];
		uint32_t idx = NM_READ_ONCE(s->buf_idx);

		if (idx < 2 || idx >= kr->nbufs) {
			NM_WRITE_ONCE(s->buf_idx, 0);
			NM_WRITE_ONCE(s->len, 0);
		} else if (NM_READ_ONCE(s->len) > kr->stride) {
			NM_WRITE_ONCE(s->len, 0);
		}
	}
	kr->rhead = kr->rcur = head;
	kr->rtail = kr->told = kr->hwtail;
	NM_WRITE_ONCE(kr->atok->cur, head);
	NM_STORE_RELEASE(&kr->atok->head, head);
	NM_WRITE_ONCE(kr->ring->head, head);
	NM_WRITE_ONCE(kr->ring->cur, head);
	NM_WRITE_ONCE(kr->ring->tail, kr->hwtail);
}

/* Slots that the client releases now, from *from on. Under kr->lock. */
static bool
releases(const struct nm_kring *kr, uint32_t head, uint32_t *from)
{
	*from = NM_READ_ONCE(kr->atok->head);
	return nm_ring_dist(kr->rel, head, kr->nslots) > nm_ring_dist(kr->rel, *from, kr->nslots);
}

static int
enter_rx(struct nm_kring *kr, uint32_t head, uint32_t cur)
{
	void (*release)(struct nm_kring *r, uint32_t from, uint32_t to) = kr->port->ops->release;
	uint32_t from;
	int error = 0;

	nm_os_spin_lock(&kr->lock);
	if (NM_LIKELY(nm_ring_valid(kr->rel, head, cur, kr->hwtail, kr->nslots))) {
		if (release && releases(kr, head, &from)) { /* head stays valid: rel goes no further than atok->head, which is ours */
			nm_os_spin_unlock(&kr->lock);
			release(kr, from, head);
			nm_os_spin_lock(&kr->lock);
		}
		kr->rcur = cur;
		NM_WRITE_ONCE(kr->atok->cur, cur);
		NM_STORE_RELEASE(&kr->atok->head, head);
	} else {
		kr->stat[NM_STAT_sync_errors]++;
		reset_shared(kr);
		error = -EINVAL;
	}
	nm_os_spin_unlock(&kr->lock);
	return error;
}

int
nm_kring_enter(struct nm_kring *kr)
{
	return nm_kring_enter_at(kr, &kr->ring->head, &kr->ring->cur);
}

int
nm_kring_enter_at(struct nm_kring *kr, const uint32_t *their_head, const uint32_t *their_cur)
{
	uint32_t head, cur;
	int error = 0;

	if (NM_UNLIKELY(NM_EXCHANGE(&kr->busy, 1)))
		return -EBUSY;
	head = NM_LOAD_ACQUIRE(their_head); /* not before: a call that was in the ring meanwhile may have gone further */
	cur = NM_READ_ONCE(*their_cur);
	NM_WRITE_ONCE(kr->seen_head, head);
	NM_WRITE_ONCE(kr->seen_cur, cur);
	if (kr->dir == NM_DIR_RX) {
		kr->stat[NM_STAT_syncs_rx]++;
		error = enter_rx(kr, head, cur);
	} else {
		kr->stat[NM_STAT_syncs_tx]++;
		error = nm_kring_accept(kr, head, cur);
		if (error)
			reset_shared(kr);
		else
			NM_STORE_RELEASE(&kr->atok->head, head);
	}
	if (error)
		NM_STORE_RELEASE(&kr->busy, 0);
	return error;
}

int
nm_kring_step(struct nm_kring *kr)
{
	uint32_t before = kr->hwcur;
	int error = nm_kring_call(kr);

	if (error)
		return error;
	/* a pipe or interface that is full is the client's to wait for, not the call's */
	return kr->dir == NM_DIR_TX && kr->hwcur != before && kr->hwcur != kr->rhead;
}

uint32_t
nm_kring_leave(struct nm_kring *kr)
{
	return nm_kring_leave_at(kr, NULL);
}

uint32_t
nm_kring_leave_at(struct nm_kring *kr, struct nm_csb_ktoa *entry)
{
	uint32_t tail = NM_LOAD_ACQUIRE(&kr->hwtail), upto = NM_READ_ONCE(kr->upto), found = 0;

	if (NM_UNLIKELY(upto))
		tail = upto - 1;
	if (kr->rcur != tail)
		found |= NM_KRING_READY;
	if (kr->told != tail)
		found |= NM_KRING_NEWS;
	kr->told = tail;
	if (kr->dir == NM_DIR_TX)
		kr->rtail = tail;
	NM_STORE_RELEASE(&kr->ring->tail, tail);
	if (entry) {
		NM_WRITE_ONCE(entry->hwcur, NM_READ_ONCE(kr->hwcur));
		NM_STORE_RELEASE(&entry->hwtail, tail);
	}
	NM_STORE_RELEASE(&kr->busy, 0);
	return found;
}

void
nm_kring_publish(struct nm_kring *kr)
{
	uint32_t tail = NM_READ_ONCE(kr->hwtail); /* which somebody else may move on, where a NIC has the slots */

	if (NM_UNLIKELY(NM_READ_ONCE(kr->watched) != NULL)) {
		uint32_t upto = NM_READ_ONCE(kr->upto);

		if (kr->dir == NM_DIR_RX)
			nm_monitor_arrived(kr, tail);
		else if (upto)
			tail = upto - 1;
	}
	kr->rtail = tail;
	NM_WRITE_ONCE(kr->ktoa->hwcur, kr->hwcur);
	NM_STORE_RELEASE(&kr->ktoa->hwtail, tail);
}

/* The client's head, or the last good one when it is out of rule: a bad head must not stall the switch. */
static uint32_t
released_head(struct nm_kring *kr)
{
	uint32_t head = NM_LOAD_ACQUIRE(&kr->atok->head);

	if (NM_LIKELY(nm_ring_valid(kr->rel, head, head, kr->hwtail, kr->nslots)))
		return head;
	kr->stat[NM_STAT_sync_errors]++;
	return kr->rel;
}

/*
 * The buffers of n slots from p on, which don't wrap, onto a stack that has so much room; how many of them are in the region. Each is
 * put there, and the next one over it if it is not: so there is nothing to mispredict.
 */
static uint32_t
stack_up(const struct netmap_slot *p, uint32_t n, uint32_t nbufs, uint32_t *stack)
{
	const struct netmap_slot *end = p + n;
	uint32_t good = 0;

	for (; p != end; p++) {
		uint32_t idx = NM_READ_ONCE(p->buf_idx);

		stack[good] = idx;
		good += idx - 2 < nbufs - 2;
	}
	return good;
}

uint32_t
nm_kring_room(struct nm_kring *kr)
{
	uint32_t head = released_head(kr), rel = kr->rel, nslots = kr->nslots, n, good, used, run;

	if (NM_UNLIKELY(NM_READ_ONCE(kr->watched) != NULL))
		head = nm_monitor_released(kr, head);
	n = nm_ring_dist(rel, head, nslots);
	run = n < nslots - rel ? n : nslots - rel;
	/* each slot was given one from the stack, so that there is room */
	good = stack_up(&kr->slots[rel], run, kr->nbufs, kr->stack + kr->nstack);
	good += stack_up(kr->slots, n - run, kr->nbufs, kr->stack + kr->nstack + good);
	kr->nstack += good;
	kr->stat[NM_STAT_buf_errors] += n - good;
	kr->hwcur = kr->rhead = kr->rel = head;
	used = nm_ring_dist(head, kr->lease, nslots) + 1;
	used = nslots - used;
	return used < kr->nstack ? used : kr->nstack;
}

uint32_t
nm_kring_lease_begin(struct nm_kring *kr)
{
	nm_os_spin_lock(&kr->lock);
	return nm_kring_room(kr);
}

uint32_t
nm_kring_lease_commit(struct nm_kring *kr, uint32_t n, uint32_t *idx)
{
	uint32_t start = kr->lease;

	kr->lease = nm_ring_add(kr->lease, n, kr->nslots);
	kr->nstack -= n;
	memcpy(idx, kr->stack + kr->nstack, n * sizeof(*idx));
	nm_os_spin_unlock(&kr->lock);
	return start;
}

void
nm_kring_finish_locked(struct nm_kring *kr, uint32_t start, uint32_t n, uint32_t packets, uint64_t bytes)
{
	kr->stat[NM_STAT_rx_packets] += packets;
	kr->stat[NM_STAT_rx_bytes] += bytes;
	if (NM_LIKELY(start == kr->hwtail)) {
		do {
			start = nm_ring_add(start, n, kr->nslots);
			n = kr->done[start];
			kr->done[start] = 0;
		} while (NM_UNLIKELY(n));
		if (NM_UNLIKELY(NM_READ_ONCE(kr->watched) != NULL))
			nm_monitor_arrived(kr, start); /* before the client can know */
		kr->hwtail = start;
		nm_kring_publish(kr);
	} else {
		kr->done[start] = n;
	}
}

void
nm_kring_finish(struct nm_kring *kr, uint32_t start, uint32_t n, uint32_t packets, uint64_t bytes)
{
	nm_os_spin_lock(&kr->lock);
	nm_kring_finish_locked(kr, start, n, packets, bytes);
	nm_os_spin_unlock(&kr->lock);
}

void
nm_kring_reset(struct nm_kring *kr)
{
	uint32_t i;

	kr->hwcur = kr->rhead = kr->rcur = kr->rel = kr->lease = 0;
	kr->hwtail = kr->dir == NM_DIR_TX ? kr->nslots - 1 : 0;
	nm_monitor_forget(kr);
	kr->nstack = 0;
	if (kr->dir == NM_DIR_RX && kr->stack)
		for (i = kr->nslots; i-- > 0;) {
			/* somebody who shares the region may write here already */
			uint32_t idx = NM_READ_ONCE(kr->slots[i].buf_idx);

			if (idx >= 2 && idx < kr->nbufs)
				kr->stack[kr->nstack++] = idx;
		}
	kr->ring->head = kr->ring->cur = 0;
	kr->ring->tail = kr->told = kr->hwtail;
	kr->atok->head = kr->atok->cur = 0;
	kr->atok->appl_need_kick = 0;
	nm_kring_publish(kr);
}

void
nm_kring_set_offsets(struct nm_kring *kr, const struct nm_offsets *o)
{
	uint32_t i, at, full;

	nm_os_spin_lock(&kr->lock);
	kr->offsets = *o;
	*(uint64_t *)(uintptr_t)&kr->ring->offset_mask = o->mask;
	at = kr->dir == NM_DIR_TX ? kr->hwcur : kr->rel;
	full = nm_ring_dist(at, kr->dir == NM_DIR_TX ? kr->rhead : kr->lease, kr->nslots);
	for (i = 0; i < kr->nslots; i++, at = nm_ring_add(at, 1, kr->nslots))
		NM_WRITE_ONCE(kr->slots[at].ptr, i < full ? 0 : o->first);
	nm_os_spin_unlock(&kr->lock);
}

void
nm_kring_resume(struct nm_kring *kr)
{
	uint32_t head;

	nm_os_spin_lock(&kr->lock);
	head = kr->dir == NM_DIR_TX ? kr->rhead : kr->rel;
	NM_WRITE_ONCE(kr->atok->cur, head);
	NM_STORE_RELEASE(&kr->atok->head, head);
	kr->ring->head = kr->ring->cur = head;
	kr->ring->tail = kr->told = kr->hwtail;
	nm_kring_publish(kr);
	nm_os_spin_unlock(&kr->lock);
}

void
nm_kring_unstack(struct nm_kring *kr)
{
	uint32_t free, k;

	if (kr->dir != NM_DIR_RX || !kr->stack)
		return;
	nm_kring_room(kr);
	free = kr->nslots - nm_ring_dist(kr->rel, kr->hwtail, kr->nslots);
	for (k = 0; k < free; k++)
		kr->slots[nm_ring_add(kr->hwtail, k, kr->nslots)].buf_idx = kr->nstack ? kr->stack[--kr->nstack] : 0;
}
