/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own [--once] [--touch] [--whole] PORT [--slots N] [--extra N] - opens a port and maps all of its memory; says "ready", the region's
 * MiB and how many extra buffers there are, and waits for SIGTERM, unless once. --touch writes to every page before. --whole: each
 * slot of the rings has a buffer of its own, all of those to send are free, and those that were received are in front.
 */
#include "dev.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
look_at(const struct netmap_ring *r, bool tx, bool *seen, uint32_t nbufs)
{
	uint32_t i, tail = r->tail;

	CHECK(r->head == 0 && r->cur == 0, "ring %u begins with head %u, cur %u", r->ringid, r->head, r->cur);
	CHECK(!tx || tail == r->num_slots - 1, "transmit ring %u has slots up to %u of %u", r->ringid, tail, r->num_slots);
	for (i = 0; i < r->num_slots; i++) {
		uint32_t idx = r->slot[i].buf_idx;

		CHECK(idx >= 2 && idx < nbufs, "ring %u, slot %u: buffer %u", r->ringid, i, idx);
		CHECK(!seen[idx], "ring %u, slot %u: buffer %u is another slot's too", r->ringid, i, idx);
		seen[idx] = true;
	}
}

static void
whole(const struct dev *d, const char *name)
{
	struct nmreq_pools_info pools = {0};
	struct netmap_if *n = NETMAP_IF(d->mem, d->ofs);
	bool *seen;
	uint32_t i;

	CHECK(!dev_request(d->fd, NETMAP_REQ_POOLS_INFO_GET, name, &pools, NULL), "pools: %s", dev_reason(d->fd));
	seen = calloc(pools.nr_buf_pool_objtotal, sizeof(*seen));
	CHECK(seen, "no memory");
	for (i = 0; i < n->ni_tx_rings; i++)
		look_at(NETMAP_TXRING(n, i), true, seen, pools.nr_buf_pool_objtotal);
	for (i = 0; i < n->ni_rx_rings; i++)
		look_at(NETMAP_RXRING(n, i), false, seen, pools.nr_buf_pool_objtotal);
	free(seen);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {{"once", no_argument, NULL, 'o'}, {"slots", required_argument, NULL, 's'},
	    {"touch", no_argument, NULL, 't'}, {"extra", required_argument, NULL, 'e'}, {"whole", no_argument, NULL, 'w'}, {0}};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	bool once = false, touch = false, look = false;
	long page = sysconf(_SC_PAGESIZE);
	sigset_t set;
	size_t i;
	struct dev d;
	int c, error;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'o': once = true; break;
		case 't': touch = true; break;
		case 'w': look = true; break;
		case 'e': reg.nr_extra_bufs = (uint32_t)atoi(optarg); break;
		case 's': reg.nr_tx_slots = reg.nr_rx_slots = (uint32_t)atoi(optarg); break;
		default: return 2;
		}
	if (optind == argc)
		return 2;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	error = dev_open(&d);
	CHECK(!error, "/dev/netmap: %s", strerror(-error));
	error = dev_bind(&d, argv[optind], &reg);
	CHECK(!error, "%s: %s: %s", argv[optind], strerror(-error), dev_reason(d.fd));
	error = dev_map(&d);
	CHECK(!error, "mmap: %s", strerror(-error));
	if (look)
		whole(&d, argv[optind]);
	for (i = (size_t)page; touch && i < d.size; i += (size_t)page) /* not the first, which has the netmap_if */
		d.mem[i + 1] = (char)(d.mem[i + 1] ^ 0x5a);
	printf("ready %zu MiB, %u extra\n", d.size >> 20, reg.nr_extra_bufs);
	fflush(stdout);
	if (!once)
		sigwait(&set, &c);
	dev_close(&d);
	return 0;
}
