/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_os_umem.c - memory of clients in the userspace home: pieces of files that came with the request.
 *
 * It may be a file without seals, which its owner can cut off under us: the SIGBUS is answered as for a region (nm_os_mem), and the
 * session ends. What can't be accepted is a file whose pages somebody has to bring first, from a disk, a network or a program
 * (FUSE), since a worker would wait for them: only tmpfs, which memfds are of, and hugetlbfs.
 */
#include "nm_os_mem.h"
#include "nm_session.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* A handle: one piece behind the other, whole pages. */
struct pieces {
	struct nm_os_mapped *mapped;
	size_t page;             /* bytes of one */
	size_t skip;             /* to the place of the address in the first */
	uint32_t n;
	struct {
		dev_t dev;
		ino_t ino;
		uint64_t offset; /* in the file */
		size_t len;
		int fd;
	} at[NM_OS_PIECES];
};

/* The piece that has the byte at addr. */
static const struct nm_os_piece *
find(const struct nm_os_offer *o, uint64_t addr)
{
	uint32_t i;

	for (i = 0; i < o->n; i++)
		if (addr >= o->piece[i].addr && addr - o->piece[i].addr < o->piece[i].size)
			return &o->piece[i];
	return NULL;
}

/*
 * The size of the file's pages; 0: not a file to be mapped here, for a reason that is in the text. Whether it is one is asked first, and
 * by a question that only files in memory answer: others may be of a file system that never does.
 */
static size_t
page_size(struct nm_session *s, int fd, struct stat *st)
{
	struct statfs fs;

	if (fcntl(fd, F_GET_SEALS) >= 0 && !fstat(fd, st) && !fstatfs(fd, &fs) && S_ISREG(st->st_mode))
		return fs.f_type == HUGETLBFS_MAGIC ? (size_t)fs.f_bsize : (size_t)sysconf(_SC_PAGESIZE);
	nm_session_error(s, EOPNOTSUPP, "memory of a client is to be anonymous, or in a file on tmpfs (as /dev/shm) or hugetlbfs, and this is none");
	return 0;
}

/* Adds what this piece has of [addr, end), in whole pages, to the handle. Bytes of [addr, end), or -errno with a text. */
static ssize_t
add_piece(struct nm_session *s, struct pieces *p, const struct nm_os_piece *sent, uint64_t addr, uint64_t end)
{
	uint64_t offset = sent->offset + (addr - sent->addr), n = sent->size - (addr - sent->addr), last;
	struct stat st;
	size_t page = page_size(s, sent->fd, &st);

	if (!page)
		return -s->errnum;
	if (n > end - addr)
		n = end - addr;
	if (p->n == NM_OS_PIECES || (p->n && (page != p->page || addr % page)) || (n < end - addr && (addr + n) % page))
		return nm_session_error(s, EOPNOTSUPP, "the client's memory at 0x%llx lies in too many pieces, or pieces that don't fit together",
		    (unsigned long long)addr);
	if (offset < sent->offset || (addr - offset) % (uint64_t)sysconf(_SC_PAGESIZE))
		return nm_session_error(s, EINVAL, "the client's memory at 0x%llx can't be at offset %llu of its file", (unsigned long long)addr,
		    (unsigned long long)offset);
	if (offset > (uint64_t)st.st_size || n > (uint64_t)st.st_size - offset)
		return nm_session_error(s, EFAULT, "the client's memory, %llu bytes at %llu of its file, is beyond the file's end, %llu",
		    (unsigned long long)n, (unsigned long long)offset, (unsigned long long)st.st_size);
	last = (offset + n + page - 1) & ~(uint64_t)(page - 1);
	if (!p->n)
		p->skip = offset & (page - 1);
	offset &= ~(uint64_t)(page - 1);
	p->page = page;
	p->at[p->n].dev = st.st_dev;
	p->at[p->n].ino = st.st_ino;
	p->at[p->n].offset = offset;
	p->at[p->n].len = (size_t)(last - offset);
	p->at[p->n].fd = fcntl(sent->fd, F_DUPFD_CLOEXEC, 0);
	if (p->at[p->n].fd < 0)
		return nm_session_error(s, errno, "the engine has no descriptors left for the client's memory");
	p->n++;
	return (ssize_t)n;
}

static int
collect(struct nm_session *s, struct pieces *p, uint64_t addr, size_t size)
{
	uint64_t at = addr, end = addr + size;
	ssize_t n;

	for (; at < end; at += (uint64_t)n) {
		const struct nm_os_piece *sent = find(s->offer, at);

		if (!sent) {
			s->offer->want = addr;
			s->offer->want_size = size;
			return nm_session_error(s, EAGAIN, "%zu bytes of the client's memory at 0x%llx did not come with the request", size,
			    (unsigned long long)addr);
		}
		n = add_piece(s, p, sent, at, end);
		if (n < 0)
			return (int)n;
	}
	return 0;
}

/* Of several pieces each takes its place in a range that is reserved first; huge pages, which must be one piece, find theirs. */
static int
map_at(const struct pieces *p, size_t len, char **base)
{
	size_t done = 0;
	uint32_t i;

	*base = MAP_FAILED;
	if (p->n > 1)
		*base = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p->n > 1 && *base == MAP_FAILED)
		return -errno;
	for (i = 0; i < p->n; done += p->at[i++].len) {
		char *to = p->n > 1 ? *base + done : NULL;
		char *got = mmap(to, p->at[i].len, PROT_READ | PROT_WRITE, MAP_SHARED | (to ? MAP_FIXED : 0), p->at[i].fd, (off_t)p->at[i].offset);
		int error = errno;

		if (got == MAP_FAILED) {
			if (p->n > 1)
				munmap(*base, len);
			return -error;
		}
		if (!to)
			*base = got;
	}
	return 0;
}

static int
map_pieces(struct nm_session *s, struct pieces *p)
{
	size_t len = 0;
	uint32_t i;
	char *base;
	int error;

	for (i = 0; i < p->n; i++)
		len += p->at[i].len;
	error = nm_os_mem_place(s->cred.uid, len, &p->mapped);
	if (error == -EDQUOT)
		return nm_session_error(s, ENOMEM, "%zu KiB of the client's memory would exceed the memory quota of user %u", len / 1024,
		    s->cred.uid);
	if (error)
		return nm_session_error(s, -error, "there are as many pieces of memory as there can be; close other ports");
	error = map_at(p, len, &base);
	if (error == -EACCES || error == -EPERM)
		return nm_session_error(s, EFAULT, "the file of the client's memory can't be written: it was opened to read, or is sealed");
	if (error)
		return nm_session_error(s, -error, "%zu KiB of the client's memory can't be mapped (error %d)", len / 1024, -error);
	nm_os_mem_enter(p->mapped, base, len, s->cred.uid);
	p->mapped->session = s;
	return 0;
}

static void
pieces_free(struct pieces *p)
{
	while (p->n > 0)
		close(p->at[--p->n].fd);
	nm_os_free(p);
}

int
nm_os_umem_get(struct nm_session *s, uint64_t addr, size_t size, struct nm_umem *u)
{
	struct pieces *p;
	int error;

	if (!s->offer)
		return nm_session_error(s, EOPNOTSUPP, "this request can't refer to memory of the client");
	p = nm_os_alloc(sizeof(*p));
	if (!p)
		return nm_session_error(s, ENOMEM, "no memory for a handle");
	error = addr + size < addr ? nm_session_error(s, EFAULT, "0x%llx is no address", (unsigned long long)addr) : collect(s, p, addr, size);
	if (!error)
		error = map_pieces(s, p);
	if (error) {
		pieces_free(p);
		return error;
	}
	u->base = p->mapped->base + p->skip;
	u->size = size;
	u->host = p;
	return 0;
}

void
nm_os_umem_put(struct nm_umem *u)
{
	struct pieces *p = u->host;

	nm_os_mem_leave(p->mapped);
	pieces_free(p);
	*u = (struct nm_umem){.size = 0};
}

int
nm_os_umem_adopt(struct nm_umem *u)
{
	struct pieces *p = u->host;

	if (p->n != 1)
		return -EOPNOTSUPP;
	p->mapped->session = NULL;
	return 0;
}

bool
nm_os_umem_poisoned(const struct nm_umem *u)
{
	return NM_READ_ONCE(((const struct pieces *)u->host)->mapped->poisoned);
}

int
nm_os_user_umem_file(const struct nm_umem *u, uint64_t *offset)
{
	const struct pieces *p = u->host;

	*offset = p->at[0].offset + p->skip;
	return p->at[0].fd;
}

bool
nm_os_umem_same(const struct nm_umem *a, const struct nm_umem *b)
{
	const struct pieces *p = a->host, *q = b->host;
	uint32_t i;

	if (a->size != b->size || p->n != q->n || a->base - p->mapped->base != b->base - q->mapped->base)
		return false;
	for (i = 0; i < p->n; i++)
		if (p->at[i].dev != q->at[i].dev || p->at[i].ino != q->at[i].ino || p->at[i].offset != q->at[i].offset)
			return false;
	return true;
}
