/* SPDX-License-Identifier: BSD-2-Clause */
/* vnet_frames.h - frames behind virtio-net headers: how tests make them, send them, and take what became of them. */
#ifndef VNET_FRAMES_H
#define VNET_FRAMES_H

#include "host.h"
#include "nm_gso.h"
#include "nm_vale_fwd.h"

#define A "\2aaaaa"
#define B "\2bbbbb"
#define C "\2ccccc"
#define BCAST "\xff\xff\xff\xff\xff\xff"

static uint8_t frame[70000], sent[70000], got[70000];

static inline int
set_header(struct nm_session *s, const char *name, uint32_t bytes)
{
	struct nmreq_port_hdr h = {.nr_hdr_len = bytes};

	return host_request(s, NETMAP_REQ_PORT_HDR_SET, name, &h);
}

static inline void
open_port(struct nm_session *s, const char *name, uint32_t bytes)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};

	assert_int_equal(host_register(s, name, &reg), 0);
	assert_int_equal(set_header(s, name, bytes), 0);
}

static inline void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline uint32_t
be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

/* A frame in `frame`, of IPv4 or 6, TCP or UDP, with so much payload; the length. The checksum's field has the pseudo header's sum. */
static inline uint32_t
make(bool v6, bool tcp, uint32_t payload)
{
	uint32_t l4 = v6 ? 54 : 34, head = l4 + (tcp ? 20 : 8), i, sum = tcp ? 6 : 17;
	uint8_t *ip = frame + 14;

	memset(frame, 0, head);
	memcpy(frame, B A, 12);
	put16(frame + 12, v6 ? 0x86dd : 0x0800);
	if (v6) {
		ip[0] = 0x60;
		put16(ip + 4, head - l4 + payload);
		ip[6] = tcp ? 6 : 17;
		memset(ip + 8, 0x23, 32);
	} else {
		ip[0] = 0x45;
		put16(ip + 2, head - 14 + payload);
		ip[9] = tcp ? 6 : 17;
		memset(ip + 12, 0x0a, 8);
	}
	for (i = 8; i < (v6 ? 40u : 16u); i += 2)
		sum += be16(ip + (v6 ? i : i + 4));
	sum += head - l4 + payload;
	if (tcp)
		frame[l4 + 12] = 0x50, frame[l4 + 13] = 0x19;
	else
		put16(frame + l4 + 4, 8 + payload);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(frame + l4 + (tcp ? 16 : 6), sum);
	for (i = 0; i < payload; i++)
		frame[head + i] = (uint8_t)(i * 31 + i / 253);
	return head + payload;
}

/* Puts `bytes` of header and the first len bytes of `frame` into slots, `step` bytes each. */
static inline void
put_in(struct nm_session *s, const struct nm_vnet_hdr *h, uint32_t bytes, uint32_t len, uint32_t step)
{
	uint32_t at, n;

	memcpy(sent, h, bytes);
	memcpy(sent + bytes, frame, len);
	len += bytes;
	for (at = 0; at < len; at += n) {
		n = len - at < step ? len - at : step;
		host_put(s, sent + at, (uint16_t)n, at + n < len ? NS_MOREFRAG : 0);
	}
}

static inline void
send_in(struct nm_session *s, const struct nm_vnet_hdr *h, uint32_t bytes, uint32_t len, uint32_t step)
{
	put_in(s, h, bytes, len, step);
	assert_int_equal(host_txsync(s), 0);
}

/* A whole frame that s received, in `got`: its length, or -1. Its slots are counted as they say. */
static inline int
take(struct nm_session *s)
{
	uint32_t slots = 0, len = 0;
	uint16_t flags;
	int n;

	do {
		n = host_take(s, got + len, &flags);
		if (n < 0 && !slots)
			return -1;
		assert_true(n > 0);
		len += (uint32_t)n;
		slots++;
	} while (flags & NS_MOREFRAG);
	assert_int_equal(flags >> 8, slots);
	return (int)len;
}

/* What was sent equals what was delivered, dropped and flooded. */
static inline void
books_balance(struct nm_session *s)
{
	uint64_t out = host_stat(s, NM_DIR_TX, NM_STAT_forwarded) + host_stat(s, NM_DIR_TX, NM_STAT_drop_vnet_csum) +
	    host_stat(s, NM_DIR_TX, NM_STAT_drop_vnet_gso);
	int i;

	for (i = NM_STAT_drop_no_space; i <= NM_STAT_drop_no_peer; i++)
		out += host_stat(s, NM_DIR_TX, i);
	for (i = NM_STAT_drop_vlan; i <= NM_STAT_drop_storm_unknown; i++)
		out += host_stat(s, NM_DIR_TX, i);
	assert_int_equal(out, host_stat(s, NM_DIR_TX, NM_STAT_tx_packets) + host_stat(s, NM_DIR_TX, NM_STAT_flood_copies) -
	    host_stat(s, NM_DIR_TX, NM_STAT_flooded));
}

/* A receiver whose slots hold `room` bytes, at the end of their buffers. */
static inline void
open_narrow(struct nm_session *s, const char *name, uint32_t room, uint32_t bytes)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nmreq_opt_offsets o = {.nro_max_offset = 2112 - room, .nro_initial_offset = 2112 - room, .nro_offset_bits = 16};

	assert_int_equal(host_register_at(s, name, &reg, &o), 0);
	assert_int_equal(nm_kring_chunk(nm_session_kring(s, NM_DIR_RX, 0)), room);
	assert_int_equal(set_header(s, name, bytes), 0);
}

/* The same as take, of slots with offsets. */
static inline int
take_at(struct nm_session *s, uint32_t room)
{
	struct nm_kring *kr = nm_session_kring(s, NM_DIR_RX, 0);
	uint32_t len = 0, head = kr->atok->head, slots = 0;
	const struct netmap_slot *p;

	if (head == kr->ktoa->hwtail)
		return -1;
	do {
		p = &kr->slots[head];
		assert_true(p->len <= room && p->ptr + p->len <= 2112);
		memcpy(got + len, kr->bufs + (size_t)p->buf_idx * kr->stride + p->ptr, p->len);
		len += p->len;
		slots++;
		head = nm_ring_add(head, 1, kr->nslots);
	} while (p->flags & NS_MOREFRAG);
	assert_int_equal(p->flags >> 8, slots);
	kr->atok->head = kr->atok->cur = head;
	return (int)len;
}

#endif
