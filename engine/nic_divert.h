/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic_divert.h - takes an interface from the host, by programs at its clsact hooks and at those of a TAP that we hold:
 *
 *	wire --> interface --> our packet socket, then dropped        unless marked
 *	host --> interface --> redirected to the TAP, which we read   unless marked
 *	our packet socket (marked) --> interface --> wire
 *	what we write to the TAP --> marked, redirected to the interface as if received --> host
 *
 * Marks are taken off where the frame goes on. The TAP itself lets nothing out but what was redirected to it.
 */
#ifndef NIC_DIVERT_H
#define NIC_DIVERT_H

#include <stdbool.h>

#define NIC_DIVERT_MARK 0x6e6d6831u

struct nic_divert {
	unsigned ifindex, tap;
	bool on, made_hook; /* made_hook: the interface had no such hooks */
};

/* Of the TAP that belongs to an interface. */
void nic_divert_tap_name(unsigned ifindex, char name[16]);
/* 0 or -errno; what was done until then is undone. Control. */
int nic_divert_start(struct nic_divert *d, unsigned ifindex, unsigned tap);
void nic_divert_stop(struct nic_divert *d);
/* Removes what an engine that was killed left at an interface, or at all. Returns at how many. Control. */
bool nic_divert_clean(unsigned ifindex);
int nic_divert_clean_all(void);

#endif
