/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_nic.h - an interface of the system as a port, by what every driver has ("emulated"). Where the driver gives its rings
 * (nm_native.c), what is said of host rings goes for it as well.
 *
 *	wire --> driver --> rx handler --> queue of the ring --> its program's sync, or NAPI of ours --> receive ring
 *	transmit ring --> skbs, under the lock of the driver's queue --> driver --> wire
 *	host's stack --> queueing discipline of ours --> queue of the host ring --> NAPI --> host receive ring
 *	host transmit ring --> netif_receive_skb, passed by our handler --> host's stack
 *
 * Frames are copied once on each way: a client may write to its buffers at any time.
 *
 * The handler takes frames of rings that somebody has; all others stay with the host. It comes after the kernel has given
 * frames of a VLAN to the VLAN's own interface, if there is one: such an interface keeps its frames, and can be opened
 * like any other. Frames of other VLANs arrive with their tag put back.
 *
 * Lock order: root->lock, RTNL, locks of queues. What RTNL guards is changed by control and by the notifier. The notifier
 * takes away the device at once, and leaves to a work item what needs root->lock.
 */
#ifndef NM_NIC_H
#define NM_NIC_H

#include "nm_os_linux.h"
#include "drivers/nm_nic.h"

#include <linux/if_ether.h>
#include <linux/if_vlan.h>
#include <linux/llist.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/timer.h>

#define NM_NIC_MAX_RINGS 32u /* of one direction; the system's queues are spread over them */
#define NM_NIC_MAX_HOST 16u  /* host rings of one direction */
#define NM_NIC_BATCH 32u     /* frames of one lease, or under one hold of the driver's lock */
#define NM_NIC_STALL (2 * HZ) /* how long who does not take his frames may hold back their sender */
#define NM_NIC_MOVE (HZ / 10) /* how long frames left on another processor may hold back the next ones */

/* What a sender waits for: room for half of what may be under way, or that nothing is under way. */
enum nm_nic_waits { NM_NIC_WAITS_NOT, NM_NIC_WAITS_ROOM, NM_NIC_WAITS_NONE };

struct nm_dma;
struct nm_nic;
struct Qdisc;

struct nm_nic_rx {
	struct napi_struct napi;
	struct nm_nic *nic;
	struct nm_kring *kr;
	struct sk_buff_head queue;  /* from the handler, under its lock */
	struct sk_buff_head local;  /* taken from there; of who has `taking`, or of the NAPI alone if the ring is in a switch */
	spinlock_t taking;
	uint32_t limit;             /* of the queue, for frames that are not ours */
	uint32_t seen;              /* how many the NAPI has let wait */
	unsigned long waiting;      /* jiffies since when frames wait for the program to sync; 0: none do */
};

/* Frames of a transmit ring that are under way. It outlives the ring, since a driver gives them back when it likes. */
struct nm_nic_flight {
	atomic_t users;             /* frames that are alive, and one for the ring */
	atomic_t gone;              /* with how many frames the driver is done, since ever */
	struct nm_nic_tx *tx;       /* NULL when the ring is gone; RCU */
	struct llist_head back;     /* frames that can be sent again */
	struct rcu_head rcu;
};

struct nm_nic_tx {
	struct napi_struct napi;    /* who waits for room goes on from here; and the source of skbs */
	struct nm_nic *nic;
	struct nm_kring *kr;
	struct nm_nic_flight *flight;
	struct llist_node *again;   /* taken from flight->back; of the sync alone */
	uint32_t sent;              /* frames, since ever */
	uint32_t limit, total;      /* of frames that the driver has; that are alive */
	uint32_t waits;             /* enum nm_nic_waits */
	bool soft;                  /* the driver's queue is that of the processor that calls it */
	int cpu;                    /* which did last; of the sync alone */
	unsigned long roomy;        /* jiffies: when there was some last */
	struct timer_list timer;    /* room may come without a frame of ours being done */
	/* of the one sync that runs */
	struct sk_buff *skb[NM_NIC_BATCH];
	uint32_t end[NM_NIC_BATCH];  /* slots used up to and with this frame */
	uint32_t bytes[NM_NIC_BATCH];
	struct nm_frame frame;       /* gathered last */
};

struct nm_nic {
	struct nm_port *port;
	struct net_device *dev;     /* NULL when it left; RCU, changed under RTNL; referenced */
	struct list_head all;       /* under RTNL */
	struct nm_nic_dev *hw;      /* what its driver gives; NULL if it gives nothing, or left; changed under RTNL */
	bool soft;                  /* which is none of a device */
	bool gives;                 /* while rings are bound: to us. Under RTNL, as the next */
	struct nm_dma *dma;         /* of a device then: its view of the region */
	struct net_device *napi_dev; /* of our NAPIs */
	struct nm_nic_rx *rx;       /* of the port's receive rings, the host's last; made with the first use */
	struct nm_nic_tx *tx;
	/* under RTNL */
	bool handler, promiscuous;
	bool taken;                 /* from the host, as far as the device is up */
	uint32_t nqdiscs;           /* of the device's queues */
	struct Qdisc **qdisc;       /* what was there before ours */
};

/* nm_nic.c: rings, if they aren't there yet. 0 or -ENOMEM. Control. */
int nm_nic_rings(struct nm_nic *n);

/* nm_nic_rx.c */
rx_handler_result_t nm_nic_rx_handler(struct sk_buff **pskb);
/* Takes skb, whose data begins with the Ethernet header. False: there is no room and it is still the caller's. Data. */
bool nm_nic_rx_queue(struct nm_nic_rx *r, struct sk_buff *skb);
int nm_nic_rx_sync(struct nm_kring *kr);
/* As of nm_os_linux_port_ops: instead of the ring's NAPI. */
void nm_nic_rx_take(struct nm_kring *kr, bool on);
uint32_t nm_nic_rx_poll(struct nm_kring *kr, uint32_t budget);
void nm_nic_rx_init(struct nm_nic_rx *r, struct nm_nic *n, struct nm_kring *kr);
/* Drops what waits; nobody delivers. */
void nm_nic_rx_purge(struct nm_nic_rx *r);
/* As of nm_port_ops. */
void nm_nic_rx_unbound(struct nm_kring *kr);

/* nm_nic_skb.c: from the system's frames to ours. */
/* With its tag. */
static inline uint32_t
nm_nic_skb_len(const struct sk_buff *skb)
{
	return skb->len + (skb_vlan_tag_present(skb) ? 4 : 0);
}
/* nm_nic_skb_copy can do what is left to do to it. */
bool nm_nic_skb_plain(const struct sk_buff *skb);
/* The frame to dst, nm_nic_skb_len() bytes of it, with tag and checksum. */
void nm_nic_skb_copy(const struct sk_buff *skb, char *dst);
/* Tag and checksum are put into skb itself; NULL: it was freed, there is no memory or the frame is not in order. */
struct sk_buff *nm_nic_skb_finish(struct sk_buff *skb);
/* Cuts a merged frame, which is freed, into a list by ->next; NULL if that can't be done. */
struct sk_buff *nm_nic_skb_segment(struct sk_buff *skb);

/* What the driver refuses: see also is_skb_forwardable of the system. */
static inline bool
nm_nic_too_long(const struct net_device *dev, uint32_t bytes)
{
	return bytes > READ_ONCE(dev->mtu) + dev->hard_header_len + VLAN_HLEN;
}

/* Its driver takes frames. */
static inline bool
nm_nic_usable(const struct net_device *dev)
{
	return netif_running(dev) && netif_carrier_ok(dev);
}

/* nm_nic_tx.c */
int nm_nic_tx_sync(struct nm_kring *kr);
void nm_nic_tx_later(struct nm_kring *kr);
int nm_nic_tx_init(struct nm_nic_tx *t, struct nm_nic *n, struct nm_kring *kr);
void nm_nic_tx_fini(struct nm_nic_tx *t);
/* The device may have room again, or a carrier. Any context. */
void nm_nic_tx_wake(struct nm_nic *n);
/* An skb of t->frame, which is in order; NULL without memory. Data. */
struct sk_buff *nm_nic_tx_skb(struct nm_nic_tx *t, struct net_device *dev);
/* What a driver expects of an skb that goes to its queue q. */
void nm_nic_tx_dress(struct sk_buff *skb, struct net_device *dev, const struct netdev_queue *q);
/*
 * Hands n frames to the driver; how many are gone, of which *lost were refused. Takers of packets see them first. The others
 * are still the caller's. Data.
 */
uint32_t nm_nic_tx_transmit(struct sk_buff **skb, uint32_t n, struct net_device *dev, struct netdev_queue *q, uint32_t *lost);
/* This CPU is doing so just now. */
bool nm_nic_tx_transmits(const struct net_device *dev);

/* nm_nic_flight.c */
int nm_nic_flight_init(struct nm_nic_tx *t);
void nm_nic_flight_fini(struct nm_nic_tx *t);
/* Frames that the driver has; that it may get now. */
uint32_t nm_nic_flight_out(const struct nm_nic_tx *t);
uint32_t nm_nic_flight_room(const struct nm_nic_tx *t);
/* An skb with `head` bytes in front and room for `bytes`; NULL without memory. Data. */
struct sk_buff *nm_nic_flight_skb(struct nm_nic_tx *t, uint32_t head, uint32_t bytes);
/* These are about to go to the driver, or be freed. */
void nm_nic_flight_start(struct nm_nic_tx *t, struct sk_buff **skb, uint32_t n);
/* One that came in: is it of a transmit ring of this module? Then the driver is done with it. Data. */
bool nm_nic_flight_arrive(struct sk_buff *skb);
/* What came in has been copied. Data; budget as of napi_consume_skb, not 0. */
void nm_nic_flight_consume(struct sk_buff **skb, uint32_t n, int budget);
/* Of the module: waits for what drivers still had. */
void nm_nic_flight_exit(void);

/* nm_nic_host.c */
int nm_nic_host_tx_sync(struct nm_kring *kr);
/* As of nm_port_ops. */
int nm_nic_host_set(struct nm_port *p, enum nm_port_host h, struct nm_session *s);
/* Under RTNL: puts our queueing discipline in place if the device is to be taken, 0 or -errno; gives the device back. */
int nm_nic_host_attach(struct nm_nic *n);
void nm_nic_host_detach(struct nm_nic *n);
/* This thread is giving a frame of n to the host just now. */
bool nm_nic_host_injects(const struct nm_nic *n);

/* Gives a frame to the host as if n had received it. Data. */
void nm_nic_host_inject(struct nm_nic *n, struct net_device *dev, struct sk_buff *skb);

/* nm_nic_fwd.c: as of nm_port_ops. */
void nm_nic_fwd_release(struct nm_kring *kr, uint32_t from, uint32_t to);

/* nm_native.c: where the driver gives its rings. Under RTNL: */
struct nm_nic_dev *nm_native_find(const struct net_device *dev);
int nm_native_enable(struct nm_nic *n, bool on);
/* Gives the rings back and lets go of the driver. */
void nm_native_release(struct nm_nic *n);
/* There is a carrier, or none any more. */
void nm_native_wake(struct nm_nic *n);
/* As of nm_port_ops and nm_os_linux_port_ops. */
int nm_native_tx_sync(struct nm_kring *kr);
int nm_native_rx_sync(struct nm_kring *kr);
void nm_native_tx_later(struct nm_kring *kr);
/* Sends a frame of the host by the first transmit ring, if that is a program's. Consumes skb, which nobody else has. Data. */
bool nm_native_send(struct nm_nic *n, struct net_device *dev, struct sk_buff *skb);
int nm_native_admit(struct nm_port *p, struct nm_session *s);
void nm_native_changed(struct nm_port *p);
void nm_native_take(struct nm_kring *kr, bool on);
uint32_t nm_native_poll(struct nm_kring *kr, uint32_t budget);
/* The driver's ring, locked, if it is up; else NULL. In a read section. */
struct nm_hw_ring *nm_native_hold(struct nm_kring *kr);

/* nm_native_soft.c: where there is no device behind the driver. As of nm_nic_core: */
bool nm_native_soft_transmit(struct nm_hw_ring *r);
void nm_native_soft_filled(struct nm_hw_ring *r);
bool nm_native_soft_receive(struct nm_hw_ring *r, struct sk_buff *skb);
/* For a receive ring in a switch, by its NAPI or who polls it: what came into its slots goes on, and their sender too. Data. */
void nm_native_soft_turn(struct nm_kring *kr);
/* As of nm_port_ops and nm_os_linux_port_ops. */
int nm_native_soft_rx_sync(struct nm_kring *kr);
void nm_native_soft_tx_later(struct nm_kring *kr);
uint32_t nm_native_soft_poll(struct nm_kring *kr, uint32_t budget);

/* nm_nic_notify.c */
int nm_nic_notify_init(void);
void nm_nic_notify_fini(void);
/* Under RTNL. add: the port that has the device already, or NULL. */
const struct nm_port *nm_nic_notify_add(struct nm_nic *n);
void nm_nic_notify_del(struct nm_nic *n);
/* Takes the device away from n, under RTNL. */
void nm_nic_notify_release(struct nm_nic *n);

#endif
