/* SPDX-License-Identifier: BSD-2-Clause */
/* opt_test.c - tables of options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "opt.h"
#include "said.h"

struct target {
	int64_t burst;
	double rate;
	const char *port;
	bool verbose;
	int mode;
	const char *word;
};

static const char *const modes[] = { "tx", "rx", NULL };

static const struct opt_row rows[] = {
	{ 'b', "burst", "N", "frames at a time", OPT_INT, offsetof(struct target, burst), 1, 8192 },
	{ 'R', NULL, "PPS", "rate", OPT_REAL, offsetof(struct target, rate), 0, 1000000000 },
	{ 'i', "port", "PORT", "port", OPT_STRING, offsetof(struct target, port) },
	{ 'v', NULL, NULL, "say more", OPT_FLAG, offsetof(struct target, verbose) },
	{ 0, "mode", "MODE", "mode", OPT_CHOICE, offsetof(struct target, mode), .choices = modes },
	{ 0 },
};

static int
take_word(void *target, const char *arg, char *err)
{
	struct target *t = target;

	if (t->word) {
		snprintf(err, OPT_ERRLEN, "one is enough");
		return -EINVAL;
	}
	t->word = arg;
	return 0;
}

static const struct opt_spec no_words = { "t", "1", "[options]", "A test.", rows, NULL };
static const struct opt_spec with_command = { "t", "1", "[options] PROGRAM", "A test.", rows, NULL, true };
static const struct opt_spec with_words = { "t", "1", "[options]", "A test.", rows, take_word };

/* Parses with stderr kept in said. */
static int
parse(const struct opt_spec *spec, struct target *t, char said[512], const char *a, const char *b, const char *c)
{
	char *argv[] = { (char *)"t", (char *)a, (char *)b, (char *)c, NULL };
	int argc = 1, rc;

	while (argv[argc])
		argc++;
	memset(t, 0, sizeof(*t));
	said_listen();
	rc = opt_parse(spec, argc, argv, t);
	said_heard(said, 512);
	return rc;
}

static void
test_values(void **state)
{
	struct target t;
	char said[512];

	(void)state;
	assert_int_equal(parse(&no_words, &t, said, "-b", "2k", NULL), 0);
	assert_int_equal(t.burst, 2000);
	assert_int_equal(parse(&no_words, &t, said, "--burst=8192", "-v", NULL), 0);
	assert_int_equal(t.burst, 8192);
	assert_true(t.verbose);
	assert_int_equal(parse(&no_words, &t, said, "-R1.5M", "-i", "vale0:1"), 0);
	assert_true(t.rate == 1500000);
	assert_string_equal(t.port, "vale0:1");
	assert_int_equal(parse(&no_words, &t, said, "--mode", "rx", NULL), 0);
	assert_int_equal(t.mode, 1);
	assert_string_equal(said, "");
}

static void
test_errors_say_what_and_where(void **state)
{
	static const struct {
		const char *a, *b, *text;
	} cases[] = {
		{ "-b", "0", "-b: 0 is out of range, give 1 to 8192" },
		{ "-b", "8193", "8193 is out of range" },
		{ "-b", "9999999999999999999", "out of range" },
		{ "-b", "9223372036854775807G", "out of range" },
		{ "-b", "ten", "'ten' is not a number" },
		{ "-b", "1x", "'1x' is not a number" },
		{ "-b", "", "'' is not a number" },
		{ "--burst", "0", "--burst: 0 is out of range" },
		{ "-b", NULL, "-b needs an argument" },
		{ "--burst", NULL, "--burst needs an argument" },
		{ "-R", "-1", "'-1' is not a number from 0" },
		{ "-R", "nan", "is not a number" },
		{ "--mode", "up", "'up' is unknown, give one of tx rx" },
		{ "-q", NULL, "-q is not an option" },
		{ "--quux", NULL, "--quux is not an option" },
		{ "word", NULL, "'word': is not expected here" },
	};
	struct target t;
	char said[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(&no_words, &t, said, cases[i].a, cases[i].b, NULL), -EINVAL);
		if (!strstr(said, cases[i].text))
			fail_msg("%s: not '%s'", said, cases[i].text);
		/* one line */
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	}
}

static void
test_words(void **state)
{
	struct target t;
	char said[512];

	(void)state;
	assert_int_equal(parse(&with_words, &t, said, "vale0", "-v", NULL), 0);
	assert_string_equal(t.word, "vale0");
	assert_int_equal(parse(&with_words, &t, said, "a", "b", NULL), -EINVAL);
	assert_non_null(strstr(said, "one is enough"));
}

/* What looks like an option behind the command is the command's. */
static void
test_command(void **state)
{
	struct target t = { 0 };
	char said[512];

	(void)state;
	assert_int_equal(parse(&with_command, &t, said, "-v", "program", "-b"), 0);
	assert_true(t.verbose);
	assert_int_equal(optind, 2);
	assert_int_equal(parse(&with_command, &t, said, "--", "-b", "-x"), 0);
	assert_int_equal(optind, 2);
	assert_int_equal(parse(&with_command, &t, said, "-b", "program", NULL), -EINVAL);
	assert_non_null(strstr(said, "-b: 'program' is not a number"));
	assert_int_equal(parse(&with_command, &t, said, "-b", NULL, NULL), -EINVAL);
	assert_non_null(strstr(said, "-b needs an argument"));
}

static void
test_help_has_every_row(void **state)
{
	char text[2048] = "";
	FILE *to = fmemopen(text, sizeof(text), "w");

	(void)state;
	opt_help(&no_words, to);
	fclose(to);
	assert_non_null(strstr(text, "-b, --burst N"));
	assert_non_null(strstr(text, "-R PPS"));
	assert_non_null(strstr(text, "--mode MODE"));
	assert_non_null(strstr(text, "--version"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_errors_say_what_and_where),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_command), cmocka_unit_test(test_help_has_every_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
