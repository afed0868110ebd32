/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * np_take.c - frames out of the rings. A frame of one slot is handed over where it lies, others are put together in memory of the
 * handle. The region may be shared with others: slots are read once and checked.
 *
 * Nothing is allocated, copied or asked of the kernel for a frame. All that came with one sync have its time.
 */
#include <stdlib.h>
#include <string.h>

#include "np_handle.h"
#include "np_sys.h"

#define READ(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define NONE UINT32_MAX
#define AHEAD 8 /* frames */

struct frame {
	const u_char *data; /* NULL: not to be had */
	uint32_t len, slots;
	uint16_t flags;
};

static inline uint32_t
after(const struct np_ring *r, uint32_t i)
{
	return i + 1 == r->n ? 0 : i + 1;
}

static inline const u_char *
slot_data(const struct np_ring *r, const struct netmap_slot *s)
{
	uint64_t ofs = s->ptr & r->ring->offset_mask;

	if (__builtin_expect(s->buf_idx >= r->bufs || ofs > r->stride || s->len > r->stride - ofs, 0))
		return NULL;
	return (const u_char *)r->buf0 + (size_t)s->buf_idx * r->stride + ofs;
}

static inline struct netmap_slot
read_slot(const struct np_ring *r, uint32_t i)
{
	struct netmap_slot *s = &r->ring->slot[i];

	return (struct netmap_slot){READ(s->buf_idx), READ(s->len), READ(s->flags), READ(s->ptr)};
}

/* A frame of several slots. f->slots is 0 if its end has not come yet; one without end is none. */
static void
gather(struct np_handle *h, const struct np_ring *r, uint32_t at, uint32_t tail, struct frame *f)
{
	bool good = true;

	f->len = f->slots = 0;
	for (;;) {
		struct netmap_slot s = read_slot(r, at);
		const u_char *from = slot_data(r, &s);

		if (f->slots == 0)
			f->flags = s.flags;
		f->slots++;
		good = good && from && f->len + s.len <= h->whole_size;
		if (good) {
			memcpy(h->whole + f->len, from, s.len);
			f->len += s.len;
		}
		at = after(r, at);
		if (!(s.flags & NS_MOREFRAG))
			break;
		if (f->slots == NETMAP_MAX_FRAGS || f->slots == r->n - 1) {
			good = false;
			break;
		}
		if (at == tail) {
			f->slots = 0;
			return;
		}
	}
	f->data = good ? h->whole : NULL;
}

static inline bool
wanted(struct np_handle *h, const struct frame *f)
{
	if (__builtin_expect(h->direction != PCAP_D_INOUT, 0) && h->monitor &&
	    (h->direction == PCAP_D_OUT) != ((f->flags & NS_TXMON) != 0))
		return false;
	h->seen++;
	return !h->filter.bf_insns || np_sys.bpf_filter(h->filter.bf_insns, f->data, f->len, f->len) != 0;
}

/* The first line of a frame to come; whatever its slot says, it is no harm. */
static inline void
prefetch(const struct np_ring *r)
{
	uint32_t i = r->next + AHEAD;

	__builtin_prefetch(r->buf0 + (size_t)READ(r->ring->slot[i < r->n ? i : i - r->n].buf_idx) * r->stride);
}

/* One ring's frames, `max` at most; how many were handed over. */
static uint32_t
take_ring(struct np_handle *h, struct np_ring *r, uint32_t max, pcap_handler cb, u_char *user)
{
	uint32_t tail = __atomic_load_n(&r->ring->tail, __ATOMIC_ACQUIRE), n = 0;
	struct pcap_pkthdr hdr;

	if (tail >= r->n || tail == r->stuck)
		return 0;
	r->stuck = NONE;
	hdr.ts.tv_sec = h->stamp.tv_sec;
	hdr.ts.tv_usec = h->precision == PCAP_TSTAMP_PRECISION_NANO ? h->stamp.tv_nsec : h->stamp.tv_nsec / 1000;
	while (r->next != tail && n < max && !READ(h->broken)) {
		struct netmap_slot s = read_slot(r, r->next);
		struct frame f = {.len = s.len, .slots = 1, .flags = s.flags};

		if (__builtin_expect(s.flags & NS_MOREFRAG, 0)) {
			gather(h, r, r->next, tail, &f);
			if (f.slots == 0) {
				r->stuck = tail;
				break;
			}
		} else
			f.data = slot_data(r, &s);
		r->next += f.slots; /* before the callback, which may not come back */
		if (r->next >= r->n)
			r->next -= r->n;
		h->given += f.slots;
		prefetch(r);
		if (__builtin_expect(!f.data, 0)) {
			h->bad++;
			continue;
		}
		if (!wanted(h, &f))
			continue;
		h->passed++;
		hdr.len = f.len;
		hdr.caplen = f.len < (uint32_t)h->snaplen ? f.len : (uint32_t)h->snaplen;
		n++;
		cb(user, &hdr, f.data);
	}
	return n;
}

void
np_take_release(struct np_handle *h)
{
	uint32_t i;

	for (i = 0; i < h->nrx; i++) {
		struct np_ring *r = &h->rx[i];

		r->ring->cur = r->stuck == NONE ? r->next : r->stuck;
		__atomic_store_n(&r->ring->head, r->next, __ATOMIC_RELEASE);
	}
}

int
np_take(struct np_handle *h, int max, pcap_handler cb, u_char *user, bool hold)
{
	uint32_t left = max < 0 ? INT32_MAX : (uint32_t)max, n = 0, i;

	np_take_release(h);
	for (i = 0; i < h->nrx && n < left; i++)
		n += take_ring(h, &h->rx[(h->turn + i) % h->nrx], left - n, cb, user);
	h->turn = h->nrx > 1 ? (h->turn + 1) % h->nrx : 0;
	if (!hold)
		np_take_release(h);
	return (int)n;
}

bool
np_take_left(const struct np_handle *h)
{
	uint32_t i, tail;

	for (i = 0; i < h->nrx; i++) {
		tail = READ(h->rx[i].ring->tail);
		if (tail < h->rx[i].n && tail != h->rx[i].next && tail != h->rx[i].stuck)
			return true;
	}
	return false;
}
