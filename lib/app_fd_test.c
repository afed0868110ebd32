/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs do with descriptors: copies, forks, exec, flags, closing in any order, a thread for each ring, and
 * all ways to open and map the C library has.
 */
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>
#include <libnetmap.h>

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "app_port.h"
#include "own_engine.h"
#include "said.h"

/* The fortified variants, which headers declare only in fortified programs. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *ts, const sigset_t *mask, size_t size);

static void
every_way_to_open(void **state)
{
	int fd[10], i;
	struct nmreq r;

	(void)state;
	fd[0] = open("/dev/netmap", O_RDWR);
	fd[1] = open64("/dev/netmap", O_RDWR | O_CLOEXEC);
	fd[2] = openat(AT_FDCWD, "/dev/netmap", O_RDWR | O_NONBLOCK);
	fd[3] = openat64(-1, "/dev/netmap", O_RDWR);
	fd[4] = __open_2("/dev/netmap", O_RDWR);
	fd[5] = __open64_2("/dev/netmap", O_RDWR);
	fd[6] = __openat_2(AT_FDCWD, "/dev/netmap", O_RDWR);
	fd[7] = __openat64_2(AT_FDCWD, "/dev/netmap", O_RDWR);
	fd[8] = dup(fd[0]);
	fd[9] = fcntl(fd[1], F_DUPFD, 200);
	assert_true(fd[9] >= 200);
	for (i = 0; i < 10; i++) {
		assert_true(fd[i] >= 0);
		memset(&r, 0, sizeof(r));
		r.nr_version = NETMAP_API;
		snprintf(r.nr_name, sizeof(r.nr_name), "vale1:%d", i);
		assert_int_equal(ioctl(fd[i], NIOCGINFO, &r), 0);
		assert_true(r.nr_memsize > 0);
	}
	assert_int_equal(fcntl(fd[0], F_GETFD), 0);
	assert_int_equal(fcntl(fd[1], F_GETFD), FD_CLOEXEC);
	assert_true(fcntl(fd[2], F_GETFL) & O_NONBLOCK);
	assert_false(fcntl(fd[0], F_GETFL) & O_NONBLOCK);
	for (i = 0; i < 10; i++)
		assert_int_equal(close(fd[i]), 0);
	for (i = 0; i < 10; i++) {
		assert_int_equal(ioctl(fd[i], NIOCTXSYNC, NULL), -1);
		assert_int_equal(errno, EBADF);
	}
}

/* As on a character device that is there, and has no stream. */
static void
odd_ways_to_open(void **state)
{
	char heard[256];
	struct stat st;
	struct nmreq r = {.nr_name = "vale1:odd", .nr_version = NETMAP_API};
	int fd = open("/dev/netmap", O_RDWR);

	(void)state;
	assert_int_equal(ioctl(fd, NIOCGINFO, &r), 0); /* else the calls below would make a file */
	close(fd);
	fd = creat("/dev/netmap", 0600);
	assert_true(fd >= 0);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && unlink("/dev/netmap") == 0)
		fail_msg("a file was made");
	assert_int_equal(ioctl(fd, NIOCGINFO, &r), 0);
	close(fd);
	fd = open("/dev/netmap", O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(open("/dev/netmap", O_RDWR | O_CREAT | O_EXCL, 0600), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(open("/dev/netmap", O_RDONLY | O_DIRECTORY), -1);
	assert_int_equal(errno, ENOTDIR);
	said_listen();
	assert_null(fopen("/dev/netmap", "r+"));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_null(freopen("/dev/netmap", "r", fopen("/dev/null", "r")));
	assert_int_equal(errno, EOPNOTSUPP);
	said_heard(heard, sizeof(heard));
	assert_non_null(strstr(heard, "/dev/netmap is not served by the userspace engine, it takes open(2)"));
}

/* What becomes a daemon closes all but what it needs; what it does not know of is not there for it, and stays. */
static void
closing_all_others(void **state)
{
	struct app_port a;
	struct stat st;
	int fd, keep, way, hidden;

	(void)state;
	for (way = 0; way < 3; way++) {
		keep = dup(2);
		app_port_open(&a, "vale1:daemon", 0);
		for (hidden = 512; hidden < 1024 && fstat(hidden, &st) < 0; hidden++)
			;
		assert_in_range(hidden, 512, 1023);
		if (way == 0)
			for (fd = 3; fd < 1024; fd++) {
				if (fd != a.fd && fd != keep)
					close(fd);
			}
		else if (way == 1)
			assert_int_equal(close_range((unsigned)a.fd + 1, ~0u, 0), 0);
		else
			closefrom(a.fd + 1);
		assert_int_equal(fstat(hidden, &st), 0);
		assert_int_equal(close(hidden), -1);
		assert_int_equal(errno, EBADF);
		assert_int_equal(dup2(2, hidden), -1);
		assert_int_equal(errno, EBUSY);
		assert_int_equal(dup3(2, hidden, O_CLOEXEC), -1);
		assert_int_equal(errno, EBUSY);
		app_port_put(a.tx, 1);
		assert_int_equal(ioctl(a.fd, NIOCTXSYNC, NULL), 0);
		assert_int_equal(ioctl(a.fd, NIOCRXSYNC, NULL), 0);
		assert_int_equal(poll(&(struct pollfd){.fd = a.fd, .events = POLLOUT}, 1, 0), 1);
		app_port_close(&a);
		close(keep);
		assert_int_equal(fstat(hidden, &st), -1); /* with the last descriptor they go */
	}
}

static void
every_way_to_map(void **state)
{
	struct app_port a;
	long page = sysconf(_SC_PAGESIZE);
	char *p, *q;

	(void)state;
	app_port_open(&a, "vale1:m", 0);
	p = mmap64(NULL, a.size, PROT_READ | PROT_WRITE, MAP_SHARED, a.fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_memory_equal(p + a.reg.nr_offset, "vale1:m", 8); /* the same memory */
	p[a.size - 1] = 77;
	assert_int_equal(a.mem[a.size - 1], 77);
	/* moved, and cut */
	q = mremap(p, a.size, a.size, MREMAP_MAYMOVE | MREMAP_FIXED, mmap(NULL, a.size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	assert_ptr_not_equal(q, MAP_FAILED);
	assert_int_equal(q[a.size - 1], 77);
	assert_ptr_equal(mremap(q, a.size, (size_t)page, 0), q);
	assert_memory_equal(q, a.mem, (size_t)page);
	assert_int_equal(munmap(q, (size_t)page), 0);
	/* any part of it, read only, at a place of the program's */
	q = mmap(NULL, (size_t)page * 4, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p = mmap(q + page, (size_t)page, PROT_READ, MAP_SHARED | MAP_FIXED, a.fd, (off_t)(a.size - (size_t)page));
	if (p != MAP_FAILED) { /* not where the region has huge pages */
		assert_ptr_equal(p, q + page);
		assert_int_equal(p[page - 1], 77);
	}
	munmap(q, (size_t)page * 4);
	assert_ptr_equal(mmap(NULL, a.size + (size_t)page, PROT_READ, MAP_SHARED, a.fd, 0), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(mmap(NULL, (size_t)page, PROT_READ, MAP_SHARED, a.fd, (off_t)(a.size + (size_t)page)), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	/* mapped memory outlives its descriptor */
	close(a.fd);
	a.mem[a.size - 1] = 78;
	assert_int_equal(munmap(a.mem, a.size), 0);
}

static void
copies_are_one_descriptor(void **state)
{
	struct app_port a, b;
	struct pollfd p = {.events = POLLIN};
	int copy, to = 300;
	uint32_t n;

	(void)state;
	app_port_open(&a, "c{1", 0);
	app_port_open(&b, "c}1", 0);
	copy = dup(b.fd);
	assert_int_equal(dup2(a.fd, to), to);
	assert_int_equal(dup2(a.fd, a.fd), a.fd);
	assert_int_equal(close(a.fd), 0); /* the port stays open */
	assert_true(app_port_put(a.tx, 9));
	assert_int_equal(__ppoll_chk(&(struct pollfd){.fd = to, .events = POLLOUT}, 1, NULL, NULL, sizeof(struct pollfd)), 1);
	p.fd = copy;
	assert_int_equal(__poll_chk(&p, 1, 20000, sizeof(p)), 1);
	assert_true(app_port_take(b.rx, &n));
	assert_int_equal(n, 9);
	/* over a netmap descriptor another file is put: it is gone from there */
	assert_int_equal(dup2(copy, to), to);
	assert_int_equal(ioctl(to, NIOCRXSYNC, NULL), 0);
	assert_int_equal(dup3(0, to, O_CLOEXEC), to);
	assert_int_equal(ioctl(to, NIOCRXSYNC, NULL), -1);
	assert_int_not_equal(errno, ENXIO);
	close(to);
	close(copy);
	munmap(a.mem, a.size);
	app_port_close(&b);
}

/* Both ends, their memory, and two descriptors of one port, closed in each order; what is left goes on. */
static void
closing_in_any_order(void **state)
{
	int order, i;

	(void)state;
	for (order = 0; order < 6; order++) {
		static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
		struct app_port p[3];
		uint32_t n;

		app_port_open(&p[0], "o{1", 0);
		app_port_open(&p[1], "o}1", 0);
		app_port_open(&p[2], "o{1", 0); /* the same rings once more */
		assert_int_equal(p[2].reg.nr_mem_id, p[0].reg.nr_mem_id);
		app_port_put(p[0].tx, 1);
		assert_int_equal(ioctl(p[0].fd, NIOCTXSYNC, NULL), 0);
		assert_int_equal(ioctl(p[1].fd, NIOCRXSYNC, NULL), 0);
		assert_true(app_port_take(p[1].rx, &n));
		for (i = 0; i < 3; i++) {
			int k = orders[order][i], left;

			if (order & 1) {
				munmap(p[k].mem, p[k].size);
				close(p[k].fd);
			} else {
				close(p[k].fd);
				munmap(p[k].mem, p[k].size);
			}
			for (left = i + 1; left < 3; left++) {
				assert_int_equal(ioctl(p[orders[order][left]].fd, NIOCTXSYNC, NULL), 0);
				assert_int_equal(ioctl(p[orders[order][left]].fd, NIOCRXSYNC, NULL), 0);
			}
		}
	}
}

static int
child_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A child has the descriptors and the memory; its closing them is not ours; what it opens itself is its own. */
static void
fork_shares(void **state)
{
	struct app_port a, b, c;
	uint32_t n;
	pid_t pid;

	(void)state;
	app_port_open(&a, "f{1", 0);
	app_port_open(&b, "f}1", 0);
	pid = fork();
	if (pid == 0) {
		app_port_put(a.tx, 5);
		if (ioctl(a.fd, NIOCTXSYNC, NULL))
			_exit(1);
		if (close(a.fd) || close(b.fd))
			_exit(2);
		if (ioctl(b.fd, NIOCRXSYNC, NULL) == 0)
			_exit(3);
		app_port_open(&c, "vale1:child", 0);
		_exit(ioctl(c.fd, NIOCTXSYNC, NULL) ? 4 : 0);
	}
	assert_int_equal(child_status(pid), 0);
	assert_int_equal(poll(&(struct pollfd){.fd = b.fd, .events = POLLIN}, 1, 20000), 1);
	assert_true(app_port_take(b.rx, &n));
	assert_int_equal(n, 5);
	assert_int_equal(ioctl(a.fd, NIOCTXSYNC, NULL), 0);
	app_port_close(&a);
	app_port_close(&b);
}

/* The port ends with the program that is executed, if the descriptor goes with it, else at once. */
static void
exec_closes(void **state)
{
	char number[16], *argv[] = {(char *)"sh", (char *)"-c", (char *)"[ -e /proc/self/fd/$0 ]", number, NULL};
	struct app_port a;
	int keep;

	(void)state;
	for (keep = 0; keep < 2; keep++) {
		pid_t pid;

		app_port_open(&a, "vale1:e", NR_EXCLUSIVE);
		assert_int_equal(fcntl(a.fd, F_SETFD, keep ? 0 : FD_CLOEXEC), 0);
		snprintf(number, sizeof(number), "%d", a.fd);
		pid = fork();
		if (pid == 0) {
			execv("/bin/sh", argv);
			_exit(99);
		}
		assert_int_equal(child_status(pid), keep ? 0 : 1);
		assert_int_equal(ioctl(a.fd, NIOCTXSYNC, NULL), 0); /* the parent's goes on */
		app_port_close(&a);
		app_port_open(&a, "vale1:e", NR_EXCLUSIVE); /* and is free at once after its close */
		app_port_close(&a);
	}
}

/* Closed behind the library's back, by stdio here; its number comes back for another file. */
static void
a_recycled_number_is_not_ours(void **state)
{
	struct app_port a;
	struct stat st;
	char c;
	int fd, pipes[2];

	(void)state;
	app_port_open(&a, "vale1:r", 0);
	assert_int_equal(syscall(SYS_close, a.fd), 0);
	assert_int_equal(pipe(pipes), 0); /* takes the number */
	fd = pipes[0] == a.fd ? pipes[0] : pipes[1];
	assert_int_equal(fd, a.fd);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(ioctl(pipes[0], FIONREAD, &(int){0}), 0);
	assert_int_equal(poll(&(struct pollfd){.fd = pipes[0], .events = POLLIN}, 1, 20000), 1);
	assert_int_equal(read(pipes[0], &c, 1), 1);
	assert_int_equal(fstat(pipes[1], &st), 0);
	close(pipes[0]);
	close(pipes[1]);
	munmap(a.mem, a.size);
}

#define RINGS 4
#define PER_RING 20000u

struct ring_thread {
	const char *format;
	int i;
	const struct nmport_d *parent;
	uint32_t done;
};

static struct nmport_d *
one_ring(const struct ring_thread *t)
{
	struct nmport_d *d;
	char name[32];

	snprintf(name, sizeof(name), t->format, t->i);
	d = nmport_open(name);
	if (d && d->mem == t->parent->mem && d->first_tx_ring == t->i && d->last_rx_ring == t->i)
		return d;
	nmport_close(d);
	return NULL;
}

static void *
send_on_ring(void *arg)
{
	struct ring_thread *t = arg;
	struct nmport_d *d = one_ring(t);
	struct pollfd p = {.events = POLLOUT};
	struct netmap_ring *r;

	if (!d)
		return NULL;
	r = NETMAP_TXRING(d->nifp, t->i);
	p.fd = d->fd;
	while (t->done < PER_RING && poll(&p, 1, 20000) == 1 && !(p.revents & POLLERR))
		while (t->done < PER_RING && app_port_put(r, t->done))
			t->done++;
	while (nm_tx_pending(r) && poll(&p, 1, 20000) == 1)
		;
	nmport_close(d);
	return NULL;
}

static void *
receive_on_ring(void *arg)
{
	struct ring_thread *t = arg;
	struct nmport_d *d = one_ring(t);
	struct netmap_ring *r;
	uint32_t n;

	if (!d)
		return NULL;
	r = NETMAP_RXRING(d->nifp, t->i);
	while (t->done < PER_RING && nmport_poll(&d, 1, POLLIN, 20000) == 1)
		while (app_port_take(r, &n) && n == t->done)
			t->done++;
	nmport_close(d);
	return NULL;
}

/* As packet generators with -p: a descriptor for each ring, all in one mapping, opened and closed by their threads. */
static void
a_thread_for_each_ring(void **state)
{
	struct nmport_d *a = nmport_open("netmap:m{1@conf:rings=4"), *b = nmport_open("netmap:m}1");
	struct ring_thread t[2 * RINGS];
	pthread_t id[2 * RINGS];
	int i;

	(void)state;
	assert_true(a && b);
	assert_int_equal(a->reg.nr_tx_rings, RINGS);
	assert_int_equal(b->reg.nr_rx_rings, RINGS);
	assert_ptr_equal(a->mem, b->mem);
	for (i = 0; i < 2 * RINGS; i++) {
		t[i] = (struct ring_thread){.i = i / 2, .format = i & 1 ? "netmap:m{1-%d" : "netmap:m}1-%d", .parent = a};
		assert_int_equal(pthread_create(&id[i], NULL, i & 1 ? send_on_ring : receive_on_ring, &t[i]), 0);
	}
	for (i = 0; i < 2 * RINGS; i++)
		pthread_join(id[i], NULL);
	for (i = 0; i < 2 * RINGS; i++)
		assert_int_equal(t[i].done, PER_RING);
	nmport_close(a);
	nmport_close(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_to_open), cmocka_unit_test(odd_ways_to_open), cmocka_unit_test(closing_all_others), cmocka_unit_test(every_way_to_map),
		cmocka_unit_test(copies_are_one_descriptor), cmocka_unit_test(closing_in_any_order),
		cmocka_unit_test(fork_shares), cmocka_unit_test(exec_closes), cmocka_unit_test(a_recycled_number_is_not_ours),
		cmocka_unit_test(a_thread_for_each_ring),
	};

	return cmocka_run_group_tests(tests, own_engine_setup, own_engine_teardown);
}
