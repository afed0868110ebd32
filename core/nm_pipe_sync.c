/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_pipe_sync.c - a transmit sync moves each slot to the peer's receive ring: the buffer goes there, a free buffer of
 * that ring comes back. Nothing is copied, nothing that is in order is dropped: what does not fit stays in the sender's
 * ring, and so does a frame whose last slot is not published yet.
 */
#include "nm_pipe.h"

#define SLOTS_AHEAD 32u /* the client's stores come from another CPU's cache, four slots a line */

/* The counter of why a slot whose frame begins at `offset` can't go over, or 0. */
static inline int
refuse(const struct nm_kring *kr, const struct netmap_slot *s, uint32_t offset)
{
	if (NM_UNLIKELY(s->buf_idx < 2 || s->buf_idx >= kr->nbufs))
		return NM_STAT_drop_bad_buf;
	return NM_UNLIKELY(s->len > kr->stride - offset) ? NM_STAT_drop_bad_len : 0;
}

/*
 * One slot over, against the free buffer on top of the stack. The frame begins where it did, and is moved to where its buffer does if
 * the receiver does not know such offsets.
 */
static inline void
exchange(struct nm_kring *kr, struct nm_kring *rx, uint32_t from, uint32_t to, const struct netmap_slot *s)
{
	uint32_t offset = nm_kring_offset(&kr->offsets, s->ptr), there = offset;

	if (NM_UNLIKELY(offset && ((offset & ~rx->offsets.mask) || offset > rx->offsets.max))) {
		char *buf = nm_kring_buf(kr, s->buf_idx);

		memmove(buf, buf + offset, s->len); /* both were looked at: refuse */
		there = 0;
	}
	nm_kring_put_slot_at(&rx->slots[to], s->buf_idx, s->len, s->flags & (NS_MOREFRAG | NS_BUF_CHANGED), there);
	nm_kring_put_slot_at(&kr->slots[from], rx->stack[--rx->nstack], s->len, 0, offset);
}

/*
 * A frame of more than one slot, from slot `from` on, as the client left it. Returns its slots, 0 while its end is not
 * published; frag[] has the first NETMAP_MAX_FRAGS; *why is the counter if it can never go over.
 */
static uint32_t
take_chain(const struct nm_kring *kr, const struct nm_kring *rx, uint32_t from, uint32_t avail,
    struct netmap_slot frag[NETMAP_MAX_FRAGS], int *why)
{
	struct netmap_slot s = {.flags = NS_MOREFRAG};
	uint32_t n;

	*why = 0;
	for (n = 0; n < avail && (s.flags & NS_MOREFRAG); n++) {
		s = nm_kring_snapshot(&kr->slots[from]);
		if (n < NETMAP_MAX_FRAGS)
			frag[n] = s;
		if (!*why)
			*why = refuse(kr, &s, nm_kring_offset(&kr->offsets, s.ptr));
		from = nm_ring_add(from, 1, kr->nslots);
	}
	if (s.flags & NS_MOREFRAG) {
		if (n < kr->nslots - 1)
			return 0;
		*why = NM_STAT_drop_bad_frags; /* the ring is full of it */
	}
	if (n > NETMAP_MAX_FRAGS || n > rx->nslots - 1)
		*why = NM_STAT_drop_bad_frags;
	return n;
}

struct moved {
	uint32_t slots, frames;
	uint64_t bytes;
	bool blocked;
};

/*
 * The run of single-slot frames at slot `from`, `most` at the most; returns how many went over. What is not of this kind
 * ends it.
 */
static uint32_t
move_singles(struct nm_kring *kr, struct nm_kring *rx, uint32_t from, uint32_t most, struct moved *m)
{
	/* locals: the compiler takes each store to a slot for one to anything */
	struct netmap_slot *src = kr->slots, *dst = rx->slots;
	const uint32_t *free = rx->stack + rx->nstack;
	uint32_t nsrc = kr->nslots, ndst = rx->nslots, ahead = SLOTS_AHEAD < nsrc ? SLOTS_AHEAD : 0;
	uint32_t to = nm_ring_add(rx->lease, m->slots, ndst), n = 0;
	uint64_t bytes = 0;

	if (NM_UNLIKELY(kr->offsets.mask))
		return 0;
	while (n < most) {
		struct netmap_slot s = nm_kring_snapshot(&src[from]);

		NM_PREFETCHW(&src[nm_ring_add(from, ahead, nsrc)]);
		if (NM_UNLIKELY((s.flags & NS_MOREFRAG) || refuse(kr, &s, 0)))
			break;
		nm_kring_put_slot(&dst[to], s.buf_idx, s.len, s.flags & NS_BUF_CHANGED);
		nm_kring_put_slot(&src[from], *--free, s.len, 0);
		bytes += s.len;
		n++;
		from = nm_ring_add(from, 1, nsrc);
		to = nm_ring_add(to, 1, ndst);
	}
	rx->nstack -= n;
	m->slots += n;
	m->frames += n;
	m->bytes += bytes;
	kr->stat[NM_STAT_tx_packets] += n;
	return n;
}

/* Under the lock of rx, that has room for `room` slots; returns the sender's slots that were consumed. */
static uint32_t
move_frames(struct nm_kring *kr, struct nm_kring *rx, uint32_t room, struct moved *m)
{
	uint32_t avail = nm_ring_dist(kr->hwcur, kr->rhead, kr->nslots), from = kr->hwcur, used = 0, n, k;
	struct netmap_slot frag[NETMAP_MAX_FRAGS];
	int why;

	for (; used < avail; used += n) {
		n = move_singles(kr, rx, from, avail - used < room - m->slots ? avail - used : room - m->slots, m);
		used += n;
		from = nm_ring_add(from, n, kr->nslots);
		if (used == avail)
			break;
		frag[0] = nm_kring_snapshot(&kr->slots[from]);
		n = 1;
		if (NM_LIKELY(!(frag[0].flags & NS_MOREFRAG)))
			why = refuse(kr, &frag[0], nm_kring_offset(&kr->offsets, frag[0].ptr));
		else if (!(n = take_chain(kr, rx, from, avail - used, frag, &why)))
			break;
		m->blocked = !why && n > room - m->slots;
		if (m->blocked)
			break;
		for (k = 0; k < n; k++, from = nm_ring_add(from, 1, kr->nslots)) {
			if (NM_UNLIKELY(why)) {
				NM_WRITE_ONCE(kr->slots[from].flags, 0);
				continue;
			}
			exchange(kr, rx, from, nm_ring_add(rx->lease, m->slots++, rx->nslots), &frag[k]);
			m->bytes += frag[k].len;
		}
		kr->stat[NM_STAT_tx_packets]++;
		if (NM_LIKELY(!why))
			m->frames++;
		else
			kr->stat[why]++;
	}
	return used;
}

int
nm_pipe_sync_tx(struct nm_kring *kr)
{
	struct nm_kring *rx = kr->peer;
	struct moved m = {0};
	uint32_t start, used;

	if (NM_UNLIKELY(!rx || !NM_LOAD_ACQUIRE(&rx->ready)))
		return 0;
	/* one sender per ring: the lock is held over the exchange, the stack taken in place */
	used = move_frames(kr, rx, nm_kring_lease_begin(rx), &m);
	NM_WRITE_ONCE(rx->blocked, m.blocked);
	start = rx->lease;
	rx->lease = nm_ring_add(start, m.slots, rx->nslots);
	nm_os_spin_unlock(&rx->lock);
	kr->stat[NM_STAT_tx_bytes] += m.bytes;
	kr->stat[NM_STAT_forwarded] += m.frames;
	kr->hwcur = nm_ring_add(kr->hwcur, used, kr->nslots);
	kr->hwtail = nm_ring_add(kr->hwcur, kr->nslots - 1, kr->nslots);
	if (m.slots) {
		nm_kring_finish(rx, start, m.slots, m.frames, m.bytes);
		nm_os_notify(rx);
	}
	return 0;
}

bool
nm_pipe_waits(const struct nm_kring *rx)
{
	const struct nm_kring *kr = rx->peer;

	return kr && NM_LOAD_ACQUIRE(&kr->orphan) && kr->hwcur != kr->rhead;
}

void
nm_pipe_fetch(struct nm_kring *rx)
{
	if (nm_pipe_waits(rx))
		nm_pipe_sync_tx(rx->peer);
}

/* Slots given back are seen by the sender's next sync, which the host runs when the ring was blocked; or fetched, if it has left. */
int
nm_pipe_sync_rx(struct nm_kring *kr)
{
	nm_pipe_fetch(kr);
	return 0;
}
