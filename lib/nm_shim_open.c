/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_open.c - open of /dev/netmap: the kernel's when it is there, else the engine's; NETMAP_ENGINE decides. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nm_shim.h"
#include "nm_shim_real.h"

#define DEVICE "/dev/netmap"

static bool
is_device(const char *path)
{
	return path != NULL && path[0] == '/' && __builtin_expect(strcmp(path, DEVICE) == 0, 0);
}

static void
say(const char *text, const char *more)
{
	static int said;

	if (!__atomic_exchange_n(&said, 1, __ATOMIC_RELAXED))
		fprintf(stderr, "netmap: %s%s\n", text, more);
}

static int
open_device(int flags)
{
	const char *choice = getenv("NETMAP_ENGINE");
	enum nm_shim_home home = nm_shim_home(choice);
	enum nm_shim_next next = NM_SHIM_NEXT_ENGINE;
	int keep = errno, denied = 0, fd;

	if (home == NM_SHIM_HOME_BAD) {
		say("NETMAP_ENGINE must be 'kernel', 'user' or not set; it is ", choice);
		errno = EINVAL;
		return -1;
	}
	if (home != NM_SHIM_HOME_USER) {
		fd = nm_real_openat(AT_FDCWD, DEVICE, flags, 0);
		if (fd >= 0)
			return fd;
		next = nm_shim_home_next(home, errno);
		if (next == NM_SHIM_NEXT_FAIL)
			return -1;
		denied = errno;
	}
	fd = nm_shim_connect(flags);
	if (fd < 0) {
		errno = next == NM_SHIM_NEXT_ENGINE_DENIED ? denied : -fd;
		return -1;
	}
	if (next == NM_SHIM_NEXT_ENGINE_DENIED)
		say("no permission for " DEVICE ", using the userspace engine", "");
	errno = keep;
	return fd;
}

static int
shim_openat(int dir, const char *path, int flags, mode_t mode)
{
	int fd;

	if (is_device(path))
		return open_device(flags);
	fd = nm_real_openat(dir, path, flags, mode);
	/* closed behind our back and given out again */
	if (__builtin_expect(nm_shim_find(fd) != NULL, 0))
		nm_shim_fd_drop(fd);
	return fd;
}

static mode_t
mode_of(int flags, va_list ap)
{
	if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE)
		return va_arg(ap, mode_t);
	return 0;
}

NM_SHIM_API int
open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return shim_openat(AT_FDCWD, path, flags, mode);
}

NM_SHIM_API int
open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return shim_openat(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

NM_SHIM_API int
openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return shim_openat(dir, path, flags, mode);
}

NM_SHIM_API int
openat64(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return shim_openat(dir, path, flags | O_LARGEFILE, mode);
}

/* What a fortified program calls when it gives no mode. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);

static void
want_no_mode(int flags)
{
	if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE)
		abort();
}

NM_SHIM_API int
__open_2(const char *path, int flags)
{
	want_no_mode(flags);
	return shim_openat(AT_FDCWD, path, flags, 0);
}

NM_SHIM_API int
__open64_2(const char *path, int flags)
{
	want_no_mode(flags);
	return shim_openat(AT_FDCWD, path, flags | O_LARGEFILE, 0);
}

NM_SHIM_API int
__openat_2(int dir, const char *path, int flags)
{
	want_no_mode(flags);
	return shim_openat(dir, path, flags, 0);
}

NM_SHIM_API int
__openat64_2(int dir, const char *path, int flags)
{
	want_no_mode(flags);
	return shim_openat(dir, path, flags | O_LARGEFILE, 0);
}
