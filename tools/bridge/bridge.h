/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge.h - the two sides, what flows between them, and the parts of the program. */
#ifndef BRIDGE_H
#define BRIDGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "move.h"

struct nmport_d;

struct side {
	struct nmport_d *d;
	char name[PORTNAME_LEN + 16];
};

struct flow {
	int from, to; /* sides */
	struct move move;
};

struct bridge {
	struct side side[2];
	struct flow flow[2];
	int nsides, nflows;
	uint64_t started, ended; /* ns */
	const char *why;         /* it ended: "signal" or "error" */
};

/* sides.c: opens the ports and pairs their rings. 0, or -errno after one line on stderr. */
int sides_open(struct bridge *b, const struct config *c);
void sides_close(struct bridge *b);

/* loop.c: waits so many seconds for the links, less if a signal comes or a port dies. */
void loop_wait(const struct bridge *b, unsigned seconds);

/* loop.c: moves frames until a signal comes. 0, or -errno after one line on stderr. */
int loop_run(struct bridge *b, bool verbose);

/* report.c */
void report_text(const struct bridge *b, FILE *to);
void report_json(const struct bridge *b, FILE *to);

#endif
