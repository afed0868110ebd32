/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/netmap_virt.h - netmap ports passed through to a virtual machine: the registers of the two PCI devices that a
 * hypervisor shows.
 *
 * The memory device holds a region of the host: BAR PTNETMAP_MEM_PCI_BAR is the region, the registers in
 * PTNETMAP_IO_PCI_BAR tell its layout. The ptnet device is a port: the guest writes the addresses of two index blocks
 * (struct nm_csb_atok, struct nm_csb_ktoa of netmap.h, one of each for each ring), then the command CREATE, and the host
 * starts its sync loop on them; DELETE stops it. A guest that wants to wake the host for ring i, transmit rings first,
 * writes to PTNET_IO_KICK_BASE + 4 * i; the host wakes the guest by MSI-X vector i.
 *
 * All registers are 32 bits wide, offsets are in bytes.
 */
#ifndef _NET_NETMAP_VIRT_H_
#define _NET_NETMAP_VIRT_H_

#define PTNETMAP_PCI_VENDOR_ID 0x1b36
#define PTNETMAP_PCI_DEVICE_ID 0x000c /* the memory device */
#define PTNETMAP_PCI_NETIF_ID 0x000d  /* ptnet */

/* BARs of both devices */
#define PTNETMAP_IO_PCI_BAR 0   /* registers */
#define PTNETMAP_MEM_PCI_BAR 1  /* memory device: the region */
#define PTNETMAP_MSIX_PCI_BAR 2 /* ptnet: interrupt vectors, one a ring */

/* Memory device, all to be read only. Size of the region in bytes, its id in the host, then the pools. */
#define PTNET_MDEV_IO_MEMSIZE_LO 0
#define PTNET_MDEV_IO_MEMSIZE_HI 4
#define PTNET_MDEV_IO_MEMID 8
#define PTNET_MDEV_IO_IF_POOL_OFS 64      /* of the first struct netmap_if, in the region */
#define PTNET_MDEV_IO_IF_POOL_OBJNUM 68   /* how many */
#define PTNET_MDEV_IO_IF_POOL_OBJSZ 72    /* bytes of one */
#define PTNET_MDEV_IO_RING_POOL_OFS 76    /* rings */
#define PTNET_MDEV_IO_RING_POOL_OBJNUM 80
#define PTNET_MDEV_IO_RING_POOL_OBJSZ 84
#define PTNET_MDEV_IO_BUF_POOL_OFS 88     /* buffers */
#define PTNET_MDEV_IO_BUF_POOL_OBJNUM 92
#define PTNET_MDEV_IO_BUF_POOL_OBJSZ 96
#define PTNET_MDEV_IO_END 100

/* ptnet */
#define PTNET_IO_PTFEAT 0        /* the guest writes PTNETMAP_F_* it wants and reads which it has got */
#define PTNET_IO_PTCTL 4         /* the guest writes PTNETMAP_PTCTL_*, and reads 0 or an errno */
#define PTNET_IO_MAC_LO 8
#define PTNET_IO_MAC_HI 12
#define PTNET_IO_NIFP_OFS 24     /* of the port's struct netmap_if, in the region */
#define PTNET_IO_NUM_TX_RINGS 28
#define PTNET_IO_NUM_RX_RINGS 32
#define PTNET_IO_NUM_TX_SLOTS 36
#define PTNET_IO_NUM_RX_SLOTS 40
#define PTNET_IO_VNET_HDR_LEN 44 /* 0, 10 or 12 */
#define PTNET_IO_HOSTMEMID 48    /* that of the memory device to use */
#define PTNET_IO_CSB_GH_BAH 52   /* guest-physical address of the nm_csb_atok array: upper half, lower half */
#define PTNET_IO_CSB_GH_BAL 56
#define PTNET_IO_CSB_HG_BAH 60   /* of the nm_csb_ktoa array */
#define PTNET_IO_CSB_HG_BAL 64
#define PTNET_IO_END 68
#define PTNET_IO_KICK_BASE 128   /* kicks, one register a ring */
#define PTNET_IO_MASK 0xff

#define PTNETMAP_F_VNET_HDR 1    /* frames begin with a virtio-net header */

#define PTNETMAP_PTCTL_CREATE 1
#define PTNETMAP_PTCTL_DELETE 2

#endif
