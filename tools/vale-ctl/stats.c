/* SPDX-License-Identifier: BSD-2-Clause */
/* stats.c - counters of ports and switches. */
#include "stats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "interval.h"
#include "jout.h"
#include "ports.h"
#include "units.h"

static const struct {
	const char *name, *help;
} counters[NM_STAT_COUNT] = {
#define ROW(symbol, json, text) { json, text },
	NM_STAT_LIST(ROW)
#undef ROW
};

/* The name of counter i; later engines may have more than are known here. */
static const char *
counter_name(uint32_t i, char spare[24])
{
	if (i < NM_STAT_COUNT)
		return counters[i].name;
	snprintf(spare, 24, "counter_%u", i);
	return spare;
}

static const char *
unit(const char *name)
{
	const char *bar = strrchr(name, '_');

	return bar && !strcmp(bar, "_bytes") ? "B/s" : "/s";
}

void
stats_rate(struct stats *now, const struct stats *last)
{
	double seconds = (double)(now->when - last->when) / 1e9;
	size_t i, k;
	uint32_t c;

	for (i = 0; i < now->n && seconds > 0; i++)
		for (k = 0; k < last->n; k++) {
			struct stats_item *x = &now->v[i];
			const struct stats_item *y = &last->v[k];

			if (x->scope != y->scope || strcmp(x->name, y->name))
				continue;
			/* a port that was closed and opened again began at 0; then there is no rate yet */
			x->rated = true;
			for (c = 0; c < NM_STAT_MAX; c++)
				x->rate[c] = x->counter[c] >= y->counter[c] ? (double)(x->counter[c] - y->counter[c]) / seconds : 0;
			break;
		}
}

static void
item_text(const struct stats_item *x, bool verbose, FILE *to)
{
	char spare[24], rate[UNITS_LEN];
	bool any = false;
	uint32_t c;

	fprintf(to, "%s%s\n", x->name, x->scope == NM_STATS_SWITCH ? " (switch, with the ports it has)" : "");
	for (c = 0; c < x->count; c++) {
		const char *name = counter_name(c, spare);

		if (!x->counter[c] && !verbose)
			continue;
		any = true;
		fprintf(to, "  %-16s %20" PRIu64, name, x->counter[c]);
		if (x->rated)
			fprintf(to, "  %14s", units_format(rate, x->rate[c], unit(name), false));
		fprintf(to, "  %s\n", c < NM_STAT_COUNT ? counters[c].help : "");
	}
	if (!any)
		fprintf(to, "  nothing counted yet\n");
}

void
stats_text(const struct stats *s, bool verbose, FILE *to)
{
	size_t i;

	if (!s->n)
		fprintf(to, "no ports\n");
	for (i = 0; i < s->n; i++)
		item_text(&s->v[i], verbose, to);
}

struct json_object *
stats_json(const struct stats *s)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array(), *e, *v;
	char spare[24];
	uint32_t c;
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct stats_item *x = &s->v[i];

		e = json_object_new_object();
		jout_text(e, "name", x->name);
		jout_text(e, "scope", x->scope == NM_STATS_SWITCH ? "switch" : "port");
		v = json_object_new_object();
		for (c = 0; c < x->count; c++)
			jout_count(v, counter_name(c, spare), x->counter[c]);
		json_object_object_add(e, "counters", v);
		if (x->rated) {
			v = json_object_new_object();
			for (c = 0; c < x->count; c++)
				jout_real(v, counter_name(c, spare), x->rate[c]);
			json_object_object_add(e, "per_second", v);
		}
		json_object_array_add(list, e);
	}
	json_object_object_add(o, "stats", list);
	return o;
}

/* Appends what is counted for name. There is room. */
static int
fetch(struct ctl *c, struct stats *s, const char *name, uint32_t scope)
{
	struct nmreq_stats st = { .nr_scope = scope };
	struct stats_item *x = &s->v[s->n];
	int rc;

	memset(x, 0, sizeof(*x));
	rc = ctl_name(c, NETMAP_REQ_STATS_GET, x->name, name);
	if (!rc)
		rc = ctl_request(c, NETMAP_REQ_STATS_GET, x->name, &st);
	if (rc)
		return rc;
	x->scope = scope;
	x->count = st.nr_count < NM_STAT_MAX ? st.nr_count : NM_STAT_MAX;
	memcpy(x->counter, st.nr_counter, sizeof(x->counter));
	s->n++;
	return 0;
}

static int
fetch_all(struct ctl *c, struct stats *s)
{
	struct ports p;
	const char *sw;
	size_t i;
	int rc = ports_get(c, &p, NULL);

	if (rc)
		return rc;
	s->v = calloc(2 * p.n + 1, sizeof(*s->v));
	if (!s->v)
		rc = ctl_no_memory(c);
	for (i = 0; i < p.n && !rc; i++) {
		sw = ports_switch(&p, i);
		if (sw)
			rc = fetch(c, s, sw, NM_STATS_SWITCH);
		/* it may have left since, or its switch be another's */
		if (rc == -ENXIO || rc == -EACCES)
			rc = 0;
	}
	for (i = 0; i < p.n && !rc; i++) {
		rc = fetch(c, s, p.v[i].nr_port_name, NM_STATS_PORT);
		if (rc == -ENXIO || rc == -EACCES)
			rc = 0;
	}
	ports_free(&p);
	return rc;
}

static int
fetch_some(struct ctl *c, struct stats *s, const char *name)
{
	s->when = interval_now();
	if (!name)
		return fetch_all(c, s);
	s->v = calloc(1, sizeof(*s->v));
	if (!s->v)
		return ctl_no_memory(c);
	return fetch(c, s, name, names_is_switch(name) ? NM_STATS_SWITCH : NM_STATS_PORT);
}

static void
discard(struct stats *s)
{
	if (s)
		free(s->v);
	free(s);
}

int
stats_show(struct app *a, FILE *to)
{
	struct stats *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	rc = fetch_some(&a->ctl, s, a->config.name);
	if (rc) {
		discard(s);
		return ctl_complain(&a->ctl, "read the counters of", a->config.name ? a->config.name : "all ports");
	}
	if (a->stats)
		stats_rate(s, a->stats);
	if (a->config.json)
		rc = jout_print(stats_json(s), to, !a->config.watch_ms);
	else
		stats_text(s, a->config.verbose, to);
	discard(a->stats);
	a->stats = s;
	return rc;
}

void
stats_free(struct app *a)
{
	discard(a->stats);
	a->stats = NULL;
}
