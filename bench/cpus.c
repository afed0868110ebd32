/* SPDX-License-Identifier: BSD-2-Clause */
#include "cpus.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

/* The first CPU of the core that cpu is a thread of; cpu itself when the system does not say. */
static int
core_of(int cpu)
{
	char path[96];
	int first = cpu;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
	f = fopen(path, "r");
	if (!f)
		return cpu;
	if (fscanf(f, "%d", &first) != 1)
		first = cpu;
	fclose(f);
	return first;
}

int
cpus_pair(int pair[2])
{
	cpu_set_t set;
	int cpu, n = 0;

	if (sched_getaffinity(0, sizeof(set), &set)) {
		perror("sched_getaffinity");
		return -1;
	}
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		if (n == 2 && core_of(pair[1]) != core_of(pair[0]))
			break;
		pair[n ? 1 : 0] = cpu;
		n = n ? 2 : 1;
	}
	if (n == 2)
		return 0;
	fprintf(stderr, "this needs two CPUs, and has %d; widen the affinity (taskset -p) or the cpuset\n", n);
	return -1;
}

int
cpus_bind(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (!sched_setaffinity(0, sizeof(set), &set))
		return 0;
	fprintf(stderr, "cannot run on CPU %d: ", cpu);
	perror("sched_setaffinity");
	return -1;
}
