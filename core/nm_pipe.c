/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_pipe.c - both ends are ports in the region of their base, made together. The rings of both exist while either is
 * open, so that frames wait for a peer that comes later, or again. What moves them is in nm_pipe_sync.c.
 */
#include "nm_pipe.h"
#include "nm_null.h"
#include "nm_root.h"
#include "nm_vale.h"

#define MAX_RINGS 256u
#define MAX_SLOTS 4096u
#define MAX_PIPES 64u

static int pipe_enable(struct nm_port *p, bool on);
static void pipe_unref(struct nm_port *p);
static void pipe_destroy(struct nm_port *p);

static const struct nm_port_ops pipe_ops = {
	.kind = NM_PORT_KIND_PIPE,
	.offsets = true,
	.enable = pipe_enable,
	.txsync = nm_pipe_sync_tx,
	.rxsync = nm_pipe_sync_rx,
	.unref = pipe_unref,
	.destroy = pipe_destroy,
};

const char *
nm_pipe_brace(const char *name)
{
	const char *m = NULL, *sl = NULL, *c;

	for (c = name; *c; c++) {
		if (*c == '{')
			m = c;
		if (*c == '}')
			sl = c;
	}
	return m ? m : sl;
}

/* Both ends; lives until no session has either open. */
struct pair {
	struct nm_port *end[2];
	uint32_t opens; /* ends with rings bound */
};

static void
set_peers(struct nm_port *a, struct nm_port *b)
{
	uint32_t i;

	for (i = 0; i < a->nrings[NM_DIR_TX]; i++) {
		a->krings[NM_DIR_TX][i].peer = &b->krings[NM_DIR_RX][i];
		b->krings[NM_DIR_RX][i].peer = &a->krings[NM_DIR_TX][i];
	}
}

/* Lets go of the rings that are held; nobody is in a sync of them. */
static void
drop_rings(struct nm_port *p)
{
	uint32_t i;
	int dir;

	for (dir = 0; dir < 2; dir++)
		for (i = 0; i < p->nrings[dir]; i++)
			if (p->krings[dir][i].held) {
				p->krings[dir][i].held = false;
				nm_port_ring_put(p, dir, i);
			}
}

static int
hold_rings(struct nm_port *p)
{
	uint32_t i;
	int dir;

	for (dir = 0; dir < 2; dir++)
		for (i = 0; i < p->nrings[dir]; i++) {
			if (nm_port_ring_get(p, dir, i))
				return -ENOMEM;
			p->krings[dir][i].held = true;
		}
	return 0;
}

static void
release_pair(struct pair *pair)
{
	uint32_t e, i;

	for (e = 0; e < 2; e++)
		for (i = 0; i < pair->end[e]->nrings[NM_DIR_RX]; i++)
			NM_WRITE_ONCE(pair->end[e]->krings[NM_DIR_RX][i].ready, false);
	nm_os_rcu_sync();
	for (e = 0; e < 2; e++)
		drop_rings(pair->end[e]);
}

static int
pipe_enable(struct nm_port *p, bool on)
{
	struct pair *pair = p->priv;
	int error;

	if (!on) {
		if (!--pair->opens)
			release_pair(pair);
		return 0;
	}
	if (pair->opens++)
		return 0;
	error = nm_port_krings_create(pair->end[0]);
	if (!error)
		error = nm_port_krings_create(pair->end[1]);
	if (error) {
		pair->opens = 0;
		return error;
	}
	error = hold_rings(pair->end[0]);
	if (!error)
		error = hold_rings(pair->end[1]);
	if (error) {
		/* no peers are set yet, so that nobody delivers to what is given back */
		pair->opens = 0;
		drop_rings(pair->end[0]);
		drop_rings(pair->end[1]);
		return error;
	}
	set_peers(pair->end[0], pair->end[1]);
	set_peers(pair->end[1], pair->end[0]);
	return 0;
}

static void
pipe_unref(struct nm_port *p)
{
	struct pair *pair = p->priv;
	struct nm_port *a, *b;

	if (!pair || pair->end[0]->refs != 1 || pair->end[1]->refs != 1)
		return;
	a = pair->end[0];
	b = pair->end[1];
	a->priv = b->priv = NULL;
	nm_os_free(pair);
	nm_port_put(a);
	nm_port_put(b);
}

static void
pipe_destroy(struct nm_port *p)
{
	nm_port_put(p->parent);
}

static uint32_t
min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* One end of the pair; `asked` is the end that the hints of the request describe, the other is its mirror. */
static struct nm_port *
make_end(struct nm_session *s, struct nm_port *base, const char *end, const struct nmreq_register *reg, bool asked)
{
	uint32_t tx = reg->nr_tx_slots ? reg->nr_tx_slots : min32(base->nslots[asked ? NM_DIR_TX : NM_DIR_RX], MAX_SLOTS);
	uint32_t rx = reg->nr_rx_slots ? reg->nr_rx_slots : min32(base->nslots[asked ? NM_DIR_RX : NM_DIR_TX], MAX_SLOTS);
	uint16_t txr = reg->nr_tx_rings ? reg->nr_tx_rings : 1, rxr = reg->nr_rx_rings ? reg->nr_rx_rings : 1;
	struct nm_port *p = nm_port_alloc(s->root, end, &pipe_ops, &s->cred);

	if (!p)
		return NULL;
	p->nslots[NM_DIR_TX] = asked ? tx : rx;
	p->nslots[NM_DIR_RX] = asked ? rx : tx;
	p->nrings[NM_DIR_TX] = asked ? txr : rxr;
	p->nrings[NM_DIR_RX] = asked ? rxr : txr;
	p->mem = nm_mem_get(base->mem);
	p->parent = nm_port_get(base);
	p->access = base->access;
	nm_port_link(p);
	return p;
}

static int
make_pair(struct nm_session *s, struct nm_port *base, const char *name, const struct nmreq_register *reg)
{
	struct pair *pair = nm_os_alloc(sizeof(*pair));
	struct nm_port *asked = NULL, *other = NULL;
	char mirror[NETMAP_REQ_IFNAMSIZ];
	size_t at = (size_t)(nm_pipe_brace(name) - name);

	snprintf(mirror, sizeof(mirror), "%s", name);
	mirror[at] = name[at] == '{' ? '}' : '{';
	if (nm_port_find(s->root, mirror)) {
		nm_os_free(pair);
		return nm_session_error(s, EBUSY, "%s: the name of the other end, %s, is taken", name, mirror);
	}
	if (pair)
		asked = make_end(s, base, name, reg, true);
	if (asked)
		other = make_end(s, base, mirror, reg, false);
	if (other) {
		pair->end[0] = asked;
		pair->end[1] = other;
		asked->priv = other->priv = pair;
		return 0;
	}
	if (asked)
		nm_port_put(asked);
	nm_os_free(pair);
	return nm_session_error(s, ENOMEM, "%s: no memory for a pipe", name);
}

static uint32_t
count_pipes(const struct nm_port *base)
{
	const struct nm_port *p;
	uint32_t n = 0;

	for (p = base->root->ports; p; p = p->next)
		n += p->parent == base;
	return n / 2;
}

static int
may_use(struct nm_session *s, const struct nm_port *p)
{
	if (nm_access_check(&p->access, &s->cred, NM_ACCESS_READ | NM_ACCESS_WRITE))
		return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o); its owner can open it: vale-ctl chmod 0660 %s",
		    p->name, p->access.uid, p->access.mode, p->name);
	return 0;
}

/* The port that owns the memory: any port, also a pipe. One made for this purpose goes with its last pipe. */
static int
get_base(struct nm_session *s, const char *name, const struct nmreq_register *reg, struct nm_port **out)
{
	struct nmreq_register hints = {.nr_mem_id = reg->nr_mem_id, .nr_extra_bufs = reg->nr_extra_bufs};
	struct nm_port *p = nm_port_find(s->root, name);
	int error;

	if (p) {
		error = may_use(s, p);
		if (!error && p->wrap)
			error = nm_session_error(s, EBUSY, "%s is an interface in a switch and shares its memory with nobody", name);
		if (!error)
			*out = nm_port_get(p);
		return error;
	}
	if (nm_pipe_brace(name))
		return nm_pipe_get(s, name, &hints, out);
	if (nm_vale_is_name(name))
		return nm_vale_port_create(s, name, &hints, reg, out);
	if (nm_os_ifname_exists(s, name))
		return nm_port_nic_create(s, name, reg->nr_mem_id, out);
	return nm_null_create(s, name, &hints, reg, out);
}

int
nm_pipe_get(struct nm_session *s, const char *name, const struct nmreq_register *reg, struct nm_port **out)
{
	const char *brace = nm_pipe_brace(name);
	char base_name[NETMAP_REQ_IFNAMSIZ];
	struct nm_port *base, *p = nm_port_find(s->root, name);
	int error;

	if (p) {
		error = may_use(s, p);
		if (!error)
			*out = nm_port_get(p);
		return error;
	}
	if (brace == name || !brace[1])
		return nm_session_error(s, EINVAL, "%s: a pipe is called BASE{ID or BASE}ID", name);
	error = nm_port_hints_check(s, name, reg, MAX_RINGS, MAX_SLOTS);
	if (error)
		return error;
	snprintf(base_name, sizeof(base_name), "%.*s", (int)(brace - name), name);
	error = get_base(s, base_name, reg, &base);
	if (error)
		return error;
	if (count_pipes(base) >= MAX_PIPES)
		error = nm_session_error(s, EINVAL, "%s: %s has %u pipes already, the most there can be", name, base_name, MAX_PIPES);
	if (!error)
		error = make_pair(s, base, name, reg);
	nm_port_put(base);
	if (!error)
		*out = nm_port_get(nm_port_find(s->root, name));
	return error;
}
