/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl.h - for programs that make one kind of request each, good and bad, and look at errno and at the text of the engine. */
#ifndef CTL_H
#define CTL_H

#include <errno.h>
#include <net/netmap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A descriptor of /dev/netmap, or the program ends. */
int ctl_open(void);

/*
 * NIOCCTRL; 0 or errno. `body` as the request wants it, NULL for none; `opts` the first of a linked list. With err != 0 also
 * asks for the reason in words: it is `text`, or has it as a part if that begins with '~'.
 */
#define ctl_expect(fd, type, name, body, opts, err, text) ctl_expect_at(__FILE__, __LINE__, \
	&(struct ctl_req){fd, type, name, body, opts, NULL}, err, text)
/* The same with the name as the engine wrote it back in *out. */
#define ctl_expect_name(fd, type, out, body, err, text) ctl_expect_at(__FILE__, __LINE__, \
	&(struct ctl_req){fd, type, out, body, NULL, out}, err, text)
/* NIOCREGIF (regif != 0) or NIOCGINFO. */
#define ctl_legacy(fd, req, regif, err, text) do { \
	ctl_legacy_at(__FILE__, __LINE__, fd, req, regif, err); \
	ctl_refused_at(__FILE__, __LINE__, fd, err, text); \
} while (0)
/* The text of the last request that failed, as of NETMAP_REQ_ERROR_GET. */
#define ctl_reason(fd, err, text) ctl_reason_at(__FILE__, __LINE__, fd, err, text)
#define ctl_check(cond) ctl_check_at(__FILE__, __LINE__, !!(cond), #cond)
#define ctl_equal(a, b) ctl_equal_at(__FILE__, __LINE__, (long long)(a), (long long)(b), #a)

struct ctl_req {
	int fd;
	uint16_t type;
	const char *name;
	void *body, *opts;
	char *name_out; /* NETMAP_REQ_IFNAMSIZ bytes */
};

void ctl_expect_at(const char *file, int line, const struct ctl_req *r, int err, const char *text);
void ctl_legacy_at(const char *file, int line, int fd, struct nmreq *req, int regif, int err);
/* As ctl_reason_at, unless nothing was refused and no text is expected. */
void ctl_refused_at(const char *file, int line, int fd, int err, const char *text);
void ctl_reason_at(const char *file, int line, int fd, int err, const char *text);
void ctl_check_at(const char *file, int line, int ok, const char *what);
void ctl_equal_at(const char *file, int line, long long a, long long b, const char *what);

/* Registers all rings of name on a new descriptor. */
int ctl_register(const char *name);
/* The exit status: 0 when every check held. */
int ctl_done(void);

#endif
