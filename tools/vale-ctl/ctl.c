/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl.c - control requests, and why they failed. */
#include "ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ANY 0

static const struct {
	int e;
	const char *name;
} names[] = {
	{ EPERM, "EPERM" }, { ENOENT, "ENOENT" }, { EINTR, "EINTR" }, { EIO, "EIO" }, { ENXIO, "ENXIO" }, { EBADF, "EBADF" },
	{ EAGAIN, "EAGAIN" }, { ENOMEM, "ENOMEM" }, { EACCES, "EACCES" }, { EFAULT, "EFAULT" }, { EBUSY, "EBUSY" },
	{ EEXIST, "EEXIST" }, { ENODEV, "ENODEV" }, { EINVAL, "EINVAL" }, { EMFILE, "EMFILE" }, { ENFILE, "ENFILE" },
	{ ENOTTY, "ENOTTY" }, { ENOSPC, "ENOSPC" }, { EPIPE, "EPIPE" }, { ERANGE, "ERANGE" }, { EPROTO, "EPROTO" },
	{ ENAMETOOLONG, "ENAMETOOLONG" }, { EMSGSIZE, "EMSGSIZE" }, { EOPNOTSUPP, "EOPNOTSUPP" }, { ECONNREFUSED, "ECONNREFUSED" },
	{ ECONNRESET, "ECONNRESET" }, { ETIMEDOUT, "ETIMEDOUT" }, { ENOTCONN, "ENOTCONN" }, { EOVERFLOW, "EOVERFLOW" },
};

/* What to do, by errno and request; the first row that fits. */
static const struct {
	int e;
	uint16_t type;
	const char *text;
} hints[] = {
	{ ENOENT, NETMAP_REQ_VALE_LIST, "there is no such switch; see: vale-ctl list" },
	{ ENXIO, NETMAP_REQ_VALE_ATTACH, "see: ip link; the form is valeX:INTERFACE" },
	{ ENXIO, ANY, "wrong name? see: vale-ctl list" },
	{ ENODEV, ANY, "wrong name? see: vale-ctl list" },
	{ ENAMETOOLONG, ANY, "a name has at most 63 characters" },
	{ EACCES, ANY, "run it as the owner or root, or let the owner run: vale-ctl chmod 0660 NAME" },
	{ EPERM, ANY, "run it as the owner or root" },
	{ EBUSY, NETMAP_REQ_VALE_DETACH, "turn polling off first: vale-ctl -P NAME" },
	{ EBUSY, ANY, "in use; see by whom: vale-ctl list" },
	{ EEXIST, ANY, "choose another name, or remove it first: vale-ctl -r NAME" },
	{ ENOMEM, ANY, "the table of switches or ports is full, or memory is; remove what is not needed, see: vale-ctl list" },
	{ ENOSPC, ANY, "the table is full; remove what is not needed, see: vale-ctl list" },
	{ EFAULT, NETMAP_REQ_VALE_POLLING_ENABLE, "polling is on already" },
	{ EFAULT, NETMAP_REQ_VALE_POLLING_DISABLE, "polling is not on" },
	{ EOPNOTSUPP, ANY, "this engine or this port can't do it" },
	{ ENOENT, NETMAP_REQ_FDB_STATIC, "see: vale-ctl fdb NAME" },
	{ EINVAL, NETMAP_REQ_VALE_ATTACH, "the form is valeX:INTERFACE" },
	{ EINVAL, NETMAP_REQ_VALE_DETACH, "the form is valeX:INTERFACE, and a program's port goes when that closes it" },
	{ EINVAL, NETMAP_REQ_VALE_NEWIF, "a name of 1 to 15 characters that does not begin with vale" },
	{ EINVAL, NETMAP_REQ_STATS_GET, "this engine may not know the request; netmapd and the module of this project do" },
	{ EINVAL, NETMAP_REQ_FDB_GET, "this engine may not know the request; netmapd and the module of this project do" },
	{ EINVAL, NETMAP_REQ_FDB_FLUSH, "this engine may not know the request; netmapd and the module of this project do" },
	{ EINVAL, NETMAP_REQ_PORT_ACCESS, "this engine may not know the request; netmapd and the module of this project do" },
	{ EINVAL, ANY, "wrong name or value; see vale-ctl(8)" },
	{ EIO, ANY, "the engine is gone; start netmapd again" },
	{ EPIPE, ANY, "the engine is gone; start netmapd again" },
	{ ECONNRESET, ANY, "the engine is gone; start netmapd again" },
};

/* Why /dev/netmap does not open. */
static const struct {
	int e;
	const char *text;
} open_hints[] = {
	{ ENOENT, "there is neither a module nor an engine: load netmap or start netmapd" },
	{ ENXIO, "there is neither a module nor an engine: load netmap or start netmapd" },
	{ ENODEV, "there is neither a module nor an engine: load netmap or start netmapd" },
	{ ECONNREFUSED, "no engine answers: start netmapd" },
	{ ETIMEDOUT, "the engine did not start in time: start netmapd by hand and read what it says" },
	{ EACCES, "not permitted: be root or in the group netmap" },
	{ EPERM, "not permitted: be root or in the group netmap" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *
ctl_errno_name(int e)
{
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if (names[i].e == e)
			return names[i].name;
	return NULL;
}

static const char *
name_or_text(int e)
{
	const char *name = ctl_errno_name(e);

	return name ? name : strerror(e);
}

static const char *
hint(int e, uint16_t type)
{
	size_t i;

	for (i = 0; i < COUNT(hints); i++)
		if (hints[i].e == e && (hints[i].type == type || hints[i].type == ANY))
			return hints[i].text;
	return "see vale-ctl(8)";
}

int
ctl_open(struct ctl *c)
{
	const char *why = "see netmap(4)";
	size_t i;
	int e;

	*c = (struct ctl){ .fd = open("/dev/netmap", O_RDWR | O_CLOEXEC) };
	if (c->fd >= 0)
		return 0;
	e = errno;
	for (i = 0; i < COUNT(open_hints); i++)
		if (open_hints[i].e == e)
			why = open_hints[i].text;
	fprintf(stderr, "vale-ctl: netmap can't be opened: %s (%s)\n", why, name_or_text(e));
	return -e;
}

void
ctl_close(struct ctl *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/* Asks for the text of the failure; engines that don't know the request have none. */
static void
fetch_text(struct ctl *c)
{
	struct nmreq_error err = { 0 };
	struct nmreq_header h = {
		.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_ERROR_GET, .nr_body = (uintptr_t)&err,
	};

	c->text[0] = '\0';
	if (ioctl(c->fd, NIOCCTRL, &h) < 0 || err.nr_errno != c->error)
		return;
	err.nr_text[sizeof(err.nr_text) - 1] = '\0';
	snprintf(c->text, sizeof(c->text), "%.*s", (int)strcspn(err.nr_text, "\n"), err.nr_text);
}

int
ctl_request(struct ctl *c, uint16_t type, char name[NETMAP_REQ_IFNAMSIZ], void *body)
{
	struct nmreq_header h = { .nr_version = NETMAP_API, .nr_reqtype = type, .nr_body = (uintptr_t)body };
	int rc;

	memcpy(h.nr_name, name, sizeof(h.nr_name));
	do
		rc = ioctl(c->fd, NIOCCTRL, &h);
	while (rc < 0 && errno == EINTR);
	if (rc < 0) {
		c->error = errno;
		c->type = type;
		fetch_text(c);
		return -c->error;
	}
	memcpy(name, h.nr_name, sizeof(h.nr_name));
	name[NETMAP_REQ_IFNAMSIZ - 1] = '\0';
	return 0;
}

int
ctl_name(struct ctl *c, uint16_t type, char to[NETMAP_REQ_IFNAMSIZ], const char *from)
{
	size_t n = strlen(from);

	memset(to, 0, NETMAP_REQ_IFNAMSIZ);
	if (n >= NETMAP_REQ_IFNAMSIZ) {
		c->error = ENAMETOOLONG;
		c->type = type;
		c->text[0] = '\0';
		return -ENAMETOOLONG;
	}
	memcpy(to, from, n);
	return 0;
}

int
ctl_no_memory(struct ctl *c)
{
	c->error = ENOMEM;
	c->type = ANY;
	snprintf(c->text, sizeof(c->text), "this program has no memory left; end others");
	return -ENOMEM;
}

/* The engine's text says all: it has its own advice in a second part, or the errno is too general to add any. */
static bool
complete(const struct ctl *c)
{
	return strchr(c->text, ';') || (c->text[0] && (c->error == EINVAL || c->error == EOPNOTSUPP));
}

const char *
ctl_line(const struct ctl *c, const char *what, const char *name, char to[CTL_LINE])
{
	const char *e = name_or_text(c->error), *subject = *name ? " " : "", *text = c->text;
	size_t n = strlen(name);

	if (n && !strncmp(text, name, n) && !strncmp(text + n, ": ", 2))
		text += n + 2; /* once is enough */
	if (complete(c))
		snprintf(to, CTL_LINE, "can't %s%s%s: %s (%s)", what, subject, name, text, e);
	else
		snprintf(to, CTL_LINE, "can't %s%s%s: %s (%s); %s", what, subject, name, *text ? text : strerror(c->error), e,
		    hint(c->error, c->type));
	return to;
}

int
ctl_complain(const struct ctl *c, const char *what, const char *name)
{
	char line[CTL_LINE];

	fprintf(stderr, "vale-ctl: %s\n", ctl_line(c, what, name, line));
	return -c->error;
}
