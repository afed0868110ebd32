/* SPDX-License-Identifier: BSD-2-Clause */
/* opt.c - tables of options: parsing and help. */
#include "opt.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"

#define MAX_ROWS 96
#define LONG_BASE 256 /* value of row i in the long table, so that rows without letter can be told apart */
#define ID_HELP (LONG_BASE + MAX_ROWS)
#define ID_VERSION (ID_HELP + 1)

struct parser {
	struct option longs[MAX_ROWS + 3];
	char shorts[3 * MAX_ROWS + 3];
};

static int64_t
suffix_scale(const char *end)
{
	static const struct {
		char letter;
		int64_t scale;
	} scales[] = { { 'k', 1000 }, { 'K', 1000 }, { 'M', 1000000 }, { 'G', 1000000000 } };
	size_t i;

	if (*end == '\0')
		return 1;
	if (end[1] != '\0')
		return 0;
	for (i = 0; i < sizeof(scales) / sizeof(scales[0]); i++)
		if (scales[i].letter == *end)
			return scales[i].scale;
	return 0;
}

int
opt_number(const char *text, int64_t *value)
{
	char *end;
	int64_t scale;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 0);
	if (end == text)
		return -EINVAL;
	scale = suffix_scale(end);
	if (!scale)
		return -EINVAL;
	if (errno == ERANGE || __builtin_mul_overflow((int64_t)n, scale, value))
		return -ERANGE;
	return 0;
}

int
opt_real(const char *text, double *value)
{
	char *end;
	int64_t scale;

	*value = strtod(text, &end);
	scale = end == text ? 0 : suffix_scale(end);
	if (!scale || !isfinite(*value))
		return -EINVAL;
	*value *= (double)scale;
	return 0;
}

static int
store_int(const struct opt_row *row, const char *arg, void *field, char *err)
{
	int64_t n = 0;
	int rc = opt_number(arg, &n);

	if (rc == -EINVAL) {
		snprintf(err, OPT_ERRLEN, "'%s' is not a number; give %lld to %lld", arg, (long long)row->min, (long long)row->max);
		return -EINVAL;
	}
	if (rc || n < row->min || n > row->max) {
		snprintf(err, OPT_ERRLEN, "%s is out of range, give %lld to %lld", arg, (long long)row->min, (long long)row->max);
		return -EINVAL;
	}
	*(int64_t *)field = n;
	return 0;
}

static int
store_real(const struct opt_row *row, const char *arg, void *field, char *err)
{
	double x;

	if (opt_real(arg, &x) || x < (double)row->min || x > (double)row->max) {
		snprintf(err, OPT_ERRLEN, "'%s' is not a number from %lld to %lld", arg, (long long)row->min, (long long)row->max);
		return -EINVAL;
	}
	*(double *)field = x;
	return 0;
}

static int
store_choice(const struct opt_row *row, const char *arg, void *field, char *err)
{
	int i, at;

	for (i = 0; row->choices[i]; i++)
		if (strcmp(row->choices[i], arg) == 0) {
			*(int *)field = i;
			return 0;
		}
	at = snprintf(err, OPT_ERRLEN, "'%s' is unknown, give one of", arg);
	for (i = 0; row->choices[i] && at < OPT_ERRLEN; i++)
		at += snprintf(err + at, (size_t)(OPT_ERRLEN - at), " %s", row->choices[i]);
	return -EINVAL;
}

static int
store(const struct opt_row *row, const char *arg, void *target, char *err)
{
	void *field = (char *)target + row->offset;

	switch (row->kind) {
	case OPT_FLAG:
		*(bool *)field = true;
		return 0;
	case OPT_INT:
		return store_int(row, arg, field, err);
	case OPT_REAL:
		return store_real(row, arg, field, err);
	case OPT_STRING:
		*(const char **)field = arg;
		return 0;
	case OPT_CHOICE:
		return store_choice(row, arg, field, err);
	case OPT_CALL:
		return row->call(target, arg, err);
	}
	return -EINVAL;
}

static bool
is_last(const struct opt_row *row)
{
	return !row->letter && !row->name;
}

static void
build(const struct opt_spec *spec, struct parser *p)
{
	const struct opt_row *rows = spec->rows;
	char *s = p->shorts;
	struct option *l = p->longs;
	int i;

	memset(p, 0, sizeof(*p));
	if (spec->command)
		*s++ = '+'; /* options end at the first word */
	*s++ = ':'; /* tell a missing argument from an unknown option */
	for (i = 0; i < MAX_ROWS && !is_last(&rows[i]); i++) {
		if (rows[i].letter) {
			*s++ = (char)rows[i].letter;
			if (rows[i].arg)
				*s++ = ':';
		}
		if (rows[i].name)
			*l++ = (struct option){ rows[i].name, rows[i].arg ? required_argument : no_argument, NULL, LONG_BASE + i };
	}
	*l++ = (struct option){ "help", no_argument, NULL, ID_HELP };
	*l = (struct option){ "version", no_argument, NULL, ID_VERSION };
}

static const struct opt_row *
find_row(const struct opt_row *rows, int id)
{
	int i;

	if (id >= LONG_BASE)
		return &rows[id - LONG_BASE];
	for (i = 0; !is_last(&rows[i]); i++)
		if (rows[i].letter == id)
			return &rows[i];
	return NULL;
}

static int
complain_getopt(const struct opt_spec *spec, char **argv, int id)
{
	const char *what = id == ':' ? "needs an argument" : "is not an option";
	const char *word = optind > 0 ? argv[optind - 1] : "";

	if (optopt && optopt < LONG_BASE)
		fprintf(stderr, "%s: -%c %s; see %s --help\n", spec->tool, optopt, what, spec->tool);
	else if (id == '?' && optopt)
		fprintf(stderr, "%s: %s takes no argument; see %s --help\n", spec->tool, word, spec->tool);
	else
		fprintf(stderr, "%s: %s %s; see %s --help\n", spec->tool, word, what, spec->tool);
	return -EINVAL;
}

static int
take(const struct opt_spec *spec, const struct opt_row *row, const char *arg, void *target, int id)
{
	char err[OPT_ERRLEN] = "";
	int rc = store(row, arg, target, err);

	if (!rc)
		return 0;
	if (id < LONG_BASE)
		fprintf(stderr, "%s: -%c: %s (%s)\n", spec->tool, id, err, row->help);
	else
		fprintf(stderr, "%s: --%s: %s (%s)\n", spec->tool, row->name, err, row->help);
	return -EINVAL;
}

static int
take_words(const struct opt_spec *spec, int argc, char **argv, void *target)
{
	char err[OPT_ERRLEN] = "is not expected here";
	int rc;

	for (; optind < argc; optind++) {
		rc = spec->word ? spec->word(target, argv[optind], err) : -EINVAL;
		if (rc) {
			fprintf(stderr, "%s: '%s': %s; see %s --help\n", spec->tool, argv[optind], err, spec->tool);
			return -EINVAL;
		}
	}
	return 0;
}

/* After --help or --version. */
static int
leave(const struct opt_spec *spec)
{
	int rc = out_end(spec->tool, stdout);

	return rc ? rc : OPT_LEAVE;
}

int
opt_status(int rc)
{
	return rc == OPT_LEAVE ? 0 : rc == -EINVAL ? OPT_USAGE : 1;
}

int
opt_parse(const struct opt_spec *spec, int argc, char **argv, void *target)
{
	struct parser p;
	int id, rc;

	build(spec, &p);
	optind = 0; /* start over, also in a process that parsed before */
	opterr = 0;
	while ((id = getopt_long(argc, argv, p.shorts, p.longs, NULL)) != -1) {
		if (id == ID_HELP) {
			opt_help(spec, stdout);
			return leave(spec);
		}
		if (id == ID_VERSION) {
			printf("%s %s\n", spec->tool, spec->version);
			return leave(spec);
		}
		if (id == '?' || id == ':')
			return complain_getopt(spec, argv, id);
		rc = take(spec, find_row(spec->rows, id), optarg, target, id);
		if (rc)
			return rc;
	}
	return spec->command ? 0 : take_words(spec, argc, argv, target);
}

static void
help_row(FILE *to, int letter, const char *name, const char *arg, const char *help)
{
	char left[64];
	int n;

	n = letter ? snprintf(left, sizeof(left), "-%c", letter) : snprintf(left, sizeof(left), "   ");
	if (name)
		n += snprintf(left + n, sizeof(left) - (size_t)n, "%s--%s", letter ? ", " : " ", name);
	if (arg)
		snprintf(left + n, sizeof(left) - (size_t)n, " %s", arg);
	if (strlen(left) > 26)
		fprintf(to, "  %s\n  %-26s %s\n", left, "", help);
	else
		fprintf(to, "  %-26s %s\n", left, help);
}

void
opt_help(const struct opt_spec *spec, FILE *to)
{
	const struct opt_row *row;

	fprintf(to, "usage: %s %s\n%s\n\n", spec->tool, spec->usage, spec->about);
	for (row = spec->rows; !is_last(row); row++)
		help_row(to, row->letter, row->name, row->arg, row->help);
	help_row(to, 0, "help", NULL, "print this and leave");
	help_row(to, 0, "version", NULL, "print the version and leave");
}
