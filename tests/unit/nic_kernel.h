/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic_kernel.h - what the rings of NIC drivers (drivers/X/nm_X_rings.h) ask of the kernel, for their unit tests. The driver's own part,
 * its descriptors and the names of their bits, is in each test.
 */
#ifndef NIC_KERNEL_H
#define NIC_KERNEL_H

#include "nm_hw.h"
#include "host.h"

#include <endian.h>
#include <linux/if_ether.h>
#include <linux/types.h>

#define VLAN_HLEN 4
#define READ_ONCE(x) NM_READ_ONCE(x)
#define WRITE_ONCE(x, v) NM_WRITE_ONCE(x, v)
#define smp_load_acquire(p) NM_LOAD_ACQUIRE(p)
#undef likely
#undef unlikely
#define likely(x) NM_LIKELY(x)
#define unlikely(x) NM_UNLIKELY(x)
#undef noinline
#define noinline __attribute__((noinline))
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __iomem
#define BUILD_BUG_ON(x) _Static_assert(!(x), #x)
#define BIT(n) (1u << (n))
#define GENMASK(high, low) ((~0u << (low)) & (~0u >> (31 - (high))))
#define swap(a, b) do { __typeof__(a) t_ = (a); (a) = (b); (b) = t_; } while (0)
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define cpu_to_le16(x) htole16(x)
#define cpu_to_le32(x) htole32(x)
#define cpu_to_le64(x) htole64(x)
#define le16_to_cpu(x) le16toh(x)
#define le32_to_cpu(x) le32toh(x)
#define le64_to_cpu(x) le64toh(x)
/* As for a device that sees the processor's stores in their order; x86's are no instruction, nor are the kernel's for it. */
#define dma_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#define dma_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)

typedef uint8_t u8;
typedef uint16_t u16;
typedef int16_t s16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef uint64_t dma_addr_t;
typedef int netdev_tx_t;

struct device;
struct sk_buff;
struct net_device { unsigned mtu; };
struct list_head { struct list_head *next, *prev; };

static inline u16
get_unaligned_be16(const void *p)
{
	const u8 *b = p;

	return (u16)(b[0] << 8 | b[1]);
}

static inline void
writel(u32 v, volatile void *reg)
{
	*(volatile u32 *)reg = v;
}

#endif
