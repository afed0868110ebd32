/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stream.h - frames whose every byte follows from (stream, sequence number), so that a receiver knows what it must see.
 *
 *	0   destination: ff:ff:ff:ff:ff:ff or 02:ff:00:00:00:ID of a receiver
 *	6   source: 02:00:00:00 and the stream, two bytes (what receivers announce themselves with comes from 02:ff)
 *	12  low 16 bits of the sequence number
 *	14  the whole sequence number, in frames of 22 bytes or more
 *	    the rest: a piece of a random table that depends on stream and sequence number
 *
 * The length too is a function of these. One stream is what one sender sends through one ring.
 */
#ifndef TESTS_NET_STREAM_H
#define TESTS_NET_STREAM_H

#include "common.h"

#define PAT_HEADER 22u
#define PAT_MAX 9216u
#define PAT_STREAMS 4096u
#define PAT_BROADCAST 0xffff

struct pat {
	uint32_t min, max; /* length of a frame */
};

/* One frame: length, header bytes, and where its piece of the table begins. */
struct pat_frame {
	uint32_t len, nhdr;
	const uint8_t *data;
	uint8_t hdr[PAT_HEADER];
};

void pat_init(void);
void pat_mac(uint8_t mac[6], uint32_t receiver);
uint32_t pat_len(const struct pat *p, uint32_t stream, uint64_t seq);
void pat_frame(const struct pat *p, uint32_t stream, uint64_t seq, uint32_t to, struct pat_frame *f);

/* Bytes [from, from + n) of the frame; pat_equal: are these at `at`? */
void pat_put(const struct pat_frame *f, uint32_t from, uint8_t *at, uint32_t n);
bool pat_equal(const struct pat_frame *f, uint32_t from, const uint8_t *at, uint32_t n);

struct stream_options {
	const char *port;
	struct pat pat;
	uint64_t count;   /* send: frames of each ring */
	uint32_t id;      /* send: first stream; recv: the receiver's number */
	uint32_t to;      /* send: the receiver, PAT_BROADCAST for all */
	uint32_t fragment; /* send: 0, or slots get random lengths up to this */
	uint32_t swap;    /* extra buffers that frames are written to or kept in */
	uint32_t nap_every, nap_us; /* recv: be slow */
	uint8_t host[6];  /* recv: whose frames may come too; zeroes: nobody's */
	uint32_t late;    /* recv: 0, or so far behind the newest a frame may come that has not come before */
	bool indirect, poll_only, quiet, move;
};

/* SIGINT: come to an end and print the summary. SIGTERM: leave. */
extern volatile sig_atomic_t stream_end, stream_leave;
void stream_hold(void);

int stream_send(const struct stream_options *o);
int stream_recv(const struct stream_options *o);

#endif
