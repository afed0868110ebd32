/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_ioctl.c - ioctl on a descriptor of the engine; close, dup and fcntl, which move descriptors about. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nm_shim_epset.h"
#include "nm_shim_real.h"

static int
slow_ioctl(struct nm_shim_obj *o, uint32_t req, void *arg)
{
	if (_IOC_SIZE(req) > 0 && arg == NULL)
		return -EINVAL;
	switch (req) {
	case NIOCCTRL:
		return nm_shim_ctl(o, arg);
	case NIOCREGIF:
		return nm_shim_legacy(o, arg, true);
	case NIOCGINFO:
		return nm_shim_legacy(o, arg, false);
	case NIOCCONFIG: /* no switch here has a config callback */
		return -EINVAL;
	default:
		return -EOPNOTSUPP;
	}
}

NM_SHIM_API int
ioctl(int fd, unsigned long req, ...)
{
	struct nm_shim_obj *o = nm_shim_find(fd);
	va_list ap;
	void *arg;
	int err;

	va_start(ap, req);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (__builtin_expect(o == NULL, 1))
		return nm_real_ioctl(fd, req, arg);
	if ((uint32_t)req == (uint32_t)NIOCTXSYNC)
		err = nm_shim_txsync(o, fd);
	else if ((uint32_t)req == (uint32_t)NIOCRXSYNC)
		err = nm_shim_rxsync(o, fd);
	else if (req == FIONBIO || req == FIOASYNC || req == FIOCLEX || req == FIONCLEX || nm_shim_find_checked(fd) != o)
		return nm_real_ioctl(fd, req, arg);
	else
		err = slow_ioctl(o, (uint32_t)req, arg);
	if (err == 0)
		return 0;
	errno = -err;
	return -1;
}

NM_SHIM_API int
close(int fd)
{
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
int close_range(unsigned first, unsigned last, int flags);
void closefrom(int low);

NM_SHIM_API int
close_range(unsigned first, unsigned last, int flags)
{
	if (flags == 0)
		drop_range(first, last);
	return (int)syscall(SYS_close_range, first, last, flags);
}

NM_SHIM_API void
closefrom(int low)
{
	int fd = low < 0 ? 0 : low, max;

	drop_range((unsigned)fd, ~0u);
	if (syscall(SYS_close_range, fd, ~0u, 0) == 0)
		return;
	for (max = (int)sysconf(_SC_OPEN_MAX); fd < max; fd++)
		nm_real_close(fd);
}
#endif

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
	return copied(fd, nm_real_dup3(fd, to, 0));
}

NM_SHIM_API int
dup3(int fd, int to, int flags)
{
	return copied(fd, nm_real_dup3(fd, to, flags));
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
