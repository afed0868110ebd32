/* SPDX-License-Identifier: BSD-2-Clause */
/* policy.c - VLANs, storm limits, lossless ports and mirrors: shown, or changed. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "jout.h"

union body {
	uint32_t op;
	struct nmreq_vlan vlan;
	struct nmreq_storm storm;
	struct nmreq_lossless lossless;
	struct nmreq_mirror mirror;
};

static void
vlan_text(const union body *b, FILE *to)
{
	static char set[WORDS_SET];
	const struct nmreq_vlan *r = &b->vlan;

	if (r->nr_mode == NM_VLAN_ACCESS)
		fprintf(to, "access %u", r->nr_vid);
	else if (r->nr_mode != NM_VLAN_TRUNK)
		fprintf(to, "off");
	else {
		fprintf(to, "trunk");
		if (r->nr_vid)
			fprintf(to, " native %u", r->nr_vid);
		if (*words_of_set(r->nr_allowed, set))
			fprintf(to, " allow %s", set);
	}
}

static void
vlan_json(const union body *b, struct json_object *o)
{
	static char set[WORDS_SET];
	const struct nmreq_vlan *r = &b->vlan;

	jout_text(o, "mode", r->nr_mode == NM_VLAN_ACCESS ? "access" : r->nr_mode == NM_VLAN_TRUNK ? "trunk" : "off");
	if (r->nr_mode == NM_VLAN_ACCESS)
		jout_count(o, "vlan", r->nr_vid);
	if (r->nr_mode != NM_VLAN_TRUNK)
		return;
	if (r->nr_vid)
		jout_count(o, "native", r->nr_vid);
	jout_text(o, "allowed", words_of_set(r->nr_allowed, set));
}

static void
storm_text(const union body *b, FILE *to)
{
	const char *sep = "";
	unsigned i;

	for (i = 0; i < NM_STORM_COUNT; i++)
		if (b->storm.nr_limit[i].pps) {
			fprintf(to, "%s%s %u,%u", sep, words_storm_kind[i], b->storm.nr_limit[i].pps, b->storm.nr_limit[i].burst);
			sep = " ";
		}
	if (!*sep)
		fprintf(to, "off");
}

static void
storm_json(const union body *b, struct json_object *o)
{
	struct json_object *k;
	unsigned i;

	for (i = 0; i < NM_STORM_COUNT; i++) {
		k = NULL;
		if (b->storm.nr_limit[i].pps) {
			k = json_object_new_object();
			jout_count(k, "pps", b->storm.nr_limit[i].pps);
			jout_count(k, "burst", b->storm.nr_limit[i].burst);
		}
		json_object_object_add(o, words_storm_kind[i], k);
	}
}

static void
lossless_text(const union body *b, FILE *to)
{
	fprintf(to, b->lossless.nr_on ? "on" : "off");
}

static void
lossless_json(const union body *b, struct json_object *o)
{
	json_object_object_add(o, "lossless", json_object_new_boolean(b->lossless.nr_on != 0));
}

static const char *
mirror_dirs(uint32_t dirs)
{
	return dirs == NM_MIRROR_TX ? "tx" : dirs == NM_MIRROR_RX ? "rx" : "both";
}

static void
mirror_text(const union body *b, FILE *to)
{
	if (b->mirror.nr_dirs)
		fprintf(to, "to %.63s %s", b->mirror.nr_to, mirror_dirs(b->mirror.nr_dirs));
	else
		fprintf(to, "off");
}

static void
mirror_json(const union body *b, struct json_object *o)
{
	jout_text(o, "to", b->mirror.nr_dirs ? b->mirror.nr_to : NULL);
	jout_text(o, "directions", b->mirror.nr_dirs ? mirror_dirs(b->mirror.nr_dirs) : NULL);
}

static const struct kind {
	enum action action;
	uint16_t type;
	const char *word;
	bool of_switch; /* the switch has it too */
	void (*text)(const union body *b, FILE *to);
	void (*json)(const union body *b, struct json_object *o);
} kinds[] = {
	{ ACTION_VLAN, NETMAP_REQ_VLAN, "vlan", false, vlan_text, vlan_json },
	{ ACTION_STORM, NETMAP_REQ_STORM, "storm", false, storm_text, storm_json },
	{ ACTION_LOSSLESS, NETMAP_REQ_LOSSLESS, "lossless", true, lossless_text, lossless_json },
	{ ACTION_MIRROR, NETMAP_REQ_MIRROR, "mirror", false, mirror_text, mirror_json },
};

static const struct kind *
kind_of(enum action action)
{
	const struct kind *k = kinds;

	while (k->action != action)
		k++;
	return k;
}

static int
request(struct app *a, const struct kind *k, const char *name, union body *b)
{
	char full[NETMAP_REQ_IFNAMSIZ];
	int rc = ctl_name(&a->ctl, k->type, full, name);

	return rc ? rc : ctl_request(&a->ctl, k->type, full, b);
}

/* One port or switch, into the list or as a line. */
static int
show_one(struct app *a, const struct kind *k, const char *name, FILE *to, struct json_object *list)
{
	union body b = { .op = NM_POLICY_GET };
	struct json_object *o;
	int rc = request(a, k, name, &b);

	if (rc)
		return rc;
	if (list) {
		o = json_object_new_object();
		jout_text(o, "name", name);
		k->json(&b, o);
		json_object_array_add(list, o);
		return 0;
	}
	fprintf(to, "%s: ", name);
	k->text(&b, to);
	fprintf(to, "\n");
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct nmreq_port_list *x = a, *y = b;

	return strcmp(x->nr_port_name, y->nr_port_name);
}

static int
show(struct app *a, const struct kind *k, FILE *to)
{
	struct json_object *o = NULL, *list = NULL;
	const char *name = a->config.name;
	struct ports p;
	size_t i;
	int rc = ports_get(&a->ctl, &p, name);

	if (rc)
		return ctl_complain(&a->ctl, "look at", name);
	if (a->config.json) {
		o = json_object_new_object();
		list = json_object_new_array();
		json_object_object_add(o, k->word, list);
	}
	if (p.n)
		qsort(p.v, p.n, sizeof(*p.v), by_name);
	if (!p.n || (k->of_switch && names_is_switch(name)))
		rc = show_one(a, k, name, to, list); /* which says what is wrong with a name that nobody has */
	for (i = 0; i < p.n && !rc; i++)
		if ((p.v[i].nr_kind != NM_PORT_KIND_PIPE && p.v[i].nr_kind != NM_PORT_KIND_MONITOR) || !names_is_switch(name))
			rc = show_one(a, k, p.v[i].nr_port_name, to, list);
	ports_free(&p);
	if (rc) {
		json_object_put(o);
		return ctl_complain(&a->ctl, "look at", name);
	}
	return o ? jout_print(o, to, !a->config.watch_ms) : 0;
}

/* What the command line leaves open: limits that are to stay, a port's full name. */
static int
complete(struct app *a, const struct kind *k, union body *b)
{
	struct nmreq_storm now = { .nr_op = NM_POLICY_GET };
	char full[NETMAP_REQ_IFNAMSIZ];
	unsigned i;
	int rc;

	if (k->action == ACTION_MIRROR && b->mirror.nr_dirs && !words_port(a->config.name, b->mirror.nr_to, full))
		memcpy(b->mirror.nr_to, full, sizeof(full));
	if (k->action != ACTION_STORM)
		return 0;
	rc = request(a, k, a->config.name, (union body *)&now);
	for (i = 0; i < NM_STORM_COUNT; i++)
		if (!a->config.kinds[i])
			b->storm.nr_limit[i] = now.nr_limit[i];
	return rc;
}

int
policy_show(struct app *a, FILE *to)
{
	const struct kind *k = kind_of(a->config.action);
	struct json_object *o;
	union body b;
	int rc;

	if (!a->config.words.n)
		return show(a, k, to);
	memset(&b, 0, sizeof(b));
	memcpy(&b, &a->config.req, sizeof(a->config.req));
	rc = complete(a, k, &b);
	if (!rc)
		rc = request(a, k, a->config.name, &b);
	if (rc)
		return ctl_complain(&a->ctl, "change", a->config.name);
	if (a->config.json) {
		o = json_object_new_object();
		jout_text(o, "name", a->config.name);
		k->json(&b, o);
		return jout_print(o, to, 1);
	}
	if (!a->config.verbose)
		return 0;
	fprintf(to, "%s: %s ", a->config.name, k->word);
	k->text(&b, to);
	fprintf(to, "\n");
	return 0;
}
