/* SPDX-License-Identifier: BSD-2-Clause */
/* ports.c - the ports that the engine tells of. */
#include "ports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

#define MAX_PORTS 65536u
#define MAX_INDEX 4096u

static int
append(struct ctl *c, struct ports *p, const struct nmreq_port_list *l)
{
	struct nmreq_port_list *v;

	if (!(p->n & (p->n - 1))) { /* room for a power of two */
		v = realloc(p->v, (p->n ? 2 * p->n : 1) * sizeof(*v));
		if (!v)
			return ctl_no_memory(c);
		p->v = v;
	}
	p->v[p->n] = *l;
	p->v[p->n].nr_port_name[NETMAP_REQ_IFNAMSIZ - 1] = '\0';
	p->n++;
	return 0;
}

/* For engines that know only the switches' own list. */
static int
get_by_vale_list(struct ctl *c, struct ports *p, const char *want)
{
	struct nmreq_vale_list at = { 0 };
	char name[NETMAP_REQ_IFNAMSIZ] = "";
	uint32_t i;
	int rc = 0;

	for (i = 0; i < MAX_PORTS && !rc; i++) {
		struct nmreq_port_list l = { 0 };

		memset(name, 0, sizeof(name));
		rc = ctl_request(c, NETMAP_REQ_VALE_LIST, name, &at);
		if (!rc && names_match(name, want)) {
			memcpy(l.nr_port_name, name, sizeof(name));
			rc = append(c, p, &l);
		}
		at.nr_port_idx++;
	}
	return rc == -ENOENT ? 0 : rc;
}

int
ports_get(struct ctl *c, struct ports *p, const char *want)
{
	struct nmreq_port_list l = { 0 };
	char none[NETMAP_REQ_IFNAMSIZ] = "";
	uint32_t cursor = 0;
	int rc;

	*p = (struct ports){ 0 };
	for (;;) {
		l.nr_cursor = cursor;
		rc = ctl_request(c, NETMAP_REQ_PORT_LIST, none, &l);
		if (rc)
			break;
		if (names_match(l.nr_port_name, want))
			rc = append(c, p, &l);
		if (rc || l.nr_cursor <= cursor || l.nr_cursor == NM_CURSOR_END || p->n >= MAX_PORTS)
			break;
		cursor = l.nr_cursor;
		memset(&l, 0, sizeof(l));
	}
	if (rc == -EINVAL && !cursor)
		rc = get_by_vale_list(c, p, want);
	if (rc == -ENOENT)
		rc = 0;
	if (rc)
		ports_free(p);
	return rc;
}

void
ports_free(struct ports *p)
{
	free(p->v);
	*p = (struct ports){ 0 };
}

const char *
ports_kind(uint32_t kind)
{
	static const char *const text[] = {
		[NM_PORT_KIND_NIC] = "nic", [NM_PORT_KIND_HOST] = "host", [NM_PORT_KIND_VALE] = "vale",
		[NM_PORT_KIND_VALE_PERSISTENT] = "persistent", [NM_PORT_KIND_PIPE] = "pipe", [NM_PORT_KIND_MONITOR] = "monitor",
		[NM_PORT_KIND_NULL] = "null",
	};

	return kind && kind < sizeof(text) / sizeof(text[0]) ? text[kind] : "-";
}

const char *
ports_switch(const struct ports *p, size_t i)
{
	static char sw[NAMES_SWITCH];
	char other[NAMES_SWITCH];
	const char *port;
	size_t k;

	if (names_split(p->v[i].nr_port_name, sw, &port))
		return NULL;
	for (k = 0; k < i; k++)
		if (!names_split(p->v[k].nr_port_name, other, &port) && !strcmp(sw, other))
			return NULL;
	return sw;
}

static int
index_put(struct ctl *c, struct ports_index *x, uint32_t i, const char *name)
{
	char (*v)[NETMAP_REQ_IFNAMSIZ];

	if (i >= MAX_INDEX)
		return 0;
	if (i >= x->n) {
		v = realloc(x->name, (i + 1) * sizeof(*v));
		if (!v)
			return ctl_no_memory(c);
		memset(v + x->n, 0, (i + 1 - x->n) * sizeof(*v));
		x->name = v;
		x->n = i + 1;
	}
	snprintf(x->name[i], sizeof(x->name[i]), "%s", name);
	return 0;
}

int
ports_index_get(struct ctl *c, struct ports_index *x, const char *sw)
{
	struct nmreq_vale_list at = { 0 };
	char name[NETMAP_REQ_IFNAMSIZ] = "";
	uint16_t bridge;
	uint32_t i;
	int rc;

	*x = (struct ports_index){ 0 };
	snprintf(name, sizeof(name), "%s:", sw);
	rc = ctl_request(c, NETMAP_REQ_VALE_LIST, name, &at);
	bridge = at.nr_bridge_idx;
	at.nr_port_idx = 0;
	for (i = 0; i < MAX_INDEX && !rc; i++) {
		memset(name, 0, sizeof(name));
		rc = ctl_request(c, NETMAP_REQ_VALE_LIST, name, &at);
		if (rc == -ENOENT || (!rc && at.nr_bridge_idx != bridge))
			return 0;
		if (!rc)
			rc = index_put(c, x, at.nr_port_idx, name);
		at.nr_port_idx++;
	}
	if (rc)
		ports_index_free(x);
	return rc;
}

void
ports_index_free(struct ports_index *x)
{
	free(x->name);
	*x = (struct ports_index){ 0 };
}

const char *
ports_index_name(const struct ports_index *x, uint32_t i, char spare[16])
{
	if (i < x->n && x->name[i][0])
		return x->name[i];
	snprintf(spare, 16, "#%u", i);
	return spare;
}
