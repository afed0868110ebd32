/* SPDX-License-Identifier: BSD-2-Clause */
/* fdb.c - the MAC table of a switch. */
#include "fdb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "jout.h"

#define MAX_ENTRIES (1u << 24)
#define NO_PORT 255u /* index of a port that is not there, as VALE_LIST has it */

const char *
fdb_mac(const uint8_t mac[6], char to[FDB_MAC])
{
	snprintf(to, FDB_MAC, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return to;
}

static int
by_mac(const void *a, const void *b)
{
	const struct nm_fdb_entry *x = a, *y = b;
	int d = memcmp(x->mac, y->mac, sizeof(x->mac));

	return d ? d : (int)x->vlan - (int)y->vlan;
}

void
fdb_sort(struct fdb *f)
{
	if (f->n)
		qsort(f->v, f->n, sizeof(*f->v), by_mac);
}

static const char *
age_text(uint32_t ms, char to[16])
{
	if (ms == NM_FDB_STATIC)
		return "static";
	snprintf(to, 16, "%.1f s", ms / 1000.0);
	return to;
}

void
fdb_text(const struct fdb *f, const struct ports_index *x, FILE *to)
{
	char mac[FDB_MAC], spare[16], age[16];
	size_t i;

	if (!f->n) {
		fprintf(to, "no addresses\n");
		return;
	}
	fprintf(to, "%-17s  %4s  %7s  %s\n", "ADDRESS", "VLAN", "AGE", "PORT");
	for (i = 0; i < f->n; i++) {
		const struct nm_fdb_entry *e = &f->v[i];

		fprintf(to, "%s  %4u  %7s  %s\n", fdb_mac(e->mac, mac), e->vlan, age_text(e->age_ms, age),
		    ports_index_name(x, e->port_idx, spare));
	}
}

struct json_object *
fdb_json(const struct fdb *f, const struct ports_index *x, const char *sw)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array(), *e;
	char mac[FDB_MAC], spare[16];
	size_t i;

	jout_text(o, "switch", sw);
	for (i = 0; i < f->n; i++) {
		e = json_object_new_object();
		jout_text(e, "mac", fdb_mac(f->v[i].mac, mac));
		jout_count(e, "vlan", f->v[i].vlan);
		jout_text(e, "port", ports_index_name(x, f->v[i].port_idx, spare));
		jout_count(e, "port_index", f->v[i].port_idx);
		if (f->v[i].age_ms == NM_FDB_STATIC)
			json_object_object_add(e, "static", json_object_new_boolean(true));
		else
			jout_count(e, "age_ms", f->v[i].age_ms);
		json_object_array_add(list, e);
	}
	json_object_object_add(o, "entries", list);
	return o;
}

/* Entries of the switch, of one port unless that is NO_PORT. */
static int
fetch(struct ctl *c, struct fdb *f, char name[NETMAP_REQ_IFNAMSIZ], uint32_t port)
{
	struct nmreq_fdb req = { 0 };
	struct nm_fdb_entry *v;
	uint32_t i, n, last;
	int rc;

	do {
		last = req.nr_cursor;
		memset(&req, 0, sizeof(req));
		req.nr_cursor = last;
		rc = ctl_request(c, NETMAP_REQ_FDB_GET, name, &req);
		if (rc)
			return rc;
		n = req.nr_count < 128 ? req.nr_count : 128;
		v = realloc(f->v, (f->n + n + 1) * sizeof(*v));
		if (!v)
			return ctl_no_memory(c);
		f->v = v;
		for (i = 0; i < n; i++)
			if (port == NO_PORT || req.nr_entry[i].port_idx == port)
				f->v[f->n++] = req.nr_entry[i];
	} while (req.nr_cursor != NM_CURSOR_END && req.nr_cursor > last && f->n < MAX_ENTRIES);
	return 0;
}

/* The words of the command line: the switch, and the index of its port if one is named. 0 or -errno. */
static int
resolve(struct ctl *c, const char *given, char sw[NETMAP_REQ_IFNAMSIZ], uint32_t *port)
{
	struct nmreq_vale_list at = { 0 };
	char name[NETMAP_REQ_IFNAMSIZ], base[NAMES_SWITCH];
	const char *rest;
	int rc = ctl_name(c, NETMAP_REQ_FDB_GET, name, given);

	*port = NO_PORT;
	if (rc)
		return rc;
	memcpy(sw, name, sizeof(name));
	if (names_split(given, base, &rest))
		return 0;
	memset(sw, 0, NETMAP_REQ_IFNAMSIZ);
	memcpy(sw, base, strlen(base));
	rc = ctl_request(c, NETMAP_REQ_VALE_LIST, name, &at);
	if (!rc && at.nr_port_idx == NO_PORT) {
		c->error = ENXIO;
		c->type = NETMAP_REQ_FDB_GET;
		snprintf(c->text, sizeof(c->text), "%s has no port %.40s", base, rest);
		rc = -ENXIO;
	}
	*port = at.nr_port_idx;
	return rc;
}

static int
flush(struct app *a, char sw[NETMAP_REQ_IFNAMSIZ], uint32_t port, FILE *to)
{
	struct nmreq_fdb_flush req = { .nr_port_idx = port == NO_PORT ? NM_CURSOR_END : port };
	struct json_object *o;
	int rc = ctl_request(&a->ctl, NETMAP_REQ_FDB_FLUSH, sw, &req);

	if (rc)
		return ctl_complain(&a->ctl, "flush the addresses of", a->config.name);
	if (a->config.json) {
		o = json_object_new_object();
		jout_text(o, "name", a->config.name);
		jout_count(o, "removed", req.nr_removed);
		return jout_print(o, to, 1);
	}
	fprintf(to, "%s: %u address%s forgotten\n", a->config.name, req.nr_removed, req.nr_removed == 1 ? "" : "es");
	return 0;
}

/* fdb ... add and del. */
static int
change_static(struct app *a, FILE *to)
{
	const struct config *c = &a->config;
	struct nmreq_fdb_static req = c->req.fixed;
	bool add = req.nr_op == NM_FDB_ADD;
	char name[NETMAP_REQ_IFNAMSIZ], mac[FDB_MAC];
	struct json_object *o;
	int rc = ctl_name(&a->ctl, NETMAP_REQ_FDB_STATIC, name, c->name);

	if (!rc && c->port && words_port(c->name, c->port, name))
		rc = ctl_name(&a->ctl, NETMAP_REQ_FDB_STATIC, name, c->port);
	if (!rc)
		rc = ctl_request(&a->ctl, NETMAP_REQ_FDB_STATIC, name, &req);
	if (rc)
		return ctl_complain(&a->ctl, add ? "add an address to" : "delete an address of", add ? c->port : c->name);
	fdb_mac(req.nr_mac, mac);
	if (c->json) {
		o = json_object_new_object();
		jout_text(o, "name", name);
		jout_text(o, "done", add ? "added" : "deleted");
		jout_text(o, "mac", mac);
		jout_count(o, "vlan", req.nr_vid);
		return jout_print(o, to, 1);
	}
	if (c->verbose)
		fprintf(to, "%s: %s %s\n", name, mac, add ? "added" : "deleted");
	return 0;
}

int
fdb_show(struct app *a, FILE *to)
{
	struct fdb f = { 0 };
	struct ports_index x = { 0 };
	char sw[NETMAP_REQ_IFNAMSIZ];
	uint32_t port;
	int rc;

	if (a->config.words.n)
		return change_static(a, to);
	rc = resolve(&a->ctl, a->config.name, sw, &port);
	if (!rc && a->config.flush)
		return flush(a, sw, port, to);
	if (!rc)
		rc = fetch(&a->ctl, &f, sw, port);
	if (!rc)
		rc = ports_index_get(&a->ctl, &x, sw);
	if (rc) {
		free(f.v);
		return ctl_complain(&a->ctl, "read the addresses of", a->config.name);
	}
	fdb_sort(&f);
	if (a->config.json)
		rc = jout_print(fdb_json(&f, &x, sw), to, !a->config.watch_ms);
	else
		fdb_text(&f, &x, to);
	free(f.v);
	ports_index_free(&x);
	return rc;
}
