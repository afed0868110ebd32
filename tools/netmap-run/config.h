/* SPDX-License-Identifier: BSD-2-Clause */
/* config.h - the command line of netmap-run. */
#ifndef NETMAP_RUN_CONFIG_H
#define NETMAP_RUN_CONFIG_H

#include <stdbool.h>

enum { CONFIG_ANY, CONFIG_USER, CONFIG_KERNEL };

struct config {
	const char *socket; /* NULL: as the environment has it */
	int engine;
	bool verbose;
	char **program;     /* and its arguments, in argv */
};

/* As opt_parse(). */
int config_parse(struct config *c, int argc, char **argv);

#endif
