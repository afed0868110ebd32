/* SPDX-License-Identifier: BSD-2-Clause */
/* options_test.c - the command line, and that man page and help name the same options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmdline.h"
#include "frame.h"
#include "options.h"
#include "said.h"
#include "seq.h"

/* Parses the words of a line; what it says on stderr goes to said. */
static int
parse(struct options *o, const char *line, char said[1024])
{
	char **argv;
	int argc = cmdline_words("pkt-gen", line, &argv), rc;

	said_listen();
	rc = options_parse(o, argc, argv);
	said_heard(said, 1024);
	return rc;
}

static void
test_defaults(void **state)
{
	struct options o;
	char said[1024];

	(void)state;
	assert_int_equal(parse(&o, "-i vale0:1", said), 0);
	assert_int_equal(o.mode, MODE_RX);
	assert_int_equal(o.len, 60);
	assert_int_equal(o.burst, 512);
	assert_int_equal(o.version, 4);
	assert_int_equal(o.vnet, -1);
	assert_int_equal(parse(&o, "-i vale0:1 -f ping", said), 0);
	assert_int_equal(o.burst, 1);
	assert_int_equal(parse(&o, "-i vale0:1 -f txseq -6", said), 0);
	assert_int_equal(o.len, 62 + SEQ_HEADER);
	/* frames have all their headers unless -l says otherwise */
	assert_int_equal(parse(&o, "-i a -f tx -6", said), 0);
	assert_int_equal(o.len, 62);
}

static void
test_values(void **state)
{
	struct options o;
	char said[1024];

	(void)state;
	assert_int_equal(parse(&o, "-i a -f tx -l 1500 -l 64 -C 512,256,2 -R 1M -n 10k", said), 0);
	assert_int_equal(o.len, 1500);
	assert_int_equal(o.len_min, 64);
	assert_int_equal(o.conf[0], 512);
	assert_int_equal(o.conf[1], 256);
	assert_int_equal(o.conf[2], 2);
	assert_int_equal(o.conf[3], 2);
	assert_true(o.rate == 1e6);
	assert_int_equal(o.count, 10000);
	assert_int_equal(parse(&o, "-i a -f tx -d fd00::9 -o 96", said), 0);
	assert_int_equal(o.version, 6);
	assert_true(o.dump && o.indirect);
}

static void
test_errors(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "-f rx", "no port given" },
		{ "-i a -l 0", "'0' is no length of a frame, give 14" },
		{ "-i a -l 13", "'13' is no length of a frame, give 14" },
		{ "-i a -l 65550", "to 65549" },
		{ "-i a -f tx -l 60 -l 1500", "swap them" },
		{ "-i a -f txseq -l 59", "needs 60 bytes of headers and data; give -l 60 or more" },
		{ "-i a -f ping -6 -l 60", "give -l 78 or more" },
		{ "-i a -f up", "'up' is unknown, give one of rx tx ping pong txseq rxseq" },
		{ "-i a -4 -6", "exclude each other" },
		{ "-i a -6 -d 10.0.0.1", "-6 with an IPv4 address" },
		{ "-i a -s fd00::1 -d 10.0.0.1", "mix IPv4 and IPv6" },
		{ "-i a -H 11", "give 0, 10 or 12" },
		{ "-i a -C 1,2,3,4,5", "TXSLOTS" },
		{ "-i a -C x", "TXSLOTS" },
		{ "-i a -o 128", "no sum of" },
		{ "-i a -F 64", "give 1 to 63" },
		{ "-i a -P x", "needs -f tx" },
		{ "-i a -f tx --write x", "needs -f rx" }, { "-i a --snaplen 64", "--snaplen says" }, { "-i a --write x --snaplen 0", "out of range" },
		{ "-i a --write - --json", "both want standard output" },
		{ "-i a -f ping -p 2", "one thread" },
		{ "-i a --descriptors-only -X", "--descriptors-only excludes" },
		{ "-i a -D 1:2:3", "not a MAC address" },
		{ "-i a -R x", "not a number" },
	};
	struct options o;
	char said[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (parse(&o, cases[i].line, said) != -EINVAL)
			fail_msg("accepted: %s", cases[i].line);
		if (!strstr(said, cases[i].text) || strchr(said, '\n') != said + strlen(said) - 1)
			fail_msg("%s: '%s' is not one line with '%s'", cases[i].line, said, cases[i].text);
	}
}

static char *
read_all(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 65536);

	if (!f)
		fail_msg("%s: %s; run the test from the top of the tree", path, strerror(errno));
	assert_true(fread(text, 1, 65535, f) > 0);
	fclose(f);
	return text;
}

/* ".It Fl i , -port" or ".It Fl -json" for "-i, --port" and "--json". */
static void
item_of(const char *line, char item[80])
{
	char letter = line[2] == '-' ? line[3] : 0;
	const char *name = strstr(line, "--");
	int n = name ? (int)strcspn(name + 2, " \n") : 0;

	if (letter && name)
		snprintf(item, 80, ".It Fl %c , -%.*s", letter, n, name + 2);
	else if (name)
		snprintf(item, 80, ".It Fl -%.*s", n, name + 2);
	else
		snprintf(item, 80, ".It Fl %c", letter);
}

static void
test_man_page_and_help_agree(void **state)
{
	char *man = read_all("tools/pkt-gen/pkt-gen.8"), *help = calloc(1, 65536), *line, *rest, *at, item[80];
	FILE *to = fmemopen(help, 65535, "w");
	size_t n;
	int in_help = 0, in_man = 0;

	(void)state;
	options_help(to);
	fclose(to);
	for (rest = help; (line = strsep(&rest, "\n")) != NULL;) {
		if (strncmp(line, "  -", 3) != 0 && strncmp(line, "      --", 8) != 0)
			continue;
		in_help++;
		item_of(line, item);
		n = strlen(item);
		at = strstr(man, item);
		if (!at || (at[n] != ' ' && at[n] != '\n'))
			fail_msg("the man page has no '%s'", item);
	}
	for (at = man; (at = strstr(at, "\n.It Fl ")) != NULL; at++)
		in_man++;
	assert_int_equal(in_man, in_help);
	assert_true(in_help > 35);
	free(man);
	free(help);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_values), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_man_page_and_help_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
