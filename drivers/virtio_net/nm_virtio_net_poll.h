/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_virtio_net_poll.h - what the driver calls where it handles interrupts and frames. */
#ifndef NM_VIRTIO_NET_POLL_H
#define NM_VIRTIO_NET_POLL_H

#include "nm_virtio_net_rings.h"

/* Of the ring of this index, if it is a program's. */
static struct nm_hw_ring *
nm_virtio_tx_of(const struct virtnet_info *vi, u32 i)
{
	struct nm_nic_dev *d = READ_ONCE(vi->netmap.nic);

	return d && i < d->ntx && nm_nic_owns(&d->tx[i]) ? &d->tx[i] : NULL;
}

static struct nm_hw_ring *
nm_virtio_rx_of(const struct virtnet_info *vi, u32 i)
{
	struct nm_nic_dev *d = READ_ONCE(vi->netmap.nic);

	return d && i < d->nrx && nm_nic_owns(&d->rx[i]) ? &d->rx[i] : NULL;
}

static u32
nm_virtio_index_of_napi(const struct napi_struct *napi)
{
	const struct receive_queue *rq = container_of(napi, struct receive_queue, napi);

	return vq2rxq(rq->vq);
}

static bool
nm_virtio_net_owns_rx(struct napi_struct *napi)
{
	struct receive_queue *rq = container_of(napi, struct receive_queue, napi);

	return nm_virtio_rx_of(rq->vq->vdev->priv, vq2rxq(rq->vq));
}

/* Who takes the frames asks for the next interrupt, when there are none left. */
static int
nm_virtio_net_poll_rx(struct napi_struct *napi, int budget)
{
	struct receive_queue *rq = container_of(napi, struct receive_queue, napi);
	struct virtnet_info *vi = rq->vq->vdev->priv;
	u32 i = nm_virtio_index_of_napi(napi);
	struct nm_hw_ring *r = nm_virtio_rx_of(vi, i);
	int seen = 0;

	virtnet_poll_cleantx(rq, budget);
	if (r && budget) {
		nm_virtio_no_irq(&vi->netmap.rx[i]);
		seen = vi->netmap.nic->core->irq(r, budget);
	}
	if (seen < budget)
		napi_complete_done(napi, seen);
	return seen;
}

static bool
nm_virtio_net_owns_tx(struct napi_struct *napi)
{
	struct send_queue *sq = container_of(napi, struct send_queue, napi);

	return nm_virtio_tx_of(sq->vq->vdev->priv, vq2txq(sq->vq));
}

static int
nm_virtio_net_poll_tx(struct napi_struct *napi, int budget)
{
	struct send_queue *sq = container_of(napi, struct send_queue, napi);
	struct virtnet_info *vi = sq->vq->vdev->priv;
	struct nm_hw_ring *r = nm_virtio_tx_of(vi, vq2txq(sq->vq));

	if (r)
		vi->netmap.nic->core->irq(r, 0);
	napi_complete_done(napi, 0);
	return 0;
}

/* Without a NAPI of its own a transmit ring has the receive ring's. */
static bool
nm_virtio_net_clean_tx(struct receive_queue *rq)
{
	struct virtnet_info *vi = rq->vq->vdev->priv;
	u32 i = vq2rxq(rq->vq);
	struct nm_hw_ring *r = nm_virtio_tx_of(vi, i);

	if (r && !vi->sq[i].napi.weight)
		vi->netmap.nic->core->irq(r, 0);
	return r;
}

static bool
nm_virtio_net_xmit_done(struct virtqueue *vq)
{
	struct virtnet_info *vi = vq->vdev->priv;
	u32 i = vq2txq(vq);

	if (!nm_virtio_tx_of(vi, i))
		return false;
	nm_virtio_no_irq(&vi->netmap.tx[i]);
	napi_schedule(vi->sq[i].napi.weight ? &vi->sq[i].napi : &vi->rq[i].napi);
	return true;
}

static bool
nm_virtio_net_keeps(struct net_device *dev, struct sk_buff *skb)
{
	const struct virtnet_info *vi = netdev_priv(dev);

	return vi->netmap.nic && (vi->netmap.quiet || nm_virtio_tx_of(vi, skb_get_queue_mapping(skb)));
}

static netdev_tx_t
nm_virtio_net_host_frame(struct net_device *dev, struct sk_buff *skb)
{
	const struct virtnet_info *vi = netdev_priv(dev);

	return vi->netmap.nic->core->host_frame(vi->netmap.nic, skb);
}

static bool
nm_virtio_net_fill(struct virtnet_info *vi, struct receive_queue *rq)
{
	u32 i = vq2rxq(rq->vq);
	bool ours;

	rcu_read_lock(); /* its work comes when it likes */
	ours = nm_virtio_rx_of(vi, i);
	if (!ours && READ_ONCE(vi->netmap.nic))
		vi->netmap.rx[i].user = NM_VIRTIO_DRIVER;
	rcu_read_unlock();
	return ours;
}

#endif
