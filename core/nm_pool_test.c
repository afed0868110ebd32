/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"
#include "nm_pool.h"

static char memory[200][64];

static struct nm_pool
fresh(uint32_t n, uint32_t reserved)
{
	struct nm_pool p;

	memset(memory, 0, sizeof(memory));
	assert_int_equal(nm_pool_init(&p, 4096, 64, n, reserved), 0);
	nm_pool_extend(&p, memory[0], n);
	return p;
}

static void
each_object_is_handed_out_once(void **state)
{
	struct nm_pool p = fresh(130, 0);
	bool seen[130] = {0};
	uint32_t i, k;

	(void)state;
	for (k = 0; k < 130; k++) {
		i = nm_pool_alloc(&p);
		assert_in_range(i, 0, 129); /* never the bits that fill the last word */
		assert_false(seen[i]);
		seen[i] = true;
	}
	assert_int_equal(p.nfree, 0);
	assert_int_equal(nm_pool_alloc(&p), NM_POOL_NONE);
	assert_true(nm_pool_free(&p, 77));
	assert_int_equal(nm_pool_alloc(&p), 77);
	assert_true(nm_pool_free(&p, 3));
	assert_true(nm_pool_free(&p, 129)); /* the search begins in the last word */
	assert_int_equal(nm_pool_alloc(&p), 129);
	assert_int_equal(nm_pool_alloc(&p), 3);
	nm_pool_fini(&p);
}

static void
nothing_is_freed_twice_or_from_outside(void **state)
{
	struct nm_pool p = fresh(65, 0);
	uint32_t i = nm_pool_alloc(&p);

	(void)state;
	assert_true(nm_pool_free(&p, i));
	assert_false(nm_pool_free(&p, i));
	assert_false(nm_pool_free(&p, 64));
	assert_false(nm_pool_free(&p, 65));
	assert_false(nm_pool_free(&p, 127)); /* a set bit, but no object */
	assert_false(nm_pool_free(&p, UINT32_MAX));
	assert_int_equal(p.nfree, 65);
	nm_pool_fini(&p);
}

static void
objects_are_zero_again(void **state)
{
	struct nm_pool p = fresh(3, 0);
	uint32_t i, k;

	(void)state;
	for (k = 0; k < 20; k++) {
		i = nm_pool_alloc(&p);
		assert_int_equal(memory[i][0] | memory[i][63], 0);
		memset(memory[i], 0xa5, 64);
		if (k % 3 == 2)
			nm_pool_reset(&p);
		else
			nm_pool_free(&p, i);
	}
	nm_pool_fini(&p);
}

static void
reserved_objects_stay_out(void **state)
{
	struct nm_pool p = fresh(70, 2);
	uint32_t k;

	(void)state;
	assert_int_equal(p.nfree, 68);
	for (k = 0; k < 68; k++)
		assert_in_range(nm_pool_alloc(&p), 2, 69);
	assert_false(nm_pool_free(&p, 0));
	assert_false(nm_pool_free(&p, 1));
	nm_pool_reset(&p); /* what was lost is there again */
	assert_int_equal(p.nfree, 68);
	for (k = 0; k < 68; k++)
		assert_in_range(nm_pool_alloc(&p), 2, 69);
	assert_int_equal(nm_pool_alloc(&p), NM_POOL_NONE);
	nm_pool_fini(&p);
}

/* Memory comes from the front; the rest is neither handed out nor taken back. */
static void
only_what_is_ready_is_handed_out(void **state)
{
	static char other[200][64];
	struct nm_pool p;
	uint32_t k;

	(void)state;
	memset(memory, 0, sizeof(memory));
	assert_int_equal(nm_pool_init(&p, 0, 64, 130, 2), 0);
	assert_int_equal(nm_pool_left(&p), 128);
	assert_int_equal(nm_pool_alloc(&p), NM_POOL_NONE);
	nm_pool_extend(&p, memory[0], 1); /* not even the reserved ones */
	assert_int_equal(nm_pool_left(&p), 128);
	assert_int_equal(nm_pool_alloc(&p), NM_POOL_NONE);
	nm_pool_extend(&p, memory[0], 5);
	assert_int_equal(p.nfree, 3);
	for (k = 2; k < 5; k++)
		assert_int_equal(nm_pool_alloc(&p), k);
	assert_int_equal(nm_pool_alloc(&p), NM_POOL_NONE);
	assert_int_equal(nm_pool_left(&p), 125);
	assert_false(nm_pool_free(&p, 5));
	nm_pool_extend(&p, other[0], 70);
	assert_int_equal(p.nfree, 65);
	assert_int_equal(nm_pool_alloc(&p), 5);
	assert_true(nm_pool_free(&p, 3));
	memset(other[3], 0xa5, 64);
	nm_pool_reset(&p);
	assert_int_equal(p.nfree, 68);
	for (k = 2; k < 70; k++)
		assert_int_equal(nm_pool_alloc(&p), k);
	assert_int_equal(other[3][0] | memory[3][0], 0); /* zeroed at the new place */
	assert_int_equal(nm_pool_alloc(&p), NM_POOL_NONE);
	nm_pool_fini(&p);
}

static void
no_memory_is_told(void **state)
{
	struct nm_pool p;

	(void)state;
	host_fail_after = 0;
	assert_int_equal(nm_pool_init(&p, 0, 64, 10, 0), -ENOMEM);
	host_fail_after = -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_object_is_handed_out_once),
		cmocka_unit_test(nothing_is_freed_twice_or_from_outside),
		cmocka_unit_test(objects_are_zero_again),
		cmocka_unit_test(reserved_objects_stay_out),
		cmocka_unit_test(only_what_is_ready_is_handed_out),
		cmocka_unit_test(no_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
