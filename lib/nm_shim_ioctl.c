/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_ioctl.c - ioctl on a descriptor of the engine. */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>

#include "nm_shim.h"
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

static bool
is_of_all_files(unsigned long req)
{
	return req == FIONBIO || req == FIOASYNC || req == FIOCLEX || req == FIONCLEX;
}

NM_SHIM_API int
ioctl(int fd, unsigned long req, ...)
{
	struct nm_shim_obj *o = nm_shim_use(fd);
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
	else if (is_of_all_files(req) || nm_shim_find_checked(fd) != o) {
		nm_shim_unuse(o);
		return nm_real_ioctl(fd, req, arg);
	} else
		err = slow_ioctl(o, (uint32_t)req, arg);
	nm_shim_unuse(o);
	if (err == 0)
		return 0;
	errno = -err;
	return -1;
}
