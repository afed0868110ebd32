/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - what was moved. */
#include <inttypes.h>

#include "bridge.h"
#include "interval.h"
#include "jout.h"
#include "units.h"

static void
rates(const struct bridge *b, const struct flow *f, struct interval_rate *r)
{
	struct interval_count c = { f->move.count.packets, f->move.count.bytes, f->move.count.batches };

	interval_total(&c, (double)(b->ended - b->started) / 1e9, 0, r);
}

void
report_text(const struct bridge *b, FILE *to)
{
	char pps[UNITS_LEN];
	struct interval_rate r;
	int i;

	for (i = 0; i < b->nflows; i++) {
		const struct flow *f = &b->flow[i];

		rates(b, f, &r);
		fprintf(to, "%s -> %s: %" PRIu64 " packets, %" PRIu64 " bytes in %.3f s (%s, %s)\n", b->side[f->from].name,
		    b->side[f->to].name, f->move.count.packets, f->move.count.bytes, r.seconds,
		    units_format(pps, r.pps, "pps", false), f->move.swap ? "buffers exchanged" : "copied");
		if (f->move.count.misfits)
			fprintf(to, "%s -> %s: %" PRIu64 " packets skipped: too long for the buffers or the ring of %s\n",
			    b->side[f->from].name, b->side[f->to].name, f->move.count.misfits, b->side[f->to].name);
	}
}

void
report_json(const struct bridge *b, FILE *to)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array(), *e;
	struct interval_rate r;
	int i;

	jout_text(o, "tool", "bridge");
	jout_text(o, "ended_by", b->why);
	jout_real(o, "seconds", (double)(b->ended - b->started) / 1e9);
	for (i = 0; i < b->nflows; i++) {
		const struct flow *f = &b->flow[i];

		rates(b, f, &r);
		e = json_object_new_object();
		jout_text(e, "from", b->side[f->from].name);
		jout_text(e, "to", b->side[f->to].name);
		json_object_object_add(e, "zero_copy", json_object_new_boolean(f->move.swap));
		jout_count(e, "packets", f->move.count.packets);
		jout_count(e, "bytes", f->move.count.bytes);
		jout_count(e, "batches", f->move.count.batches);
		jout_count(e, "misfits", f->move.count.misfits);
		jout_real(e, "pps", r.pps);
		jout_real(e, "bps", r.bps);
		json_object_array_add(list, e);
	}
	json_object_object_add(o, "directions", list);
	jout_print(o, to, 0); /* main looks whether it could be written */
}
