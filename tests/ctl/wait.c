/* SPDX-License-Identifier: BSD-2-Clause */
/* poll, select and epoll on a descriptor: what they send, fetch, wait for and report. */
#include "ctl.h"

#include <net/netmap_user.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>

struct port {
	int fd;
	struct netmap_ring *tx, *rx;
	void *base;
	size_t size;
};

static void
open_port(struct port *p, const char *name, uint64_t flags)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = flags, .nr_tx_slots = 64, .nr_rx_slots = 64};
	struct netmap_if *nifp;

	p->fd = ctl_open();
	ctl_expect(p->fd, NETMAP_REQ_REGISTER, name, &reg, NULL, 0, NULL);
	p->size = reg.nr_memsize;
	p->base = mmap(NULL, p->size, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
	if (p->base == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	nifp = NETMAP_IF(p->base, reg.nr_offset);
	p->tx = flags & NR_RX_RINGS_ONLY ? NULL : NETMAP_TXRING(nifp, 0);
	p->rx = flags & NR_TX_RINGS_ONLY ? NULL : NETMAP_RXRING(nifp, 0);
}

static void
close_port(struct port *p)
{
	munmap(p->base, p->size);
	close(p->fd);
}

/* n frames into the ring, not yet sent. */
static void
put(struct port *p, uint32_t n)
{
	while (n--) {
		struct netmap_slot *s = &p->tx->slot[p->tx->head];

		memset(NETMAP_BUF(p->tx, s->buf_idx), 0xff, 60);
		s->len = 60;
		p->tx->head = p->tx->cur = nm_ring_next(p->tx, p->tx->head);
	}
}

static int
polled(struct port *p, short events, int timeout_ms)
{
	struct pollfd f = {.fd = p->fd, .events = events};
	int n = poll(&f, 1, timeout_ms);

	ctl_check(n >= 0 && (n == 1) == (f.revents != 0));
	return f.revents;
}

static void
unregistered(void)
{
	struct port p = {.fd = ctl_open()};

	ctl_check(polled(&p, POLLIN | POLLOUT, 0) & POLLERR);
	close(p.fd);
}

/* Each direction is served where it is asked for; sending also where it is not, unless NR_NO_TX_POLL says so. */
static void
directions(void)
{
	struct port a, b, quiet;

	open_port(&a, "vale0:a", 0);
	open_port(&b, "vale0:b", 0);
	open_port(&quiet, "vale0:q", NR_NO_TX_POLL);
	ctl_equal(polled(&a, POLLIN | POLLOUT, 0), POLLOUT);
	put(&a, 3);
	ctl_equal(polled(&a, POLLIN, 0), 0);
	ctl_equal(polled(&b, POLLIN, 5000), POLLIN);
	ctl_equal(nm_ring_space(b.rx), 3);
	/* what is there stays there: level, not edge */
	ctl_equal(polled(&b, POLLIN, 5000), POLLIN);
	/* cur at the tail: only what is new wakes, and head keeps the frames */
	b.rx->cur = b.rx->tail;
	ctl_equal(polled(&b, POLLIN, 0), 0);
	put(&a, 1);
	ctl_equal(polled(&a, POLLOUT, 5000), POLLOUT);
	ctl_equal(polled(&b, POLLIN, 5000), POLLIN);
	ctl_equal(nm_ring_space(b.rx), 4);
	b.rx->head = b.rx->cur = b.rx->tail;
	/* not sent by a poll for reading, but by one for writing */
	put(&quiet, 2);
	ctl_equal(polled(&quiet, POLLIN, 0) & ~POLLIN, 0);
	ctl_equal(polled(&b, POLLIN, 50), 0);
	ctl_equal(polled(&quiet, POLLOUT, 5000), POLLOUT);
	ctl_equal(polled(&b, POLLIN, 5000), POLLIN);
	ctl_equal(nm_ring_space(b.rx), 2);
	close_port(&quiet);
	close_port(&b);
	close_port(&a);
}

static void
one_direction_only(void)
{
	struct port t, r;

	open_port(&t, "vale0:t", NR_TX_RINGS_ONLY);
	open_port(&r, "vale0:r", NR_RX_RINGS_ONLY);
	ctl_equal(polled(&t, POLLIN | POLLOUT, 0), POLLOUT);
	ctl_equal(polled(&r, POLLOUT, 0), 0);
	ctl_equal(ioctl(r.fd, NIOCTXSYNC, NULL), 0);
	put(&t, 1);
	ctl_equal(ioctl(t.fd, NIOCTXSYNC, NULL), 0);
	ctl_equal(polled(&r, POLLIN, 5000), POLLIN);
	close_port(&r);
	close_port(&t);
}

/* A bad ring is told by POLLERR once, and is in order again. */
static void
bad_ring(void)
{
	struct port p;

	open_port(&p, "vale0:bad", 0);
	p.tx->head = p.tx->cur = 64;
	ctl_check(polled(&p, POLLOUT, 0) & POLLERR);
	ctl_equal(p.tx->head, 0);
	ctl_equal(polled(&p, POLLOUT, 0), POLLOUT);
	p.rx->head = p.rx->cur = 7;
	ctl_check(polled(&p, POLLIN, 0) & POLLERR);
	ctl_equal(p.rx->head, 0);
	ctl_equal(polled(&p, POLLIN, 0), 0);
	/* the ioctls report success all the same */
	p.tx->head = p.tx->cur = 1000;
	ctl_equal(ioctl(p.fd, NIOCTXSYNC, NULL), 0);
	ctl_equal(p.tx->head, 0);
	close_port(&p);
}

static struct port sender;

static void *
send_one(void *arg)
{
	(void)arg;
	put(&sender, 1);
	ctl_equal(ioctl(sender.fd, NIOCTXSYNC, NULL), 0);
	return NULL;
}

/* Runs send_one beside a call that waits. It may come before the call sleeps, or after; both are right. */
static void
with_sender(void (*wait)(struct port *), struct port *p)
{
	pthread_t t;

	ctl_equal(pthread_create(&t, NULL, send_one, NULL), 0);
	wait(p);
	pthread_join(t, NULL);
	ctl_equal(nm_ring_space(p->rx), 1);
	p->rx->head = p->rx->cur = p->rx->tail;
}

static void
by_poll(struct port *p)
{
	ctl_equal(polled(p, POLLIN, 10000), POLLIN);
}

static void
by_select(struct port *p)
{
	struct timeval t = {10, 0};
	fd_set r, x;

	FD_ZERO(&r);
	FD_ZERO(&x);
	FD_SET(p->fd, &r);
	FD_SET(p->fd, &x);
	ctl_equal(select(p->fd + 1, &r, NULL, &x, &t), 1);
	ctl_check(FD_ISSET(p->fd, &r));
}

static int epfd;

static void
by_epoll(struct port *p)
{
	struct epoll_event e = {0};

	ctl_equal(epoll_wait(epfd, &e, 1, 10000), 1);
	ctl_equal(e.data.fd, p->fd);
	ctl_check(e.events & EPOLLIN);
}

static void
waits(void)
{
	struct epoll_event e = {.events = EPOLLIN};
	struct port p;
	int i;

	open_port(&sender, "vale0:sender", 0);
	open_port(&p, "vale0:waits", 0);
	epfd = epoll_create1(0);
	e.data.fd = p.fd;
	ctl_equal(epoll_ctl(epfd, EPOLL_CTL_ADD, p.fd, &e), 0);
	for (i = 0; i < 20; i++) {
		with_sender(by_poll, &p);
		with_sender(by_select, &p);
		with_sender(by_epoll, &p);
	}
	ctl_equal(epoll_wait(epfd, &e, 1, 0), 0);
	close(epfd);
	close_port(&p);
	close_port(&sender);
}

/* A pipe that is full: the sender sleeps until its peer gives slots back. */
static struct port reader;

static void *
give_back(void *arg)
{
	(void)arg;
	ctl_equal(ioctl(reader.fd, NIOCRXSYNC, NULL), 0);
	reader.rx->head = reader.rx->cur = reader.rx->tail;
	ctl_equal(ioctl(reader.fd, NIOCRXSYNC, NULL), 0);
	return NULL;
}

static void
room_in_a_pipe(void)
{
	struct port w;
	pthread_t t;
	int i;

	open_port(&w, "wait{1", 0);
	open_port(&reader, "wait}1", 0);
	for (i = 0; i < 20; i++) {
		while (polled(&w, POLLOUT, 0) == POLLOUT)
			put(&w, nm_ring_space(w.tx));
		ctl_equal(pthread_create(&t, NULL, give_back, NULL), 0);
		ctl_equal(polled(&w, POLLOUT, 10000), POLLOUT);
		pthread_join(t, NULL);
	}
	close_port(&reader);
	close_port(&w);
}

int
main(void)
{
	unregistered();
	directions();
	one_direction_only();
	bad_ring();
	waits();
	room_in_a_pipe();
	return ctl_done();
}
