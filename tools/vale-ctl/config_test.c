/* SPDX-License-Identifier: BSD-2-Clause */
/* config_test.c - options and subcommands of vale-ctl. */
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

#include "cmdline.h"
#include "config.h"

static int
parse(struct config *c, const char *line)
{
	char **argv;
	int argc = cmdline_words("vale-ctl", line, &argv);

	return config_parse(c, argc, argv);
}

static void
letters(void **state)
{
	static const struct {
		const char *line;
		enum action action;
		const char *name;
	} t[] = {
		{ "", ACTION_NONE, NULL }, { "-l", ACTION_LIST, NULL }, { "-l vale0", ACTION_LIST, "vale0" }, { "-v", ACTION_NONE, NULL },
		{ "-a vale0:e", ACTION_ATTACH, "vale0:e" }, { "-h vale0:e", ACTION_ATTACH_HOST, "vale0:e" },
		{ "-d vale0:e", ACTION_DETACH, "vale0:e" }, { "-n p", ACTION_NEWIF, "p" }, { "-r p", ACTION_DELIF, "p" },
		{ "-g vale0:e", ACTION_INFO, "vale0:e" }, { "-p vale0:e", ACTION_POLLING_ON, "vale0:e" },
		{ "-P vale0:e", ACTION_POLLING_OFF, "vale0:e" }, { "list", ACTION_LIST, NULL }, { "list vale0:a", ACTION_LIST, "vale0:a" },
		{ "stats", ACTION_STATS, NULL }, { "stats vale0", ACTION_STATS, "vale0" }, { "fdb vale0", ACTION_FDB, "vale0" },
		{ "vlan vale0", ACTION_VLAN, "vale0" }, { "vlan vale0:a access 5", ACTION_VLAN, "vale0:a" },
		{ "storm vale0:a off", ACTION_STORM, "vale0:a" }, { "lossless vale0 on", ACTION_LOSSLESS, "vale0" },
		{ "mirror vale0:a to vale0:b rx", ACTION_MIRROR, "vale0:a" }, { "fdb vale0 del 02:00:00:00:00:01", ACTION_FDB, "vale0" },
		{ "chmod 0660 vale0:a", ACTION_CHMOD, "vale0:a" }, { "chown root vale0:a", ACTION_CHOWN, "vale0:a" },
	};
	struct config c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(parse(&c, t[i].line), 0);
		assert_int_equal(c.action, t[i].action);
		if (t[i].name)
			assert_string_equal(c.name, t[i].name);
		else
			assert_null(c.name);
	}
}

static void
values(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse(&c, "-n p0 -C 256,512,2,4 -m 7 -v --json"), 0);
	assert_int_equal(c.ring.slots[0], 256);
	assert_int_equal(c.ring.slots[1], 512);
	assert_int_equal(c.ring.rings[0], 2);
	assert_int_equal(c.ring.rings[1], 4);
	assert_int_equal(c.mem_id, 7);
	assert_true(c.verbose && c.json);
	assert_int_equal(parse(&c, "-p vale0:e -C multi,1,2"), 0);
	assert_int_equal(c.polling.mode, NETMAP_POLLING_MODE_MULTI_CPU);
	assert_int_equal(c.polling.first, 1);
	assert_int_equal(c.polling.count, 2);
	assert_int_equal(parse(&c, "-p vale0:e"), 0);
	assert_int_equal(c.polling.mode, NETMAP_POLLING_MODE_SINGLE_CPU);
	assert_int_equal(c.polling.count, 1);
	assert_int_equal(parse(&c, "chmod 640 vale0"), 0);
	assert_int_equal(c.mode, 0640);
	assert_int_equal(c.valid, NM_ACCESS_SET_MODE);
	assert_int_equal(parse(&c, "chown 5:6 vale0"), 0);
	assert_int_equal(c.uid, 5);
	assert_int_equal(c.gid, 6);
	assert_int_equal(parse(&c, "fdb vale0 --flush"), 0);
	assert_true(c.flush);
}

static void
watch_has_an_optional_number(void **state)
{
	static const struct {
		const char *line;
		int ms;
		const char *name;
	} t[] = {
		{ "stats", 0, NULL }, { "--watch", 1000, NULL }, { "stats --watch", 1000, NULL }, { "stats --watch 2", 2000, NULL },
		{ "stats --watch=0.5", 500, NULL }, { "stats --watch 0.25 vale0", 250, "vale0" }, { "--watch stats vale0", 1000, "vale0" },
		{ "stats vale0 --watch --json", 1000, "vale0" }, { "fdb --watch 3 vale0", 3000, "vale0" },
	};
	struct config c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(parse(&c, t[i].line), 0);
		assert_int_equal(c.watch_ms, t[i].ms);
		if (t[i].name)
			assert_string_equal(c.name, t[i].name);
		else
			assert_null(c.name);
	}
}

static void
refusals(void **state)
{
	static const char *const bad[] = {
		"nonsense", "-a vale0:a -d vale0:b", "-a", "list a b", "fdb", "chmod", "chmod 0660", "chmod 0990 vale0", "chmod 0660 a b",
		"chown no-such-user vale0", "-a vale0:x --watch", "fdb vale0 --flush --watch", "stats --flush", "-a vale0:x -C 1",
		"-n p -C x", "-p vale0:x -C 9", "-m 3 list", "-m 0 -n p", "-m 70000 -n p", "--watch 0", "--watch 1000000", "-Z",
		"-a vale0:x list", "vlan", "vlan vale0:a access", "storm vale0:a broadcast", "lossless vale0 maybe", "mirror vale0:a to",
		"fdb vale0 add x a", "vlan vale0:a off --watch", "fdb vale0 del 02:00:00:00:00:01 --flush",
		"storm vale0:a 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
	};
	struct config c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(&c, bad[i]), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters), cmocka_unit_test(values), cmocka_unit_test(watch_has_an_optional_number),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
