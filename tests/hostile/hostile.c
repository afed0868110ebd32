/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hostile [--seconds N] [--seed S] [TEST...] - clients that break every rule of the shared memory and the socket, on an
 * engine that is best built with sanitizers (BUILD=build/asan, build/tsan). Beside them a well-behaved pair exchanges
 * frames and looks at every byte. A report of a sanitizer ends the engine with a status that fails the test.
 *
 *   what the engine promises                                   who tries to break it
 *   1 a shared field is read once, checked, then used          slots_change_while_they_are_read
 *   2 a slot is checked: index, length, chain of 64            bad_slots_are_dropped_and_counted
 *   3 a bad ring is not acted on, and counted                  bad_heads_change_nothing
 *   4 numbers in requests are bounded before arithmetic        numbers_in_requests_are_bounded, random_messages,
 *                                                              truncated_messages, descriptors_in_messages, memory_that_is_none
 *   5 a client hurts its own region only, blocks nobody,       everything_is_overwritten, kicks_block_nobody,
 *     and all it had is released                               a_mute_client_blocks_nobody, a_leaving_client_keeps_nobody,
 *                                                              memory_is_changed_under_load, memory_dies_with_its_client,
 *                                                              descriptors_that_take_long_to_close
 *   6 nothing but the frame is delivered, buffers are zero     nothing_but_the_frame_is_delivered, memory_comes_zeroed
 *   7 an index that selects memory is clamped                  an_index_stays_in_range
 */
#include "attack.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

unsigned attack_seconds = 3;

#ifndef __has_feature
#define __has_feature(x) 0
#endif

/*
 * A client may name a buffer for transmission that he also gave to a receive ring. Two workers then meet in it, by his will,
 * and the thread sanitizer says so; with it such attacks get one worker.
 */
#define WORKERS_OF_WRITERS (__has_feature(thread_sanitizer) ? "1" : "2")

#define T(f) {#f, f, false}

static const struct {
	const char *name;
	enum verdict (*run)(struct bed *b, struct pair *witness);
	bool writes_indices;
} tests[] = {
	{"slots_change_while_they_are_read", slots_change_while_they_are_read, true},
	T(bad_slots_are_dropped_and_counted),
	T(bad_heads_change_nothing),
	T(numbers_in_requests_are_bounded),
	T(random_messages),
	T(truncated_messages),
	T(descriptors_in_messages),
	{"everything_is_overwritten", everything_is_overwritten, true},
	T(kicks_block_nobody),
	T(a_mute_client_blocks_nobody),
	T(a_leaving_client_keeps_nobody),
	T(nothing_but_the_frame_is_delivered),
	T(memory_comes_zeroed),
	T(an_index_stays_in_range),
	T(descriptors_that_take_long_to_close),
	T(memory_that_is_none),
	{"memory_is_changed_under_load", memory_is_changed_under_load, true},
	{"memory_dies_with_its_client", memory_dies_with_its_client, true},
};

static enum verdict
run(size_t i)
{
	struct bed b = {.args = {"--workers", tests[i].writes_indices ? WORKERS_OF_WRITERS : "2"}, .hoards = true};

	return bed_run(&b, NULL, tests[i].run);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"seconds", required_argument, NULL, 'n'}, {"seed", required_argument, NULL, 's'}, {"verbose", no_argument, NULL, 'v'}, {0},
	};
	unsigned count[3] = {0};
	size_t i;
	int c;

	options.seed = (unsigned)time(NULL);
	while ((c = getopt_long(argc, argv, "v", longs, NULL)) != -1) {
		switch (c) {
		case 'n': attack_seconds = (unsigned)atoi(optarg); break;
		case 's': options.seed = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'v': options.verbose = true; break;
		default: fprintf(stderr, "usage: hostile [--seconds N] [--seed S] [-v] [TEST...]\n"); return 2;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	setenv("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1", 1);
	setenv("ASAN_OPTIONS", "detect_leaks=1", 1);
	printf("seed %u\n", options.seed);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		uint64_t start = bed_now_ms();
		enum verdict v;

		if (!bed_wanted(argc, argv, tests[i].name))
			continue;
		srandom(options.seed);
		v = run(i);
		count[v]++;
		printf("%s %s %.1f s\n", v == OK ? "ok" : "FAIL", tests[i].name, (double)(bed_now_ms() - start) / 1000);
	}
	printf("%u passed, %u failed\n", count[OK], count[FAILED]);
	return count[FAILED] != 0;
}
