/* SPDX-License-Identifier: BSD-2-Clause */
/* passthrough.c CALL N - makes one kind of call N times on descriptors that have nothing to do with netmap. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <unistd.h>
#include <fcntl.h>

static int fd[2], ep;

static int
do_poll(void)
{
	struct pollfd p[2] = {{.fd = fd[0], .events = POLLIN}, {.fd = fd[1], .events = POLLOUT}};

	return poll(p, 2, 0);
}

static int
do_ioctl(void)
{
	int n;

	return ioctl(fd[0], FIONREAD, &n);
}

static int
do_read(void)
{
	char c;

	return (int)read(fd[0], &c, 0);
}

static int
do_select(void)
{
	struct timeval tv = {0, 0};
	fd_set r;

	FD_ZERO(&r);
	FD_SET(fd[0], &r);
	return select(fd[0] + 1, &r, NULL, NULL, &tv);
}

static int
do_epoll(void)
{
	struct epoll_event ev;

	return epoll_wait(ep, &ev, 1, 0);
}

static int
do_open(void)
{
	int f = open("/dev/null", O_RDONLY);

	return f < 0 ? f : close(f);
}

static int
do_fcntl(void)
{
	return fcntl(fd[0], F_GETFL);
}

static const struct {
	const char *name;
	int (*call)(void);
} calls[] = {{"poll", do_poll}, {"ioctl", do_ioctl}, {"read", do_read}, {"select", do_select}, {"epoll_wait", do_epoll},
    {"open_close", do_open}, {"fcntl", do_fcntl}};

int
main(int argc, char **argv)
{
	struct epoll_event ev = {.events = EPOLLIN};
	size_t i;
	long n;

	if (argc != 3 || pipe(fd) < 0 || (ep = epoll_create1(0)) < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &ev) < 0)
		return 2;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(argv[1], calls[i].name))
			continue;
		for (n = atol(argv[2]); n > 0; n--)
			if (calls[i].call() < 0)
				return 1;
		return 0;
	}
	return 2;
}
