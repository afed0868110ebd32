/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_veth_link.h - both ends of a veth pair are programs': what one end's transmit ring has goes to a receive ring of the other.
 *
 * Where both are in one region nothing is copied: the buffer goes over, and a free one of the receiver comes back for it. Regions
 * of different owners or namespaces have no buffers in common, so there frames are copied. What does not fit stays with its sender.
 */
#ifndef NM_VETH_LINK_H
#define NM_VETH_LINK_H

#include "nm_hw.h"

#define NM_VETH_COPIES 64u /* slots that one call copies, with both rings locked */

struct nm_veth_link {
	const struct nm_hw_core *core;
	struct nm_kring *tx, *rx;
	uint32_t max_bytes;       /* of a frame, with the tag of a VLAN */
	/* what came of it */
	uint32_t slots, frames;   /* of the receiver */
	uint64_t bytes;
	bool full;                /* the next frame waits for the receiver */
};

/*
 * Frames of one slot, `most` at the most, from slot `from` on. How many went over: what is anything else ends it. Nothing of the
 * buffers is looked at, so the client's index selects no memory.
 */
static inline uint32_t
nm_veth_swap_singles(struct nm_veth_link *l, uint32_t from, uint32_t most)
{
	/* locals: the compiler takes each store to a slot for one to anything */
	struct netmap_slot *src = l->tx->slots, *dst = l->rx->slots;
	const uint32_t *free = l->rx->stack + l->rx->nstack;
	uint32_t nsrc = l->tx->nslots, ndst = l->rx->nslots, nbufs = l->tx->nbufs, n = 0, to = nm_ring_add(l->rx->lease, l->slots, ndst);
	uint32_t span = (l->max_bytes < l->tx->stride ? l->max_bytes : l->tx->stride) - NM_FRAME_SHORTEST;
	uint64_t bytes = 0;

	while (n < most) {
		struct nm_hw_slot s = nm_hw_peek(&src[from]);

		if (NM_UNLIKELY(s.buf - 2 >= nbufs - 2 || s.len - NM_FRAME_SHORTEST > span || (s.flags & (NS_MOREFRAG | NS_INDIRECT))))
			break;
		nm_kring_put_slot(&dst[to], s.buf, s.len, 0);
		nm_kring_put_slot(&src[from], *--free, s.len, NS_BUF_CHANGED);
		bytes += s.len;
		n++;
		if (NM_UNLIKELY(++from == nsrc))
			from = 0;
		if (NM_UNLIKELY(++to == ndst))
			to = 0;
	}
	l->rx->nstack -= n;
	l->slots += n;
	l->frames += n;
	l->bytes += bytes;
	return n;
}

/* Slots that the frame will take there. Parts without a byte stay with the sender. */
static inline uint32_t
nm_veth_needs(const struct nm_veth_link *l, const struct nm_frame *f)
{
	uint32_t k, n = 0;

	if (l->tx->mem != l->rx->mem)
		return (f->bytes + l->rx->stride - 1) / l->rx->stride;
	for (k = 0; k < f->parts; k++)
		n += f->part[k].len > 0;
	return n;
}

/* The next slot of the receiver. */
static inline struct netmap_slot *
nm_veth_next(struct nm_veth_link *l)
{
	return &l->rx->slots[nm_ring_add(l->rx->lease, l->slots++, l->rx->nslots)];
}

/* All parts of a frame that is in order, from slot `from` on. */
static inline void
nm_veth_swap(struct nm_veth_link *l, const struct nm_frame *f, uint32_t from, uint32_t slots)
{
	uint32_t k;

	for (k = 0; k < f->parts; k++) {
		const struct nm_frame_part *p = &f->part[k];

		if (!p->len)
			continue;
		nm_kring_put_slot(nm_veth_next(l), p->buf, (uint16_t)p->len, --slots ? NS_MOREFRAG : 0);
		nm_kring_put_slot(&l->tx->slots[nm_ring_add(from, k, l->tx->nslots)], l->rx->stack[--l->rx->nstack], (uint16_t)p->len,
		    NS_BUF_CHANGED);
	}
}

static inline void
nm_veth_copy(struct nm_veth_link *l, const struct nm_frame *f, uint32_t slots)
{
	uint32_t stride = l->rx->stride, left = f->bytes, k = 0, at = 0;

	while (slots-- > 0) {
		uint32_t buf = l->rx->stack[--l->rx->nstack], len = left < stride ? left : stride, done = 0, part;
		char *dst = nm_kring_buf(l->rx, buf);

		for (; done < len; done += part) {
			const struct nm_frame_part *p = &f->part[k];

			part = p->len - at < len - done ? p->len - at : len - done;
			if (done || part < len) /* nm_os_copy may write behind its end */
				memcpy(dst + done, nm_kring_buf(l->tx, p->buf) + at, part);
			else
				nm_os_copy(dst, nm_kring_buf(l->tx, p->buf) + at, part);
			at += part;
			if (at == p->len)
				k++, at = 0;
		}
		left -= len;
		nm_kring_put_slot(nm_veth_next(l), buf, (uint16_t)len, left ? NS_MOREFRAG : 0);
	}
}

/* One frame of any kind, `avail` slots are published. How many of them it took; 0: it has to wait. */
static inline uint32_t
nm_veth_move_one(struct nm_veth_link *l, struct nm_frame *f, uint32_t from, uint32_t avail, uint32_t room)
{
	struct nm_kring *tx = l->tx;
	uint32_t needs;

	l->core->gather(tx, from, avail, f);
	needs = nm_veth_needs(l, f);
	if (!f->bad && (f->bytes > l->max_bytes || needs > NETMAP_MAX_FRAGS || needs >= l->rx->nslots))
		f->bad = NM_STAT_drop_no_backend;
	if (!f->bad && needs > room) {
		l->full = true;
		return 0;
	}
	tx->stat[NM_STAT_tx_packets]++;
	if (f->bad) {
		tx->stat[f->bad]++;
		return f->slots;
	}
	if (tx->mem == l->rx->mem)
		nm_veth_swap(l, f, from, needs);
	else
		nm_veth_copy(l, f, needs);
	l->frames++;
	l->bytes += f->bytes;
	return f->slots;
}

/* What is between hwcur and rhead, as far as there is room. Both rings are locked. */
static inline void
nm_veth_move(struct nm_veth_link *l, struct nm_frame *f)
{
	struct nm_kring *tx = l->tx, *rx = l->rx;
	bool same = tx->mem == rx->mem;
	uint32_t all = nm_ring_dist(tx->hwcur, tx->rhead, tx->nslots), step = same ? NM_HW_STEP : NM_VETH_COPIES, at = tx->hwcur, used = 0;
	uint32_t room = l->core->room(rx), n, most;

	l->slots = l->frames = 0;
	l->bytes = 0;
	l->full = false;
	if (step > all)
		step = all;
	while (used < step) {
		if (same) {
			most = step - used < room - l->slots ? step - used : room - l->slots;
			n = nm_veth_swap_singles(l, at, most);
			tx->stat[NM_STAT_tx_packets] += n;
			at = nm_ring_add(at, n, tx->nslots);
			used += n;
			if (used == step)
				break;
		}
		n = nm_veth_move_one(l, f, at, all - used, room - l->slots);
		if (!n)
			break;
		at = nm_ring_add(at, n, tx->nslots);
		used += n;
	}
	tx->hwcur = at;
	tx->hwtail = nm_ring_add(at, tx->nslots - 1, tx->nslots);
	tx->stat[NM_STAT_tx_bytes] += l->bytes;
	tx->stat[NM_STAT_forwarded] += l->frames;
	if (l->slots) {
		n = rx->lease;
		rx->lease = nm_ring_add(n, l->slots, rx->nslots);
		l->core->finish(rx, n, l->slots, l->frames, l->bytes);
	}
}

#endif
