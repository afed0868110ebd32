/* SPDX-License-Identifier: BSD-2-Clause */
/* own [--once] PORT [--slots N] - opens a port and maps all of its memory; says "ready" and waits for SIGTERM, unless once. */
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
	static const struct option longs[] = {{"once", no_argument, NULL, 'o'}, {"slots", required_argument, NULL, 's'}, {0}};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	bool once = false;
	sigset_t set;
	struct dev d;
	int c, error;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'o': once = true; break;
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
	printf("ready\n");
	fflush(stdout);
	if (!once)
		sigwait(&set, &c);
	dev_close(&d);
	return 0;
}
