/* SPDX-License-Identifier: BSD-2-Clause */
/* Merged frames: what comes out must be what the sender would have sent piece by piece. */
#include "host.h"
#include "nm_gso.h"

static uint8_t whole[66000], out[66000];

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
merged(const struct shape *s, struct nm_vnet_hdr *h, uint32_t *l3, uint32_t *l4)
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
	h->gso_type = !s->tcp ? NM_GSO_TYPE_UDP_L4 : s->v6 ? NM_GSO_TYPE_TCPV6 : NM_GSO_TYPE_TCPV4;
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
	struct nm_vnet_hdr h;
	struct nm_gso g;
	uint32_t total = merged(s, &h, &l3, &l4);

	header = total - s->payload;
	assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0), 0);
	for (; nm_gso_more(&g); n++) {
		len = nm_gso_next_flat(&g, whole, out);
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
		{false, true, true, 12, 4345, 1448}, {true, true, true, 40, 1000, 4}, {false, false, false, 0, 14720, 1472},
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
	struct nm_vnet_hdr h;
	uint32_t l3, l4, i, v, total = merged(&s, &h, &l3, &l4);
	struct nm_gso g;

	(void)state;
	for (i = 0; i <= l4 + 32; i++)
		assert_int_equal(nm_gso_begin_flat(&g, whole, i, &h, 0), -EINVAL);
	for (i = 12; i < l4 + 32; i++)
		for (v = 0; v < 256; v++) {
			uint8_t old = whole[i];

			whole[i] = (uint8_t)v;
			if (!nm_gso_begin_flat(&g, whole, total, &h, 0)) {
				assert_in_range(g.payload, 34, total - 1);
				while (nm_gso_more(&g))
					assert_in_range(nm_gso_next_flat(&g, whole, out), g.payload + 1, total);
			}
			whole[i] = old;
		}
	h.gso_size = 0;
	assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0), -EINVAL);
	h.gso_size = 40;
	h.gso_type = NM_GSO_TYPE_TCPV4;
	put16(whole + l3 + 6, 0x2000); /* a fragment itself */
	assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0), -EINVAL);
}

/* What a merged frame says of itself, apart from its headers. */
static void
bad_headers_are_refused(void **state)
{
	static const struct { uint8_t type; uint16_t size; bool v6, good; } t[] = {
		{NM_GSO_TYPE_TCPV4, 40, false, true}, {NM_GSO_TYPE_TCPV4 | NM_GSO_TYPE_ECN, 40, false, true},
		{NM_GSO_TYPE_TCPV6, 40, false, false}, {NM_GSO_TYPE_TCPV4, 40, true, false}, {NM_GSO_TYPE_TCPV6, 40, true, true},
		{NM_GSO_TYPE_NONE, 40, false, false}, {NM_GSO_TYPE_ECN, 40, false, false}, {2, 40, false, false}, {6, 40, false, false},
		{NM_GSO_TYPE_UDP, 40, false, false}, {NM_GSO_TYPE_UDP_L4, 40, false, false}, {0x21, 40, false, false}, {0x7f, 40, false, false},
		{NM_GSO_TYPE_TCPV4, 0, false, false},
		/* 256 segments are the most: of 1000 bytes */
		{NM_GSO_TYPE_TCPV4, 4, false, true}, {NM_GSO_TYPE_TCPV4, 3, false, false}, {NM_GSO_TYPE_TCPV4, 1, false, false},
		{NM_GSO_TYPE_TCPV4, 0xffff, false, true},
	};
	struct nm_vnet_hdr h;
	struct nm_gso g;
	uint32_t i, l3, l4;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const struct shape s = {t[i].v6, true, false, 12, 1000, 40};
		uint32_t total = merged(&s, &h, &l3, &l4);

		h.gso_type = t[i].type;
		h.gso_size = t[i].size;
		h.hdr_len = (uint16_t)(i * 4099); /* is not looked at */
		h.csum_start = h.csum_offset = 0xffff; /* nor are these */
		print_message("type %#x, size %u, IPv%u\n", t[i].type, t[i].size, t[i].v6 ? 6 : 4);
		assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0), t[i].good ? 0 : -EINVAL);
		assert_int_equal(nm_gso_more(&g), t[i].good);
	}
}

/* A frame of 64 KiB with a segment that, with its headers, would be longer than IP can say. */
static void
segments_beyond_what_ip_can_say_are_refused(void **state)
{
	const struct shape s = {false, true, false, 12, 65300, 65300};
	struct nm_vnet_hdr h;
	struct nm_gso g;
	uint32_t l3, l4, total = merged(&s, &h, &l3, &l4);

	(void)state;
	assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0), 0);
	assert_int_equal(nm_gso_begin_flat(&g, whole, total + 200, &h, 0), 0);
	h.gso_size = 0xffff;
	assert_int_equal(nm_gso_begin_flat(&g, whole, total + 200, &h, 0), -EINVAL);
}

/* Moves the transport header of an IPv6 frame and puts so many bytes of extension headers before it. */
static uint32_t
insert(uint32_t total, uint32_t l3, uint32_t l4, const uint8_t *ext, uint32_t n, uint8_t first)
{
	memmove(whole + l4 + n, whole + l4, total - l4);
	memcpy(whole + l4, ext, n);
	whole[l3 + 6] = first;
	return total + n;
}

static void
extension_headers_are_followed_within_bounds(void **state)
{
	static const struct { const char *ext; uint32_t n; uint8_t first; bool good; } t[] = {
		{"\x06\0\1\4\0\0\0\0", 8, 0, true},                               /* options for each hop */
		{"\x06\1\1\14\0\0\0\0\0\0\0\0\0\0\0\0", 16, 60, true},    /* for the destination */
		{"\x2b\0\1\4\0\0\0\0\x06\0\0\0\0\0\0\0", 16, 0, true},   /* and a route that has ended */
		{"\x06\0\0\1\0\0\0\0", 8, 43, false},                              /* that has not */
		{"\x06\0\0\0\0\0\0\0", 8, 44, false},                              /* a fragment */
		{"\x06\0\0\0\0\0\0\0", 8, 51, false},                              /* what nobody here knows */
		{"\x11\0\0\0\0\0\0\0", 8, 0, false},                               /* another transport than was said */
		{"\x06\xff\0\0\0\0\0\0", 8, 0, false},                             /* longer than all that is looked at */
	};
	const struct shape s = {true, true, false, 12, 3000, 1000};
	uint8_t many[72] = {0};
	struct nm_vnet_hdr h;
	struct nm_gso g;
	uint32_t i, l3, l4, total;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		total = merged(&s, &h, &l3, &l4);
		total = insert(total, l3, l4, (const uint8_t *)t[i].ext, t[i].n, t[i].first);
		print_message("chain %u\n", i);
		assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0), t[i].good ? 0 : -EINVAL);
		for (; t[i].good && nm_gso_more(&g);) {
			uint32_t len = nm_gso_next_flat(&g, whole, out);

			assert_memory_equal(out + l4, t[i].ext, t[i].n);
			assert_int_equal(be16(out + l3 + 4), len - l3 - 40);
			check_transport(&s, l3, l4 + t[i].n, len);
		}
	}
	/* eight are followed, not nine */
	for (i = 0; i < 2; i++) {
		total = merged(&s, &h, &l3, &l4);
		total = insert(total, l3, l4, many, 64 + 8 * i, 0);
		whole[l4 + 56 + 8 * i] = 6;
		assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0), i ? -EINVAL : 0);
	}
}

/* Fragments of a datagram into `whole`, whose payload they are compared with; `front`: of IPv6, bytes that each has before its own header. */
static void
put_together(const struct shape *s, struct nm_gso *g, uint32_t l3, uint32_t front, uint32_t total)
{
	uint32_t from = l3 + (s->v6 ? 40 + front : 20), place = 0, len, n, flags, head;

	while (nm_gso_more(g)) {
		len = nm_gso_next_flat(g, whole, out);
		head = from;
		if (s->v6) {
			flags = be16(out + from + 2);
			assert_int_equal(be16(out + l3 + 4), len - l3 - 40);
			assert_int_equal(out[from], 17);
			assert_int_equal(out[front ? l3 + 40 : l3 + 6], 44);
			assert_int_equal(be16(out + from + 4) << 16 | be16(out + from + 6), 0x12345678);
			assert_int_equal(flags & ~7u, place);
			assert_int_equal(flags & 7, nm_gso_more(g));
			head += 8;
		} else {
			assert_int_equal(be16(out + l3 + 2), len - l3);
			assert_int_equal(be16(out + l3 + 4), 0xfffe);
			assert_int_equal(be16(out + l3 + 6), place / 8 | (nm_gso_more(g) ? 0x2000u : 0));
			assert_int_equal(sum(out + l3, 20, 0), 0xffff);
		}
		n = len - head;
		assert_true(n <= s->size);
		assert_true(n % 8 == 0 || !nm_gso_more(g)); /* places are counted in eights */
		if (!place) { /* the checksum is in the first one; it's right for the whole */
			memcpy(whole + from, out + head, 8);
			assert_int_equal(be16(whole + from + 4), total - from);
		}
		assert_memory_equal(out + head, whole + from + place, n);
		place += n;
	}
	assert_int_equal(place, total - from);
	memcpy(out, whole, total);
	check_transport(s, l3, from, total);
}

static void
a_datagram_becomes_fragments(void **state)
{
	static const struct shape shapes[] = {
		{false, false, false, 0, 5000, 1480}, {false, false, true, 0, 65000, 1472}, {true, false, false, 0, 5001, 1448},
		{true, false, true, 0, 60000, 1400}, {false, false, false, 0, 5000, 1487}, {true, false, false, 0, 64, 16}, {false, false, false, 0, 99, 8},
	};
	struct nm_vnet_hdr h;
	struct nm_gso g;
	uint32_t i, l3, l4, total;

	(void)state;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		total = merged(&shapes[i], &h, &l3, &l4);
		h.gso_type = NM_GSO_TYPE_UDP;
		h.flags = NM_VNET_NEEDS_CSUM;
		put16(whole + l4 + 6, 0xdead);
		print_message("shape %u\n", i);
		assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0x12345678), 0);
		put_together(&shapes[i], &g, l3, 0, total);
	}
	/* behind options for each hop */
	total = merged(&shapes[2], &h, &l3, &l4);
	total = insert(total, l3, l4, (const uint8_t *)"\x11\0\1\4\0\0\0\0", 8, 0);
	h.gso_type = NM_GSO_TYPE_UDP;
	h.flags = NM_VNET_NEEDS_CSUM;
	assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0x12345678), 0);
	put_together(&shapes[2], &g, l3, 8, total);
	/* with a checksum, or none, that nobody asked us to do: it stays */
	total = merged(&shapes[0], &h, &l3, &l4);
	h.gso_type = NM_GSO_TYPE_UDP;
	put16(whole + l4 + 6, 0xdead);
	assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0), 0);
	nm_gso_next_flat(&g, whole, out);
	assert_int_equal(be16(out + l4 + 6), 0xdead);
	/* one that fits as it is, is not made a fragment */
	h.gso_size = 6000;
	assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0), 0);
	assert_int_equal(nm_gso_next_flat(&g, whole, out), total);
	assert_int_equal(be16(out + l3 + 6), 0);
	total = merged(&shapes[2], &h, &l3, &l4);
	h.gso_type = NM_GSO_TYPE_UDP;
	h.gso_size = 6000;
	assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0), 0);
	assert_int_equal(nm_gso_next_flat(&g, whole, out), total);
	assert_int_equal(out[l3 + 6], 17);
}

static void
bad_datagrams_are_refused(void **state)
{
	const struct shape s = {false, false, false, 0, 1000, 100};
	struct nm_vnet_hdr h;
	struct nm_gso g;
	uint32_t l3, l4, total;

	(void)state;
	total = merged(&s, &h, &l3, &l4);
	h.gso_type = NM_GSO_TYPE_UDP;
	h.gso_size = 7; /* a fragment carries a multiple of eight, and the first one the header */
	assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0), -EINVAL);
	h.gso_size = 8;
	assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0), 0);
	assert_int_equal(nm_gso_begin_flat(&g, whole, l4 + 256 * 8, &h, 0), 0);
	assert_int_equal(nm_gso_begin_flat(&g, whole, l4 + 256 * 8 + 1, &h, 0), -EINVAL);
	h.gso_size = 1480; /* longer than IP can say */
	assert_int_equal(nm_gso_begin_flat(&g, whole, l3 + 65535, &h, 0), 0);
	memset(whole + l3 + 65535 - 1000, 0, 1000);
	assert_int_equal(nm_gso_begin_flat(&g, whole, l3 + 65536, &h, 0), -EINVAL);
	whole[l3] = 0x46; /* options */
	assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0), -EINVAL);
}

/* A receiver with short slots: smaller segments, where these mean the same. */
static void
segments_are_made_to_fit(void **state)
{
	static const struct { struct shape s; uint8_t type; uint32_t most, size; } t[] = {
		{{false, true, false, 12, 20000, 8948}, NM_GSO_TYPE_TCPV4, 1514, 1448}, {{true, true, false, 12, 20000, 8948}, NM_GSO_TYPE_TCPV6, 1514, 1428},
		{{false, true, false, 12, 20000, 1448}, NM_GSO_TYPE_TCPV4, 1514, 1448}, {{false, true, false, 12, 20000, 1448}, NM_GSO_TYPE_TCPV4, 1513, 1447},
		{{false, true, false, 12, 20000, 1448}, NM_GSO_TYPE_TCPV4, 129, 1448}, /* next to no payload */
		{{false, true, false, 12, 20000, 1448}, NM_GSO_TYPE_TCPV4, 145, 79}, {{false, false, false, 0, 20000, 8952}, NM_GSO_TYPE_UDP_L4, 1514, 8952},
		{{false, false, false, 0, 20000, 8952}, NM_GSO_TYPE_UDP, 1514, 1480}, {{true, false, false, 0, 20000, 8952}, NM_GSO_TYPE_UDP, 1514, 1448},
	};
	struct nm_vnet_hdr h;
	struct nm_gso g;
	uint32_t i, l3, l4, total, each, last, n;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		total = merged(&t[i].s, &h, &l3, &l4);
		h.gso_type = t[i].type;
		print_message("%u: %u bytes\n", i, t[i].most);
		assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0), 0);
		assert_int_equal(nm_gso_fit(&g, t[i].most), 0);
		assert_int_equal(g.size, t[i].size);
		n = nm_gso_count(&g, &each, &last);
		for (; n > 1; n--)
			assert_int_equal(nm_gso_next_flat(&g, whole, out), each);
		assert_int_equal(nm_gso_next_flat(&g, whole, out), last);
		assert_false(nm_gso_more(&g));
	}
	total = merged(&t[0].s, &h, &l3, &l4);
	assert_int_equal(nm_gso_begin_flat(&g, whole, total, &h, 0), 0);
	assert_int_equal(nm_gso_fit(&g, 144), -EINVAL); /* 257 */
}

/* Checksums in pieces that begin at odd bytes are that of the whole. */
static void
sums_do_not_depend_on_pieces(void **state)
{
	uint32_t i, k, n;
	uint64_t want, got;

	(void)state;
	for (i = 0; i < 100; i++)
		whole[i] = (uint8_t)(i * 37 + 200);
	for (n = 0; n <= 100; n++) {
		want = nm_csum_fold(nm_csum_add(0, whole, n));
		assert_int_equal(want >> 8 | (want & 0xff) << 8, sum(whole, n, 0));
		for (k = 0; k <= n; k++) {
			got = nm_csum_add_at(nm_csum_add(0, whole, k), whole + k, n - k, k & 1);
			assert_int_equal(nm_csum_fold(got), want);
		}
	}
	memset(whole, 0xff, 2);
	nm_csum_put(out, nm_csum_add(0, whole, 2));
	assert_int_equal(be16(out), 0xffff);
}

static void
checksums_out_of_the_frame_change_nothing(void **state)
{
	uint8_t f[64], before[64];

	(void)state;
	memset(f, 0x5a, sizeof(f));
	memcpy(before, f, sizeof(f));
	assert_false(nm_gso_checksum_flat(f, 64, 65, 0));
	assert_false(nm_gso_checksum_flat(f, 64, 60, 4));
	assert_false(nm_gso_checksum_flat(f, 64, 0, 63));
	assert_false(nm_gso_checksum_flat(f, 64, 0, 0xffff));
	assert_memory_equal(f, before, sizeof(f));
	assert_true(nm_gso_checksum_flat(f, 63, 34, 6));
	assert_int_not_equal(be16(f + 40), 0x5a5a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_those_of_the_sender),
		cmocka_unit_test(bad_frames_are_refused),
		cmocka_unit_test(bad_headers_are_refused),
		cmocka_unit_test(segments_beyond_what_ip_can_say_are_refused),
		cmocka_unit_test(extension_headers_are_followed_within_bounds),
		cmocka_unit_test(a_datagram_becomes_fragments),
		cmocka_unit_test(bad_datagrams_are_refused),
		cmocka_unit_test(segments_are_made_to_fit),
		cmocka_unit_test(sums_do_not_depend_on_pieces),
		cmocka_unit_test(checksums_out_of_the_frame_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
