/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_os_mem.c - memory of the userspace home.
 *
 * A region is a memfd, sealed against growing and shrinking before a client sees it. What a client can still do is
 * to punch holes (reads give zeroes) or to exhaust what backs it; the latter is a SIGBUS here, answered by
 * private memory in the place of the region, which hostile contents can't make unsafe, and a mark on it.
 */
#include "nm_os_mem.h"
#include "nm_session.h"

#include <fcntl.h>
#include <linux/memfd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_REGIONS 4096u
#define HUGE_PAGE ((size_t)2 << 20)
#define USER_REGIONS 1024u /* of each user under a quota */

static struct nm_os_mapped regions[MAX_REGIONS]; /* the signal handler has no other way to find them */
static size_t quota = SIZE_MAX;
static bool quota_own, huge_pages;
static int poison_fd = -1; /* written by the handler */

void *
nm_os_alloc(size_t size)
{
	return calloc(1, size);
}

void
nm_os_free(void *p)
{
	free(p);
}

void
nm_os_user_quota(size_t bytes, bool own)
{
	quota = bytes;
	quota_own = own;
}

void
nm_os_user_huge_pages(bool on)
{
	huge_pages = on;
}

static struct nm_os_mapped *
find(const void *addr)
{
	const char *a = addr;
	uint32_t i;

	for (i = 0; i < MAX_REGIONS; i++)
		if (regions[i].base && a >= regions[i].base && a < regions[i].base + regions[i].size)
			return &regions[i];
	return NULL;
}

/* Of everything that could be touched; also how many regions, since their number is bounded for all together. */
static size_t
used_by(uint32_t uid, uint32_t *count)
{
	size_t n = 0;
	uint32_t i;

	*count = 0;
	for (i = 0; i < MAX_REGIONS; i++)
		if (regions[i].base && regions[i].uid == uid) {
			n += regions[i].size;
			++*count;
		}
	return n;
}

static bool
over_quota(uint32_t uid, size_t size)
{
	uint32_t count;
	size_t used = used_by(uid, &count);

	if (uid == geteuid() && !quota_own)
		return false;
	return size > quota || used > quota - size || count >= USER_REGIONS;
}

int
nm_os_mem_place(uint32_t uid, size_t size, struct nm_os_mapped **out)
{
	struct nm_os_mapped *m;

	if (over_quota(uid, size))
		return -EDQUOT;
	for (m = regions; m < regions + MAX_REGIONS && m->base; m++)
		;
	*out = m;
	return m == regions + MAX_REGIONS ? -ENFILE : 0;
}

void
nm_os_mem_enter(struct nm_os_mapped *m, char *base, size_t size, uint32_t uid)
{
	madvise(base, size, MADV_DONTDUMP);
	m->size = size;
	m->uid = uid;
	m->session = NULL;
	m->poisoned = false;
	NM_STORE_RELEASE(&m->base, base);
}

void
nm_os_mem_leave(struct nm_os_mapped *m)
{
	char *base = m->base;
	size_t size = m->size;

	NM_STORE_RELEASE(&m->base, NULL); /* the place is another's from here on */
	munmap(base, size);
}

/* A sealed file of `size` bytes mapped at *base. With huge pages mapping takes them from the pool, or fails. */
static int
map_memfd(struct nm_os_region *r, size_t size, unsigned flags, char **base)
{
	int error;

	r->handle = memfd_create("netmap", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);
	if (r->handle < 0)
		return -errno;
	if (ftruncate(r->handle, (off_t)size) || fcntl(r->handle, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		error = -errno;
		goto fail_fd;
	}
	*base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->handle, 0);
	if (*base == MAP_FAILED) {
		error = -errno;
		goto fail_fd;
	}
	return 0;

fail_fd:
	close(r->handle);
	return error;
}

/* Huge pages if they are wanted and there, else ordinary ones; *mapped is the size by whole pages of their kind. */
static int
map_pages(struct nm_os_region *r, size_t size, char **base, size_t *mapped)
{
	if (huge_pages) {
		*mapped = (size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
		if (!map_memfd(r, *mapped, MFD_HUGETLB | MFD_HUGE_2MB, base))
			return 0;
		nm_os_log(NM_LOG_WARN, "a region of %zu MiB is made of ordinary pages: not enough huge pages are free", *mapped >> 20);
	}
	*mapped = size;
	return map_memfd(r, size, 0, base);
}

/* Which part lies in memory of the client. */
static bool
in_umem(const struct nm_os_region *r, int part)
{
	return r->umem.size && part < NM_OS_PARTS - 1;
}

int
nm_os_region_create(struct nm_os_region *r, struct nm_root *root, uint32_t uid)
{
	const struct nm_os_part *last = &r->part[NM_OS_PARTS - 1];
	size_t first = r->umem.size ? last->offset : 0, size = last->offset + last->size - first, mapped;
	struct nm_os_mapped *m;
	char *base;
	int i, error;

	(void)root;
	error = r->umem.size ? nm_os_umem_adopt(&r->umem) : 0;
	if (!error)
		error = nm_os_mem_place(uid, size, &m);
	if (error)
		return error;
	error = map_pages(r, size, &base, &mapped);
	if (error)
		return error;
	for (i = 0; i < NM_OS_PARTS; i++) {
		r->part[i].base = in_umem(r, i) ? r->umem.base + r->part[i].offset : base + r->part[i].offset - first;
		r->part[i].have = r->part[i].size;
	}
	r->size = first + size;
	nm_os_mem_enter(m, base, mapped, uid);
	r->host = m;
	return 0;
}

/* All of it is there from the start, and takes pages when it is touched. */
int
nm_os_region_fill(struct nm_os_region *r, unsigned part, size_t bytes)
{
	(void)r;
	(void)part;
	(void)bytes;
	return 0;
}

int
nm_os_region_more(struct nm_os_region *r, unsigned part, size_t bytes)
{
	return bytes <= r->part[part].have ? 0 : -ENOMEM;
}

void
nm_os_region_destroy(struct nm_os_region *r)
{
	nm_os_mem_leave(r->host);
	close(r->handle);
	if (r->umem.size)
		nm_os_umem_put(&r->umem);
}

bool
nm_os_user_poisoned(const struct nm_os_region *r)
{
	return NM_READ_ONCE(((struct nm_os_mapped *)r->host)->poisoned) || (r->umem.size && nm_os_umem_poisoned(&r->umem));
}

bool
nm_os_user_session_poisoned(const struct nm_session *s)
{
	uint32_t i;

	if (s->mem && nm_os_user_poisoned(&s->mem->region))
		return true;
	for (i = 0; i < MAX_REGIONS; i++)
		if (regions[i].base && regions[i].session == s && NM_READ_ONCE(regions[i].poisoned))
			return true;
	return false;
}

static void
on_sigbus(int sig, siginfo_t *si, void *ctx)
{
	struct nm_os_mapped *m = find(si->si_addr);
	int saved = errno;

	(void)ctx;
	/* the whole of it: page by page, one region could use up the mappings that a process may have */
	if (!m || mmap(m->base, m->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED) {
		signal(sig, SIG_DFL);
		raise(sig);
		return;
	}
	NM_WRITE_ONCE(m->poisoned, true);
	(void)!write(poison_fd, &(uint64_t){1}, sizeof(uint64_t));
	errno = saved;
}

int
nm_os_user_poison_fd(void)
{
	return poison_fd;
}

int
nm_os_user_init(void)
{
	struct sigaction sa = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO};

	poison_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (poison_fd < 0)
		return -errno;
	sigemptyset(&sa.sa_mask);
	return sigaction(SIGBUS, &sa, NULL) ? -errno : 0;
}
