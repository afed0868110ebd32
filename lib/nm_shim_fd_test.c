/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_fd_test.c - the table of descriptors: copies, closes, descriptors given out again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nm_shim.h"

/* A descriptor in the table; its object is held by the table alone. */
static int
make(int *peer)
{
	struct nm_shim_obj *o = nm_shim_obj_new();
	struct stat st;
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_int_equal(fstat(sv[0], &st), 0);
	o->dev = st.st_dev;
	o->ino = st.st_ino;
	assert_int_equal(nm_shim_fd_set(sv[0], o), 0);
	nm_shim_obj_put(o);
	*peer = sv[1];
	return sv[0];
}

static void
test_dup(void **state)
{
	int peer, fd = make(&peer), a, b, c;
	struct nm_shim_obj *o = nm_shim_find(fd);

	(void)state;
	a = dup(fd);
	b = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	c = dup2(fd, 200);
	assert_true(nm_shim_find(a) == o && nm_shim_find(b) == o && nm_shim_find(c) == o);
	assert_int_equal(o->refs, 4);
	assert_int_equal(dup2(fd, fd), fd);
	assert_int_equal(o->refs, 4);
	close(fd);
	close(a);
	close(b);
	assert_null(nm_shim_find(fd));
	assert_int_equal(o->refs, 1);
	assert_int_equal(dup2(peer, c), c); /* another file over it */
	assert_null(nm_shim_find(c));
	assert_int_equal(o->refs, 0);
	close(c);
	close(peer);
}

/* Closed by a call that is not ours, the number given out again: the entry goes, the file is served by the kernel. */
static void
test_recycled(void **state)
{
	int peer, fd = make(&peer), bytes;

	(void)state;
	syscall(SYS_close, fd);
	assert_int_equal(syscall(SYS_dup3, peer, fd, 0), fd);
	assert_int_equal(ioctl(fd, 0x541b /* FIONREAD */, &bytes), 0);
	assert_null(nm_shim_find(fd));
	close(fd);
	fd = make(&bytes);
	syscall(SYS_close, fd);
	assert_int_equal(open("/dev/null", O_RDONLY), fd);
	assert_null(nm_shim_find(fd));
	close(fd);
	close(bytes);
	close(peer);
}

static void
test_unbound(void **state)
{
	int peer, fd = make(&peer);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	(void)state;
	assert_int_equal(poll(&p, 1, -1), 1);
	assert_int_equal(p.revents, POLLERR);
	assert_int_equal(ioctl(fd, NIOCRXSYNC, NULL), -1);
	assert_int_equal(errno, ENXIO);
	close(fd);
	close(peer);
}

/* A child of vfork closes its own descriptor; the table, which is ours too, stays. */
static void
test_vfork(void **state)
{
	int peer, fd = make(&peer), status;
	pid_t pid;

	(void)state;
	pid = vfork();
	if (pid == 0) {
		close(fd);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_non_null(nm_shim_find_checked(fd));
	close(fd);
	close(peer);
}

static void
test_fork(void **state)
{
	int peer, fd = make(&peer), status;
	pid_t pid;

	(void)state;
	assert_true(nm_shim_busy_try(nm_shim_find(fd), NM_SHIM_RX)); /* a thread that does not come along */
	pid = fork();
	if (pid == 0) {
		struct nm_shim_obj *o = nm_shim_find(fd);
		bool free_again = o != NULL && nm_shim_busy_try(o, NM_SHIM_RX);

		if (free_again)
			nm_shim_busy_put(o, NM_SHIM_RX);
		close(fd);
		_exit(free_again && nm_shim_find(fd) == NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	nm_shim_busy_put(nm_shim_find(fd), NM_SHIM_RX);
	assert_non_null(nm_shim_find_checked(fd));
	close(fd);
	close(peer);
}

static void
test_limits(void **state)
{
	(void)state;
	assert_null(nm_shim_find(-1));
	assert_null(nm_shim_find(NM_SHIM_FDS));
	assert_null(nm_shim_find(INT32_MAX));
	nm_shim_fd_drop(-1);
	assert_int_equal(close(-1), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dup), cmocka_unit_test(test_recycled), cmocka_unit_test(test_unbound),
		cmocka_unit_test(test_vfork), cmocka_unit_test(test_fork), cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
