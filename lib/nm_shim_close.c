/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_close.c - close, dup and fcntl, which move descriptors about. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nm_shim_epset.h"
#include "nm_shim_real.h"

/* One of ours is not open, as far as the program knows. */
NM_SHIM_API int
close(int fd)
{
	if (__builtin_expect(nm_shim_hidden(fd), 0)) {
		errno = EBADF;
		return -1;
	}
	if (__builtin_expect(nm_shim_find(fd) != NULL, 0))
		nm_shim_fd_drop(fd);
	if (__builtin_expect(nm_shim_epset_find(fd) != NULL, 0))
		nm_shim_epset_drop(fd);
	return nm_real_close(fd);
}

static void
drop_range(unsigned first, unsigned last)
{
	unsigned fd;

	for (fd = first; fd <= last && fd < NM_SHIM_FDS; fd++) {
		nm_shim_fd_drop((int)fd);
		nm_shim_epset_drop((int)fd);
	}
}

#ifdef SYS_close_range
#define CLOEXEC 4 /* CLOSE_RANGE_CLOEXEC, which older headers lack */

int close_range(unsigned first, unsigned last, int flags);
void closefrom(int low);

/* Between those of ours. */
static int
close_others(unsigned first, unsigned last, int flags)
{
	unsigned end = last < NM_SHIM_FDS ? last : NM_SHIM_FDS - 1, next;
	int r = 0;

	for (; r == 0 && first <= last; first = next + 1) {
		next = nm_shim_hidden_next(first, end);
		if (first > end || next > end)
			return (int)syscall(SYS_close_range, first, last, flags);
		if (next > first)
			r = (int)syscall(SYS_close_range, first, next - 1, flags);
	}
	return r;
}

/* Ours are closed by exec as it is. */
NM_SHIM_API int
close_range(unsigned first, unsigned last, int flags)
{
	if (first > last || (flags & CLOEXEC))
		return (int)syscall(SYS_close_range, first, last, flags);
	if (flags == 0)
		drop_range(first, last);
	return close_others(first, last, flags);
}

NM_SHIM_API void
closefrom(int low)
{
	int fd = low < 0 ? 0 : low, max;

	drop_range((unsigned)fd, ~0u);
	if (close_others((unsigned)fd, ~0u, 0) == 0)
		return;
	for (max = (int)sysconf(_SC_OPEN_MAX); fd < max; fd++)
		if (!nm_shim_hidden(fd))
			nm_real_close(fd);
}
#endif

/* A number that is ours can't be had. */
static bool
taken(int to)
{
	if (__builtin_expect(!nm_shim_hidden(to), 1))
		return false;
	errno = EBUSY;
	return true;
}

/* `to` is a copy of `fd` now: of its object, or of none. */
static int
copied(int fd, int to)
{
	struct nm_shim_obj *o = nm_shim_find(fd);
	int err;

	if (__builtin_expect(to < 0, 0))
		return to;
	if (__builtin_expect(nm_shim_epset_find(to) != NULL, 0))
		nm_shim_epset_drop(to);
	if (__builtin_expect(nm_shim_find(to) != NULL, 0))
		nm_shim_fd_drop(to);
	if (__builtin_expect(o == NULL, 1))
		return to;
	err = nm_shim_fd_set(to, o);
	if (err == 0)
		return to;
	nm_real_close(to);
	errno = -err;
	return -1;
}

NM_SHIM_API int
dup(int fd)
{
	return copied(fd, nm_real_dup(fd));
}

NM_SHIM_API int
dup2(int fd, int to)
{
	if (fd == to)
		return nm_real_fcntl(fd, F_GETFD, NULL) < 0 ? -1 : to;
	return taken(to) ? -1 : copied(fd, nm_real_dup3(fd, to, 0));
}

NM_SHIM_API int
dup3(int fd, int to, int flags)
{
	return taken(to) ? -1 : copied(fd, nm_real_dup3(fd, to, flags));
}

static int
shim_fcntl(int fd, int cmd, void *arg)
{
	int r = nm_real_fcntl(fd, cmd, arg);

	return cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC ? copied(fd, r) : r;
}

NM_SHIM_API int
fcntl(int fd, int cmd, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	return shim_fcntl(fd, cmd, arg);
}

NM_SHIM_API int
fcntl64(int fd, int cmd, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	return shim_fcntl(fd, cmd, arg);
}
