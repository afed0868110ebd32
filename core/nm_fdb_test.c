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
		assert_int_equal(nm_fdb_learn(f, mac_of(i), 0, i % 254, 100, AGE), NM_FDB_LEARNED);
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

	assert_int_equal(nm_fdb_lookup(f, m, 0, 5, AGE), NM_FDB_NONE);
	assert_int_equal(nm_fdb_learn(f, m, 0, 3, 5, AGE), NM_FDB_LEARNED);
	assert_int_equal(nm_fdb_learn(f, m, 0, 3, 6, AGE), NM_FDB_KNOWN);
	assert_int_equal(nm_fdb_learn(f, m, 0, 253, 7, AGE), NM_FDB_MOVED);
	assert_int_equal(nm_fdb_lookup(f, m, 0, 7 + AGE, AGE), 253);
	assert_int_equal(nm_fdb_lookup(f, m, 0, 8 + AGE, AGE), NM_FDB_NONE);
}

static void
the_clock_may_wrap(void **state)
{
	struct nm_fdb *f = *state;
	uint32_t now = 0x1fff0u; /* the word keeps 17 bits of the second */

	nm_fdb_learn(f, mac_of(1), 0, 9, now, AGE);
	assert_int_equal(nm_fdb_lookup(f, mac_of(1), 0, now + AGE, AGE), 9);
	assert_int_equal(nm_fdb_lookup(f, mac_of(1), 0, now + AGE + 1, AGE), NM_FDB_NONE);
}

static void
a_full_bucket_says_so_and_old_ones_make_room(void **state)
{
	struct nm_fdb *f = *state;
	uint32_t i, full = 0, learned = 0;

	for (i = 0; i < 20000; i++) {
		enum nm_fdb_result r = nm_fdb_learn(f, mac_of(i), 0, 1, 10, AGE);

		full += r == NM_FDB_FULL;
		learned += r == NM_FDB_LEARNED;
	}
	assert_int_equal(full + learned, 20000);
	assert_in_range(learned, 8000, 8192);
	assert_int_equal(nm_fdb_learn(f, mac_of(30000), 0, 2, 11 + AGE, AGE), NM_FDB_LEARNED);
}

static void
sweep_and_flush_empty_the_table(void **state)
{
	struct nm_fdb *f = *state;
	uint32_t i, aged = 0;

	for (i = 0; i < 100; i++)
		nm_fdb_learn(f, mac_of(i), 0, i % 2, 10, AGE);
	assert_int_equal(nm_fdb_flush(f, 1, false), 50);
	assert_int_equal(nm_fdb_flush(f, 1, false), 0);
	assert_int_equal(nm_fdb_lookup(f, mac_of(2), 0, 10, AGE), 0);
	for (i = 0; i < 16; i++)
		aged += nm_fdb_age(f, 11 + AGE + i, AGE);
	assert_int_equal(aged, 50);
	nm_fdb_learn(f, mac_of(1), 0, 5, 1000, AGE);
	assert_int_equal(nm_fdb_flush(f, UINT32_MAX, false), 1);
}

static void
an_address_is_another_in_each_vlan(void **state)
{
	struct nm_fdb *f = *state;
	struct nm_fdb_entry e[8];
	uint32_t vid, cursor = 0, n, i, seen = 0;
	uint64_t m = mac_of(5);

	for (vid = 0; vid < 4095; vid += 13)
		assert_int_equal(nm_fdb_learn(f, m, vid, vid % 254, 9, AGE), NM_FDB_LEARNED);
	for (vid = 0; vid < 4095; vid++)
		assert_int_equal(nm_fdb_lookup(f, m, vid, 9, AGE), vid % 13 ? NM_FDB_NONE : vid % 254);
	assert_int_equal(nm_fdb_learn(f, m, 26, 3, 10, AGE), NM_FDB_MOVED);
	assert_int_equal(nm_fdb_lookup(f, m, 13, 10, AGE), 13);
	while (cursor != UINT32_MAX) {
		n = nm_fdb_dump(f, &cursor, e, 8, 10, AGE);
		for (i = 0; i < n; i++, seen++) {
			assert_int_equal(e[i].mac[5], 5);
			assert_int_equal(e[i].mac[0], 2);
			assert_int_equal(e[i].port_idx, e[i].vlan == 26 ? 3 : e[i].vlan % 254);
		}
	}
	assert_int_equal(seen, 315);
}

static void
what_is_fixed_stays(void **state)
{
	struct nm_fdb *f = *state;
	struct nm_fdb_entry e[8];
	uint32_t cursor = 0, i, n = 0;

	for (i = 0; i < 20000; i++) /* all buckets are full: what was learned gives way */
		nm_fdb_learn(f, mac_of(i), 0, 1, 10, AGE);
	assert_int_equal(nm_fdb_fix(f, mac_of(50000), 7, 253), 0);
	assert_int_equal(nm_fdb_fix(f, mac_of(50000), 7, 9), 0);
	assert_int_equal(nm_fdb_nfixed(f), 1);
	assert_int_equal(nm_fdb_fixed(f, mac_of(50000), 7), 9);
	assert_int_equal(nm_fdb_fixed(f, mac_of(50000), 0), NM_FDB_NONE);
	assert_int_equal(nm_fdb_learn(f, mac_of(50000), 7, 9, 11, AGE), NM_FDB_KNOWN);
	assert_int_equal(nm_fdb_learn(f, mac_of(50000), 7, 8, 11, AGE), NM_FDB_FIXED);
	for (i = 0; i < 16; i++)
		nm_fdb_age(f, 1000 + i, AGE);
	assert_int_equal(nm_fdb_lookup(f, mac_of(50000), 7, 1000000, AGE), 9);
	assert_int_equal(nm_fdb_flush(f, UINT32_MAX, false), 0);
	assert_int_equal(nm_fdb_dump(f, &cursor, e, 8, 1020, AGE), 1);
	assert_int_equal(e[0].age_ms, NM_FDB_STATIC);
	assert_int_equal(e[0].vlan, 7);
	assert_int_equal(e[0].mac[4] << 8 | e[0].mac[5], 50000);
	assert_int_equal(nm_fdb_unfix(f, mac_of(50000), 0), -ENOENT);
	assert_int_equal(nm_fdb_unfix(f, mac_of(50000), 7), 0);
	nm_fdb_learn(f, mac_of(3), 0, 1, 1020, AGE);
	assert_int_equal(nm_fdb_unfix(f, mac_of(3), 0), -ENOENT); /* it was learned */
	for (i = 0; i < 20000; i++)
		n += nm_fdb_fix(f, mac_of(i), 0, 5) == 0;
	assert_in_range(n, 8000, 8192);
	assert_int_equal(nm_fdb_nfixed(f), n);
	assert_int_equal(nm_fdb_flush(f, 4, true), 0);
	assert_int_equal(nm_fdb_flush(f, 5, true), n);
	assert_int_equal(nm_fdb_nfixed(f), 0);
}

/* An entry tells its age modulo 2^17 seconds: after as long a silence it must not seem to be young. */
static void
nothing_outlives_a_long_silence(void **state)
{
	struct nm_fdb *f = *state;
	struct nm_fdb_entry e[2];
	uint32_t cursor = 0;

	nm_fdb_age(f, 1000, AGE);
	nm_fdb_learn(f, mac_of(1), 0, 9, 1000, AGE);
	assert_int_equal(nm_fdb_dump(f, &cursor, e, 2, 1000 + 0x20000u, AGE), 0);
	assert_int_equal(nm_fdb_age(f, 1000 + 0x20000u, AGE), 1);
	assert_int_equal(nm_fdb_lookup(f, mac_of(1), 0, 1000 + 0x20000u, AGE), NM_FDB_NONE);
	/* a worker whose clock is a little behind forgets nothing */
	nm_fdb_learn(f, mac_of(1), 0, 9, 5000000, AGE);
	nm_fdb_age(f, 5000000 - 1, AGE);
	nm_fdb_learn(f, mac_of(1), 0, 9, 5000000, AGE);
	nm_fdb_age(f, 5000000 - 2, AGE);
	assert_int_equal(nm_fdb_lookup(f, mac_of(1), 0, 5000000, AGE), 9);
}

/* What in VLAN 11 is mixed to the same as mac_of(1) in VLAN 10: only the row beside the bucket tells them apart. */
static uint64_t
alike(void)
{
	const uint64_t mult = 0x9e3779b97f4aull;

	return mac_of(1) ^ ((10 * mult ^ 11 * mult) & 0xffffffffffffull);
}

static void
addresses_that_look_alike_are_two(void **state)
{
	struct nm_fdb *f = *state;

	assert_int_equal(nm_fdb_learn(f, mac_of(1), 10, 1, 5, AGE), NM_FDB_LEARNED);
	assert_int_equal(nm_fdb_lookup(f, alike(), 11, 5, AGE), NM_FDB_NONE);
	assert_int_equal(nm_fdb_learn(f, alike(), 11, 2, 5, AGE), NM_FDB_LEARNED);
	assert_int_equal(nm_fdb_lookup(f, mac_of(1), 10, 5, AGE), 1);
	assert_int_equal(nm_fdb_lookup(f, alike(), 11, 5, AGE), 2);
}

static struct nm_fdb *raced;

/* The two take turns in one place. */
static void
recycle(void *arg, uint32_t round)
{
	uint32_t vid = 10 + round % 2;

	(void)arg;
	nm_fdb_fix(raced, vid == 10 ? mac_of(1) : alike(), vid, vid);
	nm_fdb_unfix(raced, vid == 10 ? mac_of(1) : alike(), vid);
}

static void
a_reader_sees_an_address_in_its_own_vlan_only(void **state)
{
	uint32_t i, port;

	raced = *state;
	host_race_start(recycle, NULL);
	for (i = 0; i < 5000000; i++) {
		port = nm_fdb_lookup(raced, i % 2 ? alike() : mac_of(1), 10 + i % 2, 5, AGE);
		assert_true(port == NM_FDB_NONE || port == 10 + i % 2);
	}
	host_race_stop();
	nm_fdb_flush(raced, UINT32_MAX, true);
}

static void
learn_elsewhere(void *arg, uint32_t round)
{
	(void)arg;
	nm_fdb_learn(raced, mac_of(7), 0, 3, round, AGE);
}

static void
who_learns_does_not_take_a_fixed_one(void **state)
{
	uint32_t i;

	raced = *state;
	host_race_start(learn_elsewhere, NULL);
	for (i = 0; i < 300000; i++) {
		assert_int_equal(nm_fdb_fix(raced, mac_of(7), 0, 9), 0);
		assert_int_equal(nm_fdb_fixed(raced, mac_of(7), 0), 9);
		assert_int_equal(nm_fdb_unfix(raced, mac_of(7), 0), 0);
	}
	host_race_stop();
	assert_int_equal(nm_fdb_nfixed(raced), 0);
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
		nm_fdb_learn(f, mac_of(i), 0, 1, 10, AGE);
	assert_int_equal(pthread_create(&other, NULL, sweep_for_a_minute, f), 0);
	sweep_for_a_minute(f);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_int_equal(nm_fdb_flush(f, UINT32_MAX, false), 0);
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
		T(an_address_is_another_in_each_vlan),
		T(what_is_fixed_stays),
		T(nothing_outlives_a_long_silence),
		T(addresses_that_look_alike_are_two),
		T(a_reader_sees_an_address_in_its_own_vlan_only),
		T(who_learns_does_not_take_a_fixed_one),
		T(two_workers_may_sweep_in_the_same_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
