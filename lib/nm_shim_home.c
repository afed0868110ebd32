/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_home.c - kernel or userspace engine: what NETMAP_ENGINE wants, and when one stands in for the other. */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <string.h>

#include "nm_shim.h"

enum nm_shim_home
nm_shim_home(const char *choice)
{
	if (choice == NULL || choice[0] == '\0')
		return NM_SHIM_HOME_ANY;
	if (strcmp(choice, "kernel") == 0)
		return NM_SHIM_HOME_KERNEL;
	return strcmp(choice, "user") == 0 ? NM_SHIM_HOME_USER : NM_SHIM_HOME_BAD;
}

/* Other errors, as a full table of descriptors, would meet the engine too, and hide what is wrong. */
enum nm_shim_next
nm_shim_home_next(enum nm_shim_home home, int err)
{
	if (home != NM_SHIM_HOME_ANY)
		return NM_SHIM_NEXT_FAIL;
	switch (err) {
	case ENOENT:
	case ENOTDIR:
	case ENXIO:
	case ENODEV:
		return NM_SHIM_NEXT_ENGINE;
	case EACCES:
	case EPERM:
		return NM_SHIM_NEXT_ENGINE_DENIED;
	default:
		return NM_SHIM_NEXT_FAIL;
	}
}
