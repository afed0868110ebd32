/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_monitor.h"
#include "nm_root.h"
#include "nm_session.h"
#include "nm_vale_fwd.h"

struct nm_port *
nm_port_alloc(struct nm_root *root, const char *name, const struct nm_port_ops *ops, const struct nm_cred *c)
{
	struct nm_port *p = nm_os_alloc(sizeof(*p));

	if (!p)
		return NULL;
	p->root = root;
	p->ops = ops;
	p->refs = 1;
	p->access = (struct nm_access){c->uid, c->gid, root->limits.default_mode};
	snprintf(p->name, sizeof(p->name), "%s", name);
	return p;
}

void
nm_port_link(struct nm_port *p)
{
	struct nm_port **q;

	for (q = &p->root->ports; *q; q = &(*q)->next)
		;
	*q = p;
}

struct nm_port *
nm_port_find(struct nm_root *root, const char *name)
{
	struct nm_port *p;

	for (p = root->ports; p; p = p->next)
		if (!p->anonymous && !NM_READ_ONCE(p->gone) && !strcmp(p->name, name))
			return p;
	return NULL;
}

int
nm_port_nic_create(struct nm_session *s, const char *name, uint16_t mem_id, struct nm_port **out)
{
	struct nm_mem *mem;
	struct nm_port *p;
	int error = nm_port_mem_find(s, name, mem_id ? mem_id : 1, &mem);

	if (error)
		return error;
	error = nm_os_nic_create(s->root, s, name, mem->pool[NM_POOL_BUF].objsize, &p);
	if (!error && (error = nm_port_use_mem(s, p, mem)))
		nm_port_put(p);
	if (error) {
		nm_mem_put(mem);
		return error;
	}
	nm_port_link(p);
	*out = p;
	return 0;
}

struct nm_port *
nm_port_get(struct nm_port *p)
{
	p->refs++;
	return p;
}

static uint32_t
nkrings(const struct nm_port *p, int dir)
{
	return (uint32_t)p->nrings[dir] + p->nhost[dir];
}

static void
krings_destroy(struct nm_port *p)
{
	uint32_t i;
	int dir;

	for (dir = 0; dir < 2; dir++) {
		for (i = 0; p->krings[dir] && i < nkrings(p, dir); i++)
			nm_mem_watch(NULL, &p->krings[dir][i]);
		nm_os_free(p->krings[dir]);
		p->krings[dir] = NULL;
	}
}

void
nm_port_put(struct nm_port *p)
{
	struct nm_port **q;

	if (--p->refs) {
		if (p->ops->unref)
			p->ops->unref(p);
		return;
	}
	for (q = &p->root->ports; *q && *q != p; q = &(*q)->next)
		;
	if (*q)
		*q = p->next;
	nm_monitor_stop(p);
	if (p->ops->destroy)
		p->ops->destroy(p);
	krings_destroy(p);
	if (p->mem)
		nm_mem_put(p->mem);
	nm_os_free(p);
}

int (*nm_port_sync(const struct nm_kring *kr))(struct nm_kring *kr)
{
	const struct nm_port_ops *o = kr->port->ops;

	if (kr->is_host)
		return kr->dir == NM_DIR_TX ? o->host_txsync : o->host_rxsync;
	return kr->dir == NM_DIR_TX ? o->txsync : o->rxsync;
}

static void
kring_setup(struct nm_port *p, struct nm_kring *kr, int dir, uint32_t i)
{
	kr->port = p;
	kr->id = (uint16_t)i;
	kr->dir = (uint8_t)dir;
	kr->nslots = p->nslots[dir];
	kr->is_host = i >= p->nrings[dir];
	kr->sync = nm_port_sync(kr);
	kr->notify = nm_os_notify;
	nm_mem_watch(p->mem, kr);
	nm_os_spin_init(&kr->lock);
}

struct nm_mem *
nm_port_set_mem(struct nm_port *p, struct nm_mem *m)
{
	struct nm_mem *old = p->mem;
	uint32_t i;
	int dir;

	p->mem = m;
	for (dir = 0; dir < 2; dir++)
		for (i = 0; p->krings[dir] && i < nkrings(p, dir); i++)
			nm_mem_watch(m, &p->krings[dir][i]);
	return old;
}

static bool
in_use(const struct nm_port *p, bool host)
{
	uint32_t i, n;
	int dir;

	for (dir = 0; dir < 2; dir++) {
		n = host ? p->nrings[dir] + p->nhost[dir] : p->nrings[dir];
		for (i = host ? p->nrings[dir] : 0; p->krings[dir] && i < n; i++)
			if (p->krings[dir][i].users)
				return true;
	}
	return false;
}

int
nm_port_host_update(struct nm_port *p, struct nm_session *s)
{
	enum nm_port_host want = !in_use(p, true) ? NM_PORT_HOST_FREE : in_use(p, false) ? NM_PORT_HOST_TAKEN : NM_PORT_HOST_HELD;
	int error = 0;

	if (want != p->host_state && p->ops->host)
		error = p->ops->host(p, want, s);
	if (!error)
		p->host_state = want;
	return error;
}

int
nm_port_krings_create(struct nm_port *p)
{
	uint32_t i, n;
	int dir;

	for (dir = 0; dir < 2; dir++) {
		if (p->krings[dir])
			continue;
		n = nkrings(p, dir);
		p->krings[dir] = nm_os_alloc((n + 1) * sizeof(struct nm_kring));
		if (!p->krings[dir]) {
			krings_destroy(p);
			return -ENOMEM;
		}
		for (i = 0; i < n; i++)
			kring_setup(p, &p->krings[dir][i], dir, i);
	}
	return 0;
}

int
nm_port_private_create(struct nm_port *p, struct nm_kring *kr)
{
	if (kr->dir == NM_DIR_RX) {
		kr->done = nm_os_alloc((size_t)kr->nslots * sizeof(*kr->done));
		kr->stack = nm_os_alloc((size_t)kr->nslots * sizeof(*kr->stack));
		if (kr->done && kr->stack)
			return 0;
	} else {
		bool sends = p->ops->txsync == nm_vale_txsync;

		kr->work = nm_os_alloc(sends ? sizeof(*kr->work) : sizeof(uint64_t));
		if (kr->work && sends)
			nm_vale_work_init(kr->work);
		if (kr->work)
			return 0;
	}
	return -ENOMEM;
}

void
nm_port_private_destroy(struct nm_kring *kr)
{
	nm_os_free(kr->done);
	nm_os_free(kr->stack);
	nm_os_free(kr->work);
	kr->done = kr->stack = NULL;
	kr->work = NULL;
}

static void
ring_init(struct nm_port *p, struct nm_kring *kr)
{
	struct netmap_ring *r = kr->ring;
	uint32_t i;

	/* the fields are const for clients only */
	*(int64_t *)(uintptr_t)&r->buf_ofs = (int64_t)(p->mem->pool[NM_POOL_BUF].offset - kr->ring_ofs);
	*(uint32_t *)(uintptr_t)&r->num_slots = kr->nslots;
	*(uint32_t *)(uintptr_t)&r->nr_buf_size = kr->stride;
	*(uint16_t *)(uintptr_t)&r->ringid = kr->id;
	*(uint16_t *)(uintptr_t)&r->dir = kr->dir == NM_DIR_TX;
	*(uint64_t *)(uintptr_t)&r->offset_mask = kr->offsets.mask;
	r->flags = 0;
	if (kr->offsets.mask)
		for (i = 0; i < kr->nslots; i++)
			kr->slots[i].ptr = kr->offsets.first;
}

int
nm_port_ring_get(struct nm_port *p, int dir, uint32_t i)
{
	struct nm_kring *kr = &p->krings[dir][i];
	size_t cell, off;
	struct nm_sync_ring *s;

	if (kr->users++) {
		if (kr->held && kr->users == 2)
			nm_kring_resume(kr);
		return 0;
	}
	if (sizeof(struct netmap_ring) + (size_t)kr->nslots * sizeof(struct netmap_slot) >
	    p->mem->pool[NM_POOL_RING].objsize)
		goto fail_users;
	off = nm_mem_alloc(p->mem, NM_POOL_RING);
	if (off == SIZE_MAX)
		goto fail_users;
	cell = nm_mem_alloc(p->mem, NM_POOL_SYNC);
	if (cell == SIZE_MAX)
		goto fail_ring;
	kr->ring = nm_mem_ptr(p->mem, NM_POOL_RING, off);
	kr->ring_ofs = off;
	kr->slots = kr->ring->slot;
	if (nm_mem_fill_slots(p->mem, kr->slots, kr->nslots))
		goto fail_cell;
	if (nm_port_private_create(p, kr))
		goto fail_slots;
	s = nm_mem_ptr(p->mem, NM_POOL_SYNC, cell);
	kr->csb = (uint32_t)((cell - p->mem->pool[NM_POOL_SYNC].offset) / NM_SYNC_CELL);
	kr->atok = &s->atok;
	kr->ktoa = &s->ktoa;
	ring_init(p, kr);
	nm_kring_reset(kr);
	NM_STORE_RELEASE(&kr->ready, true);
	return 0;

fail_slots:
	nm_port_private_destroy(kr);
	nm_mem_free_slots(p->mem, kr->slots, kr->nslots);
fail_cell:
	nm_mem_free(p->mem, NM_POOL_SYNC, cell);
fail_ring:
	nm_mem_free(p->mem, NM_POOL_RING, off);
	kr->ring = NULL;
fail_users:
	memset(&kr->offsets, 0, sizeof(kr->offsets));
	kr->users--;
	return -ENOMEM;
}

/* The caller has waited until no sync uses the ring. */
void
nm_port_ring_put(struct nm_port *p, int dir, uint32_t i)
{
	struct nm_kring *kr = &p->krings[dir][i];
	bool waits;

	if (--kr->users) {
		if (!kr->held || kr->users > 1 || dir != NM_DIR_TX)
			return;
		waits = kr->hwcur != kr->rhead;
		NM_STORE_RELEASE(&kr->orphan, true); /* from here on it is its peer's */
		if (waits)
			nm_os_port_changed(kr->peer->port);
		return;
	}
	NM_WRITE_ONCE(kr->orphan, false);
	if (p->ops->unbound)
		p->ops->unbound(kr);
	nm_kring_unstack(kr);
	nm_port_private_destroy(kr);
	nm_mem_free_slots(p->mem, kr->slots, kr->nslots);
	nm_mem_free(p->mem, NM_POOL_SYNC, p->mem->pool[NM_POOL_SYNC].offset + (size_t)kr->csb * NM_SYNC_CELL);
	nm_mem_free(p->mem, NM_POOL_RING, kr->ring_ofs);
	kr->ring = NULL;
	kr->slots = NULL;
	kr->atok = NULL;
	kr->ktoa = NULL;
	memset(&kr->offsets, 0, sizeof(kr->offsets));
	kr->hwcur = kr->hwtail = kr->rhead = kr->rcur = kr->rtail = kr->rel = kr->lease = 0;
}

void
nm_port_set_gone(struct nm_port *p)
{
	struct nm_session *s;

	NM_WRITE_ONCE(p->gone, true);
	for (s = p->sessions; s; s = s->next)
		if (s->sync)
			NM_WRITE_ONCE(s->sync->dead, 1);
	nm_os_port_changed(p);
}
