/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * move.h - frames from the receive rings of one port to the transmit rings of another.
 *
 * Receive ring i feeds transmit ring i modulo their number, so frames of one ring keep their order. Nothing is dropped
 * for lack of room: frames stay where they are until the output has some. What can never be sent, because it has
 * more slots than the output or a slot larger than its buffers, is a misfit: it is skipped and counted.
 */
#ifndef BRIDGE_MOVE_H
#define BRIDGE_MOVE_H

#include <stdbool.h>
#include <stdint.h>
#include <net/netmap.h>

struct move_count {
	uint64_t packets, bytes, batches;
	uint64_t misfits;
};

struct move_in {
	struct netmap_ring *ring;
	bool full;  /* frames wait for room in the output */
	bool again; /* the burst ended before the frames did */
	bool skip;  /* in the middle of a misfit whose end has not come */
};

struct move {
	struct move_in *in;
	struct netmap_ring **out;
	uint32_t nin, nout;
	uint32_t burst; /* slots of a ring in one run, a frame more at most */
	uint32_t turn;  /* the ring that begins, so that all come first at times */
	bool swap;      /* exchange buffers: both sides have one region */
	struct move_count count;
};

/* What to do before the next run. */
#define MOVE_WANT_INPUT 1u /* wait for frames */
#define MOVE_WANT_ROOM 2u  /* wait for room in the output */
#define MOVE_AGAIN 4u      /* don't wait */
#define MOVE_RELEASED 8u   /* slots were given back: sync the input if no wait for it does */

/* 0 or -ENOMEM; rings are then put into in[].ring and out[] by the caller. */
int move_init(struct move *m, uint32_t nin, uint32_t nout, uint32_t burst);
void move_fini(struct move *m);

/* Buffers can be exchanged only between rings that agree on their size and on offsets in them. */
bool move_can_swap(const struct move *m);

/*
 * Moves what there is and what has room. Sets cur of all rings so that poll(2) returns for what is missing and for nothing else.
 * Returns MOVE_*.
 */
unsigned move_run(struct move *m);

/* Slots that were handed to the output and are not sent yet. */
bool move_pending(const struct move *m);

#endif
