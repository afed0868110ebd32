/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - nmreplay: sends the frames of a pcap file as over a link of some rate, delay and loss. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "opt.h"
#include "out.h"
#include "play.h"
#include "sig.h"

static int
load(struct play *p, const struct config *c)
{
	static const struct pcapfile_want want = { .least = 14, .most = 65535 };
	char err[PCAPFILE_ERRLEN];

	if (pcapfile_load(&p->trace, c->file, &want, err)) {
		fprintf(stderr, "nmreplay: %s\n", err);
		return -1;
	}
	if (p->trace.cut)
		fprintf(stderr, "nmreplay: %s: of %" PRIu64 " frames the capture kept the beginning only, which is what is sent\n", c->file,
		    p->trace.cut);
	if (model_init(&p->model, &c->model, p->trace.shortest)) {
		fprintf(stderr, "nmreplay: no memory to keep account of a buffer of %" PRIu64 " bytes; give a smaller -b\n", c->model.buffer);
		return -1;
	}
	return 0;
}

static int
run(struct play *p, const struct config *c)
{
	unsigned wait = config_wait(c);
	int rc;

	p->config = c;
	if (c->has_cpus && sched_setaffinity(0, sizeof(c->cpus), &c->cpus)) {
		fprintf(stderr, "nmreplay: -C: none of these CPUs can be used (%s); see: lscpu --online\n", strerror(errno));
		return 1;
	}
	if (load(p, c) || play_open(p))
		return 1;
	if (wait) {
		fprintf(stderr, "nmreplay: waiting %u s for the link\n", wait);
		play_wait(p, wait);
	}
	fprintf(stderr, "nmreplay: %s: %zu frames, %" PRIu64 " bytes -> %s\n", c->file, p->trace.n, p->trace.bytes, c->port);
	rc = play_run(p);
	report(p, stdout);
	return rc || out_end("nmreplay", stdout) ? 1 : 0;
}

int
main(int argc, char **argv)
{
	static struct config c;
	static struct play p;
	int rc = config_parse(&c, argc, argv);

	if (rc)
		return opt_status(rc);
	sig_install();
	rc = run(&p, &c);
	play_close(&p);
	return rc;
}
