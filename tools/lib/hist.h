/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hist.h - a histogram of latencies: 16 buckets for each power of two, so that a percentile is known to 1/16. Minimum and
 * maximum are exact. Not locked.
 */
#ifndef TOOLS_HIST_H
#define TOOLS_HIST_H

#include <stdint.h>

#define HIST_SUB 16u
#define HIST_BUCKETS (61u * HIST_SUB)

struct hist {
	uint64_t count, min, max;
	double sum;
	uint64_t bucket[HIST_BUCKETS];
};

void hist_init(struct hist *h);
void hist_add(struct hist *h, uint64_t value);
void hist_merge(struct hist *h, const struct hist *from);

/* The value that the share q, 0 to 1, of the values does not exceed; 0 of an empty histogram. */
uint64_t hist_quantile(const struct hist *h, double q);

/* Highest value that falls into a bucket. */
uint64_t hist_limit(unsigned bucket);

#endif
