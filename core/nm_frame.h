/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_frame.h - a frame in the slots of a transmit ring, as its client left them: each slot is read once. */
#ifndef NM_FRAME_H
#define NM_FRAME_H

#include "nm_kring.h"

#define NM_FRAME_SHORTEST 14u /* bytes: two addresses and a type */

struct nm_frame {
	uint32_t slots; /* that it takes */
	uint32_t parts; /* filled in below: all of them where it is in order */
	uint32_t bytes;
	int bad;        /* the counter of why it can't be sent, or 0 */
	bool report;    /* a slot had NS_REPORT */
	struct nm_frame_part {
		uint32_t buf; /* below the ring's nbufs */
		uint32_t len;
		uint32_t offset; /* where they begin; offset + len is within the buffer */
	} part[NETMAP_MAX_FRAGS];
};

/* A slot that was read once: 0 and where in its buffer its bytes begin, or the counter of why they can't be sent. */
static inline int
nm_frame_slot(const struct nm_kring *kr, const struct netmap_slot *s, uint32_t *offset)
{
	if (s->flags & NS_INDIRECT)
		return NM_STAT_drop_indirect;
	if (!nm_kring_buf(kr, s->buf_idx))
		return NM_STAT_drop_bad_buf;
	*offset = nm_kring_offset(&kr->offsets, s->ptr);
	return s->len > kr->stride - *offset ? NM_STAT_drop_bad_len : 0;
}

/*
 * The frame in slot `at` and the `avail` - 1 after it, avail > 0. Flags that ask for something are taken back; those that make a
 * frame what it is stay, since it may be looked at again. Data.
 */
void nm_frame_gather(const struct nm_kring *kr, uint32_t at, uint32_t avail, struct nm_frame *f);

#endif
