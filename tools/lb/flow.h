/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flow.h - which frames belong together: a hash that both directions of a conversation share.
 *
 *	IPv4, IPv6      both addresses and the protocol; with TCP, UDP, UDP-Lite, SCTP and DCCP both ports
 *	fragments       as if there were no ports, the first one too, so that all of a packet stay together
 *	ARP             both IPv4 addresses
 *	anything else   both MAC addresses and the type
 *
 * VLAN tags are skipped and not looked at. What a tunnel carries is not looked at either. Headers that are cut short count as
 * far as they go.
 */
#ifndef LB_FLOW_H
#define LB_FLOW_H

#include <stdint.h>

/* data: the beginning of a frame, len bytes of it. */
uint32_t flow_hash(const uint8_t *data, uint32_t len);

/* One of n, evenly. */
static inline uint32_t
flow_choose(uint32_t hash, uint32_t n)
{
	return (uint32_t)((uint64_t)hash * n >> 32);
}

#endif
