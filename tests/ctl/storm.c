/* SPDX-License-Identifier: BSD-2-Clause */
/* STORM: limits of what a port sends to all. */
#include "ctl.h"

#include <libnetmap.h>

static struct nmreq_storm storm;

static void
set(int fd, uint32_t kind, uint32_t pps, uint32_t burst, int err, const char *text)
{
	memset(&storm, 0, sizeof(storm));
	storm.nr_op = NM_POLICY_SET;
	storm.nr_limit[kind].pps = pps;
	storm.nr_limit[kind].burst = burst;
	ctl_expect(fd, NETMAP_REQ_STORM, "vale0:a", &storm, NULL, err, text);
}

/* 200 frames to all or to one that nobody knows; how many of these and all that were sent before were dropped for it. */
static uint64_t
send_many(struct nmport_d *p, int fd, int first, int counter)
{
	uint8_t frame[60] = {(uint8_t)first, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 5};
	struct nmreq_stats st = {.nr_scope = NM_STATS_PORT};
	int i;

	for (i = 0; i < 200; i++)
		ctl_equal(nmport_inject(p, frame, sizeof(frame)), sizeof(frame));
	ctl_equal(ioctl(p->fd, NIOCTXSYNC, NULL), 0);
	ctl_expect(fd, NETMAP_REQ_STATS_GET, "vale0:a", &st, NULL, 0, NULL);
	return st.nr_counter[counter];
}

int
main(void)
{
	struct nmport_d *a = nmport_open("vale0:a"), *b = nmport_open("vale0:b");
	int fd = ctl_open();

	if (!a || !b)
		return 1;
	set(fd, 0, NM_STORM_MAX_PPS + 1, 0, EINVAL, "vale0:a: 1000000001 broadcasts a second are out of 1 to 1000000000 (0: no limit)");
	set(fd, 1, 1, NM_STORM_MAX_BURST + 1, EINVAL, "~1048577 multicasts at once are out of 1 to 1048576");
	set(fd, 2, 0, 1, EINVAL, "vale0:a: 1 frames to unknown addresses at once, but no limit a second");
	storm.nr_op = 9;
	ctl_expect(fd, NETMAP_REQ_STORM, "vale0:a", &storm, NULL, EINVAL, "vale0:a: operation 9 is unknown; 0 looks, 1 changes");
	storm = (struct nmreq_storm){.nr_reserved = {1}};
	ctl_expect(fd, NETMAP_REQ_STORM, "vale0:a", &storm, NULL, EINVAL, "vale0:a: the reserved fields are 0x1 and 0x0, not 0");
	storm.nr_reserved[0] = 0;
	ctl_expect(fd, NETMAP_REQ_STORM, "vale0:z", &storm, NULL, ENXIO, "there is no port vale0:z; see: vale-ctl list");
	/* a frame a second: what is in the buckets at first is nearly all that there is */
	set(fd, NM_STORM_BROADCAST, 1, 50, 0, NULL);
	storm = (struct nmreq_storm){.nr_op = NM_POLICY_GET};
	ctl_expect(fd, NETMAP_REQ_STORM, "vale0:a", &storm, NULL, 0, NULL);
	ctl_equal(storm.nr_limit[NM_STORM_BROADCAST].pps, 1);
	ctl_equal(storm.nr_limit[NM_STORM_BROADCAST].burst, 50);
	ctl_equal(storm.nr_limit[NM_STORM_UNKNOWN].pps, 0);
	ctl_check(send_many(a, fd, 255, NM_STAT_drop_storm_broadcast) >= 90); /* 150, if the clock has not moved by a minute */
	ctl_equal(send_many(a, fd, 1, NM_STAT_drop_storm_multicast), 0);
	ctl_equal(send_many(a, fd, 2, NM_STAT_drop_storm_unknown), 0);
	set(fd, NM_STORM_MULTICAST, 1, 50, 0, NULL);
	ctl_check(send_many(a, fd, 1, NM_STAT_drop_storm_multicast) >= 90);
	set(fd, NM_STORM_UNKNOWN, 1, 0, 0, NULL);
	ctl_equal(storm.nr_limit[NM_STORM_UNKNOWN].burst, 32);
	ctl_check(send_many(a, fd, 2, NM_STAT_drop_storm_unknown) >= 90);
	nmport_close(a);
	nmport_close(b);
	return ctl_done();
}
