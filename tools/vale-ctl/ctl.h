/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl.h - control requests on a descriptor of /dev/netmap, and why they failed. */
#ifndef VALECTL_CTL_H
#define VALECTL_CTL_H

#include <stddef.h>
#include <stdint.h>
#include <net/netmap.h>

#define CTL_LINE 1024

struct ctl {
	int fd;
	int error;      /* errno of the last request that failed */
	uint16_t type;  /* that request */
	char text[504]; /* what the engine says of it; empty if it does not */
};

/* 0, or -errno after a line on stderr. */
int ctl_open(struct ctl *c);
void ctl_close(struct ctl *c);

/* One request; name may be written. 0 or -errno, then ctl_complain() tells why. */
int ctl_request(struct ctl *c, uint16_t type, char name[NETMAP_REQ_IFNAMSIZ], void *body);

/* Copies a name of the command line; -ENAMETOOLONG if it has 64 characters or more, which is complained about as any. */
int ctl_name(struct ctl *c, uint16_t type, char to[NETMAP_REQ_IFNAMSIZ], const char *from);

/* Makes the last failure one of this program. Returns -ENOMEM. */
int ctl_no_memory(struct ctl *c);

/* Prints the line that says what could not be done to name and why; returns -errno. */
int ctl_complain(const struct ctl *c, const char *what, const char *name);

/* That line, without its end. Returns to. */
const char *ctl_line(const struct ctl *c, const char *what, const char *name, char to[CTL_LINE]);

/* "ENXIO" for ENXIO; NULL for those not met here. */
const char *ctl_errno_name(int e);

#endif
