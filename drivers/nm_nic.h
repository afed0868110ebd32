/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_nic.h - the contract between netmap.ko and the driver of a NIC. docs/DRIVERS.md tells how a driver is added.
 *
 * A driver's own source is hooked by its semantic patch; the hooks call the netmap side of the driver, a file beside the patch,
 * which knows descriptors and registers. It gives
 *
 *	once for each device     netmap_nic_attach() after register_netdev(), and ->core->detach() before unregister_netdev()
 *	transmit and receive     txsync, rxsync: nm_hw_tx() and nm_hw_rx() of core/nm_hw.h with the functions of its descriptors;
 *	                         txforeign: nm_hw_put_foreign() with those
 *	down, up                 what the driver does when it is reset
 *
 * and calls, for each ring that nm_nic_owns() says is a program's,
 *
 *	where the driver begins to stop the NIC         ->core->hw.stop()
 *	where it fills the rings of a NIC that starts   ->core->hw.start(), then ->core->post() of receive rings
 *	where its interrupts clean a ring               ->core->irq(), instead of all that the driver does
 *	where it is to send a frame of the host         ->core->host_frame(), which drops it
 *
 * What the NIC does for all of its rings or none, as taking off tags of VLANs, the driver's ndo_fix_features can forbid while one ring
 * is a program's: it is called between down and up, and also where the device is down or asleep.
 *
 * Ring and NIC may be reset as often as the driver likes between down and up or by itself: the program's rings don't move.
 *
 * Their number is that of the queues when the port was opened. A user who asks for fewer than nm_nic_needs_more() wants is refused
 * (EBUSY); of rings that lose their queue otherwise, frames wait until there is one again. Further queues are the host's.
 *
 * A driver with no device behind it, as veth, says so (`soft`). Its rings send into the system, or to somebody's rings, by its own
 * txsync, and get what its other end puts there.
 */
#ifndef NM_DRIVERS_NM_NIC_H
#define NM_DRIVERS_NM_NIC_H

#include "nm_hw.h"

#include <linux/netdevice.h>

#define NM_NIC_VERSION 6u /* of what stands here and in core/nm_hw.h, core/nm_kring.h */

struct nm_nic_dev;

/* Of a driver; constant. */
struct nm_nic_driver {
	uint32_t version;     /* NM_NIC_VERSION */
	uint32_t max_desc;    /* of the longest ring that the driver makes */
	const struct nm_hw_bufs *bufs; /* what receive buffers can be; NULL for a soft driver */
	/*
	 * There is no device: buffers may have any size, r->map is NULL. It is attached and detached under RTNL, and what its detach takes
	 * away is freed after a grace period. What its receive rings get is told by `filled` and `receive`, never by irq.
	 */
	bool soft;
	/*
	 * Under RTNL, of a device that is up: the NIC stops and forgets all buffers; it starts again, with all rings empty. Where its
	 * queues can be stopped by themselves, those of rings that move are enough. nm_nic_taken() is true as long as they do: `up`
	 * ends that for receive rings that are the driver's again, and has its interrupts look at them then; what has come meanwhile
	 * would wait there for the next frame.
	 */
	void (*down)(struct nm_nic_dev *d);
	void (*up)(struct nm_nic_dev *d);
	/* nm_hw_tx and nm_hw_rx. Under the ring's lock, of a ring that is up. */
	bool (*txsync)(struct nm_hw_ring *r);
	uint32_t (*rxsync)(struct nm_hw_ring *r, uint32_t budget);
	/* nm_hw_put_foreign, likewise. */
	bool (*txforeign)(struct nm_hw_ring *r, const struct nm_hw_foreign *f);
	/*
	 * The frame that was reported first and is awaited is done; r->reports is not 0. If not, the NIC's interrupt tells when it is. A
	 * soft driver's r->reports is not 0 while its txsync waits for what irq tells.
	 */
	bool (*txdone)(struct nm_hw_ring *r);
	/* Under RTNL: what the NIC is used for now that keeps its rings from being a program's, or NULL. May be NULL itself. */
	const char *(*refuses)(struct nm_nic_dev *d);
	/* Under RTNL: the bytes of a receive buffer that the NIC has to be told of at least, where it takes a frame in one. May be NULL: any. */
	uint32_t (*rx_least)(const struct nm_nic_dev *d);
	/* The device that buffers are mapped for; NULL: it takes physical addresses. May be NULL itself: the parent of the interface. */
	struct device *(*dma_device)(struct nm_nic_dev *d);
};

struct nm_nic_core {
	struct nm_hw_core hw;
	/* Sets the driver's pointer to NULL, and waits for who has found it in an interrupt, in NAPI or while it sends. */
	void (*detach)(struct nm_nic_dev **d);
	/* A receive ring that was started just now gets its buffers. */
	void (*post)(struct nm_hw_ring *r);
	/*
	 * In the driver's NAPI poll, for a transmit ring also in its interrupt: frames have come or gone. Frames received for a
	 * switch, at most `budget`.
	 */
	uint32_t (*irq)(struct nm_hw_ring *r, uint32_t budget);
	/* A frame of the host for a ring that is a program's: counted and freed. */
	netdev_tx_t (*host_frame)(struct nm_nic_dev *d, struct sk_buff *skb);
	/* A frame of the host was lost for lack of memory. */
	void (*host_lost)(struct nm_nic_dev *d);
	/*
	 * For soft drivers. Of a txsync: sends by the interface's ndo_start_xmit, which is called from within; true when it can't go on now.
	 * Who waits then is told of room without the driver.
	 */
	bool (*transmit)(struct nm_hw_ring *r);
	/* This CPU calls ndo_start_xmit with a frame of a program. */
	bool (*transmits)(const struct net_device *dev);
	/* Slots of a receive ring were filled (hw.finish), and its lock is not held any more. In a read section of RCU, without softirqs. */
	void (*filled)(struct nm_hw_ring *r);
	/* A receive ring gets a frame, whose data begins with the Ethernet header; false: it is still the caller's. Likewise. */
	bool (*receive)(struct nm_hw_ring *r, struct sk_buff *skb);
};

struct nm_nic_dev {
	const struct nm_nic_core *core;
	const struct nm_nic_driver *driver;
	struct net_device *dev;
	void *priv;                 /* the driver's */
	uint32_t ntx, nrx;          /* rings that there can be */
	struct nm_hw_ring *tx, *rx; /* while a receive ring is a program's, its buf_bytes are what the NIC is to be told of its buffers */
	/* netmap.ko's */
	struct rcu_head rcu;
	struct list_head all;
	struct nm_nic *nic;         /* the port's, while it is one; under RTNL */
};

/*
 * Of a device that is registered, with rings ntx and nrx at most. NULL without memory, or where the driver was built for another
 * netmap.ko; the log says so and the device works without netmap. It is the one symbol that drivers need: the kernel's complaint
 * where netmap.ko is not loaded is one line with its name.
 */
struct nm_nic_dev *netmap_nic_attach(struct net_device *dev, const struct nm_nic_driver *driver, void *priv, uint32_t ntx, uint32_t nrx);

static inline bool
nm_nic_owns(const struct nm_hw_ring *r)
{
	return READ_ONCE(r->kr) != NULL;
}

/* It is a program's or becomes that, or is not the driver's again yet. Who does not wait for down and up asks for this. */
static inline bool
nm_nic_taken(const struct nm_hw_ring *r)
{
	return smp_load_acquire(&r->moves) || nm_nic_owns(r);
}

/* Under RTNL: with so many queues a program would lose the one of its ring. d may be NULL. */
static inline bool
nm_nic_needs_more(const struct nm_nic_dev *d, uint32_t ntx, uint32_t nrx)
{
	uint32_t i;

	for (i = ntx; d && i < d->ntx; i++)
		if (nm_nic_owns(&d->tx[i]))
			return true;
	for (i = nrx; d && i < d->nrx; i++)
		if (nm_nic_owns(&d->rx[i]))
			return true;
	return false;
}

#endif
