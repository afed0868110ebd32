/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frame.h - building and reading frames: Ethernet, IPv4 or IPv6, UDP, data.
 *
 * A frame shorter than its headers is the beginning of them. The virtio-net header, if the port has one, precedes the frame
 * and is all zero.
 */
#ifndef PKTGEN_FRAME_H
#define PKTGEN_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "flow.h"

#define FRAME_MIN 14
#define FRAME_MAX 65549 /* an IPv4 packet of 65535 bytes */
#define FRAME_PORT 1234 /* UDP port of both ends, unless given */
#define FRAME_PING 16   /* data of ping: mark, run, number */
#define FRAME_STAMP 12  /* data of -o 16: mark, nanoseconds */
#define FRAME_VNET_MAX 16
#define FRAME_SLACK 128 /* a copy in whole cache lines may read beyond the end */

#define FRAME_MARK_STAMP 0x6e6d5453u
#define FRAME_MARK_PING 0x6e6d5047u

struct frame {
	int version;
	unsigned vnet;        /* bytes of virtio-net header, before data */
	uint32_t len;         /* without it */
	uint32_t sum_len;     /* data_sum is that of a frame of this length; 0: of none */
	uint64_t data_sum;
	uint8_t pad[FRAME_VNET_MAX];
	uint8_t data[FRAME_MAX + FRAME_SLACK];
};

/* Bytes of the headers before the data. */
static inline unsigned
frame_headers(int version)
{
	return version == 4 ? 42 : 62;
}

void frame_init(struct frame *f, int version, unsigned vnet);

static inline const uint8_t *
frame_start(const struct frame *f)
{
	return f->data - f->vnet;
}

static inline uint8_t *
frame_data(struct frame *f)
{
	return f->data + frame_headers(f->version);
}

/*
 * Writes the headers for a frame of len bytes. csum: UDP checksum too, else it is left out with IPv4. The sum over the data is
 * kept for frames of the same length: call frame_changed() after writing other data.
 */
void frame_build(struct frame *f, const struct flow *flow, uint32_t len, bool csum);

static inline void
frame_changed(struct frame *f)
{
	f->sum_len = 0;
}

/* What a received frame is. Offsets from the Ethernet header. */
struct frame_view {
	int version;       /* 4, 6, 0: not IP */
	bool udp;
	uint32_t l4;       /* offset of the UDP header */
	uint32_t data;     /* offset of the data */
	uint32_t data_len;
};

/* false if it isn't a whole UDP packet over IPv4 or IPv6, without extension headers. */
bool frame_parse(const uint8_t *p, uint32_t len, struct frame_view *v);

/* false if the IPv4 header's or the UDP checksum is wrong. */
bool frame_verify(const uint8_t *p, const struct frame_view *v);

/* Turns it back to its sender: exchanges MAC, IP addresses and ports. Checksums stay right. */
void frame_answer(uint8_t *p, const struct frame_view *v);

#endif
