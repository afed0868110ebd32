/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_os_umem.c - memory of clients in the kernel home: their pages, pinned, seen as one range.
 *
 * A pinned page stays what it is whatever becomes of the mapping: unmapped, given back, forked, its file cut off. Pins are counted
 * as those of other subsystems that hold pages for long (mm->pinned_vm, RLIMIT_MEMLOCK), for the process that made the request.
 * Shared mappings of files other than tmpfs and hugetlbfs are not taken: their file systems want to know who writes to a page.
 */
#include "nm_os_mem.h"
#include "nm_os_linux.h"
#include "compat.h"

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#define BATCH 512ul /* pages; the lock is given up in between */

struct pinned {
	struct nm_os_pinned pub;
	struct mm_struct *mm;
	void *view;
};

/* Why the pages of this mapping can't be had; NULL: they can. */
static const char *
unfit(const struct vm_area_struct *vma)
{
	unsigned long magic;

	if (!(vma->vm_flags & VM_WRITE))
		return "can't be written";
	if (vma->vm_flags & (VM_IO | VM_PFNMAP))
		return "belongs to a device";
	if (!vma->vm_file || !(vma->vm_flags & VM_SHARED))
		return NULL;
	magic = file_inode(vma->vm_file)->i_sb->s_magic;
	return magic == TMPFS_MAGIC || magic == HUGETLBFS_MAGIC ? NULL : "is of a file that is neither on tmpfs (as /dev/shm) nor on hugetlbfs";
}

/* All of [start, end) is mapped, and fit. Under the lock of mappings. */
static int
check_range(struct nm_session *s, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;
	const char *why;

	while (start < end) {
		vma = find_vma(current->mm, start);
		if (!vma || vma->vm_start > start)
			return nm_session_error(s, EFAULT, "nothing is mapped at 0x%lx, %lu bytes from there are needed", start, end - start);
		why = unfit(vma);
		if (why)
			return nm_session_error(s, vma->vm_flags & VM_WRITE ? EOPNOTSUPP : EFAULT, "memory at 0x%lx %s", start, why);
		start = vma->vm_end;
	}
	return 0;
}

/* Pins n pages, or fails and leaves *got of them pinned. */
static int
pin(struct nm_session *s, unsigned long start, struct page **page, unsigned long n, unsigned long *got)
{
	long k;
	int error;

	for (*got = 0; *got < n; *got += k) {
		unsigned long at = start + (*got << PAGE_SHIFT), batch = min(n - *got, BATCH);

		if (mmap_read_lock_killable(current->mm))
			return nm_session_error(s, EINTR, "killed while memory at 0x%lx was pinned", at);
		error = check_range(s, at, at + (batch << PAGE_SHIFT));
		k = error ? 0 : nm_compat_pin(at, batch, FOLL_WRITE | FOLL_LONGTERM, page + *got);
		mmap_read_unlock(current->mm);
		if (error)
			return error;
		if (k <= 0)
			return nm_session_error(s, k ? -k : EFAULT, "%lu KiB at 0x%lx can't be pinned (error %ld)", (n - *got) << (PAGE_SHIFT - 10), at,
			    k ? -k : (long)EFAULT);
		cond_resched();
	}
	return 0;
}

/* Counts pages that are to be pinned. */
static int
account(struct nm_session *s, struct mm_struct *mm, unsigned long n)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT, all;

	if (n > totalram_pages())
		return nm_session_error(s, ENOMEM, "%lu KiB can't be pinned, the system has %lu", n << (PAGE_SHIFT - 10),
		    totalram_pages() << (PAGE_SHIFT - 10));
	all = atomic64_add_return(n, &mm->pinned_vm);
	if (all <= limit || capable(CAP_IPC_LOCK))
		return 0;
	atomic64_sub(n, &mm->pinned_vm);
	return nm_session_error(s, ENOMEM, "%lu KiB to pin and %lu pinned already are more than this process may have, %lu KiB: ulimit -l",
	    n << (PAGE_SHIFT - 10), (all - n) << (PAGE_SHIFT - 10), limit << (PAGE_SHIFT - 10));
}

int
nm_os_umem_get(struct nm_session *s, uint64_t addr, size_t size, struct nm_umem *u)
{
	unsigned long start = (unsigned long)addr & PAGE_MASK, got = 0;
	unsigned long n = (PAGE_ALIGN((unsigned long)addr + size) - start) >> PAGE_SHIFT;
	struct pinned *p;
	int error;

	if (addr + size > TASK_SIZE || addr + size < addr)
		return nm_session_error(s, EFAULT, "nothing is mapped at 0x%llx, %zu bytes from there are needed", addr, size);
	p = kzalloc(sizeof(*p), NM_OS_GFP);
	if (!p)
		return nm_session_error(s, ENOMEM, "no memory to pin memory");
	p->mm = current->mm;
	error = account(s, p->mm, n);
	if (error)
		goto err_handle;
	error = -ENOMEM;
	p->pub.page = kvmalloc_array(n, sizeof(*p->pub.page), NM_OS_GFP);
	if (p->pub.page)
		error = pin(s, start, p->pub.page, n, &got);
	else
		nm_session_error(s, ENOMEM, "no memory to pin %lu pages", n);
	if (error)
		goto err_pages;
	p->view = vmap(p->pub.page, n, VM_MAP, PAGE_KERNEL);
	if (!p->view) {
		error = nm_session_error(s, ENOMEM, "%lu KiB of addresses could not be had in the kernel", n << (PAGE_SHIFT - 10));
		goto err_pages;
	}
	mmgrab(p->mm);
	p->pub.n = n;
	u->base = (char *)p->view + (addr - start);
	u->size = size;
	u->host = &p->pub;
	return 0;

err_pages:
	if (got)
		unpin_user_pages(p->pub.page, got);
	kvfree(p->pub.page);
	atomic64_sub(n, &p->mm->pinned_vm);
err_handle:
	kfree(p);
	return error;
}

void
nm_os_umem_put(struct nm_umem *u)
{
	struct pinned *p = container_of(u->host, struct pinned, pub);
	size_t i;

	vunmap(p->view);
	for (i = 0; i < p->pub.n; i += BATCH) {
		unpin_user_pages_dirty_lock(p->pub.page + i, min_t(size_t, BATCH, p->pub.n - i), true);
		cond_resched();
	}
	atomic64_sub(p->pub.n, &p->mm->pinned_vm);
	mmdrop(p->mm);
	kvfree(p->pub.page);
	kfree(p);
	*u = (struct nm_umem){.size = 0};
}

bool
nm_os_umem_same(const struct nm_umem *a, const struct nm_umem *b)
{
	const struct nm_os_pinned *p = a->host, *q = b->host;

	return a->size == b->size && p->n == q->n && offset_in_page(a->base) == offset_in_page(b->base) &&
	    !memcmp(p->page, q->page, p->n * sizeof(*p->page));
}
