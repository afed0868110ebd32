/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own [--once] [--touch] PORT [--slots N] [--extra N] - opens a port and maps all of its memory; says "ready", the region's MiB
 * and how many extra buffers there are, and waits for SIGTERM, unless once. --touch writes to every page before.
 */
#include "dev.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	static const struct option longs[] = {{"once", no_argument, NULL, 'o'}, {"slots", required_argument, NULL, 's'},
	    {"touch", no_argument, NULL, 't'}, {"extra", required_argument, NULL, 'e'}, {0}};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	bool once = false, touch = false;
	long page = sysconf(_SC_PAGESIZE);
	sigset_t set;
	size_t i;
	struct dev d;
	int c, error;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'o': once = true; break;
		case 't': touch = true; break;
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
	for (i = (size_t)page; touch && i < d.size; i += (size_t)page) /* not the first, which has the netmap_if */
		d.mem[i + 1] = (char)(d.mem[i + 1] ^ 0x5a);
	printf("ready %zu MiB, %u extra\n", d.size >> 20, reg.nr_extra_bufs);
	fflush(stdout);
	if (!once)
		sigwait(&set, &c);
	dev_close(&d);
	return 0;
}
