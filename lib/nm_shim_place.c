/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_shim_place.c - which CPU the calling thread is on.
 *
 * The worker runs where the busiest receiver runs. A sender on that CPU takes time from both while another CPU has
 * nothing to do, and the scheduler needs many milliseconds to see it. So the sender leaves by itself: its mask
 * without that CPU for a moment, then its mask as it was.
 */
#undef _FORTIFY_SOURCE
#include <sched.h>

#include "nm_shim.h"

#define LEAVE_NS 2000000u /* not more often */

void
nm_shim_note_cpu(struct nm_shim_obj *o)
{
	uint32_t cpu = (uint32_t)sched_getcpu();

	if (NM_READ_ONCE(o->sync->cpu) != cpu)
		NM_WRITE_ONCE(o->sync->cpu, cpu);
}

void
nm_shim_leave_cpu(struct nm_shim_obj *o)
{
	uint32_t cpu = NM_READ_ONCE(o->sync->leave_cpu);
	cpu_set_t all, others;
	uint64_t now;

	if (cpu >= CPU_SETSIZE || cpu != (uint32_t)sched_getcpu())
		return;
	now = nm_shim_now();
	if (now - o->left_ns < LEAVE_NS)
		return;
	o->left_ns = now;
	if (sched_getaffinity(0, sizeof(all), &all) < 0 || !CPU_ISSET(cpu, &all) || CPU_COUNT(&all) < 2)
		return;
	others = all;
	CPU_CLR(cpu, &others);
	if (sched_setaffinity(0, sizeof(others), &others) == 0)
		sched_setaffinity(0, sizeof(all), &all);
}
