/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.c - the round trip of one cache line between two CPUs, in microseconds.
 *
 * A hypervisor may move virtual CPUs between cores that share a cache and cores that do not, and tells nobody. What two CPUs reach
 * together follows this figure, so it is taken before and after each run. The median of chunks: a chunk that was interrupted says nothing.
 */
#include "cpus.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNKS 31
#define ROUNDS 1000u

static struct {
	_Alignas(128) uint32_t ball; /* one line there and back */
	_Alignas(128) int cpu;
	bool failed;
} game;

static void
await(uint32_t value)
{
	while (__atomic_load_n(&game.ball, __ATOMIC_ACQUIRE) != value)
		cpus_relax();
}

static void *
return_balls(void *arg)
{
	uint32_t i;

	(void)arg;
	game.failed = cpus_bind(game.cpu) != 0;
	for (i = 0; i <= CHUNKS * ROUNDS; i++) {
		await(2 * i + 1);
		__atomic_store_n(&game.ball, 2 * i + 2, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void
serve(uint32_t i)
{
	__atomic_store_n(&game.ball, 2 * i + 1, __ATOMIC_RELEASE);
	await(2 * i + 2);
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	double us[CHUNKS];
	uint64_t start;
	pthread_t t;
	int pair[2];
	uint32_t i, k, ball = 0;

	if (argc > 2 || (argc == 2 && strcmp(argv[1], "--cpus"))) {
		fprintf(stderr, "usage: place [--cpus], which prints the two CPUs only\n");
		return 2;
	}
	if (cpus_pair(pair) || cpus_bind(pair[0]))
		return 1;
	if (argc == 2) {
		printf("%d %d\n", pair[0], pair[1]);
		return 0;
	}
	game.cpu = pair[1];
	if (pthread_create(&t, NULL, return_balls, NULL)) {
		fprintf(stderr, "place: no thread\n");
		return 1;
	}
	serve(ball++); /* the other one is there */
	for (k = 0; k < CHUNKS; k++) {
		start = cpus_now();
		for (i = 0; i < ROUNDS; i++)
			serve(ball++);
		us[k] = (double)(cpus_now() - start) / 1e3 / ROUNDS;
	}
	pthread_join(t, NULL);
	qsort(us, CHUNKS, sizeof(us[0]), ascending);
	printf("%.3f\n", us[CHUNKS / 2]);
	return game.failed;
}
