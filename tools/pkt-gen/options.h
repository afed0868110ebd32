/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h - what the command line asked for. */
#ifndef PKTGEN_OPTIONS_H
#define PKTGEN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "range.h"

enum mode { MODE_RX, MODE_TX, MODE_PING, MODE_PONG, MODE_TXSEQ, MODE_RXSEQ };

/* Bits of -o: the work done for each frame. */
enum {
	WORK_PREFETCH = 1,
	WORK_READ = 2,
	WORK_COPY = 4,
	WORK_MEMCPY = 8,
	WORK_STAMP = 16,
	WORK_INDIRECT = 32,
	WORK_DUMP = 64,
	WORK_CSUM = 4096,
	WORK_ALL = WORK_PREFETCH | WORK_READ | WORK_COPY | WORK_MEMCPY | WORK_STAMP | WORK_INDIRECT | WORK_DUMP | WORK_CSUM,
};

struct options {
	const char *name; /* as typed */
	int mode;
	int64_t count;         /* frames, 0: endless */
	int64_t len, len_min;  /* bytes of a frame without FCS; len_min 0: all the same */
	int64_t burst;
	bool v4, v6;
	int version;           /* 4 or 6, decided */
	bool has_src, has_dst, has_smac, has_dmac;
	struct range_ip src, dst;
	struct range_mac smac, dmac;
	int64_t affinity, cpus, threads;
	int64_t report_ms;
	double wait;           /* seconds, negative: by the kind of port */
	bool idle_exit;
	double rate;           /* frames a second, 0: unlimited */
	bool dump;
	int64_t vnet;          /* length of the virtio-net header, -1: the port's own */
	const char *pcap;
	bool random_src, random_dst;
	bool plain;
	int64_t frags, frag_size; /* 0: not given */
	bool indirect, rubbish, batch, framing;
	uint32_t conf[4];      /* tx slots, rx slots, tx rings, rx rings; 0: default */
	int64_t work;          /* WORK_* */
	int verbose;
	bool json, reconnect, descriptors;
	const char *write;     /* pcap file that receives what comes in; -: standard output */
	int64_t snaplen;       /* bytes of a frame that are written, 0: all */
};

extern const char *const options_modes[];

/* 0, OPT_LEAVE, or -EINVAL after one line on stderr. */
int options_parse(struct options *o, int argc, char **argv);

void options_help(FILE *to);

/* The frames go to standard output; then what is for people goes to standard error. */
bool options_writes_stdout(const struct options *o);
FILE *options_text(const struct options *o);

static inline bool
options_sends(const struct options *o)
{
	return o->mode == MODE_TX || o->mode == MODE_TXSEQ;
}

static inline bool
options_receives(const struct options *o)
{
	return o->mode == MODE_RX || o->mode == MODE_RXSEQ;
}

#endif
