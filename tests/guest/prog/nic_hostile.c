/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic_hostile [--seconds N] [--seed S] A B - NICs that are connected: a client without manners has all rings of A and its host's and
 * writes nonsense to slots and indices, by one thread while another one syncs; a client with manners has B. What a region's buffers
 * hold is known: NASTY in those of A, RESERVED in the two that nobody is to have, BEGIN and GOOD in what B sends, KEPT in B's other buffers,
 * BESIDE in a region of somebody else's, and HELD in buffers of A's region that a third client keeps and writes to meanwhile.
 *
 * B gets nothing but NASTY, BEGIN and GOOD, in frames no longer than A's interface may send; what is reserved, kept or held stays as it is
 * written by its owner. Then A's client is killed, and a new one finds its NIC in order.
 */
#include "../devices/frame.h"
#include "dev.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NASTY = 0xa5, RESERVED = 0x5c, BEGIN = 0x3e, GOOD = 0x3c, KEPT = 0xc3, BESIDE = 0x99, HELD = 0x66, HELD_NOW = 0x77 };

#define MOST_BYTES 1518u /* of a frame of an interface whose MTU is 1500 */
#define MAX_RINGS 40u
#define LIMIT_MS 60000u

/* A region of its own, which a port of a switch has extra buffers of. */
struct region {
	struct dev holds, keeper;
	uint16_t id;
	uint32_t nbufs, stride;
	size_t bufs;            /* offset */
};

static unsigned seconds = 3;
static char *indirect, *no_access;

static struct netmap_ring *victim[MAX_RINGS];
static bool victim_tx[MAX_RINGS];
static uint32_t victims, nslots[MAX_RINGS], nbufs;

static uint16_t
bind_port(struct dev *d, const char *name, struct nmreq_register reg)
{
	uint32_t extra = reg.nr_extra_bufs;
	int error = dev_open(d);

	CHECK(!error, "/dev/netmap: %s", strerror(-error));
	error = dev_bind(d, name, &reg);
	CHECK(!error, "%s: %s", name, dev_reason(d->fd));
	CHECK(reg.nr_extra_bufs == extra, "%s: %u of %u extra buffers", name, reg.nr_extra_bufs, extra);
	error = dev_map(d);
	CHECK(!error, "%s can't be mapped: %s", name, strerror(-error));
	return reg.nr_mem_id;
}

/* With room for a NIC of many rings: whoever makes a region asks for that much and leaves it to those who come after. */
static void
region_make(struct region *r, const char *name, uint32_t room, uint32_t extra)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 8, .nr_rx_slots = 8, .nr_extra_bufs = room};
	struct nmreq_pools_info pools = {0};
	struct dev maker;
	char other[64];

	r->id = bind_port(&maker, name, reg);
	reg.nr_mem_id = r->id;
	reg.nr_extra_bufs = 0;
	snprintf(other, sizeof(other), "%s0", name);
	bind_port(&r->holds, other, reg); /* the region, while its maker goes */
	dev_close(&maker);
	reg.nr_extra_bufs = extra;
	snprintf(other, sizeof(other), "%s1", name);
	bind_port(&r->keeper, other, reg);
	CHECK(!dev_request(r->keeper.fd, NETMAP_REQ_POOLS_INFO_GET, other, &pools, NULL), "pools: %s", dev_reason(r->keeper.fd));
	r->nbufs = pools.nr_buf_pool_objtotal;
	r->stride = pools.nr_buf_pool_objsize;
	r->bufs = pools.nr_buf_pool_offset;
}

static void
region_leave(struct region *r)
{
	dev_close(&r->keeper);
	dev_close(&r->holds);
}

static char *
buffer(const struct region *r, uint32_t idx)
{
	return r->keeper.mem + r->bufs + (size_t)idx * r->stride;
}

static void
region_fill(const struct region *r, int byte)
{
	memset(buffer(r, 0), RESERVED, 2 * (size_t)r->stride);
	memset(buffer(r, 2), byte, (r->nbufs - 2) * (size_t)r->stride);
}

static void
expect_bytes(const char *p, size_t n, int byte, const char *what)
{
	size_t i;

	for (i = 0; i < n && (uint8_t)p[i] == byte; i++)
		;
	CHECK(i == n, "%s: byte %zu is 0x%02x, not 0x%02x", what, i, (uint8_t)p[i], byte);
}

/* The extra buffers of its keeper; where the chain is, its own first bytes tell. */
static uint32_t
extras(const struct region *r, uint32_t *list, uint32_t most)
{
	uint32_t idx = NETMAP_IF(r->keeper.mem, r->keeper.ofs)->ni_bufs_head, n = 0;

	for (; idx >= 2 && idx < r->nbufs && n < most; n++) {
		list[n] = idx;
		memcpy(&idx, buffer(r, idx), sizeof(idx));
	}
	return n;
}

static void
bind_nic(struct dev *d, const char *name, uint16_t region, uint32_t mode)
{
	bind_port(d, name, (struct nmreq_register){.nr_mode = mode, .nr_mem_id = region});
}

/* --- the attacker */

static uint32_t
any(uint32_t n)
{
	return (uint32_t)random() % n;
}

static uint32_t
evil_index(void)
{
	switch (any(12)) {
	case 0: return 0;
	case 1: return 1;
	case 2: return nbufs;
	case 3: return nbufs + any(65536);
	case 4: return 0x80000000u + any(nbufs);
	case 5: return 0xffffffffu - any(4);
	case 6: return (uint32_t)random() * 2 + any(2);
	default: return 2 + any(nbufs - 2);
	}
}

/* None that is filled up to the shortest frame with other bytes: 0, or 60 at least. */
static uint16_t
evil_len(void)
{
	switch (any(8)) {
	case 0: return 0;
	case 1: return 65535;
	case 2: return (uint16_t)(2047 + any(3));
	case 3: return (uint16_t)(60 + any(65475));
	default: return (uint16_t)(60 + any(1455));
	}
}

static void
evil_slot(struct netmap_slot *s)
{
	uint16_t flags = any(4) ? 0 : (uint16_t)random();

	s->buf_idx = evil_index();
	s->len = evil_len();
	s->ptr = any(4) ? (uintptr_t)indirect : any(2) ? (uintptr_t)no_access : 0xffff888000000000u + (uint64_t)random() * 64;
	s->flags = flags;
}

static void *
writes(void *arg)
{
	uint32_t round, k, i;

	(void)arg;
	for (round = 0; ; round++)
		for (k = 0; k < victims; k++) {
			struct netmap_ring *r = victim[k];

			for (i = 0; i < 64; i++)
				evil_slot(&r->slot[any(nslots[k])]);
			if (round % 4)
				continue;
			r->head = any(2) ? any(nslots[k]) : (uint32_t)random();
			r->cur = any(2) ? r->head : any(nslots[k]);
			if (k % 8 == 0)
				sched_yield();
		}
	return NULL;
}

/* What a client does that wants to send and to receive: all that there is, with slots of which half are in order. */
static void
go_on(void)
{
	uint32_t k, i;

	for (k = 0; k < victims; k++) {
		struct netmap_ring *r = victim[k];
		uint32_t tail = r->tail;

		if (tail >= nslots[k])
			continue;
		for (i = 0; victim_tx[k] && i < 32; i++) {
			struct netmap_slot *s = &r->slot[any(nslots[k])];

			s->flags = 0;
			s->len = (uint16_t)(60 + any(1455));
			s->buf_idx = 2 + any(nbufs - 2);
		}
		r->head = r->cur = tail;
	}
}

static void
attack(const struct region *reg, const char *name, unsigned seed, int ready)
{
	struct netmap_if *n;
	struct dev d;
	pthread_t t;
	uint32_t i, round;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	srandom(seed);
	bind_nic(&d, name, reg->id, NR_REG_NIC_SW);
	n = NETMAP_IF(d.mem, d.ofs);
	for (i = 0; i < n->ni_tx_rings + n->ni_host_tx_rings; i++) {
		victim_tx[victims] = true;
		victim[victims++] = NETMAP_TXRING(n, i);
	}
	for (i = 0; i < n->ni_rx_rings + n->ni_host_rx_rings; i++)
		victim[victims++] = NETMAP_RXRING(n, i);
	CHECK(victims <= MAX_RINGS, "%u rings", victims);
	for (i = 0; i < victims; i++)
		nslots[i] = victim[i]->num_slots;
	nbufs = reg->nbufs;
	memset(buffer(reg, 2), NASTY, (reg->nbufs - 2) * (size_t)reg->stride); /* buffers come empty */
	CHECK(write(ready, "x", 1) == 1, "write");
	close(ready);
	CHECK(!pthread_create(&t, NULL, writes, NULL), "no thread");
	for (round = 0; ; round++) {
		if (round % 4 == 0)
			go_on();
		switch (any(4)) {
		case 0: ioctl(d.fd, NIOCRXSYNC, NULL); break;
		case 1: poll(&(struct pollfd){d.fd, POLLIN | POLLOUT, 0}, 1, 0); break;
		default: ioctl(d.fd, NIOCTXSYNC, NULL);
		}
	}
}

/* --- the client with manners */

static uint64_t received;

static bool
known(uint8_t byte)
{
	return byte == NASTY || byte == BEGIN || byte == GOOD;
}

/* The longest of B's frames; others begin like it. */
static uint8_t sent[MOST_BYTES];

/*
 * Is the byte at `at` one of the check sequence of one of B's frames? Some NICs write it into A's buffer, behind the frame. Lengths of
 * B's are multiples of 8, so that none is written over a part of another.
 */
static bool
checks(const uint8_t *p, uint32_t at)
{
	uint32_t k, begin;

	for (k = 0; k < 4 && k <= at; k++)
		for (begin = (at - k) % 8; begin < at - k; begin += 8)
			if (p[begin] == BEGIN && at - k - begin <= sizeof(sent) &&
			    p[at] == (uint8_t)(frame_crc(sent, at - k - begin) >> 8 * k))
				return true;
	return false;
}

/* All bytes of what is in a ring are of A's region. A frame that did not come from A is not. */
static void
look(struct netmap_ring *r)
{
	uint32_t head = r->head, tail = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE), len = 0, i, k, others;

	for (; head != tail; head = head + 1 == r->num_slots ? 0 : head + 1) {
		const struct netmap_slot *s = &r->slot[head];
		const uint8_t *p = (const void *)NETMAP_BUF(r, s->buf_idx);

		len += s->len;
		for (i = 0; i < s->len && (known(p[i]) || checks(p, i)); i++)
			;
		for (others = 0, k = i; k < s->len; k++)
			others += !known(p[k]);
		CHECK(i == s->len, "byte %u of %u of frame %llu is 0x%02x: no byte of its sender's region; %u are none; slot %u has buffer %u, flags 0x%x",
		    i, s->len, (unsigned long long)received, p[i], others, head, s->buf_idx, s->flags);
		CHECK(len <= MOST_BYTES, "a frame of %u bytes", len);
		if (s->flags & NS_MOREFRAG)
			continue;
		len = 0;
		received++;
	}
	r->cur = head;
	__atomic_store_n(&r->head, head, __ATOMIC_RELEASE);
}

static void
take_and_send(struct dev *d)
{
	struct netmap_if *n = NETMAP_IF(d->mem, d->ofs);
	unsigned i;

	CHECK(!dev_sync(d, false), "sync");
	for (i = 0; i < n->ni_rx_rings; i++)
		look(NETMAP_RXRING(n, i));
	for (i = 0; i < 8 && dev_put(d, sent, (uint16_t)(64 + 8 * ((unsigned)random() % 182))); i++)
		;
	CHECK(!dev_sync(d, true), "sync");
	poll(NULL, 0, 1);
}

/* A new client of A sends, and what it sends comes: the NIC is in order. */
static void
afterwards(const char *name, struct dev *b)
{
	uint64_t end = dev_now_ms() + LIMIT_MS, want = received + 1000;
	uint8_t f[200];
	struct dev a;

	bind_nic(&a, name, 0, NR_REG_ALL_NIC);
	memset(f, NASTY, sizeof(f));
	while (received < want) {
		unsigned i;

		CHECK(dev_now_ms() < end, "after the attack: %llu frames are missing", (unsigned long long)(want - received));
		for (i = 0; i < 16 && dev_put(&a, f, sizeof(f)); i++)
			;
		CHECK(!dev_sync(&a, true) && !dev_sync(&a, false), "sync");
		a.rx->head = a.rx->cur = a.rx->tail;
		take_and_send(b);
	}
	dev_close(&a);
}

static int
usage(void)
{
	fprintf(stderr, "usage: nic_hostile [--seconds N] [--seed S] A B\n");
	return 2;
}

static void
hold(const struct region *r, const uint32_t *list, uint32_t n, int byte)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		memset(buffer(r, list[i]), byte, r->stride);
}

static pid_t
attacker(const struct region *reg, const char *name, unsigned seed)
{
	int ready[2];
	char byte;
	pid_t pid;

	CHECK(!pipe(ready), "pipe");
	pid = fork();
	CHECK(pid >= 0, "fork");
	if (!pid)
		attack(reg, name, seed, ready[1]);
	close(ready[1]);
	CHECK(read(ready[0], &byte, 1) == 1, "the attacker could not attack");
	close(ready[0]);
	return pid;
}

static void
run(const char *name_a, const char *name_b, unsigned seed)
{
	static uint32_t kept[1024], held[64];
	uint32_t nkept, nheld, i;
	struct region nasty, good, beside;
	struct dev b, third;
	uint64_t end;
	pid_t pid;

	region_make(&nasty, "vale91:n", 30001, 64); /* of a number of buffers that leaves room in its last page */
	CHECK(nasty.nbufs % 2, "%u buffers", nasty.nbufs);
	region_make(&good, "vale92:g", 30000, 1024);
	region_make(&beside, "vale93:b", 1000, 0);
	nkept = extras(&good, kept, 1024);
	nheld = extras(&nasty, held, 64);
	CHECK(nkept == 1024 && nheld == 64, "%u and %u buffers", nkept, nheld);
	region_fill(&nasty, NASTY);
	region_fill(&good, KEPT);
	region_fill(&beside, BESIDE);
	bind_nic(&b, name_b, good.id, NR_REG_ALL_NIC);
	/* what a client writes to buffers of its own while a NIC of its region comes and goes is there afterwards */
	hold(&nasty, held, nheld, HELD);
	bind_nic(&third, name_a, nasty.id, NR_REG_ALL_NIC);
	hold(&nasty, held, nheld, HELD_NOW);
	dev_close(&third);
	for (i = 0; i < nheld; i++)
		expect_bytes(buffer(&nasty, held[i]), nasty.stride, HELD_NOW, "a buffer that was written while a NIC had its region");
	for (end = dev_now_ms() + seconds * 1000ull; dev_now_ms() < end;) {
		uint64_t part = dev_now_ms() + 2000, want = received + 100;

		pid = attacker(&nasty, name_a, seed++);
		/* its opening may take the link away for a while */
		while (dev_now_ms() < part || (received < want && dev_now_ms() < part + LIMIT_MS))
			take_and_send(&b);
		CHECK(received >= want, "of an attacker's frames only %llu came", (unsigned long long)(received + 100 - want));
		CHECK(waitpid(pid, NULL, WNOHANG) == 0, "the attacker has ended");
		kill(pid, SIGKILL);
		CHECK(dev_reap(pid, 60) >= 0, "SIGKILL does not end the attacker");
	}
	expect_bytes(buffer(&nasty, 0), 2 * (size_t)nasty.stride, RESERVED, "reserved buffers of the attacker's region");
	expect_bytes(buffer(&good, 0), 2 * (size_t)good.stride, RESERVED, "reserved buffers");
	for (i = 0; i < nkept; i++)
		expect_bytes(buffer(&good, kept[i]), good.stride, KEPT, "a kept buffer");
	expect_bytes(buffer(&beside, 2), (beside.nbufs - 2) * (size_t)beside.stride, BESIDE, "the region beside");

	afterwards(name_a, &b);
	printf("%llu frames\n", (unsigned long long)received);
	dev_close(&b);
	region_leave(&nasty);
	region_leave(&good);
	region_leave(&beside);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {{"seconds", required_argument, NULL, 'n'}, {"seed", required_argument, NULL, 's'}, {0}};
	unsigned seed = (unsigned)getpid();
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'n': seconds = (unsigned)atoi(optarg); break;
		case 's': seed = (unsigned)strtoul(optarg, NULL, 10); break;
		default: return usage();
		}
	if (argc - optind != 2)
		return usage();
	indirect = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	no_access = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(indirect != MAP_FAILED && no_access != MAP_FAILED, "mmap");
	memset(indirect, NASTY, 65536);
	memset(sent, GOOD, sizeof(sent));
	*sent = BEGIN;
	printf("seed %u\n", seed);
	fflush(stdout);
	run(argv[optind], argv[optind + 1], seed);
	return 0;
}
