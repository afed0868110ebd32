/* SPDX-License-Identifier: BSD-2-Clause */
/* report.h - what the user reads: a line for each interval, and the summary. */
#ifndef PKTGEN_REPORT_H
#define PKTGEN_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "interval.h"
#include "worker.h"

/* What all threads did. */
struct report_total {
	struct interval_count count;
	uint64_t found, bad_csum, timeouts, unsent, reconnects, bad_frames;
	double seconds;            /* from the first frame to the last */
	struct hist latency;
	bool has_seq;
	uint64_t good, lost, reordered, duplicated, corrupt, foreign, streams, overflow;
};

/* While the threads run: counters. After they ended: everything. */
void report_collect(const struct run *run, bool ended, struct report_total *t);

void report_interval(const struct run *run, const struct interval_rate *r, uint64_t found, FILE *to);

void report_summary(const struct run *run, const struct report_total *t, FILE *to);

/* The same as one JSON object; error: NULL or what went wrong. */
void report_json(const struct run *run, const struct report_total *t, const char *error, FILE *to);

#endif
