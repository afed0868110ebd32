/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading and setting; who else may then do what is with the tests that change their user. */
#include "ctl.h"

#define R NETMAP_REQ_PORT_ACCESS

int
main(void)
{
	struct nmreq_access a = {0};
	int fd = ctl_open(), port = ctl_register("vale0:a");

	ctl_expect(fd, R, "vale0:a", &a, NULL, 0, NULL);
	ctl_equal(a.nr_mode, geteuid() ? 0600 : 0660);
	ctl_equal(a.nr_uid, getuid());
	ctl_equal(a.nr_gid, getgid());
	a = (struct nmreq_access){.nr_valid = NM_ACCESS_SET_MODE, .nr_mode = 0640, .nr_uid = 12345, .nr_gid = 12345};
	ctl_expect(fd, R, "vale0:a", &a, NULL, 0, NULL);
	ctl_equal(a.nr_mode, 0640);
	ctl_equal(a.nr_uid, getuid()); /* what is valid now, not what was ignored */
	a = (struct nmreq_access){0};
	ctl_expect(fd, R, "vale0", &a, NULL, 0, NULL);
	ctl_equal(a.nr_mode, geteuid() ? 0600 : 0660); /* the switch is another object */
	a = (struct nmreq_access){.nr_valid = NM_ACCESS_SET_MODE, .nr_mode = 01777};
	ctl_expect(fd, R, "vale0", &a, NULL, EINVAL, "vale0: mode 1777 is out of 0 to 0777");
	a = (struct nmreq_access){.nr_valid = 0x18};
	ctl_expect(fd, R, "vale0", &a, NULL, EINVAL, "vale0: unknown bits 0x18 in nr_valid");
	a = (struct nmreq_access){0};
	ctl_expect(fd, R, "vale9", &a, NULL, ENXIO, "there is no port or switch vale9");
	close(port);
	return ctl_done();
}
