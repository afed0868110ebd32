/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_kring.h - the private, trusted side of a ring.
 *
 * Free receive slots keep no buffer: the indices that a client gives back go on a stack and the next frame
 * takes the one returned last. A receiver that keeps up so sees a handful of buffers that stay in the cache.
 *
 *   slots of a receive ring:   [hwcur .. rel) given back and on the stack, [.. hwtail) with the client,
 *                              [hwtail .. lease) being filled, the rest free
 */
#ifndef NM_KRING_H
#define NM_KRING_H

#include "nm_os.h"
#include "nm_ring.h"
#include <net/netmap.h>

enum { NM_DIR_TX, NM_DIR_RX };

struct nm_mem;
struct nm_watched;

/* Where frames begin in their buffers, for rings opened with the option OFFSETS. */
struct nm_offsets {
	uint64_t mask;               /* bits of a slot's ptr that say so; 0: frames begin where buffers do */
	uint32_t first, max;         /* of slots that nobody has set, and the most; up to the stride */
	uint32_t gap;                /* bytes of a buffer that received frames leave free */
};

struct nm_kring {
	/* fixed while the ring lives */
	struct nm_port *port;
	struct netmap_ring *ring;    /* shared; written here, never read back */
	struct netmap_slot *slots;   /* shared */
	struct nm_csb_atok *atok;    /* shared; written by the client */
	struct nm_csb_ktoa *ktoa;    /* shared; written here */
	struct nm_mem *mem;
	char *bufs;                  /* buffer 0 */
	uint32_t stride, nbufs;      /* bytes of a buffer, buffers that the region has so far: see nm_mem_watch */
	uint32_t nslots;
	uint16_t id;
	uint8_t dir, is_host, fake;
	uint32_t csb;                /* index of the pair in the region's sync area */
	int (*sync)(struct nm_kring *kr); /* nm_port_sync of it, or what looks on besides: nm_monitor.h. RCU: nm_kring_call */
	void (*notify)(struct nm_kring *kr); /* frames were put into this receive ring; nm_os_notify or the switch. Data */
	struct nm_kring *peer;       /* pipes */
	struct nm_kring *wrap;       /* an interface's ring and the switch's ring over the same slots */
	struct nm_vale_work *work;   /* transmit rings of switch ports */
	void *host;                  /* the host's own */
	struct nm_watched *watched;  /* by monitors; RCU */
	struct nm_kring *mem_next, **mem_prev; /* of mem */
	size_t ring_ofs;             /* of ring in the region */

	/* state of the side that syncs */
	uint32_t hwcur, hwtail;
	uint32_t rhead, rcur, rtail; /* accepted head and cur, tail as published */
	uint32_t seen;               /* slots before this one were shown to monitors that copy */
	uint32_t upto;               /* of a transmit ring that is watched: 1 + the tail that may be published; 0: any */

	/* transmit side of a switch port */
	uint32_t last_dst;           /* port that got the last unicast */
	uint64_t waits_since;        /* ns: when what is published began to wait for room; 0: it does not */
	bool impatient;              /* it has waited long enough */
	bool last_call;              /* nobody comes back for what would wait for a lossless port */
	uint32_t pending;            /* of a wrapped transmit ring: calls to serve; who raises it from 0 serves all */

	/* receive side of a switch or pipe, under lock */
	struct nm_os_spin lock;
	uint32_t rel;                /* slots before this one were given back */
	uint32_t lease;              /* next slot to be leased */
	uint32_t nstack;
	uint32_t *stack;             /* free buffers, nslots entries */
	uint32_t *done;              /* done[i]: slots of a finished lease that starts at i */

	/* set up by control */
	uint32_t users;              /* sessions bound, and one more while held */
	bool held;                   /* by a pipe that is open */
	bool orphan;                 /* a transmit ring that is only held: what waits in it is its peer's to fetch */
	bool exclusive;
	bool ready;                  /* may be delivered to; cleared, then waited for, before it goes */
	bool blocked;                /* a transmit ring waits for this receive ring to be emptied; of a transmit ring: it waits */
	uint32_t told;               /* the tail that nm_kring_leave wrote last */
	uint32_t busy;               /* a call is between nm_kring_enter and nm_kring_leave */
	uint32_t seen_head, seen_cur; /* of the client, by nm_kring_enter */
	bool owed, wanted;           /* of a direct ring, see nm_kloop.h: the loop is to look at it; the loop is about to */
	struct nm_offsets offsets;   /* while it has users; of a receive ring that is held, under lock */
	bool fetches;                /* who syncs fetches data of NS_INDIRECT slots when he is told that he should */
	uint64_t stat[NM_STAT_MAX];
};

/* The buffers of a region, apart from their ring: for loops that store to memory which the compiler can't tell from the ring. */
struct nm_kring_bufs {
	char *base;
	uint32_t stride, n;
};

static inline char *
nm_kring_buf_of(struct nm_kring_bufs b, uint32_t idx)
{
	if (NM_UNLIKELY(idx < 2 || idx >= b.n))
		return NULL;
	return b.base + (size_t)nm_os_index_nospec(idx, b.n) * b.stride;
}

/* Buffer `idx` of the ring's region, or NULL when the client's index is out of range. */
static inline char *
nm_kring_buf(const struct nm_kring *kr, uint32_t idx)
{
	return nm_kring_buf_of((struct nm_kring_bufs){kr->bufs, kr->stride, kr->nbufs}, idx);
}

/* A slot as the client left it, read once. */
static inline struct netmap_slot
nm_kring_snapshot(const struct netmap_slot *p)
{
	const uint64_t *w = (const uint64_t *)(const void *)p;
	union { uint64_t w[2]; struct netmap_slot s; } u;

	u.w[0] = NM_READ_ONCE(w[0]);
	u.w[1] = NM_READ_ONCE(w[1]);
	return u.s;
}

static inline void
nm_kring_put_slot_at(struct netmap_slot *p, uint32_t idx, uint16_t len, uint16_t flags, uint64_t ptr)
{
	union { uint64_t w[2]; struct netmap_slot s; } u = {.s = {.buf_idx = idx, .len = len, .flags = flags}};
	uint64_t *w = (uint64_t *)(void *)p;

	NM_WRITE_ONCE(w[0], u.w[0]);
	NM_WRITE_ONCE(w[1], ptr);
}

static inline void
nm_kring_put_slot(struct netmap_slot *p, uint32_t idx, uint16_t len, uint16_t flags)
{
	nm_kring_put_slot_at(p, idx, len, flags, 0);
}

/* What a slot's ptr, read once, says of where its frame begins; at most o->max. */
static inline uint32_t
nm_kring_offset(const struct nm_offsets *o, uint64_t ptr)
{
	ptr &= o->mask;
	if (ptr > o->max)
		ptr = o->max;
	return nm_os_index_nospec((uint32_t)ptr, o->max + 1);
}

/* Bytes of a frame that a receive slot takes; 0: none, where offsets may leave no byte. Of a ring that is held, to be read once. */
static inline uint32_t
nm_kring_chunk(const struct nm_kring *kr)
{
	return kr->stride - NM_READ_ONCE(kr->offsets.gap);
}

/* Where `len` <= stride bytes begin in the buffer of a receive slot: where that says, or as much before as they are too long. */
static inline uint32_t
nm_kring_place(const struct nm_kring *kr, uint32_t slot, uint32_t len)
{
	uint32_t offset = nm_kring_offset(&kr->offsets, NM_READ_ONCE(kr->slots[slot].ptr));

	return offset > kr->stride - len ? kr->stride - len : offset;
}

/* The ring's sync. Data. */
static inline int
nm_kring_call(struct nm_kring *kr)
{
	return NM_RCU_DEREF(kr->sync)(kr);
}

/*
 * Takes head and cur of the client (read once by the caller) for a transmit or receive ring. 0, or -EINVAL after
 * the ring was reset to hwcur/hwtail in the kring's view and the error counted: nothing may be synced then.
 */
int nm_kring_accept(struct nm_kring *kr, uint32_t head, uint32_t cur);

/* One sync: reads the client's head and cur, accepts, calls kr->sync, publishes. 0, -EINVAL, or the port's error. */
int nm_kring_sync(struct nm_kring *kr);

/*
 * The same in a home whose clients call the core themselves, by their ring instead of its cell: enter takes the ring's head
 * and cur, and for a receive ring all there is; a transmit ring then takes nm_kring_step until that says that nothing is
 * left to do now; leave tells the ring its tail. One call at a time is in a ring: enter is -EBUSY for the others, which pass
 * it over. -EINVAL: the ring was out of rule and is reset; no leave then either. enter and leave may be called with no read
 * section open; step is data.
 */
int nm_kring_enter(struct nm_kring *kr);
/* The same with head and cur from elsewhere, read once, in this order. */
int nm_kring_enter_at(struct nm_kring *kr, const uint32_t *head, const uint32_t *cur);
/* 0 when done, 1 to be called again, -errno of the port; -EAGAIN: see nm_os_copy_indirect. */
int nm_kring_step(struct nm_kring *kr);
/* NM_KRING_*: what the client finds now. */
#define NM_KRING_READY 1u /* cur is not at the tail */
#define NM_KRING_NEWS 2u  /* the tail is another than the one told before */
uint32_t nm_kring_leave(struct nm_kring *kr);
/* The same, with hwcur and the tail to somewhere else, too; NULL: not. */
uint32_t nm_kring_leave_at(struct nm_kring *kr, struct nm_csb_ktoa *entry);

/* Writes hwcur and hwtail to the client's side. Data; under kr->lock for receive rings of a switch. */
void nm_kring_publish(struct nm_kring *kr);

/* Puts released slots on the stack; returns the slots that can be leased. Under kr->lock. */
uint32_t nm_kring_room(struct nm_kring *kr);

/*
 * Leasing: begin locks the ring and returns its room; commit takes n <= room slots from the returned start on,
 * puts their buffers into idx[] and unlocks. A lease of n > 0 is finished, its slots written, by
 * nm_kring_finish, which counts and publishes in lease order. In between nothing sleeps or faults.
 */
uint32_t nm_kring_lease_begin(struct nm_kring *kr);
uint32_t nm_kring_lease_commit(struct nm_kring *kr, uint32_t n, uint32_t *idx);
void nm_kring_finish(struct nm_kring *kr, uint32_t start, uint32_t n, uint32_t packets, uint64_t bytes);
/* The same for who has the lock still. */
void nm_kring_finish_locked(struct nm_kring *kr, uint32_t start, uint32_t n, uint32_t packets, uint64_t bytes);

/* A held ring, which others may have frames in, gets offsets with its first client: those frames begin where buffers do. Control. */
void nm_kring_set_offsets(struct nm_kring *kr, const struct nm_offsets *o);

/* Resets a fresh ring: state and the stack, from the buffers in its slots. */
void nm_kring_reset(struct nm_kring *kr);
/* A ring that was kept without a session gets one: the client's side is set to what was accepted. Control. */
void nm_kring_resume(struct nm_kring *kr);
/* Before the ring's memory goes: buffers of the stack return to free slots, so that they can be freed. */
void nm_kring_unstack(struct nm_kring *kr);

#endif
