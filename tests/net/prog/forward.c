/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forward.c - releases whatever it receives, until SIGINT.
 *
 *	forward PORT [mark]	PORT: with host rings, as IF*; mark: with NS_FORWARD on each slot, and NR_FORWARD on each ring
 */
#include "common.h"

#include <poll.h>
#include <string.h>

static volatile sig_atomic_t ended;

static void
release(struct netmap_ring *r, bool mark)
{
	if (mark)
		r->flags |= NR_FORWARD;
	while (r->head != r->tail) {
		if (mark)
			r->slot[r->head].flags |= NS_FORWARD;
		r->head = common_next(r, r->head);
	}
	r->cur = r->head;
}

int
main(int argc, char **argv)
{
	bool mark = argc > 2 && !strcmp(argv[2], "mark");
	struct nmport_d *d;
	uint32_t i, n;

	CHECK(argc > 1, "usage: forward PORT [mark]");
	common_catch(SIGINT, &ended);
	d = common_open(argv[1], 0);
	n = d->nifp->ni_rx_rings + d->nifp->ni_host_rx_rings;
	printf("ready, %u rings\n", n);
	fflush(stdout);
	while (!ended) {
		common_wait(d, POLLIN);
		for (i = 0; i < n; i++)
			release(NETMAP_RXRING(d->nifp, i), mark);
	}
	nmport_close(d);
	return 0;
}
