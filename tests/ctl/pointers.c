/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses that are wrong, in every place of a request: not mapped, of the kernel, mapped to the middle of the structure, not to be
 * written. EFAULT, and the descriptor is as good as before.
 */
#include "ctl.h"

#include <net/netmap_legacy.h>
#include <stdbool.h>
#include <sys/mman.h>

static size_t page;
static char *last; /* a page, with nothing mapped behind it */

/* `n` bytes of which the last ones lie in no page; a copy of what `from` has. */
static void *
cut(const void *from, size_t n, size_t there)
{
	return memcpy(last + page - there, from, there < n ? there : n);
}

static void *const nowhere[] = {(void *)8, (void *)0x7fffffffe000, (void *)(uintptr_t)0xffff888000001000ull, (void *)-8l};
#define NOWHERE (sizeof(nowhere) / sizeof(nowhere[0]))

static int
call(int fd, unsigned long what, void *arg)
{
	return ioctl(fd, what, arg) ? errno : 0;
}

static struct nmreq_header
header(uint16_t type, void *body, void *options)
{
	return (struct nmreq_header){.nr_version = NETMAP_API, .nr_reqtype = type, .nr_name = "vale0:p", .nr_body = (uintptr_t)body,
	    .nr_options = (uintptr_t)options};
}

static void
arguments(int fd)
{
	static const unsigned long calls[] = {NIOCCTRL, NIOCREGIF, NIOCGINFO};
	struct nmreq legacy = {.nr_version = NETMAP_API, .nr_name = "vale0:p"};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nmreq_header h = header(NETMAP_REQ_REGISTER, &reg, NULL);
	size_t i, k;

	for (i = 0; i < 3; i++) {
		ctl_equal(call(fd, calls[i], NULL), EINVAL);
		for (k = 0; k < NOWHERE; k++)
			ctl_equal(call(fd, calls[i], nowhere[k]), EFAULT);
		ctl_equal(call(fd, calls[i], i ? cut(&legacy, sizeof(legacy), 40) : cut(&h, sizeof(h), 40)), EFAULT);
	}
	/* where no argument is expected, none is looked at */
	for (k = 0; k < NOWHERE; k++) {
		ctl_equal(call(fd, NIOCTXSYNC, nowhere[k]), ENXIO);
		ctl_equal(call(fd, NIOCRXSYNC, nowhere[k]), ENXIO);
	}
}

static void
bodies(int fd)
{
	struct nmreq_port_info_get i = {0};
	struct nmreq_header h;
	size_t k;

	for (k = 0; k < NOWHERE; k++) {
		h = header(NETMAP_REQ_REGISTER, nowhere[k], NULL);
		ctl_equal(call(fd, NIOCCTRL, &h), EFAULT);
		ctl_equal(h.nr_body, (uintptr_t)nowhere[k]);
		ctl_reason(fd, EFAULT, "the body of 56 bytes can't be read");
	}
	h = header(NETMAP_REQ_PORT_INFO_GET, cut(&i, sizeof(i), 31), NULL);
	ctl_equal(call(fd, NIOCCTRL, &h), EFAULT);
	ctl_reason(fd, EFAULT, "the body of 32 bytes can't be read");
	h = header(NETMAP_REQ_PORT_INFO_GET, cut(&i, sizeof(i), 32), NULL); /* the last byte that is there is the last of the body */
	ctl_equal(call(fd, NIOCCTRL, &h), 0);
}

static void
options(int fd)
{
	struct nmreq_option good = {.nro_reqtype = 1234}, other = good;
	struct nmreq_opt_csb csb = {.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_CSB}};
	struct nmreq_vale_list l = {0};
	size_t k;

	for (k = 0; k < NOWHERE; k++) {
		ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, nowhere[k], EFAULT, "~option 0 can't be read, its address is 0x");
		good.nro_next = (uintptr_t)nowhere[k];
		ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, &good, EFAULT, "~option 1 can't be read, its address is 0x");
	}
	good.nro_next = 0;
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, cut(&good, sizeof(good), 23), EFAULT, "~option 0 can't be read");
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, cut(&csb, sizeof(csb), 39), EFAULT, "40 bytes of option 3 (CSB) can't be read");
	/* two that name each other */
	good.nro_next = (uintptr_t)&other;
	other.nro_next = (uintptr_t)&good;
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, &good, EMSGSIZE, "the list of options has no end, or more than 128 entries");
}

/* What was done can't be told: the request has been served all the same. */
static void
not_writable(int fd)
{
	struct nmreq_port_info_get i = {0};
	struct nmreq_option o = {.nro_reqtype = 1234};
	struct nmreq_header h = header(NETMAP_REQ_PORT_INFO_GET, &i, NULL), *place;
	struct nmreq legacy = {.nr_version = NETMAP_API, .nr_name = "vale0:p"};

	place = cut(&h, sizeof(h), 4000);
	ctl_equal(mprotect(last, page, PROT_READ), 0);
	ctl_equal(call(fd, NIOCCTRL, place), EFAULT);
	ctl_equal(mprotect(last, page, PROT_READ | PROT_WRITE), 0);
	h = header(NETMAP_REQ_PORT_INFO_GET, cut(&i, sizeof(i), 4000), NULL);
	ctl_equal(mprotect(last, page, PROT_READ), 0);
	ctl_equal(call(fd, NIOCCTRL, &h), EFAULT);
	ctl_equal(mprotect(last, page, PROT_READ | PROT_WRITE), 0);
	h = header(NETMAP_REQ_PORT_INFO_GET, &i, cut(&o, sizeof(o), 4000));
	ctl_equal(mprotect(last, page, PROT_READ), 0);
	ctl_equal(call(fd, NIOCCTRL, &h), EFAULT);
	ctl_equal(mprotect(last, page, PROT_READ | PROT_WRITE), 0);
	place = cut(&legacy, sizeof(legacy), 4000);
	ctl_equal(mprotect(last, page, PROT_READ), 0);
	ctl_equal(call(fd, NIOCGINFO, place), EFAULT);
	ctl_equal(mprotect(last, page, PROT_READ | PROT_WRITE), 0);
}

int
main(void)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	int fd = ctl_open();

	page = (size_t)sysconf(_SC_PAGESIZE);
	last = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (last == MAP_FAILED || munmap(last + page, page)) {
		perror("mmap");
		return 1;
	}
	arguments(fd);
	bodies(fd);
	options(fd);
	not_writable(fd);
	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:p", &reg, NULL, 0, NULL);
	ctl_equal(call(fd, NIOCTXSYNC, (void *)8), 0);
	return ctl_done();
}
