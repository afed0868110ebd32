/* SPDX-License-Identifier: BSD-2-Clause */
/* config_test.c - options of nmreplay. */
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
	int argc = cmdline_words("nmreplay", line, &argv);

	return config_parse(c, argc, argv);
}

static void
options_are_taken(void **state)
{
	static struct config c;

	(void)state;
	assert_int_equal(parse(&c, "-f a.pcap -i eth0 -B 10M -D 3ms -L 0.25 -b 64k -C 0,2 -w 7 -v --loop 5 --seed 9 --json"), 0);
	assert_string_equal(c.file, "a.pcap");
	assert_string_equal(c.port, "netmap:eth0");
	assert_int_equal(c.model.rate, RATE_CONSTANT);
	assert_int_equal(c.model.bps, 10000000);
	assert_int_equal(c.model.delay_ns[0], 3000000);
	assert_int_equal(c.model.delay_ns[1], 3000000);
	assert_int_equal(c.model.loss, LOSS_PACKET);
	assert_true(c.model.p == 0.25);
	assert_int_equal(c.model.buffer, 64000);
	assert_true(c.has_cpus && CPU_COUNT(&c.cpus) == 2 && CPU_ISSET(0, &c.cpus) && CPU_ISSET(2, &c.cpus));
	assert_int_equal(config_wait(&c), 7);
	assert_true(c.verbose && c.json);
	assert_int_equal(c.loops, 5);
	assert_int_equal(c.model.seed, 9);
	assert_int_equal(parse(&c, "--file - --port vale0:x --bandwidth max --delay 0 --loss 0 --buffer 1 --cpus 1 --wait 0 --verbose"), 0);
	assert_string_equal(c.port, "vale0:x");
}

static void
what_is_not_said(void **state)
{
	static struct config c;

	(void)state;
	assert_int_equal(parse(&c, "-f a -i eth0"), 0);
	assert_int_equal(c.model.rate, RATE_REAL);
	assert_true(c.model.speed == 1 && c.model.p == 0);
	assert_int_equal(c.model.delay, DELAY_CONSTANT);
	assert_int_equal(c.model.delay_ns[1], 0);
	assert_int_equal(c.model.buffer, 0);
	assert_int_equal(c.model.seed, 1);
	assert_int_equal(c.loops, 1);
	assert_int_equal(config_wait(&c), 2);
	assert_false(c.has_cpus);
	assert_int_equal(parse(&c, "-f a -i x{1"), 0);
	assert_int_equal(config_wait(&c), 0);
}

static void
models(void **state)
{
	static const struct {
		const char *line;
		int rate, delay, loss;
		uint64_t bps;
		double speed;
		uint64_t ns[2];
		double p;
	} t[] = {
		{ "-B constant,1G", RATE_CONSTANT, 0, 0, 1000000000, 1, { 0, 0 }, 0 },
		{ "-B const,2.5G", RATE_CONSTANT, 0, 0, 2500000000u, 1, { 0, 0 }, 0 },
		{ "-B ether,100M", RATE_ETHER, 0, 0, 100000000, 1, { 0, 0 }, 0 },
		{ "-B real", RATE_REAL, 0, 0, 0, 1, { 0, 0 }, 0 },
		{ "-B real,2.5", RATE_REAL, 0, 0, 0, 2.5, { 0, 0 }, 0 },
		{ "-B max", RATE_MAX, 0, 0, 0, 1, { 0, 0 }, 0 },
		{ "-D constant,5us", RATE_REAL, DELAY_CONSTANT, 0, 0, 1, { 5000, 5000 }, 0 },
		{ "-D uniform,1ms,1s", RATE_REAL, DELAY_UNIFORM, 0, 0, 1, { 1000000, 1000000000 }, 0 },
		{ "-D exp,0,1.5us", RATE_REAL, DELAY_EXPONENTIAL, 0, 0, 1, { 0, 1500 }, 0 },
		{ "-D exponential,7ns,7ns", RATE_REAL, DELAY_EXPONENTIAL, 0, 0, 1, { 7, 7 }, 0 },
		{ "-L packet,1", RATE_REAL, 0, LOSS_PACKET, 0, 1, { 0, 0 }, 1 },
		{ "-L plr,0.5", RATE_REAL, 0, LOSS_PACKET, 0, 1, { 0, 0 }, 0.5 },
		{ "-L bit,1e-6", RATE_REAL, 0, LOSS_BIT, 0, 1, { 0, 0 }, 1e-6 },
		{ "-L ber,1e-6", RATE_REAL, 0, LOSS_BIT, 0, 1, { 0, 0 }, 1e-6 },
	};
	static struct config c;
	char line[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(line, sizeof(line), "-f a -i b %s", t[i].line);
		assert_int_equal(parse(&c, line), 0);
		assert_int_equal(c.model.rate, t[i].rate);
		assert_int_equal(c.model.delay, t[i].delay);
		assert_int_equal(c.model.loss, t[i].loss);
		assert_int_equal(c.model.bps, t[i].bps);
		assert_true(c.model.speed == t[i].speed && c.model.p == t[i].p);
		assert_int_equal(c.model.delay_ns[0], t[i].ns[0]);
		assert_int_equal(c.model.delay_ns[1], t[i].ns[1]);
	}
}

static void
what_makes_no_sense_is_refused(void **state)
{
	static const char *const t[] = {
		"", "-f a", "-i b", "-f a -i b word", "-f a -i b -B 0", "-f a -i b -B x", "-f a -i b -B 1001G", "-f a -i b -B constant",
		"-f a -i b -B 1,2", "-f a -i b -B max,1", "-f a -i b -B real,0", "-f a -i b -B real,x", "-f a -i b -B real,1,2", "-f a -i b -B real,1e7",
		"-f a -i b -D 5", "-f a -i b -D -5ms", "-f a -i b -D 5minutes", "-f a -i b -D 2h", "-f a -i b -D 3601s", "-f a -i b -D uniform,1ms",
		"-f a -i b -D uniform,2ms,1ms", "-f a -i b -D exponential,1ms,2ms,3ms", "-f a -i b -D exponential,1s,1ms", "-f a -i b -D nan",
		"-f a -i b -L 1.1", "-f a -i b -L -0.1", "-f a -i b -L x", "-f a -i b -L bit", "-f a -i b -L 0.1,0.2", "-f a -i b -L nan",
		"-f a -i b -b -1", "-f a -i b -C", "-f a -i b -C x", "-f a -i b -C 1,", "-f a -i b -C 99999", "-f a -i b -C -1", "-f a -i b -w x",
		"-f a -i b --loop -1", "-f a -i b --seed x",
	};
	static struct config c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (parse(&c, t[i]) != -EINVAL)
			fail_msg("'%s' was taken", t[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_taken),
		cmocka_unit_test(what_is_not_said),
		cmocka_unit_test(models),
		cmocka_unit_test(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
