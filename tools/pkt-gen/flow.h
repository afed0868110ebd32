/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flow.h - which addresses the next frame has.
 *
 * Ranges are swept like the wheels of a counter: the source port turns fastest, then the source address, the destination
 * port, the destination address. MAC ranges turn on their own, one step a frame.
 */
#ifndef PKTGEN_FLOW_H
#define PKTGEN_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"
#include "range.h"

struct flow {
	struct range_ip src, dst;
	struct range_mac smac, dmac;
	bool random_src, random_dst;
	bool varies; /* frames differ */
	uint64_t seed;
	/* addresses of the current frame */
	range_addr src_addr, dst_addr;
	uint16_t src_port, dst_port;
	uint64_t src_mac, dst_mac;
};

/* own: MAC address for the source if none was given. */
void flow_init(struct flow *f, const struct options *o, uint64_t own, uint64_t seed);

void flow_next(struct flow *f);

uint64_t flow_random(uint64_t *seed);

/* The length of the next frame: fixed, or random in [min, max]. */
uint32_t flow_length(uint64_t *seed, uint32_t min, uint32_t max);

#endif
