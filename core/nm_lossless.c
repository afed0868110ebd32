/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_lossless.c - ports that are waited for.
 *
 * A sender that finds no room (nm_policy_fwd.c) marks its ring, then, under the receiver's lock, the receiver's. Who takes frames there
 * clears that mark and has all senders of this port look again (nm_lossless_resume); those who still find no room set it anew. So nobody
 * waits unseen: a mark set before it was cleared has its sender's before it, one set after it stays.
 */
#include "nm_ctl.h"
#include "nm_policy.h"

struct nm_port *
nm_lossless_waits(struct nm_kring *kr)
{
	struct nm_vale *v = kr->port->vale;

	return v && NM_READ_ONCE(kr->blocked) && kr->last_dst < NM_VALE_MAX_PORTS ? NM_RCU_DEREF(v->ports[kr->last_dst]) : NULL;
}

/* The transmit rings of q that wait, for the port of this index, or for any. */
static void
each_blocked(struct nm_port *q, uint32_t dst, void (*f)(struct nm_kring *kr, void *arg), void *arg)
{
	uint32_t i;

	for (i = 0; q->krings[NM_DIR_TX] && i < q->nrings[NM_DIR_TX]; i++) {
		struct nm_kring *kr = &q->krings[NM_DIR_TX][i];

		if (NM_READ_ONCE(kr->blocked) && (dst == NM_FDB_NONE || NM_READ_ONCE(kr->last_dst) == dst))
			f(kr, arg);
	}
}

void
nm_lossless_resume(struct nm_kring *d, void (*wake)(struct nm_kring *kr, void *arg), void *arg)
{
	struct nm_vale *v = d->port->vale;
	uint32_t i, n;

	if (!v || d->port->wrap)
		return;
	NM_WRITE_ONCE(d->blocked, false);
	NM_MB();
	n = NM_READ_ONCE(v->nports);
	for (i = 0; i < n && i < NM_VALE_MAX_PORTS; i++) {
		uint32_t src = NM_READ_ONCE(v->active[i]);
		struct nm_port *q = src < NM_VALE_MAX_PORTS ? NM_RCU_DEREF(v->ports[src]) : NULL;

		if (q)
			each_blocked(q, d->port->vale_idx, wake, arg);
	}
}

static void
tell_host(struct nm_kring *kr, void *arg)
{
	(void)arg;
	nm_os_port_changed(kr->port);
}

void
nm_lossless_wake_all(struct nm_vale *v)
{
	uint32_t i;

	for (i = 0; i < v->nports; i++)
		each_blocked(v->ports[v->active[i]], NM_FDB_NONE, tell_host, NULL);
}

static int
of_port(struct nm_session *s, const char *name, struct nmreq_lossless *r)
{
	struct nm_policy *n;
	struct nm_port *p;
	int error = nm_policy_port(s, name, r->nr_op, r->nr_reserved, &p);

	if (error)
		return error;
	if (r->nr_op == NM_POLICY_GET) {
		r->nr_on = p->policy && p->policy->lossless;
		return 0;
	}
	if (r->nr_on && p->wrap)
		return nm_session_error(s, EOPNOTSUPP, "%s: an interface sends at its own pace and is not waited for; only ports of programs can be "
		    "lossless", name);
	n = nm_policy_copy(s, p);
	if (!n)
		return -ENOMEM;
	n->lossless = r->nr_on;
	nm_policy_set(p, n);
	return 0;
}

static int
of_switch(struct nm_session *s, const char *name, struct nmreq_lossless *r)
{
	uint32_t want = r->nr_op == NM_POLICY_SET ? NM_ACCESS_READ | NM_ACCESS_WRITE : NM_ACCESS_READ;
	struct nm_vale *v;
	int error = nm_policy_check(s, name, r->nr_op, r->nr_reserved);

	if (!error)
		error = nm_policy_switch(s, name, want, &v);
	if (error)
		return error;
	if (r->nr_op == NM_POLICY_GET) {
		r->nr_on = v->lossless;
		return 0;
	}
	NM_WRITE_ONCE(v->lossless, r->nr_on);
	nm_policy_update(v);
	return 0;
}

int
nm_lossless_ctl(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_lossless *r = m->body;
	const char *name = m->hdr->nr_name, *port;
	char sw[17];

	if (r->nr_op == NM_POLICY_SET && r->nr_on > 1)
		return nm_session_error(s, EINVAL, "%s: nr_on is %u, 0 (off) and 1 (on) are possible", name, r->nr_on);
	return nm_vale_split(name, sw, &port) ? of_switch(s, name, r) : of_port(s, name, r);
}
