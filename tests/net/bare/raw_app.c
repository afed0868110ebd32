/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * raw_app.c - a program as somebody would write it who has net/netmap.h and the manual of the system calls: no library of ours, no
 * macros of netmap_user.h. raw_app.py does the same, step by step, with the offsets written out. What both print is the same in every
 * home, so nothing is printed that is a home's to choose (sizes of regions, stride of buffers).
 *
 *	raw_app SWITCH PIPE	such as vale0 and p, which nobody else uses
 */
#include <net/netmap.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS 256
#define LONG_MS 20000

struct port {
	int fd;
	struct nmreq_register reg;
	char *mem;
	struct netmap_if *nifp;
	struct netmap_ring *tx, *rx;
};

static void
die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

/* "0" or the name of what errno is. */
static const char *
result(int r)
{
	static char other[16];

	if (r >= 0)
		return "0";
	switch (errno) {
	case EINVAL:
		return "EINVAL";
	case ENXIO:
		return "ENXIO";
	case EBUSY:
		return "EBUSY";
	case EBADF:
		return "EBADF";
	case EOPNOTSUPP:
		return "EOPNOTSUPP";
	}
	snprintf(other, sizeof(other), "%d", errno);
	return other;
}

static int
open_device(void)
{
	int fd = open("/dev/netmap", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("/dev/netmap");
	return fd;
}

static int
request(int fd, uint16_t version, uint16_t type, const char *name, void *body)
{
	struct nmreq_header h;

	memset(&h, 0, sizeof(h));
	h.nr_version = version;
	h.nr_reqtype = type;
	snprintf(h.nr_name, sizeof(h.nr_name), "%s", name);
	h.nr_body = (uintptr_t)body;
	return ioctl(fd, NIOCCTRL, &h);
}

static struct netmap_ring *
ring(const struct port *p, unsigned i)
{
	return (struct netmap_ring *)((char *)p->nifp + p->nifp->ring_ofs[i]);
}

static void
open_port(struct port *p, const char *name)
{
	memset(p, 0, sizeof(*p));
	p->fd = open_device();
	p->reg.nr_mode = NR_REG_ALL_NIC;
	p->reg.nr_tx_slots = p->reg.nr_rx_slots = SLOTS;
	if (request(p->fd, NETMAP_API, NETMAP_REQ_REGISTER, name, &p->reg) < 0)
		die(name);
	p->mem = mmap(NULL, p->reg.nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
	if (p->mem == MAP_FAILED)
		die("mmap");
	p->nifp = (struct netmap_if *)(p->mem + p->reg.nr_offset);
	p->tx = ring(p, 0);
	p->rx = ring(p, p->nifp->ni_tx_rings + p->nifp->ni_host_tx_rings);
}

static void
close_port(struct port *p)
{
	if (munmap(p->mem, p->reg.nr_memsize) < 0 || close(p->fd) < 0)
		die("close");
}

static char *
buffer(struct netmap_ring *r, uint32_t slot)
{
	return (char *)r + r->buf_ofs + (size_t)r->slot[slot].buf_idx * r->nr_buf_size;
}

static uint32_t
next(const struct netmap_ring *r, uint32_t i)
{
	return i + 1 == r->num_slots ? 0 : i + 1;
}

/* Broadcast frames of `len` bytes, all `mark` behind the header. */
static bool
put(struct netmap_ring *r, unsigned len, int mark, uint16_t flags)
{
	char *b;

	if (r->head == r->tail)
		return false;
	b = buffer(r, r->head);
	memset(b, mark, len);
	memset(b, 0xff, 6);
	memset(b + 6, 2, 6);
	r->slot[r->head].len = (uint16_t)len;
	r->slot[r->head].flags = flags;
	r->head = r->cur = next(r, r->head);
	return true;
}

/* Takes what is there: its number, and prints each if `show`. */
static unsigned
take(struct netmap_ring *r, bool show)
{
	unsigned n = 0, sum, i;

	for (; r->head != r->tail; n++) {
		const unsigned char *b = (unsigned char *)buffer(r, r->head);

		for (sum = i = 0; i < r->slot[r->head].len; i++)
			sum += b[i];
		if (show)
			printf("  %u bytes, sum %u, more %d\n", r->slot[r->head].len, sum, (r->slot[r->head].flags & NS_MOREFRAG) != 0);
		r->head = r->cur = next(r, r->head);
	}
	return n;
}

static void
errors(const char *vale)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct pollfd p = {.events = POLLIN};
	char name[64];
	int fd = open_device();

	snprintf(name, sizeof(name), "%s:err", vale);
	printf("not registered: txsync %s", result(ioctl(fd, NIOCTXSYNC, NULL)));
	printf(", rxsync %s", result(ioctl(fd, NIOCRXSYNC, NULL)));
	p.fd = fd;
	printf(", poll %d", poll(&p, 1, LONG_MS));
	printf(" error %d", (p.revents & POLLERR) != 0);
	printf(", mmap %s\n", result(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0));
	printf("requests: none %s", result(ioctl(fd, NIOCCTRL, NULL)));
	printf(", version 10 %s", result(request(fd, 10, NETMAP_REQ_REGISTER, name, &reg)));
	printf(", no body %s", result(request(fd, NETMAP_API, NETMAP_REQ_REGISTER, name, NULL)));
	printf(", unknown %s", result(request(fd, NETMAP_API, 200, name, NULL)));
	printf(", no such interface %s", result(request(fd, NETMAP_API, NETMAP_REQ_REGISTER, "nosuchinterface", &reg)));
	printf(", no netmap call %s\n", result(ioctl(fd, _IO('i', 155), NULL)));
	printf("register %s", result(request(fd, NETMAP_API, NETMAP_REQ_REGISTER, name, &reg)));
	printf(", again %s\n", result(request(fd, NETMAP_API, NETMAP_REQ_REGISTER, name, &reg)));
	close(fd);
	printf("closed: %s\n", result(ioctl(fd, NIOCTXSYNC, NULL)));
}

static void
layout(const char *vale)
{
	long page = sysconf(_SC_PAGESIZE);
	char name[64], *part;
	struct port p;
	size_t at;

	snprintf(name, sizeof(name), "%s:lay", vale);
	open_port(&p, name);
	printf("name %s, rings %u %u, slots %u %u\n", p.nifp->ni_name, p.nifp->ni_tx_rings, p.nifp->ni_rx_rings, p.reg.nr_tx_slots, p.reg.nr_rx_slots);
	printf("tx: slots %u, dir %u, head %u, cur %u, tail %u\n", p.tx->num_slots, p.tx->dir, p.tx->head, p.tx->cur, p.tx->tail);
	printf("rx: slots %u, dir %u, head %u, cur %u, tail %u\n", p.rx->num_slots, p.rx->dir, p.rx->head, p.rx->cur, p.rx->tail);
	at = p.reg.nr_offset & ~((size_t)page - 1);
	part = mmap(NULL, (size_t)page, PROT_READ, MAP_SHARED, p.fd, (off_t)at);
	if (part == MAP_FAILED)
		die("mmap of a page");
	printf("a page of it: %s\n", part + (p.reg.nr_offset - at));
	munmap(part, (size_t)page);
	printf("beyond: %s\n", result(mmap(NULL, (size_t)page, PROT_READ, MAP_SHARED, p.fd, (off_t)((p.reg.nr_memsize + (size_t)page) & ~((size_t)page - 1))) == MAP_FAILED ? -1 : 0));
	close_port(&p);
}

struct later {
	struct port *p;
	int ms;
};

static void *
send_later(void *arg)
{
	const struct later *l = arg;

	poll(NULL, 0, l->ms);
	put(l->p->tx, 60, 9, 0);
	ioctl(l->p->fd, NIOCTXSYNC, NULL);
	return NULL;
}

static void
frames(const char *vale)
{
	struct port a, b;
	char name[64];
	unsigned i;
	struct pollfd p = {.events = POLLIN};

	snprintf(name, sizeof(name), "%s:fa", vale);
	open_port(&a, name);
	snprintf(name, sizeof(name), "%s:fb", vale);
	open_port(&b, name);
	printf("regions differ: %d\n", a.reg.nr_mem_id != b.reg.nr_mem_id);
	for (i = 0; i < 3; i++)
		put(a.tx, 60 + 700 * i, (int)i, 0);
	printf("txsync %s", result(ioctl(a.fd, NIOCTXSYNC, NULL)));
	printf(", room %u\n", (a.tx->tail + SLOTS - a.tx->head) % SLOTS);
	printf("rxsync %s\n", result(ioctl(b.fd, NIOCRXSYNC, NULL)));
	printf("taken %u\n", take(b.rx, true));
	p.fd = b.fd;
	printf("nothing: poll %d\n", poll(&p, 1, 30));
	/* poll sends, too */
	put(a.tx, 64, 5, 0);
	p.fd = a.fd;
	p.events = POLLOUT;
	printf("poll to send %d", poll(&p, 1, LONG_MS));
	printf(", events %d", p.revents == POLLOUT);
	p.fd = b.fd;
	p.events = POLLIN;
	printf(", poll to receive %d", poll(&p, 1, LONG_MS));
	printf(", events %d\n", p.revents == POLLIN);
	printf("taken %u\n", take(b.rx, true));
	/* a copy of the descriptor, when the first is closed */
	i = (unsigned)dup(a.fd);
	close(a.fd);
	a.fd = (int)i;
	put(a.tx, 65, 6, 0);
	printf("copy: txsync %s", result(ioctl(a.fd, NIOCTXSYNC, NULL)));
	printf(", rxsync %s\n", result(ioctl(b.fd, NIOCRXSYNC, NULL)));
	printf("taken %u\n", take(b.rx, true));
	/* a head that can't be is not acted on, and said */
	a.tx->head = a.tx->cur = SLOTS + 7;
	printf("bad head: txsync %s", result(ioctl(a.fd, NIOCTXSYNC, NULL)));
	printf(", head in range %d\n", a.tx->head < SLOTS);
	a.tx->head = a.tx->cur = SLOTS + 7;
	p.fd = a.fd;
	p.events = POLLOUT;
	poll(&p, 1, 0);
	printf("bad head: poll's error %d\n", (p.revents & POLLERR) != 0);
	put(a.tx, 66, 7, 0);
	printf("then: txsync %s", result(ioctl(a.fd, NIOCTXSYNC, NULL)));
	printf(", rxsync %s\n", result(ioctl(b.fd, NIOCRXSYNC, NULL)));
	printf("taken %u\n", take(b.rx, true));
	close_port(&a);
	close_port(&b);
}

/* Each call sleeps until a frame comes; beside it a timer that is not due. */
static void
waiting(const char *vale)
{
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), ep = epoll_create1(EPOLL_CLOEXEC), way, n = 0;
	struct epoll_event ev = {.events = EPOLLIN}, got[2];
	struct timeval tv = {LONG_MS / 1000, 0};
	struct timespec ts = {LONG_MS / 1000, 0};
	struct port a, b;
	char name[64];
	fd_set set;

	snprintf(name, sizeof(name), "%s:wa", vale);
	open_port(&a, name);
	snprintf(name, sizeof(name), "%s:wb", vale);
	open_port(&b, name);
	ev.data.fd = timer;
	epoll_ctl(ep, EPOLL_CTL_ADD, timer, &ev);
	ev.data.fd = b.fd;
	epoll_ctl(ep, EPOLL_CTL_ADD, b.fd, &ev);
	for (way = 0; way < 5; way++) {
		static const char *const names[] = {"poll", "ppoll", "select", "epoll", "sync by sync"};
		struct pollfd p[2] = {{.fd = timer, .events = POLLIN}, {.fd = b.fd, .events = POLLIN}};
		struct later l = {&a, 20};
		pthread_t t;

		pthread_create(&t, NULL, send_later, &l);
		switch (way) {
		case 0:
			n = poll(p, 2, LONG_MS);
			break;
		case 1:
			n = ppoll(p, 2, &ts, NULL);
			break;
		case 2:
			FD_ZERO(&set);
			FD_SET(timer, &set);
			FD_SET(b.fd, &set);
			n = select((timer > b.fd ? timer : b.fd) + 1, &set, NULL, NULL, &tv);
			break;
		case 3:
			n = epoll_wait(ep, got, 2, LONG_MS);
			n = n == 1 && got[0].data.fd == b.fd && got[0].events == EPOLLIN;
			break;
		default:
			do
				n = ioctl(b.fd, NIOCRXSYNC, NULL) < 0 ? -1 : b.rx->head != b.rx->tail;
			while (n == 0);
		}
		printf("%s: %d ready", names[way], n);
		pthread_join(t, NULL);
		printf(", taken %u\n", take(b.rx, false));
	}
	close(timer);
	close(ep);
	close_port(&a);
	close_port(&b);
}

/* A pipe keeps frames in order and in pieces, and a child may have one end. */
static void
pipes(const char *pipe_name)
{
	struct port a, b;
	char name[64];
	struct pollfd p;
	unsigned sent = 0, got = 0;
	int status = -1;
	pid_t pid;

	snprintf(name, sizeof(name), "%s{1", pipe_name);
	open_port(&a, name);
	snprintf(name, sizeof(name), "%s}1", pipe_name);
	open_port(&b, name);
	printf("one region: %d\n", a.reg.nr_mem_id == b.reg.nr_mem_id);
	put(a.tx, 100, 1, NS_MOREFRAG);
	put(a.tx, 200, 2, NS_MOREFRAG);
	put(a.tx, 300, 3, 0);
	ioctl(a.fd, NIOCTXSYNC, NULL);
	ioctl(b.fd, NIOCRXSYNC, NULL);
	printf("pieces %u\n", take(b.rx, true));
	ioctl(b.fd, NIOCRXSYNC, NULL);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		p = (struct pollfd){.fd = a.fd, .events = POLLOUT};
		while (sent < 2000 && poll(&p, 1, LONG_MS) == 1)
			while (sent < 2000 && put(a.tx, 60, (int)(sent % 7), 0))
				sent++;
		/* what found no room yet stays in the ring until somebody syncs */
		while (next(a.tx, a.tx->tail) != a.tx->head && ioctl(a.fd, NIOCTXSYNC, NULL) == 0)
			poll(NULL, 0, 1);
		_exit(sent != 2000);
	}
	p = (struct pollfd){.fd = b.fd, .events = POLLIN};
	while (got < 2000 && poll(&p, 1, LONG_MS) == 1)
		got += take(b.rx, false);
	waitpid(pid, &status, 0);
	printf("from a child: %u frames, its status %d\n", got, status);
	close_port(&b);
	close_port(&a);
}

/* What programs of the old interface ask for. */
static void
legacy(const char *vale)
{
	struct nmreq r;
	char *mem;
	int fd = open_device();

	memset(&r, 0, sizeof(r));
	snprintf(r.nr_name, sizeof(r.nr_name), "%s:old", vale);
	r.nr_version = 11;
	r.nr_flags = NR_REG_ALL_NIC;
	r.nr_tx_slots = r.nr_rx_slots = SLOTS;
	printf("legacy: %s", result(ioctl(fd, NIOCREGIF, &r)));
	printf(", rings %u %u, slots %u %u", r.nr_tx_rings, r.nr_rx_rings, r.nr_tx_slots, r.nr_rx_slots);
	mem = mmap(NULL, r.nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	printf(", name %s\n", mem == MAP_FAILED ? "-" : ((struct netmap_if *)(mem + r.nr_offset))->ni_name);
	close(fd);
	if (mem != MAP_FAILED)
		munmap(mem, r.nr_memsize);
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: raw_app SWITCH PIPE\n");
		return 2;
	}
	errors(argv[1]);
	layout(argv[1]);
	frames(argv[1]);
	waiting(argv[1]);
	pipes(argv[2]);
	legacy(argv[1]);
	return 0;
}
