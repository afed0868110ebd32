/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wake.c - who waits is woken, by each of the calls that wait.
 *
 *	wake in PREFIX N	N frames for each call, each sent when the receiver sleeps
 *	wake out PIPE N		N times each: the ring of a pipe is full, its reader takes frames when the sender sleeps
 *	wake close PREFIX	ports and both ends of a pipe closed in every order; those left go on
 */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>

#define LEN 60
#define LIMIT_S 20 /* a wake-up that comes later than this is none */

static const uint8_t mac_s[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* A waiting call: waits for POLLIN or POLLOUT on fd; other is a descriptor of another kind with nothing to read. 1 when ready. */
struct way {
	const char *name;
	int (*wait)(int fd, int other, short events);
};

static int
by_poll(int fd, int other, short events)
{
	struct pollfd p[2] = {{.fd = other, .events = POLLIN}, {.fd = fd, .events = events}};
	int n = poll(p, 2, LIMIT_S * 1000);

	return n == 1 && p[1].revents == events ? 1 : n < 0 ? n : 0;
}

static int
by_poll_alone(int fd, int other, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	(void)other;
	return poll(&p, 1, -1) == 1 && p.revents == events;
}

static int
by_ppoll(int fd, int other, short events)
{
	struct pollfd p[2] = {{.fd = fd, .events = events}, {.fd = other, .events = POLLIN}};
	struct timespec t = {LIMIT_S, 0};

	return ppoll(p, 2, &t, NULL) == 1 && p[0].revents == events;
}

static int
by_select(int fd, int other, short events)
{
	fd_set in, out;
	struct timeval t = {LIMIT_S, 0};

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(other, &in);
	FD_SET(fd, events == POLLIN ? &in : &out);
	return select((fd > other ? fd : other) + 1, &in, &out, NULL, &t) == 1 && FD_ISSET(fd, events == POLLIN ? &in : &out) &&
	    !FD_ISSET(other, &in);
}

static int
by_pselect(int fd, int other, short events)
{
	fd_set set;
	struct timespec t = {LIMIT_S, 0};

	(void)other;
	FD_ZERO(&set);
	FD_SET(fd, &set);
	return pselect(fd + 1, events == POLLIN ? &set : NULL, events == POLLOUT ? &set : NULL, NULL, &t, NULL) == 1 && FD_ISSET(fd, &set);
}

static int
by_epoll(int fd, int other, short events)
{
	struct epoll_event e = {.events = events == POLLIN ? EPOLLIN : EPOLLOUT, .data.fd = fd}, got;
	struct epoll_event o = {.events = EPOLLIN, .data.fd = other};
	int ep = epoll_create1(EPOLL_CLOEXEC), n;

	CHECK(ep >= 0 && !epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) && !epoll_ctl(ep, EPOLL_CTL_ADD, other, &o), "epoll: %s", strerror(errno));
	n = epoll_wait(ep, &got, 1, LIMIT_S * 1000);
	close(ep);
	return n == 1 && got.data.fd == fd && got.events == e.events;
}

/* The same set for all rounds, as event loops have it. */
static int
by_epoll_kept(int fd, int other, short events)
{
	static int ep = -1, of = -1, wanted;
	struct epoll_event e = {.events = events == POLLIN ? EPOLLIN : EPOLLOUT, .data.fd = fd}, got;

	(void)other;
	if (of != fd || wanted != events) {
		if (ep >= 0)
			close(ep);
		ep = epoll_create1(EPOLL_CLOEXEC);
		CHECK(ep >= 0 && !epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e), "epoll: %s", strerror(errno));
		of = fd;
		wanted = events;
	}
	return epoll_pwait(ep, &got, 1, LIMIT_S * 1000, NULL) == 1 && got.data.fd == fd;
}

static const struct way ways[] = {
	{"poll", by_poll}, {"poll without limit", by_poll_alone}, {"ppoll", by_ppoll}, {"select", by_select}, {"pselect", by_pselect},
	{"epoll_wait", by_epoll}, {"epoll_pwait", by_epoll_kept},
};

#define NWAYS (sizeof(ways) / sizeof(ways[0]))

/* The thread that wakes the other. */
struct waker {
	pthread_t thread;
	int sleeper; /* thread id of who waits */
	void (*act)(struct waker *);
	struct nmport_d *d;
	uint32_t go, done; /* rounds asked for and done */
	bool end;
};

/* 'S' where the thread sleeps in a system call. */
static char
state_of(int tid)
{
	char path[64], line[512], *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	f = fopen(path, "re");
	CHECK(f && fgets(line, sizeof(line), f), "%s: %s", path, strerror(errno));
	fclose(f);
	end = strrchr(line, ')');
	return end && end[1] ? end[2] : '?';
}

static void *
waker_main(void *arg)
{
	struct waker *w = arg;
	uint32_t round;

	for (round = 1;; round++) {
		while (__atomic_load_n(&w->go, __ATOMIC_ACQUIRE) < round) {
			if (__atomic_load_n(&w->end, __ATOMIC_ACQUIRE))
				return NULL;
			sched_yield();
		}
		while (state_of(w->sleeper) != 'S')
			sched_yield();
		w->act(w);
		__atomic_store_n(&w->done, round, __ATOMIC_RELEASE);
	}
}

static void
start_waker(struct waker *w)
{
	w->sleeper = (int)syscall(SYS_gettid);
	CHECK(!pthread_create(&w->thread, NULL, waker_main, w), "no thread");
}

static void
end_waker(struct waker *w)
{
	__atomic_store_n(&w->end, true, __ATOMIC_RELEASE);
	pthread_join(w->thread, NULL);
}

static void
send_one(struct waker *w)
{
	struct common_rings tx;
	uint8_t frame[LEN];

	common_tx_rings(w->d, &tx);
	common_frame(frame, broadcast, mac_s, LEN, 0);
	common_put(tx.ring[0], frame, LEN);
	common_txsync(w->d);
}

static uint32_t
take_all(struct nmport_d *d)
{
	struct common_rings rx;
	uint32_t n;

	common_rx_rings(d, &rx);
	common_rxsync(d);
	n = nm_ring_space(rx.ring[0]);
	rx.ring[0]->cur = rx.ring[0]->head = rx.ring[0]->tail;
	common_rxsync(d);
	return n;
}

static struct nmport_d *
open_at(const char *prefix, const char *rest)
{
	char name[128];

	snprintf(name, sizeof(name), "%s%s", prefix, rest);
	return common_open(name, 0);
}

static void
wake_in(const char *prefix, uint32_t rounds)
{
	struct nmport_d *r = open_at(prefix, "r");
	struct waker w = {.act = send_one, .d = open_at(prefix, "s")};
	int other[2];
	uint32_t i, k, n;

	CHECK(!pipe2(other, O_CLOEXEC), "pipe: %s", strerror(errno));
	start_waker(&w);
	for (i = 0; i < NWAYS; i++)
		for (k = 0; k < rounds; k++) {
			__atomic_fetch_add(&w.go, 1, __ATOMIC_RELEASE);
			n = (uint32_t)ways[i].wait(r->fd, other[0], POLLIN);
			CHECK(n == 1, "%s, frame %u: not woken (%d, %s)", ways[i].name, k, (int)n, strerror(errno));
			n = take_all(r);
			CHECK(n == 1, "%s, frame %u: %u frames there", ways[i].name, k, n);
			while (__atomic_load_n(&w.done, __ATOMIC_ACQUIRE) < w.go)
				sched_yield();
		}
	end_waker(&w);
	close(other[0]);
	close(other[1]);
	nmport_close(w.d);
	nmport_close(r);
}

static void
read_all(struct waker *w)
{
	CHECK(take_all(w->d) > 0, "the pipe was not full");
}

static void
wake_out(const char *name, uint32_t rounds)
{
	struct nmport_d *s = open_at(name, "{1");
	struct waker w = {.act = read_all, .d = open_at(name, "}1")};
	struct common_rings tx;
	uint8_t frame[LEN];
	int other[2];
	uint32_t i, k, n;

	CHECK(!pipe2(other, O_CLOEXEC), "pipe: %s", strerror(errno));
	common_tx_rings(s, &tx);
	common_frame(frame, broadcast, mac_s, LEN, 0);
	start_waker(&w);
	for (i = 0; i < NWAYS; i++)
		for (k = 0; k < rounds; k++) {
			do {
				while (nm_ring_space(tx.ring[0]))
					common_put(tx.ring[0], frame, LEN);
				common_txsync(s);
			} while (nm_ring_space(tx.ring[0]));
			__atomic_fetch_add(&w.go, 1, __ATOMIC_RELEASE);
			n = (uint32_t)ways[i].wait(s->fd, other[0], POLLOUT);
			CHECK(n == 1, "%s, round %u: not woken (%d, %s)", ways[i].name, k, (int)n, strerror(errno));
			CHECK(nm_ring_space(tx.ring[0]), "%s, round %u: woken without room", ways[i].name, k);
			while (__atomic_load_n(&w.done, __ATOMIC_ACQUIRE) < w.go)
				sched_yield();
		}
	end_waker(&w);
	close(other[0]);
	close(other[1]);
	nmport_close(w.d);
	nmport_close(s);
}

/* Each of the open ports sends a broadcast that all other open ones get, once. */
static void
talk(struct nmport_d **d, uint32_t n)
{
	uint32_t i, k, got;

	for (i = 0; i < n; i++) {
		struct waker w = {.d = d[i]};

		if (!d[i])
			continue;
		send_one(&w);
		for (k = 0; k < n; k++) {
			if (!d[k])
				continue;
			got = take_all(d[k]);
			CHECK(got == (k != i), "port %u got %u frames of port %u", k, got, i);
		}
	}
}

static void
wake_close(const char *prefix)
{
	static const uint8_t order[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct nmport_d *d[3], *end[2];
	char name[8];
	uint32_t i, k;

	for (i = 0; i < 6; i++) {
		for (k = 0; k < 3; k++) {
			snprintf(name, sizeof(name), "c%u", k);
			d[k] = open_at(prefix, name);
		}
		for (k = 0; k < 3; k++) {
			talk(d, 3);
			nmport_close(d[order[i][k]]);
			d[order[i][k]] = NULL;
		}
	}
	/* A pipe whose other end left keeps what it can hold, for who comes next; the region of both outlives either. */
	for (i = 0; i < 2; i++) {
		struct waker w;

		end[0] = open_at("netmap:closing", "{1");
		end[1] = open_at("netmap:closing", "}1");
		w.d = end[0];
		send_one(&w);
		CHECK(take_all(end[1]) == 1, "the frame is not there");
		w.d = end[!i];
		nmport_close(end[i]);
		send_one(&w);
		end[i] = open_at("netmap:closing", i ? "}1" : "{1");
		CHECK(take_all(end[i]) == 1, "end %u, opened again: the frame that waits for it is not there", i);
		nmport_close(end[!i]);
		nmport_close(end[i]);
	}
}

int
main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "in"))
		wake_in(argv[2], (uint32_t)atoi(argv[3]));
	else if (argc == 4 && !strcmp(argv[1], "out"))
		wake_out(argv[2], (uint32_t)atoi(argv[3]));
	else if (argc == 3 && !strcmp(argv[1], "close"))
		wake_close(argv[2]);
	else
		die("usage: wake in PREFIX N | out PIPE N | close PREFIX");
	return 0;
}
