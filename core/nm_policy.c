/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_policy.c - policy objects of ports, and static addresses. */
#include "nm_policy.h"
#include "nm_ctl.h"
#include "nm_root.h"

static const struct nm_policy none;

int
nm_policy_switch(struct nm_session *s, const char *name, uint32_t want, struct nm_vale **out)
{
	char sw[17];
	const char *port;

	if (nm_vale_split(name, sw, &port))
		snprintf(sw, sizeof(sw), "%.16s", name); /* the name of the switch alone */
	*out = nm_vale_find(s->root, sw);
	if (!*out)
		return nm_session_error(s, ENXIO, "there is no switch %s; see: vale-ctl list", sw);
	if (nm_access_check(&(*out)->access, &s->cred, want))
		return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o)", sw, (*out)->access.uid, (*out)->access.mode);
	return 0;
}

/* The port, which is in a switch, if the client has such leave for both. */
static int
find_port(struct nm_session *s, const char *name, uint32_t want, struct nm_port **out)
{
	struct nm_port *p = nm_port_find(s->root, name);
	struct nm_vale *v;

	if (!p)
		return nm_session_error(s, ENXIO, "there is no port %s; see: vale-ctl list", name);
	if (!p->vale)
		return nm_session_error(s, EINVAL, "%s is no port of a switch", name);
	if (nm_access_check(&p->access, &s->cred, want))
		return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o)", name, p->access.uid, p->access.mode);
	*out = p;
	return nm_policy_switch(s, p->vale->name, want, &v);
}

static int
check_reserved(struct nm_session *s, const char *name, const uint32_t reserved[2])
{
	if (!reserved[0] && !reserved[1])
		return 0;
	return nm_session_error(s, EINVAL, "%s: the reserved fields are 0x%x and 0x%x, not 0", name, reserved[0], reserved[1]);
}

int
nm_policy_check(struct nm_session *s, const char *name, uint32_t op, const uint32_t reserved[2])
{
	if (op > NM_POLICY_SET)
		return nm_session_error(s, EINVAL, "%s: operation %u is unknown; %u looks, %u changes", name, op, NM_POLICY_GET, NM_POLICY_SET);
	return check_reserved(s, name, reserved);
}

int
nm_policy_port(struct nm_session *s, const char *name, uint32_t op, const uint32_t reserved[2], struct nm_port **out)
{
	int error = nm_policy_check(s, name, op, reserved);

	return error ? error : find_port(s, name, op == NM_POLICY_SET ? NM_ACCESS_READ | NM_ACCESS_WRITE : NM_ACCESS_READ, out);
}

struct nm_policy *
nm_policy_copy(struct nm_session *s, const struct nm_port *p)
{
	struct nm_policy *n = nm_os_alloc(sizeof(*n));

	if (!n)
		nm_session_error(s, ENOMEM, "%s: no memory for its policy", p->name);
	else
		*n = p->policy ? *p->policy : none;
	return n;
}

void
nm_policy_update(struct nm_vale *v)
{
	uint32_t i, has = 0;

	for (i = 0; i < v->nports; i++) {
		const struct nm_policy *c = v->ports[v->active[i]]->policy;

		if (!c)
			continue;
		has |= c->vlan.mode ? NM_POLICY_HAS_VLAN : 0;
		has |= c->storm ? NM_POLICY_HAS_STORM : 0;
		has |= c->lossless ? NM_POLICY_HAS_LOSSLESS : 0;
		has |= c->mirror[0] || c->mirror[1] ? NM_POLICY_HAS_MIRROR : 0;
	}
	if (v->lossless)
		has |= NM_POLICY_HAS_LOSSLESS;
	if (nm_fdb_nfixed(v->fdb))
		has |= NM_POLICY_HAS_STATIC;
	NM_WRITE_ONCE(v->policies, has);
	nm_os_rcu_sync();
	nm_lossless_wake_all(v); /* what they wait for may no longer be so */
}

static bool
is_default(const struct nm_policy *n)
{
	return !n->vlan.mode && !n->storm && !n->lossless && !n->mirror[0] && !n->mirror[1];
}

void
nm_policy_set(struct nm_port *p, struct nm_policy *n)
{
	struct nm_policy *old = p->policy;
	struct nm_storm *storm = old && old->storm != n->storm ? old->storm : NULL;

	if (is_default(n)) {
		nm_os_free(n);
		n = NULL;
	}
	NM_RCU_ASSIGN(p->policy, n);
	nm_policy_update(p->vale);
	nm_os_free(storm);
	nm_os_free(old);
}

void
nm_policy_leave(struct nm_vale *v, struct nm_port *p)
{
	if (p->policy)
		nm_os_free(p->policy->storm);
	nm_os_free(p->policy);
	p->policy = NULL;
	nm_mirror_forget(v, p);
	if (v->policies)
		nm_policy_update(v);
}

/* The port of NM_FDB_ADD: one that is in the VLAN. */
static int
add_static(struct nm_session *s, const char *name, const struct nmreq_fdb_static *r)
{
	struct nm_port *p;
	int error = find_port(s, name, NM_ACCESS_READ | NM_ACCESS_WRITE, &p);

	if (error)
		return error;
	if (!nm_vlan_member(p->policy ? &p->policy->vlan : &none.vlan, r->nr_vid))
		return nm_session_error(s, EINVAL, "%s is not in VLAN %u (0: ports of none); see: vale-ctl vlan %s", name, r->nr_vid, name);
	error = nm_fdb_fix(p->vale->fdb, nm_fdb_mac((const uint8_t[8]){r->nr_mac[0], r->nr_mac[1], r->nr_mac[2], r->nr_mac[3], r->nr_mac[4],
	    r->nr_mac[5]}), r->nr_vid, p->vale_idx);
	if (error)
		return nm_session_error(s, ENOSPC, "%s: 8 other static addresses have the address's place in the table; delete one of %u", name,
		    nm_fdb_nfixed(p->vale->fdb));
	nm_policy_update(p->vale);
	return 0;
}

static int
delete_static(struct nm_session *s, const char *name, const struct nmreq_fdb_static *r)
{
	const uint8_t *a = r->nr_mac, mac[8] = {a[0], a[1], a[2], a[3], a[4], a[5]};
	struct nm_vale *v;
	int error = nm_policy_switch(s, name, NM_ACCESS_READ | NM_ACCESS_WRITE, &v);

	if (error)
		return error;
	if (nm_fdb_unfix(v->fdb, nm_fdb_mac(mac), r->nr_vid))
		return nm_session_error(s, ENOENT, "%s has no static address %02x:%02x:%02x:%02x:%02x:%02x in VLAN %u; see: vale-ctl fdb %s", v->name,
		    a[0], a[1], a[2], a[3], a[4], a[5], r->nr_vid, v->name);
	nm_policy_update(v);
	return 0;
}

int
nm_policy_ctl_fdb(struct nm_session *s, struct nm_ctl_msg *m)
{
	const struct nmreq_fdb_static *r = m->body;
	const char *name = m->hdr->nr_name;
	const uint8_t *a = r->nr_mac;
	int error = check_reserved(s, name, r->nr_reserved);

	if (error)
		return error;
	if (r->nr_op != NM_FDB_ADD && r->nr_op != NM_FDB_DELETE)
		return nm_session_error(s, EINVAL, "%s: operation %u is unknown; %u adds an address, %u deletes one", name, r->nr_op, NM_FDB_ADD,
		    NM_FDB_DELETE);
	if ((a[0] & 1) || !(a[0] | a[1] | a[2] | a[3] | a[4] | a[5]))
		return nm_session_error(s, EINVAL, "%s: %02x:%02x:%02x:%02x:%02x:%02x is %s, not the address of one station", name, a[0], a[1], a[2],
		    a[3], a[4], a[5], a[0] & 1 ? "a group" : "nobody");
	if (r->nr_vid > NM_VLAN_MAX)
		return nm_session_error(s, EINVAL, "%s: VLAN %u is out of 1 to %u (0: none)", name, r->nr_vid, NM_VLAN_MAX);
	return r->nr_op == NM_FDB_ADD ? add_static(s, name, r) : delete_static(s, name, r);
}
