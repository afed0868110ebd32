/* SPDX-License-Identifier: BSD-2-Clause */
/* stream_send.c - one stream a ring; then waits, with the port open so that its counters can be read. */
#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BURST 512u
#define FEW_FRAGMENTS 40u /* after so many the rest goes in slots that are full, to stay below 64 */

struct flow {
	struct netmap_ring *ring;
	uint64_t seq;
	uint32_t stream;
	uint8_t *away; /* indirect data of slot i at i * nr_buf_size */
};

struct sender {
	const struct stream_options *o;
	struct nmport_d *d;
	struct common_rings rings;
	struct flow *flow;
	uint64_t random, frames, bytes, slots;
	uint32_t *fifo, fifo_at; /* extra buffers, the oldest next */
	cpu_set_t cpus;          /* that it may run on, and the one it does */
	size_t cpu;
};

static uint32_t
random_below(struct sender *s, uint32_t n)
{
	s->random = common_mix(s->random);
	return (uint32_t)(s->random >> 33) % n;
}

/* Cuts a frame into slots. */
static uint32_t
cut(struct sender *s, uint32_t len, uint32_t room, uint32_t size[64])
{
	uint32_t n = 0, most = s->o->fragment && s->o->fragment < room ? s->o->fragment : room;

	while (len) {
		uint32_t k = room;

		if (s->o->fragment && n < FEW_FRAGMENTS)
			k = 1 + random_below(s, most);
		if (n == 0 && k < 14)
			k = 14;
		if (k > len)
			k = len;
		size[n++] = k;
		len -= k;
	}
	return n;
}

/* Where the data of slot i go. */
static uint8_t *
place(struct sender *s, struct flow *f, uint32_t i)
{
	struct netmap_slot *slot = &f->ring->slot[i];
	uint32_t old = slot->buf_idx;

	slot->flags = 0;
	if (s->o->swap) {
		slot->buf_idx = s->fifo[s->fifo_at];
		slot->flags = NS_BUF_CHANGED;
		s->fifo[s->fifo_at] = old;
		s->fifo_at = (s->fifo_at + 1) % s->o->swap;
	}
	if (!s->o->indirect)
		return common_buf(f->ring, i);
	slot->flags |= NS_INDIRECT;
	slot->ptr = (uintptr_t)(f->away + (size_t)i * f->ring->nr_buf_size);
	return (uint8_t *)(uintptr_t)slot->ptr;
}

/* One frame; false where there is no room. */
static bool
put_frame(struct sender *s, struct flow *f, uint32_t *head, uint32_t *room)
{
	struct pat_frame frame;
	uint32_t size[64], n, k, from = 0;
	uint64_t random = s->random;

	pat_frame(&s->o->pat, f->stream, f->seq, s->o->to, &frame);
	n = cut(s, frame.len, f->ring->nr_buf_size, size);
	if (n > *room) {
		s->random = random;
		return false;
	}
	for (k = 0; k < n; k++) {
		pat_put(&frame, from, place(s, f, *head), size[k]);
		f->ring->slot[*head].len = (uint16_t)size[k];
		if (k + 1 < n)
			f->ring->slot[*head].flags |= NS_MOREFRAG;
		from += size[k];
		*head = common_next(f->ring, *head);
	}
	*room -= n;
	s->slots += n;
	s->frames++;
	s->bytes += frame.len;
	f->seq++;
	return true;
}

/* A burst into one ring; true when its stream goes on. */
static bool
fill(struct sender *s, struct flow *f, bool *moved)
{
	uint32_t head = f->ring->head, room = nm_ring_space(f->ring), burst = 1 + random_below(s, s->o->nap_every ? s->o->nap_every : BURST);

	while (f->seq < s->o->count && burst-- && put_frame(s, f, &head, &room))
		*moved = true;
	f->ring->cur = head;
	/* room that is too little for the next frame must not wake us */
	if (!*moved && f->seq < s->o->count)
		f->ring->cur = f->ring->tail;
	f->ring->head = head;
	return f->seq < s->o->count;
}

/* The pace is the point: nothing else holds the sender back. */
static void
nap(const struct stream_options *o)
{
	struct timespec t = {.tv_nsec = (long)o->nap_us * 1000};

	if (o->nap_every)
		nanosleep(&t, NULL);
}

static void
move_on(struct sender *s)
{
	cpu_set_t one;

	do
		s->cpu = (s->cpu + 1) % CPU_SETSIZE;
	while (!CPU_ISSET(s->cpu, &s->cpus));
	CPU_ZERO(&one);
	CPU_SET(s->cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		die("CPU %zu: %s", s->cpu, strerror(errno));
}

/* False when told to end. */
static bool
send_all(struct sender *s)
{
	bool more = true, moved;
	uint32_t i;

	while (more && !stream_end && !stream_leave) {
		more = moved = false;
		for (i = 0; i < s->rings.n; i++) {
			bool did = false;

			more |= fill(s, &s->flow[i], &did);
			moved |= did;
		}
		if (s->o->move)
			move_on(s);
		if (moved && !s->o->poll_only)
			common_txsync(s->d);
		else
			common_wait(s->d, POLLOUT);
		nap(s->o);
	}
	while (!common_tx_empty(&s->rings) && !stream_leave) {
		common_txsync(s->d);
		if (!common_tx_empty(&s->rings)) {
			for (i = 0; i < s->rings.n; i++)
				s->rings.ring[i]->cur = s->rings.ring[i]->head;
			common_wait(s->d, POLLOUT);
		}
	}
	return !more;
}

static void
take_extra(struct sender *s)
{
	uint32_t i;

	s->fifo = calloc(s->o->swap + 1, sizeof(*s->fifo));
	if (!s->fifo)
		die("no memory");
	for (i = 0; i < s->o->swap; i++)
		s->fifo[i] = common_extra_pop(s->rings.ring[0], &s->d->nifp->ni_bufs_head);
}

static void
give_extra(struct sender *s)
{
	uint32_t i;

	for (i = 0; i < s->o->swap; i++)
		common_extra_push(s->rings.ring[0], &s->d->nifp->ni_bufs_head, s->fifo[i]);
	free(s->fifo);
}

static void
open_flows(struct sender *s)
{
	uint32_t i;

	common_tx_rings(s->d, &s->rings);
	if (!s->rings.n)
		die("%s: no transmit ring", s->o->port);
	s->flow = calloc(s->rings.n, sizeof(*s->flow));
	if (!s->flow)
		die("no memory");
	for (i = 0; i < s->rings.n; i++) {
		struct netmap_ring *r = s->rings.ring[i];

		s->flow[i] = (struct flow){.ring = r, .stream = s->o->id + i};
		if (!s->o->indirect)
			continue;
		s->flow[i].away = malloc((size_t)r->num_slots * r->nr_buf_size);
		if (!s->flow[i].away)
			die("no memory");
	}
}

int
stream_send(const struct stream_options *o)
{
	struct sender s = {.o = o, .d = common_open(o->port, o->swap), .random = o->id};
	uint32_t i;
	bool whole;

	open_flows(&s);
	take_extra(&s);
	if (sched_getaffinity(0, sizeof(s.cpus), &s.cpus))
		die("processors: %s", strerror(errno));
	puts("ready");
	whole = send_all(&s);
	printf("{\"role\": \"send\", \"frames\": %llu, \"bytes\": %llu, \"slots\": %llu, \"rings\": %u, \"finished\": %s}\n",
	    (unsigned long long)s.frames, (unsigned long long)s.bytes, (unsigned long long)s.slots, s.rings.n,
	    whole ? "true" : "false");
	stream_hold();
	give_extra(&s);
	nmport_close(s.d);
	for (i = 0; i < s.rings.n; i++)
		free(s.flow[i].away);
	free(s.flow);
	return 0;
}
