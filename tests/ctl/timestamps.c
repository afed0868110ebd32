/* SPDX-License-Identifier: BSD-2-Clause */
/* Times in receive rings: where they were asked for, exactly; elsewhere only where the module was told to (no_timestamp=N). */
#include "ctl.h"

#include <fcntl.h>
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>

#define PARAMETER "/sys/module/netmap/parameters/no_timestamp"

static struct nm_desc *a, *b;
static struct netmap_ring *rx;

static int
sync_now(void)
{
	return ioctl(b->fd, NIOCRXSYNC, NULL);
}

static void
send_frame(void)
{
	static const char frame[60] = "\xff\xff\xff\xff\xff\xff\2";

	ctl_equal(nm_inject(a, frame, sizeof(frame)), sizeof(frame));
	ctl_equal(ioctl(a->fd, NIOCTXSYNC, NULL), 0);
}

static long long
us(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

/* A sync, with a frame or without: the ring's time afterwards, or -1 if it was not written. */
static long long
stamped(int frame)
{
	const struct timeval never = {7, 7};

	rx->head = rx->cur = rx->tail;
	if (frame)
		send_frame();
	rx->ts = never;
	ctl_equal(sync_now(), 0);
	ctl_equal(nm_ring_space(rx), frame);
	return us(rx->ts) == us(never) ? -1 : us(rx->ts);
}

static void
asked(void)
{
	struct timeval before, after;
	long long t;
	int frame;

	rx->flags |= NR_TIMESTAMP;
	for (frame = 0; frame < 2; frame++) {
		gettimeofday(&before, NULL);
		t = stamped(frame);
		gettimeofday(&after, NULL);
		ctl_check(us(before) <= t && t <= us(after)); /* not the last tick's, which may lie before */
	}
	rx->flags &= ~(uint32_t)NR_TIMESTAMP;
}

/* Y or N into the parameter; false where there is no module. */
static int
set_parameter(char value)
{
	int fd = open(PARAMETER, O_WRONLY), ok;

	if (fd < 0)
		return 0;
	ok = write(fd, &value, 1) == 1;
	close(fd);
	ctl_check(ok);
	return ok;
}

int
main(void)
{
	a = nm_open("vale0:a", NULL, 0, NULL);
	b = nm_open("vale0:b", NULL, 0, NULL);
	if (!a || !b) {
		perror("nm_open");
		return 1;
	}
	rx = NETMAP_RXRING(b->nifp, 0);
	/* nm_dispatch hands times out, so nm_open asks for them; nobody does for transmit rings */
	ctl_equal(rx->flags, NR_TIMESTAMP);
	ctl_equal(NETMAP_TXRING(b->nifp, 0)->flags, 0);
	rx->flags = 0;
	ctl_equal(stamped(1), -1);
	ctl_equal(stamped(0), -1);
	asked();
	if (set_parameter('N')) {
		struct timeval now;
		long long t;

		ctl_equal(stamped(0), -1);
		t = stamped(1);
		gettimeofday(&now, NULL);
		ctl_check(us(now) - 10000000 < t && t <= us(now));
		asked();
		set_parameter('Y');
		ctl_equal(stamped(1), -1);
	}
	nm_close(a);
	nm_close(b);
	return ctl_done();
}
