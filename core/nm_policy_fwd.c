/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_policy_fwd.c - forwarding in a switch whose ports have policies.
 *
 *   classify  the frame's VLAN, learn, look up: a verdict on each run of frames that are to be treated alike
 *   carry out run by run, in order; where nobody may have to wait and nothing is mirrored, the runs between two that are flooded
 *             by their destinations
 *
 * In a VLAN each frame is written from the type field that was read when its VLAN was found: its sender may change it meanwhile.
 */
#include "nm_policy.h"
#include "nm_root.h"
#include "nm_vale_fwd.h"

static const struct nm_policy no_policy;

/* Of a port that may have none; good until the read section ends. */
static const struct nm_policy *
policy_of(const struct nm_port *p)
{
	const struct nm_policy *c = NM_RCU_DEREF(p->policy);

	return c ? c : &no_policy;
}

/* What all frames of a step have in common. */
struct step {
	struct nm_kring *kr;
	struct nm_vale *v;
	struct nm_vale_work *w;
	const struct nm_policy *policy; /* of the sender */
	uint32_t has;               /* NM_POLICY_HAS_* */
	uint32_t now_s, age_s;
	uint64_t now_ns;            /* where the sender has a limit */
	/* of the frame before: equal ones that follow each other are learned and looked up once */
	uint64_t mac, src;
	uint32_t vid;
	bool no_learn;
	struct nm_vale_verdict last;
};

/* Where the frame goes, for its destination's address. */
static uint32_t
find_port(const struct step *st, uint64_t mac, uint32_t vid)
{
	uint32_t dst = mac & 1 ? NM_FDB_NONE : nm_fdb_lookup(st->v->fdb, mac, vid, st->now_s, st->age_s);
	struct nm_port *p = dst == NM_FDB_NONE ? NULL : NM_RCU_DEREF(st->v->ports[dst]);

	return p && nm_vlan_member(&policy_of(p)->vlan, vid) ? dst : NM_VALE_FLOOD;
}

/* The address was given to another port. */
static bool
is_foreign(const struct step *st, uint64_t mac, uint32_t vid, bool no_learn)
{
	uint32_t owner;

	if (!no_learn)
		return nm_vale_learn(st->kr, st->v, mac, vid, st->now_s) == NM_FDB_FIXED;
	owner = nm_fdb_fixed(st->v->fdb, mac, vid);
	return owner != NM_FDB_NONE && owner != st->kr->port->vale_idx;
}

static struct nm_vale_verdict
refuse(uint16_t why)
{
	return (struct nm_vale_verdict){NM_VALE_REFUSED, 0, why};
}

/* NM_STORM_* of a frame that goes to all. */
static uint16_t
kind_of(uint64_t mac)
{
	return mac == 0xffffffffffffull ? NM_STORM_BROADCAST : mac & 1 ? NM_STORM_MULTICAST : NM_STORM_UNKNOWN;
}

/* On frames such as st has them now. */
static struct nm_vale_verdict
look_up(const struct step *st)
{
	uint32_t dst;

	if (is_foreign(st, st->src, st->vid, st->no_learn))
		return refuse(NM_STAT_drop_static);
	dst = find_port(st, st->mac, st->vid);
	if (dst == st->kr->port->vale_idx)
		return refuse(NM_STAT_drop_self);
	return (struct nm_vale_verdict){(uint16_t)dst, (uint16_t)st->vid, dst == NM_VALE_FLOOD ? kind_of(st->mac) : 0};
}

/* The frame at fragment i. */
static struct nm_vale_verdict
judge(struct step *st, uint32_t i)
{
	const struct nm_vale_frag *f = &st->w->frag[i];
	char room[14];
	const char *p = nm_vale_addresses(f, st->w->hdr, room);
	uint64_t mac = nm_fdb_mac(p), src = nm_fdb_mac(p + 6);
	uint32_t vid = 0;

	if (st->policy->vlan.mode) {
		if (!nm_vlan_read(f, st->w->hdr, &st->w->tag[i]))
			return refuse(NM_STAT_drop_short);
		vid = nm_vlan_of(&st->policy->vlan, &st->w->tag[i]);
		if (vid == NM_VLAN_REFUSED)
			return refuse(NM_STAT_drop_vlan);
	}
	if (NM_UNLIKELY(mac != st->mac || src != st->src || vid != st->vid || f->no_learn != st->no_learn)) {
		st->mac = mac;
		st->src = src;
		st->vid = vid;
		st->no_learn = f->no_learn;
		st->last = look_up(st);
	}
	return st->last;
}

static void
classify(struct step *st)
{
	struct nm_vale_work *w = st->w;
	struct nm_vale_verdict now;
	struct nm_vale_run *r = NULL;
	uint32_t i;

	w->nruns = 0;
	for (i = 0; i < w->nfrags; i += w->frag[i].nfrags) {
		now = judge(st, i);
		if (!r || memcmp(&now, &w->verdict[w->nruns - 1], sizeof(now))) {
			w->verdict[w->nruns] = now;
			r = &w->run[w->nruns++];
			*r = (struct nm_vale_run){.first = (uint16_t)i, .next = NM_VALE_NIL};
		}
		r->slots += w->frag[i].nfrags;
		r->frames++;
	}
}

/* Slots of the destination that the frame at fragment i takes; 0: it stays as it is, and takes what it took. */
static uint32_t
slots_anew(const struct nm_kring *kr, const struct nm_vale_work *w, uint32_t i)
{
	uint32_t bytes = w->frag[i].total;

	if (w->edit)
		bytes += 14 - w->tag[i].skip + (w->out_vid ? 4 : 0);
	else if (w->step >= kr->stride || nm_vale_fits(&w->frag[i], w->step))
		return 0;
	if (NM_LIKELY(bytes <= w->step))
		return 1;
	return w->step ? (bytes + w->step - 1) / w->step : NETMAP_MAX_FRAGS + 1;
}

/* The counter of why this frame, which would take n slots, is not delivered; or 0. */
static int
hindrance(const struct nm_vale_work *w, uint32_t i, uint32_t n)
{
	if (n > NETMAP_MAX_FRAGS)
		return NM_STAT_drop_bad_len;
	return nm_vale_exposes(w, i) ? NM_STAT_drop_vlan : 0;
}

/* Where frames are about to go, looked up once. */
struct target {
	struct nm_port *port;
	const struct nm_policy *policy; /* its, never NULL */
	uint32_t vid;        /* of the frames; the port is in it, or a mirror and edit is false */
	bool edit;           /* the tag is to be as the port has it */
	bool waited_for;     /* what finds no room stays with its sender */
	bool mirror;         /* these are copies: w->lost are not to be had, and nobody minds */
};

/*
 * No room in d for the next frame, under its lock. True when it is to stay where it is, of which a note is made; an empty ring
 * that is too small for a frame is not waited for, and a step that is full only ends.
 */
static bool
stay(struct nm_kring *kr, struct nm_kring *d, uint32_t slots, uint32_t room)
{
	if (!slots && d->rel == d->lease)
		return false;
	if (room == NM_VALE_FRAGS)
		return true;
	NM_WRITE_ONCE(kr->blocked, true); /* in this order: see nm_lossless.c */
	NM_MB();
	NM_WRITE_ONCE(d->blocked, true);
	return true;
}

/* The run that `r` is followed by, where several go together; NULL at the end. */
static inline const struct nm_vale_run *
next_of(const struct nm_vale_work *w, const struct nm_vale_run *r)
{
	return r->next == NM_VALE_NIL ? NULL : &w->run[r->next];
}

static uint32_t
frames_of(const struct nm_vale_work *w, const struct nm_vale_run *r)
{
	uint32_t n = 0;

	for (; r; r = next_of(w, r))
		n += r->frames;
	return n;
}

/* The plan for a ring that has room for so many slots: those taken, and the frames that are done with, delivered or counted. */
struct draft {
	uint32_t room, slots, done;
};

/* One run into w->plan; false if the rest is to stay where it is. */
static bool
plan(const struct step *st, const struct nm_vale_run *r, const struct target *t, struct nm_kring *d, struct draft *p)
{
	uint32_t i = r->first, end = i + r->slots, anew, n;
	struct nm_kring *kr = st->kr;
	struct nm_vale_work *w = st->w;
	int why;

	for (; i < end; i += w->frag[i].nfrags, p->done++) {
		if (t->mirror && w->keep_lost && w->lost[i])
			continue;
		anew = slots_anew(kr, w, i);
		n = anew ? anew : w->frag[i].nfrags;
		why = hindrance(w, i, n);
		if (!why && n > p->room - p->slots) {
			if (t->waited_for && stay(kr, d, p->slots, p->room))
				return false;
			why = NM_STAT_drop_no_space;
		}
		if (w->keep_lost && !t->mirror)
			w->lost[i] = why != 0;
		if (NM_UNLIKELY(why)) {
			d->stat[NM_STAT_overrun] += why == NM_STAT_drop_no_space;
			kr->stat[t->mirror ? NM_STAT_mirror_lost : why]++;
			continue;
		}
		if (anew)
			nm_vale_plan_anew(w, i, n);
		else
			nm_vale_plan_frame(w, i);
		p->slots += n;
	}
	return true;
}

/* The same where the target's virtio-net header, of `hdr` bytes, is not of the sender's length, or where tags before one are edited. */
static uint32_t
translate_to(const struct step *st, const struct nm_vale_run *r, const struct target *t, struct nm_kring *d, uint32_t hdr)
{
	const struct nm_vale_vnet_how how = {
		.d = d, .to = hdr, .delivered = t->mirror ? NM_STAT_mirrored : NM_STAT_forwarded, .lost = t->mirror ? NM_STAT_mirror_lost : 0,
		.note_lost = st->w->keep_lost && !t->mirror, .skip_lost = st->w->keep_lost && t->mirror, .stay = t->waited_for ? stay : NULL,
	};

	return nm_vale_deliver_vnet_run(st->kr, st->w, r, &how);
}

/* Frames as they are; returns those that are done with. */
static uint32_t
carry_to(const struct step *st, const struct nm_vale_run *r, const struct target *t, struct nm_kring *d)
{
	struct nm_kring *kr = st->kr;
	struct nm_vale_work *w = st->w;
	struct draft p = {0};
	uint32_t start;

	p.room = nm_kring_lease_begin(d);
	if (p.room > NM_VALE_FRAGS)
		p.room = NM_VALE_FRAGS;
	w->step = nm_kring_chunk(d);
	w->nplan = 0;
	while (r && plan(st, r, t, d, &p))
		r = next_of(w, r);
	start = nm_kring_lease_commit(d, p.slots, w->idx);
	if (p.slots)
		kr->stat[t->mirror ? NM_STAT_mirrored : NM_STAT_forwarded] += nm_vale_carry(kr, w, d, start, p.slots);
	return p.done;
}

/* How frames are to leave by the target. */
static void
set_edit(struct nm_vale_work *w, const struct target *t)
{
	const struct nm_vlan *c = &t->policy->vlan;

	w->edit = t->edit;
	w->out_vid = t->edit && nm_vlan_tagged(c, t->vid) ? t->vid : 0;
	w->no_second = c->mode == NM_VLAN_TRUNK && !w->out_vid;
}

/* A run, and those that follow it, to receive ring `ring` of the target; returns the frames that are done with, all but where it is waited for. */
static uint32_t
deliver_to(struct step *st, const struct nm_vale_run *r, const struct target *t, uint32_t ring)
{
	struct nm_kring *d = &t->port->krings[NM_DIR_RX][ring], *kr = st->kr;
	struct nm_vale_work *w = st->w;
	uint32_t done, hdr;

	if (NM_UNLIKELY(!NM_LOAD_ACQUIRE(&d->ready))) {
		done = frames_of(w, r);
		kr->stat[t->mirror ? NM_STAT_mirror_lost : NM_STAT_drop_no_dest] += done;
		if (w->keep_lost && !t->mirror)
			memset(w->lost + r->first, 1, r->slots);
		return done;
	}
	set_edit(w, t);
	hdr = NM_READ_ONCE(t->port->hdr_len);
	if (NM_UNLIKELY(hdr != w->hdr || (hdr && t->edit)))
		done = translate_to(st, r, t, d, hdr);
	else
		done = carry_to(st, r, t, d);
	w->edit = false;
	return done;
}

/* The first n frames of a run. */
static struct nm_vale_run
first_of(const struct nm_vale_work *w, const struct nm_vale_run *r, uint32_t n)
{
	struct nm_vale_run part = {.first = r->first, .next = NM_VALE_NIL};

	if (n == r->frames)
		return *r;
	for (; part.frames < n; part.frames++)
		part.slots += w->frag[part.first + part.slots].nfrags;
	return part;
}

/* Copies of a run to the port of that index + 1, as `like` got it, or as it came. */
static void
copy_to_mirror(struct step *st, const struct nm_vale_run *r, uint32_t index, const struct target *like)
{
	struct target t = like ? *like : (struct target){.policy = &no_policy};

	t.mirror = true;
	t.waited_for = false;
	t.port = index <= NM_VALE_MAX_PORTS ? NM_RCU_DEREF(st->v->ports[index - 1]) : NULL;
	if (!t.port || !t.port->nrings[NM_DIR_RX])
		st->kr->stat[NM_STAT_mirror_lost] += r->frames;
	else
		deliver_to(st, r, &t, 0);
}

/* The same, and copies to who mirrors what the target gets. */
static uint32_t
deliver(struct step *st, const struct nm_vale_run *r, const struct target *t, uint32_t ring)
{
	uint32_t to = st->has & NM_POLICY_HAS_MIRROR ? NM_READ_ONCE(t->policy->mirror[NM_DIR_RX]) : 0, done;

	st->w->keep_lost = to != 0;
	done = deliver_to(st, r, t, ring);
	if (to) {
		struct nm_vale_run part = first_of(st->w, r, done);

		copy_to_mirror(st, &part, to, t);
		st->w->keep_lost = false;
	}
	return done;
}

/* The port with that index into t, if frames of VLAN t->vid may go there: 0, or the counter of why not. */
static int
aim(const struct step *st, uint32_t dst, struct target *t)
{
	t->port = NM_RCU_DEREF(st->v->ports[dst]);
	if (!t->port || !t->port->nrings[NM_DIR_RX])
		return NM_STAT_drop_no_dest;
	t->policy = policy_of(t->port);
	t->edit = t->vid != 0;
	return nm_vlan_member(&t->policy->vlan, t->vid) ? 0 : NM_STAT_drop_vlan; /* as of now, which is not when it was looked up */
}

/* A run, and those that follow it, to one port; a sender may have to wait for that. Returns the frames that are done with. */
static uint32_t
forward(struct step *st, const struct nm_vale_run *r, uint32_t dst, uint32_t vid, bool flooded)
{
	struct target t = {.vid = vid};
	struct nm_kring *kr = st->kr;
	int why = aim(st, dst, &t);
	uint32_t n, ring;

	if (NM_UNLIKELY(why)) {
		n = frames_of(st->w, r);
		kr->stat[why] += n;
		return n;
	}
	if (st->has & NM_POLICY_HAS_LOSSLESS)
		t.waited_for = nm_lossless_is(st->v, t.port) && !kr->last_call;
	NM_WRITE_ONCE(kr->last_dst, dst);
	n = t.port->nrings[NM_DIR_RX];
	ring = flooded ? 0 : kr->id < n ? kr->id : kr->id % n;
	return deliver(st, r, &t, ring);
}

/* The one port that a frame of the VLAN can be flooded to, or NM_FDB_NONE if there is none or more than one. */
static uint32_t
only_one(const struct step *st, uint32_t vid)
{
	uint32_t n = NM_READ_ONCE(st->v->nports), found = NM_FDB_NONE, i;
	struct target t = {.vid = vid};

	for (i = 0; i < n && i < NM_VALE_MAX_PORTS; i++) {
		uint32_t dst = NM_READ_ONCE(st->v->active[i]);

		if (dst >= NM_VALE_MAX_PORTS || dst == st->kr->port->vale_idx || aim(st, dst, &t))
			continue;
		if (found != NM_FDB_NONE)
			return NM_FDB_NONE;
		found = dst;
	}
	return found;
}

/* To all ports of the VLAN; what is beyond the sender's limit is dropped. Returns the frames that are done with. */
static uint32_t
flood(struct step *st, const struct nm_vale_run *r, uint32_t vid)
{
	struct target t = {.vid = vid};
	struct nm_kring *kr = st->kr;
	uint32_t n = NM_READ_ONCE(st->v->nports), copies = 0, i;
	uint32_t only = st->has & NM_POLICY_HAS_LOSSLESS ? only_one(st, vid) : NM_FDB_NONE, done;

	if (only != NM_FDB_NONE) {
		done = forward(st, r, only, vid, true);
		kr->stat[NM_STAT_flooded] += done;
		kr->stat[NM_STAT_flood_copies] += done;
		return done;
	}
	for (i = 0; i < n && i < NM_VALE_MAX_PORTS; i++) {
		uint32_t dst = NM_READ_ONCE(st->v->active[i]);

		if (dst >= NM_VALE_MAX_PORTS || dst == kr->port->vale_idx || aim(st, dst, &t))
			continue;
		deliver(st, r, &t, 0);
		copies++;
	}
	kr->stat[copies ? NM_STAT_flooded : NM_STAT_drop_no_dest] += r->frames;
	kr->stat[NM_STAT_flood_copies] += (uint64_t)r->frames * copies;
	return r->frames;
}

/* The part of a flooded run that the sender's limit leaves. */
static uint32_t
flood_limited(struct step *st, const struct nm_vale_run *r, const struct nm_vale_verdict *d)
{
	struct nm_storm *t = st->policy->storm;
	uint32_t may = t ? nm_storm_take(t, d->why, r->frames, st->now_ns) : r->frames, done = may;
	struct nm_vale_run part;

	if (may) {
		part = first_of(st->w, r, may);
		done = flood(st, &part, d->vid);
	}
	if (done < may) { /* the others come again */
		if (t)
			nm_storm_give(t, d->why, may - done);
		return done;
	}
	st->kr->stat[NM_STAT_drop_storm_broadcast + d->why] += r->frames - may;
	return r->frames;
}

/* Frames from fragment `from` on were not done with: the step ends there. Returns its slots. */
static uint32_t
cut(struct nm_vale_work *w, uint32_t from)
{
	uint32_t i;

	for (i = from; i < w->nfrags; i += w->frag[i].nfrags) {
		w->frames--;
		w->bytes -= w->frag[i].total;
	}
	return w->lead + from;
}

static uint32_t
carry_out(struct step *st, const struct nm_vale_run *r, const struct nm_vale_verdict *d)
{
	if (d->dst == NM_VALE_FLOOD)
		return flood_limited(st, r, d);
	if (d->dst != NM_VALE_REFUSED)
		return forward(st, r, d->dst, d->vid, false);
	st->kr->stat[d->why] += r->frames;
	return r->frames;
}

/* The runs that go to port dst. */
static void
forward_list(struct step *st, uint32_t dst)
{
	struct nm_vale_list *l = &st->w->list[dst];

	if (l->head == NM_VALE_NIL)
		return;
	forward(st, &st->w->run[l->head], dst, st->w->verdict[l->head].vid, false);
	l->head = NM_VALE_NIL;
}

static void
forward_lists(struct step *st)
{
	struct nm_vale_work *w = st->w;
	uint32_t i;

	for (i = 0; i < w->ntouched; i++)
		forward_list(st, w->touched[i]);
	w->ntouched = 0;
}

/* Run k on the list of its destination; all on one are of one VLAN. */
static void
append(struct step *st, uint32_t k)
{
	struct nm_vale_work *w = st->w;
	uint32_t dst = w->verdict[k].dst;
	struct nm_vale_list *l = &w->list[dst];

	if (l->head == NM_VALE_NIL) {
		w->touched[w->ntouched++] = (uint8_t)dst;
	} else if (w->verdict[l->head].vid == w->verdict[k].vid) {
		w->run[l->tail].next = (uint16_t)k;
		l->tail = (uint16_t)k;
		return;
	} else {
		forward_list(st, dst);
	}
	l->head = l->tail = (uint16_t)k;
}

/* Where all is done with in the end, whatever the order of destinations. */
static void
carry_out_all(struct step *st)
{
	struct nm_vale_work *w = st->w;
	uint32_t k;

	for (k = 0; k < w->nruns; k++) {
		if (w->verdict[k].dst < NM_VALE_MAX_PORTS) {
			append(st, k);
			continue;
		}
		if (w->verdict[k].dst == NM_VALE_FLOOD)
			forward_lists(st); /* before it, to keep their order */
		carry_out(st, &w->run[k], &w->verdict[k]);
	}
	forward_lists(st);
}

uint32_t
nm_policy_forward(struct nm_kring *kr, struct nm_vale *v, struct nm_vale_work *w, uint32_t used, uint32_t now_s)
{
	const struct nm_policy *own = policy_of(kr->port);
	struct step st = {kr, v, w, own, NM_READ_ONCE(v->policies), now_s, kr->port->root->limits.fdb_age_s, own->storm ? nm_os_now() : 0,
	    .mac = ~0ull};
	uint32_t k, done, to = NM_READ_ONCE(own->mirror[NM_DIR_TX]);

	if (!w->exact)
		st.has &= ~NM_POLICY_HAS_LOSSLESS; /* since the frames were collected */
	classify(&st);
	if (!(st.has & (NM_POLICY_HAS_LOSSLESS | NM_POLICY_HAS_MIRROR)) && !to) {
		carry_out_all(&st);
		return used;
	}
	for (k = 0; k < w->nruns; k++) {
		struct nm_vale_run part;

		done = carry_out(&st, &w->run[k], &w->verdict[k]);
		part = first_of(w, &w->run[k], done);
		if (to && done)
			copy_to_mirror(&st, &part, to, NULL);
		if (done < w->run[k].frames)
			return cut(w, part.first + part.slots);
	}
	return used;
}
