/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_hw.h - rings of a NIC in the hands of a program: what is the same for all NICs.
 *
 * The NIC has a ring of descriptors, the client one of slots. They turn independently, so that neither a reset of the NIC nor
 * another number of its descriptors is seen by the client:
 *
 *	transmit:  slots   [hwtail + 1 .. hwcur) are with the NIC, in descriptors [clean .. use)
 *	receive:   descriptors [clean .. use) have the buffers buf[]; what is filled goes to slots [hwtail .. lease), and the buffers
 *	           that the client gives back are on its ring's stack until they are posted. With the option OFFSETS one is posted with
 *	           the offset of the slot that it will come to if no frame before it is refused; and buf_bytes end where buffers do
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
#define NM_HW_FOREIGN 192u /* bytes that there are of a foreign frame at least */

/* Where the buffers of a region are for one device. */
struct nm_hw_map {
	uint32_t n;              /* buffers that it knows, from 0; grows, after their entries in addr[] and `copies`: nm_hw_known */
	uint32_t stride;         /* bytes */
	bool copies;             /* the device sees other memory: each transfer has to be announced, see nm_hw_core */
	const uint64_t *addr;    /* on the bus, of each buffer */
};

enum { NM_HW_LAST = 1, NM_HW_REPORT = 2, NM_HW_BAD = 4, NM_HW_DONE = 8, NM_HW_FIRST = 16 };

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
	/* The NIC is done with a foreign frame: it was sent, or was not and won't be. Under the ring's lock. */
	void (*foreign_gone)(struct nm_hw_ring *r, void *owner, bool sent);
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
	uint32_t *buf;            /* receive: by descriptor; */
	uint32_t *buf_offset;     /* where in it the NIC may begin to write, if the ring has offsets, */
	uint32_t buf_bytes;       /* and how much: what the NIC was told of all of the ring's buffers. nm_hw_set_bufs */
	uint32_t rx_align;        /* receive: buf_offset is a multiple of it */
	struct nm_hw_report {
		uint32_t desc, slot;  /* the frame's last, and the slot after it */
		uint32_t frames;      /* it and those before it */
		void *foreign;        /* the owner of a foreign frame, which is reported by itself */
	} *report;                /* transmit: a ring of those that are awaited */
	uint32_t report_first, reports;
	struct nm_frame *frame;   /* transmit: the one at hand, where it is not of one slot */
};

/*
 * What a NIC knows of receive buffers. With offsets it is told of less than a buffer has: a buffer is posted at most as far from its start
 * as bytes were left out, so that what the NIC writes ends where it does.
 */
struct nm_hw_bufs {
	uint32_t sizes;           /* bytes that buffers can have: a sum of powers of two */
	uint32_t step;            /* and what it can be told of them: any multiple of this; 0: one of `sizes` */
	uint32_t most;            /* but no more than this; 0: all */
	uint32_t align;           /* it takes addresses that are a multiple of this, a power of two; 0: any. Offsets are rounded down */
};

/* The most that it can be told of a buffer with room for `room` bytes; 0: nothing. */
static inline uint32_t
nm_hw_buf_size(const struct nm_hw_bufs *b, uint32_t room)
{
	uint32_t size = 1u << 31;

	if (b->most && room > b->most)
		room = b->most;
	if (b->step)
		return room - room % b->step;
	while (size && (!(b->sizes & size) || size > room))
		size >>= 1;
	return size;
}

/*
 * As of nm_port_ops.admit, for a NIC that has to be told of at least `least` bytes of a receive buffer (0: any). -EINVAL: the session's
 * offsets leave less.
 */
int nm_hw_admit(struct nm_session *s, const struct nm_port *p, const struct nm_hw_bufs *b, uint32_t least);
/*
 * Receive ring r is about to be that of kr, whose offsets were admitted: sets buf_bytes, which the driver tells the NIC. Without offsets b
 * may be NULL. Control.
 */
void nm_hw_set_bufs(struct nm_hw_ring *r, const struct nm_kring *kr, const struct nm_hw_bufs *b);

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
	/* Fills a descriptor in, of flags NM_HW_FIRST, NM_HW_LAST, NM_HW_REPORT. Those of a frame are given from its last to its first. */
	void (*put)(struct nm_hw_ring *r, uint32_t desc, uint64_t addr, uint32_t len, unsigned flags);
	/* The last of those that were put, of which the NIC was not told yet, reports as well. */
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
	r->report[nm_ring_add(r->report_first, r->reports++, r->room)] = (struct nm_hw_report){desc, slot, r->since, NULL};
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
		if (NM_UNLIKELY(p->foreign))
			r->core->foreign_gone(r, p->foreign, true);
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
		uint64_t addr = nm_hw_addr(r->map, p->buf) + p->offset;

		if (NM_UNLIKELY(r->map->copies))
			r->core->to_device(r->map, addr, p->len);
		t->put(r, nm_ring_add(r->use, k, r->ndesc), addr, p->len, k ? flags : flags | NM_HW_FIRST);
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
 * Up to n frames of one slot each, from p on, into descriptors from r->use on; neither wraps. How many: the next one has several slots, or
 * is not in order. What the loop asks for is in locals, since the compiler takes each store to a descriptor for one to anything.
 */
NM_HW_INLINE uint32_t
nm_hw_tx_run(struct nm_hw_ring *r, const struct nm_hw_tx *t, struct netmap_slot *p, uint32_t n, uint32_t nbufs, uint64_t *bytes)
{
	const uint16_t special = NS_MOREFRAG | NS_INDIRECT | NS_REPORT;
	const uint32_t min_bytes = t->min_bytes ? t->min_bytes : NM_FRAME_SHORTEST;
	const uint64_t *addrs = r->map->addr;
	uint32_t first = r->use, use = first, end = use + n, span = r->max_single - min_bytes, sum = 0;

	if (NM_UNLIKELY(nbufs <= 2 || r->max_single < min_bytes))
		return 0;
	for (; use != end; use++, p++) {
		struct nm_hw_slot s = nm_hw_peek(p);
		uint32_t len = s.len;

		if (NM_UNLIKELY(s.buf - 2 >= nbufs - 2 || len - min_bytes > span))
			break;
		if (NM_UNLIKELY(s.flags & (special | NS_BUF_CHANGED))) {
			if (s.flags & special)
				break;
			NM_WRITE_ONCE(p->flags, s.flags & ~NS_BUF_CHANGED);
		}
		t->put(r, use, addrs[nm_os_index_nospec(s.buf, nbufs)], len, NM_HW_FIRST | NM_HW_LAST);
		sum += len;
	}
	*bytes += sum;
	return use - first;
}

/* The same over wraps of slots and descriptors, until `left` or the room is used up; *at, the first slot, becomes the next. */
NM_HW_INLINE uint32_t
nm_hw_tx_runs(struct nm_hw_ring *r, const struct nm_hw_tx *t, uint32_t *at, uint32_t left, uint64_t *bytes)
{
	struct nm_kring *kr = r->kr;
	uint32_t room = r->ndesc - 1 - nm_hw_out(r), want = left < room ? left : room, done = 0, run, n;
	/* 2, none: nm_hw_put_frame tells a device that sees other memory, and knows offsets */
	uint32_t nbufs = r->map->copies || kr->offsets.mask ? 2 : nm_hw_known(r->map);

	for (n = run = 0; done < want && n == run; done += n) {
		run = want - done;
		if (run > kr->nslots - *at)
			run = kr->nslots - *at;
		if (run > r->ndesc - r->use)
			run = r->ndesc - r->use;
		if (run > NM_HW_REPORTS - r->since)
			run = NM_HW_REPORTS - r->since;
		n = nm_hw_tx_run(r, t, &kr->slots[*at], run, nbufs, bytes);
		*at = nm_ring_add(*at, n, kr->nslots);
		r->use = nm_ring_add(r->use, n, r->ndesc);
		r->since += n;
		if (r->since == NM_HW_REPORTS) {
			uint32_t last = nm_ring_add(r->use, r->ndesc - 1, r->ndesc);

			t->report(r, last);
			nm_hw_await(r, last, *at);
		}
	}
	return done;
}

/*
 * Transmits what is between hwcur and rhead, as far as there is room. Returns true when there was none for the next frame: the
 * NIC reports the last one that it got.
 */
NM_HW_INLINE bool
nm_hw_tx(struct nm_hw_ring *r, const struct nm_hw_tx *t)
{
	struct nm_kring *kr = r->kr;
	struct nm_frame *f = r->frame;
	uint32_t at = kr->hwcur, left = nm_ring_dist(at, kr->rhead, kr->nslots), first = r->use, packets = 0, n;
	uint64_t bytes = 0;

	nm_hw_reap(r, t);
	if (left > NM_HW_STEP)
		left = NM_HW_STEP;
	while (left) {
		n = nm_hw_tx_runs(r, t, &at, left, &bytes);
		packets += n;
		left -= n;
		if (!left)
			break;
		/* no room for it, or not a frame of one slot */
		r->core->frame(r, at, t->max_parts, t->min_bytes);
		if (f->bad)
			kr->stat[f->bad]++;
		else if (nm_hw_put_frame(r, t, at))
			bytes += f->bytes;
		else
			break;
		packets++;
		at = nm_ring_add(at, f->slots, kr->nslots);
		left -= f->slots < left ? f->slots : left;
	}
	kr->hwcur = at;
	kr->stat[NM_STAT_tx_packets] += packets;
	kr->stat[NM_STAT_tx_bytes] += bytes;
	nm_hw_told(r, t, first);
	return left != 0;
}

/*
 * A frame that is in no slot, between those of the program. At addr are `len` bytes of it, and zeroes up to NM_HW_FOREIGN; the device
 * sees them as they are at `data`. The owner gets them back by foreign_gone.
 */
struct nm_hw_foreign {
	const void *data;
	uint64_t addr;
	uint32_t len;
	void *owner;              /* not NULL */
};

/* False: there is no room, or the NIC can't send it; it is still the caller's. Under the ring's lock, of a ring that is up. */
static inline bool
nm_hw_put_foreign(struct nm_hw_ring *r, const struct nm_hw_tx *t, const struct nm_hw_foreign *g)
{
	uint32_t len = g->len > t->min_bytes ? g->len : t->min_bytes, step = r->map->stride, k;
	struct nm_frame *f = r->frame;

	f->parts = (len + step - 1) / step;
	if (g->len > r->max_bytes || f->parts > t->max_parts || f->parts >= r->ndesc)
		return false;
	nm_hw_reap(r, t);
	if (f->parts > r->ndesc - 1 - nm_hw_out(r))
		return false;
	for (k = 0; k < f->parts; k++) /* drivers may ask for all of them with the first */
		f->part[k] = (struct nm_frame_part){.len = len - k * step < step ? len - k * step : step};
	while (k-- > 0)
		t->put(r, nm_ring_add(r->use, k, r->ndesc), g->addr + k * step, f->part[k].len,
		    (k ? 0 : NM_HW_FIRST) | (k + 1 == f->parts ? NM_HW_LAST | NM_HW_REPORT : 0));
	k = nm_ring_add(r->use, f->parts - 1, r->ndesc);
	nm_hw_await(r, k, r->kr->hwcur);
	r->report[nm_ring_add(r->report_first, r->reports - 1, r->room)].foreign = g->owner;
	r->use = nm_ring_add(k, 1, r->ndesc);
	t->kick(r);
	return true;
}

/* A buffer with `len` bytes of a frame, the NIC's oldest, becomes the next slot. */
NM_HW_INLINE void
nm_hw_take(struct nm_hw_ring *r, uint32_t len, uint16_t flags)
{
	struct nm_kring *kr = r->kr;
	uint32_t buf = r->buf[r->clean], offset = kr->offsets.mask ? r->buf_offset[r->clean] : 0;

	if (NM_UNLIKELY(r->map->copies))
		r->core->from_device(r->map, nm_hw_addr(r->map, buf) + offset, len);
	nm_kring_put_slot_at(&kr->slots[kr->lease], buf, (uint16_t)len, flags, offset);
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
		if ((st & NM_HW_BAD) || len > r->buf_bytes)
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
	uint32_t parts = nm_hw_whole(r, x, &good, starved), len = 0;

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

/* Where the NIC may begin to write in a buffer that will come to this slot. */
static inline uint32_t
nm_hw_place(const struct nm_hw_ring *r, uint32_t slot)
{
	uint32_t offset = nm_kring_place(r->kr, slot, r->buf_bytes);

	return offset & ~(r->rx_align - 1);
}

/* Buffers that came back to the NIC, if they are worth it; `at`, a constant: the ring has offsets. */
NM_HW_INLINE void
nm_hw_post(struct nm_hw_ring *r, const struct nm_hw_rx *x, bool starved, bool at)
{
	struct nm_kring *kr = r->kr;
	const struct nm_hw_map *m = r->map;
	const uint64_t *addrs = m->addr;
	const uint32_t *stack = kr->stack;
	uint32_t out = nm_hw_out(r), ndesc = r->ndesc, can = ndesc - 1 - out, first = r->use, use = first, nbufs = nm_hw_known(m), n = kr->nstack;
	uint32_t *bufs = r->buf, k, slot = at ? nm_ring_add(kr->lease, out, kr->nslots) : 0;
	bool copies = m->copies;

	if (can > n)
		can = n;
	if (can < NM_HW_POSTS && out >= NM_HW_POSTS && !starved)
		return;
	while (can) {
		uint32_t run = can < ndesc - use ? can : ndesc - use;

		can -= run;
		for (k = n - run; n != k;) {
			uint32_t buf = stack[--n];
			uint64_t addr;

			if (NM_UNLIKELY(buf >= nbufs)) {
				kr->stat[NM_STAT_buf_errors]++;
				continue;
			}
			addr = addrs[nm_os_index_nospec(buf, nbufs)];
			if (NM_UNLIKELY(copies))
				r->core->for_device(m, addr, m->stride);
			if (at) {
				addr += r->buf_offset[use] = nm_hw_place(r, slot);
				slot = nm_ring_add(slot, 1, kr->nslots);
			}
			bufs[use] = buf;
			x->put(r, use++, addr);
		}
		if (use == ndesc)
			use = 0;
	}
	kr->nstack = n;
	r->use = use;
	if (use != first)
		x->kick(r);
}

/*
 * Up to n frames of one buffer each into slots from p on, out of descriptors from r->clean on; neither wraps. How many; *st is what the
 * next descriptor is, if they are fewer.
 */
NM_HW_INLINE uint32_t
nm_hw_rx_run(struct nm_hw_ring *r, const struct nm_hw_rx *x, struct netmap_slot *p, uint32_t n, unsigned *st, uint64_t *bytes)
{
	const struct nm_hw_map *m = r->map;
	const uint32_t *bufs = r->buf;
	uint32_t first = r->clean, clean = first, end = clean + n, most = r->buf_bytes, sum = 0, len = 0;
	bool copies = m->copies;

	for (; clean != end; clean++, p++) {
		*st = x->get(r, clean, &len);
		if (NM_UNLIKELY(*st != (NM_HW_DONE | NM_HW_LAST) || len > most))
			break;
		if (NM_UNLIKELY(copies))
			r->core->from_device(m, nm_hw_addr(m, bufs[clean]), len);
		nm_kring_put_slot(p, bufs[clean], (uint16_t)len, 0);
		sum += len;
	}
	*bytes += sum;
	return clean - first;
}

/* Up to `budget` frames into slots, one by one if the ring has offsets; then buffers that came back to the NIC. Frames that were looked at. */
NM_HW_INLINE uint32_t
nm_hw_rx(struct nm_hw_ring *r, const struct nm_hw_rx *x, uint32_t budget)
{
	struct nm_kring *kr = r->kr;
	uint32_t room, frames = 0, packets = 0, n;
	bool starved = false, at = kr->offsets.mask != 0;
	uint64_t bytes = 0;

	r->core->room(kr);
	room = kr->nslots - 1 - nm_ring_dist(kr->rel, kr->lease, kr->nslots);
	while (frames < budget && r->clean != r->use) {
		uint32_t run = r->skip || at ? 0 : (r->use > r->clean ? r->use : r->ndesc) - r->clean;
		unsigned st = 0;

		if (run > room)
			run = room;
		if (run > budget - frames)
			run = budget - frames;
		if (run > kr->nslots - kr->lease)
			run = kr->nslots - kr->lease;
		n = nm_hw_rx_run(r, x, &kr->slots[kr->lease], run, &st, &bytes);
		kr->lease = nm_ring_add(kr->lease, n, kr->nslots);
		r->clean = nm_ring_add(r->clean, n, r->ndesc);
		room -= n;
		packets += n;
		frames += n;
		if (run && n == run)
			continue;
		/* the next is not there, or there is no room for it, or it is not a frame of one buffer */
		if ((run && !st) || !nm_hw_take_whole(r, x, &room, &starved))
			break;
		frames++;
	}
	kr->stat[NM_STAT_rx_packets] += packets;
	kr->stat[NM_STAT_rx_bytes] += bytes;
	NM_STORE_RELEASE(&kr->hwtail, kr->lease);
	r->core->publish(kr);
	if (NM_UNLIKELY(at))
		nm_hw_post(r, x, starved, true);
	else
		nm_hw_post(r, x, starved, false);
	return frames;
}

#endif
