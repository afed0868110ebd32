/* SPDX-License-Identifier: BSD-2-Clause */
/* SYNC_KLOOP_STOP: what is refused, a stop that comes before its start, and loops that are stopped and started over and over. */
#include "csb.h"

static int
stop(int fd)
{
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_SYNC_KLOOP_STOP};

	return ioctl(fd, NIOCCTRL, &h) ? errno : 0;
}

static void
bad_stops(void)
{
	struct nmreq_sync_kloop_start k = {0};
	struct nmreq_option o = {.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_MODE, .nro_status = 99};
	int fd = ctl_open();

	ctl_expect(fd, NETMAP_REQ_SYNC_KLOOP_STOP, "", NULL, NULL, ENXIO, "this descriptor is not registered, so it has no loop");
	ctl_expect(fd, NETMAP_REQ_SYNC_KLOOP_STOP, "", &k, NULL, EINVAL, "request 14 (SYNC_KLOOP_STOP) has no body, one is given");
	close(fd);
	fd = ctl_register("vale0:a");
	o.nro_reqtype = 77;
	ctl_expect(fd, NETMAP_REQ_SYNC_KLOOP_STOP, "", NULL, &o, 0, NULL); /* there is nothing to stop, which is as well */
	ctl_equal(o.nro_status, EOPNOTSUPP);
	o.nro_reqtype = 0;
	ctl_expect(fd, NETMAP_REQ_SYNC_KLOOP_STOP, "", NULL, &o, EINVAL, "option 0 has type 0");
	close(fd);
}

/* Who tells a thread to stop that has only just begun need not wait for it. */
static void
stop_comes_first(void)
{
	struct csb *c = csb_new();
	struct csb_loop l;
	int fd = csb_open("vale0:a", c, NULL), i;

	for (i = 0; i < 200; i++) {
		csb_loop_start(&l, fd, i % 2 ? 1000000 : 0, NULL);
		ctl_equal(stop(fd), 0);
		ctl_equal(csb_loop_join(&l), 0);
	}
	ctl_equal(stop(fd), 0);
	ctl_equal(stop(fd), 0);
	csb_loop_start(&l, fd, 0, NULL);
	ctl_equal(csb_loop_join(&l), 0);
	csb_loop_start(&l, fd, 1000000, NULL); /* and that was all */
	csb_loop_wait(fd, c);
	ctl_equal(stop(fd), 0);
	ctl_equal(csb_loop_join(&l), 0);
	close(fd);
	munmap(c, sizeof(*c));
}

/* Frames that were published while no loop ran go out with the next one, those that came then are found by it. */
static void
loops_go_on(void)
{
	struct csb *a = csb_new(), *b = csb_new();
	struct csb_loop la, lb;
	struct netmap_if *na, *nb;
	int fa = csb_open("vale0:a", a, &na), fb = csb_open("vale0:b", b, &nb), i;

	for (i = 0; i < 50; i++) {
		csb_send(na, a, (uint8_t)i);
		csb_pause();
		ctl_equal(a->ktoa[0].hwcur, i); /* nobody has looked */
		csb_loop_start(&la, fa, 0, NULL);
		while (__atomic_load_n(&a->ktoa[0].hwcur, __ATOMIC_ACQUIRE) != a->atok[0].head)
			csb_pause();
		ctl_equal(stop(fa), 0);
		ctl_equal(csb_loop_join(&la), 0);
		ctl_equal(csb_take(nb, b, 1), -1);
		csb_loop_start(&lb, fb, 0, NULL);
		ctl_equal(csb_await(nb, b, 1), i);
		ctl_equal(stop(fb), 0);
		ctl_equal(csb_loop_join(&lb), 0);
	}
	close(fa);
	close(fb);
	munmap(a, sizeof(*a));
	munmap(b, sizeof(*b));
}

int
main(void)
{
	bad_stops();
	stop_comes_first();
	loops_go_on();
	return ctl_done();
}
