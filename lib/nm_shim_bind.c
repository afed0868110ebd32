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

static int
region_fd(struct nm_shim_obj *o)
{
	union { struct nm_wire w; char bytes[256]; } m = {.w = {.magic = NM_WIRE_MAGIC, .op = NM_WIRE_MAP}};
	int fds[2] = {-1, -1}, n;

	n = nm_shim_call(o->sock, m.bytes, sizeof(m.w), sizeof(m), fds);
	if (fds[1] >= 0)
		nm_real_close(fds[1]);
	if (n >= 0 && m.w.error == 0 && fds[0] >= 0)
		return fds[0];
	if (fds[0] >= 0)
		nm_real_close(fds[0]);
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
	s = (struct nm_sync_ring *)(void *)(o->base + b->sync_off + cell);
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

static int
map_region(struct nm_shim_obj *o, const struct nm_wire_bind *b)
{
	size_t end = b->sync_off + b->sync_len;
	int fd = region_fd(o), err = 0;
	struct stat st;

	if (fd < 0)
		return fd;
	if (end < b->memsize)
		end = b->memsize;
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size < end)
		err = -EPROTO;
	else {
		o->base = nm_real_mmap(NULL, end, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (o->base == MAP_FAILED) {
			o->base = NULL;
			err = -errno;
		} else if ((size_t)st.st_blksize >= HUGE) /* unmapped by whole pages */
			end = (end + (size_t)st.st_blksize - 1) & ~((size_t)st.st_blksize - 1);
		o->map_len = end;
	}
	nm_real_close(fd);
	return err;
}

/* What the engine says of sizes, before any arithmetic on it. */
static bool
sane(const struct nm_wire_bind *b, size_t len)
{
	uint64_t max = (uint64_t)1 << 46;
	size_t all = (size_t)b->ntx + b->nrx;

	return all <= NM_WIRE_MAX_RINGS && len >= sizeof(*b) + all * sizeof(b->ring[0]) && b->memsize < max &&
	    b->memsize > sizeof(struct netmap_ring) && b->sync_off < max && b->sync_len < max &&
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
	o->flags = b->flags;
	err = map_region(o, b);
	if (err < 0)
		goto err_free;
	o->rings[0] = calloc((size_t)b->ntx + b->nrx + 1, sizeof(*o->rings[0]));
	o->rings[1] = o->rings[0] ? o->rings[0] + b->ntx : NULL;
	err = o->rings[0] ? nm_shim_bind_rings(o, b) : -ENOMEM;
	if (err < 0) {
		nm_shim_unbind(o);
		goto err_free;
	}
	o->sync = (struct nm_sync_session *)(void *)(o->base + b->sync_off + (size_t)b->cell * NM_SYNC_CELL);
	__atomic_store_n(&o->bound, 1, __ATOMIC_RELEASE);
err_free:
	free(b);
	return err;
}

void
nm_shim_unbind(struct nm_shim_obj *o)
{
	__atomic_store_n(&o->bound, 0, __ATOMIC_RELEASE);
	if (o->base != NULL)
		nm_real_munmap(o->base, o->map_len);
	free(o->rings[0]);
	o->rings[0] = o->rings[1] = NULL;
	o->nrings[0] = o->nrings[1] = 0;
	o->base = NULL;
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
	int fd;

	errno = EINVAL;
	if (!o->bound || off < 0 || len == 0 || (flags & MAP_TYPE) == MAP_PRIVATE)
		return MAP_FAILED;
	if ((uint64_t)off > o->memsize || len > ((o->memsize + 4095) & ~(size_t)4095) - (uint64_t)off)
		return MAP_FAILED;
	pthread_mutex_lock(&o->ctl);
	fd = o->closing ? -EBADF : region_fd(o);
	pthread_mutex_unlock(&o->ctl);
	if (fd < 0) {
		errno = -fd;
		return MAP_FAILED;
	}
	p = nm_real_mmap(addr, len, prot, flags, fd, off);
	if (p != MAP_FAILED && fstat(fd, &st) == 0 && (size_t)st.st_blksize >= HUGE)
		remember_huge(p, len, (size_t)st.st_blksize);
	{
		int keep = errno;

		nm_real_close(fd);
		errno = keep;
	}
	return p;
}

NM_SHIM_API void *
mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	struct nm_shim_obj *o = nm_shim_find(fd);

	if (__builtin_expect(o != NULL && !(flags & MAP_ANONYMOUS), 0) && nm_shim_find_checked(fd) == o)
		return shim_mmap(o, addr, len, prot, flags, off);
	return nm_real_mmap(addr, len, prot, flags, fd, off);
}

NM_SHIM_API void *
mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t off)
{
	struct nm_shim_obj *o = nm_shim_find(fd);

	if (__builtin_expect(o != NULL && !(flags & MAP_ANONYMOUS), 0) && nm_shim_find_checked(fd) == o)
		return shim_mmap(o, addr, len, prot, flags, off);
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
