/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire.h - a cable with a NIC at each end.
 *
 * Frames go from one end to the other at the wire's rate, in order, whole, without their check sequence. A wire holds nobody back and
 * loses nothing: a sender takes the next frame when wire_free says so, which is when the last one has left; the receiver takes what
 * comes or counts it as lost.
 */
#ifndef WIRE_H
#define WIRE_H
#include "loop.h"

#define WIRE_FRAME 16384u /* room for the longest frame */

struct wire_end {
	void *nic;
	void (*receive)(void *nic, const uint8_t *frame, size_t length);
	void (*link)(void *nic, bool up); /* when it has changed */
	void (*resume)(void *nic);        /* the wire is free again after wire_free has said no */
	struct wire_end *other;
	struct timer timer;
	uint64_t busy_until, rate; /* ns; bits a second */
	uint64_t round;            /* of the loop, in which there were so many frames at one go */
	unsigned int burst;
	bool ready;                /* this end wants a link */
};

void wire_join(struct wire_end *a, struct wire_end *b);
/* wire_ready - this end's transceiver listens for the other, or not any more. There is a link while both do. */
void wire_ready(struct wire_end *e, bool ready);
bool wire_up(const struct wire_end *e);
/* wire_rate - as fast as this end sends, in bits a second */
void wire_rate(struct wire_end *e, uint64_t rate);
/* wire_free - whether a frame may be sent now; if not, resume is called when it may. That is also so after many frames at one go, since
 * a ring can be filled as fast as it is emptied, and then nobody else would have his turn. */
bool wire_free(struct wire_end *e);
/* wire_send - a frame of at least 14 bytes; a shorter one than Ethernet's least is filled up. Without a link it goes nowhere. */
void wire_send(struct wire_end *e, const uint8_t *frame, size_t length);

#endif
