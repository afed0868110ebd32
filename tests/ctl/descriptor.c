/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a descriptor is to other processes: shared by fork and by dup, and by SCM_RIGHTS and exec where it is one of the kernel's.
 * The port is held until the last copy is closed.
 */
#include "ctl.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

static bool
of_kernel(void)
{
	const char *home = getenv("NETMAP_ENGINE");

	return home && !strcmp(home, "kernel");
}

/* Holding the port exclusively, so that it can be seen who has it. */
static int
hold(const char *name)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE};
	int fd = ctl_open();

	ctl_expect(fd, NETMAP_REQ_REGISTER, name, &reg, NULL, 0, NULL);
	return fd;
}

static int
try_hold(const char *name)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE};
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_REGISTER, .nr_body = (uintptr_t)&reg};
	int fd = ctl_open(), err;

	snprintf(h.nr_name, sizeof(h.nr_name), "%s", name);
	err = ioctl(fd, NIOCCTRL, &h) ? errno : 0;
	close(fd);
	return err;
}

static void
ended(pid_t pid)
{
	int status = -1;

	ctl_equal(waitpid(pid, &status, 0), pid);
	ctl_equal(status, 0);
}

static void
forked(void)
{
	int fd = hold("vale0:fork");
	pid_t pid = fork();

	if (!pid)
		_exit(ioctl(fd, NIOCTXSYNC, NULL) || ioctl(fd, NIOCRXSYNC, NULL));
	ended(pid);
	ctl_equal(ioctl(fd, NIOCTXSYNC, NULL), 0);
	ctl_equal(try_hold("vale0:fork"), EBUSY);
	close(fd);
	ctl_equal(try_hold("vale0:fork"), 0);
}

static void
copied(void)
{
	int fd = hold("vale0:dup"), copy = dup(fd);

	close(fd);
	ctl_equal(ioctl(copy, NIOCTXSYNC, NULL), 0);
	ctl_equal(try_hold("vale0:dup"), EBUSY);
	close(copy);
	ctl_equal(try_hold("vale0:dup"), 0);
}

/* A mapping alone does not keep the port, but its memory. */
static void
mapped(void)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE};
	int fd = ctl_open();
	size_t i;
	char *p;

	ctl_expect(fd, NETMAP_REQ_REGISTER, "vale0:map", &reg, NULL, 0, NULL);
	p = mmap(NULL, reg.nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ctl_check(p != MAP_FAILED);
	memset(p + reg.nr_memsize - 4096, 1, 4096);
	close(fd);
	ctl_equal(try_hold("vale0:map"), 0);
	for (i = 0; i < reg.nr_memsize; i += 4096) /* pages that were never touched, too */
		p[i] = 2;
	ctl_equal(p[reg.nr_memsize - 1], 1);
	munmap(p, reg.nr_memsize);
	ctl_equal(try_hold("vale0:map"), 0);
}

/* The child execs and keeps the port until the pipe it reads from is closed. */
static void
executed(void)
{
	int fd = hold("vale0:exec"), p[2];
	pid_t pid;

	ctl_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		dup2(p[0], 0);
		execl("/bin/sh", "sh", "-c", "read x; exit 0", (char *)NULL);
		_exit(1);
	}
	close(fd);
	ctl_equal(try_hold("vale0:exec"), EBUSY);
	ctl_equal(write(p[1], "\n", 1), 1);
	ended(pid);
	ctl_equal(try_hold("vale0:exec"), 0);
	close(p[0]);
	close(p[1]);
}

static int
pass(int sock, int fd)
{
	union { char buf[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } u = {{0}};
	struct iovec v = {"", 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = u.buf, .msg_controllen = sizeof(u.buf)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(sock, &m, 0) == 1 ? 0 : -1;
}

static int
receive(int sock)
{
	union { char buf[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } u = {{0}};
	char byte;
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = u.buf, .msg_controllen = sizeof(u.buf)};
	int fd = -1;

	if (recvmsg(sock, &m, 0) == 1 && CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

static void
passed(void)
{
	int fd = hold("vale0:pass"), s[2], copy;

	ctl_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	ctl_equal(pass(s[0], fd), 0);
	close(fd);
	ctl_equal(try_hold("vale0:pass"), EBUSY); /* it is on its way */
	copy = receive(s[1]);
	ctl_check(copy >= 0);
	ctl_equal(ioctl(copy, NIOCRXSYNC, NULL), 0);
	close(copy);
	ctl_equal(try_hold("vale0:pass"), 0);
	/* a cycle of sockets that hold each other and a port: freed with the sockets */
	fd = hold("vale0:pass");
	ctl_equal(pass(s[0], fd), 0);
	close(fd);
	close(s[0]);
	close(s[1]);
	ctl_equal(try_hold("vale0:pass"), 0);
}

int
main(void)
{
	forked();
	copied();
	if (of_kernel()) {
		mapped();
		executed();
		passed();
	} else
		printf("skipped for this home: mapping without descriptor, exec, descriptors passed on\n");
	return ctl_done();
}
