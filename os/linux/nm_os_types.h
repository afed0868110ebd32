/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_os_types.h - the Linux kernel as a host: types, locks and atomics that core/nm_os.h asks for. */
#ifndef NM_OS_TYPES_H
#define NM_OS_TYPES_H

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/if.h>
#include <linux/ioctl.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/nospec.h>
#include <linux/prefetch.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/barrier.h>

#ifndef UINT32_MAX
#define UINT32_MAX U32_MAX
#endif

/* What rings carry; the kernel itself has done without it for long. */
struct timeval {
	long tv_sec, tv_usec;
};

#define NM_READ_ONCE(x) READ_ONCE(x)
#define NM_WRITE_ONCE(x, v) WRITE_ONCE(x, v)
#define NM_LOAD_ACQUIRE(p) smp_load_acquire(p)
#define NM_STORE_RELEASE(p, v) smp_store_release(p, v)
#define NM_MB() smp_mb()
#define NM_FETCH_ADD(p, v) ((uint32_t)atomic_fetch_add((int)(v), nm_os_atomic(p)))
#define NM_EXCHANGE(p, v) ((uint32_t)atomic_xchg(nm_os_atomic(p), (int)(v)))
#define NM_READ_COUNTER(x) READ_ONCE(x)
#define NM_PREFETCH(p) __builtin_prefetch(p)
#define NM_PREFETCHW(p) __builtin_prefetch(p, 1)
#define NM_LIKELY(x) likely(x)
#define NM_UNLIKELY(x) unlikely(x)
/* The core's pointers have no __rcu mark, since they have none elsewhere; these order as rcu_dereference and rcu_assign_pointer. */
#define NM_RCU_DEREF(p) smp_load_acquire(&(p))
#define NM_RCU_ASSIGN(p, v) smp_store_release(&(p), v)

static inline atomic_t *
nm_os_atomic(uint32_t *p)
{
	return (atomic_t *)p;
}

/* Senders hold it in a system call, interfaces in their softirq. */
struct nm_os_spin {
	spinlock_t l;
};

static inline void
nm_os_spin_init(struct nm_os_spin *l)
{
	spin_lock_init(&l->l);
}

static inline void
nm_os_spin_level(struct nm_os_spin *l, uint32_t n)
{
	lockdep_set_subclass(&l->l, n);
}

static inline void
nm_os_spin_lock(struct nm_os_spin *l)
{
	spin_lock_bh(&l->l);
}

static inline void
nm_os_spin_unlock(struct nm_os_spin *l)
{
	spin_unlock_bh(&l->l);
}

struct nm_os_mutex {
	struct mutex m;
};

static inline void
nm_os_mutex_init(struct nm_os_mutex *l)
{
	mutex_init(&l->m);
}

static inline void
nm_os_mutex_lock(struct nm_os_mutex *l)
{
	mutex_lock(&l->m);
}

/* For requests: the one before may take a while, and who is killed must not wait for it. 0 or -EINTR. */
static inline int
nm_os_mutex_lock_killable(struct nm_os_mutex *l)
{
	return mutex_lock_killable(&l->m);
}

static inline void
nm_os_mutex_unlock(struct nm_os_mutex *l)
{
	mutex_unlock(&l->m);
}

static inline void
nm_os_mutex_destroy(struct nm_os_mutex *l)
{
	mutex_destroy(&l->m);
}

/* Short frames by eight overlapping moves, whatever their length; the kernel's copy has a cost to begin with. */
static inline void
nm_os_copy(void *dst, const void *src, uint32_t len)
{
	typedef struct { uint64_t w[4]; } __packed __attribute__((may_alias)) half;

	if (unlikely(len > 64 || len < 32)) {
		memcpy(dst, src, len);
	} else {
		half a = *(const half *)src, b = *(const half *)((const char *)src + len - 32);

		*(half *)dst = a;
		*(half *)((char *)dst + len - 32) = b;
	}
}

static inline uint32_t
nm_os_index_nospec(uint32_t i, uint32_t n)
{
	return array_index_nospec(i, n);
}

#endif
