/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_virtio_net_rings.h - virtqueues of a virtio NIC in the hands of a program: included at the end of the driver, whose functions
 * it calls.
 *
 * A virtqueue that is a program's is filled here and not by virtio_ring.c, which goes on knowing it as one that is empty: what a frame
 * costs there is more than all the rest. Whenever one changes hands the device is reset, so that both sides begin with index 0.
 * Position p of the ring has the descriptors 2p, for the header that stands before each frame, and 2p + 1, for the frame; so a frame
 * has one entry in the available ring, and one in the used ring. The device may use them in any order (position of a receive ring
 * are swapped then).
 *
 * Sections are of "Virtual I/O Device (VIRTIO) Version 1.2" (OASIS).
 */
#ifndef NM_VIRTIO_NET_RINGS_H
#define NM_VIRTIO_NET_RINGS_H

#include "compat.h"

#include <linux/dma-mapping.h>
#include <linux/if_vlan.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <net/xdp_sock_drv.h>
#include <xen/xen.h>

#define NM_VIRTIO_MAX_DESC 1024u /* positions of a ring; the rest of a longer virtqueue is not used */
#define NM_VIRTIO_MIN_DESC 8u
#define NM_VIRTIO_HDR 32u        /* bytes from one header to the next */
#define NM_VIRTIO_F_NOTIFICATION_DATA 38 /* 6; older headers don't have it */

enum nm_virtio_user { NM_VIRTIO_NOBODY, NM_VIRTIO_DRIVER, NM_VIRTIO_PROGRAM };

struct nm_virtio_ring {
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	struct virtio_device *vdev;
	/* receive: the first descriptor of the position; transmit: the index after the frame whose last part it is, if it reports */
	u16 *at;
	char *hdr;          /* receive: of each position; transmit: the one of all frames, zeroes */
	u16 out;            /* frames that were put into the available ring, since the reset; as the rest, modulo 65536 */
	u16 told;           /* of them those that the device knew of when it was notified last */
	u16 next;           /* used entries that were taken; receive: at some time, see nm_virtio_index */
	u16 seen;           /* used entries that there were when we looked last */
	u16 first, parts;   /* receive: the frame that begins with this used entry has so many */
	u16 moved;          /* receive: parts before this one are where they belong */
	u16 mask, pos;      /* length of the virtqueue, positions; less 1 */
	u8 hdr_len;
	bool event, weak;   /* as negotiated: 2.7.10; barriers that are enough for another processor */
	bool merge;         /* receive: a header says how many buffers its frame has */
	bool bad;           /* receive: the frame at hand is */
	bool astray;        /* transmit: used in another order than sent; done is what is done when all are */
	/* not for each frame */
	enum nm_virtio_user user; /* who had it, since the device was reset */
	struct virtqueue *vq;
	struct napi_struct *napi;
	struct virtnet_info *vi;
	struct vring_used idle;   /* see nm_virtio_hide */
	struct device *dma;       /* of hdr; NULL: physical addresses */
	dma_addr_t hdr_addr;
	size_t hdr_bytes;
};

static __always_inline u16
nm_virtio_used_idx(const struct nm_virtio_ring *a)
{
	return virtio16_to_cpu(a->vdev, READ_ONCE(a->used->idx));
}

/* 2.7.13.3: what was put into the ring is the device's; 2.7.13.4: it wants to be told. */
static __always_inline void
nm_virtio_kick(struct nm_virtio_ring *a)
{
	u16 n = a->mask + 1u;
	bool wants;

	virtio_wmb(a->weak);
	WRITE_ONCE(a->avail->idx, cpu_to_virtio16(a->vdev, a->out));
	virtio_mb(a->weak);
	if (a->event)
		wants = vring_need_event(virtio16_to_cpu(a->vdev, READ_ONCE(*(__virtio16 *)&a->used->ring[n])), a->out, a->told);
	else
		wants = !(virtio16_to_cpu(a->vdev, READ_ONCE(a->used->flags)) & VRING_USED_F_NO_NOTIFY);
	a->told = a->out;
	if (wants)
		virtqueue_notify(a->vq);
}

/* 2.7.7: an interrupt is wanted when the used entry of this index is there; returns how many there are, after that was told. */
static __always_inline u16
nm_virtio_want_irq(struct nm_virtio_ring *a, u16 index)
{
	if (a->event)
		WRITE_ONCE(*(__virtio16 *)&a->avail->ring[a->mask + 1u], cpu_to_virtio16(a->vdev, index));
	else
		WRITE_ONCE(a->avail->flags, 0);
	virtio_mb(a->weak);
	return nm_virtio_used_idx(a);
}

/* With an event index there is one interrupt, and then none until the next is asked for. */
static void
nm_virtio_no_irq(struct nm_virtio_ring *a)
{
	if (!a->event)
		WRITE_ONCE(a->avail->flags, cpu_to_virtio16(a->vdev, VRING_AVAIL_F_NO_INTERRUPT));
}

/* Transmit, 2.7.5 and 5.1.6.2: the header's descriptor is always the same; a frame of several parts goes from 2p over the frame's own. */
static __always_inline void
nm_virtio_put_tx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr, uint32_t len, unsigned int flags)
{
	struct nm_virtio_ring *a = r->nic;
	struct vring_desc *d = &a->desc[2 * desc + 1];

	d->addr = cpu_to_virtio64(a->vdev, addr);
	d->len = cpu_to_virtio32(a->vdev, len);
	if (likely(flags & NM_HW_LAST)) {
		d->flags = 0;
		a->out++;
	} else {
		d->flags = cpu_to_virtio16(a->vdev, VRING_DESC_F_NEXT);
		d->next = cpu_to_virtio16(a->vdev, 2 * ((desc + 1) & a->pos) + 1);
	}
	if (flags & NM_HW_REPORT)
		a->at[desc] = a->out;
	a->avail->ring[(u16)(a->out - 1) & a->mask] = cpu_to_virtio16(a->vdev, 2 * desc); /* the first part is put last */
}

static __always_inline void
nm_virtio_report(struct nm_hw_ring *r, uint32_t desc)
{
	struct nm_virtio_ring *a = r->nic;

	a->at[desc] = a->out;
}

/* 2.7.8: takes used entries, as long as they are those that were sent next. */
static void
nm_virtio_reap(struct nm_virtio_ring *a)
{
	u16 used = nm_virtio_used_idx(a), i = a->next;

	if (used == a->seen || (u16)(used - i) > (u16)(a->out - i))
		return;
	virtio_rmb(a->weak);
	a->seen = used;
	if (likely(!a->astray))
		while (i != used && virtio32_to_cpu(a->vdev, a->used->ring[i & a->mask].id) == virtio16_to_cpu(a->vdev, a->avail->ring[i & a->mask]))
			i++;
	if (used == a->out)
		i = used;
	a->astray = i != used;
	a->next = i;
}

static __always_inline bool
nm_virtio_done(struct nm_hw_ring *r, uint32_t desc)
{
	struct nm_virtio_ring *a = r->nic;
	u16 want = a->at[desc];

	if ((s16)(a->next - want) >= 0)
		return true;
	nm_virtio_reap(a);
	return (s16)(a->next - want) >= 0;
}

static __always_inline void
nm_virtio_kick_any(struct nm_hw_ring *r)
{
	nm_virtio_kick(r->nic);
}

/* Receive: the index of the used entry for a position; it is less than the whole ring after the one that was taken last. */
static __always_inline u16
nm_virtio_index(const struct nm_virtio_ring *a, uint32_t desc)
{
	return a->next + ((desc - a->next) & a->pos);
}

/* The device used another buffer than the one of this position, which changes places with it. */
static noinline bool
nm_virtio_swap(struct nm_hw_ring *r, uint32_t desc, u32 id)
{
	struct nm_virtio_ring *a = r->nic;
	uint32_t i;

	for (i = desc; i != r->use; i = (i + 1) & a->pos)
		if (a->at[i] == id) {
			swap(a->at[i], a->at[desc]);
			swap(r->buf[i], r->buf[desc]);
			return true;
		}
	return false; /* it never had it */
}

/*
 * 5.1.6.3.1: only the first buffer of a frame has a header; of the others, the bytes that are where the first has its header belong
 * before the rest. Descriptors are shorter than buffers by as much. For all of a frame's parts this is done once.
 */
static noinline void
nm_virtio_move(struct nm_hw_ring *r, uint32_t desc, u16 index, u32 len)
{
	struct nm_virtio_ring *a = r->nic;
	char *p = nm_kring_buf(r->kr, r->buf[desc]);
	u32 bytes = min_t(u32, len, a->hdr_len);
	uint64_t addr = nm_hw_addr(r->map, r->buf[desc]);

	if ((s16)(index - a->moved) < 0 || len > r->map->stride || !p)
		return;
	a->moved = index + 1u;
	if (r->map->copies)
		r->core->from_device(r->map, addr, r->map->stride);
	memmove(p + bytes, p, len - bytes);
	memcpy(p, a->hdr + (a->at[desc] / 2) * NM_VIRTIO_HDR, bytes);
	if (r->map->copies)
		r->core->for_device(r->map, addr, r->map->stride);
}

/* 5.1.6.4: a frame that is not as it was on the wire (sums, segments) was not asked for. */
static __always_inline void
nm_virtio_begin(struct nm_virtio_ring *a, u32 id, u16 index, u32 len)
{
	const struct virtio_net_hdr_v1 *h = (void *)(a->hdr + id / 2 * NM_VIRTIO_HDR);
	u16 n = a->merge ? virtio16_to_cpu(a->vdev, h->num_buffers) : 1;

	a->bad = (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || h->gso_type != VIRTIO_NET_HDR_GSO_NONE || len < a->hdr_len || !n || n > a->pos;
	a->first = index;
	a->parts = unlikely(a->bad) && (!n || n > a->pos) ? 1 : n;
	a->moved = index + 1u;
}

static __always_inline unsigned int
nm_virtio_get_rx(struct nm_hw_ring *r, uint32_t desc, uint32_t *bytes)
{
	struct nm_virtio_ring *a = r->nic;
	u16 index = nm_virtio_index(a, desc), part;
	const struct vring_used_elem *e = &a->used->ring[index & a->mask];
	u32 id, len;

	if ((s16)(a->seen - index) <= 0) {
		a->seen = nm_virtio_used_idx(a);
		if ((s16)(a->seen - index) <= 0)
			return 0;
		virtio_rmb(a->weak);
	}
	id = virtio32_to_cpu(a->vdev, e->id);
	len = virtio32_to_cpu(a->vdev, e->len);
	if (likely(desc == r->clean))
		a->next = index;
	*bytes = 0;
	if (unlikely(id != a->at[desc]) && !nm_virtio_swap(r, desc, id))
		return NM_HW_DONE | NM_HW_LAST | NM_HW_BAD;
	part = index - a->first;
	if (likely(part >= a->parts)) {
		nm_virtio_begin(a, id, index, len);
		part = 0;
	}
	if (likely(!part)) {
		*bytes = likely(len >= a->hdr_len) ? len - a->hdr_len : 0;
	} else {
		nm_virtio_move(r, desc, index, len);
		*bytes = len;
	}
	return NM_HW_DONE | (part + 1u == a->parts ? NM_HW_LAST : 0) | (unlikely(a->bad) ? NM_HW_BAD : 0);
}

/* Both descriptors are as nm_virtio_fill_desc made them, but for the address. */
static __always_inline void
nm_virtio_put_rx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr)
{
	struct nm_virtio_ring *a = r->nic;
	u16 id = a->at[desc];

	a->desc[id + 1].addr = cpu_to_virtio64(a->vdev, addr);
	a->avail->ring[a->out++ & a->mask] = cpu_to_virtio16(a->vdev, id);
}

static const struct nm_hw_tx nm_virtio_tx = {
	.put = nm_virtio_put_tx,
	.report = nm_virtio_report,
	.done = nm_virtio_done,
	.kick = nm_virtio_kick_any,
	.max_parts = NETMAP_MAX_FRAGS,
};

static const struct nm_hw_rx nm_virtio_rx = {
	.get = nm_virtio_get_rx,
	.put = nm_virtio_put_rx,
	.kick = nm_virtio_kick_any,
};

/*
 * An interrupt is asked for when most of what is under way is done; so a sender that waits has room for much, and its last frames are
 * told of in some steps. False: it was, before the device knew that we want one.
 */
static bool
nm_virtio_want_tx_irq(struct nm_virtio_ring *a)
{
	u16 left = a->out - a->next, index = a->out - 1 - (a->astray ? 0 : left / 4);
	u16 used = nm_virtio_want_irq(a, index);

	return a->event ? (s16)(used - index) <= 0 : used == a->seen;
}

static bool
nm_virtio_txsync(struct nm_hw_ring *r)
{
	struct nm_virtio_ring *a = r->nic;
	bool full;

	/* the driver is not told of another MTU */
	r->max_bytes = READ_ONCE(a->vi->dev->mtu) + ETH_HLEN + VLAN_HLEN;
	r->max_single = min(r->max_bytes, r->kr->stride);
	full = nm_hw_tx(r, &nm_virtio_tx);
	while (r->reports && !nm_virtio_want_tx_irq(a))
		nm_hw_reap(r, &nm_virtio_tx);
	return full;
}

static bool
nm_virtio_txdone(struct nm_hw_ring *r)
{
	uint32_t desc = r->report[r->report_first].desc;

	while (!nm_virtio_done(r, desc))
		if (nm_virtio_want_tx_irq(r->nic))
			return false;
	return true;
}

/* The ring is empty, and an interrupt comes with the next frame. False: it is not, or not any more (*came). */
static bool
nm_virtio_want_rx_irq(struct nm_hw_ring *r, bool *came)
{
	struct nm_virtio_ring *a = r->nic;
	u16 index = nm_virtio_index(a, r->clean);

	*came = false;
	if (nm_virtio_used_idx(a) != index)
		return false;
	*came = nm_virtio_want_irq(a, index) != index;
	return !*came;
}

static uint32_t
nm_virtio_rxsync(struct nm_hw_ring *r, uint32_t budget)
{
	struct nm_virtio_ring *a = r->nic;
	uint32_t n = 0;
	bool came;

	do {
		n += nm_hw_rx(r, &nm_virtio_rx, budget - n);
		if (r->polled || nm_virtio_want_rx_irq(r, &came))
			return n;
	} while (came && n < budget);
	if (came)
		napi_schedule(a->napi); /* instead of the interrupt */
	return n;
}

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

/* What never changes in descriptors. A receive descriptor is shorter than its buffer if a frame may go on in the next one: nm_virtio_move. */
static void
nm_virtio_fill_desc(struct nm_virtio_ring *a, bool tx)
{
	u32 p, stride = a->vi->netmap.nic->buf_size;
	u16 write = tx ? 0 : VRING_DESC_F_WRITE;

	for (p = 0; p <= a->pos; p++) {
		struct vring_desc *d = &a->desc[2 * p];

		d[0].addr = cpu_to_virtio64(a->vdev, a->hdr_addr + (tx ? 0 : p * NM_VIRTIO_HDR));
		d[0].len = cpu_to_virtio32(a->vdev, a->hdr_len);
		d[0].flags = cpu_to_virtio16(a->vdev, write | VRING_DESC_F_NEXT);
		d[0].next = cpu_to_virtio16(a->vdev, 2 * p + 1);
		d[1].addr = 0;
		d[1].len = cpu_to_virtio32(a->vdev, a->merge ? stride - a->hdr_len : stride);
		d[1].flags = cpu_to_virtio16(a->vdev, write);
		a->at[p] = tx ? 0 : 2 * p;
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

	a->idle.idx = cpu_to_virtio16(a->vdev, 1);
	WRITE_ONCE(v->used, hide ? &a->idle : a->used);
}

/* Positions that a virtqueue has. */
static u32
nm_virtio_positions(const struct virtqueue *vq)
{
	return min_t(u32, virtqueue_get_vring_size((struct virtqueue *)vq) / 2, NM_VIRTIO_MAX_DESC);
}

/* The virtqueue is empty, its indices are 0, and the device will read it when it is told of frames or buffers. */
static int
nm_virtio_start(struct virtnet_info *vi, struct nm_virtio_ring *a, struct nm_hw_ring *r, struct virtqueue *vq, struct napi_struct *napi, bool tx)
{
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
	a->out = a->told = a->next = a->seen = a->first = a->parts = a->moved = 0;
	a->user = NM_VIRTIO_PROGRAM;
	nm_virtio_fill_desc(a, tx);
	nm_virtio_hide(a, true);
	r->nic = a;
	r->core->start(r, positions, 0, vi->dev->mtu + ETH_HLEN + VLAN_HLEN);
	if (!tx)
		vi->netmap.nic->core->post(r);
	return 0;
}

static int
nm_virtio_start_tx(struct virtnet_info *vi, u32 i)
{
	struct nm_virtio_net *n = &vi->netmap;

	return nm_virtio_start(vi, &n->tx[i], &n->nic->tx[i], vi->sq[i].vq, &vi->sq[i].napi, true);
}

static int
nm_virtio_start_rx(struct virtnet_info *vi, u32 i)
{
	struct nm_virtio_net *n = &vi->netmap;

	return nm_virtio_start(vi, &n->rx[i], &n->nic->rx[i], vi->rq[i].vq, &vi->rq[i].napi, false);
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

/* 5.1.6.5.6: frames for a program come as they are on the wire. */
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

	if (!virtio_has_feature(vi->vdev, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) || (vi->netmap.told && vi->netmap.offloads == wanted))
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
	u32 i;

	for (i = queues; vi->netmap.nic && i < vi->netmap.nic->ntx; i++)
		if (nm_virtio_tx_of(vi, i) || nm_virtio_rx_of(vi, i))
			return true;
	return false;
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
		return "its device could not be set up again after a reset; reload its driver (virtio_net)";
	if (vi->xdp_enabled || nm_virtio_has_xsk(vi))
		return "an XDP program or AF_XDP socket has its queues; take it away first, or load netmap with admode=2";
	if (vi->mergeable_rx_bufs && !vi->any_header_sg)
		return "its device wants headers and frames in one buffer (it offers neither VERSION_1 nor ANY_LAYOUT); admode=2 works";
	if (vi->hdr_len > NM_VIRTIO_HDR)
		return "the headers of its device's frames are longer than any that is known; admode=2 works";
	if (!virtio_has_dma_quirk(vi->vdev) && !nm_virtio_dma_device(vi))
		return "its device maps memory in a way of its own; admode=2 works";
	for (i = 0; i < vi->max_queue_pairs; i++)
		if (min(nm_virtio_positions(vi->rq[i].vq), nm_virtio_positions(vi->sq[i].vq)) < NM_VIRTIO_MIN_DESC)
			return "its virtqueues have less than 16 entries; see ethtool -g";
	return NULL;
}

static struct device *
nm_virtio_device(struct nm_nic_dev *d)
{
	return nm_virtio_dma_device(d->priv);
}

static void
nm_virtio_forget(struct nm_nic_dev *d)
{
	struct virtnet_info *vi = d->priv;

	WRITE_ONCE(vi->netmap.nic, NULL);
}

static const struct nm_nic_driver nm_virtio_driver = {
	.version = NM_NIC_VERSION,
	.max_desc = NM_VIRTIO_MAX_DESC,
	.buf_sizes = 256 | 512 | 1024 | 2048 | 4096,
	.down = nm_virtio_down,
	.up = nm_virtio_up,
	.txsync = nm_virtio_txsync,
	.rxsync = nm_virtio_rxsync,
	.txdone = nm_virtio_txdone,
	.refuses = nm_virtio_refuses,
	.dma_device = nm_virtio_device,
	.forget = nm_virtio_forget,
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
	vi->netmap.nic->core->detach(vi->netmap.nic);
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
