/* SPDX-License-Identifier: BSD-2-Clause */
/* csum.c - the Internet checksum. */
#include "csum.h"

#include <string.h>

uint64_t
csum_add(const void *data, size_t len, uint64_t sum)
{
	const uint8_t *p = data;
	uint32_t w;
	uint16_t h;

	/* 2^31 words of 32 bits fit into the sum: no carry is lost on any frame */
	for (; len >= 4; len -= 4, p += 4) {
		memcpy(&w, p, 4);
		sum += w;
	}
	if (len >= 2) {
		memcpy(&h, p, 2);
		sum += h;
		p += 2;
		len -= 2;
	}
	if (len) {
		uint8_t last[2] = { *p, 0 };

		memcpy(&h, last, 2);
		sum += h;
	}
	return sum;
}

uint16_t
csum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
