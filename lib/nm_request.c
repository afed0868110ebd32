/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_request.c - one request to the engine, and telling why it failed. */
#include "nm_request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define DEVICE "/dev/netmap"

static const struct {
	int err;
	const char *name;
} errnos[] = {
#define NAME(err) { err, #err }
	NAME(EPERM), NAME(ENOENT), NAME(EINTR), NAME(EIO), NAME(ENXIO), NAME(E2BIG), NAME(EBADF), NAME(EAGAIN),
	NAME(ENOMEM), NAME(EACCES), NAME(EFAULT), NAME(EBUSY), NAME(EEXIST), NAME(ENODEV), NAME(EINVAL), NAME(ENFILE),
	NAME(EMFILE), NAME(ENOTTY), NAME(ENOSPC), NAME(EPIPE), NAME(ERANGE), NAME(ENOSYS), NAME(EOPNOTSUPP),
	NAME(EMSGSIZE), NAME(ECONNREFUSED), NAME(ECONNRESET), NAME(ENOTCONN), NAME(ETIMEDOUT), NAME(EPROTO),
	NAME(EOVERFLOW), NAME(ENAMETOOLONG), NAME(EDQUOT), NAME(EALREADY), NAME(ESTALE),
#undef NAME
};

const char *
nm_request_errno(int err, char *text, size_t size)
{
	const char *name = NULL;
	size_t i;

	for (i = 0; i < sizeof(errnos) / sizeof(errnos[0]) && !name; i++) {
		if (errnos[i].err == err)
			name = errnos[i].name;
	}
	if (name)
		snprintf(text, size, "%s (%s)", name, strerror(err));
	else
		snprintf(text, size, "errno %d (%s)", err, strerror(err));
	return text;
}

int
nm_request_open(struct nmctx *ctx)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC), err;
	char text[96];

	if (fd >= 0)
		return fd;
	err = errno;
	nmctx_ferror(ctx, "%s: %s", DEVICE, nm_request_errno(err, text, sizeof(text)));
	return -err;
}

static const char *
request_name(uint16_t reqtype)
{
	switch (reqtype) {
	case NETMAP_REQ_REGISTER:
		return "register";
	case NETMAP_REQ_PORT_INFO_GET:
		return "port info";
	}
	return "request";
}

/* What the engine says of the last failure; empty if it says nothing. */
static void
fetch_text(int fd, const struct nmreq_header *failed, struct nmreq_error *e)
{
	struct nmreq_header h;

	memset(e, 0, sizeof(*e));
	nmreq_header_init(&h, NETMAP_REQ_ERROR_GET, e);
	memcpy(h.nr_name, failed->nr_name, sizeof(h.nr_name));
	if (ioctl(fd, NIOCCTRL, &h) < 0)
		e->nr_text[0] = '\0';
	e->nr_text[sizeof(e->nr_text) - 1] = '\0';
}

static void
report_options(struct nmreq_header *h, struct nmctx *ctx)
{
	struct nmreq_option *o;
	char text[96];

	nmreq_foreach_option(h, o) {
		if (o->nro_status)
			nmctx_ferror(ctx, "'%s': option '%s' (%u) failed: %s", h->nr_name, nmreq_option_name(o->nro_reqtype),
				     o->nro_reqtype, nm_request_errno((int)o->nro_status, text, sizeof(text)));
	}
}

int
nm_request_do(int fd, struct nmreq_header *h, struct nmctx *ctx)
{
	struct nmreq_option *o;
	struct nmreq_error e;
	char text[96];
	int err;

	nmreq_foreach_option(h, o)
		o->nro_status = 0; /* a request refused as a whole leaves them alone */
	if (ioctl(fd, NIOCCTRL, h) >= 0)
		return 0;
	err = errno;
	fetch_text(fd, h, &e);
	report_options(h, ctx);
	nmctx_ferror(ctx, "'%s': %s failed: %s%s%s", h->nr_name, request_name(h->nr_reqtype),
		     nm_request_errno(err, text, sizeof(text)), e.nr_text[0] ? ": " : "", e.nr_text);
	return -err;
}
