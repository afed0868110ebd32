/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stream.c - sends and receives frames of known content.
 *
 *	stream send PORT count=N [id=N] [to=N|all] [min=N] [max=N] [fragment=N] [swap=N] [indirect] [poll] [move]
 *	            [nap=FRAMES,US]
 *	stream recv PORT [id=N] [min=N] [max=N] [swap=N] [nap=FRAMES,US] [quiet] [late=N]
 *	            [host=MAC]
 *
 * send prints "ready", sends `count` frames from each ring, prints a JSON object once all were taken, and waits for SIGTERM.
 * With move it changes to another processor before each sync.
 * With nap= it rests that long after each burst, which are of so many frames at most: for receivers that can't hold it back.
 * recv prints "ready", receives until SIGINT, takes what is still there, prints a JSON object, and waits for SIGTERM. Then
 * the port is closed. min and max have to be the same on both sides. With late=N frames may come up to N behind the newest one of
 * their stream, each once: for links that keep frames back. With host=MAC frames from there are counted apart, whatever they are.
 */
#include "stream.h"

#include <netinet/ether.h>
#include <stdlib.h>
#include <string.h>

volatile sig_atomic_t stream_end, stream_leave;

void
stream_hold(void)
{
	sigset_t block, before;

	fflush(stdout);
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &before);
	while (!stream_leave)
		sigsuspend(&before);
}

static uint64_t
number(const char *arg, const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 10);

	if (end == text || (*end && *end != ','))
		die("%s: a number is expected", arg);
	return v;
}

static void
option(struct stream_options *o, const char *arg)
{
	const char *v = strchr(arg, '=') ? strchr(arg, '=') + 1 : "";
	const struct { const char *name; uint32_t *to; } numbers[] = {
		{"id=", &o->id}, {"min=", &o->pat.min}, {"max=", &o->pat.max}, {"fragment=", &o->fragment}, {"swap=", &o->swap},
		{"late=", &o->late},
	};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!strncmp(arg, numbers[i].name, strlen(numbers[i].name))) {
			*numbers[i].to = (uint32_t)number(arg, v);
			return;
		}
	if (!strncmp(arg, "count=", 6)) {
		o->count = number(arg, v);
	} else if (!strncmp(arg, "to=", 3)) {
		o->to = strcmp(v, "all") ? (uint32_t)number(arg, v) : PAT_BROADCAST;
	} else if (!strncmp(arg, "nap=", 4) && strchr(v, ',')) {
		o->nap_every = (uint32_t)number(arg, v);
		o->nap_us = (uint32_t)number(arg, strchr(v, ',') + 1);
	} else if (!strncmp(arg, "host=", 5)) {
		if (!ether_aton_r(v, (struct ether_addr *)o->host))
			die("%s: an address like 52:54:00:00:00:01 is expected", arg);
	} else if (!strcmp(arg, "indirect")) {
		o->indirect = true;
	} else if (!strcmp(arg, "poll")) {
		o->poll_only = true;
	} else if (!strcmp(arg, "move")) {
		o->move = true;
	} else if (!strcmp(arg, "quiet")) {
		o->quiet = true;
	} else {
		die("%s: unknown option", arg);
	}
}

int
main(int argc, char **argv)
{
	struct stream_options o = {.pat = {60, 60}, .to = PAT_BROADCAST};
	int i;

	if (argc < 3)
		die("usage: stream send|recv PORT [OPTION...]");
	o.port = argv[2];
	for (i = 3; i < argc; i++)
		option(&o, argv[i]);
	if (o.pat.min < 14 || o.pat.max < o.pat.min || o.pat.max > PAT_MAX)
		die("lengths %u to %u: 14 to %u are possible", o.pat.min, o.pat.max, PAT_MAX);
	common_catch(SIGTERM, &stream_leave);
	common_catch(SIGINT, &stream_end);
	setlinebuf(stdout);
	pat_init();
	return strcmp(argv[1], "send") ? stream_recv(&o) : stream_send(&o);
}
