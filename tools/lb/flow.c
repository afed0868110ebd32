/* SPDX-License-Identifier: BSD-2-Clause */
/* flow.c - a hash that both directions of a conversation share: of its two ends, the lesser one first. */
#include "flow.h"

#include <stdbool.h>
#include <string.h>

#define ETHER 12u     /* of the type in an untagged frame */
#define TYPE_IPV4 0x0800
#define TYPE_ARP 0x0806
#define TYPE_IPV6 0x86dd
#define MAX_TAGS 4
#define MAX_EXTENSIONS 8

enum { /* protocols and headers of IPv6 */
	HOP_BY_HOP = 0, TCP = 6, UDP = 17, DCCP = 33, ROUTING = 43, FRAGMENT = 44, AUTH = 51, DEST_OPTIONS = 60, SCTP = 132, UDP_LITE = 136,
	MOBILITY = 135,
};

/* The address, which is 4, 6 or 16 bytes, and the port. */
struct end {
	uint64_t addr[2];
	uint16_t port;
};

struct flow {
	struct end a, b;
	uint32_t kind; /* type, and protocol above it */
};

static inline uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
get_addr(struct end *e, const uint8_t *p, uint32_t n)
{
	memset(e->addr, 0, sizeof(e->addr));
	memcpy(e->addr, p, n);
}

static bool
less(const struct end *a, const struct end *b)
{
	if (a->addr[0] != b->addr[0])
		return a->addr[0] < b->addr[0];
	if (a->addr[1] != b->addr[1])
		return a->addr[1] < b->addr[1];
	return a->port < b->port;
}

/* Each bit of either word reaches all of the result. */
static inline uint64_t
mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	h ^= h >> 29;
	h *= 0xd1b54a32d192ed03u;
	return h ^ h >> 32;
}

static uint32_t
hash(const struct flow *f)
{
	const struct end *lo = less(&f->b, &f->a) ? &f->b : &f->a, *hi = lo == &f->a ? &f->b : &f->a;
	uint64_t h = mix(0x6c62272e07bb0142u, f->kind);

	h = mix(mix(h, lo->addr[0]), lo->addr[1]);
	h = mix(mix(h, hi->addr[0]), hi->addr[1]);
	h = mix(h, (uint64_t)lo->port << 16 | hi->port);
	return (uint32_t)(h >> 32);
}

static void
get_ports(struct flow *f, uint8_t proto, const uint8_t *p, uint32_t len)
{
	f->kind |= (uint32_t)proto << 16;
	switch (proto) {
	case TCP:
	case UDP:
	case DCCP:
	case SCTP:
	case UDP_LITE:
		if (len >= 4) {
			f->a.port = get16(p);
			f->b.port = get16(p + 2);
		}
	}
}

static bool
ipv4(struct flow *f, const uint8_t *p, uint32_t len)
{
	uint32_t header;

	if (len < 20 || p[0] >> 4 != 4)
		return false;
	header = (p[0] & 15u) * 4;
	get_addr(&f->a, p + 12, 4);
	get_addr(&f->b, p + 16, 4);
	if (header < 20 || header > len || (get16(p + 6) & 0x3fff)) /* more fragments, or not the first */
		header = len;
	get_ports(f, p[9], p + header, len - header);
	return true;
}

/* The protocol above the extension headers; *at is where it begins, or the end of the packet where that can't be told. */
static uint8_t
ipv6_proto(const uint8_t *p, uint32_t len, uint32_t *at)
{
	uint8_t proto = p[6];
	uint32_t n = 40, size;
	int i;

	for (i = 0; i < MAX_EXTENSIONS; i++) {
		switch (proto) {
		case HOP_BY_HOP:
		case ROUTING:
		case DEST_OPTIONS:
		case MOBILITY:
		case FRAGMENT:
		case AUTH:
			break;
		default:
			*at = n;
			return proto;
		}
		if (len - n < 8)
			break;
		size = proto == FRAGMENT ? 8 : proto == AUTH ? (p[n + 1] + 2u) * 4 : (p[n + 1] + 1u) * 8;
		if (proto == FRAGMENT && (get16(p + n + 2) & 0xfff9)) {
			*at = len;
			return p[n];
		}
		proto = p[n];
		if (size > len - n)
			break;
		n += size;
	}
	*at = len;
	return proto;
}

static bool
ipv6(struct flow *f, const uint8_t *p, uint32_t len)
{
	uint32_t at;
	uint8_t proto;

	if (len < 40 || p[0] >> 4 != 6)
		return false;
	get_addr(&f->a, p + 8, 16);
	get_addr(&f->b, p + 24, 16);
	proto = ipv6_proto(p, len, &at);
	get_ports(f, proto, p + at, len - at);
	return true;
}

/* Ethernet and IPv4; who asks and who answers. */
static bool
arp(struct flow *f, const uint8_t *p, uint32_t len)
{
	if (len < 28 || p[4] != 6 || p[5] != 4)
		return false;
	get_addr(&f->a, p + 14, 4);
	get_addr(&f->b, p + 24, 4);
	return true;
}

uint32_t
flow_hash(const uint8_t *data, uint32_t len)
{
	struct flow f = {.kind = 0};
	uint32_t at = ETHER + 2;
	uint16_t type;
	bool known = false;
	int tags;

	if (len < at)
		return 0;
	type = get16(data + ETHER);
	for (tags = 0; tags < MAX_TAGS && (type == 0x8100 || type == 0x88a8 || type == 0x9100) && len >= at + 4; tags++) {
		type = get16(data + at + 2);
		at += 4;
	}
	f.kind = type;
	if (type == TYPE_IPV4)
		known = ipv4(&f, data + at, len - at);
	else if (type == TYPE_IPV6)
		known = ipv6(&f, data + at, len - at);
	else if (type == TYPE_ARP)
		known = arp(&f, data + at, len - at);
	if (!known) {
		get_addr(&f.a, data, 6);
		get_addr(&f.b, data + 6, 6);
	}
	return hash(&f);
}
