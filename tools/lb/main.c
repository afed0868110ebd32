/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - lb: distributes what a port receives over pipes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lb.h"
#include "opt.h"
#include "out.h"
#include "sig.h"

static int
open_output(struct lb *l, const struct config *c)
{
	l->to = c->output && strcmp(c->output, "-") ? fopen(c->output, "w") : stdout;
	if (l->to)
		return 0;
	fprintf(stderr, "lb: cannot write %s: %s\n", c->output, strerror(errno));
	return -1;
}

static void
tell_groups(const struct lb *l)
{
	const struct spread *s = &l->spread;
	uint32_t g, i, swap;

	for (g = 0; g < s->ngroups; g++) {
		for (i = s->group[g], swap = 0; i < s->group[g + 1]; i++)
			swap += g == 0 && s->out[i].swap;
		fprintf(stderr, "lb: %s -> %s and on: %u pipes, of which %u get the buffers and %u copies\n", l->config->port,
		    l->pipe[s->group[g]].name, s->group[g + 1] - s->group[g], swap, s->group[g + 1] - s->group[g] - swap);
	}
}

static int
run(struct lb *l, const struct config *c)
{
	unsigned wait = config_wait(c);
	int rc;

	l->config = c;
	if (open_output(l, c) || ports_open(l, c))
		return 1;
	if (wait) {
		fprintf(stderr, "lb: waiting %u s for the link\n", wait);
		loop_wait(l, wait);
	}
	tell_groups(l);
	rc = loop_run(l);
	spread_give_up(&l->spread);
	report(l, l->ended, true);
	return rc || out_end("lb", l->to) ? 1 : 0;
}

int
main(int argc, char **argv)
{
	static struct config c;
	static struct lb l;
	int rc = config_parse(&c, argc, argv);

	if (rc)
		return opt_status(rc);
	sig_install();
	rc = run(&l, &c);
	ports_close(&l);
	return rc;
}
