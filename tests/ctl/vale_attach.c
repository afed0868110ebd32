/* SPDX-License-Identifier: BSD-2-Clause */
/* What needs no interface to be refused; attaching real ones is with the network tests. */
#include "ctl.h"

int
main(void)
{
	struct nmreq_vale_attach a = {.reg = {.nr_mode = NR_REG_ALL_NIC}};
	int fd = ctl_open(), port;

	ctl_expect(fd, NETMAP_REQ_VALE_ATTACH, "eth0", &a, NULL, EINVAL, "~eth0 is not of the form valeX:INTERFACE");
	ctl_expect(fd, NETMAP_REQ_VALE_ATTACH, "vale3456789abcdef:lo", &a, NULL, EINVAL, "~vale3456789abcdef:lo");
	ctl_expect(fd, NETMAP_REQ_VALE_ATTACH, "vale0:nosuchif0", &a, NULL, ENXIO, "~there is no interface nosuchif0");
	port = ctl_register("vale0:a");
	ctl_expect(fd, NETMAP_REQ_VALE_ATTACH, "vale0:a", &a, NULL, EBUSY, "~vale0:a ");
	close(port);
	return ctl_done();
}
