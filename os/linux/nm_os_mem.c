/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_os_mem.c - memory of the kernel home.
 *
 * A region has all of its addresses from the start. Its pages come when the core hands out what lies there, in the largest
 * blocks that can be had, split since each is mapped by itself; or one by one when a client touches others, which it may. Buffers of
 * more than a page that a device may use (nm_os_part.block) come whole, also when a client touches one, as neighbours. Pages are
 * charged to the memory group of who causes them, and counted for the region's user, who need not be in a group with a limit.
 * The kernel sees each part as a range of its own, and as a longer one when it has grown; ranges stay until the region goes.
 * A region in memory of a client (nm_os_umem) has its pages, pinned, and only its sync area is as above.
 */
#include "nm_os_linux.h"
#include "nm_os_mem.h"
#include "nm_mem.h"
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

#define BLOCK_ORDER 9 /* 2 MiB */
#define REGION_GFP (GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN)
#define PLENTY 1024u /* pages; who wants more is refused at once if they are not there, and takes none away from others */
#define USER_REGIONS 1024u /* of a user other than root: ids of regions are 65534 for all together */

/* One who has regions, wherever. */
struct owner {
	struct list_head list;
	uint32_t uid;
	unsigned int regions;         /* under owners_lock */
	atomic_long_t pages;
};

static DEFINE_MUTEX(owners_lock);
static LIST_HEAD(owners);

/* One way to see a part. */
struct view {
	struct view *next;
	void *base;
};

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

static struct owner *
owner_get(uint32_t uid, int *error)
{
	struct owner *u, *found = NULL;

	mutex_lock(&owners_lock);
	list_for_each_entry(u, &owners, list)
		if (u->uid == uid)
			found = u;
	*error = found && uid && found->regions >= USER_REGIONS ? -EMFILE : 0;
	if (!found) {
		found = kzalloc(sizeof(*found), NM_OS_GFP);
		*error = found ? 0 : -ENOMEM;
		if (found) {
			found->uid = uid;
			list_add(&found->list, &owners);
		}
	}
	if (!*error)
		found->regions++;
	mutex_unlock(&owners_lock);
	return found;
}

static void
owner_put(struct owner *u)
{
	mutex_lock(&owners_lock);
	if (!--u->regions) {
		list_del(&u->list);
		kfree(u);
	}
	mutex_unlock(&owners_lock);
}

/* Pages that are about to be taken, if the user may have them. */
static int
charge(struct owner *u, long n)
{
	long limit = (long)(nm_param_user_mem() >> PAGE_SHIFT);

	if (atomic_long_add_return(n, &u->pages) <= limit || !u->uid)
		return 0;
	atomic_long_sub(n, &u->pages);
	return -EDQUOT;
}

static void
pages_put(struct nm_os_pages *g)
{
	long had = 0;
	size_t i;

	if (!refcount_dec_and_test(&g->refs))
		return;
	for (i = g->pinned; i < g->n; i++) {
		if (g->page[i]) {
			__free_page(g->page[i]);
			had++;
		}
		if (i % 1024 == 0)
			cond_resched();
	}
	if (g->umem.size)
		nm_os_umem_put(&g->umem);
	atomic_long_sub(had, &g->owner->pages);
	owner_put(g->owner);
	kvfree(g->page);
	kfree(g);
}

/* All parts but the last are in memory of a client, which begins with a page and is mapped as a whole. */
static void
take_pinned(struct nm_os_region *r, struct nm_os_pages *g)
{
	const struct nm_os_pinned *p = r->umem.host;
	int i;

	g->umem = r->umem;
	g->pinned = g->visible;
	memcpy(g->page, p->page, g->pinned * sizeof(*g->page));
	for (i = 0; i < NM_POOL_SYNC; i++) {
		r->part[i].base = r->umem.base + r->part[i].offset;
		r->part[i].have = r->part[i].size;
	}
}

int
nm_os_region_create(struct nm_os_region *r, struct nm_root *root, uint32_t uid)
{
	const struct nm_os_part *last = &r->part[NM_OS_PARTS - 1];
	size_t size = last->offset + last->size;
	struct nm_os_pages *g;
	int error = -ENOMEM;

	(void)root;
	g = kzalloc(sizeof(*g), NM_OS_GFP);
	if (!g)
		return -ENOMEM;
	g->n = size >> PAGE_SHIFT;
	g->visible = last->offset >> PAGE_SHIFT;
	g->blocks = r->part[NM_POOL_BUF].offset >> PAGE_SHIFT;
	g->order = r->part[NM_POOL_BUF].block ? ilog2(r->part[NM_POOL_BUF].block >> PAGE_SHIFT) : 0;
	refcount_set(&g->refs, 1);
	INIT_LIST_HEAD(&g->dma);
	g->page = kvcalloc(g->n, sizeof(*g->page), NM_OS_GFP);
	if (!g->page)
		goto err_pages;
	g->owner = owner_get(uid, &error);
	if (error)
		goto err_array;
	if (r->umem.size)
		take_pinned(r, g);
	r->size = size;
	r->handle = -1;
	r->host = g;
	return 0;

err_array:
	kvfree(g->page);
err_pages:
	kfree(g);
	return error;
}

/* Neighbours, each of them a page by itself. */
static struct page *
take_neighbours(unsigned int order, gfp_t effort)
{
	struct page *first = alloc_pages(REGION_GFP | effort, order);

	if (first && order)
		split_page(first, order);
	return first;
}

/* As large a block as fits and is to be had without effort, the least of them with it. */
static size_t
take_block(struct page **page, size_t want, unsigned int least)
{
	unsigned int order = min_t(unsigned int, BLOCK_ORDER, ilog2(want));
	struct page *first = NULL;
	size_t i;

	for (; order > least && !first; order -= !first)
		first = take_neighbours(order, __GFP_NORETRY);
	if (!first)
		first = take_neighbours(least, __GFP_RETRY_MAYFAIL);
	for (i = 0; first && i < 1ul << order; i++)
		page[i] = first + i;
	return i;
}

static void
free_pages_of(struct page **page, size_t n)
{
	while (n-- > 0)
		__free_page(page[n]);
}

/* `want` is a multiple of the least block. */
static int
take_pages(struct page **page, size_t want, unsigned int least)
{
	size_t have, n;

	for (have = 0; have < want; have += n) {
		n = fatal_signal_pending(current) ? 0 : take_block(page + have, want - have, least);
		if (!n) {
			free_pages_of(page, have);
			return fatal_signal_pending(current) ? -EINTR : -ENOMEM;
		}
		cond_resched();
	}
	return 0;
}

/* As many neighbours as come together, of which page i of the region is one, and the first of them. */
static unsigned int
order_at(const struct nm_os_pages *g, size_t i)
{
	return i >= g->blocks && i < g->visible ? g->order : 0;
}

static size_t
block_at(const struct nm_os_pages *g, size_t i)
{
	size_t mask = (1ul << order_at(g, i)) - 1;

	return i - ((i - g->blocks) & mask);
}

/* Page i of the region, or NULL. That the first of a block is there says so of all, whose entries may come later. */
static struct page *
page_at(const struct nm_os_pages *g, size_t i)
{
	size_t first = block_at(g, i);
	struct page *page = READ_ONCE(g->page[first]);

	return page ? page + (i - first) : NULL;
}

/*
 * The block that begins with page i of the region is this one, unless a client's fault was faster; the one that there is now has all
 * its entries then. What the client has mapped never changes.
 */
static void
enter(struct nm_os_pages *g, size_t i, struct page *first)
{
	size_t n = 1ul << order_at(g, i), k;
	struct page *was = cmpxchg(&g->page[i], NULL, first);

	for (k = 1; k < n; k++)
		WRITE_ONCE(g->page[i + k], (was ? was : first) + k);
	if (!was)
		return;
	for (k = 0; k < n; k++)
		__free_page(first + k);
	atomic_long_sub((long)n, &g->owner->pages);
}

/* Entries of the blocks in [from, to), where a fault is about to write them. */
static void
enter_rest(struct nm_os_pages *g, size_t from, size_t to)
{
	size_t i;

	for (i = from; g->order && i < to; i++)
		WRITE_ONCE(g->page[i], page_at(g, i));
}

/* The pages [from, to) of the region, as far as they are not there: whole blocks. */
static int
fill(struct nm_os_pages *g, size_t from, size_t to)
{
	size_t want = 0, step = 1ul << order_at(g, from), i, k;
	struct page **page;
	int error;

	for (i = from; i < to; i += step)
		want += READ_ONCE(g->page[i]) ? 0 : step;
	if (!want) {
		enter_rest(g, from, to);
		return 0;
	}
	if (want > PLENTY && (long)want > si_mem_available())
		return -ENOMEM;
	page = kvmalloc_array(want, sizeof(struct page *), NM_OS_GFP);
	if (!page)
		return -ENOMEM;
	error = charge(g->owner, (long)want);
	if (error)
		goto err_array;
	error = take_pages(page, want, order_at(g, from));
	if (error)
		goto err_charge;
	for (i = from, k = 0; i < to && k < want; i += step)
		if (!READ_ONCE(g->page[i])) {
			enter(g, i, page[k]);
			k += step;
		}
	atomic_long_sub((long)(want - k), &g->owner->pages);
	free_pages_of(page + k, want - k); /* faults came in between */
	enter_rest(g, from, to);
	kvfree(page);
	return 0;

err_charge:
	atomic_long_sub((long)want, &g->owner->pages);
err_array:
	kvfree(page);
	return error;
}

int
nm_os_region_fill(struct nm_os_region *r, unsigned int part, size_t bytes)
{
	size_t first = r->part[part].offset >> PAGE_SHIFT;

	return fill(r->host, first, first + (PAGE_ALIGN(bytes) >> PAGE_SHIFT));
}

int
nm_os_region_more(struct nm_os_region *r, unsigned int part, size_t bytes)
{
	struct nm_os_part *p = &r->part[part];
	size_t first = p->offset >> PAGE_SHIFT, want = PAGE_ALIGN(bytes) >> PAGE_SHIFT;
	struct nm_os_pages *g = r->host;
	struct view *v;
	int error;

	if (want <= p->have >> PAGE_SHIFT)
		return 0;
	v = kmalloc(sizeof(*v), NM_OS_GFP);
	if (!v)
		return -ENOMEM;
	error = fill(g, first + (p->have >> PAGE_SHIFT), first + want);
	if (error)
		goto err_view;
	error = part == NM_POOL_BUF ? nm_dma_grow(g, want) : 0;
	if (error)
		goto err_view;
	error = -ENOMEM;
	v->base = vmap(g->page + first, want, VM_MAP, PAGE_KERNEL);
	if (!v->base)
		goto err_view; /* the pages stay, for the next try, and devices know them */
	v->next = g->views;
	g->views = v;
	p->base = v->base;
	p->have = want << PAGE_SHIFT;
	return 0;

err_view:
	kfree(v);
	return error;
}

/* A client that still maps it holds the pages. */
void
nm_os_region_destroy(struct nm_os_region *r)
{
	struct nm_os_pages *g = r->host;
	struct view *v;

	while ((v = g->views)) {
		g->views = v->next;
		vunmap(v->base);
		kfree(v);
	}
	pages_put(g);
	r->size = 0;
}

/* A client touches a block that is not there. */
static int
touch(struct nm_os_pages *g, size_t first)
{
	unsigned int order = order_at(g, first);
	int error = charge(g->owner, 1l << order);
	struct page *page;

	if (error)
		return error;
	page = take_neighbours(order, __GFP_RETRY_MAYFAIL);
	if (!page) {
		atomic_long_sub(1l << order, &g->owner->pages);
		return -ENOMEM;
	}
	enter(g, first, page);
	return 0;
}

static vm_fault_t
region_fault(struct vm_fault *vmf)
{
	struct nm_os_pages *g = vmf->vma->vm_file->private_data;
	struct page *page;

	if (vmf->pgoff >= g->visible)
		return VM_FAULT_SIGBUS;
	if (g->pinned) /* pages that belong to another mapping already */
		return vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(g->page[vmf->pgoff]));
	page = page_at(g, vmf->pgoff);
	if (!page && touch(g, block_at(g, vmf->pgoff)))
		return VM_FAULT_SIGBUS;
	page = page_at(g, vmf->pgoff);
	get_page(page);
	vmf->page = page;
	return 0;
}

static const struct vm_operations_struct region_vm_ops = {.fault = region_fault};

static int
region_release(struct inode *inode, struct file *file)
{
	(void)inode;
	pages_put(file->private_data);
	return 0;
}

static const struct file_operations region_file_ops = {.owner = THIS_MODULE, .release = region_release};

int
nm_os_linux_map(const struct nm_os_region *r, struct vm_area_struct *vma)
{
	struct nm_os_pages *g = r->host;
	struct file *file;

	refcount_inc(&g->refs);
	file = anon_inode_getfile("[netmap]", &region_file_ops, g, O_RDWR);
	if (IS_ERR(file)) {
		pages_put(g);
		return PTR_ERR(file);
	}
	vma_set_file(vma, file);
	fput(file);
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP | (g->pinned ? VM_PFNMAP : 0));
	vma->vm_ops = &region_vm_ops;
	return 0;
}
