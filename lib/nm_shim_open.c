/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_open.c - open of /dev/netmap: the kernel's when it is there, else the engine's; NETMAP_ENGINE decides. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "nm_shim.h"
#include "nm_shim_real.h"

void
nm_shim_say(const char *text, const char *more)
{
	static int said;

	if (!__atomic_exchange_n(&said, 1, __ATOMIC_RELAXED))
		fprintf(stderr, "netmap: %s%s\n", text, more);
}

/* NETMAP_VERBOSE: each descriptor is told of. */
static int
opened(int fd, bool kernel)
{
	struct sockaddr_un a = {0};
	socklen_t len = sizeof(a) - 1;
	struct nm_shim_obj *o;

	if (fd < 0 || __builtin_expect(getenv("NETMAP_VERBOSE") == NULL, 1))
		return fd;
	o = kernel ? NULL : nm_shim_use(fd);
	if (o != NULL) {
		getpeername(o->sock, (struct sockaddr *)&a, &len);
		nm_shim_unuse(o);
	}
	fprintf(stderr, "netmap: process %ld, descriptor %d: %s%s\n", (long)getpid(), fd,
	    kernel ? "the kernel's " NM_SHIM_DEVICE : "an engine's, on ", a.sun_path);
	return fd;
}

/* What somebody made by writing to the device while it was not there is none: fd, or -1 and ENODEV. */
static int
want_device(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || S_ISCHR(st.st_mode))
		return fd;
	nm_real_close(fd);
	nm_shim_say(NM_SHIM_DEVICE " is a file and no device; remove it", "");
	errno = ENODEV;
	return -1;
}

/* As open(2) of a character device that is there: -errno, or 0. */
static int
check_flags(int flags)
{
	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	return flags & O_DIRECTORY ? -ENOTDIR : 0;
}

/*
 * The kernel's by the system call itself: another copy of this library may come after, if the program was linked with one and has
 * the other put before it, and it shall not serve what we are asked.
 */
static int
open_device(int flags)
{
	const char *choice = getenv("NETMAP_ENGINE");
	enum nm_shim_home home = nm_shim_home(choice);
	enum nm_shim_next next = NM_SHIM_NEXT_ENGINE;
	int keep = errno, denied = 0, fd;

	if (home == NM_SHIM_HOME_BAD) {
		nm_shim_say("NETMAP_ENGINE must be 'kernel', 'user' or not set; it is ", choice);
		errno = EINVAL;
		return -1;
	}
	fd = check_flags(flags);
	if (fd < 0) {
		errno = -fd;
		return -1;
	}
	if (home != NM_SHIM_HOME_USER) {
		/* without what makes or empties a file */
		fd = want_device((int)syscall(SYS_openat, AT_FDCWD, NM_SHIM_DEVICE, flags & ~(O_CREAT | O_TRUNC), 0));
		if (fd >= 0)
			return opened(fd, true);
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
		nm_shim_say("no permission for " NM_SHIM_DEVICE ", using the userspace engine", "");
	errno = keep;
	return opened(fd, false);
}

static int
shim_openat(int dir, const char *path, int flags, mode_t mode)
{
	int fd;

	if (nm_shim_is_device(path))
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
creat(const char *path, mode_t mode)
{
	return shim_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

NM_SHIM_API int
creat64(const char *path, mode_t mode)
{
	return shim_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC | O_LARGEFILE, mode);
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
