/* SPDX-License-Identifier: BSD-2-Clause */
/* move_world.h - rings made in memory, for the tests of move. */
#ifndef BRIDGE_MOVE_WORLD_H
#define BRIDGE_MOVE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "move.h"

#define BUF 256u
#define RINGS 4u
#define SLOTS 8u

/* A region: rings of SLOTS slots, then buffers. Ring r begins with buffers 2 + r * SLOTS and up. */
struct world {
	char *mem;
	struct netmap_ring *ring[RINGS];
	struct move m;
};

static inline void
set_const(const void *field, uint64_t value, size_t size)
{
	memcpy((void *)(uintptr_t)field, &value, size);
}

static inline size_t
ring_size(void)
{
	return (sizeof(struct netmap_ring) + SLOTS * sizeof(struct netmap_slot) + 127) & ~(size_t)127;
}

static inline void
make_ring(struct world *w, uint32_t n)
{
	struct netmap_ring *r = (struct netmap_ring *)(w->mem + n * ring_size());
	uint32_t i;

	set_const(&r->buf_ofs, (RINGS - n) * ring_size(), sizeof(r->buf_ofs));
	set_const(&r->num_slots, SLOTS, sizeof(r->num_slots));
	set_const(&r->nr_buf_size, BUF, sizeof(r->nr_buf_size));
	for (i = 0; i < SLOTS; i++)
		r->slot[i].buf_idx = 2 + n * SLOTS + i;
	w->ring[n] = r;
}

/* nin receive rings, then nout transmit rings, which are empty. */
static inline void
make(struct world *w, uint32_t nin, uint32_t nout, bool swap)
{
	uint32_t i;

	w->mem = aligned_alloc(128, RINGS * ring_size() + (2 + RINGS * SLOTS) * BUF);
	assert_non_null(w->mem);
	memset(w->mem, 0, RINGS * ring_size() + (2 + RINGS * SLOTS) * BUF);
	for (i = 0; i < RINGS; i++)
		make_ring(w, i);
	assert_int_equal(move_init(&w->m, nin, nout, 1024), 0);
	w->m.swap = swap;
	for (i = 0; i < nin; i++)
		w->m.in[i].ring = w->ring[i];
	for (i = 0; i < nout; i++) {
		w->m.out[i] = w->ring[nin + i];
		w->m.out[i]->tail = SLOTS - 1;
	}
}

static inline void
destroy(struct world *w)
{
	move_fini(&w->m);
	free(w->mem);
}

static inline char *
buf(struct netmap_ring *r, uint32_t i)
{
	return (char *)r + r->buf_ofs + (size_t)r->slot[i].buf_idx * BUF + (r->slot[i].ptr & r->offset_mask);
}

/* Puts a slot at the tail of a receive ring, its data being the number id. */
static inline void
arrive(struct netmap_ring *rx, unsigned char id, uint16_t len, bool more)
{
	uint32_t i = rx->tail;

	memset(buf(rx, i), id, len <= BUF ? len : BUF);
	rx->slot[i].len = len;
	rx->slot[i].flags = more ? NS_MOREFRAG : 0;
	rx->tail = (i + 1) % SLOTS;
}

static inline void
check_slot(struct netmap_ring *tx, uint32_t i, unsigned char id, uint16_t len, uint16_t flags)
{
	uint32_t k;

	assert_int_equal(tx->slot[i].len, len);
	assert_int_equal(tx->slot[i].flags, flags);
	for (k = 0; k < len; k++)
		assert_int_equal((unsigned char)buf(tx, i)[k], id);
}

#endif
