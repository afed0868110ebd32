/* SPDX-License-Identifier: BSD-2-Clause */
/* fault.c - why a port failed, and what to do. */
#include "fault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <libnetmap.h>

/* Of this thread: threads open their ports again by themselves. */
static _Thread_local char last[FAULT_LINE];

static void
note(struct nmctx *ctx, const char *text)
{
	(void)ctx;
	snprintf(last, sizeof(last), "%.*s", (int)strcspn(text, "\n"), text);
}

void
fault_listen(void)
{
	nmctx_get()->error = note;
	last[0] = '\0';
	errno = 0;
}

static const struct {
	int e;
	const char *advice;
} table[] = {
	{ ENXIO, "see: ip link, vale-ctl list; a switch port is named like vale0:x" },
	{ ENODEV, "see: ip link, vale-ctl list; a switch port is named like vale0:x" },
	{ EBUSY, "a program or a switch has it, see: vale-ctl list" },
	{ EACCES, "run it as the owner or root, or let the owner run: vale-ctl chmod 0660 PORT" },
	{ EPERM, "run it as the owner or root, or let the owner run: vale-ctl chmod 0660 PORT" },
	{ ENOENT, "there is neither a module nor an engine: load netmap or start netmapd" },
	{ ECONNREFUSED, "no engine answers: start netmapd" },
	{ EIO, "the engine went away: start it again" },
	{ EPIPE, "the engine went away: start it again" },
	{ ECONNRESET, "the engine went away: start it again" },
	{ ENOMEM, "ask for fewer slots or rings, or close other ports, see: vale-ctl list" },
	{ ENOSPC, "ask for fewer slots or rings, or close other ports, see: vale-ctl list" },
	{ EMFILE, "too many files are open: raise ulimit -n" },
	{ EOPNOTSUPP, "this engine or this port can't do it" },
};

static const char *
advice(int e)
{
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].e == e)
			return table[i].advice;
	return NULL;
}

/* The engine's own text is behind the library's account of the failed request: "'x': register failed: ENXIO (...): text". */
static const char *
essence(const char *said)
{
	const char *request = strstr(said, " failed: "), *text = request ? strstr(request, "): ") : NULL;

	return text && text[3] ? text + 3 : said;
}

const char *
fault_text(const char *said, int e, char to[FAULT_LINE])
{
	const char *why = essence(said), *then = advice(e);

	if (!*why)
		why = e ? strerror(e) : "the library does not say why";
	if (!*said && !then)
		then = "see netmap(4)";
	if (strchr(why, ';') || !then)
		snprintf(to, FAULT_LINE, "%s", why);
	else
		snprintf(to, FAULT_LINE, "%s; %s", why, then);
	return to;
}

const char *
fault_line(int e, char to[FAULT_LINE])
{
	return fault_text(last, e, to);
}
