/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_place.c - a worker runs where the busiest receiver runs: what it copies is then in the receiver's cache, and the
 * buffers that come back are still there for the next frames. It moves only when another CPU had twice the
 * deliveries over a window. When the sender is on that CPU too, pinning makes it the crowded one, and the
 * scheduler moves one of the two clients to the idle one.
 */
#include "nm_place.h"

#include <unistd.h>

#define WINDOW_NS 2000000u

void
nm_place_init(struct nm_place *p)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);

	memset(p, 0, sizeof(*p));
	p->cpu = -1;
	p->leave_cpu = UINT32_MAX;
	p->ncpus = n < 1 ? 1 : n > (long)NM_PLACE_CPUS ? NM_PLACE_CPUS : (uint32_t)n;
	if (sched_getaffinity(0, sizeof(p->allowed), &p->allowed))
		CPU_ZERO(&p->allowed); /* not known: it stays unpinned */
}

static void
pin(struct nm_place *p, int32_t cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (!sched_setaffinity(0, sizeof(set), &set))
		p->cpu = cpu;
}

/* NM_PLACE_CPUS: no CPU that we may use had deliveries. */
static uint32_t
busiest(const struct nm_place *p)
{
	uint32_t i, best = NM_PLACE_CPUS, most = 0;

	for (i = 0; i < p->ncpus; i++)
		if (p->receivers[i] > most && CPU_ISSET(i, &p->allowed)) {
			best = i;
			most = p->receivers[i];
		}
	return best;
}

static void
reconsider(struct nm_place *p)
{
	uint32_t best = busiest(p);
	uint32_t here = p->cpu >= 0 ? p->receivers[p->cpu] : 0;

	if (best < NM_PLACE_CPUS && (int32_t)best != p->cpu && p->receivers[best] > 2 * here)
		pin(p, (int32_t)best);
	p->leave_cpu = p->cpu >= 0 && p->receivers[p->cpu] ? (uint32_t)p->cpu : UINT32_MAX;
	memset(p->receivers, 0, sizeof(p->receivers));
}

void
nm_place_after_pass(struct nm_place *p, bool moved)
{
	uint64_t now;

	if (p->waits || (moved && p->shares))
		sched_yield();
	p->shares = p->waits = false;
	if (!moved || ++p->passes % 16)
		return;
	now = nm_os_now_exact();
	if (now - p->since < WINDOW_NS)
		return;
	p->since = now;
	reconsider(p);
}
