/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_kring.h"

int
nm_kring_accept(struct nm_kring *kr, uint32_t head, uint32_t cur)
{
	uint32_t from = kr->dir == NM_DIR_TX ? kr->rhead : kr->hwcur;
	uint32_t tail = kr->dir == NM_DIR_TX ? kr->rtail : kr->hwtail;

	if (NM_UNLIKELY(!nm_ring_valid(from, head, cur, tail, kr->nslots))) {
		kr->stat[NM_STAT_sync_errors]++;
		kr->rhead = kr->rcur = kr->hwcur;
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
	error = kr->sync(kr);
	if (kr->dir == NM_DIR_TX)
		nm_kring_publish(kr);
	return error;
}

void
nm_kring_publish(struct nm_kring *kr)
{
	kr->rtail = kr->hwtail;
	NM_WRITE_ONCE(kr->ktoa->hwcur, kr->hwcur);
	NM_STORE_RELEASE(&kr->ktoa->hwtail, kr->hwtail);
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

uint32_t
nm_kring_room(struct nm_kring *kr)
{
	uint32_t head = released_head(kr), used;

	while (kr->rel != head) {
		uint32_t idx = NM_READ_ONCE(kr->slots[kr->rel].buf_idx);

		if (NM_LIKELY(idx >= 2 && idx < kr->nbufs))
			kr->stack[kr->nstack++] = idx;
		else
			kr->stat[NM_STAT_buf_errors]++;
		kr->rel = nm_ring_add(kr->rel, 1, kr->nslots);
	}
	kr->hwcur = kr->rhead = kr->rel;
	used = nm_ring_dist(kr->rel, kr->lease, kr->nslots) + 1;
	used = kr->nslots - used;
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
nm_kring_finish(struct nm_kring *kr, uint32_t start, uint32_t n, uint32_t packets, uint64_t bytes)
{
	nm_os_spin_lock(&kr->lock);
	kr->stat[NM_STAT_rx_packets] += packets;
	kr->stat[NM_STAT_rx_bytes] += bytes;
	if (NM_LIKELY(start == kr->hwtail)) {
		do {
			kr->hwtail = nm_ring_add(kr->hwtail, n, kr->nslots);
			n = kr->done[kr->hwtail];
			kr->done[kr->hwtail] = 0;
		} while (NM_UNLIKELY(n));
		nm_kring_publish(kr);
	} else {
		kr->done[start] = n;
	}
	nm_os_spin_unlock(&kr->lock);
}

void
nm_kring_reset(struct nm_kring *kr)
{
	uint32_t i;

	kr->hwcur = kr->rhead = kr->rcur = kr->rel = kr->lease = 0;
	kr->hwtail = kr->dir == NM_DIR_TX ? kr->nslots - 1 : 0;
	kr->nstack = 0;
	if (kr->dir == NM_DIR_RX && kr->stack)
		for (i = kr->nslots; i-- > 0;) {
			/* somebody who shares the region may write here already */
			uint32_t idx = NM_READ_ONCE(kr->slots[i].buf_idx);

			if (idx >= 2 && idx < kr->nbufs)
				kr->stack[kr->nstack++] = idx;
		}
	kr->ring->head = kr->ring->cur = 0;
	kr->ring->tail = kr->hwtail;
	kr->atok->head = kr->atok->cur = 0;
	kr->atok->appl_need_kick = 0;
	nm_kring_publish(kr);
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
	kr->ring->tail = kr->hwtail;
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
