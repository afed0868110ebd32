/* SPDX-License-Identifier: BSD-2-Clause */
/* frame.h - what NICs do with frames on their way: checksums, segmentation, tags of VLANs */
#ifndef FRAME_H
#define FRAME_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_TAG 4u /* bytes of a VLAN's tag */

static inline uint16_t frame_be16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static inline uint32_t frame_be32(const uint8_t *at) { return (uint32_t)frame_be16(at) << 16 | frame_be16(at + 2); }
static inline void frame_put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}
static inline void frame_put32(uint8_t *at, uint32_t value)
{
	frame_put16(at, (uint16_t)(value >> 16));
	frame_put16(at + 2, (uint16_t)value);
}

/* What a frame is: where its parts begin, 0 for those it lacks. All that is named is within the frame, and data within its first 200
 * bytes. */
struct frame_parts {
	uint16_t type;       /* Ethernet's, behind tags */
	size_t l3, l4, data; /* IP, TCP or UDP, what they carry */
	size_t end;          /* of the IP packet; the rest is filling */
	uint8_t protocol;    /* IPPROTO_... of l4 */
	bool v6, fragment;
};
void frame_parse(const uint8_t *frame, size_t length, struct frame_parts *p);

/* frame_sum - the Internet's checksum, not yet complemented, over some bytes and what sum has already */
uint32_t frame_sum(const uint8_t *at, size_t length, uint32_t sum);
uint16_t frame_fold(uint32_t sum);

/* Whether the checksum is right, and setting it; frames without that part are left alone and not right. */
bool frame_ip_right(const uint8_t *frame, const struct frame_parts *p);
bool frame_l4_right(const uint8_t *frame, const struct frame_parts *p);
void frame_set_ip(uint8_t *frame, const struct frame_parts *p);
void frame_set_l4(uint8_t *frame, const struct frame_parts *p);

/* frame_tag - puts a tag behind the addresses; there has to be room. frame_untag - takes it out; false if there is none. */
void frame_tag(uint8_t *frame, size_t *length, uint16_t tci);
bool frame_untag(uint8_t *frame, size_t *length, uint16_t *tci);

/* frame_segment - cuts a TCP or UDP frame into such with at most mss bytes each, with all checksums, in order; false if it is neither.
 * out has room for the longest segment. */
typedef void frame_sink(void *arg, uint8_t *frame, size_t length);
bool frame_segment(const uint8_t *frame, size_t length, size_t mss, uint8_t *out, frame_sink *sink, void *arg);

/* frame_crc - Ethernet's check sequence, which goes over the wire with its least byte first. frame_hash - the six bits of it that
 * NICs take as index of a group's address in their tables: the register's upper ones before it is inverted, the first one on top. */
uint32_t frame_crc(const uint8_t *at, size_t length);
unsigned int frame_hash(const uint8_t *address);

#endif
