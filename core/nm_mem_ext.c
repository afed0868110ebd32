/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_mem_ext.h"
#include "nm_pipe.h"
#include "nm_root.h"
#include "nm_umem.h"
#include "nm_vale.h"

/* Where the option says 0: for a port as asked for, a pipe on it, and several descriptors of each. */
#define IF_SIZE 1024u
#define IF_NUM 16u
#define RING_SIZE 20480u
#define NIC_BUF_SIZE 2048u /* what devices can use */
#define MAX_SLOTS 8176u    /* what the largest ring holds */

struct nm_ctl_opt *
nm_mem_ext_option(struct nm_ctl_msg *m)
{
	uint32_t i;

	for (i = 0; i < m->nopts; i++)
		if (m->opts[i].hdr.nro_reqtype == NETMAP_REQ_OPT_EXTMEM)
			return &m->opts[i];
	return NULL;
}

/* What a request can't ask for together with it. */
static int
check_request(struct nm_session *s, const char *name, const struct nmreq_register *reg)
{
	if (reg->nr_mem_id)
		return nm_session_error(s, EINVAL, "%s: region %u and memory of the client (option EXTMEM) are both asked for; give one of them", name,
		    reg->nr_mem_id);
	if (reg->nr_flags & (NR_MONITOR_TX | NR_MONITOR_RX | NR_ZCOPY_MON))
		return nm_session_error(s, EOPNOTSUPP, "%s: a monitor can't lie in memory of the client (option EXTMEM)", name);
	return 0;
}

static uint32_t
max32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Names that a device may stand behind. */
static bool
is_interface(const char *name, const struct nmreq_register *reg)
{
	return reg->nr_mode != NR_REG_NULL && !nm_vale_is_name(name) && !nm_pipe_brace(name);
}

/* As the option says, and where it says nothing. */
static void
take_geometry(const struct nm_session *s, const char *name, const struct nmreq_register *reg, const struct nmreq_pools_info *i,
    struct nm_mem_geometry *g)
{
	uint32_t slots = max32(max32(reg->nr_tx_slots, reg->nr_rx_slots), s->root->limits.ring_slots);
	uint32_t rings = max32(reg->nr_tx_rings, 1) + max32(reg->nr_rx_rings, 1);
	uint32_t ring = (uint32_t)sizeof(struct netmap_ring) + (slots < MAX_SLOTS ? slots : MAX_SLOTS) * (uint32_t)sizeof(struct netmap_slot);
	uint32_t bufsize = is_interface(name, reg) ? NIC_BUF_SIZE : s->root->limits.buf_size;

	g->size[NM_POOL_IF] = i->nr_if_pool_objsize ? i->nr_if_pool_objsize : IF_SIZE;
	g->num[NM_POOL_IF] = i->nr_if_pool_objtotal ? i->nr_if_pool_objtotal : IF_NUM;
	g->size[NM_POOL_RING] = i->nr_ring_pool_objsize ? i->nr_ring_pool_objsize : max32(RING_SIZE, ring);
	g->num[NM_POOL_RING] = i->nr_ring_pool_objtotal ? i->nr_ring_pool_objtotal : 4 * rings;
	g->size[NM_POOL_BUF] = i->nr_buf_pool_objsize ? i->nr_buf_pool_objsize : bufsize;
	g->num[NM_POOL_BUF] = i->nr_buf_pool_objtotal;
}

/* Sizes and numbers within the bounds of all regions; a number of buffers of 0 is as many as there is room for. */
static int
check_bounds(struct nm_session *s, const char *name, const struct nm_mem_geometry *g)
{
	static const char *const what[NM_POOL_SYNC] = {"netmap_ifs", "rings", "buffers"};
	int i;

	for (i = 0; i < NM_POOL_SYNC; i++) {
		const struct nm_mem_bounds *b = &nm_mem_bounds[i];

		if (g->size[i] < b->min_size || g->size[i] > b->max_size)
			return nm_session_error(s, EINVAL, "%s: %s of %u bytes, %u to %u are possible", name, what[i], g->size[i], b->min_size, b->max_size);
		if ((g->num[i] || i != NM_POOL_BUF) && (g->num[i] < b->min_num || g->num[i] > b->max_num))
			return nm_session_error(s, EINVAL, "%s: %u %s, %u to %u are possible", name, g->num[i], what[i], b->min_num, b->max_num);
	}
	return 0;
}

/* Buffers get what the others leave, if that is as many as asked for. */
static int
fit(struct nm_session *s, const char *name, struct nm_mem_geometry *g, uint64_t size)
{
	const struct nm_mem_bounds *b = &nm_mem_bounds[NM_POOL_BUF];
	uint64_t page = s->root->limits.page, room = size & ~(page - 1), before, least = g->num[NM_POOL_BUF] ? g->num[NM_POOL_BUF] : b->min_num, n;
	uint32_t objsize = (uint32_t)nm_mem_object_size(g, NM_POOL_BUF);

	before = nm_mem_pool_bytes(s->root, g, NM_POOL_IF) + nm_mem_pool_bytes(s->root, g, NM_POOL_RING);
	n = room > before ? (room - before) / objsize : 0;
	if (n < least)
		return nm_session_error(s, EINVAL, "%s: %llu KiB of memory are too little for %u netmap_ifs of %zu bytes, %u rings of %zu and %llu buffers of "
		    "%u, which take %llu KiB", name, (unsigned long long)(size / 1024), g->num[NM_POOL_IF], nm_mem_object_size(g, NM_POOL_IF),
		    g->num[NM_POOL_RING], nm_mem_object_size(g, NM_POOL_RING), (unsigned long long)least, objsize,
		    (unsigned long long)((before + ((least * objsize + page - 1) & ~(page - 1))) / 1024));
	g->num[NM_POOL_BUF] = n > b->max_num ? b->max_num : (uint32_t)n;
	return 0;
}

/* The region that lies in the same memory. */
static struct nm_mem *
find_same(struct nm_root *root, const struct nm_umem *u)
{
	struct nm_mem *m;

	for (m = root->mems; m; m = m->next)
		if (m->region.umem.size && nm_os_umem_same(&m->region.umem, u))
			return m;
	return NULL;
}

/* Takes u over, whatever comes of it. */
static int
find_or_create(struct nm_session *s, const char *name, const struct nm_mem_geometry *g, struct nm_umem *u, struct nm_mem **out)
{
	struct nm_mem *m = find_same(s->root, u);
	size_t size = u->size;
	int error;

	if (m) {
		nm_umem_put(u);
		return nm_port_mem_find(s, name, m->id, out);
	}
	error = nm_mem_create_ext(s->root, g, &s->cred, u, out);
	if (!error)
		return 0;
	nm_umem_put(u);
	if (error == -EDQUOT)
		return nm_session_error(s, ENOMEM, "%s: a region in %zu KiB of the client's memory would exceed the memory quota of user %u", name,
		    size / 1024, s->cred.uid);
	if (error == -EOPNOTSUPP)
		return nm_session_error(s, EOPNOTSUPP, "%s: the client's memory lies in more than one file; a region must be in one", name);
	if (error == -ENFILE || error == -EMFILE)
		return nm_session_error(s, -error, "%s: there are as many regions as there can be; close other ports", name);
	return nm_session_error(s, -error, "%s: no region in %zu KiB of the client's memory could be had (error %d)", name, size / 1024, -error);
}

static int
open_region(struct nm_session *s, const char *name, const struct nmreq_register *reg, const struct nmreq_opt_extmem *o, struct nm_mem **out)
{
	struct nm_mem_geometry g;
	struct nm_umem u;
	int error;

	if (!o)
		return nm_session_error(s, EINVAL, "%s: the option EXTMEM has no body", name);
	error = check_request(s, name, reg);
	if (error)
		return error;
	take_geometry(s, name, reg, &o->nro_info, &g);
	error = check_bounds(s, name, &g);
	if (!error)
		error = fit(s, name, &g, o->nro_info.nr_memsize);
	if (!error)
		error = nm_umem_get(s, "memory of the client (option EXTMEM)", o->nro_usrptr,
		    o->nro_info.nr_memsize & ~(uint64_t)(s->root->limits.page - 1), s->root->limits.page, &u);
	return error ? error : find_or_create(s, name, &g, &u, out);
}

int
nm_mem_ext_open(struct nm_session *s, const char *name, struct nmreq_register *reg, struct nm_ctl_opt *opt, struct nm_mem **out)
{
	int error = open_region(s, name, reg, opt->body, out);

	opt->hdr.nro_status = (uint32_t)-error;
	if (!error)
		reg->nr_mem_id = (*out)->id;
	return error;
}

void
nm_mem_ext_close(struct nm_mem *mem, struct nm_ctl_opt *opt, int error)
{
	struct nmreq_opt_extmem *o = opt->body;
	uint64_t size = o->nro_info.nr_memsize;

	if (!error)
		nm_mem_info(mem, &o->nro_info);
	o->nro_info.nr_memsize = size; /* of the memory, by which it is known again */
	nm_mem_put(mem);
}
