/* SPDX-License-Identifier: BSD-2-Clause */
/* portname_test.c - what a name becomes, and what it is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "portname.h"

static void
names_get_a_prefix(void **state)
{
	static const struct {
		const char *from, *to;
	} t[] = {
		{ "eth0", "netmap:eth0" }, { "netmap:eth0^", "netmap:eth0^" }, { "vale0:a", "vale0:a" }, { "vale:a", "vale:a" },
		{ "vale_x9:a{1", "vale_x9:a{1" }, { "valet0", "netmap:valet0" }, { "vale0", "netmap:vale0" },
		{ "eth0@conf:rings=2", "netmap:eth0@conf:rings=2" }, { "p{1", "netmap:p{1" },
	};
	char to[PORTNAME_LEN], huge[PORTNAME_LEN + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(portname_full(t[i].from, strlen(t[i].from), to), 0);
		assert_string_equal(to, t[i].to);
	}
	assert_int_equal(portname_full("eth0:5", 4, to), 0);
	assert_string_equal(to, "netmap:eth0");
	assert_int_equal(portname_full("", 0, to), -EINVAL);
	assert_int_equal(portname_full(":5", 0, to), -EINVAL);
	memset(huge, 'a', PORTNAME_LEN);
	huge[PORTNAME_LEN] = '\0';
	assert_int_equal(portname_full(huge, PORTNAME_LEN, to), -EINVAL);
	assert_int_equal(portname_full(huge, PORTNAME_LEN - 7, to), -EINVAL);
	assert_int_equal(portname_full(huge, PORTNAME_LEN - 8, to), 0);
}

static void
interfaces_are_told_apart(void **state)
{
	static const char *const nic[] = { "netmap:eth0", "eth0", "netmap:vale0", "valet0", "vale-0:a" };
	static const char *const none[] = { "vale0:a", "vale:a", "netmap:p{1", "p}1", "vale0:a{1" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(nic) / sizeof(nic[0]); i++)
		assert_true(portname_is_nic(nic[i]));
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(portname_is_nic(none[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_get_a_prefix),
		cmocka_unit_test(interfaces_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
