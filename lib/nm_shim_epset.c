/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_epset.c - epoll_ctl: the sets that watch descriptors of the engine. */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "nm_shim_epset.h"
#include "nm_shim_real.h"

struct nm_shim_epset *nm_shim_eptab[NM_SHIM_FDS];
static struct nm_shim_epset *all;
static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;

void
nm_shim_epset_drop(int fd)
{
	struct nm_shim_epset *e = nm_shim_epset_find(fd);

	if (e == NULL || !nm_shim_owner())
		return;
	pthread_mutex_lock(&all_lock);
	pthread_mutex_lock(&e->lock);
	__atomic_store_n(&nm_shim_eptab[fd], NULL, __ATOMIC_RELEASE);
	e->n = 0;
	e->fd = -1;
	pthread_mutex_unlock(&e->lock);
	pthread_mutex_unlock(&all_lock);
}

static struct nm_shim_epset *
ep_get(int fd)
{
	struct nm_shim_epset *e;

	if ((unsigned)fd >= NM_SHIM_FDS)
		return NULL;
	pthread_mutex_lock(&all_lock);
	e = nm_shim_eptab[fd];
	if (e == NULL) {
		for (e = all; e != NULL && e->fd >= 0; e = e->next)
			;
		if (e == NULL && (e = calloc(1, sizeof(*e))) != NULL) {
			pthread_mutex_init(&e->lock, NULL);
			e->next = all;
			all = e;
		}
		if (e != NULL) {
			e->fd = fd;
			__atomic_store_n(&nm_shim_eptab[fd], e, __ATOMIC_RELEASE);
		}
	}
	pthread_mutex_unlock(&all_lock);
	return e;
}

/* Under e->lock. */
static struct nm_shim_watch *
watch_find(struct nm_shim_epset *e, int fd)
{
	uint32_t i;

	for (i = 0; i < e->n; i++)
		if (e->w[i].fd == fd)
			return &e->w[i];
	return NULL;
}

void
nm_shim_epset_forget(int fd)
{
	struct nm_shim_watch *w;
	struct nm_shim_epset *e;

	if (__atomic_load_n(&all, __ATOMIC_RELAXED) == NULL)
		return;
	pthread_mutex_lock(&all_lock);
	for (e = all; e != NULL; e = e->next) {
		pthread_mutex_lock(&e->lock);
		w = watch_find(e, fd);
		if (w != NULL)
			*w = e->w[--e->n];
		pthread_mutex_unlock(&e->lock);
	}
	pthread_mutex_unlock(&all_lock);
}

void
nm_shim_epset_fork(void)
{
	struct nm_shim_epset *e;

	pthread_mutex_init(&all_lock, NULL);
	for (e = all; e != NULL; e = e->next)
		pthread_mutex_init(&e->lock, NULL);
}

/* What the kernel's set is given: the byte that wakes is input whatever is waited for. */
static struct epoll_event
real_event(const struct epoll_event *ev)
{
	struct epoll_event r = *ev;

	r.events &= ~(uint32_t)NM_SHIM_EPFLAGS;
	if (r.events & EPOLLOUT)
		r.events |= EPOLLIN;
	return r;
}

static int
watch_set(struct nm_shim_epset *e, int fd, const struct epoll_event *ev)
{
	struct nm_shim_watch *w = watch_find(e, fd);

	if (w == NULL) {
		if (e->n == e->room) {
			struct nm_shim_watch *more = realloc(e->w, (e->room + 8) * sizeof(*more));

			if (more == NULL)
				return -ENOMEM;
			e->w = more;
			e->room += 8;
		}
		w = &e->w[e->n++];
	}
	*w = (struct nm_shim_watch){.fd = fd, .events = ev->events, .data = ev->data.u64, .seen = UINT64_MAX};
	return 0;
}

/*
 * A thread may wait in this set already, in the kernel, where nobody syncs: the engine is told to write its byte, and
 * when there is something already, the one event that we can cause ourselves ends the wait: room in the socket.
 */
static void
wake_waiters(struct nm_shim_epset *e, struct nm_shim_watch *w)
{
	struct nm_shim_obj *o = w->events & EPOLLIN ? nm_shim_use(w->fd) : NULL;
	struct epoll_event real;
	bool ready = false;

	if (o == NULL)
		return;
	if (NM_LOAD_ACQUIRE(&o->bound)) {
		nm_shim_arm(o, NM_SLEEP_RX);
		ready = nm_shim_poll_pass(o, w->fd, POLLIN) != 0;
	}
	nm_shim_unuse(o);
	if (!ready)
		return;
	real = real_event(&(struct epoll_event){.events = w->events | EPOLLOUT, .data.u64 = w->data});
	if (nm_real_epoll_ctl(e->fd, EPOLL_CTL_MOD, w->fd, &real) == 0) {
		w->poked = true;
		NM_WRITE_ONCE(e->poked, 1);
	}
}

void
nm_shim_epset_settle(struct nm_shim_epset *e)
{
	struct epoll_event real;
	uint32_t i;

	pthread_mutex_lock(&e->lock);
	for (i = 0; i < e->n; i++) {
		if (!e->w[i].poked)
			continue;
		real = real_event(&(struct epoll_event){.events = e->w[i].events, .data.u64 = e->w[i].data});
		nm_real_epoll_ctl(e->fd, EPOLL_CTL_MOD, e->w[i].fd, &real);
		e->w[i].poked = false;
	}
	NM_WRITE_ONCE(e->poked, 0);
	pthread_mutex_unlock(&e->lock);
}

static int
shim_ctl(int ep, int op, int fd, struct epoll_event *ev)
{
	struct nm_shim_epset *e = ep_get(ep);
	struct epoll_event real = {0};
	struct nm_shim_watch *w;
	int r;

	if (e == NULL || (op != EPOLL_CTL_DEL && ev == NULL))
		return nm_real_epoll_ctl(ep, op, fd, ev);
	if (ev != NULL)
		real = real_event(ev);
	r = nm_real_epoll_ctl(ep, op, fd, &real);
	if (r < 0)
		return r;
	pthread_mutex_lock(&e->lock);
	if (op == EPOLL_CTL_DEL) {
		w = watch_find(e, fd);
		if (w != NULL)
			*w = e->w[--e->n];
	} else {
		r = watch_set(e, fd, ev);
		if (r == 0)
			wake_waiters(e, watch_find(e, fd));
	}
	pthread_mutex_unlock(&e->lock);
	if (r == 0)
		return 0;
	nm_real_epoll_ctl(ep, EPOLL_CTL_DEL, fd, &real);
	errno = -r;
	return -1;
}

NM_SHIM_API int
epoll_ctl(int ep, int op, int fd, struct epoll_event *ev)
{
	if (__builtin_expect(nm_shim_find(fd) != NULL, 0) && nm_shim_find_checked(fd) != NULL)
		return shim_ctl(ep, op, fd, ev);
	return nm_real_epoll_ctl(ep, op, fd, ev);
}
