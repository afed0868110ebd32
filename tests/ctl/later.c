/* SPDX-License-Identifier: BSD-2-Clause */
/* Options that REGISTER does not know, or not yet: EOPNOTSUPP, in words, and nothing is done. */
#include "ctl.h"

/* On REGISTER an option that nobody serves fails the request before a port is made. */
static void
option(int fd, void *o, const char *text)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nmreq_vale_list l = {0};
	struct nmreq_option *h = o;

	h->nro_status = 99;
	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:a", &reg, o, EOPNOTSUPP, text);
	ctl_equal(h->nro_status, EOPNOTSUPP);
	h->nro_status = 0;
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, o, ENOENT, "no more ports");
	ctl_equal(h->nro_status, EOPNOTSUPP);
}

static void
options(int fd)
{
	struct nmreq_opt_sync_kloop_mode m = {.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_MODE}};
	struct { struct nmreq_option o; int32_t fd[4]; } v = {.o = {.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, .nro_size = 40}};
	struct nmreq_option u = {.nro_reqtype = 99};

	option(fd, &v, "vale0:a: option 2 (SYNC_KLOOP_EVENTFDS) is not supported by this request");
	option(fd, &m, "vale0:a: option 4 (SYNC_KLOOP_MODE) is not supported by this request");
	option(fd, &u, "vale0:a: option 99 (unknown) is not supported");
}

int
main(void)
{
	int fd = ctl_open();

	options(fd);
	return ctl_done();
}
