/* SPDX-License-Identifier: BSD-2-Clause */
/* compat.h - what differs between the kernels of the window, 5.10 and later; the only file that asks for a version. */
#ifndef NM_COMPAT_H
#define NM_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "netmap needs Linux 5.10 or later"
#endif
#ifndef CONFIG_64BIT
#error "netmap needs a kernel of 64 bits"
#endif

#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/timer.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#include <linux/file.h>
#include <linux/fs.h>

static inline void
vma_set_file(struct vm_area_struct *vma, struct file *file)
{
	get_file(file);
	swap(vma->vm_file, file);
	fput(file);
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void
vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#define in_hardirq in_irq
#endif

/* Pins pages of the current process; under its mmap lock. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define nm_compat_pin(start, n, flags, pages) pin_user_pages(start, n, flags, pages, NULL)
#else
#define nm_compat_pin(start, n, flags, pages) pin_user_pages(start, n, flags, pages)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define nm_compat_eventfd_signal(ctx) eventfd_signal(ctx, 1)
#else
#define nm_compat_eventfd_signal(ctx) eventfd_signal(ctx)
#endif

/*
 * An interrupt of this processor, as soon as interrupts are let in. False: there is none, where such work waits for the next tick or
 * the kernel was built without.
 */
#include <linux/irq_work.h>

static inline bool
nm_compat_irq_work(struct irq_work *w)
{
#ifdef CONFIG_IRQ_WORK
	if (arch_irq_work_has_interrupt()) {
		irq_work_queue(w);
		return true;
	}
#endif
	(void)w;
	return false;
}

static inline void
nm_compat_irq_work_sync(struct irq_work *w)
{
#ifdef CONFIG_IRQ_WORK
	irq_work_sync(w);
#endif
	(void)w;
}

/* A virtqueue tells for which device it is mapped. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#define NM_COMPAT_VIRTQUEUE_DMA_DEV 1
#endif

/* The weight is the usual one. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#define nm_compat_napi_add(dev, napi, poll) netif_napi_add(dev, napi, poll, NAPI_POLL_WEIGHT)
#else
#define nm_compat_napi_add(dev, napi, poll) netif_napi_add(dev, napi, poll)
#endif

/* A device without queues of its own, whose driver takes frames without the queue's lock. */
static inline bool
nm_compat_lockless_tx(const struct net_device *dev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	return dev->features & NETIF_F_LLTX;
#else
	return dev->lltx;
#endif
}

/* Parameters of ethtool_ops.get_ringparam that came later. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 17, 0)
#define NM_COMPAT_RINGPARAM_MORE
#else
#define NM_COMPAT_RINGPARAM_MORE , struct kernel_ethtool_ringparam *kr_, struct netlink_ext_ack *extack_
#endif

/* Of our NAPIs, which belong to no interface. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define nm_compat_dummy_alloc() alloc_netdev_dummy(0)
#define nm_compat_dummy_free(dev) free_netdev(dev)
#else
#define nm_compat_dummy_alloc() nm_compat_dummy()
#define nm_compat_dummy_free(dev) kfree(dev)

static inline struct net_device *
nm_compat_dummy(void)
{
	struct net_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (dev)
		init_dummy_netdev(dev);
	return dev;
}
#endif

/* Some of what <linux/netdevice.h> had before. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
#include <net/netdev_lock.h>
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#include <net/gso.h>
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define timer_delete_sync(timer) del_timer_sync(timer)
#endif

/* Newer kernels ask whether what waits is to be dropped, which is what others do; told by its type, not by a version. */
static inline void
nm_compat_deactivate_1(void (*f)(struct net_device *), struct net_device *dev)
{
	f(dev);
}

static inline void
nm_compat_deactivate_2(void (*f)(struct net_device *, bool), struct net_device *dev)
{
	f(dev, true);
}

#define nm_compat_dev_deactivate(dev) \
	_Generic(&dev_deactivate, void (*)(struct net_device *): nm_compat_deactivate_1, default: nm_compat_deactivate_2) \
	((void *)dev_deactivate, dev)

static inline bool
nm_compat_skb_is_sctp(const struct sk_buff *skb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 12, 0)
	return skb_csum_is_sctp((struct sk_buff *)(uintptr_t)skb);
#else
	return skb->csum_not_inet;
#endif
}

/* A frame of the host that is dropped, in what `ip -s link` shows. */
static inline void
nm_compat_tx_dropped(struct net_device *dev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
	atomic_long_inc(&dev->tx_dropped);
#else
	dev_core_stats_tx_dropped_inc(dev);
#endif
}

#endif
