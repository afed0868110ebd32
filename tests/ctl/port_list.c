/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl.h"

#define R NETMAP_REQ_PORT_LIST

int
main(void)
{
	static const struct { const char *name; uint32_t kind, sessions; } want[] = {
		{"vale0:a", NM_PORT_KIND_VALE, 2}, {"x", NM_PORT_KIND_NULL, 0}, {"x}1", NM_PORT_KIND_PIPE, 1}, {"x{1", NM_PORT_KIND_PIPE, 0},
	};
	struct nmreq_port_list l = {0};
	int fd = ctl_open(), port[3];
	size_t i;

	ctl_expect(fd, R, "", &l, NULL, ENOENT, "no more ports");
	l.pad = 5;
	ctl_expect(fd, R, "", &l, NULL, EINVAL, "the reserved field is 5, not 0");
	port[0] = ctl_register("vale0:a");
	port[1] = ctl_register("vale0:a");
	port[2] = ctl_register("x}1");
	l = (struct nmreq_port_list){0};
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		ctl_expect(fd, R, "", &l, NULL, 0, NULL);
		ctl_check(!strcmp(l.nr_port_name, want[i].name));
		ctl_equal(l.nr_kind, want[i].kind);
		ctl_equal(l.nr_sessions, want[i].sessions);
		ctl_equal(l.nr_mode, geteuid() ? 0600 : 0660);
		ctl_equal(l.nr_uid, getuid());
		ctl_check(l.nr_mem_id > 1 && l.nr_tx_rings == 1 && l.nr_tx_slots >= 1024);
	}
	ctl_expect(fd, R, "", &l, NULL, ENOENT, "no more ports");
	l = (struct nmreq_port_list){.nr_cursor = 0xfffffff0};
	ctl_expect(fd, R, "", &l, NULL, ENOENT, "no more ports");
	close(port[0]);
	close(port[1]);
	close(port[2]);
	return ctl_done();
}
