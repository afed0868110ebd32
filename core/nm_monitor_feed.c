/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_monitor_feed.c - what monitors get to see.
 *
 * A batch is the slots of a watched ring that are news. Whether those who watch have room is asked first: if none has, the frames are
 * counted and nothing else is done. Else the slots are read once, into memory of ours, and each monitor gets the newest whole frames
 * that fit its ring; the older ones of the batch are counted.
 */
#include "nm_monitor.h"
#include "nm_vale.h"

#define BAD 0x8000u  /* flag of a slot in a snapshot: not in order */

struct batch {
	struct nm_kring *kr;
	struct netmap_slot *snap; /* NULL until somebody has room: flags are NS_MOREFRAG, NS_TXMON and BAD, ptr is the offset */
	uint32_t from;            /* first slot */
	bool ahead;               /* they are still to be sent */
	uint32_t slots;           /* of whole frames */
	uint32_t frames;
};

/* Whole frames in n slots from b->from on: the last one may not be all there. */
static void
count_frames(struct batch *b, uint32_t n)
{
	const struct netmap_slot *slots = b->kr->slots;
	uint32_t nslots = b->kr->nslots, at = b->from, k;

	b->slots = b->frames = 0;
	for (k = 1; k <= n; k++) {
		if (NM_LIKELY(!(NM_READ_ONCE(slots[at].flags) & NS_MOREFRAG))) {
			b->slots = k;
			b->frames++;
		}
		at = nm_ring_add(at, 1, nslots);
	}
}

/* A slot as it was read, into one of the snapshot. -EAGAIN: its data is not there yet. */
static int
take_slot(const struct batch *b, const struct netmap_slot *s, struct netmap_slot *to)
{
	struct nm_kring *kr = b->kr;
	bool indirect = (s->flags & NS_INDIRECT) && b->ahead && kr->port->ops->txsync == nm_vale_txsync;
	uint32_t offset = indirect ? 0 : nm_kring_offset(&kr->offsets, s->ptr);
	char *buf = nm_kring_buf(kr, s->buf_idx);
	bool bad = !buf || s->len > kr->stride - offset;

	if (NM_UNLIKELY(indirect && !bad)) {
		int error = nm_os_copy_indirect(kr, buf, s->ptr, s->len);

		if (error == -EAGAIN)
			return error;
		bad = error != 0;
	}
	*to = (struct netmap_slot){.buf_idx = s->buf_idx, .len = s->len, .ptr = offset};
	to->flags = (uint16_t)((s->flags & (NS_MOREFRAG | NS_TXMON)) | (bad ? BAD : 0));
	return 0;
}

/* Those of whole frames among n slots, read once. 0 or -EAGAIN. */
static int
take_snapshot(struct batch *b, uint32_t n)
{
	struct netmap_slot *snap = b->kr->watched->snap;
	uint32_t at = b->from, nslots = b->kr->nslots, k;

	b->slots = b->frames = 0;
	for (k = 0; k < n; k++) {
		struct netmap_slot s = nm_kring_snapshot(&b->kr->slots[at]);
		int error = take_slot(b, &s, &snap[k]);

		if (NM_UNLIKELY(error))
			return error;
		if (NM_LIKELY(!(s.flags & NS_MOREFRAG))) {
			b->slots = k + 1;
			b->frames++;
		}
		at = nm_ring_add(at, 1, nslots);
	}
	b->snap = snap;
	return 0;
}

/* A frame of the snapshot. */
struct frame {
	uint32_t first, slots; /* there */
	uint32_t need;         /* slots where it goes; 0: it can't be shown */
	uint32_t bytes;
	bool anew;             /* its slots are too long for it, and become others */
};

/* The frame at slot i, for a ring of which a slot takes `chunk` bytes. */
static inline void
look(const struct batch *b, uint32_t i, uint32_t chunk, struct frame *f)
{
	const struct netmap_slot *s = &b->snap[i];
	bool bad = false;

	*f = (struct frame){.first = i};
	do {
		bad |= (s->flags & BAD) != 0;
		f->anew |= s->len > chunk;
		f->bytes += s->len;
		f->slots++;
	} while (s++->flags & NS_MOREFRAG); /* the last slot of the snapshot has none */
	f->need = f->slots;
	if (NM_UNLIKELY(f->anew))
		f->need = chunk ? (f->bytes + chunk - 1) / chunk : NETMAP_MAX_FRAGS + 1;
	if (NM_UNLIKELY(bad || f->slots > NETMAP_MAX_FRAGS || f->need > NETMAP_MAX_FRAGS))
		f->need = 0;
}

/* What goes to one monitor. */
struct plan {
	uint32_t first;         /* slot of the snapshot; what is before has no room */
	uint32_t slots, frames; /* that it gets */
	uint64_t bytes;
};

/* The newest frames that `room` slots take. Counts the others on the monitor's ring, whose lock is held. */
static struct plan
choose(const struct batch *b, struct nm_kring *d, uint32_t room, uint32_t chunk)
{
	struct plan p = {0};
	struct frame f;
	uint32_t i, bad = 0;

	for (i = 0; i < b->slots; i += f.slots) {
		look(b, i, chunk, &f);
		p.slots += f.need;
		p.bytes += f.need ? f.bytes : 0;
		p.frames += f.need != 0;
		bad += !f.need;
	}
	for (; p.slots > room; p.first += f.slots) {
		look(b, p.first, chunk, &f);
		if (!f.need)
			continue;
		p.slots -= f.need;
		p.bytes -= f.bytes;
		p.frames--;
		d->stat[NM_STAT_monitor_full]++;
	}
	d->stat[NM_STAT_monitor_bad] += bad;
	return p;
}

/* `len` bytes of one slot after the other, as the reader of a frame whose slots become others. */
struct reader {
	const struct batch *b;
	uint32_t at, used;
};

static void
read_on(struct reader *r, char *to, uint32_t len)
{
	while (len) {
		const struct netmap_slot *s = &r->b->snap[r->at];
		const char *buf = nm_kring_buf(r->b->kr, s->buf_idx);
		uint32_t part = s->len - r->used < len ? s->len - r->used : len;

		memcpy(to, buf + s->ptr + r->used, part);
		to += part;
		len -= part;
		r->used += part;
		if (r->used == s->len) {
			r->at++;
			r->used = 0;
		}
	}
}

/* One frame into slots from *slot on, cut anew if its slots are too long for them. */
static void
copy_frame(const struct batch *b, const struct nm_watch *h, const struct frame *f, const uint32_t *idx, uint32_t *slot)
{
	struct nm_kring *d = h->to;
	uint16_t flags = h->flags | (b->snap[f->first].flags & NS_TXMON);
	uint32_t k, left = f->bytes, chunk = nm_kring_chunk(d), len, offset;
	struct reader r = {.b = b, .at = f->first};

	for (k = 0; k < f->need; k++) {
		char *to = d->bufs + (size_t)idx[k] * d->stride;

		len = f->anew ? (left < chunk ? left : chunk) : b->snap[f->first + k].len;
		offset = nm_kring_place(d, *slot, len);
		if (NM_LIKELY(!f->anew && !offset && !b->snap[f->first + k].ptr))
			nm_os_copy(to, nm_kring_buf(b->kr, b->snap[f->first + k].buf_idx), len);
		else
			read_on(&r, to + offset, len);
		if (!f->anew)
			r = (struct reader){.b = b, .at = f->first + k + 1};
		left -= len;
		nm_kring_put_slot_at(&d->slots[*slot], idx[k], (uint16_t)len, k + 1 < f->need ? flags | NS_MOREFRAG : flags, offset);
		*slot = nm_ring_add(*slot, 1, d->nslots);
	}
}

static void
count(struct nm_watch *h, int stat, uint32_t n)
{
	struct nm_kring *d = h->to;

	nm_os_spin_lock(&d->lock);
	d->stat[stat] += n;
	nm_os_spin_unlock(&d->lock);
}

/* Copies for one who watches. */
static void
copy_to(const struct batch *b, struct nm_watch *h)
{
	struct nm_kring *d = h->to;
	uint32_t room = nm_kring_lease_begin(d), chunk = nm_kring_chunk(d), i, start, slot;
	const uint32_t *idx = h->idx;
	struct plan p = choose(b, d, room, chunk);
	struct frame f;

	start = slot = nm_kring_lease_commit(d, p.slots, h->idx);
	if (!p.slots)
		return;
	for (i = p.first; i < b->slots; i += f.slots) {
		look(b, i, chunk, &f);
		copy_frame(b, h, &f, idx, &slot);
		idx += f.need;
	}
	nm_kring_finish(d, start, p.slots, p.frames, p.bytes);
	d->notify(d);
}

/* A slot of the watched ring and its buffer against a free one. The frame begins where buffers do then. */
static void
exchange(const struct batch *b, struct nm_watch *h, uint32_t i, uint32_t free, uint32_t slot)
{
	struct nm_kring *kr = b->kr;
	const struct netmap_slot *s = &b->snap[i];
	struct netmap_slot *own = &kr->slots[nm_ring_add(b->from, i, kr->nslots)];
	uint16_t flags = h->flags | (s->flags & (NS_MOREFRAG | NS_TXMON));

	if (NM_UNLIKELY(s->ptr)) {
		char *buf = nm_kring_buf(kr, s->buf_idx);

		memmove(buf, buf + s->ptr, s->len);
	}
	nm_kring_put_slot(&h->to->slots[slot], s->buf_idx, s->len, flags);
	NM_WRITE_ONCE(own->buf_idx, free);
	if (kr->dir == NM_DIR_TX)
		NM_WRITE_ONCE(own->flags, NM_READ_ONCE(own->flags) | NS_BUF_CHANGED);
}

/* The buffers themselves. */
static void
swap_with(const struct batch *b, struct nm_watch *h)
{
	struct nm_kring *d = h->to;
	uint32_t room = nm_kring_lease_begin(d), chunk = d->stride, i, k, start, slot;
	const uint32_t *idx = h->idx;
	struct plan p = choose(b, d, room, chunk);
	struct frame f;

	start = slot = nm_kring_lease_commit(d, p.slots, h->idx);
	if (!p.slots)
		return;
	for (i = p.first; i < b->slots; i += f.slots) {
		look(b, i, chunk, &f);
		for (k = 0; k < f.need; k++, slot = nm_ring_add(slot, 1, d->nslots))
			exchange(b, h, i + k, *idx++, slot);
	}
	nm_kring_finish(d, start, p.slots, p.frames, p.bytes);
	d->notify(d);
}

/* How each of the list stands. True when somebody has room. */
static bool
any_room(struct nm_watch *list)
{
	bool any = false;

	for (; list; list = NM_RCU_DEREF(list->next)) {
		list->state = NM_WATCH_OFF;
		if (!NM_LOAD_ACQUIRE(&list->to->ready))
			continue;
		list->state = nm_kring_lease_begin(list->to) ? NM_WATCH_ROOM : NM_WATCH_FULL;
		nm_os_spin_unlock(&list->to->lock);
		any |= list->state == NM_WATCH_ROOM;
	}
	return any;
}

/*
 * Shows a batch of n slots from b->from on to a list of one kind. 0, with what whole frames it has in b; or -EAGAIN, and nothing was
 * shown.
 */
static int
show(struct batch *b, struct nm_watch *list, uint32_t n)
{
	struct nm_watch *h, *next;

	if (NM_LIKELY(!any_room(list))) {
		count_frames(b, n);
	} else {
		int error = take_snapshot(b, n);

		if (error)
			return error;
	}
	for (h = list; h; h = next) {
		next = NM_RCU_DEREF(h->next);
		if (h->state == NM_WATCH_FULL)
			count(h, NM_STAT_monitor_full, b->frames);
		else if (h->state == NM_WATCH_ROOM && h->swaps && !next)
			swap_with(b, h);
		else if (h->state == NM_WATCH_ROOM)
			copy_to(b, h);
	}
	return 0;
}

/* A frame without its end, which nobody was shown. */
static void
count_cut(struct nm_watch *list)
{
	for (; list; list = NM_RCU_DEREF(list->next))
		if (list->state != NM_WATCH_OFF)
			count(list, NM_STAT_monitor_bad, 1);
}

/* What was published and not seen yet. Slots that wait for room come again, and so does a frame without its end. */
static int
submitted(struct nm_kring *kr, struct nm_watch *list)
{
	uint32_t avail = nm_ring_dist(kr->hwcur, kr->rhead, kr->nslots), n;
	struct batch b = {.kr = kr, .from = kr->seen, .ahead = true};
	int error;

	if (b.from == NM_MONITOR_NEW || nm_ring_dist(kr->hwcur, b.from, kr->nslots) > avail)
		b.from = kr->hwcur;
	n = nm_ring_dist(b.from, kr->rhead, kr->nslots);
	error = n ? show(&b, list, n) : 0;
	if (!error)
		kr->seen = nm_ring_add(b.from, b.slots, kr->nslots);
	return error;
}

/* The sync that began at slot `before` may have taken a frame without its end, as one that is not in order. */
static void
went_by(struct nm_kring *kr, struct nm_watch *list, uint32_t before)
{
	if (nm_ring_dist(before, kr->seen, kr->nslots) >= nm_ring_dist(before, kr->hwcur, kr->nslots))
		return;
	count_cut(list);
	kr->seen = kr->hwcur;
}

/*
 * Slots that the client is about to have back. The tail may go on meanwhile, where a NIC has the slots, but he is told of no more than
 * was looked at here.
 */
static void
came_back(struct nm_kring *kr, struct nm_watch *list)
{
	uint32_t tail = NM_LOAD_ACQUIRE(&kr->hwtail), n = nm_ring_dist(kr->rtail, tail, kr->nslots);
	struct batch b = {.kr = kr, .from = nm_ring_add(kr->rtail, 1, kr->nslots)};

	if (n) {
		show(&b, list, n); /* fetches nothing, and so does not fail */
		if (b.slots != n)
			count_cut(list);
	}
	NM_WRITE_ONCE(kr->upto, tail + 1);
}

int
nm_monitor_tx(struct nm_kring *kr)
{
	struct nm_watched *w = NM_RCU_DEREF(kr->watched);
	struct nm_watch *copies = w ? NM_RCU_DEREF(w->copies) : NULL, *swaps = w ? NM_RCU_DEREF(w->swaps) : NULL;
	uint32_t before = kr->hwcur;
	int error = copies ? submitted(kr, copies) : 0;

	if (!error)
		error = nm_port_sync(kr)(kr);
	if (copies)
		went_by(kr, copies, before);
	if (swaps)
		came_back(kr, swaps);
	else
		NM_WRITE_ONCE(kr->upto, 0);
	return error;
}

bool
nm_monitor_pull(struct nm_kring *kr)
{
	uint32_t before;
	bool some;

	nm_os_spin_lock(&kr->lock);
	before = kr->rel;
	nm_kring_room(kr);
	some = kr->rel != before;
	nm_os_spin_unlock(&kr->lock);
	return some;
}

int
nm_monitor_rx(struct nm_kring *kr)
{
	int error = nm_port_sync(kr)(kr);

	nm_monitor_pull(kr);
	return error;
}

void
nm_monitor_arrived(struct nm_kring *kr, uint32_t tail)
{
	struct nm_watched *w = NM_RCU_DEREF(kr->watched);
	struct nm_watch *list = w ? NM_RCU_DEREF(w->copies) : NULL;
	struct batch b = {.kr = kr};
	uint32_t n;

	if (!list)
		return;
	b.from = kr->seen;
	n = nm_ring_dist(b.from, tail, kr->nslots);
	if (n) {
		show(&b, list, n);
		if (b.slots != n)
			count_cut(list);
	}
	kr->seen = tail;
}

uint32_t
nm_monitor_released(struct nm_kring *kr, uint32_t head)
{
	struct nm_watched *w = NM_RCU_DEREF(kr->watched);
	struct nm_watch *list = w && NM_READ_ONCE(kr->ready) ? NM_RCU_DEREF(w->swaps) : NULL;
	struct batch b = {.kr = kr, .from = kr->rel};
	uint32_t n = nm_ring_dist(kr->rel, head, kr->nslots);

	if (!list || !n)
		return head;
	show(&b, list, n);
	if (b.slots == n)
		return head;
	if (n - b.slots < NETMAP_MAX_FRAGS)
		return nm_ring_add(kr->rel, b.slots, kr->nslots);
	count_cut(list);
	return head;
}

void
nm_monitor_forget(struct nm_kring *kr)
{
	NM_WRITE_ONCE(kr->upto, 0);
	NM_WRITE_ONCE(kr->seen, kr->dir == NM_DIR_RX ? kr->hwtail : NM_MONITOR_NEW);
}
