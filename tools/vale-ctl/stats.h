/* SPDX-License-Identifier: BSD-2-Clause */
/* stats.h - counters as text and as JSON. */
#ifndef VALECTL_STATS_H
#define VALECTL_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <json-c/json.h>
#include <net/netmap.h>

struct stats_item {
	char name[NETMAP_REQ_IFNAMSIZ];
	uint32_t scope;          /* NM_STATS_PORT or NM_STATS_SWITCH */
	uint32_t count;          /* counters the engine has */
	uint64_t counter[NM_STAT_MAX];
	double rate[NM_STAT_MAX]; /* a second, since the last look */
	bool rated;              /* there was a last look */
};

struct stats {
	struct stats_item *v;
	size_t n;
	uint64_t when; /* ns */
};

/* Fills in the rates of the items that were in last. */
void stats_rate(struct stats *now, const struct stats *last);

/* verbose: also counters that are 0. */
void stats_text(const struct stats *s, bool verbose, FILE *to);
struct json_object *stats_json(const struct stats *s);

#endif
