/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * opt.h - the options of a tool as a table.
 *
 * A row says how an option is called, what it takes, where the value goes and in which bounds. Parsing, --help and the
 * error texts come from the rows, so they agree. --help and --version need no row.
 *
 *	static const struct opt_row rows[] = {
 *		{ 'b', "burst", "N", "frames per sync", OPT_INT, offsetof(struct config, burst), 1, 8192 },
 *		{ 0 },
 *	};
 */
#ifndef TOOLS_OPT_H
#define TOOLS_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum opt_kind {
	OPT_FLAG,   /* bool, set to true */
	OPT_INT,    /* int64_t in [min, max]; suffixes k, M and G count 1000 */
	OPT_REAL,   /* double in [min, max], same suffixes */
	OPT_STRING, /* const char *, points into argv */
	OPT_CHOICE, /* int, index into choices */
	OPT_CALL,   /* call() */
};

#define OPT_ERRLEN 256

struct opt_row {
	int letter;       /* 0: a long name only */
	const char *name; /* long name, NULL: a letter only */
	const char *arg;  /* what help calls the argument, NULL: it takes none */
	const char *help;
	enum opt_kind kind;
	size_t offset;    /* of the value in the target */
	int64_t min, max;
	const char *const *choices; /* ends with NULL */
	/* 0, or -EINVAL with a text in err (OPT_ERRLEN bytes) that says what is wrong with arg */
	int (*call)(void *target, const char *arg, char *err);
};

struct opt_spec {
	const char *tool;
	const char *version;
	const char *usage; /* first line of help, without the name of the tool */
	const char *about; /* a line or more below it */
	const struct opt_row *rows;
	/* takes a word that is no option; NULL: there may be none */
	int (*word)(void *target, const char *arg, char *err);
	bool command; /* the first such word is a command: it and all that follows are the caller's, at argv + optind */
};

#define OPT_LEAVE 1 /* --help or --version was served */

/* 0, OPT_LEAVE, or after one line on stderr -EINVAL or, if help can't be written, another -errno. argv may be permuted. */
int opt_parse(const struct opt_spec *spec, int argc, char **argv, void *target);

/* The exit status of a tool after opt_parse() returned rc other than 0: 0, OPT_USAGE for a wrong command line, or 1. */
#define OPT_USAGE 2
int opt_status(int rc);

void opt_help(const struct opt_spec *spec, FILE *to);

/* A number with an optional suffix k, M or G. 0, -EINVAL (no number) or -ERANGE. */
int opt_number(const char *text, int64_t *value);
int opt_real(const char *text, double *value);

#endif
