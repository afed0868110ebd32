/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * killed ROUNDS [INTERFACE] - SIGKILL at any moment, to programs whose threads are inside of the module: in requests, syncs, polls,
 * faults. Each ends soon and leaves nothing. With INTERFACE also in the start and stop of polling threads for it in a switch.
 */
#include "dev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 3
#define LIMIT 60 /* seconds that an end may take, on a machine that is slow */

static const char *interface;
static char word; /* what threads write when they have begun */
static int told[2];
static struct dev a, b;

static void
begun(void)
{
	CHECK(write(told[1], &word, 1) == 1, "write");
}

/* Requests that hold the namespace's lock for long: a region of many MiB, with few who may have it at a time. */
static void *
registers(void *arg)
{
	struct nmreq_register reg;
	char name[32];
	struct dev d;

	snprintf(name, sizeof(name), "vale0:r%u", (unsigned)(uintptr_t)arg);
	for (begun();;) {
		reg = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 4096, .nr_rx_slots = 4096, .nr_extra_bufs = 4000};
		CHECK(!dev_open(&d), "open");
		dev_bind(&d, name, &reg);
		dev_close(&d);
	}
	return NULL;
}

/* One descriptor, whose requests come one after another. */
static void *
asks(void *arg)
{
	struct nmreq_port_info_get i;

	(void)arg;
	for (begun();;)
		dev_request(a.fd, NETMAP_REQ_PORT_INFO_GET, "vale0:a", &i, NULL);
	return NULL;
}

/* A ring that is full of frames for a receiver that takes none. */
static void *
sends(void *arg)
{
	struct netmap_ring *r = a.tx;
	uint32_t i;

	(void)arg;
	for (begun();;) {
		for (i = r->head; i != r->tail; i = nm_ring_next(r, i)) {
			memset(NETMAP_BUF(r, r->slot[i].buf_idx), 0xff, 12);
			r->slot[i].len = 1500;
			r->slot[i].flags = 0;
		}
		r->head = r->cur = i;
		ioctl(a.fd, NIOCTXSYNC, NULL);
	}
	return NULL;
}

/* Sleeps for good: nobody sends. */
static void *
waits(void *arg)
{
	begun();
	for (;;)
		poll(&(struct pollfd){arg ? a.fd : b.fd, POLLIN, 0}, 1, -1);
	return NULL;
}

/* Pages that were never touched, in mappings that come and go. */
static void *
touches(void *arg)
{
	size_t i;
	char *p;

	(void)arg;
	for (begun();;) {
		p = mmap(NULL, a.size, PROT_READ | PROT_WRITE, MAP_SHARED, a.fd, 0);
		CHECK(p != MAP_FAILED, "mmap");
		for (i = 0; i < a.size; i += 4096)
			*(volatile char *)(p + i);
		munmap(p, a.size);
	}
	return NULL;
}

static void *
mixes(void *arg)
{
	static void *(*const all[THREADS])(void *) = {registers, sends, touches};

	return all[(uintptr_t)arg](arg);
}

static const char *
in_switch(void)
{
	static char name[64];

	snprintf(name, sizeof(name), "vale5:%s", interface);
	return name;
}

static void *
polls_an_interface(void *arg)
{
	struct dev d;

	(void)arg;
	CHECK(!dev_open(&d), "open");
	for (begun();;) {
		struct nmreq_vale_polling p = {.nr_mode = NETMAP_POLLING_MODE_SINGLE_CPU, .nr_num_polling_cpus = 1};

		dev_request(d.fd, NETMAP_REQ_VALE_POLLING_ENABLE, in_switch(), &p, NULL);
		dev_request(d.fd, NETMAP_REQ_VALE_POLLING_DISABLE, in_switch(), &p, NULL);
	}
	return NULL;
}

static const struct {
	const char *name;
	void *(*thread)(void *);
	bool polling;
} ways[] = {
	{"REGISTER by several threads", registers, false},
	{"requests of one descriptor", asks, false},
	{"NIOCTXSYNC of a full ring", sends, false},
	{"poll that nothing ends", waits, false},
	{"faults of a mapping", touches, false},
	{"all of them", mixes, false},
	{"polling threads on and off", polls_an_interface, true},
};

static void
child(void *(*thread)(void *))
{
	struct nmreq_register big = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 4096, .nr_rx_slots = 64};
	pthread_t t;
	uintptr_t i;

	CHECK(!dev_open(&a) && !dev_bind(&a, "vale0:a", &big) && !dev_map(&a) && !dev_register(&b, "vale0:b"), "no ports");
	for (i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&t, NULL, thread, (void *)i), "no thread");
	for (;;)
		pause();
}

static unsigned
ports(void)
{
	struct nmreq_port_list l = {0};
	struct dev d;
	unsigned n = 0;

	CHECK(!dev_open(&d), "open");
	while (!dev_request(d.fd, NETMAP_REQ_PORT_LIST, "", &l, NULL))
		n++;
	dev_close(&d);
	return n;
}

static void
kill_and_look(pid_t pid, const char *what)
{
	uint64_t from = dev_now_ms();
	int status;

	kill(pid, SIGKILL);
	status = dev_reap(pid, LIMIT);
	CHECK(status >= 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%s: status 0x%x after %u ms", what, (unsigned)status,
	    (unsigned)(dev_now_ms() - from));
}

static void
one(const char *what, void *(*thread)(void *), unsigned left)
{
	unsigned i;
	char x;
	pid_t pid;

	CHECK(!pipe2(told, O_CLOEXEC), "pipe");
	fflush(stdout);
	pid = fork();
	if (!pid)
		child(thread);
	close(told[1]);
	for (i = 0; i < THREADS; i++)
		CHECK(read(told[0], &x, 1) == 1, "%s: it ended by itself", what);
	close(told[0]);
	poll(NULL, 0, rand() % 20); /* a random moment is the point */
	kill_and_look(pid, what);
	CHECK(ports() == left, "%s: %u ports instead of %u", what, ports(), left);
}

/* Waits until the process sleeps in a function of the kernel with this name; false when it does not within LIMIT. */
static bool
sleeps_in(pid_t pid, const char *function)
{
	uint64_t until = dev_now_ms() + LIMIT * 1000;
	char path[64], text[64] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/wchan", (int)pid);
	while (dev_now_ms() < until) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		if (fd >= 0)
			close(fd);
		text[n < 0 ? 0 : n] = 0;
		if (!strncmp(text, function, strlen(function)))
			return true;
		sched_yield();
	}
	printf("it is in '%s'\n", text);
	return false;
}

/* A request that lies in a page which never comes. */
static void
asks_from_nowhere(int fd)
{
	struct uffdio_api api = {.api = UFFD_API};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct uffdio_register r;
	void *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int u = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	r = (struct uffdio_register){.range = {(uintptr_t)p, page}, .mode = UFFDIO_REGISTER_MODE_MISSING};
	CHECK(u >= 0 && !ioctl(u, UFFDIO_API, &api) && !ioctl(u, UFFDIO_REGISTER, &r), "userfaultfd: %s", strerror(errno));
	ioctl(fd, NIOCCTRL, p);
	_exit(1);
}

/*
 * One holds the descriptor's lock for as long as we like, since its request never comes. Another one waits for the lock; it ends
 * when it is killed, while the first still holds it, and then so does the first.
 */
static void
behind_one_who_sleeps(void)
{
	int u = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct nmreq_port_info_get i;
	pid_t first, second;
	struct dev d;

	if (u < 0) {
		printf("note: no userfaultfd here, so nobody holds a lock for as long as we like\n");
		return;
	}
	close(u);
	CHECK(!dev_register(&d, "vale0:u"), "no port");
	fflush(stdout);
	first = fork();
	if (!first)
		asks_from_nowhere(d.fd);
	CHECK(sleeps_in(first, "handle_userfault"), "the first does not sleep in its fault");
	second = fork();
	if (!second)
		for (;;)
			dev_request(d.fd, NETMAP_REQ_PORT_INFO_GET, "vale0:u", &i, NULL);
	CHECK(sleeps_in(second, "nm_dev_ctl"), "the second does not wait for the lock");
	kill_and_look(second, "one who waits for a lock");
	CHECK(waitpid(first, NULL, WNOHANG) == 0, "the first has ended by itself");
	kill_and_look(first, "one who holds a lock in a fault");
	dev_close(&d);
	CHECK(ports() == 0, "a port is left");
	printf("one behind another who sleeps: killed\n");
}

int
main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 10, r;
	struct nmreq_vale_attach at = {.reg.nr_mode = NR_REG_ALL_NIC};
	struct nmreq_vale_detach de = {0};
	struct nmreq_vale_polling po = {0};
	struct dev d;
	size_t i;

	interface = argc > 2 ? argv[2] : NULL;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (ways[i].polling && !interface)
			continue;
		CHECK(!dev_open(&d), "open");
		if (ways[i].polling)
			CHECK(!dev_request(d.fd, NETMAP_REQ_VALE_ATTACH, in_switch(), &at, NULL), "attach: %s", dev_reason(d.fd));
		for (r = 0; r < rounds; r++)
			one(ways[i].name, ways[i].thread, ways[i].polling ? 2 : 0);
		if (ways[i].polling) {
			dev_request(d.fd, NETMAP_REQ_VALE_POLLING_DISABLE, in_switch(), &po, NULL); /* as the last one left it */
			CHECK(!dev_request(d.fd, NETMAP_REQ_VALE_DETACH, in_switch(), &de, NULL), "detach: %s", dev_reason(d.fd));
		}
		dev_close(&d);
		printf("%s: %u killed\n", ways[i].name, rounds);
	}
	behind_one_who_sleeps();
	printf("ok\n");
	return 0;
}
