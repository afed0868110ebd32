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

/* The first bytes of the frame into gso.head; v->at is behind them then. */
static void
read_head(struct nm_vnet *v)
{
	v->gso.have = v->bytes < NM_GSO_HEAD ? v->bytes : NM_GSO_HEAD;
	copy(&v->at, v->gso.head, v->gso.have);
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
	skip(&v->at, v->gso.payload); /* what comes before is in the copy */
	if (v->gso.sum)
		nm_gso_sum(&v->gso, add(v->at, v->bytes - v->gso.payload, 0, 0));
	v->frames = nm_gso_count(&v->gso, &each, &last);
	most = slots_for(v->frames > 1 ? each : last, way->step);
	v->slots = (v->frames - 1) * most + slots_for(last, way->step);
	return most > NETMAP_MAX_FRAGS ? NM_STAT_drop_bad_len : 0;
}

int
nm_vnet_begin(struct nm_vnet *v, const struct nm_vale_frag *f, const struct nm_vnet_way *way)
{
	int why = 0;

	v->kind = NM_VNET_AS_IS;
	v->bytes = f->total - way->from;
	v->to = way->to;
	v->at = (struct nm_vnet_at){f, 0};
	memset(&v->hdr, 0, sizeof(v->hdr));
	if (way->from) {
		copy(&v->at, &v->hdr, NM_VNET_COMMON);
		skip(&v->at, way->from - NM_VNET_COMMON);
	}
	v->frames = 1;
	v->slots = slots_for(v->bytes + way->to, way->step);
	if (way->from && !way->to) {
		if (v->hdr.gso_type != NM_GSO_TYPE_NONE)
			why = cut(v, way);
		else if (v->hdr.flags & NM_VNET_NEEDS_CSUM)
			why = checksum(v);
	}
	if (!why && v->slots > NETMAP_MAX_FRAGS * v->frames)
		why = NM_STAT_drop_bad_len;
	return why;
}

void
nm_vnet_next(struct nm_vnet *v, uint8_t room[NM_GSO_OUT], struct nm_vnet_out *out)
{
	struct nm_gso_cut c;

	if (v->kind == NM_VNET_AS_IS) {
		*out = (struct nm_vnet_out){(const uint8_t *)&v->hdr, v->to, v->bytes};
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
