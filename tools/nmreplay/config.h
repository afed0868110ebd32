/* SPDX-License-Identifier: BSD-2-Clause */
/* config.h - what nmreplay is asked to do. */
#ifndef NMREPLAY_CONFIG_H
#define NMREPLAY_CONFIG_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "model.h"
#include "portname.h"

#define CONFIG_WAIT (-1) /* not given */

struct config {
	const char *file;
	char port[PORTNAME_LEN]; /* with subsystem */
	struct model_conf model;
	int64_t buffer, seed;
	int64_t loops;          /* 0: endless */
	int64_t wait;           /* seconds; CONFIG_WAIT: 2 for a network interface, else 0 */
	bool has_cpus, verbose, json;
	cpu_set_t cpus;
};

/* 0, OPT_LEAVE (opt.h), or -EINVAL after one line on stderr. */
int config_parse(struct config *c, int argc, char **argv);

/* Seconds to wait for the link. */
unsigned config_wait(const struct config *c);

#endif
