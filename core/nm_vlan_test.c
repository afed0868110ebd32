/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VLANs, on a switch with these ports:
 *
 *	a, b  access 10     c  access 20     t  trunk 10, 20, native 30     u  trunk 10, 20     n, m  none
 */
#include "host.h"

#define A "\x02" "aaaaa"
#define B "\x02" "bbbbb"
#define M "\x02" "mmmmm"
#define BCAST "\xff\xff\xff\xff\xff\xff"
#define PRIO 0xe000

static struct nm_root root;
static struct nm_session a, b, c, t, u, n, m;
static struct nm_session *const sessions[] = {&a, &b, &c, &t, &u, &n, &m, NULL};
static uint8_t frame[2200], got[4096];

static int
vlan(const char *name, uint16_t mode, uint16_t vid, uint32_t allow, uint32_t allow2)
{
	struct nmreq_vlan r = {.nr_op = NM_POLICY_SET, .nr_mode = mode, .nr_vid = vid};

	if (allow)
		r.nr_allowed[allow / 8] |= (uint8_t)(1 << allow % 8);
	if (allow2)
		r.nr_allowed[allow2 / 8] |= (uint8_t)(1 << allow2 % 8);
	return host_request(&a, NETMAP_REQ_VLAN, name, &r);
}

static int
setup(void **state)
{
	static const char *const name[] = {"vale0:a", "vale0:b", "vale0:c", "vale0:t", "vale0:u", "vale0:n", "vale0:m", NULL};

	(void)state;
	assert_int_equal(host_begin_ports(&root, sessions, name, 0), 0);
	assert_int_equal(vlan("vale0:a", NM_VLAN_ACCESS, 10, 0, 0), 0);
	assert_int_equal(vlan("vale0:b", NM_VLAN_ACCESS, 10, 0, 0), 0);
	assert_int_equal(vlan("vale0:c", NM_VLAN_ACCESS, 20, 0, 0), 0);
	assert_int_equal(vlan("vale0:t", NM_VLAN_TRUNK, 30, 10, 20), 0);
	assert_int_equal(vlan("vale0:u", NM_VLAN_TRUNK, 0, 10, 20), 0);
	return 0;
}

/* What came in went out or was counted. */
static void
expect_identity(const struct nm_session *s)
{
	const uint64_t *x = nm_session_kring(s, NM_DIR_TX, 0)->stat;
	uint64_t drops = 0;
	uint32_t i;

	for (i = NM_STAT_drop_no_space; i <= NM_STAT_drop_no_peer; i++)
		drops += x[i];
	for (i = NM_STAT_drop_vlan; i <= NM_STAT_drop_storm_unknown; i++)
		drops += x[i];
	assert_int_equal(x[NM_STAT_tx_packets] + x[NM_STAT_flood_copies] - x[NM_STAT_flooded], x[NM_STAT_forwarded] + drops);
}

static int
teardown(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; sessions[i]; i++)
		if (sessions[i]->port)
			expect_identity(sessions[i]);
	return host_end(&root, sessions);
}

/* A frame of `len` bytes with a tag, unless tci is -1; where it is after the addresses is what a receiver without the tag finds. */
static void
build(const char *dst, const char *src, int tci, uint32_t len)
{
	uint32_t i, at = 12;

	memcpy(frame, dst, 6);
	memcpy(frame + 6, src, 6);
	if (tci >= 0) {
		frame[12] = 0x81;
		frame[13] = 0;
		frame[14] = (uint8_t)(tci >> 8);
		frame[15] = (uint8_t)tci;
		at = 16;
	}
	frame[at] = 8;
	frame[at + 1] = 6;
	for (i = at + 2; i < len; i++)
		frame[i] = (uint8_t)(i - at + (i - at) / 251);
}

static void
send_frame(struct nm_session *s, const char *dst, const char *src, int tci)
{
	build(dst, src, tci, tci >= 0 ? 64 : 60);
	host_put(s, frame, tci >= 0 ? 64 : 60, 0);
	assert_int_equal(host_txsync(s), 0);
}

/* The next frame of s is what build makes with this tag, and is of `len` bytes without one. */
static void
expect_frame_of(struct nm_session *s, const char *dst, const char *src, int tci, uint32_t len)
{
	uint32_t want = tci >= 0 ? len + 4 : len, at = 0;
	uint16_t flags;
	int k;

	do {
		k = host_take(s, got + at, &flags);
		assert_true(k > 0);
		at += (uint32_t)k;
	} while (flags & NS_MOREFRAG);
	assert_int_equal(at, want);
	build(dst, src, tci, want);
	assert_memory_equal(got, frame, want);
}

#define expect_frame(s, dst, src, tci) expect_frame_of(s, dst, src, tci, 60)

static void
expect_nothing(void)
{
	uint32_t i;

	for (i = 0; sessions[i]; i++)
		if (sessions[i]->port)
			assert_int_equal(host_take(sessions[i], got, NULL), -1);
}

static void
an_access_port_reaches_its_vlan(void **state)
{
	(void)state;
	send_frame(&a, BCAST, A, -1);
	expect_frame(&b, BCAST, A, -1);
	expect_frame(&t, BCAST, A, 10);
	expect_frame(&u, BCAST, A, 10);
	expect_nothing();
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_flooded), 1);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_flood_copies), 3);
	send_frame(&c, BCAST, A, -1);
	expect_frame(&t, BCAST, A, 20);
	expect_frame(&u, BCAST, A, 20);
	expect_nothing();
	send_frame(&n, BCAST, A, -1);
	expect_frame(&m, BCAST, A, -1);
	expect_nothing();
	send_frame(&n, BCAST, A, 10); /* data like others */
	expect_frame(&m, BCAST, A, 10);
	expect_nothing();
}

static void
a_trunk_reaches_what_its_tags_say(void **state)
{
	(void)state;
	send_frame(&t, BCAST, A, 0xa000 | 20);
	expect_frame(&c, BCAST, A, -1);
	expect_frame(&u, BCAST, A, 0xa000 | 20);
	expect_nothing();
	send_frame(&t, BCAST, A, 21);
	send_frame(&t, BCAST, A, 4095);
	assert_int_equal(host_stat(&t, NM_DIR_TX, NM_STAT_drop_vlan), 2);
	send_frame(&t, BCAST, A, -1); /* native, where nobody else is */
	assert_int_equal(host_stat(&t, NM_DIR_TX, NM_STAT_drop_no_dest), 1);
	send_frame(&u, BCAST, A, -1); /* without a native VLAN */
	send_frame(&u, BCAST, A, PRIO);
	assert_int_equal(host_stat(&u, NM_DIR_TX, NM_STAT_drop_vlan), 2);
	expect_nothing();
	assert_int_equal(vlan("vale0:b", NM_VLAN_ACCESS, 30, 0, 0), 0);
	send_frame(&b, BCAST, A, -1);
	expect_frame(&t, BCAST, A, -1);
	send_frame(&t, BCAST, A, 30); /* native, though with its tag */
	expect_frame(&b, BCAST, A, -1);
	expect_nothing();
}

static void
an_access_port_takes_its_own_tag_and_priorities(void **state)
{
	(void)state;
	send_frame(&a, BCAST, A, 20);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_vlan), 1);
	expect_nothing();
	send_frame(&a, BCAST, A, 0x3000 | 10);
	expect_frame(&b, BCAST, A, -1);
	expect_frame(&t, BCAST, A, 0x3000 | 10);
	expect_frame(&u, BCAST, A, 0x3000 | 10);
	send_frame(&a, BCAST, A, PRIO);
	expect_frame(&b, BCAST, A, -1);
	expect_frame(&t, BCAST, A, PRIO | 10);
	expect_frame(&u, BCAST, A, PRIO | 10);
	expect_nothing();
}

static void
addresses_are_learned_in_each_vlan(void **state)
{
	(void)state;
	send_frame(&a, BCAST, M, -1);
	send_frame(&c, BCAST, M, -1);
	send_frame(&n, BCAST, M, -1);
	assert_int_equal(host_stat(&c, NM_DIR_TX, NM_STAT_fdb_moved), 0);
	while (host_take(&b, got, NULL) >= 0 || host_take(&t, got, NULL) >= 0 || host_take(&u, got, NULL) >= 0 || host_take(&m, got, NULL) >= 0)
		;
	send_frame(&t, M, B, 10);
	expect_frame(&a, M, B, -1);
	send_frame(&t, M, B, 20);
	expect_frame(&c, M, B, -1);
	send_frame(&m, M, B, -1);
	expect_frame(&n, M, B, -1);
	expect_nothing();
}

/* One station in two VLANs behind one trunk, and another; frames of all kinds take turns. */
static void
vlans_take_turns_on_a_trunk(void **state)
{
	static const int vid[] = {10, 10, 20, 10, 20, 20, 10};
	uint32_t i;

	(void)state;
	send_frame(&u, BCAST, M, 10);
	send_frame(&u, BCAST, M, 20);
	send_frame(&a, BCAST, A, -1);
	while (host_take(&a, got, NULL) >= 0 || host_take(&b, got, NULL) >= 0 || host_take(&c, got, NULL) >= 0 || host_take(&t, got, NULL) >= 0 ||
	    host_take(&u, got, NULL) >= 0)
		;
	for (i = 0; i < 7; i++) {
		build(M, B, vid[i], 64);
		frame[63] = (uint8_t)i;
		host_put(&t, frame, 64, 0);
		build(A, B, 10, 64);
		frame[63] = (uint8_t)i;
		host_put(&t, frame, 64, 0);
	}
	assert_int_equal(host_txsync(&t), 0);
	for (i = 0; i < 7; i++) {
		assert_int_equal(host_take(&u, got, NULL), 64);
		assert_int_equal(got[15], vid[i]);
		assert_int_equal(got[63], i);
		assert_int_equal(host_take(&a, got, NULL), 60);
		assert_int_equal(got[59], i);
	}
	expect_nothing();
}

/* Known where it was, to a port that has left the VLAN or the switch: flooded, to those that are in it. */
static void
a_stale_address_is_flooded_in_its_vlan(void **state)
{
	struct nm_fdb *fdb = a.port->vale->fdb;
	uint64_t mac = nm_fdb_mac(M "..");

	(void)state;
	send_frame(&n, BCAST, A, -1); /* so that the table is not one that has been silent for long */
	expect_frame(&m, BCAST, A, -1);
	assert_int_equal(vlan("vale0:a", NM_VLAN_ACCESS, 20, 0, 0), 0);
	nm_fdb_learn(fdb, mac, 10, a.port->vale_idx, (uint32_t)(host_now / 1000000000u), 300);
	send_frame(&t, M, B, 10);
	expect_frame(&b, M, B, -1);
	expect_frame(&u, M, B, 10);
	expect_nothing();
	send_frame(&b, BCAST, M, -1);
	nm_session_close(&b);
	send_frame(&t, M, B, 10);
	assert_int_equal(host_take(&t, got, NULL), 64); /* the broadcast */
	assert_int_equal(host_take(&u, got, NULL), 64);
	expect_frame(&u, M, B, 10);
	expect_nothing();
}

/* With an inner tag, a frame that comes untagged out of a trunk would be in the VLAN of that. */
static void
a_second_tag_does_not_become_the_first(void **state)
{
	(void)state;
	assert_int_equal(vlan("vale0:t", NM_VLAN_TRUNK, 10, 20, 0), 0);
	build(BCAST, A, 10, 64);
	frame[16] = 0x81;
	frame[17] = 0;
	frame[18] = 0;
	frame[19] = 20;
	host_put(&a, frame, 64, 0);
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(host_take(&t, got, NULL), -1);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_vlan), 1);
	assert_int_equal(host_take(&b, got, NULL), 60); /* one VLAN only: it can do no harm */
	assert_int_equal(host_take(&u, got, NULL), 64);
	assert_int_equal(got[15], 10);
	expect_nothing();
}

static void
tags_may_lie_in_several_slots(void **state)
{
	uint32_t first;

	(void)state;
	for (first = 14; first < 20; first++) {
		build(BCAST, A, 20, 64);
		host_put(&t, frame, (uint16_t)first, NS_MOREFRAG);
		host_put(&t, frame + first, 1, NS_MOREFRAG);
		host_put(&t, frame, 0, NS_MOREFRAG);
		host_put(&t, frame + first + 1, (uint16_t)(64 - first - 1), 0);
		assert_int_equal(host_txsync(&t), 0);
		expect_frame(&c, BCAST, A, -1);
		expect_frame(&u, BCAST, A, 20);
		build(BCAST, A, -1, 60);
		host_put(&c, frame, (uint16_t)first, NS_MOREFRAG);
		host_put(&c, frame + first, (uint16_t)(60 - first), 0);
		assert_int_equal(host_txsync(&c), 0);
		expect_frame(&t, BCAST, A, 20);
		expect_frame(&u, BCAST, A, 20);
	}
	/* tags that frames end in */
	for (first = 14; first < 18; first++) {
		host_put(&t, frame, (uint16_t)first, 0);
		assert_int_equal(host_txsync(&t), 0);
	}
	assert_int_equal(host_stat(&t, NM_DIR_TX, NM_STAT_drop_short), 4);
	expect_nothing();
	host_put(&t, frame, 18, 0);
	assert_int_equal(host_txsync(&t), 0);
	expect_frame_of(&c, BCAST, A, -1, 14);
	expect_frame_of(&u, BCAST, A, 20, 14);
}

/* A buffer has 2112 bytes, a frame 64 slots. */
static void
a_longer_frame_takes_another_slot(void **state)
{
	static uint8_t most[2112];
	uint32_t i;

	(void)state;
	for (i = 2107; i <= 2112; i++) {
		build(BCAST, A, -1, i);
		host_put(&c, frame, (uint16_t)i, 0);
		assert_int_equal(host_txsync(&c), 0);
		expect_frame_of(&t, BCAST, A, 20, i);
		expect_frame_of(&u, BCAST, A, 20, i);
	}
	build(BCAST, A, -1, 60);
	memcpy(most, frame, 60);
	for (i = 0; i < 64; i++)
		host_put(&c, most, 2112, i < 63 ? NS_MOREFRAG : 0);
	assert_int_equal(host_txsync(&c), 0);
	assert_int_equal(host_stat(&c, NM_DIR_TX, NM_STAT_drop_bad_len), 2);
	expect_nothing();
}

/* Frames begin where the receiver's slots say, and end within its buffers. */
static void
a_receiver_may_have_offsets(void **state)
{
	struct nmreq_opt_offsets o = {.nro_max_offset = 128, .nro_initial_offset = 100, .nro_offset_bits = 16};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nm_kring *rx;
	uint32_t at = 0;

	(void)state;
	nm_session_close(&b);
	assert_int_equal(host_register_at(&b, "vale0:b", &reg, &o), 0);
	assert_int_equal(vlan("vale0:b", NM_VLAN_TRUNK, 0, 10, 0), 0);
	rx = nm_session_kring(&b, NM_DIR_RX, 0);
	send_frame(&a, BCAST, A, -1);
	assert_int_equal(rx->slots[0].len, 64);
	assert_int_equal(rx->slots[0].ptr, 100);
	build(BCAST, A, 10, 64);
	assert_memory_equal(rx->bufs + (size_t)rx->slots[0].buf_idx * rx->stride + 100, frame, 64);
	build(BCAST, A, -1, 2108);
	host_put(&a, frame, 2108, 0);
	assert_int_equal(host_txsync(&a), 0);
	build(BCAST, A, 10, 2112);
	assert_int_equal(rx->slots[1].flags, 2 << 8 | NS_MOREFRAG);
	assert_int_equal(rx->slots[1].len + rx->slots[2].len, 2112);
	assert_true(rx->slots[1].ptr + rx->slots[1].len <= rx->stride);
	for (uint32_t i = 1; i < 3; at += rx->slots[i++].len)
		assert_memory_equal(rx->bufs + (size_t)rx->slots[i].buf_idx * rx->stride + rx->slots[i].ptr, frame + at, rx->slots[i].len);
}

/* The sender writes to its frame while that is forwarded: between two of its receivers. */
static char *sent;
static uint8_t written[4];

static void
rewrite(struct nm_kring *kr)
{
	(void)kr;
	memcpy(sent + 12, written, sizeof(written));
}

static void
a_tag_that_changes_meanwhile_crosses_nothing(void **state)
{
	struct nm_kring *kr = nm_session_kring(&t, NM_DIR_TX, 0);
	uint32_t i;

	(void)state;
	assert_int_equal(vlan("vale0:t", NM_VLAN_TRUNK, 30, 10, 0), 0);
	assert_int_equal(vlan("vale0:u", NM_VLAN_TRUNK, 30, 10, 20), 0);
	assert_int_equal(vlan("vale0:b", NM_VLAN_ACCESS, 30, 0, 0), 0);
	host_on_notify = rewrite;
	for (i = 0; i < 2; i++) { /* to a, then to u; another VLAN's tag, and none */
		memcpy(written, i ? "\x08\x06\0\0" : "\x81\0\0\x14", 4);
		sent = kr->bufs + (size_t)kr->slots[kr->atok->head].buf_idx * kr->stride;
		send_frame(&t, BCAST, A, 10);
		assert_memory_equal(sent + 12, written, 4);
		expect_frame(&a, BCAST, A, -1);
		expect_frame(&u, BCAST, A, 10);
	}
	/* untagged, to b and to u, where a tag would be looked at */
	memcpy(written, "\x81\0\0\x14", 4);
	sent = kr->bufs + (size_t)kr->slots[kr->atok->head].buf_idx * kr->stride;
	send_frame(&t, BCAST, A, -1);
	assert_int_equal(host_take(&b, got, NULL), 60);
	assert_int_equal(host_take(&u, got, NULL), 60);
	assert_memory_equal(got + 12, "\x08\x06", 2);
	expect_nothing();
}

static void
requests_that_can_not_be(void **state)
{
	struct nmreq_vlan r = {.nr_op = NM_POLICY_SET, .nr_mode = NM_VLAN_ACCESS, .nr_vid = 10};
	struct nm_session x;

	(void)state;
	assert_int_equal(vlan("vale0:a", NM_VLAN_ACCESS, 0, 0, 0), -EINVAL);
	assert_string_equal(a.errtext, "vale0:a: VLAN 0 is out of 1 to 4094");
	assert_int_equal(vlan("vale0:a", NM_VLAN_ACCESS, 4095, 0, 0), -EINVAL);
	assert_int_equal(vlan("vale0:a", NM_VLAN_ACCESS, 5, 6, 0), -EINVAL);
	assert_int_equal(vlan("vale0:a", NM_VLAN_TRUNK, 5, 4095, 0), -EINVAL);
	assert_string_equal(a.errtext, "vale0:a: VLAN 4095 can't be allowed, 1 to 4094 can");
	assert_int_equal(vlan("vale0:a", NM_VLAN_TRUNK, 0, 0, 0), -EINVAL);
	assert_int_equal(vlan("vale0:a", NM_VLAN_NONE, 1, 0, 0), -EINVAL);
	assert_int_equal(vlan("vale0:a", 3, 0, 0, 0), -EINVAL);
	assert_int_equal(vlan("vale0:x", NM_VLAN_ACCESS, 1, 0, 0), -ENXIO);
	r.nr_op = 2;
	assert_int_equal(host_request(&a, NETMAP_REQ_VLAN, "vale0:a", &r), -EINVAL);
	r.nr_op = NM_POLICY_SET;
	r.nr_reserved[1] = 1;
	assert_int_equal(host_request(&a, NETMAP_REQ_VLAN, "vale0:a", &r), -EINVAL);
	r.nr_reserved[1] = 0;
	host_open(&x, &root, 2000);
	assert_int_equal(host_request(&x, NETMAP_REQ_VLAN, "vale0:a", &r), -EACCES);
	r.nr_op = NM_POLICY_GET;
	assert_int_equal(host_request(&x, NETMAP_REQ_VLAN, "vale0:a", &r), -EACCES);
	nm_session_close(&x);
	assert_int_equal(host_request(&a, NETMAP_REQ_VLAN, "vale0:t", &r), 0);
	assert_int_equal(r.nr_mode, NM_VLAN_TRUNK);
	assert_int_equal(r.nr_vid, 30);
	assert_int_equal(r.nr_allowed[1], 1 << 2);
	host_fail_after = 0;
	assert_int_equal(vlan("vale0:a", NM_VLAN_ACCESS, 5, 0, 0), -ENOMEM);
	host_fail_after = -1;
}

static void
without_policies_all_is_as_before(void **state)
{
	static const char *const name[] = {"vale0:a", "vale0:b", "vale0:c", "vale0:t", "vale0:u"};
	uint32_t i;

	(void)state;
	assert_int_not_equal(a.port->vale->policies, 0);
	for (i = 0; i < 5; i++)
		assert_int_equal(vlan(name[i], NM_VLAN_NONE, 0, 0, 0), 0);
	assert_int_equal(a.port->vale->policies, 0);
	assert_null(a.port->policy);
	send_frame(&a, BCAST, A, 20);
	for (i = 1; sessions[i]; i++)
		expect_frame(sessions[i], BCAST, A, 20);
	expect_nothing();
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_access_port_reaches_its_vlan),
		T(a_trunk_reaches_what_its_tags_say),
		T(an_access_port_takes_its_own_tag_and_priorities),
		T(addresses_are_learned_in_each_vlan),
		T(vlans_take_turns_on_a_trunk),
		T(a_stale_address_is_flooded_in_its_vlan),
		T(a_second_tag_does_not_become_the_first),
		T(tags_may_lie_in_several_slots),
		T(a_longer_frame_takes_another_slot),
		T(a_receiver_may_have_offsets),
		T(a_tag_that_changes_meanwhile_crosses_nothing),
		T(requests_that_can_not_be),
		T(without_policies_all_is_as_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
