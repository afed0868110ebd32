/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_os_mem.c - memory of the kernel home.
 *
 * A region is pages of its own, taken in the largest blocks that are there and split, since each is mapped by itself;
 * the kernel sees them as one range. They are charged to the memory group of who opens the port, and counted for his user,
 * who need not be in a group with a limit.
 */
#include "nm_os_linux.h"
#include "compat.h"

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

static DEFINE_MUTEX(all_lock);
static LIST_HEAD(all);

#define BLOCK_ORDER 9 /* 2 MiB */
#define REGION_GFP (GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN)
#define USER_REGIONS 1024u /* of a user other than root: ids of regions are 65534 for all together */

void *
nm_os_alloc(size_t size)
{
	return kvzalloc(size, NM_OS_GFP);
}

void
nm_os_free(void *p)
{
	kvfree(p);
}

/* The next pages of the region: as large a block as fits and is to be had without effort, one page with it. */
static size_t
take_block(struct page **page, size_t want)
{
	int order = min_t(int, BLOCK_ORDER, ilog2(want));
	struct page *p;
	size_t i;

	for (; order > 0; order--) {
		p = alloc_pages(REGION_GFP | __GFP_NORETRY, order);
		if (!p)
			continue;
		split_page(p, order);
		for (i = 0; i < 1ul << order; i++)
			page[i] = p + i;
		return i;
	}
	page[0] = alloc_page(REGION_GFP | __GFP_RETRY_MAYFAIL);
	return page[0] ? 1 : 0;
}

/* Enters the pages that are about to be taken, if the user may have them. */
static int
reserve(struct nm_os_pages *g)
{
	size_t pages = g->limit, regions = 0;
	struct nm_os_pages *o;
	int error = 0;

	mutex_lock(&all_lock);
	list_for_each_entry(o, &all, all)
		if (o->uid == g->uid) {
			pages += o->limit;
			regions++;
		}
	if (g->uid && regions >= USER_REGIONS)
		error = -EMFILE;
	else if (g->uid && pages > nm_param_user_mem() >> PAGE_SHIFT)
		error = -EDQUOT;
	else
		list_add(&g->all, &all);
	mutex_unlock(&all_lock);
	return error;
}

static void
put_pages_of(struct nm_os_pages *g)
{
	size_t i;

	if (!refcount_dec_and_test(&g->users))
		return;
	mutex_lock(&all_lock);
	list_del(&g->all);
	mutex_unlock(&all_lock);
	for (i = 0; i < g->n; i++) {
		__free_page(g->page[i]);
		if (i % 1024 == 0)
			cond_resched();
	}
	kvfree(g->page);
	kfree(g);
}

int
nm_os_region_create(struct nm_os_region *r, struct nm_root *root, size_t size, uint32_t uid)
{
	size_t want = PAGE_ALIGN(size) >> PAGE_SHIFT, n;
	struct nm_os_pages *g;
	int error;

	(void)root;
	g = kzalloc(sizeof(*g), NM_OS_GFP);
	if (!g)
		return -ENOMEM;
	g->limit = want;
	g->uid = uid;
	refcount_set(&g->users, 1);
	error = reserve(g);
	if (error) {
		kfree(g);
		return error;
	}
	error = -ENOMEM;
	g->page = kvcalloc(want, sizeof(*g->page), NM_OS_GFP);
	if (!g->page)
		goto err_pages;
	for (; g->n < want; g->n += n) {
		error = fatal_signal_pending(current) ? -EINTR : -ENOMEM;
		n = error == -EINTR ? 0 : take_block(g->page + g->n, want - g->n);
		if (!n)
			goto err_pages;
		cond_resched();
	}
	r->base = vmap(g->page, g->n, VM_MAP, PAGE_KERNEL);
	if (!r->base) {
		error = -ENOMEM;
		goto err_pages;
	}
	r->size = size;
	r->handle = -1;
	r->host = g;
	return 0;

err_pages:
	put_pages_of(g);
	return error;
}

/* A client that still maps it holds the pages. */
void
nm_os_region_destroy(struct nm_os_region *r)
{
	vunmap(r->base);
	put_pages_of(r->host);
	r->base = NULL;
}

static vm_fault_t
region_fault(struct vm_fault *vmf)
{
	const struct nm_os_pages *g = vmf->vma->vm_file->private_data;

	if (vmf->pgoff >= g->n)
		return VM_FAULT_SIGBUS;
	vmf->page = g->page[vmf->pgoff];
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct region_vm_ops = {.fault = region_fault};

static int
region_release(struct inode *inode, struct file *file)
{
	(void)inode;
	put_pages_of(file->private_data);
	return 0;
}

static const struct file_operations region_file_ops = {.owner = THIS_MODULE, .release = region_release};

int
nm_os_linux_map(const struct nm_os_region *r, struct vm_area_struct *vma)
{
	struct nm_os_pages *g = r->host;
	struct file *file;

	refcount_inc(&g->users);
	file = anon_inode_getfile("[netmap]", &region_file_ops, g, O_RDWR);
	if (IS_ERR(file)) {
		put_pages_of(g);
		return PTR_ERR(file);
	}
	vma_set_file(vma, file);
	fput(file);
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &region_vm_ops;
	return 0;
}
