/* SPDX-License-Identifier: BSD-2-Clause */
/* move.c - frames from the receive rings of one port to the transmit rings of another. */
#include "move.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PREFETCH 4u

static inline uint32_t
next(const struct netmap_ring *r, uint32_t i)
{
	return i + 1 == r->num_slots ? 0 : i + 1;
}

static inline char *
data(struct netmap_ring *r, const struct netmap_slot *s)
{
	return (char *)r + r->buf_ofs + (size_t)s->buf_idx * r->nr_buf_size + (s->ptr & r->offset_mask);
}

int
move_init(struct move *m, uint32_t nin, uint32_t nout, uint32_t burst)
{
	*m = (struct move){ .nin = nin, .nout = nout, .burst = burst };
	m->in = calloc(nin, sizeof(*m->in));
	m->out = calloc(nout, sizeof(*m->out));
	if (m->in && m->out)
		return 0;
	move_fini(m);
	return -ENOMEM;
}

void
move_fini(struct move *m)
{
	free(m->in);
	free(m->out);
	m->in = NULL;
	m->out = NULL;
	m->nin = m->nout = 0;
}

bool
move_can_swap(const struct move *m)
{
	const struct netmap_ring *first = m->in[0].ring;
	uint32_t i;

	for (i = 0; i < m->nin; i++)
		if (m->in[i].ring->offset_mask != first->offset_mask || m->in[i].ring->nr_buf_size != first->nr_buf_size)
			return false;
	for (i = 0; i < m->nout; i++)
		if (m->out[i]->offset_mask != first->offset_mask || m->out[i]->nr_buf_size != first->nr_buf_size)
			return false;
	return true;
}

/* Slots of the frame at i, 0 if its end is not among the avail slots. */
static inline uint32_t
frame_slots(const struct netmap_ring *rx, uint32_t i, uint32_t avail)
{
	uint32_t n;

	for (n = 1; n <= avail; n++, i = next(rx, i))
		if (!(rx->slot[i].flags & NS_MOREFRAG))
			return n;
	return 0;
}

/* A frame that the output can hold when it is empty. Its k-th slot would go to slot k from its head on. */
static inline bool
fits(const struct netmap_ring *rx, uint32_t i, uint32_t n, const struct netmap_ring *tx, uint32_t k, bool swap)
{
	uint64_t from, to;

	if (n > NETMAP_MAX_FRAGS || n >= tx->num_slots)
		return false;
	for (; n; n--, i = next(rx, i), k = next(tx, k)) {
		from = rx->slot[i].ptr & rx->offset_mask;
		to = swap ? from : tx->slot[k].ptr & tx->offset_mask;
		if (from + rx->slot[i].len > rx->nr_buf_size || to + rx->slot[i].len > tx->nr_buf_size)
			return false;
	}
	return true;
}

static inline void
swap_slot(struct netmap_slot *rs, struct netmap_slot *ts, uint64_t offsets)
{
	uint64_t ptr = rs->ptr;
	uint32_t idx = ts->buf_idx;

	ts->buf_idx = rs->buf_idx;
	rs->buf_idx = idx;
	if (offsets) { /* they belong to the buffers */
		rs->ptr = ts->ptr;
		ts->ptr = ptr;
	}
	ts->len = rs->len;
	ts->flags = NS_BUF_CHANGED | (rs->flags & NS_MOREFRAG);
	rs->flags = NS_BUF_CHANGED;
}

/* Hands one frame of n slots over; returns its bytes. */
static inline uint64_t
hand_over(struct netmap_ring *rx, uint32_t i, uint32_t n, struct netmap_ring *tx, uint32_t k, bool swap)
{
	uint64_t bytes = 0;

	for (; n; n--, i = next(rx, i), k = next(tx, k)) {
		struct netmap_slot *rs = &rx->slot[i], *ts = &tx->slot[k];

		bytes += rs->len;
		if (swap) {
			swap_slot(rs, ts, rx->offset_mask);
			continue;
		}
		if (i + PREFETCH < rx->num_slots)
			__builtin_prefetch(data(rx, &rs[PREFETCH]));
		memcpy(data(tx, ts), data(rx, rs), rs->len);
		ts->len = rs->len;
		ts->flags = rs->flags & NS_MOREFRAG;
	}
	return bytes;
}

/*
 * Slots at the head of the input that are no frame for the output; 0: the frame there, if whole, may be one. n: its slots, 0
 * if its end is not there yet; suits: the output can take it.
 */
static uint32_t
unusable(struct move *m, struct move_in *in, uint32_t avail, uint32_t n, bool suits)
{
	if (in->skip) {
		in->skip = !n;
		return n ? n : avail;
	}
	if (n && suits)
		return 0;
	if (!n && avail <= NETMAP_MAX_FRAGS && avail + 1 < in->ring->num_slots)
		return 0; /* the rest may come */
	m->count.misfits++;
	in->skip = !n;
	return n ? n : avail;
}

/* One receive ring. True: slots were given back. */
static bool
run_ring(struct move *m, struct move_in *in, struct netmap_ring *tx)
{
	struct netmap_ring *rx = in->ring;
	uint32_t i = rx->head, k = tx->head, avail = nm_ring_space(rx), room = nm_ring_space(tx);
	uint32_t used = 0, n, bad;
	uint64_t packets = m->count.packets;

	in->full = in->again = false;
	while (avail) {
		if (used >= m->burst) {
			in->again = true;
			break;
		}
		n = frame_slots(rx, i, avail);
		bad = unusable(m, in, avail, n, n && fits(rx, i, n, tx, k, m->swap));
		if (!bad && !n)
			break;
		if (!bad && n > room) {
			in->full = true;
			break;
		}
		if (!bad) {
			m->count.bytes += hand_over(rx, i, n, tx, k, m->swap);
			m->count.packets++;
			room -= n;
			k = k + n < tx->num_slots ? k + n : k + n - tx->num_slots;
		} else {
			n = bad;
		}
		avail -= n;
		used += n;
		i = i + n < rx->num_slots ? i + n : i + n - rx->num_slots;
	}
	m->count.batches += m->count.packets != packets;
	rx->head = i;
	tx->head = tx->cur = k;
	return used > 0;
}

unsigned
move_run(struct move *m)
{
	unsigned result = 0;
	uint32_t i;

	for (i = 0; i < m->nin; i++) {
		uint32_t at = (m->turn + i) % m->nin;
		struct move_in *in = &m->in[at];

		if (run_ring(m, in, m->out[at % m->nout]))
			result |= MOVE_RELEASED;
		result |= in->full ? MOVE_WANT_ROOM : in->again ? MOVE_AGAIN : MOVE_WANT_INPUT;
		/* frames that can't go on, or lack their end, must not wake us: only what comes after them */
		in->ring->cur = in->again ? in->ring->head : in->ring->tail;
	}
	m->turn = (m->turn + 1) % m->nin;
	/* likewise room that is too little, or in another ring than the full one: only more of it wakes us */
	for (i = 0; i < m->nout; i++)
		m->out[i]->cur = result & MOVE_WANT_ROOM ? m->out[i]->tail : m->out[i]->head;
	return result;
}

bool
move_pending(const struct move *m)
{
	uint32_t i;

	for (i = 0; i < m->nout; i++)
		if (next(m->out[i], m->out[i]->tail) != m->out[i]->head)
			return true;
	return false;
}
