/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_shim_epoll.c - epoll sets with descriptors of the engine in them.
 *
 * The kernel's set holds the ready socket level-triggered; what the application sees of it is decided here, by a
 * sync pass. Events of the kernel that carry a watched descriptor's data are the engine's bytes: they end the
 * sleep and are not passed on. EPOLLOUT without room: our end of the socket is filled until the engine drains it.
 */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <sys/socket.h>

#include "nm_shim_epset.h"
#include "nm_shim_real.h"

#define BOTH (NM_SLEEP_RX | NM_SLEEP_TX)

static uint64_t
tails(const struct nm_shim_obj *o)
{
	uint64_t sum = 0;
	uint32_t i;
	int dir;

	for (dir = 0; dir < 2; dir++)
		for (i = 0; i < o->nrings[dir]; i++)
			sum = sum * 1000003u + o->rings[dir][i].tail;
	return sum;
}

/* What a watch has to say, after the pass. Under the set's lock. */
static uint32_t
watch_ready(struct nm_shim_epset *e, struct nm_shim_watch *w, struct nm_shim_obj *o)
{
	uint32_t got;
	uint64_t sum;

	if ((w->events & ~(uint32_t)NM_SHIM_EPFLAGS) == 0)
		return 0;
	got = (uint32_t)(uint16_t)nm_shim_poll_pass(o, w->fd, (short)(w->events & 0x7ff));
	if (got != 0 && (w->events & EPOLLET) && !(got & EPOLLERR)) {
		sum = tails(o);
		if (sum == w->seen)
			return 0;
		w->seen = sum;
	}
	if (got != 0 && (w->events & EPOLLONESHOT)) {
		struct epoll_event off = {.data.u64 = w->data};

		w->events &= NM_SHIM_EPFLAGS;
		nm_real_epoll_ctl(e->fd, EPOLL_CTL_MOD, w->fd, &off);
	}
	return got;
}

static int
collect(struct nm_shim_epset *e, struct epoll_event *ev, int max)
{
	int k = 0;
	uint32_t i, at;

	pthread_mutex_lock(&e->lock);
	for (i = 0; i < e->n && k < max; i++) {
		struct nm_shim_obj *o;
		uint32_t got;

		at = (e->turn + i) % e->n;
		o = nm_shim_use(e->w[at].fd);
		if (o == NULL)
			continue;
		got = watch_ready(e, &e->w[at], o);
		nm_shim_unuse(o);
		if (got != 0) {
			ev[k].events = got;
			ev[k++].data.u64 = e->w[at].data;
		}
	}
	e->turn++;
	pthread_mutex_unlock(&e->lock);
	return k;
}

/* The engine's own among n events of the kernel are taken out, its bytes drained; a hang-up is kept. */
static int
filter(struct nm_shim_epset *e, struct epoll_event *ev, int n)
{
	int i, k = 0;
	uint32_t j;

	pthread_mutex_lock(&e->lock);
	for (i = 0; i < n; i++) {
		bool ours = false;

		for (j = 0; j < e->n; j++) {
			struct pollfd p = {.fd = e->w[j].fd, .events = POLLIN | POLLOUT};
			struct nm_shim_obj *o = e->w[j].data == ev[i].data.u64 ? nm_shim_use(p.fd) : NULL;

			if (o == NULL)
				continue;
			if (nm_real_poll(&p, 1, 0) > 0) {
				ours |= !(p.revents & (POLLHUP | POLLERR));
				if ((p.revents & POLLIN) && o->bound)
					nm_shim_drain(o, p.fd, true);
			}
			nm_shim_unuse(o);
		}
		if (!ours)
			ev[k++] = ev[i];
	}
	pthread_mutex_unlock(&e->lock);
	return k;
}

/* Makes our end unwritable: the smallest buffer and a message that fills it. */
static void
fill(int fd)
{
	static const char zero[2048];
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int one = 1, i;

	for (i = 0; i < 8 && nm_real_poll(&p, 1, 0) > 0 && (p.revents & (POLLOUT | POLLHUP)) == POLLOUT; i++) {
		if (i == 0)
			setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &one, sizeof(one));
		if (send(fd, zero, sizeof(zero), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			break;
	}
}

static void
arm_watch(const struct nm_shim_watch *w, struct nm_shim_obj *o, bool on, uint32_t which)
{
	uint32_t what = (w->events & EPOLLIN ? NM_SLEEP_RX : 0) | (w->events & EPOLLOUT ? NM_SLEEP_TX : 0);

	what &= which;
	if (!o->bound || what == 0)
		return;
	if (!on) {
		nm_shim_disarm(o, what);
		return;
	}
	if (NM_READ_ONCE(o->sync->kicked))
		nm_shim_drain(o, w->fd, true);
	if (what & NM_SLEEP_TX)
		fill(w->fd);
	nm_shim_arm(o, what);
}

/* What watches have to say now on; others than `which` are left alone. */
static void
arm(struct nm_shim_epset *e, bool on, uint32_t which)
{
	uint32_t i;

	pthread_mutex_lock(&e->lock);
	for (i = 0; i < e->n; i++) {
		struct nm_shim_obj *o = nm_shim_use(e->w[i].fd);

		if (o == NULL)
			continue;
		arm_watch(&e->w[i], o, on, which);
		nm_shim_unuse(o);
	}
	pthread_mutex_unlock(&e->lock);
}

static int
ask(struct nm_shim_epset *e, int fd, struct epoll_event *ev, int max, int timeout, const sigset_t *mask)
{
	int n = max > 0 ? nm_real_epoll_pwait(fd, ev, max, timeout, mask) : 0;

	return n > 0 ? filter(e, ev, n) : n;
}

/* Both halves without waiting; every other time the kernel's first, so that none starves the other. */
static int
look(struct nm_shim_epset *e, int fd, struct epoll_event *ev, int max, const sigset_t *mask)
{
	int n = 0, k;

	if (e->turn & 1) {
		n = ask(e, fd, ev, max, 0, mask);
		return n < 0 ? n : n + collect(e, ev + n, max - n);
	}
	k = collect(e, ev, max);
	n = ask(e, fd, ev + k, max - k, 0, mask);
	return n < 0 ? (k > 0 ? k : n) : k + n;
}

/* Who does not wait here may wait for the set itself, by poll or in another set: it has to become readable then. */
static int
stay_armed(struct nm_shim_epset *e, struct epoll_event *ev, int max, int n)
{
	if (n < 0)
		return n;
	arm(e, true, n > 0 ? NM_SLEEP_RX : BOTH);
	return n > 0 ? n : collect(e, ev, max);
}

struct waiting {
	struct nm_shim_epset *e;
	struct epoll_event *ev;
	int max, n;
};

static bool
collected(void *arg)
{
	struct waiting *w = arg;

	w->n = collect(w->e, w->ev, w->max);
	return w->n > 0;
}

/* The object whose worker the short wait goes by: the first one watched, to be given back by unuse. NULL: none. */
static struct nm_shim_obj *
first_watched(struct nm_shim_epset *e)
{
	struct nm_shim_obj *o = NULL;
	uint32_t i;

	pthread_mutex_lock(&e->lock);
	for (i = 0; i < e->n && o == NULL; i++)
		o = nm_shim_use(e->w[i].fd);
	pthread_mutex_unlock(&e->lock);
	return o;
}

/* Milliseconds until then, rounded up; -1: no end. */
static int
ms_left(int64_t timeout, uint64_t end)
{
	uint64_t now, left;

	if (timeout <= 0)
		return (int)timeout;
	now = nm_shim_now();
	left = now < end ? (end - now + 999999) / 1000000 : 0;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

static int
sleep_loop(struct nm_shim_epset *e, int fd, struct waiting *w, int64_t timeout, const sigset_t *mask)
{
	uint64_t end = timeout > 0 ? nm_shim_now() + (uint64_t)timeout : 0;
	int n;

	for (;;) {
		arm(e, true, BOTH);
		n = collect(e, w->ev, w->max);
		if (n != 0)
			break;
		n = ask(e, fd, w->ev, w->max, ms_left(timeout, end), mask);
		if (n < 0)
			break;
		if (NM_READ_ONCE(e->poked))
			nm_shim_epset_settle(e);
		n += collect(e, w->ev + n, w->max - n);
		if (n != 0 || (timeout > 0 && nm_shim_now() >= end))
			break;
	}
	return n;
}

static int
shim_wait(struct nm_shim_epset *e, int fd, struct epoll_event *ev, int max, int64_t timeout, const sigset_t *mask)
{
	struct waiting w = {e, ev, max, 0};
	struct nm_shim_obj *o;
	uint64_t start;
	int n, err;

	if (NM_READ_ONCE(e->poked))
		nm_shim_epset_settle(e);
	n = look(e, fd, ev, max, mask);
	if (timeout == 0)
		return stay_armed(e, ev, max, n);
	if (n != 0)
		return n;
	o = first_watched(e);
	/* what others than the engine have to say waits for the next call then */
	if (o != NULL && nm_shim_linger(o, collected, &w)) {
		nm_shim_unuse(o);
		return w.n;
	}
	start = nm_shim_now();
	n = sleep_loop(e, fd, &w, timeout, mask);
	err = errno;
	arm(e, false, BOTH);
	if (o != NULL) {
		nm_shim_slept(o, nm_shim_now() - start);
		nm_shim_unuse(o);
	}
	errno = err;
	return n;
}

NM_SHIM_API int
epoll_pwait(int ep, struct epoll_event *ev, int max, int timeout, const sigset_t *mask)
{
	struct nm_shim_epset *e = nm_shim_epset_find(ep);

	if (__builtin_expect(e == NULL || max <= 0, 1))
		return nm_real_epoll_pwait(ep, ev, max, timeout, mask);
	return shim_wait(e, ep, ev, max, timeout < 0 ? -1 : timeout * (int64_t)1000000, mask);
}

NM_SHIM_API int
epoll_wait(int ep, struct epoll_event *ev, int max, int timeout)
{
	return epoll_pwait(ep, ev, max, timeout, NULL);
}

int epoll_pwait2(int ep, struct epoll_event *ev, int max, const struct timespec *ts, const sigset_t *mask);

NM_SHIM_API int
epoll_pwait2(int ep, struct epoll_event *ev, int max, const struct timespec *ts, const sigset_t *mask)
{
	struct nm_shim_epset *e = nm_shim_epset_find(ep);
	int64_t ns;

	if (__builtin_expect(e == NULL || max <= 0, 1))
		return nm_real_epoll_pwait2(ep, ev, max, ts, mask);
	ns = nm_shim_ns(ts);
	if (ns == NM_SHIM_NS_BAD) {
		errno = EINVAL;
		return -1;
	}
	return shim_wait(e, ep, ev, max, ns, mask);
}
