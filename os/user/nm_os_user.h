/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_os_user.h - what the engine asks of the userspace host beside nm_os.h. */
#ifndef NM_OS_USER_H
#define NM_OS_USER_H

#include "nm_os.h"

/*
 * ThreadSanitizer does not see the barriers inside liburcu: it is told that what readers did before they were quiescent
 * comes before what the updater does after it waited for them.
 */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NM_OS_TSAN
#endif
#endif
#if defined(__SANITIZE_THREAD__) || defined(NM_OS_TSAN)
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#define NM_OS_ACQUIRED(p) __tsan_acquire(p)
#define NM_OS_RELEASED(p) __tsan_release(p)
#else
#define NM_OS_ACQUIRED(p) ((void)(p))
#define NM_OS_RELEASED(p) ((void)(p))
#endif
extern char nm_os_user_readers; /* only its address is used */

/* Installs the SIGBUS handler. 0 or -errno. */
int nm_os_user_init(void);
/* Bytes of regions that each user may have; `own`: also the engine's own user. */
void nm_os_user_quota(size_t bytes, bool own);
/* Regions made from now on take huge pages of 2 MiB from the system's pool while it has enough. */
void nm_os_user_huge_pages(bool on);
/* A page of the region could not be had: its sessions should end. */
bool nm_os_user_poisoned(const struct nm_os_region *r);
/* Likewise of the session's region, or of other memory of its client that it has. */
bool nm_os_user_session_poisoned(const struct nm_session *s);

/*
 * Memory that came with a request (nm_session.offer): each piece is at the client's address `addr` and in a file of his. The files
 * are the caller's to close. What was asked for and had not come is noted in `want`.
 */
#define NM_OS_PIECES 8u
struct nm_os_offer {
	struct nm_os_piece {
		uint64_t addr, size, offset;
		int fd;
	} piece[NM_OS_PIECES];
	uint32_t n;
	uint64_t want, want_size; /* want_size 0: nothing is missing */
};

/* The file of a region's memory of a client, and where in it the region begins. */
int nm_os_user_umem_file(const struct nm_umem *u, uint64_t *offset);

/* An eventfd that becomes readable when that happens to any region. */
int nm_os_user_poison_fd(void);
/* The read side of RCU: a thread's read section lasts from one of these to the next. */
static inline void
nm_os_user_quiescent(void)
{
	NM_OS_RELEASED(&nm_os_user_readers);
	rcu_quiescent_state();
}

static inline void
nm_os_user_offline(void)
{
	NM_OS_RELEASED(&nm_os_user_readers);
	rcu_thread_offline();
}

static inline void
nm_os_user_online(void)
{
	rcu_thread_online();
}
/* Messages above this NM_LOG_* are left out. */
void nm_os_user_log_level(int level);

#endif
