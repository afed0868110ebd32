/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client.c - a program that knows the installed headers and library only, in C and C++: frames from a port of
 * netmap_user.h to one of libnetmap, waited for by poll, select and epoll in turn. With HEADERS_ONLY both are of netmap_user.h.
 */
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>
#ifndef HEADERS_ONLY
#include <libnetmap.h>
#endif

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#define FRAMES 3000u

static int
fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return 1;
}

/* 1: frames are there. */
static int
wait_for_frames(int how, int fd, int ep)
{
	struct timeval tv = {20, 0};
	struct pollfd p;
	struct epoll_event ev;
	fd_set set;

	switch (how) {
	case 0:
		p.fd = fd;
		p.events = POLLIN;
		return poll(&p, 1, 20000);
	case 1:
		FD_ZERO(&set);
		FD_SET(fd, &set);
		return select(fd + 1, &set, NULL, NULL, &tv);
	default:
		return epoll_wait(ep, &ev, 1, 20000);
	}
}

static int
watch(int ep, int fd)
{
	struct epoll_event ev;

	memset(&ev, 0, sizeof(ev));
	ev.events = EPOLLIN;
	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

#ifdef HEADERS_ONLY
typedef struct nm_desc receiver;

static receiver *
receiver_open(void)
{
	return nm_open("vale77:rx", NULL, 0, NULL);
}

static void
receiver_close(receiver *d)
{
	nm_close(d);
}
#else
typedef struct nmport_d receiver;

static receiver *
receiver_open(void)
{
	return nmport_open("vale77:rx@conf:slots=512");
}

static void
receiver_close(receiver *d)
{
	nmport_close(d);
}
#endif

int
main(void)
{
	struct nm_desc *tx = nm_open("vale77:tx", NULL, 0, NULL);
	receiver *rx = receiver_open();
	int ep = epoll_create1(EPOLL_CLOEXEC);
	unsigned char frame[60];
	struct netmap_ring *r;
	uint32_t i, n, got = 0;

	if (!tx || !rx || ep < 0)
		return fail("open");
	if (watch(ep, rx->fd) < 0)
		return fail("epoll_ctl");
	r = NETMAP_RXRING(rx->nifp, rx->first_rx_ring);
	memset(frame, 0xff, sizeof(frame));
	for (i = 0; i < FRAMES; i++) {
		memcpy(frame + 14, &i, sizeof(i));
		if (nm_inject(tx, frame, sizeof(frame)) != (int)sizeof(frame) || ioctl(tx->fd, NIOCTXSYNC, NULL) < 0)
			return fail("send");
		if (wait_for_frames((int)(i % 3), rx->fd, ep) != 1)
			return fail("wait");
		for (; !nm_ring_empty(r); r->head = r->cur = nm_ring_next(r, r->head)) {
			memcpy(&n, NETMAP_BUF(r, r->slot[r->head].buf_idx) + 14, sizeof(n));
			if (n != got++ || r->slot[r->head].len != sizeof(frame))
				return fail("wrong frame");
		}
	}
	if (got != FRAMES)
		return fail("frames are missing");
	receiver_close(rx);
	close(ep);
	return nm_close(tx);
}
