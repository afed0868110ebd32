/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_vale_fwd.c - forwarding: what one sync of a transmit ring does.
 *
 *   collect   snapshot and check the slots, find the frames          (nm_vale_in.c)
 *   classify  learn, look up, runs of frames on each destination's list
 *   deliver   per destination: lease slots, copy outside the lock, publish, notify once
 *             (nm_vale_vnet.c where the two ports' virtio-net headers are not of one length)
 *
 * Where a port has a policy, nm_policy_fwd.c does the last two.
 *
 * Frames of one destination keep their order, also between unicast and flooded ones.
 */
#include "nm_policy.h"
#include "nm_root.h"
#include "nm_vale.h"
#include "nm_vale_fwd.h"

#define NIL NM_VALE_NIL
#define FLOOD NM_VALE_FLOOD

/* A run of its own without `frames`, which takes `next` slots of the destination. Returns these, or 0. */
static uint32_t
plan_anew(struct nm_kring *kr, struct nm_vale_work *w, uint32_t i, uint32_t room)
{
	uint32_t n = w->step ? (w->frag[i].total + w->step - 1) / w->step : NETMAP_MAX_FRAGS + 1;

	if (n > NETMAP_MAX_FRAGS || n > room) {
		kr->stat[n > NETMAP_MAX_FRAGS ? NM_STAT_drop_bad_len : NM_STAT_drop_no_space]++;
		return 0;
	}
	nm_vale_plan_anew(w, i, n);
	return n;
}

/* Frame by frame: a run that does not fit whole, or one for smaller buffers. Returns the slots planned. */
static uint32_t
plan_part(struct nm_kring *kr, struct nm_vale_work *w, const struct nm_vale_run *r, uint32_t room)
{
	uint32_t i = r->first, end = i + r->slots, slots = 0, n;

	for (; i < end; i += n) {
		n = w->frag[i].nfrags;
		if (w->step < kr->stride && !nm_vale_fits(&w->frag[i], w->step)) {
			slots += plan_anew(kr, w, i, room - slots);
		} else if (slots + n > room) {
			kr->stat[NM_STAT_drop_no_space]++;
		} else {
			nm_vale_plan_frame(w, i);
			slots += n;
		}
	}
	return slots;
}

/* The runs of two lists that go to a ring of `room` slots, into w->plan; counts the others on the sender. */
static uint32_t
plan_runs(struct nm_kring *kr, struct nm_vale_work *w, uint32_t a, uint32_t b, uint32_t room)
{
	uint32_t i, slots = 0;

	w->nplan = 0;
	while ((i = nm_vale_next_run(w, &a, &b)) != NIL) {
		if (NM_LIKELY(slots + w->run[i].slots <= room && w->step >= kr->stride)) {
			w->plan[w->nplan++] = w->run[i];
			slots += w->run[i].slots;
		} else {
			slots += plan_part(kr, w, &w->run[i], room - slots);
		}
	}
	return slots;
}

/* What copying needs of the destination, apart from it: the compiler takes each store to a slot for one to anything. */
struct target {
	struct netmap_slot *slots;
	char *bufs;
	uint32_t stride, nslots;
};

static inline uint32_t
copy_frag(const struct target *t, const struct nm_vale_frag *f, const uint32_t *idx, uint32_t slot, uint16_t flags)
{
	NM_PREFETCHW(t->bufs + (size_t)idx[NM_VALE_AHEAD] * t->stride);
	nm_os_copy(t->bufs + (size_t)*idx * t->stride, f->buf, f->len);
	nm_kring_put_slot(&t->slots[slot], *idx, f->len, flags);
	return nm_ring_add(slot, 1, t->nslots);
}

/* One run into the slots from `slot` on; returns the slot after it. */
static uint32_t
copy_run(const struct nm_vale_work *w, const struct nm_vale_run *r, const struct nm_kring *d, const uint32_t *idx,
    uint32_t slot, uint64_t *bytes)
{
	const struct target t = {d->slots, d->bufs, d->stride, d->nslots};
	const struct nm_vale_frag *f = &w->frag[r->first], *end = f + r->slots;
	uint64_t sum = 0;
	uint32_t k;

	if (NM_LIKELY(r->frames == r->slots)) {
		for (; f < end; f++, idx++) {
			slot = copy_frag(&t, f, idx, slot, 1 << 8);
			sum += f->len;
		}
	} else {
		while (f < end) {
			uint16_t n = f->nfrags, flags = (uint16_t)(n << 8) | NS_MOREFRAG;

			sum += f->total;
			for (k = 1; k < n; k++)
				slot = copy_frag(&t, f++, idx++, slot, flags);
			slot = copy_frag(&t, f++, idx++, slot, flags & ~NS_MOREFRAG);
		}
	}
	*bytes += sum;
	return slot;
}

/*
 * The same where slots of either ring have offsets. A frame may end where its buffer does: not with nm_os_copy, which needs room for whole
 * lines.
 */
static uint32_t
copy_run_at(const struct nm_vale_work *w, const struct nm_vale_run *r, const struct nm_kring *d, const uint32_t *idx, uint32_t slot,
    uint64_t *bytes)
{
	const struct nm_vale_frag *f = &w->frag[r->first], *end = f + r->slots;
	uint32_t left = 0, offset;
	uint16_t flags = 0;

	for (; f < end; f++, idx++, slot = nm_ring_add(slot, 1, d->nslots)) {
		if (!left) {
			left = f->nfrags;
			flags = (uint16_t)(left << 8);
		}
		offset = nm_kring_place(d, slot, f->len);
		memcpy(d->bufs + (size_t)*idx * d->stride + offset, f->buf, f->len);
		nm_kring_put_slot_at(&d->slots[slot], *idx, f->len, --left ? flags | NS_MOREFRAG : flags, offset);
		*bytes += f->len;
	}
	return slot;
}

/* What plan_anew has planned. */
static uint32_t
copy_anew(const struct nm_vale_work *w, const struct nm_vale_run *r, const struct nm_kring *d, const uint32_t *idx, uint32_t slot,
    uint64_t *bytes)
{
	const struct nm_vale_frag *f = &w->frag[r->first];
	uint32_t left = f->total, n = r->next, used = 0, len, at, part, offset;

	*bytes += left;
	for (; n; n--, idx++, left -= len) {
		char *to;

		len = left < w->step ? left : w->step;
		offset = nm_kring_place(d, slot, len);
		to = d->bufs + (size_t)*idx * d->stride + offset;
		for (at = 0; at < len; at += part) {
			part = f->len - used < len - at ? f->len - used : len - at;
			memcpy(to + at, f->buf + used, part);
			used += part;
			if (used == f->len) {
				f++;
				used = 0;
			}
		}
		nm_kring_put_slot_at(&d->slots[slot], *idx, (uint16_t)len, (uint16_t)(r->next << 8) | (n > 1 ? NS_MOREFRAG : 0), offset);
		slot = nm_ring_add(slot, 1, d->nslots);
	}
	return slot;
}

static uint32_t
list_frames(const struct nm_vale_work *w, uint32_t i)
{
	uint32_t n = 0;

	for (; i != NIL; i = w->run[i].next)
		n += w->run[i].frames;
	return n;
}

uint32_t
nm_vale_carry(const struct nm_kring *kr, struct nm_vale_work *w, struct nm_kring *d, uint32_t start, uint32_t slots)
{
	bool at = (d->offsets.mask | kr->offsets.mask) != 0;
	uint32_t slot = start, frames = 0, k;
	const uint32_t *idx = w->idx;
	uint64_t bytes = 0;

	for (k = 0; k < NM_VALE_AHEAD; k++)
		w->idx[slots + k] = w->idx[slots - 1];
	for (k = 0; k < w->nplan; k++) {
		const struct nm_vale_run *r = &w->plan[k];

		if (NM_UNLIKELY(!r->frames)) {
			const struct nm_vlan_out out = {d, idx, w->step, r->next, at};

			slot = w->edit ? nm_vlan_copy(&out, &w->frag[r->first], &w->tag[r->first], w->out_vid, slot, &bytes) :
			    copy_anew(w, r, d, idx, slot, &bytes);
			idx += r->next;
			frames++;
			continue;
		}
		slot = NM_UNLIKELY(at) ? copy_run_at(w, r, d, idx, slot, &bytes) : copy_run(w, r, d, idx, slot, &bytes);
		idx += r->slots;
		frames += r->frames;
	}
	nm_kring_finish(d, start, slots, frames, bytes);
	d->notify(d);
	return frames;
}

/* Delivers two lists, merged, to one receive ring. */
static void
deliver(struct nm_kring *kr, struct nm_vale_work *w, struct nm_kring *d, uint32_t a, uint32_t b)
{
	uint32_t hdr, room, slots, start;
	uint64_t lost;

	if (NM_UNLIKELY(!NM_LOAD_ACQUIRE(&d->ready))) {
		kr->stat[NM_STAT_drop_no_dest] += list_frames(w, a) + list_frames(w, b);
		return;
	}
	hdr = NM_READ_ONCE(d->port->hdr_len);
	if (NM_UNLIKELY(hdr != w->hdr)) {
		nm_vale_deliver_vnet(kr, w, d, a, b, hdr);
		return;
	}
	room = nm_kring_lease_begin(d);
	if (room > NM_VALE_FRAGS) /* frames that are put together anew may take more than they took */
		room = NM_VALE_FRAGS;
	w->step = nm_kring_chunk(d);
	lost = kr->stat[NM_STAT_drop_no_space];
	slots = plan_runs(kr, w, a, b, room);
	d->stat[NM_STAT_overrun] += kr->stat[NM_STAT_drop_no_space] - lost; /* under its lock: it has many senders */
	start = nm_kring_lease_commit(d, slots, w->idx);
	if (slots)
		kr->stat[NM_STAT_forwarded] += nm_vale_carry(kr, w, d, start, slots);
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
	NM_WRITE_ONCE(kr->last_dst, own != NIL || NM_READ_ONCE(v->nports) == 2 ? dst : NM_FDB_NONE);
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
	w->ident = (uint32_t)nm_os_now();
}

/* The ring where the last unicast went, or NULL. */
static struct nm_kring *
destination(struct nm_kring *kr, struct nm_vale *v)
{
	struct nm_port *p = kr->last_dst < NM_VALE_MAX_PORTS ? NM_RCU_DEREF(v->ports[kr->last_dst]) : NULL;
	struct nm_kring *d;

	if (!p || !p->nrings[NM_DIR_RX])
		return NULL;
	d = &p->krings[NM_DIR_RX][kr->id % p->nrings[NM_DIR_RX]];
	return NM_LOAD_ACQUIRE(&d->ready) ? d : NULL;
}

struct nm_kring *
nm_vale_crowded(struct nm_kring *kr)
{
	struct nm_kring *d = kr->port->vale ? destination(kr, kr->port->vale) : NULL;
	uint32_t head, lease, want;

	if (!d)
		return NULL;
	/* a hint: no lock for it */
	head = NM_READ_ONCE(d->atok->head);
	lease = NM_READ_ONCE(d->lease);
	want = nm_ring_dist(kr->hwcur, kr->rhead, kr->nslots);
	if (want > d->nslots / 2)
		want = d->nslots / 2;
	return head < d->nslots && nm_ring_dist(head, lease, d->nslots) + want >= d->nslots ? d : NULL;
}

/* It has no room for another step, or is a small one and more than half full. */
static bool
destination_full(struct nm_kring *kr, struct nm_vale *v)
{
	struct nm_kring *d = destination(kr, v);
	uint32_t room;

	if (!d || (kr->work->exact && nm_lossless_is(v, d->port))) /* that is waited for in another way */
		return false;
	room = nm_kring_lease_begin(d);
	nm_os_spin_unlock(&d->lock);
	return room < NM_VALE_STEP && room < d->nslots / 2;
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
	int error = 0;

	if (NM_UNLIKELY(!v || !w))
		return -EIO;
	NM_WRITE_ONCE(kr->blocked, false);
	w->exact = NM_READ_ONCE(v->policies) & NM_POLICY_HAS_LOSSLESS;
	now_s = (uint32_t)(nm_os_now() / 1000000000u);
	kr->stat[NM_STAT_fdb_aged] += nm_fdb_age(v->fdb, now_s, kr->port->root->limits.fdb_age_s);
	while (kr->hwcur != kr->rhead && budget && bytes < NM_VALE_BYTES) {
		if (NM_UNLIKELY(postpone(kr, v)))
			break;
		avail = nm_ring_dist(kr->hwcur, kr->rhead, kr->nslots);
		used = nm_vale_collect(kr, w, kr->hwcur, avail);
		if (NM_UNLIKELY(NM_READ_ONCE(v->policies))) {
			used = nm_policy_forward(kr, v, w, used, now_s);
		} else {
			nm_vale_classify(kr, v, w, now_s);
			deliver_all(kr, v, w);
		}
		kr->stat[NM_STAT_tx_packets] += w->frames;
		kr->stat[NM_STAT_tx_bytes] += w->bytes;
		kr->hwcur = nm_ring_add(kr->hwcur, used, kr->nslots);
		budget = budget > used ? budget - used : 0;
		bytes += (uint32_t)w->bytes;
		if (NM_UNLIKELY(kr->blocked))
			break;
		if (NM_UNLIKELY(w->again)) {
			error = -EAGAIN;
			break;
		}
	}
	if (kr->hwcur == kr->rhead) {
		kr->waits_since = 0;
		kr->impatient = kr->last_call = false;
	}
	kr->hwtail = nm_ring_add(kr->hwcur, kr->nslots - 1, kr->nslots);
	return error;
}

int
nm_vale_rxsync(struct nm_kring *kr)
{
	(void)kr;
	return 0;
}
