/* SPDX-License-Identifier: BSD-2-Clause */
/* config_test.c - options and words of bridge. */
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
	int argc = cmdline_words("bridge", line, &argv);

	return config_parse(c, argc, argv);
}

static void
options_are_taken(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse(&c, "-i eth0 -i vale0:x -b 64 -c -w 7 -v --json"), 0);
	assert_string_equal(c.port[0], "netmap:eth0");
	assert_string_equal(c.port[1], "vale0:x");
	assert_int_equal(c.shape, CONFIG_PAIR);
	assert_int_equal(c.burst, 64);
	assert_int_equal(config_wait(&c), 7);
	assert_true(c.copy && c.verbose && c.json && !c.loop);
}

static void
words_are_ports_and_a_burst(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse(&c, "vale0:a vale1:b 2000"), 0);
	assert_string_equal(c.port[0], "vale0:a");
	assert_string_equal(c.port[1], "vale1:b");
	assert_int_equal(c.burst, 2000);
	assert_int_equal(parse(&c, "eth0 eth1"), 0);
	assert_int_equal(c.burst, CONFIG_BURST);
	assert_int_equal(parse(&c, "-i eth0 eth1"), 0);
	assert_string_equal(c.port[1], "netmap:eth1");
}

static void
shapes(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse(&c, "eth0"), 0);
	assert_int_equal(c.shape, CONFIG_HOST);
	assert_int_equal(parse(&c, "-i eth0 -i netmap:eth0"), 0);
	assert_int_equal(c.shape, CONFIG_HOST);
	assert_string_equal(c.port[1], "");
	assert_int_equal(parse(&c, "-L eth0"), 0);
	assert_int_equal(c.shape, CONFIG_LOOP);
	assert_int_equal(parse(&c, "-L eth0 eth0"), 0);
	assert_int_equal(c.shape, CONFIG_LOOP);
}

static void
waits_for_interfaces_only(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse(&c, "eth0 vale0:a"), 0);
	assert_int_equal(config_wait(&c), 4);
	assert_int_equal(parse(&c, "vale0:a eth0"), 0);
	assert_int_equal(config_wait(&c), 4);
	assert_int_equal(parse(&c, "vale0:a p{1"), 0);
	assert_int_equal(config_wait(&c), 0);
	assert_int_equal(parse(&c, "-w 0 eth0"), 0);
	assert_int_equal(config_wait(&c), 0);
}

static void
refusals(void **state)
{
	static const char *const bad[] = {
		"", "-L eth0 eth1", "-b 0 eth0", "-b 8193 eth0", "-b x eth0", "eth0 eth1 0", "eth0 eth1 9000", "eth0 eth1 eth2",
		"eth0 eth1 5 6", "-i a -i b -i c", "-w -1 eth0", "-Q eth0", "-i",
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
		cmocka_unit_test(options_are_taken),
		cmocka_unit_test(words_are_ports_and_a_burst), cmocka_unit_test(shapes),
		cmocka_unit_test(waits_for_interfaces_only), cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
