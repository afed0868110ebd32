/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_8254x.h - what the NICs of e1000 and of e1000e have in common. Included after the driver's own headers.
 *
 * Sections are of Intel's "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual" (317453); those of the
 * PCIe NICs have the same descriptors and bits.
 */
#ifndef NM_8254X_H
#define NM_8254X_H

#include "drivers/nm_8254x_rings.h"

#include <linux/if_vlan.h>

/* 13.4.22: buffers of so many bytes, one of these sizes; frames without their checksum. */
static u32
nm_8254x_rctl(u32 rctl, uint32_t buf_size)
{
	rctl &= ~(E1000_RCTL_BSEX | E1000_RCTL_SZ_4096);
	switch (buf_size) {
	case 256:
		rctl |= E1000_RCTL_SZ_256;
		break;
	case 512:
		rctl |= E1000_RCTL_SZ_512;
		break;
	case 1024:
		rctl |= E1000_RCTL_SZ_1024;
		break;
	case 4096:
		rctl |= E1000_RCTL_SZ_4096 | E1000_RCTL_BSEX;
		break;
	case 8192:
		rctl |= E1000_RCTL_SZ_8192 | E1000_RCTL_BSEX;
		break;
	case 16384:
		rctl |= E1000_RCTL_SZ_16384 | E1000_RCTL_BSEX;
		break;
	}
	return rctl | E1000_RCTL_SECRC;
}

/*
 * The driver is to send a frame of the host; true: it has nothing left to do. Where the receive ring is a program's, no tags are
 * taken off (CTRL.VME, 13.4.1), and then the NIC does not put any in: that is done here.
 */
static bool
nm_8254x_xmit(struct nm_nic_dev *d, struct sk_buff **skb)
{
	if (!d)
		return false;
	if (nm_nic_owns(&d->tx[0])) {
		d->core->host_frame(d, *skb);
		return true;
	}
	if (!nm_nic_owns(&d->rx[0]) || !skb_vlan_tag_present(*skb))
		return false;
	*skb = __vlan_hwaccel_push_inside(*skb);
	if (!*skb)
		d->core->host_lost(d);
	return !*skb;
}

#endif
