/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_os_copy.c - copies frames by whole cache lines; the last line is masked, so that bytes beyond the frame come
 * from nowhere. The widest way that the CPU has is chosen when the program is loaded.
 */
#include "nm_os_user.h"

static void
copy_plain(void *dst, const void *src, uint32_t len)
{
	memcpy(dst, src, len);
}

#if defined(__x86_64__)
#include <immintrin.h>

/* 32 ones, 32 zeroes: a window into it masks the tail of a line. */
static const uint8_t window[96] __attribute__((aligned(32))) = {
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};

__attribute__((target("avx2"))) static void
copy_avx2(void *dst, const void *src, uint32_t len)
{
	const char *s = src;
	char *d = dst;

	for (; len >= 64; len -= 64, s += 64, d += 64) {
		__m256i a = _mm256_loadu_si256((const void *)s), b = _mm256_loadu_si256((const void *)(s + 32));

		_mm256_storeu_si256((void *)d, a);
		_mm256_storeu_si256((void *)(d + 32), b);
	}
	if (len > 32) {
		__m256i a = _mm256_loadu_si256((const void *)s), b = _mm256_loadu_si256((const void *)(s + 32));
		__m256i m = _mm256_loadu_si256((const void *)(window + 64 - len));

		_mm256_storeu_si256((void *)d, a);
		_mm256_storeu_si256((void *)(d + 32), _mm256_and_si256(b, m));
	} else if (len) {
		__m256i m = _mm256_loadu_si256((const void *)(window + 32 - len));

		_mm256_storeu_si256((void *)d, _mm256_and_si256(_mm256_loadu_si256((const void *)s), m));
	}
}

__attribute__((constructor)) static void
init_copy(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2"))
		nm_os_copy_long = copy_avx2;
}
#endif

nm_os_copy_fn *nm_os_copy_long = copy_plain;

/* The client side moves indirect data into the slot's buffer: none of its addresses arrives here. */
int
nm_os_copy_indirect(struct nm_kring *kr, void *dst, uint64_t uaddr, uint32_t len)
{
	(void)kr;
	(void)dst;
	(void)uaddr;
	(void)len;
	return -EFAULT;
}
