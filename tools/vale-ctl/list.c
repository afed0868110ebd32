/* SPDX-License-Identifier: BSD-2-Clause */
/* list.c - the ports as a table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "jout.h"
#include "list.h"

#define MIN_WIDTH 12

static int
by_name(const void *a, const void *b)
{
	const struct nmreq_port_list *x = a, *y = b;

	return strcmp(x->nr_port_name, y->nr_port_name);
}

void
list_text(const struct ports *p, FILE *to)
{
	int width = MIN_WIDTH, n;
	char owner[NAMES_OWNER], tx[24], rx[24];
	size_t i;

	if (!p->n) {
		fprintf(to, "no ports\n");
		return;
	}
	for (i = 0; i < p->n; i++) {
		n = (int)strlen(p->v[i].nr_port_name);
		width = n > width ? n : width;
	}
	fprintf(to, "%-*s  %-10s  %-8s  %-8s  %5s  %6s  %-4s  %s\n", width, "PORT", "KIND", "TX", "RX", "USERS", "REGION", "MODE",
	    "OWNER");
	for (i = 0; i < p->n; i++) {
		const struct nmreq_port_list *l = &p->v[i];

		if (!l->nr_kind) {
			fprintf(to, "%s\n", l->nr_port_name);
			continue;
		}
		snprintf(tx, sizeof(tx), "%ux%u", l->nr_tx_rings, l->nr_tx_slots);
		snprintf(rx, sizeof(rx), "%ux%u", l->nr_rx_rings, l->nr_rx_slots);
		fprintf(to, "%-*s  %-10s  %-8s  %-8s  %5u  %6u  %04o  %s\n", width, l->nr_port_name, ports_kind(l->nr_kind), tx, rx,
		    l->nr_sessions, l->nr_mem_id, l->nr_mode, names_of_owner(l->nr_uid, l->nr_gid, owner));
	}
}

static struct json_object *
entry(const struct nmreq_port_list *l)
{
	struct json_object *e = json_object_new_object();
	char owner[NAMES_OWNER], mode[16], sw[NAMES_SWITCH];
	const char *port;

	jout_text(e, "name", l->nr_port_name);
	jout_text(e, "switch", names_split(l->nr_port_name, sw, &port) ? NULL : sw);
	if (!l->nr_kind)
		return e;
	snprintf(mode, sizeof(mode), "%04o", l->nr_mode);
	jout_text(e, "kind", ports_kind(l->nr_kind));
	jout_count(e, "tx_rings", l->nr_tx_rings);
	jout_count(e, "rx_rings", l->nr_rx_rings);
	jout_count(e, "tx_slots", l->nr_tx_slots);
	jout_count(e, "rx_slots", l->nr_rx_slots);
	jout_count(e, "users", l->nr_sessions);
	jout_count(e, "region", l->nr_mem_id);
	jout_text(e, "mode", mode);
	jout_count(e, "uid", l->nr_uid);
	jout_count(e, "gid", l->nr_gid);
	jout_text(e, "owner", names_of_owner(l->nr_uid, l->nr_gid, owner));
	return e;
}

struct json_object *
list_json(const struct ports *p)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	size_t i;

	for (i = 0; i < p->n; i++)
		json_object_array_add(list, entry(&p->v[i]));
	json_object_object_add(o, "ports", list);
	return o;
}

int
list_show(struct app *a, FILE *to)
{
	struct ports p;
	int rc = ports_get(&a->ctl, &p, a->config.name);

	if (rc)
		return ctl_complain(&a->ctl, "list the ports", "");
	if (a->config.name && !p.n && !a->config.watch_ms) {
		fprintf(stderr, "vale-ctl: there is no %s %s that you may see; see: vale-ctl list\n",
		    names_is_switch(a->config.name) ? "switch" : "port", a->config.name);
		return -ENOENT;
	}
	if (p.n)
		qsort(p.v, p.n, sizeof(*p.v), by_name);
	if (a->config.json)
		rc = jout_print(list_json(&p), to, !a->config.watch_ms);
	else
		list_text(&p, to);
	ports_free(&p);
	return rc;
}
