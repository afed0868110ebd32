/* SPDX-License-Identifier: BSD-2-Clause */
/* nmreq.c - control requests: headers, names turned into requests, lists of options. */
#include <libnetmap.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nm_request.h"
#include "nm_spec.h"

/* The public convention: -1 and errno. */
static int
result(int err)
{
	if (err >= 0)
		return 0;
	errno = -err;
	return -1;
}

void
nmreq_header_init(struct nmreq_header *h, uint16_t reqtype, void *body)
{
	memset(h, 0, sizeof(*h));
	h->nr_version = NETMAP_API;
	h->nr_reqtype = reqtype;
	h->nr_body = (uintptr_t)body;
}

int
nmreq_header_decode(const char **pspec, struct nmreq_header *h, struct nmctx *ctx)
{
	struct nm_spec s = { .text = *pspec, .ctx = ctx };
	int err = nm_spec_name(&s, h->nr_name);

	if (!err)
		*pspec += s.at;
	return result(err);
}

int
nmreq_register_decode(const char **pmode, struct nmreq_register *reg, struct nmctx *ctx)
{
	struct nm_spec s = { .text = *pmode, .ctx = ctx };
	int err = nm_spec_mode(&s, reg);

	if (!err)
		*pmode += s.at;
	return result(err);
}

int
nmreq_options_decode(const char *opt, struct nmreq_opt_parser *parsers, void *token, struct nmctx *ctx)
{
	struct nm_spec s = { .text = opt, .ctx = ctx };

	return result(nm_spec_options(&s, parsers, token));
}

/* The id of the region a port uses, or -errno. */
static int32_t
ask_mem_id(struct nmreq_header *h, struct nmctx *ctx)
{
	struct nmreq_port_info_get info = { 0 };
	int fd = nm_request_open(ctx), err;

	if (fd < 0)
		return fd;
	h->nr_body = (uintptr_t)&info;
	err = nm_request_do(fd, h, ctx);
	close(fd);
	return err ? err : info.nr_mem_id;
}

int32_t
nmreq_get_mem_id(const char **portname, struct nmctx *ctx)
{
	const char *rest = *portname;
	struct nmreq_header h;
	int32_t id;

	nmreq_header_init(&h, NETMAP_REQ_PORT_INFO_GET, NULL);
	if (nmreq_header_decode(&rest, &h, ctx) < 0)
		return -1;
	id = ask_mem_id(&h, ctx);
	if (id < 0)
		return result(id);
	*portname = rest;
	return id;
}

void
nmreq_push_option(struct nmreq_header *h, struct nmreq_option *o)
{
	o->nro_next = h->nr_options;
	h->nr_options = (uintptr_t)o;
}

void
nmreq_remove_option(struct nmreq_header *h, struct nmreq_option *o)
{
	uint64_t *link = &h->nr_options;

	while (*link && *link != (uintptr_t)o)
		link = &((struct nmreq_option *)(uintptr_t)*link)->nro_next;
	if (*link) {
		*link = o->nro_next;
		o->nro_next = 0;
	}
}

struct nmreq_option *
nmreq_find_option(struct nmreq_header *h, uint32_t reqtype)
{
	struct nmreq_option *o;

	nmreq_foreach_option(h, o) {
		if (o->nro_reqtype == reqtype)
			return o;
	}
	return NULL;
}

void
nmreq_free_options(struct nmreq_header *h)
{
	struct nmreq_option *o, *next;

	for (o = (struct nmreq_option *)(uintptr_t)h->nr_options; o; o = next) {
		next = (struct nmreq_option *)(uintptr_t)o->nro_next;
		free(o);
	}
	h->nr_options = 0;
}

const char *
nmreq_option_name(uint32_t reqtype)
{
	static const char *const names[] = {
		[NETMAP_REQ_OPT_EXTMEM] = "extmem",
		[NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS] = "sync-kloop-eventfds",
		[NETMAP_REQ_OPT_CSB] = "csb",
		[NETMAP_REQ_OPT_SYNC_KLOOP_MODE] = "sync-kloop-mode",
		[NETMAP_REQ_OPT_OFFSETS] = "offsets",
	};

	if (reqtype >= sizeof(names) / sizeof(names[0]) || !names[reqtype])
		return "unknown";
	return names[reqtype];
}
