/* SPDX-License-Identifier: BSD-2-Clause */
/* play.h - a trace, the port it goes to, and what became of it. */
#ifndef NMREPLAY_PLAY_H
#define NMREPLAY_PLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "hist.h"
#include "pcapfile.h"

struct nmport_d;
struct netmap_ring;

struct play {
	const struct config *config;
	struct pcapfile trace;
	struct model model;
	struct nmport_d *port;
	struct netmap_ring *tx;
	size_t at;                /* frame of the trace */
	int64_t round;
	/* the frame that is next */
	bool ended;               /* there is none */
	enum model_fate fate;
	uint64_t due;             /* ns after the start */
	/* counted */
	uint64_t sent, bytes, batches, lost, overflow;
	uint64_t unsent;          /* of those sent, what the port did not take before a signal */
	struct hist late;         /* ns after it was due that a frame was handed over */
	uint64_t started, stopped; /* ns */
	const char *why;          /* it stopped: "file", "signal" or "error" */
};

/* Opens the port, which has to have room for the longest frame. 0, or -errno after one line on stderr. */
int play_open(struct play *p);
void play_close(struct play *p);

/* Waits so many seconds for the link, less if a signal comes or the port dies. */
void play_wait(const struct play *p, unsigned seconds);
/* Sends until the file or a signal ends it. 0, or -errno after one line on stderr. */
int play_run(struct play *p);

/* report.c */
void report(const struct play *p, FILE *to);
/* Of the last second, on stderr. */
void report_rate(const struct play *p, uint64_t now);

#endif
