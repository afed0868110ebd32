/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * regions [MOST] - opens ports with a region each until one is refused, or there are MOST; says how many there are and why there are
 * not more, and holds them until SIGTERM.
 */
#include "dev.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
	unsigned most = argc > 1 ? (unsigned)atoi(argv[1]) : 5000, n;
	char name[32], reason[600] = "enough";
	int error = 0, sig;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (n = 0; n < most; n++) {
		struct nmreq_register reg = {.nr_mode = NR_REG_NULL, .nr_tx_slots = 1, .nr_rx_slots = 1};
		struct dev d;

		error = dev_open(&d);
		CHECK(!error, "descriptor %u: %s", n, strerror(-error));
		snprintf(name, sizeof(name), "n%u", n);
		error = dev_bind(&d, name, &reg);
		if (error) {
			snprintf(reason, sizeof(reason), "%s", dev_reason(d.fd));
			break;
		}
	}
	printf("%u regions, then %s: %s\n", n, error ? strerrorname_np(-error) : "nothing", reason);
	fflush(stdout);
	sigwait(&set, &sig);
	return 0;
}
