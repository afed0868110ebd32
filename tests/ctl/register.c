/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl.h"

#include <sys/mman.h>

#define R NETMAP_REQ_REGISTER

static void
refusals(void)
{
	static const struct {
		const char *name;
		struct nmreq_register reg;
		int err;
		const char *text;
	} t[] = {
		{"", {.nr_mode = NR_REG_ALL_NIC}, EINVAL, "the port's name is empty"},
		{"nosuchif0", {.nr_mode = NR_REG_ALL_NIC}, ENXIO,
		    "there is no interface nosuchif0; a switch port is called valeX:PORT, a pipe NAME{ID"},
		{"vale0:a b", {.nr_mode = NR_REG_ALL_NIC}, EINVAL,
		    "character 8 of the name is 0x20; printable ASCII other than a blank is expected"},
		{"vale0:", {.nr_mode = NR_REG_ALL_NIC}, EINVAL, "vale0:: the port's part of the name has 0 characters, 1 to 15 are possible"},
		{"vale0:aaaaaaaaaaaaaaaa", {.nr_mode = NR_REG_ALL_NIC}, EINVAL,
		    "vale0:aaaaaaaaaaaaaaaa: the port's part of the name has 16 characters, 1 to 15 are possible"},
		{"vale3456789abcdef:a", {.nr_mode = NR_REG_ALL_NIC}, EINVAL,
		    "vale3456789abcdef:a: a switch name has at most 16 letters, digits or '_' including 'vale'"},
		{"vale0:lo", {.nr_mode = NR_REG_ALL_NIC}, EINVAL,
		    "vale0:lo: lo is an interface of the system; attach it by: vale-ctl -a vale0:lo"},
		{"vale0:a", {.nr_mode = 9}, EINVAL, "vale0:a: mode 9 is unknown"},
		{"vale0:a", {.nr_mode = NR_REG_PIPE_SLAVE}, EINVAL,
		    "vale0:a: pipe modes are for the legacy request; write the name as BASE{ID or BASE}ID"},
		{"vale0:a", {.nr_mode = NR_REG_ONE_NIC, .nr_ringid = 1}, EINVAL, "vale0:a ring 1 does not exist, there are 1 (0 to 0)"},
		{"vale0:a", {.nr_mode = NR_REG_SW}, EINVAL, "vale0:a has no host rings"},
		{"vale0:a", {.nr_mode = NR_REG_ONE_SW}, EINVAL, "vale0:a has no host rings"},
		{"vale0:a", {.nr_mode = NR_REG_ALL_NIC, .nr_flags = 0x1000}, EINVAL, "vale0:a: unknown flags 0x1000"},
		{"vale0:a", {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_MONITOR_TX}, EINVAL,
		    "vale0:a can't be monitored: no program and no switch has it open; open it first"},
		{"vale0:a", {.nr_mode = NR_REG_ALL_NIC, .nr_mem_id = 4711}, EINVAL, "vale0:a: there is no region 4711"},
		{"vale0:a", {.nr_mode = NR_REG_ALL_NIC, .nr_rx_rings = 17}, EINVAL, "vale0:a: 17 receive rings asked for, 1 to 16 are possible"},
		{"vale0:a", {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 4097}, EINVAL,
		    "vale0:a: 4097 transmit slots asked for, 1 to 4096 are possible"},
		{"x{", {.nr_mode = NR_REG_ALL_NIC}, EINVAL, "x{: a pipe is called BASE{ID or BASE}ID"},
		{"x{1", {.nr_mode = NR_REG_NIC_SW}, EINVAL, "x{1: a pipe has no host rings (mode 3)"},
		{"x{1", {.nr_mode = NR_REG_ALL_NIC, .nr_tx_rings = 257}, EINVAL, "x{1: 257 transmit rings asked for, 1 to 256 are possible"},
		{"n", {.nr_mode = NR_REG_NULL, .nr_rx_slots = 8177}, EINVAL, "n: 8177 receive slots asked for, 1 to 8176 are possible"},
	};
	struct nmreq_vale_list l = {0};
	struct nmreq_port_list p = {0};
	int fd = ctl_open();
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct nmreq_register reg = t[i].reg;

		ctl_expect(fd, R, t[i].name, &reg, NULL, t[i].err, t[i].text);
		ctl_check(!memcmp(&reg, &t[i].reg, sizeof(reg)));
	}
	ctl_expect(fd, NETMAP_REQ_VALE_LIST, "", &l, NULL, ENOENT, NULL); /* nothing was left behind */
	ctl_expect(fd, NETMAP_REQ_PORT_LIST, "", &p, NULL, ENOENT, NULL);
	close(fd);
}

static char *
map(int fd, const struct nmreq_register *reg)
{
	char *p = mmap(NULL, reg->nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	ctl_check(p != MAP_FAILED);
	return p;
}

static void
memory(void)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_rings = 2, .nr_tx_slots = 64, .nr_rx_slots = 1, .nr_extra_bufs = 5};
	int fd = ctl_open();
	const struct netmap_ring *r;
	const struct netmap_if *n;
	uint32_t idx, extra = 0;
	char *p;

	ctl_check(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EINVAL);
	ctl_expect(fd, R, "vale0:a", &reg, NULL, 0, NULL);
	ctl_equal(reg.nr_tx_rings, 2);
	ctl_equal(reg.nr_rx_rings, 1);
	ctl_equal(reg.nr_tx_slots, 64);
	ctl_equal(reg.nr_rx_slots, 1);
	ctl_equal(reg.nr_host_tx_rings, 0);
	ctl_equal(reg.nr_extra_bufs, 5);
	ctl_check(reg.nr_mem_id > 1);
	p = map(fd, &reg);
	n = (const void *)(p + reg.nr_offset);
	ctl_check(!strcmp(n->ni_name, "vale0:a"));
	ctl_equal(n->ni_flags, NI_PRIV_MEM);
	ctl_equal(n->ni_host_tx_rings, 1);
	ctl_equal(n->ring_ofs[2], 0); /* the stand-in of the host */
	r = (const void *)((const char *)n + n->ring_ofs[1]);
	ctl_equal(r->num_slots, 64);
	ctl_equal(r->ringid, 1);
	ctl_equal(r->dir, 1);
	ctl_equal(r->tail, 63);
	ctl_equal(r->slot[5].len, r->nr_buf_size);
	for (idx = n->ni_bufs_head; idx; extra++)
		idx = *(const uint32_t *)(const void *)((const char *)r + r->buf_ofs + (size_t)idx * r->nr_buf_size);
	ctl_equal(extra, 5);
	munmap(p, reg.nr_memsize);
	close(fd);
}

static void
sharing(void)
{
	struct nmreq_register a = {.nr_mode = NR_REG_ALL_NIC}, b = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE}, again = a;
	int fd = ctl_open(), other = ctl_open();

	ctl_expect(fd, R, "vale0:a", &a, NULL, 0, NULL);
	ctl_expect(fd, R, "vale0:b", &again, NULL, EBUSY,
	    "this descriptor is registered to vale0:a already; open another for vale0:b");
	ctl_expect(other, R, "vale0:a", &b, NULL, EBUSY,
	    "vale0:a: tx ring 0 is in use by 1 descriptor(s) and can't be had exclusively");
	b = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_mem_id = a.nr_mem_id, .nr_flags = NR_EXCLUSIVE};
	ctl_expect(other, R, "vale1:b", &b, NULL, 0, NULL);
	ctl_equal(b.nr_mem_id, a.nr_mem_id);
	ctl_equal(b.nr_memsize, a.nr_memsize);
	close(fd);
	fd = ctl_open();
	a = (struct nmreq_register){.nr_mode = NR_REG_ONE_NIC, .nr_flags = NR_TX_RINGS_ONLY};
	ctl_expect(fd, R, "vale1:b", &a, NULL, EBUSY, "vale1:b: tx ring 0 is held exclusively by another descriptor");
	close(other);
	ctl_expect(fd, R, "vale1:b", &a, NULL, 0, NULL);
	close(fd);
}

static void
pipes(void)
{
	struct nmreq_register m = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_rings = 3, .nr_rx_rings = 2, .nr_tx_slots = 32, .nr_rx_slots = 64},
	    s = {.nr_mode = NR_REG_ALL_NIC};
	int a = ctl_open(), b = ctl_open();

	ctl_expect(a, R, "x}1", &m, NULL, 0, NULL);
	ctl_expect(b, R, "x{1", &s, NULL, 0, NULL);
	ctl_equal(s.nr_tx_rings, 2);
	ctl_equal(s.nr_rx_rings, 3);
	ctl_equal(s.nr_tx_slots, 64);
	ctl_equal(s.nr_rx_slots, 32);
	ctl_equal(s.nr_mem_id, m.nr_mem_id);
	close(a);
	close(b);
}

static void
null_port(void)
{
	struct nmreq_register n = {.nr_mode = NR_REG_NULL, .nr_tx_rings = 20, .nr_rx_rings = 1, .nr_rx_slots = 7, .nr_host_rx_rings = 2};
	int fd = ctl_open(), other;

	ctl_expect(fd, R, "vale0:a", &n, NULL, 0, NULL);
	ctl_equal(n.nr_tx_rings, 20);
	ctl_equal(n.nr_rx_slots, 7);
	ctl_equal(n.nr_host_tx_rings, 0);
	ctl_equal(n.nr_host_rx_rings, 2);
	ctl_equal(ioctl(fd, NIOCTXSYNC, NULL), 0);
	other = ctl_register("vale0:a"); /* the name is free, it does not stand in the way */
	close(other);
	close(fd);
}

int
main(void)
{
	refusals();
	memory();
	sharing();
	pipes();
	null_port();
	return ctl_done();
}
