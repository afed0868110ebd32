/* SPDX-License-Identifier: BSD-2-Clause */
/* gen.c - a run of pkt-gen. */
#include "gen.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow.h"
#include "interval.h"
#include "opt.h"
#include "out.h"
#include "report.h"
#include "sig.h"
#include "source.h"

static int
complain(const char *text)
{
	fprintf(stderr, "pkt-gen: %s\n", text);
	return -EINVAL;
}

/* -n divided among the threads that send. */
static uint64_t
quota(const struct options *o, unsigned id)
{
	uint64_t n = (uint64_t)o->count, threads = (uint64_t)o->threads;

	return n / threads + (id < n % threads);
}

static int
make_workers(struct run *run)
{
	const struct options *o = run->o;
	unsigned i;

	run->n = (unsigned)o->threads;
	run->worker = aligned_alloc(128, run->n * sizeof(*run->worker));
	if (!run->worker) {
		run->n = 0;
		return complain("no memory for the threads; give a smaller -p");
	}
	memset(run->worker, 0, run->n * sizeof(*run->worker));
	for (i = 0; i < run->n; i++) {
		struct worker *w = &run->worker[i];

		w->o = o;
		w->run = run;
		w->id = i;
		w->quota = quota(o, i);
		hist_init(&w->latency);
		if (o->mode == MODE_RXSEQ && !(w->seq = calloc(1, sizeof(*w->seq))))
			return complain("no memory for the account of sequences; give a smaller -p");
	}
	return 0;
}

static int
open_ports(struct run *run)
{
	unsigned i;
	int rc = 0;

	for (i = 0; i < run->n && !rc; i++) {
		struct worker *w = &run->worker[i];

		rc = worker_open(w);
		if (!rc && options_sends(run->o))
			rc = tx_check(w);
		if (rc)
			complain(w->err);
	}
	return rc;
}

static int
open_files(struct run *run)
{
	char err[PCAPFILE_ERRLEN];

	if (run->o->pcap && source_load(&run->file, run->o->pcap, err))
		return complain(err);
	if (run->o->write) {
		run->writer = pcapfile_create(run->o->write, (uint32_t)run->o->snaplen, err);
		if (!run->writer)
			return complain(err);
	}
	return 0;
}

static void
wait_link(const struct run *run)
{
	double seconds = run->o->wait;
	uint64_t end, now, ms;

	if (seconds < 0)
		seconds = run->worker[0].port.interface ? 2 : 0;
	if (seconds > 0 && run->o->verbose)
		fprintf(stderr, "pkt-gen: waiting %.1f s for the link\n", seconds);
	end = interval_now() + (uint64_t)(seconds * 1e9);
	while (!sig_stopped() && (now = interval_now()) < end) {
		ms = (end - now) / 1000000 + 1;
		/* a port that dies meanwhile: the threads will tell */
		if (port_wait(&run->worker[0].port, 0, ms < WORKER_TICK_MS ? (int)ms : WORKER_TICK_MS) < 0)
			break;
	}
}

static bool
all_done(const struct run *run, unsigned started)
{
	unsigned i;

	for (i = 0; i < started; i++)
		if (!atomic_load(&run->worker[i].done))
			return false;
	return true;
}

/* Until the threads have ended. */
static void
watch(struct run *run, unsigned started)
{
	FILE *to = run->o->json ? stderr : options_text(run->o);
	struct interval v;
	struct interval_rate rate;
	struct report_total total;
	uint64_t step = (uint64_t)run->o->report_ms * 1000000u, now = interval_now(), due = now + step, found = 0;

	interval_start(&v, now);
	while (!all_done(run, started)) {
		now = interval_now();
		if (now < due) {
			sig_wait((int)((due - now) / 1000000 + 1));
			continue;
		}
		due = now - due < step ? due + step : now + step;
		report_collect(run, false, &total);
		interval_look(&v, now, &total.count, run->o->framing ? INTERVAL_FRAMING : 0, &rate);
		report_interval(run, &rate, total.found - found, to);
		found = total.found;
		if (ferror(to)) /* nobody reads any more */
			sig_stop();
	}
}

static const char *
first_error(const struct run *run)
{
	unsigned i;

	for (i = 0; i < run->n; i++)
		if (run->worker[i].rc)
			return run->worker[i].err;
	return NULL;
}

static int
run_threads(struct run *run)
{
	unsigned started, i;
	int rc = 0;

	for (started = 0; started < run->n; started++) {
		rc = worker_start(&run->worker[started]);
		if (rc) {
			complain(run->worker[started].err);
			atomic_store(&run->failed, true);
			break;
		}
	}
	watch(run, started);
	for (i = 0; i < started; i++)
		pthread_join(run->worker[i].thread, NULL);
	for (i = 0; i < started; i++) {
		if (!run->worker[i].rc)
			continue;
		rc = run->worker[i].rc;
		/* what all threads met is said once */
		if (first_error(run) == run->worker[i].err || strcmp(first_error(run), run->worker[i].err) != 0)
			complain(run->worker[i].err);
	}
	return rc;
}

static int
summarize(const struct run *run, int rc)
{
	struct report_total total;

	report_collect(run, true, &total);
	if (run->o->json)
		report_json(run, &total, first_error(run), stdout);
	else
		report_summary(run, &total, options_text(run->o));
	if (out_end("pkt-gen", stdout))
		rc = -EIO;
	return rc || total.corrupt || total.bad_csum ? GEN_FAILED : 0;
}

/* What was said already, when a frame could not be written, is not said again. */
static int
close_writer(struct run *run)
{
	int rc = run->writer ? pcapfile_close(run->writer) : 0;

	if (rc == -EPIPE && options_writes_stdout(run->o)) /* who read it has gone, and has what he wanted */
		return 0;
	if (rc && !first_error(run))
		fprintf(stderr, "pkt-gen: %s: cannot write to it: %s; free some space or write elsewhere\n", run->o->write, strerror(-rc));
	return rc ? GEN_FAILED : 0;
}

static int
cleanup(struct run *run)
{
	unsigned i;
	int rc = close_writer(run);

	for (i = 0; i < run->n; i++) {
		if (port_close(&run->worker[i].port))
			rc = GEN_FAILED;
		free(run->worker[i].seq);
	}
	free(run->worker);
	pcapfile_free(&run->file);
	pthread_mutex_destroy(&run->print);
	return rc;
}

int
gen_main(int argc, char **argv)
{
	struct options o;
	struct run run = { .o = &o, .print = PTHREAD_MUTEX_INITIALIZER };
	uint64_t seed = interval_now() ^ (uint64_t)getpid() << 32;
	int rc, status, cleaned;

	rc = options_parse(&o, argc, argv);
	if (rc)
		return opt_status(rc);
	run.stream = (uint16_t)flow_random(&seed);
	sig_install();
	status = GEN_FAILED;
	if (open_files(&run) == 0 && make_workers(&run) == 0 && open_ports(&run) == 0) {
		wait_link(&run);
		rc = run_threads(&run);
		status = summarize(&run, rc);
	}
	cleaned = cleanup(&run);
	return status ? status : cleaned;
}
