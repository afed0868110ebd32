/* SPDX-License-Identifier: BSD-2-Clause */
/* config.h - what lb is asked to do. */
#ifndef LB_CONFIG_H
#define LB_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "portname.h"

#define CONFIG_GROUPS 16
#define CONFIG_PIPES 64 /* of a prefix, and of a group: a port has no more */
#define CONFIG_WAIT (-1) /* not given */

struct config_group {
	char prefix[PORTNAME_LEN]; /* with subsystem, as netmap:x; "": that of the port */
	uint32_t n;
};

struct config {
	char port[PORTNAME_LEN]; /* with subsystem */
	struct config_group group[CONFIG_GROUPS];
	int ngroups;
	int64_t extra, batch;
	int64_t wait;           /* seconds; CONFIG_WAIT: 4 for a network interface, else 0 */
	bool busy, json;
	double interval;        /* seconds between reports, 0: none */
	const char *output;     /* file of reports and summary, NULL: standard output */
};

/* 0, OPT_LEAVE (opt.h), or -EINVAL after one line on stderr. */
int config_parse(struct config *c, int argc, char **argv);

/* Seconds to wait for the link. */
unsigned config_wait(const struct config *c);

/* Pipes of all groups. */
uint32_t config_pipes(const struct config *c);

#endif
