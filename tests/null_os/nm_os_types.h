/* SPDX-License-Identifier: BSD-2-Clause */
/* A host that is only declarations: the core compiles against it without any system header. */
#ifndef NM_OS_TYPES_H
#define NM_OS_TYPES_H

typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __INT8_TYPE__ int8_t;
typedef __INT16_TYPE__ int16_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ssize_t;
typedef __builtin_va_list va_list;
#define va_start __builtin_va_start
#define va_end __builtin_va_end
#define bool _Bool
#define true 1
#define false 0
#define NULL ((void *)0)
#define UINT32_MAX 0xffffffffu
#define SIZE_MAX ((size_t)-1)
#define IFNAMSIZ 16
struct timeval { long tv_sec, tv_usec; };

enum { EPERM = 1, ENOENT = 2, EINTR = 4, EIO = 5, ENXIO = 6, EAGAIN = 11, ENOMEM = 12, EACCES = 13, EFAULT = 14, EBUSY = 16, EEXIST = 17, EINVAL = 22, ENOSPC = 28,
	ENFILE = 23, EMFILE = 24, EOPNOTSUPP = 95, EDQUOT = 122 };

void *memcpy(void *d, const void *s, size_t n);
void *memmove(void *d, const void *s, size_t n);
void *memset(void *d, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
int snprintf(char *d, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *d, size_t n, const char *fmt, va_list ap);

struct nm_os_spin { int v; };
struct nm_os_mutex { int v; };
void nm_os_spin_init(struct nm_os_spin *l);
void nm_os_spin_level(struct nm_os_spin *l, uint32_t n);
void nm_os_spin_lock(struct nm_os_spin *l);
void nm_os_spin_unlock(struct nm_os_spin *l);
void nm_os_mutex_init(struct nm_os_mutex *l);
void nm_os_mutex_lock(struct nm_os_mutex *l);
int nm_os_mutex_lock_killable(struct nm_os_mutex *l);
void nm_os_mutex_unlock(struct nm_os_mutex *l);
void nm_os_mutex_destroy(struct nm_os_mutex *l);

#define NM_READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define NM_READ_COUNTER(x) (x)
#define NM_WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define NM_LOAD_ACQUIRE(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define NM_STORE_RELEASE(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define NM_MB() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define NM_FETCH_ADD(p, v) __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST)
#define NM_EXCHANGE(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define NM_PREFETCH(p) __builtin_prefetch(p)
#define NM_PREFETCHW(p) __builtin_prefetch(p, 1)
#define NM_LIKELY(x) __builtin_expect(!!(x), 1)
#define NM_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define NM_RCU_DEREF(p) NM_LOAD_ACQUIRE(&(p))
#define NM_RCU_ASSIGN(p, v) NM_STORE_RELEASE(&(p), v)

void nm_os_copy(void *dst, const void *src, uint32_t len);

static inline uint32_t
nm_os_index_nospec(uint32_t i, uint32_t n)
{
	return i < n ? i : 0;
}

#endif
