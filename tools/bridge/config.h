/* SPDX-License-Identifier: BSD-2-Clause */
/* config.h - what bridge is asked to do. */
#ifndef BRIDGE_CONFIG_H
#define BRIDGE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "portname.h"

#define CONFIG_BURST 1024
#define CONFIG_BURST_MAX 8192
#define CONFIG_WAIT (-1) /* not given */

enum config_shape {
	CONFIG_PAIR, /* two ports */
	CONFIG_HOST, /* a port and its host rings */
	CONFIG_LOOP, /* what comes in goes out again */
};

struct config {
	char port[2][PORTNAME_LEN]; /* with prefix; the second is empty unless CONFIG_PAIR */
	int nports;
	int nwords;
	enum config_shape shape;
	int64_t burst;
	int64_t wait;          /* seconds; CONFIG_WAIT: 4 if a network interface takes part, else 0 */
	int64_t vnet;          /* bytes of virtio-net header on both ports; -1: what one has, the other gets */
	bool copy, verbose, loop, json;
};

/* 0, OPT_LEAVE (opt.h), or -EINVAL after one line on stderr. */
int config_parse(struct config *c, int argc, char **argv);

/* Seconds to wait for the links. */
unsigned config_wait(const struct config *c);

#endif
