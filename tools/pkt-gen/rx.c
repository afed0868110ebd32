/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rx.c - receiving.
 *
 * Two ways through a ring: one that counts slots and touches the first line of each frame at most, and one that puts frames together and looks at
 * them, for all options that need them.
 */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dump.h"
#include "frame.h"
#include "interval.h"
#include "sig.h"
#include "worker.h"

#define IDLE_NS 1000000000ull
#define AHEAD 8u /* slots between a prefetch and its use */

struct rx {
	struct worker *w;
	bool frames;          /* the second way */
	uint64_t sink;        /* what was read: kept, so that it is read */
	uint8_t *copy;        /* of WORK_COPY and WORK_MEMCPY */
	size_t room;
	uint64_t packets, bytes, found;
};

static inline void
prefetch_ahead(struct netmap_ring *ring, uint32_t at, uint32_t slots)
{
	uint32_t ahead = at + AHEAD;

	if (ahead >= slots)
		ahead -= slots;
	__builtin_prefetch(NETMAP_BUF(ring, ring->slot[ahead].buf_idx));
}

/* limit slots at most. touch and ahead are constants at each call: the loop is compiled for each. */
static inline __attribute__((always_inline)) uint32_t
drain_slots(struct rx *x, struct netmap_ring *ring, uint32_t limit, bool touch, bool ahead)
{
	uint32_t head = ring->head, slots = ring->num_slots, space = nm_ring_space(ring), n = limit < space ? limit : space, i;
	uint64_t bytes = 0, sink = 0, word;
	uint32_t more = 0;

	for (i = 0; i < n; i++) {
		const struct netmap_slot *slot = &ring->slot[head];

		if (ahead)
			prefetch_ahead(ring, head, slots);
		if (touch) {
			memcpy(&word, NETMAP_BUF(ring, slot->buf_idx), 8);
			sink ^= word;
		}
		bytes += slot->len;
		more += (slot->flags & NS_MOREFRAG) != 0;
		if (++head == slots)
			head = 0;
	}
	put_publish(ring, head, head);
	x->sink ^= sink;
	x->bytes += bytes;
	x->packets += n - more;
	return n;
}

static uint32_t
drain_fast(struct rx *x, struct netmap_ring *ring, uint32_t limit)
{
	const struct options *o = x->w->o;

	if (o->descriptors || ring->num_slots < 2 * AHEAD)
		return drain_slots(x, ring, limit, !o->descriptors, false);
	if (o->work & WORK_PREFETCH)
		return drain_slots(x, ring, limit, true, true);
	return drain_slots(x, ring, limit, true, false);
}

static void
read_all(struct rx *x, const uint8_t *data, uint32_t len)
{
	uint64_t word, sink = 0;
	uint32_t i;

	for (i = 0; i + 8 <= len; i += 8) {
		memcpy(&word, data + i, 8);
		sink ^= word;
	}
	for (; i < len; i++)
		sink ^= data[i];
	x->sink ^= sink;
}

static void
copy_out(struct rx *x, const uint8_t *data, uint32_t len)
{
	if (len + 64u > x->room) {
		free(x->copy);
		x->room = len + 65536u;
		x->copy = malloc(x->room);
		if (!x->copy) {
			x->room = 0;
			return;
		}
	}
	if (x->w->o->work & WORK_COPY)
		nm_pkt_copy(data, x->copy, (int)len);
	else
		memcpy(x->copy, data, len);
}

static void
read_stamp(struct worker *w, const uint8_t *data, const struct frame_view *v)
{
	uint32_t mark;
	uint64_t sent, now = interval_now();

	if (v->data_len < FRAME_STAMP)
		return;
	memcpy(&mark, data + v->data, 4);
	memcpy(&sent, data + v->data + 4, 8);
	sent = be64toh(sent);
	if (mark == htobe32(FRAME_MARK_STAMP) && sent <= now)
		hist_add(&w->latency, now - sent);
}

static void
write_failed(struct worker *w, int rc)
{
	if (rc == -EPIPE && options_writes_stdout(w->o)) {
		sig_stop(); /* nobody reads any more */
		return;
	}
	if (rc && !w->rc) {
		snprintf(w->err, sizeof(w->err), "%s: cannot write to it: %s; free some space or write elsewhere", w->o->write, strerror(-rc));
		w->rc = rc;
	}
}

static void
write_frame(struct worker *w, const uint8_t *data, uint32_t len)
{
	struct run *run = w->run;
	struct timespec t;
	int rc;

	clock_gettime(CLOCK_REALTIME, &t);
	pthread_mutex_lock(&run->print);
	rc = pcapfile_write(run->writer, data, len, (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
	pthread_mutex_unlock(&run->print);
	write_failed(w, rc);
}

/* Who reads along gets the frames when they have come, not when a buffer is full. */
static void
write_out(struct worker *w)
{
	int rc;

	pthread_mutex_lock(&w->run->print);
	rc = pcapfile_flush(w->run->writer);
	pthread_mutex_unlock(&w->run->print);
	write_failed(w, rc);
}

static void
look_at(struct rx *x, const uint8_t *data, uint32_t len)
{
	struct worker *w = x->w;
	const struct options *o = w->o;
	struct frame_view v;
	bool udp = false;

	if (o->work & (WORK_CSUM | WORK_STAMP) || w->seq)
		udp = frame_parse(data, len, &v);
	if (w->seq) {
		if (udp)
			seq_account(w->seq, data + v.data, v.data_len);
		else
			w->seq->foreign++;
	}
	if (udp && (o->work & WORK_CSUM) && !frame_verify(data, &v))
		worker_add(&w->c.bad_csum, 1);
	if (udp && (o->work & WORK_STAMP))
		read_stamp(w, data, &v);
	if (o->work & WORK_READ)
		read_all(x, data, len);
	if (o->work & (WORK_COPY | WORK_MEMCPY))
		copy_out(x, data, len);
	if (o->dump)
		dump_frame(w->run, data, len);
	if (w->run->writer)
		write_frame(w, data, len);
}

/* limit frames at most. Slots released. */
static uint32_t
drain_frames(struct rx *x, struct netmap_ring *ring, uint32_t limit)
{
	struct worker *w = x->w;
	uint32_t at = ring->head, tail = ring->tail, first = at, n = 0, len;
	uint8_t *data;
	int rc = 1;

	while (n < limit && (rc = gather_next(&w->gather, ring, &at, tail, &data, &len)) != 0) {
		n++;
		if (rc < 0 || len < w->port.vnet)
			continue;
		look_at(x, data + w->port.vnet, len - w->port.vnet);
		x->packets++;
		x->bytes += len;
	}
	/* of a frame that is not whole yet the slots are kept: wake us for new ones only */
	put_publish(ring, at, rc == 0 ? tail : at);
	return at >= first ? at - first : at + ring->num_slots - first;
}

/* A share of what -n still allows all threads, and -b at a time; settle() gives back what was not used of it. */
static uint32_t
reserve(const struct worker *w)
{
	uint64_t count = (uint64_t)w->o->count, taken, n;

	if (!count)
		return (uint32_t)w->o->burst;
	taken = atomic_load_explicit(&w->run->taken, memory_order_relaxed);
	do {
		n = taken < count ? count - taken : 0;
		n = n < (uint64_t)w->o->burst ? n : (uint64_t)w->o->burst;
	} while (n && !atomic_compare_exchange_weak(&w->run->taken, &taken, taken + n));
	return (uint32_t)n;
}

static void
settle(const struct worker *w, uint32_t reserved, uint64_t used)
{
	if (!w->o->count)
		return;
	atomic_fetch_sub(&w->run->taken, reserved - used);
	atomic_fetch_add(&w->run->received, used);
}

static void
drain_ring(struct rx *x, struct netmap_ring *ring)
{
	uint32_t limit, n;
	uint64_t before;

	while (nm_ring_space(ring) > 0 && (limit = reserve(x->w)) > 0) {
		before = x->packets;
		n = x->frames ? drain_frames(x, ring, limit) : drain_fast(x, ring, limit);
		settle(x->w, limit, x->packets - before);
		if (!n)
			break;
		x->found += n;
	}
}

static void
drain_all(struct rx *x)
{
	struct worker *w = x->w;
	uint64_t start = interval_now();
	unsigned r;

	x->packets = x->bytes = x->found = 0;
	for (r = 0; r < w->port.nrx; r++)
		drain_ring(x, w->port.rx[r]);
	if (!x->found)
		return;
	if (options_writes_stdout(w->o))
		write_out(w);
	if (!w->first_ns)
		w->first_ns = start;
	w->last_ns = interval_now();
	x->bytes -= x->packets * w->port.vnet;
	worker_add(&w->c.found, x->found);
	worker_add(&w->c.batches, 1);
	worker_add(&w->c.packets, x->packets);
	worker_add(&w->c.bytes, x->bytes);
}

static bool
finished(const struct worker *w, int ready)
{
	if (worker_stopped(w) || w->rc || (w->o->count && atomic_load(&w->run->received) >= (uint64_t)w->o->count))
		return true;
	if (ready)
		return false;
	return w->port.ended || (w->o->idle_exit && w->first_ns && interval_now() - w->last_ns >= IDLE_NS);
}

int
rx_run(struct worker *w)
{
	struct rx x = { .w = w };
	int ready;

	x.frames = w->seq || w->o->dump || w->run->writer || (w->o->work & ~(int64_t)WORK_PREFETCH);
	do {
		ready = worker_wait(w, POLLIN, WORKER_TICK_MS);
		if (ready < 0) {
			w->rc = ready;
			break;
		}
		if (w->port.ops)
			drain_all(&x);
	} while (!finished(w, ready));
	if (w->port.ops)
		port_rxsync(&w->port); /* gives the last slots back */
	__asm__ volatile("" : : "r"(x.sink));
	free(x.copy);
	return w->rc;
}
