/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_vnet_test.c - ports of a switch whose frames begin with virtio-net headers: what one sends is what the other can use. */
#include "vnet_frames.h"

static struct nm_root root;
static struct nm_session a, b, c, d;
static struct nm_session *const sessions[] = {&a, &b, &c, &d, NULL};
static uint8_t want[70000];

static int
setup(void **state)
{
	(void)state;
	return host_begin(&root, sessions);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

static void
headers_are_set_with_care(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nmreq_vale_attach at = {.reg = {.nr_mode = NR_REG_ALL_NIC}};
	struct nmreq_port_hdr h;
	uint32_t i;

	(void)state;
	open_port(&a, "vale0:a", 12);
	for (i = 0; i < 16; i++) {
		assert_int_equal(set_header(&b, "vale0:a", i), i == 0 || i == 10 || i == 12 ? 0 : -EINVAL);
		assert_int_equal(host_request(&b, NETMAP_REQ_PORT_HDR_GET, "vale0:a", &h), 0);
		assert_int_equal(h.nr_hdr_len, i < 10 ? 0 : i < 12 ? 10 : 12);
	}
	assert_int_equal(set_header(&b, "vale0:a", UINT32_MAX), -EINVAL);
	assert_string_equal(b.errtext, "vale0:a: a header of 4294967295 bytes can't be set; switch ports have 0, 10 or 12");
	assert_int_equal(host_register(&b, "vale0:a", &reg), -EIO);
	assert_string_equal(b.errtext, "vale0:a: its frames begin with a virtio-net header of 12 bytes; programs that know such say so by the flag 0x8000 "
	    "(NR_ACCEPT_VNET_HDR)");
	reg.nr_flags = NR_ACCEPT_VNET_HDR;
	assert_int_equal(host_register(&b, "vale0:a", &reg), 0);
	assert_int_equal(host_request(&c, NETMAP_REQ_VALE_ATTACH, "vale0:nic0", &at), 0);
	assert_int_equal(set_header(&c, "vale0:nic0", 12), -EINVAL);
	assert_string_equal(c.errtext, "vale0:nic0: a header of 12 bytes can't be set, frames of an interface have none; what other ports' "
	    "headers ask for is done on the way to it");
	assert_int_equal(set_header(&c, "vale0:nic0", 0), 0);
	assert_int_equal(host_request(&c, NETMAP_REQ_VALE_DETACH, "vale0:nic0", &(struct nmreq_vale_detach){0}), 0);
}

static void
interfaces_have_no_headers(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nmreq_port_hdr h = {.nr_hdr_len = 77};

	(void)state;
	assert_int_equal(set_header(&b, "nic0", 12), -ENXIO); /* nobody has it open */
	assert_string_equal(b.errtext, "there is no port nic0; see: vale-ctl list");
	assert_int_equal(host_register(&a, "nic0", &reg), 0);
	assert_int_equal(set_header(&a, "nic0", 12), -EINVAL);
	assert_string_equal(a.errtext, "nic0: a header of 12 bytes can't be set, only ports of a switch have virtio-net headers");
	assert_int_equal(set_header(&a, "nic0", 0), -EINVAL);
	assert_int_equal(host_request(&a, NETMAP_REQ_PORT_HDR_GET, "nic0", &h), 0);
	assert_int_equal(h.nr_hdr_len, 0);
}

/* From each length to each: what goes before the frame. */
static void
headers_are_put_on_and_taken_off(void **state)
{
	static const uint32_t lens[] = {0, 10, 12};
	static const uint8_t zeroes[12];
	const struct nm_vnet_hdr h = {4, 0, 0x1234, 0x5678, 0x9abc, 0xdef0, 0x1122}; /* nothing to do; no DATA_VALID either */
	const struct nm_vnet_hdr wild = {0xff, 0xff, 0xffff, 0, 0xffff, 0xffff, 0xffff}; /* between ports of one length nobody looks at it */
	uint32_t from, to, n;
	int len;

	(void)state;
	open_port(&a, "vale0:a", 0);
	open_port(&b, "vale0:b", 0);
	host_frame(frame, B, A);
	for (n = 0; n < 3 * 3 * 5; n++) {
		uint32_t step = 7 + n % 5 * 20; /* also within the header */

		from = lens[n / 5 % 3];
		to = lens[n / 15];
		if (from == 0)
			step = step < 14 ? 14 : step;
		set_header(&a, "vale0:a", from);
		set_header(&b, "vale0:b", to);
		send_in(&a, from == to ? &wild : &h, from, 61, step);
		len = take(&b);
		print_message("%u to %u bytes, in slots of %u\n", from, to, step);
		assert_int_equal(len, 61 + to);
		if (from == to)
			assert_memory_equal(got, &wild, to);
		else if (from && to)
			assert_memory_equal(got, &h, 10);
		else
			assert_memory_equal(got, zeroes, to);
		if (from == 10 && to == 12)
			assert_memory_equal(got + 10, zeroes, 2);
		assert_memory_equal(got + to, frame, 61);
		assert_int_equal(take(&b), -1);
	}
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 45);
	books_balance(&a);
}

static void
addresses_lie_behind_the_header(void **state)
{
	const struct nm_vnet_hdr h = {0};
	uint32_t step;

	(void)state;
	open_port(&a, "vale0:a", 12);
	open_port(&b, "vale0:b", 10);
	open_port(&c, "vale0:c", 0);
	for (step = 2; step < 30; step++) {
		host_frame(frame, BCAST, B);
		send_in(&b, &h, 10, 60, step);
		assert_int_equal(take(&a), 72);
		assert_int_equal(take(&c), 60);
		host_frame(frame, B, A);
		send_in(&a, &h, 12, 60, step);
		assert_int_equal(take(&b), 70);
		assert_int_equal(take(&c), -1);
	}
	host_frame(frame, A, C);
	send_in(&c, &h, 0, 60, 64);
	assert_int_equal(take(&a), 72);
	assert_int_equal(take(&b), -1);
	books_balance(&a);
}

static void
a_flooded_frame_is_to_each_as_it_has_them(void **state)
{
	const struct nm_vnet_hdr h = {.flags = NM_VNET_NEEDS_CSUM, .csum_start = 34, .csum_offset = 6};
	uint32_t len;

	(void)state;
	open_port(&a, "vale0:a", 12);
	open_port(&b, "vale0:b", 0);
	open_port(&c, "vale0:c", 10);
	open_port(&d, "vale0:d", 12);
	len = make(false, false, 100);
	memcpy(frame, BCAST, 6);
	send_in(&a, &h, 12, len, 2048);
	assert_int_equal(take(&c), len + 10);
	assert_memory_equal(got, &h, 10);
	assert_memory_equal(got + 10, frame, len);
	assert_int_equal(take(&d), len + 12);
	assert_memory_equal(got + 12, frame, len);
	assert_int_equal(take(&b), len);
	assert_true(nm_gso_checksum_flat(frame, len, 34, 6));
	assert_memory_equal(got, frame, len);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 3);
	books_balance(&a);
}

static void
short_frames_are_dropped(void **state)
{
	const struct nm_vnet_hdr h = {0};
	uint32_t len;

	(void)state;
	open_port(&a, "vale0:a", 12);
	open_port(&b, "vale0:b", 0);
	host_frame(frame, B, A);
	for (len = 0; len < 26; len++) {
		host_put(&a, &h, (uint16_t)(len < 12 ? len : 12), len > 12 ? NS_MOREFRAG : 0);
		if (len > 12)
			host_put(&a, frame, (uint16_t)(len - 12), 0);
		host_txsync(&a);
		assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_short), len + 1);
	}
	send_in(&a, &h, 12, 14, 20);
	assert_int_equal(take(&b), 14);
	set_header(&b, "vale0:b", 12);
	send_in(&a, &h, 12, 13, 2048);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_short), 27);
	assert_int_equal(take(&b), -1);
	books_balance(&a);
}

/* Of each kind, of each length around an even one, and whatever way it's spread over slots. */
static void
checksums_are_completed(void **state)
{
	struct nm_vnet_hdr h = {.flags = NM_VNET_NEEDS_CSUM};
	uint32_t kind, payload, len, steps[] = {2048, 300, 77, 14}, i;

	(void)state;
	open_port(&a, "vale0:a", 10);
	open_port(&b, "vale0:b", 0);
	for (kind = 0; kind < 4; kind++)
		for (payload = 700; payload < 704; payload++)
			for (i = 0; i < 4; i++) {
				len = make(kind & 1, kind & 2, payload);
				h.csum_start = kind & 1 ? 54 : 34;
				h.csum_offset = kind & 2 ? 16 : 6;
				send_in(&a, &h, 10, len, steps[i]);
				assert_int_equal(take(&b), len);
				assert_true(nm_gso_checksum_flat(frame, len, h.csum_start, h.csum_offset));
				assert_memory_equal(got, frame, len);
			}
	/* from odd bytes on, of frames that are looked at as a whole and of longer ones */
	for (payload = 100; payload < 800; payload += 211)
		for (h.csum_start = 33; h.csum_start < 37; h.csum_start++)
			for (h.csum_offset = 0; h.csum_offset < 3; h.csum_offset++)
				for (i = 0; i < 4; i++) {
					len = make(false, false, payload);
					send_in(&a, &h, 10, len, steps[i]);
					assert_int_equal(take(&b), len);
					assert_true(nm_gso_checksum_flat(frame, len, h.csum_start, h.csum_offset));
					assert_memory_equal(got, frame, len);
				}
	/* one that comes to 0 is all ones */
	len = make(false, false, 2);
	put16(frame + 42, 0);
	memcpy(want, frame, len);
	assert_true(nm_gso_checksum_flat(want, len, 34, 6));
	put16(frame + 42, be16(want + 40));
	send_in(&a, &h, 10, len, 2048);
	h.csum_start = 34;
	h.csum_offset = 6;
	take(&b);
	send_in(&a, &h, 10, len, 2048);
	assert_int_equal(take(&b), len);
	assert_int_equal(be16(got + 40), 0xffff);
	books_balance(&a);
}

static void
checksums_that_lead_out_of_the_frame_drop_it(void **state)
{
	static const struct { uint32_t len; uint16_t start, offset; bool good; } t[] = {
		{60, 58, 0, true}, {60, 58, 1, false}, {60, 59, 0, false}, {60, 60, 0, false}, {60, 0xffff, 0xffff, false}, {60, 0, 0xffff, false},
		{60, 14, 44, true}, {60, 14, 45, false}, {60, 13, 6, false}, {60, 0, 0, false}, {60, 0xffff, 0, false}, {60, 0xffff, 59, false},
		{1000, 34, 220, true}, {1000, 34, 221, false}, {1000, 254, 0, true}, {1000, 255, 0, false}, {1000, 998, 0, false},
	};
	uint64_t dropped;
	uint32_t i;

	(void)state;
	open_port(&a, "vale0:a", 12);
	open_port(&b, "vale0:b", 0);
	make(false, false, 1000);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const struct nm_vnet_hdr h = {.flags = NM_VNET_NEEDS_CSUM, .csum_start = t[i].start, .csum_offset = t[i].offset};

		print_message("%u bytes, from %u, at %u behind\n", t[i].len, t[i].start, t[i].offset);
		dropped = host_stat(&a, NM_DIR_TX, NM_STAT_drop_vnet_csum);
		send_in(&a, &h, 12, t[i].len, 512);
		assert_int_equal(take(&b), t[i].good ? (int)t[i].len : -1);
		assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_vnet_csum), dropped + !t[i].good);
	}
	books_balance(&a);
}

/* The segments are those that nm_gso makes of the frame in one piece. */
static void
merged_frames_are_cut(void **state)
{
	static const struct { bool v6, tcp; uint8_t type; uint32_t payload; uint16_t size; } t[] = {
		{false, true, NM_GSO_TYPE_TCPV4, 60000, 1448}, {true, true, NM_GSO_TYPE_TCPV6, 9001, 1428}, {false, true, NM_GSO_TYPE_TCPV4, 100, 1448},
		{false, false, NM_GSO_TYPE_UDP_L4, 10000, 1200}, {true, false, NM_GSO_TYPE_UDP_L4, 7777, 777},
		{false, false, NM_GSO_TYPE_UDP, 20001, 1480}, {true, false, NM_GSO_TYPE_UDP, 20000, 1448},
	};
	static const uint32_t steps[] = {2048, 1999, 53};
	uint32_t i, k, n = 0, len, total;
	struct nm_gso g;

	(void)state;
	open_port(&a, "vale0:a", 12);
	open_port(&b, "vale0:b", 0);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (k = 0; k < 3; k++) {
			struct nm_vnet_hdr h = {NM_VNET_NEEDS_CSUM, t[i].type, 0xffff, t[i].size, 0xffff, 0xffff, 7};

			total = make(t[i].v6, t[i].tcp, t[i].payload);
			if (total / steps[k] > 60)
				continue; /* more slots than a frame has */
			print_message("frame %u in slots of %u\n", i, steps[k]);
			send_in(&a, &h, 12, total, steps[k]);
			assert_int_equal(nm_gso_begin_flat(&g, frame, total, &h, nm_session_kring(&a, NM_DIR_TX, 0)->work->ident - 1), 0);
			for (; nm_gso_more(&g); n++) {
				len = nm_gso_next_flat(&g, frame, want);
				assert_int_equal(take(&b), len);
				assert_memory_equal(got, want, len);
			}
			assert_int_equal(take(&b), -1);
		}
	assert_int_equal(host_stat(&b, NM_DIR_RX, NM_STAT_rx_packets), n);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), host_stat(&a, NM_DIR_TX, NM_STAT_tx_packets));
	books_balance(&a);
}

static void
merged_frames_that_lie_are_dropped(void **state)
{
	static const struct { const char *what; uint8_t type; uint16_t size; uint32_t len, at; uint8_t value; } t[] = {
		{"no size", NM_GSO_TYPE_TCPV4, 0, 3054, 12, 8}, {"a size that makes too many", NM_GSO_TYPE_TCPV4, 11, 3054, 12, 8},
		{"an unknown kind", 9, 1000, 3054, 12, 8}, {"two kinds", 0x21, 1000, 3054, 12, 8}, {"nothing but ECN", 0x80, 1000, 3054, 12, 8},
		{"IPv6, and it's not", NM_GSO_TYPE_TCPV6, 1000, 3054, 12, 8}, {"UDP, and it's not", NM_GSO_TYPE_UDP, 1000, 3054, 12, 8},
		{"no IP", NM_GSO_TYPE_TCPV4, 1000, 3054, 12, 9}, {"a version of 6", NM_GSO_TYPE_TCPV4, 1000, 3054, 14, 0x65},
		{"an IP header of 16", NM_GSO_TYPE_TCPV4, 1000, 3054, 14, 0x44}, {"an IP header of 60", NM_GSO_TYPE_TCPV4, 1000, 60, 14, 0x4f},
		{"a fragment", NM_GSO_TYPE_TCPV4, 1000, 3054, 20, 0x20}, {"a TCP header of 16", NM_GSO_TYPE_TCPV4, 1000, 3054, 46, 0x40},
		{"a TCP header of 60", NM_GSO_TYPE_TCPV4, 1000, 94, 46, 0xf0}, {"no payload", NM_GSO_TYPE_TCPV4, 1000, 54, 12, 8},
		{"half a TCP header", NM_GSO_TYPE_TCPV4, 1000, 44, 12, 8}, {"half an IP header", NM_GSO_TYPE_TCPV4, 1000, 24, 12, 8},
		{"addresses only", NM_GSO_TYPE_TCPV4, 1000, 14, 12, 8},
	};
	uint32_t i;

	(void)state;
	open_port(&a, "vale0:a", 12);
	open_port(&b, "vale0:b", 0);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const struct nm_vnet_hdr h = {.flags = NM_VNET_NEEDS_CSUM, .gso_type = t[i].type, .gso_size = t[i].size};

		print_message("%s\n", t[i].what);
		make(false, true, 3000);
		frame[t[i].at] = t[i].value;
		send_in(&a, &h, 12, t[i].len, 700);
		assert_int_equal(take(&b), -1);
		assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_vnet_gso), i + 1);
	}
	books_balance(&a);
}

/* What a mirror gets is as it has its frames, and only what the mirrored port got. */
static void
mirrors_have_headers_of_their_own(void **state)
{
	const struct nm_vnet_hdr h = {NM_VNET_NEEDS_CSUM, NM_GSO_TYPE_TCPV4, 0, 1000, 34, 16, 0}, none = {0};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_rx_slots = 64};
	struct nmreq_mirror m = {.nr_op = NM_POLICY_SET, .nr_dirs = NM_MIRROR_RX, .nr_to = "vale0:c"};
	uint32_t i, len;

	(void)state;
	open_port(&a, "vale0:a", 12);
	assert_int_equal(host_register(&b, "vale0:b", &reg), 0);
	open_port(&c, "vale0:c", 10);
	host_frame(frame, BCAST, B);
	send_in(&b, &none, 0, 60, 64);
	assert_int_equal(take(&a), 72);
	assert_int_equal(take(&c), 70);
	assert_int_equal(host_request(&b, NETMAP_REQ_MIRROR, "vale0:b", &m), 0);
	len = make(false, true, 60000);
	for (i = 0; i < 2; i++) /* the second one has no room */
		send_in(&a, &h, 12, len, 2048);
	send_in(&a, &none, 12, 60, 2048);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 1);
	for (i = 0; i < 60; i++)
		assert_int_equal(take(&b), 1054);
	assert_int_equal(take(&b), 60);
	assert_int_equal(take(&c), len + 10);
	assert_memory_equal(got, &h, 10);
	assert_memory_equal(got + 10, frame, len);
	assert_int_equal(take(&c), 70);
	assert_int_equal(take(&c), -1);
	/* all that a sends, by a mirror without headers */
	m = (struct nmreq_mirror){.nr_op = NM_POLICY_SET};
	assert_int_equal(host_request(&b, NETMAP_REQ_MIRROR, "vale0:b", &m), 0);
	m = (struct nmreq_mirror){.nr_op = NM_POLICY_SET, .nr_dirs = NM_MIRROR_TX, .nr_to = "vale0:c"};
	assert_int_equal(host_request(&a, NETMAP_REQ_MIRROR, "vale0:a", &m), 0);
	assert_int_equal(set_header(&c, "vale0:c", 0), 0);
	send_in(&a, &h, 12, 2054, 2048);
	for (i = 0; i < 2; i++) {
		assert_int_equal(take(&b), 1054);
		assert_int_equal(take(&c), 1054);
	}
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_mirrored), 3);
	books_balance(&a);
}

/* A sender waits with what has no room, and all behind it; bad frames there are counted once. */
static void
frames_wait_for_a_lossless_port(void **state)
{
	const struct nm_vnet_hdr h = {NM_VNET_NEEDS_CSUM, NM_GSO_TYPE_TCPV4, 0, 1000, 34, 16, 0}, none = {0}, bad = {1, 0, 0, 0, 1, 1, 0};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_rx_slots = 64};
	struct nmreq_lossless l = {.nr_op = NM_POLICY_SET, .nr_on = 1};
	struct nm_kring *kr;
	uint32_t i, k, len;

	(void)state;
	open_port(&a, "vale0:a", 12);
	kr = nm_session_kring(&a, NM_DIR_TX, 0);
	assert_int_equal(host_register(&b, "vale0:b", &reg), 0);
	assert_int_equal(host_request(&b, NETMAP_REQ_LOSSLESS, "vale0:b", &l), 0);
	len = make(false, true, 40000);
	for (i = 0; i < 3; i++) {
		put_in(&a, &h, 12, len, 2048); /* 40 of 63 slots */
		put_in(&a, &bad, 12, 60, 2048);
		put_in(&a, &none, 12, 60 + i, 2048);
	}
	for (i = 0; i < 3; i++) {
		for (k = 0; k < 3; k++)
			assert_int_equal(nm_kring_sync(kr), 0);
		assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_vnet_csum), i + 1);
		assert_int_equal(kr->hwcur == kr->rhead, i == 2);
		assert_int_equal(kr->blocked, i < 2);
		for (k = 0; k < 40; k++)
			assert_int_equal(take(&b), 1054);
		assert_int_equal(take(&b), 60 + i);
		assert_int_equal(take(&b), -1);
	}
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 0);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_tx_packets), 9);
	/* one that never fits is not waited for */
	len = make(false, true, 64000);
	send_in(&a, &h, 12, len, 2048);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 1);
	books_balance(&a);
}

/* Writes all over what is being sent; what it does is meant, so nobody is to watch it. */
__attribute__((no_sanitize("thread"))) static void
spoil(void *arg, uint32_t round)
{
	uint8_t *p = arg;
	uint32_t i;

	for (i = 0; i < 128; i++) {
		((volatile uint8_t *)p)[(round * 7 + i) % 128] ^= (uint8_t)(round * 2654435761u >> (i % 24));
		if (round % 3 == 0)
			((volatile uint8_t *)p)[i] = sent[i];
	}
}

/* However its memory changes meanwhile, nothing of others is read or written (under sanitizers), and each frame is counted. */
static void
memory_that_changes_is_decided_on_once(void **state)
{
	const struct nm_vnet_hdr h = {NM_VNET_NEEDS_CSUM, NM_GSO_TYPE_TCPV4, 0, 1448, 34, 16, 0};
	struct nm_kring *kr;
	uint32_t i, len;

	(void)state;
	open_port(&a, "vale0:a", 12);
	open_port(&b, "vale0:b", 0);
	kr = nm_session_kring(&a, NM_DIR_TX, 0);
	len = make(false, true, 10000);
	send_in(&a, &h, 12, len, 2048);
	host_race_start(spoil, kr->bufs + (size_t)kr->slots[6].buf_idx * kr->stride);
	for (i = 0; i < 2000; i++) {
		kr->hwcur = kr->rhead = kr->atok->head = 6; /* the same slots again and again */
		kr->hwtail = kr->rtail = 5;
		send_in(&a, &h, 12, len, 2048);
		while (take(&b) >= 0)
			;
	}
	host_race_stop();
	books_balance(&a);
}

/* A number below n, another each time. */
static uint32_t
random_below(uint32_t n)
{
	static uint64_t x = 1;

	x = x * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(x >> 33) % n;
}

/* Random headers before random frames. */
static void
nonsense_is_counted(void **state)
{
	struct nm_vnet_hdr h;
	uint32_t i, k, len;

	(void)state;
	open_port(&a, "vale0:a", 12);
	open_port(&b, "vale0:b", 0);
	for (i = 0; i < 20000; i++) {
		len = make(random_below(2), random_below(2), random_below(6000));
		for (k = random_below(4); k; k--)
			frame[12 + random_below(90)] = (uint8_t)random_below(256);
		h = (struct nm_vnet_hdr){(uint8_t)random_below(4), (uint8_t)random_below(7), 0, (uint16_t)random_below(3000),
		    (uint16_t)random_below(300), (uint16_t)random_below(30), 0};
		send_in(&a, &h, 12, random_below(8) ? len : 14 + random_below(len - 14), 100 + random_below(1900));
		while (take(&b) >= 0)
			;
	}
	assert_true(host_stat(&a, NM_DIR_TX, NM_STAT_drop_vnet_gso) > 1000);
	assert_true(host_stat(&a, NM_DIR_TX, NM_STAT_drop_vnet_csum) > 100);
	assert_true(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded) > 1000);
	books_balance(&a);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(headers_are_set_with_care), T(interfaces_have_no_headers), T(headers_are_put_on_and_taken_off),
		T(addresses_lie_behind_the_header), T(a_flooded_frame_is_to_each_as_it_has_them), T(short_frames_are_dropped),
		T(checksums_are_completed), T(checksums_that_lead_out_of_the_frame_drop_it), T(merged_frames_are_cut),
		T(merged_frames_that_lie_are_dropped), T(memory_that_changes_is_decided_on_once), T(nonsense_is_counted), T(mirrors_have_headers_of_their_own), T(frames_wait_for_a_lossless_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
