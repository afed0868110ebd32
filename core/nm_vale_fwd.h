/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_vale_fwd.h - the work arrays of a sending ring, and the steps on them.
 *
 * A step takes up to NM_VALE_STEP slots, so that the arrays stay in the first-level cache. Consecutive frames of one
 * destination are a run; a destination has a list of runs.
 */
#ifndef NM_VALE_FWD_H
#define NM_VALE_FWD_H

#include "nm_vale.h"
#include "nm_vlan.h"
#include "nm_vnet.h"

#define NM_VALE_STEP 256u       /* slots */
#define NM_VALE_VNET_STEP 64u   /* the same of a sender whose frames have headers: merged ones take more slots where they are cut */
#define NM_VALE_FRAGS (NM_VALE_STEP + NETMAP_MAX_FRAGS)
#define NM_VALE_VNETS 16u       /* frames that are translated under one lease */
#define NM_VALE_BYTES 262144u   /* of frames in one call */
#define NM_VALE_AHEAD 4u        /* buffers prefetched before they are written */
#define NM_VALE_NIL 0xffffu
#define NM_VALE_FLOOD NM_VALE_MAX_PORTS
#define NM_VALE_REFUSED (NM_VALE_MAX_PORTS + 1)

struct nm_vale_run {
	uint16_t first;  /* fragment */
	uint16_t slots, frames;
	uint16_t next;   /* run of the same destination; see also plan_anew */
};

struct nm_vale_list {
	uint16_t head, tail;
};

struct nm_vale_work {
	uint32_t frames, nfrags, nruns, nplan, ntouched;
	uint64_t bytes;
	uint32_t hdr; /* bytes of the virtio-net header of the step's frames */
	bool again; /* nm_os_copy_indirect said so of the next frame */
	/* Frames may have to stay: fragment k is to be that of slot lead + k, so that collecting ends before a bad frame that others precede. */
	bool exact;
	uint32_t lead;
	struct nm_vale_frag frag[NM_VALE_FRAGS];
	struct nm_vale_run run[NM_VALE_STEP];
	struct nm_vale_run plan[NM_VALE_STEP];     /* what goes to one ring, in order */
	uint32_t idx[NM_VALE_FRAGS + NM_VALE_AHEAD];
	uint32_t step; /* bytes that go into one; read once, since a ring that is held may get offsets meanwhile */
	struct nm_vale_list list[NM_VALE_MAX_PORTS + 1];
	uint8_t touched[NM_VALE_MAX_PORTS + 1];
	/* of nm_policy_fwd.c */
	bool edit;                                 /* frames get the tag of VLAN out_vid, or none if that is 0 */
	uint32_t out_vid;
	bool no_second;                            /* and then are not to begin with a second one, which would be taken for the first */
	bool keep_lost;                            /* notes which were not delivered: a mirror is to get the others */
	uint8_t lost[NM_VALE_FRAGS];               /* of a frame, at its first fragment */
	struct nm_vlan_tag tag[NM_VALE_FRAGS];     /* of a frame, at its first fragment */
	struct nm_vale_verdict {
		uint16_t dst;                          /* port, NM_VALE_FLOOD or NM_VALE_REFUSED */
		uint16_t vid;
		uint16_t why;                          /* counter of what is refused, NM_STORM_* of what is flooded */
	} verdict[NM_VALE_STEP];                   /* on each run, in order */
	/* of nm_vale_vnet.c */
	uint32_t ident;
	struct nm_vnet vnet[NM_VALE_VNETS];
	uint8_t vnet_room[NM_GSO_OUT];
};

void nm_vale_work_init(struct nm_vale_work *w);

/* The next run of two lists merged by position; NM_VALE_NIL at the end. */
static inline uint32_t
nm_vale_next_run(const struct nm_vale_work *w, uint32_t *a, uint32_t *b)
{
	uint32_t *l = *b == NM_VALE_NIL || (*a != NM_VALE_NIL && w->run[*a].first < w->run[*b].first) ? a : b, i = *l;

	if (i != NM_VALE_NIL)
		*l = w->run[i].next;
	return i;
}

/*
 * Snapshot of the slots: whole frames from slot `from` on until NM_VALE_STEP slots are seen, into w->frag; only a chain may
 * run further, up to the `avail` slots published; w->again stops it. Returns the slots consumed. What is not in order is dropped and counted.
 */
uint32_t nm_vale_collect(struct nm_kring *kr, struct nm_vale_work *w, uint32_t from, uint32_t avail);

/* Learns a source, and counts if it was news. Data. */
enum nm_fdb_result nm_vale_learn(struct nm_kring *kr, struct nm_vale *v, uint64_t mac, uint32_t vid, uint32_t now_s);

/* A frame with a chunk that does not fit the destination's buffers is put together anew. */
static inline bool
nm_vale_fits(const struct nm_vale_frag *f, uint32_t stride)
{
	uint32_t k;

	for (k = 0; k < f->nfrags; k++)
		if (f[k].len > stride)
			return false;
	return true;
}

/* The frame at fragment i is next in the plan, as it is. */
static inline void
nm_vale_plan_frame(struct nm_vale_work *w, uint32_t i)
{
	struct nm_vale_run *r = w->nplan ? &w->plan[w->nplan - 1] : NULL;

	if (!r || !r->frames || r->first + r->slots != i) {
		r = &w->plan[w->nplan++];
		*r = (struct nm_vale_run){.first = (uint16_t)i};
	}
	r->slots += w->frag[i].nfrags;
	r->frames++;
}

/* A run of its own without `frames`: to be put together anew in n slots. */
static inline void
nm_vale_plan_anew(struct nm_vale_work *w, uint32_t i, uint32_t n)
{
	w->plan[w->nplan++] = (struct nm_vale_run){.first = (uint16_t)i, .slots = w->frag[i].nfrags, .next = (uint16_t)n};
}

/* The frame at fragment i may not leave as its tag would be. */
static inline bool
nm_vale_exposes(const struct nm_vale_work *w, uint32_t i)
{
	return w->edit && w->no_second && w->tag[i].type == NM_VLAN_TYPE;
}

/* The plan into the `slots` > 0 slots of d from start on, with the buffers in w->idx; publishes and notifies. Returns the frames. Data. */
uint32_t nm_vale_carry(const struct nm_kring *kr, struct nm_vale_work *w, struct nm_kring *d, uint32_t start, uint32_t slots);

/*
 * nm_vale_vnet.c: delivers two lists, merged, to a receive ring that is ready and whose port has a header of `to` bytes, not w->hdr, or the
 * same one where tags are edited.
 */
void nm_vale_deliver_vnet(struct nm_kring *kr, struct nm_vale_work *w, struct nm_kring *d, uint32_t a, uint32_t b, uint32_t to);
/* The same with a run and those that follow it, as nm_policy_fwd.c wants it; returns the frames done with, all unless some stay. */
struct nm_vale_vnet_how {
	struct nm_kring *d;
	uint32_t to;
	int delivered;             /* the counter of what is */
	int lost;                  /* the counter of what is not; 0: each has its own */
	bool note_lost, skip_lost; /* w->lost is written; is read: those are left out */
	/* Under the receiver's lock, `slots` of its `room` are taken: is a frame that does not fit to stay with its sender? NULL: none is. */
	bool (*stay)(struct nm_kring *kr, struct nm_kring *d, uint32_t slots, uint32_t room);
};
uint32_t nm_vale_deliver_vnet_run(struct nm_kring *kr, struct nm_vale_work *w, const struct nm_vale_run *r, const struct nm_vale_vnet_how *how);

/* Where the addresses of a frame behind a header of `hdr` bytes are; in `room`, if they are spread over fragments. */
static inline const char *
nm_vale_addresses(const struct nm_vale_frag *f, uint32_t hdr, char room[14])
{
	if (NM_LIKELY(f->len >= hdr + 14))
		return f->buf + hdr;
	nm_vnet_read(f, hdr, room, 14);
	return room;
}

/* Learns the sources and puts the frames on the lists of their destinations, as runs. */
void nm_vale_classify(struct nm_kring *kr, struct nm_vale *v, struct nm_vale_work *w, uint32_t now_s);

#endif
