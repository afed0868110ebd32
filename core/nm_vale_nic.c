/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_vale_nic.c - see nm_vale_nic.h. Who calls what: the host calls notify of a receive ring after it filled slots. */
#include "nm_vale_nic.h"
#include "nm_ctl.h"
#include "nm_monitor.h"
#include "nm_root.h"

#define ROUNDS 4u /* of one caller for others; after that the host goes on */

/* One attached interface. */
struct vale_nic {
	struct nm_port *nic;
	struct nm_port *port[2];      /* of the switch; [1]: the host's side, if asked for */
	struct nm_mem *old_mem;       /* of the interface before */
	struct nm_sync_ring *cells;   /* of the switch's rings; nobody else sees them */
	uint32_t ncells, held[2];     /* rings of the interface that we have, by direction */
	bool enabled;
};

/* The interface received: the switch gets it at once, so that these slots are free again. */
static void
input(struct nm_kring *rx)
{
	struct nm_kring *kr = rx->wrap;

	kr->rhead = kr->rcur = NM_LOAD_ACQUIRE(&rx->hwtail);
	kr->stat[NM_STAT_syncs_tx]++;
	while (kr->hwcur != kr->rhead) {
		kr->impatient = kr->last_call = true; /* the system's queue is the place to wait, not this one */
		if (nm_kring_call(kr))
			kr->hwcur = kr->rhead;
	}
	NM_STORE_RELEASE(&rx->atok->head, kr->hwcur);
}

/*
 * A NIC may still read what it was given last: these slots are the switch's again when it is done. Should they become so many that
 * the switch finds no room, and so does not call, somebody else has to look after them.
 */
static bool
give_back(struct nm_kring *kr, struct nm_kring *tx)
{
	uint32_t done = nm_ring_add(tx->hwtail, 1, tx->nslots);

	NM_STORE_RELEASE(&kr->atok->head, done);
	return nm_ring_dist(done, tx->hwcur, tx->nslots) < tx->nslots / 2;
}

/* Transmits what is there, on behalf of all who raised `pending` meanwhile. */
static void
output(struct nm_kring *kr)
{
	struct nm_kring *tx = kr->wrap;
	uint32_t i, seen;

	for (i = 0; i < ROUNDS; i++) {
		seen = NM_LOAD_ACQUIRE(&tx->pending);
		tx->rhead = tx->rcur = NM_LOAD_ACQUIRE(&kr->hwtail);
		tx->stat[NM_STAT_syncs_tx]++;
		if (nm_kring_call(tx))
			break;
		if (!give_back(kr, tx) || (tx->hwcur != tx->rhead && NM_READ_ONCE(tx->blocked)))
			break;
		if (tx->hwcur == tx->rhead && NM_FETCH_ADD(&tx->pending, 0u - seen) == seen)
			return;
	}
	nm_os_tx_later(tx);
}

static void
notify_output(struct nm_kring *kr)
{
	if (!NM_FETCH_ADD(&kr->wrap->pending, 1))
		output(kr);
}

void
nm_vale_nic_resume(struct nm_kring *tx)
{
	output(tx->wrap);
}

static const struct nm_port_ops side_ops[2] = {
	{.kind = NM_PORT_KIND_NIC, .txsync = nm_vale_txsync, .rxsync = nm_vale_rxsync},
	{.kind = NM_PORT_KIND_HOST, .txsync = nm_vale_txsync, .rxsync = nm_vale_rxsync},
};

/* The switch's ring over one of the interface. */
static int
wrap_ring(struct vale_nic *vn, struct nm_kring *kr, struct nm_kring *nk)
{
	struct nm_sync_ring *cell = &vn->cells[vn->ncells++];

	kr->ring = nk->ring;
	kr->slots = nk->slots;
	kr->atok = &cell->atok;
	kr->ktoa = &cell->ktoa;
	if (nm_port_private_create(kr->port, kr))
		return -ENOMEM;
	nm_kring_reset(kr);
	kr->wrap = nk;
	nk->wrap = kr;
	kr->users = 1;
	if (kr->dir == NM_DIR_RX)
		kr->notify = notify_output;
	else
		NM_RCU_ASSIGN(nk->notify, input); /* the thread of a persistent port is here already */
	NM_STORE_RELEASE(&kr->ready, true);
	return 0;
}

static void
unwrap_ring(struct nm_kring *kr)
{
	if (kr->wrap) {
		nm_kring_unstack(kr);
		kr->wrap->notify = nm_os_notify;
		kr->wrap->wrap = NULL;
		kr->wrap->pending = 0;
	}
	nm_port_private_destroy(kr);
}

/* Side 0 or 1 becomes a port with the directions exchanged, not yet in the switch. */
static int
make_side(struct nm_session *s, struct vale_nic *vn, const char *name, uint32_t side)
{
	struct nm_port *nic = vn->nic, *p;
	char full[NETMAP_REQ_IFNAMSIZ];
	uint32_t i, first;
	int dir;

	snprintf(full, sizeof(full), "%.61s%s", name, side ? "^" : "");
	p = vn->port[side] = nm_port_alloc(s->root, full, &side_ops[side], &s->cred);
	if (!p)
		return -ENOMEM;
	p->mem = nm_mem_get(nic->mem);
	p->priv = vn;
	p->wrap = nic;
	for (dir = 0; dir < 2; dir++) {
		p->nrings[dir] = side ? nic->nhost[!dir] : nic->nrings[!dir];
		p->nslots[dir] = nic->nslots[!dir];
	}
	if (nm_port_krings_create(p))
		return -ENOMEM;
	for (dir = 0; dir < 2; dir++) {
		first = side ? nic->nrings[!dir] : 0;
		for (i = 0; i < p->nrings[dir]; i++)
			if (wrap_ring(vn, &p->krings[dir][i], &nic->krings[!dir][first + i]))
				return -ENOMEM;
	}
	return 0;
}

static int
hold_rings(struct vale_nic *vn, bool host)
{
	struct nm_port *nic = vn->nic;
	uint32_t total = 0;
	int dir;

	if (nm_port_krings_create(nic))
		return -ENOMEM;
	for (dir = 0; dir < 2; dir++) {
		uint32_t n = nic->nrings[dir] + (host ? nic->nhost[dir] : 0);

		for (; vn->held[dir] < n; vn->held[dir]++)
			if (nm_port_ring_get(nic, dir, vn->held[dir]))
				return -ENOMEM;
		total += n;
	}
	vn->cells = nm_os_alloc(total * sizeof(*vn->cells));
	return vn->cells ? 0 : -ENOMEM;
}

/* Undoes whatever part of an attachment there is. */
static void
tear_down(struct vale_nic *vn)
{
	struct nm_port *nic = vn->nic, *p;
	uint32_t side, i;
	int dir;

	if (vn->port[0])
		nm_vale_poll_stop(vn->port[0]);
	for (side = 0; side < 2; side++) {
		p = vn->port[side];
		for (i = 0; p && p->krings[NM_DIR_RX] && i < p->nrings[NM_DIR_RX]; i++)
			NM_WRITE_ONCE(p->krings[NM_DIR_RX][i].ready, false);
		if (p && p->vale)
			nm_vale_remove_port(p);
	}
	if (vn->enabled && !--nic->bound) {
		nm_monitor_stop(nic);
		if (nic->ops->enable)
			nic->ops->enable(nic, false);
	}
	for (dir = 0; dir < 2; dir++)
		for (i = 0; i < vn->held[dir]; i++)
			NM_WRITE_ONCE(nic->krings[dir][i].ready, false);
	nm_os_rcu_sync();
	for (side = 0; side < 2; side++) {
		p = vn->port[side];
		for (dir = 0; p && dir < 2; dir++)
			for (i = 0; p->krings[dir] && i < p->nrings[dir]; i++)
				unwrap_ring(&p->krings[dir][i]);
		if (p)
			nm_port_put(p);
	}
	for (dir = 0; dir < 2; dir++)
		while (vn->held[dir] > 0)
			nm_port_ring_put(nic, dir, --vn->held[dir]);
	nm_port_host_update(nic, NULL);
	nm_mem_put(nm_port_set_mem(nic, vn->old_mem));
	nic->wrap = NULL;
	nm_os_port_changed(nic);
	nm_port_put(nic);
	nm_os_free(vn->cells);
	nm_os_free(vn);
}

static int
build(struct nm_session *s, struct vale_nic *vn, struct nm_vale *v, const char *name, bool host)
{
	int error = hold_rings(vn, host);

	if (!error)
		error = make_side(s, vn, name, 0);
	if (!error && host)
		error = make_side(s, vn, name, 1);
	if (error)
		return nm_session_error(s, -error, "%s: no memory for its rings in the switch", name);
	error = nm_vale_add_port(s, v, vn->port[0]);
	if (!error && host)
		error = nm_vale_add_port(s, v, vn->port[1]);
	if (error)
		return error;
	error = nm_port_host_update(vn->nic, s);
	if (!error && !vn->nic->bound && vn->nic->ops->enable)
		error = vn->nic->ops->enable(vn->nic, true);
	if (error)
		return s->errnum ? error : nm_session_error(s, -error, "%s: the interface can't be started", name);
	vn->nic->bound++;
	vn->enabled = true;
	nm_os_port_changed(vn->nic);
	return 0;
}

/* The interface, free to be attached; a reference for the caller. */
static int
free_nic(struct nm_session *s, const char *ifname, struct nm_port **out)
{
	struct nm_port *nic = nm_port_find(s->root, ifname);
	int error;

	if (nic && nm_access_check(&nic->access, &s->cred, NM_ACCESS_READ | NM_ACCESS_WRITE))
		return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o); its owner can open it: vale-ctl chmod 0660 %s", ifname,
		    nic->access.uid, nic->access.mode, ifname);
	if (nic && nic->wrap)
		return nm_session_error(s, EBUSY, "%s is a port of %s; detach it first: vale-ctl -d %s", ifname, nic->wrap->vale->name,
		    nic->wrap->name);
	if (nic && (nic->sessions || (nic->ops->kind != NM_PORT_KIND_NIC && nic->ops->kind != NM_PORT_KIND_VALE_PERSISTENT)))
		return nm_session_error(s, EBUSY, "%s is in use by a program; end that first", ifname);
	error = nic ? 0 : nm_os_nic_create(s->root, s, ifname, 0, out);
	if (error)
		return error;
	if (nic)
		*out = nm_port_get(nic);
	else
		nm_port_link(*out);
	return 0;
}

/* Memory that no client has. */
static int
own_mem(struct nm_session *s, struct vale_nic *vn, const struct nmreq_register *reg)
{
	struct nmreq_register r = {.nr_mem_id = reg->nr_mem_id};
	int error;

	vn->old_mem = nm_port_set_mem(vn->nic, NULL);
	error = nm_port_private_mem(s, vn->nic, &r, NULL);
	if (error) {
		nm_port_set_mem(vn->nic, vn->old_mem);
		return error;
	}
	nm_port_set_mem(vn->nic, vn->nic->mem);
	if (!reg->nr_mem_id)
		vn->nic->mem->access.mode = 0;
	return 0;
}

static int
check_attach(struct nm_session *s, const char *name, const struct nmreq_register *reg, char sw[17], const char **ifname)
{
	struct nm_port *p = nm_port_find(s->root, name);

	if (nm_vale_split(name, sw, ifname) || !**ifname || strlen(*ifname) > 15)
		return nm_session_error(s, EINVAL, "%s is not of the form valeX:INTERFACE", name);
	if (p && p->wrap)
		return nm_session_error(s, EBUSY, "%s is attached already", name);
	if (p)
		return nm_session_error(s, EBUSY, "%s is the port of a program; end that or take another switch", name);
	if (reg->nr_mode != NR_REG_DEFAULT && reg->nr_mode != NR_REG_ALL_NIC && reg->nr_mode != NR_REG_NIC_SW)
		return nm_session_error(s, EINVAL, "%s: mode %u is not possible; attach all rings (%u) or these and the host's (%u)", name,
		    reg->nr_mode, NR_REG_ALL_NIC, NR_REG_NIC_SW);
	if (reg->nr_ringid)
		return nm_session_error(s, EINVAL, "%s: ring %u can't be attached alone; nr_ringid must be 0", name, reg->nr_ringid);
	return 0;
}

int
nm_vale_nic_attach(struct nm_session *s, const char *name, const struct nmreq_register *reg, uint32_t *index)
{
	bool host = reg->nr_mode == NR_REG_NIC_SW;
	const char *ifname;
	char sw[17];
	struct vale_nic *vn;
	struct nm_vale *v;
	int error = check_attach(s, name, reg, sw, &ifname);

	if (error)
		return error;
	error = nm_vale_get(s, sw, &v);
	if (error)
		return error;
	vn = nm_os_alloc(sizeof(*vn));
	error = vn ? free_nic(s, ifname, &vn->nic) : nm_session_error(s, ENOMEM, "%s: no memory", name);
	if (error)
		goto fail_alloc;
	/* of an interface without host rings, as a TAP, the host is the other end: the port itself leads there */
	host = host && vn->nic->nhost[NM_DIR_TX] && vn->nic->nhost[NM_DIR_RX];
	error = own_mem(s, vn, reg);
	if (error)
		goto fail_nic;
	error = build(s, vn, v, name, host);
	if (error) {
		tear_down(vn); /* which frees the switch too if it has no other port, once this one was in it */
		nm_vale_put(nm_vale_find(s->root, sw));
		return error;
	}
	nm_port_link(vn->port[0]);
	if (host)
		nm_port_link(vn->port[1]);
	vn->nic->wrap = vn->port[0];
	*index = vn->port[0]->vale_idx;
	return 0;

fail_nic:
	nm_port_put(vn->nic);
fail_alloc:
	nm_os_free(vn);
	nm_vale_put(v);
	return error;
}

struct nm_port *
nm_vale_nic_find(struct nm_root *root, const char *name)
{
	struct nm_port *p = nm_port_find(root, name);

	return p && p->ops == &side_ops[0] ? p : NULL;
}

void
nm_vale_nic_detach(struct nm_port *p)
{
	tear_down(p->priv);
}

/* What NEWIF says of a port, new or not. */
static void
describe(const struct nm_port *p, struct nmreq_vale_newif *req)
{
	req->nr_tx_slots = p->nslots[NM_DIR_TX];
	req->nr_rx_slots = p->nslots[NM_DIR_RX];
	req->nr_tx_rings = p->nrings[NM_DIR_TX];
	req->nr_rx_rings = p->nrings[NM_DIR_RX];
	req->nr_mem_id = p->mem->private_mem ? p->mem->id : 1;
}

int
nm_vale_nic_newif(struct nm_session *s, const char *name, struct nmreq_vale_newif *req)
{
	struct nmreq_register reg = {.nr_mem_id = req->nr_mem_id};
	struct nm_os_vif_shape shape = {{req->nr_tx_slots, req->nr_rx_slots}, {req->nr_tx_rings, req->nr_rx_rings}};
	struct nm_port *p = nm_port_find(s->root, name);
	int error;

	if (p)
		describe(p, req);
	if (p || nm_os_ifname_exists(s, name))
		return nm_session_error(s, EEXIST, "%s exists already", name);
	error = nm_os_vif_create(s->root, s, name, &shape, &p);
	if (error)
		return error;
	error = nm_port_private_mem(s, p, &reg, NULL);
	if (!error && nm_port_krings_create(p))
		error = nm_session_error(s, ENOMEM, "%s: no memory for its rings", name);
	if (!error && p->ops->enable && (error = p->ops->enable(p, true)))
		error = nm_session_error(s, -error, "%s: the port can't be started", name);
	if (error) {
		nm_port_put(p);
		return error;
	}
	p->bound = 1;
	p->persistent = true;
	nm_port_link(p);
	describe(p, req);
	return 0;
}

/* Lets go of what NEWIF made; who still has the port open keeps it a while. */
static void
remove_vif(struct nm_port *p)
{
	p->persistent = false;
	if (!--p->bound) {
		nm_monitor_stop(p);
		if (p->ops->enable)
			p->ops->enable(p, false);
	}
	nm_port_put(p);
}

int
nm_vale_nic_delif(struct nm_session *s, const char *name)
{
	struct nm_port *p = nm_port_find(s->root, name);

	if (!p)
		return nm_session_error(s, ENXIO, "there is no persistent port %s; see: vale-ctl list", name);
	if (!p->persistent)
		return nm_session_error(s, EINVAL, "%s is not a persistent port; it was not made by: vale-ctl -n", name);
	if (nm_access_owner(&p->access, &s->cred))
		return nm_session_error(s, EACCES, "%s belongs to user %u, who may remove it", name, p->access.uid);
	if (p->wrap)
		return nm_session_error(s, EBUSY, "%s is a port of %s; detach it first: vale-ctl -d %s", name, p->wrap->vale->name,
		    p->wrap->name);
	if (p->refs > 1)
		return nm_session_error(s, EBUSY, "%s is in use by a program; end that first", name);
	remove_vif(p);
	return 0;
}

/* The next thing to undo; false when there is none. */
static bool
reap_one(struct nm_root *root, bool all)
{
	struct nm_port *p;

	for (p = root->ports; p; p = p->next) {
		if (p->ops == &side_ops[0] && (all || NM_READ_ONCE(p->wrap->gone))) {
			if (!all)
				nm_os_log(NM_LOG_WARN, "%s is detached: its interface is gone", p->name);
			nm_vale_nic_detach(p);
			return true;
		}
		if (p->persistent && !p->wrap && (all || NM_READ_ONCE(p->gone))) {
			remove_vif(p);
			return true;
		}
	}
	return false;
}

void
nm_vale_nic_reap(struct nm_root *root, bool all)
{
	nm_os_mutex_lock(&root->lock);
	nm_monitor_reap(root);
	while (reap_one(root, all))
		;
	nm_root_unlock(root);
}

bool
nm_vale_nic_any(struct nm_root *root)
{
	struct nm_port *p;

	nm_os_mutex_lock(&root->lock);
	for (p = root->ports; p && !p->persistent && !p->wrap; p = p->next)
		;
	nm_root_unlock(root);
	return p != NULL;
}
