/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_shim_real.c - the next library's calls, looked up once each.
 *
 * mmap and munmap go to the kernel directly: allocators call them before the dynamic linker can be asked.
 */
#undef _FORTIFY_SOURCE
#include "nm_shim_real.h"

#include "nm_shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *
resolve(void **slot, const char *name)
{
	void *f = __atomic_load_n(slot, __ATOMIC_RELAXED);

	if (__builtin_expect(f == NULL, 0)) {
		f = dlsym(RTLD_NEXT, name);
		__atomic_store_n(slot, f, __ATOMIC_RELAXED);
	}
	return f;
}

/* next_: the next definition of `name`, a function of `type`; NULL when there is none. */
#define NEXT(type, name) \
	static void *slot_; \
	__typeof__(type) *next_ = resolve(&slot_, name)

int
nm_real_openat(int dir, const char *path, int flags, mode_t mode)
{
	NEXT(int (int, const char *, int, ...), "openat");

	return next_ ? next_(dir, path, flags, mode) : (int)syscall(SYS_openat, dir, path, flags, mode);
}

FILE *
nm_real_fopen(const char *path, const char *mode)
{
	NEXT(FILE *(const char *, const char *), "fopen64");

	if (next_)
		return next_(path, mode);
	errno = ENOSYS;
	return NULL;
}

FILE *
nm_real_freopen(const char *path, const char *mode, FILE *f)
{
	NEXT(FILE *(const char *, const char *, FILE *), "freopen64");

	if (next_)
		return next_(path, mode, f);
	errno = ENOSYS;
	return NULL;
}

int
nm_real_ioctl(int fd, unsigned long req, void *arg)
{
	NEXT(int (int, unsigned long, ...), "ioctl");

	return next_ ? next_(fd, req, arg) : (int)syscall(SYS_ioctl, fd, req, arg);
}

/* Not instrumented, as the calls that lead here. */
__attribute__((no_sanitize("thread"))) void *
nm_real_mmap(void *addr, size_t len, int prot, int flags, int fd, int64_t off)
{
#ifdef SYS_mmap2
	if (off & 4095) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	return (void *)syscall(SYS_mmap2, addr, len, prot, flags, fd, (long)(off >> 12));
#else
	return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, off);
#endif
}

__attribute__((no_sanitize("thread"))) int
nm_real_munmap(void *addr, size_t len)
{
	return (int)syscall(SYS_munmap, addr, len);
}

int
nm_real_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	NEXT(int (struct pollfd *, nfds_t, int), "poll");

	if (next_)
		return next_(fds, n, timeout);
	struct timespec ts = {timeout / 1000, timeout % 1000 * 1000000L};
	return nm_real_ppoll(fds, n, timeout < 0 ? NULL : &ts, NULL);
}

int
nm_real_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts, const sigset_t *mask)
{
	NEXT(int (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *), "ppoll");

	if (next_)
		return next_(fds, n, ts, mask);
	struct timespec copy = ts ? *ts : (struct timespec){0, 0};
	return (int)syscall(SYS_ppoll, fds, n, ts ? &copy : NULL, mask, 8);
}

int
nm_real_select(int n, fd_set *r, fd_set *w, fd_set *x, struct timeval *tv)
{
	NEXT(int (int, fd_set *, fd_set *, fd_set *, struct timeval *), "select");

	if (next_)
		return next_(n, r, w, x, tv);
	errno = ENOSYS;
	return -1;
}

int
nm_real_pselect(int n, fd_set *r, fd_set *w, fd_set *x, const struct timespec *ts, const sigset_t *mask)
{
	NEXT(int (int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *), "pselect");

	if (next_)
		return next_(n, r, w, x, ts, mask);
	errno = ENOSYS;
	return -1;
}

int
nm_real_epoll_pwait(int ep, struct epoll_event *ev, int n, int timeout, const sigset_t *mask)
{
	NEXT(int (int, struct epoll_event *, int, int, const sigset_t *), "epoll_pwait");

	return next_ ? next_(ep, ev, n, timeout, mask) : (int)syscall(SYS_epoll_pwait, ep, ev, n, timeout, mask, 8);
}

int
nm_real_epoll_pwait2(int ep, struct epoll_event *ev, int n, const struct timespec *ts, const sigset_t *mask)
{
	NEXT(int (int, struct epoll_event *, int, const struct timespec *, const sigset_t *), "epoll_pwait2");

	if (next_)
		return next_(ep, ev, n, ts, mask);
	errno = ENOSYS;
	return -1;
}

int
nm_real_epoll_ctl(int ep, int op, int fd, struct epoll_event *ev)
{
	NEXT(int (int, int, int, struct epoll_event *), "epoll_ctl");

	return next_ ? next_(ep, op, fd, ev) : (int)syscall(SYS_epoll_ctl, ep, op, fd, ev);
}

int
nm_real_close(int fd)
{
	NEXT(int (int), "close");

	nm_shim_hidden_forget(fd);
	return next_ ? next_(fd) : (int)syscall(SYS_close, fd);
}

int
nm_real_dup(int fd)
{
	NEXT(int (int), "dup");

	return next_ ? next_(fd) : (int)syscall(SYS_dup, fd);
}

int
nm_real_dup3(int fd, int to, int flags)
{
	NEXT(int (int, int, int), "dup3");

	return next_ ? next_(fd, to, flags) : (int)syscall(SYS_dup3, fd, to, flags);
}

int
nm_real_fcntl(int fd, int cmd, void *arg)
{
	NEXT(int (int, int, ...), "fcntl");

	return next_ ? next_(fd, cmd, arg) : (int)syscall(SYS_fcntl, fd, cmd, arg);
}
