/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * descriptors [ROUNDS] - descriptors of /dev/netmap that travel, are used by several threads at once, outlive their program, or
 * whose program is killed inside a call.
 */
#include "dev.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned rounds = 200;
static char data[60];

/* Publishes a slot whose data is at `data` of whoever is asked for it; no sync. */
static void
put_indirect(struct dev *d)
{
	struct netmap_ring *r = d->tx;
	struct netmap_slot *s = &r->slot[r->head];

	s->len = sizeof(data);
	s->flags = NS_INDIRECT;
	s->ptr = (uintptr_t)data;
	r->head = r->cur = nm_ring_next(r, r->head);
}

static void
fill(char c)
{
	memset(data, c, sizeof(data));
	memset(data, 0xff, 6);
	data[6] = 2;
}

/* What the receiver finds: the letter of the frame, or 0 when there is none. */
static char
received(struct dev *d)
{
	char buf[65536];
	uint16_t len;

	CHECK(!dev_sync(d, false), "no sync");
	if (!dev_take(d, buf, &len))
		return 0;
	CHECK(len == sizeof(data), "a frame of %u bytes", len);
	return buf[30];
}

static void
send_fd(int sock, int fd)
{
	union { char buf[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } c = {{0}};
	struct iovec v = {"x", 1};
	struct msghdr h = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = c.buf, .msg_controllen = sizeof(c.buf)};

	c.align = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
	memcpy(CMSG_DATA(&c.align), &fd, sizeof(int));
	CHECK(sendmsg(sock, &h, 0) == 1, "sendmsg");
}

static int
receive_fd(int sock)
{
	union { char buf[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } c = {{0}};
	char x;
	struct iovec v = {&x, 1};
	struct msghdr h = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = c.buf, .msg_controllen = sizeof(c.buf)};
	int fd = -1;

	if (recvmsg(sock, &h, 0) == 1)
		memcpy(&fd, CMSG_DATA(&c.align), sizeof(int));
	return fd;
}

/*
 * A slot that says "at this address" means the memory of who registered. Another process that is given the descriptor, and syncs,
 * polls or just closes it last, must not send its own memory: the frames are dropped and counted.
 */
static void
an_address_is_that_of_who_registered(void)
{
	struct dev tx, rx;
	int sock[2], how, fd;
	pid_t pid;

	CHECK(!dev_register(&tx, "vale0:tx") && !dev_register(&rx, "vale0:rx"), "no ports");
	fill('m');
	put_indirect(&tx);
	CHECK(!dev_sync(&tx, true) && received(&rx) == 'm', "who registered can't send from his own memory");
	for (how = 0; how < 3; how++) {
		uint64_t before = dev_stat("vale0:tx", NM_STAT_drop_indirect);

		CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, sock), "socketpair");
		fflush(stdout);
		pid = fork();
		if (!pid) {
			fill('s'); /* a secret, at the same address */
			fd = receive_fd(sock[1]);
			CHECK(read(sock[1], &(char){0}, 1) == 1, "no word to go on");
			if (how == 0)
				ioctl(fd, NIOCTXSYNC, NULL);
			else if (how == 1)
				poll(&(struct pollfd){fd, POLLOUT, 0}, 1, 0);
			_exit(fd < 0);
		}
		put_indirect(&tx);
		send_fd(sock[0], tx.fd);
		if (how == 2) { /* the child's are the last references */
			munmap(tx.mem, tx.size);
			close(tx.fd);
		}
		CHECK(write(sock[0], "x", 1) == 1, "write");
		CHECK(dev_reap(pid, 20) == 0, "the other process");
		close(sock[0]);
		close(sock[1]);
		CHECK(received(&rx) == 0, "way %d: another process was made to send its memory", how);
		if (how < 2)
			CHECK(dev_stat("vale0:tx", NM_STAT_drop_indirect) == before + 1, "way %d: not counted", how);
	}
	dev_close(&rx);
}

static struct dev shared;
static uint32_t stop;

static void *
uses(void *arg)
{
	unsigned what = (unsigned)(uintptr_t)arg, n;
	struct nmreq_register reg;
	void *p;

	for (n = 0; !__atomic_load_n(&stop, __ATOMIC_ACQUIRE); n++) {
		int fd = __atomic_load_n(&shared.fd, __ATOMIC_ACQUIRE);

		switch (what) {
		case 0:
			reg = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC};
			dev_request(fd, NETMAP_REQ_REGISTER, n % 2 ? "vale0:shared" : "p{1", &reg, NULL);
			break;
		case 1:
			ioctl(fd, n % 2 ? NIOCTXSYNC : NIOCRXSYNC, NULL);
			break;
		case 2:
			poll(&(struct pollfd){fd, POLLIN | POLLOUT, 0}, 1, 0);
			break;
		default:
			p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
			if (p == MAP_FAILED)
				break;
			*(volatile char *)p;
			munmap(p, 1 << 20);
		}
	}
	return NULL;
}

/* REGISTER, syncs, poll, mmap and close of one descriptor by five threads. */
static void
threads_share_a_descriptor(void)
{
	pthread_t t[4];
	uintptr_t i;
	unsigned r;

	CHECK(!dev_open(&shared), "open");
	for (i = 0; i < 4; i++)
		CHECK(!pthread_create(&t[i], NULL, uses, (void *)i), "no thread");
	for (r = 0; r < rounds; r++) {
		struct dev d;
		int fd = shared.fd;

		CHECK(!dev_open(&d), "open");
		__atomic_store_n(&shared.fd, d.fd, __ATOMIC_RELEASE);
		close(fd);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	close(shared.fd);
}

/* A child goes on with a mapping and a descriptor that its parent has closed. */
static void
a_child_goes_on(void)
{
	struct dev_pair p;
	pid_t pid;

	CHECK(!dev_pair_open(&p, "vale0:a", "vale0:b") && !dev_pair_move(&p, 100), "no ports");
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(dev_pair_move(&p, 1000) != 0);
	dev_pair_close(&p);
	CHECK(dev_reap(pid, 60) == 0, "the child can't go on");
	CHECK(dev_stat("vale0:a", NM_STAT_tx_packets) == UINT64_MAX, "the port is still there");
}

/* mmap out of the region, private, of what is not registered; and the pages at its end. */
static void
mappings_are_bounded(void)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct dev d;
	void *p;

	CHECK(!dev_open(&d), "open");
	CHECK(mmap(NULL, page, PROT_READ, MAP_SHARED, d.fd, 0) == MAP_FAILED && errno == EINVAL, "mapped before REGISTER");
	CHECK(!dev_bind(&d, "vale0:m", &reg), "register");
	CHECK(mmap(NULL, d.size + page, PROT_READ, MAP_SHARED, d.fd, 0) == MAP_FAILED && errno == EINVAL, "mapped beyond the region");
	CHECK(mmap(NULL, page, PROT_READ, MAP_SHARED, d.fd, (off_t)d.size) == MAP_FAILED && errno == EINVAL, "mapped behind the region");
	CHECK(mmap(NULL, page, PROT_READ, MAP_SHARED, d.fd, (off_t)1 << 62) == MAP_FAILED, "mapped far behind the region");
	CHECK(mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, d.fd, 0) == MAP_FAILED && errno == EINVAL, "mapped privately");
	p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, d.fd, (off_t)(d.size - page));
	CHECK(p != MAP_FAILED, "the last page can't be mapped");
	memset(p, 1, page);
	CHECK(mremap(p, page, 2 * page, MREMAP_MAYMOVE) == MAP_FAILED, "a mapping grew beyond the region");
	/* the mapping keeps the memory, and not the port */
	close(d.fd);
	CHECK(dev_stat("vale0:m", NM_STAT_tx_packets) == UINT64_MAX, "the port stays after its descriptor");
	memset(p, 2, page);
	CHECK(*((char *)p + page - 1) == 2, "the memory has gone while it is mapped");
	munmap(p, page);
}

/* What is opened to read can be mapped to read: no way leads to a mapping that can be written. */
static void
protections_hold(void)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct dev d = {.fd = open("/dev/netmap", O_RDONLY | O_CLOEXEC)};
	void *p;

	CHECK(d.fd >= 0 && !dev_bind(&d, "vale0:ro", &reg), "a descriptor to read");
	CHECK(mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, d.fd, 0) == MAP_FAILED && errno == EACCES, "mapped to write");
	CHECK(mmap(NULL, page, PROT_READ, MAP_PRIVATE, d.fd, 0) == MAP_FAILED && errno == EINVAL, "mapped privately");
	p = mmap(NULL, d.size, PROT_READ, MAP_SHARED, d.fd, 0);
	CHECK(p != MAP_FAILED, "not mapped to read: %s", strerror(errno));
	CHECK(!strcmp(((struct netmap_if *)(void *)((char *)p + d.ofs))->ni_name, "vale0:ro"), "the netmap_if is not there");
	CHECK(mprotect(p, d.size, PROT_READ | PROT_WRITE) && errno == EACCES, "a mapping to read became one to write");
	munmap(p, d.size);
	close(d.fd);
}

/* A port with as much memory as there can be, again and again, killed at a random moment: each ends soon, and nothing is left. */
static void
killed_while_registering(void)
{
	unsigned r;

	for (r = 0; r < rounds / 10 + 1; r++) {
		struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 4096, .nr_rx_slots = 4096, .nr_tx_rings = 8, .nr_rx_rings = 8};
		struct dev d;
		pid_t pid;
		int status;

		fflush(stdout);
		pid = fork();
		if (!pid) {
			CHECK(!dev_open(&d), "open");
			for (;;) {
				dev_bind(&d, "vale0:big", &reg);
				dev_close(&d);
				CHECK(!dev_open(&d), "open");
			}
		}
		poll(NULL, 0, rand() % 20); /* a random moment is the point */
		kill(pid, SIGKILL);
		status = dev_reap(pid, 60);
		CHECK(status >= 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "SIGKILL in REGISTER: status 0x%x", (unsigned)status);
		CHECK(dev_stat("vale0:big", NM_STAT_tx_packets) == UINT64_MAX, "the port of a killed program is still there");
	}
}

int
main(int argc, char **argv)
{
	if (argc > 1)
		rounds = (unsigned)atoi(argv[1]);
	alarm(280);
	an_address_is_that_of_who_registered();
	threads_share_a_descriptor();
	a_child_goes_on();
	mappings_are_bounded();
	protections_hold();
	killed_while_registering();
	printf("ok\n");
	return 0;
}
