/* SPDX-License-Identifier: BSD-2-Clause */
/* The option EXTMEM of REGISTER: what is refused, what comes back, and frames through memory that the program brought. */
#include "ctl.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <net/netmap_user.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#define SIZE ((size_t)4 << 20)
#define SLOTS 128u

static struct nmreq_opt_extmem
asked(void *mem, size_t size)
{
	return (struct nmreq_opt_extmem){.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_EXTMEM, .nro_status = 99}, .nro_usrptr = (uintptr_t)mem,
	    .nro_info = {.nr_memsize = size}};
}

static struct nmreq_register
shape(void)
{
	return (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = SLOTS, .nr_rx_slots = SLOTS};
}

static char *
memory(size_t size, int flags)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	memset(p, 0xff, size);
	return p;
}

static void
refused(const char *name, struct nmreq_opt_extmem o, int err, const char *text)
{
	struct nmreq_register reg = shape();
	int fd = ctl_open();

	ctl_expect(fd, NETMAP_REQ_REGISTER, name, &reg, &o, err, text);
	ctl_equal(o.nro_opt.nro_status, err);
	close(fd);
}

/* A descriptor whose rings are in `mem`. */
struct end {
	int fd;
	struct nmreq_register reg;
	struct nmreq_pools_info info;
	struct netmap_if *nifp;
};

static struct end
granted(const char *name, char *mem, struct nmreq_opt_extmem o, uint32_t extra)
{
	struct end e = {.fd = ctl_open(), .reg = shape()};
	size_t size = o.nro_info.nr_memsize;

	e.reg.nr_extra_bufs = extra;
	ctl_expect(e.fd, NETMAP_REQ_REGISTER, name, &e.reg, &o, 0, NULL);
	ctl_equal(o.nro_opt.nro_status, 0);
	ctl_check(e.reg.nr_mem_id > 1);
	ctl_equal(o.nro_info.nr_mem_id, e.reg.nr_mem_id);
	ctl_equal(o.nro_info.nr_memsize, size);
	ctl_check(e.reg.nr_memsize <= size && e.reg.nr_memsize > size - 2 * 65536);
	e.info = o.nro_info;
	e.nifp = NETMAP_IF(mem, e.reg.nr_offset);
	return e;
}

/* The same by memory that is joined and mapped as any other. */
static struct end
joined(const char *name, uint16_t id)
{
	struct end e = {.fd = ctl_open(), .reg = shape()};
	char *mem;

	e.reg.nr_mem_id = id;
	ctl_expect(e.fd, NETMAP_REQ_REGISTER, name, &e.reg, NULL, 0, NULL);
	mem = mmap(NULL, e.reg.nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, e.fd, 0);
	if (mem == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	e.nifp = NETMAP_IF(mem, e.reg.nr_offset);
	return e;
}

static void
passes(const struct end *from, const struct end *to, int fill)
{
	struct netmap_ring *tx = NETMAP_TXRING(from->nifp, 0), *rx = NETMAP_RXRING(to->nifp, 0);
	char *p = NETMAP_BUF(tx, tx->slot[tx->head].buf_idx);
	int i, same = 0;

	memset(p, fill, 600);
	memset(p, 0xff, 6);
	p[6] = 2;
	tx->slot[tx->head].len = 600;
	tx->head = tx->cur = nm_ring_next(tx, tx->head);
	ctl_equal(ioctl(from->fd, NIOCTXSYNC, NULL), 0);
	ctl_equal(ioctl(to->fd, NIOCRXSYNC, NULL), 0);
	ctl_equal(nm_ring_space(rx), 1);
	ctl_equal(rx->slot[rx->head].len, 600);
	p = NETMAP_BUF(rx, rx->slot[rx->head].buf_idx);
	for (i = 7; i < 600; i++)
		same += p[i] == (char)fill;
	ctl_equal(same, 593);
	rx->head = rx->cur = rx->tail;
	ctl_equal(ioctl(to->fd, NIOCRXSYNC, NULL), 0);
}

static int
zeroes(const char *p, size_t n)
{
	while (n > 0 && p[n - 1] == 0)
		n--;
	return n == 0;
}

/* What was asked for, what is filled in, and that no byte of before is left in what was handed out. */
static void
layout(void)
{
	char *mem = memory(SIZE, MAP_PRIVATE);
	struct nmreq_opt_extmem o = asked(mem, SIZE - 100);
	struct netmap_ring *tx, *rx;
	struct end a;
	uint32_t i, n;

	o.nro_info.nr_if_pool_objsize = 200;
	o.nro_info.nr_if_pool_objtotal = 5;
	o.nro_info.nr_ring_pool_objsize = 4096;
	o.nro_info.nr_ring_pool_objtotal = 4;
	o.nro_info.nr_buf_pool_objsize = 2000;
	o.nro_info.nr_buf_pool_objtotal = 300;
	a = granted("vale0:a", mem, o, 1000);
	ctl_equal(a.info.nr_if_pool_offset, 0);
	ctl_equal(a.info.nr_if_pool_objsize, 256);
	ctl_equal(a.info.nr_if_pool_objtotal, 5);
	ctl_equal(a.info.nr_ring_pool_offset, 4096);
	ctl_equal(a.info.nr_ring_pool_objtotal, 4);
	ctl_equal(a.info.nr_buf_pool_offset, 5 * 4096);
	ctl_equal(a.info.nr_buf_pool_objsize, 2048);
	ctl_equal(a.info.nr_buf_pool_objtotal, (SIZE - 4096 - 5 * 4096) / 2048); /* the last page is not whole */
	ctl_equal(a.reg.nr_extra_bufs, 1000);
	tx = NETMAP_TXRING(a.nifp, 0);
	rx = NETMAP_RXRING(a.nifp, 0);
	ctl_check(!strcmp(a.nifp->ni_name, "vale0:a") && (a.nifp->ni_flags & NI_PRIV_MEM));
	ctl_check((char *)tx >= mem + 4096 && (char *)rx < mem + 5 * 4096);
	ctl_equal(tx->nr_buf_size, 2048);
	ctl_equal(tx->num_slots, SLOTS);
	ctl_check(NETMAP_BUF(tx, 0) == mem + 5 * 4096 && NETMAP_BUF(rx, 0) == mem + 5 * 4096);
	for (i = 0; i < SLOTS; i++)
		ctl_check(zeroes(NETMAP_BUF(tx, tx->slot[i].buf_idx), 2048) && zeroes(NETMAP_BUF(rx, rx->slot[i].buf_idx), 2048));
	for (i = a.nifp->ni_bufs_head, n = 0; i; n++) {
		char *p = NETMAP_BUF(tx, i);

		i = *(uint32_t *)(void *)p;
		ctl_check(zeroes(p + 4, 2044));
	}
	ctl_equal(n, 1000);
	ctl_equal((unsigned char)mem[SIZE - 1], 0xff);
	close(a.fd);
	munmap(mem, SIZE);
}

static void
traffic(int flags)
{
	char *mem = memory(SIZE, flags), *other = memory(SIZE, flags);
	struct end a = granted("vale0:a", mem, asked(mem, SIZE), 0), b = granted("vale0:b", other, asked(other, SIZE), 0), c, d;
	struct nmreq_port_info_get gone = {.nr_mem_id = a.reg.nr_mem_id};
	int fd = ctl_open();

	ctl_check(a.reg.nr_mem_id != b.reg.nr_mem_id);
	passes(&a, &b, 0x31);
	passes(&b, &a, 0x32);
	c = granted("vale0:a{1", mem, asked(mem, SIZE), 0);
	ctl_equal(c.reg.nr_mem_id, a.reg.nr_mem_id);
	d = joined("vale0:a}1", a.reg.nr_mem_id);
	passes(&c, &d, 0x33);
	passes(&d, &c, 0x34);
	close(a.fd); /* the region stays, and with it the memory */
	passes(&c, &d, 0x35);
	close(c.fd);
	munmap(mem, SIZE); /* whoever joined has it still */
	c = joined("vale0:a{1", d.reg.nr_mem_id);
	passes(&c, &d, 0x36);
	close(c.fd);
	close(d.fd);
	close(b.fd);
	ctl_expect(fd, NETMAP_REQ_PORT_INFO_GET, "", &gone, NULL, EINVAL, "~there is no region");
	close(fd);
	munmap(other, SIZE);
}

static void
bad_memory(void)
{
	char *mem = memory(SIZE, MAP_PRIVATE), *hole = memory(SIZE, MAP_PRIVATE), *locked = memory(SIZE, MAP_PRIVATE);
	char path[] = "/var/tmp/netmap-extmem-XXXXXX", *file;
	struct nmreq_opt_extmem o;
	struct statfs fs;
	int fd = mkstemp(path);

	refused("vale0:a", asked(NULL, SIZE), EINVAL, "~address 0x0, a multiple of 4096 other than 0 is expected");
	refused("vale0:a", asked(mem + 64, SIZE - 64), EINVAL, "~, a multiple of 4096 other than 0 is expected");
	refused("vale0:a", asked((void *)(UINTPTR_MAX - 4095), SIZE), EINVAL, "~are not a range of memory");
	refused("vale0:a", asked(mem, 0), EINVAL, "~vale0:a: 0 KiB of memory are too little for 16 netmap_ifs of 1024 bytes, 8 rings of ");
	refused("vale0:a", asked(mem, 4096), EINVAL, "~vale0:a: 4 KiB of memory are too little");
	munmap(hole + SIZE / 2, 4096);
	refused("vale0:a", asked(hole, SIZE), EFAULT, "~nothing is mapped at 0x");
	mprotect(locked + SIZE - 4096, 4096, PROT_READ);
	refused("vale0:a", asked(locked, SIZE), EFAULT, "~memory at 0x");
	if (fd >= 0 && !ftruncate(fd, SIZE) && !fstatfs(fd, &fs) && fs.f_type != TMPFS_MAGIC) {
		file = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		o = asked(file, SIZE);
		refused("vale0:a", o, EOPNOTSUPP, "~tmpfs");
		munmap(file, SIZE);
	}
	unlink(path);
	close(fd);
	munmap(hole, SIZE);
	munmap(locked, SIZE);
	munmap(mem, SIZE);
}

static void
bad_geometry(void)
{
	char *mem = memory(SIZE, MAP_PRIVATE);
	struct nmreq_opt_extmem o = asked(mem, SIZE);

	o.nro_info.nr_if_pool_objsize = 55;
	refused("vale0:a", o, EINVAL, "vale0:a: netmap_ifs of 55 bytes, 56 to 32768 are possible");
	o = asked(mem, SIZE);
	o.nro_info.nr_if_pool_objtotal = 10001;
	refused("vale0:a", o, EINVAL, "vale0:a: 10001 netmap_ifs, 1 to 10000 are possible");
	o = asked(mem, SIZE);
	o.nro_info.nr_ring_pool_objsize = 131073;
	refused("vale0:a", o, EINVAL, "vale0:a: rings of 131073 bytes, 256 to 131072 are possible");
	o = asked(mem, SIZE);
	o.nro_info.nr_ring_pool_objtotal = UINT32_MAX;
	refused("vale0:a", o, EINVAL, "vale0:a: 4294967295 rings, 2 to 4096 are possible");
	o = asked(mem, SIZE);
	o.nro_info.nr_buf_pool_objsize = 65537;
	refused("vale0:a", o, EINVAL, "vale0:a: buffers of 65537 bytes, 64 to 65536 are possible");
	o = asked(mem, SIZE);
	o.nro_info.nr_buf_pool_objtotal = 3;
	refused("vale0:a", o, EINVAL, "vale0:a: 3 buffers, 4 to 1000000 are possible");
	o = asked(mem, SIZE);
	o.nro_info.nr_buf_pool_objtotal = 1000000;
	refused("vale0:a", o, EINVAL, "~vale0:a: 4096 KiB of memory are too little for 16 netmap_ifs of 1024 bytes, 8 rings of ");
	munmap(mem, SIZE);
}

/* What can't be had together, and that nothing was done then: the port is not there. */
static void
combinations(void)
{
	char *mem = memory(SIZE, MAP_PRIVATE);
	struct nmreq_opt_extmem o = asked(mem, SIZE), twice[2] = {asked(mem, SIZE), asked(mem, SIZE)};
	struct nmreq_register reg = shape();
	struct nmreq_port_list l = {0};
	int fd = ctl_open(), other;
	struct end e;

	reg.nr_mem_id = 77;
	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:a", &reg, &o, EINVAL, "vale0:a: there is no region 77");
	twice[0].nro_opt.nro_next = (uintptr_t)&twice[1];
	reg = shape();
	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:a", &reg, twice, EINVAL, "option 1 (EXTMEM) is given twice");
	ctl_expect(fd, NETMAP_REQ_PORT_LIST, "", &l, NULL, ENOENT, "no more ports");
	other = ctl_register("vale0:b");
	refused("vale0:b", asked(mem, 0), EINVAL, NULL);
	reg = shape();
	o = asked(mem, SIZE);
	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:b", &reg, &o, EBUSY, "~vale0:b is there already, in region ");
	reg.nr_mem_id = 0;
	reg.nr_mode = NR_REG_ONE_NIC;
	reg.nr_ringid = 5;
	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:a", &reg, &o, EINVAL, "~ring 5 does not exist");
	e = granted("vale0:a", mem, asked(mem, SIZE), 0); /* after failures as before */
	reg = shape();
	reg.nr_mem_id = e.reg.nr_mem_id;
	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:c", &reg, &o, EINVAL, "~are both asked for; give one of them");
	reg = shape();
	reg.nr_mode = NR_REG_NULL;
	ctl_expect(fd, NETMAP_REQ_REGISTER, "", &reg, &o, 0, NULL);
	ctl_equal(reg.nr_mem_id, e.reg.nr_mem_id);
	close(e.fd);
	close(other);
	close(fd);
	munmap(mem, SIZE);
}

int
main(void)
{
	layout();
	traffic(MAP_PRIVATE);
	traffic(MAP_SHARED);
	bad_memory();
	bad_geometry();
	combinations();
	return ctl_done();
}
