/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_mem.h - regions: what a client maps.
 *
 *   offset 0            the netmap_ifs
 *   ring_pool           the netmap_rings
 *   buf_pool            the buffers, at a constant stride
 *   memsize             end of what the ABI shows; after it
 *   sync_pool           128-byte cells: the index pair of each ring, the sync cell of each session
 *
 * That is where everything has its address from the start. Memory for it comes with the objects that are handed out, if the
 * host gives it by parts: then a pool grows from its front, and a buffer that has no memory yet is as a bad index.
 */
#ifndef NM_MEM_H
#define NM_MEM_H

#include "nm_access.h"
#include "nm_pool.h"
#include <net/netmap.h>

struct nm_kring;
struct nm_root;

enum { NM_POOL_IF, NM_POOL_RING, NM_POOL_BUF, NM_POOL_SYNC, NM_POOLS };

struct nm_mem_geometry {
	uint32_t size[NM_POOLS - 1], num[NM_POOLS - 1]; /* netmap_if, ring, buffer */
};

struct nm_mem {
	struct nm_mem *next;
	struct nm_root *root;
	struct nm_os_region region;
	struct nm_pool pool[NM_POOLS];
	struct nm_kring *krings; /* those that look for buffers here */
	size_t memsize;
	size_t asked;            /* bytes that could not be had last, */
	int why;                 /* for this reason; 0: the region is full */
	uint32_t payer;          /* user whose memory it is */
	uint32_t refs;
	uint16_t id;
	bool private_mem;
	struct nm_access access;
};

/* What sizes and numbers of objects can be, by NM_POOL_IF, RING, BUF. */
extern const struct nm_mem_bounds { uint32_t min_size, max_size, min_num, max_num; } nm_mem_bounds[NM_POOLS - 1];
/* Bytes of an object, and of a pool, as they will be. */
size_t nm_mem_object_size(const struct nm_mem_geometry *g, int pool);
size_t nm_mem_pool_bytes(const struct nm_root *root, const struct nm_mem_geometry *g, int pool);
/* What a region of this geometry takes when all of it is in use, its sync area included. */
size_t nm_mem_bytes(const struct nm_root *root, const struct nm_mem_geometry *g);
/* A new region with one reference. Control. -EINVAL bad geometry, -ENOMEM, -EDQUOT, -ENFILE out of ids. */
int nm_mem_create(struct nm_root *root, const struct nm_mem_geometry *g, const struct nm_cred *c, bool private_mem,
    struct nm_mem **out);
/*
 * The same, in memory of a client, all but its sync area. It is the region's then, also after some failures: ext->size tells. -EINVAL also
 * if it is too small, -EOPNOTSUPP: the host can't have a region there.
 */
int nm_mem_create_ext(struct nm_root *root, const struct nm_mem_geometry *g, const struct nm_cred *c, struct nm_umem *ext,
    struct nm_mem **out);
/* The region with this id if the client may join it; takes a reference. -EINVAL, -EACCES. */
int nm_mem_find(struct nm_root *root, uint16_t id, const struct nm_cred *c, struct nm_mem **out);
/* The region of NICs and hosts of this user; made on first use; takes a reference. */
int nm_mem_global(struct nm_root *root, const struct nm_cred *c, struct nm_mem **out);
struct nm_mem *nm_mem_get(struct nm_mem *m);
/* Without its last reference a region is root->dead until nm_root_unlock(). Control. */
void nm_mem_put(struct nm_mem *m);
/* All of this list. */
void nm_mem_destroy(struct nm_mem *dead);

/* An object that was handed out. */
static inline void *
nm_mem_ptr(const struct nm_mem *m, int pool, size_t offset)
{
	return m->pool[pool].base + (offset - m->pool[pool].offset);
}

/* Memory for so many objects of each pool, at once instead of one by one. 0, or an error and m->why. Control. */
int nm_mem_prepare(struct nm_mem *m, const uint32_t need[NM_POOLS]);
/*
 * The same, and `extra` buffers or as many as there is memory for, ahead of the call that hands them out and, if it's much, with
 * the root's lock given up meanwhile: what the caller knew of ports may have changed then. He has a reference. 0, or an error and
 * m->why. Control.
 */
int nm_mem_reserve(struct nm_mem *m, const uint32_t need[NM_POOLS], uint32_t extra);
/* Rings that are to see where the buffers are: kr->bufs, stride and nbufs follow; mem NULL lets go. Control. */
void nm_mem_watch(struct nm_mem *m, struct nm_kring *kr);

/* Objects of a pool: offset from the region's start, 0xff..ff when none is left. Zeroed. Control. */
size_t nm_mem_alloc(struct nm_mem *m, int pool);
/* When the last netmap_if and the last ring have gone, buffers that their clients lost are free again. */
void nm_mem_free(struct nm_mem *m, int pool, size_t offset);

/* Fills the slots of a ring with fresh buffers; all or nothing. */
int nm_mem_fill_slots(struct nm_mem *m, struct netmap_slot *slots, uint32_t n);
/* Frees what the slots name; indices that are bad or already free are passed over. */
void nm_mem_free_slots(struct nm_mem *m, const struct netmap_slot *slots, uint32_t n);

/* A chain of up to n extra buffers, linked through the first word of each; returns how many, head in *head. */
uint32_t nm_mem_extra_alloc(struct nm_mem *m, uint32_t n, uint32_t *head);
void nm_mem_extra_free(struct nm_mem *m, uint32_t head);

void nm_mem_info(const struct nm_mem *m, struct nmreq_pools_info *info);

#endif
