/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seq.h - numbered data with a checksum, and the account of what arrived of it.
 *
 * The data of a frame, integers in network order:
 *
 *	0  u32 mark     4  u64 number     12  u16 stream     14  u32 checksum     18  filling that depends on the number
 *
 * The checksum covers all other bytes. Each sending thread is a stream. An account keeps a window of the last
 * SEQ_WINDOW numbers, so it can tell late frames from doubles.
 */
#ifndef PKTGEN_SEQ_H
#define PKTGEN_SEQ_H

#include <stdbool.h>
#include <stdint.h>

#define SEQ_HEADER 18
#define SEQ_WINDOW 65536u
#define SEQ_STREAMS 64

/* Fills len bytes, at least SEQ_HEADER. */
void seq_fill(uint8_t *data, uint32_t len, uint64_t number, uint16_t stream);

enum seq_verdict { SEQ_GOOD, SEQ_FOREIGN, SEQ_CORRUPT };

enum seq_verdict seq_read(const uint8_t *data, uint32_t len, uint64_t *number, uint16_t *stream);

struct seq_stream {
	uint16_t id;
	bool used;
	uint64_t next;    /* number expected */
	uint64_t highest; /* frames seen are in (highest - SEQ_WINDOW, highest] */
	uint64_t seen[SEQ_WINDOW / 64];
};

struct seq_account {
	/* lost falls again when a late frame arrives */
	uint64_t good, lost, reordered, duplicated, corrupt, foreign, overflow;
	unsigned streams;
	struct seq_stream stream[SEQ_STREAMS];
};

/* A whole frame came in with this data. */
void seq_account(struct seq_account *a, const uint8_t *data, uint32_t len);

/* Counts a number of a stream; what seq_account() does after the checks. */
void seq_count(struct seq_account *a, uint64_t number, uint16_t stream);

#endif
