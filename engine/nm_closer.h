/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_closer.h - descriptors that clients send along with their messages.
 *
 * To close the last copy of one may take as long as who sent it likes: a socket that lingers, a file whose file system (FUSE) is
 * a program of his. The kernel closes those of messages that are read without them, or never, in the thread that does that. So all
 * that a client may send to is read and closed by these calls, which leave the waiting to threads of their own.
 */
#ifndef NM_CLOSER_H
#define NM_CLOSER_H

#include "nm_wire.h"

#include <sys/types.h>

struct nm_closer_fds {
	int fd[NM_WIRE_MAX_FDS]; /* -1: somebody took it */
	uint32_t n;
};

/*
 * As recv(2) with MSG_DONTWAIT and MSG_TRUNC; descriptors that come along are put into fds, those for which there is no room, or all
 * with fds NULL, are closed. -1 and EAGAIN, EDQUOT: too many of this user's are waiting to be closed, and one takes long. Any thread.
 */
ssize_t nm_closer_recv(int sock, void *buf, size_t len, uint32_t uid, struct nm_closer_fds *fds);
void nm_closer_close(const struct nm_closer_fds *fds, uint32_t uid);
/* Hangs up, and closes the socket with what was sent to it and not read. Does not wait. */
void nm_closer_end(int sock, uint32_t uid);
/* Descriptors of this user's that are not closed yet, if one of them takes long. */
uint32_t nm_closer_stuck(uint32_t uid);

#endif
