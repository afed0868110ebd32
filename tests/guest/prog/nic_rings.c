/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic_rings A B - two interfaces that are connected: slots and indices out of rule in the rings of A, of its host, and of B.
 * Each is counted by its name, once; nothing of it is sent, what was right before and behind it arrives whole and in order, and
 * nothing is written where a receiver's bad index leads. A receiver that comes late finds everything.
 */
#include "dev.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define LEN 200u
#define LIMIT_MS 20000u

static const char *name_a, *name_b;
static struct dev a, b;
static uint32_t sent, got, stride, nbufs;
static char *no_access;

/* What is put into the transmit ring between two good frames: `n` slots, alike but for the last one's flags. */
struct evil {
	const char *what;
	int counter;
	unsigned n;
	uint32_t idx;       /* 0 if own: that of the slot */
	bool own;
	uint32_t len;
	uint16_t flags, last_flags;
	uint64_t ptr;
};

static uint32_t
next(const struct netmap_ring *r, uint32_t i)
{
	return i + 1 == r->num_slots ? 0 : i + 1;
}

static void
number(uint8_t f[LEN], uint32_t n)
{
	unsigned i;

	memset(f, 0xff, 6);
	memset(f + 6, 2, 6);
	f[12] = 0x88; /* a type for experiments, which no host answers */
	f[13] = 0xb5;
	for (i = 14; i < LEN; i++)
		f[i] = (uint8_t)(n * 7 + i);
	memcpy(f + 14, &n, sizeof(n));
}

static void
put_good(struct dev *d)
{
	uint8_t f[LEN];

	number(f, sent++);
	CHECK(dev_put(d, f, LEN), "no room");
}

/* Those that it wrote to, and the buffers that they had. */
static struct netmap_slot *spoilt[1024];
static uint32_t idx[1024], nspoilt;

static void
put_evil(struct dev *d, const struct evil *e)
{
	struct netmap_ring *r = d->tx;
	uint32_t i, head = r->head;

	CHECK(e->n <= sizeof(idx) / sizeof(idx[0]), "%u slots", e->n);
	nspoilt = e->n;
	for (i = 0; i < e->n; i++, head = next(r, head)) {
		struct netmap_slot *s = &r->slot[head];

		CHECK(head != r->tail, "no room for slot %u", i);
		spoilt[i] = s;
		idx[i] = s->buf_idx;
		if (!e->own)
			s->buf_idx = e->idx;
		s->len = (uint16_t)e->len;
		s->flags = i + 1 < e->n ? e->flags : e->last_flags;
		s->ptr = e->ptr;
	}
	r->cur = head;
	__atomic_store_n(&r->head, head, __ATOMIC_RELEASE);
}

/* What the client did to its slots it makes good, so that the next ones find buffers there. Others may have new ones. */
static void
mend(void)
{
	uint32_t i;

	for (i = 0; i < nspoilt; i++) {
		spoilt[i]->buf_idx = idx[i];
		spoilt[i]->ptr = 0;
	}
}

static void
flush(struct dev *d)
{
	uint64_t end = dev_now_ms() + LIMIT_MS;

	do {
		CHECK(!dev_sync(d, true), "sync");
		CHECK(dev_now_ms() < end, "the transmit ring does not get empty: head %u, tail %u", d->tx->head, d->tx->tail);
	} while (next(d->tx, d->tx->tail) != d->tx->head);
}

/* What is at B is what comes next of what was sent; foreign frames of the system's are passed over. */
static void
take_some(void)
{
	static uint8_t buf[65536];
	uint8_t want[LEN];
	uint16_t len;

	CHECK(!dev_sync(&b, false), "sync");
	while (dev_take(&b, buf, &len)) {
		if (len < 14 || buf[12] != 0x88 || buf[13] != 0xb5)
			continue;
		number(want, got);
		CHECK(len == LEN && !memcmp(buf, want, LEN), "frame %u: length %u", got, len);
		got++;
	}
}

static void
take_all(void)
{
	uint64_t end = dev_now_ms() + LIMIT_MS;

	while (got != sent) {
		CHECK(dev_now_ms() < end, "%u frames of %u arrived", got, sent);
		take_some();
	}
	CHECK(!dev_sync(&b, false), "sync"); /* its slots are free again */
}

/* What has been counted of A since `was`, in a static buffer. */
static const char *
changes(const uint64_t was[NM_STAT_COUNT])
{
	static const char *const names[] = {
#define NAME(symbol, json, text) json,
		NM_STAT_LIST(NAME)
#undef NAME
	};
	static char text[1024];
	size_t n = 0;
	int i;

	text[0] = 0;
	for (i = 0; i < NM_STAT_COUNT; i++) {
		uint64_t now = dev_stat(name_a, i);

		if (now != was[i] && n < sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %s +%llu", names[i], (unsigned long long)(now - was[i]));
	}
	return text;
}

static uint64_t
drops(const char *port)
{
	uint64_t sum = 0;
	int i;

	for (i = NM_STAT_drop_no_space; i <= NM_STAT_drop_no_peer; i++)
		sum += dev_stat(port, i);
	return sum;
}

/* One of its kind between two that are good, each time with `arrives` to look at what comes out on the other side. */
static void
transmit(struct dev *d, const struct evil *e, void (*arrives)(void))
{
	uint64_t was[NM_STAT_COUNT], all = drops(name_a);
	int i;

	for (i = 0; i < NM_STAT_COUNT; i++)
		was[i] = dev_stat(name_a, i);
	put_good(d);
	put_evil(d, e);
	put_good(d);
	flush(d);
	arrives();
	CHECK(dev_stat(name_a, e->counter) == was[e->counter] + 1 && drops(name_a) == all + 1 &&
	    dev_stat(name_a, NM_STAT_forwarded) == was[NM_STAT_forwarded] + 2, "%s:%s", e->what, changes(was));
	mend();
}

/* The host takes these and says nothing. */
static void
host_takes(void)
{
	got = sent;
}

static void
transmit_all(struct dev *d, void (*arrives)(void))
{
	const struct evil evils[] = {
		{"buffer 0", NM_STAT_drop_bad_buf, 1, 0, false, LEN, 0, 0, 0},
		{"buffer 1", NM_STAT_drop_bad_buf, 1, 1, false, LEN, 0, 0, 0},
		{"the first buffer behind the last", NM_STAT_drop_bad_buf, 1, nbufs, false, LEN, 0, 0, 0},
		{"buffer 2^31", NM_STAT_drop_bad_buf, 1, 0x80000000u, false, LEN, 0, 0, 0},
		{"buffer 2^32-1", NM_STAT_drop_bad_buf, 1, 0xffffffffu, false, LEN, 0, 0, 0},
		{"no bytes", NM_STAT_drop_short, 1, 0, true, 0, 0, 0, 0},
		{"13 bytes", NM_STAT_drop_short, 1, 0, true, 13, 0, 0, 0},
		{"a byte more than a buffer", NM_STAT_drop_bad_len, 1, 0, true, stride + 1, 0, 0, 0},
		{"65535 bytes", NM_STAT_drop_bad_len, 1, 0, true, 65535, 0, 0, 0},
		{"indirect, nowhere", NM_STAT_drop_indirect, 1, 0, true, LEN, 0, NS_INDIRECT, 0},
		{"indirect, of the kernel", NM_STAT_drop_indirect, 1, 0, true, LEN, 0, NS_INDIRECT, 0xffff888000001000u},
		{"indirect, not to be read", NM_STAT_drop_indirect, 1, 0, true, LEN, 0, NS_INDIRECT, (uintptr_t)no_access},
		{"65 slots", NM_STAT_drop_bad_frags, 65, 0, true, 20, NS_MOREFRAG, 0, 0},
		{"900 slots of 65535", NM_STAT_drop_bad_len, 900, 0, true, 65535, NS_MOREFRAG, 0, 0},
		{"parts that are elsewhere", NM_STAT_drop_bad_buf, 3, nbufs + 7, false, LEN, NS_MOREFRAG, 0, 0},
		{"more than the device takes", NM_STAT_drop_no_backend, 2, 0, true, 1000, NS_MOREFRAG, 0, 0},
	};
	unsigned round, k;
	uint64_t before;
	uint32_t i;

	for (round = 0; round < 3; round++)
		for (k = 0; k < sizeof(evils) / sizeof(evils[0]); k++) {
			if (d != &a && evils[k].counter == NM_STAT_drop_no_backend)
				continue; /* the host takes whatever a ring can hold */
			transmit(d, &evils[k], arrives);
		}

	/* the last slot says that there is more */
	before = dev_stat(name_a, NM_STAT_drop_bad_frags);
	put_good(d);
	put_evil(d, &(struct evil){"unfinished", 0, 2, 0, true, LEN, NS_MOREFRAG, NS_MOREFRAG, 0});
	flush(d);
	arrives();
	CHECK(dev_stat(name_a, NM_STAT_drop_bad_frags) == before + 1, "an unfinished frame is not counted");
	mend();

	/* heads out of rule: nothing is done with them, and the ring is as it was; the next call finds it in rule */
	for (i = 0; i < 3; i++) {
		const uint32_t heads[][2] = {{d->tx->num_slots, d->tx->num_slots}, {0xffffffffu, 0}, {next(d->tx, d->tx->head), d->tx->head}};
		struct pollfd p = {d->fd, POLLOUT, 0};

		before = dev_stat(name_a, NM_STAT_sync_errors);
		d->tx->cur = heads[i][1];
		d->tx->head = heads[i][0];
		CHECK(poll(&p, 1, 1000) == 1 && p.revents & POLLERR, "head %u, cur %u: poll says 0x%x", heads[i][0], heads[i][1], p.revents);
		CHECK(dev_stat(name_a, NM_STAT_sync_errors) > before, "head %u, cur %u: not counted", heads[i][0], heads[i][1]);
		put_good(d);
		flush(d);
		arrives();
	}
}

/* B gives back indices that lead elsewhere: these buffers are lost to it, the others go on, and what it pointed to is not written. */
static void
receive(void)
{
	static const uint32_t lies[] = {0, 1, 0x80000000u, 0xffffffffu};
	struct netmap_ring *r = b.rx;
	uint64_t before = dev_stat(name_b, NM_STAT_buf_errors);
	char *reserved = NETMAP_BUF(r, 0);
	size_t i, n = 2 * (size_t)stride;
	uint32_t k, round;

	memset(reserved, 0x5a, n);
	for (k = 0; k < sizeof(lies) / sizeof(lies[0]) + 1; k++) {
		uint32_t head = r->head;

		put_good(&a);
		flush(&a);
		while (head == __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE))
			CHECK(!dev_sync(&b, false), "sync");
		r->slot[head].buf_idx = k < sizeof(lies) / sizeof(lies[0]) ? lies[k] : nbufs;
		r->slot[head].len = 65535;
		r->cur = next(r, head);
		__atomic_store_n(&r->head, r->cur, __ATOMIC_RELEASE);
		got++;
		CHECK(!dev_sync(&b, false), "sync");
	}
	for (round = 0; round < 3 * r->num_slots / 32; round++) {
		for (k = 0; k < 32; k++)
			put_good(&a);
		flush(&a);
		take_all();
	}
	CHECK(dev_stat(name_b, NM_STAT_buf_errors) == before + 5, "%llu of 5 bad indices are counted",
	    (unsigned long long)(dev_stat(name_b, NM_STAT_buf_errors) - before));
	for (i = 0; i < n && reserved[i] == 0x5a; i++)
		;
	CHECK(i == n, "byte %zu of the reserved buffers was written", i);
}

/*
 * Who had nothing to receive for longer than a stopped program may hold back its senders (2 s) has not stopped: more frames than
 * its ring holds wait for it.
 */
static void
rest(void)
{
	uint64_t missed = dev_stat(name_b, NM_STAT_missed), end = dev_now_ms() + LIMIT_MS;
	uint32_t i;

	CHECK(!dev_sync(&b, false), "sync");
	poll(NULL, 0, 3000);
	for (i = 0; i < 50; i++) {
		while (a.tx->head != a.tx->tail)
			put_good(&a);
		CHECK(!dev_sync(&a, true), "sync");
	}
	CHECK(sent - got > b.rx->num_slots, "only %u frames", sent - got);
	while (next(a.tx, a.tx->tail) != a.tx->head) {
		take_some();
		CHECK(!dev_sync(&a, true) && dev_now_ms() < end, "the transmit ring does not get empty");
	}
	take_all();
	CHECK(dev_stat(name_b, NM_STAT_missed) == missed, "%llu frames were lost", (unsigned long long)(dev_stat(name_b, NM_STAT_missed) - missed));
}

static void
open_port(struct dev *d, const char *name, uint32_t mode)
{
	struct nmreq_register reg = {.nr_mode = mode};
	int error = dev_open(d);

	CHECK(!error, "/dev/netmap: %s", strerror(-error));
	error = dev_bind(d, name, &reg);
	CHECK(!error, "%s: %s", name, dev_reason(d->fd));
	error = dev_map(d);
	CHECK(!error, "%s can't be mapped: %s", name, strerror(-error));
}

int
main(int argc, char **argv)
{
	struct nmreq_pools_info pools = {0};
	struct netmap_if *n;
	struct dev h;
	int error;

	if (argc != 3)
		return 2;
	name_a = argv[1];
	name_b = argv[2];
	no_access = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(no_access != MAP_FAILED, "mmap");
	open_port(&b, name_b, NR_REG_ALL_NIC);
	open_port(&a, name_a, NR_REG_ALL_NIC);
	error = dev_request(a.fd, NETMAP_REQ_POOLS_INFO_GET, name_a, &pools, NULL);
	CHECK(!error, "pools: %s", dev_reason(a.fd));
	stride = a.tx->nr_buf_size;
	nbufs = pools.nr_buf_pool_objtotal;
	transmit_all(&a, take_all);
	rest();
	receive();

	open_port(&h, name_a, NR_REG_SW);
	n = NETMAP_IF(h.mem, h.ofs);
	h.tx = NETMAP_TXRING(n, n->ni_tx_rings);
	h.rx = NULL;
	transmit_all(&h, host_takes);
	dev_close(&h);
	dev_close(&a);
	dev_close(&b);
	printf("%u frames\n", got);
	return 0;
}
