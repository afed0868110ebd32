/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_pool.h - objects of one size in a region; which are used is known here alone. */
#ifndef NM_POOL_H
#define NM_POOL_H

#include "nm_os.h"

#define NM_POOL_NONE UINT32_MAX

struct nm_pool {
	char *base;
	size_t offset;              /* of object 0 in the region */
	uint32_t objsize, objtotal; /* bytes, count */
	uint32_t ready;             /* the first of them that have memory */
	uint32_t reserved;          /* the first of them that are never handed out */
	uint32_t nfree, hint;       /* nfree: of those that are ready */
	uint64_t *used, *dirty;     /* dirty: was handed out before, zero it first */
};

/* Nothing is ready yet. 0 or -ENOMEM. */
int nm_pool_init(struct nm_pool *p, size_t offset, uint32_t objsize, uint32_t objtotal, uint32_t reserved);
void nm_pool_fini(struct nm_pool *p);
/* The first `ready` objects, not fewer than before, are at base. */
void nm_pool_extend(struct nm_pool *p, char *base, uint32_t ready);
/* What is there is not zeroes: each object is cleared before it is handed out. */
void nm_pool_set_dirty(struct nm_pool *p);
/* Index of a zeroed object, or NM_POOL_NONE when none that is ready is free. */
uint32_t nm_pool_alloc(struct nm_pool *p);
/* False when idx is out of range or not in use. */
bool nm_pool_free(struct nm_pool *p, uint32_t idx);
/* All objects are free but the reserved ones; what was handed out is zeroed before it is again. */
void nm_pool_reset(struct nm_pool *p);

/* Objects that could be handed out, ready or not. */
static inline uint32_t
nm_pool_left(const struct nm_pool *p)
{
	uint32_t ready = p->ready > p->reserved ? p->ready : p->reserved;

	return p->nfree + p->objtotal - ready;
}

#endif
