/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_shim_umem.c - the program's own memory, for an engine that can only map files.
 *
 * Memory that is a shared mapping of a file is passed on by a descriptor of that file. Any other is moved: its pages are copied
 * into a new memfd, which is mapped in their place. Moved are whole pages, with what else the program has in them, which goes on
 * working; the stack and memory of malloc can be moved, too. Three things are different afterwards, and can't be helped:
 *   - what other threads write into these pages while they are moved, a few microseconds a page, may be lost;
 *   - a child that is forked later shares these pages with its parent instead of having a copy;
 *   - shared anonymous memory whose pages can't be found again by a descriptor (a program without privileges) is no longer
 *     shared with children that were forked before.
 * Memory in pages of its own that only one thread uses by then, as from mmap, meets none of them but the second.
 */
#undef _FORTIFY_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "nm_shim.h"
#include "nm_shim_real.h"

#define HUGE ((uint64_t)2 << 20)
#define MOVED 256 /* pieces of memory that were moved and are still mapped */
#define PATH 160 /* of a path, for texts and to open it; longer ones are found otherwise */
#define RUNS NM_WIRE_MAX_UMEM

/* A line of /proc/self/maps. */
struct area {
	uint64_t start, end, offset;
	dev_t dev;
	ino_t ino;
	char perms[8];
	char path[PATH];
};

/* The memfds that were made here: their mappings alone don't lead back to them. */
static struct { int fd; dev_t dev; ino_t ino; } moved[MOVED];
static uint32_t nmoved;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void
nm_shim_umem_fork(void)
{
	pthread_mutex_init(&lock, NULL);
}

static int no(char *why, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int
no(char *why, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, NM_SHIM_WHY, fmt, ap);
	va_end(ap);
	return -err;
}

static FILE *
open_maps(void)
{
	int fd = nm_real_openat(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);

	return fd < 0 ? NULL : fdopen(fd, "r");
}

static bool
next_area(FILE *f, struct area *a)
{
	unsigned long long start, end, offset, ino;
	unsigned maj, min;
	char line[4096 + 128];
	int at = 0;

	do {
		if (fgets(line, sizeof(line), f) == NULL)
			return false;
	} while (sscanf(line, "%llx-%llx %7s %llx %x:%x %llu %n", &start, &end, a->perms, &offset, &maj, &min, &ino, &at) < 7);
	*a = (struct area){.start = start, .end = end, .offset = offset, .dev = makedev(maj, min), .ino = (ino_t)ino,
	    .perms = {a->perms[0], a->perms[1], a->perms[2], a->perms[3]}};
	line[strcspn(line, "\n")] = '\0';
	if (strlen(line + at) < sizeof(a->path))
		strcpy(a->path, line + at);
	return true;
}

/* Memfds that nothing maps any more are closed. */
static void
forget_gone(FILE *f)
{
	bool mapped[MOVED] = {false};
	struct area a;
	uint32_t i, k;

	rewind(f);
	while (next_area(f, &a))
		for (i = 0; i < nmoved; i++)
			mapped[i] |= moved[i].ino == a.ino && moved[i].dev == a.dev;
	for (i = k = 0; i < nmoved; i++) {
		if (mapped[i])
			moved[k++] = moved[i];
		else
			nm_real_close(moved[i].fd);
	}
	nmoved = k;
}

/* fd, if it is the file of this area, else -1 and fd is closed. */
static int
same_file(int fd, const struct area *a)
{
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_ino == a->ino && st.st_dev == a->dev)
		return fd;
	nm_real_close(fd);
	return -1;
}

/* Among the program's descriptors. */
static int
find_open(const struct area *a)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	char path[64];
	struct stat st;
	int fd = -1;

	while (d != NULL && fd < 0 && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || fstat(atoi(e->d_name), &st) != 0 || st.st_ino != a->ino || st.st_dev != a->dev)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", atoi(e->d_name));
		fd = same_file(nm_real_openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0), a);
	}
	if (d != NULL)
		closedir(d);
	return fd;
}

/* A descriptor of the file that is mapped there, or -1. */
static int
file_of(const struct area *a)
{
	char path[96];
	uint32_t i;
	int fd = -1;

	for (i = 0; i < nmoved; i++)
		if (moved[i].ino == a->ino && moved[i].dev == a->dev)
			return same_file(nm_real_fcntl(moved[i].fd, F_DUPFD_CLOEXEC, NULL), a);
	snprintf(path, sizeof(path), "/proc/self/map_files/%llx-%llx", (unsigned long long)a->start, (unsigned long long)a->end);
	fd = same_file(nm_real_openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0), a);
	if (fd < 0 && a->path[0] == '/')
		fd = same_file(nm_real_openat(AT_FDCWD, a->path, O_RDWR | O_CLOEXEC | O_NONBLOCK, 0), a);
	return fd < 0 ? find_open(a) : fd;
}

/* Copies what is not zero, then puts the file in the place of the memory. Nothing of a caller is written meanwhile. */
static __attribute__((noinline)) int
exchange(char *at, char *copy, size_t len, int prot, int fd)
{
	uint64_t *from = (void *)at, *to = (void *)copy;
	size_t i, k, words = 4096 / sizeof(uint64_t);

	for (i = 0; i < len / sizeof(uint64_t); i += words) {
		for (k = 0; k < words && NM_READ_ONCE(from[i + k]) == 0; k++)
			;
		for (; k < words; k++)
			NM_WRITE_ONCE(to[i + k], NM_READ_ONCE(from[i + k]));
	}
	return nm_real_mmap(at, len, prot, MAP_SHARED | MAP_FIXED, fd, 0) == at ? 0 : -errno;
}

/* Far from the pages that are moved, which may be the caller's stack. */
static __attribute__((noinline)) int
exchange_below(char *at, char *copy, size_t len, int prot, int fd)
{
	volatile char gap[4 * 4096];
	int err;

	gap[0] = 0;
	err = exchange(at, copy, len, prot, fd);
	return err + gap[0];
}

/* A file for so much memory, of huge pages if it lies in such and there are more of them. */
static int
new_file(size_t len, bool huge, char **copy)
{
	int fd, tries;

	for (tries = huge ? 0 : 1; tries < 2; tries++) {
		fd = memfd_create("netmap-memory", MFD_CLOEXEC | MFD_ALLOW_SEALING | (tries == 0 ? MFD_HUGETLB | MFD_HUGE_2MB : 0));
		if (fd < 0)
			continue;
		fd = nm_shim_hide(fd);
		if (ftruncate(fd, (off_t)len) == 0 && nm_real_fcntl(fd, F_ADD_SEALS, (void *)(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) == 0) {
			*copy = nm_real_mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
			if (*copy != MAP_FAILED)
				return fd;
		}
		nm_real_close(fd);
	}
	return -1;
}

/* Moves [lo, hi), of which `a` is the first area. A descriptor of the new file, or -errno. */
static int
move(uint64_t lo, uint64_t hi, const struct area *a, char *why)
{
	int prot = PROT_READ | PROT_WRITE | (a->perms[2] == 'x' ? PROT_EXEC : 0), fd, err;
	bool huge = strncmp(a->path, "/anon_hugepage", 14) == 0;
	size_t len = (size_t)(hi - lo);
	sigset_t all, old;
	char *copy;

	if (nmoved == MOVED)
		return no(why, ENFILE, "%u pieces of this program's memory are shared with an engine, the most there can be", nmoved);
	fd = new_file(len, huge, &copy);
	if (fd < 0)
		return no(why, errno, "no memfd of %zu KiB could be had for this program's memory: %s", len >> 10, strerror(errno));
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = exchange_below((char *)(uintptr_t)lo, copy, len, prot, fd);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	nm_real_munmap(copy, len);
	if (err != 0) {
		nm_real_close(fd);
		return no(why, -err, "%zu KiB at 0x%llx could not be made a memfd: %s", len >> 10, (unsigned long long)lo, strerror(-err));
	}
	return fd;
}

/* Why a shared mapping can't be passed on. */
static int
not_found(const struct area *a, char *why)
{
	struct statfs fs;

	if (statfs(a->path, &fs) == 0 && fs.f_type != TMPFS_MAGIC && fs.f_type != HUGETLBFS_MAGIC)
		return no(why, EOPNOTSUPP, "%.60s is on a filesystem (type 0x%lx) that can't be used; tmpfs (/dev/shm) and hugetlbfs can", a->path,
		    (unsigned long)fs.f_type);
	return no(why, EOPNOTSUPP, "the file %.60s of this shared memory can't be opened again; keep a descriptor of it open", a->path);
}

/* Areas side by side that are one piece of one shared file, or are to be moved together. */
struct run {
	struct area first;
	uint64_t lo, hi; /* of what is asked for */
	bool shared;
};

static bool
joins(const struct run *r, const struct area *a)
{
	bool shared = a->perms[3] == 's';

	if (shared != r->shared || a->perms[2] != r->first.perms[2])
		return false;
	return !shared || (a->ino == r->first.ino && a->dev == r->first.dev && a->offset - r->first.offset == a->start - r->first.start);
}

/* What [lo, hi) is made of. How many runs, or -errno. */
static int
look(FILE *f, uint64_t lo, uint64_t hi, struct run runs[RUNS], char *why)
{
	uint64_t at = lo;
	struct area a;
	int n = 0;

	rewind(f);
	while (at < hi && next_area(f, &a)) {
		if (a.end <= at)
			continue;
		if (a.start > at)
			break;
		if (a.perms[0] != 'r' || a.perms[1] != 'w')
			return no(why, EFAULT, "memory at 0x%llx is to be read and written, its protection is %.3s", (unsigned long long)at, a.perms);
		if (n == 0 || !joins(&runs[n - 1], &a)) {
			if (n == RUNS)
				return no(why, EOPNOTSUPP, "the memory from 0x%llx to 0x%llx is of more than %u pieces", (unsigned long long)lo,
				    (unsigned long long)hi, RUNS);
			runs[n++] = (struct run){.first = a, .lo = at, .shared = a.perms[3] == 's'};
		}
		at = a.end < hi ? a.end : hi;
		runs[n - 1].hi = at;
	}
	if (at < hi)
		return no(why, EFAULT, "nothing is mapped at 0x%llx, %llu bytes from 0x%llx are needed", (unsigned long long)at,
		    (unsigned long long)(hi - lo), (unsigned long long)lo);
	return n;
}

static void
remember(int fd)
{
	struct stat st;
	int copy = fstat(fd, &st) == 0 ? nm_real_fcntl(fd, F_DUPFD_CLOEXEC, NULL) : -1;

	if (copy < 0)
		return; /* who comes again finds it among the program's descriptors, or is refused */
	moved[nmoved].fd = nm_shim_hide(copy);
	moved[nmoved].dev = st.st_dev;
	moved[nmoved++].ino = st.st_ino;
}

/* The file of a run, and where in it the run begins. A descriptor or -errno. */
static int
provide(const struct run *r, uint64_t *offset, char *why)
{
	bool anon_huge = strncmp(r->first.path, "/anon_hugepage", 14) == 0;
	uint64_t mask = anon_huge ? HUGE - 1 : 0, lo = r->lo & ~mask, hi = (r->hi + mask) & ~mask;
	int fd = r->shared ? file_of(&r->first) : -1;

	if (fd >= 0) {
		*offset = r->first.offset + (r->lo - r->first.start);
		return fd;
	}
	if (r->shared && !anon_huge && strncmp(r->first.path, "/dev/zero", 9) != 0)
		return not_found(&r->first, why);
	if (anon_huge && (lo < r->first.start || hi > r->first.end))
		return no(why, EOPNOTSUPP, "huge pages of 2 MiB are expected at 0x%llx", (unsigned long long)r->lo);
	fd = move(lo, hi, &r->first, why);
	if (fd >= 0)
		remember(fd);
	*offset = r->lo - lo;
	return fd;
}

static int
provide_all(FILE *f, struct nm_shim_umems *m, uint64_t addr, uint64_t size, char *why)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), lo = addr & ~(page - 1), hi = (addr + size + page - 1) & ~(page - 1);
	struct run runs[RUNS];
	int n, i, fd;

	if (size == 0 || addr + size < addr || hi <= lo)
		return no(why, EINVAL, "%llu bytes at 0x%llx are not a range of memory", (unsigned long long)size, (unsigned long long)addr);
	forget_gone(f);
	n = look(f, lo, hi, runs, why);
	if (n >= 0 && m->n + (uint32_t)n > NM_WIRE_MAX_UMEM)
		return no(why, EOPNOTSUPP, "memory in more than %u pieces is asked for", NM_WIRE_MAX_UMEM);
	for (i = 0; i < n; i++) {
		struct nm_wire_umem *u = &m->at[m->n];

		*u = (struct nm_wire_umem){.addr = runs[i].lo, .size = runs[i].hi - runs[i].lo, .fd = m->n};
		fd = provide(&runs[i], &u->offset, why);
		if (fd < 0)
			return fd;
		m->fd[m->n++] = fd;
	}
	return n < 0 ? n : 0;
}

int
nm_shim_umem(struct nm_shim_umems *m, uint64_t addr, uint64_t size, char *why)
{
	FILE *f = open_maps();
	int err;

	if (f == NULL)
		return no(why, EOPNOTSUPP, "/proc/self/maps can't be read (%s), so memory of this program can't be shared with an engine", strerror(errno));
	pthread_mutex_lock(&lock);
	err = provide_all(f, m, addr, size, why);
	pthread_mutex_unlock(&lock);
	fclose(f);
	return err;
}
