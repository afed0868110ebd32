/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.h - the link that a trace is played over: when each frame leaves it, or that it does not.
 *
 * A frame enters the link when the rate says, is lost or not, waits as long as the delay says, and leaves. No frame overtakes
 * another: one whose delay is shorter leaves with the one before it. All of this is computed, from the trace and a seed alone, so that
 * two runs do the same, however busy the machine is.
 */
#ifndef NMREPLAY_MODEL_H
#define NMREPLAY_MODEL_H

#include <stdint.h>

enum model_rate {
	RATE_MAX,      /* as fast as the port takes them */
	RATE_CONSTANT, /* bits of frames a second */
	RATE_ETHER,    /* bits on the wire a second: each frame has 24 bytes more, and 60 at least */
	RATE_REAL,     /* by the times of the trace, divided by speed */
};
enum model_delay { DELAY_CONSTANT, DELAY_UNIFORM, DELAY_EXPONENTIAL };
enum model_loss { LOSS_PACKET, LOSS_BIT };

struct model_conf {
	int rate, delay, loss;
	uint64_t bps;
	double speed;
	uint64_t delay_ns[2]; /* constant: both equal; uniform: least and most; exponential: least and mean */
	double p;             /* probability of loss, of a frame or of each of its bits */
	uint64_t buffer;      /* bytes that wait for their delay at most; 0: any */
	uint64_t seed;
};

struct model_flight {
	uint64_t out;
	uint32_t len;
};

struct model {
	struct model_conf c;
	uint64_t random[2];           /* for losses and for delays, so that one does not change the other */
	uint64_t bits;                /* that entered the link */
	uint64_t in, out;             /* ns: when the last frame entered and left */
	uint64_t base, first, last;   /* times of the trace: what is added in this round, its first and last */
	uint64_t steps;               /* frames of this round */
	struct model_flight *flight;  /* with a buffer: a ring of what waits */
	uint32_t room, begin, n;
	uint64_t waiting;             /* bytes */
};

enum model_fate { MODEL_SEND, MODEL_LOST, MODEL_OVERFLOW };

/* shortest: bytes of the shortest frame, 1 or more. 0 or -ENOMEM. */
int model_init(struct model *m, const struct model_conf *c, uint32_t shortest);
void model_fini(struct model *m);

/* The next frame: len bytes, ts ns of the trace (never less than the one before, else that is taken). *due: ns after the start. */
enum model_fate model_next(struct model *m, uint32_t len, uint64_t ts, uint64_t *due);

/* The trace begins again: behind its last frame, by as much as two of its frames are apart on average. */
void model_again(struct model *m);

/* Each call another number, evenly from 0 to below 1. */
double model_random(uint64_t *state);

#endif
