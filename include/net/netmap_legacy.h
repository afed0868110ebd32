/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/netmap_legacy.h - the requests of API 11 and before: one struct for everything. Still served.
 *
 * NIOCREGIF with nr_cmd 0 binds nr_name, a name of 15 bytes at most, as nr_flags and nr_ringid say, and writes back
 * nr_offset, nr_memsize, rings, slots, nr_arg2 and nr_arg3. With nr_cmd it does one of NETMAP_BDG_*. NIOCGINFO looks
 * without binding: with an empty name at the memory only, with NETMAP_BDG_LIST at the ports of switches, nr_arg1 and
 * nr_arg2 being the positions of switch and port. nr_version must be 14 or more; 11 to 13 bind ports of one host ring;
 * one that is refused comes back as NETMAP_API.
 * Errors are those of NIOCCTRL (netmap.h). Regions of 4 GB and more need NIOCCTRL: nr_memsize has 32 bits.
 *
 * netmap.h includes this file.
 */
#ifndef _NET_NETMAP_LEGACY_H_
#define _NET_NETMAP_LEGACY_H_

#include <net/netmap.h>

struct nmreq {
	char nr_name[IFNAMSIZ];
	uint32_t nr_version;                 /* in: API of the program; out: NETMAP_API if that was refused */
	uint32_t nr_offset;                  /* out: of the netmap_if */
	uint32_t nr_memsize;                 /* out: bytes to map */
	uint32_t nr_tx_slots, nr_rx_slots;
	uint16_t nr_tx_rings, nr_rx_rings;
	uint16_t nr_ringid;                  /* ring and NETMAP_* bits */
	uint16_t nr_cmd;                     /* 0 or NETMAP_BDG_* */
	uint16_t nr_arg1;                    /* by nr_cmd */
	uint16_t nr_arg2;                    /* region wanted, 0 for the default; out: region */
	uint32_t nr_arg3;                    /* extra buffers wanted; out: had */
	uint32_t nr_flags;                   /* NR_REG_* and NR_* */
	uint32_t spare2[1];
};

#define NR_REG_MASK 0xf          /* bits of nr_flags that hold NR_REG_*; 0: the bits of nr_ringid say */

/* nr_ringid */
#define NETMAP_RING_MASK 0x0fff  /* number of the ring, or of the pipe */
#define NETMAP_NO_TX_POLL 0x1000 /* as NR_NO_TX_POLL */
#define NETMAP_SW_RING 0x2000    /* with NR_REG_DEFAULT: the host rings */
#define NETMAP_HW_RING 0x4000    /* with NR_REG_DEFAULT: one ring of the NIC */
#define NETMAP_DO_RX_POLL 0x8000 /* as NR_DO_RX_POLL */

/* nr_cmd */
#define NETMAP_BDG_ATTACH 1                   /* put an interface into a switch; nr_arg1 is 0 or NETMAP_BDG_HOST */
#define NETMAP_BDG_DETACH 2                   /* take it out */
#define NETMAP_BDG_REGOPS 3                   /* inside the kernel only */
#define NETMAP_BDG_LIST 4                     /* of NIOCGINFO */
#define NETMAP_BDG_VNET_HDR 5                 /* set the length of the virtio-net header to nr_arg1 */
#define NETMAP_BDG_OFFSET NETMAP_BDG_VNET_HDR /* its older name */
#define NETMAP_BDG_NEWIF 6                    /* make a persistent port */
#define NETMAP_BDG_DELIF 7                    /* remove it */
#define NETMAP_PT_HOST_CREATE 8               /* not served */
#define NETMAP_PT_HOST_DELETE 9               /* not served */
#define NETMAP_BDG_POLLING_ON 10              /* nr_ringid first CPU, nr_arg1 number, nr_flags ALL_NIC one CPU, ONE_NIC many */
#define NETMAP_BDG_POLLING_OFF 11
#define NETMAP_VNET_HDR_GET 12                /* length of the virtio-net header into nr_arg1 */

#define NETMAP_BDG_HOST 1                     /* attach with the host stack */

#ifdef _IOWR
#define NIOCGINFO _IOWR('i', 145, struct nmreq)
#define NIOCREGIF _IOWR('i', 146, struct nmreq)
#endif

#endif
