/* SPDX-License-Identifier: BSD-2-Clause */
/* names_test.c - words of the command line. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <net/netmap.h>

#include "names.h"

static void
names_are_split(void **state)
{
	static const struct {
		const char *name, *sw, *port; /* sw NULL: refused */
	} t[] = {
		{ "vale0:a", "vale0", "a" }, { "vale:eth0", "vale", "eth0" }, { "vale_X9:a:b", "vale_X9", "a:b" },
		{ "vale012345678901:p", "vale012345678901", "p" }, { "vale0123456789012:p", NULL, NULL }, { "vale0", NULL, NULL },
		{ "vale0:", NULL, NULL }, { "val0:a", NULL, NULL }, { "vale-0:a", NULL, NULL }, { "", NULL, NULL }, { "eth0", NULL, NULL },
	};
	char sw[NAMES_SWITCH];
	const char *port;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(names_split(t[i].name, sw, &port), t[i].sw ? 0 : -EINVAL);
		if (t[i].sw) {
			assert_string_equal(sw, t[i].sw);
			assert_string_equal(port, t[i].port);
		}
	}
}

static void
switches_are_told_from_ports(void **state)
{
	(void)state;
	assert_true(names_is_switch("vale0"));
	assert_true(names_is_switch("vale"));
	assert_false(names_is_switch("vale0:a"));
	assert_false(names_is_switch("vale0123456789012"));
	assert_false(names_is_switch("eth0"));
	assert_true(names_match("vale1:a", NULL));
	assert_true(names_match("vale1:a", "vale1"));
	assert_true(names_match("vale1:a", "vale1:a"));
	assert_false(names_match("vale10:a", "vale1"));
	assert_false(names_match("vale1:ab", "vale1:a"));
	assert_false(names_match("eth0:1", "eth0"));
}

static void
shapes(void **state)
{
	static const struct {
		const char *text;
		struct names_shape s;
	} t[] = {
		{ "512", { { 512, 512 }, { 0, 0 } } }, { "512,256", { { 512, 256 }, { 0, 0 } } },
		{ "512,256,2", { { 512, 256 }, { 2, 2 } } }, { "1,2,3,4", { { 1, 2 }, { 3, 4 } } },
	};
	static const char *const bad[] = { "", "x", "1,", ",1", "1,2,3,4,5", "70000", "-1", "1 2", "99999999999999999999999" };
	struct names_shape s;
	char err[NAMES_ERRLEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(names_shape(t[i].text, &s, err), 0);
		assert_memory_equal(s.slots, t[i].s.slots, sizeof(s.slots));
		assert_memory_equal(s.rings, t[i].s.rings, sizeof(s.rings));
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(names_shape(bad[i], &s, err), -EINVAL);
}

static void
polling(void **state)
{
	static const struct {
		const char *text;
		struct names_polling p;
	} t[] = {
		{ "1", { NETMAP_POLLING_MODE_SINGLE_CPU, 0, 1 } }, { "single,3", { NETMAP_POLLING_MODE_SINGLE_CPU, 3, 1 } },
		{ "multi,1,4", { NETMAP_POLLING_MODE_MULTI_CPU, 1, 4 } }, { "2,0,2", { NETMAP_POLLING_MODE_MULTI_CPU, 0, 2 } },
	};
	static const char *const bad[] = { "", "3", "both", "single,", "1,2,3,4", "1,x" };
	struct names_polling p;
	char err[NAMES_ERRLEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(names_polling(t[i].text, &p, err), 0);
		assert_memory_equal(&p, &t[i].p, sizeof(p));
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(names_polling(bad[i], &p, err), -EINVAL);
}

static void
modes(void **state)
{
	static const char *const bad[] = { "", "8", "1000", "-1", "u+r", "0x1", "66 " };
	char err[NAMES_ERRLEN];
	uint32_t mode;
	size_t i;

	(void)state;
	assert_int_equal(names_mode("0660", &mode, err), 0);
	assert_int_equal(mode, 0660);
	assert_int_equal(names_mode("7", &mode, err), 0);
	assert_int_equal(mode, 7);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(names_mode(bad[i], &mode, err), -EINVAL);
}

static void
owners(void **state)
{
	static const char *const bad[] = { "", ":", "root:", "no-such-user", ":no-such-group", "4294967295", "-1" };
	char err[NAMES_ERRLEN], text[NAMES_OWNER];
	uint32_t uid = 7, gid = 7, valid;
	size_t i;

	(void)state;
	assert_int_equal(names_owner("root", &uid, &gid, &valid, err), 0);
	assert_int_equal(uid, 0);
	assert_int_equal(gid, 7);
	assert_int_equal(valid, NM_ACCESS_SET_UID);
	assert_int_equal(names_owner("1234:5678", &uid, &gid, &valid, err), 0);
	assert_int_equal(uid, 1234);
	assert_int_equal(gid, 5678);
	assert_int_equal(valid, NM_ACCESS_SET_UID | NM_ACCESS_SET_GID);
	assert_int_equal(names_owner(":0", &uid, &gid, &valid, err), 0);
	assert_int_equal(gid, 0);
	assert_int_equal(valid, NM_ACCESS_SET_GID);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(names_owner(bad[i], &uid, &gid, &valid, err), -EINVAL);
	assert_string_equal(names_of_owner(3999999999u, 3999999998u, text), "3999999999:3999999998");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_split), cmocka_unit_test(switches_are_told_from_ports), cmocka_unit_test(shapes),
		cmocka_unit_test(polling), cmocka_unit_test(modes), cmocka_unit_test(owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
