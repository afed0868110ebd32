/* SPDX-License-Identifier: BSD-2-Clause */
/* PORT_HDR_SET and PORT_HDR_GET. */
#include "ctl.h"

int
main(void)
{
	struct nmreq_port_hdr h = {.nr_hdr_len = 0, .pad1 = 3};
	int fd = ctl_open(), port, pipe;

	ctl_expect(fd, NETMAP_REQ_PORT_HDR_SET, "vale0:a", &h, NULL, ENXIO, "there is no port vale0:a; see: vale-ctl list");
	ctl_expect(fd, NETMAP_REQ_PORT_HDR_GET, "vale0:a", &h, NULL, ENXIO, "there is no port vale0:a; see: vale-ctl list");
	port = ctl_register("vale0:a");
	pipe = ctl_register("x{1");
	ctl_expect(fd, NETMAP_REQ_PORT_HDR_SET, "vale0:a", &h, NULL, 0, NULL);
	h.nr_hdr_len = 77;
	ctl_expect(fd, NETMAP_REQ_PORT_HDR_GET, "vale0:a", &h, NULL, 0, NULL);
	ctl_equal(h.nr_hdr_len, 0);
	h.nr_hdr_len = 11;
	ctl_expect(fd, NETMAP_REQ_PORT_HDR_SET, "vale0:a", &h, NULL, EINVAL,
	    "vale0:a: a header of 11 bytes can't be set; switch ports have 0, 10 or 12");
	h.nr_hdr_len = 12;
	ctl_expect(fd, NETMAP_REQ_PORT_HDR_SET, "vale0:a", &h, NULL, EOPNOTSUPP,
	    "vale0:a: virtio-net headers are not supported yet");
	ctl_expect(fd, NETMAP_REQ_PORT_HDR_SET, "x{1", &h, NULL, EINVAL,
	    "x{1: a header of 12 bytes can't be set; switch ports have 0, 10 or 12");
	ctl_expect(fd, NETMAP_REQ_PORT_HDR_GET, "x}1", &h, NULL, 0, NULL);
	ctl_equal(h.nr_hdr_len, 0);
	close(port);
	close(pipe);
	return ctl_done();
}
