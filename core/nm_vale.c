/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_vale.h"
#include "nm_policy.h"
#include "nm_root.h"
#include "nm_session.h"
#include "nm_stats.h"

static void vale_destroy(struct nm_port *p);
static void vale_unbound(struct nm_kring *kr);

static const struct nm_port_ops vale_ops = {
	.kind = NM_PORT_KIND_VALE,
	.offsets = true,
	.txsync = nm_vale_txsync,
	.rxsync = nm_vale_rxsync,
	.unbound = vale_unbound,
	.destroy = vale_destroy,
};

bool
nm_vale_is_name(const char *name)
{
	const char *c;

	if (strncmp(name, NM_BDG_NAME, 4))
		return false;
	for (c = name + 4; *c && *c != ':'; c++)
		if (!((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_'))
			return false;
	return *c == ':';
}

int
nm_vale_split(const char *name, char sw[17], const char **port)
{
	const char *colon;

	if (!nm_vale_is_name(name))
		return -EINVAL;
	for (colon = name; *colon != ':'; colon++)
		;
	if (colon - name > 16)
		return -EINVAL;
	memcpy(sw, name, (size_t)(colon - name));
	sw[colon - name] = 0;
	*port = colon + 1;
	return 0;
}

struct nm_vale *
nm_vale_find(struct nm_root *root, const char *sw)
{
	uint32_t i;

	for (i = 0; i < root->limits.max_switches; i++)
		if (root->vales[i] && !strcmp(root->vales[i]->name, sw))
			return root->vales[i];
	return NULL;
}

static int
vale_create(struct nm_session *s, const char *sw, struct nm_vale **out)
{
	struct nm_root *root = s->root;
	struct nm_vale *v;
	uint32_t i;

	for (i = 0; i < root->limits.max_switches && root->vales[i]; i++)
		;
	if (i == root->limits.max_switches)
		return nm_session_error(s, ENOMEM, "%s: all %u switches are in use; remove the ports of one first", sw, i);
	v = nm_os_alloc(sizeof(*v));
	if (v)
		v->fdb = nm_fdb_create();
	if (!v || !v->fdb) {
		nm_os_free(v);
		return nm_session_error(s, ENOMEM, "%s: no memory for a switch", sw);
	}
	v->root = root;
	v->idx = i;
	v->access = (struct nm_access){s->cred.uid, s->cred.gid, root->limits.default_mode};
	snprintf(v->name, sizeof(v->name), "%s", sw);
	root->vales[i] = v;
	*out = v;
	return 0;
}

int
nm_vale_get(struct nm_session *s, const char *sw, struct nm_vale **out)
{
	*out = nm_vale_find(s->root, sw);
	if (!*out)
		return vale_create(s, sw, out);
	if (nm_access_check(&(*out)->access, &s->cred, NM_ACCESS_READ | NM_ACCESS_WRITE))
		return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o); its owner can open it: vale-ctl chmod 0660 %s",
		    sw, (*out)->access.uid, (*out)->access.mode, sw);
	return 0;
}

static void
vale_release(struct nm_vale *v)
{
	uint32_t i;

	for (i = 0; i < v->root->limits.max_switches; i++)
		if (v->root->vales[i] == v)
			v->root->vales[i] = NULL;
	nm_os_rcu_sync();
	nm_fdb_destroy(v->fdb);
	nm_os_free(v);
}

void
nm_vale_put(struct nm_vale *v)
{
	if (v && !v->nports)
		vale_release(v);
}

int
nm_vale_add_port(struct nm_session *s, struct nm_vale *v, struct nm_port *p)
{
	uint32_t i;

	for (i = 0; i < NM_VALE_MAX_PORTS && v->ports[i]; i++)
		;
	if (i == NM_VALE_MAX_PORTS)
		return nm_session_error(s, ENOMEM, "%s: all %u ports are in use; close one first", v->name, i);
	p->vale = v;
	p->vale_idx = i;
	nm_stats_take_port(v->stat, p, -1);
	NM_RCU_ASSIGN(v->ports[i], p);
	NM_WRITE_ONCE(v->active[v->nports], (uint8_t)i);
	NM_STORE_RELEASE(&v->nports, v->nports + 1);
	return 0;
}

void
nm_vale_remove_port(struct nm_port *p)
{
	struct nm_vale *v = p->vale;
	uint32_t i;

	NM_RCU_ASSIGN(v->ports[p->vale_idx], NULL);
	for (i = 0; i < v->nports && v->active[i] != p->vale_idx; i++)
		;
	NM_WRITE_ONCE(v->active[i], v->active[v->nports - 1]);
	NM_STORE_RELEASE(&v->nports, v->nports - 1);
	nm_os_rcu_sync();
	nm_fdb_flush(v->fdb, p->vale_idx, true);
	nm_policy_leave(v, p);
	nm_stats_take_port(v->stat, p, 1);
	p->vale = NULL;
	nm_vale_put(v);
}

static void
vale_destroy(struct nm_port *p)
{
	if (p->vale)
		nm_vale_remove_port(p);
}

/* Who waits for it has to know that there is nothing to wait for. */
static void
vale_unbound(struct nm_kring *kr)
{
	if (kr->dir == NM_DIR_RX && kr->blocked)
		nm_lossless_wake_all(kr->port->vale);
	kr->blocked = kr->last_call = false;
}

/* Hints of the request; 0 asks for the default. */
static void
port_shape(struct nm_port *p, const struct nmreq_register *reg)
{
	uint32_t slots[2] = {reg->nr_tx_slots, reg->nr_rx_slots};
	uint16_t rings[2] = {reg->nr_tx_rings, reg->nr_rx_rings};
	int dir;

	for (dir = 0; dir < 2; dir++) {
		p->nrings[dir] = rings[dir] ? rings[dir] : 1;
		p->nslots[dir] = slots[dir] ? slots[dir] : p->root->limits.ring_slots;
	}
}

int
nm_vale_port_create(struct nm_session *s, const char *name, const struct nmreq_register *reg, const struct nmreq_register *pipe,
    struct nm_port **out)
{
	char sw[17];
	const char *port;
	struct nm_vale *v;
	struct nm_port *p;
	int error;

	if (nm_vale_split(name, sw, &port))
		return nm_session_error(s, EINVAL, "%s: a switch name has at most 16 letters, digits or '_' including 'vale'", name);
	if (!*port || strlen(port) > 15)
		return nm_session_error(s, EINVAL, "%s: the port's part of the name has %u characters, 1 to 15 are possible", name,
		    (unsigned)strlen(port));
	if (nm_os_ifname_exists(s, port) || nm_port_find(s->root, port))
		return nm_session_error(s, EINVAL, "%s: %s is an interface of the system; attach it by: vale-ctl -a %s", name, port, name);
	error = nm_port_hints_check(s, name, reg, NM_VALE_MAX_RINGS, NM_VALE_MAX_SLOTS);
	if (!error)
		error = nm_vale_get(s, sw, &v);
	if (error)
		return error;
	p = nm_port_alloc(s->root, name, &vale_ops, &s->cred);
	if (!p) {
		error = nm_session_error(s, ENOMEM, "%s: no memory for a port", name);
		goto fail_vale;
	}
	port_shape(p, reg);
	error = nm_port_private_mem(s, p, reg, pipe);
	/* from here on others may flood to it: its rings are there, though none is ready */
	if (!error && nm_port_krings_create(p))
		error = nm_session_error(s, ENOMEM, "%s: no memory for %u + %u rings", name, p->nrings[0], p->nrings[1]);
	if (!error)
		error = nm_vale_add_port(s, v, p);
	if (error) {
		nm_port_put(p);
		goto fail_vale;
	}
	nm_port_link(p);
	*out = p;
	return 0;

fail_vale:
	nm_vale_put(v);
	return error;
}
