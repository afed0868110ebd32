/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_os_types.h - the userspace host: types, locks and atomics that core/nm_os.h asks for. */
#ifndef NM_OS_TYPES_H
#define NM_OS_TYPES_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/types.h>
#ifndef NM_OS_NO_RCU /* the client library has no read sections */
#include <urcu-qsbr.h>
#endif

#define NM_READ_ONCE(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define NM_WRITE_ONCE(x, v) __atomic_store_n(&(x), v, __ATOMIC_RELAXED)
#define NM_LOAD_ACQUIRE(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define NM_STORE_RELEASE(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define NM_MB() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define NM_FETCH_ADD(p, v) __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST)
#define NM_EXCHANGE(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define NM_READ_COUNTER(x) nm_os_read_counter(&(x))
#define NM_PREFETCH(p) __builtin_prefetch(p)
#define NM_PREFETCHW(p) __builtin_prefetch(p, 1)
#define NM_LIKELY(x) __builtin_expect(!!(x), 1)
#define NM_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define NM_RCU_DEREF(p) __atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define NM_RCU_ASSIGN(p, v) __atomic_store_n(&(p), v, __ATOMIC_RELEASE)

/* Not instrumented: a plain add beside it is meant, and per packet it should stay one. */
__attribute__((no_sanitize("thread"))) static inline uint64_t
nm_os_read_counter(const uint64_t *p)
{
	return *(const volatile uint64_t *)p;
}

/* Held for a batch at most; a holder that lost its CPU is waited for by giving ours away. */
struct nm_os_spin {
	uint32_t held;
};

static inline void
nm_os_spin_init(struct nm_os_spin *l)
{
	l->held = 0;
}

static inline void
nm_os_spin_level(struct nm_os_spin *l, uint32_t n)
{
	(void)l;
	(void)n;
}

static inline void
nm_os_spin_lock(struct nm_os_spin *l)
{
	uint32_t tries = 0;

	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
		while (NM_READ_ONCE(l->held))
			if (++tries % 256 == 0)
				sched_yield();
}

static inline void
nm_os_spin_unlock(struct nm_os_spin *l)
{
	NM_STORE_RELEASE(&l->held, 0);
}

struct nm_os_mutex {
	pthread_mutex_t m;
};

static inline void
nm_os_mutex_init(struct nm_os_mutex *l)
{
	pthread_mutex_init(&l->m, NULL);
}

static inline void
nm_os_mutex_lock(struct nm_os_mutex *l)
{
	pthread_mutex_lock(&l->m);
}

/* A thread of the engine is not killed by itself. */
static inline int
nm_os_mutex_lock_killable(struct nm_os_mutex *l)
{
	nm_os_mutex_lock(l);
	return 0;
}

static inline void
nm_os_mutex_unlock(struct nm_os_mutex *l)
{
	pthread_mutex_unlock(&l->m);
}

static inline void
nm_os_mutex_destroy(struct nm_os_mutex *l)
{
	pthread_mutex_destroy(&l->m);
}

/* Frames of more than a line: nm_os_copy.c, the widest way that the CPU has. */
typedef void nm_os_copy_fn(void *dst, const void *src, uint32_t len);
extern nm_os_copy_fn *nm_os_copy_long;

static inline void
nm_os_copy(void *dst, const void *src, uint32_t len)
{
	char *d = dst;
	const char *s = src;

	if (__builtin_expect(len > 64 || len < 32, 0)) {
		nm_os_copy_long(dst, src, len);
		return;
	}
	/* both ends overlap: whatever the length, four moves */
	typedef struct { uint64_t w[2]; } __attribute__((packed, may_alias)) half;
	half a = *(const half *)s, b = *(const half *)(s + 16), c = *(const half *)(s + len - 32), e = *(const half *)(s + len - 16);

	*(half *)d = a;
	*(half *)(d + 16) = b;
	*(half *)(d + len - 32) = c;
	*(half *)(d + len - 16) = e;
}

/* The index is data of another process; masking keeps a mispredicted bound check from using it. */
static inline uint32_t
nm_os_index_nospec(uint32_t i, uint32_t n)
{
	uint64_t mask = (uint64_t)((int64_t)((uint64_t)i - n) >> 63);

	return i & (uint32_t)mask;
}

#endif
