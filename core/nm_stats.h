/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_stats.h - counters of a switch outlive its ports. */
#ifndef NM_STATS_H
#define NM_STATS_H

#include "nm_port.h"

/*
 * A switch's counters are its own plus those of its ports: what a port counted before it came is taken off, what it counted
 * by the time it leaves is kept. sign: -1 comes, 1 leaves. Control; no sync of the port runs.
 */
void nm_stats_take_port(uint64_t *sum, const struct nm_port *p, int sign);

#endif
