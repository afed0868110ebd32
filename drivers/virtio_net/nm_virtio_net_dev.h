/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_virtio_net_dev.h - a virtio NIC as a whole: what it is to netmap.ko, and what the driver calls when it opens, closes, or users ask for
 * something. Included at the end of the driver, whose functions it calls, with all the rest.
 */
#ifndef NM_VIRTIO_NET_DEV_H
#define NM_VIRTIO_NET_DEV_H

#include "nm_virtio_net_reset.h"

#include <net/xdp_sock_drv.h>

/* 5.1.6.5.6: frames for a program come as they are on the wire. Without CTRL_GUEST_OFFLOADS nothing else was negotiated: validate. */
static u64
nm_virtio_net_offloads(struct virtnet_info *vi, u64 offloads)
{
	if (nm_virtio_owns_any_rx(vi))
		offloads = 0;
	vi->netmap.told = true;
	vi->netmap.offloads = offloads;
	return offloads;
}

static void
nm_virtio_set_offloads(struct virtnet_info *vi)
{
	u64 wanted = nm_virtio_owns_any_rx(vi) ? 0 : vi->guest_offloads;

	if (!vi->guest_offloads_capable || (vi->netmap.told && vi->netmap.offloads == wanted))
		return;
	if (virtnet_set_guest_offloads(vi, nm_virtio_net_offloads(vi, wanted)))
		netdev_warn(vi->dev, "netmap: the device goes on with its offloads; frames with them are refused\n");
}

static int
nm_virtio_start_all(struct virtnet_info *vi)
{
	struct nm_virtio_net *n = &vi->netmap;
	int error = 0;
	u32 i;

	for (i = 0; i < n->nic->ntx && !error; i++)
		if (nm_virtio_tx_of(vi, i))
			error = nm_virtio_start_tx(vi, i);
		else
			n->tx[i].user = NM_VIRTIO_DRIVER;
	for (i = 0; i < n->nic->nrx && !error; i++)
		if (nm_virtio_rx_of(vi, i))
			error = nm_virtio_start_rx(vi, i);
	return error;
}

static int
nm_virtio_net_open(struct net_device *dev)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct nm_virtio_net *n = &vi->netmap;
	int error = 0;

	if (!n->nic)
		return 0;
	if (n->lost)
		return -EIO;
	if (nm_virtio_to_reset(vi))
		error = nm_virtio_reset(vi);
	if (error)
		return error;
	nm_virtio_set_offloads(vi);
	error = nm_virtio_start_all(vi);
	if (error) {
		netdev_err(dev, "netmap: no memory for the headers of its rings\n");
		nm_virtio_stop_all(vi);
		return error;
	}
	n->closed = false;
	return 0;
}

static bool
nm_virtio_net_closed(struct net_device *dev)
{
	const struct virtnet_info *vi = netdev_priv(dev);

	return vi->netmap.closed;
}

/* The driver leaves virtqueues as they are, and the device may write to buffers that it has; a program's would not be its own then. */
static void
nm_virtio_net_close(struct net_device *dev)
{
	struct virtnet_info *vi = netdev_priv(dev);

	if (!vi->netmap.nic)
		return;
	nm_virtio_stop_all(vi);
	if (!vi->netmap.frozen && nm_virtio_used(vi))
		nm_virtio_reset(vi); /* it tells why not */
}

static bool
nm_virtio_net_lost(const struct virtnet_info *vi)
{
	return vi->netmap.lost;
}

/* The driver resets the device after this, */
static void
nm_virtio_net_freeze(struct virtnet_info *vi)
{
	vi->netmap.frozen = true;
}

/* and has made new virtqueues when it opens it. */
static void
nm_virtio_net_thaw(struct virtnet_info *vi)
{
	vi->netmap.frozen = vi->netmap.lost = vi->netmap.told = false;
	if (vi->netmap.nic)
		nm_virtio_used_by(&vi->netmap, NM_VIRTIO_NOBODY);
}

static void
nm_virtio_down(struct nm_nic_dev *d)
{
	struct virtnet_info *vi = d->priv;

	netif_tx_lock_bh(d->dev);
	vi->netmap.quiet = true;
	netif_device_detach(d->dev);
	netif_tx_unlock_bh(d->dev);
	virtnet_close(d->dev);
}

static void
nm_virtio_up(struct nm_nic_dev *d)
{
	struct virtnet_info *vi = d->priv;

	if (virtnet_open(d->dev)) {
		vi->netmap.closed = true;
		netif_carrier_off(d->dev);
		netdev_err(d->dev, "netmap: it could not be opened again: reload its driver\n");
		return;
	}
	netif_tx_lock_bh(d->dev);
	vi->netmap.quiet = false;
	netif_device_attach(d->dev);
	netif_tx_unlock_bh(d->dev);
}

/* A ring of another length is a new one: it was reset alone (2.6.1), or nothing has happened to it. */
static int
nm_virtio_resized(struct virtnet_info *vi, int error, int started)
{
	if (!error && !started)
		return 0;
	nm_virtio_down(vi->netmap.nic);
	nm_virtio_up(vi->netmap.nic);
	return error ? error : started;
}

static int
nm_virtio_net_tx_resize(struct virtnet_info *vi, struct send_queue *sq, u32 num)
{
	u32 i = sq - vi->sq;
	struct nm_hw_ring *r = nm_virtio_tx_of(vi, i);
	int error;

	if (!r || !netif_running(vi->dev))
		return virtnet_tx_resize(vi, sq, num);
	if (num < 2 * NM_VIRTIO_MIN_DESC)
		return -EINVAL;
	nm_virtio_stop(&vi->netmap.tx[i], r);
	error = virtnet_tx_resize(vi, sq, num);
	return nm_virtio_resized(vi, error, error ? 0 : nm_virtio_start_tx(vi, i));
}

static int
nm_virtio_net_rx_resize(struct virtnet_info *vi, struct receive_queue *rq, u32 num)
{
	u32 i = rq - vi->rq;
	struct nm_hw_ring *r = nm_virtio_rx_of(vi, i);
	int error;

	if (!r || !netif_running(vi->dev))
		return virtnet_rx_resize(vi, rq, num);
	if (num < 2 * NM_VIRTIO_MIN_DESC)
		return -EINVAL;
	nm_virtio_stop(&vi->netmap.rx[i], r);
	error = virtnet_rx_resize(vi, rq, num);
	return nm_virtio_resized(vi, error, error ? 0 : nm_virtio_start_rx(vi, i));
}

/* Rings after the first `queues` are programs'. */
static bool
nm_virtio_net_needs(struct net_device *dev, u32 queues)
{
	const struct virtnet_info *vi = netdev_priv(dev);

	return nm_nic_needs_more(vi->netmap.nic, queues, queues);
}

/* A program has it open: its frames don't pass where XDP is. */
static bool
nm_virtio_net_in_use(struct net_device *dev)
{
	const struct virtnet_info *vi = netdev_priv(dev);

	return vi->netmap.nic && vi->netmap.nic->nic;
}

static bool
nm_virtio_has_xsk(const struct virtnet_info *vi)
{
	const struct xsk_buff_pool *pool;
	u32 i;

	for (i = 0; i < vi->max_queue_pairs; i++) {
		pool = xsk_get_pool_from_qid(vi->dev, i);
		if (pool && pool->umem->zc)
			return true;
	}
	return false;
}

static const char *
nm_virtio_refuses(struct nm_nic_dev *d)
{
	struct virtnet_info *vi = d->priv;
	u32 i;

	WRITE_ONCE(vi->netmap.nic, d); /* somebody may come before we know that we are attached */
	if (vi->netmap.lost || vi->netmap.closed)
		return "a reset after which it could not be set up (reload virtio_net)";
	if (vi->xdp_enabled || nm_virtio_has_xsk(vi))
		return "an XDP program or AF_XDP socket";
	if (vi->mergeable_rx_bufs && !vi->any_header_sg)
		return "the layout of its buffers (the device offers neither VERSION_1 nor ANY_LAYOUT)";
	if (vi->hdr_len > NM_VIRTIO_HDR)
		return "the length of its headers";
	if (!virtio_has_dma_quirk(vi->vdev) && !nm_virtio_dma_device(vi))
		return "a device that maps memory in a way of its own";
	for (i = 0; i < vi->max_queue_pairs; i++)
		if (min(nm_virtio_positions(vi->rq[i].vq), nm_virtio_positions(vi->sq[i].vq)) < NM_VIRTIO_MIN_DESC)
			return "virtqueues of less than 16 entries (see ethtool -g)";
	return NULL;
}

static struct device *
nm_virtio_device(struct nm_nic_dev *d)
{
	return nm_virtio_dma_device(d->priv);
}

/* A frame is in one buffer where the device does not merge them; else their first bytes are moved (nm_virtio_move). */
static uint32_t
nm_virtio_rx_least(const struct nm_nic_dev *d)
{
	const struct virtnet_info *vi = d->priv;

	return vi->mergeable_rx_bufs ? 2 * NM_VIRTIO_HDR : d->dev->mtu + ETH_HLEN + VLAN_HLEN;
}

static const struct nm_nic_driver nm_virtio_driver = {
	.version = NM_NIC_VERSION,
	.max_desc = NM_VIRTIO_MAX_DESC,
	.bufs = &nm_virtio_bufs,
	.down = nm_virtio_down,
	.up = nm_virtio_up,
	.txsync = nm_virtio_txsync,
	.rxsync = nm_virtio_rxsync,
	.txforeign = nm_virtio_txforeign,
	.txdone = nm_virtio_txdone,
	.refuses = nm_virtio_refuses,
	.rx_least = nm_virtio_rx_least,
	.dma_device = nm_virtio_device,
};

static void
nm_virtio_free_all(struct virtnet_info *vi)
{
	u32 i;

	for (i = 0; vi->netmap.tx && i < vi->max_queue_pairs; i++)
		nm_virtio_free(&vi->netmap.tx[i]);
	for (i = 0; vi->netmap.rx && i < vi->max_queue_pairs; i++)
		nm_virtio_free(&vi->netmap.rx[i]);
	kvfree(vi->netmap.tx);
	kvfree(vi->netmap.rx);
	vi->netmap.tx = vi->netmap.rx = NULL;
}

static void
nm_virtio_net_attach(struct virtnet_info *vi)
{
	struct nm_virtio_net *n = &vi->netmap;
	struct nm_nic_dev *d;
	u32 i;

	n->tx = kvcalloc(vi->max_queue_pairs, sizeof(*n->tx), GFP_KERNEL);
	n->rx = kvcalloc(vi->max_queue_pairs, sizeof(*n->rx), GFP_KERNEL);
	for (i = 0; n->tx && n->rx && i < vi->max_queue_pairs; i++)
		n->tx[i].user = n->rx[i].user = NM_VIRTIO_DRIVER; /* it may be up already */
	d = n->tx && n->rx ? netmap_nic_attach(vi->dev, &nm_virtio_driver, vi, vi->max_queue_pairs, vi->max_queue_pairs) : NULL;
	if (d) {
		WRITE_ONCE(n->nic, d);
		return;
	}
	netdev_err(vi->dev, "netmap: it was not given to netmap\n");
	nm_virtio_free_all(vi);
}

static void
nm_virtio_net_detach(struct virtnet_info *vi)
{
	if (!vi->netmap.nic)
		return;
	vi->netmap.nic->core->detach(&vi->netmap.nic);
	nm_virtio_free_all(vi);
}

/*
 * 2.8, 2.7.14.. and 2.9: packed rings, used entries that stand for many, and notifications that carry an index of virtio_ring.c are
 * not offered to a device; and offloads only where a device can be told to leave them.
 */
static void
nm_virtio_net_validate(struct virtio_device *vdev)
{
	static const unsigned int never[] = {VIRTIO_F_RING_PACKED, VIRTIO_F_IN_ORDER, NM_VIRTIO_F_NOTIFICATION_DATA};
	static const unsigned int offloads[] = {
		VIRTIO_NET_F_GUEST_CSUM, VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_GUEST_ECN, VIRTIO_NET_F_GUEST_UFO,
#ifdef VIRTIO_NET_F_GUEST_USO4
		VIRTIO_NET_F_GUEST_USO4, VIRTIO_NET_F_GUEST_USO6,
#endif
#ifdef VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO
		VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO, VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM,
#endif
	};
	u32 i;

	if (virtio_has_feature(vdev, VIRTIO_F_RING_PACKED))
		dev_info(&vdev->dev, "netmap: packed virtqueues are not used\n");
	for (i = 0; i < ARRAY_SIZE(never); i++)
		__virtio_clear_bit(vdev, never[i]);
	if (virtio_has_feature(vdev, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS))
		return;
	for (i = 0; i < ARRAY_SIZE(offloads); i++)
		__virtio_clear_bit(vdev, offloads[i]);
}

#endif
