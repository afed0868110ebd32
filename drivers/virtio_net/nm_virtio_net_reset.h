/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_virtio_net_reset.h - how virtqueues change hands: the device is reset, and those of programs are made ready. */
#ifndef NM_VIRTIO_NET_RESET_H
#define NM_VIRTIO_NET_RESET_H

#include "nm_virtio_net_poll.h"
#include "compat.h"

#include <linux/dma-mapping.h>
#include <xen/xen.h>

/* The device that the virtqueues are mapped for, or NULL: it takes physical addresses (5.1.3: VIRTIO_F_ACCESS_PLATFORM is not offered). */
static struct device *
nm_virtio_dma_device(const struct virtnet_info *vi)
{
#ifdef NM_COMPAT_VIRTQUEUE_DMA_DEV
	return virtqueue_dma_dev(vi->rq[0].vq);
#else
	return !virtio_has_dma_quirk(vi->vdev) || xen_domain() ? vi->vdev->dev.parent : NULL;
#endif
}

static void
nm_virtio_free(struct nm_virtio_ring *a)
{
	kfree(a->at);
	if (a->hdr && a->dma)
		dma_free_coherent(a->dma, a->hdr_bytes, a->hdr, a->hdr_addr);
	else if (a->hdr)
		free_pages_exact(a->hdr, a->hdr_bytes);
	a->at = NULL;
	a->hdr = NULL;
}

static int
nm_virtio_alloc(struct nm_virtio_ring *a, u32 positions, bool tx)
{
	nm_virtio_free(a);
	a->dma = nm_virtio_dma_device(a->vi);
	a->hdr_bytes = tx ? NM_VIRTIO_HDR : positions * NM_VIRTIO_HDR;
	a->at = kcalloc(positions, sizeof(*a->at), GFP_KERNEL);
	if (a->dma) {
		a->hdr = dma_alloc_coherent(a->dma, a->hdr_bytes, &a->hdr_addr, GFP_KERNEL);
	} else {
		a->hdr = alloc_pages_exact(a->hdr_bytes, GFP_KERNEL | __GFP_ZERO);
		a->hdr_addr = a->hdr ? virt_to_phys(a->hdr) : 0;
	}
	if (a->at && a->hdr)
		return 0;
	nm_virtio_free(a);
	return -ENOMEM;
}

/* What never changes in descriptors. Those for frames are shorter than `bytes` of a buffer if a frame may go on in the next one: nm_virtio_move. */
static void
nm_virtio_fill_desc(struct nm_virtio_ring *a, u32 bytes, bool tx)
{
	u32 p;
	u16 write = tx ? 0 : VRING_DESC_F_WRITE;

	for (p = 0; p <= a->pos; p++) {
		struct vring_desc *d = &a->desc[2 * p];

		d[0].addr = cpu_to_virtio64(a->vdev, a->hdr_addr + (tx ? 0 : p * NM_VIRTIO_HDR));
		d[0].len = cpu_to_virtio32(a->vdev, a->hdr_len);
		d[0].flags = cpu_to_virtio16(a->vdev, write | VRING_DESC_F_NEXT);
		d[0].next = cpu_to_virtio16(a->vdev, 2 * p + 1);
		d[1].addr = 0;
		d[1].len = cpu_to_virtio32(a->vdev, a->merge ? bytes - a->hdr_len : bytes);
		d[1].flags = cpu_to_virtio16(a->vdev, write);
		a->at[p] = tx ? 0 : 2 * p;
		/* who does not merge need not say that a frame has one buffer */
		if (!tx) {
			((struct virtio_net_hdr_v1 *)(a->hdr + p * NM_VIRTIO_HDR))->num_buffers = cpu_to_virtio16(a->vdev, 1);
			nm_virtio_offer(a, p);
		}
	}
}

/*
 * virtio_ring.c calls the driver at an interrupt if it thinks that entries were used since it took one, of which it took none. Once in
 * 65536 that would be wrong, so it looks at a used ring of ours that says so always. Nothing else asks it for this while the ring is
 * a program's.
 */
static void
nm_virtio_hide(struct nm_virtio_ring *a, bool hide)
{
	struct vring *v = (struct vring *)virtqueue_get_vring(a->vq);

	a->idle[1] = cpu_to_virtio16(a->vdev, 1); /* idx */
	WRITE_ONCE(v->used, hide ? (struct vring_used *)a->idle : a->used);
}

/* Positions that a virtqueue has. */
static u32
nm_virtio_positions(const struct virtqueue *vq)
{
	return min_t(u32, virtqueue_get_vring_size((struct virtqueue *)vq) / 2, NM_VIRTIO_MAX_DESC);
}

/* The virtqueue is empty, its indices are 0, and the device will read it when it is told of frames or buffers. */
static int
nm_virtio_start(struct virtnet_info *vi, u32 i, struct virtqueue *vq, struct napi_struct *napi, bool tx)
{
	struct nm_nic_dev *d = vi->netmap.nic;
	struct nm_virtio_ring *a = tx ? &vi->netmap.tx[i] : &vi->netmap.rx[i];
	struct nm_hw_ring *r = tx ? &d->tx[i] : &d->rx[i];
	const struct vring *v = virtqueue_get_vring(vq);
	u32 positions = nm_virtio_positions(vq);
	int error;

	a->vi = vi;
	a->vdev = vi->vdev;
	a->vq = vq;
	a->napi = napi;
	error = nm_virtio_alloc(a, positions, tx);
	if (error)
		return error;
	a->desc = v->desc;
	a->avail = v->avail;
	a->used = v->used;
	a->mask = v->num - 1;
	a->pos = positions - 1;
	a->hdr_len = vi->hdr_len;
	a->event = virtio_has_feature(vi->vdev, VIRTIO_RING_F_EVENT_IDX);
	a->weak = !virtio_has_feature(vi->vdev, VIRTIO_F_ORDER_PLATFORM);
	a->merge = !tx && vi->mergeable_rx_bufs;
	a->bad = a->astray = false;
	a->ready = 0;
	a->out = a->told = a->next = a->seen = a->first = a->parts = a->moved = 0;
	a->user = NM_VIRTIO_PROGRAM;
	nm_virtio_fill_desc(a, r->buf_bytes, tx);
	nm_virtio_hide(a, true);
	r->nic = a;
	r->core->start(r, positions, 0, vi->dev->mtu + ETH_HLEN + VLAN_HLEN);
	if (!tx)
		d->core->post(r);
	return 0;
}

static int
nm_virtio_start_tx(struct virtnet_info *vi, u32 i)
{
	return nm_virtio_start(vi, i, vi->sq[i].vq, &vi->sq[i].napi, true);
}

static int
nm_virtio_start_rx(struct virtnet_info *vi, u32 i)
{
	return nm_virtio_start(vi, i, vi->rq[i].vq, &vi->rq[i].napi, false);
}

/* Its program's buffers are the program's again when the device was reset, which has to follow. */
static void
nm_virtio_stop(struct nm_virtio_ring *a, struct nm_hw_ring *r)
{
	if (r)
		r->core->stop(r);
	if (a->user == NM_VIRTIO_PROGRAM)
		nm_virtio_hide(a, false);
}

static void
nm_virtio_stop_all(struct virtnet_info *vi)
{
	struct nm_virtio_net *n = &vi->netmap;
	u32 i;

	for (i = 0; i < n->nic->ntx; i++)
		nm_virtio_stop(&n->tx[i], nm_virtio_tx_of(vi, i));
	for (i = 0; i < n->nic->nrx; i++)
		nm_virtio_stop(&n->rx[i], nm_virtio_rx_of(vi, i));
}

static void
nm_virtio_used_by(struct nm_virtio_net *n, enum nm_virtio_user user)
{
	u32 i;

	for (i = 0; i < n->nic->ntx; i++)
		n->tx[i].user = user;
	for (i = 0; i < n->nic->nrx; i++)
		n->rx[i].user = user;
}

/* 5.1.6.5: a command to the device, with a copy of what is at p. */
static void
nm_virtio_command(struct virtnet_info *vi, u8 class, u8 cmd, const void *p, size_t bytes)
{
	struct scatterlist sg;
	void *copy = kmemdup(p, bytes, GFP_KERNEL);
	bool done = false;

	if (copy) {
		sg_init_one(&sg, copy, bytes);
		done = virtnet_send_command(vi, class, cmd, &sg);
	}
	if (!done)
		netdev_warn(vi->dev, "netmap: the device refused command %u of class %u after its reset\n", cmd, class);
	kfree(copy);
}

static int
nm_virtio_vlan(struct net_device *vlan, int vid, void *dev)
{
	return virtnet_vlan_rx_add_vid(dev, htons(ETH_P_8021Q), vid);
}

/* What the device has forgotten by its reset. */
static void
nm_virtio_settings(struct virtnet_info *vi)
{
	struct net_device *dev = vi->dev;
	__virtio16 pairs = cpu_to_virtio16(vi->vdev, vi->curr_queue_pairs);

	if (!vi->has_cvq)
		return;
	if (virtio_has_feature(vi->vdev, VIRTIO_NET_F_MQ))
		nm_virtio_command(vi, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, &pairs, sizeof(pairs));
	if ((vi->has_rss || vi->has_rss_hash_report) && !virtnet_commit_rss_command(vi))
		netdev_warn(dev, "netmap: the device refused its RSS settings after its reset\n");
	if (virtio_has_feature(vi->vdev, VIRTIO_NET_F_CTRL_MAC_ADDR))
		nm_virtio_command(vi, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET, dev->dev_addr, dev->addr_len);
	if (virtio_has_feature(vi->vdev, VIRTIO_NET_F_CTRL_VLAN))
		vlan_for_each(dev, nm_virtio_vlan, dev);
	netif_addr_lock_bh(dev);
	virtnet_set_rx_mode(dev);
	netif_addr_unlock_bh(dev);
}

/* 3.1.1, steps 3 to 6, with the features that were found when the driver began. */
static int
nm_virtio_negotiate(struct virtio_device *vdev)
{
	int error;

	virtio_add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	virtio_add_status(vdev, VIRTIO_CONFIG_S_DRIVER);
	error = vdev->config->finalize_features(vdev);
	if (error || !virtio_has_feature(vdev, VIRTIO_F_VERSION_1))
		return error;
	virtio_add_status(vdev, VIRTIO_CONFIG_S_FEATURES_OK);
	return vdev->config->get_status(vdev) & VIRTIO_CONFIG_S_FEATURES_OK ? 0 : -ENODEV;
}

/*
 * The device is reset and gets new virtqueues, all of them empty, as in the driver's freeze and restore; but queues and their
 * statistics stay, since somebody may look at them. No NAPI of it runs, and no ring of a program is up.
 */
static int
nm_virtio_reset(struct virtnet_info *vi)
{
	struct virtio_device *vdev = vi->vdev;
	int i, error;

	if (vi->netmap.lost)
		return -EIO;
	virtnet_cpu_notif_remove(vi); /* it would look at virtqueues */
	virtio_reset_device(vdev);
	free_unused_bufs(vi);
	for (i = 0; i < vi->max_queue_pairs; i++)
		netdev_tx_reset_queue(netdev_get_tx_queue(vi->dev, i));
	virtnet_clean_affinity(vi);
	vi->netmap.lost = true;
	vdev->config->del_vqs(vdev);
	error = nm_virtio_negotiate(vdev);
	if (!error)
		error = virtnet_find_vqs(vi);
	if (error) {
		netdev_err(vi->dev, "netmap: the device could not be set up again after its reset (%d): reload its driver\n", error);
		return error;
	}
	vi->netmap.lost = false;
	vi->netmap.told = false;
	cpus_read_lock();
	virtnet_set_affinity(vi);
	cpus_read_unlock();
	nm_virtio_used_by(&vi->netmap, NM_VIRTIO_NOBODY);
	virtio_device_ready(vdev);
	nm_virtio_settings(vi);
	virtio_config_changed(vdev); /* the link may have changed meanwhile */
	if (virtnet_cpu_notif_add(vi))
		netdev_warn(vi->dev, "netmap: no memory to follow processors that come and go\n");
	return 0;
}

/* The device may have buffers of a program. */
static bool
nm_virtio_used(const struct virtnet_info *vi)
{
	const struct nm_virtio_net *n = &vi->netmap;
	u32 i;

	for (i = 0; i < n->nic->ntx; i++)
		if (n->tx[i].user == NM_VIRTIO_PROGRAM || n->rx[i].user == NM_VIRTIO_PROGRAM)
			return true;
	return false;
}

/* A virtqueue that has been used is to be used by somebody else. */
static bool
nm_virtio_to_reset(const struct virtnet_info *vi)
{
	const struct nm_virtio_net *n = &vi->netmap;
	u32 i;

	for (i = 0; i < n->nic->ntx; i++)
		if ((n->tx[i].user == NM_VIRTIO_DRIVER && nm_virtio_tx_of(vi, i)) || (n->rx[i].user == NM_VIRTIO_DRIVER && nm_virtio_rx_of(vi, i)))
			return true;
	return nm_virtio_used(vi);
}

static bool
nm_virtio_owns_any_rx(const struct virtnet_info *vi)
{
	u32 i;

	for (i = 0; vi->netmap.nic && i < vi->netmap.nic->nrx; i++)
		if (nm_virtio_rx_of(vi, i))
			return true;
	return false;
}

#endif
