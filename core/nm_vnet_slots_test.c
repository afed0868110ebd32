/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_vnet_slots_test.c - frames behind virtio-net headers, and the slots that they find at the receiver. */
#include "vnet_frames.h"

static struct nm_root root;
static struct nm_session a, b, c;
static struct nm_session *const sessions[] = {&a, &b, &c, NULL};

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

/* All segments of a frame or none; other frames still get what there is. */
static void
a_merged_frame_without_room_is_dropped_whole(void **state)
{
	const struct nm_vnet_hdr h = {NM_VNET_NEEDS_CSUM, NM_GSO_TYPE_TCPV4, 0, 1000, 34, 16, 0}, none = {0};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_rx_slots = 64};
	uint32_t i, len;

	(void)state;
	open_port(&a, "vale0:a", 12);
	assert_int_equal(host_register(&b, "vale0:b", &reg), 0);
	len = make(false, true, 60000);
	send_in(&a, &h, 12, len, 2048); /* 60 of 63 slots */
	send_in(&a, &h, 12, len, 2048);
	for (i = 0; i < 4; i++)
		send_in(&a, &none, 12, 60, 2048);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 2);
	assert_int_equal(host_stat(&b, NM_DIR_RX, NM_STAT_overrun), 2);
	for (i = 0; i < 60; i++)
		assert_int_equal(take(&b), 1054);
	for (i = 0; i < 3; i++)
		assert_int_equal(take(&b), 60);
	assert_int_equal(take(&b), -1);
	books_balance(&a);
}

/* Many frames in one sync: more than are leased together, in slots and in frames. */
static void
many_frames_keep_their_order(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_rx_slots = 1024};
	struct nm_vnet_hdr h = {0};
	uint32_t i, k, n;

	(void)state;
	open_port(&a, "vale0:a", 12);
	assert_int_equal(host_register(&b, "vale0:b", &reg), 0);
	for (i = 0; i < 200; i++) {
		bool big = i % 50 == 49; /* 250 segments of 64 bytes */

		n = make(false, true, big ? 16000 : 60 + i);
		put16(frame + 38, i);
		h.gso_type = big ? NM_GSO_TYPE_TCPV4 : NM_GSO_TYPE_NONE;
		h.gso_size = 64;
		memcpy(sent, &h, 12);
		memcpy(sent + 12, frame, n);
		for (k = 0; k < n + 12; k += 2000)
			host_put(&a, sent + k, (uint16_t)(n + 12 - k < 2000 ? n + 12 - k : 2000), k + 2000 < n + 12 ? NS_MOREFRAG : 0);
	}
	assert_int_equal(host_txsync(&a), 0);
	for (i = 0; i < 200; i++) {
		n = i % 50 != 49 ? 1 : i == 199 ? 0 : 250; /* the ring has 1023 slots: no room for the last */
		for (k = 0; k < n; k++) {
			assert_int_equal(take(&b), n > 1 ? 118 : 114 + i);
			assert_int_equal(be16(got + 38), i);
		}
	}
	assert_int_equal(take(&b), -1);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 1);
	books_balance(&a);
}

/* The 250 segments of 64 bytes of a merged frame, whose sequence number is i << 16. */
static void
take_segments(uint32_t i)
{
	uint32_t k;

	for (k = 0; k < 250; k++) {
		assert_int_equal(take(&b), 118);
		assert_int_equal(be16(got + 38), i);
		assert_int_equal(be16(got + 40), k * 64);
		assert_memory_equal(got + 54, frame + 54 + k * 64, 64);
	}
}

/* Several that have more slots together than are leased at a time. */
static void
merged_frames_of_many_slots_go_one_by_one(void **state)
{
	const struct nm_vnet_hdr h = {NM_VNET_NEEDS_CSUM, NM_GSO_TYPE_TCPV4, 0, 64, 34, 16, 0}, none = {0};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_rx_slots = 1024};
	struct nm_vale_work *w;
	uint32_t i;

	(void)state;
	open_port(&a, "vale0:a", 12);
	assert_int_equal(host_register(&b, "vale0:b", &reg), 0);
	w = nm_session_kring(&a, NM_DIR_TX, 0)->work;
	for (i = 0; i < 3; i++) {
		make(false, true, 16000);
		put16(frame + 38, i);
		put_in(&a, &h, 12, 16054, 2000);
		make(false, true, 70 + i);
		put_in(&a, &none, 12, 124 + i, 2000);
	}
	assert_int_equal(host_txsync(&a), 0);
	make(false, true, 16000);
	for (i = 0; i < 3; i++) {
		take_segments(i);
		assert_int_equal(take(&b), 124 + i);
	}
	assert_int_equal(take(&b), -1);
	for (i = 0; i <= NM_VALE_MAX_PORTS; i++) /* what lies behind the buffers of a lease */
		assert_int_equal(w->list[i].head, NM_VALE_NIL);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 6);
	books_balance(&a);
}

static void
narrow_slots_get_frames_in_pieces(void **state)
{
	struct nm_vnet_hdr h = {0};
	uint32_t len, i;

	(void)state;
	open_port(&a, "vale0:a", 12);
	open_narrow(&b, "vale0:b", 101, 0);
	len = make(true, true, 2000);
	send_in(&a, &h, 12, len, 2048);
	assert_int_equal(take_at(&b, 101), len);
	assert_memory_equal(got, frame, len);
	h = (struct nm_vnet_hdr){.flags = NM_VNET_NEEDS_CSUM, .csum_start = 54, .csum_offset = 16};
	send_in(&a, &h, 12, len, 2048);
	assert_int_equal(take_at(&b, 101), len);
	assert_true(nm_gso_checksum_flat(frame, len, 54, 16));
	assert_memory_equal(got, frame, len);
	/* the headers of a datagram take most of that: it's cut as it says, and each piece goes in several slots */
	len = make(true, false, 3000);
	h = (struct nm_vnet_hdr){.gso_type = NM_GSO_TYPE_UDP_L4, .gso_size = 1000};
	send_in(&a, &h, 12, len, 2048);
	for (i = 0; i < 3; i++) {
		assert_int_equal(take_at(&b, 101), 1062);
		assert_memory_equal(got + 62, frame + 62 + i * 1000, 1000);
	}
	/* 65 slots are more than a frame has */
	h = (struct nm_vnet_hdr){0};
	len = make(true, true, 64 * 101 + 1 - 74);
	send_in(&a, &h, 12, len, 2048);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_bad_len), 1);
	send_in(&a, &h, 12, len - 1, 2048);
	assert_int_equal(take_at(&b, 101), len - 1);
	/* segments as large as a slot, where that means the same */
	open_narrow(&c, "vale0:c", 1000, 0);
	len = make(false, true, 3000);
	memcpy(frame, C, 6);
	h = (struct nm_vnet_hdr){.gso_type = NM_GSO_TYPE_TCPV4, .gso_size = 1448};
	send_in(&a, &h, 12, len, 2048);
	for (i = 0; i < 3; i++)
		assert_int_equal(take_at(&c, 1000), 1000);
	assert_int_equal(take_at(&c, 1000), 54 + 3000 - 3 * 946);
	books_balance(&a);
}

/* Datagrams are not cut smaller to fit: one of them may take all slots of a frame, and no more. */
static void
segments_of_more_slots_than_a_frame_has_are_dropped(void **state)
{
	static const struct { uint32_t size, payload; bool good; } t[] = {
		{22 * 64 - 42, 3000, true}, {22 * 64 - 41, 3000, false}, {22 * 64 - 41, 22 * 64, false}, {22 * 64 - 41, 22 * 64 - 42, true},
		{22 * 64 - 41, 22 * 64 - 41, false},
	};
	struct nm_vnet_hdr h = {.gso_type = NM_GSO_TYPE_UDP_L4};
	uint32_t i, len, at, n, drops = 0;

	(void)state;
	open_port(&a, "vale0:a", 12);
	open_narrow(&b, "vale0:b", 22, 0);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		len = make(false, false, t[i].payload);
		h.gso_size = (uint16_t)t[i].size;
		send_in(&a, &h, 12, len, 2048);
		for (at = 0; t[i].good && at < t[i].payload; at += n) {
			n = t[i].payload - at < t[i].size ? t[i].payload - at : t[i].size;
			assert_int_equal(take_at(&b, 22), 42 + n);
			assert_memory_equal(got + 42, frame + 42 + at, n);
		}
		drops += !t[i].good;
		assert_int_equal(take_at(&b, 22), -1);
		assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_bad_len), drops);
	}
	books_balance(&a);
}

static void
a_receiver_without_a_byte_of_room_gets_nothing(void **state)
{
	const struct nm_vnet_hdr h = {0};

	(void)state;
	open_port(&a, "vale0:a", 12);
	open_narrow(&b, "vale0:b", 0, 0);
	host_frame(frame, B, A);
	send_in(&a, &h, 12, 60, 2048);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_bad_len), 1);
	books_balance(&a);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_merged_frame_without_room_is_dropped_whole), T(many_frames_keep_their_order), T(merged_frames_of_many_slots_go_one_by_one),
		T(narrow_slots_get_frames_in_pieces), T(segments_of_more_slots_than_a_frame_has_are_dropped),
		T(a_receiver_without_a_byte_of_room_gets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
