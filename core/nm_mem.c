/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_mem.h"
#include "nm_root.h"
#include "nm_sync.h"

#define PAGE 4096u
#define ROUND(x, to) (((x) + (to) - 1) / (to) * (to))

#define RESERVED_BUFS 2u /* what an index that says nothing means; never handed out */

/* Bounds of the ABI, but for the number of rings and a netmap_if that can list as many. */
static const struct { uint32_t min_size, max_size, min_num, max_num; } limits[NM_POOLS - 1] = {
	{56, 8 * PAGE, 1, 10000},
	{256, 32 * PAGE, 2, 4096},
	{64, 65536, 4, 1000000},
};

/* What struct netmap_ring asks for; the others are better off on a cache line too. */
static size_t
object_size(const struct nm_mem_geometry *g, int pool)
{
	size_t align = pool == NM_POOL_RING ? 128 : 64;

	return ROUND(g->size[pool], align);
}

static struct nm_mem *
find_id(struct nm_root *root, uint16_t id)
{
	struct nm_mem *m;

	for (m = root->mems; m; m = m->next)
		if (m->id == id)
			return m;
	return NULL;
}

/* Ids 2..65535, in turn, so that a stale id seldom hits another region. */
static int
pick_id(struct nm_root *root, uint16_t *id)
{
	uint32_t k;

	for (k = 0; k < 65534; k++) {
		root->last_mem_id = root->last_mem_id == 65535 ? 2 : (uint16_t)(root->last_mem_id + 1);
		if (root->last_mem_id >= 2 && !find_id(root, root->last_mem_id)) {
			*id = root->last_mem_id;
			return 0;
		}
	}
	return -ENFILE;
}

static int
pools_init(struct nm_mem *m, const struct nm_mem_geometry *g, const size_t *offset, uint32_t nsync)
{
	int i, error;

	for (i = 0; i < NM_POOLS; i++) {
		uint32_t size = i == NM_POOL_SYNC ? NM_SYNC_CELL : (uint32_t)object_size(g, i);
		uint32_t num = i == NM_POOL_SYNC ? nsync : g->num[i];

		error = nm_pool_init(&m->pool[i], m->region.base + offset[i], offset[i], size, num);
		if (error)
			return error;
	}
	nm_pool_reset(&m->pool[NM_POOL_BUF], RESERVED_BUFS);
	return 0;
}

static void
mem_destroy(struct nm_mem *m)
{
	int i;

	for (i = 0; i < NM_POOLS; i++)
		nm_pool_fini(&m->pool[i]);
	if (m->region.base)
		nm_os_region_destroy(&m->region);
	nm_os_free(m);
}

static size_t
pool_bytes(const struct nm_mem_geometry *g, int pool)
{
	return ROUND(object_size(g, pool) * g->num[pool], PAGE);
}

static uint32_t
sync_cells(const struct nm_mem_geometry *g)
{
	return g->num[NM_POOL_IF] + g->num[NM_POOL_RING];
}

size_t
nm_mem_bytes(const struct nm_mem_geometry *g)
{
	return pool_bytes(g, NM_POOL_IF) + pool_bytes(g, NM_POOL_RING) + pool_bytes(g, NM_POOL_BUF) +
	    ROUND((size_t)sync_cells(g) * NM_SYNC_CELL, PAGE);
}

int
nm_mem_create(struct nm_root *root, const struct nm_mem_geometry *g, const struct nm_cred *c, bool private_mem,
    struct nm_mem **out)
{
	size_t offset[NM_POOLS], total = 0;
	struct nm_mem *m;
	int i, error;

	for (i = 0; i < NM_POOL_SYNC; i++) {
		if (g->size[i] < limits[i].min_size || g->size[i] > limits[i].max_size ||
		    g->num[i] < limits[i].min_num || g->num[i] > limits[i].max_num)
			return -EINVAL;
		offset[i] = total;
		total += pool_bytes(g, i);
	}
	offset[NM_POOL_SYNC] = total;
	m = nm_os_alloc(sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->memsize = total;
	error = nm_os_region_create(&m->region, root, nm_mem_bytes(g), c->uid);
	if (!error)
		error = pools_init(m, g, offset, sync_cells(g));
	if (!error)
		error = pick_id(root, &m->id);
	if (error) {
		mem_destroy(m);
		return error;
	}
	m->refs = 1;
	m->root = root;
	m->private_mem = private_mem;
	m->access = (struct nm_access){c->uid, c->gid, root->limits.default_mode};
	m->next = root->mems;
	root->mems = m;
	*out = m;
	return 0;
}

int
nm_mem_global(struct nm_root *root, const struct nm_cred *c, struct nm_mem **out)
{
	struct nm_mem *m;

	for (m = root->mems; m; m = m->next)
		if (!m->private_mem && m->access.uid == c->uid) {
			*out = nm_mem_get(m);
			return 0;
		}
	return nm_mem_create(root, &root->limits.global, c, false, out);
}

int
nm_mem_find(struct nm_root *root, uint16_t id, const struct nm_cred *c, struct nm_mem **out)
{
	struct nm_mem *m;

	if (id == 1)
		return nm_mem_global(root, c, out);
	m = find_id(root, id);
	if (!m)
		return -EINVAL;
	if (nm_access_check(&m->access, c, NM_ACCESS_READ | NM_ACCESS_WRITE))
		return -EACCES;
	*out = nm_mem_get(m);
	return 0;
}

struct nm_mem *
nm_mem_get(struct nm_mem *m)
{
	m->refs++;
	return m;
}

void
nm_mem_put(struct nm_mem *m)
{
	struct nm_mem **p;

	if (--m->refs)
		return;
	for (p = &m->root->mems; *p != m; p = &(*p)->next)
		;
	*p = m->next;
	mem_destroy(m);
}

size_t
nm_mem_alloc(struct nm_mem *m, int pool)
{
	struct nm_pool *p = &m->pool[pool];
	uint32_t i = nm_pool_alloc(p);

	return i == NM_POOL_NONE ? SIZE_MAX : p->offset + (size_t)i * p->objsize;
}

void
nm_mem_free(struct nm_mem *m, int pool, size_t offset)
{
	struct nm_pool *p = &m->pool[pool];

	nm_pool_free(p, (uint32_t)((offset - p->offset) / p->objsize));
	if (pool != NM_POOL_BUF && m->pool[NM_POOL_IF].nfree == m->pool[NM_POOL_IF].objtotal &&
	    m->pool[NM_POOL_RING].nfree == m->pool[NM_POOL_RING].objtotal)
		nm_pool_reset(&m->pool[NM_POOL_BUF], RESERVED_BUFS);
}

int
nm_mem_fill_slots(struct nm_mem *m, struct netmap_slot *slots, uint32_t n)
{
	struct nm_pool *p = &m->pool[NM_POOL_BUF];
	uint32_t i;

	if (p->nfree < n)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		slots[i] = (struct netmap_slot){.buf_idx = nm_pool_alloc(p), .len = (uint16_t)p->objsize};
	return 0;
}

void
nm_mem_free_slots(struct nm_mem *m, const struct netmap_slot *slots, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint32_t idx = NM_READ_ONCE(slots[i].buf_idx);

		if (idx >= RESERVED_BUFS)
			nm_pool_free(&m->pool[NM_POOL_BUF], idx);
	}
}

uint32_t
nm_mem_extra_alloc(struct nm_mem *m, uint32_t n, uint32_t *head)
{
	struct nm_pool *p = &m->pool[NM_POOL_BUF];
	uint32_t i, k;

	*head = 0;
	for (k = 0; k < n; k++) {
		i = nm_pool_alloc(p);
		if (i == NM_POOL_NONE)
			break;
		memcpy(p->base + (size_t)i * p->objsize, head, sizeof(*head));
		*head = i;
	}
	return k;
}

void
nm_mem_extra_free(struct nm_mem *m, uint32_t head)
{
	struct nm_pool *p = &m->pool[NM_POOL_BUF];
	uint32_t next;

	while (head >= RESERVED_BUFS && head < p->objtotal) {
		head = nm_os_index_nospec(head, p->objtotal);
		next = NM_READ_ONCE(*(uint32_t *)(void *)(p->base + (size_t)head * p->objsize));
		if (!nm_pool_free(p, head))
			break;
		head = next;
	}
}

void
nm_mem_info(const struct nm_mem *m, struct nmreq_pools_info *info)
{
	*info = (struct nmreq_pools_info){
		.nr_memsize = m->memsize,
		.nr_mem_id = m->private_mem ? m->id : 1,
		.nr_if_pool_offset = m->pool[NM_POOL_IF].offset,
		.nr_if_pool_objtotal = m->pool[NM_POOL_IF].objtotal,
		.nr_if_pool_objsize = m->pool[NM_POOL_IF].objsize,
		.nr_ring_pool_offset = m->pool[NM_POOL_RING].offset,
		.nr_ring_pool_objtotal = m->pool[NM_POOL_RING].objtotal,
		.nr_ring_pool_objsize = m->pool[NM_POOL_RING].objsize,
		.nr_buf_pool_offset = m->pool[NM_POOL_BUF].offset,
		.nr_buf_pool_objtotal = m->pool[NM_POOL_BUF].objtotal,
		.nr_buf_pool_objsize = m->pool[NM_POOL_BUF].objsize,
	};
}
