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

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void
vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}
#endif

/* The weight is the usual one. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#define nm_compat_napi_add(dev, napi, poll) netif_napi_add(dev, napi, poll, NAPI_POLL_WEIGHT)
#else
#define nm_compat_napi_add(dev, napi, poll) netif_napi_add(dev, napi, poll)
#endif

/* Parameters of ethtool_ops.get_ringparam that came later. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 17, 0)
#define NM_COMPAT_RINGPARAM_MORE
#else
#define NM_COMPAT_RINGPARAM_MORE , struct kernel_ethtool_ringparam *kr_, struct netlink_ext_ack *extack_
#endif

#endif
