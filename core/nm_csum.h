/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_csum.h - the Internet checksum. Words are added in the order of memory: which that is does not matter to a sum with end-around carry. */
#ifndef NM_CSUM_H
#define NM_CSUM_H

#include "nm_os.h"

/* Adds n bytes, fewer than 2^32 in all of a sum, to it. */
static inline uint64_t
nm_csum_add(uint64_t sum, const void *from, uint32_t n)
{
	/* not memcpy: some kernels are compiled so that it would be a call */
	typedef struct { uint64_t v; } __attribute__((packed, may_alias)) eight;
	typedef struct { uint16_t v; } __attribute__((packed, may_alias)) two;
	const uint8_t *p = from;
	union { uint8_t b[2]; uint16_t v; } last = {{0, 0}};

	for (; n >= 8; n -= 8, p += 8) {
		uint64_t w = ((const eight *)(const void *)p)->v;

		sum += (w & 0xffffffffu) + (w >> 32);
	}
	for (; n >= 2; n -= 2, p += 2)
		sum += ((const two *)(const void *)p)->v;
	last.b[0] = n ? *p : 0;
	return sum + last.v;
}

static inline uint16_t
nm_csum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* The same where what is summed has an odd number of bytes before these. */
static inline uint64_t
nm_csum_add_at(uint64_t sum, const void *from, uint32_t n, bool odd)
{
	uint16_t part;

	if (!odd)
		return nm_csum_add(sum, from, n);
	part = nm_csum_fold(nm_csum_add(0, from, n));
	return sum + (uint16_t)(part << 8 | part >> 8);
}

/* The checksum of what was added, put where it belongs: 0 as all ones, since in UDP that would mean that there is none. */
static inline void
nm_csum_put(void *to, uint64_t sum)
{
	uint16_t v = (uint16_t)~nm_csum_fold(sum);

	if (!v)
		v = 0xffff;
	memcpy(to, &v, sizeof(v));
}

#endif
