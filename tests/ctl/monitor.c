/* SPDX-License-Identifier: BSD-2-Clause */
/* Monitors: what is refused, what a registration says, what shows in lists and counters, and what ends them. */
#include "ctl.h"

#include <net/netmap_user.h>
#include <poll.h>
#include <sys/mman.h>

static void
refused(int fd, const char *name, struct nmreq_register reg, int err, const char *text)
{
	ctl_expect(fd, NETMAP_REQ_REGISTER, name, &reg, NULL, err, text);
}

static struct nmreq_register
asked(uint64_t flags)
{
	return (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_flags = flags};
}

static void
bad_input(void)
{
	struct nmreq_register r = asked(NR_MONITOR_RX);
	struct nmreq_opt_offsets o = {.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_OFFSETS}};
	int fd = ctl_open(), a;

	refused(fd, "vale0:a", r, EINVAL, "vale0:a can't be monitored: no program and no switch has it open; open it first");
	refused(fd, "lo", r, EINVAL, "lo can't be monitored: no program and no switch has it open; open it first");
	refused(fd, "x{1", r, EINVAL, "x{1 can't be monitored: no program and no switch has it open; open it first");
	refused(fd, "nosuchif0", r, ENXIO, "there is no port nosuchif0 to be monitored; see: vale-ctl list");
	refused(fd, "", r, EINVAL, "the port's name is empty");
	a = ctl_register("vale0:a");
	refused(a, "vale0:a", r, EBUSY, "this descriptor is registered to vale0:a already; open another for vale0:a");
	r.nr_mode = NR_REG_NULL;
	refused(fd, "vale0:a", r, EINVAL, "vale0:a: a port without peer, which mode 7 makes, is new; there is nothing to be monitored");
	r.nr_mode = NR_REG_SW;
	refused(fd, "vale0:a", r, EINVAL, "vale0:a has no host rings");
	r.nr_mode = NR_REG_ONE_NIC;
	r.nr_ringid = 1;
	refused(fd, "vale0:a", r, EINVAL, "vale0:a ring 1 does not exist, there are 1 (0 to 0)");
	r = asked(NR_MONITOR_RX);
	r.nr_rx_slots = 4097;
	refused(fd, "vale0:a", r, EINVAL, "vale0:a: 4097 receive slots asked for, 1 to 4096 are possible");
	r = asked(NR_MONITOR_RX | NR_TX_RINGS_ONLY);
	refused(fd, "vale0:a", r, EINVAL, "~vale0:a: no ring is left to be monitored");
	r = asked(NR_ZCOPY_MON);
	r.nr_mem_id = 1;
	refused(fd, "vale0:a", r, EINVAL, "~vale0:a: region 1 is asked for, a zero-copy monitor has that of the port");
	r.nr_mem_id = 0;
	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:a", &r, &o, EOPNOTSUPP,
	    "vale0:a.mon1: option 5 (OFFSETS) is not supported yet for ports of this kind");
	r = asked(NR_MONITOR_RX | 0x1000);
	refused(fd, "vale0:a", r, EINVAL, "vale0:a: unknown flags 0x1000");
	close(a);
	close(fd);
}

/* A descriptor with its memory. */
struct end {
	int fd;
	struct nmreq_register reg;
	struct netmap_if *nifp;
};

static struct end
open_end(const char *name, struct nmreq_register reg)
{
	struct end e = {.fd = ctl_open(), .reg = reg};
	char *mem;

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
send_one(const struct end *e, unsigned char fill)
{
	struct netmap_ring *tx = NETMAP_TXRING(e->nifp, 0);
	struct netmap_slot *s = &tx->slot[tx->head];

	memset(NETMAP_BUF(tx, s->buf_idx), fill, 60);
	memset(NETMAP_BUF(tx, s->buf_idx), 0xff, 6); /* to all */
	s->len = 60;
	s->flags = 0;
	tx->head = tx->cur = nm_ring_next(tx, tx->head);
	ctl_equal(ioctl(e->fd, NIOCTXSYNC, NULL), 0);
}

static void
take_one(const struct end *e, unsigned char fill, unsigned flags)
{
	struct netmap_ring *rx = NETMAP_RXRING(e->nifp, 0);
	struct netmap_slot *s = &rx->slot[rx->head];
	unsigned char *p;

	ctl_equal(ioctl(e->fd, NIOCRXSYNC, NULL), 0);
	ctl_check(!nm_ring_empty(rx));
	if (nm_ring_empty(rx))
		return;
	p = (unsigned char *)NETMAP_BUF(rx, s->buf_idx);
	ctl_equal(s->len, 60);
	ctl_equal(s->flags & 0xff, flags);
	ctl_equal(p[0], 0xff);
	ctl_equal(p[59], fill);
	rx->head = rx->cur = nm_ring_next(rx, rx->head);
	ctl_equal(ioctl(e->fd, NIOCRXSYNC, NULL), 0);
}

static short
polled(const struct end *e, short events, int ms)
{
	struct pollfd p = {.fd = e->fd, .events = events};

	if (poll(&p, 1, ms) < 0)
		perror("poll");
	return p.revents;
}

/* The kind in the list of ports, or -1. */
static int
kind_of(int fd, const char *name)
{
	struct nmreq_port_list l = {0};
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_PORT_LIST, .nr_body = (uintptr_t)&l};

	while (ioctl(fd, NIOCCTRL, &h) == 0) {
		uint32_t next = l.nr_cursor;

		if (!strcmp(l.nr_port_name, name))
			return (int)l.nr_kind;
		memset(&l, 0, sizeof(l));
		l.nr_cursor = next;
	}
	return -1;
}

static uint64_t
counter(int fd, const char *name, int which)
{
	struct nmreq_stats st = {.nr_scope = NM_STATS_PORT};

	ctl_expect(fd, NETMAP_REQ_STATS_GET, name, &st, NULL, 0, NULL);
	return st.nr_counter[which];
}

/* Sees what vale0:a sends and receives; then that closes. */
static void
copies(int probe)
{
	struct end a = open_end("vale0:a", asked(0)), b = open_end("vale0:b", asked(0)), m;
	struct nmreq_register r = asked(NR_MONITOR_TX | NR_MONITOR_RX);
	int i;

	r.nr_rx_slots = 8;
	m = open_end("vale0:a", r);
	ctl_equal(m.reg.nr_rx_slots, 8);
	ctl_equal(m.reg.nr_tx_rings, 1);
	ctl_equal(m.reg.nr_rx_rings, 1);
	ctl_equal(m.reg.nr_flags, NR_MONITOR_TX | NR_MONITOR_RX);
	ctl_check(m.reg.nr_mem_id > 1 && m.reg.nr_mem_id != a.reg.nr_mem_id);
	ctl_equal(kind_of(probe, "vale0:a.mon1"), NM_PORT_KIND_MONITOR);
	ctl_equal(polled(&m, POLLIN, 0), 0);
	send_one(&a, 1);
	ctl_equal(polled(&m, POLLIN, 5000), POLLIN);
	take_one(&m, 1, NS_TXMON);
	send_one(&b, 2);
	take_one(&m, 2, 0);
	take_one(&b, 1, 0);
	take_one(&a, 2, 0);
	/* its own transmit ring is none */
	ctl_equal(ioctl(m.fd, NIOCTXSYNC, NULL), -1);
	ctl_equal(errno, EIO);
	ctl_equal(polled(&m, POLLOUT, 5000), POLLERR);
	/* seven find room */
	for (i = 0; i < 10; i++)
		send_one(&a, (unsigned char)i);
	ctl_equal(counter(probe, "vale0:a.mon1", NM_STAT_rx_packets), 9);
	ctl_equal(counter(probe, "vale0:a.mon1", NM_STAT_monitor_full), 3);
	for (i = 0; i < 7; i++)
		take_one(&m, (unsigned char)i, NS_TXMON);
	close(a.fd);
	ctl_equal(polled(&m, POLLIN, 5000) & POLLERR, POLLERR);
	ctl_equal(ioctl(m.fd, NIOCRXSYNC, NULL), -1);
	ctl_equal(errno, EIO);
	refused(probe, "vale0:a.mon1", asked(NR_MONITOR_RX), EINVAL,
	    "vale0:a.mon1 can't be monitored: no program and no switch has it open; open it first");
	close(m.fd);
	close(b.fd);
}

/* In the region of the port, with both directions whatever is asked for. */
static void
swaps(int probe)
{
	struct end a = open_end("x{1", asked(0)), b = open_end("x}1", asked(0)), m;
	struct nmreq_register r = asked(NR_ZCOPY_MON | NR_MONITOR_RX);

	m = open_end("x}1", r);
	ctl_equal(m.reg.nr_mem_id, a.reg.nr_mem_id);
	ctl_equal(m.reg.nr_flags, NR_ZCOPY_MON | NR_MONITOR_TX | NR_MONITOR_RX);
	ctl_equal(kind_of(probe, "x}1.mon1"), NM_PORT_KIND_MONITOR);
	send_one(&a, 1);
	ctl_equal(ioctl(m.fd, NIOCRXSYNC, NULL), 0);
	ctl_check(nm_ring_empty(NETMAP_RXRING(m.nifp, 0)));
	take_one(&b, 1, 0);
	ctl_equal(polled(&m, POLLIN, 5000), POLLIN);
	take_one(&m, 1, 0);
	close(a.fd);
	ctl_equal(polled(&m, POLLIN, 0), 0); /* its own port is still there */
	close(b.fd);
	ctl_equal(polled(&m, POLLIN, 5000) & POLLERR, POLLERR);
	close(m.fd);
}

/* A monitor of a monitor, by its name; a descriptor of the old request. */
static void
stacked(int probe)
{
	struct end a = open_end("vale0:a", asked(0)), b = open_end("vale0:b", asked(0)), m, mm;
	struct nmreq legacy = {.nr_version = NETMAP_API, .nr_flags = NR_REG_ALL_NIC | NR_MONITOR_RX};
	int fd = ctl_open();

	m = open_end("vale0:a", asked(NR_MONITOR_TX));
	mm = open_end("vale0:a.mon1", asked(NR_MONITOR_RX));
	snprintf(legacy.nr_name, sizeof(legacy.nr_name), "vale0:b");
	ctl_legacy(fd, &legacy, 1, 0, NULL);
	ctl_equal(kind_of(probe, "vale0:a.mon1.mon1"), NM_PORT_KIND_MONITOR);
	ctl_equal(kind_of(probe, "vale0:b.mon1"), NM_PORT_KIND_MONITOR);
	refused(probe, "vale0:a.mon1", asked(NR_MONITOR_TX), EINVAL,
	    "vale0:a.mon1 is a monitor, which transmits nothing; watch what it receives (NR_MONITOR_RX)");
	send_one(&a, 5);
	take_one(&mm, 5, NS_TXMON);
	ctl_equal(counter(probe, "vale0:b.mon1", NM_STAT_rx_packets), 1);
	close(a.fd);
	ctl_equal(polled(&mm, POLLIN, 5000) & POLLERR, POLLERR);
	close(mm.fd);
	close(m.fd);
	close(fd);
	close(b.fd);
	ctl_equal(kind_of(probe, "vale0:a.mon1"), -1);
}

int
main(void)
{
	int probe = ctl_open();

	bad_input();
	copies(probe);
	swaps(probe);
	stacked(probe);
	return ctl_done();
}
