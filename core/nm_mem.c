/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_mem.h"
#include "nm_kring.h"
#include "nm_root.h"
#include "nm_sync.h"

#define PAGE 4096u /* of the ABI's bounds */
#define ROUND(x, to) (((x) + (to) - 1) / (to) * (to))

#define RESERVED_BUFS 2u /* what an index that says nothing means; never handed out */

/* Bytes that take so long to get that nobody else is to wait for them. */
#define MUCH ((size_t)16 << 20)

_Static_assert((int)NM_POOLS == NM_OS_PARTS, "a part for each pool");

/* Bounds of the ABI, but for the number of rings and a netmap_if that can list as many. */
const struct nm_mem_bounds nm_mem_bounds[NM_POOLS - 1] = {
	{56, 8 * PAGE, 1, 10000},
	{256, 32 * PAGE, 2, 4096},
	{64, 65536, 4, 1000000},
};

/* What struct netmap_ring asks for; the others are better off on a cache line too. */
size_t
nm_mem_object_size(const struct nm_mem_geometry *g, int pool)
{
	size_t align = pool == NM_POOL_RING ? 128 : 64;

	if (pool == NM_POOL_SYNC)
		return NM_SYNC_CELL;
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

static uint32_t
object_num(const struct nm_mem_geometry *g, int pool)
{
	return pool == NM_POOL_SYNC ? g->num[NM_POOL_IF] + g->num[NM_POOL_RING] : g->num[pool];
}

size_t
nm_mem_pool_bytes(const struct nm_root *root, const struct nm_mem_geometry *g, int pool)
{
	return ROUND(nm_mem_object_size(g, pool) * object_num(g, pool), root->limits.page);
}

/* Buffers of more than a page are of use to a NIC only if it finds each in one piece, and to none if they are no power of two. */
static size_t
block(const struct nm_root *root, const struct nm_mem_geometry *g)
{
	size_t size = nm_mem_object_size(g, NM_POOL_BUF);

	return size > root->limits.page && !(size & (size - 1)) ? size : 0;
}

/* The objects that the host has given memory for. */
static void
extend(struct nm_mem *m, int pool)
{
	const struct nm_os_part *part = &m->region.part[pool];
	struct nm_pool *p = &m->pool[pool];
	size_t n = part->have / p->objsize;

	nm_pool_extend(p, part->base, n < p->objtotal ? (uint32_t)n : p->objtotal);
}

static int
pools_init(struct nm_mem *m, const struct nm_mem_geometry *g)
{
	int i, error;

	for (i = 0; i < NM_POOLS; i++) {
		error = nm_pool_init(&m->pool[i], m->region.part[i].offset, (uint32_t)nm_mem_object_size(g, i), object_num(g, i),
		    i == NM_POOL_BUF ? RESERVED_BUFS : 0);
		if (error)
			return error;
		extend(m, i);
	}
	return 0;
}

void
nm_mem_destroy(struct nm_mem *dead)
{
	struct nm_mem *m;
	int i;

	while ((m = dead)) {
		dead = m->next;
		for (i = 0; i < NM_POOLS; i++)
			nm_pool_fini(&m->pool[i]);
		if (m->region.size)
			nm_os_region_destroy(&m->region);
		nm_os_free(m);
	}
}

size_t
nm_mem_bytes(const struct nm_root *root, const struct nm_mem_geometry *g)
{
	size_t total = 0;
	int i;

	for (i = 0; i < NM_POOLS; i++)
		total += nm_mem_pool_bytes(root, g, i);
	return total;
}

static bool
in_bounds(const struct nm_mem_geometry *g)
{
	int i;

	for (i = 0; i < NM_POOL_SYNC; i++)
		if (g->size[i] < nm_mem_bounds[i].min_size || g->size[i] > nm_mem_bounds[i].max_size ||
		    g->num[i] < nm_mem_bounds[i].min_num || g->num[i] > nm_mem_bounds[i].max_num)
			return false;
	return true;
}

/* Where the parts lie, and the memory for them. */
static int
create_parts(struct nm_mem *m, struct nm_root *root, const struct nm_mem_geometry *g, struct nm_umem *ext)
{
	size_t total = 0;
	int i, error;

	for (i = 0; i < NM_POOLS; i++) {
		m->region.part[i].offset = total;
		m->region.part[i].size = nm_mem_pool_bytes(root, g, i);
		total += m->region.part[i].size;
	}
	m->memsize = m->region.part[NM_POOL_SYNC].offset;
	if (ext && ext->size < m->memsize)
		return -EINVAL;
	if (ext)
		m->region.umem = *ext;
	else
		m->region.part[NM_POOL_BUF].block = block(root, g);
	error = nm_os_region_create(&m->region, root, m->payer);
	if (error)
		return error;
	if (ext)
		ext->size = 0; /* the region's from here on */
	error = pools_init(m, g);
	for (i = 0; !error && ext && i < NM_POOL_SYNC; i++)
		nm_pool_set_dirty(&m->pool[i]);
	if (!error && ext)
		memset(m->pool[NM_POOL_BUF].base, 0, RESERVED_BUFS * (size_t)m->pool[NM_POOL_BUF].objsize);
	return error;
}

static int
create(struct nm_root *root, const struct nm_mem_geometry *g, const struct nm_cred *c, struct nm_umem *ext, struct nm_mem **out)
{
	struct nm_mem *m;
	int error;

	if (!in_bounds(g))
		return -EINVAL;
	m = nm_os_alloc(sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->payer = c->uid;
	error = create_parts(m, root, g, ext);
	if (!error)
		error = pick_id(root, &m->id);
	if (error) {
		nm_mem_destroy(m);
		return error;
	}
	m->refs = 1;
	m->root = root;
	m->access = (struct nm_access){c->uid, c->gid, root->limits.default_mode};
	m->next = root->mems;
	root->mems = m;
	*out = m;
	return 0;
}

int
nm_mem_create(struct nm_root *root, const struct nm_mem_geometry *g, const struct nm_cred *c, bool private_mem,
    struct nm_mem **out)
{
	int error = create(root, g, c, NULL, out);

	if (!error)
		(*out)->private_mem = private_mem;
	return error;
}

int
nm_mem_create_ext(struct nm_root *root, const struct nm_mem_geometry *g, const struct nm_cred *c, struct nm_umem *ext,
    struct nm_mem **out)
{
	int error = create(root, g, c, ext, out);

	if (!error)
		(*out)->private_mem = true;
	return error;
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
	m->next = m->root->dead;
	m->root->dead = m;
}

void
nm_mem_watch(struct nm_mem *m, struct nm_kring *kr)
{
	if (kr->mem_prev) {
		*kr->mem_prev = kr->mem_next;
		if (kr->mem_next)
			kr->mem_next->mem_prev = kr->mem_prev;
		kr->mem_prev = NULL;
	}
	kr->mem = m;
	if (!m)
		return;
	kr->mem_next = m->krings;
	kr->mem_prev = &m->krings;
	if (m->krings)
		m->krings->mem_prev = &kr->mem_next;
	m->krings = kr;
	kr->bufs = m->pool[NM_POOL_BUF].base;
	kr->stride = m->pool[NM_POOL_BUF].objsize;
	kr->nbufs = m->pool[NM_POOL_BUF].ready;
}

/*
 * Rings learn of more buffers. Where the buffers are comes first, for all who may look: nobody is to use an index that is new
 * with a base that is not.
 */
static void
tell(struct nm_mem *m)
{
	struct nm_kring *kr;
	bool bound = false;

	for (kr = m->krings; kr; kr = kr->mem_next) {
		NM_WRITE_ONCE(kr->bufs, m->pool[NM_POOL_BUF].base);
		bound |= kr->users > 0;
	}
	if (bound)
		nm_os_rcu_sync();
	for (kr = m->krings; kr; kr = kr->mem_next)
		NM_WRITE_ONCE(kr->nbufs, m->pool[NM_POOL_BUF].ready);
}

/* Makes the first n objects of a pool ready. */
static int
make_ready(struct nm_mem *m, int pool, uint32_t n)
{
	int error = nm_os_region_more(&m->region, (unsigned)pool, (size_t)n * m->pool[pool].objsize);

	if (error)
		return error;
	extend(m, pool);
	if (pool == NM_POOL_BUF)
		tell(m);
	return 0;
}

/* How many objects are to be ready for so many more to be free. */
static uint32_t
least(const struct nm_pool *p, uint32_t need)
{
	return need <= p->nfree ? p->ready : (p->ready > p->reserved ? p->ready : p->reserved) + need - p->nfree;
}

/* Not less than a quarter of what there is, if that can be had: so the ways to see a part, which the host keeps, stay few. */
static uint32_t
roomier(const struct nm_pool *p)
{
	uint32_t n = p->ready + p->ready / 4;

	return n < p->objtotal ? n : p->objtotal;
}

/* `need` free objects that are ready. */
static int
more(struct nm_mem *m, int pool, uint32_t need)
{
	struct nm_pool *p = &m->pool[pool];
	uint32_t n, roomy;

	if (need <= p->nfree)
		return 0;
	if (need > nm_pool_left(p))
		return -ENOMEM;
	n = least(p, need);
	roomy = roomier(p);
	if (roomy > n && !make_ready(m, pool, roomy))
		return 0;
	m->asked = (size_t)(n - p->ready) * p->objsize;
	m->why = make_ready(m, pool, n);
	return m->why;
}

int
nm_mem_prepare(struct nm_mem *m, const uint32_t need[NM_POOLS])
{
	size_t all = 0;
	int i, error = 0;

	for (i = 0; i < NM_POOLS; i++)
		if (need[i] > m->pool[i].nfree)
			all += (size_t)(need[i] - m->pool[i].nfree) * m->pool[i].objsize;
	m->why = 0;
	for (i = 0; i < NM_POOLS && !error; i++)
		error = more(m, i, need[i]);
	m->asked = all;
	return error;
}

/* Of a region whose pools may change meanwhile: each with n[] objects, the buffers with `extra` more or fewer. */
static int
fill(struct nm_mem *m, const uint32_t n[NM_POOLS], uint32_t extra)
{
	int i, error = 0;

	for (i = 0; i < NM_POOLS && !error; i++)
		error = nm_os_region_fill(&m->region, (unsigned)i, (size_t)n[i] * m->pool[i].objsize);
	for (; !error && extra; extra /= 2) {
		error = nm_os_region_fill(&m->region, NM_POOL_BUF, ((size_t)n[NM_POOL_BUF] + extra) * m->pool[NM_POOL_BUF].objsize);
		if (!error || error == -EINTR)
			return error;
		error = 0;
	}
	return error;
}

int
nm_mem_reserve(struct nm_mem *m, const uint32_t need[NM_POOLS], uint32_t extra)
{
	const struct nm_pool *b = &m->pool[NM_POOL_BUF];
	uint32_t n[NM_POOLS], all;
	size_t asked = 0;
	int i, error;

	for (i = 0; i < NM_POOLS; i++) {
		const struct nm_pool *p = &m->pool[i];

		if (need[i] > nm_pool_left(p))
			return 0; /* whoever hands them out tells */
		n[i] = least(p, need[i]);
		asked += (size_t)(n[i] - p->ready) * p->objsize;
	}
	if (extra > nm_pool_left(b) - need[NM_POOL_BUF])
		extra = nm_pool_left(b) - need[NM_POOL_BUF];
	all = least(b, need[NM_POOL_BUF] + extra);
	if (all > b->ready && all < roomier(b))
		all = roomier(b);
	extra = all - n[NM_POOL_BUF];
	if (asked + (size_t)extra * b->objsize < MUCH)
		return 0;
	nm_mem_get(m);
	nm_os_mutex_unlock(&m->root->lock);
	error = fill(m, n, extra);
	nm_os_mutex_lock(&m->root->lock);
	nm_mem_put(m);
	if (error) {
		m->asked = asked;
		m->why = error;
	}
	return error;
}

size_t
nm_mem_alloc(struct nm_mem *m, int pool)
{
	struct nm_pool *p = &m->pool[pool];
	uint32_t i = more(m, pool, 1) ? NM_POOL_NONE : nm_pool_alloc(p);

	return i == NM_POOL_NONE ? SIZE_MAX : p->offset + (size_t)i * p->objsize;
}

void
nm_mem_free(struct nm_mem *m, int pool, size_t offset)
{
	struct nm_pool *p = &m->pool[pool];

	nm_pool_free(p, (uint32_t)((offset - p->offset) / p->objsize));
	if (pool != NM_POOL_BUF && m->pool[NM_POOL_IF].nfree == m->pool[NM_POOL_IF].ready &&
	    m->pool[NM_POOL_RING].nfree == m->pool[NM_POOL_RING].ready)
		nm_pool_reset(&m->pool[NM_POOL_BUF]);
}

int
nm_mem_fill_slots(struct nm_mem *m, struct netmap_slot *slots, uint32_t n)
{
	struct nm_pool *p = &m->pool[NM_POOL_BUF];
	uint32_t i;

	if (more(m, NM_POOL_BUF, n))
		return -ENOMEM;
	for (i = 0; i < n; i++)
		slots[i] = (struct netmap_slot){.buf_idx = nm_pool_alloc(p), .len = (uint16_t)p->objsize};
	return 0;
}

void
nm_mem_free_slots(struct nm_mem *m, const struct netmap_slot *slots, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		nm_pool_free(&m->pool[NM_POOL_BUF], NM_READ_ONCE(slots[i].buf_idx));
}

uint32_t
nm_mem_extra_alloc(struct nm_mem *m, uint32_t n, uint32_t *head)
{
	struct nm_pool *p = &m->pool[NM_POOL_BUF];
	uint32_t i, k;

	*head = 0;
	if (n > nm_pool_left(p))
		n = nm_pool_left(p);
	while (more(m, NM_POOL_BUF, n))
		n /= 2; /* as many as there is memory for, about */
	for (k = 0; k < n; k++) {
		i = nm_pool_alloc(p);
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

	while (head >= RESERVED_BUFS && head < p->ready) {
		head = nm_os_index_nospec(head, p->ready);
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
