/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_os_user.h - what the engine asks of the userspace host beside nm_os.h. */
#ifndef NM_OS_USER_H
#define NM_OS_USER_H

#include "nm_os.h"

/* Installs the SIGBUS handler. 0 or -errno. */
int nm_os_user_init(void);
/* Bytes of regions that each user may have; `own`: also the engine's own user. */
void nm_os_user_quota(size_t bytes, bool own);
/* A page of the region could not be had: its sessions should end. */
bool nm_os_user_poisoned(const struct nm_os_region *r);
/* An eventfd that becomes readable when that happens to any region. */
int nm_os_user_poison_fd(void);
/* Messages above this NM_LOG_* are left out. */
void nm_os_user_log_level(int level);

#endif
