/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_vale_fwd.h - the work arrays of a sending ring. */
#ifndef NM_VALE_FWD_H
#define NM_VALE_FWD_H

#include "nm_vale.h"

#define NM_VALE_STEP 256u       /* slots */
#define NM_VALE_BYTES 262144u   /* of frames in one call */

struct nm_vale_frag {
	const char *buf;
	uint32_t len;    /* of this fragment */
	uint32_t total;  /* of the frame, in its first fragment, as are the next two */
	uint16_t nfrags;
	uint16_t next;   /* frame for the same destination */
	uint32_t pad;
};

struct nm_vale_list {
	uint16_t head, tail;
	uint32_t slots;
};

struct nm_vale_work {
	uint32_t frames, nfrags, ntouched;
	uint64_t bytes;
	struct nm_vale_frag frag[NM_VALE_STEP + 2 * NETMAP_MAX_FRAGS];
	uint16_t order[NM_VALE_STEP];
	uint32_t idx[NM_VALE_STEP + 2 * NETMAP_MAX_FRAGS];
	struct nm_vale_list list[NM_VALE_MAX_PORTS + 1];
	uint8_t touched[NM_VALE_MAX_PORTS + 1];
};

void nm_vale_work_init(struct nm_vale_work *w);

#endif
