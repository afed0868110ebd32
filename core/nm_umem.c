/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_umem.h"
#include "nm_root.h"

int
nm_umem_get(struct nm_session *s, const char *what, uint64_t addr, uint64_t size, uint32_t align, struct nm_umem *u)
{
	int error;

	*u = (struct nm_umem){.size = 0};
	if (!addr || (addr & (align - 1)))
		return nm_session_error(s, EINVAL, "%s: address 0x%llx, a multiple of %u other than 0 is expected", what, (unsigned long long)addr, align);
	if (!size || size > SIZE_MAX / 2 || addr + size < addr)
		return nm_session_error(s, EINVAL, "%s: %llu bytes at 0x%llx are not a range of memory", what, (unsigned long long)size,
		    (unsigned long long)addr);
	nm_os_mutex_unlock(&s->root->lock);
	error = nm_os_umem_get(s, addr, (size_t)size, u);
	nm_os_mutex_lock(&s->root->lock);
	return error;
}

void
nm_umem_put(struct nm_umem *u)
{
	if (u->size)
		nm_os_umem_put(u);
}
