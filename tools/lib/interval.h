/* SPDX-License-Identifier: BSD-2-Clause */
/* interval.h - counters that only grow, and what they grew by since the last look. */
#ifndef TOOLS_INTERVAL_H
#define TOOLS_INTERVAL_H

#include <stdint.h>

struct interval_count {
	uint64_t packets, bytes, batches;
};

struct interval {
	uint64_t last_ns;
	struct interval_count last;
};

/* Rates since the last look. seconds is never 0. */
struct interval_rate {
	struct interval_count delta;
	double seconds, pps, bps, batch;
};

uint64_t interval_now(void); /* ns, CLOCK_MONOTONIC */

void interval_start(struct interval *v, uint64_t now_ns);

/* framing: bytes on the wire beside each packet's own, 0 or 24. */
void interval_look(struct interval *v, uint64_t now_ns, const struct interval_count *now, unsigned framing,
    struct interval_rate *out);

/* The same for a whole run. */
void interval_total(const struct interval_count *total, double seconds, unsigned framing, struct interval_rate *out);

#define INTERVAL_FRAMING 24u /* preamble 8, FCS 4, gap 12 */

#endif
