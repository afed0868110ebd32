/* SPDX-License-Identifier: BSD-2-Clause */
/* config.c - options and subcommands. */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <net/netmap.h>

#include "opt.h"

#define WATCH_MIN_MS 100
#define WATCH_MAX_MS 86400000

/* Which options and words an action takes. */
static const struct action_row {
	enum action action;
	const char *word; /* as subcommand */
	bool value;       /* a word before the name */
	bool must;        /* the name must be there */
	bool watch, shape, mem;
	bool words;       /* others may follow the name */
} actions[] = {
	{ ACTION_NONE, .watch = true },
	{ ACTION_LIST, "list", .watch = true },
	{ ACTION_STATS, "stats", .watch = true },
	{ ACTION_FDB, "fdb", .must = true, .watch = true, .words = true },
	{ ACTION_CHMOD, "chmod", .value = true, .must = true },
	{ ACTION_CHOWN, "chown", .value = true, .must = true },
	{ ACTION_ATTACH, .must = true, .mem = true },
	{ ACTION_ATTACH_HOST, .must = true, .mem = true },
	{ ACTION_DETACH, .must = true },
	{ ACTION_NEWIF, .must = true, .shape = true, .mem = true },
	{ ACTION_DELIF, .must = true },
	{ ACTION_INFO, .must = true },
	{ ACTION_POLLING_ON, .must = true, .shape = true },
	{ ACTION_POLLING_OFF, .must = true, .shape = true },
	{ ACTION_VLAN, "vlan", .must = true, .watch = true, .words = true },
	{ ACTION_STORM, "storm", .must = true, .watch = true, .words = true },
	{ ACTION_LOSSLESS, "lossless", .must = true, .watch = true, .words = true },
	{ ACTION_MIRROR, "mirror", .must = true, .watch = true, .words = true },
};

#define NR_ACTIONS (sizeof(actions) / sizeof(actions[0]))

static int
set_action(struct config *c, enum action a, const char *name, char *err)
{
	if (c->action != ACTION_NONE) {
		snprintf(err, OPT_ERRLEN, "one thing at a time: something else is to be done already");
		return -EINVAL;
	}
	c->action = a;
	c->name = name;
	return 0;
}

#define ACTION_OPTION(function, action_) \
	static int \
	function(void *target, const char *arg, char *err) \
	{ \
		return set_action(target, action_, arg, err); \
	}

ACTION_OPTION(take_attach, ACTION_ATTACH)
ACTION_OPTION(take_attach_host, ACTION_ATTACH_HOST)
ACTION_OPTION(take_detach, ACTION_DETACH)
ACTION_OPTION(take_newif, ACTION_NEWIF)
ACTION_OPTION(take_delif, ACTION_DELIF)
ACTION_OPTION(take_list, ACTION_LIST)
ACTION_OPTION(take_info, ACTION_INFO)
ACTION_OPTION(take_polling_on, ACTION_POLLING_ON)
ACTION_OPTION(take_polling_off, ACTION_POLLING_OFF)

static int
take_watch(void *target, const char *arg, char *err)
{
	struct config *c = target;
	double s;

	if (opt_real(arg, &s) || s * 1000 < WATCH_MIN_MS || s * 1000 > WATCH_MAX_MS) {
		snprintf(err, OPT_ERRLEN, "'%s' is not a number of seconds from 0.1 to 86400", arg);
		return -EINVAL;
	}
	c->watch_ms = (int64_t)(s * 1000);
	return 0;
}

static int
take_word(void *target, const char *arg, char *err)
{
	struct config *c = target;
	size_t i;

	if (c->action == ACTION_NONE) {
		for (i = 0; i < NR_ACTIONS; i++)
			if (actions[i].word && !strcmp(actions[i].word, arg))
				return set_action(c, actions[i].action, NULL, err);
		snprintf(err, OPT_ERRLEN, "is no command; there are list, stats, fdb, chmod, chown, vlan, storm, lossless and mirror");
		return -EINVAL;
	}
	if (actions[c->action].value && !c->value)
		c->value = arg;
	else if (!c->name && (actions[c->action].word || actions[c->action].value))
		c->name = arg;
	else if (actions[c->action].words && c->words.n < WORDS_MAX)
		c->words.v[c->words.n++] = arg;
	else {
		snprintf(err, OPT_ERRLEN, "is one word too many");
		return -EINVAL;
	}
	return 0;
}

static const struct opt_row rows[] = {
	{ 'a', "attach", "valeX:IF", "put an interface, or a persistent port, into a switch", OPT_CALL, .call = take_attach },
	{ 'h', "attach-host", "valeX:IF", "the same, its host stack too", OPT_CALL, .call = take_attach_host },
	{ 'd', "detach", "valeX:IF", "take it out", OPT_CALL, .call = take_detach },
	{ 'n', "new", "IF", "make a persistent port", OPT_CALL, .call = take_newif },
	{ 'r', "remove", "IF", "remove a persistent port", OPT_CALL, .call = take_delif },
	{ 'l', "list", NULL, "list the ports, or those of the switch that follows; as without any option", OPT_CALL,
	    .call = take_list },
	{ 'g', "get", "valeX:IF", "rings, slots and memory of a port", OPT_CALL, .call = take_info },
	{ 'p', "polling-on", "valeX:IF", "let the kernel poll the interface", OPT_CALL, .call = take_polling_on },
	{ 'P', "polling-off", "valeX:IF", "end that", OPT_CALL, .call = take_polling_off },
	{ 'C', "config", "LIST", "with -n: SLOTS[,SLOTS[,RINGS[,RINGS]]]; with -p: MODE[,FIRST[,COUNT]] of CPUs", OPT_STRING,
	    offsetof(struct config, shape) },
	{ 'm', "memory", "ID", "region to use, with -a, -h and -n", OPT_INT, offsetof(struct config, mem_id), 1, 65535 },
	{ 0, "flush", NULL, "with fdb: forget the addresses of a switch or port", OPT_FLAG, offsetof(struct config, flush) },
	{ 0, "watch", "[SECONDS]", "show again and again, every second if no other time is given", OPT_CALL, .call = take_watch },
	{ 0, "json", NULL, "print JSON; with --watch an object a line", OPT_FLAG, offsetof(struct config, json) },
	{ 'v', "verbose", NULL, "say more: what was done, counters that are 0", OPT_FLAG, offsetof(struct config, verbose) },
	{ 0 },
};

static const struct opt_spec spec = {
	.tool = "vale-ctl",
	.version = "14.0",
	.usage = "[options]\n"
	    "       vale-ctl list [SWITCH|PORT]\n"
	    "       vale-ctl stats [SWITCH|PORT]\n"
	    "       vale-ctl fdb SWITCH|PORT [--flush]\n"
	    "       vale-ctl fdb SWITCH add ADDRESS PORT [vlan VLAN] | del ADDRESS [vlan VLAN]\n"
	    "       vale-ctl vlan SWITCH|PORT [off | access VLAN | trunk [native VLAN] [allow SET]]\n"
	    "       vale-ctl storm SWITCH|PORT [off | {broadcast|multicast|unknown} RATE[,BURST] ...]\n"
	    "       vale-ctl lossless SWITCH|PORT [on | off]\n"
	    "       vale-ctl mirror SWITCH|PORT [off | to PORT [rx|tx|both]]\n"
	    "       vale-ctl chmod MODE SWITCH|PORT\n"
	    "       vale-ctl chown [USER][:GROUP] SWITCH|PORT",
	.about = "Looks at VALE switches and ports and changes them.",
	.rows = rows,
	.word = take_word,
};

static int
refuse(const char *text)
{
	fprintf(stderr, "vale-ctl: %s; see vale-ctl --help\n", text);
	return -EINVAL;
}

/* What the options say of each other. */
static int
check(const struct config *c)
{
	const struct action_row *a = &actions[c->action];

	if (a->value && !c->value)
		return refuse(c->action == ACTION_CHMOD ? "chmod needs a mode and a name, as in: chmod 0660 vale0:a" :
		    "chown needs an owner and a name, as in: chown root:netmap vale0:a");
	if (a->must && !c->name)
		return refuse(c->action == ACTION_FDB ? "fdb needs a switch, as in: fdb vale0" : "a switch or port must follow");
	if (c->watch_ms && (!a->watch || c->flush || c->words.n))
		return refuse("--watch goes with commands that look, not with what changes something");
	if (c->flush && (c->action != ACTION_FDB || c->words.n))
		return refuse("--flush goes with fdb");
	if (c->shape && !a->shape)
		return refuse("-C goes with -n, -p and -P");
	if (c->mem_id && !a->mem)
		return refuse("-m goes with -a, -h and -n");
	return 0;
}

/* What follows the name. */
static int
convert_words(struct config *c, char err[NAMES_ERRLEN])
{
	switch (c->action) {
	case ACTION_FDB:
		return words_fdb(&c->words, &c->req.fixed, &c->port, err);
	case ACTION_VLAN:
		return words_vlan(&c->words, &c->req.vlan, err);
	case ACTION_STORM:
		return words_storm(&c->words, &c->req.storm, c->kinds, err);
	case ACTION_LOSSLESS:
		return words_lossless(&c->words, &c->req.lossless, err);
	default:
		return words_mirror(&c->words, &c->req.mirror, err);
	}
}

/* Numbers out of words. */
static int
convert(struct config *c)
{
	char err[NAMES_ERRLEN];
	int rc = 0;

	c->polling = (struct names_polling){ NETMAP_POLLING_MODE_SINGLE_CPU, 0, 1 };
	if (c->action == ACTION_CHMOD) {
		rc = names_mode(c->value, &c->mode, err);
		c->valid = NM_ACCESS_SET_MODE;
	} else if (c->action == ACTION_CHOWN) {
		rc = names_owner(c->value, &c->uid, &c->gid, &c->valid, err);
	} else if (c->words.n) {
		rc = convert_words(c, err);
	} else if (c->shape) {
		rc = c->action == ACTION_NEWIF ? names_shape(c->shape, &c->ring, err) : names_polling(c->shape, &c->polling, err);
	}
	return rc ? refuse(err) : 0;
}

/* --watch may stand alone or before its number: makes both --watch=NUMBER. Returns the new argc. */
static int
join_watch(int argc, char **argv)
{
	static char joined[64], alone[] = "--watch=1";
	int i, k;
	double s;

	for (i = k = 1; i < argc; i++, k++) {
		argv[k] = argv[i];
		if (strcmp(argv[i], "--watch"))
			continue;
		argv[k] = alone;
		if (i + 1 < argc && strlen(argv[i + 1]) < sizeof(joined) - 9 && !opt_real(argv[i + 1], &s)) {
			snprintf(joined, sizeof(joined), "--watch=%s", argv[++i]);
			argv[k] = joined;
		}
	}
	argv[k] = NULL;
	return k;
}

int
config_parse(struct config *c, int argc, char **argv)
{
	int rc;

	*c = (struct config){ .action = ACTION_NONE };
	rc = opt_parse(&spec, join_watch(argc, argv), argv, c);
	if (!rc)
		rc = check(c);
	return rc ? rc : convert(c);
}
