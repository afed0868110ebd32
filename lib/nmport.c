/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nmport.c - a port's life: new, parsed, registered, mapped, and back.
 *
 * Each step has its undo; an undo of a step not done does nothing, so that they can be called in a row.
 */
#include <libnetmap.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "nm_request.h"
#include "nm_spec.h"
#include "nmport_int.h"

int
nmport_int_refuse(const struct nmport_d *d, int err, const char *text)
{
	nmctx_ferror(d->ctx, "'%s': %s", d->hdr.nr_name, text);
	errno = err;
	return -1;
}

void
nmport_int_push_cleanup(struct nmport_d *d, struct nmport_cleanup_d *c)
{
	c->next = d->clist;
	d->clist = c;
}

void
nmport_do_cleanup(struct nmport_d *d)
{
	struct nmport_cleanup_d *c;

	while ((c = d->clist) != NULL) {
		d->clist = c->next;
		c->cleanup(c, d);
		nmctx_free(d->ctx, c);
	}
}

struct nmport_d *
nmport_new_with_ctx(struct nmctx *ctx)
{
	struct nmport_d *d = nmctx_malloc(ctx, sizeof(*d));

	if (!d) {
		nmctx_ferror(ctx, "no memory for a port");
		errno = ENOMEM;
		return NULL;
	}
	memset(d, 0, sizeof(*d));
	nmreq_header_init(&d->hdr, NETMAP_REQ_REGISTER, &d->reg);
	d->ctx = ctx;
	d->fd = -1;
	return d;
}

struct nmport_d *
nmport_new(void)
{
	return nmport_new_with_ctx(nmctx_get());
}

void
nmport_delete(struct nmport_d *d)
{
	nmport_do_cleanup(d);
	nmctx_free(d->ctx, d);
}

static int
parse(struct nmport_d *d, const char *spec)
{
	struct nm_spec s = { .text = spec, .ctx = d->ctx };
	int err = nm_spec_name(&s, d->hdr.nr_name);

	if (!err)
		err = nm_spec_mode(&s, &d->reg);
	if (!err)
		err = nm_spec_options(&s, nmport_int_options(), d);
	return err;
}

int
nmport_parse(struct nmport_d *d, const char *spec)
{
	int err;

	/* What nmport_undo_parse() wiped; options that were set before the name stay. */
	d->hdr.nr_version = NETMAP_API;
	d->hdr.nr_reqtype = NETMAP_REQ_REGISTER;
	d->hdr.nr_body = (uintptr_t)&d->reg;
	err = parse(d, spec);
	if (!err)
		return 0;
	nmport_undo_parse(d);
	errno = -err;
	return -1;
}

void
nmport_undo_parse(struct nmport_d *d)
{
	nmport_do_cleanup(d);
	memset(&d->reg, 0, sizeof(d->reg));
	memset(&d->hdr, 0, sizeof(d->hdr));
}

struct nmport_d *
nmport_prepare(const char *spec)
{
	struct nmport_d *d = nmport_new();
	int err;

	if (!d || nmport_parse(d, spec) == 0)
		return d;
	err = errno;
	nmport_delete(d);
	errno = err;
	return NULL;
}

void
nmport_undo_prepare(struct nmport_d *d)
{
	nmport_undo_parse(d);
	nmport_delete(d);
}

int
nmport_register(struct nmport_d *d)
{
	int err;

	if (d->register_done)
		return nmport_int_refuse(d, EALREADY, "registered already");
	d->fd = nm_request_open(d->ctx);
	err = d->fd < 0 ? d->fd : nm_request_do(d->fd, &d->hdr, d->ctx);
	if (!err) {
		d->register_done = 1;
		return 0;
	}
	nmport_undo_register(d);
	errno = -err;
	return -1;
}

void
nmport_undo_register(struct nmport_d *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	if (d->extmem && d->register_done)
		d->reg.nr_mem_id = 0; /* that was the answer; the memory is what is asked for */
	d->register_done = 0;
}

int
nmport_open_desc(struct nmport_d *d)
{
	int err;

	if (nmport_register(d) < 0)
		return -1;
	if (nmport_mmap(d) == 0)
		return 0;
	err = errno;
	nmport_undo_open_desc(d);
	errno = err;
	return -1;
}

void
nmport_undo_open_desc(struct nmport_d *d)
{
	nmport_undo_mmap(d);
	nmport_undo_register(d);
}

struct nmport_d *
nmport_open(const char *spec)
{
	struct nmport_d *d = nmport_prepare(spec);
	int err;

	if (!d || nmport_open_desc(d) == 0)
		return d;
	err = errno;
	nmport_undo_prepare(d);
	errno = err;
	return NULL;
}

void
nmport_close(struct nmport_d *d)
{
	if (!d)
		return;
	nmport_undo_open_desc(d);
	nmport_undo_prepare(d);
}

struct nmport_d *
nmport_clone(struct nmport_d *d)
{
	struct nmport_d *c;

	/* Before registration nobody knows the id of the region that the clone is to join. */
	if (d->extmem && !d->register_done) {
		nmport_int_refuse(d, EINVAL, "a port with external memory can be cloned after its registration only");
		return NULL;
	}
	c = nmport_new_with_ctx(d->ctx);
	if (!c)
		return NULL;
	memcpy(c->hdr.nr_name, d->hdr.nr_name, sizeof(c->hdr.nr_name));
	c->reg = d->reg; /* with the id of the region */
	return c;
}
