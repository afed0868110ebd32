/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_port_mem.c - the region of a port that is made by a request. */
#include "nm_root.h"
#include "nm_session.h"

#define SPARE_PIPES 2u
#define MAX_EXTRA (128u * 4096u)

/* Room for the port's rings, two pipes and the extra buffers, as the ABI gives it. False: too much. */
static bool
private_geometry(const struct nm_port *p, uint32_t extra, struct nm_mem_geometry *g)
{
	uint64_t tx = p->nrings[0] + p->nhost[0], rx = p->nrings[1] + p->nhost[1];
	uint32_t slots = p->nslots[0] > p->nslots[1] ? p->nslots[0] : p->nslots[1];
	uint64_t ring = sizeof(struct netmap_ring) + (uint64_t)slots * sizeof(struct netmap_slot), bufs;
	uint64_t ifsize = sizeof(struct netmap_if) + (tx + rx + 2) * sizeof(uint64_t);

	if (extra > MAX_EXTRA)
		extra = MAX_EXTRA;
	bufs = (4 * SPARE_PIPES + rx + 1) * p->nslots[1] + (4 * SPARE_PIPES + tx + 1) * p->nslots[0] + 2 + extra;
	g->size[NM_POOL_IF] = ifsize > 1024 ? (uint32_t)ifsize : 1024;
	g->num[NM_POOL_IF] = 8 + 4 * SPARE_PIPES;
	g->size[NM_POOL_RING] = ring > 20480 ? (uint32_t)ring : 20480;
	g->num[NM_POOL_RING] = (uint32_t)(tx + rx) + 2 + 8 * SPARE_PIPES;
	g->size[NM_POOL_BUF] = p->root->limits.buf_size;
	g->num[NM_POOL_BUF] = bufs > UINT32_MAX ? UINT32_MAX : (uint32_t)bufs;
	return bufs <= 1000000;
}

int
nm_port_private_mem(struct nm_session *s, struct nm_port *p, const struct nmreq_register *reg)
{
	struct nm_mem_geometry g;
	int error;

	if (reg->nr_mem_id) {
		error = nm_mem_find(s->root, reg->nr_mem_id, &s->cred, &p->mem);
		if (error == -EACCES)
			return nm_session_error(s, EACCES, "%s: region %u belongs to another user", p->name, reg->nr_mem_id);
		if (error)
			return nm_session_error(s, -error, "%s: there is no region %u", p->name, reg->nr_mem_id);
		return 0;
	}
	if (!private_geometry(p, reg->nr_extra_bufs, &g))
		return nm_session_error(s, ENOMEM, "%s: %u + %u rings of %u and %u slots need %u buffers, a region has 1000000 at most",
		    p->name, p->nrings[0], p->nrings[1], p->nslots[0], p->nslots[1], g.num[NM_POOL_BUF]);
	error = nm_mem_create(s->root, &g, &s->cred, true, &p->mem);
	if (error == -EDQUOT)
		return nm_session_error(s, ENOMEM, "%s: a region of %u buffers would exceed the memory quota of user %u", p->name,
		    g.num[NM_POOL_BUF], s->cred.uid);
	if (error)
		return nm_session_error(s, -error, "%s: no region of %u buffers of %u bytes could be had", p->name,
		    g.num[NM_POOL_BUF], g.size[NM_POOL_BUF]);
	return 0;
}
