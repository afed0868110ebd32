/* SPDX-License-Identifier: BSD-2-Clause */
#include "nic_gso.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

#define FIN 0x01u
#define PSH 0x08u
#define CWR 0x80u

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
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
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* Adds words in the order of memory; which that is does not matter to a sum with end-around carry. */
static uint64_t
add(uint64_t sum, const uint8_t *p, uint32_t n)
{
	uint32_t w;
	uint16_t h;

	for (; n >= 4; n -= 4, p += 4) {
		memcpy(&w, p, 4);
		sum += w;
	}
	if (n >= 2) {
		memcpy(&h, p, 2);
		sum += h;
		n -= 2, p += 2;
	}
	if (n) {
		h = 0;
		memcpy(&h, p, 1);
		sum += h;
	}
	return sum;
}

static uint16_t
finish(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* 0 is sent as all ones: in UDP it would mean that there is none. */
static void
store(uint8_t *p, uint16_t sum)
{
	if (!sum)
		sum = 0xffff;
	memcpy(p, &sum, sizeof(sum));
}

void
nic_gso_checksum(uint8_t *frame, uint32_t len, uint32_t start, uint32_t offset)
{
	if (start > len || offset > len || start + offset + 2 > len)
		return;
	store(frame + start + offset, finish(add(0, frame + start, len - start)));
}

/* Behind tags: the offset of the network header, and its type. */
static int
network(const uint8_t *f, uint32_t len, uint32_t *l3, uint16_t *type)
{
	uint32_t at = 12, tags;

	for (tags = 0; at + 2 <= len; tags++, at += 4) {
		*type = get16(f + at);
		if ((*type != 0x8100 && *type != 0x88a8) || tags == 2)
			break;
	}
	*l3 = at + 2;
	return *l3 <= len ? 0 : -EINVAL;
}

/* The transport header's offset, and its protocol. */
static int
transport4(const struct nic_gso *g, uint32_t *l4, uint8_t *proto)
{
	const uint8_t *ip = g->frame + g->l3;
	uint32_t ihl;

	if (g->l3 + 20 > g->len || ip[0] >> 4 != 4 || (get16(ip + 6) & 0x3fff))
		return -EINVAL;
	ihl = (ip[0] & 15u) * 4;
	*l4 = g->l3 + ihl;
	*proto = ip[9];
	return ihl >= 20 ? 0 : -EINVAL;
}

static int
transport6(const struct nic_gso *g, uint32_t *l4, uint8_t *proto)
{
	const uint8_t *ip = g->frame + g->l3;
	uint32_t at = g->l3 + 40, hops;

	if (at > g->len || ip[0] >> 4 != 6)
		return -EINVAL;
	*proto = ip[6];
	for (hops = 0; hops < 8 && (*proto == 0 || *proto == 43 || *proto == 60); hops++) { /* options, routing */
		if (at + 8 > g->len)
			return -EINVAL;
		*proto = g->frame[at];
		at += 8u + 8u * g->frame[at + 1];
	}
	*l4 = at;
	return 0;
}

int
nic_gso_begin(struct nic_gso *g, const void *frame, uint32_t len, const struct virtio_net_hdr *h)
{
	uint8_t kind = h->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN, proto;
	uint16_t type = 0;
	int error;

	memset(g, 0, sizeof(*g));
	g->frame = frame;
	g->len = len;
	g->size = h->gso_size;
	g->tcp = kind == VIRTIO_NET_HDR_GSO_TCPV4 || kind == VIRTIO_NET_HDR_GSO_TCPV6;
	if (!g->size || (!g->tcp && kind != VIRTIO_NET_HDR_GSO_UDP_L4) || network(frame, len, &g->l3, &type))
		return -EINVAL;
	g->v6 = type == 0x86dd;
	if (!g->v6 && type != 0x0800)
		return -EINVAL;
	error = g->v6 ? transport6(g, &g->l4, &proto) : transport4(g, &g->l4, &proto);
	if (error || proto != (g->tcp ? IPPROTO_TCP : IPPROTO_UDP) || g->l4 + (g->tcp ? 20u : 8u) > len)
		return -EINVAL;
	g->payload = g->l4 + (g->tcp ? (uint32_t)(g->frame[g->l4 + 12] >> 4) * 4 : 8u);
	if (g->payload < g->l4 + 8 || g->payload >= len || (g->tcp && g->payload < g->l4 + 20))
		return -EINVAL;
	g->at = g->payload;
	return 0;
}

/* Lengths and identification of the network header; its checksum where it has one. */
static void
fix_network(const struct nic_gso *g, uint8_t *out, uint32_t len)
{
	uint8_t *ip = out + g->l3;
	uint16_t sum;

	if (g->v6) {
		put16(ip + 4, len - g->l3 - 40);
		return;
	}
	put16(ip + 2, len - g->l3);
	put16(ip + 4, get16(ip + 4) + g->n);
	put16(ip + 10, 0);
	sum = finish(add(0, ip, g->l4 - g->l3));
	memcpy(ip + 10, &sum, sizeof(sum));
}

static void
fix_transport(const struct nic_gso *g, uint8_t *out, uint32_t len, bool last)
{
	uint8_t *t = out + g->l4, pseudo[8] = {0};
	uint32_t field = g->tcp ? 16 : 6, bytes = len - g->l4;
	uint64_t sum;

	if (g->tcp) {
		put32(t + 4, get32(t + 4) + (g->at - g->payload));
		if (!last)
			t[13] &= (uint8_t)~(FIN | PSH);
		if (g->n)
			t[13] &= (uint8_t)~CWR;
	} else {
		put16(t + 4, bytes);
	}
	put16(t + field, 0);
	put32(pseudo, bytes);
	pseudo[7] = g->tcp ? IPPROTO_TCP : IPPROTO_UDP;
	sum = add(0, pseudo, sizeof(pseudo));
	sum = add(sum, out + g->l3 + (g->v6 ? 8 : 12), g->v6 ? 32 : 8);
	store(t + field, finish(add(sum, t, bytes)));
}

uint32_t
nic_gso_next(struct nic_gso *g, uint8_t *out)
{
	uint32_t n = g->len - g->at < g->size ? g->len - g->at : g->size, len = g->payload + n;

	memcpy(out, g->frame, g->payload);
	memcpy(out + g->payload, g->frame + g->at, n);
	fix_network(g, out, len);
	fix_transport(g, out, len, g->at + n == g->len);
	g->at += n;
	g->n++;
	return len;
}
