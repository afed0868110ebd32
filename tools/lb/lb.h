/* SPDX-License-Identifier: BSD-2-Clause */
/* lb.h - the port, the pipes and the parts of the program. */
#ifndef LB_H
#define LB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "spread.h"

struct nmport_d;

struct lb_pipe {
	struct nmport_d *d;
	char name[PORTNAME_LEN + 16];
};

struct lb {
	const struct config *config;
	struct nmport_d *port;
	struct lb_pipe *pipe;   /* one for each of spread.out */
	uint32_t npipes;
	struct spread spread;
	uint64_t started, ended; /* ns */
	const char *why;        /* it ended: "signal" or "error" */
	FILE *to;               /* of statistics and summary */
};

/* ports.c: opens the port, then the pipes. 0, or -errno after one line on stderr. */
int ports_open(struct lb *l, const struct config *c);
/* Gives all buffers back, and closes. */
void ports_close(struct lb *l);

/* loop.c: waits so many seconds for the link, less if a signal comes or the port dies. */
void loop_wait(const struct lb *l, unsigned seconds);
/* Distributes until a signal comes. 0, or -errno after one line on stderr. */
int loop_run(struct lb *l);

/* report.c: the counters now; final: and how it ended. */
void report(struct lb *l, uint64_t now, bool final);

#endif
