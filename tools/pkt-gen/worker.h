/* SPDX-License-Identifier: BSD-2-Clause */
/* worker.h - a thread, its port and its counters. */
#ifndef PKTGEN_WORKER_H
#define PKTGEN_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "hist.h"
#include "options.h"
#include "pcapfile.h"
#include "port.h"
#include "put.h"
#include "seq.h"

#define WORKER_TICK_MS 100 /* a sleeping thread looks this often whether it shall stop */

/* Written by the thread, read by the reporter at any time. */
struct worker_counters {
	_Atomic uint64_t packets, bytes;
	_Atomic uint64_t batches;    /* syncs that moved something */
	_Atomic uint64_t found;      /* slots found at them */
	_Atomic uint64_t bad_csum, timeouts, unsent, reconnects, bad_frames;
} __attribute__((aligned(128)));

struct run {
	const struct options *o;
	struct pcapfile file;
	struct pcapfile_writer *writer;
	pthread_mutex_t print;    /* one frame's dump, one record of writer */
	_Atomic uint64_t taken;    /* of -n: frames that threads have received or are about to */
	_Atomic uint64_t received; /* of -n: frames received by all */
	atomic_bool failed;
	uint16_t stream;          /* of the first thread */
	unsigned n;
	struct worker *worker;
};

struct worker {
	struct worker_counters c;
	const struct options *o;
	struct run *run;
	unsigned id;
	pthread_t thread;
	struct port port;
	unsigned generation;      /* grows when the port was opened again: rings have moved */
	uint64_t quota;           /* frames to send, 0: endless */
	uint64_t first_ns, last_ns;
	struct gather gather;
	struct hist latency;
	struct seq_account *seq;  /* rxseq */
	atomic_bool done;
	int rc;                   /* 0 or -errno, with err */
	char err[PORT_ERRLEN];
};

/* The loops; 0 or -errno with w->err. */
int tx_run(struct worker *w);
int rx_run(struct worker *w);
int pingpong_ping(struct worker *w);
int pingpong_pong(struct worker *w);

/* Checks that what is to be sent fits. Before the threads start. */
int tx_check(struct worker *w);

static inline void
worker_add(_Atomic uint64_t *counter, uint64_t n)
{
	/* one writer: no locked instruction needed */
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}

static inline uint64_t
worker_get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

bool worker_stopped(const struct worker *w);

/*
 * After the port failed with rc (-errno): opens it again if --reconnect was given, and returns 0; else sets err and returns rc. -EINTR:
 * told to stop meanwhile.
 */
int worker_lost(struct worker *w, int rc);

/* port_wait(), and worker_lost() if it fails: then 0. Negative: leave. */
int worker_wait(struct worker *w, short events, int timeout_ms);

/* port_txsync() likewise. */
int worker_txsync(struct worker *w);

/* Syncs until everything was transmitted, at most a second after a signal; counts what was not. */
int worker_flush(struct worker *w);

/* Opens the port; in the main thread. 0 or -errno with w->err. */
int worker_open(struct worker *w);
int worker_start(struct worker *w);

/* Frames at a regular pace. */
struct worker_pace {
	double gap_ns;   /* of two frames, 0: unlimited */
	double next_ns;
	uint32_t burst;  /* frames at a time: no more than 10 ms' worth */
	int rc;          /* why there is none to send: 0 told to stop, -errno the port is lost */
};

void worker_pace_init(struct worker_pace *p, const struct options *o, uint64_t now_ns);
/* Sleeps until a burst is due; its size, or 0: leave with p->rc. The port may have been opened again meanwhile. */
uint32_t worker_pace_wait(struct worker_pace *p, struct worker *w);

static inline void
worker_pace_sent(struct worker_pace *p, uint32_t n)
{
	p->next_ns += p->gap_ns * n;
}

#endif
