/* SPDX-License-Identifier: BSD-2-Clause */
/* frame.c - building and reading frames. */
#include "frame.h"

#include <string.h>

#include "csum.h"

#define ETH 14u
#define UDP 8u
#define PROTO_UDP 17

static const char payload[] = "A frame of netmap pkt-gen, nothing to see here. ";

static void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t
get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

void
frame_init(struct frame *f, int version, unsigned vnet)
{
	uint32_t i;

	memset(f->pad, 0, sizeof(f->pad));
	memset(f->data, 0, frame_headers(version));
	f->version = version;
	f->vnet = vnet;
	f->len = f->sum_len = 0;
	for (i = frame_headers(version); i < sizeof(f->data); i++)
		f->data[i] = (uint8_t)payload[(i - frame_headers(version)) % (sizeof(payload) - 1)];
}

static void
build_ip4(uint8_t *ip, const struct flow *flow, uint32_t ip_len)
{
	uint16_t sum;

	ip[0] = 0x45;
	put16(ip + 2, ip_len);
	put16(ip + 6, 0x4000); /* don't fragment */
	ip[8] = 64;
	ip[9] = PROTO_UDP;
	put16(ip + 10, 0);
	range_put_addr(ip + 12, flow->src_addr, 4);
	range_put_addr(ip + 16, flow->dst_addr, 4);
	sum = csum_fold(csum_add(ip, 20, 0));
	memcpy(ip + 10, &sum, 2);
}

static void
build_ip6(uint8_t *ip, const struct flow *flow, uint32_t ip_len)
{
	ip[0] = 0x60;
	put16(ip + 4, ip_len > 40 ? ip_len - 40 : 0);
	ip[6] = PROTO_UDP;
	ip[7] = 64;
	range_put_addr(ip + 8, flow->src_addr, 6);
	range_put_addr(ip + 24, flow->dst_addr, 6);
}

/* Sum of the pseudo header: both addresses lie in a row, the length is that of UDP. */
static uint64_t
pseudo_sum(const uint8_t *p, int version, uint32_t udp_len)
{
	uint8_t tail[4] = { 0, PROTO_UDP, 0, 0 };

	put16(tail + 2, udp_len);
	return csum_add(tail, 4, version == 4 ? csum_add(p + ETH + 12, 8, 0) : csum_add(p + ETH + 8, 32, 0));
}

static void
build_udp_csum(struct frame *f, uint32_t udp_len)
{
	unsigned hdr = frame_headers(f->version);
	uint8_t *udp = f->data + hdr - UDP;
	uint16_t sum;

	if (f->sum_len != f->len) {
		f->data_sum = csum_add(f->data + hdr, udp_len - UDP, 0);
		f->sum_len = f->len;
	}
	sum = csum_fold(csum_add(udp, UDP, f->data_sum + pseudo_sum(f->data, f->version, udp_len)));
	if (sum == 0)
		sum = 0xffff; /* 0 says that there is none */
	memcpy(udp + 6, &sum, 2);
}

void
frame_build(struct frame *f, const struct flow *flow, uint32_t len, bool csum)
{
	unsigned hdr = frame_headers(f->version);
	uint8_t *p = f->data, *udp = p + hdr - UDP;
	uint32_t udp_len = len > hdr ? len - hdr + UDP : UDP;

	f->len = len;
	range_put_mac(p, flow->dst_mac);
	range_put_mac(p + 6, flow->src_mac);
	if (f->version == 4) {
		put16(p + 12, 0x0800);
		build_ip4(p + ETH, flow, len - ETH);
	} else {
		put16(p + 12, 0x86dd);
		build_ip6(p + ETH, flow, len - ETH);
	}
	put16(udp, flow->src_port);
	put16(udp + 2, flow->dst_port);
	put16(udp + 4, udp_len);
	put16(udp + 6, 0);
	if (csum || f->version == 6) /* IPv6 has no UDP without checksum */
		build_udp_csum(f, udp_len);
}

static bool
parse_ip(const uint8_t *p, uint32_t len, struct frame_view *v)
{
	uint32_t type = get16(p + 12), ihl;

	if (type == 0x0800 && len >= ETH + 20 && p[ETH] >> 4 == 4) {
		ihl = (p[ETH] & 15u) * 4;
		v->version = 4;
		v->l4 = ETH + ihl;
		/* fragments have no UDP header, or not the whole data */
		return ihl >= 20 && p[ETH + 9] == PROTO_UDP && (get16(p + ETH + 6) & 0x3fff) == 0;
	}
	if (type == 0x86dd && len >= ETH + 40 && p[ETH] >> 4 == 6) {
		v->version = 6;
		v->l4 = ETH + 40;
		return p[ETH + 6] == PROTO_UDP;
	}
	return false;
}

bool
frame_parse(const uint8_t *p, uint32_t len, struct frame_view *v)
{
	uint32_t udp_len;

	memset(v, 0, sizeof(*v));
	if (len < FRAME_MIN || !parse_ip(p, len, v) || len < v->l4 + UDP)
		return false;
	udp_len = get16(p + v->l4 + 4);
	if (udp_len < UDP || udp_len > len - v->l4)
		return false;
	v->udp = true;
	v->data = v->l4 + UDP;
	v->data_len = udp_len - UDP;
	return true;
}

bool
frame_verify(const uint8_t *p, const struct frame_view *v)
{
	uint32_t udp_len = v->data_len + UDP;

	if (v->version == 4 && csum_fold(csum_add(p + ETH, v->l4 - ETH, 0)) != 0)
		return false;
	if (get16(p + v->l4 + 6) == 0)
		return v->version == 4;
	return csum_fold(csum_add(p + v->l4, udp_len, pseudo_sum(p, v->version, udp_len))) == 0;
}

static void
exchange(uint8_t *a, uint8_t *b, size_t n)
{
	uint8_t t[16];

	memcpy(t, a, n);
	memcpy(a, b, n);
	memcpy(b, t, n);
}

void
frame_answer(uint8_t *p, const struct frame_view *v)
{
	exchange(p, p + 6, 6);
	if (v->version == 4)
		exchange(p + ETH + 12, p + ETH + 16, 4);
	else
		exchange(p + ETH + 8, p + ETH + 24, 16);
	exchange(p + v->l4, p + v->l4 + 2, 2);
}
