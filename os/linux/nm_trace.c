/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_trace.c - see nm_trace.h; the tracepoints themselves are made here. */
#define CREATE_TRACE_POINTS
#include "nm_trace.h"

const char *
nm_trace_counter(u32 counter)
{
	static const char *const name[] = {
#define NAME(symbol, json, text) json,
		NM_STAT_LIST(NAME)
#undef NAME
	};

	return counter < ARRAY_SIZE(name) ? name[counter] : "unknown";
}

/* Of those who send; what receive rings lose is told where it is counted. */
static bool
is_loss(u32 counter)
{
	return !strncmp(nm_trace_counter(counter), "drop_", 5);
}

void
nm_trace_drops_take(struct nm_trace_drops *d, const struct nm_kring *kr)
{
	u32 i;

	for (i = 0; i < NM_STAT_COUNT; i++)
		d->was[i] = READ_ONCE(kr->stat[i]);
}

void
nm_trace_drops_tell(const struct nm_trace_drops *d, const struct nm_kring *kr)
{
	u32 i;

	for (i = 0; i < NM_STAT_COUNT; i++)
		if (is_loss(i) && READ_ONCE(kr->stat[i]) != d->was[i])
			trace_netmap_drop(kr, i, kr->stat[i] - d->was[i]);
}
