/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_monitor.h - ports that show what passes another port's rings.
 *
 * A ring that is watched has a struct nm_watched with two lists of those who watch it:
 *
 *   copies   get a copy: of a transmit ring when frames are published, before its sync; of a receive ring when they arrive, before
 *            its client is told
 *   swaps    get frames that their owner is done with: of a transmit ring slots that he is about to have back, of a receive ring
 *            slots that he released. The last of the list takes the buffers against free ones of its own, the others copy.
 *
 * Rings that nobody watches pay a look at a pointer for each batch (nm_kring.c); a transmit ring not even that, since its sync is
 * exchanged for one that looks. What is shown is a snapshot, each slot read once; frames are whole or not shown.
 *
 * A pipe's transmit ring keeps no buffer of what it sent: who swaps with it does so with the peer's receive ring.
 */
#ifndef NM_MONITOR_H
#define NM_MONITOR_H

#include "nm_port.h"

struct nmreq_register;

enum { NM_WATCH_ROOM, NM_WATCH_FULL, NM_WATCH_OFF }; /* off: nobody has the monitor's ring */

/* One ring that is watched, by one receive ring of a monitor. */
struct nm_watch {
	struct nm_watch *next;       /* of the list; RCU */
	struct nm_kring *of, *to;
	uint16_t flags;              /* NS_TXMON for frames from a transmit ring */
	bool swaps;                  /* of which list */
	uint8_t state;               /* NM_WATCH_*, as found for this batch */
	uint32_t *idx;               /* buffers of a lease: as many as `to` has slots */
};

/* The side of the watched ring; used by who syncs it, or under its lock if it's a receive ring. */
struct nm_watched {
	struct nm_watch *copies, *swaps; /* RCU */
	struct netmap_slot *snap;    /* room for all slots */
	struct nm_watched *next;     /* of those that nobody needs any more */
};

#define NM_MONITOR_NEW UINT32_MAX /* nm_kring.seen of a transmit ring: what waits now */

/* True when a request with these flags (NR_*) asks for a monitor. */
static inline bool
nm_monitor_asked(uint64_t flags)
{
	return flags & (NR_MONITOR_TX | NR_MONITOR_RX | NR_ZCOPY_MON);
}

/* A monitor of the port called `name`, for the rings that the request selects; referenced once. Sets reg's flags to what it is. Control. */
int nm_monitor_create(struct nm_session *s, const char *name, struct nmreq_register *reg, struct nm_port **out);
/* Those who watch the port, and those who watch them, are told that there is nothing left to see. Control, sleeps if there are any. */
void nm_monitor_stop(struct nm_port *p);
/* The same for all ports whose device has left. Control. */
void nm_monitor_reap(struct nm_root *root);

/* Syncs of watched rings, in the place of their own. Data. */
int nm_monitor_tx(struct nm_kring *kr);
int nm_monitor_rx(struct nm_kring *kr);
/* Frames have come to a watched receive ring: its tail is about to be this. Data, under kr->lock. */
void nm_monitor_arrived(struct nm_kring *kr, uint32_t tail);
/*
 * The client of a watched receive ring released slots [kr->rel, head): those who swap take theirs. Returns how far that is whole frames;
 * what comes after waits for the rest of its frame. Data, under kr->lock.
 */
uint32_t nm_monitor_released(struct nm_kring *kr, uint32_t head);
/* What the client of a watched receive ring released is looked at now. True when there was some. Data. */
bool nm_monitor_pull(struct nm_kring *kr);
/* The indices of a ring, watched or not, went elsewhere than by a sync. By who syncs it, or control. */
void nm_monitor_forget(struct nm_kring *kr);

#endif
