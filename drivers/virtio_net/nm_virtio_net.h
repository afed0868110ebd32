/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_virtio_net.h - what virtio_net.cocci calls in the driver of virtio NICs, and what of ours is in its structures. */
#ifndef NM_VIRTIO_NET_H
#define NM_VIRTIO_NET_H

#include "drivers/nm_nic.h"

#include <linux/virtio.h>

struct nm_virtio_ring;
struct receive_queue;
struct send_queue;
struct virtnet_info;

/* Of a device, in its struct virtnet_info. Under RTNL, if nothing else is said. */
struct nm_virtio_net {
	struct nm_nic_dev *nic;            /* NULL: it has no netmap */
	struct nm_virtio_ring *tx, *rx;    /* nic->ntx, nic->nrx of them */
	bool frozen;                       /* between the driver's freeze and restore, which reset the device */
	bool lost;                         /* the device was reset and has no virtqueues any more: there was no memory for new ones */
	bool closed;                       /* we could not open it again, and nobody else closes what is not open */
	bool told;                         /* the device has heard what it may do to frames that it receives: */
	u64 offloads;                      /* this */
	bool quiet;                        /* it is being reset: frames of the host are dropped. Under the locks of all transmit queues */
};

/* Where the driver looks at what the device offers: what rings of programs can't do without is left out. */
static void nm_virtio_net_validate(struct virtio_device *vdev);
static void nm_virtio_net_attach(struct virtnet_info *vi);
static void nm_virtio_net_detach(struct virtnet_info *vi);
static void nm_virtio_net_freeze(struct virtnet_info *vi);
static void nm_virtio_net_thaw(struct virtnet_info *vi);

/* Before and after what the driver does. open: 0 or -errno, then the interface does not open. */
static int nm_virtio_net_open(struct net_device *dev);
static bool nm_virtio_net_closed(struct net_device *dev);
static void nm_virtio_net_close(struct net_device *dev);
static bool nm_virtio_net_lost(const struct virtnet_info *vi);
/* The receive ring is a program's, nobody else fills it. */
static bool nm_virtio_net_fill(struct virtnet_info *vi, struct receive_queue *rq);

/* The NAPIs and callbacks of rings; true or owns: the ring is a program's, and all that there is to do was done. */
static bool nm_virtio_net_owns_rx(struct napi_struct *napi);
static int nm_virtio_net_poll_rx(struct napi_struct *napi, int budget);
static bool nm_virtio_net_owns_tx(struct napi_struct *napi);
static int nm_virtio_net_poll_tx(struct napi_struct *napi, int budget);
static bool nm_virtio_net_clean_tx(struct receive_queue *rq);
static bool nm_virtio_net_xmit_done(struct virtqueue *vq);
static bool nm_virtio_net_keeps(struct net_device *dev, struct sk_buff *skb);
static netdev_tx_t nm_virtio_net_host_frame(struct net_device *dev, struct sk_buff *skb);

/* What users ask for. */
static int nm_virtio_net_tx_resize(struct virtnet_info *vi, struct send_queue *sq, u32 num);
static int nm_virtio_net_rx_resize(struct virtnet_info *vi, struct receive_queue *rq, u32 num);
static bool nm_virtio_net_needs(struct net_device *dev, u32 queues);
static bool nm_virtio_net_in_use(struct net_device *dev);
/* Those that the device is about to be told. */
static u64 nm_virtio_net_offloads(struct virtnet_info *vi, u64 offloads);

#endif
