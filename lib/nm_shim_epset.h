/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_epset.h - the epoll descriptors that have descriptors of the engine in them, and what was asked of these. */
#ifndef NM_SHIM_EPSET_H
#define NM_SHIM_EPSET_H

#include <sys/epoll.h>

#include "nm_shim.h"

#define NM_SHIM_EPFLAGS (EPOLLET | EPOLLONESHOT)

struct nm_shim_watch {
	int fd;
	uint32_t events;       /* as the application asked; 0 after a one-shot */
	uint64_t data;
	uint64_t seen;         /* edge: sum of the tails reported last */
	bool poked;            /* the kernel's set has EPOLLOUT as well, to end waits that began before the watch */
};

struct nm_shim_epset {
	struct nm_shim_epset *next;       /* all that ever were: never freed */
	pthread_mutex_t lock;
	int fd;                /* -1: free */
	uint32_t n, room, turn;
	uint32_t poked;        /* some watch is */
	struct nm_shim_watch *w;
};

/* Takes the pokes back. */
void nm_shim_epset_settle(struct nm_shim_epset *e);

extern struct nm_shim_epset *nm_shim_eptab[NM_SHIM_FDS];

static inline struct nm_shim_epset *
nm_shim_epset_find(int fd)
{
	return (unsigned)fd < NM_SHIM_FDS ? __atomic_load_n(&nm_shim_eptab[fd], __ATOMIC_ACQUIRE) : NULL;
}

#endif
