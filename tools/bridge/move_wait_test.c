/* SPDX-License-Identifier: BSD-2-Clause */
/* move_wait_test.c - what stays for lack of room or end, and what poll is told to wait for. */
#include "move_world.h"

static void
half_a_frame_waits_for_the_rest(void **state)
{
	struct world w;

	(void)state;
	make(&w, 1, 1, true);
	arrive(w.ring[0], 1, 200, true);
	assert_int_equal(move_run(&w.m), MOVE_WANT_INPUT);
	assert_int_equal(w.ring[0]->head, 0);
	assert_int_equal(w.ring[0]->cur, 1); /* else poll would return at once */
	assert_int_equal(w.ring[1]->head, 0);
	arrive(w.ring[0], 2, 20, false);
	move_run(&w.m);
	assert_int_equal(w.ring[0]->head, 2);
	assert_int_equal(w.m.count.packets, 1);
	destroy(&w);
}

static void
no_room_keeps_the_frames(void **state)
{
	struct world w;
	int i;

	(void)state;
	make(&w, 1, 1, true);
	w.ring[1]->tail = 2;
	for (i = 0; i < 5; i++)
		arrive(w.ring[0], (unsigned char)i, 60, false);
	assert_int_equal(move_run(&w.m), MOVE_WANT_ROOM | MOVE_RELEASED);
	assert_int_equal(w.ring[0]->head, 2);
	assert_int_equal(w.ring[0]->cur, 5);
	assert_int_equal(w.ring[1]->head, 2);
	assert_int_equal(move_run(&w.m), MOVE_WANT_ROOM);
	w.ring[1]->tail = 6;
	assert_int_equal(move_run(&w.m), MOVE_WANT_INPUT | MOVE_RELEASED);
	for (i = 0; i < 5; i++)
		check_slot(w.ring[1], (uint32_t)i, (unsigned char)i, 60, NS_BUF_CHANGED);
	assert_int_equal(w.m.count.packets, 5);
	assert_int_equal(w.m.count.misfits, 0);
	destroy(&w);
}

static void
too_little_room_for_a_chain_waits_for_more(void **state)
{
	struct world w;

	(void)state;
	make(&w, 1, 1, false);
	w.ring[1]->tail = 2;
	arrive(w.ring[0], 1, 100, true);
	arrive(w.ring[0], 2, 100, true);
	arrive(w.ring[0], 3, 100, false);
	assert_int_equal(move_run(&w.m), MOVE_WANT_ROOM);
	assert_int_equal(w.ring[1]->head, 0);
	assert_int_equal(w.ring[1]->cur, 2); /* only more room than this wakes */
	w.ring[1]->tail = 3;
	assert_int_equal(move_run(&w.m), MOVE_WANT_INPUT | MOVE_RELEASED);
	assert_int_equal(w.ring[1]->cur, 3);
	assert_int_equal(w.m.count.packets, 1);
	destroy(&w);
}

static void
burst_ends_a_run(void **state)
{
	struct world w;
	int i;

	(void)state;
	make(&w, 1, 1, true);
	w.m.burst = 2;
	for (i = 0; i < 5; i++)
		arrive(w.ring[0], (unsigned char)i, 60, false);
	assert_int_equal(move_run(&w.m), MOVE_AGAIN | MOVE_RELEASED);
	assert_int_equal(w.ring[0]->head, 2);
	assert_int_equal(w.ring[0]->cur, 2);
	assert_int_equal(move_run(&w.m), MOVE_AGAIN | MOVE_RELEASED);
	assert_int_equal(move_run(&w.m), MOVE_WANT_INPUT | MOVE_RELEASED);
	assert_int_equal(w.m.count.packets, 5);
	assert_int_equal(w.m.count.batches, 3);
	destroy(&w);
}

static void
rings_are_paired_and_one_full_does_not_stop_the_other(void **state)
{
	struct world w;

	(void)state;
	make(&w, 2, 2, true);
	w.ring[2]->tail = 0; /* full */
	arrive(w.ring[0], 1, 60, false);
	arrive(w.ring[1], 2, 60, false);
	assert_int_equal(move_run(&w.m), MOVE_WANT_ROOM | MOVE_WANT_INPUT | MOVE_RELEASED);
	check_slot(w.ring[3], 0, 2, 60, NS_BUF_CHANGED);
	assert_int_equal(w.ring[0]->cur, 1);           /* not woken by what waits */
	assert_int_equal(w.ring[3]->cur, SLOTS - 1);   /* nor by the room of the other ring */
	arrive(w.ring[1], 3, 60, false);
	move_run(&w.m);
	check_slot(w.ring[3], 1, 3, 60, NS_BUF_CHANGED);
	destroy(&w);
}

static void
two_rings_share_one_output(void **state)
{
	struct world w;
	int i;

	(void)state;
	make(&w, 2, 1, true);
	for (i = 0; i < 6; i++) {
		arrive(w.ring[0], 1, 60, false);
		arrive(w.ring[1], 2, 60, false);
	}
	assert_true(move_run(&w.m) & MOVE_WANT_ROOM);
	assert_int_equal(w.m.count.packets, SLOTS - 1);
	assert_int_equal(w.ring[2]->cur, w.ring[2]->tail);
	w.ring[2]->tail = (w.ring[2]->head + SLOTS - 1) % SLOTS;
	assert_int_equal(move_run(&w.m), MOVE_WANT_INPUT | MOVE_RELEASED);
	assert_int_equal(w.m.count.packets, 12);
	destroy(&w);
}

static void
pending_tells_what_is_not_sent(void **state)
{
	struct world w;

	(void)state;
	make(&w, 1, 1, true);
	assert_false(move_pending(&w.m));
	arrive(w.ring[0], 1, 60, false);
	move_run(&w.m);
	assert_true(move_pending(&w.m));
	w.ring[1]->tail = 0;
	assert_false(move_pending(&w.m));
	destroy(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_a_frame_waits_for_the_rest),
		cmocka_unit_test(no_room_keeps_the_frames),
		cmocka_unit_test(too_little_room_for_a_chain_waits_for_more),
		cmocka_unit_test(burst_ends_a_run),
		cmocka_unit_test(rings_are_paired_and_one_full_does_not_stop_the_other),
		cmocka_unit_test(two_rings_share_one_output),
		cmocka_unit_test(pending_tells_what_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
