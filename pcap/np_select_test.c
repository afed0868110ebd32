/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * np_select_test.c - a program that waits by itself, with system calls that no library sees: the descriptor is readable when a frame can be
 * had, and stops to be when there is none. It may be once when a frame was taken faster than it was announced.
 */
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "np_bed.h"

#define LONG_MS 20000

static pcap_t *rx, *tx;

static int
both(void **state)
{
	(void)state;
	rx = bed_open("vale0:rx", 65535, 100, 0);
	tx = bed_open("vale0:tx", 65535, 100, 0);
	return 0;
}

static int
neither(void **state)
{
	(void)state;
	pcap_close(rx);
	pcap_close(tx);
	return 0;
}

/* poll(2), not poll(3). */
static bool
readable(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	return syscall(SYS_ppoll, &p, 1, &t, NULL, 8) == 1 && (p.revents & POLLIN);
}

static void
count(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	(void)h;
	(void)data;
	++*(int *)(void *)user;
}

/* No frame is there: not readable, or once more at most for each that was announced late. */
static void
quiet(int fd)
{
	int n = 0, tries = 0, blocking = !pcap_getnonblock(rx, NULL);

	assert_int_equal(pcap_setnonblock(rx, 1, NULL), 0);
	while (readable(fd, 0)) {
		assert_int_equal(pcap_dispatch(rx, -1, count, (u_char *)&n), 0);
		assert_true(++tries < 100);
	}
	assert_int_equal(pcap_setnonblock(rx, !blocking, NULL), 0);
}

static void
readable_when_a_frame_comes(void **state)
{
	int fd = pcap_get_selectable_fd(rx), i, n;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(pcap_fileno(rx), fd);
	assert_null(pcap_get_required_select_timeout(rx));
	assert_int_equal(pcap_setnonblock(rx, 1, NULL), 0);
	for (i = 0; i < 200; i++) {
		quiet(fd);
		bed_send(tx, (uint32_t)i, 9);
		assert_true(readable(fd, LONG_MS));
		for (n = 0; n == 0;)
			assert_true(pcap_dispatch(rx, -1, count, (u_char *)&n) >= 0);
		assert_int_equal(n, 1);
	}
}

/* Frames that were there before the program asked for the descriptor. */
static void
readable_from_the_start(void **state)
{
	(void)state;
	bed_send(tx, 1, 9);
	assert_true(readable(pcap_get_selectable_fd(rx), LONG_MS));
}

/* One at a time, as programs do that select before each. */
static void
readable_while_frames_are_left(void **state)
{
	int fd = pcap_get_selectable_fd(rx), i, k;
	struct pcap_pkthdr *h;
	const u_char *data;
	uint32_t number;

	(void)state;
	assert_int_equal(pcap_setnonblock(rx, 1, NULL), 0);
	for (k = 0; k < 50; k++) {
		for (i = 0; i < 10; i++)
			bed_send(tx, (uint32_t)i, 9);
		for (i = 0; i < 10; i++) {
			do
				assert_true(readable(fd, LONG_MS));
			while (pcap_next_ex(rx, &h, &data) == 0);
			memcpy(&number, data + 42, 4);
			assert_int_equal(number, i);
		}
		quiet(fd);
	}
}

static void *
burst(void *arg)
{
	uint32_t i;

	(void)arg;
	for (i = 0; i < 50; i++)
		bed_send(tx, i, 9);
	return NULL;
}

/* A call that slept has taken what made the descriptor readable, and leaves frames. */
static void
readable_after_a_call_that_slept(void **state)
{
	int fd = pcap_get_selectable_fd(rx), k, n;
	pthread_t t;

	(void)state;
	for (k = 0; k < 100; k++) {
		assert_int_equal(pthread_create(&t, NULL, burst, NULL), 0);
		for (n = 0; n < 50;) {
			if (n == 0 || readable(fd, LONG_MS))
				assert_true(pcap_dispatch(rx, 1, count, (u_char *)&n) >= 0);
			else
				fail_msg("round %d: not readable after %d frames", k, n);
		}
		pthread_join(t, NULL);
		quiet(fd);
	}
}

/* A frame that the filter rejects may wake once, and not for ever. */
static void
not_readable_for_what_was_rejected(void **state)
{
	int fd = pcap_get_selectable_fd(rx), n = 0;
	struct bpf_program f;

	(void)state;
	assert_int_equal(pcap_compile(rx, &f, "tcp", 1, 0), 0);
	assert_int_equal(pcap_setfilter(rx, &f), 0);
	pcap_freecode(&f);
	assert_int_equal(pcap_setnonblock(rx, 1, NULL), 0);
	bed_send(tx, 1, 9);
	assert_true(readable(fd, LONG_MS));
	quiet(fd);
	assert_int_equal(pcap_dispatch(rx, -1, count, (u_char *)&n), 0);
}

static void
select_and_epoll_know_it_too(void **state)
{
	int fd = pcap_get_selectable_fd(rx), ep = epoll_create1(0), n = 0;
	struct epoll_event ev = {.events = EPOLLIN}, got;
	struct timeval t = {LONG_MS / 1000, 0};
	fd_set set;

	(void)state;
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), 0);
	assert_int_equal(epoll_wait(ep, &got, 1, 0), 0);
	bed_send(tx, 1, 9);
	assert_int_equal(epoll_wait(ep, &got, 1, LONG_MS), 1);
	FD_ZERO(&set);
	FD_SET(fd, &set);
	assert_int_equal(select(fd + 1, &set, NULL, NULL, &t), 1);
	assert_int_equal(pcap_dispatch(rx, -1, count, (u_char *)&n), 1);
	quiet(fd);
	assert_int_equal(epoll_wait(ep, &got, 1, 0), 0);
	close(ep);
}

/*
 * What pcap_next gives stays what it is though the descriptor is watched, and is no frame that is left: the next one that comes makes the
 * descriptor readable.
 */
static void
a_held_frame_stays(void **state)
{
	int fd = pcap_get_selectable_fd(rx), k;
	struct pcap_pkthdr h;
	const u_char *data;
	u_char want[60];
	uint32_t i;

	(void)state;
	for (k = 0; k < 50; k++) {
		bed_frame(want, sizeof(want), (uint32_t)k, 9);
		bed_send(tx, (uint32_t)k, 9);
		while (!(data = pcap_next(rx, &h)))
			;
		assert_memory_equal(data, want, sizeof(want));
		bed_send(tx, (uint32_t)k, 9);
		assert_true(readable(fd, 2000));
		while (!pcap_next(rx, &h))
			;
		quiet(fd);
	}
	bed_send(tx, 7, 9);
	bed_frame(want, sizeof(want), 7, 9);
	while (!(data = pcap_next(rx, &h)))
		;
	for (i = 0; i < 9000; i++)
		bed_send(tx, i, 9);
	assert_memory_equal(data, want, sizeof(want));
}

#define P(t) cmocka_unit_test_setup_teardown(t, both, neither)

int
main(void)
{
	const struct CMUnitTest tests[] = {P(readable_when_a_frame_comes), P(readable_from_the_start), P(readable_while_frames_are_left), P(readable_after_a_call_that_slept),
	    P(not_readable_for_what_was_rejected), P(select_and_epoll_know_it_too), P(a_held_frame_stays)};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
