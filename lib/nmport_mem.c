/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nmport_mem.c - mappings of regions, and memory that the program brings itself.
 *
 * A region is mapped once per context, however many of its ports are open: the context lists the mappings by the
 * region's id and counts their users under its lock. So two ports can exchange buffers if their `mem` is the same.
 */
#include <libnetmap.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nm_request.h"
#include "nmport_int.h"

/* The memory of a port without a mapping yet: its own, or that of the region. */
static int
map(struct nmport_d *d, struct nmem_d *m)
{
	char text[96];
	int err;

	m->is_extmem = d->extmem != NULL;
	if (d->extmem) {
		m->mem = (void *)(uintptr_t)d->extmem->nro_usrptr;
		m->size = d->extmem->nro_info.nr_memsize;
		return 0;
	}
	m->size = d->reg.nr_memsize;
	m->mem = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd, 0);
	if (m->mem != MAP_FAILED)
		return 0;
	err = errno;
	nmctx_ferror(d->ctx, "'%s': mapping %zu bytes failed: %s", d->hdr.nr_name, m->size,
		     nm_request_errno(err, text, sizeof(text)));
	return -err;
}

/* The lock of the context is held. */
static int
join_locked(struct nmport_d *d)
{
	struct nmctx *ctx = d->ctx;
	struct nmem_d *m;
	int err;

	for (m = ctx->mem_descs; m && m->mem_id != d->reg.nr_mem_id; m = m->next)
		;
	if (m) {
		m->refcount++;
		d->mem = m;
		return 0;
	}
	m = nmctx_malloc(ctx, sizeof(*m));
	if (!m)
		return -ENOMEM;
	memset(m, 0, sizeof(*m));
	err = map(d, m);
	if (err) {
		nmctx_free(ctx, m);
		return err;
	}
	m->mem_id = d->reg.nr_mem_id;
	m->refcount = 1;
	m->next = ctx->mem_descs;
	if (m->next)
		m->next->prev = m;
	ctx->mem_descs = m;
	d->mem = m;
	return 0;
}

static void
leave_locked(struct nmctx *ctx, struct nmem_d *m)
{
	if (--m->refcount > 0)
		return;
	if (m->prev)
		m->prev->next = m->next;
	else
		ctx->mem_descs = m->next;
	if (m->next)
		m->next->prev = m->prev;
	if (!m->is_extmem)
		munmap(m->mem, m->size);
	nmctx_free(ctx, m);
}

static void
leave(struct nmport_d *d)
{
	if (!d->mem)
		return;
	nmctx_lock(d->ctx);
	leave_locked(d->ctx, d->mem);
	nmctx_unlock(d->ctx);
	d->mem = NULL;
}

/* The first run of bound rings among the n at ofs; an empty run begins at n. */
static void
first_run(const ssize_t *ofs, uint32_t n, uint16_t *first, uint16_t *last)
{
	uint32_t i = 0;

	while (i < n && !ofs[i])
		i++;
	*first = (uint16_t)i;
	while (i < n && ofs[i])
		i++;
	*last = (uint16_t)(i - 1);
}

/* Finds the interface in the mapping; false if the engine's numbers lead outside. */
static bool
find_rings(struct nmport_d *d)
{
	uint64_t at = d->reg.nr_offset, size = d->mem->size;
	struct netmap_if *nifp;
	uint64_t tx, rx;

	if (size < sizeof(*nifp) || at > size - sizeof(*nifp))
		return false;
	nifp = (struct netmap_if *)((char *)d->mem->mem + at);
	tx = (uint64_t)nifp->ni_tx_rings + nifp->ni_host_tx_rings;
	rx = (uint64_t)nifp->ni_rx_rings + nifp->ni_host_rx_rings;
	if (tx > UINT16_MAX || rx > UINT16_MAX || (tx + rx) * sizeof(nifp->ring_ofs[0]) > size - sizeof(*nifp) - at)
		return false;
	first_run(nifp->ring_ofs, (uint32_t)tx, &d->first_tx_ring, &d->last_tx_ring);
	first_run(nifp->ring_ofs + tx, (uint32_t)rx, &d->first_rx_ring, &d->last_rx_ring);
	d->cur_tx_ring = d->first_tx_ring;
	d->cur_rx_ring = d->first_rx_ring;
	d->nifp = nifp;
	return true;
}

int
nmport_mmap(struct nmport_d *d)
{
	int err;

	if (d->mmap_done)
		return nmport_int_refuse(d, EALREADY, "mapped already");
	if (!d->register_done)
		return nmport_int_refuse(d, EINVAL, "can't be mapped before it is registered");
	nmctx_lock(d->ctx);
	err = join_locked(d);
	nmctx_unlock(d->ctx);
	if (err) {
		errno = -err;
		return -1;
	}
	if (!find_rings(d)) {
		leave(d);
		return nmport_int_refuse(d, EPROTO, "the engine's netmap_if lies outside of the region");
	}
	d->mmap_done = 1;
	return 0;
}

void
nmport_undo_mmap(struct nmport_d *d)
{
	leave(d);
	d->mmap_done = 0;
	d->nifp = NULL;
	d->first_tx_ring = d->last_tx_ring = d->cur_tx_ring = 0;
	d->first_rx_ring = d->last_rx_ring = d->cur_rx_ring = 0;
}

/* Memory of the program's. */
struct extmem {
	struct nmport_cleanup_d up;
	struct nmreq_opt_extmem opt;
};

void
nmport_extmem_cleanup(struct nmport_cleanup_d *c, struct nmport_d *d)
{
	struct extmem *e = (struct extmem *)c;

	nmreq_remove_option(&d->hdr, &e->opt.nro_opt);
	d->extmem = NULL;
}

int
nmport_extmem(struct nmport_d *d, void *base, size_t size)
{
	struct extmem *e;

	if (d->register_done)
		return nmport_int_refuse(d, EINVAL, "external memory must be given before the registration");
	if (d->extmem)
		return nmport_int_refuse(d, EINVAL, "has external memory already");
	e = nmctx_malloc(d->ctx, sizeof(*e));
	if (!e)
		return nmport_int_refuse(d, ENOMEM, "no memory for an option");
	memset(e, 0, sizeof(*e));
	e->opt.nro_opt.nro_reqtype = NETMAP_REQ_OPT_EXTMEM;
	e->opt.nro_usrptr = (uintptr_t)base;
	e->opt.nro_info.nr_memsize = size;
	e->up.cleanup = nmport_extmem_cleanup;
	nmreq_push_option(&d->hdr, &e->opt.nro_opt);
	nmport_int_push_cleanup(d, &e->up);
	d->extmem = &e->opt;
	return 0;
}

struct mapped_file {
	struct nmport_cleanup_d up;
	void *p;
	size_t size;
};

void
nmport_extmem_from_file_cleanup(struct nmport_cleanup_d *c, struct nmport_d *d)
{
	struct mapped_file *f = (struct mapped_file *)c;
	struct nmem_d *m;

	nmctx_lock(d->ctx);
	for (m = d->ctx->mem_descs; m && m->mem != f->p; m = m->next)
		;
	if (m) { /* other ports have the region by this mapping: the last of them unmaps it */
		m->is_extmem = 0;
		m->size = f->size;
	} else {
		munmap(f->p, f->size);
	}
	nmctx_unlock(d->ctx);
}

/* Maps a whole file; 0 or -errno. */
static int
map_file(const char *path, struct mapped_file *f)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), err = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (st.st_size <= 0)
		err = -EINVAL;
	if (!err) {
		f->size = (size_t)st.st_size;
		f->p = mmap(NULL, f->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (f->p == MAP_FAILED)
			err = -errno;
	}
	close(fd);
	return err;
}

int
nmport_extmem_from_file(struct nmport_d *d, const char *path)
{
	struct mapped_file *f = nmctx_malloc(d->ctx, sizeof(*f));
	char text[96];
	int err;

	if (!f)
		return nmport_int_refuse(d, ENOMEM, "no memory to map a file");
	err = map_file(path, f);
	if (err) {
		nmctx_ferror(d->ctx, "'%s': file '%s' can't be mapped: %s", d->hdr.nr_name, path,
			     nm_request_errno(-err, text, sizeof(text)));
		nmctx_free(d->ctx, f);
		errno = -err;
		return -1;
	}
	if (nmport_extmem(d, f->p, f->size) < 0) {
		err = errno;
		munmap(f->p, f->size);
		nmctx_free(d->ctx, f);
		errno = err;
		return -1;
	}
	/* It must be unmapped after the option is gone: below that one in the list. */
	f->up.cleanup = nmport_extmem_from_file_cleanup;
	f->up.next = d->clist->next;
	d->clist->next = &f->up;
	return 0;
}

struct nmreq_pools_info *
nmport_extmem_getinfo(struct nmport_d *d)
{
	return d->extmem ? &d->extmem->nro_info : NULL;
}
