/* SPDX-License-Identifier: BSD-2-Clause */
/* config.c - options. */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "opt.h"

static int
add_port(void *target, const char *arg, char *err)
{
	struct config *c = target;

	if (c->nports == 2) {
		snprintf(err, OPT_ERRLEN, "'%s' is a third port; a bridge has two", arg);
		return -EINVAL;
	}
	if (portname_full(arg, strlen(arg), c->port[c->nports])) {
		snprintf(err, OPT_ERRLEN, "a port's name has 1 to %d characters", PORTNAME_LEN - 8);
		return -EINVAL;
	}
	c->nports++;
	return 0;
}

/* A [B [BURST]] */
static int
word(void *target, const char *arg, char *err)
{
	struct config *c = target;
	int64_t n;

	c->nwords++;
	if (c->nports < 2)
		return add_port(c, arg, err);
	if (c->nwords > 3) {
		snprintf(err, OPT_ERRLEN, "is one word too many");
		return -EINVAL;
	}
	if (opt_number(arg, &n) || n < 1 || n > CONFIG_BURST_MAX) {
		snprintf(err, OPT_ERRLEN, "is not a burst, give 1 to %d", CONFIG_BURST_MAX);
		return -EINVAL;
	}
	c->burst = n;
	return 0;
}

static int
take_vnet(void *target, const char *arg, char *err)
{
	struct config *c = target;

	if (opt_number(arg, &c->vnet) || (c->vnet != 0 && c->vnet != 10 && c->vnet != 12)) {
		snprintf(err, OPT_ERRLEN, "is no length of a virtio-net header, give 0, 10 or 12");
		return -EINVAL;
	}
	return 0;
}

static const struct opt_row rows[] = {
	{ 'i', "interface", "PORT", "a port; the second may be missing: the host rings of the first take its place", OPT_CALL,
	    .call = add_port },
	{ 'b', "burst", "N", "slots to move at once, 1 to 8192 (1024)", OPT_INT, offsetof(struct config, burst), 1,
	    CONFIG_BURST_MAX },
	{ 'c', "copy", NULL, "copy frames also where buffers could be exchanged", OPT_FLAG, offsetof(struct config, copy) },
	{ 'w', "wait", "SECONDS", "wait for the links before starting (4; 0 for switch ports and pipes)", OPT_INT,
	    offsetof(struct config, wait), 0, 3600 },
	{ 'L', "loop", NULL, "with one port: send back what it receives", OPT_FLAG, offsetof(struct config, loop) },
	{ 'v', "verbose", NULL, "print rates every second", OPT_FLAG, offsetof(struct config, verbose) },
	{ 0, "vnet-header", "BYTES", "give both ports a virtio-net header of 0, 10 or 12 bytes (what one has, the other gets)", OPT_CALL,
	    .call = take_vnet },
	{ 0, "json", NULL, "print the summary as JSON", OPT_FLAG, offsetof(struct config, json) },
	{ 0 },
};

static const struct opt_spec spec = {
	.tool = "bridge",
	.version = "14.0",
	.usage = "[options] -i PORT [-i PORT]\n       bridge [options] PORT [PORT [BURST]]",
	.about = "Passes frames between two netmap ports, or between a port and its host rings.\n"
	    "Ports are eth0, netmap:eth0, vale0:x, netmap:p{1 and the like. Ctrl-C ends it.",
	.rows = rows,
	.word = word,
};

static int
settle(struct config *c)
{
	bool same = c->nports == 1 || strcmp(c->port[0], c->port[1]) == 0;

	if (!c->nports) {
		fprintf(stderr, "bridge: no port is given; try: bridge -i eth0 -i eth1, or bridge --help\n");
		return -EINVAL;
	}
	if (c->loop && !same) {
		fprintf(stderr, "bridge: -L sends back on one port, but %s and %s are two; leave one out\n", c->port[0], c->port[1]);
		return -EINVAL;
	}
	c->shape = !same ? CONFIG_PAIR : c->loop ? CONFIG_LOOP : CONFIG_HOST;
	if (same)
		c->port[1][0] = '\0';
	return 0;
}

int
config_parse(struct config *c, int argc, char **argv)
{
	int rc;

	*c = (struct config){ .burst = CONFIG_BURST, .wait = CONFIG_WAIT, .vnet = -1 };
	rc = opt_parse(&spec, argc, argv, c);
	return rc ? rc : settle(c);
}

unsigned
config_wait(const struct config *c)
{
	if (c->wait != CONFIG_WAIT)
		return (unsigned)c->wait;
	return portname_is_nic(c->port[0]) || (c->shape == CONFIG_PAIR && portname_is_nic(c->port[1])) ? 4 : 0;
}
