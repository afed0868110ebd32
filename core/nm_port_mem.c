/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_port_mem.c - the shape and the region of a port that is made by a request. */
#include "nm_root.h"
#include "nm_session.h"

#define SPARE_PIPES 2u
#define MAX_EXTRA (128u * 4096u)
#define MAX_BUFS 1000000u
#define DMA_BUF_SIZE 2048u

static int
one_hint(struct nm_session *s, const char *name, const char *what, uint32_t asked, uint32_t max)
{
	if (asked <= max)
		return 0;
	return nm_session_error(s, EINVAL, "%s: %u %s asked for, 1 to %u are possible", name, asked, what, max);
}

int
nm_port_hints_check(struct nm_session *s, const char *name, const struct nmreq_register *reg, uint32_t max_rings, uint32_t max_slots)
{
	int error = one_hint(s, name, "transmit rings", reg->nr_tx_rings, max_rings);

	if (!error)
		error = one_hint(s, name, "receive rings", reg->nr_rx_rings, max_rings);
	if (!error)
		error = one_hint(s, name, "transmit slots", reg->nr_tx_slots, max_slots);
	if (!error)
		error = one_hint(s, name, "receive slots", reg->nr_rx_slots, max_slots);
	return error;
}

static uint32_t
max32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* The port's device, if it has one, can do with such buffers. */
static bool
usable(const struct nm_port *p, uint32_t size)
{
	return !p->dma_sizes || (!(size & (size - 1)) && (size & p->dma_sizes));
}

/*
 * Room for the port's rings, two pipes and the extra buffers, as the ABI gives it; the first pipe as large as `pipe` says,
 * whose zeroes are this port's defaults. A pipe is four rings, and one end's may be bound while the other's are held.
 */
static uint64_t
private_geometry(const struct nm_port *p, uint32_t extra, const struct nmreq_register *pipe, struct nm_mem_geometry *g)
{
	uint32_t ptx = pipe && pipe->nr_tx_rings ? pipe->nr_tx_rings : 1, prx = pipe && pipe->nr_rx_rings ? pipe->nr_rx_rings : 1;
	uint32_t pts = pipe && pipe->nr_tx_slots ? pipe->nr_tx_slots : p->nslots[0];
	uint32_t prs = pipe && pipe->nr_rx_slots ? pipe->nr_rx_slots : p->nslots[1];
	uint32_t tx = p->nrings[0] + p->nhost[0], rx = p->nrings[1] + p->nhost[1];
	uint32_t slots = max32(max32(p->nslots[0], p->nslots[1]), max32(pts, prs));
	size_t ring = sizeof(struct netmap_ring) + (size_t)slots * sizeof(struct netmap_slot);
	size_t ifsize = sizeof(struct netmap_if) + (max32(tx + rx, ptx + prx) + 2) * sizeof(ssize_t);
	uint64_t bufs;

	if (extra > MAX_EXTRA)
		extra = MAX_EXTRA;
	bufs = (uint64_t)(4 * SPARE_PIPES + rx + 1) * p->nslots[1] + (uint64_t)(4 * SPARE_PIPES + tx + 1) * p->nslots[0] + 2 + extra;
	bufs += 2 * ((uint64_t)ptx * pts + (uint64_t)prx * prs);
	g->size[NM_POOL_IF] = max32(1024, (uint32_t)ifsize);
	g->num[NM_POOL_IF] = 8 + 4 * SPARE_PIPES + max32(tx, rx) + max32(ptx, prx);
	g->size[NM_POOL_RING] = max32(20480, (uint32_t)ring);
	g->num[NM_POOL_RING] = tx + rx + 2 + 8 * SPARE_PIPES + 2 * (ptx + prx);
	g->size[NM_POOL_BUF] = max32(usable(p, p->root->limits.buf_size) ? p->root->limits.buf_size : DMA_BUF_SIZE, p->buf_bytes);
	g->num[NM_POOL_BUF] = bufs > MAX_BUFS ? MAX_BUFS : (uint32_t)bufs;
	return bufs;
}

int
nm_port_mem_find(struct nm_session *s, const char *name, uint16_t id, struct nm_mem **out)
{
	int error = nm_mem_find(s->root, id, &s->cred, out);

	switch (error) {
	case 0:
		return 0;
	case -EACCES:
		return nm_session_error(s, EACCES, "%s: region %u belongs to another user", name, id);
	case -EINVAL:
		return nm_session_error(s, EINVAL, "%s: there is no region %u", name, id);
	case -EDQUOT:
		return nm_session_error(s, ENOMEM, "%s: region %u of interfaces would exceed the memory quota of user %u", name, id, s->cred.uid);
	default:
		return nm_session_error(s, -error, "%s: region %u of interfaces could not be had (error %d)", name, id, -error);
	}
}

int
nm_port_use_mem(struct nm_session *s, struct nm_port *p, struct nm_mem *mem)
{
	uint32_t size = mem->pool[NM_POOL_BUF].objsize;

	if (p->dma_sizes && mem->region.umem.size && size > p->root->limits.page)
		return nm_session_error(s, EINVAL, "%s: its device needs each buffer in one piece, and in memory of a client (region %u) only those within a "
		    "page of %u bytes are; %u are asked for", p->name, mem->id, p->root->limits.page, size);
	if (!usable(p, size))
		return nm_session_error(s, EINVAL, "%s: region %u has buffers of %u bytes, which its device can't use; open %s first, and give its "
		    "region to the others", p->name, mem->id, size, p->name);
	p->mem = mem;
	return 0;
}

int
nm_port_private_mem(struct nm_session *s, struct nm_port *p, const struct nmreq_register *reg, const struct nmreq_register *pipe)
{
	struct nm_mem_geometry g;
	struct nm_mem *m;
	uint64_t bufs;
	size_t bytes;
	int error;

	if (reg->nr_mem_id) {
		error = nm_port_mem_find(s, p->name, reg->nr_mem_id, &m);
		if (!error && (error = nm_port_use_mem(s, p, m)))
			nm_mem_put(m);
		return error;
	}
	bufs = private_geometry(p, reg->nr_extra_bufs, pipe, &g);
	if (bufs > MAX_BUFS && pipe)
		return nm_session_error(s, ENOMEM, "%s: a pipe of %u + %u rings of %u and %u slots needs %llu buffers, a region has %u at most",
		    p->name, pipe->nr_tx_rings, pipe->nr_rx_rings, pipe->nr_tx_slots, pipe->nr_rx_slots, (unsigned long long)bufs, MAX_BUFS);
	if (bufs > MAX_BUFS)
		return nm_session_error(s, ENOMEM, "%s: %u + %u rings of %u and %u slots need %llu buffers, a region has %u at most",
		    p->name, p->nrings[0], p->nrings[1], p->nslots[0], p->nslots[1], (unsigned long long)bufs, MAX_BUFS);
	bytes = nm_mem_bytes(s->root, &g);
	error = nm_mem_create(s->root, &g, &s->cred, true, &p->mem);
	if (error == -EDQUOT)
		return nm_session_error(s, ENOMEM, "%s: a region of %zu KiB (%u buffers) would exceed the memory quota of user %u", p->name,
		    bytes / 1024, g.num[NM_POOL_BUF], s->cred.uid);
	if (error == -ENFILE || error == -EMFILE)
		return nm_session_error(s, -error, "%s: there are as many regions as there can be; close other ports", p->name);
	if (error)
		return nm_session_error(s, -error, "%s: no region of %zu KiB (%u buffers of %u bytes) could be had", p->name, bytes / 1024,
		    g.num[NM_POOL_BUF], g.size[NM_POOL_BUF]);
	return 0;
}
