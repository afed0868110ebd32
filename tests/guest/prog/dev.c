/* SPDX-License-Identifier: BSD-2-Clause */
#include "dev.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void
dev_fail(const char *file, int line, const char *what, const char *fmt, ...)
{
	va_list ap;

	printf("%s:%d: not so: %s: ", file, line, what);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

uint64_t
dev_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Where in the kernel the process's threads are: the first question when one does not end. */
static void
show_stacks(pid_t pid)
{
	char path[64], text[4096];
	const struct dirent *e;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && (e = readdir(tasks))) {
		ssize_t n;
		int fd;

		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.16s/stack", (int)pid, e->d_name);
		fd = open(path, O_RDONLY);
		n = fd < 0 ? 0 : read(fd, text, sizeof(text));
		fprintf(stderr, "thread %s:\n%.*s", e->d_name, n > 0 ? (int)n : 0, text);
		if (fd >= 0)
			close(fd);
	}
	if (tasks)
		closedir(tasks);
}

int
dev_reap(pid_t pid, unsigned seconds)
{
	uint64_t end = dev_now_ms() + seconds * 1000ull;
	int status;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (dev_now_ms() > end) {
			show_stacks(pid);
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -1;
		}
		poll(NULL, 0, 2);
	}
	return status;
}

int
dev_open(struct dev *d)
{
	memset(d, 0, sizeof(*d));
	d->fd = open("/dev/netmap", O_RDWR | O_CLOEXEC);
	return d->fd < 0 ? -errno : 0;
}

int
dev_request(int fd, uint16_t type, const char *name, void *body, void *opts)
{
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = type, .nr_body = (uintptr_t)body, .nr_options = (uintptr_t)opts};

	snprintf(h.nr_name, sizeof(h.nr_name), "%s", name);
	return ioctl(fd, NIOCCTRL, &h) ? -errno : 0;
}

int
dev_bind(struct dev *d, const char *name, struct nmreq_register *reg)
{
	int error = dev_request(d->fd, NETMAP_REQ_REGISTER, name, reg, NULL);

	d->size = reg->nr_memsize;
	d->ofs = reg->nr_offset;
	return error;
}

int
dev_map(struct dev *d)
{
	struct netmap_if *n;
	void *p = mmap(NULL, d->size, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	d->mem = p;
	n = NETMAP_IF(p, d->ofs);
	d->tx = NETMAP_TXRING(n, 0);
	d->rx = NETMAP_RXRING(n, 0);
	if (!NETMAP_RING_BOUND(n, d->tx))
		d->tx = NULL;
	if (!NETMAP_RING_BOUND(n, d->rx))
		d->rx = NULL;
	return 0;
}

int
dev_register(struct dev *d, const char *name)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	int error = dev_open(d);

	if (error)
		return error;
	error = dev_bind(d, name, &reg);
	if (!error)
		error = dev_map(d);
	if (error)
		dev_close(d);
	return error;
}

void
dev_close(struct dev *d)
{
	if (d->mem)
		munmap(d->mem, d->size);
	close(d->fd);
	d->mem = NULL;
	d->fd = -1;
}

static uint32_t
next(const struct netmap_ring *r, uint32_t i)
{
	return i + 1 == r->num_slots ? 0 : i + 1;
}

bool
dev_put(struct dev *d, const void *frame, uint16_t len)
{
	struct netmap_ring *r = d->tx;
	uint32_t head = r->head;

	if (head == __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE))
		return false;
	memcpy(NETMAP_BUF(r, r->slot[head].buf_idx), frame, len);
	r->slot[head].len = len;
	r->slot[head].flags = 0;
	r->cur = next(r, head);
	__atomic_store_n(&r->head, r->cur, __ATOMIC_RELEASE);
	return true;
}

bool
dev_take(struct dev *d, void *buf, uint16_t *len)
{
	struct netmap_ring *r = d->rx;
	uint32_t head = r->head;

	if (head == __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE))
		return false;
	*len = r->slot[head].len;
	memcpy(buf, NETMAP_BUF(r, r->slot[head].buf_idx), *len);
	r->cur = next(r, head);
	__atomic_store_n(&r->head, r->cur, __ATOMIC_RELEASE);
	return true;
}

int
dev_sync(struct dev *d, bool tx)
{
	return ioctl(d->fd, tx ? NIOCTXSYNC : NIOCRXSYNC, NULL) ? -errno : 0;
}

uint64_t
dev_stat(const char *port, int stat)
{
	struct nmreq_stats st = {0};
	struct dev d;
	int error = dev_open(&d);

	if (error)
		return UINT64_MAX;
	error = dev_request(d.fd, NETMAP_REQ_STATS_GET, port, &st, NULL);
	dev_close(&d);
	return error ? UINT64_MAX : st.nr_counter[stat];
}

const char *
dev_reason(int fd)
{
	static struct nmreq_error e;

	return dev_request(fd, NETMAP_REQ_ERROR_GET, "", &e, NULL) ? "?" : e.nr_text;
}

int
dev_pair_open(struct dev_pair *p, const char *a, const char *b)
{
	int error = dev_register(&p->a, a);

	p->sent = p->got = 0;
	if (error)
		return error;
	error = dev_register(&p->b, b);
	if (error)
		dev_close(&p->a);
	return error;
}

#define FRAME 256u

static void
number(uint8_t f[FRAME], uint32_t n)
{
	unsigned i;

	memset(f, 0xff, 6);
	memset(f + 6, 2, 8);
	memcpy(f + 14, &n, sizeof(n));
	for (i = 18; i < FRAME; i++)
		f[i] = (uint8_t)(n + i);
}

int
dev_pair_move(struct dev_pair *p, uint32_t n)
{
	uint32_t end = p->sent + n, tries;
	static uint8_t f[FRAME], want[FRAME], got[65536];
	uint16_t len;

	for (tries = 0; p->got != end; tries++) {
		if (tries > 100000)
			return __LINE__;
		for (number(f, p->sent); p->sent != end && p->sent - p->got < 500 && dev_put(&p->a, f, FRAME); number(f, ++p->sent))
			;
		if (dev_sync(&p->a, true) || dev_sync(&p->b, false))
			return __LINE__;
		while (dev_take(&p->b, got, &len)) {
			number(want, p->got);
			if (len != FRAME || memcmp(got, want, FRAME))
				return __LINE__;
			p->got++;
		}
	}
	return 0;
}

void
dev_pair_close(struct dev_pair *p)
{
	dev_close(&p->a);
	dev_close(&p->b);
}
