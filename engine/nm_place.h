/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_place.h - on which CPU a worker runs. */
#ifndef NM_PLACE_H
#define NM_PLACE_H

#include "nm_sync.h"
#include "nm_os.h"

#include <sched.h>

#define NM_PLACE_CPUS 256u

struct nm_place {
	int32_t cpu;       /* pinned to, or -1 */
	uint32_t passes;
	uint64_t since;    /* of the counts below, ns */
	uint32_t ncpus;
	cpu_set_t allowed; /* the engine's own mask when it started: no client's hint leads out of it */
	bool shares;       /* the last receiver served said it runs on our CPU */
	bool waits;        /* frames wait for a receiver */
	uint32_t leave_cpu; /* ours, once it turned out to be the receivers' */
	uint32_t receivers[NM_PLACE_CPUS]; /* deliveries, by the client's CPU */
};

void nm_place_init(struct nm_place *p);

/* Hints of a client that got frames, or whose rings are served; they are bounded, never believed. */
static inline void
nm_place_receiver(struct nm_place *p, struct nm_sync_session *y)
{
	uint32_t cpu = NM_READ_ONCE(y->cpu) % NM_PLACE_CPUS;

	p->receivers[cpu]++;
	p->shares |= (int32_t)cpu == p->cpu;
	if (NM_READ_ONCE(y->cpu_worker) != (uint32_t)p->cpu)
		NM_WRITE_ONCE(y->cpu_worker, (uint32_t)p->cpu);
}

static inline void
nm_place_sender(struct nm_place *p, struct nm_sync_session *y)
{
	if (NM_READ_ONCE(y->cpu_worker) != (uint32_t)p->cpu)
		NM_WRITE_ONCE(y->cpu_worker, (uint32_t)p->cpu);
	if (NM_READ_ONCE(y->leave_cpu) != p->leave_cpu)
		NM_WRITE_ONCE(y->leave_cpu, p->leave_cpu);
}

/* Moves if it pays, and gives the CPU to a receiver that shares it and has frames to take. */
void nm_place_after_pass(struct nm_place *p, bool moved);

#endif
