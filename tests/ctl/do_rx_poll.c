/* SPDX-License-Identifier: BSD-2-Clause */
/* NR_DO_RX_POLL: each poll serves receive rings, whatever it waits for; without the flag only one that asks for POLLIN does. */
#include "ctl.h"

#include <libnetmap.h>
#include <net/netmap_user.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>

static struct nmport_d *
open_port(const char *name, uint64_t flags)
{
	struct nmport_d *d = nmport_prepare(name);

	if (d)
		d->reg.nr_flags |= flags;
	if (!d || nmport_open_desc(d))
		exit(1); /* the library has told why */
	return d;
}

static struct netmap_ring *
rx(const struct nmport_d *d)
{
	return NETMAP_RXRING(d->nifp, 0);
}

/* n frames that are with the receiver when this returns. */
static void
send_frames(struct nmport_d *d, uint32_t n)
{
	static const char frame[60] = "\xff\xff\xff\xff\xff\xff\2";

	while (n--)
		ctl_equal(nmport_inject(d, frame, sizeof(frame)), sizeof(frame));
	ctl_equal(ioctl(d->fd, NIOCTXSYNC, NULL), 0);
}

static int
by_poll(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	ctl_check(poll(&p, 1, 0) >= 0);
	return p.revents;
}

static int
by_select(int fd, short events)
{
	struct timeval none = {0, 0};
	fd_set w;

	FD_ZERO(&w);
	if (events & POLLOUT)
		FD_SET(fd, &w);
	ctl_check(select(fd + 1, NULL, &w, NULL, &none) >= 0);
	return FD_ISSET(fd, &w) ? POLLOUT : 0;
}

static int
by_epoll(int fd, short events)
{
	struct epoll_event e = {.events = (uint32_t)events, .data.fd = fd}, got = {0};
	int ep = epoll_create1(0);

	ctl_equal(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e), 0);
	ctl_check(epoll_wait(ep, &got, 1, 0) >= 0);
	close(ep);
	return (int)got.events;
}

static void
fetches(uint64_t flags, uint32_t expected, int (*wait)(int fd, short events))
{
	struct nmport_d *a = open_port("vale0:a", 0), *b = open_port("vale0:b", flags);

	send_frames(a, 3);
	ctl_equal(nm_ring_space(rx(b)), 0);
	ctl_equal(wait(b->fd, POLLOUT), POLLOUT); /* and never POLLIN, which was not asked for */
	ctl_equal(nm_ring_space(rx(b)), expected);
	ctl_equal(by_poll(b->fd, POLLIN), POLLIN);
	ctl_equal(nm_ring_space(rx(b)), 3);
	nmport_close(b);
	nmport_close(a);
}

/* A poll for nothing at all also gives back what was released: the pipe, which was full, has room. */
static void
gives_back(uint64_t flags, int room)
{
	struct nmport_d *w = open_port("netmap:do{1", 0), *r = open_port("netmap:do}1", flags);
	static const char frame[60];

	do {
		while (nmport_inject(w, frame, sizeof(frame)))
			;
		ctl_equal(ioctl(w->fd, NIOCTXSYNC, NULL), 0);
	} while (nm_ring_space(NETMAP_TXRING(w->nifp, 0)) > 0);
	ctl_equal(ioctl(r->fd, NIOCRXSYNC, NULL), 0);
	ctl_check(nm_ring_space(rx(r)) > 0);
	rx(r)->head = rx(r)->cur = rx(r)->tail;
	ctl_equal(by_poll(r->fd, 0), 0);
	/* an engine of its own may come to it a little later; where nothing was given back there is no room however long one waits */
	{
		struct pollfd p = {.fd = w->fd, .events = POLLOUT};

		ctl_equal(poll(&p, 1, room ? 10000 : 50), room);
	}
	nmport_close(r);
	nmport_close(w);
}

static void
bad_ring(void)
{
	struct nmport_d *b = open_port("vale0:bad", NR_DO_RX_POLL);

	rx(b)->head = rx(b)->cur = rx(b)->num_slots + 3;
	ctl_check(by_poll(b->fd, POLLOUT) & POLLERR);
	ctl_equal(rx(b)->head, 0);
	ctl_equal(by_poll(b->fd, POLLOUT), POLLOUT);
	nmport_close(b);
}

/* The older request has the flag in nr_ringid. */
static void
legacy(void)
{
	struct nmport_d *a = open_port("vale0:a", 0);
	struct nmreq r = {.nr_name = "vale0:b", .nr_version = NETMAP_API, .nr_flags = NR_REG_ALL_NIC, .nr_ringid = NETMAP_DO_RX_POLL};
	struct netmap_if *nifp;
	int fd = ctl_open();
	void *base;

	ctl_legacy(fd, &r, 1, 0, NULL);
	base = mmap(NULL, r.nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ctl_check(base != MAP_FAILED);
	nifp = NETMAP_IF(base, r.nr_offset);
	send_frames(a, 2);
	ctl_equal(by_poll(fd, POLLOUT), POLLOUT);
	ctl_equal(nm_ring_space(NETMAP_RXRING(nifp, 0)), 2);
	munmap(base, r.nr_memsize);
	close(fd);
	nmport_close(a);
}

int
main(void)
{
	int (*const ways[])(int, short) = {by_poll, by_select, by_epoll};
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		fetches(0, 0, ways[i]);
		fetches(NR_DO_RX_POLL, 3, ways[i]);
		fetches(NR_DO_RX_POLL | NR_NO_TX_POLL, 3, ways[i]);
	}
	gives_back(0, 0);
	gives_back(NR_DO_RX_POLL, 1);
	bad_ring();
	legacy();
	return ctl_done();
}
