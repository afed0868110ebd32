/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_ring.h - the rules by which head and cur of a client are accepted (ABI: ring protocol).
 *
 * Used on both sides: by the core on the values it read once, and by the client library before it
 * publishes, so that both agree on what is a bad ring.
 */
#ifndef NM_RING_H
#define NM_RING_H

#include "nm_os_types.h"

/* Slots from a up to b on a ring of n, both below n. */
static inline uint32_t
nm_ring_dist(uint32_t a, uint32_t b, uint32_t n)
{
	return b >= a ? b - a : b + n - a;
}

/* The slot k steps after i; k <= n. */
static inline uint32_t
nm_ring_add(uint32_t i, uint32_t k, uint32_t n)
{
	i += k;
	return i >= n ? i - n : i;
}

/*
 * Accepts iff from <= head <= cur <= tail circularly. For transmit rings `from` is the head accepted last
 * and `tail` the tail the client was told; for receive rings hwcur and hwtail.
 */
static inline bool
nm_ring_valid(uint32_t from, uint32_t head, uint32_t cur, uint32_t tail, uint32_t n)
{
	uint32_t span = nm_ring_dist(from, tail, n);

	if (head >= n || cur >= n)
		return false;
	return nm_ring_dist(from, head, n) <= nm_ring_dist(from, cur, n) && nm_ring_dist(from, cur, n) <= span;
}

#endif
