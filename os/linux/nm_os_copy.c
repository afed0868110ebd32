/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_os_copy.c - data of NS_INDIRECT slots.
 *
 * The first one that a sync meets stops it. Then the data of all is fetched, where one may sleep, into the slots' own
 * buffers, and the flags are taken away. Who sets one later, while the sync goes on, breaks the rules of the ring and loses
 * that frame.
 *
 * The address means the memory of who registered. A descriptor travels: to children, over sockets, to whoever closes it
 * last, which may be a thread of the kernel. None of them is made to send its own memory by what the slots say.
 */
#include "nm_os_linux.h"

#include <linux/sched.h>
#include <linux/uaccess.h>

int
nm_os_copy_indirect(struct nm_kring *kr, void *dst, uint64_t uaddr, uint32_t len)
{
	(void)dst;
	(void)uaddr;
	(void)len;
	return kr->fetches ? -EAGAIN : -EFAULT;
}

void
nm_os_linux_indirect(const struct nm_file *f, struct nm_kring *kr, uint32_t from, uint32_t to)
{
	if (current->mm != f->mm)
		return; /* the flags stay: those frames are dropped, and counted as such */
	for (; from != to; from = nm_ring_add(from, 1, kr->nslots)) {
		struct netmap_slot *p = &kr->slots[from], s;
		char *buf;

		if (likely(!(NM_READ_ONCE(p->flags) & NS_INDIRECT)))
			continue;
		s = nm_kring_snapshot(p);
		buf = nm_kring_buf(kr, s.buf_idx);
		if (!buf || s.len > kr->stride || copy_from_user(buf, (void __user *)(uintptr_t)s.ptr, s.len))
			continue; /* the flag stays: it is dropped, and counted as such */
		NM_WRITE_ONCE(p->ptr, 0);
		NM_WRITE_ONCE(p->flags, s.flags & ~NS_INDIRECT);
	}
}
