/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_open.c - the library in netmap_user.h, on a device that is only here: open, ioctl and mmap of the header are
 * replaced, NIOCREGIF answers with a region of two transmit and two receive rings that the test lays out.
 */
#define NETMAP_WITH_LIBS
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <net/netmap.h>

static struct nmreq asked; /* by the last NIOCREGIF */
static int mappings;
static char *region;

static int
fake_open(const char *path, int flags, ...)
{
	(void)flags;
	return strcmp(path, "/dev/netmap") == 0 ? dup(2) : -1;
}

static int
fake_ioctl(int fd, unsigned long request, ...)
{
	struct nmreq *req;
	va_list ap;

	(void)fd;
	va_start(ap, request);
	req = va_arg(ap, struct nmreq *);
	va_end(ap);
	if (request != NIOCREGIF)
		return -1;
	asked = *req;
	req->nr_offset = 128;
	req->nr_memsize = 1 << 20;
	req->nr_tx_rings = req->nr_rx_rings = 2;
	req->nr_tx_slots = req->nr_rx_slots = 8;
	if (!req->nr_arg2)
		req->nr_arg2 = 5;
	return 0;
}

static void *
fake_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	(void)addr, (void)len, (void)prot, (void)flags, (void)fd, (void)off;
	mappings++;
	return region;
}

static int
fake_munmap(void *addr, size_t len)
{
	(void)addr, (void)len;
	mappings--;
	return 0;
}

#define open fake_open
#define ioctl fake_ioctl
#define mmap fake_mmap
#define munmap fake_munmap
#include <net/netmap_user.h>
#undef open
#undef ioctl
#undef mmap
#undef munmap

static int failed;

static void
is(const char *name, long long got, long long want)
{
	if (got == want) {
		printf("ok %s\n", name);
		return;
	}
	printf("not ok %s: got %lld want %lld\n", name, got, want);
	failed = 1;
}

enum { SLOTS = 8, BUF = 64, BUF0 = 0x10000 };

/* Puts x where the header has const. */
#define SET(field, x) memcpy((void *)(uintptr_t)&(field), &(__typeof__(x)){x}, sizeof(field))

static void
lay_out(int tx, int rx)
{
	struct netmap_if *nifp;
	uint32_t one = 1, two = 2, n;
	int i;

	memset(region, 0, 1 << 20);
	nifp = NETMAP_IF(region, 128);
	SET(nifp->ni_tx_rings, two);
	SET(nifp->ni_rx_rings, two);
	SET(nifp->ni_host_tx_rings, one);
	SET(nifp->ni_host_rx_rings, one);
	/* entries: tx0 tx1 host rx0 rx1 host */
	for (i = 0; i < 5; i++) {
		ssize_t at = 0x1000 * (i + 1);
		struct netmap_ring *r;
		int64_t ofs;
		uint32_t k;

		if (i == 2 || (i < 2 && !tx) || (i > 2 && !rx))
			continue;
		SET(nifp->ring_ofs[i], at);
		r = (struct netmap_ring *)(void *)((char *)nifp + at);
		ofs = BUF0 - at;
		n = SLOTS;
		SET(r->buf_ofs, ofs);
		SET(r->num_slots, n);
		n = BUF;
		SET(r->nr_buf_size, n);
		for (k = 0; k < SLOTS; k++)
			r->slot[k].buf_idx = (uint32_t)(2 + i * SLOTS) + k;
		r->tail = i < 2 ? SLOTS - 1 : 0;
	}
}

static void
test_names(void)
{
	static const struct { const char *spec, *name; unsigned int mode, ring, flags, mem; } good[] = {
		{"netmap:eth0", "eth0", NR_REG_ALL_NIC, 0, 0, 0},
		{"netmap:eth0^", "eth0", NR_REG_SW, 0, 0, 0},
		{"netmap:eth0*", "eth0", NR_REG_NIC_SW, 0, 0, 0},
		{"netmap:eth0-3", "eth0", NR_REG_ONE_NIC, 3, 0, 0},
		{"netmap:eth0-4094", "eth0", NR_REG_ONE_NIC, 4094, 0, 0},
		{"netmap:eth0{7", "eth0", NR_REG_PIPE_MASTER, 7, 0, 0},
		{"vale0:a}7", "vale0:a", NR_REG_PIPE_SLAVE, 7, 0, 0},
		{"vale0:a@9", "vale0:a", NR_REG_ALL_NIC, 0, 0, 9},
		{"netmap:eth0-1/xR@2", "eth0", NR_REG_ONE_NIC, 1, NR_EXCLUSIVE | NR_RX_RINGS_ONLY, 2},
		{"vale0:a/ztr", "vale0:a", NR_REG_ALL_NIC, 0, NR_ZCOPY_MON | NR_MONITOR_TX | NR_MONITOR_RX, 0},
	};
	static const char *const bad[] = {"netmap:", "netmap:^", "netmap:eth0-", "netmap:eth0-4095", "netmap:eth0{x", "netmap:eth0/q",
		"netmap:eth0@", "netmap:eth0@65536", "netmap:eth0^x", "netmap:abcdefghijklmnop"};
	char what[80];
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct nm_desc *d = nm_open(good[i].spec, NULL, 0, NULL);

		snprintf(what, sizeof(what), "%s opens", good[i].spec);
		is(what, d != NULL, 1);
		if (!d)
			continue;
		snprintf(what, sizeof(what), "%s name", good[i].spec);
		is(what, strcmp(asked.nr_name, good[i].name), 0);
		snprintf(what, sizeof(what), "%s flags", good[i].spec);
		is(what, asked.nr_flags, good[i].mode | good[i].flags);
		snprintf(what, sizeof(what), "%s ring", good[i].spec);
		is(what, asked.nr_ringid, good[i].ring);
		snprintf(what, sizeof(what), "%s region", good[i].spec);
		is(what, asked.nr_arg2, good[i].mem);
		nm_close(d);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		snprintf(what, sizeof(what), "%s refused", bad[i]);
		is(what, nm_open(bad[i], NULL, 0, NULL) == NULL, 1);
		snprintf(what, sizeof(what), "%s errno", bad[i]);
		is(what, errno, EINVAL);
	}
	errno = EIO;
	is("other subsystem refused", nm_open("pcap:eth0", NULL, 0, NULL) == NULL, 1);
	is("other subsystem errno", errno, 0);
}

static void
test_parent(void)
{
	struct nmreq base = {.nr_flags = NR_ACCEPT_VNET_HDR, .nr_arg3 = 4};
	struct nm_desc *p = nm_open("netmap:eth0", &base, NETMAP_NO_TX_POLL, NULL), *c, copy;

	is("flags of req kept", asked.nr_flags, NR_REG_ALL_NIC | NR_ACCEPT_VNET_HDR);
	is("extra buffers of req kept", asked.nr_arg3, 4);
	is("poll flag", asked.nr_ringid, NETMAP_NO_TX_POLL);
	is("version", asked.nr_version, NETMAP_API);
	if (!p)
		return;
	/* as multi-threaded programs do: a ring each, in the parent's mapping */
	copy = *p;
	copy.self = &copy;
	copy.req.nr_flags = NR_REG_ONE_NIC | NR_EXCLUSIVE;
	copy.req.nr_ringid = 1;
	c = nm_open("netmap:eth0", NULL, NM_OPEN_IFNAME | NM_OPEN_NO_MMAP | NETMAP_NO_TX_POLL, &copy);
	is("child opens", c != NULL, 1);
	is("child has the parent's name", strcmp(asked.nr_name, "eth0"), 0);
	is("child has the parent's flags", asked.nr_flags, NR_REG_ONE_NIC | NR_EXCLUSIVE);
	is("child has the parent's ring and its own poll flag", asked.nr_ringid, 1 | NETMAP_NO_TX_POLL);
	if (c) {
		is("child uses the parent's mapping", c->mem == p->mem && c->nifp == p->nifp && !c->done_mmap, 1);
		is("child has one ring", c->first_rx_ring == 1 && c->last_rx_ring == 1 && c->cur_tx_ring == 1, 1);
		is("child closes", nm_close(c), 0);
	}
	is("the mapping survives the child", mappings, 1);
	c = nm_open("netmap:eth1", NULL, NM_OPEN_NO_MMAP, NULL);
	is("nothing mapped without parent", c != NULL && c->mem == NULL && mappings == 1, 1);
	is("close without mapping", nm_close(c), 0);
	is("close", nm_close(p), 0);
	is("nothing stays mapped", mappings, 0);
	is("close of nothing", nm_close(NULL), EINVAL);
}

static unsigned int seen, seen_more, seen_len, seen_caplen;

static void
count(u_char *arg, const struct nm_pkthdr *h, const u_char *buf)
{
	is("callback's argument", arg == (u_char *)&seen, 1);
	is("callback's buffer", buf == h->buf, 1);
	seen++;
	seen_more += (h->flags & NM_MORE_PKTS) != 0;
	seen_len += h->len;
	seen_caplen += h->caplen;
}

static void
test_receive(void)
{
	struct nm_desc *d = nm_open("netmap:eth0", NULL, 0, NULL);
	struct nm_pkthdr h;
	struct netmap_ring *r;

	if (!d)
		return;
	r = NETMAP_RXRING(d->nifp, 0);
	r->slot[0].len = 60;
	r->slot[1].len = BUF; /* two adjacent buffers, one elsewhere */
	r->slot[1].flags = NS_MOREFRAG;
	r->slot[2].len = 10;
	r->slot[2].flags = NS_MOREFRAG;
	r->slot[3].len = 20;
	r->tail = 4;
	r = NETMAP_RXRING(d->nifp, 1);
	r->slot[0].len = 50;
	r->tail = 1;
	is("dispatch of one", nm_dispatch(d, 1, count, (u_char *)&seen), 1);
	is("one released", NETMAP_RXRING(d->nifp, 0)->head, 1);
	is("dispatch of the rest", nm_dispatch(d, -1, count, (u_char *)&seen), 2);
	is("frames", seen, 3);
	is("more to come", seen_more, 1);
	is("bytes", seen_len, 60 + BUF + 30 + 50);
	is("adjacent bytes", seen_caplen, 60 + BUF + 10 + 50);
	is("all released", NETMAP_RXRING(d->nifp, 0)->head == 4 && nm_ring_empty(r), 1);
	is("received", d->st.ps_recv, 3);
	is("nothing left", nm_dispatch(d, 0, count, (u_char *)&seen), 0);
	is("no next", nm_nextpkt(d, &h) == NULL, 1);
	r->slot[1].len = 33;
	r->tail = 2;
	is("next", nm_nextpkt(d, &h) == (u_char *)NETMAP_BUF(r, r->slot[1].buf_idx) && h.len == 33 && h.d == d, 1);
	nm_close(d);
}

static void
test_inject(void)
{
	struct nm_desc *d = nm_open("netmap:eth0", NULL, 0, NULL);
	char frame[3 * BUF];
	struct netmap_ring *r;
	int i;

	if (!d)
		return;
	for (i = 0; i < (int)sizeof(frame); i++)
		frame[i] = (char)i;
	r = NETMAP_TXRING(d->nifp, 0);
	is("inject", nm_inject(d, frame, 2 * BUF + 5), 2 * BUF + 5);
	is("three slots", r->head, 3);
	is("fragments", r->slot[0].flags == NS_MOREFRAG && r->slot[1].flags == NS_MOREFRAG && r->slot[2].flags == 0, 1);
	is("length of the last", r->slot[2].len, 5);
	is("bytes of the last", memcmp(NETMAP_BUF(r, r->slot[2].buf_idx), frame + 2 * BUF, 5), 0);
	is("exact buffers", nm_inject(d, frame, 2 * BUF) == 2 * BUF && r->head == 5, 1);
	is("goes on in the next ring", nm_inject(d, frame, 3 * BUF) == 3 * BUF && NETMAP_TXRING(d->nifp, 1)->head == 3, 1);
	for (i = 0; i < 6; i++)
		is("fill", nm_inject(d, frame, 20), 20);
	is("no room", nm_inject(d, frame, 20), 0);
	nm_close(d);
}

/* Rings that are not bound have offset 0: not to be taken for rings. */
static void
test_one_direction(void)
{
	struct nm_desc *d;
	struct nm_pkthdr h;

	lay_out(1, 0);
	d = nm_open("netmap:eth0/T", NULL, 0, NULL);
	if (d) {
		is("some ring is a transmit ring", d->some_ring == NETMAP_TXRING(d->nifp, 0), 1);
		is("dispatch without receive rings", nm_dispatch(d, 1, count, (u_char *)&seen), 0);
		is("next without receive rings", nm_nextpkt(d, &h) == NULL, 1);
		nm_close(d);
	}
	lay_out(0, 1);
	d = nm_open("netmap:eth0/R", NULL, 0, NULL);
	if (d) {
		is("inject without transmit rings", nm_inject(d, "x", 1), 0);
		nm_close(d);
	}
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	region = (char *)aligned_alloc(4096, 1 << 20);
	if (!region || !freopen("/dev/null", "w", stderr))
		return 1;
	lay_out(1, 1);
	test_names();
	test_parent();
	test_receive();
	lay_out(1, 1);
	test_inject();
	test_one_direction();
	free(region);
	return failed;
}
