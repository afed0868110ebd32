/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_os_mem.h - what nm_os_mem.c and nm_dma.c share: what a region is made of. */
#ifndef NM_OS_MEM_H
#define NM_OS_MEM_H

#include "nm_hw.h"

#include <linux/list.h>
#include <linux/refcount.h>

struct device;
struct owner;
struct page;
struct view;

/* Of a region; lives until the last mapping has gone. */
struct nm_os_pages {
	struct page **page;           /* NULL: not there yet */
	size_t n;                     /* of the region */
	size_t visible;               /* of them those that clients see */
	size_t blocks;                /* pages from here to `visible` come in blocks, one behind the other, */
	unsigned int order;           /* of so many neighbours */
	size_t pinned;                /* pages from the first on that are a client's, */
	struct nm_umem umem;          /* of this memory */
	struct owner *owner;
	struct view *views;
	struct list_head dma;         /* devices that see its buffers; see nm_dma.c */
	refcount_t refs;              /* the region, and its mappings */
};

/* What nm_umem.host points to: pages of a client. */
struct nm_os_pinned {
	struct page **page;
	size_t n;
};

/* The buffers of a region as a device sees them. */
struct nm_dma {
	struct nm_hw_map hw;
	struct list_head list;        /* of the region's */
	struct device *dev;           /* NULL: addresses are physical */
	struct nm_os_pages *pages;
	size_t first;                 /* page of the region where the buffers begin */
	unsigned int order;           /* of the pages that are mapped together: one, or a buffer of several */
	size_t done, max;             /* of these from there that are mapped, that there can be */
	uint32_t per_unit;            /* buffers of one */
	uint32_t most;                /* that the region can have; its last page may have room for more */
	uint64_t *addr;               /* hw.addr */
};

/* The region's buffers, as far as they are there, and those that it gets later; dev is NULL: by physical addresses. NULL without memory. Control. */
struct nm_dma *nm_dma_map(const struct nm_os_region *r, struct device *dev, uint32_t stride, uint32_t nbufs);
/* The device must not use them any more. */
void nm_dma_unmap(struct nm_dma *d);
/* So many pages of buffers are there: all devices get them. 0 or -ENOMEM. Control. */
int nm_dma_grow(struct nm_os_pages *g, size_t pages);

#endif
