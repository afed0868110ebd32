/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_shim_wait.c - poll on descriptors of the engine, alone or among others: a sync pass, a short wait, then sleep
 * with the engine told what for. A wake-up arrives as a byte in the ready socket, whatever was waited for.
 */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "nm_shim.h"
#include "nm_shim_real.h"

#ifndef __clang__ /* glibc declares the array of poll as written only */
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define LINGER_MIN_NS 5000
#define SHARED_NS 1000000u /* between two looks of those who do not wait for the byte */
#define LINGER_MAX_NS 60000
#define LINGER_LOOKS 4
#define LINGER_RELAX 16
#define ON_STACK 64

#define WANT_IN (POLLIN | POLLRDNORM)
#define WANT_OUT (POLLOUT | POLLWRNORM)

static short
tx_pass(struct nm_shim_obj *o, short events)
{
	short got = 0;

	if (nm_shim_busy_try(o, NM_SHIM_TX)) {
		if (o->bound && nm_shim_tx_publish(o) && NM_READ_ONCE(o->sync->cpu_worker) == NM_READ_ONCE(o->sync->cpu)) {
			nm_shim_leave_cpu(o);
			sched_yield();
		}
		if (o->bound) {
			nm_shim_tx_collect(o);
			if ((events & WANT_OUT) && nm_shim_room(o, NM_SHIM_TX))
				got = events & WANT_OUT;
		}
		nm_shim_busy_put(o, NM_SHIM_TX);
	}
	return got;
}

static short
rx_pass(struct nm_shim_obj *o, short events)
{
	bool changed = false;
	short got = 0;

	if (nm_shim_busy_try(o, NM_SHIM_RX)) {
		if (o->bound) {
			nm_shim_rx_pass(o, &changed);
			if (nm_shim_room(o, NM_SHIM_RX))
				got = events & WANT_IN;
		}
		nm_shim_busy_put(o, NM_SHIM_RX);
	}
	return got;
}

short
nm_shim_poll_pass(struct nm_shim_obj *o, int fd, short events)
{
	short got = 0;

	if (!NM_LOAD_ACQUIRE(&o->bound) || NM_READ_ONCE(o->sync->dead) || NM_READ_ONCE(o->csb))
		return POLLERR;
	if (nm_shim_is_monitor(o))
		got |= events & WANT_OUT ? POLLERR : 0; /* its transmit ring only stands for one */
	else if (o->nrings[NM_SHIM_TX] > 0 && ((events & WANT_OUT) || !(o->flags & NR_NO_TX_POLL)))
		got |= tx_pass(o, events);
	if (o->nrings[NM_SHIM_RX] > 0 && ((events & WANT_IN) || (o->flags & NR_DO_RX_POLL)))
		got |= rx_pass(o, events);
	if (__builtin_expect(NM_READ_ONCE(o->bad), 0) && __atomic_exchange_n(&o->bad, 0, __ATOMIC_RELAXED))
		got |= POLLERR;
	if (got == 0 && nm_shim_gone_maybe(o, fd))
		got = POLLERR;
	return got;
}

bool
nm_shim_linger(struct nm_shim_obj *o, bool (*ready)(void *), void *arg)
{
	uint64_t end;
	int i, k;

	if (!o->bound)
		return false;
	nm_shim_leave_cpu(o);
	end = nm_shim_now() + LINGER_MIN_NS + NM_READ_ONCE(o->linger_ns);
	do {
		sched_yield(); /* the worker or the other end may be behind us on this CPU */
		for (i = 0; i < LINGER_LOOKS; i++) {
			if (ready(arg))
				return true;
			for (k = 0; k < LINGER_RELAX; k++) /* leaves the core to its other thread */
				nm_shim_relax();
		}
	} while (nm_shim_now() < end);
	return false;
}

/* A wait that ended soon after would have been cheaper awake: the next one lingers longer, else shorter. */
void
nm_shim_slept(struct nm_shim_obj *o, uint64_t ns)
{
	uint32_t l = NM_READ_ONCE(o->linger_ns);

	l = ns < LINGER_MAX_NS ? 2 * l + LINGER_MIN_NS : l / 2;
	NM_WRITE_ONCE(o->linger_ns, l < LINGER_MAX_NS ? l : LINGER_MAX_NS);
}

struct set {
	struct pollfd *fds, *real; /* real: what the kernel is asked */
	struct nm_shim_obj **obj;  /* of each, kept until the end; NULL: not the engine's */
	nfds_t n;
	nfds_t others;
	bool shared;               /* another thread waits for the byte of one of them */
	struct nm_shim_obj *first; /* whose worker the short wait goes by */
};

/* The pass over the engine's descriptors: how many have something. */
static int
pass(struct set *s)
{
	nfds_t i;
	int ready = 0;

	for (i = 0; i < s->n; i++) {
		struct nm_shim_obj *o = s->obj[i];

		if (o == NULL)
			continue;
		s->fds[i].revents = nm_shim_poll_pass(o, s->fds[i].fd, s->fds[i].events);
		ready += s->fds[i].revents != 0;
	}
	return ready;
}

static int
count(const struct set *s)
{
	nfds_t i;
	int n = 0;

	for (i = 0; i < s->n; i++)
		n += s->fds[i].revents != 0;
	return n;
}

static bool
pass_ready(void *arg)
{
	return pass(arg) > 0;
}

/* Asks the kernel; the others' revents are stored, the engine's bytes taken and hang-ups seen. -1 or count. */
static int
ask(struct set *s, const struct timespec *ts, const sigset_t *mask)
{
	nfds_t i;
	int n, ready = 0;

	n = nm_real_ppoll(s->real, s->n, ts, mask);
	if (n < 0)
		return -1;
	for (i = 0; i < s->n; i++) {
		struct nm_shim_obj *o = s->obj[i];
		short got = s->real[i].revents;

		if (o == NULL)
			s->fds[i].revents = got;
		else {
			if (got & (POLLHUP | POLLERR | POLLNVAL))
				s->fds[i].revents |= got & POLLNVAL ? POLLNVAL : POLLERR;
			else if ((got & POLLIN) && o->bound)
				nm_shim_drain(o, s->fds[i].fd, true);
		}
		ready += s->fds[i].revents != 0;
	}
	return ready;
}

static void
leave(struct set *s)
{
	nfds_t i;

	for (i = 0; i < s->n; i++)
		if (s->obj[i] != NULL)
			nm_shim_unuse(s->obj[i]);
}

static void
prepare(struct set *s)
{
	nfds_t i;

	s->others = 0;
	s->first = NULL;
	for (i = 0; i < s->n; i++) {
		struct nm_shim_obj *o = nm_shim_use(s->fds[i].fd);

		s->obj[i] = o;
		s->real[i] = s->fds[i];
		s->real[i].revents = s->fds[i].revents = 0;
		if (o != NULL) {
			s->real[i].events = 0; /* until it is ours to wait for */
			if (s->first == NULL)
				s->first = o;
		} else if (s->fds[i].fd >= 0)
			s->others++;
	}
}

/*
 * One thread at a time waits for the byte of a descriptor: two would take it from each other. The others look again by
 * the clock.
 */
static void
arm(struct set *s, bool on)
{
	nfds_t i;

	s->shared = false;
	for (i = 0; i < s->n; i++) {
		struct nm_shim_obj *o = s->obj[i];
		uint32_t what = (s->fds[i].events & WANT_IN ? NM_SLEEP_RX : 0) | (s->fds[i].events & WANT_OUT ? NM_SLEEP_TX : 0);

		if (o == NULL || !o->bound)
			continue;
		if (!on) {
			if (s->real[i].events != 0) {
				nm_shim_disarm(o, what);
				__atomic_store_n(&o->waiter, 0, __ATOMIC_RELEASE);
			}
			continue;
		}
		if (what != 0 && s->real[i].events == 0 && __atomic_exchange_n(&o->waiter, 1, __ATOMIC_ACQUIRE) == 0)
			s->real[i].events = POLLIN;
		if (s->real[i].events == 0) {
			s->shared |= what != 0;
			continue;
		}
		if (NM_READ_ONCE(o->sync->kicked))
			nm_shim_drain(o, s->fds[i].fd, true);
		nm_shim_arm(o, what);
	}
}

static int
sleep_loop(struct set *s, int64_t timeout, const sigset_t *mask)
{
	uint64_t end = timeout > 0 ? nm_shim_now() + (uint64_t)timeout : 0;
	struct timespec ts = {0, 0};
	int n;

	for (;;) {
		arm(s, true);
		n = pass(s);
		if (n == 0) {
			uint64_t now = timeout >= 0 ? nm_shim_now() : 0, left = now < end ? end - now : 0;

			if (s->shared && (timeout < 0 || left > SHARED_NS))
				left = SHARED_NS;
			ts.tv_sec = (time_t)(left / 1000000000u);
			ts.tv_nsec = (long)(left % 1000000000u);
			n = ask(s, timeout >= 0 || s->shared ? &ts : NULL, mask);
			if (n == 0)
				n = pass(s);
		}
		if (n != 0 || (timeout >= 0 && nm_shim_now() >= end))
			break;
	}
	return n;
}

static int
poll_set(struct set *s, int64_t timeout, const sigset_t *mask)
{
	struct timespec zero = {0, 0};
	uint64_t start;
	int n, err;

	n = pass(s);
	/* a mask lets signals in also where nothing is waited for */
	if ((s->others > 0 && (n > 0 || timeout == 0)) || (mask != NULL && n == 0 && timeout == 0)) {
		err = ask(s, &zero, mask);
		return err < 0 && n > 0 ? n : err;
	}
	if (n > 0 || timeout == 0)
		return n;
	if (s->first != NULL && nm_shim_linger(s->first, pass_ready, s)) {
		n = s->others > 0 ? ask(s, &zero, mask) : 0;
		return n > 0 ? n : count(s);
	}
	start = nm_shim_now();
	n = sleep_loop(s, timeout, mask);
	err = errno;
	if (s->first != NULL)
		nm_shim_slept(s->first, nm_shim_now() - start);
	arm(s, false);
	errno = err;
	return n;
}

int
nm_shim_poll(struct pollfd *fds, nfds_t n, int64_t timeout, const sigset_t *mask)
{
	struct nm_shim_obj *objs[ON_STACK];
	struct pollfd some[ON_STACK];
	struct set s = {.fds = fds, .real = some, .obj = objs, .n = n};
	int r, err;

	if (n > ON_STACK) {
		s.obj = calloc(n, sizeof(*s.obj) + sizeof(*s.real));
		if (s.obj == NULL) {
			errno = ENOMEM;
			return -1;
		}
		s.real = (struct pollfd *)(void *)(s.obj + n);
	}
	prepare(&s);
	r = poll_set(&s, timeout, mask);
	err = errno;
	leave(&s);
	if (s.obj != objs)
		free(s.obj);
	errno = err;
	return r;
}

static bool
any(const struct pollfd *fds, nfds_t n)
{
	nfds_t i;

	for (i = 0; i < n; i++)
		if (__builtin_expect(nm_shim_find(fds[i].fd) != NULL, 0))
			return true;
	return false;
}

NM_SHIM_API int
poll(struct pollfd *fds, nfds_t n, int timeout)
{
	if (!any(fds, n))
		return nm_real_poll(fds, n, timeout);
	return nm_shim_poll(fds, n, timeout < 0 ? -1 : timeout * (int64_t)1000000, NULL);
}

NM_SHIM_API int
ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts, const sigset_t *mask)
{
	int64_t ns;

	if (!any(fds, n))
		return nm_real_ppoll(fds, n, ts, mask);
	ns = nm_shim_ns(ts);
	if (ns == NM_SHIM_NS_BAD) {
		errno = EINVAL;
		return -1;
	}
	return nm_shim_poll(fds, n, ns, mask);
}

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *ts, const sigset_t *mask, size_t size);

NM_SHIM_API int
__poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size)
{
	if (size / sizeof(*fds) < n)
		abort();
	return poll(fds, n, timeout);
}

NM_SHIM_API int
__ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *ts, const sigset_t *mask, size_t size)
{
	if (size / sizeof(*fds) < n)
		abort();
	return ppoll(fds, n, ts, mask);
}
