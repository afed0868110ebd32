/* SPDX-License-Identifier: BSD-2-Clause */
/* flow.c - which addresses the next frame has. */
#include "flow.h"

#include <string.h>

#include "frame.h"

uint64_t
flow_random(uint64_t *seed)
{
	uint64_t z = (*seed += 0x9e3779b97f4a7c15ull); /* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

uint32_t
flow_length(uint64_t *seed, uint32_t min, uint32_t max)
{
	/* the high half times the width, instead of a division */
	return min + (uint32_t)(((flow_random(seed) >> 32) * (max - min + 1ull)) >> 32);
}

static struct range_ip
default_range(int version, int host)
{
	/* 10.0.0.1 and 10.0.0.2, fd00::1 and fd00::2 */
	range_addr net = version == 4 ? (range_addr)0x0a000000 : (range_addr)0xfd << 120;

	return (struct range_ip){ version, net + (unsigned)host, net + (unsigned)host, FRAME_PORT, FRAME_PORT };
}

/* A random end that was given no range is any unicast address, any port. */
static void
widen(struct range_ip *r, bool given)
{
	if (given && (r->first != r->last || r->port_first != r->port_last))
		return;
	if (r->version == 4) {
		r->first = 0x01000000;
		r->last = 0xdfffffff;
	} else {
		r->first = (range_addr)0xfd << 120;
		r->last = r->first | ((((range_addr)1) << 120) - 1);
	}
	r->port_first = 1;
	r->port_last = 65535;
}

static bool
is_range(const struct range_ip *r)
{
	return r->first != r->last || r->port_first != r->port_last;
}

void
flow_init(struct flow *f, const struct options *o, uint64_t own, uint64_t seed)
{
	memset(f, 0, sizeof(*f));
	f->src = o->has_src ? o->src : default_range(o->version, 1);
	f->dst = o->has_dst ? o->dst : default_range(o->version, 2);
	f->smac = o->has_smac ? o->smac : (struct range_mac){ own, own };
	f->dmac = o->has_dmac ? o->dmac : (struct range_mac){ 0xffffffffffffull, 0xffffffffffffull };
	f->random_src = o->random_src;
	f->random_dst = o->random_dst;
	f->seed = seed;
	if (f->random_src)
		widen(&f->src, o->has_src);
	if (f->random_dst)
		widen(&f->dst, o->has_dst);
	f->varies = is_range(&f->src) || is_range(&f->dst) || f->smac.first != f->smac.last || f->dmac.first != f->dmac.last;
	f->src_addr = f->src.first;
	f->dst_addr = f->dst.first;
	f->src_port = f->src.port_first;
	f->dst_port = f->dst.port_first;
	f->src_mac = f->smac.first;
	f->dst_mac = f->dmac.first;
}

static void
pick(struct flow *f, const struct range_ip *r, range_addr *addr, uint16_t *port)
{
	range_addr x = (range_addr)flow_random(&f->seed) << 64 | flow_random(&f->seed);
	range_addr width = r->last - r->first + 1; /* never all of 128 bits: see widen() and range_parse_ip() */

	*addr = r->first + (width ? x % width : x);
	*port = (uint16_t)flow_length(&f->seed, r->port_first, r->port_last);
}

/* Turns the two wheels of one end; true if both went round. */
static bool
turn(const struct range_ip *r, range_addr *addr, uint16_t *port)
{
	if (*port != r->port_last) {
		++*port;
		return false;
	}
	*port = r->port_first;
	if (*addr != r->last) {
		++*addr;
		return false;
	}
	*addr = r->first;
	return true;
}

void
flow_next(struct flow *f)
{
	bool round = true;

	if (f->random_src)
		pick(f, &f->src, &f->src_addr, &f->src_port);
	else
		round = turn(&f->src, &f->src_addr, &f->src_port);
	if (f->random_dst)
		pick(f, &f->dst, &f->dst_addr, &f->dst_port);
	else if (round)
		turn(&f->dst, &f->dst_addr, &f->dst_port);
	f->src_mac = f->src_mac == f->smac.last ? f->smac.first : f->src_mac + 1;
	f->dst_mac = f->dst_mac == f->dmac.last ? f->dmac.first : f->dst_mac + 1;
}
