/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl.h"

#define R NETMAP_REQ_PORT_INFO_GET

int
main(void)
{
	struct nmreq_port_info_get i = {.nr_tx_slots = 77777, .pad = {1, 2, 3}}, before;
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_rings = 4, .nr_tx_slots = 128};
	struct nmreq_port_list l = {0};
	int fd = ctl_open(), other = ctl_open();

	/* a port that is not there is made for the look, and gone after it */
	ctl_expect(fd, R, "vale0:a", &i, NULL, 0, NULL);
	ctl_equal(i.nr_tx_rings, 1);
	ctl_check(i.nr_tx_slots >= 1024 && i.nr_tx_slots <= 4096);
	ctl_equal(i.nr_rx_slots, i.nr_tx_slots);
	ctl_equal(i.nr_host_tx_rings, 0);
	ctl_check(i.nr_mem_id > 1 && i.nr_memsize > 0);
	ctl_expect(fd, NETMAP_REQ_PORT_LIST, "", &l, NULL, ENOENT, NULL);
	ctl_expect(fd, R, "x}1", &i, NULL, 0, NULL);
	ctl_expect(fd, NETMAP_REQ_PORT_LIST, "", &l, NULL, ENOENT, NULL);
	/* one that is there is told as it is, by any descriptor */
	ctl_expect(other, NETMAP_REQ_REGISTER, "vale0:a", &reg, NULL, 0, NULL);
	ctl_expect(fd, R, "vale0:a", &i, NULL, 0, NULL);
	ctl_equal(i.nr_tx_rings, 4);
	ctl_equal(i.nr_tx_slots, 128);
	ctl_equal(i.nr_mem_id, reg.nr_mem_id);
	ctl_equal(i.nr_memsize, reg.nr_memsize);
	ctl_expect(other, R, "vale0:a", &i, NULL, 0, NULL);
	/* no name: the memory alone */
	i = (struct nmreq_port_info_get){.nr_mem_id = reg.nr_mem_id, .nr_tx_slots = 5};
	ctl_expect(fd, R, "", &i, NULL, 0, NULL);
	ctl_equal(i.nr_memsize, reg.nr_memsize);
	ctl_equal(i.nr_tx_slots, 5);
	i.nr_mem_id = 0;
	ctl_expect(fd, R, "", &i, NULL, 0, NULL);
	ctl_equal(i.nr_mem_id, 1);
	ctl_equal(i.nr_memsize, 343019520);
	i.nr_mem_id = 4711;
	before = i;
	ctl_expect(fd, R, "", &i, NULL, EINVAL, "region: there is no region 4711");
	ctl_check(!memcmp(&i, &before, sizeof(i)));
	/* names are as of REGISTER */
	ctl_expect(fd, R, "nosuchif0", &i, NULL, ENXIO,
	    "there is no interface nosuchif0; a switch port is called valeX:PORT, a pipe NAME{ID");
	ctl_expect(fd, R, "vale0:lo", &i, NULL, EINVAL, "vale0:lo: lo is an interface of the system; attach it by: vale-ctl -a vale0:lo");
	return ctl_done();
}
