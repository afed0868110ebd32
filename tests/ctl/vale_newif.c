/* SPDX-License-Identifier: BSD-2-Clause */
/* VALE_NEWIF and VALE_DELIF: names that can't be. */
#include "ctl.h"

int
main(void)
{
	struct nmreq_vale_newif n = {0};
	int fd = ctl_open(), port = ctl_register("x{1");

	ctl_expect(fd, NETMAP_REQ_VALE_NEWIF, "vale7", &n, NULL, EINVAL, "~vale7");
	ctl_expect(fd, NETMAP_REQ_VALE_NEWIF, "", &n, NULL, EINVAL, "~1 to 15 characters");
	ctl_expect(fd, NETMAP_REQ_VALE_NEWIF, "sixteen_letters_", &n, NULL, EINVAL, "~sixteen_letters_");
	ctl_expect(fd, NETMAP_REQ_VALE_NEWIF, "lo", &n, NULL, EEXIST, "~lo exists already");
	ctl_expect(fd, NETMAP_REQ_VALE_DELIF, "nosuchif0", NULL, NULL, ENXIO, "~no persistent port nosuchif0");
	ctl_expect(fd, NETMAP_REQ_VALE_DELIF, "x{1", NULL, NULL, EINVAL, "~x{1 is not a persistent port");
	close(port);
	return ctl_done();
}
