/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl.h"

#define R NETMAP_REQ_VALE_LIST

int
main(void)
{
	static const char *const names[] = {"vale0:a", "vale0:b", "vale_X:c"};
	struct nmreq_vale_list l = {.pad1 = 9};
	char name[NETMAP_REQ_IFNAMSIZ];
	int fd = ctl_open(), port[3], i;

	ctl_expect(fd, R, "", &l, NULL, ENOENT, "no more ports");
	ctl_expect(fd, R, "vale0:a", &l, NULL, ENOENT, "there is no switch vale0");
	ctl_expect(fd, R, "eth0", &l, NULL, EINVAL, "eth0 is no name of a switch or its port");
	for (i = 0; i < 3; i++)
		port[i] = ctl_register(names[i]);
	for (i = 0; i < 3; i++, l.nr_port_idx++) {
		name[0] = 0;
		ctl_expect_name(fd, R, name, &l, 0, NULL);
		ctl_check(!strcmp(name, names[i]));
	}
	name[0] = 0;
	ctl_expect_name(fd, R, name, &l, ENOENT, "no more ports");
	ctl_expect(fd, R, "vale_X:c", &l, NULL, 0, NULL);
	ctl_equal(l.nr_bridge_idx, 1);
	ctl_equal(l.nr_port_idx, 0);
	ctl_expect(fd, R, "vale0:nobody", &l, NULL, 0, NULL);
	ctl_equal(l.nr_bridge_idx, 0);
	ctl_equal(l.nr_port_idx, 255);
	l = (struct nmreq_vale_list){.nr_bridge_idx = 0, .nr_port_idx = 0xffffffff}; /* the next switch */
	name[0] = 0;
	ctl_expect_name(fd, R, name, &l, 0, NULL);
	ctl_check(!strcmp(name, "vale_X:c"));
	l = (struct nmreq_vale_list){.nr_bridge_idx = 0xffff};
	ctl_expect(fd, R, "", &l, NULL, ENOENT, NULL);
	close(port[0]);
	close(port[1]);
	return ctl_done();
}
