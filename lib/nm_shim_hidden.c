/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_shim_hidden.c - the library's own descriptors: the socket and the kick of each session. Programs close all there are
 * when they become daemons, and the numbers would then name files of theirs.
 */
#undef _FORTIFY_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "nm_shim.h"
#include "nm_shim_real.h"

#define BITS 64u

static uint64_t map[NM_SHIM_FDS / BITS];

int
nm_shim_hide(int fd)
{
	int high = nm_real_fcntl(fd, F_DUPFD_CLOEXEC, (void *)(uintptr_t)NM_SHIM_HIGH);

	if (high >= 0) {
		nm_real_close(fd);
		fd = high;
	}
	if (fd < NM_SHIM_FDS)
		__atomic_fetch_or(&map[(unsigned)fd / BITS], (uint64_t)1 << (unsigned)fd % BITS, __ATOMIC_RELAXED);
	return fd;
}

bool
nm_shim_hidden(int fd)
{
	if ((unsigned)fd >= NM_SHIM_FDS)
		return false;
	return (__atomic_load_n(&map[(unsigned)fd / BITS], __ATOMIC_RELAXED) >> (unsigned)fd % BITS) & 1;
}

void
nm_shim_hidden_forget(int fd)
{
	if (nm_shim_hidden(fd))
		__atomic_fetch_and(&map[(unsigned)fd / BITS], ~((uint64_t)1 << (unsigned)fd % BITS), __ATOMIC_RELAXED);
}

unsigned
nm_shim_hidden_next(unsigned from, unsigned to)
{
	for (; from <= to && from < NM_SHIM_FDS; from++) {
		if (from % BITS == 0 && __atomic_load_n(&map[from / BITS], __ATOMIC_RELAXED) == 0)
			from += BITS - 1;
		else if (nm_shim_hidden((int)from))
			return from;
	}
	return to + 1;
}
