/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_storm.h - how many frames a port may send to all others: a token bucket for each kind. */
#ifndef NM_STORM_H
#define NM_STORM_H

#include "nm_os.h"
#include <net/netmap.h>

struct nm_storm {
	struct nm_os_spin lock;  /* rings of a port may be in the hands of several threads */
	uint64_t last_ns;        /* when tokens were added last */
	struct nm_storm_bucket {
		uint32_t pps, burst; /* pps 0: no limit */
		uint64_t credit;     /* 2^40 is one frame */
		uint64_t per_ns;     /* credit that a nanosecond brings */
		uint64_t fill_ns;    /* in this time an empty one is full */
	} bucket[NM_STORM_COUNT];
};

/* A full bucket of so many frames a second, burst > 0, both up to the maxima; pps 0: none. */
void nm_storm_init(struct nm_storm_bucket *b, uint32_t pps, uint32_t burst);
/* Of n frames of kind NM_STORM_* that come now, so many may go. Data. */
uint32_t nm_storm_take(struct nm_storm *t, uint32_t kind, uint32_t n, uint64_t now_ns);
/* n of those that it allowed did not go after all. Data. */
void nm_storm_give(struct nm_storm *t, uint32_t kind, uint32_t n);

#endif
