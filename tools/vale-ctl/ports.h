/* SPDX-License-Identifier: BSD-2-Clause */
/* ports.h - the ports that the engine tells of. */
#ifndef VALECTL_PORTS_H
#define VALECTL_PORTS_H

#include <stddef.h>

#include "ctl.h"

struct ports {
	struct nmreq_port_list *v; /* kind 0: nothing but the name is known */
	size_t n;
};

/* The ports that names_match() want. 0 or -errno, then ctl_complain(). */
int ports_get(struct ctl *c, struct ports *p, const char *want);
void ports_free(struct ports *p);

const char *ports_kind(uint32_t kind);

/* The switch of the i-th port, if it is the first of it; NULL else. Points to a static buffer. */
const char *ports_switch(const struct ports *p, size_t i);

/* Names of a switch's ports by their index. */
struct ports_index {
	char (*name)[NETMAP_REQ_IFNAMSIZ];
	size_t n;
};
int ports_index_get(struct ctl *c, struct ports_index *x, const char *sw);
void ports_index_free(struct ports_index *x);
/* "#7" for those that have left. */
const char *ports_index_name(const struct ports_index *x, uint32_t i, char spare[16]);

#endif
