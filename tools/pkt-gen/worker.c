/* SPDX-License-Identifier: BSD-2-Clause */
/* worker.c - a thread and its port. */
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "interval.h"
#include "sig.h"

#define BACKOFF_MIN_MS 10
#define BACKOFF_MAX_MS 1000
#define FLUSH_NS 1000000000ull
#define PACE_POLL_MS 3 /* shorter pauses are slept to the microsecond */

bool
worker_stopped(const struct worker *w)
{
	return sig_stopped() || atomic_load_explicit(&w->run->failed, memory_order_relaxed);
}

static void
nap(const struct worker *w, int ms)
{
	for (; ms > 0 && !worker_stopped(w); ms -= WORKER_TICK_MS)
		poll(NULL, 0, ms < WORKER_TICK_MS ? ms : WORKER_TICK_MS);
}

int
worker_lost(struct worker *w, int rc)
{
	char name[sizeof(w->port.name)], err[PORT_ERRLEN];
	int ms = BACKOFF_MIN_MS;

	strcpy(name, w->port.name);
	if (w->port.why[0]) {
		snprintf(w->err, sizeof(w->err), "%.200s: %.250s", name, w->port.why);
		return rc;
	}
	if (!w->o->reconnect) {
		snprintf(w->err, sizeof(w->err), "%.255s: the port stopped working: its engine or interface went away (%s); --reconnect waits for it",
		    name, strerror(-rc));
		return rc;
	}
	fprintf(stderr, "pkt-gen: %s: the port stopped working (%s), opening it again\n", name, strerror(-rc));
	port_close(&w->port);
	while (!worker_stopped(w)) {
		nap(w, ms);
		if (port_open(&w->port, w->o, w->id, err) == 0) {
			w->generation++;
			worker_add(&w->c.reconnects, 1);
			fprintf(stderr, "pkt-gen: %s: open again\n", name);
			return 0;
		}
		if (w->o->verbose)
			fprintf(stderr, "pkt-gen: %s\n", err);
		ms = ms * 2 < BACKOFF_MAX_MS ? ms * 2 : BACKOFF_MAX_MS;
	}
	return -EINTR;
}

int
worker_wait(struct worker *w, short events, int timeout_ms)
{
	int rc = port_wait(&w->port, events, timeout_ms);

	return rc < 0 ? worker_lost(w, rc) : rc;
}

int
worker_txsync(struct worker *w)
{
	int rc = port_txsync(&w->port);

	return rc < 0 ? worker_lost(w, rc) : 0;
}

/* Frames in the slots that the engine has not sent. */
static uint64_t
unsent(const struct port *p)
{
	uint64_t n = 0;
	unsigned i;
	uint32_t at;

	for (i = 0; i < p->ntx; i++) {
		struct netmap_ring *ring = p->tx[i];

		for (at = nm_ring_next(ring, ring->tail); at != ring->head; at = nm_ring_next(ring, at))
			n += !(ring->slot[at].flags & NS_MOREFRAG);
	}
	return n;
}

int
worker_flush(struct worker *w)
{
	uint64_t stop_ns = 0, now;
	unsigned round, generation = w->generation;
	int rc = 0;

	for (round = 0; !rc && generation == w->generation && unsent(&w->port); round++) {
		now = interval_now();
		if (worker_stopped(w) && !stop_ns)
			stop_ns = now + FLUSH_NS;
		if (stop_ns && now >= stop_ns)
			break;
		if (round > 1) /* the first may just have pushed them */
			poll(NULL, 0, 1);
		rc = worker_txsync(w);
	}
	if (w->port.ops)
		worker_add(&w->c.unsent, unsent(&w->port));
	return rc;
}

void
worker_pace_init(struct worker_pace *p, const struct options *o, uint64_t now_ns)
{
	double rate = o->rate / (double)o->threads, most = rate / 100;

	p->gap_ns = rate > 0 ? 1e9 / rate : 0;
	p->next_ns = (double)now_ns;
	p->rc = 0;
	p->burst = (uint32_t)o->burst;
	if (rate > 0 && most < (double)p->burst)
		p->burst = most < 1 ? 1 : (uint32_t)most;
}

/* Sleeps until then or a bit less, and looks at the port meanwhile: one that died is not to wait for the next burst. */
static int
pace_sleep(struct worker *w, double now, double until)
{
	int ms = until - now < WORKER_TICK_MS * 1e6 ? (int)((until - now) / 1e6) : WORKER_TICK_MS;
	struct timespec t;

	if (ms >= PACE_POLL_MS)
		return worker_wait(w, 0, ms - 1);
	t.tv_sec = (time_t)(until / 1e9);
	t.tv_nsec = (long)(until - (double)t.tv_sec * 1e9);
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	return 0;
}

uint32_t
worker_pace_wait(struct worker_pace *p, struct worker *w)
{
	double now;

	p->rc = 0;
	if (p->gap_ns == 0)
		return worker_stopped(w) ? 0 : p->burst;
	for (;;) {
		if (worker_stopped(w))
			return 0;
		now = (double)interval_now();
		if (now >= p->next_ns)
			break;
		p->rc = pace_sleep(w, now, p->next_ns);
		if (p->rc < 0)
			return 0;
	}
	/* what was missed is made up for, but not a pause of the machine */
	if (p->next_ns < now - 1e8)
		p->next_ns = now - 1e8;
	return p->burst;
}

int
worker_open(struct worker *w)
{
	w->rc = port_open(&w->port, w->o, w->id, w->err);
	return w->rc;
}

static int
bind_cpu(struct worker *w)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned cpus = w->o->cpus ? (unsigned)w->o->cpus : online > 0 ? (unsigned)online : 1, cpu;
	cpu_set_t set;
	int e;

	if (w->o->affinity < 0)
		return 0;
	cpu = (unsigned)w->o->affinity + w->id % cpus;
	CPU_ZERO(&set);
	if (cpu < CPU_SETSIZE)
		CPU_SET(cpu, &set);
	e = pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	if (e)
		snprintf(w->err, sizeof(w->err), "-a %lld: thread %u cannot run on CPU %u, this machine has 0 to %ld; mend -a and -c (%s)",
		    (long long)w->o->affinity, w->id, cpu, online - 1, strerror(e));
	return -e;
}

static void *
thread_main(void *arg)
{
	static int (*const loops[])(struct worker *) = {
		[MODE_RX] = rx_run, [MODE_TX] = tx_run, [MODE_PING] = pingpong_ping, [MODE_PONG] = pingpong_pong,
		[MODE_TXSEQ] = tx_run, [MODE_RXSEQ] = rx_run,
	};
	struct worker *w = arg;

	sig_block();
	w->rc = bind_cpu(w);
	if (!w->rc)
		w->rc = loops[w->o->mode](w);
	if (w->rc == -EINTR)
		w->rc = 0;
	worker_add(&w->c.bad_frames, w->gather.bad);
	gather_free(&w->gather);
	if (w->rc)
		atomic_store(&w->run->failed, true);
	atomic_store(&w->done, true);
	sig_wake();
	return NULL;
}

int
worker_start(struct worker *w)
{
	int e = pthread_create(&w->thread, NULL, thread_main, w);

	if (e)
		snprintf(w->err, sizeof(w->err), "cannot start thread %u of %lld: %s; give a smaller -p", w->id, (long long)w->o->threads, strerror(e));
	return -e;
}
