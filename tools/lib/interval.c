/* SPDX-License-Identifier: BSD-2-Clause */
/* interval.c - counters that only grow, and what they grew by. */
#include "interval.h"

#include <time.h>

uint64_t
interval_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void
interval_start(struct interval *v, uint64_t now_ns)
{
	*v = (struct interval){ .last_ns = now_ns };
}

void
interval_total(const struct interval_count *total, double seconds, unsigned framing, struct interval_rate *out)
{
	out->delta = *total;
	out->seconds = seconds > 0 ? seconds : 1e-9;
	out->pps = (double)total->packets / out->seconds;
	out->bps = 8.0 * ((double)total->bytes + (double)framing * (double)total->packets) / out->seconds;
	out->batch = total->batches ? (double)total->packets / (double)total->batches : 0;
}

void
interval_look(struct interval *v, uint64_t now_ns, const struct interval_count *now, unsigned framing,
    struct interval_rate *out)
{
	struct interval_count d = {
		now->packets - v->last.packets, now->bytes - v->last.bytes, now->batches - v->last.batches,
	};

	interval_total(&d, (double)(now_ns - v->last_ns) / 1e9, framing, out);
	v->last = *now;
	v->last_ns = now_ns;
}
