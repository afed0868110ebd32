/* SPDX-License-Identifier: BSD-2-Clause */
/* mmap of a descriptor: what can be mapped, and what is refused. */
#include "ctl.h"

#include <net/netmap_user.h>
#include <sys/mman.h>

static int
try_map(int fd, size_t len, off_t off, int prot, int flags)
{
	void *p = mmap(NULL, len, prot, flags, fd, off);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, len);
	return 0;
}

static void
refused(int fd, size_t size)
{
	const int rw = PROT_READ | PROT_WRITE;
	const size_t page = 4096;

	ctl_equal(try_map(fd, size + page, 0, rw, MAP_SHARED), EINVAL);
	ctl_equal(try_map(fd, page, (off_t)size, rw, MAP_SHARED), EINVAL);
	ctl_equal(try_map(fd, 2 * page, (off_t)(size - page), rw, MAP_SHARED), EINVAL);
	ctl_equal(try_map(fd, page, (off_t)1 << 40, rw, MAP_SHARED), EINVAL);
	ctl_equal(try_map(fd, size, 0, rw, MAP_PRIVATE), EINVAL);
	ctl_equal(try_map(fd, page, 0, PROT_READ, MAP_PRIVATE), EINVAL);
}

/* Two mappings, one of them of a part, are the same memory. */
static void
same_memory(int fd, size_t size)
{
	char *a = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *b = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, (off_t)(size - 8192));

	ctl_check(a != MAP_FAILED && b != MAP_FAILED);
	if (a == MAP_FAILED || b == MAP_FAILED)
		return;
	memset(a + size - 8192, 0x5a, 8192);
	ctl_equal(b[0], 0x5a);
	ctl_equal(b[8191], 0x5a);
	munmap(a, size);
	ctl_equal(b[4096], 0x5a);
	munmap(b, 8192);
}

int
main(void)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC}, again = reg;
	int fd = ctl_open(), other = ctl_open();

	ctl_equal(try_map(fd, 4096, 0, PROT_READ | PROT_WRITE, MAP_SHARED), EINVAL);
	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:a", &reg, NULL, 0, NULL);
	refused(fd, reg.nr_memsize);
	same_memory(fd, reg.nr_memsize);
	/* a port of another region: its size, not the first one's */
	again.nr_tx_slots = again.nr_rx_slots = 64;
	ctl_expect(other, NETMAP_REQ_REGISTER, "vale0:b", &again, NULL, 0, NULL);
	ctl_check(again.nr_memsize < reg.nr_memsize && again.nr_mem_id != reg.nr_mem_id);
	ctl_equal(try_map(other, reg.nr_memsize, 0, PROT_READ | PROT_WRITE, MAP_SHARED), EINVAL);
	ctl_equal(try_map(other, again.nr_memsize, 0, PROT_READ | PROT_WRITE, MAP_SHARED), 0);
	return ctl_done();
}
