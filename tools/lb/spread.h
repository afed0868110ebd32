/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spread.h - frames from the receive rings of one port to the transmit rings of pipes.
 *
 * Pipes are in groups. Each group gets every frame; which of its pipes, the frame's flow decides. The first group's pipes get the
 * buffers themselves, where they are of the port's region; those of other groups get copies. What finds no room in its pipe waits in
 * extra buffers (queue.h), in order, and what finds none of these either is dropped and counted. So the port never has to wait.
 *
 * For each group:  received = the sum over its pipes of forwarded + dropped + misfits + what waits.
 */
#ifndef LB_SPREAD_H
#define LB_SPREAD_H

#include <stdbool.h>
#include <stdint.h>
#include <net/netmap.h>

#include "queue.h"

struct spread_count {
	uint64_t forwarded, bytes;
	uint64_t dropped; /* for lack of room */
	uint64_t misfits; /* more slots than the ring has, or longer ones than its buffers */
	uint64_t waited;  /* of those forwarded, frames that had to wait */
};

struct spread_out {
	struct netmap_ring *ring;
	bool swap;        /* its buffers are of the port's region */
	bool looked;      /* the engine was asked for room in this run */
	uint32_t sent;    /* its head at the last sync */
	struct queue queue;
	struct spread_count count;
	void *arg;
};

struct spread_in {
	struct netmap_ring *ring;
	bool again;       /* the batch ended before the frames did */
	bool skip;        /* in the middle of what is no frame, whose end has not come */
};

struct spread {
	struct spread_in *in;
	uint32_t nin;
	struct spread_out *out;
	uint32_t nout;
	uint32_t *group;  /* the first pipe of each; group[ngroups] = nout */
	uint32_t ngroups;
	uint32_t batch;   /* slots of a receive ring in one run, a frame more at most */
	struct queue_pool pool;
	char *bufs;       /* buffer 0 of the port's region */
	uint32_t buf_size;
	/* asks the engine for room in a pipe that seems full */
	void (*look)(struct spread_out *o);
	uint64_t received, bytes;
	uint64_t bad;     /* frames without an end, of more slots than a frame may have */
};

/* 0 or -ENOMEM; in[], out[], group[], bufs and look are then filled by the caller, and the pool by queue_init. */
int spread_init(struct spread *s, uint32_t nin, uint32_t nout, uint32_t ngroups);
void spread_fini(struct spread *s);

/* Passes on what waits and what there is. True: there is more to do at once. */
bool spread_run(struct spread *s);

/* Passes on what waits, and takes nothing new. */
void spread_flush(struct spread *s);

/*
 * After a run, what to poll a pipe for: cur is set so that POLLOUT comes with room for what waits. spread_touched: there is something
 * to send, or to be told of room, so that it wants a sync at least.
 */
bool spread_waiting(const struct spread_out *o);
bool spread_touched(const struct spread_out *o);
/* It was synced. */
void spread_synced(struct spread_out *o);

/* At the end: what still waits is dropped, so that all buffers are in the pool. */
void spread_give_up(struct spread *s);

#endif
