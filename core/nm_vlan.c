/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_vlan.c - tags are read once, from memory that its client may change meanwhile, and written from what was read. */
#include "nm_ctl.h"
#include "nm_policy.h"
#include "nm_vale_fwd.h"

#define ADDRESSES NM_VLAN_ADDRESSES
#define MIN_FRAME 14u
#define MIN_TAGGED 18u

/* The 6 bytes from `at` on, of which there may be fewer, where they are in more than one fragment. */
static void
read_slowly(const struct nm_vale_frag *f, uint32_t at, uint8_t b[6])
{
	uint32_t i, left = f->nfrags;

	for (i = 0; i < 6 && left; i++, at++) {
		while (left && at >= f->len) {
			at -= f->len;
			f++;
			left--;
		}
		if (left)
			b[i] = *(const volatile uint8_t *)(f->buf + at);
	}
}

bool
nm_vlan_read(const struct nm_vale_frag *f, uint32_t hdr, struct nm_vlan_tag *t)
{
	typedef struct { uint64_t v; } __attribute__((packed, may_alias)) unaligned;
	union { uint64_t w; uint8_t b[8]; } u = {0};

	if (NM_LIKELY(f->len >= hdr + MIN_TAGGED))
		u.w = ((const volatile unaligned *)(const void *)(f->buf + hdr + ADDRESSES - 2))->v;
	else
		read_slowly(f, hdr + ADDRESSES, u.b + 2);
	t->type = (uint16_t)(u.b[2] << 8 | u.b[3]);
	t->tci = 0;
	t->skip = MIN_FRAME;
	if (NM_LIKELY(t->type != NM_VLAN_TYPE))
		return true;
	t->tci = (uint16_t)(u.b[4] << 8 | u.b[5]);
	t->type = (uint16_t)(u.b[6] << 8 | u.b[7]);
	t->skip = MIN_TAGGED;
	return f->total >= hdr + MIN_TAGGED;
}

/* Where a frame that is put together goes on. */
struct cursor {
	const struct nm_vlan_out *o;
	const uint32_t *idx;
	char *to;
	uint32_t slot, len, used, left; /* slot's bytes, of them written; bytes of the frame that this slot and those after it take */
	uint32_t offset;
};

static void
begin_slot(struct cursor *c)
{
	const struct nm_kring *d = c->o->d;

	c->len = c->left < c->o->step ? c->left : c->o->step;
	c->used = 0;
	c->offset = nm_kring_place(d, c->slot, c->len);
	c->to = d->bufs + (size_t)*c->idx * d->stride + c->offset;
}

static void
end_slot(struct cursor *c)
{
	c->left -= c->len;
	nm_kring_put_slot_at(&c->o->d->slots[c->slot], *c->idx++, (uint16_t)c->len, (uint16_t)(c->o->n << 8) | (c->left ? NS_MOREFRAG : 0),
	    c->offset);
	c->slot = nm_ring_add(c->slot, 1, c->o->d->nslots);
	if (c->left)
		begin_slot(c);
}

static void
emit(struct cursor *c, const void *from, uint32_t n)
{
	const char *p = from;
	uint32_t part;

	for (; n; n -= part, p += part) {
		part = n < c->len - c->used ? n : c->len - c->used;
		memcpy(c->to + c->used, p, part);
		c->used += part;
		if (c->used == c->len)
			end_slot(c);
	}
}

/* The ordinary case, a slot into a slot of `len` bytes; nfield: of the type field, as it is to be. */
static void
copy_slot(const struct nm_vlan_out *o, const struct nm_vale_frag *f, uint32_t skip, uint32_t slot, const uint8_t *field, uint32_t nfield)
{
	char *to = o->d->bufs + (size_t)*o->idx * o->d->stride;
	uint32_t len = ADDRESSES + nfield + f->len - skip;

	if (len == f->len) {
		nm_os_copy(to, f->buf, len);
		memcpy(to + ADDRESSES, field, nfield);
	} else {
		memcpy(to, f->buf, ADDRESSES);
		memcpy(to + ADDRESSES, field, nfield);
		memcpy(to + ADDRESSES + nfield, f->buf + skip, f->len - skip);
	}
	nm_kring_put_slot(&o->d->slots[slot], *o->idx, (uint16_t)len, 1 << 8);
}

uint32_t
nm_vlan_copy(const struct nm_vlan_out *o, const struct nm_vale_frag *f, const struct nm_vlan_tag *t, uint32_t vid, uint32_t slot,
    uint64_t *bytes)
{
	struct cursor c = {.o = o, .idx = o->idx, .slot = slot, .left = f->total - t->skip + MIN_FRAME + (vid ? 4 : 0)};
	uint32_t left = f->nfrags, skip = t->skip, nfield = nm_vlan_field_bytes(vid);
	uint8_t field[6];

	nm_vlan_field(t, vid, field);
	*bytes += c.left;
	if (NM_LIKELY(left == 1 && o->n == 1 && !o->at)) {
		copy_slot(o, f, skip, slot, field, nfield);
		return nm_ring_add(slot, 1, o->d->nslots);
	}
	begin_slot(&c);
	emit(&c, f->buf, ADDRESSES);
	emit(&c, field, nfield);
	for (; left; left--, f++) {
		uint32_t off = skip < f->len ? skip : f->len;

		emit(&c, f->buf + off, f->len - off);
		skip -= off;
	}
	return c.slot;
}

static int
check(struct nm_session *s, const char *name, const struct nmreq_vlan *r)
{
	uint32_t i, n = 0;

	for (i = 0; i < sizeof(r->nr_allowed); i++)
		n += r->nr_allowed[i] != 0;
	switch (r->nr_mode) {
	case NM_VLAN_NONE:
		if (r->nr_vid || n)
			return nm_session_error(s, EINVAL, "%s: VLANs are given, but mode %u (none) has none; %u is access, %u trunk", name, r->nr_mode,
			    NM_VLAN_ACCESS, NM_VLAN_TRUNK);
		return 0;
	case NM_VLAN_ACCESS:
		if (!r->nr_vid || r->nr_vid > NM_VLAN_MAX)
			return nm_session_error(s, EINVAL, "%s: VLAN %u is out of 1 to %u", name, r->nr_vid, NM_VLAN_MAX);
		if (n)
			return nm_session_error(s, EINVAL, "%s: an access port is in VLAN %u alone; a set of VLANs is for trunks", name, r->nr_vid);
		return 0;
	case NM_VLAN_TRUNK:
		if (r->nr_vid > NM_VLAN_MAX)
			return nm_session_error(s, EINVAL, "%s: native VLAN %u is out of 1 to %u (0: none)", name, r->nr_vid, NM_VLAN_MAX);
		if ((r->nr_allowed[0] & 1) || (r->nr_allowed[511] & 0x80))
			return nm_session_error(s, EINVAL, "%s: VLAN %u can't be allowed, 1 to %u can", name, r->nr_allowed[0] & 1 ? 0 : NM_VLAN_MAX + 1,
			    NM_VLAN_MAX);
		if (!r->nr_vid && !n)
			return nm_session_error(s, EINVAL, "%s: a trunk without any VLAN would pass nothing; allow some or give a native one", name);
		return 0;
	default:
		return nm_session_error(s, EINVAL, "%s: VLAN mode %u is unknown; %u is none, %u access, %u trunk", name, r->nr_mode, NM_VLAN_NONE,
		    NM_VLAN_ACCESS, NM_VLAN_TRUNK);
	}
}

int
nm_vlan_ctl(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_vlan *r = m->body;
	struct nm_policy *n;
	struct nm_port *p;
	int error = nm_policy_port(s, m->hdr->nr_name, r->nr_op, r->nr_reserved, &p);

	if (error)
		return error;
	if (r->nr_op == NM_POLICY_GET) {
		const struct nm_vlan none = {0}, *c = p->policy ? &p->policy->vlan : &none;

		r->nr_mode = c->mode;
		r->nr_vid = c->vid;
		memcpy(r->nr_allowed, c->allowed, sizeof(r->nr_allowed));
		return 0;
	}
	error = check(s, m->hdr->nr_name, r);
	if (!error && r->nr_mode && nm_mirror_is_target(p))
		error = nm_session_error(s, EBUSY, "%s gets copies of frames of all VLANs, and so can't be in one; end that by: vale-ctl mirror PORT off",
		    m->hdr->nr_name);
	if (error)
		return error;
	n = nm_policy_copy(s, p);
	if (!n)
		return -ENOMEM;
	n->vlan.mode = r->nr_mode;
	n->vlan.vid = r->nr_vid;
	memcpy(n->vlan.allowed, r->nr_allowed, sizeof(n->vlan.allowed));
	nm_policy_set(p, n);
	nm_fdb_flush(p->vale->fdb, p->vale_idx, false); /* of the VLANs it was in */
	return 0;
}
