/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.h - frames that wait for room in their pipes, in extra buffers that all pipes share.
 *
 * Each pipe has a queue of slots in the order they came. When no buffer is left, the frame that came first of all that wait makes
 * room for the next one.
 */
#ifndef LB_QUEUE_H
#define LB_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#define QUEUE_NONE UINT32_MAX

/* A slot that waits; the first of a frame tells when that came. */
struct queue_slot {
	uint64_t when;
	uint32_t buf;
	uint32_t next;  /* of this queue, or free */
	uint16_t len;
	uint16_t flags; /* NS_MOREFRAG or 0 */
};

struct queue_pool {
	struct queue_slot *slot;
	uint32_t *buf;           /* free buffers, a stack */
	uint32_t nbufs, nslots;  /* of it; all */
	uint32_t free;           /* first free entry of slot */
	uint64_t clock;          /* frames that ever waited */
};

struct queue {
	uint32_t first, last;    /* entries of the pool's slots; QUEUE_NONE */
	uint32_t slots, frames;
};

/* Room for n slots; their buffers are then given by queue_give. 0 or -ENOMEM. */
int queue_init(struct queue_pool *p, uint32_t n);
void queue_fini(struct queue_pool *p);

/* A free buffer comes to the pool; one is taken from it, of which there must be one. */
void queue_give(struct queue_pool *p, uint32_t buf);
uint32_t queue_take(struct queue_pool *p);

void queue_start(struct queue *q);
/* Appends a slot whose buffer was taken from the pool, or exchanged for one. begins: it is the first of its frame. */
void queue_put(struct queue_pool *p, struct queue *q, struct queue_slot s, bool begins);
/* Takes the first slot away; its buffer is the caller's. */
struct queue_slot queue_get(struct queue_pool *p, struct queue *q);
/* Slots of the first frame. The queue is not empty. */
uint32_t queue_frame(const struct queue_pool *p, const struct queue *q);
/* When the first frame came; UINT64_MAX: nothing waits. */
uint64_t queue_when(const struct queue_pool *p, const struct queue *q);

#endif
