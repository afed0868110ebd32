/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_vlan.h - which VLANs a port is in, and the tags of frames. */
#ifndef NM_VLAN_H
#define NM_VLAN_H

#include "nm_kring.h"

#define NM_VLAN_TYPE 0x8100u
#define NM_VLAN_MAX 4094u
#define NM_VLAN_REFUSED 0xffffu

struct nm_vlan {
	uint16_t mode; /* NM_VLAN_* */
	uint16_t vid;  /* of an access port; native of a trunk, 0: none */
	uint8_t allowed[512];
};

#define NM_VLAN_ADDRESSES 12u /* bytes before the type field */

/* A frame's type field, read once; frames that leave are written from it. */
struct nm_vlan_tag {
	uint16_t tci;  /* 0 where there is no tag */
	uint16_t type; /* behind the tag */
	uint16_t skip; /* bytes before what follows the type: 14 or 18 */
};

static inline bool
nm_vlan_bit(const struct nm_vlan *c, uint32_t vid)
{
	return c->allowed[vid >> 3 & 511] >> (vid & 7) & 1;
}

/* A port with these is in the VLAN; VLAN 0 are those in none. */
static inline bool
nm_vlan_member(const struct nm_vlan *c, uint32_t vid)
{
	if (c->mode == NM_VLAN_TRUNK)
		return vid && (vid == c->vid || nm_vlan_bit(c, vid));
	return vid == c->vid;
}

/* Frames of this VLAN leave the port with their tag. */
static inline bool
nm_vlan_tagged(const struct nm_vlan *c, uint32_t vid)
{
	return c->mode == NM_VLAN_TRUNK && vid != c->vid;
}

/* The VLAN of a frame that comes from the port, or NM_VLAN_REFUSED. */
static inline uint32_t
nm_vlan_of(const struct nm_vlan *c, const struct nm_vlan_tag *t)
{
	uint32_t vid = t->tci & 0xfff;

	if (!vid)
		return c->vid ? c->vid : NM_VLAN_REFUSED;
	return nm_vlan_member(c, vid) ? vid : NM_VLAN_REFUSED;
}

/* Bytes of the type field of frames that leave with the tag of VLAN vid, or without one (vid 0). */
static inline uint32_t
nm_vlan_field_bytes(uint32_t vid)
{
	return vid ? 6 : 2;
}

/* That field. */
static inline void
nm_vlan_field(const struct nm_vlan_tag *t, uint32_t vid, uint8_t *to)
{
	uint32_t tci = (t->tci & 0xf000u) | vid;

	if (vid) {
		*to++ = NM_VLAN_TYPE >> 8;
		*to++ = NM_VLAN_TYPE & 0xff;
		*to++ = (uint8_t)(tci >> 8);
		*to++ = (uint8_t)tci;
	}
	to[0] = (uint8_t)(t->type >> 8);
	to[1] = (uint8_t)t->type;
}

/* Reads the tag of a frame of `total` >= hdr + 14 bytes that begins behind a header of `hdr`; false where it ends in its tag. Data. */
struct nm_vale_frag;
bool nm_vlan_read(const struct nm_vale_frag *f, uint32_t hdr, struct nm_vlan_tag *t);
/*
 * A frame without a header into n slots of d from `slot` on, with the tag of VLAN vid or without (vid 0). Returns the slot after it
 * and adds to *bytes. Data.
 */
struct nm_vlan_out {
	const struct nm_kring *d;
	const uint32_t *idx; /* buffers, one a slot */
	uint32_t step, n;    /* bytes a slot takes; slots */
	bool at;             /* slots of either ring have offsets */
};
uint32_t nm_vlan_copy(const struct nm_vlan_out *o, const struct nm_vale_frag *f, const struct nm_vlan_tag *t, uint32_t vid, uint32_t slot,
    uint64_t *bytes);

#endif
