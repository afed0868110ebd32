/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_shim_bind.c - after REGISTER: our own mapping of the region, its rings and sync cells; and the application's
 * mmap. Whatever is read from the region here is checked against its size: its owner shares it with others.
 */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "nm_shim.h"
#include "nm_shim_real.h"

#define HUGE ((size_t)2 << 20)
#define HUGE_MAPS 64

/* Mappings whose length the kernel rounded up to huge pages: munmap has to round alike. */
static struct { void *addr; size_t len, real; } huge_maps[HUGE_MAPS];
static pthread_mutex_t huge_lock = PTHREAD_MUTEX_INITIALIZER;

static void
close_fds(const int fds[2])
{
	if (fds[0] >= 0)
		nm_real_close(fds[0]);
	if (fds[1] >= 0)
		nm_real_close(fds[1]);
}

/* fds[0] is the region's file, fds[1] that of its sync area, if it has one of its own. 0 or -errno. */
static int
region_fds(struct nm_shim_obj *o, int fds[2])
{
	union { struct nm_wire w; char bytes[256]; } m = {.w = {.magic = NM_WIRE_MAGIC, .op = NM_WIRE_MAP}};
	int n;

	fds[0] = fds[1] = -1;
	n = nm_shim_call(o->sock, m.bytes, sizeof(m.w), sizeof(m), fds);
	if (n >= 0 && m.w.error == 0 && fds[0] >= 0)
		return 0;
	close_fds(fds);
	return n < 0 ? n : m.w.error < 0 ? m.w.error : -EPROTO;
}

static int
bind_ring(struct nm_shim_obj *o, const struct nm_wire_bind *b, size_t ofs, const struct nm_wire_ring *w, int dir)
{
	struct nm_shim_ring *r = &o->rings[dir][o->nrings[dir]];
	size_t cell = (size_t)w->cell * NM_SYNC_CELL, at, bufs;
	struct nm_sync_ring *s;
	int64_t buf_ofs;

	if (ofs > o->memsize - sizeof(struct netmap_ring) || ofs % 8 != 0 || cell + NM_SYNC_CELL > b->sync_len)
		return -EPROTO;
	memset(r, 0, sizeof(*r));
	r->ring = (struct netmap_ring *)(void *)(o->base + ofs);
	r->n = NM_READ_ONCE(r->ring->num_slots);
	r->buf_size = NM_READ_ONCE(r->ring->nr_buf_size);
	buf_ofs = NM_READ_ONCE(r->ring->buf_ofs);
	at = ofs + offsetof(struct netmap_ring, slot);
	if (r->n == 0 || at > o->memsize || r->n > (o->memsize - at) / sizeof(struct netmap_slot) || buf_ofs < 0)
		return -EPROTO;
	bufs = ofs + (size_t)buf_ofs;
	if (bufs < ofs || bufs > o->memsize || r->buf_size == 0)
		return -EPROTO;
	r->bufs = o->base + bufs;
	r->nbufs = (uint32_t)((o->memsize - bufs) / r->buf_size);
	s = (struct nm_sync_ring *)(void *)(o->sync_base + cell);
	r->atok = &s->atok;
	r->ktoa = &s->ktoa;
	r->tail = NM_READ_ONCE(r->ring->tail);
	o->nrings[dir]++;
	return 0;
}

int
nm_shim_bind_rings(struct nm_shim_obj *o, const struct nm_wire_bind *b)
{
	size_t entries = b->nifp_off + offsetof(struct netmap_if, ring_ofs);
	uint32_t i, all = (uint32_t)b->ntx + b->nrx;
	int err = 0;

	o->nrings[NM_SHIM_TX] = o->nrings[NM_SHIM_RX] = 0;
	for (i = 0; i < all && err == 0; i++) {
		int dir = i < b->ntx ? NM_SHIM_TX : NM_SHIM_RX;
		size_t slot = b->ring[i].index + (dir == NM_SHIM_RX ? (size_t)b->nr_tx_total : 0);
		size_t at = entries + slot * sizeof(ssize_t);
		ssize_t ofs;

		if (at < entries || at + sizeof(ofs) > o->memsize)
			return -EPROTO;
		ofs = __atomic_load_n((ssize_t *)(void *)(o->base + at), __ATOMIC_RELAXED);
		if (ofs != 0) /* 0: a host ring that only counts */
			err = bind_ring(o, b, b->nifp_off + (size_t)ofs, &b->ring[i], dir);
	}
	return err;
}

/* [off, off + len) of a file, and what of its pages, which may be huge, is around. NULL and errno. */
static char *
map_file(struct nm_shim_obj *o, int k, int fd, uint64_t off, size_t len)
{
	struct stat st;
	size_t page, skip, all;
	void *p;

	errno = EPROTO;
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size < off || (uint64_t)st.st_size - off < len)
		return NULL;
	page = (size_t)st.st_blksize >= HUGE ? (size_t)st.st_blksize : 4096;
	skip = off & (page - 1);
	all = (skip + len + page - 1) & ~(page - 1);
	p = nm_real_mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (int64_t)(off - skip));
	if (p == MAP_FAILED)
		return NULL;
	o->map[k].at = p;
	o->map[k].len = all;
	return (char *)p + skip;
}

static int
map_region(struct nm_shim_obj *o, const struct nm_wire_bind *b)
{
	size_t end = b->sync_off + b->sync_len;
	int fds[2], err = region_fds(o, fds);

	if (err < 0)
		return err;
	if (fds[1] >= 0) {
		o->base = map_file(o, 0, fds[0], b->mem_off, b->memsize);
		o->sync_base = o->base ? map_file(o, 1, fds[1], b->sync_off, b->sync_len) : NULL;
	} else {
		o->base = map_file(o, 0, fds[0], 0, end < b->memsize ? b->memsize : end);
		o->sync_base = o->base ? o->base + b->sync_off : NULL;
	}
	err = o->sync_base ? 0 : -errno;
	close_fds(fds);
	return err;
}

/* What the engine says of sizes, before any arithmetic on it. */
static bool
sane(const struct nm_wire_bind *b, size_t len)
{
	uint64_t max = (uint64_t)1 << 46;
	size_t all = (size_t)b->ntx + b->nrx;

	return all <= NM_WIRE_MAX_RINGS && len >= sizeof(*b) + all * sizeof(b->ring[0]) && b->memsize < max &&
	    b->memsize > sizeof(struct netmap_ring) && b->sync_off < max && b->sync_len < max && b->mem_off < max && b->mem_off % 4096 == 0 &&
	    b->nifp_off < b->memsize && b->nifp_off % 8 == 0 && b->nr_tx_total < 1u << 20 &&
	    ((uint64_t)b->cell + 1) * NM_SYNC_CELL <= b->sync_len;
}

int
nm_shim_bind(struct nm_shim_obj *o, const void *bytes, size_t len)
{
	struct nm_wire_bind *b;
	int err;

	if (o->bound)
		return 0;
	if (len < sizeof(*b))
		return -EPROTO;
	b = malloc(len);
	if (b == NULL)
		return -ENOMEM;
	memcpy(b, bytes, len);
	err = -EPROTO;
	if (!sane(b, len))
		goto err_free;
	o->memsize = b->memsize;
	o->mem_off = b->mem_off;
	o->flags = b->flags;
	err = map_region(o, b);
	if (err < 0) {
		nm_shim_unbind(o);
		goto err_free;
	}
	o->rings[0] = calloc((size_t)b->ntx + b->nrx + 1, sizeof(*o->rings[0]));
	o->rings[1] = o->rings[0] ? o->rings[0] + b->ntx : NULL;
	err = o->rings[0] ? nm_shim_bind_rings(o, b) : -ENOMEM;
	if (err < 0) {
		nm_shim_unbind(o);
		goto err_free;
	}
	o->sync = (struct nm_sync_session *)(void *)(o->sync_base + (size_t)b->cell * NM_SYNC_CELL);
	__atomic_store_n(&o->bound, 1, __ATOMIC_RELEASE);
err_free:
	free(b);
	return err;
}

void
nm_shim_unbind(struct nm_shim_obj *o)
{
	int i;

	__atomic_store_n(&o->bound, 0, __ATOMIC_RELEASE);
	for (i = 0; i < 2; i++) {
		if (o->map[i].at != NULL)
			nm_real_munmap(o->map[i].at, o->map[i].len);
		o->map[i].at = NULL;
	}
	free(o->rings[0]);
	o->rings[0] = o->rings[1] = NULL;
	o->nrings[0] = o->nrings[1] = 0;
	o->base = o->sync_base = NULL;
	o->sync = NULL;
}

static void
remember_huge(void *p, size_t len, size_t blk)
{
	int i;

	pthread_mutex_lock(&huge_lock);
	for (i = 0; i < HUGE_MAPS; i++)
		if (huge_maps[i].addr == NULL || huge_maps[i].addr == p) {
			huge_maps[i].len = len;
			huge_maps[i].real = (len + blk - 1) & ~(blk - 1);
			__atomic_store_n(&huge_maps[i].addr, p, __ATOMIC_RELEASE);
			break;
		}
	pthread_mutex_unlock(&huge_lock);
}

static void *
shim_mmap(struct nm_shim_obj *o, void *addr, size_t len, int prot, int flags, int64_t off)
{
	struct stat st;
	void *p;
	int fds[2], fd;

	errno = EINVAL;
	if (!o->bound || off < 0 || len == 0 || (flags & MAP_TYPE) == MAP_PRIVATE)
		return MAP_FAILED;
	if ((uint64_t)off > o->memsize || len > ((o->memsize + 4095) & ~(size_t)4095) - (uint64_t)off)
		return MAP_FAILED;
	pthread_mutex_lock(&o->ctl);
	fd = o->closing ? -EBADF : region_fds(o, fds);
	pthread_mutex_unlock(&o->ctl);
	if (fd < 0) {
		errno = -fd;
		return MAP_FAILED;
	}
	fd = fds[0];
	p = nm_real_mmap(addr, len, prot, flags, fd, (int64_t)o->mem_off + off);
	if (p != MAP_FAILED && fstat(fd, &st) == 0 && (size_t)st.st_blksize >= HUGE)
		remember_huge(p, len, (size_t)st.st_blksize);
	{
		int keep = errno;

		close_fds(fds);
		errno = keep;
	}
	return p;
}

static void *
mmap_checked(void *addr, size_t len, int prot, int flags, int fd, int64_t off)
{
	struct nm_shim_obj *o = nm_shim_use(fd);
	void *p;

	if (o == NULL || nm_shim_find_checked(fd) != o)
		p = nm_real_mmap(addr, len, prot, flags, fd, off);
	else
		p = shim_mmap(o, addr, len, prot, flags, off);
	if (o != NULL)
		nm_shim_unuse(o);
	return p;
}

NM_SHIM_API void *
mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	if (__builtin_expect(nm_shim_find(fd) != NULL && !(flags & MAP_ANONYMOUS), 0))
		return mmap_checked(addr, len, prot, flags, fd, off);
	return nm_real_mmap(addr, len, prot, flags, fd, off);
}

NM_SHIM_API void *
mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t off)
{
	if (__builtin_expect(nm_shim_find(fd) != NULL && !(flags & MAP_ANONYMOUS), 0))
		return mmap_checked(addr, len, prot, flags, fd, off);
	return nm_real_mmap(addr, len, prot, flags, fd, off);
}

NM_SHIM_API int
munmap(void *addr, size_t len)
{
	int r = nm_real_munmap(addr, len), i;

	if (__builtin_expect(r == 0 || errno != EINVAL || addr == NULL, 1))
		return r;
	for (i = 0; i < HUGE_MAPS; i++)
		if (__atomic_load_n(&huge_maps[i].addr, __ATOMIC_ACQUIRE) == addr && huge_maps[i].len == len) {
			r = nm_real_munmap(addr, huge_maps[i].real);
			__atomic_store_n(&huge_maps[i].addr, NULL, __ATOMIC_RELEASE);
			break;
		}
	return r;
}
