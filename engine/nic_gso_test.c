/* SPDX-License-Identifier: BSD-2-Clause */
/* Merged frames: what comes out must be what the sender would have sent piece by piece. */
#include "nic_gso.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

static uint8_t whole[65536], out[65536];

/* Sum of 16-bit words in network order, folded: 0xffff when a checksum is in it and right. */
static uint32_t
sum(const uint8_t *p, uint32_t n, uint32_t s)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		s += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

static uint32_t
be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

struct shape {
	bool v6, tcp, tag;
	uint32_t options, payload, size; /* of the transport header; bytes */
};

/* A merged frame of this shape; the offset of its network header in *l3, of the transport's in *l4. Returns its length. */
static uint32_t
merged(const struct shape *s, struct virtio_net_hdr *h, uint32_t *l3, uint32_t *l4)
{
	uint32_t header = s->tcp ? 20 + s->options : 8, at = s->tag ? 16 : 12, i;

	memset(whole, 0, sizeof(whole));
	memset(h, 0, sizeof(*h));
	for (i = 0; i < 12; i++)
		whole[i] = (uint8_t)(i + 1);
	if (s->tag)
		memcpy(whole + 12, "\x81\x00\x00\x05", 4);
	put16(whole + at, s->v6 ? 0x86dd : 0x0800);
	*l3 = at + 2;
	*l4 = *l3 + (s->v6 ? 40 : 20);
	for (i = *l3; i < *l4; i++)
		whole[i] = (uint8_t)(i * 7); /* addresses, ttl */
	whole[*l3] = s->v6 ? 0x60 : 0x45;
	if (s->v6) {
		whole[*l3 + 6] = s->tcp ? 6 : 17;
	} else {
		put16(whole + *l3 + 4, 0xfffe); /* the identification wraps */
		put16(whole + *l3 + 6, 0x4000);
		whole[*l3 + 9] = s->tcp ? 6 : 17;
	}
	put16(whole + *l4, 1000);
	put16(whole + *l4 + 2, 2000);
	if (s->tcp) {
		memcpy(whole + *l4 + 4, "\xff\xff\xff\x00", 4); /* so does the sequence */
		whole[*l4 + 12] = (uint8_t)(header / 4 << 4);
		whole[*l4 + 13] = 0x80 | 0x10 | 0x08 | 0x01; /* CWR ACK PSH FIN */
	}
	for (i = 0; i < s->payload; i++)
		whole[*l4 + header + i] = (uint8_t)(i * 13 + i / 251);
	h->gso_type = !s->tcp ? 5 : s->v6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
	h->gso_size = (uint16_t)s->size;
	return *l4 + header + s->payload;
}

static void
check_transport(const struct shape *s, uint32_t l3, uint32_t l4, uint32_t len)
{
	uint32_t pseudo = sum(out + l3 + (s->v6 ? 8 : 12), s->v6 ? 32 : 8, 0) + (s->tcp ? 6 : 17) + len - l4;

	assert_int_equal(sum(out + l4, len - l4, pseudo), 0xffff);
	assert_int_not_equal(be16(out + l4 + (s->tcp ? 16 : 6)), 0);
}

static void
check_segment(const struct shape *s, uint32_t l3, uint32_t l4, uint32_t len, uint32_t n, uint32_t done)
{
	bool last = done + s->size >= s->payload;

	assert_memory_equal(out, whole, l3);
	if (s->v6) {
		assert_int_equal(be16(out + l3 + 4), len - l4);
	} else {
		assert_int_equal(be16(out + l3 + 2), len - l3);
		assert_int_equal(be16(out + l3 + 4), (0xfffe + n) & 0xffff);
		assert_int_equal(sum(out + l3, 20, 0), 0xffff);
	}
	check_transport(s, l3, l4, len);
	if (s->tcp) {
		assert_int_equal(be16(out + l4 + 4) << 16 | be16(out + l4 + 6), (uint32_t)(0xffffff00u + done));
		assert_int_equal(out[l4 + 13], 0x10 | (n ? 0 : 0x80) | (last ? 0x09 : 0));
	} else {
		assert_int_equal(be16(out + l4 + 4), len - l4);
	}
}

static void
cut_and_compare(const struct shape *s)
{
	uint32_t l3, l4, done = 0, n = 0, len, header;
	struct virtio_net_hdr h;
	struct nic_gso g;
	uint32_t total = merged(s, &h, &l3, &l4);

	header = total - s->payload;
	assert_int_equal(nic_gso_begin(&g, whole, total, &h), 0);
	for (; nic_gso_more(&g); n++) {
		len = nic_gso_next(&g, out);
		assert_int_equal(len - header, s->payload - done < s->size ? s->payload - done : s->size);
		assert_memory_equal(out + header, whole + header + done, len - header);
		check_segment(s, l3, l4, len, n, done);
		done += len - header;
	}
	assert_int_equal(done, s->payload);
	assert_int_equal(n, (s->payload + s->size - 1) / s->size);
}

static void
segments_are_those_of_the_sender(void **state)
{
	static const struct shape shapes[] = {
		{false, true, false, 12, 65000, 1448}, {false, true, false, 0, 2920, 1460}, {true, true, false, 12, 60001, 1428},
		{false, true, true, 12, 4345, 1448}, {true, true, true, 40, 1000, 1}, {false, false, false, 0, 14720, 1472},
		{true, false, true, 0, 5000, 1337}, {false, true, false, 12, 100, 1448},
	};
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		cut_and_compare(&shapes[i]);
}

/* Each prefix of a good frame, and each header byte changed: refused or cut within the frame, never read beyond. */
static void
bad_frames_are_refused(void **state)
{
	const struct shape s = {false, true, false, 12, 100, 40};
	struct virtio_net_hdr h;
	uint32_t l3, l4, i, v, total = merged(&s, &h, &l3, &l4);
	struct nic_gso g;

	(void)state;
	for (i = 0; i <= l4 + 32; i++)
		assert_int_equal(nic_gso_begin(&g, whole, i, &h), -EINVAL);
	for (i = 12; i < l4 + 32; i++)
		for (v = 0; v < 256; v++) {
			uint8_t old = whole[i];

			whole[i] = (uint8_t)v;
			if (!nic_gso_begin(&g, whole, total, &h)) {
				assert_in_range(g.payload, 34, total - 1);
				while (nic_gso_more(&g))
					assert_in_range(nic_gso_next(&g, out), g.payload + 1, total);
			}
			whole[i] = old;
		}
	h.gso_size = 0;
	assert_int_equal(nic_gso_begin(&g, whole, total, &h), -EINVAL);
	h.gso_size = 40;
	h.gso_type = VIRTIO_NET_HDR_GSO_UDP; /* fragments */
	assert_int_equal(nic_gso_begin(&g, whole, total, &h), -EINVAL);
	h.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	put16(whole + l3 + 6, 0x2000); /* a fragment itself */
	assert_int_equal(nic_gso_begin(&g, whole, total, &h), -EINVAL);
}

static void
checksums_out_of_the_frame_change_nothing(void **state)
{
	uint8_t f[64], before[64];

	(void)state;
	memset(f, 0x5a, sizeof(f));
	memcpy(before, f, sizeof(f));
	nic_gso_checksum(f, 64, 65, 0);
	nic_gso_checksum(f, 64, 60, 4);
	nic_gso_checksum(f, 64, 0, 63);
	nic_gso_checksum(f, 64, 0, 0xffff);
	assert_memory_equal(f, before, sizeof(f));
	nic_gso_checksum(f, 63, 34, 6);
	assert_int_not_equal(be16(f + 40), 0x5a5a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_those_of_the_sender),
		cmocka_unit_test(bad_frames_are_refused),
		cmocka_unit_test(checksums_out_of_the_frame_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
