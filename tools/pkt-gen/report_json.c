/* SPDX-License-Identifier: BSD-2-Clause */
/* report_json.c - the summary for programs. */
#include "jout.h"
#include "report.h"

static void
add_seq(struct json_object *o, const struct report_total *t)
{
	jout_count(o, "good", t->good);
	jout_count(o, "lost", t->lost);
	jout_count(o, "reordered", t->reordered);
	jout_count(o, "duplicated", t->duplicated);
	jout_count(o, "corrupted", t->corrupt);
	jout_count(o, "foreign", t->foreign);
	jout_count(o, "streams", t->streams);
	jout_count(o, "streams_overflow", t->overflow);
}

void
report_json(const struct run *run, const struct report_total *t, const char *error, FILE *to)
{
	const struct options *opt = run->o;
	struct json_object *o = json_object_new_object();
	struct interval_rate r;

	interval_total(&t->count, t->seconds, opt->framing ? INTERVAL_FRAMING : 0, &r);
	jout_text(o, "mode", options_modes[opt->mode]);
	jout_text(o, "port", opt->name);
	jout_count(o, "threads", run->n);
	jout_count(o, "packets", t->count.packets);
	jout_count(o, "bytes", t->count.bytes);
	jout_real(o, "seconds", t->seconds);
	jout_real(o, "pps", t->seconds > 0 ? r.pps : 0);
	jout_real(o, "bps", t->seconds > 0 ? r.bps : 0);
	jout_count(o, "batches", t->count.batches);
	jout_real(o, "batch", r.batch);
	if (options_sends(opt) || opt->mode == MODE_PONG)
		jout_count(o, "unsent", t->unsent);
	if (opt->mode != MODE_TX && opt->mode != MODE_TXSEQ)
		jout_count(o, "bad_frames", t->bad_frames);
	if (opt->work & WORK_CSUM)
		jout_count(o, "bad_checksums", t->bad_csum);
	if (t->has_seq)
		add_seq(o, t);
	if (opt->mode == MODE_PING) {
		jout_count(o, "timeouts", t->timeouts);
		jout_hist(o, "rtt_ns", &t->latency);
	} else if (t->latency.count) {
		jout_hist(o, "latency_ns", &t->latency);
	}
	jout_count(o, "reconnects", t->reconnects);
	jout_text(o, "error", error);
	jout_print(o, to, 0); /* the caller looks whether it could be written */
}
