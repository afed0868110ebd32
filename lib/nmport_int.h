/* SPDX-License-Identifier: BSD-2-Clause */
/* nmport_int.h - what the files of nmport_* share. */
#ifndef NMPORT_INT_H
#define NMPORT_INT_H

#include <libnetmap.h>

/* What is to be undone with a port's name; other data follow in the same piece of memory. */
struct nmport_cleanup_d {
	struct nmport_cleanup_d *next;
	void (*cleanup)(struct nmport_cleanup_d *c, struct nmport_d *d);
};

/* Symbols of old libraries, not all of them in the public header. */
void nmport_do_cleanup(struct nmport_d *d);
void nmport_extmem_cleanup(struct nmport_cleanup_d *c, struct nmport_d *d);
void nmport_extmem_from_file_cleanup(struct nmport_cleanup_d *c, struct nmport_d *d);

/*
 * Has `c` run and freed (by nmctx_free) when the port's name is undone or the port deleted, last come first served.
 */
void nmport_int_push_cleanup(struct nmport_d *d, struct nmport_cleanup_d *c);

/* Reports a misuse, "'vale0:1': <text>", sets errno; returns -1. */
int nmport_int_refuse(const struct nmport_d *d, int err, const char *text);

/* Options in a name: "@share", "@extmem", "@conf", "@offset". */
struct nmreq_opt_parser *nmport_int_options(void);

#endif
