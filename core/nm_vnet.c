/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_vnet.h"

#define SHORTEST 14u /* bytes: two addresses and a type */

/* So many bytes further on, all of them of the frame. */
static void
skip(struct nm_vnet_at *at, uint32_t n)
{
	while (n && n >= (uint32_t)at->frag->len - at->used) {
		n -= at->frag->len - at->used;
		at->frag++;
		at->used = 0;
	}
	at->used += n;
}

/* The next piece of what is left of n bytes there, n > 0; takes it. */
static uint32_t
piece(struct nm_vnet_at *at, uint32_t n, const char **p)
{
	uint32_t part;

	while (at->used == at->frag->len) {
		at->frag++;
		at->used = 0;
	}
	part = at->frag->len - at->used;
	if (part > n)
		part = n;
	*p = at->frag->buf + at->used;
	at->used += part;
	return part;
}

static void
copy(struct nm_vnet_at *at, void *to, uint32_t n)
{
	uint32_t part;
	const char *p;
	char *d = to;

	for (; n; n -= part, d += part) {
		part = piece(at, n, &p);
		memcpy(d, p, part);
	}
}

/* Adds n bytes, which have `before` of what is summed before them. */
static uint64_t
add(struct nm_vnet_at at, uint32_t n, uint64_t sum, uint32_t before)
{
	uint32_t part;
	const char *p;

	for (; n; n -= part, before += part) {
		part = piece(&at, n, &p);
		sum = nm_csum_add_at(sum, p, part, before & 1);
	}
	return sum;
}

void
nm_vnet_read(const struct nm_vale_frag *f, uint32_t from, void *to, uint32_t n)
{
	struct nm_vnet_at at = {f, 0};

	skip(&at, from);
	copy(&at, to, n);
}

static uint32_t
slots_for(uint32_t bytes, uint32_t step)
{
	return (bytes - 1) / step + 1;
}

/* The Ethernet header as it leaves. */
static void
write_ether(struct nm_vnet *v, const struct nm_vnet_way *way)
{
	copy(&v->at, v->gso.head, NM_VLAN_ADDRESSES);
	nm_vlan_field(way->tag, way->vid, v->gso.head + NM_VLAN_ADDRESSES);
	skip(&v->at, way->tag->skip - NM_VLAN_ADDRESSES);
	v->ether = NM_VLAN_ADDRESSES + nm_vlan_field_bytes(way->vid);
	v->bytes = v->bytes - way->tag->skip + v->ether;
}

/*
 * Offsets in the frame are what they were, behind another Ethernet header. One that leads into this would have the checksum, by us or by
 * the receiver, put where the tag is: so that and all that leads out of the frame is refused.
 */
static int
move_offsets(struct nm_vnet_hdr *h, const struct nm_vnet *v, uint32_t was)
{
	uint32_t start = h->csum_start - was + v->ether, len = h->hdr_len - was + v->ether;

	if (h->hdr_len >= was && len <= 0xffff)
		h->hdr_len = (uint16_t)len;
	if (!(h->flags & NM_VNET_NEEDS_CSUM))
		return 0;
	if (h->csum_start < was || start > 0xffff || start + h->csum_offset + 2 > v->bytes)
		return NM_STAT_drop_vnet_csum;
	h->csum_start = (uint16_t)start;
	return 0;
}

/* The first bytes of the frame into gso.head; v->at is behind them then. */
static void
read_head(struct nm_vnet *v)
{
	v->gso.have = v->bytes < NM_GSO_HEAD ? v->bytes : NM_GSO_HEAD;
	copy(&v->at, v->gso.head + v->ether, v->gso.have - v->ether);
}

/* The checksum that the header asks for. Its field, as the headers before it, is among the bytes that were read. */
static int
checksum(struct nm_vnet *v)
{
	uint32_t start = v->hdr.csum_start, field = start + v->hdr.csum_offset, have;
	uint64_t sum;

	read_head(v);
	have = v->gso.have;
	if (start < SHORTEST || field + 2 > have)
		return NM_STAT_drop_vnet_csum;
	sum = add(v->at, v->bytes - have, nm_csum_add(0, v->gso.head + start, have - start), have - start);
	nm_csum_put(v->gso.head + field, sum);
	v->kind = NM_VNET_CHECKSUM;
	return 0;
}

static int
cut(struct nm_vnet *v, const struct nm_vnet_way *way)
{
	const struct nm_vnet_at start = v->at;
	uint32_t each, last, most;

	read_head(v);
	if (nm_gso_begin(&v->gso, v->bytes, &v->hdr, way->ident) || nm_gso_fit(&v->gso, way->step))
		return NM_STAT_drop_vnet_gso;
	v->kind = NM_VNET_CUT;
	v->at = start;
	skip(&v->at, v->gso.payload - v->ether); /* what comes before is in the copy */
	if (v->gso.sum)
		nm_gso_sum(&v->gso, add(v->at, v->bytes - v->gso.payload, 0, 0));
	v->frames = nm_gso_count(&v->gso, &each, &last);
	most = slots_for(v->frames > 1 ? each : last, way->step);
	v->slots = (v->frames - 1) * most + slots_for(last, way->step);
	return most > NETMAP_MAX_FRAGS ? NM_STAT_drop_bad_len : 0;
}

/* What the header asks for on the way to a port without one, or how it goes on with the frame. */
static int
heed(struct nm_vnet *v, const struct nm_vnet_way *way)
{
	int why = 0;

	if (!way->to && v->hdr.gso_type != NM_GSO_TYPE_NONE)
		return cut(v, way);
	if (way->tag)
		why = move_offsets(&v->hdr, v, way->tag->skip);
	if (!why && !way->to && (v->hdr.flags & NM_VNET_NEEDS_CSUM))
		why = checksum(v);
	return why;
}

int
nm_vnet_begin(struct nm_vnet *v, const struct nm_vale_frag *f, const struct nm_vnet_way *way)
{
	int why = 0;

	v->kind = NM_VNET_AS_IS;
	v->bytes = f->total - way->from;
	v->to = way->to;
	v->ether = 0;
	v->at = (struct nm_vnet_at){f, 0};
	memset(&v->hdr, 0, sizeof(v->hdr));
	copy(&v->at, &v->hdr, way->from);
	if (way->tag)
		write_ether(v, way);
	v->frames = 1;
	v->slots = slots_for(v->bytes + way->to, way->step);
	if (way->from)
		why = heed(v, way);
	if (!why && v->slots > NETMAP_MAX_FRAGS * v->frames)
		why = NM_STAT_drop_bad_len;
	return why;
}

void
nm_vnet_next(struct nm_vnet *v, uint8_t room[NM_GSO_OUT], struct nm_vnet_out *out)
{
	struct nm_gso_cut c;

	if (v->kind == NM_VNET_AS_IS) {
		memcpy(room, &v->hdr, v->to);
		memcpy(room + v->to, v->gso.head, v->ether);
		*out = (struct nm_vnet_out){room, v->to + v->ether, v->bytes - v->ether};
	} else if (v->kind == NM_VNET_CHECKSUM) {
		*out = (struct nm_vnet_out){v->gso.head, v->gso.have, v->bytes - v->gso.have};
	} else {
		nm_gso_next(&v->gso, room, &c);
		if (c.sum)
			nm_gso_close(&v->gso, room, &c, add(v->at, c.n, 0, 0));
		*out = (struct nm_vnet_out){room, c.head, c.n};
	}
}

void
nm_vnet_copy(struct nm_vnet *v, void *to, uint32_t n)
{
	copy(&v->at, to, n);
}
