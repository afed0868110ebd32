/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_vale_fwd.h - the work arrays of a sending ring, and the steps on them.
 *
 * A step takes up to NM_VALE_STEP slots, so that the arrays stay in the first-level cache. Consecutive frames of one
 * destination are a run; a destination has a list of runs.
 */
#ifndef NM_VALE_FWD_H
#define NM_VALE_FWD_H

#include "nm_vale.h"

#define NM_VALE_STEP 256u       /* slots */
#define NM_VALE_FRAGS (NM_VALE_STEP + NETMAP_MAX_FRAGS)
#define NM_VALE_BYTES 262144u   /* of frames in one call */
#define NM_VALE_AHEAD 4u        /* buffers prefetched before they are written */
#define NM_VALE_NIL 0xffffu
#define NM_VALE_FLOOD NM_VALE_MAX_PORTS

struct nm_vale_frag {
	const char *buf;
	uint16_t len;
	uint8_t nfrags;  /* of the frame, in its first fragment */
	uint8_t no_learn; /* likewise: not 0 if its first slot has NS_NO_LEARN */
	uint32_t total;  /* bytes of the frame, likewise */
};

struct nm_vale_run {
	uint16_t first;  /* fragment */
	uint16_t slots, frames;
	uint16_t next;   /* run of the same destination; see also plan_anew */
};

struct nm_vale_list {
	uint16_t head, tail;
};

struct nm_vale_work {
	uint32_t frames, nfrags, nruns, nplan, ntouched;
	uint64_t bytes;
	bool again; /* nm_os_copy_indirect said so of the next frame */
	struct nm_vale_frag frag[NM_VALE_FRAGS];
	struct nm_vale_run run[NM_VALE_STEP];
	struct nm_vale_run plan[NM_VALE_STEP];     /* what goes to one ring, in order */
	uint32_t idx[NM_VALE_FRAGS + NM_VALE_AHEAD];
	uint32_t step; /* bytes that go into one; read once, since a ring that is held may get offsets meanwhile */
	struct nm_vale_list list[NM_VALE_MAX_PORTS + 1];
	uint8_t touched[NM_VALE_MAX_PORTS + 1];
};

void nm_vale_work_init(struct nm_vale_work *w);

/*
 * Snapshot of the slots: whole frames from slot `from` on until NM_VALE_STEP slots are seen, into w->frag; only a chain may
 * run further, up to the `avail` slots published; w->again stops it. Returns the slots consumed. What is not in order is dropped and counted.
 */
uint32_t nm_vale_collect(struct nm_kring *kr, struct nm_vale_work *w, uint32_t from, uint32_t avail);

/* Learns the sources and puts the frames on the lists of their destinations, as runs. */
void nm_vale_classify(struct nm_kring *kr, struct nm_vale *v, struct nm_vale_work *w, uint32_t now_s);

#endif
