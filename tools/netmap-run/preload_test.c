/* SPDX-License-Identifier: BSD-2-Clause */
/* preload_test.c - the list of libraries: what was there stays first, ours is in it once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "preload.h"

static void
joined(const char *old, const char *expected)
{
	char *all = preload_join(old, "/l/ours.so");

	assert_non_null(all);
	assert_string_equal(all, expected);
	free(all);
}

static void
test_join(void **state)
{
	(void)state;
	joined(NULL, "/l/ours.so");
	joined("", "/l/ours.so");
	joined("a.so", "a.so:/l/ours.so");
	joined("a.so b.so", "a.so b.so:/l/ours.so");
	joined("/l/ours.so", "/l/ours.so");
	joined("a.so:/l/ours.so b.so", "a.so:/l/ours.so b.so");
	joined("/l/ours.so.1", "/l/ours.so.1:/l/ours.so");
	joined("/l/ours.s", "/l/ours.s:/l/ours.so");
}

static void
test_names_that_do_not_fit(void **state)
{
	(void)state;
	errno = 0;
	assert_null(preload_join(NULL, "/a b/ours.so"));
	assert_int_equal(errno, EINVAL);
	assert_null(preload_join("a.so", "/a:b/ours.so"));
	assert_int_equal(errno, EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_join), cmocka_unit_test(test_names_that_do_not_fit) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
