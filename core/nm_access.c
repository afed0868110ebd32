/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_access.h"

static bool
in_group(const struct nm_cred *c, uint32_t gid)
{
	uint32_t i;

	if (c->gid == gid)
		return true;
	for (i = 0; i < c->ngroups && i < NM_CRED_GROUPS; i++)
		if (c->groups[i] == gid)
			return true;
	return false;
}

int
nm_access_check(const struct nm_access *a, const struct nm_cred *c, uint32_t want)
{
	uint32_t have;

	if (c->admin)
		return 0;
	if (c->uid == a->uid)
		have = a->mode >> 6;
	else if (in_group(c, a->gid))
		have = a->mode >> 3;
	else
		have = a->mode;
	return (have & want) == want ? 0 : -EACCES;
}

int
nm_access_owner(const struct nm_access *a, const struct nm_cred *c)
{
	return c->admin || c->uid == a->uid ? 0 : -EPERM;
}
