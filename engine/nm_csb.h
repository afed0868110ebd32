/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_csb.h - a client's loop as the engine has it. Workers serve its rings by its CSB; here are its eventfds, and what its thread waits
 * for that called SYNC_KLOOP_START.
 */
#ifndef NM_CSB_H
#define NM_CSB_H

#include <stdbool.h>
#include <stdint.h>

struct nm_csb_loop {
	uint32_t n;           /* rings, as in the CSB */
	bool wakes;           /* by the ioeventfds; else it is served in every pass */
	uint32_t sleep_us;    /* then, the least time between two of them that found nothing */
	int end_fd;           /* of a pipe: a byte says that the loop was stopped, without one it broke off */
	struct nm_csb_fds { int io, irq; } fd[]; /* -1: none */
};

/* Descriptors that came with the request that is served; those that are taken are -1 then. */
struct nm_csb_sent {
	uint32_t n;
	int *fd;
};

void nm_csb_free(struct nm_csb_loop *l);

/* Adds one to an eventfd of a client, without ever waiting, whatever he does to it. Any thread. */
void nm_csb_signal(int fd);

/* Eventfds that a user other than the engine's own may have in loops. */
void nm_csb_limit(uint32_t n);

#endif
