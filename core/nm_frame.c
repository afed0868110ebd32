/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_frame.h"

/* One slot of it; 0 or the counter of why not. */
static int
take(const struct nm_kring *kr, const struct netmap_slot *s, struct nm_frame *f)
{
	uint32_t offset;
	int bad;

	if (f->slots >= NETMAP_MAX_FRAGS)
		return NM_STAT_drop_bad_frags;
	bad = nm_frame_slot(kr, s, &offset);
	if (!bad)
		f->part[f->parts++] = (struct nm_frame_part){s->buf_idx, s->len, offset};
	return bad;
}

void
nm_frame_gather(const struct nm_kring *kr, uint32_t at, uint32_t avail, struct nm_frame *f)
{
	const uint16_t asks = NS_BUF_CHANGED | NS_REPORT;
	struct netmap_slot s;
	int why;

	f->slots = f->parts = f->bytes = 0;
	f->bad = 0;
	f->report = false;
	do {
		s = nm_kring_snapshot(&kr->slots[at]);
		why = take(kr, &s, f);
		if (NM_UNLIKELY(why && !f->bad))
			f->bad = why;
		f->report |= s.flags & NS_REPORT;
		if (s.flags & asks)
			NM_WRITE_ONCE(kr->slots[at].flags, s.flags & ~asks);
		f->bytes += s.len;
		f->slots++;
		at = nm_ring_add(at, 1, kr->nslots);
	} while (NM_UNLIKELY(s.flags & NS_MOREFRAG) && f->slots < avail);
	if (NM_UNLIKELY(s.flags & NS_MOREFRAG))
		f->bad = NM_STAT_drop_bad_frags;
	if (NM_UNLIKELY(!f->bad && f->bytes < NM_FRAME_SHORTEST))
		f->bad = NM_STAT_drop_short;
}
