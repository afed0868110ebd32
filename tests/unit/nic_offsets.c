/* SPDX-License-Identifier: BSD-2-Clause */
/* nic_offsets.c - tests of nic_bed.h for rings with the option OFFSETS: where the NIC reads and writes then. */
#include "nic_bed.h"

static const struct nic_model *model;

/* What a slot's ptr has besides says nothing, and a greater offset is the greatest. */
static uint64_t
wild_ptr(uint32_t offset)
{
	static const uint64_t beside[] = {0, 0x10000, 0xffffffffffff0000u, 0x7fffabcd0000u};

	return offset | beside[nic_random() % 4];
}

static void
frames_leave_from_where_they_begin(void **state)
{
	uint32_t sent = 0, seen = 0, turns = 0, k, n, slots;
	struct nic_part p[64];

	(void)state;
	nic_open_at(model, 300, 700, 64, 0);
	assert_int_equal(nic_slot_of(&nic_tx, 5)->ptr, 64);
	while (seen < 5000) {
		assert_true(++turns < 100000u);
		for (k = nic_random() % 60; k; k--) {
			slots = nic_room() < 2 ? 0 : 1 + (nic_random() % 8 == 0);
			for (n = 0; n < slots; n++) {
				nic_slot(sent + n, 60 + nic_random() % 1288, n + 1 < slots ? NS_MOREFRAG : 0);
				nic_slot_of(&nic_tx, sent + n)->ptr = wild_ptr(nic_random() % 4 ? nic_random() % 701 : nic_random() & 0xffff);
			}
			sent += slots;
			nic_transmit(slots);
		}
		n = nic_sends(nic_random() % 64, p);
		for (k = 0; k < n; k++, seen++) {
			assert_ptr_equal((void *)(uintptr_t)p[k].addr, nic_buf(&nic_tx, seen));
			assert_int_equal(p[k].len, nic_slot_of(&nic_tx, seen)->len);
			assert_int_equal(p[k].last, !(nic_slot_of(&nic_tx, seen)->flags & NS_MOREFRAG));
		}
	}
	assert_int_equal(nic_tx.kr->stat[NM_STAT_drop_bad_len] + nic_tx.kr->stat[NM_STAT_drop_no_backend], 0);
}

/* Of a frame that would leave its buffer, or be filled up beyond it, the NIC hears nothing; nor do others hear of it. */
static void
frames_that_leave_their_buffer_reach_no_descriptor(void **state)
{
	static const struct { uint32_t offset, len; int why; } bad[] = {
		{2048, 14, NM_STAT_drop_bad_len}, {2034, 15, NM_STAT_drop_bad_len}, {1, 2048, NM_STAT_drop_bad_len},
		{0xffff, 60, NM_STAT_drop_bad_len}, {1989, 60, NM_STAT_drop_bad_len}, {700, 65535, NM_STAT_drop_bad_len},
		{2000, 2040, NM_STAT_drop_bad_len},
	};
	struct nic_part p[4];
	uint32_t k, at = 0, len;
	char *next;

	(void)state;
	nic_open_at(model, 256, 2048, 0, 0);
	for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		uint64_t before = nic_tx.kr->stat[bad[k].why];

		nic_slot(at, bad[k].len, 0);
		nic_slot_of(&nic_tx, at++)->ptr = wild_ptr(bad[k].offset);
		assert_false(nic_transmit(1));
		assert_int_equal(nic_tx.kr->stat[bad[k].why], before + 1);
		assert_int_equal(nic_sends(4, p), 0);
		/* to the last byte */
		nic_slot(at, 100, 0);
		nic_slot_of(&nic_tx, at++)->ptr = wild_ptr(1948);
		assert_false(nic_transmit(1));
		assert_int_equal(nic_sends(4, p), 1);
		assert_ptr_equal((void *)(uintptr_t)p[0].addr, nic_buf(&nic_tx, at - 1));
		assert_int_equal(p[0].len, 100);
	}
	for (len = 14; len < 60; len++) {
		bool fits = len >= model->min_bytes;

		nic_slot(at, len, 0);
		nic_slot_of(&nic_tx, at)->ptr = wild_ptr(2048 - len);
		next = nic_buf(&nic_tx, at++) + len;
		memset(next, 0x55, 64); /* of the buffer behind; they have a greater index */
		assert_false(nic_transmit(1));
		assert_int_equal(nic_sends(4, p), fits);
		for (k = 0; k < 64; k++)
			assert_int_equal(next[k], 0x55);
	}
	assert_int_equal(nic_tx.kr->stat[NM_STAT_drop_no_backend], model->min_bytes > 14 ? model->min_bytes - 14 : 0);
}

/* As nm_hw_place says it: what a client finds in a slot that it gave back with this ptr. */
static uint32_t
expected(uint64_t ptr)
{
	uint32_t offset = (uint32_t)(ptr & 0xffff), align = model->bufs->align ? model->bufs->align : 1, most = nic_rx.kr->stride - nic_rx.buf_bytes;

	if (offset > nic_rx.kr->offsets.max)
		offset = nic_rx.kr->offsets.max;
	if (offset > most)
		offset = most;
	return offset - offset % align;
}

/* The NIC asserts that it has no room beyond a buffer: nic_gets. */
static void
frames_come_where_slots_say(void **state)
{
	uint32_t came = 0, seen = 0, turns = 0, k, n, first = 700;
	uint64_t ptr[300];

	(void)state;
	for (k = 0; k < 300; k++)
		ptr[k] = first;
	nic_open_at(model, 300, 1000, first, 0);
	assert_int_equal(nic_rx.buf_bytes, nm_hw_buf_size(model->bufs, 1048));
	assert_true(nic_rx.buf_bytes > 0);
	while (seen < 5000) {
		assert_true(++turns < 100000u);
		for (k = nic_random() % 64; k && nic_gets(60 + came % 900, NM_HW_LAST, (uint8_t)came); k--)
			came++;
		model->rxsync(&nic_rx, 1 + nic_random() % 100);
		if (nic_random() % 3)
			continue;
		n = nic_got();
		for (k = 0; k < n; k++, seen++) {
			struct netmap_slot *p = nic_slot_of(&nic_rx, seen);

			assert_int_equal(p->len, 60 + seen % 900);
			assert_int_equal(p->ptr, expected(ptr[seen % 300]));
			assert_int_equal((uint8_t)*nic_buf(&nic_rx, seen), (uint8_t)seen);
			p->ptr = ptr[seen % 300] = wild_ptr(nic_random() % 3 ? nic_random() % 1001 : nic_random() & 0xffff);
		}
		nic_give_back();
	}
	assert_int_equal(nic_rx.kr->stat[NM_STAT_refused] + nic_rx.kr->stat[NM_STAT_buf_errors], 0);
}

/* What others are refused for: a slot's offset is that of its own buffer, whatever became of those before. */
static void
refused_frames_leave_offsets_right(void **state)
{
	uint32_t seen = 0, k, round;

	(void)state;
	nic_open_at(model, 300, 1024, 512, 0);
	for (round = 0; round < 40; round++) {
		for (k = 0; k < 20; k++) {
			nic_gets(60, NM_HW_LAST | NM_HW_BAD, 0xee);
			nic_gets(nic_rx.buf_bytes + 1 + k, NM_HW_LAST, 0xee);
			if (nic_gets(nic_rx.buf_bytes, NM_HW_LAST, (uint8_t)seen))
				seen++;
		}
		model->rxsync(&nic_rx, 300);
		assert_int_equal(nic_got(), seen);
		for (k = nic_rx.kr->atok->head; seen; seen--, k = nm_ring_add(k, 1, 300)) {
			assert_int_equal((uint8_t)*nic_buf(&nic_rx, k), (uint8_t)(nic_got() - seen));
			nic_slot_of(&nic_rx, k)->ptr = nic_random();
		}
		nic_give_back();
		model->rxsync(&nic_rx, 0);
		if (round % 10 == 9) {
			nm_hw_stop(&nic_rx);
			nic_start(&nic_rx, NM_DIR_RX);
		}
	}
	assert_int_equal(nm_hw_out(&nic_rx) + nic_rx.kr->nstack, 300);
}

static void
parts_of_frames_have_offsets_too(void **state)
{
	uint32_t k, i, n = 0, most;

	(void)state;
	nic_open_at(model, 300, 1000, 37, 0);
	most = nic_rx.buf_bytes;
	for (k = 0; k < 40; k++)
		for (i = 0; i < 3; i++)
			assert_true(nic_gets(i < 2 ? most : 99, i < 2 ? 0 : NM_HW_LAST, (uint8_t)(k + i)));
	model->rxsync(&nic_rx, 300);
	for (k = 0; k < 40 && model->joins; k++)
		for (i = 0; i < 3; i++, n++) {
			assert_int_equal(nic_slot_of(&nic_rx, n)->flags, i < 2 ? NS_MOREFRAG : 0);
			assert_int_equal(nic_slot_of(&nic_rx, n)->len, i < 2 ? most : 99);
			assert_int_equal(nic_slot_of(&nic_rx, n)->ptr, expected(37));
			assert_int_equal((uint8_t)*nic_buf(&nic_rx, n), k + i);
		}
	assert_int_equal(nic_got(), n);
}

/* Less is left free than the greatest offset: the NIC is told of more, and frames begin before. */
static void
a_gap_gives_the_nic_more_room(void **state)
{
	uint32_t k, most;

	(void)state;
	nic_open_at(model, 64, 2000, 2000, 1024);
	most = nic_rx.buf_bytes;
	assert_int_equal(most, nm_hw_buf_size(model->bufs, 1024));
	for (k = 0; k < 30; k++)
		assert_true(nic_gets(most, NM_HW_LAST, (uint8_t)k));
	model->rxsync(&nic_rx, 64);
	assert_int_equal(nic_got(), 30);
	for (k = 0; k < 30; k++) {
		assert_int_equal(nic_slot_of(&nic_rx, k)->ptr, expected(2000));
		assert_int_equal((uint8_t)*nic_buf(&nic_rx, k), k);
	}
}

/*
 * A client that writes whatever it likes to slots: the bed asserts that the NIC reads and writes within buffers (nic_sends, nic_gets). It
 * takes care not to lose those that it receives into, lest there be nothing more to see.
 */
static void
hostile(void *arg, uint32_t round)
{
	struct netmap_slot *at = nic_slot_of(round % 2 ? &nic_tx : &nic_rx, round / 2);

	nm_kring_put_slot_at(at, round % 18 != 1 ? NM_READ_ONCE(at->buf_idx) : round * 2654435761u >> (round % 32), (uint16_t)(round * 40503u),
	    (uint16_t)(round >> 7), round * 0x9e3779b97f4a7c15u >> (round % 64));
}

static void
a_client_that_writes_meanwhile_changes_its_own_frames_only(void **state)
{
	uint32_t round, k;

	(void)state;
	nic_open_at(model, 64, 1000, 3, 0);
	host_race_start(hostile, NULL);
	for (round = 0; round < 10000; round++) {
		nic_transmit(nic_room() < 20 ? nic_room() : round % 20);
		nic_sends(64, NULL);
		for (k = round % 30; k && nic_gets(60, round % 5 ? NM_HW_LAST : 0, 0); k--)
			;
		model->rxsync(&nic_rx, 100);
		nic_give_back();
	}
	host_race_stop();
	assert_true(nm_hw_out(&nic_rx) + nic_rx.kr->nstack > 0);
}

static void
a_device_with_memory_of_its_own_is_told_from_there_on(void **state)
{
	struct nic_part p;

	(void)state;
	nic_open_at(model, 64, 1000, 640, 0);
	nic_map.copies = true;
	nic_slot(0, 61, 0);
	nic_slot_of(&nic_tx, 0)->ptr = 77;
	assert_false(nic_transmit(1));
	assert_int_equal(nic_sends(1, &p), 1);
	assert_ptr_equal((void *)(uintptr_t)nic_to.addr, nic_buf(&nic_tx, 0));
	assert_int_equal(nic_to.len, 61);
	assert_true(nic_gets(62, NM_HW_LAST, 9));
	model->rxsync(&nic_rx, 100);
	assert_ptr_equal((void *)(uintptr_t)nic_from.addr, nic_buf(&nic_rx, 0));
	assert_int_equal(nic_from.len, 62);
	nic_give_back();
	nm_hw_stop(&nic_rx);
	nic_for.len = 0;
	nic_start(&nic_rx, NM_DIR_RX);
	assert_int_equal(nic_for.len, nic_map.stride); /* all of it */
	assert_int_equal((nic_for.addr - (uintptr_t)nic_tx.kr->bufs) % nic_map.stride, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, nic_setup, nic_teardown)

int
nic_offsets_main(const struct nic_model *m)
{
	const struct CMUnitTest tests[] = {
		T(frames_leave_from_where_they_begin),
		T(frames_that_leave_their_buffer_reach_no_descriptor),
		T(frames_come_where_slots_say),
		T(refused_frames_leave_offsets_right),
		T(parts_of_frames_have_offsets_too),
		T(a_gap_gives_the_nic_more_room),
		T(a_client_that_writes_meanwhile_changes_its_own_frames_only),
		T(a_device_with_memory_of_its_own_is_told_from_there_on),
	};

	model = m;
	return _cmocka_run_group_tests("offsets", tests, sizeof(tests) / sizeof(tests[0]), NULL, NULL);
}
