/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - what came in, and what became of it. */
#include <inttypes.h>

#include "interval.h"
#include "jout.h"
#include "lb.h"
#include "out.h"
#include "units.h"

static void
text(struct lb *l, double seconds, bool final)
{
	const struct spread *s = &l->spread;
	char pps[UNITS_LEN];
	uint32_t i, g = 0;

	fprintf(l->to, "%s: %s%" PRIu64 " frames, %" PRIu64 " bytes in %.3f s (%s), %u of %u extra buffers free\n", l->config->port,
	    final ? "received " : "", s->received, s->bytes, seconds, units_format(pps, (double)s->received / seconds, "pps", false),
	    s->pool.nbufs, s->pool.nslots);
	if (s->bad)
		fprintf(l->to, "%s: %" PRIu64 " frames of more than %d slots passed over\n", l->config->port, s->bad, NETMAP_MAX_FRAGS);
	for (i = 0; i < s->nout; i++) {
		const struct spread_out *o = &s->out[i];

		while (i >= s->group[g + 1])
			g++;
		fprintf(l->to, "group %u, %s: forwarded %" PRIu64 " (%" PRIu64 " waited), dropped %" PRIu64 ", queued %u", g, l->pipe[i].name,
		    o->count.forwarded, o->count.waited, o->count.dropped, o->queue.frames);
		if (o->count.misfits)
			fprintf(l->to, ", too long for it %" PRIu64, o->count.misfits);
		fprintf(l->to, "%s\n", g == 0 && o->swap ? "" : ", copied");
	}
}

static struct json_object *
json_pipe(const struct lb *l, uint32_t i, bool first)
{
	const struct spread_out *out = &l->spread.out[i];
	struct json_object *o = json_object_new_object();

	jout_text(o, "name", l->pipe[i].name);
	json_object_object_add(o, "zero_copy", json_object_new_boolean(first && out->swap));
	jout_count(o, "forwarded", out->count.forwarded);
	jout_count(o, "forwarded_bytes", out->count.bytes);
	jout_count(o, "waited", out->count.waited);
	jout_count(o, "dropped", out->count.dropped);
	jout_count(o, "misfits", out->count.misfits);
	jout_count(o, "queued", out->queue.frames);
	return o;
}

static void
json(struct lb *l, double seconds, bool final)
{
	const struct spread *s = &l->spread;
	struct json_object *o = json_object_new_object(), *groups = json_object_new_array(), *pipes;
	uint32_t g, i;

	jout_text(o, "tool", "lb");
	if (final)
		jout_text(o, "ended_by", l->why);
	jout_real(o, "seconds", seconds);
	jout_text(o, "port", l->config->port);
	jout_count(o, "received", s->received);
	jout_count(o, "received_bytes", s->bytes);
	jout_count(o, "bad", s->bad);
	jout_count(o, "extra_buffers", s->pool.nslots);
	jout_count(o, "extra_buffers_free", s->pool.nbufs);
	for (g = 0; g < s->ngroups; g++) {
		pipes = json_object_new_array();
		for (i = s->group[g]; i < s->group[g + 1]; i++)
			json_object_array_add(pipes, json_pipe(l, i, g == 0));
		json_object_array_add(groups, pipes);
	}
	json_object_object_add(o, "groups", groups);
	jout_print(o, l->to, 0); /* main looks whether it could be written */
}

void
report(struct lb *l, uint64_t now, bool final)
{
	double seconds = (double)(now - l->started) / 1e9;

	if (seconds <= 0)
		seconds = 1e-9;
	if (l->config->json)
		json(l, seconds, final);
	else
		text(l, seconds, final);
	out_flush(l->to);
}
