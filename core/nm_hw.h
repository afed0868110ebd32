/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_hw.h - rings of a NIC in the hands of a program: what is the same for all NICs.
 *
 * The NIC has a ring of descriptors, the client one of slots. They turn independently, so that neither a reset of the NIC nor
 * another number of its descriptors is seen by the client:
 *
 *	transmit:  slots   [hwtail + 1 .. hwcur) are with the NIC, in descriptors [clean .. use)
 *	receive:   descriptors [clean .. use) have the buffers buf[]; what is filled goes to slots [hwtail .. lease), and the buffers
 *	           that the client gives back are on its ring's stack until they are posted
 *
 * The NIC reads and writes memory by addresses that come from a table of ours (nm_hw_map) and by lengths that were checked; a
 * client that writes to slots or buffers meanwhile changes its own frames only.
 *
 * A driver gives its descriptor formats as functions in constant structures and calls nm_hw_tx and nm_hw_rx with them; both are
 * inlined there, so that a frame costs no call. All but start and stop is data.
 */
#ifndef NM_HW_H
#define NM_HW_H

#include "nm_frame.h"
#include "nm_kring.h"

#define NM_HW_INLINE static inline __attribute__((always_inline))
#define NM_HW_REPORTS 32u /* a transmitted frame of so many is reported, so that its slots and those before it are free */
#define NM_HW_POSTS 16u   /* receive buffers that are worth to tell the NIC of, unless it has fewer */
#define NM_HW_STEP 512u   /* slots that one call transmits */

/* Where the buffers of a region are for one device. */
struct nm_hw_map {
	uint32_t n;              /* buffers that it knows, from 0; grows, after their entries in addr[] and `copies`: nm_hw_known */
	uint32_t stride;         /* bytes */
	bool copies;             /* the device sees other memory: each transfer has to be announced, see nm_hw_core */
	const uint64_t *addr;    /* on the bus, of each buffer */
};

enum { NM_HW_LAST = 1, NM_HW_REPORT = 2, NM_HW_BAD = 4, NM_HW_DONE = 8 };

struct nm_hw_ring;

/* What the inlined functions call: by pointers, so that a driver's module needs one symbol of ours and not many. */
struct nm_hw_core {
	uint32_t (*room)(struct nm_kring *kr);      /* nm_kring_room */
	void (*publish)(struct nm_kring *kr);       /* nm_kring_publish */
	/* The frame in slot `at` into r->frame: its parts are those that the NIC is to get. */
	void (*frame)(struct nm_hw_ring *r, uint32_t at, uint32_t max_parts, uint32_t min_bytes);
	/* Before the device reads what is at addr, after it has written there, before it may write there. */
	void (*to_device)(const struct nm_hw_map *m, uint64_t addr, uint32_t len);
	void (*from_device)(const struct nm_hw_map *m, uint64_t addr, uint32_t len);
	void (*for_device)(const struct nm_hw_map *m, uint64_t addr, uint32_t len);
	void (*start)(struct nm_hw_ring *r, uint32_t ndesc, uint32_t first, uint32_t max_bytes); /* nm_hw_start */
	void (*stop)(struct nm_hw_ring *r);         /* nm_hw_stop */
	/* For drivers that move slots from ring to ring themselves: nm_frame_gather, nm_kring_finish_locked. */
	void (*gather)(const struct nm_kring *kr, uint32_t at, uint32_t avail, struct nm_frame *f);
	void (*finish)(struct nm_kring *kr, uint32_t start, uint32_t n, uint32_t packets, uint64_t bytes);
};

struct nm_hw_ring {
	const struct nm_hw_core *core;
	struct nm_kring *kr;      /* NULL: the driver has its ring for itself */
	const struct nm_hw_map *map;
	void *nic;                /* the driver's ring */
	bool moves;               /* it is being given from the driver to a program, or back */
	/* under kr->lock, as the rest; false: the NIC is stopped */
	bool up;
	uint32_t ndesc;           /* of which one stays unused, since the NIC can't tell full from empty */
	uint32_t use, clean;
	uint32_t max_bytes;       /* transmit: of a frame, with the tag of a VLAN; */
	uint32_t max_single;      /* of one that takes one slot */
	uint32_t since;           /* transmit: frames since the last that reports */
	bool polled;              /* receive: the host polls it for a switch, its interrupts mean nothing */
	bool skip;                /* receive: the rest of the frame that comes is not wanted */
	uint32_t room;            /* entries of the arrays */
	uint32_t *buf;            /* receive: by descriptor */
	struct nm_hw_report {
		uint32_t desc, slot;  /* the frame's last, and the slot after it */
		uint32_t frames;      /* it and those before it */
	} *report;                /* transmit: a ring of those that are awaited */
	uint32_t report_first, reports;
	struct nm_frame *frame;   /* transmit: the one at hand, where it is not of one slot */
};

/* Arrays for a NIC's ring of up to max_desc descriptors. Control. 0 or -ENOMEM. */
int nm_hw_ring_init(struct nm_hw_ring *r, const struct nm_hw_core *core, int dir, uint32_t max_desc);
void nm_hw_ring_fini(struct nm_hw_ring *r);
/*
 * The NIC's ring has ndesc descriptors, at most max_desc, and the NIC will begin with `first`; it has none of them. Frames of up to
 * max_bytes can be sent. A receive ring is to be posted (nm_hw_rx with a budget of 0) after that.
 */
void nm_hw_start(struct nm_hw_ring *r, uint32_t ndesc, uint32_t first, uint32_t max_bytes);
/* Nobody touches the NIC's ring from now on; what the NIC had goes back, unsent frames are counted as drop_no_backend. */
void nm_hw_stop(struct nm_hw_ring *r);

/* How many buffers there are addresses of. What else the map says of them is to be read after it. */
NM_HW_INLINE uint32_t
nm_hw_known(const struct nm_hw_map *m)
{
	return NM_LOAD_ACQUIRE(&m->n);
}

/* Of buffer buf < nm_hw_known(m). */
NM_HW_INLINE uint64_t
nm_hw_addr(const struct nm_hw_map *m, uint32_t buf)
{
	return m->addr[buf];
}

/* What a driver knows of its transmit ring. `desc` is below ndesc. */
struct nm_hw_tx {
	/* Fills a descriptor in, of flags NM_HW_LAST, NM_HW_REPORT. Those of a frame are given from its last to its first. */
	void (*put)(struct nm_hw_ring *r, uint32_t desc, uint64_t addr, uint32_t len, unsigned flags);
	/* This one, which the NIC does not know of yet, reports as well. */
	void (*report)(struct nm_hw_ring *r, uint32_t desc);
	/* The NIC is done with this one, which reports, and with all before it. */
	bool (*done)(struct nm_hw_ring *r, uint32_t desc);
	/* Tells the NIC of all before r->use. */
	void (*kick)(struct nm_hw_ring *r);
	uint32_t max_parts;       /* of a frame */
	uint32_t min_bytes;       /* shorter frames are filled up with zeroes, by us; 0: the NIC does that */
};

/* And of its receive ring. */
struct nm_hw_rx {
	/* 0 while the NIC has it; else NM_HW_DONE, with NM_HW_LAST and NM_HW_BAD (then the whole frame is), and the bytes in its buffer. */
	unsigned (*get)(struct nm_hw_ring *r, uint32_t desc, uint32_t *bytes);
	void (*put)(struct nm_hw_ring *r, uint32_t desc, uint64_t addr);
	void (*kick)(struct nm_hw_ring *r);
};

/* Descriptors that the NIC has. */
static inline uint32_t
nm_hw_out(const struct nm_hw_ring *r)
{
	return nm_ring_dist(r->clean, r->use, r->ndesc);
}

/* As of nm_hw_core. */
void nm_hw_frame(struct nm_hw_ring *r, uint32_t at, uint32_t max_parts, uint32_t min_bytes);

/* The frame's last descriptor, which reports, and the slot after it; it and `frames` before it are waited for. */
static inline void
nm_hw_await(struct nm_hw_ring *r, uint32_t desc, uint32_t slot)
{
	r->report[nm_ring_add(r->report_first, r->reports++, r->room)] = (struct nm_hw_report){desc, slot, r->since};
	r->since = 0;
}
NM_HW_INLINE void
nm_hw_reap(struct nm_hw_ring *r, const struct nm_hw_tx *t)
{
	struct nm_kring *kr = r->kr;

	while (r->reports && t->done(r, r->report[r->report_first].desc)) {
		const struct nm_hw_report *p = &r->report[r->report_first];

		r->clean = nm_ring_add(p->desc, 1, r->ndesc);
		kr->hwtail = nm_ring_add(p->slot, kr->nslots - 1, kr->nslots);
		kr->stat[NM_STAT_forwarded] += p->frames;
		r->report_first = nm_ring_add(r->report_first, 1, r->room);
		r->reports--;
	}
}

/* The frame of nm_hw_frame, if there is room for it. */
NM_HW_INLINE bool
nm_hw_put_frame(struct nm_hw_ring *r, const struct nm_hw_tx *t, uint32_t at)
{
	const struct nm_frame *f = r->frame;
	uint32_t last = nm_ring_add(r->use, f->parts - 1, r->ndesc), k = f->parts;
	unsigned flags = NM_HW_LAST;

	if (f->parts > r->ndesc - 1 - nm_hw_out(r))
		return false;
	if (++r->since >= NM_HW_REPORTS || f->report) {
		flags |= NM_HW_REPORT;
		nm_hw_await(r, last, nm_ring_add(at, f->slots, r->kr->nslots));
	}
	while (k-- > 0) {
		const struct nm_frame_part *p = &f->part[k];
		uint64_t addr = nm_hw_addr(r->map, p->buf);

		if (NM_UNLIKELY(r->map->copies))
			r->core->to_device(r->map, addr, p->len);
		t->put(r, nm_ring_add(r->use, k, r->ndesc), addr, p->len, flags);
		flags = 0;
	}
	r->use = nm_ring_add(last, 1, r->ndesc);
	return true;
}

/* A slot as nm_kring_snapshot takes it, without the address, which only NS_INDIRECT is about. */
struct nm_hw_slot {
	uint32_t buf;
	uint16_t len, flags;
};

NM_HW_INLINE struct nm_hw_slot
nm_hw_peek(const struct netmap_slot *p)
{
	union { uint64_t w; struct nm_hw_slot s; } u;

	u.w = NM_READ_ONCE(*(const uint64_t *)(const void *)p);
	return u.s;
}

/* Of what nm_hw_tx has put: the NIC is told, and of the last frame that it is to report. */
NM_HW_INLINE void
nm_hw_told(struct nm_hw_ring *r, const struct nm_hw_tx *t, uint32_t first)
{
	struct nm_kring *kr = r->kr;

	if (r->since) {
		uint32_t last = nm_ring_add(r->use, r->ndesc - 1, r->ndesc);

		t->report(r, last);
		nm_hw_await(r, last, kr->hwcur);
	}
	if (r->use != first)
		t->kick(r);
	if (r->use == r->clean)
		kr->hwtail = nm_ring_add(kr->hwcur, kr->nslots - 1, kr->nslots);
}

/*
 * Transmits what is between hwcur and rhead, as far as there is room. Returns true when there was none for the next frame: the
 * NIC reports the last one that it got. What the loop asks for is in locals, since the compiler takes each store to a descriptor for
 * one to anything.
 */
NM_HW_INLINE bool
nm_hw_tx(struct nm_hw_ring *r, const struct nm_hw_tx *t)
{
	const uint16_t special = NS_MOREFRAG | NS_INDIRECT | NS_REPORT;
	const uint32_t min_bytes = t->min_bytes ? t->min_bytes : NM_FRAME_SHORTEST;
	struct nm_kring *kr = r->kr;
	const uint64_t *addrs = r->map->addr;
	struct netmap_slot *slots = kr->slots, *end = slots + kr->nslots, *p = slots + kr->hwcur;
	uint32_t at, left = nm_ring_dist(kr->hwcur, kr->rhead, kr->nslots), span = r->max_single - min_bytes, packets = 0;
	uint32_t first = r->use, use = first, ndesc = r->ndesc, nbufs = nm_hw_known(r->map), since = r->since;
	bool full = false;
	uint64_t bytes = 0;

	if (r->map->copies)
		nbufs = 2; /* a device that sees other memory gets all frames as nm_hw_put_frame gives them */
	nm_hw_reap(r, t);
	if (left > NM_HW_STEP)
		left = NM_HW_STEP;
	while (left) {
		uint32_t room = ndesc - 1 - nm_ring_dist(r->clean, use, ndesc), run = left < room ? left : room, n = run, sum = 0;

		for (; n; n--) {
			struct nm_hw_slot s = nm_hw_peek(p);
			uint32_t len = s.len;
			uint64_t addr;

			if (NM_UNLIKELY(s.buf - 2 >= nbufs - 2 || len - min_bytes > span))
				break;
			if (NM_UNLIKELY(s.flags & (special | NS_BUF_CHANGED))) {
				if (s.flags & special)
					break;
				NM_WRITE_ONCE(p->flags, s.flags & ~NS_BUF_CHANGED);
			}
			addr = addrs[nm_os_index_nospec(s.buf, nbufs)];
			if (NM_UNLIKELY(++p == end))
				p = slots;
			if (NM_UNLIKELY(++since >= NM_HW_REPORTS)) {
				r->since = since;
				nm_hw_await(r, use, (uint32_t)(p - slots));
				since = 0;
				t->put(r, use, addr, len, NM_HW_LAST | NM_HW_REPORT);
			} else {
				t->put(r, use, addr, len, NM_HW_LAST);
			}
			if (NM_UNLIKELY(++use == ndesc))
				use = 0;
			r->use = use;
			sum += len;
		}
		bytes += sum;
		packets += run - n;
		left -= run - n;
		if (left) { /* no room for it, or not a frame of one slot */
			struct nm_frame *f = r->frame;

			at = (uint32_t)(p - slots);
			r->since = since;
			r->core->frame(r, at, t->max_parts, t->min_bytes);
			if (f->bad) {
				kr->stat[f->bad]++;
			} else if (nm_hw_put_frame(r, t, at)) {
				bytes += f->bytes;
			} else {
				full = true;
				break;
			}
			packets++;
			use = r->use;
			since = r->since;
			p = slots + nm_ring_add(at, f->slots, kr->nslots);
			left -= f->slots < left ? f->slots : left;
		}
	}
	at = (uint32_t)(p - slots);
	r->since = since;
	kr->hwcur = at;
	kr->stat[NM_STAT_tx_packets] += packets;
	kr->stat[NM_STAT_tx_bytes] += bytes;
	nm_hw_told(r, t, first);
	return full;
}

/* A buffer with `len` bytes of a frame, the NIC's oldest, becomes the next slot. */
NM_HW_INLINE void
nm_hw_take(struct nm_hw_ring *r, uint32_t len, uint16_t flags)
{
	struct nm_kring *kr = r->kr;
	uint32_t buf = r->buf[r->clean];

	if (NM_UNLIKELY(r->map->copies))
		r->core->from_device(r->map, nm_hw_addr(r->map, buf), len);
	nm_kring_put_slot(&kr->slots[kr->lease], buf, (uint16_t)len, flags);
	kr->lease = nm_ring_add(kr->lease, 1, kr->nslots);
	r->clean = nm_ring_add(r->clean, 1, r->ndesc);
}

/*
 * Descriptors from r->clean on that make a frame; 0: the rest of it is not there. *good: it is wanted. *starved: the NIC has no
 * buffer for the rest.
 */
NM_HW_INLINE uint32_t
nm_hw_whole(struct nm_hw_ring *r, const struct nm_hw_rx *x, bool *good, bool *starved)
{
	const struct nm_kring *kr = r->kr;
	uint32_t n = nm_hw_out(r), k, len;

	*good = !r->skip;
	*starved = false;
	for (k = 0; k < n; k++) {
		unsigned st = x->get(r, nm_ring_add(r->clean, k, r->ndesc), &len);

		if (!st)
			return 0;
		if ((st & NM_HW_BAD) || len > r->map->stride)
			*good = false;
		if (st & NM_HW_LAST) {
			r->skip = false;
			*good &= k < NETMAP_MAX_FRAGS && k + 1 < kr->nslots;
			return k + 1;
		}
	}
	*starved = true;
	if (n < r->ndesc - 1 && (kr->nstack || kr->rel != kr->lease))
		return 0;
	/* all the buffers that there are don't hold it */
	*good = false;
	r->skip = true;
	return n;
}

/* A frame of several descriptors, or one that is not in order. False: it has to wait. */
NM_HW_INLINE bool
nm_hw_take_whole(struct nm_hw_ring *r, const struct nm_hw_rx *x, uint32_t *room, bool *starved)
{
	struct nm_kring *kr = r->kr;
	bool good;
	uint32_t parts = nm_hw_whole(r, x, &good, starved), len;

	if (!parts || (good && parts > *room))
		return false;
	if (good) {
		*room -= parts;
		kr->stat[NM_STAT_rx_packets]++;
	} else if (!r->skip) {
		kr->stat[NM_STAT_refused]++;
	}
	while (parts-- > 0) {
		if (!good) {
			kr->stack[kr->nstack++] = r->buf[r->clean];
			r->clean = nm_ring_add(r->clean, 1, r->ndesc);
			continue;
		}
		x->get(r, r->clean, &len);
		nm_hw_take(r, len, parts ? NS_MOREFRAG : 0);
		kr->stat[NM_STAT_rx_bytes] += len;
	}
	return true;
}

/* Buffers that came back to the NIC, if they are worth it. */
NM_HW_INLINE void
nm_hw_post(struct nm_hw_ring *r, const struct nm_hw_rx *x, bool starved)
{
	struct nm_kring *kr = r->kr;
	const struct nm_hw_map *m = r->map;
	const uint64_t *addrs = m->addr;
	const uint32_t *stack = kr->stack;
	uint32_t out = nm_hw_out(r), ndesc = r->ndesc, can = ndesc - 1 - out, first = r->use, use = first, nbufs = nm_hw_known(m), n = kr->nstack;
	uint32_t *bufs = r->buf;
	bool copies = m->copies;

	if (can > n)
		can = n;
	if (can < NM_HW_POSTS && out >= NM_HW_POSTS && !starved)
		return;
	while (can-- > 0) {
		uint32_t buf = stack[--n];
		uint64_t addr;

		if (NM_UNLIKELY(buf >= nbufs)) {
			kr->stat[NM_STAT_buf_errors]++;
			continue;
		}
		addr = addrs[nm_os_index_nospec(buf, nbufs)];
		if (NM_UNLIKELY(copies))
			r->core->for_device(m, addr, m->stride);
		bufs[use] = buf;
		x->put(r, use, addr);
		if (NM_UNLIKELY(++use == ndesc))
			use = 0;
	}
	kr->nstack = n;
	r->use = use;
	if (use != first)
		x->kick(r);
}

/* Up to `budget` frames into slots, then buffers that came back to the NIC. Frames that were looked at. */
NM_HW_INLINE uint32_t
nm_hw_rx(struct nm_hw_ring *r, const struct nm_hw_rx *x, uint32_t budget)
{
	struct nm_kring *kr = r->kr;
	const struct nm_hw_map *m = r->map;
	struct netmap_slot *slots = kr->slots, *end = slots + kr->nslots, *p;
	const uint32_t *bufs = r->buf;
	uint32_t ndesc = r->ndesc, use = r->use, clean = r->clean, stride = m->stride, lease, room, frames = 0, packets = 0, len;
	bool starved = false, skip = r->skip, copies = m->copies;
	uint64_t bytes = 0;

	r->core->room(kr);
	p = slots + kr->lease;
	room = kr->nslots - 1 - nm_ring_dist(kr->rel, kr->lease, kr->nslots);
	while (frames < budget && clean != use) {
		uint32_t run = skip ? 0 : nm_ring_dist(clean, use, ndesc), n, sum = 0;
		unsigned st = 0;
		bool taken;

		if (run > room)
			run = room;
		if (run > budget - frames)
			run = budget - frames;
		for (n = run; n; n--) {
			st = x->get(r, clean, &len);
			if (NM_UNLIKELY(st != (NM_HW_DONE | NM_HW_LAST) || len > stride))
				break;
			if (NM_UNLIKELY(copies))
				r->core->from_device(m, nm_hw_addr(m, bufs[clean]), len);
			nm_kring_put_slot(p, bufs[clean], (uint16_t)len, 0);
			if (NM_UNLIKELY(++p == end))
				p = slots;
			if (NM_UNLIKELY(++clean == ndesc))
				clean = 0;
			r->clean = clean;
			sum += len;
		}
		room -= run - n;
		packets += run - n;
		frames += run - n;
		bytes += sum;
		if (run && !n)
			continue;
		if (run && !st)
			break;
		/* no room, or not a frame of one buffer */
		kr->lease = (uint32_t)(p - slots);
		taken = nm_hw_take_whole(r, x, &room, &starved);
		p = slots + kr->lease;
		clean = r->clean;
		skip = r->skip;
		if (!taken)
			break;
		frames++;
	}
	lease = (uint32_t)(p - slots);
	kr->lease = lease;
	kr->stat[NM_STAT_rx_packets] += packets;
	kr->stat[NM_STAT_rx_bytes] += bytes;
	NM_STORE_RELEASE(&kr->hwtail, lease);
	r->core->publish(kr);
	nm_hw_post(r, x, starved);
	return frames;
}

#endif
