/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_monitor.c - a monitor as a port: made by a request, hung on the rings of another port, let go. What moves frames is in nm_monitor_feed.c. */
#include "nm_monitor.h"
#include "nm_ctl.h"
#include "nm_pipe.h"
#include "nm_root.h"
#include "nm_vale.h"

#define MAX_SLOTS 4096u
#define MAX_DEPTH 7u /* monitors of monitors: the lock of each is taken inside those that it watches, see nm_os_spin_level */

struct monitor {
	struct nm_port *of;         /* NULL: that has left */
	struct nm_port *next;       /* of those who watch it */
	uint32_t first[2], last[2]; /* rings of it that are watched, by NM_DIR_* */
	uint32_t to_first, to_last; /* our receive rings */
	uint32_t depth;
	uint32_t nwatches;
	struct nm_watch *watches;   /* while a session has us */
};

static int
tx_refused(struct nm_kring *kr)
{
	(void)kr;
	return -EIO;
}

static int
rx_nothing(struct nm_kring *kr)
{
	return NM_READ_ONCE(kr->port->gone) ? -EIO : 0;
}

static int monitor_enable(struct nm_port *m, bool on);
static void monitor_destroy(struct nm_port *m);

#define MONITOR_OPS .kind = NM_PORT_KIND_MONITOR, .enable = monitor_enable, .txsync = tx_refused, .rxsync = rx_nothing, \
	.host_rxsync = rx_nothing, .destroy = monitor_destroy

static const struct nm_port_ops copy_ops = {MONITOR_OPS, .offsets = true};
static const struct nm_port_ops swap_ops = {MONITOR_OPS};

static struct nm_watched *
make_watched(const struct nm_kring *kr)
{
	struct nm_watched *w = nm_os_alloc(sizeof(*w));

	if (w)
		w->snap = nm_os_alloc((size_t)kr->nslots * sizeof(*w->snap));
	if (w && !w->snap) {
		nm_os_free(w);
		w = NULL;
	}
	return w;
}

/* Enters h into a list of the ring that it watches, under whose lock. */
static void
hang(struct nm_watch *h)
{
	struct nm_kring *kr = h->of;
	struct nm_watched *w = kr->watched;
	struct nm_watch **list = h->swaps ? &w->swaps : &w->copies;

	if (!h->swaps && !*list)
		NM_WRITE_ONCE(kr->seen, kr->dir == NM_DIR_RX ? kr->hwtail : NM_MONITOR_NEW);
	h->next = *list;
	NM_RCU_ASSIGN(*list, h);
	if (kr->dir == NM_DIR_TX)
		NM_RCU_ASSIGN(kr->sync, nm_monitor_tx);
	else if (h->swaps)
		NM_RCU_ASSIGN(kr->sync, nm_monitor_rx);
}

/* Those who swap with receive rings of the port become more, or fewer: its clients' syncs are asked for what they release, or no more. */
static void
count_swapped(struct nm_kring *kr, uint32_t by)
{
	if (kr->dir != NM_DIR_RX)
		return;
	NM_WRITE_ONCE(kr->port->swapped, kr->port->swapped + by);
	nm_os_port_changed(kr->port);
}

/* 0 or -ENOMEM. */
static int
watch(struct nm_kring *kr, struct nm_watch *h)
{
	struct nm_watched *w = NULL;

	h->idx = nm_os_alloc((size_t)h->to->nslots * sizeof(*h->idx));
	if (h->idx && !kr->watched)
		w = make_watched(kr);
	if (!h->idx || (!kr->watched && !w))
		return -ENOMEM;
	nm_os_spin_lock(&kr->lock);
	if (w)
		NM_RCU_ASSIGN(kr->watched, w);
	h->of = kr;
	hang(h);
	nm_os_spin_unlock(&kr->lock);
	if (h->swaps)
		count_swapped(kr, 1);
	return 0;
}

static void
take_down(struct nm_watch *h)
{
	struct nm_watched *w = h->of->watched;
	struct nm_watch **q = h->swaps ? &w->swaps : &w->copies;

	while (*q != h)
		q = &(*q)->next;
	NM_RCU_ASSIGN(*q, h->next);
	if (h->swaps)
		count_swapped(h->of, 0u - 1);
}

/* The ring has its own sync again if nobody needs the other; *idle gets what nobody needs any more. */
static void
restore(struct nm_kring *kr, struct nm_watched **idle)
{
	struct nm_watched *w = kr->watched;

	if (!w || w->swaps || (w->copies && kr->dir == NM_DIR_TX))
		return;
	NM_RCU_ASSIGN(kr->sync, nm_port_sync(kr));
	NM_WRITE_ONCE(kr->upto, 0);
	if (w->copies)
		return;
	NM_RCU_ASSIGN(kr->watched, NULL);
	w->next = *idle;
	*idle = w;
}

/*
 * Lets go of all that the monitor watches. At first nobody finds it in the lists; then the rings get their own sync back: not before, since
 * a tail that was kept back for it has to be told (nm_kring.upto), which is done by the sync that looks at the lists.
 */
static void
let_go(struct monitor *mon)
{
	struct nm_watched *idle = NULL, *w;
	uint32_t i, n;

	if (!mon->watches)
		return;
	for (n = 0; n < mon->nwatches && mon->watches[n].of; n++)
		take_down(&mon->watches[n]);
	nm_os_rcu_sync();
	for (i = 0; i < n; i++)
		restore(mon->watches[i].of, &idle);
	nm_os_rcu_sync();
	for (; (w = idle); nm_os_free(w)) {
		idle = w->next;
		nm_os_free(w->snap);
	}
	for (i = 0; i < mon->nwatches; i++)
		nm_os_free(mon->watches[i].idx);
	nm_os_free(mon->watches);
	mon->watches = NULL;
}

/* Which of our receive rings shows that ring: the one of its number, or the first that we have. */
static struct nm_kring *
target(struct nm_port *m, const struct nm_kring *kr)
{
	const struct monitor *mon = m->priv;
	uint32_t i = kr->id;

	if (kr->is_host)
		i = i - mon->of->nrings[kr->dir] + m->nrings[NM_DIR_RX];
	if (i < mon->to_first || i >= mon->to_last)
		i = mon->to_first;
	return &m->krings[NM_DIR_RX][i];
}

/* One ring of the monitored port. What was sent on a pipe is with its peer. */
static int
watch_ring(struct nm_port *m, struct nm_kring *kr, struct nm_watch *h)
{
	h->to = target(m, kr);
	h->flags = kr->dir == NM_DIR_TX ? NS_TXMON : 0;
	h->swaps = m->ops == &swap_ops;
	if (h->swaps && kr->dir == NM_DIR_TX && kr->peer)
		kr = kr->peer;
	return watch(kr, h);
}

static int
monitor_enable(struct nm_port *m, bool on)
{
	struct monitor *mon = m->priv;
	uint32_t i, n = 0;
	int dir, error = 0;

	if (!on) {
		let_go(mon);
		return 0;
	}
	if (!mon->of)
		return -EIO;
	mon->nwatches = mon->last[0] - mon->first[0] + mon->last[1] - mon->first[1];
	mon->watches = nm_os_alloc(mon->nwatches * sizeof(*mon->watches));
	if (!mon->watches)
		return -ENOMEM;
	for (dir = 0; !error && dir < 2; dir++)
		for (i = mon->first[dir]; !error && i < mon->last[dir]; i++)
			error = watch_ring(m, &mon->of->krings[dir][i], &mon->watches[n++]);
	if (error)
		let_go(mon);
	return error;
}

/* The monitor is no more one of those who watch. */
static void
leave(struct nm_port *m)
{
	struct monitor *mon = m->priv;
	struct nm_port **q;

	if (!mon->of)
		return;
	for (q = &mon->of->monitors; *q != m; q = &((struct monitor *)(*q)->priv)->next)
		;
	*q = mon->next;
	mon->of = NULL;
}

static void
monitor_destroy(struct nm_port *m)
{
	leave(m);
	nm_os_free(m->priv);
}

void
nm_monitor_stop(struct nm_port *p)
{
	struct nm_port *m;

	while ((m = p->monitors)) {
		let_go(m->priv);
		leave(m);
		nm_port_set_gone(m);
		nm_monitor_stop(m);
	}
}

void
nm_monitor_reap(struct nm_root *root)
{
	struct nm_port *p;

	for (p = root->ports; p; p = p->next)
		if (p->monitors && NM_READ_ONCE(p->gone))
			nm_monitor_stop(p);
}

/* The port to be watched: one that somebody uses. */
static int
find_watched(struct nm_session *s, const char *name, uint64_t flags, struct nm_port **out)
{
	struct nm_port *p = nm_port_find(s->root, name);

	if (!p && !nm_vale_is_name(name) && !nm_pipe_brace(name) && !nm_os_ifname_exists(s, name))
		return nm_session_error(s, ENXIO, "there is no port %s to be monitored; see: vale-ctl list", name);
	if (p && nm_access_check(&p->access, &s->cred, NM_ACCESS_READ | NM_ACCESS_WRITE))
		return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o); its owner can let you monitor it: vale-ctl chmod 0660 %s",
		    name, p->access.uid, p->access.mode, name);
	if (!p || (!p->bound && !(p->wrap && p->vale)))
		return nm_session_error(s, EINVAL, "%s can't be monitored: no program and no switch has it open; open it first", name);
	if (p->ops->kind == NM_PORT_KIND_MONITOR && !(flags & NR_MONITOR_RX))
		return nm_session_error(s, EINVAL, "%s is a monitor, which transmits nothing; watch what it receives (NR_MONITOR_RX)", name);
	*out = p;
	return 0;
}

/* A zero-copy monitor has the buffers of the port, and so all of its region. */
static int
join_mem(struct nm_session *s, const struct nm_port *of, const struct nmreq_register *reg, struct nm_port *m)
{
	const struct nm_access *a = &of->mem->access;
	uint16_t id = of->mem->private_mem ? of->mem->id : 1;

	if (of->wrap)
		return nm_session_error(s, EBUSY, "%s is an interface in a switch and shares its memory with nobody; a monitor that copies can see it",
		    of->name);
	if (nm_access_check(a, &s->cred, NM_ACCESS_READ | NM_ACCESS_WRITE))
		return nm_session_error(s, EACCES, "%s: its memory, region %u, belongs to user %u (mode %04o); a monitor that copies needs none of it",
		    of->name, id, a->uid, a->mode);
	if (reg->nr_mem_id && reg->nr_mem_id != id)
		return nm_session_error(s, EINVAL, "%s: region %u is asked for, a zero-copy monitor has that of the port, %u", of->name,
		    reg->nr_mem_id, id);
	m->mem = nm_mem_get(of->mem);
	return 0;
}

/* Rings as those that are watched, and one to transmit, which has no room. */
static void
port_shape(struct nm_port *m, const struct nm_port *of, const struct nmreq_register *reg)
{
	uint32_t slots = of->nslots[0] > of->nslots[1] ? of->nslots[0] : of->nslots[1];

	if (slots > MAX_SLOTS)
		slots = MAX_SLOTS;
	m->nrings[NM_DIR_TX] = 1;
	m->nslots[NM_DIR_TX] = 1;
	m->nrings[NM_DIR_RX] = of->nrings[0] > of->nrings[1] ? of->nrings[0] : of->nrings[1];
	m->nhost[NM_DIR_RX] = of->nhost[0] > of->nhost[1] ? of->nhost[0] : of->nhost[1];
	m->nslots[NM_DIR_RX] = reg->nr_rx_slots ? reg->nr_rx_slots : slots;
	m->buf_bytes = of->mem->pool[NM_POOL_BUF].objsize;
}

/* The rings to watch, and those to show them. */
static int
choose_rings(struct nm_session *s, struct nm_port *m, struct nm_port *of, const struct nmreq_register *reg)
{
	const uint64_t asked[2] = {NR_MONITOR_TX, NR_MONITOR_RX};
	struct monitor *mon = m->priv;
	int dir, error = nm_register_rings(s, of, reg);

	for (dir = 0; !error && dir < 2; dir++)
		if (reg->nr_flags & asked[dir]) {
			mon->first[dir] = s->first[dir];
			mon->last[dir] = s->last[dir];
		}
	if (!error && mon->first[0] == mon->last[0] && mon->first[1] == mon->last[1])
		error = nm_session_error(s, EINVAL, "%s: no ring is left to be monitored: of its %u + %u rings and %u + %u host rings none is selected "
		    "in a direction that is asked for", of->name, of->nrings[0], of->nrings[1], of->nhost[0], of->nhost[1]);
	if (!error)
		error = nm_register_rings(s, m, reg);
	mon->to_first = s->first[NM_DIR_RX];
	mon->to_last = s->last[NM_DIR_RX];
	return error;
}

static int
set_up(struct nm_session *s, struct nm_port *m, struct nm_port *of, const struct nmreq_register *reg)
{
	struct monitor *mon = m->priv;
	const struct monitor *above = of->ops->kind == NM_PORT_KIND_MONITOR ? of->priv : NULL;
	uint32_t i;
	int error;

	mon->depth = above ? above->depth + 1 : 1;
	if (mon->depth > MAX_DEPTH)
		return nm_session_error(s, EINVAL, "%s: monitors of monitors can be stacked %u deep, not %u", of->name, MAX_DEPTH, mon->depth);
	port_shape(m, of, reg);
	error = choose_rings(s, m, of, reg);
	if (!error && m->ops == &swap_ops)
		error = join_mem(s, of, reg, m);
	else if (!error)
		error = nm_port_private_mem(s, m, reg, NULL);
	if (error)
		return error;
	if (nm_port_krings_create(m))
		return nm_session_error(s, ENOMEM, "%s: no memory for %u rings", m->name, m->nrings[NM_DIR_RX]);
	for (i = 0; i < (uint32_t)m->nrings[NM_DIR_RX] + m->nhost[NM_DIR_RX]; i++)
		nm_os_spin_level(&m->krings[NM_DIR_RX][i].lock, mon->depth);
	return 0;
}

/* That of the port with a number; as short as a port's name has to be. */
static void
name_it(struct nm_session *s, const struct nm_port *of, char name[NETMAP_REQ_IFNAMSIZ])
{
	uint32_t n = 0;

	do {
		snprintf(name, NETMAP_REQ_IFNAMSIZ, "%.48s.mon%u", of->name, ++n);
	} while (nm_port_find(s->root, name) || nm_os_ifname_exists(s, name));
}

int
nm_monitor_create(struct nm_session *s, const char *name, struct nmreq_register *reg, struct nm_port **out)
{
	struct nmreq_register slots = {.nr_tx_slots = reg->nr_tx_slots, .nr_rx_slots = reg->nr_rx_slots};
	char own_name[NETMAP_REQ_IFNAMSIZ];
	struct nm_port *of = NULL, *m;
	struct monitor *mon;
	int error;

	if (reg->nr_flags & NR_ZCOPY_MON)
		reg->nr_flags |= NR_MONITOR_TX | NR_MONITOR_RX;
	error = find_watched(s, name, reg->nr_flags, &of);
	if (!error)
		error = nm_port_hints_check(s, name, &slots, 0, MAX_SLOTS);
	if (error)
		return error;
	name_it(s, of, own_name);
	m = nm_port_alloc(s->root, own_name, reg->nr_flags & NR_ZCOPY_MON ? &swap_ops : &copy_ops, &s->cred);
	mon = m ? nm_os_alloc(sizeof(*mon)) : NULL;
	if (!mon) {
		nm_os_free(m);
		return nm_session_error(s, ENOMEM, "%s: no memory for a monitor", name);
	}
	m->priv = mon;
	error = set_up(s, m, of, reg);
	if (error) {
		nm_port_put(m);
		return error;
	}
	mon->of = of;
	mon->next = of->monitors;
	NM_WRITE_ONCE(of->monitors, m);
	nm_port_link(m);
	*out = m;
	return 0;
}
