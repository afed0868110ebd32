/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_os_host.c - clock, read sections, interfaces. */
#include "nm_os_user.h"
#include "nm_session.h"

#include <net/if.h>
#include <time.h>

char nm_os_user_readers;

void
nm_os_rcu_sync(void)
{
	synchronize_rcu();
	NM_OS_ACQUIRED(&nm_os_user_readers);
}

static uint64_t
clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t
nm_os_now(void)
{
	return clock_ns(CLOCK_MONOTONIC_COARSE);
}

uint64_t
nm_os_now_exact(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

bool
nm_os_ifname_exists(struct nm_session *s, const char *name)
{
	(void)s;
	return if_nametoindex(name) != 0;
}
