/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pingpong.c - round trips.
 *
 * Ping sends a burst (of one, unless -b) and waits until all of it came back, or a second; pong returns each UDP packet to its
 * sender. Data of a request, in network order: u32 mark, u32 run, u64 number. The time of sending stays here, so clocks need not agree.
 */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "interval.h"
#include "source.h"
#include "worker.h"

#define TIMEOUT_NS 1000000000ull

struct ping {
	struct worker *w;
	struct source *source;
	struct put put;
	uint32_t run;
	uint64_t number, first; /* next request, first of this burst */
	uint64_t *sent_ns;      /* of each of the burst; 0: answered */
	uint32_t open;          /* not answered yet */
};

static int
ping_prepare(struct ping *g, struct worker *w)
{
	uint64_t seed = interval_now();

	memset(g, 0, sizeof(*g));
	g->w = w;
	g->run = (uint32_t)flow_random(&seed);
	g->source = malloc(sizeof(*g->source));
	g->sent_ns = calloc((size_t)w->o->burst, sizeof(*g->sent_ns));
	if (!g->source || !g->sent_ns) {
		snprintf(w->err, sizeof(w->err), "no memory for %lld requests; give a smaller -b", (long long)w->o->burst);
		return -ENOMEM;
	}
	source_init(g->source, w->o, NULL, w->port.mac, w->port.vnet, 0);
	g->source->constant = false; /* the number changes */
	return put_init(&g->put, w->o, &w->port, source_longest(g->source), w->err);
}

static const uint8_t *
request(struct ping *g, uint32_t *len)
{
	uint8_t *data = frame_data(&g->source->frame);
	uint32_t mark = htobe32(FRAME_MARK_PING), run = htobe32(g->run);
	uint64_t number = htobe64(g->number);

	memcpy(data, &mark, 4);
	memcpy(data + 4, &run, 4);
	memcpy(data + 8, &number, 8);
	frame_changed(&g->source->frame);
	return source_next(g->source, len);
}

/* Requests sent, or -errno. */
static int
send_burst(struct ping *g, uint32_t want)
{
	struct worker *w = g->w;
	struct netmap_ring *ring = w->port.tx[0];
	uint32_t head = ring->head, space = nm_ring_space(ring), slots = put_slots(&g->put, source_longest(g->source)), n, len;
	uint64_t bytes = 0;
	int rc;

	g->first = g->number;
	for (n = 0; n < want && space >= slots; n++, space -= slots, g->number++) {
		const uint8_t *p = request(g, &len);

		if (w->o->dump)
			dump_frame(w->run, p + w->port.vnet, len - w->port.vnet);
		head = put_frame(&g->put, ring, head, p, len);
		bytes += len - w->port.vnet;
		g->sent_ns[n] = interval_now();
	}
	g->open = n;
	if (!n)
		return worker_wait(w, POLLOUT, WORKER_TICK_MS) < 0 ? -EINTR : 0;
	put_publish(ring, head, head);
	worker_add(&w->c.packets, n);
	worker_add(&w->c.bytes, bytes);
	worker_add(&w->c.batches, 1);
	rc = worker_txsync(w);
	return rc < 0 ? rc : (int)n;
}

static void
answer_came(struct ping *g, const uint8_t *p, uint32_t len)
{
	struct frame_view v;
	uint32_t mark, run;
	uint64_t number, now = interval_now();

	if (!frame_parse(p, len, &v) || v.data_len < FRAME_PING)
		return;
	memcpy(&mark, p + v.data, 4);
	memcpy(&run, p + v.data + 4, 4);
	memcpy(&number, p + v.data + 8, 8);
	number = be64toh(number) - g->first;
	if (mark != htobe32(FRAME_MARK_PING) || run != htobe32(g->run) || number >= (uint64_t)g->w->o->burst || !g->sent_ns[number])
		return;
	hist_add(&g->w->latency, now - g->sent_ns[number]);
	g->sent_ns[number] = 0;
	g->open--;
}

static void
look_for_answers(struct ping *g)
{
	struct worker *w = g->w;
	uint32_t at, len;
	unsigned r;
	uint8_t *data;
	int rc;

	for (r = 0; r < w->port.nrx; r++) {
		struct netmap_ring *ring = w->port.rx[r];
		uint32_t tail = ring->tail;

		at = ring->head;
		while ((rc = gather_next(&w->gather, ring, &at, tail, &data, &len)) != 0) {
			if (rc > 0 && len >= w->port.vnet)
				answer_came(g, data + w->port.vnet, len - w->port.vnet);
		}
		put_publish(ring, at, tail);
	}
}

static int
wait_answers(struct ping *g)
{
	struct worker *w = g->w;
	uint64_t start = interval_now(), now;
	unsigned generation = w->generation;
	int rc;

	for (;;) {
		rc = worker_wait(w, POLLIN, WORKER_TICK_MS);
		if (rc < 0)
			return rc;
		if (generation != w->generation)
			break;
		look_for_answers(g);
		now = interval_now();
		if (!g->open || now - start >= TIMEOUT_NS || worker_stopped(w))
			break;
	}
	if (!worker_stopped(w)) /* what a signal cut short is no loss */
		worker_add(&w->c.timeouts, g->open);
	memset(g->sent_ns, 0, sizeof(*g->sent_ns) * (size_t)w->o->burst);
	return 0;
}

static int
ping_loop(struct ping *g)
{
	struct worker *w = g->w;
	struct worker_pace pace;
	uint64_t sent = 0;
	uint32_t want;
	int n, rc;

	worker_pace_init(&pace, w->o, interval_now());
	while ((!w->quota || sent < w->quota) && (want = worker_pace_wait(&pace, w)) > 0) {
		if (w->quota && w->quota - sent < want)
			want = (uint32_t)(w->quota - sent);
		n = send_burst(g, want);
		if (n < 0)
			return n;
		if (!n)
			continue;
		sent += (uint32_t)n;
		worker_pace_sent(&pace, (uint32_t)n);
		rc = wait_answers(g);
		if (rc < 0)
			return rc;
	}
	return pace.rc;
}

int
pingpong_ping(struct worker *w)
{
	struct ping g;
	int rc = ping_prepare(&g, w);

	w->first_ns = interval_now();
	if (!rc)
		rc = ping_loop(&g);
	w->last_ns = interval_now();
	free(g.source);
	free(g.sent_ns);
	return rc;
}

/* Room for slots in the first transmit ring; waits for it. 0 or negative: leave. */
static int
make_room(struct worker *w, uint32_t slots)
{
	unsigned generation = w->generation;
	int rc;

	while (nm_ring_space(w->port.tx[0]) < slots) {
		rc = worker_txsync(w);
		if (!rc && generation == w->generation && nm_ring_space(w->port.tx[0]) < slots)
			rc = worker_wait(w, POLLOUT, WORKER_TICK_MS);
		if (rc < 0)
			return rc;
		if (worker_stopped(w) || generation != w->generation)
			return -EINTR;
	}
	return 0;
}

static int
answer(struct worker *w, const struct put *put, uint8_t *data, uint32_t len)
{
	struct netmap_ring *tx = w->port.tx[0];
	unsigned vnet = w->port.vnet;
	struct frame_view v;
	uint32_t head;
	int rc;

	if (len < vnet || !frame_parse(data + vnet, len - vnet, &v) || put_slots(put, len) >= tx->num_slots)
		return 0;
	rc = make_room(w, put_slots(put, len));
	if (rc)
		return rc;
	if (w->o->dump)
		dump_frame(w->run, data + vnet, len - vnet);
	frame_answer(data + vnet, &v);
	head = put_frame(put, tx, tx->head, data, len);
	put_publish(tx, head, head);
	worker_add(&w->c.packets, 1);
	worker_add(&w->c.bytes, len - vnet);
	return 0;
}

/* Answers what a ring holds. Negative: leave, or the port was opened again. */
static int
answer_ring(struct worker *w, const struct put *put, struct netmap_ring *ring, uint64_t *answered)
{
	uint32_t at = ring->head, tail = ring->tail, len;
	unsigned generation = w->generation;
	uint8_t *data;
	int rc = 0, got = 1;

	while (!rc && (!w->quota || *answered < w->quota) && (got = gather_next(&w->gather, ring, &at, tail, &data, &len)) != 0) {
		uint64_t before = worker_get(&w->c.packets);

		if (got > 0)
			rc = answer(w, put, data, len);
		*answered += worker_get(&w->c.packets) - before;
	}
	if (generation == w->generation && w->port.ops)
		put_publish(ring, at, got == 0 ? tail : at);
	return rc;
}

static int
pong_round(struct worker *w, const struct put *put, uint64_t *answered)
{
	uint64_t before = *answered;
	unsigned r, generation = w->generation;
	int rc = worker_wait(w, POLLIN, WORKER_TICK_MS);

	if (rc < 0 || generation != w->generation)
		return rc < 0 ? rc : 0;
	for (r = 0; r < w->port.nrx && rc >= 0 && generation == w->generation; r++)
		rc = answer_ring(w, put, w->port.rx[r], answered);
	if (rc == -EINTR && !worker_stopped(w))
		return 0; /* opened again: go on with the new rings */
	if (rc < 0)
		return rc;
	if (*answered == before)
		return 0;
	if (!w->first_ns)
		w->first_ns = interval_now();
	worker_add(&w->c.batches, 1);
	rc = worker_txsync(w);
	w->last_ns = interval_now();
	return rc;
}

int
pingpong_pong(struct worker *w)
{
	struct put put = { .frag = port_buf_size(w->port.tx, w->port.ntx), .how = PUT_MEMCPY };
	uint64_t answered = 0;
	int rc = 0, flushed;

	while (!rc && !worker_stopped(w) && (!w->quota || answered < w->quota)) {
		rc = pong_round(w, &put, &answered);
		if (w->port.ops)
			put.frag = port_buf_size(w->port.tx, w->port.ntx);
		if (w->o->idle_exit && w->first_ns && interval_now() - w->last_ns >= TIMEOUT_NS)
			break;
	}
	if ((!rc || rc == -EINTR) && w->port.ops) {
		flushed = worker_flush(w);
		rc = rc ? rc : flushed;
	}
	return rc;
}
