/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * offsets.c - ports that are opened with the option OFFSETS.
 *
 *	offsets stream A B	sends frames of all lengths by A, from anywhere in their buffers, and looks at them at B
 *	offsets join A B	copies what either receives to the other, from where slots say to where others say, until SIGINT
 */
#include "common.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define MOST 600u
#define FRAMES 3000u
#define LONGEST 1440u /* behind the greatest offset there is room for it */
#define WAIT_MS 20000

static volatile sig_atomic_t ended;

static uint32_t
anywhere(uint64_t seed)
{
	return (uint32_t)common_mix(seed) % (MOST + 1);
}

static struct nmport_d *
open_at(const char *name, uint32_t first)
{
	struct nmport_d *d = nmport_prepare(name);

	CHECK(d && !nmport_offset(d, first, MOST, 16, 0) && !nmport_open_desc(d), "%s: %s", name, strerror(errno));
	return d;
}

static struct netmap_ring *
first_ring(const struct nmport_d *d, bool tx)
{
	struct netmap_ring *r = tx ? NETMAP_TXRING(d->nifp, d->first_tx_ring) : NETMAP_RXRING(d->nifp, d->first_rx_ring);

	CHECK(r->offset_mask == 0xffff, "%s: a ring without offsets", d->hdr.nr_name);
	return r;
}

static uint32_t
length_of(uint32_t n)
{
	return 60 + n * 131 % (LONGEST - 59);
}

static void
put(struct netmap_ring *r, uint32_t n)
{
	static const uint8_t all[6] = {255, 255, 255, 255, 255, 255}, src[6] = {2, 0, 0, 0, 0, 1};
	struct netmap_slot *s = &r->slot[r->head];
	uint8_t *p;

	memset(NETMAP_BUF(r, s->buf_idx), 0x11, r->nr_buf_size);
	NETMAP_WOFFSET(r, s, anywhere(n));
	p = (uint8_t *)NETMAP_BUF_OFFSET(r, s);
	common_frame(p, all, src, length_of(n), (uint8_t)n);
	memcpy(p + 14, &n, sizeof(n));
	s->len = (uint16_t)length_of(n);
	r->head = r->cur = common_next(r, r->head);
}

/* The whole frame at r->head, which may take several slots: into buf; how many bytes. */
static uint32_t
take(struct netmap_ring *r, uint8_t *buf, uint32_t size)
{
	uint32_t len = 0;
	bool more = true;

	while (more) {
		struct netmap_slot *s = &r->slot[r->head];
		uint32_t offset = (uint32_t)NETMAP_ROFFSET(r, s);

		CHECK(r->head != r->tail, "a frame without an end");
		CHECK(offset <= MOST && offset + s->len <= r->nr_buf_size, "%u bytes at %u", s->len, offset);
		CHECK(len + s->len <= size, "a frame of more than %u bytes", size);
		memcpy(buf + len, NETMAP_BUF_OFFSET(r, s), s->len);
		len += s->len;
		more = s->flags & NS_MOREFRAG;
		NETMAP_WOFFSET(r, s, anywhere(r->head + len));
		r->head = r->cur = common_next(r, r->head);
	}
	return len;
}

/* Frames that come, the next of which is *next. */
static void
look(struct netmap_ring *r, uint32_t *next)
{
	static uint8_t buf[65536];
	uint32_t len, i;

	while (r->head != r->tail) {
		len = take(r, buf, sizeof(buf));
		if (len < 18 || buf[12] != 0x88 || buf[13] != 0xb5)
			continue;
		CHECK(!memcmp(buf + 14, next, 4), "another frame than %u", *next);
		CHECK(len == length_of(*next), "frame %u has %u bytes", *next, len);
		for (i = 18; i < len; i++)
			CHECK(buf[i] == (uint8_t)(*next + i), "frame %u, byte %u", *next, i);
		++*next;
	}
}

static void
stream(struct nmport_d *a, struct nmport_d *b)
{
	struct netmap_ring *tx = first_ring(a, true), *rx = first_ring(b, false);
	uint32_t sent = 0, got = 0;

	while (got < FRAMES) {
		struct pollfd p = {.fd = b->fd, .events = POLLIN};

		for (; sent < FRAMES && sent - got < 64 && tx->head != tx->tail; sent++)
			put(tx, sent);
		common_txsync(a);
		CHECK(poll(&p, 1, WAIT_MS) == 1, "frame %u does not arrive", got);
		look(rx, &got);
		common_rxsync(b);
	}
	printf("%u frames\n", got);
}

/* What finds no room is lost. */
static void
copy(struct nmport_d *from, struct nmport_d *to)
{
	struct netmap_ring *rx = first_ring(from, false), *tx = first_ring(to, true);
	static uint8_t buf[65536];
	uint32_t len, at, part, room = tx->nr_buf_size - MOST;

	while (rx->head != rx->tail) {
		len = take(rx, buf, sizeof(buf));
		for (at = 0; at < len && tx->head != tx->tail; at += part) {
			struct netmap_slot *s = &tx->slot[tx->head];

			part = len - at < room ? len - at : room;
			NETMAP_WOFFSET(tx, s, anywhere(tx->head));
			memcpy(NETMAP_BUF_OFFSET(tx, s), buf + at, part);
			s->len = (uint16_t)part;
			s->flags = at + part < len ? NS_MOREFRAG : 0;
			tx->head = tx->cur = common_next(tx, tx->head);
		}
	}
	common_txsync(to);
}

static void
join(struct nmport_d *a, struct nmport_d *b)
{
	struct pollfd p[2] = {{.fd = a->fd, .events = POLLIN}, {.fd = b->fd, .events = POLLIN}};

	common_catch(SIGINT, &ended);
	printf("ready\n");
	fflush(stdout);
	while (!ended) {
		CHECK(poll(p, 2, 100) >= 0 || errno == EINTR, "poll: %s", strerror(errno));
		copy(a, b);
		copy(b, a);
		common_rxsync(a);
		common_rxsync(b);
	}
}

int
main(int argc, char **argv)
{
	struct nmport_d *a, *b;

	CHECK(argc == 4 && (!strcmp(argv[1], "stream") || !strcmp(argv[1], "join")), "usage: offsets stream|join A B");
	b = open_at(argv[3], 100);
	a = open_at(argv[2], 0);
	(argv[1][0] == 's' ? stream : join)(a, b);
	nmport_close(a);
	nmport_close(b);
	return 0;
}
