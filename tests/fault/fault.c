/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault [--kills N] [--engine-kills N] [--seed S] [-v] [TEST...] - clients and the engine die, stop and run out of
 * everything; whoever is left goes on, and what the dead had is given back: ports, regions, descriptors, threads, memory.
 */
#include "bed.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define T(f) {#f, f}

static const struct {
	const char *name;
	enum verdict (*run)(void);
} tests[] = {
	T(kills_under_load),
	T(loops_die),
	T(a_stopped_receiver_stops_nobody),
	T(holes_are_survived),
	T(the_engine_dies),
	T(clients_learn_of_sigterm),
	T(pkt_gen_reconnects),
	T(sockets_and_locks),
	T(descriptors_run_out),
	T(the_quota_is_reached),
	T(connections_are_limited),
	T(address_space_runs_out),
	T(a_client_reaches_its_memory_limit),
	T(the_engine_reaches_its_memory_limit),
	T(huge_pages_run_out),
};

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"kills", required_argument, NULL, 'k'}, {"engine-kills", required_argument, NULL, 'e'},
		{"seed", required_argument, NULL, 's'}, {"verbose", no_argument, NULL, 'v'}, {0},
	};
	static const char *const words[] = {"ok", "FAIL", "skip"};
	unsigned count[3] = {0};
	size_t i;
	int c;

	options.seed = (unsigned)time(NULL);
	while ((c = getopt_long(argc, argv, "v", longs, NULL)) != -1) {
		switch (c) {
		case 'k': options.kills = (unsigned)atoi(optarg); break;
		case 'e': options.engine_kills = (unsigned)atoi(optarg); break;
		case 's': options.seed = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'v': options.verbose = true; break;
		default: fprintf(stderr, "usage: fault [--kills N] [--engine-kills N] [--seed S] [-v] [TEST...]\n"); return 2;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	printf("seed %u\n", options.seed);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		uint64_t start = bed_now_ms();
		enum verdict v;

		if (!bed_wanted(argc, argv, tests[i].name))
			continue;
		srandom(options.seed);
		v = tests[i].run();
		count[v]++;
		if (v == SKIPPED)
			printf("1 skipped: %s: %s\n", tests[i].name, why_skipped);
		else
			printf("%s %s %.1f s\n", words[v], tests[i].name, (double)(bed_now_ms() - start) / 1000);
	}
	printf("%u passed, %u failed\n", count[OK], count[FAILED]);
	return count[FAILED] != 0;
}
