/* SPDX-License-Identifier: BSD-2-Clause */
/* config.c - options. */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "opt.h"

#define AT(field) offsetof(struct config, field)

static int
take_port(void *target, const char *arg, char *err)
{
	struct config *c = target;

	if (c->port[0])
		snprintf(err, OPT_ERRLEN, "'%s' is a second port; lb takes frames from one", arg);
	else if (portname_full(arg, strlen(arg), c->port))
		snprintf(err, OPT_ERRLEN, "a port's name has 1 to %d characters", PORTNAME_LEN - 8);
	else
		return 0;
	return -EINVAL;
}

/* [PREFIX:]N */
static int
take_group(void *target, const char *arg, char *err)
{
	struct config *c = target;
	struct config_group *g = &c->group[c->ngroups];
	const char *colon = strrchr(arg, ':'), *number = colon ? colon + 1 : arg;
	int64_t n = 0;

	if (c->ngroups == CONFIG_GROUPS) {
		snprintf(err, OPT_ERRLEN, "there are %d groups already, the most there can be", CONFIG_GROUPS);
		return -EINVAL;
	}
	if (opt_number(number, &n) || n < 1 || n > CONFIG_PIPES) {
		snprintf(err, OPT_ERRLEN, "'%s' is no number of pipes, give [PREFIX:]N with N from 1 to %d", number, CONFIG_PIPES);
		return -EINVAL;
	}
	g->prefix[0] = '\0';
	if (colon && (portname_full(arg, (size_t)(colon - arg), g->prefix) || strpbrk(arg, "{}@/^*"))) {
		snprintf(err, OPT_ERRLEN, "'%.*s' is no beginning of a pipe's name, give a name as of a port, without { } @ / ^ *", (int)(colon - arg), arg);
		return -EINVAL;
	}
	g->n = (uint32_t)n;
	c->ngroups++;
	return 0;
}

static const struct opt_row rows[] = {
	{ 'i', "port", "PORT", "where the frames come from: NAME, netmap:NAME, vale0:x", OPT_CALL, .call = take_port },
	{ 'p', "pipes", "[PREFIX:]N", "a group of N pipes, PREFIX{0 and so on (2, of the port's name); may be repeated", OPT_CALL, .call = take_group },
	{ 'B', "extra-buffers", "N", "buffers for frames that wait for room in their pipe (0)", OPT_INT, AT(extra), 0, 1000000 },
	{ 'b', "batch", "N", "slots to take from a ring at once, 1 to 65536 (2048)", OPT_INT, AT(batch), 1, 65536 },
	{ 'w', "wait", "SECONDS", "wait for the link before starting (4; 0 for switch ports and pipes)", OPT_INT, AT(wait), 0, 3600 },
	{ 'W', "busy-wait", NULL, "look for frames all the time instead of sleeping", OPT_FLAG, AT(busy) },
	{ 's', "statistics", "SECONDS", "print counters at this interval", OPT_REAL, AT(interval), 0, 86400 },
	{ 'o', "output", "FILE", "statistics and summary go to this file (standard output)", OPT_STRING, AT(output) },
	{ 0, "json", NULL, "statistics and summary as JSON, an object on a line each", OPT_FLAG, AT(json) },
	{ 0 },
};

static const struct opt_spec spec = {
	.tool = "lb",
	.version = "14.0",
	.usage = "-i PORT [-p [PREFIX:]N]... [options]",
	.about = "Distributes what a netmap port receives over pipes, frames of one flow and its answers to the same.\n"
	    "Programs open the other ends: PREFIX}0, PREFIX}1, ... Ctrl-C ends it with a summary.",
	.rows = rows,
};

static int
settle(struct config *c)
{
	int i, k;

	if (!c->port[0]) {
		fprintf(stderr, "lb: no port is given; say for instance: lb -i eth0 -p 4, or lb --help\n");
		return -EINVAL;
	}
	if (!c->ngroups)
		c->group[c->ngroups++].n = 2;
	for (i = 0; i < c->ngroups; i++) {
		uint32_t n = 0;

		for (k = 0; k <= i; k++)
			if (!strcmp(c->group[k].prefix, c->group[i].prefix))
				n += c->group[k].n;
		if (n > CONFIG_PIPES) {
			fprintf(stderr, "lb: the groups of one prefix have %u pipes together, %d are possible; give one another prefix\n", n,
			    CONFIG_PIPES);
			return -EINVAL;
		}
	}
	return 0;
}

int
config_parse(struct config *c, int argc, char **argv)
{
	int rc;

	*c = (struct config){ .batch = 2048, .wait = CONFIG_WAIT };
	rc = opt_parse(&spec, argc, argv, c);
	return rc ? rc : settle(c);
}

unsigned
config_wait(const struct config *c)
{
	if (c->wait != CONFIG_WAIT)
		return (unsigned)c->wait;
	return portname_is_nic(c->port) ? 4 : 0;
}

uint32_t
config_pipes(const struct config *c)
{
	uint32_t n = 0;
	int i;

	for (i = 0; i < c->ngroups; i++)
		n += c->group[i].n;
	return n;
}
