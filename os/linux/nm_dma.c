/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_dma.c - a region's buffers in the address space of a device.
 *
 * Pages, or buffers where these are larger (nm_os_part.block), are mapped one by one, since they need not be neighbours, and for both
 * directions: a client gives a buffer that it received into to be sent. A device that takes physical addresses is none here (dev is NULL).
 * A device may leave while its region grows, so there is a lock of its own for the lists.
 *
 * Each transfer is announced by itself (core/nm_hw.h), and nothing is when pages are mapped and unmapped: what the device saw last of a
 * buffer must not come over what a client has written there since, nor over what another device of the region has.
 */
#include "nm_os_mem.h"
#include "nm_mem.h"

#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>

static DEFINE_MUTEX(dma_lock);

static dma_addr_t
map_unit(const struct nm_dma *d, struct page *page)
{
	return d->dev ? dma_map_page_attrs(d->dev, page, 0, PAGE_SIZE << d->order, DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC) : page_to_phys(page);
}

/* Under dma_lock. What was mapped stays when the next can't be. */
static int
extend(struct nm_dma *d, size_t pages)
{
	size_t units = pages >> d->order, n;
	int error = 0;

	for (; d->done < units && !error; d->done++) {
		dma_addr_t a = map_unit(d, d->pages->page[d->first + (d->done << d->order)]);
		uint32_t k;

		if (d->dev && dma_mapping_error(d->dev, a)) {
			error = -ENOMEM;
			break;
		}
		for (k = 0; k < d->per_unit; k++)
			d->addr[d->done * d->per_unit + k] = a + (dma_addr_t)k * d->hw.stride;
		if (d->dev && dma_need_sync(d->dev, a))
			WRITE_ONCE(d->hw.copies, true);
	}
	n = d->done * d->per_unit;
	smp_store_release(&d->hw.n, n < d->most ? (uint32_t)n : d->most);
	return error;
}

int
nm_dma_grow(struct nm_os_pages *g, size_t pages)
{
	struct nm_dma *d;
	int error = 0;

	mutex_lock(&dma_lock);
	list_for_each_entry(d, &g->dma, list)
		if (!error)
			error = extend(d, pages);
	mutex_unlock(&dma_lock);
	return error;
}

struct nm_dma *
nm_dma_map(const struct nm_os_region *r, struct device *dev, uint32_t stride, uint32_t nbufs)
{
	const struct nm_os_part *part = &r->part[NM_POOL_BUF];
	struct nm_dma *d = kzalloc(sizeof(*d), GFP_KERNEL);

	if (!d)
		return NULL;
	d->dev = dev;
	d->pages = r->host;
	d->first = part->offset >> PAGE_SHIFT;
	d->order = stride > PAGE_SIZE ? ilog2(stride >> PAGE_SHIFT) : 0;
	d->max = part->size >> PAGE_SHIFT >> d->order;
	d->hw.stride = stride;
	d->per_unit = (PAGE_SIZE << d->order) / stride;
	d->most = nbufs;
	d->addr = kvcalloc(d->max * d->per_unit, sizeof(*d->addr), GFP_KERNEL);
	d->hw.addr = d->addr;
	INIT_LIST_HEAD(&d->list);
	if (!d->addr) {
		kfree(d);
		return NULL;
	}
	mutex_lock(&dma_lock);
	list_add(&d->list, &d->pages->dma);
	if (extend(d, part->have >> PAGE_SHIFT)) {
		mutex_unlock(&dma_lock);
		nm_dma_unmap(d);
		return NULL;
	}
	mutex_unlock(&dma_lock);
	return d;
}

void
nm_dma_unmap(struct nm_dma *d)
{
	mutex_lock(&dma_lock);
	list_del(&d->list);
	mutex_unlock(&dma_lock);
	while (d->done-- > 0) {
		if (d->dev)
			dma_unmap_page_attrs(d->dev, d->addr[d->done * d->per_unit], PAGE_SIZE << d->order, DMA_BIDIRECTIONAL,
			    DMA_ATTR_SKIP_CPU_SYNC);
		if (d->done % 1024 == 0)
			cond_resched();
	}
	kvfree(d->addr);
	kfree(d);
}
