/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_os_mem.h - ranges whose pages a client may take away: what nm_os_mem.c and nm_os_umem.c share. */
#ifndef NM_OS_MEM_H
#define NM_OS_MEM_H

#include "nm_os_user.h"

struct nm_os_mapped {
	char *base;                        /* NULL: free */
	size_t size;                       /* in whole pages of their kind */
	uint32_t uid;                      /* whose quota it counts for */
	const struct nm_session *session;  /* who has it for himself; NULL: a region's */
	bool poisoned;
};

/* A place for a range of `size` bytes, if the user may have that. 0, -EDQUOT, -ENFILE. */
int nm_os_mem_place(uint32_t uid, size_t size, struct nm_os_mapped **out);
/* The range is there, at the place just found. */
void nm_os_mem_enter(struct nm_os_mapped *m, char *base, size_t size, uint32_t uid);
/* Unmaps it; the place is free. */
void nm_os_mem_leave(struct nm_os_mapped *m);
/* nm_os_umem.c: it becomes a region's and no session's. 0, -EOPNOTSUPP if it is of more than one file. */
int nm_os_umem_adopt(struct nm_umem *u);
bool nm_os_umem_poisoned(const struct nm_umem *u);

#endif
