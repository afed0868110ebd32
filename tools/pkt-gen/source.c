/* SPDX-License-Identifier: BSD-2-Clause */
/* source.c - the frames a thread sends. */
#include "source.h"

#include <endian.h>
#include <string.h>

#include "interval.h"
#include "seq.h"

/* A local unicast address for ports without one: 02 and five random bytes. */
static uint64_t
random_mac(uint64_t *seed)
{
	return 0x020000000000ull | (flow_random(seed) & 0xffffffffffull);
}

int
source_load(struct pcapfile *f, const char *path, char *err)
{
	static const struct pcapfile_want want = { FRAME_MIN, FRAME_MAX, FRAME_VNET_MAX, FRAME_SLACK };

	return pcapfile_load(f, path, &want, err);
}

void
source_init(struct source *s, const struct options *o, const struct pcapfile *file, uint64_t own, unsigned vnet, uint16_t stream)
{
	uint64_t seed = interval_now() ^ (uint64_t)stream << 48;

	s->file = file;
	s->vnet = vnet;
	s->at = 0;
	s->number = 0;
	s->max = (uint32_t)o->len;
	s->min = o->len_min ? (uint32_t)o->len_min : s->max;
	s->vary_len = s->min != s->max;
	s->stream = stream;
	s->stamp = o->mode == MODE_TX && (o->work & WORK_STAMP) && !file;
	s->numbered = o->mode == MODE_TXSEQ;
	flow_init(&s->flow, o, own ? own : random_mac(&seed), flow_random(&seed));
	s->seed = flow_random(&seed);
	/* a sum over data that change costs time: only if asked for. frame_build() adds it where IPv6 needs it */
	s->csum = (o->work & WORK_CSUM) || !(s->vary_len || s->stamp || s->numbered);
	frame_init(&s->frame, o->version, vnet);
	if (file)
		s->constant = file->n == 1;
	else
		s->constant = !s->vary_len && !s->stamp && !s->numbered && !s->flow.varies && !s->flow.random_src && !s->flow.random_dst;
	if (s->constant && !file)
		frame_build(&s->frame, &s->flow, s->max, s->csum);
}

static const uint8_t *
next_of_file(struct source *s, uint32_t *len)
{
	const struct pcapfile_frame *f = &s->file->frame[s->at];

	if (++s->at == s->file->n)
		s->at = 0;
	*len = f->len + s->vnet;
	return s->file->data + f->at - s->vnet;
}

static void
put_stamp(struct source *s)
{
	uint8_t *data = frame_data(&s->frame);
	uint32_t mark = htobe32(FRAME_MARK_STAMP);
	uint64_t now = htobe64(interval_now());

	memcpy(data, &mark, 4);
	memcpy(data + 4, &now, 8);
	frame_changed(&s->frame);
}

const uint8_t *
source_next(struct source *s, uint32_t *len)
{
	uint32_t n = s->max;

	if (s->file)
		return next_of_file(s, len);
	if (!s->constant) {
		if (s->vary_len)
			n = flow_length(&s->seed, s->min, s->max);
		if (s->stamp)
			put_stamp(s);
		if (s->numbered) {
			seq_fill(frame_data(&s->frame), n - frame_headers(s->frame.version), s->number++, s->stream);
			frame_changed(&s->frame);
		}
		frame_build(&s->frame, &s->flow, n, s->csum);
		flow_next(&s->flow);
	}
	*len = n + s->vnet;
	return frame_start(&s->frame);
}

uint32_t
source_longest(const struct source *s)
{
	return (s->file ? s->file->longest : s->max) + s->vnet;
}
