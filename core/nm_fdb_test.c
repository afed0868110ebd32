/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

#define AGE 300u

static int
setup(void **state)
{
	*state = nm_fdb_create();
	return *state ? 0 : -1;
}

static int
teardown(void **state)
{
	nm_fdb_destroy(*state);
	return 0;
}

static uint64_t
mac_of(uint32_t i)
{
	uint8_t m[8] = {2, 0, (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};

	return nm_fdb_mac(m);
}

static void
dump_gives_back_what_was_learned(void **state)
{
	struct nm_fdb *f = *state;
	struct nm_fdb_entry e[7];
	uint32_t cursor = 0, seen = 0, i, n;
	bool found[500] = {false};

	for (i = 0; i < 500; i++)
		assert_int_equal(nm_fdb_learn(f, mac_of(i), i % 254, 100, AGE), NM_FDB_LEARNED);
	while (cursor != UINT32_MAX) {
		n = nm_fdb_dump(f, &cursor, e, 7, 110, AGE);
		for (i = 0; i < n; i++) {
			uint32_t k = (uint32_t)e[i].mac[4] << 8 | e[i].mac[5];

			assert_int_equal(e[i].mac[0], 2);
			assert_int_equal(e[i].mac[1] | e[i].mac[2] | e[i].mac[3], 0);
			assert_in_range(k, 0, 499);
			assert_false(found[k]);
			found[k] = true;
			assert_int_equal(e[i].port_idx, k % 254);
			assert_int_equal(e[i].age_ms, 10000);
			seen++;
		}
	}
	assert_int_equal(seen, 500);
}

static void
an_address_moves_and_ages(void **state)
{
	struct nm_fdb *f = *state;
	uint64_t m = mac_of(77);

	assert_int_equal(nm_fdb_lookup(f, m, 5, AGE), NM_FDB_NONE);
	assert_int_equal(nm_fdb_learn(f, m, 3, 5, AGE), NM_FDB_LEARNED);
	assert_int_equal(nm_fdb_learn(f, m, 3, 6, AGE), NM_FDB_KNOWN);
	assert_int_equal(nm_fdb_learn(f, m, 253, 7, AGE), NM_FDB_MOVED);
	assert_int_equal(nm_fdb_lookup(f, m, 7 + AGE, AGE), 253);
	assert_int_equal(nm_fdb_lookup(f, m, 8 + AGE, AGE), NM_FDB_NONE);
}

static void
the_clock_may_wrap(void **state)
{
	struct nm_fdb *f = *state;
	uint32_t now = 0x3fff0u; /* the word keeps 18 bits of the second */

	nm_fdb_learn(f, mac_of(1), 9, now, AGE);
	assert_int_equal(nm_fdb_lookup(f, mac_of(1), now + AGE, AGE), 9);
	assert_int_equal(nm_fdb_lookup(f, mac_of(1), now + AGE + 1, AGE), NM_FDB_NONE);
}

static void
a_full_bucket_says_so_and_old_ones_make_room(void **state)
{
	struct nm_fdb *f = *state;
	uint32_t i, full = 0, learned = 0;

	for (i = 0; i < 20000; i++) {
		enum nm_fdb_result r = nm_fdb_learn(f, mac_of(i), 1, 10, AGE);

		full += r == NM_FDB_FULL;
		learned += r == NM_FDB_LEARNED;
	}
	assert_int_equal(full + learned, 20000);
	assert_in_range(learned, 8000, 8192);
	assert_int_equal(nm_fdb_learn(f, mac_of(30000), 2, 11 + AGE, AGE), NM_FDB_LEARNED);
}

static void
sweep_and_flush_empty_the_table(void **state)
{
	struct nm_fdb *f = *state;
	uint32_t i, aged = 0;

	for (i = 0; i < 100; i++)
		nm_fdb_learn(f, mac_of(i), i % 2, 10, AGE);
	assert_int_equal(nm_fdb_flush(f, 1), 50);
	assert_int_equal(nm_fdb_flush(f, 1), 0);
	assert_int_equal(nm_fdb_lookup(f, mac_of(2), 10, AGE), 0);
	for (i = 0; i < 16; i++)
		aged += nm_fdb_age(f, 11 + AGE + i, AGE);
	assert_int_equal(aged, 50);
	nm_fdb_learn(f, mac_of(1), 5, 1000, AGE);
	assert_int_equal(nm_fdb_flush(f, UINT32_MAX), 1);
}

static void *
sweep_for_a_minute(void *fdb)
{
	uint32_t s;

	for (s = 0; s < 60; s++)
		nm_fdb_age(fdb, 11 + AGE + s, AGE);
	return NULL;
}

/* The race that counts here is seen under ThreadSanitizer only. */
static void
two_workers_may_sweep_in_the_same_second(void **state)
{
	struct nm_fdb *f = *state;
	pthread_t other;
	uint32_t i;

	for (i = 0; i < 100; i++)
		nm_fdb_learn(f, mac_of(i), 1, 10, AGE);
	assert_int_equal(pthread_create(&other, NULL, sweep_for_a_minute, f), 0);
	sweep_for_a_minute(f);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_int_equal(nm_fdb_flush(f, UINT32_MAX), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(dump_gives_back_what_was_learned),
		T(an_address_moves_and_ages),
		T(the_clock_may_wrap),
		T(a_full_bucket_says_so_and_old_ones_make_room),
		T(sweep_and_flush_empty_the_table),
		T(two_workers_may_sweep_in_the_same_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
