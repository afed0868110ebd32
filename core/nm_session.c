/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_session.h"
#include "nm_monitor.h"
#include "nm_root.h"

void
nm_session_init(struct nm_session *s, struct nm_root *root, const struct nm_cred *c)
{
	memset(s, 0, sizeof(*s));
	s->root = root;
	s->cred = *c;
}

int
nm_session_error(struct nm_session *s, int errnum, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->errtext, sizeof(s->errtext), fmt, ap);
	va_end(ap);
	s->errnum = errnum;
	return -errnum;
}

/* For the wider entries: a geometry that is enough for one client is enough for all. */
static size_t
ifp_bytes(const struct nm_port *p)
{
	uint32_t n = p->nrings[0] + nm_port_host_entries(p, 0) + p->nrings[1] + nm_port_host_entries(p, 1);

	return sizeof(struct netmap_if) + n * sizeof(ssize_t);
}

/* Lists the rings of this session; the others stay 0. */
static void
ifp_fill(struct nm_session *s)
{
	struct nm_port *p = s->port;
	struct netmap_if *n = s->nifp;
	ssize_t *ofs = (ssize_t *)(uintptr_t)n->ring_ofs;
	int32_t *ofs32 = (int32_t *)(uintptr_t)n->ring_ofs;
	int dir;
	uint32_t i, at = 0;

	snprintf((char *)(uintptr_t)n->ni_name, sizeof(n->ni_name), "%.15s", p->name);
	*(uint32_t *)(uintptr_t)&n->ni_flags = p->mem->private_mem ? NI_PRIV_MEM : 0;
	*(uint32_t *)(uintptr_t)&n->ni_tx_rings = p->nrings[NM_DIR_TX];
	*(uint32_t *)(uintptr_t)&n->ni_rx_rings = p->nrings[NM_DIR_RX];
	*(uint32_t *)(uintptr_t)&n->ni_host_tx_rings = nm_port_host_entries(p, NM_DIR_TX);
	*(uint32_t *)(uintptr_t)&n->ni_host_rx_rings = nm_port_host_entries(p, NM_DIR_RX);
	for (dir = 0; dir < 2; dir++) {
		for (i = s->first[dir]; i < s->last[dir]; i++) {
			ssize_t o = (ssize_t)(nm_session_kring(s, dir, i)->ring_ofs - s->nifp_ofs);

			if (s->ofs32)
				ofs32[at + i] = (int32_t)o;
			else
				ofs[at + i] = o;
		}
		at += p->nrings[dir] + nm_port_host_entries(p, dir);
	}
}

/* Rings that a pipe kept have a sender again: their peer's fetch must be over before anything of them is looked at. */
static void
adopt_rings(struct nm_session *s)
{
	bool wait = false;
	uint32_t i;

	for (i = s->first[NM_DIR_TX]; i < s->last[NM_DIR_TX]; i++) {
		struct nm_kring *kr = nm_session_kring(s, NM_DIR_TX, i);

		wait |= kr->orphan;
		NM_WRITE_ONCE(kr->orphan, false);
	}
	if (wait)
		nm_os_rcu_sync();
}

/* Takes what is bound; on failure last[] tells how far it got. */
static int
rings_get(struct nm_session *s)
{
	uint32_t i;
	int dir;

	for (dir = 0; dir < 2; dir++)
		for (i = s->first[dir]; i < s->last[dir]; i++) {
			if (!nm_session_kring(s, dir, i)->users)
				nm_session_kring(s, dir, i)->offsets = s->offsets; /* before somebody delivers to it */
			if (nm_port_ring_get(s->port, dir, i)) {
				s->last[dir] = i;
				if (dir == NM_DIR_TX)
					s->last[NM_DIR_RX] = s->first[NM_DIR_RX];
				return -ENOMEM;
			}
			if (s->flags & NR_EXCLUSIVE)
				nm_session_kring(s, dir, i)->exclusive = true;
		}
	return 0;
}

/* The rings go to who else has them; nobody may be in a sync or delivery of those that have no other user. */
static void
rings_put(struct nm_session *s)
{
	uint32_t i;
	int dir;

	for (dir = 0; dir < 2; dir++)
		for (i = s->first[dir]; i < s->last[dir]; i++) {
			nm_session_kring(s, dir, i)->exclusive = false;
			nm_port_ring_put(s->port, dir, i);
		}
}

/* Nothing is delivered to rings that nobody else has from here on. */
static void
retire_rings(struct nm_session *s)
{
	uint32_t i;
	int dir;

	for (dir = 0; dir < 2; dir++)
		for (i = s->first[dir]; i < s->last[dir]; i++)
			if (nm_session_kring(s, dir, i)->users == 1)
				NM_WRITE_ONCE(nm_session_kring(s, dir, i)->ready, false);
}

/* A ring that someone has for himself, or that this session wants for itself while it is in use. */
static int
check_exclusive(struct nm_session *s, struct nm_port *p)
{
	uint32_t i;
	int dir;

	for (dir = 0; dir < 2; dir++)
		for (i = s->first[dir]; i < s->last[dir]; i++) {
			const struct nm_kring *kr = &p->krings[dir][i];
			uint32_t users = kr->users - kr->held;

			if (kr->exclusive)
				return nm_session_error(s, EBUSY, "%s: %s ring %u is held exclusively by another descriptor",
				    p->name, dir ? "rx" : "tx", i);
			if ((s->flags & NR_EXCLUSIVE) && users)
				return nm_session_error(s, EBUSY, "%s: %s ring %u is in use by %u descriptor(s) and can't be had exclusively",
				    p->name, dir ? "rx" : "tx", i, users);
		}
	return 0;
}

/* Of rings that have clients already the offsets are theirs: others may ask for less. */
static int
check_offsets(struct nm_session *s, struct nm_port *p)
{
	const struct nm_offsets *o = &s->offsets;
	uint32_t i;
	int dir;

	for (dir = 0; (o->mask || s->ofs32) && dir < 2; dir++)
		for (i = s->first[dir]; i < s->last[dir]; i++) {
			const struct nm_kring *kr = &p->krings[dir][i];

			if (s->ofs32 && kr->offsets.mask)
				return nm_session_error(s, EBUSY, "%s: %s ring %u is in use with offsets, which a program of 32 bits can't see; "
				    "build it for 64 bits", p->name, dir ? "rx" : "tx", i);
			if (!o->mask || (kr->users - kr->held == 0 && !kr->offsets.mask))
				continue;
			if ((o->mask & ~kr->offsets.mask) || o->max > kr->offsets.max)
				return nm_session_error(s, EBUSY, "%s: %s ring %u is in use with offsets of up to %u in bits 0x%llx, and more is asked for",
				    p->name, dir ? "rx" : "tx", i, kr->offsets.max, (unsigned long long)kr->offsets.mask);
		}
	return 0;
}

/* Rings that a pipe held get them with their first client. */
static void
held_offsets(struct nm_session *s)
{
	uint32_t i;
	int dir;

	for (dir = 0; s->offsets.mask && dir < 2; dir++)
		for (i = s->first[dir]; i < s->last[dir]; i++) {
			struct nm_kring *kr = nm_session_kring(s, dir, i);

			if (!kr->offsets.mask)
				nm_kring_set_offsets(kr, &s->offsets);
		}
}

static int
no_memory(struct nm_session *s, const struct nm_port *p)
{
	const struct nm_pool *b = &p->mem->pool[NM_POOL_BUF], *r = &p->mem->pool[NM_POOL_RING], *f = &p->mem->pool[NM_POOL_IF];

	if (p->mem->why == -EDQUOT)
		return nm_session_error(s, ENOMEM, "%s: %zu KiB more in region %u would exceed the memory quota of user %u", p->name,
		    p->mem->asked / 1024, p->mem->id, p->mem->payer);
	if (p->mem->why)
		return nm_session_error(s, ENOMEM, "%s: there is no memory for %zu KiB more in region %u", p->name, p->mem->asked / 1024,
		    p->mem->id);
	return nm_session_error(s, ENOMEM, "%s: region %u is too full or too small: %u of %u buffers, %u of %u rings of up to %u slots and "
	    "%u of %u descriptors of up to %u rings are free; ask for fewer rings, slots or extra buffers", p->name, p->mem->id,
	    nm_pool_left(b), b->objtotal, nm_pool_left(r), r->objtotal, (uint32_t)((r->objsize - sizeof(struct netmap_ring)) / sizeof(struct netmap_slot)),
	    nm_pool_left(f), f->objtotal, (uint32_t)((f->objsize - sizeof(struct netmap_if)) / sizeof(ssize_t)) - 2);
}

static int
not_started(struct nm_session *s, const struct nm_port *p, int error)
{
	if (error == -ENOMEM && p->parent)
		return no_memory(s, p); /* for the other rings of a pipe */
	if (error == -ENOMEM && p->dma_sizes)
		return nm_session_error(s, ENOMEM, "%s: there is no memory to start it, or its device can't have all of region %u: bounce buffers (the "
		    "kernel's parameter swiotlb) or an IOMMU's addresses may be used up", p->name, p->mem->id);
	if (error == -ENOMEM)
		return nm_session_error(s, ENOMEM, "%s: there is no memory to start it", p->name);
	return nm_session_error(s, -error, "%s: the port can't be started (error %d)", p->name, -error);
}

/* Memory for what this descriptor will take: its own, and rings that nobody has yet. Without it nothing is bound. */
static int
prepare_memory(struct nm_session *s)
{
	uint32_t need[NM_POOLS] = {[NM_POOL_IF] = 1, [NM_POOL_SYNC] = 1}, i;
	int dir, error;

	for (dir = 0; dir < 2; dir++)
		for (i = s->first[dir]; i < s->last[dir]; i++)
			if (!nm_session_kring(s, dir, i)->users) {
				need[NM_POOL_RING]++;
				need[NM_POOL_SYNC]++;
				need[NM_POOL_BUF] += nm_session_kring(s, dir, i)->nslots;
			}
	error = nm_mem_prepare(s->mem, need);
	for (dir = 0; error && dir < 2; dir++)
		s->last[dir] = s->first[dir];
	return error;
}

int
nm_session_reserve(struct nm_session *s, struct nm_port *p, uint32_t extra)
{
	uint32_t need[NM_POOLS] = {[NM_POOL_IF] = 1, [NM_POOL_SYNC] = 1}, i;
	int dir, error;

	for (dir = 0; dir < 2; dir++)
		for (i = s->first[dir]; i < s->last[dir]; i++)
			if (!p->krings[dir] || !p->krings[dir][i].users) {
				need[NM_POOL_RING]++;
				need[NM_POOL_SYNC]++;
				need[NM_POOL_BUF] += p->nslots[dir];
			}
	error = nm_mem_reserve(p->mem, need, extra);
	return error ? no_memory(s, p) : 0;
}

int
nm_session_bind(struct nm_session *s, struct nm_port *p, uint32_t extra_wanted, uint32_t *extra_got)
{
	size_t ifp, cell;
	int error = nm_port_krings_create(p);

	if (error)
		return nm_session_error(s, ENOMEM, "%s: no memory for %u + %u rings", p->name, p->nrings[0], p->nrings[1]);
	error = check_exclusive(s, p);
	if (!error)
		error = check_offsets(s, p);
	if (!error && s->offsets.mask && p->ops->admit)
		error = p->ops->admit(p, s);
	if (error)
		return error;
	s->port = p;
	s->mem = nm_mem_get(p->mem);
	adopt_rings(s);
	error = prepare_memory(s);
	if (!error)
		error = rings_get(s);
	if (error) {
		error = no_memory(s, p);
		goto fail_rings;
	}
	ifp = ifp_bytes(p) <= p->mem->pool[NM_POOL_IF].objsize ? nm_mem_alloc(p->mem, NM_POOL_IF) : SIZE_MAX;
	cell = nm_mem_alloc(p->mem, NM_POOL_SYNC);
	if (ifp == SIZE_MAX || cell == SIZE_MAX) {
		error = no_memory(s, p);
		goto fail_cells;
	}
	s->nifp = nm_mem_ptr(p->mem, NM_POOL_IF, ifp);
	s->nifp_ofs = ifp;
	s->sync = nm_mem_ptr(p->mem, NM_POOL_SYNC, cell);
	s->cell = (uint32_t)((cell - p->mem->pool[NM_POOL_SYNC].offset) / NM_SYNC_CELL);
	s->sync->need_kick = NM_KICK_TX;
	s->sync->leave_cpu = UINT32_MAX;
	error = nm_port_host_update(p, s);
	if (error) {
		error = s->errnum ? error : nm_session_error(s, -error, "%s: its host rings can't be had", p->name);
		goto fail_cells;
	}
	if (!p->bound && p->ops->enable && (error = p->ops->enable(p, true))) {
		error = s->errnum ? error : not_started(s, p, error);
		goto fail_cells;
	}
	p->bound++;
	held_offsets(s);
	ifp_fill(s);
	*extra_got = nm_mem_extra_alloc(p->mem, extra_wanted, &s->extra);
	s->nifp->ni_bufs_head = s->extra;
	s->next = p->sessions;
	NM_RCU_ASSIGN(p->sessions, s);
	nm_os_port_changed(p);
	return 0;

fail_cells:
	if (cell != SIZE_MAX)
		nm_mem_free(p->mem, NM_POOL_SYNC, cell);
	if (ifp != SIZE_MAX)
		nm_mem_free(p->mem, NM_POOL_IF, ifp);
fail_rings:
	/* senders may have found the rings already */
	retire_rings(s);
	nm_os_port_changed(p);
	nm_os_rcu_sync();
	rings_put(s);
	nm_port_host_update(p, NULL);
	nm_mem_put(s->mem);
	s->mem = NULL;
	s->port = NULL;
	s->nifp = NULL;
	s->sync = NULL;
	return error;
}

void
nm_session_unbind(struct nm_session *s)
{
	struct nm_port *p = s->port;
	struct nm_session **q;

	if (!p)
		return;
	for (q = &p->sessions; *q != s; q = &(*q)->next)
		;
	NM_RCU_ASSIGN(*q, s->next);
	retire_rings(s);
	nm_os_port_changed(p);
	if (!--p->bound) {
		nm_monitor_stop(p);
		if (p->ops->enable)
			p->ops->enable(p, false);
	}
	nm_os_rcu_sync();
	nm_kloop_put(s);
	if (s->extra)
		nm_mem_extra_free(s->mem, NM_READ_ONCE(s->nifp->ni_bufs_head));
	nm_mem_free(s->mem, NM_POOL_SYNC, s->mem->pool[NM_POOL_SYNC].offset + (size_t)s->cell * NM_SYNC_CELL);
	nm_mem_free(s->mem, NM_POOL_IF, s->nifp_ofs);
	rings_put(s);
	nm_port_host_update(p, NULL);
	s->port = NULL;
	s->nifp = NULL;
	s->sync = NULL;
	nm_port_put(p);
	nm_mem_put(s->mem);
	s->mem = NULL;
}

void
nm_session_close(struct nm_session *s)
{
	nm_os_mutex_lock(&s->root->lock);
	nm_session_unbind(s);
	nm_root_unlock(s->root);
}
