/* SPDX-License-Identifier: BSD-2-Clause */
/* spread.c - frames from the receive rings of one port to the transmit rings of pipes. */
#include "spread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <net/netmap_user.h>

#include "flow.h"

#define PREFETCH 6u

/* A frame in a receive ring. */
struct frame {
	struct netmap_ring *ring;
	uint32_t at, n; /* first slot, slots */
};

int
spread_init(struct spread *s, uint32_t nin, uint32_t nout, uint32_t ngroups)
{
	uint32_t i;

	*s = (struct spread){ .nin = nin, .nout = nout, .ngroups = ngroups };
	s->in = calloc(nin, sizeof(*s->in));
	s->out = calloc(nout, sizeof(*s->out));
	s->group = calloc(ngroups + 1, sizeof(*s->group));
	if (!s->in || !s->out || !s->group) {
		spread_fini(s);
		return -ENOMEM;
	}
	for (i = 0; i < nout; i++)
		queue_start(&s->out[i].queue);
	return 0;
}

void
spread_fini(struct spread *s)
{
	free(s->in);
	free(s->out);
	free(s->group);
	queue_fini(&s->pool);
	*s = (struct spread){ .nin = 0 };
}

static inline char *
data(struct netmap_ring *r, const struct netmap_slot *slot)
{
	return NETMAP_BUF(r, slot->buf_idx) + (slot->ptr & r->offset_mask);
}

static inline char *
extra(const struct spread *s, uint32_t buf)
{
	return s->bufs + (size_t)buf * s->buf_size;
}

static void
drop_oldest_of(struct spread *s, struct spread_out *o)
{
	struct queue_slot q;

	do {
		q = queue_get(&s->pool, &o->queue);
		queue_give(&s->pool, q.buf);
	} while (q.flags & NS_MOREFRAG);
	o->count.dropped++;
}

/* Frees n extra buffers, at the cost of the frames that wait longest. False: there are not so many. */
static bool
make_room(struct spread *s, uint32_t n)
{
	struct spread_out *oldest;
	uint32_t i;

	if (n > s->pool.nslots)
		return false;
	while (s->pool.nbufs < n) {
		oldest = &s->out[0];
		for (i = 1; i < s->nout; i++)
			if (queue_when(&s->pool, &s->out[i].queue) < queue_when(&s->pool, &oldest->queue))
				oldest = &s->out[i];
		drop_oldest_of(s, oldest);
	}
	return true;
}

/* The pipe's ring can hold the frame when it is empty. */
static bool
fits(const struct spread_out *o, const struct frame *f)
{
	uint32_t n, i = f->at;
	uint64_t to;

	if (f->n >= o->ring->num_slots)
		return false;
	for (n = 0; n < f->n; n++, i = nm_ring_next(f->ring, i)) {
		to = o->ring->offset_mask ? o->ring->slot[o->ring->head].ptr & o->ring->offset_mask : 0;
		if (to + f->ring->slot[i].len > o->ring->nr_buf_size)
			return false;
	}
	return true;
}

static void
wait_in_queue(struct spread *s, struct spread_out *o, const struct frame *f, bool swap)
{
	uint32_t n, i = f->at;

	if (!make_room(s, f->n)) {
		o->count.dropped++;
		return;
	}
	for (n = 0; n < f->n; n++, i = nm_ring_next(f->ring, i)) {
		struct netmap_slot *rs = &f->ring->slot[i];
		struct queue_slot q = { .buf = queue_take(&s->pool), .len = rs->len, .flags = rs->flags & NS_MOREFRAG };

		if (swap) {
			uint32_t free = q.buf;

			q.buf = rs->buf_idx;
			rs->buf_idx = free;
			rs->flags = NS_BUF_CHANGED;
		} else {
			memcpy(extra(s, q.buf), data(f->ring, rs), q.len);
		}
		queue_put(&s->pool, &o->queue, q, n == 0);
	}
}

static inline void
put_swapped(struct netmap_slot *ts, struct netmap_slot *rs)
{
	uint32_t free = ts->buf_idx;

	ts->buf_idx = rs->buf_idx;
	ts->len = rs->len;
	ts->flags = NS_BUF_CHANGED | (rs->flags & NS_MOREFRAG);
	rs->buf_idx = free;
	rs->flags = NS_BUF_CHANGED;
}

/* swap: the frame's buffers may be taken away, this is the last to get it. */
static void
deliver(struct spread *s, struct spread_out *o, const struct frame *f, bool swap)
{
	struct netmap_ring *tx = o->ring;
	uint32_t n, i = f->at, k;
	uint64_t bytes = 0;

	if (!fits(o, f)) {
		o->count.misfits++;
		return;
	}
	if (!o->queue.slots && nm_ring_space(tx) < f->n && !o->looked) {
		o->looked = true; /* once a run: what is not read now is not read faster by asking for it */
		s->look(o);
	}
	if (o->queue.slots || nm_ring_space(tx) < f->n) {
		wait_in_queue(s, o, f, swap);
		return;
	}
	for (n = 0, k = tx->head; n < f->n; n++, i = nm_ring_next(f->ring, i), k = nm_ring_next(tx, k)) {
		struct netmap_slot *rs = &f->ring->slot[i], *ts = &tx->slot[k];

		bytes += rs->len;
		if (swap && o->swap) {
			put_swapped(ts, rs);
			continue;
		}
		memcpy(data(tx, ts), data(f->ring, rs), rs->len);
		ts->len = rs->len;
		ts->flags = rs->flags & NS_MOREFRAG;
	}
	tx->head = tx->cur = k;
	o->count.forwarded++;
	o->count.bytes += bytes;
}

/* Frames that wait go first. */
static void
flush(struct spread *s, struct spread_out *o)
{
	struct netmap_ring *tx = o->ring;
	uint32_t k = tx->head, room = nm_ring_space(tx), n;

	while (o->queue.slots && (n = queue_frame(&s->pool, &o->queue)) <= room) {
		for (room -= n; n; n--, k = nm_ring_next(tx, k)) {
			struct queue_slot q = queue_get(&s->pool, &o->queue);
			struct netmap_slot *ts = &tx->slot[k];

			o->count.bytes += q.len;
			ts->len = q.len;
			ts->flags = q.flags;
			if (o->swap) {
				queue_give(&s->pool, ts->buf_idx);
				ts->buf_idx = q.buf;
				ts->flags |= NS_BUF_CHANGED;
			} else {
				memcpy(data(tx, ts), extra(s, q.buf), q.len);
				queue_give(&s->pool, q.buf);
			}
		}
		o->count.forwarded++;
		o->count.waited++;
	}
	tx->head = tx->cur = k;
}

/* To a pipe of each group, the first group last, since that may take the buffers. */
static void
spread_frame(struct spread *s, const struct frame *f)
{
	const struct netmap_slot *first = &f->ring->slot[f->at];
	uint32_t h = flow_hash((const uint8_t *)data(f->ring, first), first->len), g, n, i = f->at;

	for (n = 0; n < f->n; n++, i = nm_ring_next(f->ring, i))
		s->bytes += f->ring->slot[i].len;
	s->received++;
	for (g = s->ngroups; g-- > 0;)
		deliver(s, &s->out[s->group[g] + flow_choose(h, s->group[g + 1] - s->group[g])], f, g == 0 && !f->ring->offset_mask);
}

/* Slots of the frame at i, 0 if its end is not among the avail slots. */
static inline uint32_t
frame_slots(struct netmap_ring *r, uint32_t i, uint32_t avail)
{
	uint32_t n;

	for (n = 1; n <= avail; n++, i = nm_ring_next(r, i))
		if (!(r->slot[i].flags & NS_MOREFRAG))
			return n;
	return 0;
}

/* Slots to pass over, because they are no frame or the rest of such; 0: a frame of n slots, or, if n is 0, perhaps a part of one. */
static uint32_t
unusable(struct spread *s, struct spread_in *in, uint32_t n, uint32_t avail)
{
	bool goes_on = in->skip;

	if (!goes_on && (n ? n <= NETMAP_MAX_FRAGS : avail <= NETMAP_MAX_FRAGS && avail + 1 < in->ring->num_slots))
		return 0;
	if (!goes_on)
		s->bad++;
	in->skip = !n;
	return n ? n : avail;
}

static void
run_ring(struct spread *s, struct spread_in *in)
{
	struct netmap_ring *r = in->ring;
	struct frame f = { r, r->head, 0 };
	uint32_t avail = nm_ring_space(r), used = 0, bad;

	in->again = false;
	while (avail) {
		if (used >= s->batch) {
			in->again = true;
			break;
		}
		if (f.at + PREFETCH < r->num_slots)
			__builtin_prefetch(data(r, &r->slot[f.at + PREFETCH]));
		f.n = frame_slots(r, f.at, avail);
		bad = unusable(s, in, f.n, avail);
		if (bad)
			f.n = bad;
		else if (f.n)
			spread_frame(s, &f);
		else
			break; /* the rest may come */
		avail -= f.n;
		used += f.n;
		f.at = f.at + f.n < r->num_slots ? f.at + f.n : f.at + f.n - r->num_slots;
	}
	r->head = f.at;
	/* a frame that lacks its end must not wake us: only what comes after */
	r->cur = in->again ? r->head : r->tail;
}

void
spread_flush(struct spread *s)
{
	uint32_t i;

	for (i = 0; i < s->nout; i++)
		if (s->out[i].queue.slots)
			flush(s, &s->out[i]);
}

bool
spread_run(struct spread *s)
{
	bool again = false;
	uint32_t i;

	for (i = 0; i < s->nout; i++)
		s->out[i].looked = false;
	spread_flush(s);
	for (i = 0; i < s->nin; i++) {
		run_ring(s, &s->in[i]);
		again |= s->in[i].again;
	}
	/* only more room than there is wakes us: there may be some, too little for the frame */
	for (i = 0; i < s->nout; i++)
		s->out[i].ring->cur = s->out[i].queue.slots ? s->out[i].ring->tail : s->out[i].ring->head;
	return again;
}

bool
spread_waiting(const struct spread_out *o)
{
	return o->queue.slots > 0;
}

bool
spread_touched(const struct spread_out *o)
{
	return o->ring->head != o->sent || o->looked || o->queue.slots;
}

void
spread_synced(struct spread_out *o)
{
	o->sent = o->ring->head;
}

void
spread_give_up(struct spread *s)
{
	uint32_t i;

	for (i = 0; i < s->nout; i++)
		while (s->out[i].queue.slots)
			drop_oldest_of(s, &s->out[i]);
}
