/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl.h"

#define R NETMAP_REQ_POOLS_INFO_GET

int
main(void)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_extra_bufs = 100};
	struct nmreq_pools_info i = {.pad1 = {1, 2, 3}};
	int fd = ctl_open(), port = ctl_open();

	ctl_expect(fd, R, "", &i, NULL, ENXIO, "the port's name is empty");
	ctl_expect(fd, R, "vale0:a", &i, NULL, ENXIO, "there is no port vale0:a; see: vale-ctl list");
	ctl_expect(port, NETMAP_REQ_REGISTER, "vale0:a", &reg, NULL, 0, NULL);
	ctl_expect(fd, R, "vale0:a", &i, NULL, 0, NULL);
	ctl_equal(i.nr_memsize, reg.nr_memsize);
	ctl_equal(i.nr_mem_id, reg.nr_mem_id);
	ctl_equal(i.nr_if_pool_offset, 0);
	ctl_check(i.nr_if_pool_objtotal >= 10 && i.nr_if_pool_objsize >= 1024);
	ctl_check(i.nr_ring_pool_objtotal >= 20 && i.nr_ring_pool_objsize >= 256 + 16 * reg.nr_tx_slots);
	ctl_check(i.nr_ring_pool_offset >= (uint64_t)i.nr_if_pool_objtotal * i.nr_if_pool_objsize);
	ctl_check(i.nr_buf_pool_offset >= i.nr_ring_pool_offset + (uint64_t)i.nr_ring_pool_objtotal * i.nr_ring_pool_objsize);
	ctl_check(i.nr_memsize >= i.nr_buf_pool_offset + (uint64_t)i.nr_buf_pool_objtotal * i.nr_buf_pool_objsize);
	ctl_equal(i.nr_memsize % 4096, 0);
	/* (4 npipes + rings + 1) slots in each direction, two reserved buffers, the extra ones */
	ctl_check(i.nr_buf_pool_objtotal >= 10 * (reg.nr_tx_slots + reg.nr_rx_slots) + 2 + 100);
	return ctl_done();
}
