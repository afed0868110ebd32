/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_veth_link.h - both ends of a veth pair are programs': what one end's transmit ring has goes to a receive ring of the other.
 *
 * Where both are in one region nothing is copied: the buffer goes over, and a free one of the receiver comes back for it. Regions
 * of different owners or namespaces have no buffers in common, so there frames are copied. What does not fit stays with its sender. With
 * the option OFFSETS a frame begins where the receiver's slot says, so that it may have to be moved within its buffer.
 */
#ifndef NM_VETH_LINK_H
#define NM_VETH_LINK_H

#include "nm_hw.h"

#define NM_VETH_COPIES 64u /* slots that one call copies, with both rings locked */

struct nm_veth_link {
	const struct nm_hw_core *core;
	struct nm_kring *tx, *rx;
	uint32_t max_bytes;       /* of a frame, with the tag of a VLAN */
	/* set by nm_veth_move */
	uint32_t chunk;           /* bytes that a slot of the receiver takes */
	bool at;                  /* slots of either have offsets */
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

/* Its buffers can go over: each part fits in a slot of the receiver, wherever that has it begin. */
static inline bool
nm_veth_swaps(const struct nm_veth_link *l, const struct nm_frame *f)
{
	uint32_t k;

	if (l->tx->mem != l->rx->mem)
		return false;
	for (k = 0; k < f->parts; k++)
		if (f->part[k].len > l->chunk)
			return false;
	return true;
}

/* Slots that the frame will take there. Parts without a byte stay with the sender. */
static inline uint32_t
nm_veth_needs(const struct nm_veth_link *l, const struct nm_frame *f, bool swaps)
{
	uint32_t k, n = 0;

	if (!swaps)
		return l->chunk ? (f->bytes + l->chunk - 1) / l->chunk : NETMAP_MAX_FRAGS + 1;
	for (k = 0; k < f->parts; k++)
		n += f->part[k].len > 0;
	return n;
}

/* The next slot of the receiver. */
static inline uint32_t
nm_veth_next(struct nm_veth_link *l)
{
	return nm_ring_add(l->rx->lease, l->slots++, l->rx->nslots);
}

/* A part begins in its buffer where the receiver's slot says. */
static inline uint32_t
nm_veth_shift(const struct nm_veth_link *l, const struct nm_frame_part *p, uint32_t slot)
{
	uint32_t offset = nm_kring_place(l->rx, slot, p->len);
	char *buf = nm_kring_buf(l->tx, p->buf);

	if (offset != p->offset)
		memmove(buf + offset, buf + p->offset, p->len);
	return offset;
}

/* All parts of a frame that is in order, from slot `from` on. */
static inline void
nm_veth_swap(struct nm_veth_link *l, const struct nm_frame *f, uint32_t from, uint32_t slots)
{
	uint32_t k, to, offset;

	for (k = 0; k < f->parts; k++) {
		const struct nm_frame_part *p = &f->part[k];

		if (!p->len)
			continue;
		to = nm_veth_next(l);
		offset = l->at ? nm_veth_shift(l, p, to) : 0;
		nm_kring_put_slot_at(&l->rx->slots[to], p->buf, (uint16_t)p->len, --slots ? NS_MOREFRAG : 0, offset);
		nm_kring_put_slot_at(&l->tx->slots[nm_ring_add(from, k, l->tx->nslots)], l->rx->stack[--l->rx->nstack], (uint16_t)p->len,
		    NS_BUF_CHANGED, p->offset);
	}
}

static inline void
nm_veth_copy(struct nm_veth_link *l, const struct nm_frame *f, uint32_t slots)
{
	uint32_t left = f->bytes, k = 0, at = 0;

	while (slots-- > 0) {
		uint32_t to = nm_veth_next(l), buf = l->rx->stack[--l->rx->nstack], len = left < l->chunk ? left : l->chunk, done = 0, part;
		uint32_t offset = nm_kring_place(l->rx, to, len);
		char *dst = nm_kring_buf(l->rx, buf) + offset;

		for (; done < len; done += part) {
			const struct nm_frame_part *p = &f->part[k];
			const char *src = nm_kring_buf(l->tx, p->buf) + p->offset + at;

			part = p->len - at < len - done ? p->len - at : len - done;
			if (done || part < len || l->at) /* nm_os_copy may write behind its end */
				memcpy(dst + done, src, part);
			else
				nm_os_copy(dst, src, part);
			at += part;
			if (at == p->len)
				k++, at = 0;
		}
		left -= len;
		nm_kring_put_slot_at(&l->rx->slots[to], buf, (uint16_t)len, left ? NS_MOREFRAG : 0, offset);
	}
}

/* One frame of any kind, `avail` slots are published. How many of them it took; 0: it has to wait. */
static inline uint32_t
nm_veth_move_one(struct nm_veth_link *l, struct nm_frame *f, uint32_t from, uint32_t avail, uint32_t room)
{
	struct nm_kring *tx = l->tx;
	uint32_t needs;
	bool swaps;

	l->core->gather(tx, from, avail, f);
	swaps = nm_veth_swaps(l, f);
	needs = nm_veth_needs(l, f, swaps);
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
	if (swaps)
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
	bool offsets = (tx->offsets.mask | rx->offsets.mask) != 0, fast = tx->mem == rx->mem && !offsets;
	uint32_t all = nm_ring_dist(tx->hwcur, tx->rhead, tx->nslots), step = fast ? NM_HW_STEP : NM_VETH_COPIES, at = tx->hwcur, used = 0;
	uint32_t room = l->core->room(rx), n, most;

	l->chunk = nm_kring_chunk(rx);
	l->at = offsets;
	l->slots = l->frames = 0;
	l->bytes = 0;
	l->full = false;
	if (step > all)
		step = all;
	while (used < step) {
		if (fast) {
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
