/* SPDX-License-Identifier: BSD-2-Clause */
/* seq_test.c - numbered data, and the account of what arrived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "seq.h"

static struct seq_account *
fresh(void)
{
	return calloc(1, sizeof(struct seq_account));
}

static void
test_every_flipped_bit_is_found(void **state)
{
	uint8_t data[100];
	uint64_t number;
	uint16_t stream;
	uint32_t len, bit;

	(void)state;
	for (len = SEQ_HEADER; len <= sizeof(data); len++) {
		seq_fill(data, len, 0x123456789abcdefull, 77);
		assert_int_equal(seq_read(data, len, &number, &stream), SEQ_GOOD);
		assert_true(number == 0x123456789abcdefull && stream == 77);
		for (bit = 0; bit < len * 8; bit++) {
			data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(seq_read(data, len, &number, &stream), bit < 32 ? SEQ_FOREIGN : SEQ_CORRUPT);
			data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
	/* cut, exchanged words, data of another frame */
	assert_int_equal(seq_read(data, 99, &number, &stream), SEQ_CORRUPT);
	assert_int_equal(seq_read(data, SEQ_HEADER - 1, &number, &stream), SEQ_FOREIGN);
	memcpy(data + 18, data + 26, 8);
	assert_int_equal(seq_read(data, 100, &number, &stream), SEQ_CORRUPT);
}

/* A truth table: numbers that arrive, and the account. */
static void
test_account(void **state)
{
	static const struct {
		int numbers[10]; /* ends with -1 */
		uint64_t good, lost, reordered, duplicated;
	} cases[] = {
		{ { 0, 1, 2, 3, -1 }, 4, 0, 0, 0 },
		{ { 5, 6, 7, -1 }, 3, 0, 0, 0 },              /* the first one seen counts as the start */
		{ { 0, 1, 3, 4, -1 }, 4, 1, 0, 0 },
		{ { 0, 9, -1 }, 2, 8, 0, 0 },
		{ { 0, 2, 1, 3, -1 }, 4, 0, 1, 0 },           /* late, not lost */
		{ { 0, 3, 2, 1, 4, -1 }, 5, 0, 2, 0 },
		{ { 0, 1, 1, 2, -1 }, 3, 0, 0, 1 },
		{ { 0, 2, 1, 1, -1 }, 3, 0, 1, 1 },
		{ { 0, 3, 2, 2, 5, -1 }, 4, 2, 1, 1 },
		{ { 3, 2, -1 }, 2, 0, 1, 0 },                 /* before the start */
	};
	struct seq_account *a;
	size_t i;
	const int *n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		a = fresh();
		for (n = cases[i].numbers; *n >= 0; n++)
			seq_count(a, (uint64_t)*n, 1);
		assert_int_equal(a->good, cases[i].good);
		assert_int_equal(a->lost, cases[i].lost);
		assert_int_equal(a->reordered, cases[i].reordered);
		assert_int_equal(a->duplicated, cases[i].duplicated);
		free(a);
	}
}

static void
test_window_moves(void **state)
{
	struct seq_account *a = fresh();
	uint64_t n;

	(void)state;
	for (n = 0; n < 3 * SEQ_WINDOW; n++)
		if (n % 1000 != 7)
			seq_count(a, n, 1);
	assert_int_equal(a->lost, 197);
	seq_count(a, 3 * SEQ_WINDOW - 1, 1); /* a double */
	seq_count(a, 196007, 1);             /* late */
	seq_count(a, 7, 1);                  /* older than the window */
	assert_int_equal(a->duplicated, 2);
	assert_int_equal(a->reordered, 1);
	assert_int_equal(a->lost, 196);
	/* a leap over more than a window forgets all of it */
	seq_count(a, 10 * SEQ_WINDOW, 1);
	seq_count(a, 10 * SEQ_WINDOW - 1, 1);
	seq_count(a, 9 * SEQ_WINDOW + 1, 1);
	assert_int_equal(a->duplicated, 2);
	assert_int_equal(a->reordered, 3);
	free(a);
}

static void
test_streams_are_apart(void **state)
{
	struct seq_account *a = fresh();
	unsigned i;

	(void)state;
	for (i = 0; i < 100; i++) {
		seq_count(a, i, 1);
		seq_count(a, 1000000 + i, 2);
	}
	assert_int_equal(a->lost + a->reordered + a->duplicated, 0);
	assert_int_equal(a->streams, 2);
	for (i = 0; i < SEQ_STREAMS; i++)
		seq_count(a, 0, (uint16_t)(100 + i));
	assert_int_equal(a->streams, SEQ_STREAMS);
	assert_int_equal(a->overflow, 2);
	free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_flipped_bit_is_found), cmocka_unit_test(test_account), cmocka_unit_test(test_window_moves),
		cmocka_unit_test(test_streams_are_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
