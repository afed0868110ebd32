/* SPDX-License-Identifier: BSD-2-Clause */
/* extmem.c - attacks by memory that the client brings: what he says of it, and what he does to it under load. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE ((size_t)4 << 20)
#define ADDR 0x10000000ull /* what the client calls it: nothing is there */

static int
file(void)
{
	int fd = memfd_create("attack", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	return fd >= 0 && !ftruncate(fd, SIZE) ? fd : -1;
}

static struct raw_memory
all_of(int fd)
{
	return (struct raw_memory){.n = 1, .at[0] = {.addr = ADDR, .size = SIZE}, .nfds = 1, .fd[0] = fd};
}

/* What is done to the file, or to the mapping of it, while frames come. */
static void
cut_off(struct raw_client *c, int fd)
{
	(void)c;
	(void)!ftruncate(fd, 0);
}

static void
cut_half(struct raw_client *c, int fd)
{
	(void)c;
	(void)!ftruncate(fd, SIZE / 2 + 100);
}

static void
punch(struct raw_client *c, int fd)
{
	(void)c;
	(void)!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, SIZE);
}

static void
overwrite(struct raw_client *c, int fd)
{
	static char page[65536];
	size_t i;

	(void)c;
	memset(page, (int)bed_random(256), sizeof(page));
	for (i = 0; i < SIZE; i += sizeof(page))
		(void)!pwrite(fd, page, sizeof(page), (off_t)i);
}

static void
unmap(struct raw_client *c, int fd)
{
	(void)fd;
	munmap(c->base, 1 << 20);
	c->tx = c->rx = NULL;
}

static void
move_mapping(struct raw_client *c, int fd)
{
	char *to = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)fd;
	(void)!mremap(c->base, 1 << 20, 1 << 20, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	c->tx = c->rx = NULL;
}

/* A child has all of it, too, writes into it, and outlives nobody. */
static void
fork_and_write(struct raw_client *c, int fd)
{
	pid_t pid = fork();
	unsigned i;

	if (!pid) {
		for (i = 0; i < 20000; i++)
			((volatile uint32_t *)(void *)c->base)[(uint32_t)random() % (1 << 18)] = (uint32_t)random();
		_exit(0);
	}
	overwrite(c, fd);
	waitpid(pid, NULL, 0);
}

static const struct {
	const char *what;
	void (*act)(struct raw_client *c, int fd);
	bool ends; /* the session */
} acts[] = {
	{"cut off", cut_off, true},
	{"cut in half", cut_half, false},
	{"holes are punched", punch, false},
	{"overwritten", overwrite, false},
	{"unmapped", unmap, false},
	{"moved", move_mapping, false},
	{"written by a child", fork_and_write, false},
};

/* The session is over: its descriptor hangs up. */
static bool
hung_up(const struct raw_client *c, int ms)
{
	struct pollfd p = {.fd = c->ready, .events = 0};

	return poll(&p, 1, ms) == 1 && (p.revents & (POLLHUP | POLLERR));
}

/* Frames for everybody from `from`, whatever becomes of them. */
static int
flood(struct raw_client *from, unsigned frames)
{
	uint8_t f[600] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};

	while (frames-- > 0)
		if (!raw_put(from, f, sizeof(f)) && raw_txsync(from))
			return -1;
	return raw_txsync(from);
}

enum verdict
memory_is_changed_under_load(struct bed *b, struct pair *witness)
{
	struct raw_client from, c;
	struct raw_memory m;
	unsigned i, round;
	int fd, error, line;

	CHECK(!raw_connect(&from, b->path) && !raw_register(&from, "vale0:from", 0), "no sender");
	for (round = 0; round < 3; round++)
		for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
			fd = file();
			m = all_of(fd);
			CHECK(fd >= 0 && !raw_connect(&c, b->path), "no connection");
			error = raw_register_in(&c, "vale0:c", ADDR, SIZE, &m);
			CHECK(!error, "%s: no port in memory of the client: %s", acts[i].what, strerror(-error));
			CHECK(!flood(&from, 200), "%s: the sender has no answer before", acts[i].what);
			acts[i].act(&c, fd);
			CHECK(!flood(&from, 2000), "%s: the sender has no answer", acts[i].what);
			line = pair_move(witness, 500);
			CHECK(!line, "%s: the witness was hurt (bed.c:%d)", acts[i].what, line);
			CHECK(!acts[i].ends || hung_up(&c, 10000), "%s: the session goes on", acts[i].what);
			if (acts[i].ends)
				munmap(c.base, c.size), c.base = NULL; /* there are no pages behind it */
			raw_close(&c);
			close(fd);
		}
	raw_close(&from);
	return OK;
}

/* Clients die in the middle of it, with the file cut off or not. */
enum verdict
memory_dies_with_its_client(struct bed *b, struct pair *witness)
{
	struct raw_client from;
	unsigned round;
	int line;

	CHECK(!raw_connect(&from, b->path) && !raw_register(&from, "vale0:from", 0), "no sender");
	for (round = 0; round < 20; round++) {
		struct raw_client c;
		struct raw_memory m;
		int fd = file(), status;
		pid_t pid = fork();

		if (!pid) {
			m = all_of(fd);
			if (raw_connect(&c, b->path) || raw_register_in(&c, "vale0:c", ADDR, SIZE, &m))
				_exit(1);
			for (;;)
				overwrite(&c, fd);
		}
		CHECK(!flood(&from, 500), "round %u: the sender has no answer", round);
		if (round % 2)
			cut_off(NULL, fd);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		CHECK(WIFSIGNALED(status), "round %u: no port", round);
		close(fd);
		line = pair_move(witness, 200);
		CHECK(!line, "the witness was hurt (bed.c:%d)", line);
	}
	raw_close(&from);
	return OK;
}

/* One request on a connection of its own; 0, -errno, or -ECONNRESET if that was the end of it. */
static int
try_memory(struct bed *b, uint64_t addr, uint64_t size, const struct raw_memory *m)
{
	struct raw_client c;
	int error = raw_connect(&c, b->path);

	if (error)
		return error;
	error = raw_register_in(&c, "vale0:x", addr, size, m);
	raw_close(&c);
	return error;
}

/* Descriptors that are no memory, or none to be had. */
static enum verdict
wrong_files(struct bed *b)
{
	int sealed = file(), sv[2], p[2], other = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char path[64];
	struct { const char *what; int fd, error; } bad[] = {
		{"a device", open("/dev/zero", O_RDWR | O_CLOEXEC), -EOPNOTSUPP},
		{"a file on a disk", other, -EOPNOTSUPP},
		{"a folder", open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC), -EOPNOTSUPP},
		{"a path", open("/proc/self/exe", O_PATH | O_CLOEXEC), -EOPNOTSUPP},
		{"sealed", sealed, -EFAULT},
		{"read-only", -1, -EFAULT},
		{"a socket", -1, -EOPNOTSUPP},
		{"a pipe", -1, -EOPNOTSUPP},
		{"empty", memfd_create("empty", MFD_CLOEXEC), -EFAULT},
	};
	unsigned i;

	CHECK(!fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE), "no seal");
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) && !pipe2(p, O_CLOEXEC), "no socket, no pipe");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", sealed);
	bad[5].fd = open(path, O_RDONLY | O_CLOEXEC);
	bad[6].fd = sv[0];
	bad[7].fd = p[1];
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct raw_memory m = all_of(bad[i].fd);
		int error = try_memory(b, ADDR, SIZE, &m);

		CHECK(bad[i].fd >= 0 && error == bad[i].error, "%s: %s, %s was expected", bad[i].what, strerror(-error), strerror(-bad[i].error));
		close(bad[i].fd);
	}
	close(sv[1]);
	close(p[0]);
	return OK;
}

/* Entries that lie about a file that is all right. */
static enum verdict
wrong_entries(struct bed *b)
{
	static const struct nm_wire_umem bad[] = {
		{.addr = ADDR, .size = SIZE, .fd = 1}, {.addr = ADDR, .size = SIZE, .fd = UINT32_MAX}, {.addr = ADDR, .size = SIZE, .offset = 64},
		{.addr = ADDR, .size = SIZE, .offset = UINT64_MAX}, {.addr = ADDR, .size = SIZE, .offset = (uint64_t)-4096},
		{.addr = ADDR, .size = SIZE, .offset = 1ull << 62}, {.addr = ADDR, .size = SIZE, .offset = 4096}, {.addr = ADDR, .size = 0},
		{.addr = ADDR + 1, .size = SIZE}, {.addr = UINT64_MAX, .size = UINT64_MAX}, {.addr = ADDR, .size = SIZE - 1},
	};
	struct raw_memory m = all_of(file());
	unsigned i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		m.at[0] = bad[i];
		CHECK(try_memory(b, ADDR, SIZE, &m) < 0, "entry %u was taken", i);
	}
	m = all_of(m.fd[0]);
	m.n = 0;
	CHECK(try_memory(b, ADDR, SIZE, &m) == -EAGAIN, "memory that did not come was not asked for");
	m.n = NM_WIRE_MAX_UMEM + 1;
	CHECK(try_memory(b, ADDR, SIZE, &m) == -ECONNRESET, "more entries than there can be");
	m.n = 1u << 31;
	CHECK(try_memory(b, ADDR, SIZE, &m) == -ECONNRESET, "entries without end");
	m.n = 1;
	m.nfds = 0;
	CHECK(try_memory(b, ADDR, SIZE, &m) == -ECONNRESET, "an entry without a descriptor");
	m = all_of(m.fd[0]);
	CHECK(try_memory(b, ADDR, UINT64_MAX, &m) == -EINVAL, "memory without end");
	CHECK(try_memory(b, ADDR, SIZE, &m) == 0, "what is right is not taken");
	close(m.fd[0]);
	return OK;
}

enum verdict
memory_that_is_none(struct bed *b, struct pair *witness)
{
	struct holdings before;
	char what[200];
	int line;

	CHECK(!bed_count(b, &before), "nothing to count");
	before.vm_kib = before.rss_kib = 1ul << 40;
	before.maps = 1u << 30;
	if (wrong_files(b) != OK || wrong_entries(b) != OK)
		return FAILED;
	CHECK(bed_settled(b, &before, what), "something was kept: %s", what);
	line = pair_move(witness, 1000);
	CHECK(!line, "the witness was hurt (bed.c:%d)", line);
	return OK;
}
