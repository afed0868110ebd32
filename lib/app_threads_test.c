/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that open, share, use and close ports at the same time, and close what another thread waits for. */
#include <libnetmap.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "app_port.h"
#include "own_engine.h"

#define THREADS 4
#define ROUNDS 40

static struct nmport_d *shared;

/* Ports of one region and of a region of their own, clones of a port that all have. */
static void *
open_and_close(void *arg)
{
	char name[64];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		struct nmport_d *own, *joined, *clone = nmport_clone(shared);

		snprintf(name, sizeof(name), "vale6:t%d", (int)(uintptr_t)arg);
		own = nmport_open(name);
		snprintf(name, sizeof(name), "vale6:s%d@share=vale6:shared", (int)(uintptr_t)arg);
		joined = nmport_open(name);
		if (!own || !joined || !clone || nmport_open_desc(clone) < 0)
			return (void *)"a port did not open";
		if (joined->mem != shared->mem || clone->mem != shared->mem || own->mem == shared->mem)
			return (void *)"a mapping is not shared as it should";
		if (nmport_inject(own, name, 60) != 60 || nmport_poll(&own, 1, POLLOUT, 20000) != 1)
			return (void *)"a frame was not sent";
		nmport_close(i & 1 ? own : joined);
		nmport_close(clone);
		nmport_close(i & 1 ? joined : own);
	}
	return NULL;
}

static void
ports_of_many_threads(void **state)
{
	pthread_t t[THREADS];
	void *wrong;
	int i;

	(void)state;
	shared = nmport_open("vale6:shared");
	assert_non_null(shared);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, open_and_close, (void *)(uintptr_t)i), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(t[i], &wrong);
		if (wrong)
			fail_msg("%s", (const char *)wrong);
	}
	assert_int_equal(shared->mem->refcount, 1);
	nmport_close(shared);
	assert_null(nmctx_get()->mem_descs);
}

/* Several threads sync and poll one descriptor: each call succeeds, no frame is seen twice. */
static struct app_port one;
static uint32_t stop;

static void *
hammer(void *arg)
{
	struct pollfd p = {.fd = one.fd, .events = POLLIN | POLLOUT};
	uintptr_t bad = 0;

	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		bad += ioctl(one.fd, NIOCTXSYNC, NULL) != 0;
		bad += ioctl(one.fd, NIOCRXSYNC, NULL) != 0;
		bad += poll(&p, 1, 1) < 0 || (p.revents & (POLLERR | POLLNVAL));
	}
	return (void *)bad;
}

static void
one_descriptor_of_many_threads(void **state)
{
	struct app_port peer;
	pthread_t t[THREADS];
	uint32_t n, next = 0, sent = 0;
	void *bad;
	int i;

	(void)state;
	app_port_open(&one, "h{1", 0);
	app_port_open(&peer, "h}1", 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, hammer, NULL), 0);
	while (next < 5000) {
		while (sent < 5000 && app_port_put(peer.tx, sent))
			sent++;
		assert_int_equal(ioctl(peer.fd, NIOCTXSYNC, NULL), 0);
		while (app_port_take(one.rx, &n)) /* one thread empties the ring, the others only sync */
			assert_int_equal(n, next++);
		sched_yield();
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < THREADS; i++) {
		pthread_join(t[i], &bad);
		assert_null(bad);
	}
	app_port_close(&one);
	app_port_close(&peer);
}

/* While one thread syncs, another closes: the first gets an error or success, never a fault. */
static void *
sync_until_closed(void *arg)
{
	int fd = *(int *)arg;

	while (ioctl(fd, NIOCRXSYNC, NULL) == 0 && ioctl(fd, NIOCTXSYNC, NULL) == 0)
		;
	return (void *)(uintptr_t)errno;
}

static void
closed_under_a_sync(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 30; i++) {
		struct app_port p;
		pthread_t t;
		void *err;
		int fd;

		app_port_open(&p, "vale6:c", 0);
		fd = p.fd;
		assert_int_equal(pthread_create(&t, NULL, sync_until_closed, &fd), 0);
		poll(NULL, 0, 1);
		app_port_close(&p);
		pthread_join(t, &err);
		/* ENOTTY: it is no port any more, and not closed yet */
		if ((uintptr_t)err != EBADF && (uintptr_t)err != EIO && (uintptr_t)err != ENXIO && (uintptr_t)err != ENOTTY)
			fail_msg("round %d: %s", i, strerror((int)(uintptr_t)err));
	}
}

/* Sleeps in poll or epoll, or only looks, over and over, while the descriptor is closed by another thread. */
struct sleeper {
	int fd, ep, ms;
};

static void *
sleep_until_closed(void *arg)
{
	const struct sleeper *s = arg;
	struct pollfd p = {.fd = s->fd, .events = POLLIN};
	struct epoll_event ev;
	int n;

	for (;;) {
		n = s->ep < 0 ? poll(&p, 1, s->ms) : epoll_wait(s->ep, &ev, 1, s->ms);
		if (n < 0 && errno != EINTR)
			return (void *)(uintptr_t)errno;
		if (s->ep < 0 && (p.revents & (POLLERR | POLLNVAL | POLLHUP)))
			return NULL;
		if (s->ep >= 0 && fcntl(s->fd, F_GETFD) < 0)
			return NULL;
	}
}

static void
closed_under_a_wait(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 32; i++) {
		struct sleeper s = {.ep = i & 1 ? epoll_create1(0) : -1, .ms = i & 2 ? 1 : i & 1 ? 20 : -1};
		struct epoll_event ev = {.events = EPOLLIN};
		pthread_t t[2];
		struct app_port p;
		void *err;
		int k;

		app_port_open(&p, "vale6:w", NR_EXCLUSIVE);
		s.fd = p.fd;
		if (s.ep >= 0)
			assert_int_equal(epoll_ctl(s.ep, EPOLL_CTL_ADD, p.fd, &ev), 0);
		for (k = 0; k < 2; k++)
			assert_int_equal(pthread_create(&t[k], NULL, sleep_until_closed, &s), 0);
		poll(NULL, 0, i % 3);
		app_port_close(&p);
		for (k = 0; k < 2; k++) {
			pthread_join(t[k], &err);
			if (err)
				fail_msg("round %d: %s", i, strerror((int)(uintptr_t)err));
		}
		if (s.ep >= 0)
			close(s.ep);
	}
}

/* The handler closes what the interrupted call is at work on. */
static volatile sig_atomic_t to_close;

static void
close_in_handler(int sig)
{
	(void)sig;
	if (to_close >= 0)
		close(to_close);
	to_close = -1;
}

static void
closed_by_a_signal_handler(void **state)
{
	struct sigaction sa = {.sa_handler = close_in_handler};
	int i, n;

	(void)state;
	sigaction(SIGALRM, &sa, NULL);
	for (i = 0; i < 48; i++) {
		struct itimerval in = {.it_value = {0, 1 + (i * 37) % 400}};
		struct pollfd pfd = {.events = POLLIN};
		struct app_port p;

		app_port_open(&p, "vale6:h", NR_EXCLUSIVE);
		pfd.fd = p.fd;
		to_close = p.fd;
		setitimer(ITIMER_REAL, &in, NULL);
		while (to_close >= 0) {
			if (i & 1)
				n = ioctl(p.fd, i & 2 ? NIOCTXSYNC : NIOCRXSYNC, NULL);
			else
				n = poll(&pfd, 1, 20000);
			assert_true(n >= 0 || to_close < 0 || errno == EINTR);
		}
		munmap(p.mem, p.size);
	}
	signal(SIGALRM, SIG_DFL);
}

#define TURNS 150

static void *
wait_for_frames(void *arg)
{
	struct pollfd p = {.fd = *(int *)arg, .events = POLLIN};

	return poll(&p, 1, 60000) == 1 && p.revents == POLLIN ? NULL : (void *)1;
}

/* Fills its end of the pipe and waits for room, over and over. */
static void *
wait_for_room(void *arg)
{
	struct app_port *a = arg;
	struct pollfd p = {.fd = a->fd, .events = POLLOUT};
	uintptr_t turn;
	uint32_t n = 0;

	for (turn = 1; turn <= TURNS; turn++) {
		while (app_port_put(a->tx, n))
			n++;
		if (poll(&p, 1, 10000) != 1 || p.revents != POLLOUT)
			return (void *)turn;
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* One thread waits to receive, another for room, on one descriptor: neither takes the other's wake-up. */
static void
both_directions_waited_for(void **state)
{
	struct app_port a, b;
	pthread_t in, out;
	void *bad_in, *bad_out;
	uint32_t n;

	(void)state;
	__atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
	app_port_open(&a, "w{1", 0);
	app_port_open(&b, "w}1", 0);
	assert_int_equal(pthread_create(&in, NULL, wait_for_frames, &a.fd), 0);
	assert_int_equal(pthread_create(&out, NULL, wait_for_room, &a), 0);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		assert_int_equal(ioctl(b.fd, NIOCRXSYNC, NULL), 0);
		if (nm_ring_space(b.rx) < b.rx->num_slots - 1) { /* full: the other end sleeps or is about to */
			sched_yield();
			if (pthread_tryjoin_np(out, &bad_out) == 0)
				break;
			continue;
		}
		poll(NULL, 0, 2); /* long enough that both do not only linger but sleep */
		while (app_port_take(b.rx, &n))
			;
	}
	if (__atomic_load_n(&stop, __ATOMIC_RELAXED))
		pthread_join(out, &bad_out);
	assert_null(bad_out);
	assert_true(app_port_put(b.tx, 1));
	assert_int_equal(ioctl(b.fd, NIOCTXSYNC, NULL), 0);
	pthread_join(in, &bad_in);
	assert_null(bad_in);
	app_port_close(&a);
	app_port_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_of_many_threads), cmocka_unit_test(one_descriptor_of_many_threads),
		cmocka_unit_test(closed_under_a_sync), cmocka_unit_test(closed_under_a_wait), cmocka_unit_test(closed_by_a_signal_handler),
		cmocka_unit_test(both_directions_waited_for),
	};

	return cmocka_run_group_tests(tests, own_engine_setup, own_engine_teardown);
}
