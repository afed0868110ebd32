/* SPDX-License-Identifier: BSD-2-Clause */
/* move_test.c - what frames become on the other side, and which are skipped. */
#include "move_world.h"

static void
swap_exchanges_buffers(void **state)
{
	struct world w;
	uint32_t a, b;

	(void)state;
	make(&w, 1, 1, true);
	arrive(w.ring[0], 7, 60, false);
	a = w.ring[0]->slot[0].buf_idx;
	b = w.ring[1]->slot[0].buf_idx;
	assert_true(move_can_swap(&w.m));
	assert_int_equal(move_run(&w.m), MOVE_WANT_INPUT | MOVE_RELEASED);
	assert_int_equal(w.ring[1]->slot[0].buf_idx, a);
	assert_int_equal(w.ring[0]->slot[0].buf_idx, b);
	assert_int_equal(w.ring[0]->slot[0].flags, NS_BUF_CHANGED);
	check_slot(w.ring[1], 0, 7, 60, NS_BUF_CHANGED);
	assert_int_equal(w.ring[0]->head, 1);
	assert_int_equal(w.ring[0]->cur, 1);
	assert_int_equal(w.ring[1]->head, 1);
	assert_int_equal(w.ring[1]->cur, 1);
	assert_int_equal(w.m.count.packets, 1);
	assert_int_equal(w.m.count.bytes, 60);
	destroy(&w);
}

static void
copy_leaves_buffers(void **state)
{
	struct world w;
	uint32_t a, b;

	(void)state;
	make(&w, 1, 1, false);
	arrive(w.ring[0], 9, 61, false);
	a = w.ring[0]->slot[0].buf_idx;
	b = w.ring[1]->slot[0].buf_idx;
	memset(buf(w.ring[1], 0), 0xee, BUF);
	move_run(&w.m);
	assert_int_equal(w.ring[0]->slot[0].buf_idx, a);
	assert_int_equal(w.ring[1]->slot[0].buf_idx, b);
	check_slot(w.ring[1], 0, 9, 61, 0);
	assert_int_equal((unsigned char)buf(w.ring[1], 0)[61], 0xee);
	destroy(&w);
}

static void
fragments_stay_together(void **state)
{
	struct world w;
	bool swap;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		swap = i == 1;
		make(&w, 1, 1, swap);
		arrive(w.ring[0], 1, 200, true);
		arrive(w.ring[0], 2, 100, true);
		arrive(w.ring[0], 3, 30, false);
		move_run(&w.m);
		check_slot(w.ring[1], 0, 1, 200, NS_MOREFRAG | (swap ? NS_BUF_CHANGED : 0));
		check_slot(w.ring[1], 1, 2, 100, NS_MOREFRAG | (swap ? NS_BUF_CHANGED : 0));
		check_slot(w.ring[1], 2, 3, 30, swap ? NS_BUF_CHANGED : 0);
		assert_int_equal(w.m.count.packets, 1);
		assert_int_equal(w.m.count.bytes, 330);
		destroy(&w);
	}
}

static void
rings_wrap_around(void **state)
{
	struct world w;
	uint32_t i, n;
	bool swap;

	(void)state;
	for (swap = false;; swap = true) {
		make(&w, 1, 1, swap);
		for (i = 0; i < 50; i++) {
			arrive(w.ring[0], (unsigned char)i, 60, true);
			arrive(w.ring[0], (unsigned char)(i + 100), 50, true);
			arrive(w.ring[0], (unsigned char)(i + 200), 40, false);
			n = w.ring[1]->head;
			move_run(&w.m);
			check_slot(w.ring[1], n, (unsigned char)i, 60, NS_MOREFRAG | (swap ? NS_BUF_CHANGED : 0));
			check_slot(w.ring[1], (n + 1) % SLOTS, (unsigned char)(i + 100), 50, NS_MOREFRAG | (swap ? NS_BUF_CHANGED : 0));
			check_slot(w.ring[1], (n + 2) % SLOTS, (unsigned char)(i + 200), 40, swap ? NS_BUF_CHANGED : 0);
			w.ring[1]->tail = (w.ring[1]->head + SLOTS - 1) % SLOTS; /* sent */
		}
		assert_int_equal(w.m.count.packets, 50);
		assert_int_equal(w.m.count.bytes, 50 * 150);
		assert_int_equal(w.m.count.misfits, 0);
		destroy(&w);
		if (swap)
			break;
	}
}

/* Whatever was swapped, each buffer is in exactly one slot. */
static void
swap_loses_no_buffer(void **state)
{
	uint8_t seen[2 + RINGS * SLOTS] = { 0 };
	struct world w;
	uint32_t i, k;

	(void)state;
	make(&w, 1, 1, true);
	for (i = 0; i < 37; i++) {
		for (k = 0; k <= i % 4; k++)
			arrive(w.ring[0], (unsigned char)k, 60, k < i % 4);
		move_run(&w.m);
		w.ring[1]->tail = (w.ring[1]->head + SLOTS - 1) % SLOTS;
	}
	for (i = 0; i < RINGS; i++)
		for (k = 0; k < SLOTS; k++)
			seen[w.ring[i]->slot[k].buf_idx]++;
	for (i = 2; i < sizeof(seen); i++)
		assert_int_equal(seen[i], 1);
	destroy(&w);
}

static void
misfits_are_skipped_and_counted(void **state)
{
	struct world w;

	(void)state;
	make(&w, 1, 1, false);
	set_const(&w.ring[1]->nr_buf_size, 128, sizeof(uint32_t));
	assert_false(move_can_swap(&w.m));
	arrive(w.ring[0], 1, 129, false);
	arrive(w.ring[0], 2, 100, true);
	arrive(w.ring[0], 3, 200, false);
	arrive(w.ring[0], 4, 128, false);
	assert_int_equal(move_run(&w.m), MOVE_WANT_INPUT | MOVE_RELEASED);
	assert_int_equal(w.m.count.misfits, 2);
	assert_int_equal(w.m.count.packets, 1);
	assert_int_equal(w.m.count.bytes, 128);
	assert_int_equal(w.ring[1]->head, 1);
	assert_int_equal(w.ring[0]->head, 4);
	destroy(&w);
}

static void
a_chain_longer_than_the_output_is_a_misfit(void **state)
{
	struct world w;
	int i;

	(void)state;
	make(&w, 1, 1, true);
	set_const(&w.ring[1]->num_slots, 4, sizeof(uint32_t));
	w.ring[1]->tail = 3;
	for (i = 0; i < 4; i++)
		arrive(w.ring[0], 1, 60, i < 3);
	arrive(w.ring[0], 2, 60, false);
	assert_int_equal(move_run(&w.m), MOVE_WANT_INPUT | MOVE_RELEASED);
	assert_int_equal(w.m.count.misfits, 1);
	assert_int_equal(w.m.count.packets, 1);
	check_slot(w.ring[1], 0, 2, 60, NS_BUF_CHANGED);
	destroy(&w);
}

/* A chain that fills its whole ring would wait for its end for ever. */
static void
an_endless_chain_is_skipped_to_its_end(void **state)
{
	struct world w;
	uint32_t i;

	(void)state;
	make(&w, 1, 1, true);
	for (i = 0; i < SLOTS - 1; i++)
		arrive(w.ring[0], 1, 60, true);
	assert_int_equal(move_run(&w.m), MOVE_WANT_INPUT | MOVE_RELEASED);
	assert_int_equal(w.ring[0]->head, SLOTS - 1);
	arrive(w.ring[0], 1, 60, true);
	move_run(&w.m);
	arrive(w.ring[0], 1, 60, false);
	arrive(w.ring[0], 2, 60, false);
	move_run(&w.m);
	assert_int_equal(w.m.count.misfits, 1);
	assert_int_equal(w.m.count.packets, 1);
	check_slot(w.ring[1], 0, 2, 60, NS_BUF_CHANGED);
	destroy(&w);
}

static void
offsets_go_with_the_data(void **state)
{
	struct world w;
	bool swap;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		swap = i == 1;
		make(&w, 1, 1, swap);
		set_const(&w.ring[0]->offset_mask, 0xff, 8);
		set_const(&w.ring[1]->offset_mask, 0xff, 8);
		w.ring[0]->slot[0].ptr = 16;
		w.ring[1]->slot[0].ptr = 64;
		arrive(w.ring[0], 5, 60, false);
		assert_true(move_can_swap(&w.m));
		move_run(&w.m);
		check_slot(w.ring[1], 0, 5, 60, swap ? NS_BUF_CHANGED : 0);
		assert_int_equal(w.ring[1]->slot[0].ptr, swap ? 16 : 64);
		assert_int_equal(w.ring[0]->slot[0].ptr, swap ? 64 : 16);
		destroy(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(swap_exchanges_buffers),
		cmocka_unit_test(copy_leaves_buffers),
		cmocka_unit_test(fragments_stay_together),
		cmocka_unit_test(rings_wrap_around),
		cmocka_unit_test(swap_loses_no_buffer),
		cmocka_unit_test(misfits_are_skipped_and_counted),
		cmocka_unit_test(a_chain_longer_than_the_output_is_a_misfit),
		cmocka_unit_test(an_endless_chain_is_skipped_to_its_end),
		cmocka_unit_test(offsets_go_with_the_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
