/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_gso.h"

#define TYPES 12u /* bytes before the type of what an Ethernet frame has */
#define IPV6 40u
#define UDP 8u
#define PROTO_TCP 6u
#define PROTO_UDP 17u
#define PROTO_FRAGMENT 44u
#define FRAGMENT 8u /* bytes of its header */
#define MAX_HEADERS 8u /* before the transport's */
#define MORE 0x2000u
#define FIN 0x01u
#define PSH 0x08u
#define CWR 0x80u

static uint32_t
get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t
get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* Behind tags: the offset of the network header, and its type. */
static int
network(struct nm_gso *g, uint32_t *type)
{
	uint32_t at = TYPES, tags;

	for (tags = 0; at + 2 <= g->have; tags++, at += 4) {
		*type = get16(g->head + at);
		if ((*type != 0x8100 && *type != 0x88a8) || tags == 2)
			break;
	}
	g->l3 = at + 2;
	return g->l3 <= g->have ? 0 : -EINVAL;
}

/* The transport header's offset, and its protocol. A fragment has none of its own, or not all of what belongs to it. */
static int
transport4(struct nm_gso *g, uint32_t *proto)
{
	const uint8_t *ip = g->head + g->l3;
	uint32_t ihl;

	if (g->l3 + 20 > g->have || ip[0] >> 4 != 4 || (get16(ip + 6) & 0x3fff))
		return -EINVAL;
	ihl = (ip[0] & 15u) * 4;
	g->from = g->l4 = g->l3 + ihl;
	*proto = ip[9];
	return ihl >= 20 ? 0 : -EINVAL;
}

/* Headers that go before a fragment's own: options for each hop, and a route; that of a frame under way would hide the address summed. */
static int
transport6(struct nm_gso *g, uint32_t *proto)
{
	const uint8_t *ip = g->head + g->l3;
	uint32_t at = g->l3 + IPV6, next = g->l3 + 6, hops;

	if (at > g->have || ip[0] >> 4 != 6)
		return -EINVAL;
	g->next = next;
	g->from = at;
	for (hops = 0; hops <= MAX_HEADERS; hops++) {
		*proto = g->head[next];
		if (*proto != 0 && *proto != 43 && *proto != 60)
			break;
		if (at + 8 > g->have || (*proto == 43 && g->head[at + 3]))
			return -EINVAL;
		next = at;
		at += 8u + 8u * g->head[at + 1];
		if (*proto != 60) {
			g->next = next;
			g->from = at;
		}
	}
	g->l4 = at;
	return 0;
}

static bool
small_enough(const struct nm_gso *g)
{
	return (g->len - g->from - 1) / g->size < NM_GSO_SEGMENTS;
}

/* Into fragments: of IPv4 without options, some of which belong into the first one only. */
static int
begin_fragments(struct nm_gso *g)
{
	g->size &= ~7u;
	if (g->size < g->payload - g->from || (!g->v6 && g->l4 - g->l3 != 20))
		return -EINVAL;
	return g->len - g->l3 - (g->v6 ? IPV6 : 0) <= 0xffff && small_enough(g) ? 0 : -EINVAL;
}

static int
look_at(struct nm_gso *g, const struct nm_vnet_hdr *h)
{
	static const uint8_t known[] = {[NM_GSO_TYPE_TCPV4] = 1, [NM_GSO_TYPE_UDP] = 1, [NM_GSO_TYPE_TCPV6] = 1, [NM_GSO_TYPE_UDP_L4] = 1};
	uint32_t kind = h->gso_type & ~NM_GSO_TYPE_ECN, type = 0, proto = 0, rest;
	int error;

	g->size = h->gso_size;
	g->tcp = kind == NM_GSO_TYPE_TCPV4 || kind == NM_GSO_TYPE_TCPV6;
	g->fragment = kind == NM_GSO_TYPE_UDP;
	g->sum = g->fragment && (h->flags & NM_VNET_NEEDS_CSUM);
	if (kind >= sizeof(known) || !known[kind] || !g->size || network(g, &type))
		return -EINVAL;
	g->v6 = type == 0x86dd;
	if ((!g->v6 && type != 0x0800) || (g->tcp && g->v6 != (kind == NM_GSO_TYPE_TCPV6)))
		return -EINVAL;
	error = g->v6 ? transport6(g, &proto) : transport4(g, &proto);
	if (error || proto != (g->tcp ? PROTO_TCP : PROTO_UDP) || g->l4 + (g->tcp ? 20 : UDP) > g->have)
		return -EINVAL;
	g->payload = g->l4 + (g->tcp ? (uint32_t)(g->head[g->l4 + 12] >> 4) * 4 : UDP);
	if (g->payload > g->have || g->payload >= g->len || (g->tcp && g->payload < g->l4 + 20))
		return -EINVAL;
	if (g->fragment)
		return begin_fragments(g);
	g->from = g->payload;
	rest = g->len - g->from;
	return g->payload - g->l3 + (g->size < rest ? g->size : rest) <= 0xffff && small_enough(g) ? 0 : -EINVAL;
}

int
nm_gso_begin(struct nm_gso *g, uint32_t len, const struct nm_vnet_hdr *h, uint32_t ident)
{
	int error;

	g->len = len;
	g->n = 0;
	g->ident = ident;
	error = look_at(g, h);
	g->at = error ? len : g->from;
	return error;
}

/* Bytes of a segment that are no part of what is cut. */
static uint32_t
overhead(const struct nm_gso *g)
{
	return g->from + (g->fragment && g->v6 && g->len - g->from > g->size ? FRAGMENT : 0);
}

int
nm_gso_fit(struct nm_gso *g, uint32_t most)
{
	uint32_t before = g->fragment && g->v6 ? g->from + FRAGMENT : g->from, size;

	if ((!g->tcp && !g->fragment) || before + g->size <= most || before + NM_GSO_LEAST > most)
		return 0;
	size = most - before;
	if (g->fragment) {
		size &= ~7u;
		if (size < g->payload - g->from)
			return 0;
	}
	g->size = size;
	return small_enough(g) ? 0 : -EINVAL;
}

uint32_t
nm_gso_count(const struct nm_gso *g, uint32_t *each, uint32_t *last)
{
	uint32_t bytes = g->len - g->from, n = (bytes - 1) / g->size + 1, before = overhead(g);

	*each = before + g->size;
	*last = before + bytes - (n - 1) * g->size;
	return n;
}

static uint64_t
pseudo(const struct nm_gso *g, const uint8_t *frame, uint32_t bytes)
{
	uint8_t p[8] = {0};

	put32(p, bytes);
	p[7] = g->tcp ? PROTO_TCP : PROTO_UDP;
	return nm_csum_add(nm_csum_add(0, p, sizeof(p)), frame + g->l3 + (g->v6 ? 8 : 12), g->v6 ? 32 : 8);
}

/* Of the transport header in `frame`, and the bytes behind it, which come to `sum`; `bytes`: of both. */
static void
transport_sum(const struct nm_gso *g, uint8_t *frame, uint32_t bytes, uint64_t sum)
{
	uint8_t *t = frame + g->l4, *field = t + (g->tcp ? 16 : 6);

	put16(field, 0);
	sum += pseudo(g, frame, bytes);
	nm_csum_put(field, nm_csum_add(sum, t, g->payload - g->l4));
}

void
nm_gso_sum(struct nm_gso *g, uint64_t sum)
{
	put16(g->head + g->l4 + 4, g->len - g->l4);
	transport_sum(g, g->head, g->len - g->l4, sum);
	g->sum = false;
}

/* Lengths and identification of the network header of a frame of `len` bytes; its checksum where it has one. */
static void
fix_network(const struct nm_gso *g, uint8_t *out, uint32_t len)
{
	uint8_t *ip = out + g->l3;
	uint16_t sum;

	if (g->v6) {
		put16(ip + 4, len - g->l3 - IPV6);
		return;
	}
	put16(ip + 2, len - g->l3);
	if (!g->fragment)
		put16(ip + 4, get16(ip + 4) + g->n);
	put16(ip + 10, 0);
	sum = (uint16_t)~nm_csum_fold(nm_csum_add(0, ip, g->l4 - g->l3));
	memcpy(ip + 10, &sum, sizeof(sum));
}

/* A fragment. The transport header, which is in the copy and may have got its checksum there, is part of the first one. */
static void
next_fragment(struct nm_gso *g, uint8_t *out, struct nm_gso_cut *c, bool last)
{
	uint32_t head = g->from, place = g->at - g->from, own = g->at < g->payload ? g->payload - g->at : 0;

	memcpy(out, g->head, head);
	if (!g->v6) {
		put16(out + g->l3 + 6, place / 8 | (last ? 0 : MORE));
	} else if (place || !last) {
		out[head] = out[g->next];
		out[g->next] = PROTO_FRAGMENT;
		out[head + 1] = 0;
		put16(out + head + 2, place | (last ? 0 : 1));
		put32(out + head + 4, g->ident);
		head += FRAGMENT;
	}
	if (own)
		memcpy(out + head, g->head + g->at, own);
	c->head = head + own;
	c->from = g->at + own;
	c->n -= own;
	c->sum = false;
}

void
nm_gso_next(struct nm_gso *g, uint8_t out[NM_GSO_OUT], struct nm_gso_cut *c)
{
	uint32_t left = g->len - g->at;
	bool last = left <= g->size;
	uint8_t *t = out + g->l4;

	*c = (struct nm_gso_cut){g->payload, g->at, last ? left : g->size, true};
	if (g->fragment) {
		next_fragment(g, out, c, last);
	} else {
		memcpy(out, g->head, g->payload);
		if (!g->tcp) {
			put16(t + 4, UDP + c->n);
		} else {
			put32(t + 4, get32(t + 4) + (g->at - g->payload));
			t[13] &= (uint8_t)~((last ? 0 : FIN | PSH) | (g->n ? CWR : 0));
		}
	}
	fix_network(g, out, c->head + c->n);
	g->at += last ? left : g->size;
	g->n++;
}

void
nm_gso_close(const struct nm_gso *g, uint8_t *out, const struct nm_gso_cut *c, uint64_t sum)
{
	transport_sum(g, out, c->head + c->n - g->l4, sum);
}

int
nm_gso_begin_flat(struct nm_gso *g, const void *frame, uint32_t len, const struct nm_vnet_hdr *h, uint32_t ident)
{
	int error;

	g->have = len < NM_GSO_HEAD ? len : NM_GSO_HEAD;
	memcpy(g->head, frame, g->have);
	error = nm_gso_begin(g, len, h, ident);
	if (!error && g->sum)
		nm_gso_sum(g, nm_csum_add(0, (const uint8_t *)frame + g->payload, len - g->payload));
	return error;
}

uint32_t
nm_gso_next_flat(struct nm_gso *g, const void *frame, uint8_t *out)
{
	struct nm_gso_cut c;

	nm_gso_next(g, out, &c);
	memcpy(out + c.head, (const uint8_t *)frame + c.from, c.n);
	if (c.sum)
		nm_gso_close(g, out, &c, nm_csum_add(0, out + c.head, c.n));
	return c.head + c.n;
}

bool
nm_gso_checksum_flat(void *frame, uint32_t len, uint32_t start, uint32_t offset)
{
	uint8_t *p = frame;

	if (start > len || offset > len || start + offset + 2 > len)
		return false;
	nm_csum_put(p + start + offset, nm_csum_add(0, p + start, len - start));
	return true;
}
