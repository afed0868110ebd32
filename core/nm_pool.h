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
	uint32_t nfree, hint;
	uint64_t *used, *dirty;     /* dirty: was handed out before, zero it first */
};

int nm_pool_init(struct nm_pool *p, char *base, size_t offset, uint32_t objsize, uint32_t objtotal);
void nm_pool_fini(struct nm_pool *p);
/* Index of a zeroed object, or NM_POOL_NONE. */
uint32_t nm_pool_alloc(struct nm_pool *p);
/* False when idx is out of range or not in use. */
bool nm_pool_free(struct nm_pool *p, uint32_t idx);
/* Takes idx out for good. */
void nm_pool_reserve(struct nm_pool *p, uint32_t idx);
/* All objects are free but those below `reserved`; what was handed out is zeroed before it is again. */
void nm_pool_reset(struct nm_pool *p, uint32_t reserved);

#endif
