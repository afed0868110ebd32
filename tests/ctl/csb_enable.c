/* SPDX-License-Identifier: BSD-2-Clause */
/* The option CSB, of REGISTER and of CSB_ENABLE: what is refused, what entries begin with, and what no longer goes then. */
#include "csb.h"

#include <fcntl.h>
#include <net/netmap_legacy.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

static void
refused(int fd, uint64_t flags, const void *atok, const void *ktoa, int err, const char *text)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = flags};
	struct nmreq_opt_csb o = csb_option(atok, ktoa);
	struct nmreq_vale_list l = {0};

	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:a", &reg, &o, err, text);
	ctl_equal(o.nro_opt.nro_status, err);
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, NULL, ENOENT, NULL); /* no port was made */
}

static void
bad_registrations(int fd, struct csb *c)
{
	char *p = (void *)c, *hole = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	refused(fd, 0, c->atok, c->ktoa, EINVAL, "vale0:a: a CSB is for rings that nobody else has; register with NR_EXCLUSIVE");
	refused(fd, NR_EXCLUSIVE, NULL, c->ktoa, EINVAL, "csb_atok: address 0x0, a multiple of 64 other than 0 is expected");
	refused(fd, NR_EXCLUSIVE, c->atok, NULL, EINVAL, "csb_ktoa: address 0x0, a multiple of 64 other than 0 is expected");
	refused(fd, NR_EXCLUSIVE, p + 4, c->ktoa, EINVAL, "~, a multiple of 64 other than 0 is expected");
	refused(fd, NR_EXCLUSIVE, c->atok, p + 32, EINVAL, "~, a multiple of 64 other than 0 is expected");
	refused(fd, NR_EXCLUSIVE, (void *)(uintptr_t)-64, c->ktoa, EINVAL, NULL); /* entries that go round the end of addresses */
	refused(fd, NR_EXCLUSIVE, (void *)(uintptr_t)4096, c->ktoa, EFAULT, NULL);
	munmap(hole + 4096, 4096);
	refused(fd, NR_EXCLUSIVE, c->atok, hole + 4096 - 64, EFAULT, NULL); /* the second entry lies beyond */
	mprotect(hole, 4096, PROT_READ);
	refused(fd, NR_EXCLUSIVE, hole, c->ktoa, EFAULT, NULL);
	refused(fd, NR_EXCLUSIVE, c->atok, hole, EFAULT, NULL);
	munmap(hole, 4096);
}

static void
bad_lists(int fd, struct csb *c)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE};
	struct nmreq_opt_csb o = csb_option(c->atok, c->ktoa), twice = o, *cut;
	struct nmreq_option unknown = {.nro_reqtype = 99, .nro_status = 7};
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	o.nro_opt.nro_next = (uintptr_t)&twice;
	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:a", &reg, &o, EINVAL, "option 3 (CSB) is given twice");
	ctl_equal(o.nro_opt.nro_status, EINVAL);
	ctl_equal(twice.nro_opt.nro_status, EINVAL);
	o.nro_opt.nro_next = (uintptr_t)&o;
	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:a", &reg, &o, EMSGSIZE, NULL);
	o.nro_opt.nro_next = (uintptr_t)&unknown;
	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:a", &reg, &o, EOPNOTSUPP, "vale0:a: option 99 (unknown) is not supported");
	ctl_equal(unknown.nro_status, EOPNOTSUPP);
	munmap(page + 4096, 4096);
	cut = (void *)(page + 4096 - 32); /* its last word is not there */
	memcpy(cut, &o, 32);
	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:a", &reg, cut, EFAULT, "40 bytes of option 3 (CSB) can't be read");
	munmap(page, 4096);
}

static void
entries(const struct csb *c, uint32_t n, uint32_t ntx)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		ctl_equal(c->atok[i].head, 0);
		ctl_equal(c->atok[i].cur, 0);
		ctl_equal(c->atok[i].appl_need_kick, 1);
		ctl_equal(c->atok[i].sync_flags, 1);
		ctl_equal(c->ktoa[i].hwcur, 0);
		ctl_equal(c->ktoa[i].hwtail, i < ntx ? 1023 : 0);
		ctl_equal(c->ktoa[i].kern_need_kick, 1);
	}
	ctl_equal(c->atok[n].head, 0x55555555);
	ctl_equal(c->ktoa[n].hwcur, 0x55555555);
}

static void
no_syncs(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};
	struct epoll_event e = {.events = EPOLLIN}, got = {0};
	int set = epoll_create1(0);
	fd_set in;

	ctl_equal(ioctl(fd, NIOCTXSYNC, NULL), -1);
	ctl_equal(errno, EBUSY);
	ctl_equal(ioctl(fd, NIOCRXSYNC, NULL), -1);
	ctl_equal(errno, EBUSY);
	ctl_equal(poll(&p, 1, -1), 1);
	ctl_equal(p.revents, POLLERR);
	FD_ZERO(&in);
	FD_SET(fd, &in);
	ctl_equal(select(fd + 1, &in, NULL, NULL, NULL), 1); /* an error counts as something to read */
	ctl_equal(epoll_ctl(set, EPOLL_CTL_ADD, fd, &e), 0);
	ctl_equal(epoll_wait(set, &got, 1, -1), 1);
	ctl_equal(got.events, EPOLLERR);
	close(set);
}

static void
at_register(void)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE, .nr_tx_rings = 3, .nr_rx_rings = 2, .nr_tx_slots = 1024,
	    .nr_rx_slots = 1024};
	struct csb *c = csb_new();
	struct nmreq_opt_csb o = csb_option(c->atok, c->ktoa);
	int fd = ctl_open();

	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:a", &reg, &o, 0, NULL);
	ctl_equal(o.nro_opt.nro_status, 0);
	entries(c, 5, 3);
	no_syncs(fd);
	close(fd);
	munmap(c, sizeof(*c));
}

static void
later(void)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE, .nr_tx_slots = 1024, .nr_rx_slots = 1024};
	struct csb *c = csb_new(), *d = csb_new();
	struct nmreq_opt_csb o = csb_option(c->atok, c->ktoa), misplaced = csb_option((char *)d->atok + 16, d->ktoa);
	struct nmreq_option unknown = {.nro_reqtype = 99};
	struct nmreq_vale_list l = {0};
	int fd = ctl_open();

	ctl_expect(fd, NETMAP_REQ_CSB_ENABLE, "", NULL, NULL, EINVAL, "CSB_ENABLE says where the CSB is by the option CSB, which is missing");
	ctl_expect(fd, NETMAP_REQ_CSB_ENABLE, "", NULL, &o, ENXIO, "this descriptor is not registered, so it has no rings for a CSB");
	ctl_equal(o.nro_opt.nro_status, ENXIO);
	ctl_expect(fd, NETMAP_REQ_CSB_ENABLE, "", &reg, &o, EINVAL, "request 15 (CSB_ENABLE) has no body, one is given");
	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:a", &reg, NULL, 0, NULL);
	ctl_equal(ioctl(fd, NIOCTXSYNC, NULL), 0);
	o.nro_opt.nro_next = (uintptr_t)&unknown; /* is for REGISTER alone to refuse */
	ctl_expect(fd, NETMAP_REQ_CSB_ENABLE, "", NULL, &o, 0, NULL);
	ctl_equal(o.nro_opt.nro_status, 0);
	ctl_equal(unknown.nro_status, EOPNOTSUPP);
	entries(c, 2, 1);
	no_syncs(fd);
	ctl_expect(fd, NETMAP_REQ_CSB_ENABLE, "", NULL, &misplaced, EINVAL, NULL);
	ctl_equal(misplaced.nro_opt.nro_status, EINVAL);
	no_syncs(fd);
	o = csb_option(d->atok, d->ktoa);
	ctl_expect(fd, NETMAP_REQ_CSB_ENABLE, "", NULL, &o, 0, NULL);
	entries(d, 2, 1);
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, &o, 0, NULL);
	ctl_equal(o.nro_opt.nro_status, EOPNOTSUPP); /* elsewhere it says nothing */
	close(fd);
	munmap(c, sizeof(*c));
	munmap(d, sizeof(*d));
}

/* Memory of all kinds in which entries may lie: two arrays in one page, of a file, and of the region itself. */
static void
kinds_of_memory(void)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE};
	struct nmreq_opt_csb o;
	char *page, *mem;
	int fd = ctl_open(), file = memfd_create("csb", 0);

	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:a", &reg, NULL, 0, NULL);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	o = csb_option(page + 64, page + 256);
	ctl_expect(fd, NETMAP_REQ_CSB_ENABLE, "", NULL, &o, 0, NULL);
	ctl_equal(((struct nm_csb_ktoa *)(void *)(page + 256))->kern_need_kick, 1);
	ctl_equal(ftruncate(file, 4096), 0);
	munmap(page, 4096);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	o = csb_option(page, page + 128);
	ctl_expect(fd, NETMAP_REQ_CSB_ENABLE, "", NULL, &o, 0, NULL);
	ctl_equal(((struct nm_csb_ktoa *)(void *)(page + 128))->kern_need_kick, 1);
	munmap(page, 4096);
	close(file);
	/* whether it is taken depends on the home; what is there is as it was, or entries */
	mem = mmap(NULL, reg.nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ctl_check(mem != MAP_FAILED);
	o = csb_option(mem, mem + 4096);
	{
		struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_CSB_ENABLE, .nr_options = (uintptr_t)&o};
		int err = ioctl(fd, NIOCCTRL, &h) ? errno : 0;

		ctl_equal(o.nro_opt.nro_status, err);
		ctl_check(err == 0 || err == EOPNOTSUPP || err == EFAULT);
	}
	close(fd);
	munmap(mem, reg.nr_memsize);
}

int
main(void)
{
	struct csb *c = csb_new();
	int fd = ctl_open(), i;

	bad_registrations(fd, c);
	bad_lists(fd, c);
	for (i = 0; i < 3; i++)
		at_register();
	later();
	kinds_of_memory();
	close(fd);
	return ctl_done();
}
