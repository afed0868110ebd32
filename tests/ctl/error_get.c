/* SPDX-License-Identifier: BSD-2-Clause */
/* The reason stays until the next request, is of this descriptor, and asking for it does not change it. */
#include "ctl.h"

int
main(void)
{
	struct nmreq_vale_list l = {0};
	struct nmreq_pools_info i;
	struct nmreq_header h = {.nr_version = 1};
	int fd = ctl_open(), other = ctl_open(), port;

	ctl_reason(fd, 0, "");
	ctl_expect(fd, NETMAP_REQ_POOLS_INFO_GET, "vale7:q", &i, NULL, ENXIO, "there is no port vale7:q; see: vale-ctl list");
	ctl_reason(fd, ENXIO, "there is no port vale7:q; see: vale-ctl list");
	ctl_reason(other, 0, "");
	ctl_equal(ioctl(fd, NIOCCTRL, &h), -1); /* refused before the engine sees it */
	ctl_reason(fd, EINVAL, "API version 1 is not supported, 14 to 15 are");
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, NULL, ENOENT, "no more ports");
	port = ctl_register("vale0:a");
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, NULL, 0, NULL);
	ctl_reason(fd, 0, "");
	close(port);
	return ctl_done();
}
