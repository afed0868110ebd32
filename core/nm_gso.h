/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_gso.h - what a sender's stack left to its interface: checksums, and the cutting of merged frames into what it would have
 * sent piece by piece.
 *
 * Only the first bytes of a frame are looked at, in a copy of them, so that the frame itself may lie in memory that its sender
 * writes to meanwhile. Nothing the frame says leads out of it: what does not fit is refused. Its length is what the caller says it
 * has; those in its IP header, and hdr_len, are not looked at.
 */
#ifndef NM_GSO_H
#define NM_GSO_H

#include "nm_csum.h"

/* The virtio-net header, in the host's order. One of 10 bytes has no num_buffers, at which nobody here looks. */
struct nm_vnet_hdr {
	uint8_t flags;       /* NM_VNET_* */
	uint8_t gso_type;    /* NM_GSO_TYPE_* */
	uint16_t hdr_len;    /* of the headers: a hint */
	uint16_t gso_size;   /* bytes of payload in a segment, without the headers before it */
	uint16_t csum_start; /* the checksum is of the bytes from here on, */
	uint16_t csum_offset; /* and goes so far behind */
	uint16_t num_buffers;
};

#define NM_VNET_COMMON 10u      /* bytes that all such headers have */
#define NM_VNET_NEEDS_CSUM 1u /* flags: the checksum is to be done; its field holds the sum of the pseudo header */

#define NM_GSO_TYPE_NONE 0u
#define NM_GSO_TYPE_TCPV4 1u
#define NM_GSO_TYPE_UDP 3u      /* one datagram: into fragments of IP */
#define NM_GSO_TYPE_TCPV6 4u
#define NM_GSO_TYPE_UDP_L4 5u   /* several datagrams */
#define NM_GSO_TYPE_ECN 0x80u   /* with TCP: CWR is set */

#define NM_GSO_HEAD 256u        /* bytes of a frame in which its headers have to end */
#define NM_GSO_OUT (NM_GSO_HEAD + 8u) /* bytes of the headers of a segment, at most */
#define NM_GSO_SEGMENTS 256u    /* of a frame, at most */
#define NM_GSO_LEAST 64u        /* bytes of payload; nothing is cut smaller only to fit a slot */

struct nm_gso {
	uint8_t head[NM_GSO_HEAD]; /* the frame's first bytes */
	uint32_t have;             /* of them */
	uint32_t len;              /* bytes of the frame */
	uint32_t l3, l4, payload;  /* offsets in the frame */
	uint32_t from;             /* likewise: where that begins which is cut */
	uint32_t at, size;         /* next byte of it, bytes of it in each segment */
	uint32_t n;                /* segments made */
	uint32_t next;             /* fragments of IPv6: the offset of the type of what is cut */
	uint32_t ident;            /* of these */
	bool v6, tcp;
	bool fragment;             /* into fragments */
	bool sum;                  /* nm_gso_sum has to be called first */
};

/* A segment: bytes that nm_gso_next wrote, and then n bytes of the frame from `from` on. */
struct nm_gso_cut {
	uint32_t head, from, n;
	bool sum; /* nm_gso_close has to be called */
};

/*
 * Looks at a merged frame of `len` bytes, the first of which, g->have = min(len, NM_GSO_HEAD), the caller put into g->head. ident: of the
 * frame, should it be cut into fragments of IPv6. 0, or -EINVAL: not of a kind, or not in order, so that it can't be cut.
 */
int nm_gso_begin(struct nm_gso *g, uint32_t len, const struct nm_vnet_hdr *h, uint32_t ident);
/* With g->sum: what nm_csum_add gives for the bytes of the frame from g->payload on. */
void nm_gso_sum(struct nm_gso *g, uint64_t sum);
/* Makes segments of `most` bytes if they would be longer, where that changes nothing for who gets them. 0, or -EINVAL: too many. */
int nm_gso_fit(struct nm_gso *g, uint32_t most);

static inline bool
nm_gso_more(const struct nm_gso *g)
{
	return g->at < g->len;
}

/* Segments in all, and bytes of each but the last, and of that. */
uint32_t nm_gso_count(const struct nm_gso *g, uint32_t *each, uint32_t *last);
/* The next segment: its headers to out, all checksums done but the one that nm_gso_close does. */
void nm_gso_next(struct nm_gso *g, uint8_t out[NM_GSO_OUT], struct nm_gso_cut *c);
/* sum: what nm_csum_add gives for the n bytes of the frame from c->from on. */
void nm_gso_close(const struct nm_gso *g, uint8_t *out, const struct nm_gso_cut *c, uint64_t sum);

/* All of that for a frame that lies whole in memory that nobody writes to; it has to stay there until the last segment is made. */
int nm_gso_begin_flat(struct nm_gso *g, const void *frame, uint32_t len, const struct nm_vnet_hdr *h, uint32_t ident);
/* Writes the next segment; returns its length. */
uint32_t nm_gso_next_flat(struct nm_gso *g, const void *frame, uint8_t *out);
/* The checksum from `start` on, put at start + offset; false, and nothing is done, where that is not in the frame. */
bool nm_gso_checksum_flat(void *frame, uint32_t len, uint32_t start, uint32_t offset);

#endif
