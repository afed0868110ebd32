/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * eventfd.c - the round trip of two processes on two CPUs that wake each other by an eventfd: what the system takes for two wake-ups.
 * Prints the median in microseconds.
 */
#include "cpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAMPLES (1u << 20)

static int
pass(int from, int to)
{
	uint64_t n = 1;

	if (read(from, &n, sizeof(n)) != sizeof(n))
		return -1;
	n = 1;
	return write(to, &n, sizeof(n)) == sizeof(n) ? 0 : -1;
}

static int
answer(int cpu, int ask, int reply)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (cpus_bind(cpu))
		return 1;
	while (!pass(ask, reply))
		;
	return 1;
}

static int
ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Round trips of ms milliseconds into ns; their number, 0 when it failed. */
static uint32_t
play(int ask, int reply, uint64_t ms, uint32_t *ns)
{
	uint64_t start = cpus_now(), until = start + ms * 1000000, before = start, now, word = 1;
	uint32_t n;

	for (n = 0; n < SAMPLES && before < until; n++, before = now) {
		word = 1;
		if (write(ask, &word, sizeof(word)) != sizeof(word) || read(reply, &word, sizeof(word)) != sizeof(word)) {
			perror("eventfd: no answer");
			return 0;
		}
		now = cpus_now();
		ns[n] = (uint32_t)(now - before);
	}
	return n;
}

int
main(int argc, char **argv)
{
	unsigned long ms = argc > 1 ? strtoul(argv[1], NULL, 10) : 500;
	uint32_t *ns = malloc(SAMPLES * sizeof(*ns)), n;
	int ask = eventfd(0, 0), reply = eventfd(0, 0), pair[2];
	pid_t child;

	if (!ms || argc > 2) {
		fprintf(stderr, "usage: eventfd [MILLISECONDS]\n");
		return 2;
	}
	if (!ns || ask < 0 || reply < 0) {
		perror("eventfd");
		return 1;
	}
	if (cpus_pair(pair) || cpus_bind(pair[0]))
		return 1;
	child = fork();
	if (child < 0) {
		perror("eventfd: fork");
		return 1;
	}
	if (!child)
		_exit(answer(pair[1], ask, reply));
	n = play(ask, reply, ms, ns);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	if (!n)
		return 1;
	qsort(ns, n, sizeof(*ns), ascending);
	printf("%.3f %u\n", ns[n / 2] / 1e3, n);
	return 0;
}
