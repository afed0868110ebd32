/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * range.h - ranges of addresses, as text and as numbers.
 *
 *	mac	aa:bb:cc:dd:ee:ff[-aa:bb:cc:dd:ee:ff]
 *	ip	10.0.0.1[:port][-10.0.0.9[:port]]    [fd00::1]:port-[fd00::9]:port    fd00::1-fd00::9
 */
#ifndef TOOLS_RANGE_H
#define TOOLS_RANGE_H

#include <stdint.h>

#define RANGE_ERRLEN 256

struct range_mac {
	uint64_t first, last; /* 48 bits */
};

/* An IPv4 address uses the low 32 bits. */
typedef unsigned __int128 range_addr;

struct range_ip {
	int version; /* 4 or 6 */
	range_addr first, last;
	uint16_t port_first, port_last;
};

/* 0, or -EINVAL with a text in err (RANGE_ERRLEN bytes). Ports not given become port. */
int range_parse_mac(const char *text, struct range_mac *r, char *err);
int range_parse_ip(const char *text, uint16_t port, struct range_ip *r, char *err);

void range_put_mac(uint8_t to[6], uint64_t mac);
/* 4 or 16 bytes. */
void range_put_addr(uint8_t *to, range_addr a, int version);

#endif
