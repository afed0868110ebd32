/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/netmap_legacy.h - the requests of API 11 and before: one struct for everything, bound by NIOCREGIF. Still served.
 */
#ifndef _NET_NETMAP_LEGACY_H_
#define _NET_NETMAP_LEGACY_H_

struct nmreq {
	char nr_name[IFNAMSIZ];
	uint32_t nr_version;                 /* in: API of the program */
	uint32_t nr_offset;                  /* out: of the netmap_if */
	uint32_t nr_memsize;                 /* out: bytes to map */
	uint32_t nr_tx_slots, nr_rx_slots;
	uint16_t nr_tx_rings, nr_rx_rings;
	uint16_t nr_ringid;                  /* ring and NETMAP_* bits */
	uint16_t nr_cmd;                     /* 0 or NETMAP_BDG_* */
	uint16_t nr_arg1;
	uint16_t nr_arg2;                    /* region */
	uint32_t nr_arg3;                    /* extra buffers */
	uint32_t nr_flags;                   /* NR_REG_* and NR_* */
	uint32_t spare2[1];
};

#define NR_REG_MASK 0xf

#define NETMAP_RING_MASK 0x0fff
#define NETMAP_NO_TX_POLL 0x1000 /* as NR_NO_TX_POLL */
#define NETMAP_SW_RING 0x2000    /* the host rings */
#define NETMAP_HW_RING 0x4000    /* one ring */
#define NETMAP_DO_RX_POLL 0x8000 /* as NR_DO_RX_POLL */

#define NETMAP_BDG_ATTACH 1
#define NETMAP_BDG_DETACH 2
#define NETMAP_BDG_REGOPS 3
#define NETMAP_BDG_LIST 4
#define NETMAP_BDG_VNET_HDR 5
#define NETMAP_BDG_OFFSET NETMAP_BDG_VNET_HDR
#define NETMAP_BDG_NEWIF 6
#define NETMAP_BDG_DELIF 7
#define NETMAP_PT_HOST_CREATE 8
#define NETMAP_PT_HOST_DELETE 9
#define NETMAP_BDG_POLLING_ON 10
#define NETMAP_BDG_POLLING_OFF 11
#define NETMAP_VNET_HDR_GET 12
#define NETMAP_BDG_HOST 1 /* nr_arg1 of ATTACH: with the host stack */

#ifdef _IOWR
#define NIOCGINFO _IOWR('i', 145, struct nmreq)
#define NIOCREGIF _IOWR('i', 146, struct nmreq)
#endif

#endif
