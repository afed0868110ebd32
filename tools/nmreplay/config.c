/* SPDX-License-Identifier: BSD-2-Clause */
/* config.c - options; rates, delays and losses as words. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opt.h"

#define AT(field) offsetof(struct config, field)
#define WORDS 3
#define DELAY_MOST 3600e9 /* ns */
#define BPS_MOST 1e12

/* KIND,VALUE,VALUE taken apart. The kind may be shortened, and left out: then the value is of the first kind. */
struct words {
	char copy[128];
	const char *word[WORDS + 1];
	int n, kind;
};

static const struct name {
	const char *name;
	int kind;
} rates[] = { { "constant", RATE_CONSTANT }, { "ether", RATE_ETHER }, { "real", RATE_REAL }, { "max", RATE_MAX }, { NULL, 0 } },
  delays[] = { { "constant", DELAY_CONSTANT }, { "uniform", DELAY_UNIFORM }, { "exponential", DELAY_EXPONENTIAL }, { NULL, 0 } },
  losses[] = { { "packet", LOSS_PACKET }, { "plr", LOSS_PACKET }, { "bit", LOSS_BIT }, { "ber", LOSS_BIT }, { NULL, 0 } };

static int
split(struct words *w, const char *arg, const struct name *names, char *err)
{
	char *rest = w->copy, *word;
	int at;

	w->n = 0;
	w->kind = names[0].kind;
	if (snprintf(w->copy, sizeof(w->copy), "%s", arg) >= (int)sizeof(w->copy)) {
		snprintf(err, OPT_ERRLEN, "is too long");
		return -EINVAL;
	}
	if (isalpha((unsigned char)*arg)) {
		word = strsep(&rest, ",");
		for (; names->name && strncmp(names->name, word, strlen(word)); names++)
			;
		if (!names->name) {
			at = snprintf(err, OPT_ERRLEN, "'%s' is unknown", word);
			snprintf(err + at, OPT_ERRLEN - (size_t)at, "; see the manual, nmreplay(8), for the kinds there are");
			return -EINVAL;
		}
		w->kind = names->kind;
	}
	while ((word = strsep(&rest, ","))) {
		if (w->n == WORDS) {
			snprintf(err, OPT_ERRLEN, "'%s' has too many values", arg);
			return -EINVAL;
		}
		w->word[w->n++] = word;
	}
	return 0;
}

static int
need(const struct words *w, int least, int most, const char *form, char *err)
{
	if (w->n >= least && w->n <= most)
		return 0;
	snprintf(err, OPT_ERRLEN, "%d values are given, expected is %s", w->n, form);
	return -EINVAL;
}

static int
take_rate(void *target, const char *arg, char *err)
{
	struct model_conf *m = &((struct config *)target)->model;
	struct words w;
	double x = 1;

	if (split(&w, arg, rates, err))
		return -EINVAL;
	m->rate = w.kind;
	switch (w.kind) {
	case RATE_MAX:
		return need(&w, 0, 0, "max alone", err);
	case RATE_REAL:
		if (need(&w, 0, 1, "real,SPEED", err))
			return -EINVAL;
		if (w.n && (opt_real(w.word[0], &x) || x < 1e-6 || x > 1e6)) {
			snprintf(err, OPT_ERRLEN, "'%s' is no speed-up, give 0.000001 to 1000000", w.word[0]);
			return -EINVAL;
		}
		m->speed = x;
		return 0;
	default:
		if (need(&w, 1, 1, "one number of bits a second", err))
			return -EINVAL;
		if (opt_real(w.word[0], &x) || x < 1 || x > BPS_MOST) {
			snprintf(err, OPT_ERRLEN, "'%s' is no number of bits a second, give 1 to 1000G", w.word[0]);
			return -EINVAL;
		}
		m->bps = (uint64_t)x;
		return 0;
	}
}

/* 0, or a number and ns, us, ms or s. */
static int
time_of(const char *text, uint64_t *ns, char *err)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
	char *end;
	double x = strtod(text, &end);
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]) && strcmp(end, units[i].unit); i++)
		;
	if (i < sizeof(units) / sizeof(units[0]))
		x *= units[i].ns;
	else if (*end || x != 0)
		x = -1;
	if (end == text || !isfinite(x) || x < 0 || x > DELAY_MOST) {
		snprintf(err, OPT_ERRLEN, "'%s' is no time, give a number and ns, us, ms or s, up to an hour", text);
		return -EINVAL;
	}
	*ns = (uint64_t)llround(x);
	return 0;
}

static int
take_delay(void *target, const char *arg, char *err)
{
	struct model_conf *m = &((struct config *)target)->model;
	struct words w;

	if (split(&w, arg, delays, err))
		return -EINVAL;
	m->delay = w.kind;
	if (w.kind == DELAY_CONSTANT) {
		if (need(&w, 1, 1, "one time", err) || time_of(w.word[0], &m->delay_ns[0], err))
			return -EINVAL;
		m->delay_ns[1] = m->delay_ns[0];
		return 0;
	}
	if (need(&w, 2, 2, w.kind == DELAY_UNIFORM ? "uniform,LEAST,MOST" : "exponential,LEAST,MEAN", err) ||
	    time_of(w.word[0], &m->delay_ns[0], err) || time_of(w.word[1], &m->delay_ns[1], err))
		return -EINVAL;
	if (m->delay_ns[1] < m->delay_ns[0]) {
		snprintf(err, OPT_ERRLEN, "%s is less than %s, the least delay; exchange them", w.word[1], w.word[0]);
		return -EINVAL;
	}
	return 0;
}

static int
take_loss(void *target, const char *arg, char *err)
{
	struct model_conf *m = &((struct config *)target)->model;
	struct words w;
	char *end;

	if (split(&w, arg, losses, err) || need(&w, 1, 1, "one probability", err))
		return -EINVAL;
	m->loss = w.kind;
	m->p = strtod(w.word[0], &end);
	if (end == w.word[0] || *end || !(m->p >= 0 && m->p <= 1)) {
		snprintf(err, OPT_ERRLEN, "'%s' is no probability, give 0 to 1", w.word[0]);
		return -EINVAL;
	}
	return 0;
}

static int
take_cpus(void *target, const char *arg, char *err)
{
	struct config *c = target;
	const char *p = arg;
	char *end;

	CPU_ZERO(&c->cpus);
	c->has_cpus = true;
	do {
		unsigned long n = strtoul(p, &end, 10);

		if (!isdigit((unsigned char)*p) || (*end && *end != ',') || n >= CPU_SETSIZE) {
			snprintf(err, OPT_ERRLEN, "'%s' is no list of CPUs, give numbers below %d with commas", arg, CPU_SETSIZE);
			return -EINVAL;
		}
		CPU_SET(n, &c->cpus);
		p = end + 1;
	} while (*end);
	return 0;
}

static int
take_port(void *target, const char *arg, char *err)
{
	struct config *c = target;

	if (!portname_full(arg, strlen(arg), c->port))
		return 0;
	snprintf(err, OPT_ERRLEN, "a port's name has 1 to %d characters", PORTNAME_LEN - 8);
	return -EINVAL;
}

static const struct opt_row rows[] = {
	{ 'f', "file", "FILE", "a pcap or pcapng file of Ethernet frames; -: standard input", OPT_STRING, AT(file) },
	{ 'i', "port", "PORT", "where to send them: NAME, netmap:NAME, vale0:x", OPT_CALL, .call = take_port },
	{ 'B', "bandwidth", "RATE", "BPS or constant,BPS; ether,BPS with framing; real[,SPEED] by the file's times (default); max", OPT_CALL,
	    .call = take_rate },
	{ 'D', "delay", "DELAY", "TIME or constant,TIME; uniform,LEAST,MOST; exponential,LEAST,MEAN; with ns, us, ms or s (0)", OPT_CALL,
	    .call = take_delay },
	{ 'L', "loss", "LOSS", "P or packet,P; bit,P: probability that a frame, or a bit, is lost (0)", OPT_CALL, .call = take_loss },
	{ 'b', "buffer", "BYTES", "what waits for its delay; more is dropped; 0: any (default)", OPT_INT, AT(buffer), 0, 1000000000000 },
	{ 'C', "cpus", "N[,N...]", "run on these CPUs only", OPT_CALL, .call = take_cpus },
	{ 'w', "wait", "SECONDS", "wait for the link before starting (2; 0 for switch ports and pipes)", OPT_INT, AT(wait), 0, 3600 },
	{ 'v', "verbose", NULL, "print rates every second", OPT_FLAG, AT(verbose) },
	{ 0, "loop", "N", "play the file so often; 0: endless (1)", OPT_INT, AT(loops), 0, INT64_MAX },
	{ 0, "seed", "N", "of the random numbers; the same one gives the same losses and delays (1)", OPT_INT, AT(seed), 0, INT64_MAX },
	{ 0, "json", NULL, "print the summary as JSON", OPT_FLAG, AT(json) },
	{ 0 },
};

static const struct opt_spec spec = {
	.tool = "nmreplay",
	.version = "14.0",
	.usage = "-f FILE -i PORT [options]",
	.about = "Sends the frames of a pcap file to a netmap port, as over a link of some rate, delay and loss.",
	.rows = rows,
};

int
config_parse(struct config *c, int argc, char **argv)
{
	int rc;

	*c = (struct config){ .wait = CONFIG_WAIT, .loops = 1, .seed = 1, .model = { .rate = RATE_REAL, .speed = 1 } };
	rc = opt_parse(&spec, argc, argv, c);
	if (rc)
		return rc;
	c->model.buffer = (uint64_t)c->buffer;
	c->model.seed = (uint64_t)c->seed;
	if (c->file && c->port[0])
		return 0;
	fprintf(stderr, "nmreplay: no %s is given; say for instance: nmreplay -f frames.pcap -i eth0, or nmreplay --help\n",
	    c->file ? "port" : "file");
	return -EINVAL;
}

unsigned
config_wait(const struct config *c)
{
	if (c->wait != CONFIG_WAIT)
		return (unsigned)c->wait;
	return portname_is_nic(c->port) ? 2 : 0;
}
