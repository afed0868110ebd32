/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - what the user reads. */
#include "report.h"

#include <string.h>

#include "out.h"
#include "units.h"

static void
add_seq(struct report_total *t, const struct seq_account *a)
{
	t->has_seq = true;
	t->good += a->good;
	t->lost += a->lost;
	t->reordered += a->reordered;
	t->duplicated += a->duplicated;
	t->corrupt += a->corrupt;
	t->foreign += a->foreign;
	t->streams += a->streams;
	t->overflow += a->overflow;
}

static void
add_ended(struct report_total *t, const struct worker *w, uint64_t *first, uint64_t *last)
{
	if (w->first_ns && (!*first || w->first_ns < *first))
		*first = w->first_ns;
	if (w->last_ns > *last)
		*last = w->last_ns;
	hist_merge(&t->latency, &w->latency);
	if (w->seq)
		add_seq(t, w->seq);
}

void
report_collect(const struct run *run, bool ended, struct report_total *t)
{
	uint64_t first = 0, last = 0;
	unsigned i;

	memset(t, 0, sizeof(*t));
	hist_init(&t->latency);
	for (i = 0; i < run->n; i++) {
		const struct worker *w = &run->worker[i];

		t->count.packets += worker_get(&w->c.packets);
		t->count.bytes += worker_get(&w->c.bytes);
		t->count.batches += worker_get(&w->c.batches);
		t->found += worker_get(&w->c.found);
		t->bad_csum += worker_get(&w->c.bad_csum);
		t->timeouts += worker_get(&w->c.timeouts);
		t->unsent += worker_get(&w->c.unsent);
		t->reconnects += worker_get(&w->c.reconnects);
		t->bad_frames += worker_get(&w->c.bad_frames);
		if (ended)
			add_ended(t, w, &first, &last);
	}
	if (t->count.packets >= t->unsent)
		t->count.packets -= t->unsent;
	t->seconds = first && last > first ? (double)(last - first) / 1e9 : 0;
}

void
report_interval(const struct run *run, const struct interval_rate *r, uint64_t found, FILE *to)
{
	bool plain = run->o->plain;
	char pps[UNITS_LEN], bps[UNITS_LEN], n[UNITS_LEN];

	fprintf(to, "%s  %s  %s in %.3f s  %.1f frames a batch", units_format(pps, r->pps, "pps", plain),
	    units_format(bps, r->bps, "bps", plain), units_format(n, (double)r->delta.packets, "frames", plain), r->seconds, r->batch);
	if (run->o->batch)
		fprintf(to, "  %llu batches  %.1f slots found", (unsigned long long)r->delta.batches,
		    r->delta.batches ? (double)found / (double)r->delta.batches : 0.0);
	fputc('\n', to);
	out_flush(to);
}

/* With -v also a line for each bucket: what its values do not exceed, how many there are, and how many up to there. */
static void
print_buckets(const struct hist *h, bool plain, FILE *to)
{
	uint64_t seen = 0;
	char text[UNITS_LEN];
	unsigned i;

	for (i = 0; i < HIST_BUCKETS; i++) {
		if (!h->bucket[i])
			continue;
		seen += h->bucket[i];
		fprintf(to, "  up to %12s %12llu  %6.2f %%\n", units_time(text, (double)hist_limit(i), plain),
		    (unsigned long long)h->bucket[i], 100.0 * (double)seen / (double)h->count);
	}
}

static void
print_latency(const struct run *run, const struct hist *h, const char *what, FILE *to)
{
	const struct {
		const char *name;
		double ns;
	} row[] = {
		{ "min", (double)h->min }, { "mean", h->sum / (double)h->count }, { "median", (double)hist_quantile(h, 0.5) },
		{ "p90", (double)hist_quantile(h, 0.9) }, { "p99", (double)hist_quantile(h, 0.99) },
		{ "p99.9", (double)hist_quantile(h, 0.999) }, { "max", (double)h->max },
	};
	char text[UNITS_LEN];
	size_t i;

	fprintf(to, "%s:", what);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		fprintf(to, "  %s %s", row[i].name, units_time(text, row[i].ns, run->o->plain));
	fprintf(to, "  of %llu\n", (unsigned long long)h->count);
	if (run->o->verbose)
		print_buckets(h, run->o->plain, to);
}

static void
print_seq(const struct report_total *t, FILE *to)
{
	fprintf(to, "sequence: %llu good, %llu lost, %llu reordered, %llu duplicated, %llu corrupted, %llu foreign, %llu streams\n",
	    (unsigned long long)t->good, (unsigned long long)t->lost, (unsigned long long)t->reordered,
	    (unsigned long long)t->duplicated, (unsigned long long)t->corrupt, (unsigned long long)t->foreign,
	    (unsigned long long)t->streams);
	if (t->overflow)
		fprintf(to, "%llu frames of more than %d streams were not followed\n", (unsigned long long)t->overflow, SEQ_STREAMS);
}

static void
print_odd(const struct report_total *t, FILE *to)
{
	const struct {
		uint64_t n;
		const char *text;
	} odd[] = {
		{ t->unsent, "frames were still in the ring when it ended, and are not counted" },
		{ t->timeouts, "requests got no answer within a second" },
		{ t->bad_csum, "frames had wrong checksums" },
		{ t->bad_frames, "frames had slots out of order and were left out" },
		{ t->reconnects, "times the port was opened again" },
	};
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (odd[i].n)
			fprintf(to, "%llu %s\n", (unsigned long long)odd[i].n, odd[i].text);
}

void
report_summary(const struct run *run, const struct report_total *t, FILE *to)
{
	static const char *const verb[] = {
		[MODE_RX] = "received", [MODE_TX] = "sent", [MODE_PING] = "asked", [MODE_PONG] = "answered", [MODE_TXSEQ] = "sent",
		[MODE_RXSEQ] = "received",
	};
	const struct options *o = run->o;
	struct interval_rate r;
	char pps[UNITS_LEN], bps[UNITS_LEN];

	interval_total(&t->count, t->seconds, o->framing ? INTERVAL_FRAMING : 0, &r);
	fprintf(to, "%s %llu frames, %llu bytes in %.6f s", verb[o->mode], (unsigned long long)t->count.packets,
	    (unsigned long long)t->count.bytes, t->seconds);
	if (t->seconds > 0)
		fprintf(to, ": %s  %s  %.1f frames a batch", units_format(pps, r.pps, "pps", o->plain),
		    units_format(bps, r.bps, "bps", o->plain), r.batch);
	fputc('\n', to);
	if (o->batch && t->count.batches)
		fprintf(to, "%llu batches, %.1f slots found at each\n", (unsigned long long)t->count.batches,
		    (double)t->found / (double)t->count.batches);
	if (t->latency.count)
		print_latency(run, &t->latency, o->mode == MODE_PING ? "round trip" : "latency", to);
	if (t->has_seq)
		print_seq(t, to);
	print_odd(t, to);
	out_flush(to);
}
