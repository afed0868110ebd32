/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_access.h - who may join, list or watch an object: the file-mode rules on uid, gid and mode. */
#ifndef NM_ACCESS_H
#define NM_ACCESS_H

#include "nm_os.h"

#define NM_CRED_GROUPS 64

/* Of a client, as the host's kernel vouches for it. */
struct nm_cred {
	uint32_t uid, gid;
	uint32_t ngroups;
	uint32_t groups[NM_CRED_GROUPS];
	bool admin;   /* may do anything */
	bool net_raw; /* may attach OS interfaces */
};

struct nm_access {
	uint32_t uid, gid, mode;
};

#define NM_ACCESS_READ 4u  /* list, statistics */
#define NM_ACCESS_WRITE 2u /* open, join, attach, monitor */

/* 0 or -EACCES. */
int nm_access_check(const struct nm_access *a, const struct nm_cred *c, uint32_t want);
/* 0 when c owns the object or administers, else -EPERM. */
int nm_access_owner(const struct nm_access *a, const struct nm_cred *c);

#endif
