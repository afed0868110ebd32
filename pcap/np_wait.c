/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * np_wait.c - syncs and sleeping, and the descriptor that a program may select on.
 *
 * A program that selects by itself makes the system call, not the library's. So what it gets is a set (epoll) that is readable when the
 * port's descriptor is, which the last call of ours has left armed for what comes; and, by an eventfd, while frames are left that a call
 * did not take.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "np_handle.h"
#include "np_sys.h"

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
signal_fd(int fd)
{
	uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void
drain_fd(int fd)
{
	uint64_t n;

	while (read(fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

static int
watch(struct np_handle *h, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN};

	/* not by the library's epoll_ctl, which would prepare for an epoll_wait of its own */
	return (int)syscall(SYS_epoll_ctl, h->ep, EPOLL_CTL_ADD, fd, &ev);
}

int
np_wait_open(struct np_handle *h)
{
	h->ep = epoll_create1(EPOLL_CLOEXEC);
	h->more = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	h->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (h->ep < 0 || h->more < 0 || h->wake < 0 || watch(h, h->d->fd) < 0 || watch(h, h->more) < 0)
		return -errno;
	return 0;
}

void
np_wait_close(struct np_handle *h)
{
	int *const fds[] = {&h->ep, &h->more, &h->wake};
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	h->exposed = h->raised = false;
}

static int
gone(struct np_handle *h)
{
	return np_handle_fail(h, PCAP_ERROR, "%s: the port has gone, or its engine", h->name);
}

int
np_wait_sync(struct np_handle *h)
{
	struct pollfd p = {.fd = h->d->fd, .events = POLLIN};
	int n = poll(&p, 1, 0);

	h->given = 0;
	if (n < 0)
		return errno == EINTR ? 0 : np_handle_fail(h, PCAP_ERROR, "poll: %s", strerror(errno));
	if (p.revents & (POLLERR | POLLHUP | POLLNVAL))
		return gone(h);
	if (n > 0)
		clock_gettime(CLOCK_REALTIME, &h->stamp);
	return n;
}

/* What is left of the handle's timeout, in ms: 0: nothing, -1: there is none. */
static int
time_left(const struct np_handle *h, uint64_t *end)
{
	uint64_t now;

	if (h->timeout_ms <= 0)
		return -1;
	now = now_ns();
	if (!*end)
		*end = now + (uint64_t)h->timeout_ms * 1000000u;
	return now >= *end ? 0 : (int)((*end - now + 999999u) / 1000000u);
}

int
np_wait(struct np_handle *h, bool block, uint64_t *end)
{
	struct pollfd p[2] = {{.fd = h->d->fd, .events = POLLIN}, {.fd = h->wake, .events = POLLIN}};
	int left = time_left(h, end), n = left ? np_wait_sync(h) : 0;

	if (n || !block || !left)
		return n;
	n = poll(p, 2, left);
	if (n < 0 && errno != EINTR)
		return np_handle_fail(h, PCAP_ERROR, "poll: %s", strerror(errno));
	if (n > 0 && (p[0].revents & (POLLERR | POLLHUP | POLLNVAL)))
		return gone(h);
	clock_gettime(CLOCK_REALTIME, &h->stamp);
	return 1; /* to look again; at the end of the time that is seen there */
}

void
np_wait_settle(struct np_handle *h)
{
	bool left;

	if (!h->exposed)
		return;
	left = np_take_left(h);
	if (!left) {
		/* an error is told by the next call that reads: the descriptor is readable then */
		(void)ioctl(h->d->fd, NIOCRXSYNC, NULL);
		h->given = 0;
		left = np_take_left(h);
		clock_gettime(CLOCK_REALTIME, &h->stamp);
	}
	if (left == h->raised)
		return;
	if (left)
		signal_fd(h->more);
	else
		drain_fd(h->more);
	h->raised = left;
}

static int
expose(struct np_handle *h)
{
	if (!h->exposed) {
		h->exposed = true;
		np_take_release(h); /* what pcap_next has given out stays readable: nothing is read into it before the next sync */
		np_wait_settle(h);
	}
	return h->ep;
}

int
pcap_get_selectable_fd(pcap_t *p)
{
	struct np_handle *h = np_handle_of(p);
	int r;

	if (!h)
		return np_sys.pcap_get_selectable_fd(p);
	if (h->active)
		return expose(h);
	r = np_sys.pcap_get_selectable_fd(np_handle_ask(h));
	np_handle_hear(h);
	return r;
}

int
pcap_fileno(pcap_t *p)
{
	struct np_handle *h = np_handle_of(p);
	int r;

	if (!h)
		return np_sys.pcap_fileno(p);
	if (h->active)
		return expose(h);
	r = np_sys.pcap_fileno(np_handle_ask(h));
	np_handle_hear(h);
	return r;
}

const struct timeval *
pcap_get_required_select_timeout(pcap_t *p)
{
	struct np_handle *h = np_handle_of(p);
	const struct timeval *r;

	if (!h)
		return np_sys.pcap_get_required_select_timeout(p);
	r = np_sys.pcap_get_required_select_timeout(np_handle_ask(h));
	np_handle_hear(h);
	return h->active ? NULL : r;
}

/* Only what a signal handler may do. */
void
pcap_breakloop(pcap_t *p)
{
	struct np_handle *h = np_handle_of(p);
	int keep = errno;

	if (!h) {
		np_sys.pcap_breakloop(p);
		return;
	}
	__atomic_store_n(&h->broken, 1, __ATOMIC_RELEASE);
	if (h->wake >= 0)
		signal_fd(h->wake);
	errno = keep;
}
