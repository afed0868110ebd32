/* SPDX-License-Identifier: BSD-2-Clause */
/* frame.c - see frame.h */
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>
#include "frame.h"

#define TAGS 2 /* of VLANs that are looked behind; so all headers together are short */
#define TCP_FIN 0x01u
#define TCP_PSH 0x08u
#define TCP_CWR 0x80u

static void parse_l4(const uint8_t *frame, struct frame_parts *p, size_t at)
{
	size_t header = 0;

	if (p->fragment)
		return;
	if (p->protocol == IPPROTO_TCP && at + 20 <= p->end)
		header = (size_t)(frame[at + 12] >> 4) * 4;
	else if (p->protocol == IPPROTO_UDP && at + 8 <= p->end)
		header = 8;
	if (header < 8 || (p->protocol == IPPROTO_TCP && header < 20) || at + header > p->end)
		return;
	p->l4 = at;
	p->data = at + header;
}

static void parse_v4(const uint8_t *frame, size_t length, struct frame_parts *p, size_t at)
{
	size_t header, total;

	if (at + 20 > length || frame[at] >> 4 != 4)
		return;
	header = (size_t)(frame[at] & 15) * 4;
	total = frame_be16(frame + at + 2);
	if (!total) /* to be cut into segments, longer than the field can say */
		total = length - at;
	if (header < 20 || total < header || total > length - at)
		return;
	p->l3 = at;
	p->end = at + total;
	p->protocol = frame[at + 9];
	p->fragment = frame_be16(frame + at + 6) & 0x3fff;
	parse_l4(frame, p, at + header);
}

/* extension headers are not looked through, as in most NICs */
static void parse_v6(const uint8_t *frame, size_t length, struct frame_parts *p, size_t at)
{
	size_t payload;

	if (at + 40 > length || frame[at] >> 4 != 6)
		return;
	payload = frame_be16(frame + at + 4);
	if (!payload)
		payload = length - at - 40;
	if (payload > length - at - 40)
		return;
	p->l3 = at;
	p->v6 = true;
	p->end = at + 40 + payload;
	p->protocol = frame[at + 6];
	parse_l4(frame, p, at + 40);
}

void frame_parse(const uint8_t *frame, size_t length, struct frame_parts *p)
{
	size_t at = 12;

	memset(p, 0, sizeof *p);
	for (int tags = 0; at + 2 <= length; tags++) {
		p->type = frame_be16(frame + at);
		if ((p->type != ETHERTYPE_VLAN && p->type != 0x88a8) || tags == TAGS || at + 2 + FRAME_TAG > length)
			break;
		at += FRAME_TAG;
	}
	if (p->type == ETHERTYPE_IP)
		parse_v4(frame, length, p, at + 2);
	else if (p->type == ETHERTYPE_IPV6)
		parse_v6(frame, length, p, at + 2);
}

uint32_t frame_sum(const uint8_t *at, size_t length, uint32_t sum)
{
	uint64_t s = sum;

	for (; length > 1; at += 2, length -= 2)
		s += frame_be16(at);
	if (length)
		s += (uint64_t)at[0] << 8;
	while (s >> 32)
		s = (s & 0xffffffff) + (s >> 32);
	return (uint32_t)s;
}

uint16_t frame_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static size_t ip_header(const uint8_t *frame, const struct frame_parts *p) { return (size_t)(frame[p->l3] & 15) * 4; }

/* pseudo - sum of the header that TCP and UDP count in */
static uint32_t pseudo(const uint8_t *frame, const struct frame_parts *p)
{
	uint32_t sum = (uint32_t)(p->end - p->l4) + p->protocol;

	return p->v6 ? frame_sum(frame + p->l3 + 8, 32, sum) : frame_sum(frame + p->l3 + 12, 8, sum);
}

bool frame_ip_right(const uint8_t *frame, const struct frame_parts *p)
{
	return p->l3 && !p->v6 && frame_fold(frame_sum(frame + p->l3, ip_header(frame, p), 0)) == 0xffff;
}

bool frame_l4_right(const uint8_t *frame, const struct frame_parts *p)
{
	if (!p->l4)
		return false;
	if (p->protocol == IPPROTO_UDP && !p->v6 && !frame_be16(frame + p->l4 + 6))
		return false; /* it has none */
	return frame_fold(frame_sum(frame + p->l4, p->end - p->l4, pseudo(frame, p))) == 0xffff;
}

void frame_set_ip(uint8_t *frame, const struct frame_parts *p)
{
	if (!p->l3 || p->v6)
		return;
	frame_put16(frame + p->l3 + 10, 0);
	frame_put16(frame + p->l3 + 10, (uint16_t)~frame_fold(frame_sum(frame + p->l3, ip_header(frame, p), 0)));
}

void frame_set_l4(uint8_t *frame, const struct frame_parts *p)
{
	uint8_t *field;
	uint16_t sum;

	if (!p->l4)
		return;
	field = frame + p->l4 + (p->protocol == IPPROTO_TCP ? 16 : 6);
	frame_put16(field, 0);
	sum = (uint16_t)~frame_fold(frame_sum(frame + p->l4, p->end - p->l4, pseudo(frame, p)));
	if (!sum && p->protocol == IPPROTO_UDP)
		sum = 0xffff;
	frame_put16(field, sum);
}

void frame_tag(uint8_t *frame, size_t *length, uint16_t tci)
{
	memmove(frame + 12 + FRAME_TAG, frame + 12, *length - 12);
	frame_put16(frame + 12, ETHERTYPE_VLAN);
	frame_put16(frame + 14, tci);
	*length += FRAME_TAG;
}

bool frame_untag(uint8_t *frame, size_t *length, uint16_t *tci)
{
	if (*length < 14 + FRAME_TAG || frame_be16(frame + 12) != ETHERTYPE_VLAN)
		return false;
	*tci = frame_be16(frame + 14);
	*length -= FRAME_TAG;
	memmove(frame + 12, frame + 12 + FRAME_TAG, *length - 12);
	return true;
}

bool frame_segment(const uint8_t *frame, size_t length, size_t mss, uint8_t *out, frame_sink *sink, void *arg)
{
	struct frame_parts whole, part;
	uint32_t sequence;
	uint16_t id;
	size_t left, n;
	bool tcp;

	frame_parse(frame, length, &whole);
	tcp = whole.protocol == IPPROTO_TCP;
	if (!whole.l4 || !mss)
		return false;
	sequence = frame_be32(frame + whole.l4 + 4);
	id = whole.v6 ? 0 : frame_be16(frame + whole.l3 + 4);
	for (size_t at = whole.data; at < whole.end || at == whole.data; at += n) {
		left = whole.end - at;
		n = left < mss ? left : mss;
		memcpy(out, frame, whole.data);
		memcpy(out + whole.data, frame + at, n);
		part = whole;
		part.end = whole.data + n;
		if (whole.v6) {
			frame_put16(out + whole.l3 + 4, (uint16_t)(part.end - whole.l3 - 40));
		} else {
			frame_put16(out + whole.l3 + 2, (uint16_t)(part.end - whole.l3));
			frame_put16(out + whole.l3 + 4, id++);
		}
		if (tcp) {
			frame_put32(out + whole.l4 + 4, sequence + (uint32_t)(at - whole.data));
			if (n < left)
				out[whole.l4 + 13] &= (uint8_t)~(TCP_FIN | TCP_PSH);
			if (at != whole.data)
				out[whole.l4 + 13] &= (uint8_t)~TCP_CWR;
		} else {
			frame_put16(out + whole.l4 + 4, (uint16_t)(part.end - whole.l4));
		}
		frame_set_ip(out, &part);
		frame_set_l4(out, &part);
		sink(arg, out, part.end);
		if (!n)
			break;
	}
	return true;
}

uint32_t frame_crc(const uint8_t *at, size_t length)
{
	static uint32_t table[256];
	uint32_t crc = ~0u;

	if (!table[1])
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t c = i;

			for (int bit = 0; bit < 8; bit++)
				c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
			table[i] = c;
		}
	for (size_t i = 0; i < length; i++)
		crc = crc >> 8 ^ table[(crc ^ at[i]) & 0xff];
	return ~crc;
}

unsigned int frame_hash(const uint8_t *address)
{
	uint32_t crc = ~frame_crc(address, 6);
	unsigned int hash = 0;

	for (int bit = 0; bit < 6; bit++)
		hash |= (crc >> bit & 1) << (5 - bit);
	return hash;
}
