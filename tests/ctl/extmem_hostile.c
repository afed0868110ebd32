/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs do to memory that they brought (option EXTMEM) while frames go through it: none of it hurts the ports of others.
 * The one who does it is a process of its own, and may die of it.
 */
#include "ctl.h"

#include <fcntl.h>
#include <net/netmap_user.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define SIZE ((size_t)4 << 20)
#define SLOTS 128u

struct end {
	int fd;
	struct netmap_if *nifp;
};

static struct end
open_in(const char *name, char *mem)
{
	struct nmreq_opt_extmem o = {.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_EXTMEM}, .nro_usrptr = (uintptr_t)mem,
	    .nro_info = {.nr_memsize = SIZE}};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = SLOTS, .nr_rx_slots = SLOTS};
	struct end e = {.fd = ctl_open()};

	ctl_expect(e.fd, NETMAP_REQ_REGISTER, name, &reg, mem ? &o : NULL, 0, NULL);
	if (!mem)
		mem = mmap(NULL, reg.nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, e.fd, 0);
	if (mem == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	e.nifp = NETMAP_IF(mem, reg.nr_offset);
	return e;
}

/* `n` broadcast frames out of `e`, as fast as the engine takes them. */
static void
flood(const struct end *e, unsigned n)
{
	struct netmap_ring *tx = NETMAP_TXRING(e->nifp, 0);

	while (n > 0) {
		for (; n > 0 && nm_ring_space(tx); n--) {
			char *p = NETMAP_BUF(tx, tx->slot[tx->head].buf_idx);

			memset(p, 0xff, 6);
			memcpy(p + 6, "\2\0\0\0\0\1", 6);
			memset(p + 12, (int)n, 600 - 12);
			tx->slot[tx->head].len = 600;
			tx->head = tx->cur = nm_ring_next(tx, tx->head);
		}
		if (ioctl(e->fd, NIOCTXSYNC, NULL)) {
			ctl_check(!"a sync of the witness fails");
			return;
		}
	}
}

/* What came is whole; the ring is emptied. */
static unsigned
take(const struct end *e)
{
	struct netmap_ring *rx = NETMAP_RXRING(e->nifp, 0);
	unsigned n = 0, i;

	ctl_equal(ioctl(e->fd, NIOCRXSYNC, NULL), 0);
	for (; !nm_ring_empty(rx); n++) {
		const char *p = NETMAP_BUF(rx, rx->slot[rx->head].buf_idx);

		for (i = 12; i < 600 && p[i] == p[12]; i++)
			;
		ctl_check(i == 600 && rx->slot[rx->head].len == 600);
		rx->head = rx->cur = nm_ring_next(rx, rx->head);
	}
	return n;
}

static int mem_fd;
static char *mem;

static void
cut_off(void)
{
	(void)!ftruncate(mem_fd, 0);
}

static void
punch(void)
{
	(void)!fallocate(mem_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, SIZE);
}

static void
unmap(void)
{
	munmap(mem, SIZE);
}

static void
unmap_and_map(void)
{
	(void)!mmap(mem, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void
move(void)
{
	(void)!mremap(mem, SIZE / 2, SIZE, MREMAP_MAYMOVE);
}

static void
protect(void)
{
	mprotect(mem, SIZE, PROT_NONE);
}

static void
give_back(void)
{
	madvise(mem, SIZE, MADV_DONTNEED);
	madvise(mem, SIZE, MADV_REMOVE);
}

static void
fork_and_write(void)
{
	pid_t pid = fork();

	memset(mem + 4096, pid ? 0x55 : 0xaa, SIZE - 4096);
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void
scribble(void)
{
	unsigned i;

	for (i = 0; i < 200000; i++)
		((volatile uint32_t *)(void *)mem)[(uint32_t)random() % (i % 2 ? SIZE / 4 : 65536 / 4)] = (uint32_t)random();
}

static const struct {
	const char *what;
	void (*act)(void);
} acts[] = {
	{"cut off", cut_off}, {"holes", punch}, {"unmapped", unmap}, {"others in its place", unmap_and_map}, {"moved", move},
	{"protected", protect}, {"given back", give_back}, {"forked", fork_and_write}, {"overwritten", scribble},
};

/* The hostile process: does it when it is told, syncs a little, and waits for its end. */
static void
hostile(unsigned i, bool file, int ready, int go)
{
	struct end e;
	char byte;
	int k;

	mem_fd = file ? memfd_create("hostile", 0) : -1;
	if (file && ftruncate(mem_fd, SIZE))
		_exit(1);
	mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, file ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, mem_fd, 0);
	e = open_in("vale0:hostile", mem);
	if (ctl_done() || write(ready, "r", 1) != 1 || read(go, &byte, 1) != 1)
		_exit(1);
	acts[i].act();
	for (k = 0; k < 50; k++) {
		ioctl(e.fd, NIOCTXSYNC, NULL);
		ioctl(e.fd, NIOCRXSYNC, NULL);
	}
	if (write(ready, "d", 1) == 1)
		(void)!read(go, &byte, 1); /* the end */
	_exit(0);
}

static void
attack(unsigned i, bool file, const struct end *a, const struct end *b)
{
	int ready[2], go[2];
	unsigned got = 0, round;
	char byte;
	pid_t pid;

	if (pipe(ready) || pipe(go)) {
		perror("pipe");
		exit(1);
	}
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(ready[0]);
		close(go[1]);
		hostile(i, file, ready[1], go[0]);
	}
	close(ready[1]);
	close(go[0]);
	ctl_check(read(ready[0], &byte, 1) == 1);
	flood(a, 1000);
	take(b);
	ctl_check(write(go[1], "g", 1) == 1);
	for (round = 0; round < 20; round++) {
		flood(a, 100);
		got += take(b);
	}
	(void)!read(ready[0], &byte, 1); /* it has done all, or died */
	flood(a, 100);
	got += take(b);
	ctl_check(got >= 100);
	if (got < 100)
		printf("%s, %s: %u frames arrived\n", acts[i].what, file ? "file" : "anonymous", got);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(go[1]);
}

/* The kernel counts pinned pages; whoever may not lock memory may not bring much of it. */
static void
limit(void)
{
	struct rlimit r = {1 << 20, 1 << 20};
	int status;
	pid_t pid;

	if (access("/sys/module/netmap", F_OK) || geteuid())
		return;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct nmreq_opt_extmem o = {.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_EXTMEM}, .nro_info = {.nr_memsize = SIZE}};
		struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = SLOTS, .nr_rx_slots = SLOTS};
		int fd = ctl_open();

		o.nro_usrptr = (uintptr_t)mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (setrlimit(RLIMIT_MEMLOCK, &r) || setuid(65534))
			_exit(1);
		ctl_expect(fd, NETMAP_REQ_REGISTER, "vale1:a", &reg, &o, ENOMEM,
		    "4096 KiB to pin and 0 pinned already are more than this process may have, 1024 KiB: ulimit -l");
		o.nro_info.nr_memsize = 1 << 20;
		ctl_expect(fd, NETMAP_REQ_REGISTER, "vale1:a", &reg, &o, 0, NULL);
		fflush(stdout);
		_exit(ctl_done());
	}
	ctl_check(waitpid(pid, &status, 0) == pid && status == 0);
}

int
main(void)
{
	struct end a = open_in("vale0:a", NULL), b = open_in("vale0:b", NULL), c;
	char *own = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned i;

	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		attack(i, true, &a, &b);
		attack(i, false, &a, &b);
	}
	c = open_in("vale0:hostile", own); /* its place is free */
	flood(&c, 50);
	ctl_check(take(&b) == 50);
	limit();
	close(a.fd);
	close(b.fd);
	close(c.fd);
	return ctl_done();
}
