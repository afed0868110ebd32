/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_pipe.c - both ends are ports in the region of their base. A transmit sync moves each slot to the peer's
 * receive ring: the buffer goes there, a free buffer of that ring comes back. Nothing is copied, nothing
 * is dropped: what does not fit stays in the sender's ring, and the receiver's next sync lets it go on.
 */
#include "nm_pipe.h"
#include "nm_null.h"
#include "nm_root.h"
#include "nm_vale.h"

#define MAX_RINGS 256u
#define MAX_SLOTS 4096u
#define MAX_PIPES 64u

static int pipe_txsync(struct nm_kring *kr);
static int pipe_rxsync(struct nm_kring *kr);
static int pipe_enable(struct nm_port *p, bool on);
static void pipe_unref(struct nm_port *p);
static void pipe_destroy(struct nm_port *p);

static const struct nm_port_ops pipe_ops = {
	.kind = NM_PORT_KIND_PIPE,
	.enable = pipe_enable,
	.txsync = pipe_txsync,
	.rxsync = pipe_rxsync,
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

/* Slots of [hwcur, rhead) that form whole packets, at most room. */
static uint32_t
whole_packets(const struct nm_kring *kr, uint32_t room)
{
	uint32_t avail = nm_ring_dist(kr->hwcur, kr->rhead, kr->nslots), i, last;

	if (avail > room)
		avail = room;
	for (i = avail; i > 0; i--) {
		last = nm_ring_add(kr->hwcur, i - 1, kr->nslots);
		if (!(NM_READ_ONCE(kr->slots[last].flags) & NS_MOREFRAG))
			break;
	}
	return i;
}

/* One slot over; an index or length out of range becomes an empty frame in a buffer of our own. */
static inline uint32_t
move_slot(struct nm_kring *kr, struct nm_kring *rx, uint32_t from, uint32_t to, uint32_t spare)
{
	struct netmap_slot s = nm_kring_snapshot(&kr->slots[from]);

	if (NM_UNLIKELY(s.buf_idx < 2 || s.buf_idx >= kr->nbufs)) {
		kr->stat[NM_STAT_drop_bad_buf]++;
		return 0;
	}
	if (NM_UNLIKELY(s.len > kr->stride)) {
		kr->stat[NM_STAT_drop_bad_len]++;
		return 0;
	}
	nm_kring_put_slot(&rx->slots[to], s.buf_idx, s.len, (s.flags & NS_MOREFRAG) | NS_BUF_CHANGED);
	nm_kring_put_slot(&kr->slots[from], spare, s.len, NS_BUF_CHANGED);
	return 1;
}

static int
pipe_txsync(struct nm_kring *kr)
{
	struct nm_kring *rx = kr->peer;
	uint32_t room, n, i, start, moved = 0, from = kr->hwcur, *idx;
	uint64_t bytes = 0;

	if (NM_UNLIKELY(!rx || !NM_LOAD_ACQUIRE(&rx->ready)))
		return 0;
	room = nm_kring_lease_begin(rx);
	n = whole_packets(kr, room);
	NM_WRITE_ONCE(rx->blocked, n != nm_ring_dist(kr->hwcur, kr->rhead, kr->nslots));
	/* the stack is taken in place: one sender per ring, and the lock is held over the exchange */
	idx = rx->stack;
	start = rx->lease;
	for (i = 0; i < n; i++) {
		bytes += NM_READ_ONCE(kr->slots[from].len);
		if (move_slot(kr, rx, from, nm_ring_add(start, moved, rx->nslots), idx[rx->nstack - 1])) {
			rx->nstack--;
			moved++;
		}
		from = nm_ring_add(from, 1, kr->nslots);
	}
	rx->lease = nm_ring_add(start, moved, rx->nslots);
	nm_os_spin_unlock(&rx->lock);
	kr->stat[NM_STAT_tx_packets] += n;
	kr->stat[NM_STAT_tx_bytes] += bytes;
	kr->stat[NM_STAT_forwarded] += moved;
	kr->hwcur = from;
	kr->hwtail = nm_ring_add(from, kr->nslots - 1, kr->nslots);
	if (moved) {
		nm_kring_finish(rx, start, moved, moved, bytes);
		nm_os_notify(rx);
	}
	return 0;
}

/* Slots given back are seen by the sender's next sync, which the host runs when the ring was blocked. */
static int
pipe_rxsync(struct nm_kring *kr)
{
	(void)kr;
	return 0;
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

static void
drop_rings(struct nm_port *p, uint32_t n)
{
	while (n-- > 0)
		nm_port_ring_put(p, NM_DIR_RX, n);
}

static int
hold_rings(struct nm_port *p)
{
	uint32_t i;

	for (i = 0; i < p->nrings[NM_DIR_RX]; i++)
		if (nm_port_ring_get(p, NM_DIR_RX, i)) {
			drop_rings(p, i);
			return -ENOMEM;
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
		drop_rings(pair->end[e], pair->end[e]->nrings[NM_DIR_RX]);
}

/* The receive rings of both ends exist while either is open, so frames wait for a peer that comes later. */
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
	if (pair->opens) {
		pair->opens++;
		return 0;
	}
	error = nm_port_krings_create(pair->end[0]);
	if (!error)
		error = nm_port_krings_create(pair->end[1]);
	if (!error)
		error = hold_rings(pair->end[0]);
	if (error)
		return error;
	error = hold_rings(pair->end[1]);
	if (error) {
		drop_rings(pair->end[0], pair->end[0]->nrings[NM_DIR_RX]);
		return error;
	}
	set_peers(pair->end[0], pair->end[1]);
	set_peers(pair->end[1], pair->end[0]);
	pair->opens = 1;
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

static struct nm_port *
make_end(struct nm_session *s, struct nm_port *base, const char *name, char brace, const struct nmreq_register *reg)
{
	const char *id = nm_pipe_brace(name) + 1;
	char end[NETMAP_REQ_IFNAMSIZ];
	bool asked = brace == *nm_pipe_brace(name);
	struct nm_port *p;
	uint32_t tx = reg->nr_tx_slots ? reg->nr_tx_slots : base->nslots[0];
	uint32_t rx = reg->nr_rx_slots ? reg->nr_rx_slots : base->nslots[1];
	uint16_t txr = reg->nr_tx_rings ? reg->nr_tx_rings : 1, rxr = reg->nr_rx_rings ? reg->nr_rx_rings : 1;

	snprintf(end, sizeof(end), "%.*s%c%s", (int)(nm_pipe_brace(name) - name), name, brace, id);
	p = nm_port_alloc(s->root, end, &pipe_ops, &s->cred);
	if (!p)
		return NULL;
	tx = tx > MAX_SLOTS ? MAX_SLOTS : tx < 2 ? 2 : tx;
	rx = rx > MAX_SLOTS ? MAX_SLOTS : rx < 2 ? 2 : rx;
	txr = txr > MAX_RINGS ? MAX_RINGS : txr;
	rxr = rxr > MAX_RINGS ? MAX_RINGS : rxr;
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
	struct nm_port *m = NULL, *sl = NULL;

	if (pair && (m = make_end(s, base, name, '{', reg)) && (sl = make_end(s, base, name, '}', reg))) {
		pair->end[0] = m;
		pair->end[1] = sl;
		m->priv = sl->priv = pair;
		return 0;
	}
	if (m)
		nm_port_put(m);
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

/* The port that owns the memory; one made for this purpose goes with its last pipe. */
static int
get_base(struct nm_session *s, const char *name, const struct nmreq_register *reg, struct nm_port **out)
{
	struct nmreq_register hints = {.nr_mem_id = reg->nr_mem_id, .nr_extra_bufs = reg->nr_extra_bufs};
	struct nm_port *p = nm_port_find(s->root, name);

	if (p) {
		if (nm_access_check(&p->access, &s->cred, NM_ACCESS_READ | NM_ACCESS_WRITE))
			return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o)", name, p->access.uid, p->access.mode);
		*out = nm_port_get(p);
		return 0;
	}
	if (nm_vale_is_name(name))
		return nm_vale_port_create(s, name, &hints, out);
	return nm_null_create(s, name, &hints, out);
}

int
nm_pipe_get(struct nm_session *s, const char *name, const struct nmreq_register *reg, struct nm_port **out)
{
	const char *brace = nm_pipe_brace(name);
	char base_name[NETMAP_REQ_IFNAMSIZ];
	struct nm_port *base, *p = nm_port_find(s->root, name);
	int error;

	if (p) {
		if (nm_access_check(&p->access, &s->cred, NM_ACCESS_READ | NM_ACCESS_WRITE))
			return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o)", name, p->access.uid, p->access.mode);
		*out = nm_port_get(p);
		return 0;
	}
	if (brace == name || !brace[1])
		return nm_session_error(s, EINVAL, "%s: a pipe is called BASE{ID or BASE}ID", name);
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
