/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tx.c - sending.
 *
 * Frames that are all the same are written into a buffer once; from then on a frame is two stores into its slot. `filled` remembers which buffer
 * of which slot holds the frame: an engine that exchanges buffers shows another index there.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "interval.h"
#include "source.h"
#include "worker.h"

struct tx {
	struct worker *w;
	struct source *source;
	struct put put;
	bool fast;                    /* frames are constant, of one slot */
	uint32_t *filled[PORT_RINGS]; /* buffer of each slot that holds the frame */
	const uint8_t *frame;         /* the constant one */
	uint32_t len;
	uint64_t bytes;               /* of the last burst */
	bool exchanges;               /* the port gives other buffers back than it got */
	unsigned generation;
};

static void
release(struct tx *t)
{
	unsigned i;

	for (i = 0; i < PORT_RINGS; i++) {
		free(t->filled[i]);
		t->filled[i] = NULL;
	}
}

/* The port was opened, or opened again: nothing is filled. */
static int
renew(struct tx *t)
{
	struct port *p = &t->w->port;
	unsigned i;

	release(t);
	t->exchanges = false;
	t->generation = t->w->generation;
	for (i = 0; t->fast && i < p->ntx; i++) {
		t->filled[i] = calloc(p->tx[i]->num_slots, sizeof(uint32_t));
		if (!t->filled[i]) {
			snprintf(t->w->err, sizeof(t->w->err), "no memory for %u slots", p->tx[i]->num_slots);
			return -ENOMEM;
		}
	}
	return put_init(&t->put, t->w->o, p, source_longest(t->source), t->w->err);
}

static int
prepare(struct tx *t, struct worker *w)
{
	const struct options *o = w->o;

	memset(t, 0, sizeof(*t));
	t->w = w;
	t->source = malloc(sizeof(*t->source));
	if (!t->source) {
		snprintf(w->err, sizeof(w->err), "no memory for a frame");
		return -ENOMEM;
	}
	source_init(t->source, o, w->run->file.n ? &w->run->file : NULL, w->port.mac, w->port.vnet, (uint16_t)(w->run->stream + w->id));
	if (o->indirect && !t->source->constant && !t->source->file) {
		snprintf(w->err, sizeof(w->err), "-I sends from one place in memory and needs frames that are all the same, or -P; leave out ranges, "
		    "-z, -Z, a second -l and -o 16");
		return -EINVAL;
	}
	t->fast = t->source->constant && !o->dump && !o->indirect && !(o->work & (WORK_COPY | WORK_MEMCPY));
	if (t->source->constant)
		t->frame = source_next(t->source, &t->len);
	return 0;
}

int
tx_check(struct worker *w)
{
	struct tx t;
	int rc = prepare(&t, w);

	if (!rc)
		rc = put_init(&t.put, w->o, &w->port, source_longest(t.source), w->err);
	free(t.source);
	return rc;
}

static inline uint64_t
differ(const uint8_t *a, const uint8_t *b, uint32_t at)
{
	uint64_t x, y;

	memcpy(&x, a + at, 8);
	memcpy(&y, b + at, 8);
	return x ^ y;
}

/* True when the buffer holds the frame already. A frame of up to a line is compared by words that overlap in its middle. */
static inline bool
holds(const uint8_t *buf, const uint8_t *frame, uint32_t len)
{
	uint64_t diff = 0;
	uint32_t i;

	if (len < 32 || len > 64)
		return !memcmp(buf, frame, len);
	for (i = 0; i < 32; i += 8)
		diff |= differ(buf, frame, i) | differ(buf, frame, len - 32 + i);
	return !diff;
}

/*
 * A buffer that was exchanged may come back with the frame in it, as whoever only read it left it. To look costs less
 * than to write: lines that both sides read stay in both caches.
 */
static inline void
fill(struct tx *t, struct netmap_ring *ring, uint32_t *filled, const struct netmap_slot *slot)
{
	uint8_t *buf = (uint8_t *)NETMAP_BUF(ring, slot->buf_idx);

	if (*filled && *filled != slot->buf_idx)
		t->exchanges = true;
	*filled = slot->buf_idx;
	if (!t->w->o->rubbish && !holds(buf, t->frame, t->len))
		memcpy(buf, t->frame, t->len);
}

/* limit slots at most. Frames sent. */
static uint32_t
burst_fast(struct tx *t, unsigned r, uint32_t limit)
{
	struct netmap_ring *ring = t->w->port.tx[r];
	uint32_t head = ring->head, slots = ring->num_slots, space = nm_ring_space(ring), n = limit < space ? limit : space, i;
	uint32_t *filled = t->filled[r];
	const uint16_t len = (uint16_t)t->len;
	struct netmap_slot *slot = NULL;

	if (!n)
		return 0;
	for (i = 0; i < n; i++) {
		slot = &ring->slot[head];
		if (__builtin_expect(filled[head] != slot->buf_idx || t->exchanges, 0))
			fill(t, ring, &filled[head], slot);
		slot->len = len;
		slot->flags = 0;
		if (++head == slots)
			head = 0;
	}
	slot->flags = NS_REPORT;
	put_publish(ring, head, head);
	t->bytes += (uint64_t)n * len;
	return n;
}

static uint32_t
burst_any(struct tx *t, unsigned r, uint32_t limit)
{
	struct netmap_ring *ring = t->w->port.tx[r];
	uint32_t head = ring->head, space = nm_ring_space(ring), longest = put_slots(&t->put, source_longest(t->source));
	uint32_t n, len = t->len, last = head;
	const uint8_t *data = t->frame;

	for (n = 0; n < limit && space >= longest; n++) {
		if (!t->source->constant)
			data = source_next(t->source, &len);
		if (t->w->o->dump)
			dump_frame(t->w->run, data + t->w->port.vnet, len - t->w->port.vnet);
		head = put_frame(&t->put, ring, head, data, len);
		space -= put_slots(&t->put, len);
		t->bytes += len;
	}
	if (n) {
		last = (head ? head : ring->num_slots) - 1;
		ring->slot[last].flags |= NS_REPORT;
		put_publish(ring, head, head);
	}
	return n;
}

static uint32_t
burst(struct tx *t, uint32_t limit)
{
	struct worker *w = t->w;
	uint32_t n = 0;
	unsigned r;
	uint64_t found = 0;

	t->bytes = 0;
	for (r = 0; r < w->port.ntx && n < limit; r++) {
		found += nm_ring_space(w->port.tx[r]);
		/* multi-slot frames go by the other way, put.frag is less than the frame then */
		n += t->fast && t->len <= t->put.frag ? burst_fast(t, r, limit - n) : burst_any(t, r, limit - n);
	}
	if (n) {
		worker_add(&w->c.found, found);
		worker_add(&w->c.batches, 1);
		worker_add(&w->c.packets, n);
		worker_add(&w->c.bytes, t->bytes - (uint64_t)n * w->port.vnet);
	}
	return n;
}

static int
send_all(struct tx *t)
{
	struct worker *w = t->w;
	struct worker_pace pace;
	uint64_t sent = 0;
	uint32_t n, want;
	int rc = 0;

	worker_pace_init(&pace, w->o, interval_now());
	while (!w->quota || sent < w->quota) {
		want = worker_pace_wait(&pace, w);
		if (!want)
			return pace.rc;
		if (t->generation != w->generation && (rc = renew(t)) != 0)
			return rc;
		if (w->quota && w->quota - sent < want)
			want = (uint32_t)(w->quota - sent);
		/* hands the last burst over, and sleeps only when there is no room at all */
		rc = worker_wait(w, POLLOUT, WORKER_TICK_MS);
		if (rc < 0)
			return rc;
		n = burst(t, want);
		sent += n;
		worker_pace_sent(&pace, n);
	}
	return 0;
}

int
tx_run(struct worker *w)
{
	struct tx t;
	int rc = prepare(&t, w), flushed;

	if (!rc)
		rc = renew(&t);
	w->first_ns = interval_now();
	/* more threads than frames: this one has none */
	if (!rc && (w->quota || !w->o->count))
		rc = send_all(&t);
	if ((!rc || rc == -EINTR) && w->port.ops) {
		flushed = worker_flush(w);
		rc = rc ? rc : flushed;
	}
	w->last_ns = interval_now();
	release(&t);
	free(t.source);
	return rc;
}
