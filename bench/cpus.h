/* SPDX-License-Identifier: BSD-2-Clause */
/* cpus.h - the two CPUs of a measurement, and its clock. */
#ifndef BENCH_CPUS_H
#define BENCH_CPUS_H

#include <stdint.h>
#include <time.h>

/* Two CPUs of those this process may use: of different cores when there are, else of one. 0 or -1, with a message on stderr. */
int cpus_pair(int pair[2]);

/* Binds the calling thread. 0 or -1, with a message on stderr. */
int cpus_bind(int cpu);

static inline uint64_t
cpus_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void
cpus_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

#endif
