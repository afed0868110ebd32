/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_stats.c - NETMAP_REQ_STATS_GET: counters live in the rings; ports and switches are sums. */
#include "nm_ctl.h"
#include "nm_policy.h"
#include "nm_root.h"
#include "nm_stats.h"
#include "nm_vale.h"

static void
add(uint64_t *sum, const uint64_t *v)
{
	uint32_t i;

	for (i = 0; i < NM_STAT_MAX; i++)
		sum[i] += NM_READ_COUNTER(v[i]);
}

static void
add_port(uint64_t *sum, const struct nm_port *p)
{
	uint32_t i;
	int dir;

	for (dir = 0; dir < 2; dir++)
		for (i = 0; p->krings[dir] && i < (uint32_t)p->nrings[dir] + p->nhost[dir]; i++)
			add(sum, p->krings[dir][i].stat);
}

void
nm_stats_take_port(uint64_t *sum, const struct nm_port *p, int sign)
{
	uint64_t own[NM_STAT_MAX] = {0};
	uint32_t i;

	add_port(own, p);
	for (i = 0; i < NM_STAT_MAX; i++)
		sum[i] += sign < 0 ? 0 - own[i] : own[i];
}

static int
port_stats(struct nm_session *s, const char *name, struct nmreq_stats *st)
{
	struct nm_port *p = *name ? nm_port_find(s->root, name) : s->port;
	int dir = st->nr_scope == NM_STATS_TXRING ? NM_DIR_TX : NM_DIR_RX;
	uint32_t n;

	if (!p && !*name)
		return nm_session_error(s, ENXIO, "this descriptor has no port of its own; name one");
	if (!p)
		return nm_session_error(s, ENXIO, "there is no port %s; see: vale-ctl list", name);
	name = p->name;
	if (nm_access_check(&p->access, &s->cred, NM_ACCESS_READ))
		return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o)", name, p->access.uid, p->access.mode);
	if (st->nr_scope == NM_STATS_PORT) {
		add_port(st->nr_counter, p);
		return 0;
	}
	n = p->krings[dir] ? p->nrings[dir] + p->nhost[dir] : 0;
	if (st->nr_index >= n)
		return nm_session_error(s, EINVAL, "%s has no %s ring %u, there are %u", name, dir ? "rx" : "tx", st->nr_index, n);
	add(st->nr_counter, p->krings[dir][nm_os_index_nospec(st->nr_index, n)].stat);
	return 0;
}

static int
switch_stats(struct nm_session *s, const char *name, struct nmreq_stats *st)
{
	struct nm_vale *v = nm_vale_find(s->root, name);
	uint32_t i;

	if (!v)
		return nm_session_error(s, ENXIO, "there is no switch %s", name);
	if (nm_access_check(&v->access, &s->cred, NM_ACCESS_READ))
		return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o)", name, v->access.uid, v->access.mode);
	add(st->nr_counter, v->stat);
	for (i = 0; i < v->nports; i++)
		add_port(st->nr_counter, v->ports[v->active[i]]);
	return 0;
}

int
nm_stats_get(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_stats *st = m->body;

	if (st->nr_scope > NM_STATS_RXRING)
		return nm_session_error(s, EINVAL, "statistics of kind %u are unknown", st->nr_scope);
	if (st->pad)
		return nm_session_error(s, EINVAL, "the reserved field is %u, not 0", st->pad);
	memset(st->nr_counter, 0, sizeof(st->nr_counter));
	st->nr_count = NM_STAT_COUNT;
	return st->nr_scope == NM_STATS_SWITCH ? switch_stats(s, m->hdr->nr_name, st) : port_stats(s, m->hdr->nr_name, st);
}

int
nm_fdb_ctl_get(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_fdb *f = m->body;
	struct nm_vale *v;
	int error = nm_policy_switch(s, m->hdr->nr_name, NM_ACCESS_READ, &v);

	if (!error)
		f->nr_count = nm_fdb_dump(v->fdb, &f->nr_cursor, f->nr_entry, sizeof(f->nr_entry) / sizeof(f->nr_entry[0]),
		    (uint32_t)(nm_os_now() / 1000000000u), s->root->limits.fdb_age_s);
	return error;
}

int
nm_fdb_ctl_flush(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_fdb_flush *f = m->body;
	struct nm_vale *v;
	int error = nm_policy_switch(s, m->hdr->nr_name, NM_ACCESS_READ | NM_ACCESS_WRITE, &v);

	if (!error)
		f->nr_removed = nm_fdb_flush(v->fdb, f->nr_port_idx, false);
	return error;
}
