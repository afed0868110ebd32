/* SPDX-License-Identifier: BSD-2-Clause */
/* config.c - options, and where the program's own command line begins. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>

#include "opt.h"

static const char *const engines[] = { "any", "user", "kernel", NULL };

static const struct opt_row rows[] = {
	{ 0, "socket", "PATH", "the socket of the engine (NETMAP_SOCKET)", OPT_STRING, offsetof(struct config, socket) },
	{ 0, "engine", "HOME", "user, kernel, or any: the kernel's if /dev/netmap opens (NETMAP_ENGINE)", OPT_CHOICE,
	    offsetof(struct config, engine), .choices = engines },
	{ 'v', "verbose", NULL, "say what is run how, and whose /dev/netmap it opens", OPT_FLAG, offsetof(struct config, verbose) },
	{ 0 },
};

static const struct opt_spec spec = {
	.tool = "netmap-run",
	.version = "14.0",
	.usage = "[options] PROGRAM [ARGUMENT...]",
	.about = "Runs a program that opens /dev/netmap, as it is, on the userspace engine.\n"
	    "It has to be linked dynamically; the programs it starts find the engine too.",
	.rows = rows,
	.command = true,
};

int
config_parse(struct config *c, int argc, char **argv)
{
	int rc;

	*c = (struct config){ .engine = -1 };
	rc = opt_parse(&spec, argc, argv, c);
	if (rc)
		return rc;
	c->program = argv + optind;
	if (*c->program)
		return 0;
	fprintf(stderr, "netmap-run: which program? Try: netmap-run PROGRAM ARGUMENT..., or netmap-run --help\n");
	return -EINVAL;
}
