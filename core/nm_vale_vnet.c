/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_vale_vnet.c - delivery between ports whose frames have virtio-net headers of different lengths, or have some and are in VLANs: see
 * nm_vnet.h.
 *
 * A few frames are looked at, then leased and written together. A merged frame is delivered whole, in all its segments, or not at
 * all; it counts as one that was forwarded. Where senders wait for room, it is for the first frame that has none, and what is counted
 * of it and those behind is counted when they come again.
 */
#include "nm_vale_fwd.h"

/* What is left of two lists. */
struct feed {
	uint32_t a, b;
	uint32_t at, end; /* fragments of the run that is under way */
};

/* The next frame, as the index of its first fragment; NM_VALE_NIL at the end. */
static uint32_t
next_frame(const struct nm_vale_work *w, struct feed *f)
{
	uint32_t i;

	if (f->at == f->end) {
		i = nm_vale_next_run(w, &f->a, &f->b);
		if (i == NM_VALE_NIL)
			return NM_VALE_NIL;
		f->at = w->run[i].first;
		f->end = f->at + w->run[i].slots;
	}
	i = f->at;
	f->at += w->frag[i].nfrags;
	return i;
}

/* Where the receiver's slots are being filled. */
struct sink {
	struct nm_kring *d;
	const uint32_t *idx;  /* the next buffer */
	uint32_t slot, step;
	char *to;             /* in the buffer that is being filled */
	uint32_t len, used;   /* bytes that go there, and that are there */
	uint32_t left;        /* bytes of the frame for slots after this one */
	uint32_t offset;
	uint16_t flags;
};

static void
open_slot(struct sink *k)
{
	k->len = k->left < k->step ? k->left : k->step;
	k->left -= k->len;
	k->used = 0;
	k->offset = nm_kring_place(k->d, k->slot, k->len);
	k->to = k->d->bufs + (size_t)*k->idx * k->d->stride + k->offset;
}

/* A frame of so many bytes, which are to be given by put. */
static void
begin_frame(struct sink *k, uint32_t bytes)
{
	k->flags = (uint16_t)(((bytes - 1) / k->step + 1) << 8);
	k->left = bytes;
	open_slot(k);
}

/* The next n bytes: those at `from`, or of v where that is NULL. */
static void
put(struct sink *k, struct nm_vnet *v, const uint8_t *from, uint32_t n)
{
	uint32_t part;

	while (n) {
		part = k->len - k->used < n ? k->len - k->used : n;
		if (from) {
			memcpy(k->to + k->used, from, part);
			from += part;
		} else {
			nm_vnet_copy(v, k->to + k->used, part);
		}
		k->used += part;
		n -= part;
		if (k->used < k->len)
			continue;
		nm_kring_put_slot_at(&k->d->slots[k->slot], *k->idx++, (uint16_t)k->len, k->left ? k->flags | NS_MOREFRAG : k->flags,
		    k->offset);
		k->slot = nm_ring_add(k->slot, 1, k->d->nslots);
		if (k->left)
			open_slot(k);
	}
}

static void
write_frames(struct sink *k, struct nm_vnet *v, uint8_t *room, uint64_t *bytes)
{
	struct nm_vnet_out o;
	uint32_t i;

	for (i = 0; i < v->frames; i++) {
		nm_vnet_next(v, room, &o);
		begin_frame(k, o.nhead + o.n);
		put(k, NULL, o.head, o.nhead);
		put(k, v, NULL, o.n);
		*bytes += o.nhead + o.n;
	}
}

/* Frames that were looked at, to be leased and written together. */
struct batch {
	struct nm_kring *kr;
	struct nm_vale_work *w; /* its vnet */
	const struct nm_vale_vnet_how *how;
	uint32_t step;          /* bytes that go into a slot of the receiver */
	uint32_t n, slots;
	uint32_t done;          /* frames before these, all done with */
	uint16_t first[NM_VALE_VNETS]; /* their first fragments */
	bool any;               /* something was delivered */
};

static void
lose(struct batch *b, uint32_t first, int why)
{
	b->kr->stat[b->how->lost ? b->how->lost : why]++;
	if (b->how->note_lost)
		b->w->lost[first] = 1;
}

/* Which of them there is room for; returns their slots, and in *n how many were decided on: all but those that are to wait. */
static uint32_t
choose(struct batch *b, uint32_t room, uint32_t *n)
{
	const struct nm_vale_vnet_how *how = b->how;
	struct nm_vnet *v = b->w->vnet;
	uint32_t slots = 0, i;

	for (i = 0; i < b->n; i++) {
		if (v[i].slots <= room - slots) {
			slots += v[i].slots;
			if (how->note_lost)
				b->w->lost[b->first[i]] = 0;
			continue;
		}
		if (how->stay && how->stay(b->kr, how->d, slots, room))
			break;
		how->d->stat[NM_STAT_overrun]++; /* under its lock: it has many senders */
		lose(b, b->first[i], NM_STAT_drop_no_space);
		v[i].frames = 0;
	}
	*n = i;
	return slots;
}

/* Delivers them; false if some, and so all that follow, are to wait. */
static bool
flush(struct batch *b)
{
	struct nm_vale_work *w = b->w;
	struct nm_kring *d = b->how->d;
	struct sink k = {.d = d, .idx = w->idx, .step = b->step};
	uint32_t slots, frames = 0, start, i, n, all = b->n;
	uint64_t bytes = 0;

	if (!all)
		return true;
	slots = choose(b, nm_kring_lease_begin(d), &n);
	start = k.slot = nm_kring_lease_commit(d, slots, w->idx);
	for (i = 0; i < n; i++) {
		write_frames(&k, &w->vnet[i], w->vnet_room, &bytes);
		frames += w->vnet[i].frames;
		b->kr->stat[b->how->delivered] += w->vnet[i].frames > 0;
	}
	if (slots) {
		nm_kring_finish(d, start, slots, frames, bytes);
		b->any = true;
	}
	b->done += n;
	b->n = b->slots = 0;
	return n == all;
}

/* The frame at fragment i goes to those of the batch, which may have to be delivered before; false if that has to wait. */
static bool
take(struct batch *b, uint32_t i, const struct nm_vnet_way *way)
{
	struct nm_vnet *v = &b->w->vnet[b->n];
	int why = NM_STAT_drop_bad_len;

	if (NM_UNLIKELY(nm_vale_exposes(b->w, i)))
		why = NM_STAT_drop_vlan;
	else if (NM_LIKELY(way->step))
		why = nm_vnet_begin(v, &b->w->frag[i], way);
	if (!why && v->slots > NM_VALE_FRAGS)
		why = NM_STAT_drop_vnet_gso;
	if (NM_UNLIKELY(why)) {
		if (!flush(b)) /* it comes again, and is not to be counted twice */
			return false;
		lose(b, i, why);
		b->done++;
		return true;
	}
	if (b->slots + v->slots > NM_VALE_FRAGS) {
		if (!flush(b))
			return false;
		b->w->vnet[0] = *v;
	}
	b->first[b->n] = (uint16_t)i;
	b->slots += b->w->vnet[b->n++].slots;
	return b->n < NM_VALE_VNETS || flush(b);
}

/* All that is fed; returns the frames that are done with. */
static uint32_t
deliver(struct nm_kring *kr, struct nm_vale_work *w, struct feed *f, const struct nm_vale_vnet_how *how)
{
	struct batch b = {.kr = kr, .w = w, .how = how, .step = nm_kring_chunk(how->d)};
	struct nm_vnet_way way = {.from = w->hdr, .to = how->to, .step = b.step, .vid = w->out_vid};
	bool going = true;
	uint32_t i;

	while (going && (i = next_frame(w, f)) != NM_VALE_NIL) {
		if (how->skip_lost && w->lost[i]) {
			going = flush(&b);
			b.done++;
			continue;
		}
		way.ident = w->ident++;
		way.tag = w->edit ? &w->tag[i] : NULL;
		going = take(&b, i, &way);
	}
	if (going)
		flush(&b);
	if (b.any)
		how->d->notify(how->d);
	return b.done;
}

void
nm_vale_deliver_vnet(struct nm_kring *kr, struct nm_vale_work *w, struct nm_kring *d, uint32_t a, uint32_t b, uint32_t to)
{
	const struct nm_vale_vnet_how how = {.d = d, .to = to, .delivered = NM_STAT_forwarded};
	struct feed f = {.a = a, .b = b};

	deliver(kr, w, &f, &how);
}

uint32_t
nm_vale_deliver_vnet_run(struct nm_kring *kr, struct nm_vale_work *w, const struct nm_vale_run *r, const struct nm_vale_vnet_how *how)
{
	struct feed f = {.a = r->next, .b = NM_VALE_NIL, .at = r->first, .end = r->first + r->slots};

	return deliver(kr, w, &f, how);
}
