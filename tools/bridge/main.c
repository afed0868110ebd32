/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - bridge: passes frames between two netmap ports. */
#include <stdio.h>

#include "bridge.h"
#include "opt.h"
#include "out.h"
#include "sig.h"

static int
run(struct bridge *b, const struct config *c)
{
	unsigned wait = config_wait(c);
	int i, rc;

	if (sides_open(b, c))
		return 1;
	if (wait) {
		fprintf(stderr, "bridge: waiting %u s for the links\n", wait);
		loop_wait(b, wait);
	}
	for (i = 0; i < b->nflows; i++)
		fprintf(stderr, "bridge: %s -> %s, %s\n", b->side[b->flow[i].from].name, b->side[b->flow[i].to].name,
		    b->flow[i].move.swap ? "exchanging buffers" : "copying");
	rc = loop_run(b, c->verbose);
	if (c->json)
		report_json(b, stdout);
	else
		report_text(b, stdout);
	return rc || out_end("bridge", stdout) ? 1 : 0;
}

int
main(int argc, char **argv)
{
	static struct config c;
	static struct bridge b;
	int rc = config_parse(&c, argc, argv);

	if (rc)
		return opt_status(rc);
	sig_install();
	rc = run(&b, &c);
	sides_close(&b);
	return rc;
}
