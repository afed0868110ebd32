/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_vale_fwd.c - forwarding: what one sync of a transmit ring does.
 *
 *   collect   snapshot and check the slots, find the frames          (touches slots only)
 *   classify  learn, look up, thread each frame on its destination's list
 *   deliver   per destination: lease slots, copy outside the lock, publish, notify once
 *
 * Frames go through in steps of at most NM_VALE_STEP slots so that the work arrays stay in the first-level
 * cache. Frames of one destination keep their order, also between unicast and flooded ones.
 */
#include "nm_root.h"
#include "nm_vale.h"
#include "nm_vale_fwd.h"

#define NIL 0xffffu
#define FLOOD NM_VALE_MAX_PORTS
#define MIN_FRAME 14u
#define AHEAD 4u

/* Drops the whole chain that begins at slot i; counts once. */
static void
drop(struct nm_kring *kr, int reason)
{
	kr->stat[NM_STAT_tx_packets]++;
	kr->stat[reason]++;
}

/* A slot of the client into a fragment, or the counter of why not. */
static int
take_slot(struct nm_kring *kr, const struct netmap_slot *s, struct nm_vale_frag *f)
{
	if (NM_UNLIKELY(s->flags & NS_INDIRECT))
		return NM_STAT_drop_indirect;
	f->buf = nm_kring_buf(kr, s->buf_idx);
	if (NM_UNLIKELY(!f->buf))
		return NM_STAT_drop_bad_buf;
	if (NM_UNLIKELY(s->len > kr->stride))
		return NM_STAT_drop_bad_len;
	f->len = s->len;
	return 0;
}

/*
 * Gathers whole frames from slot `from` on until NM_VALE_STEP slots are seen; only a chain may run further, up to
 * the `avail` slots published. Returns the slots consumed. What is not whole by then is dropped.
 */
static uint32_t
collect(struct nm_kring *kr, struct nm_vale_work *w, uint32_t from, uint32_t avail)
{
	uint32_t used = 0, n = 0;

	while (used < avail && used < NM_VALE_STEP) {
		struct nm_vale_frag *first = &w->frag[n];
		uint32_t k = 0, len = 0, i = from;
		int bad = 0, why;
		struct netmap_slot s;

		do {
			s = nm_kring_snapshot(&kr->slots[i]);
			why = k < NETMAP_MAX_FRAGS ? take_slot(kr, &s, &w->frag[n + k]) : NM_STAT_drop_bad_frags;
			if (NM_UNLIKELY(why && !bad))
				bad = why;
			if (NM_UNLIKELY(s.flags & (NS_INDIRECT | NS_BUF_CHANGED | NS_REPORT)))
				NM_WRITE_ONCE(kr->slots[i].flags, s.flags & ~(NS_INDIRECT | NS_BUF_CHANGED | NS_REPORT));
			len += s.len;
			if (k < NETMAP_MAX_FRAGS)
				k++;
			used++;
			i = nm_ring_add(i, 1, kr->nslots);
		} while ((s.flags & NS_MOREFRAG) && used < avail);
		from = i;
		if (NM_UNLIKELY(s.flags & NS_MOREFRAG))
			bad = NM_STAT_drop_bad_frags;
		if (NM_UNLIKELY(!bad && (len < MIN_FRAME || first->len < MIN_FRAME)))
			bad = NM_STAT_drop_short;
		if (NM_UNLIKELY(bad)) {
			drop(kr, bad);
			continue;
		}
		first->nfrags = (uint16_t)k;
		first->total = len;
		n += k;
		w->frames++;
		w->bytes += len;
	}
	w->nfrags = n;
	return used;
}

static inline void
append(struct nm_vale_work *w, uint32_t dst, uint32_t i)
{
	struct nm_vale_list *l = &w->list[dst];

	if (l->head == NIL) {
		l->head = (uint16_t)i;
		l->slots = 0;
		w->touched[w->ntouched++] = (uint8_t)dst;
	} else {
		w->frag[l->tail].next = (uint16_t)i;
	}
	w->frag[i].next = NIL;
	l->tail = (uint16_t)i;
	l->slots += w->frag[i].nfrags;
}

static void
learn(struct nm_kring *kr, struct nm_vale *v, uint64_t mac, uint32_t now_s)
{
	static const uint8_t counter[] = {
		[NM_FDB_LEARNED] = NM_STAT_learned, [NM_FDB_MOVED] = NM_STAT_fdb_moved, [NM_FDB_FULL] = NM_STAT_fdb_full,
	};
	enum nm_fdb_result r;

	if (mac & 1) /* a group address is no sender */
		return;
	r = nm_fdb_learn(v->fdb, mac, kr->port->vale_idx, now_s, kr->port->root->limits.fdb_age_s);
	if (r != NM_FDB_KNOWN)
		kr->stat[counter[r]]++;
}

/* Runs of equal addresses are learned and looked up once. */
static void
classify(struct nm_kring *kr, struct nm_vale *v, struct nm_vale_work *w, uint32_t now_s)
{
	uint64_t last_dst = ~0ull, last_src = ~0ull;
	uint32_t dst = NM_FDB_NONE, i, age_s = kr->port->root->limits.fdb_age_s;

	for (i = 0; i < w->nfrags; i += w->frag[i].nfrags) {
		const char *p = w->frag[i].buf;
		uint64_t d = nm_fdb_mac(p), s = nm_fdb_mac(p + 6);

		NM_PREFETCH(w->frag[i + AHEAD].buf);
		if (NM_UNLIKELY(s != last_src)) {
			learn(kr, v, s, now_s);
			last_src = s;
		}
		if (NM_UNLIKELY(d != last_dst)) {
			dst = d & 1 ? NM_FDB_NONE : nm_fdb_lookup(v->fdb, d, now_s, age_s);
			if (dst == NM_FDB_NONE || !NM_READ_ONCE(v->ports[dst]))
				dst = FLOOD;
			last_dst = d;
		}
		if (NM_UNLIKELY(dst == kr->port->vale_idx))
			kr->stat[NM_STAT_drop_self]++;
		else
			append(w, dst, i);
	}
}

/* The next frame of two lists merged by position; NIL at the end. */
static inline uint32_t
next_of(const struct nm_vale_work *w, uint32_t *a, uint32_t *b)
{
	uint32_t *l = *a < *b ? a : b, i = *l;

	if (i != NIL)
		*l = w->frag[i].next;
	return i;
}

/* A chunk that does not fit the destination's buffers can't be delivered. */
static bool
fits(const struct nm_vale_work *w, uint32_t i, uint32_t stride)
{
	uint32_t k;

	for (k = 0; k < w->frag[i].nfrags; k++)
		if (w->frag[i + k].len > stride)
			return false;
	return true;
}

/* Puts the frames that fit, `want` slots at most, into order[]; counts the others on the sender. */
static uint32_t
select_frames(struct nm_kring *kr, struct nm_vale_work *w, uint32_t a, uint32_t b, uint32_t room, uint32_t stride,
    uint32_t *nframes)
{
	bool check = stride < kr->stride;
	uint32_t i, n = 0, slots = 0;

	while ((i = next_of(w, &a, &b)) != NIL) {
		if (NM_UNLIKELY(check && !fits(w, i, stride))) {
			kr->stat[NM_STAT_drop_bad_len]++;
		} else if (NM_LIKELY(slots + w->frag[i].nfrags <= room)) {
			slots += w->frag[i].nfrags;
			w->order[n++] = (uint16_t)i;
		} else {
			kr->stat[NM_STAT_drop_no_space]++;
		}
	}
	*nframes = n;
	return slots;
}

static uint64_t
copy_frames(const struct nm_vale_work *w, struct nm_kring *d, uint32_t slot, uint32_t nframes)
{
	const uint32_t *idx = w->idx;
	uint64_t bytes = 0;
	uint32_t n, k;

	for (n = 0; n < nframes; n++) {
		const struct nm_vale_frag *f = &w->frag[w->order[n]];
		uint32_t nfrags = f->nfrags;

		bytes += f->total;
		for (k = 0; k < nfrags; k++, f++, idx++) {
			uint16_t flags = (uint16_t)(nfrags << 8) | (k + 1 < nfrags ? NS_MOREFRAG : 0);

			NM_PREFETCHW(d->bufs + (size_t)idx[AHEAD] * d->stride);
			nm_os_copy(d->bufs + (size_t)*idx * d->stride, f->buf, f->len);
			nm_kring_put_slot(&d->slots[slot], *idx, (uint16_t)f->len, flags);
			slot = nm_ring_add(slot, 1, d->nslots);
		}
	}
	return bytes;
}

static uint32_t
list_frames(const struct nm_vale_work *w, uint32_t i)
{
	uint32_t n = 0;

	for (; i != NIL; i = w->frag[i].next)
		n++;
	return n;
}

/* Delivers two lists, merged, to one receive ring. */
static void
deliver(struct nm_kring *kr, struct nm_vale_work *w, struct nm_kring *d, uint32_t a, uint32_t b)
{
	uint32_t room, slots, start, nframes, k;
	uint64_t bytes;

	if (NM_UNLIKELY(!NM_LOAD_ACQUIRE(&d->ready))) {
		kr->stat[NM_STAT_drop_no_dest] += list_frames(w, a) + list_frames(w, b);
		return;
	}
	room = nm_kring_lease_begin(d);
	slots = select_frames(kr, w, a, b, room, d->stride, &nframes);
	start = nm_kring_lease_commit(d, slots, w->idx);
	kr->stat[NM_STAT_forwarded] += nframes;
	if (!slots)
		return;
	for (k = 0; k < AHEAD; k++)
		w->idx[slots + k] = w->idx[slots - 1];
	bytes = copy_frames(w, d, start, nframes);
	nm_kring_finish(d, start, slots, nframes, bytes);
	d->notify(d);
}

/* Unicast goes to the ring of the sender's number, flooded frames to ring 0. */
static void
deliver_port(struct nm_kring *kr, struct nm_vale *v, struct nm_vale_work *w, uint32_t dst, uint32_t flood)
{
	struct nm_port *p = NM_RCU_DEREF(v->ports[dst]);
	uint32_t own = w->list[dst].head, ring;

	if (NM_UNLIKELY(!p || !p->nrings[NM_DIR_RX])) {
		kr->stat[NM_STAT_drop_no_dest] += list_frames(w, own) + list_frames(w, flood);
		return;
	}
	ring = kr->id < p->nrings[NM_DIR_RX] ? kr->id : kr->id % p->nrings[NM_DIR_RX];
	kr->last_dst = own != NIL || NM_READ_ONCE(v->nports) == 2 ? dst : NM_FDB_NONE;
	if (ring && own != NIL)
		deliver(kr, w, &p->krings[NM_DIR_RX][ring], own, NIL);
	if (!ring || flood != NIL)
		deliver(kr, w, &p->krings[NM_DIR_RX][0], ring ? NIL : own, flood);
}

static void
deliver_flood(struct nm_kring *kr, struct nm_vale *v, struct nm_vale_work *w)
{
	uint32_t flood = w->list[FLOOD].head, n = NM_READ_ONCE(v->nports), copies = 0, i;
	uint32_t frames = list_frames(w, flood);

	for (i = 0; i < n && i < NM_VALE_MAX_PORTS; i++) {
		uint32_t dst = NM_READ_ONCE(v->active[i]);

		if (dst >= NM_VALE_MAX_PORTS || dst == kr->port->vale_idx)
			continue;
		deliver_port(kr, v, w, dst, flood);
		w->list[dst].head = NIL;
		copies++;
	}
	kr->stat[copies ? NM_STAT_flooded : NM_STAT_drop_no_dest] += frames;
	kr->stat[NM_STAT_flood_copies] += (uint64_t)frames * copies;
}

static void
deliver_all(struct nm_kring *kr, struct nm_vale *v, struct nm_vale_work *w)
{
	uint32_t i, dst;

	if (w->list[FLOOD].head != NIL)
		deliver_flood(kr, v, w);
	for (i = 0; i < w->ntouched; i++) {
		dst = w->touched[i];
		if (dst != FLOOD && w->list[dst].head != NIL)
			deliver_port(kr, v, w, dst, NIL);
		w->list[dst].head = NIL;
	}
	w->ntouched = 0;
}

void
nm_vale_work_init(struct nm_vale_work *w)
{
	uint32_t i;

	for (i = 0; i < sizeof(w->list) / sizeof(w->list[0]); i++)
		w->list[i].head = NIL;
}

/* The ring where the last unicast went has no room for another step. */
static bool
destination_full(struct nm_kring *kr, struct nm_vale *v)
{
	struct nm_port *p = kr->last_dst < NM_VALE_MAX_PORTS ? NM_RCU_DEREF(v->ports[kr->last_dst]) : NULL;
	struct nm_kring *d;
	uint32_t room;

	if (!p || !p->nrings[NM_DIR_RX])
		return false;
	d = &p->krings[NM_DIR_RX][kr->id % p->nrings[NM_DIR_RX]];
	if (!NM_LOAD_ACQUIRE(&d->ready))
		return false;
	room = nm_kring_lease_begin(d);
	nm_os_spin_unlock(&d->lock);
	return room < NM_VALE_STEP;
}

/*
 * True while frames should rather wait for a receiver that is about to take its own: for limits.patience_ns at most, from
 * when the first of what is published had to wait. After that the rest goes out, and what has no room is dropped.
 */
static bool
postpone(struct nm_kring *kr, struct nm_vale *v)
{
	uint32_t patience = kr->port->root->limits.patience_ns;
	uint64_t now;

	if (!patience || kr->impatient || !destination_full(kr, v))
		return false;
	now = nm_os_now_exact();
	if (!kr->waits_since)
		kr->waits_since = now;
	kr->impatient = now - kr->waits_since > patience;
	return !kr->impatient;
}

/*
 * What was accepted, in steps; stops after about limits.bridge_batch slots or NM_VALE_BYTES, so that a receiver on this
 * CPU can take its frames while they are in the cache. The rest is for the next call.
 */
int
nm_vale_txsync(struct nm_kring *kr)
{
	struct nm_vale *v = kr->port->vale;
	struct nm_vale_work *w = kr->work;
	uint32_t budget = kr->port->root->limits.bridge_batch, bytes = 0, now_s, avail, used;

	if (NM_UNLIKELY(!v || !w))
		return -EIO;
	now_s = (uint32_t)(nm_os_now() / 1000000000u);
	kr->stat[NM_STAT_fdb_aged] += nm_fdb_age(v->fdb, now_s, kr->port->root->limits.fdb_age_s);
	while (kr->hwcur != kr->rhead && budget && bytes < NM_VALE_BYTES) {
		if (NM_UNLIKELY(postpone(kr, v)))
			break;
		avail = nm_ring_dist(kr->hwcur, kr->rhead, kr->nslots);
		w->frames = 0;
		w->bytes = 0;
		used = collect(kr, w, kr->hwcur, avail);
		kr->stat[NM_STAT_tx_packets] += w->frames;
		kr->stat[NM_STAT_tx_bytes] += w->bytes;
		classify(kr, v, w, now_s);
		deliver_all(kr, v, w);
		kr->hwcur = nm_ring_add(kr->hwcur, used, kr->nslots);
		budget = budget > used ? budget - used : 0;
		bytes += (uint32_t)w->bytes;
	}
	if (kr->hwcur == kr->rhead) {
		kr->waits_since = 0;
		kr->impatient = false;
	}
	kr->hwtail = nm_ring_add(kr->hwcur, kr->nslots - 1, kr->nslots);
	return 0;
}

int
nm_vale_rxsync(struct nm_kring *kr)
{
	(void)kr;
	return 0;
}
