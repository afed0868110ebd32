/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_sync.h - the sync area behind a region: how a client in another process and the engine meet.
 *
 * Cells of 128 bytes: the client writes the first cache line, the engine the second. A ring's cell holds its
 * nm_csb_atok and nm_csb_ktoa; a session's cell the words below. The engine reads each word of the client
 * once and believes none of them.
 */
#ifndef NM_SYNC_H
#define NM_SYNC_H

#include <net/netmap.h>

#define NM_SYNC_CELL 128u

struct nm_sync_ring {
	struct nm_csb_atok atok;
	struct nm_csb_ktoa ktoa;
};

/* client: what it sleeps on */
#define NM_SLEEP_RX 1u
#define NM_SLEEP_TX 2u
/* engine: which stores of the client want a kick */
#define NM_KICK_TX 1u
#define NM_KICK_RX 2u

struct nm_sync_session {
	/* client */
	uint32_t sleep;     /* NM_SLEEP_*: write to the ready descriptor when it comes true */
	uint32_t cpu;       /* where it runs; a hint */
	uint32_t sync_req;  /* bumped by a sync that wants an answer */
	uint32_t sync_wait; /* it waits on sync_done by futex */
	uint32_t pad0[12];
	/* engine */
	uint32_t need_kick; /* NM_KICK_* */
	uint32_t sync_done; /* the last sync_req that was served in full */
	uint32_t kicked;    /* a byte lies in the ready descriptor; the client clears it when it takes it */
	uint32_t cpu_worker;
	uint32_t leave_cpu; /* a sender that waits here takes time from its receiver; UINT32_MAX: none */
	uint32_t dead;      /* the port left or the engine stops: POLLERR from now on */
	uint32_t pad1[10];
};

#endif
