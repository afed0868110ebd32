/* SPDX-License-Identifier: BSD-2-Clause */
/* config_test.c - options, groups and names of lb. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "cmdline.h"
#include "config.h"

static int
parse(struct config *c, const char *line)
{
	char **argv;
	int argc = cmdline_words("lb", line, &argv);

	return config_parse(c, argc, argv);
}

static void
options_are_taken(void **state)
{
	static struct config c;

	(void)state;
	assert_int_equal(parse(&c, "-i eth0 -p 3 -p x:1 -p vale1:y:64 -B 5k -b 64 -w 7 -W -s 0.5 -o out.txt --json"), 0);
	assert_string_equal(c.port, "netmap:eth0");
	assert_int_equal(c.ngroups, 3);
	assert_string_equal(c.group[0].prefix, "");
	assert_int_equal(c.group[0].n, 3);
	assert_string_equal(c.group[1].prefix, "netmap:x");
	assert_int_equal(c.group[1].n, 1);
	assert_string_equal(c.group[2].prefix, "vale1:y");
	assert_int_equal(c.group[2].n, 64);
	assert_int_equal(config_pipes(&c), 68);
	assert_int_equal(c.extra, 5000);
	assert_int_equal(c.batch, 64);
	assert_int_equal(config_wait(&c), 7);
	assert_true(c.busy && c.json && c.interval > 0.49 && c.interval < 0.51);
	assert_string_equal(c.output, "out.txt");
	assert_int_equal(parse(&c, "--port vale0:a --pipes netmap:z:2 --extra-buffers 1 --batch 1 --wait 0 --busy-wait --statistics 1 --output -"), 0);
	assert_string_equal(c.port, "vale0:a");
	assert_string_equal(c.group[0].prefix, "netmap:z");
}

static void
what_is_not_said(void **state)
{
	static struct config c;

	(void)state;
	assert_int_equal(parse(&c, "-i eth0"), 0);
	assert_int_equal(c.ngroups, 1);
	assert_int_equal(c.group[0].n, 2);
	assert_int_equal(c.batch, 2048);
	assert_int_equal(c.extra, 0);
	assert_int_equal(config_wait(&c), 4);
	assert_false(c.busy || c.json || c.interval > 0 || c.output);
	assert_int_equal(parse(&c, "-i vale0:a"), 0);
	assert_int_equal(config_wait(&c), 0);
	assert_int_equal(parse(&c, "-i x{1"), 0);
	assert_int_equal(config_wait(&c), 0);
}

static void
what_makes_no_sense_is_refused(void **state)
{
	static const char *const t[] = {
		"", "-p 2", "-i a -i b", "-i a word", "-i a -p 0", "-i a -p 65", "-i a -p x:", "-i a -p :2", "-i a -p x", "-i a -p x{1:2",
		"-i a -p x@1:2", "-i a -p -1", "-i a -p 40 -p 40", "-i a -p x:40 -p y:3 -p netmap:x:25", "-i a -B -1", "-i a -B 1000001",
		"-i a -b 0", "-i a -b 65537", "-i a -w -1", "-i a -s -1", "-i a -s x", "-i a --nothing",
		"-i a -p 1 -p 1 -p 1 -p 1 -p 1 -p 1 -p 1 -p 1 -p 1 -p 1 -p 1 -p 1 -p 1 -p 1 -p 1 -p 1 -p 1",
	};
	static struct config c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (parse(&c, t[i]) != -EINVAL)
			fail_msg("'%s' was taken", t[i]);
	assert_int_equal(parse(&c, "-i a -p x:40 -p y:40 -p x:24"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_taken),
		cmocka_unit_test(what_is_not_said),
		cmocka_unit_test(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
