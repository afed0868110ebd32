/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl.h"

int
main(void)
{
	struct nmreq_vale_detach d = {0};
	int fd = ctl_open(), port;

	ctl_expect(fd, NETMAP_REQ_VALE_DETACH, "eth0", &d, NULL, EINVAL, "~eth0 is not of the form valeX:INTERFACE");
	ctl_expect(fd, NETMAP_REQ_VALE_DETACH, "vale0:a", &d, NULL, ENXIO, "~vale0:a is not attached");
	port = ctl_register("vale0:a");
	ctl_expect(fd, NETMAP_REQ_VALE_DETACH, "vale0:a", &d, NULL, EINVAL, "~vale0:a is the port of a program");
	close(port);
	return ctl_done();
}
