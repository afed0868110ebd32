/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_vale_in.c - the first two steps of forwarding: collect and classify. They touch the sender's memory only. */
#include "nm_root.h"
#include "nm_vale.h"
#include "nm_vale_fwd.h"

#define MIN_FRAME 14u
#define SLOTS_AHEAD 64u /* the sender's stores come from another CPU's cache, four slots a line */
#define UNUSUAL (NS_MOREFRAG | NS_INDIRECT | NS_BUF_CHANGED | NS_REPORT | NS_NO_LEARN)

/* A slot of the client into a fragment; or the counter of why not, or -EAGAIN. What is fetched for it begins where the buffer does. */
static int
take_slot(struct nm_kring *kr, const struct netmap_slot *s, struct nm_vale_frag *f)
{
	uint32_t offset = s->flags & NS_INDIRECT ? 0 : nm_kring_offset(&kr->offsets, s->ptr);
	char *buf = nm_kring_buf(kr, s->buf_idx);

	if (!buf)
		return NM_STAT_drop_bad_buf;
	if (s->len > kr->stride - offset)
		return NM_STAT_drop_bad_len;
	if (s->flags & NS_INDIRECT) {
		int error = nm_os_copy_indirect(kr, buf, s->ptr, s->len);

		if (error)
			return error == -EAGAIN ? error : NM_STAT_drop_indirect;
	}
	f->buf = buf + offset;
	f->len = s->len;
	return 0;
}

/* One frame of any kind; returns its slots, 0 if it is not to be taken now. A bad one is counted and leaves no fragments. */
static uint32_t
collect_frame(struct nm_kring *kr, struct nm_vale_work *w, uint32_t i, uint32_t avail)
{
	struct nm_vale_frag *first = &w->frag[w->nfrags];
	uint32_t used = 0, k = 0, total = 0;
	struct netmap_slot s;
	int bad = 0, why;

	do {
		s = nm_kring_snapshot(&kr->slots[i]);
		why = k < NETMAP_MAX_FRAGS ? take_slot(kr, &s, &first[k]) : NM_STAT_drop_bad_frags;
		if (why == -EAGAIN) {
			w->again = true;
			return 0;
		}
		if (why && !bad)
			bad = why;
		if (s.flags & (NS_INDIRECT | NS_BUF_CHANGED | NS_REPORT))
			NM_WRITE_ONCE(kr->slots[i].flags, s.flags & ~(NS_INDIRECT | NS_BUF_CHANGED | NS_REPORT));
		total += s.len;
		if (!k)
			first->no_learn = s.flags & NS_NO_LEARN;
		if (k < NETMAP_MAX_FRAGS)
			k++;
		used++;
		i = nm_ring_add(i, 1, kr->nslots);
	} while ((s.flags & NS_MOREFRAG) && used < avail);
	if (s.flags & NS_MOREFRAG)
		bad = NM_STAT_drop_bad_frags;
	/* behind a header the addresses may be spread over fragments */
	if (!bad && (w->hdr ? total : first->len) < MIN_FRAME + w->hdr)
		bad = NM_STAT_drop_short;
	if (bad) {
		if (w->exact && w->nfrags)
			return 0;
		w->lead += used;
		kr->stat[NM_STAT_tx_packets]++;
		kr->stat[bad]++;
		return used;
	}
	first->nfrags = (uint8_t)k;
	first->total = total;
	w->nfrags += k;
	w->frames++;
	w->bytes += total;
	return used;
}

uint32_t
nm_vale_collect(struct nm_kring *kr, struct nm_vale_work *w, uint32_t from, uint32_t avail)
{
	/* with offsets, none: all frames take the longer way */
	const struct nm_kring_bufs bufs = {kr->bufs, kr->stride, kr->offsets.mask ? 0 : kr->nbufs};
	const struct netmap_slot *slots = kr->slots;
	struct nm_vale_frag *frag = w->frag;
	uint32_t used = 0, i = from, nslots = kr->nslots, stride = kr->stride, n = 0, frames = 0, chain;
	uint32_t ahead = SLOTS_AHEAD < nslots ? SLOTS_AHEAD : 0, hdr = NM_READ_ONCE(kr->port->hdr_len), least = MIN_FRAME + hdr;
	uint32_t step = hdr ? NM_VALE_VNET_STEP : NM_VALE_STEP;
	uint64_t bytes = 0;

	w->again = false;
	w->hdr = hdr;
	w->frames = w->nfrags = w->lead = 0;
	w->bytes = 0;
	while (used < avail && used < step) {
		struct netmap_slot s = nm_kring_snapshot(&slots[i]);
		const char *buf = nm_kring_buf_of(bufs, s.buf_idx);

		NM_PREFETCH(&slots[nm_ring_add(i, ahead, nslots)]);
		if (NM_LIKELY(!(s.flags & UNUSUAL) && buf && s.len >= least && s.len <= stride)) {
			NM_PREFETCH(buf);
			frag[n++] = (struct nm_vale_frag){buf, s.len, 1, 0, s.len};
			frames++;
			bytes += s.len;
			chain = 1;
		} else {
			w->nfrags = n;
			chain = collect_frame(kr, w, i, avail - used);
			n = w->nfrags;
			if (!chain)
				break;
		}
		used += chain;
		i = nm_ring_add(i, chain, nslots);
	}
	w->nfrags = n;
	w->frames += frames;
	w->bytes += bytes;
	return used;
}

enum nm_fdb_result
nm_vale_learn(struct nm_kring *kr, struct nm_vale *v, uint64_t mac, uint32_t vid, uint32_t now_s)
{
	static const uint8_t counter[] = {
		[NM_FDB_LEARNED] = NM_STAT_learned, [NM_FDB_MOVED] = NM_STAT_fdb_moved, [NM_FDB_FULL] = NM_STAT_fdb_full,
	};
	enum nm_fdb_result r;

	if (mac & 1) /* a group address is no sender */
		return NM_FDB_KNOWN;
	r = nm_fdb_learn(v->fdb, mac, vid, kr->port->vale_idx, now_s, kr->port->root->limits.fdb_age_s);
	if (r != NM_FDB_KNOWN && r != NM_FDB_FIXED)
		kr->stat[counter[r]]++;
	return r;
}

/* Enters the frames of fragments [first, end), which go to dst, as a run. */
static void
end_run(struct nm_kring *kr, struct nm_vale_work *w, uint32_t dst, uint32_t first, uint32_t end, uint32_t frames)
{
	struct nm_vale_list *l = &w->list[dst];

	if (!frames)
		return;
	if (dst == kr->port->vale_idx) {
		kr->stat[NM_STAT_drop_self] += frames;
		return;
	}
	if (l->head == NM_VALE_NIL) {
		l->head = (uint16_t)w->nruns;
		w->touched[w->ntouched++] = (uint8_t)dst;
	} else {
		w->run[l->tail].next = (uint16_t)w->nruns;
	}
	l->tail = (uint16_t)w->nruns++;
	w->run[l->tail] = (struct nm_vale_run){(uint16_t)first, (uint16_t)(end - first), (uint16_t)frames, NM_VALE_NIL};
}

static uint32_t
find_port(struct nm_vale *v, uint64_t mac, uint32_t now_s, uint32_t age_s)
{
	uint32_t dst = mac & 1 ? NM_FDB_NONE : nm_fdb_lookup(v->fdb, mac, 0, now_s, age_s);

	return dst == NM_FDB_NONE || !NM_READ_ONCE(v->ports[dst]) ? NM_VALE_FLOOD : dst;
}

/* Equal addresses that follow each other are learned and looked up once. */
static inline __attribute__((always_inline)) void
classify(struct nm_kring *kr, struct nm_vale *v, struct nm_vale_work *w, uint32_t now_s, bool hdr)
{
	uint64_t last_dst = ~0ull, last_src = ~0ull;
	uint32_t dst = NM_VALE_FLOOD, of_run = NM_VALE_FLOOD, first = 0, frames = 0, i, age_s = kr->port->root->limits.fdb_age_s;
	char room[MIN_FRAME];

	w->nruns = 0;
	for (i = 0; i < w->nfrags; i += w->frag[i].nfrags) {
		const char *p = hdr ? nm_vale_addresses(&w->frag[i], w->hdr, room) : w->frag[i].buf;
		uint64_t d = nm_fdb_mac(p), s = nm_fdb_mac(p + 6);

		if (NM_UNLIKELY(s != last_src) && NM_LIKELY(!w->frag[i].no_learn)) {
			nm_vale_learn(kr, v, s, 0, now_s);
			last_src = s;
		}
		if (NM_UNLIKELY(d != last_dst)) {
			dst = find_port(v, d, now_s, age_s);
			last_dst = d;
		}
		if (NM_UNLIKELY(dst != of_run)) {
			end_run(kr, w, of_run, first, i, frames);
			of_run = dst;
			first = i;
			frames = 0;
		}
		frames++;
	}
	end_run(kr, w, of_run, first, i, frames);
}

void
nm_vale_classify(struct nm_kring *kr, struct nm_vale *v, struct nm_vale_work *w, uint32_t now_s)
{
	if (NM_UNLIKELY(w->hdr))
		classify(kr, v, w, now_s, true);
	else
		classify(kr, v, w, now_s, false);
}
