/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - what was sent, and how. */
#include <inttypes.h>

#include "interval.h"
#include "jout.h"
#include "play.h"
#include "units.h"

static struct interval_count
counted(const struct play *p)
{
	return (struct interval_count){ p->sent, p->bytes, p->batches };
}

void
report_rate(const struct play *p, uint64_t now)
{
	static struct interval v;
	char pps[UNITS_LEN], bps[UNITS_LEN];
	struct interval_count c = counted(p);
	struct interval_rate r;

	if (!v.last_ns)
		interval_start(&v, p->started);
	interval_look(&v, now, &c, 0, &r);
	fprintf(stderr, "nmreplay: %s, %s, %.1f a batch; lost %" PRIu64 ", dropped %" PRIu64 "\n", units_format(pps, r.pps, "pps", false),
	    units_format(bps, r.bps, "bps", false), r.batch, p->lost, p->overflow);
}

static void
text(const struct play *p, const struct interval_rate *r, FILE *to)
{
	char pps[UNITS_LEN], bps[UNITS_LEN], a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN];

	fprintf(to, "sent %" PRIu64 " frames, %" PRIu64 " bytes in %.3f s (%s, %s)\n", p->sent, p->bytes, r->seconds,
	    units_format(pps, r->pps, "pps", false), units_format(bps, r->bps, "bps", false));
	if (p->lost || p->overflow)
		fprintf(to, "lost %" PRIu64 ", dropped %" PRIu64 " for which the buffer had no room\n", p->lost, p->overflow);
	if (p->unsent)
		fprintf(to, "%" PRIu64 " of these frames were not taken by the port\n", p->unsent);
	if (p->late.count)
		fprintf(to, "late by %s at the median, %s at the 99th percentile, %s at most\n",
		    units_time(a, (double)hist_quantile(&p->late, 0.5), false), units_time(b, (double)hist_quantile(&p->late, 0.99), false),
		    units_time(c, (double)p->late.max, false));
}

static void
json(const struct play *p, const struct interval_rate *r, FILE *to)
{
	struct json_object *o = json_object_new_object();

	jout_text(o, "tool", "nmreplay");
	jout_text(o, "ended_by", p->why);
	jout_text(o, "file", p->config->file);
	jout_text(o, "port", p->config->port);
	jout_count(o, "file_frames", p->trace.n);
	jout_count(o, "file_cut", p->trace.cut);
	jout_count(o, "sent", p->sent);
	jout_count(o, "bytes", p->bytes);
	jout_count(o, "batches", p->batches);
	jout_count(o, "lost", p->lost);
	jout_count(o, "dropped", p->overflow);
	jout_count(o, "unsent", p->unsent);
	jout_count(o, "seed", p->config->model.seed);
	jout_real(o, "seconds", r->seconds);
	jout_real(o, "pps", r->pps);
	jout_real(o, "bps", r->bps);
	jout_hist(o, "late_ns", &p->late);
	jout_print(o, to, 0); /* main looks whether it could be written */
}

void
report(const struct play *p, FILE *to)
{
	struct interval_count c = counted(p);
	struct interval_rate r;

	interval_total(&c, (double)(p->stopped - p->started) / 1e9, 0, &r);
	if (p->config->json)
		json(p, &r, to);
	else
		text(p, &r, to);
}
