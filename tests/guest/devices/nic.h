/* SPDX-License-Identifier: BSD-2-Clause */
/* nic.h - what the models of NICs have in common: each begins with a struct nic */
#ifndef NIC_H
#define NIC_H
#include "frame.h"
#include "vfu.h"
#include "wire.h"

#define NIC_TSO 66000u /* room for the longest frame that is cut into segments: 64 KiB and headers */

struct nic_kind;

struct nic {
	const struct nic_kind *kind;
	struct vfu *vfu;
	struct wire_end end;
	uint8_t mac[6];
};

struct nic_kind {
	const char *name;     /* the driver's */
	const char *variants; /* words, the first one is taken if none is named */
	/* variant is one of the words, NULL: the first. NULL and errno if that fails. */
	struct nic *(*create)(const char *path, const uint8_t *mac, const char *variant);
	/* both ends of a wire, when both are there; then the link comes up */
	void (*join)(struct nic *a, struct nic *b);
	void (*destroy)(struct nic *nic);
};

extern const struct nic_kind forcedeth_kind, r8169_kind, ixgbe_kind;

/* nic_variant - index of a variant's word among a kind's, -1: none of them */
int nic_variant(const struct nic_kind *kind, const char *variant);

enum nic_cast { NIC_UNICAST, NIC_MULTICAST, NIC_BROADCAST };
enum nic_cast nic_cast(const uint8_t *frame);

#endif
