/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_stdio.c - fopen of /dev/netmap, which has no stream of bytes: said where the engine would have to serve it. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "nm_shim.h"
#include "nm_shim_real.h"

FILE *fopen64(const char *path, const char *mode);
FILE *freopen64(const char *path, const char *mode, FILE *f);

/* After the next library's try, of which errno is; none was made where the engine is what is wanted. */
static void
say_refused(enum nm_shim_home home)
{
	if (home != NM_SHIM_HOME_USER && nm_shim_home_next(home, errno) == NM_SHIM_NEXT_FAIL)
		return;
	nm_shim_say("a stream (fopen) of " NM_SHIM_DEVICE " is not served by the userspace engine, it takes open(2)", "");
	errno = EOPNOTSUPP;
}

static FILE *
shim_fopen(const char *path, const char *mode)
{
	enum nm_shim_home home;
	FILE *f = NULL;

	if (!nm_shim_is_device(path))
		return nm_real_fopen(path, mode);
	home = nm_shim_home(getenv("NETMAP_ENGINE"));
	if (home != NM_SHIM_HOME_USER)
		f = nm_real_fopen(path, mode);
	if (f == NULL)
		say_refused(home);
	return f;
}

NM_SHIM_API FILE *
fopen(const char *path, const char *mode)
{
	return shim_fopen(path, mode);
}

NM_SHIM_API FILE *
fopen64(const char *path, const char *mode)
{
	return shim_fopen(path, mode);
}

/* The stream is closed in any case, as it is where the file can't be opened. */
static FILE *
shim_freopen(const char *path, const char *mode, FILE *f)
{
	enum nm_shim_home home;
	FILE *r;

	if (!nm_shim_is_device(path))
		return nm_real_freopen(path, mode, f);
	home = nm_shim_home(getenv("NETMAP_ENGINE"));
	r = nm_real_freopen(home == NM_SHIM_HOME_USER ? "" : path, mode, f);
	if (r == NULL)
		say_refused(home);
	return r;
}

NM_SHIM_API FILE *
freopen(const char *path, const char *mode, FILE *f)
{
	return shim_freopen(path, mode, f);
}

NM_SHIM_API FILE *
freopen64(const char *path, const char *mode, FILE *f)
{
	return shim_freopen(path, mode, f);
}
