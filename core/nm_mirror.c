/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_mirror.c - which port gets copies of another's frames; they are made in nm_policy_fwd.c. */
#include "nm_ctl.h"
#include "nm_policy.h"

bool
nm_mirror_is_target(const struct nm_port *p)
{
	const struct nm_vale *v = p->vale;
	uint32_t i;

	for (i = 0; i < v->nports; i++) {
		const struct nm_policy *c = v->ports[v->active[i]]->policy;

		if (c && (c->mirror[0] == p->vale_idx + 1 || c->mirror[1] == p->vale_idx + 1))
			return true;
	}
	return false;
}

void
nm_mirror_forget(struct nm_vale *v, const struct nm_port *p)
{
	uint32_t i, dir;

	for (i = 0; i < v->nports; i++) {
		struct nm_policy *c = v->ports[v->active[i]]->policy;

		for (dir = 0; c && dir < 2; dir++)
			if (c->mirror[dir] == p->vale_idx + 1)
				NM_WRITE_ONCE(c->mirror[dir], 0);
	}
}

static int
find_target(struct nm_session *s, const struct nm_port *p, const char *to, struct nm_port **out)
{
	const uint32_t none[2] = {0};
	int error = nm_policy_port(s, to, NM_POLICY_SET, none, out);

	if (error)
		return error;
	if (*out == p)
		return nm_session_error(s, EINVAL, "%s can't be its own mirror", to);
	if ((*out)->vale != p->vale)
		return nm_session_error(s, EINVAL, "%s and %s are not of the same switch", p->name, to);
	if ((*out)->policy && (*out)->policy->vlan.mode)
		return nm_session_error(s, EINVAL, "%s is in VLANs and would get copies of frames of others; end that by: vale-ctl vlan %s off", to, to);
	return 0;
}

static void
tell(const struct nm_port *p, struct nmreq_mirror *r)
{
	const struct nm_policy *c = p->policy;
	uint32_t dir, at = 0;

	r->nr_dirs = 0;
	memset(r->nr_to, 0, sizeof(r->nr_to));
	for (dir = 0; c && dir < 2; dir++)
		if (c->mirror[dir]) {
			r->nr_dirs |= dir == NM_DIR_TX ? NM_MIRROR_TX : NM_MIRROR_RX;
			at = c->mirror[dir];
		}
	if (at)
		snprintf(r->nr_to, sizeof(r->nr_to), "%s", p->vale->ports[at - 1]->name);
}

int
nm_mirror_ctl(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_mirror *r = m->body;
	const char *name = m->hdr->nr_name;
	struct nm_port *p, *to = NULL;
	struct nm_policy *n;
	int error = nm_policy_port(s, name, r->nr_op, r->nr_reserved, &p);

	if (error)
		return error;
	if (r->nr_op == NM_POLICY_GET) {
		tell(p, r);
		return 0;
	}
	r->nr_to[sizeof(r->nr_to) - 1] = 0;
	if (r->nr_dirs & ~(NM_MIRROR_TX | NM_MIRROR_RX))
		return nm_session_error(s, EINVAL, "%s: directions 0x%x are unknown; %u is sent, %u received, %u both", name, r->nr_dirs, NM_MIRROR_TX,
		    NM_MIRROR_RX, NM_MIRROR_TX | NM_MIRROR_RX);
	if (!r->nr_dirs && *r->nr_to)
		return nm_session_error(s, EINVAL, "%s: no direction is given for copies to %s; %u is sent, %u received, %u both", name, r->nr_to,
		    NM_MIRROR_TX, NM_MIRROR_RX, NM_MIRROR_TX | NM_MIRROR_RX);
	if (r->nr_dirs)
		error = find_target(s, p, r->nr_to, &to);
	if (error)
		return error;
	n = nm_policy_copy(s, p);
	if (!n)
		return -ENOMEM;
	n->mirror[NM_DIR_TX] = r->nr_dirs & NM_MIRROR_TX ? (uint16_t)(to->vale_idx + 1) : 0;
	n->mirror[NM_DIR_RX] = r->nr_dirs & NM_MIRROR_RX ? (uint16_t)(to->vale_idx + 1) : 0;
	nm_policy_set(p, n);
	return 0;
}
