/* SPDX-License-Identifier: BSD-2-Clause */
/* hist.c - a histogram of latencies. */
#include "hist.h"

#include <string.h>

void
hist_init(struct hist *h)
{
	memset(h, 0, sizeof(*h));
	h->min = UINT64_MAX;
}

static unsigned
bucket_of(uint64_t v)
{
	unsigned top;

	if (v < HIST_SUB)
		return (unsigned)v;
	top = 63 - (unsigned)__builtin_clzll(v); /* at least 4 */
	return (top - 3) * HIST_SUB + (unsigned)((v >> (top - 4)) & (HIST_SUB - 1));
}

uint64_t
hist_limit(unsigned bucket)
{
	unsigned octave = bucket / HIST_SUB, sub = bucket % HIST_SUB;

	if (octave == 0)
		return bucket;
	return ((uint64_t)(HIST_SUB + sub) << (octave - 1)) + ((1ull << (octave - 1)) - 1);
}

void
hist_add(struct hist *h, uint64_t value)
{
	h->count++;
	h->sum += (double)value;
	if (value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
	h->bucket[bucket_of(value)]++;
}

void
hist_merge(struct hist *h, const struct hist *from)
{
	unsigned i;

	h->count += from->count;
	h->sum += from->sum;
	if (from->min < h->min)
		h->min = from->min;
	if (from->max > h->max)
		h->max = from->max;
	for (i = 0; i < HIST_BUCKETS; i++)
		h->bucket[i] += from->bucket[i];
}

uint64_t
hist_quantile(const struct hist *h, double q)
{
	uint64_t want = (uint64_t)(q * (double)h->count + 0.5), seen = 0, v;
	unsigned i;

	if (!h->count)
		return 0;
	if (want < 1)
		want = 1;
	for (i = 0; i < HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= want)
			break;
	}
	v = i < HIST_BUCKETS ? hist_limit(i) : h->max;
	return v < h->min ? h->min : v > h->max ? h->max : v;
}
