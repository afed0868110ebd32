/* SPDX-License-Identifier: BSD-2-Clause */
/* VALE_POLLING_ENABLE and DISABLE without an interface; with one it is for the kernel's tests. */
#include "ctl.h"

int
main(void)
{
	static const uint16_t request[] = {NETMAP_REQ_VALE_POLLING_ENABLE, NETMAP_REQ_VALE_POLLING_DISABLE};
	struct nmreq_vale_polling p = {.nr_mode = NETMAP_POLLING_MODE_SINGLE_CPU, .nr_num_polling_cpus = 1};
	int fd = ctl_open(), port = ctl_register("vale0:a"), i;

	for (i = 0; i < 2; i++) {
		ctl_expect(fd, request[i], "lo", &p, NULL, EINVAL, "lo is not of the form valeX:INTERFACE");
		ctl_expect(fd, request[i], "vale0:", &p, NULL, EINVAL, "vale0: is not of the form valeX:INTERFACE");
		ctl_expect(fd, request[i], "vale0:lo", &p, NULL, ENXIO, "vale0:lo is not attached; see: vale-ctl list");
		ctl_expect(fd, request[i], "vale0:a", &p, NULL, EOPNOTSUPP,
		    "vale0:a: only interfaces are polled, this is the port of a program");
	}
	close(port);
	return ctl_done();
}
