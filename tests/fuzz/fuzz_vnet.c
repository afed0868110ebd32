/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_vnet.c - a frame with a virtio-net header of any content, on its way to a port with another one. The input: lengths of the two
 * headers, bytes of a receiver's slot and what becomes of the frame's tag, how the frame is cut into slots, then header and frame. Each slot
 * is memory of its own, of just its size, and so is what is made of it. What comes of a frame in pieces is what comes of it in one.
 */
#include "nm_vnet.h"

#include <stdlib.h>

#define PIECES 8u
#define OTHER 0x5a5a5a5au /* see ident */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t lens[] = {0, 10, 12};

/* The bytes of a slot, in memory of its own. */
static const char *
piece(const uint8_t *from, uint32_t n)
{
	char *p = malloc(n ? n : 1);

	if (!p)
		abort();
	memcpy(p, from, n);
	return p;
}

static uint32_t
split(struct nm_vale_frag *f, const uint8_t *how, const uint8_t *from, uint32_t total)
{
	uint32_t n = 0, at = 0, len;

	do {
		len = n + 1 < PIECES ? how[n] % (total - at + 1) : total - at;
		if (n + 1 < PIECES && how[n] > 250)
			len = total - at;
		f[n++] = (struct nm_vale_frag){.buf = piece(from + at, len), .len = (uint16_t)len};
		at += len;
	} while (at < total);
	f->total = total;
	f->nfrags = (uint16_t)n;
	return n;
}

/* All frames of v, compared with those of the one piece, if they were cut. */
static void
make_all(struct nm_vnet *v, const struct nm_vnet_way *way, struct nm_gso *flat, const uint8_t *frame)
{
	uint8_t room[NM_GSO_OUT], *whole, *other;
	uint32_t i, slots = 0, len, nfield = way->tag ? nm_vlan_field_bytes(way->vid) : 0;
	uint8_t field[6] = {0};
	struct nm_vnet_out o;

	if (way->tag)
		nm_vlan_field(way->tag, way->vid, field);
	for (i = 0; i < v->frames; i++) {
		nm_vnet_next(v, room, &o);
		len = o.nhead + o.n;
		whole = malloc(len);
		other = malloc(len);
		if (!len || !whole || !other)
			abort();
		memcpy(whole, o.head, o.nhead);
		nm_vnet_copy(v, whole + o.nhead, o.n);
		if (memcmp(whole + way->to + NM_VLAN_ADDRESSES, field, nfield))
			abort();
		slots += (len - 1) / way->step + 1;
		if ((len - 1) / way->step >= NETMAP_MAX_FRAGS)
			abort();
		if (flat && (!nm_gso_more(flat) || nm_gso_next_flat(flat, frame, other) != len || memcmp(whole, other, len)))
			abort();
		free(whole);
		free(other);
	}
	if (slots != v->slots || (flat && nm_gso_more(flat)))
		abort();
}

/* The frame with the Ethernet header that it gets, in memory of its own. */
static uint8_t *
as_it_leaves(const struct nm_vnet_way *way, const uint8_t *frame, uint32_t *len)
{
	uint8_t *p = malloc(*len + 4u);
	uint32_t skip = 0, to = 0;

	if (!p)
		abort();
	if (way->tag) {
		skip = way->tag->skip;
		to = NM_VLAN_ADDRESSES + nm_vlan_field_bytes(way->vid);
		memcpy(p, frame, NM_VLAN_ADDRESSES);
		nm_vlan_field(way->tag, way->vid, p + NM_VLAN_ADDRESSES);
	}
	memcpy(p + to, frame + skip, *len - skip);
	*len += to - skip;
	return p;
}

/* What nm_vlan_read finds. */
static struct nm_vlan_tag
tag_of(const uint8_t *f, uint32_t len)
{
	struct nm_vlan_tag t = {.type = (uint16_t)(f[12] << 8 | f[13]), .skip = 14};

	if (t.type == NM_VLAN_TYPE && len >= 18)
		t = (struct nm_vlan_tag){(uint16_t)(f[14] << 8 | f[15]), (uint16_t)(f[16] << 8 | f[17]), 18};
	return t;
}

static void
translate(const struct nm_vale_frag *f, const struct nm_vnet_way *way, const uint8_t *sent, uint32_t total)
{
	uint8_t *edited = NULL;
	struct nm_vnet_hdr h = {0};
	struct nm_gso flat;
	struct nm_vnet v;
	int why = nm_vnet_begin(&v, f, way);
	bool cut = way->from && !way->to && sent[1] != NM_GSO_TYPE_NONE;

	if (cut) {
		uint32_t len = total - way->from;

		memcpy(&h, sent, NM_VNET_COMMON);
		edited = as_it_leaves(way, sent + way->from, &len);
		if (nm_gso_begin_flat(&flat, edited, len, &h, way->ident) || nm_gso_fit(&flat, way->step)) {
			if (why != NM_STAT_drop_vnet_gso)
				abort();
			free(edited);
			return;
		}
	}
	if (!why)
		make_all(&v, way, cut ? &flat : NULL, edited);
	else if (why != NM_STAT_drop_bad_len && (cut || why != NM_STAT_drop_vnet_csum))
		abort();
	free(edited);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nm_vale_frag f[PIECES];
	struct nm_vnet_way way;
	struct nm_vlan_tag tag;
	uint32_t total, n, i;
	uint8_t *copy;

	if (size < 3 + PIECES + 26 || size > 60000)
		return 0;
	way = (struct nm_vnet_way){lens[data[0] % 3], lens[data[0] / 3 % 3], 1u + data[1] + 256u * (data[2] % 16), OTHER, NULL, 0};
	if (way.from == way.to && (!way.from || data[2] < 64)) /* with a tag they may be equal */
		way = (struct nm_vnet_way){12, 0, way.step, OTHER, NULL, 0};
	total = (uint32_t)size - 3 - PIECES;
	n = split(f, data + 3, data + 3 + PIECES, total);
	copy = malloc(total);
	if (!copy)
		abort();
	memcpy(copy, data + 3 + PIECES, total);
	tag = tag_of(copy + way.from, total - way.from);
	if (data[2] >= 64)
		way.tag = &tag;
	if (data[2] >= 128)
		way.vid = 1 + data[2] % 64;
	translate(f, &way, copy, total);
	nm_gso_checksum_flat(copy, total, data[3] * 8u, data[4] * 8u);
	free(copy);
	for (i = 0; i < n; i++)
		free((char *)(uintptr_t)f[i].buf);
	return 0;
}
