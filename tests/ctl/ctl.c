/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl.h"

#include <fcntl.h>

static int failures;

void
ctl_check_at(const char *file, int line, int ok, const char *what)
{
	if (ok)
		return;
	failures++;
	printf("%s:%d: not so: %s\n", file, line, what);
}

void
ctl_equal_at(const char *file, int line, long long a, long long b, const char *what)
{
	if (a == b)
		return;
	failures++;
	printf("%s:%d: %s is %lld, %lld was expected\n", file, line, what, a, b);
}

static void
check_errno(const char *file, int line, int got, int want)
{
	if (got == want)
		return;
	failures++;
	printf("%s:%d: %s, ", file, line, got ? strerror(got) : "success");
	printf("%s was expected\n", want ? strerror(want) : "success");
}

int
ctl_open(void)
{
	int fd = open("/dev/netmap", O_RDWR);

	if (fd >= 0)
		return fd;
	perror("/dev/netmap");
	exit(1);
}

void
ctl_reason_at(const char *file, int line, int fd, int err, const char *text)
{
	struct nmreq_error e;
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_ERROR_GET, .nr_body = (uintptr_t)&e};

	memset(&e, 0x55, sizeof(e));
	if (ioctl(fd, NIOCCTRL, &h)) {
		check_errno(file, line, errno, 0);
		return;
	}
	check_errno(file, line, e.nr_errno, err);
	ctl_equal_at(file, line, e.nr_len, (long long)strlen(e.nr_text), "length of the text");
	if (!text || !strcmp(e.nr_text, text) || (*text == '~' && strstr(e.nr_text, text + 1)))
		return;
	failures++;
	printf("%s:%d: the text is\n  %s\nexpected was\n  %s\n", file, line, e.nr_text, text);
}

void
ctl_refused_at(const char *file, int line, int fd, int err, const char *text)
{
	if (text || err)
		ctl_reason_at(file, line, fd, err, text);
}

void
ctl_expect_at(const char *file, int line, const struct ctl_req *r, int err, const char *text)
{
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = r->type, .nr_body = (uintptr_t)r->body,
	    .nr_options = (uintptr_t)r->opts};

	snprintf(h.nr_name, sizeof(h.nr_name), "%s", r->name);
	check_errno(file, line, ioctl(r->fd, NIOCCTRL, &h) ? errno : 0, err);
	ctl_check_at(file, line, h.nr_reqtype == r->type && h.nr_version == NETMAP_API && !h.nr_reserved, "the header is as it was");
	ctl_check_at(file, line, h.nr_body == (uintptr_t)r->body && h.nr_options == (uintptr_t)r->opts, "its pointers are as they were");
	if (r->name_out)
		memcpy(r->name_out, h.nr_name, sizeof(h.nr_name));
	ctl_refused_at(file, line, r->fd, err, text);
}

void
ctl_legacy_at(const char *file, int line, int fd, struct nmreq *req, int regif, int err)
{
	check_errno(file, line, ioctl(fd, regif ? NIOCREGIF : NIOCGINFO, req) ? errno : 0, err);
}

int
ctl_register(const char *name)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	int fd = ctl_open();

	ctl_expect(fd, NETMAP_REQ_REGISTER, name, &reg, NULL, 0, NULL);
	return fd;
}

int
ctl_done(void)
{
	return failures ? 1 : 0;
}
