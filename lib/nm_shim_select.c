/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_select.c - select with a descriptor of the engine in a set is a poll. */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

#include "nm_shim.h"
#include "nm_shim_real.h"

#define WORD_BITS (8 * sizeof(fd_mask))

static fd_mask
word(const fd_set *s, size_t i)
{
	return s ? ((const fd_mask *)(const void *)s)[i] : 0;
}

static bool
bit(const fd_set *s, int fd)
{
	return (word(s, (size_t)fd / WORD_BITS) >> ((size_t)fd % WORD_BITS)) & 1;
}

static void
put(fd_set *s, int fd)
{
	((fd_mask *)(void *)s)[(size_t)fd / WORD_BITS] |= (fd_mask)(1UL << ((size_t)fd % WORD_BITS));
}

static bool
any(int n, const fd_set *r, const fd_set *w, const fd_set *x)
{
	int fd;

	for (fd = 0; fd < n && fd < NM_SHIM_FDS; fd++) {
		if ((size_t)fd % WORD_BITS == 0) {
			size_t i = (size_t)fd / WORD_BITS;

			if ((word(r, i) | word(w, i) | word(x, i)) == 0) {
				fd += (int)WORD_BITS - 1;
				continue;
			}
		}
		if (nm_shim_find(fd) != NULL && (bit(r, fd) || bit(w, fd) || bit(x, fd)))
			return true;
	}
	return false;
}

static void
clear(fd_set *s, int n)
{
	if (s != NULL)
		memset(s, 0, ((size_t)n + WORD_BITS - 1) / WORD_BITS * sizeof(fd_mask));
}

/* revents to sets; the count of bits, -1 for a closed descriptor. */
static int
answer(const struct pollfd *p, nfds_t k, fd_set *r, fd_set *w, fd_set *x)
{
	int bits = 0;
	nfds_t i;

	for (i = 0; i < k; i++) {
		short ev = p[i].events, got = p[i].revents;

		if ((ev & POLLIN) && (got & (POLLIN | POLLHUP | POLLERR))) {
			put(r, p[i].fd);
			bits++;
		}
		if ((ev & POLLOUT) && (got & (POLLOUT | POLLERR))) {
			put(w, p[i].fd);
			bits++;
		}
		if ((ev & POLLPRI) && (got & POLLPRI)) {
			put(x, p[i].fd);
			bits++;
		}
	}
	return bits;
}

static int
shim_select(int n, fd_set *r, fd_set *w, fd_set *x, int64_t timeout, const sigset_t *mask)
{
	struct pollfd *p = calloc((size_t)n, sizeof(*p));
	nfds_t k = 0, i;
	int fd, got, err;

	if (p == NULL) {
		errno = ENOMEM;
		return -1;
	}
	for (fd = 0; fd < n; fd++) {
		short ev = (short)((bit(r, fd) ? POLLIN : 0) | (bit(w, fd) ? POLLOUT : 0) | (bit(x, fd) ? POLLPRI : 0));

		if (ev != 0)
			p[k++] = (struct pollfd){.fd = fd, .events = ev};
	}
	got = nm_shim_poll(p, k, timeout, mask);
	err = errno;
	for (i = 0; got > 0 && i < k; i++)
		if (p[i].revents & POLLNVAL) {
			got = -1;
			err = EBADF;
		}
	if (got >= 0) {
		clear(r, n);
		clear(w, n);
		clear(x, n);
		got = answer(p, k, r, w, x);
	}
	free(p);
	errno = err;
	return got;
}

NM_SHIM_API int
select(int n, fd_set *r, fd_set *w, fd_set *x, struct timeval *tv)
{
	uint64_t end;
	int64_t left;
	int got;

	if (!any(n, r, w, x))
		return nm_real_select(n, r, w, x, tv);
	if (tv == NULL)
		return shim_select(n, r, w, x, -1, NULL);
	if (tv->tv_sec < 0 || tv->tv_usec < 0) {
		errno = EINVAL;
		return -1;
	}
	left = tv->tv_sec > 1000000000 ? INT64_MAX / 4 : tv->tv_sec * (int64_t)1000000000 + tv->tv_usec * (int64_t)1000;
	end = nm_shim_now() + (uint64_t)left;
	got = shim_select(n, r, w, x, left, NULL);
	left = (int64_t)(end - nm_shim_now());
	if (left < 0)
		left = 0;
	tv->tv_sec = (time_t)(left / 1000000000);
	tv->tv_usec = (suseconds_t)(left % 1000000000 / 1000);
	return got;
}

NM_SHIM_API int
pselect(int n, fd_set *r, fd_set *w, fd_set *x, const struct timespec *ts, const sigset_t *mask)
{
	int64_t ns;

	if (!any(n, r, w, x))
		return nm_real_pselect(n, r, w, x, ts, mask);
	ns = nm_shim_ns(ts);
	if (ns == NM_SHIM_NS_BAD) {
		errno = EINVAL;
		return -1;
	}
	return shim_select(n, r, w, x, ns, mask);
}
