/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_vale_ctl.c - the switch's control requests. */
#include "nm_ctl.h"
#include "nm_policy.h"
#include "nm_root.h"
#include "nm_vale.h"
#include "nm_vale_nic.h"

/* Position of a switch and a port in the two-part cursor of VALE_LIST. */
int
nm_vale_ctl_list(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_vale_list *l = m->body;
	uint32_t b, i, first = l->nr_port_idx;
	struct nm_vale *v;
	struct nm_port *p;

	if (*m->hdr->nr_name) {
		char sw[17];
		const char *port;

		if (nm_vale_split(m->hdr->nr_name, sw, &port))
			return nm_session_error(s, EINVAL, "%s is no name of a switch or its port", m->hdr->nr_name);
		v = nm_vale_find(s->root, sw);
		if (!v || nm_access_check(&v->access, &s->cred, NM_ACCESS_READ))
			return nm_session_error(s, ENOENT, "there is no switch %s", sw);
		p = nm_port_find(s->root, m->hdr->nr_name);
		if (p && nm_access_check(&p->access, &s->cred, NM_ACCESS_READ))
			p = NULL;
		l->nr_bridge_idx = (uint16_t)v->idx;
		l->nr_port_idx = p && p->vale == v ? p->vale_idx : 255;
		return 0;
	}
	for (b = l->nr_bridge_idx; b < s->root->limits.max_switches; b++, first = 0) {
		v = s->root->vales[nm_os_index_nospec(b, s->root->limits.max_switches)];
		if (!v || nm_access_check(&v->access, &s->cred, NM_ACCESS_READ))
			continue;
		for (i = first; i < NM_VALE_MAX_PORTS; i++) {
			p = v->ports[nm_os_index_nospec(i, NM_VALE_MAX_PORTS)];
			if (!p || nm_access_check(&p->access, &s->cred, NM_ACCESS_READ))
				continue;
			snprintf(m->hdr->nr_name, sizeof(m->hdr->nr_name), "%s", p->name);
			l->nr_bridge_idx = (uint16_t)b;
			l->nr_port_idx = i;
			return 0;
		}
	}
	return nm_session_error(s, ENOENT, "no more ports");
}

int
nm_vale_ctl_hdr_set(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_port_hdr *h = m->body;
	struct nm_port *p = nm_port_find(s->root, m->hdr->nr_name);

	if (!p)
		return nm_session_error(s, ENXIO, "there is no port %s; see: vale-ctl list", m->hdr->nr_name);
	if (nm_access_check(&p->access, &s->cred, NM_ACCESS_READ | NM_ACCESS_WRITE))
		return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o)", p->name, p->access.uid, p->access.mode);
	if (!p->vale)
		return nm_session_error(s, EINVAL, "%s: a header of %u bytes can't be set, only ports of a switch have virtio-net headers", p->name,
		    h->nr_hdr_len);
	if (h->nr_hdr_len != 0 && h->nr_hdr_len != 10 && h->nr_hdr_len != 12)
		return nm_session_error(s, EINVAL, "%s: a header of %u bytes can't be set; switch ports have 0, 10 or 12", p->name,
		    h->nr_hdr_len);
	if (p->wrap && h->nr_hdr_len)
		return nm_session_error(s, EINVAL, "%s: a header of %u bytes can't be set, frames of an interface have none; what other ports' "
		    "headers ask for is done on the way to it", p->name, h->nr_hdr_len);
	NM_WRITE_ONCE(p->hdr_len, h->nr_hdr_len);
	nm_os_rcu_sync(); /* what is delivered from now on has it */
	return 0;
}

int
nm_vale_ctl_attach(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_vale_attach *a = m->body;

	return nm_vale_nic_attach(s, m->hdr->nr_name, &a->reg, &a->port_index);
}

int
nm_vale_ctl_detach(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_vale_detach *d = m->body;
	const char *name = m->hdr->nr_name, *port;
	char sw[17];
	struct nm_port *p;

	if (nm_vale_split(name, sw, &port) || !*port)
		return nm_session_error(s, EINVAL, "%s is not of the form valeX:INTERFACE", name);
	p = nm_port_find(s->root, name);
	if (!p)
		return nm_session_error(s, ENXIO, "%s is not attached; see: vale-ctl list", name);
	if (!p->wrap)
		return nm_session_error(s, EINVAL, "%s is the port of a program and goes when that closes it", name);
	p = nm_vale_nic_find(s->root, name);
	if (!p)
		return nm_session_error(s, EINVAL, "%s is the host's side of an interface and goes with that: vale-ctl -d %.*s", name,
		    (int)strlen(name) - 1, name);
	if (nm_access_check(&p->access, &s->cred, NM_ACCESS_READ | NM_ACCESS_WRITE))
		return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o)", name, p->access.uid, p->access.mode);
	if (p->polling)
		return nm_session_error(s, EBUSY, "%s is polled; end that first: vale-ctl -P %s", name, name);
	d->port_index = p->vale_idx;
	nm_vale_nic_detach(p);
	return 0;
}

int
nm_vale_ctl_newif(struct nm_session *s, struct nm_ctl_msg *m)
{
	const char *name = m->hdr->nr_name, *c;

	for (c = name; *c && *c > ' ' && *c < 127 && *c != '/' && *c != ':' && *c != '{' && *c != '}'; c++)
		;
	if (!*name || *c || strlen(name) > 15 || !strncmp(name, NM_BDG_NAME, 4))
		return nm_session_error(s, EINVAL, "%s: a persistent port has a name of 1 to 15 characters, none of them a blank or one of "
		    "/:{}, and does not begin with %s", name, NM_BDG_NAME);
	return nm_vale_nic_newif(s, name, m->body);
}

int
nm_vale_ctl_delif(struct nm_session *s, struct nm_ctl_msg *m)
{
	return nm_vale_nic_delif(s, m->hdr->nr_name);
}
