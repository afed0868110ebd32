/* SPDX-License-Identifier: BSD-2-Clause */
/* nic_gso.h - what a sender's or receiver's stack left to its interface: checksums, and cutting of merged frames. */
#ifndef NIC_GSO_H
#define NIC_GSO_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>

struct nic_gso {
	const uint8_t *frame;
	uint32_t len;
	uint32_t l3, l4, payload; /* offsets in the frame */
	uint32_t at, size;        /* next byte of the payload, bytes of it in each segment */
	uint32_t n;               /* segments made */
	bool v6, tcp;
};

/* The Internet checksum from `start` on, put at start + offset; the field holds the pseudo header's part. */
void nic_gso_checksum(uint8_t *frame, uint32_t len, uint32_t start, uint32_t offset);

/* Looks at a merged frame, which must stay until the last segment is made. 0, or -EINVAL: not of a kind that can be cut. */
int nic_gso_begin(struct nic_gso *g, const void *frame, uint32_t len, const struct virtio_net_hdr *h);
static inline bool
nic_gso_more(const struct nic_gso *g)
{
	return g->at < g->len;
}
/* Writes the next segment, all checksums done; returns its length. */
uint32_t nic_gso_next(struct nic_gso *g, uint8_t *out);

#endif
