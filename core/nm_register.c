/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_register.c - NETMAP_REQ_REGISTER: from a name to bound rings; and the requests that only look at a port. */
#include "nm_ctl.h"
#include "nm_mem_ext.h"
#include "nm_monitor.h"
#include "nm_null.h"
#include "nm_pipe.h"
#include "nm_root.h"
#include "nm_vale.h"

#define KNOWN_FLAGS (NR_MONITOR_TX | NR_MONITOR_RX | NR_ZCOPY_MON | NR_EXCLUSIVE | NR_RX_RINGS_ONLY | \
	NR_TX_RINGS_ONLY | NR_ACCEPT_VNET_HDR | NR_DO_RX_POLL | NR_NO_TX_POLL)

/* Finds or makes the port of a name; a reference for the caller. */
static int
port_get(struct nm_session *s, const char *name, struct nmreq_register *reg, struct nm_port **out)
{
	const uint16_t host[2] = {reg->nr_host_tx_rings, reg->nr_host_rx_rings};
	struct nm_port *p;
	int dir, error;

	if (nm_monitor_asked(reg->nr_flags))
		return nm_monitor_create(s, name, reg, out);
	if (reg->nr_mode == NR_REG_NULL)
		return nm_null_create(s, name, reg, NULL, out);
	if (nm_pipe_brace(name))
		return nm_pipe_get(s, name, reg, out);
	p = nm_port_find(s->root, name);
	if (p) {
		if (nm_access_check(&p->access, &s->cred, NM_ACCESS_READ | NM_ACCESS_WRITE))
			return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o); its owner can open it: vale-ctl chmod 0660 %s",
			    name, p->access.uid, p->access.mode, name);
		*out = nm_port_get(p);
		return 0;
	}
	if (nm_vale_is_name(name))
		return nm_vale_port_create(s, name, reg, NULL, out);
	error = nm_port_nic_create(s, name, reg->nr_mem_id, out);
	for (dir = 0; !error && dir < 2; dir++)
		if (host[dir] && (*out)->max_host)
			(*out)->nhost[dir] = host[dir] < (*out)->max_host ? host[dir] : (*out)->max_host;
	return error;
}

struct span { uint32_t first, last; };

/* One ring of each direction, of the `count` that come after the `before` first ones. */
static int
one_ring(struct nm_session *s, const char *what, uint32_t ring, const uint16_t count[2], const uint32_t before[2],
    struct span r[2])
{
	uint32_t max = count[0] > count[1] ? count[0] : count[1];
	int dir;

	if (ring >= max)
		return nm_session_error(s, EINVAL, "%s ring %u does not exist, there are %u (0 to %u)", what, ring, max, max ? max - 1 : 0);
	ring = nm_os_index_nospec(ring, max);
	for (dir = 0; dir < 2; dir++) {
		r[dir].first = before[dir] + (ring < count[dir] ? ring : 0);
		r[dir].last = r[dir].first + (count[dir] > 0);
	}
	return 0;
}

int
nm_register_rings(struct nm_session *s, const struct nm_port *p, const struct nmreq_register *reg)
{
	uint32_t ntx = p->nrings[0], nrx = p->nrings[1], htx = p->nhost[0], hrx = p->nhost[1];
	const uint32_t none[2] = {0, 0}, nics[2] = {ntx, nrx};
	struct span r[2] = {{0, ntx}, {0, nrx}};
	int error = 0;

	switch (reg->nr_mode) {
	case NR_REG_DEFAULT:
	case NR_REG_ALL_NIC:
	case NR_REG_NULL:
		break;
	case NR_REG_ONE_NIC:
		error = one_ring(s, p->name, reg->nr_ringid, p->nrings, none, r);
		break;
	case NR_REG_SW:
	case NR_REG_NIC_SW:
	case NR_REG_ONE_SW:
		if (!htx && !hrx)
			return nm_session_error(s, EINVAL, "%s has no host rings", p->name);
		if (reg->nr_mode == NR_REG_ONE_SW)
			error = one_ring(s, p->name, reg->nr_ringid, p->nhost, nics, r);
		else if (reg->nr_mode == NR_REG_SW)
			r[0] = (struct span){ntx, ntx + htx}, r[1] = (struct span){nrx, nrx + hrx};
		else
			r[0].last += htx, r[1].last += hrx;
		break;
	default:
		return nm_session_error(s, EINVAL, "%s: mode %u is unknown", p->name, reg->nr_mode);
	}
	if ((reg->nr_flags & NR_TX_RINGS_ONLY) && p->ops->kind != NM_PORT_KIND_MONITOR)
		r[NM_DIR_RX].last = r[NM_DIR_RX].first;
	if (reg->nr_flags & NR_RX_RINGS_ONLY)
		r[NM_DIR_TX].last = r[NM_DIR_TX].first;
	s->first[0] = r[0].first, s->last[0] = r[0].last;
	s->first[1] = r[1].first, s->last[1] = r[1].last;
	return error;
}

static int
check_mode(struct nm_session *s, const char *name, uint32_t mode)
{
	if (mode == NR_REG_PIPE_MASTER || mode == NR_REG_PIPE_SLAVE)
		return nm_session_error(s, EINVAL, "%s: pipe modes are for the legacy request; write the name as BASE{ID or BASE}ID", name);
	if (mode > NR_REG_ONE_SW)
		return nm_session_error(s, EINVAL, "%s: mode %u is unknown", name, mode);
	if (mode != NR_REG_NULL && nm_pipe_brace(name) && mode != NR_REG_DEFAULT && mode != NR_REG_ALL_NIC && mode != NR_REG_ONE_NIC)
		return nm_session_error(s, EINVAL, "%s: a pipe has no host rings (mode %u)", name, mode);
	return 0;
}

/* What can be refused before anything is done. */
static int
check_request(struct nm_session *s, const char *name, const struct nmreq_register *reg)
{
	if (s->port)
		return nm_session_error(s, EBUSY, "this descriptor is registered to %s already; open another for %s", s->port->name, name);
	if (!*name && reg->nr_mode != NR_REG_NULL)
		return nm_session_error(s, EINVAL, "the port's name is empty");
	if (reg->nr_flags & ~(uint64_t)KNOWN_FLAGS)
		return nm_session_error(s, EINVAL, "%s: unknown flags 0x%llx", name,
		    (unsigned long long)(reg->nr_flags & ~(uint64_t)KNOWN_FLAGS));
	if (nm_monitor_asked(reg->nr_flags) && reg->nr_mode == NR_REG_NULL)
		return nm_session_error(s, EINVAL, "%s: a port without peer, which mode %u makes, is new; there is nothing to be monitored", name,
		    reg->nr_mode);
	return check_mode(s, name, reg->nr_mode);
}

/* A region that does not exist, or is not for this client, fails the request also where it would not be used. */
static int
check_mem_id(struct nm_session *s, const char *name, uint16_t id)
{
	struct nm_mem *mem;
	int error;

	if (id <= 1)
		return 0;
	error = nm_port_mem_find(s, name, id, &mem);
	if (!error)
		nm_mem_put(mem);
	return error;
}

/* Who opens a port maps its region, with all that is in it: the port's owner alone can't grant that. */
static int
check_bind(struct nm_session *s, const struct nm_port *p, const struct nmreq_register *reg)
{
	const struct nm_access *a = &p->mem->access;

	if (NM_READ_ONCE(p->gone))
		return nm_session_error(s, EIO, "%s: what it belongs to has just gone", p->name);
	if (p->wrap)
		return nm_session_error(s, EBUSY, "%s is an interface in a switch; detach it first: vale-ctl -d %s", p->name,
		    p->vale ? p->name : p->wrap->name);
	if (p->hdr_len && !(reg->nr_flags & NR_ACCEPT_VNET_HDR))
		return nm_session_error(s, EIO, "%s: its frames begin with a virtio-net header of %u bytes; programs that know such say so by "
		    "the flag 0x%x (NR_ACCEPT_VNET_HDR)", p->name, p->hdr_len, NR_ACCEPT_VNET_HDR);
	if (nm_access_check(a, &s->cred, NM_ACCESS_READ | NM_ACCESS_WRITE))
		return nm_session_error(s, EACCES, "%s: its memory, region %u, belongs to user %u (mode %04o)", p->name, p->mem->id, a->uid,
		    a->mode);
	return nm_register_rings(s, p, reg);
}

static struct nm_ctl_opt *
offsets_option(struct nm_ctl_msg *m)
{
	uint32_t i;

	for (i = 0; i < m->nopts; i++)
		if (m->opts[i].hdr.nro_reqtype == NETMAP_REQ_OPT_OFFSETS)
			return &m->opts[i];
	return NULL;
}

/* The option into s->offsets: what can be said of it without the rings. */
static int
look_at_offsets(struct nm_session *s, const struct nm_port *p, const struct nmreq_opt_offsets *o)
{
	uint32_t size = p->mem->pool[NM_POOL_BUF].objsize, bits;
	uint64_t mask;

	if (!o)
		return nm_session_error(s, EINVAL, "%s: the option OFFSETS has no body", p->name);
	if (!p->ops->offsets)
		return nm_session_error(s, EOPNOTSUPP, "%s: option %u (OFFSETS) is not supported yet for ports of this kind", p->name,
		    NETMAP_REQ_OPT_OFFSETS);
	if (s->ofs32)
		return nm_session_error(s, EOPNOTSUPP,
		    "%s: option %u (OFFSETS) is not for programs of 32 bits: where their rings have offset_mask depends on their time_t",
		    p->name, NETMAP_REQ_OPT_OFFSETS);
	bits = o->nro_offset_bits ? o->nro_offset_bits : 64;
	if (bits > 64)
		return nm_session_error(s, EINVAL, "%s: an offset of %u bits, 64 are the most", p->name, bits);
	mask = ~0ull >> (64 - bits);
	if (o->nro_max_offset > size)
		return nm_session_error(s, EINVAL, "%s: an offset of up to %llu, buffers have %u bytes", p->name,
		    (unsigned long long)o->nro_max_offset, size);
	if (o->nro_max_offset > mask)
		return nm_session_error(s, EINVAL, "%s: an offset of up to %llu, which %u bits don't hold", p->name,
		    (unsigned long long)o->nro_max_offset, bits);
	if (o->nro_initial_offset > o->nro_max_offset)
		return nm_session_error(s, EINVAL, "%s: the first offset, %llu, is above the greatest, %llu", p->name,
		    (unsigned long long)o->nro_initial_offset, (unsigned long long)o->nro_max_offset);
	s->offsets = (struct nm_offsets){.mask = mask, .first = (uint32_t)o->nro_initial_offset, .max = (uint32_t)o->nro_max_offset};
	s->offsets.gap = o->nro_min_gap && o->nro_min_gap < s->offsets.max ? (uint32_t)o->nro_min_gap : s->offsets.max;
	return 0;
}

/* The same, if there is one, and what is to be said of it. */
static int
take_offsets(struct nm_session *s, const struct nm_port *p, struct nm_ctl_opt *opt)
{
	int error;

	memset(&s->offsets, 0, sizeof(s->offsets));
	if (!opt)
		return 0;
	error = look_at_offsets(s, p, opt->body);
	opt->hdr.nro_status = (uint32_t)-error;
	return error;
}

/* What is granted: the ring's own offsets, which may be more than was asked for. */
static void
report_offsets(const struct nm_session *s, struct nm_ctl_opt *opt)
{
	struct nmreq_opt_offsets *o = opt->body;
	uint32_t i, max = UINT32_MAX;
	int dir;

	for (dir = 0; dir < 2; dir++)
		for (i = s->first[dir]; i < s->last[dir]; i++)
			if (nm_session_kring(s, dir, i)->offsets.max < max)
				max = nm_session_kring(s, dir, i)->offsets.max;
	if (max != UINT32_MAX)
		o->nro_max_offset = max;
}

static void
report(const struct nm_session *s, struct nmreq_register *reg, uint32_t extra)
{
	const struct nm_port *p = s->port;

	reg->nr_offset = s->nifp_ofs;
	reg->nr_memsize = s->mem->memsize;
	reg->nr_mem_id = s->mem->private_mem ? s->mem->id : 1;
	reg->nr_tx_slots = p->nslots[0];
	reg->nr_rx_slots = p->nslots[1];
	reg->nr_tx_rings = p->nrings[0];
	reg->nr_rx_rings = p->nrings[1];
	reg->nr_host_tx_rings = p->nhost[0];
	reg->nr_host_rx_rings = p->nhost[1];
	reg->nr_extra_bufs = extra;
}

/* A port that is there already has its region, and it must be this one. */
static int
check_ext(struct nm_session *s, const struct nm_port *p, const struct nm_mem *ext)
{
	if (!ext || p->mem == ext)
		return 0;
	return nm_session_error(s, EBUSY, "%s is there already, in region %u, and can't be moved into memory of the client (option EXTMEM); close it "
	    "where it is in use", p->name, p->mem->id);
}

/* Options that REGISTER doesn't know fail it before anything is done. */
static int
check_options(struct nm_session *s, const char *name, const struct nm_ctl_msg *m)
{
	const uint32_t known = 1u << NETMAP_REQ_OPT_EXTMEM | 1u << NETMAP_REQ_OPT_CSB | 1u << NETMAP_REQ_OPT_OFFSETS;
	uint32_t i;

	for (i = 0; i < m->nopts; i++) {
		uint32_t type = m->opts[i].hdr.nro_reqtype;

		if (type >= NETMAP_REQ_OPT_MAX || !(known & 1u << type))
			return nm_session_error(s, EOPNOTSUPP, "%s: option %u (%s) is not supported%s", name, type, nm_ctl_option_name(type),
			    type < NETMAP_REQ_OPT_MAX ? " by this request" : "");
	}
	return 0;
}

/* Port and rings of a request whose options have been looked at; in region reg->nr_mem_id, if it says one. */
static int
register_port(struct nm_session *s, const char *name, struct nmreq_register *reg, struct nm_ctl_msg *m, const struct nm_mem *ext)
{
	struct nm_ctl_opt *offsets = offsets_option(m), *csb = nm_kloop_find(m);
	struct nm_port *p;
	uint32_t extra = 0;
	int error = port_get(s, name, reg, &p);

	if (error)
		return error;
	s->flags = reg->nr_flags;
	if (p->ops->kind == NM_PORT_KIND_MONITOR)
		s->flags |= NR_NO_TX_POLL; /* a poll for frames is not to fail for the ring that can't transmit */
	s->mode = reg->nr_mode;
	s->ringid = reg->nr_ringid;
	error = check_ext(s, p, ext);
	if (!error)
		error = take_offsets(s, p, offsets);
	if (!error)
		error = check_bind(s, p, reg);
	if (!error && csb)
		error = nm_kloop_get(s, name, csb);
	if (!error)
		error = nm_session_reserve(s, p, reg->nr_extra_bufs);
	if (!error)
		error = take_offsets(s, p, offsets);
	if (!error)
		error = check_bind(s, p, reg);
	if (!error && csb)
		error = nm_kloop_get(s, name, csb);
	if (!error && (error = nm_session_bind(s, p, reg->nr_extra_bufs, &extra)) == -EINVAL && offsets)
		offsets->hdr.nro_status = EINVAL; /* the port's admit says so */
	if (error == -EBUSY && offsets)
		offsets->hdr.nro_status = EBUSY;
	if (error) {
		nm_kloop_put(s);
		nm_port_put(p);
		return error;
	}
	if (csb)
		nm_kloop_init(s);
	report(s, reg, extra);
	if (offsets)
		report_offsets(s, offsets);
	return 0;
}

int
nm_register(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_register *reg = m->body, at;
	const char *name = m->hdr->nr_name;
	struct nm_ctl_opt *extmem = nm_mem_ext_option(m), *csb = nm_kloop_find(m);
	struct nm_mem *ext = NULL;
	int error = check_request(s, name, reg);

	if (!error)
		error = check_options(s, name, m);
	if (!error && csb)
		error = nm_kloop_check(s, name, reg->nr_flags, csb);
	if (!error)
		error = check_mem_id(s, name, reg->nr_mem_id);
	at = *reg;
	if (!error && extmem)
		error = nm_mem_ext_open(s, name, &at, extmem, &ext);
	if (!error)
		error = register_port(s, name, &at, m, ext);
	if (ext)
		nm_mem_ext_close(ext, extmem, error);
	if (!error)
		*reg = at;
	return error;
}

int
nm_port_info_get(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_port_info_get *i = m->body;
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nm_mem *mem;
	struct nm_port *p;
	int error;

	if (!*m->hdr->nr_name) {
		uint16_t id = i->nr_mem_id ? i->nr_mem_id : 1;

		error = nm_port_mem_find(s, "region", id, &mem);
		if (error)
			return error;
		i->nr_memsize = mem->memsize;
		i->nr_mem_id = id;
		nm_mem_put(mem);
		return 0;
	}
	error = port_get(s, m->hdr->nr_name, &reg, &p);
	if (error)
		return error;
	i->nr_memsize = p->mem->memsize;
	i->nr_tx_slots = p->nslots[0];
	i->nr_rx_slots = p->nslots[1];
	i->nr_tx_rings = p->nrings[0];
	i->nr_rx_rings = p->nrings[1];
	i->nr_host_tx_rings = p->nhost[0];
	i->nr_host_rx_rings = p->nhost[1];
	i->nr_mem_id = p->mem->private_mem ? p->mem->id : 1;
	nm_port_put(p);
	return 0;
}

/* A port that exists and that the client may look at. */
static int
existing(struct nm_session *s, const char *name, struct nm_port **out)
{
	struct nm_port *p = nm_port_find(s->root, name);

	*out = NULL;

	if (!*name)
		return nm_session_error(s, ENXIO, "the port's name is empty");
	if (!p)
		return nm_session_error(s, ENXIO, "there is no port %s; see: vale-ctl list", name);
	if (nm_access_check(&p->access, &s->cred, NM_ACCESS_READ))
		return nm_session_error(s, EACCES, "%s belongs to user %u (mode %04o)", name, p->access.uid, p->access.mode);
	*out = p;
	return 0;
}

int
nm_pools_info_get(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nm_port *p;
	int error = existing(s, m->hdr->nr_name, &p);

	if (!error)
		nm_mem_info(p->mem, m->body);
	return error;
}

int
nm_port_hdr_get(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_port_hdr *h = m->body;
	struct nm_port *p;
	int error = existing(s, m->hdr->nr_name, &p);

	if (!error)
		h->nr_hdr_len = p->hdr_len;
	return error;
}

int
nm_port_list(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_port_list *l = m->body;
	struct nm_port *p;
	const struct nm_session *o;
	uint32_t i = 0;

	if (l->pad)
		return nm_session_error(s, EINVAL, "the reserved field is %u, not 0", l->pad);
	for (p = s->root->ports; p; p = p->next, i++) {
		if (i < l->nr_cursor || nm_access_check(&p->access, &s->cred, NM_ACCESS_READ))
			continue;
		memset(l, 0, sizeof(*l));
		l->nr_cursor = i + 1;
		l->nr_kind = p->ops->kind;
		snprintf(l->nr_port_name, sizeof(l->nr_port_name), "%s", p->name);
		l->nr_tx_rings = p->nrings[0];
		l->nr_rx_rings = p->nrings[1];
		l->nr_tx_slots = p->nslots[0];
		l->nr_rx_slots = p->nslots[1];
		l->nr_mem_id = p->mem->private_mem ? p->mem->id : 1;
		for (o = p->sessions; o; o = o->next)
			l->nr_sessions++;
		l->nr_mode = p->access.mode;
		l->nr_uid = p->access.uid;
		l->nr_gid = p->access.gid;
		return 0;
	}
	return nm_session_error(s, ENOENT, "no more ports");
}
