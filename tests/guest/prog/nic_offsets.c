/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic_offsets A B - two interfaces that are connected, opened with the option OFFSETS: frames leave from where slots of A say and arrive
 * where slots of B say, nothing else is sent or written, also while somebody writes to the ptr of all slots; and what leaves its buffer is
 * dropped by name.
 *
 * nic_offsets swap|mark A - passes frames between A and its host, all rings with offsets, until it is told to end: by exchanging buffers
 * of slots, or by NS_FORWARD.
 */
#include "dev.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define LIMIT_MS 20000u
#define MOST 512u       /* leaves each NIC enough of 2048 bytes for a frame of 1522 */
#define WINDOW 24u      /* frames under way, since a NIC can't hold back who sends to it */
#define FRAMES 4000u
#define LONGEST 1514u
#define MARK 0x5a

static const char *name_a, *name_b;
static struct dev a, b;
static uint32_t stride, sent, got;
static uint64_t left[8192];             /* of B's slots: the ptr they were given back with */
static bool filled[1u << 20];           /* buffers that are all MARK but for what is received */

static uint32_t
next(const struct netmap_ring *r, uint32_t i)
{
	return i + 1 == r->num_slots ? 0 : i + 1;
}

static uint32_t
random32(void)
{
	static uint64_t seed = 1;

	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33);
}

static int
open_with(struct dev *d, const char *name, uint32_t mode, struct nmreq_opt_offsets *o)
{
	struct nmreq_register reg = {.nr_mode = mode};
	int error = dev_open(d);

	CHECK(!error, "/dev/netmap: %s", strerror(-error));
	o->nro_opt.nro_reqtype = NETMAP_REQ_OPT_OFFSETS;
	error = dev_request(d->fd, NETMAP_REQ_REGISTER, name, &reg, o);
	CHECK(o->nro_opt.nro_status == (uint32_t)-error, "%s: the option's status is %u, the error %d", name, o->nro_opt.nro_status, error);
	d->size = reg.nr_memsize;
	d->ofs = reg.nr_offset;
	return error;
}

static void
open_at(struct dev *d, const char *name, uint32_t mode, uint32_t most, uint32_t first)
{
	struct nmreq_opt_offsets o = {.nro_max_offset = most, .nro_initial_offset = first, .nro_offset_bits = 16};
	int error = open_with(d, name, mode, &o);

	CHECK(!error, "%s: %s", name, dev_reason(d->fd));
	error = dev_map(d);
	CHECK(!error, "%s can't be mapped: %s", name, strerror(-error));
}

/* A NIC that writes into buffers says how much of them it needs; one greater offset is refused, none is not. */
static void
bounds(const char *name)
{
	struct nmreq_opt_offsets o = {.nro_max_offset = stride};
	struct dev d;
	int error = open_with(&d, name, NR_REG_ALL_NIC, &o);
	const char *p;
	unsigned most;

	if (error) {
		CHECK(error == -EINVAL, "%s: %s", name, strerror(-error));
		p = strstr(dev_reason(d.fd), "ask for at most ");
		CHECK(p && sscanf(p, "ask for at most %u", &most) == 1 && most >= MOST && most < stride, "%s", dev_reason(d.fd));
		o = (struct nmreq_opt_offsets){.nro_max_offset = most + 1};
		dev_close(&d);
		CHECK(open_with(&d, name, NR_REG_ALL_NIC, &o) == -EINVAL, "%s: offsets of up to %u", name, most + 1);
		o = (struct nmreq_opt_offsets){.nro_max_offset = most};
		dev_close(&d);
		error = open_with(&d, name, NR_REG_ALL_NIC, &o);
		CHECK(!error, "%s: offsets of up to %u: %s", name, most, dev_reason(d.fd));
		printf("%s: offsets of up to %u\n", name, most);
	}
	dev_close(&d);
}

static uint32_t
length_of(uint32_t n)
{
	return n % 5 ? 60 + n * 131 % (LONGEST - 59) : 60 + n % 200;
}

/* What stands at byte i of frame n. */
static uint8_t
byte_of(uint32_t n, uint32_t i)
{
	if (i < 12)
		return i < 6 ? 0xff : 2;
	if (i < 14)
		return i == 12 ? 0x88 : 0xb5; /* a type for experiments, which no host answers */
	if (i < 18)
		return (uint8_t)(n >> 8 * (i - 14));
	return (uint8_t)(n * 7 + i);
}

/* The next slot to send, `len` bytes of frame n from byte `from` on, where that ptr leads. */
static void
put_part(uint32_t n, uint32_t from, uint32_t len, uint16_t flags, uint64_t ptr)
{
	struct netmap_ring *r = a.tx;
	struct netmap_slot *s = &r->slot[r->head];
	uint32_t offset = (uint32_t)(ptr & r->offset_mask), i;
	char *p;

	CHECK(r->head != r->tail, "no room");
	if (offset > MOST)
		offset = MOST;
	p = NETMAP_BUF(r, s->buf_idx);
	memset(p, 0x11, stride);
	filled[s->buf_idx] = false; /* it may be handed over as it is, where there is no NIC */
	for (i = 0; i < len && offset + i < stride; i++)
		p[offset + i] = (char)byte_of(n, from + i);
	s->len = (uint16_t)len;
	s->flags = flags;
	s->ptr = ptr;
	r->cur = next(r, r->head);
	__atomic_store_n(&r->head, r->cur, __ATOMIC_RELEASE);
}

/* What a ptr has besides an offset means nothing, and what is above the greatest is the greatest. */
static uint64_t
wild_ptr(void)
{
	return (random32() % 8 ? random32() % (MOST + 1) : random32() & 0xffff) | (uint64_t)random32() << 16;
}

static void
put_frame(void)
{
	uint32_t len = length_of(sent), part = sent % 11 == 3 ? len / 2 : len;

	put_part(sent, 0, part, part < len ? NS_MOREFRAG : 0, wild_ptr());
	if (part < len)
		put_part(sent, part, len - part, 0, wild_ptr());
	sent++;
}

/* One slot of B, whose bytes are those of frame n from byte `from` on. What it does not hold is as it was. */
static void
check_part(const struct netmap_slot *s, uint32_t at, uint32_t n, uint32_t from)
{
	uint64_t want = left[at] & 0xffff;
	const uint8_t *p = (const uint8_t *)NETMAP_BUF(b.rx, s->buf_idx);
	uint32_t offset = (uint32_t)s->ptr, i;

	if (want > MOST)
		want = MOST;
	CHECK(s->ptr <= want && want - s->ptr < 64, "frame %u: its slot was given back with %llu, it begins at %llu", n,
	    (unsigned long long)want, (unsigned long long)s->ptr);
	CHECK(offset + s->len <= stride, "frame %u: %u bytes at %u", n, s->len, offset);
	for (i = 0; i < s->len; i++)
		CHECK(p[offset + i] == byte_of(n, from + i), "frame %u, byte %u is %02x, not %02x", n, from + i, p[offset + i], byte_of(n, from + i));
	for (i = 0; filled[s->buf_idx] && i < stride; i++) /* a check sequence may stand behind it */
		CHECK(p[i] == MARK || (i >= offset && i < offset + s->len + 16), "frame %u, %u bytes at %u: byte %u of the buffer was written", n, s->len,
		    offset, i);
}

static void
give_back(struct netmap_slot *s, uint32_t at)
{
	memset(NETMAP_BUF(b.rx, s->buf_idx), MARK, stride);
	filled[s->buf_idx] = true;
	s->ptr = left[at] = wild_ptr();
}

/* Bytes of a slot of B that may be the number of one of our frames, or UINT32_MAX. */
static uint32_t
number_of(const struct netmap_slot *s)
{
	const uint8_t *p = (const uint8_t *)NETMAP_BUF(b.rx, s->buf_idx) + (s->ptr < stride ? s->ptr : 0);
	uint32_t n;

	if (s->len < 18 || p[12] != 0x88 || p[13] != 0xb5)
		return UINT32_MAX;
	memcpy(&n, p + 14, sizeof(n));
	return n;
}

/* What is at B comes next of what was sent, or is `hello`, a frame sent before; what the system sends is passed over. */
static void
take_some(void)
{
	struct netmap_ring *r = b.rx;
	uint32_t at, n, from;

	CHECK(!dev_sync(&b, false), "sync");
	while (r->head != r->tail) {
		at = r->head;
		n = number_of(&r->slot[at]);
		for (from = 0;; at = next(r, at)) {
			struct netmap_slot *s = &r->slot[at];
			bool more = s->flags & NS_MOREFRAG;

			if (n != UINT32_MAX && n >= got)
				CHECK(n == got, "frame %u, %u is next", n, got);
			if (n == got)
				check_part(s, at, n, from);
			from += s->len;
			CHECK(s->buf_idx < sizeof(filled), "buffer %u", s->buf_idx);
			give_back(s, at);
			if (!more)
				break;
			CHECK(next(r, at) != r->tail, "a frame without an end");
		}
		if (n == got) {
			CHECK(from == length_of(n), "frame %u has %u bytes", n, from);
			got++;
		}
		r->cur = next(r, at);
		__atomic_store_n(&r->head, r->cur, __ATOMIC_RELEASE);
	}
}

/* All that was sent is there. */
static void
take_all(void)
{
	uint64_t end = dev_now_ms() + LIMIT_MS;

	while (got != sent) {
		CHECK(dev_now_ms() < end, "%u frames of %u arrived", got, sent);
		CHECK(!dev_sync(&a, true), "sync");
		take_some();
	}
	CHECK(!dev_sync(&b, false), "sync");
}

/* Opening has reset NICs: as long as nothing arrives, the first frame is sent again. */
static void
begin(void)
{
	uint64_t end = dev_now_ms() + LIMIT_MS;
	uint32_t i;

	for (i = 0; i < b.rx->num_slots; i++)
		left[i] = b.rx->slot[i].ptr;
	for (i = 0; !got; i++) {
		CHECK(dev_now_ms() < end, "nothing arrives");
		sent = 0;
		if (i % 10 == 0)
			put_frame();
		sent = 1;
		CHECK(!dev_sync(&a, true), "sync");
		poll(NULL, 0, 20);
		take_some();
	}
	poll(NULL, 0, 300); /* the others of them */
	take_some();
}

static void
stream(void)
{
	while (sent < FRAMES) {
		while (sent < FRAMES && sent - got < WINDOW && sent % WINDOW != WINDOW - 1)
			put_frame();
		put_frame();
		take_all();
	}
}

/* Between two that are right: what would leave its buffer. */
static void
refused(void)
{
	static const struct { uint64_t ptr; uint32_t more; } bad[] = {{0, 1}, {1, 1}, {MOST, 1}, {0xffff, 1}, {MOST - 1, 2}, {77, 1000}, {MOST, 60000}};
	uint32_t i, offset;
	uint64_t before;

	for (i = 0; i < 3 * sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t ptr = bad[i % 7].ptr;

		before = dev_stat(name_a, NM_STAT_drop_bad_len);
		put_frame();
		offset = ptr > MOST ? MOST : (uint32_t)ptr;
		put_part(0x77777777, 0, stride - offset + bad[i % 7].more, 0, ptr | 0xabcdef0000u);
		put_frame();
		take_all();
		CHECK(dev_stat(name_a, NM_STAT_drop_bad_len) == before + 1, "%u bytes at %u: not counted", stride - offset + bad[i % 7].more, offset);
	}
}

static int stop;

/* Writes to the ptr of all slots. */
static void *
scribble(void *arg)
{
	uint64_t x = 88172645463325252u;
	uint32_t i = 0;

	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		*(volatile uint64_t *)&a.tx->slot[i % a.tx->num_slots].ptr = x >> (x % 50);
		*(volatile uint64_t *)&b.rx->slot[i % b.rx->num_slots].ptr = x >> (x % 47);
		i++;
	}
	return NULL;
}

/* Nobody knows where frames are then: nothing but what was reserved is looked at, and that all goes on. */
static void
storm(void)
{
	uint64_t end = dev_now_ms() + 2000, before = dev_stat(name_b, NM_STAT_rx_packets);
	char *reserved = NETMAP_BUF(b.rx, 0);
	struct netmap_ring *r = b.rx;
	size_t i, n = 2 * (size_t)stride;
	pthread_t t;

	memset(reserved, MARK, n);
	CHECK(!pthread_create(&t, NULL, scribble, NULL), "no thread");
	while (dev_now_ms() < end) {
		for (i = 0; i < 16 && a.tx->head != a.tx->tail; i++)
			put_part(0, 0, 14 + random32() % 2100, 0, random32());
		CHECK(!dev_sync(&a, true), "sync");
		CHECK(!dev_sync(&b, false), "sync");
		r->cur = r->tail;
		__atomic_store_n(&r->head, r->cur, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	CHECK(dev_stat(name_b, NM_STAT_rx_packets) > before + 100, "nothing passed");
	for (i = 0; i < n && reserved[i] == MARK; i++)
		;
	CHECK(i == n, "byte %zu of the reserved buffers was written", i);
}

static volatile sig_atomic_t ended;

static void
end_now(int sig)
{
	(void)sig;
	ended = 1;
}

/* All that there is goes on, by its buffers. */
static void
swap(struct netmap_ring *from, struct netmap_ring *to)
{
	while (from->head != from->tail && to->head != to->tail) {
		struct netmap_slot *s = &from->slot[from->head], *d = &to->slot[to->head], was = *d;

		CHECK((s->ptr & from->offset_mask) + s->len <= from->nr_buf_size, "%u bytes at %llu", s->len, (unsigned long long)s->ptr);
		d->buf_idx = s->buf_idx;
		d->len = s->len;
		d->ptr = s->ptr;
		d->flags = (s->flags & NS_MOREFRAG) | NS_BUF_CHANGED;
		s->buf_idx = was.buf_idx;
		s->flags = NS_BUF_CHANGED;
		s->ptr = random32() % (MOST + 1);
		from->head = from->cur = next(from, from->head);
		to->head = to->cur = next(to, to->head);
	}
}

static void
release(struct netmap_ring *r)
{
	r->flags |= NR_FORWARD;
	for (; r->head != r->tail; r->head = r->cur = next(r, r->head))
		r->slot[r->head].flags |= NS_FORWARD;
}

static void
pass(bool mark, const char *name)
{
	struct netmap_if *n;
	struct netmap_ring *htx, *hrx;
	struct pollfd p;
	struct dev d;
	uint32_t i;

	open_at(&d, name, NR_REG_NIC_SW, MOST, 200);
	n = NETMAP_IF(d.mem, d.ofs);
	htx = NETMAP_TXRING(n, n->ni_tx_rings);
	hrx = NETMAP_RXRING(n, n->ni_rx_rings);
	CHECK(htx->offset_mask == 0xffff && hrx->offset_mask == 0xffff && hrx->slot[3].ptr == 200, "host rings have other offsets");
	printf("ready\n");
	fflush(stdout);
	signal(SIGINT, end_now);
	while (!ended) {
		p = (struct pollfd){d.fd, POLLIN, 0};
		CHECK(poll(&p, 1, 100) >= 0 || errno == EINTR, "poll: %s", strerror(errno));
		for (i = 0; i < n->ni_rx_rings; i++)
			if (mark)
				release(NETMAP_RXRING(n, i));
			else
				swap(NETMAP_RXRING(n, i), htx);
		if (mark) {
			release(hrx);
			CHECK(!ioctl(d.fd, NIOCRXSYNC, NULL), "sync");
		} else {
			swap(hrx, d.tx);
			CHECK(!ioctl(d.fd, NIOCTXSYNC, NULL), "sync");
		}
	}
	dev_close(&d);
}

int
main(int argc, char **argv)
{
	struct dev d;

	if (argc != 3)
		return 2;
	if (!strcmp(argv[1], "swap") || !strcmp(argv[1], "mark")) {
		pass(argv[1][0] == 'm', argv[2]);
		return 0;
	}
	name_a = argv[1];
	name_b = argv[2];
	open_at(&d, name_b, NR_REG_ALL_NIC, 0, 0);
	stride = d.rx->nr_buf_size;
	dev_close(&d);
	bounds(name_b);
	open_at(&b, name_b, NR_REG_ALL_NIC, MOST, 192);
	open_at(&a, name_a, NR_REG_ALL_NIC, MOST, 64);
	CHECK(a.tx->offset_mask == 0xffff && b.rx->offset_mask == 0xffff, "the masks are not those that were asked for");
	begin();
	stream();
	refused();
	storm();
	dev_close(&a);
	dev_close(&b);
	printf("%u frames\n", got);
	return 0;
}
