/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_hw.h"
#include "nm_port.h"
#include "nm_session.h"

int
nm_hw_ring_init(struct nm_hw_ring *r, const struct nm_hw_core *core, int dir, uint32_t max_desc)
{
	*r = (struct nm_hw_ring){.core = core, .room = max_desc};
	if (dir == NM_DIR_RX) {
		r->buf = nm_os_alloc((size_t)max_desc * sizeof(*r->buf));
		r->buf_offset = nm_os_alloc((size_t)max_desc * sizeof(*r->buf_offset));
	} else {
		r->report = nm_os_alloc((size_t)max_desc * sizeof(*r->report));
		r->frame = nm_os_alloc(sizeof(*r->frame));
	}
	if ((r->buf && r->buf_offset) || (r->report && r->frame))
		return 0;
	nm_hw_ring_fini(r);
	return -ENOMEM;
}

void
nm_hw_ring_fini(struct nm_hw_ring *r)
{
	nm_os_free(r->buf);
	nm_os_free(r->buf_offset);
	nm_os_free(r->report);
	nm_os_free(r->frame);
	*r = (struct nm_hw_ring){0};
}

int
nm_hw_admit(struct nm_session *s, const struct nm_port *p, const struct nm_hw_bufs *b, uint32_t least)
{
	uint32_t stride = p->mem->pool[NM_POOL_BUF].objsize, left = stride - s->offsets.gap, needs = least ? least : 1;
	bool receives = s->first[NM_DIR_RX] < s->last[NM_DIR_RX] && s->first[NM_DIR_RX] < p->nrings[NM_DIR_RX];

	if (!s->offsets.mask || !receives || nm_hw_buf_size(b, left) >= needs)
		return 0;
	while (needs < stride && (!nm_hw_buf_size(b, needs) || nm_hw_buf_size(b, needs) < least))
		needs++;
	if (needs < stride)
		return nm_session_error(s, EINVAL, "%s: offsets that leave %u of a buffer's %u bytes are too large for its NIC, which needs %u to "
		    "receive; ask for at most %u", p->name, left, stride, needs, stride - needs);
	return nm_session_error(s, EINVAL, "%s: its NIC needs all of a buffer's %u bytes to receive; offsets need larger buffers", p->name,
	    stride);
}

void
nm_hw_set_bufs(struct nm_hw_ring *r, const struct nm_kring *kr, const struct nm_hw_bufs *b)
{
	r->rx_align = b && b->align ? b->align : 1;
	r->buf_bytes = kr->offsets.mask ? nm_hw_buf_size(b, nm_kring_chunk(kr)) : kr->stride;
	if (b && b->most && r->buf_bytes > b->most)
		r->buf_bytes = b->most;
}

/* What the NIC had is nobody's. Under kr->lock. */
static void
take_back(struct nm_hw_ring *r)
{
	struct nm_kring *kr = r->kr;
	uint32_t k;

	if (kr->dir == NM_DIR_RX) {
		for (; r->clean != r->use; r->clean = nm_ring_add(r->clean, 1, r->ndesc))
			kr->stack[kr->nstack++] = r->buf[r->clean];
	} else {
		for (k = 0; k < r->reports; k++) {
			const struct nm_hw_report *p = &r->report[nm_ring_add(r->report_first, k, r->room)];

			kr->stat[NM_STAT_drop_no_backend] += p->frames;
			if (p->foreign)
				r->core->foreign_gone(r, p->foreign, false);
		}
		kr->hwtail = nm_ring_add(kr->hwcur, kr->nslots - 1, kr->nslots);
	}
	r->reports = r->report_first = 0;
	r->skip = false;
}

void
nm_hw_start(struct nm_hw_ring *r, uint32_t ndesc, uint32_t first, uint32_t max_bytes)
{
	struct nm_kring *kr = r->kr;

	nm_os_spin_lock(&kr->lock);
	take_back(r);
	r->ndesc = ndesc;
	r->use = r->clean = first;
	r->max_bytes = max_bytes;
	r->max_single = max_bytes < kr->stride ? max_bytes : kr->stride;
	r->up = true;
	nm_os_spin_unlock(&kr->lock);
}

void
nm_hw_stop(struct nm_hw_ring *r)
{
	nm_os_spin_lock(&r->kr->lock);
	r->up = false;
	take_back(r);
	nm_os_spin_unlock(&r->kr->lock);
}

/* A short frame is filled up where it ends, if its buffer has room for that. */
static void
fill_up(struct nm_hw_ring *r, struct nm_frame *f, uint32_t min_bytes)
{
	struct nm_frame_part *last = &f->part[f->parts - 1];
	uint32_t more = min_bytes - f->bytes, end = last->offset + last->len;

	if (end + more > r->kr->stride) {
		f->bad = NM_STAT_drop_no_backend;
		return;
	}
	memset(nm_kring_buf(r->kr, last->buf) + end, 0, more);
	last->len += more;
}

void
nm_hw_frame(struct nm_hw_ring *r, uint32_t at, uint32_t max_parts, uint32_t min_bytes)
{
	const struct nm_kring *kr = r->kr;
	struct nm_frame *f = r->frame;
	uint32_t k, n;

	nm_frame_gather(kr, at, nm_ring_dist(at, kr->rhead, kr->nslots), f);
	for (k = n = 0; k < f->parts; k++) {
		if (!f->bad && f->part[k].buf >= nm_hw_known(r->map))
			f->bad = NM_STAT_drop_bad_buf;
		if (f->part[k].len) /* the others are nothing to a NIC */
			f->part[n++] = f->part[k];
	}
	f->parts = n;
	if (!f->bad && (f->bytes > r->max_bytes || n > max_parts || n >= r->ndesc))
		f->bad = NM_STAT_drop_no_backend;
	if (!f->bad && f->bytes < min_bytes)
		fill_up(r, f, min_bytes);
}
