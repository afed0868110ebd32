/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that wait in their own ways: poll, ppoll, select and epoll on netmap descriptors among sockets, timers and
 * pipes, from one thread or another. The bodies are those of ordinary event loops.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "app_port.h"
#include "own_engine.h"

#define LONG_MS 20000 /* a wait that must end before */

static struct app_port a, b;

static int
open_pipe(void **state)
{
	(void)state;
	app_port_open(&a, "w{1", 0);
	app_port_open(&b, "w}1", 0);
	return 0;
}

static int
close_pipe(void **state)
{
	(void)state;
	app_port_close(&a);
	app_port_close(&b);
	return 0;
}

static void
send_one(uint32_t n)
{
	assert_true(app_port_put(a.tx, n));
	assert_int_equal(ioctl(a.fd, NIOCTXSYNC, NULL), 0);
}

static void
fill(void)
{
	uint32_t i;

	for (i = 0; app_port_put(a.tx, i); i++)
		;
	assert_int_equal(ioctl(a.fd, NIOCTXSYNC, NULL), 0);
	for (; app_port_put(a.tx, i); i++)
		assert_int_equal(ioctl(a.fd, NIOCTXSYNC, NULL), 0);
}

/* Sends when the other thread is asleep for sure, or nearly: what is tested holds either way. */
static void *
send_later(void *arg)
{
	poll(NULL, 0, 30);
	app_port_put(a.tx, (uint32_t)(uintptr_t)arg);
	ioctl(a.fd, NIOCTXSYNC, NULL);
	return NULL;
}

static void *
take_later(void *arg)
{
	uint32_t n;

	poll(NULL, 0, 30);
	ioctl(b.fd, NIOCRXSYNC, NULL);
	while (app_port_take(b.rx, &n))
		;
	ioctl(b.fd, NIOCRXSYNC, NULL);
	return arg;
}

static void
poll_among_others(void **state)
{
	int pipes[2], ev = eventfd(0, 0);
	struct pollfd p[4] = {{.events = POLLIN}, {.events = POLLIN | POLLOUT}, {.fd = -1, .events = POLLIN}, {.events = POLLIN}};
	uint64_t one = 1;
	uint32_t n;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	p[0].fd = pipes[0];
	p[1].fd = b.fd;
	p[3].fd = ev;
	assert_int_equal(poll(p, 4, LONG_MS), 1); /* room to transmit */
	assert_int_equal(p[1].revents, POLLOUT);
	p[1].events = POLLIN;
	assert_int_equal(poll(p, 4, 0), 0);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(write(ev, &one, 8), 8);
	assert_int_equal(poll(p, 4, LONG_MS), 2);
	assert_int_equal(p[0].revents, POLLIN);
	assert_int_equal(p[1].revents, 0);
	assert_int_equal(p[2].revents, 0);
	assert_int_equal(p[3].revents, POLLIN);
	send_one(7);
	assert_int_equal(poll(p, 4, LONG_MS), 3);
	assert_int_equal(p[1].revents, POLLIN);
	assert_true(app_port_take(b.rx, &n));
	assert_int_equal(n, 7);
	/* a descriptor that is not open is told beside the others */
	close(ev);
	assert_int_equal(poll(p, 4, LONG_MS), 2);
	assert_int_equal(p[3].revents, POLLNVAL);
	close(pipes[0]);
	close(pipes[1]);
}

/* cur says where to wake: a program that keeps frames and sets cur to tail sleeps until more come. */
static void
cur_is_the_wake_up_point(void **state)
{
	struct pollfd p = {.fd = b.fd, .events = POLLIN};
	pthread_t t;

	(void)state;
	send_one(1);
	assert_int_equal(poll(&p, 1, LONG_MS), 1);
	assert_int_equal(nm_ring_space(b.rx), 1);
	assert_int_equal(poll(&p, 1, 0), 1);
	b.rx->cur = b.rx->tail;
	assert_int_equal(poll(&p, 1, 20), 0);
	pthread_create(&t, NULL, send_later, (void *)2);
	assert_int_equal(poll(&p, 1, LONG_MS), 1);
	pthread_join(t, NULL);
	assert_int_equal(nm_ring_space(b.rx), 2);
	b.rx->head = b.rx->cur = b.rx->tail;
}

static volatile sig_atomic_t caught;

static void
on_signal(int s)
{
	caught = s;
}

static void *
signal_later(void *arg)
{
	poll(NULL, 0, 30);
	pthread_kill(*(pthread_t *)arg, SIGUSR1);
	return NULL;
}

static void
ppoll_lets_a_signal_in(void **state)
{
	struct sigaction sa = {.sa_handler = on_signal};
	struct pollfd p = {.fd = b.fd, .events = POLLIN};
	struct timespec ts = {LONG_MS / 1000, 0};
	pthread_t self = pthread_self(), t;
	sigset_t block, open_mask;

	(void)state;
	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &block, &open_mask);
	sigdelset(&open_mask, SIGUSR1);
	/* pending before the call: it may not be missed */
	pthread_kill(self, SIGUSR1);
	assert_int_equal(caught, 0);
	assert_int_equal(ppoll(&p, 1, &ts, &open_mask), -1);
	assert_int_equal(errno, EINTR);
	assert_int_equal(caught, SIGUSR1);
	/* also by who only looks */
	caught = 0;
	ts.tv_sec = 0;
	pthread_kill(self, SIGUSR1);
	assert_int_equal(ppoll(&p, 1, &ts, &open_mask), -1);
	assert_int_equal(errno, EINTR);
	assert_int_equal(caught, SIGUSR1);
	/* and while it sleeps */
	caught = 0;
	ts.tv_sec = LONG_MS / 1000;
	pthread_create(&t, NULL, signal_later, &self);
	assert_int_equal(ppoll(&p, 1, &ts, &open_mask), -1);
	assert_int_equal(errno, EINTR);
	assert_int_equal(caught, SIGUSR1);
	pthread_join(t, NULL);
	/* blocked, it ends nothing */
	ts = (struct timespec){0, 30000000};
	caught = 0;
	pthread_kill(self, SIGUSR1);
	assert_int_equal(ppoll(&p, 1, &ts, &block), 0);
	assert_int_equal(caught, 0);
	pthread_sigmask(SIG_UNBLOCK, &block, NULL);
	assert_int_equal(caught, SIGUSR1);
	caught = 0;
	signal(SIGUSR1, SIG_DFL);
}

static void
select_among_others(void **state)
{
	struct timeval tv = {LONG_MS / 1000, 0};
	fd_set r, w, x;
	int pipes[2], max;
	uint32_t n;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	max = (pipes[1] > b.fd ? pipes[1] : b.fd) + 1;
	send_one(3);
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_ZERO(&x);
	FD_SET(b.fd, &r);
	FD_SET(b.fd, &w);
	FD_SET(b.fd, &x);
	FD_SET(pipes[0], &r);
	FD_SET(pipes[1], &w);
	assert_int_equal(select(max, &r, &w, &x, &tv), 3);
	assert_true(FD_ISSET(b.fd, &r) && FD_ISSET(b.fd, &w) && !FD_ISSET(b.fd, &x));
	assert_true(!FD_ISSET(pipes[0], &r) && FD_ISSET(pipes[1], &w));
	assert_true(app_port_take(b.rx, &n));
	FD_ZERO(&r);
	FD_SET(b.fd, &r);
	FD_SET(pipes[0], &r);
	tv = (struct timeval){0, 20000};
	assert_int_equal(select(max, &r, NULL, NULL, &tv), 0);
	assert_int_equal(tv.tv_sec, 0); /* what is left, as Linux does */
	assert_int_equal(tv.tv_usec, 0);
	assert_false(FD_ISSET(b.fd, &r));
	assert_int_equal(write(pipes[1], "x", 1), 1);
	FD_SET(b.fd, &r);
	FD_SET(pipes[0], &r);
	assert_int_equal(select(max, &r, NULL, NULL, NULL), 1);
	assert_true(FD_ISSET(pipes[0], &r) && !FD_ISSET(b.fd, &r));
	close(pipes[0]);
	close(pipes[1]);
}

/* A timer, a socket and two ports in one set, level triggered: every source is seen, whatever the order. */
static void
epoll_level(void **state)
{
	int ep = epoll_create1(EPOLL_CLOEXEC), tfd = timerfd_create(CLOCK_MONOTONIC, 0), seen_timer = 0;
	struct itimerspec it = {.it_value = {0, 5000000}, .it_interval = {0, 5000000}};
	struct epoll_event ev = {.events = EPOLLIN}, got[4];
	uint32_t next = 0, n, sent = 0;
	uint64_t ticks;
	int i, k;

	(void)state;
	ev.data.fd = tfd;
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, tfd, &ev), 0);
	ev.data.fd = b.fd;
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, b.fd, &ev), 0);
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, b.fd, &ev), -1);
	assert_int_equal(errno, EEXIST);
	ev.events = EPOLLOUT;
	ev.data.fd = a.fd;
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, a.fd, &ev), 0);
	timerfd_settime(tfd, 0, &it, NULL);
	while (next < 5000 || seen_timer < 3) {
		k = epoll_wait(ep, got, 4, LONG_MS);
		assert_in_range(k, 1, 4);
		for (i = 0; i < k; i++) {
			if (got[i].data.fd == tfd) {
				assert_int_equal(got[i].events, EPOLLIN);
				assert_int_equal(read(tfd, &ticks, 8), 8);
				seen_timer++;
			} else if (got[i].data.fd == b.fd) {
				assert_int_equal(got[i].events, EPOLLIN);
				while (app_port_take(b.rx, &n))
					assert_int_equal(n, next++);
			} else {
				assert_int_equal(got[i].data.fd, a.fd);
				assert_int_equal(got[i].events, EPOLLOUT);
				for (n = 0; n < 10 && app_port_put(a.tx, sent); n++)
					sent++;
			}
		}
	}
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_DEL, a.fd, NULL), 0);
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_DEL, tfd, NULL), 0);
	assert_int_equal(ioctl(b.fd, NIOCRXSYNC, NULL), 0); /* the pipe may have been full */
	assert_int_equal(ioctl(a.fd, NIOCTXSYNC, NULL), 0);
	while (poll(&(struct pollfd){.fd = b.fd, .events = POLLIN}, 1, 0) == 1)
		while (app_port_take(b.rx, &n))
			;
	assert_int_equal(epoll_wait(ep, got, 4, 20), 0);
	close(ep);
	close(tfd);
}

/* Edge triggered: one event for frames that stay, a further one when more arrive. */
static void
epoll_edge(void **state)
{
	int ep = epoll_create1(0);
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.u64 = 0x123456789abcdef0}, got;
	pthread_t t;

	(void)state;
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, b.fd, &ev), 0);
	assert_int_equal(epoll_wait(ep, &got, 1, 0), 0);
	send_one(1);
	assert_int_equal(epoll_wait(ep, &got, 1, LONG_MS), 1);
	assert_int_equal(got.events, EPOLLIN);
	assert_true(got.data.u64 == 0x123456789abcdef0);
	assert_int_equal(epoll_wait(ep, &got, 1, 20), 0);
	pthread_create(&t, NULL, send_later, (void *)2);
	assert_int_equal(epoll_wait(ep, &got, 1, LONG_MS), 1);
	pthread_join(t, NULL);
	assert_int_equal(nm_ring_space(b.rx), 2);
	b.rx->head = b.rx->cur = b.rx->tail;
	close(ep);
}

static void
epoll_one_shot(void **state)
{
	int ep = epoll_create1(0);
	struct epoll_event ev = {.events = EPOLLIN | EPOLLONESHOT, .data.u32 = 9}, got;

	(void)state;
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, b.fd, &ev), 0);
	send_one(1);
	assert_int_equal(epoll_wait(ep, &got, 1, LONG_MS), 1);
	assert_int_equal(got.data.u32, 9);
	assert_int_equal(epoll_wait(ep, &got, 1, 20), 0);
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_MOD, b.fd, &ev), 0);
	assert_int_equal(epoll_wait(ep, &got, 1, LONG_MS), 1);
	b.rx->head = b.rx->cur = b.rx->tail;
	close(ep);
}

/* A full pipe is no room; the receiver makes some and the sleeper learns of it. */
static void
out_sleeps_until_room(void **state)
{
	struct pollfd p = {.fd = a.fd, .events = POLLOUT};
	struct epoll_event ev = {.events = EPOLLOUT}, got;
	int ep = epoll_create1(0);
	pthread_t t;

	(void)state;
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, a.fd, &ev), 0);
	fill();
	assert_int_equal(poll(&p, 1, 20), 0);
	pthread_create(&t, NULL, take_later, NULL);
	assert_int_equal(poll(&p, 1, LONG_MS), 1);
	pthread_join(t, NULL);
	assert_int_equal(p.revents, POLLOUT);
	fill();
	assert_int_equal(epoll_wait(ep, &got, 1, 20), 0);
	pthread_create(&t, NULL, take_later, NULL);
	assert_int_equal(epoll_wait(ep, &got, 1, LONG_MS), 1);
	pthread_join(t, NULL);
	assert_int_equal(got.events, EPOLLOUT);
	close(ep);
}

struct waiter {
	int ep;
	uint32_t got;
};

static void *
wait_in_epoll(void *arg)
{
	struct waiter *w = arg;
	struct epoll_event ev;
	uint32_t n;

	while (w->got < 200 && epoll_wait(w->ep, &ev, 1, LONG_MS) == 1)
		while (app_port_take(b.rx, &n))
			w->got++;
	return NULL;
}

/* The set is filled while another thread waits in it, as libraries with a loop thread do. */
static void
epoll_in_another_thread(void **state)
{
	struct waiter w = {.ep = epoll_create1(0)};
	struct epoll_event ev = {.events = EPOLLIN};
	pthread_t t;
	uint32_t i;

	(void)state;
	pthread_create(&t, NULL, wait_in_epoll, &w);
	poll(NULL, 0, 20);
	assert_int_equal(epoll_ctl(w.ep, EPOLL_CTL_ADD, b.fd, &ev), 0);
	for (i = 0; i < 200; i++) {
		send_one(i);
		if (i % 50 == 0)
			poll(NULL, 0, 5);
	}
	pthread_join(t, NULL);
	assert_int_equal(w.got, 200);
	close(w.ep);
}

/* Frames are there already when the descriptor joins: the waiting thread may not sleep on. */
static void
epoll_joined_by_a_ready_one(void **state)
{
	struct waiter w = {.ep = epoll_create1(0), .got = 199};
	struct epoll_event ev = {.events = EPOLLIN};
	pthread_t t;

	(void)state;
	send_one(0);
	pthread_create(&t, NULL, wait_in_epoll, &w);
	poll(NULL, 0, 20);
	assert_int_equal(epoll_ctl(w.ep, EPOLL_CTL_ADD, b.fd, &ev), 0);
	pthread_join(t, NULL);
	assert_int_equal(w.got, 200);
	close(w.ep);
}

/* A set within a set, and a set within poll: the outer loop sleeps in the kernel. */
static void
epoll_inside_another(void **state)
{
	int in = epoll_create1(0), out = epoll_create1(0);
	struct epoll_event ev = {.events = EPOLLIN}, got;
	struct pollfd p = {.fd = in, .events = POLLIN};
	pthread_t t;
	uint32_t i, n;

	(void)state;
	ev.data.fd = b.fd;
	assert_int_equal(epoll_ctl(in, EPOLL_CTL_ADD, b.fd, &ev), 0);
	ev.data.fd = in;
	assert_int_equal(epoll_ctl(out, EPOLL_CTL_ADD, in, &ev), 0);
	assert_int_equal(epoll_wait(in, &got, 1, 1), 0); /* waits itself, and later only looks */
	assert_int_equal(epoll_wait(in, &got, 1, 0), 0);
	for (i = 0; i < 4; i++) {
		pthread_create(&t, NULL, send_later, (void *)(uintptr_t)i);
		if (i & 1)
			assert_int_equal(poll(&p, 1, LONG_MS), 1);
		else
			assert_int_equal(epoll_wait(out, &got, 1, LONG_MS), 1);
		pthread_join(t, NULL);
		assert_int_equal(epoll_wait(in, &got, 1, 0), 1);
		assert_int_equal(got.data.fd, b.fd);
		assert_true(app_port_take(b.rx, &n));
		assert_int_equal(n, i);
	}
	close(out);
	close(in);
}

/* Timeouts that programs write for "for ever", and some that are none. */
static void
long_and_bad_timeouts(void **state)
{
	struct timespec ever = {LONG_MAX, 999999999}, bad[] = {{0, 1000000000}, {0, -1}, {-1, 0}};
	struct pollfd p = {.fd = b.fd, .events = POLLIN};
	struct epoll_event ev = {.events = EPOLLIN}, got;
	int ep = epoll_create1(0);
	pthread_t t;
	uint32_t n;
	fd_set r;
	size_t i;

	(void)state;
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, b.fd, &ev), 0);
	for (i = 0; i < 3; i++) {
		int k;

		FD_ZERO(&r);
		FD_SET(b.fd, &r);
		pthread_create(&t, NULL, send_later, NULL);
		k = i == 0 ? ppoll(&p, 1, &ever, NULL) : i == 1 ? pselect(b.fd + 1, &r, NULL, NULL, &ever, NULL) :
		    epoll_pwait2(ep, &got, 1, &ever, NULL);
		pthread_join(t, NULL);
		assert_int_equal(k, 1);
		assert_true(app_port_take(b.rx, &n));
	}
	for (i = 0; i < 3; i++) {
		errno = 0;
		assert_int_equal(ppoll(&p, 1, &bad[i], NULL), -1);
		assert_int_equal(errno, EINVAL);
		errno = 0;
		assert_int_equal(pselect(b.fd + 1, &r, NULL, NULL, &bad[i], NULL), -1);
		assert_int_equal(errno, EINVAL);
		errno = 0;
		assert_int_equal(epoll_pwait2(ep, &got, 1, &bad[i], NULL), -1);
		assert_int_equal(errno, EINVAL);
	}
	close(ep);
}

/* A loop that never calls us but for a sync: raw system calls on the descriptor itself. */
static void
the_descriptor_itself_becomes_readable(void **state)
{
	struct pollfd p = {.fd = b.fd, .events = POLLIN};
	struct timespec ts = {LONG_MS / 1000, 0};
	uint32_t n;

	(void)state;
	assert_int_equal(ioctl(b.fd, NIOCRXSYNC, NULL), 0);
	assert_true(nm_ring_empty(b.rx));
	send_one(5);
	assert_int_equal(syscall(SYS_ppoll, &p, 1, &ts, NULL, 8), 1);
	assert_true(p.revents & POLLIN);
	assert_int_equal(ioctl(b.fd, NIOCRXSYNC, NULL), 0);
	assert_true(app_port_take(b.rx, &n));
	assert_int_equal(n, 5);
}

int
main(void)
{
#define ON_A_PIPE(f) cmocka_unit_test_setup_teardown(f, open_pipe, close_pipe)
	const struct CMUnitTest tests[] = {
		ON_A_PIPE(poll_among_others), ON_A_PIPE(cur_is_the_wake_up_point), ON_A_PIPE(ppoll_lets_a_signal_in),
		ON_A_PIPE(select_among_others), ON_A_PIPE(epoll_level), ON_A_PIPE(epoll_edge), ON_A_PIPE(epoll_one_shot),
		ON_A_PIPE(out_sleeps_until_room), ON_A_PIPE(epoll_in_another_thread),
		ON_A_PIPE(epoll_joined_by_a_ready_one), ON_A_PIPE(epoll_inside_another),
		ON_A_PIPE(long_and_bad_timeouts),
		ON_A_PIPE(the_descriptor_itself_becomes_readable),
	};

	return cmocka_run_group_tests(tests, own_engine_setup, own_engine_teardown);
}
