/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_ctl.h"
#include "nm_root.h"
#include "nm_vale.h"

static const struct {
	uint32_t type;
	int (*handler)(struct nm_session *s, struct nm_ctl_msg *m);
} table[] = {
	{NETMAP_REQ_REGISTER, nm_register},
	{NETMAP_REQ_PORT_INFO_GET, nm_port_info_get},
	{NETMAP_REQ_VALE_ATTACH, nm_vale_ctl_attach},
	{NETMAP_REQ_VALE_DETACH, nm_vale_ctl_detach},
	{NETMAP_REQ_VALE_LIST, nm_vale_ctl_list},
	{NETMAP_REQ_PORT_HDR_SET, nm_vale_ctl_hdr_set},
	{NETMAP_REQ_PORT_HDR_GET, nm_port_hdr_get},
	{NETMAP_REQ_VALE_NEWIF, nm_vale_ctl_newif},
	{NETMAP_REQ_VALE_DELIF, nm_vale_ctl_delif},
	{NETMAP_REQ_VALE_POLLING_ENABLE, nm_vale_poll_on},
	{NETMAP_REQ_VALE_POLLING_DISABLE, nm_vale_poll_off},
	{NETMAP_REQ_POOLS_INFO_GET, nm_pools_info_get},
	{NETMAP_REQ_SYNC_KLOOP_START, nm_kloop_start},
	{NETMAP_REQ_SYNC_KLOOP_STOP, nm_kloop_stop},
	{NETMAP_REQ_CSB_ENABLE, nm_kloop_csb_enable},
	{NETMAP_REQ_STATS_GET, nm_stats_get},
	{NETMAP_REQ_FDB_GET, nm_fdb_ctl_get},
	{NETMAP_REQ_FDB_FLUSH, nm_fdb_ctl_flush},
	{NETMAP_REQ_ERROR_GET, nm_error_get},
	{NETMAP_REQ_PORT_ACCESS, nm_port_access},
	{NETMAP_REQ_PORT_LIST, nm_port_list},
	{NETMAP_REQ_FDB_STATIC, nm_policy_ctl_fdb},
	{NETMAP_REQ_VLAN, nm_vlan_ctl},
	{NETMAP_REQ_STORM, nm_storm_ctl},
	{NETMAP_REQ_LOSSLESS, nm_lossless_ctl},
	{NETMAP_REQ_MIRROR, nm_mirror_ctl},
};
#define NREQS (sizeof(table) / sizeof(table[0]))

static size_t
find_request(uint32_t type)
{
	size_t i;

	for (i = 0; i < NREQS && table[i].type != type; i++)
		;
	return i;
}

int
nm_error_get(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_error *e = m->body;

	memset(e, 0, sizeof(*e));
	e->nr_errno = s->errnum;
	if (s->errnum)
		snprintf(e->nr_text, sizeof(e->nr_text), "%s", s->errtext);
	e->nr_len = (uint32_t)strlen(e->nr_text);
	return 0;
}

/* Options we serve get their status from the handler; the others say so from the start. */
static int
check_options(struct nm_session *s, struct nm_ctl_msg *m)
{
	uint32_t i, k;
	int error = 0;

	for (i = 0; i < m->nopts; i++)
		m->opts[i].hdr.nro_status = EOPNOTSUPP;
	for (i = 0; i < m->nopts; i++) {
		uint32_t type = m->opts[i].hdr.nro_reqtype;

		if (!type) {
			m->opts[i].hdr.nro_status = EINVAL;
			error = nm_session_error(s, EINVAL, "option %u has type 0", i);
		}
		for (k = 0; k < i && type < NETMAP_REQ_OPT_MAX; k++)
			if (type && m->opts[k].hdr.nro_reqtype == type) {
				m->opts[i].hdr.nro_status = m->opts[k].hdr.nro_status = EINVAL;
				error = nm_session_error(s, EINVAL, "option %u (%s) is given twice", type, nm_ctl_option_name(type));
			}
	}
	return error;
}

/* Names are shown to others, on terminals and in logs. */
static int
check_name(struct nm_session *s, const char *name)
{
	uint32_t i;

	for (i = 0; name[i]; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return nm_session_error(s, EINVAL, "character %u of the name is 0x%02x; printable ASCII other than a blank is expected", i + 1,
			    (unsigned char)name[i]);
	return 0;
}

/* The body is there where the request has one, and only there. */
static int
check_body(struct nm_session *s, const struct nm_ctl_msg *m)
{
	const char *name = nm_ctl_request_name(m->hdr->nr_reqtype);
	int size = nm_ctl_body_size(m->hdr->nr_reqtype);

	if ((size > 0) == (m->body != NULL))
		return 0;
	return size > 0 ? nm_session_error(s, EINVAL, "request %u (%s) has a body of %d bytes, none is given", m->hdr->nr_reqtype, name, size) :
	    nm_session_error(s, EINVAL, "request %u (%s) has no body, one is given", m->hdr->nr_reqtype, name);
}

int
nm_ctl_request(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_header *h = m->hdr;
	size_t i = find_request(h->nr_reqtype);
	int error;

	h->nr_name[sizeof(h->nr_name) - 1] = 0;
	if (h->nr_version < NETMAP_MIN_API || h->nr_version > NETMAP_MAX_API) {
		error = nm_session_error(s, EINVAL, "API version %u is not supported, %u to %u are", h->nr_version, NETMAP_MIN_API,
		    NETMAP_MAX_API);
		h->nr_version = NETMAP_API;
		return error;
	}
	if (h->nr_reserved)
		return nm_session_error(s, EINVAL, "the header's reserved field is %u, not 0", h->nr_reserved);
	if (i == NREQS)
		return nm_session_error(s, EINVAL, "request %u is unknown", h->nr_reqtype);
	error = check_name(s, h->nr_name);
	if (!error)
		error = check_body(s, m);
	if (!error)
		error = check_options(s, m);
	if (error)
		return error;
	if (table[i].handler != nm_error_get)
		s->errnum = 0;
	if (nm_os_mutex_lock_killable(&s->root->lock))
		return nm_session_error(s, EINTR, "%s: killed before request %u (%s) had its turn", h->nr_name, h->nr_reqtype,
		    nm_ctl_request_name(h->nr_reqtype));
	error = table[i].handler(s, m);
	nm_root_unlock(s->root);
	if (error && !s->errnum)
		nm_session_error(s, -error, "%s: request %u (%s) failed", h->nr_name, h->nr_reqtype,
		    nm_ctl_request_name(h->nr_reqtype));
	return error;
}

/* The region of a port goes with it, if both were of one owner; that of all his interfaces stays his. */
static void
grant_region(struct nm_mem *m, const struct nm_access *a)
{
	m->access.mode = a->mode;
	m->access.gid = a->gid;
	if (m->private_mem)
		m->access.uid = a->uid;
}

int
nm_port_access(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_access *a = m->body;
	const char *name = m->hdr->nr_name;
	struct nm_port *p = nm_port_find(s->root, name);
	struct nm_vale *v = p ? NULL : nm_vale_find(s->root, name);
	struct nm_access *o = p ? &p->access : v ? &v->access : NULL;

	if (!o)
		return nm_session_error(s, ENXIO, "there is no port or switch %s", name);
	if (a->nr_valid & ~(uint32_t)(NM_ACCESS_SET_MODE | NM_ACCESS_SET_UID | NM_ACCESS_SET_GID))
		return nm_session_error(s, EINVAL, "%s: unknown bits 0x%x in nr_valid", name, a->nr_valid);
	if (a->nr_valid) {
		uint32_t was = o->uid;

		if (nm_access_owner(o, &s->cred))
			return nm_session_error(s, EPERM, "%s belongs to user %u; only he or root may change that", name, o->uid);
		if ((a->nr_valid & 2) && a->nr_uid != o->uid && !s->cred.admin)
			return nm_session_error(s, EPERM, "%s: only root can give it to another user", name);
		if ((a->nr_valid & 1) && a->nr_mode > 0777)
			return nm_session_error(s, EINVAL, "%s: mode %o is out of 0 to 0777", name, a->nr_mode);
		if (a->nr_valid & 1)
			o->mode = a->nr_mode;
		if (a->nr_valid & 2)
			o->uid = a->nr_uid;
		if (a->nr_valid & 4)
			o->gid = a->nr_gid;
		if (p && !p->wrap && p->mem->access.uid == was)
			grant_region(p->mem, o);
	} else if (nm_access_check(o, &s->cred, NM_ACCESS_READ)) {
		return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o)", name, o->uid, o->mode);
	}
	a->nr_mode = o->mode;
	a->nr_uid = o->uid;
	a->nr_gid = o->gid;
	return 0;
}
