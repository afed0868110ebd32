/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_vnet.h - a frame on its way between ports whose frames begin with virtio-net headers of different lengths.
 *
 *   10 <-> 12    what both have of the header is kept
 *   none -> one  the header is zeroes: it asks for nothing
 *   one -> none  what the header asks for is done: the checksum, or the cutting of a merged frame
 *
 * In VLANs the frame's Ethernet header is written anew, from what was read of its tag before, and what the header says of offsets in
 * the frame goes with it.
 *
 * Sender's memory may change at any time. The header, and the first bytes of the frame where these matter, are read once, into struct
 * nm_vnet; all decisions are made on these. The rest is summed and copied, no byte before or beyond the frame.
 */
#ifndef NM_VNET_H
#define NM_VNET_H

#include "nm_gso.h"
#include "nm_vlan.h"

/* A piece of a frame: what a slot of the sender holds. */
struct nm_vale_frag {
	const char *buf;
	uint16_t len;
	uint8_t nfrags;   /* of the frame, in its first fragment */
	uint8_t no_learn; /* likewise: not 0 if its first slot has NS_NO_LEARN */
	uint32_t total;   /* bytes of the frame, likewise */
};

/* From whom to whom. */
struct nm_vnet_way {
	uint32_t from, to; /* bytes of header: 0, 10 or 12; not equal, unless there is a tag */
	uint32_t step;     /* bytes that go into a slot of the receiver, not 0 */
	uint32_t ident;    /* see nm_gso_begin */
	const struct nm_vlan_tag *tag; /* what was read of the frame's tag, which is to become that of VLAN vid, or none; NULL: it stays */
	uint32_t vid;
};

struct nm_vnet_at {
	const struct nm_vale_frag *frag;
	uint32_t used; /* bytes of it */
};

enum nm_vnet_kind { NM_VNET_AS_IS, NM_VNET_CHECKSUM, NM_VNET_CUT };

/* A frame that is being translated. */
struct nm_vnet {
	uint32_t frames, slots; /* that it becomes at the receiver */
	/* private */
	enum nm_vnet_kind kind;
	uint32_t bytes;         /* without a header, as it leaves */
	uint32_t to;            /* bytes of header to write */
	uint32_t ether;         /* of the Ethernet header, which is in gso.head and v->at behind it; 0: it is as it came */
	struct nm_vnet_at at;   /* where nm_vnet_copy goes on */
	struct nm_vnet_hdr hdr; /* as sent; to be written if there is one */
	struct nm_gso gso;
};

/* A frame to deliver: bytes that are in private memory, then n of the sender's, which nm_vnet_copy gives. */
struct nm_vnet_out {
	const uint8_t *head;
	uint32_t nhead, n;
};

/* Looks at the frame that begins in f and has way->from + 14 bytes at least. 0, or the counter of why it can't be delivered. */
int nm_vnet_begin(struct nm_vnet *v, const struct nm_vale_frag *f, const struct nm_vnet_way *way);
/* The next frame of v->frames; room is for its headers. Its bytes are to be copied before the next call. */
void nm_vnet_next(struct nm_vnet *v, uint8_t room[NM_GSO_OUT], struct nm_vnet_out *out);
/* The next n bytes of the sender's of that frame. */
void nm_vnet_copy(struct nm_vnet *v, void *to, uint32_t n);

/* n bytes of the frame that begins in f, which has them, from offset `from` on. */
void nm_vnet_read(const struct nm_vale_frag *f, uint32_t from, void *to, uint32_t n);

#endif
