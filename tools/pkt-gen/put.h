/* SPDX-License-Identifier: BSD-2-Clause */
/* put.h - frames into slots, and out of them. */
#ifndef PKTGEN_PUT_H
#define PKTGEN_PUT_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"
#include "port.h"

enum put_how { PUT_MEMCPY, PUT_LINES /* whole cache lines */, PUT_INDIRECT, PUT_NOTHING };

struct put {
	uint32_t frag;  /* most bytes of a slot */
	uint32_t frags; /* most slots of a frame */
	enum put_how how;
};

/*
 * How frames of up to longest bytes (virtio-net header included) go into the buffers of this port. 0, or -EINVAL with a line in
 * err (PORT_ERRLEN bytes).
 */
int put_init(struct put *put, const struct options *o, const struct port *p, uint32_t longest, char *err);

static inline uint32_t
put_slots(const struct put *put, uint32_t len)
{
	return len <= put->frag ? 1 : (len + put->frag - 1) / put->frag;
}

/* Writes put_slots() slots from head on, which must be free. The new head. */
uint32_t put_frame(const struct put *put, struct netmap_ring *ring, uint32_t head, const uint8_t *data, uint32_t len);

/* Frames of several slots are put together in whole. */
struct gather {
	uint8_t *whole;
	size_t room;
	uint64_t bad; /* of more than NETMAP_MAX_FRAGS slots, or longer than their buffers; left out */
};

/*
 * Takes the frame at *at, moves *at past it. 1; 0 if there is no whole frame before end: *at stays; -1 if it was a bad one. The data
 * are good until the next call, or until the slots are released.
 */
int gather_next(struct gather *g, struct netmap_ring *ring, uint32_t *at, uint32_t end, uint8_t **data, uint32_t *len);

void gather_free(struct gather *g);

/* Publishes to the engine: all slots before head are done with. */
static inline void
put_publish(struct netmap_ring *ring, uint32_t head, uint32_t cur)
{
	__atomic_store_n(&ring->cur, cur, __ATOMIC_RELAXED);
	__atomic_store_n(&ring->head, head, __ATOMIC_RELEASE);
}

#endif
