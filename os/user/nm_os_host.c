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

int
nm_os_polling_cpus(struct nm_session *s, struct nm_port *nic)
{
	return nm_session_error(s, EOPNOTSUPP, "%s: an engine has no threads that poll; polling its interfaces is for the kernel module, and "
	    "an engine's workers poll rings by themselves: netmapd --busy-poll", nic->name);
}

/* Not reached: no CPUs. */
int
nm_os_polling_start(struct nm_session *s, struct nm_port *nic, const struct nm_os_polling_plan *plan, struct nm_os_polling **out)
{
	(void)plan;
	(void)out;
	return nm_os_polling_cpus(s, nic);
}

void
nm_os_polling_stop(struct nm_os_polling *t)
{
	(void)t;
}
