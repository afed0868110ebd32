/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_virtio_net_rings.h - virtqueues of a virtio NIC in the hands of a program: their descriptors.
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

#include "nm_virtio_net.h"

#include <linux/if_vlan.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

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
	u16 out;            /* entries of the available ring that were filled in since the reset; as the rest, modulo 65536 */
	u16 told;           /* of them those that the device knew of when it was notified last */
	u16 next;           /* used entries that were taken; receive: at some time, see nm_virtio_index */
	u16 seen;           /* transmit: used entries that there were when we looked last */
	u16 first, parts;   /* receive: a frame that began with this used entry has so many; 0: no such frame is coming */
	u16 moved;          /* receive: parts before this one are where they belong */
	u32 mask, pos;      /* length of the virtqueue, positions; less 1 */
	u32 from, ready;    /* receive: positions [from .. from + ready) were used by those that stand at elem[position] */
	const struct vring_used_elem *elem;
	u32 hdr_len;
	bool event, weak;   /* as negotiated: 2.7.10; barriers that are enough for another processor */
	bool merge;         /* receive: a header says how many buffers its frame has */
	bool bad;           /* receive: the frame at hand is */
	bool astray;        /* transmit: used in another order than sent; done is what is done when all are */
	/* not for each frame */
	enum nm_virtio_user user; /* who had it, since the device was reset */
	struct virtqueue *vq;
	struct napi_struct *napi;
	struct virtnet_info *vi;
	__virtio16 idle[2] __attribute__((aligned(VRING_USED_ALIGN_SIZE))); /* a vring_used of no entries, see nm_virtio_hide */
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

/* The last descriptor of a chain: flags and the next one, which are 0, follow the length. */
static __always_inline void
nm_virtio_last(const struct nm_virtio_ring *a, struct vring_desc *d, u32 len)
{
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
		WRITE_ONCE(*(u64 *)&d->len, len);
	} else {
		d->len = cpu_to_virtio32(a->vdev, len);
		d->flags = 0;
	}
}

/* Transmit, 2.7.5 and 5.1.6.2: the header's descriptor is always the same; a frame of several parts goes from 2p over the frame's own. */
static __always_inline void
nm_virtio_put_tx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr, uint32_t len, unsigned int flags)
{
	struct nm_virtio_ring *a = r->nic;
	struct vring_desc *d = &a->desc[2 * desc + 1];
	u16 out = a->out - 1; /* the first part is put last */

	d->addr = cpu_to_virtio64(a->vdev, addr);
	if (likely(flags & NM_HW_LAST)) {
		nm_virtio_last(a, d, len);
		a->out = ++out + 1;
	} else {
		d->len = cpu_to_virtio32(a->vdev, len);
		d->flags = cpu_to_virtio16(a->vdev, VRING_DESC_F_NEXT);
		d->next = cpu_to_virtio16(a->vdev, 2 * ((desc + 1) & a->pos) + 1);
	}
	if (unlikely(flags & NM_HW_REPORT))
		a->at[desc] = out + 1;
	a->avail->ring[out & a->mask] = cpu_to_virtio16(a->vdev, 2 * desc);
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
	const struct vring_used_elem *ring = a->used->ring;
	const __virtio16 *heads = a->avail->ring;
	u32 used = nm_virtio_used_idx(a), i = a->next, end = i + (u16)(used - i), mask = a->mask;

	if (used == a->seen || (u16)(used - i) > (u16)(a->out - i))
		return;
	virtio_rmb(a->weak);
	a->seen = used;
	if (likely(!a->astray))
		while (i != end && virtio32_to_cpu(a->vdev, ring[i & mask].id) == virtio16_to_cpu(a->vdev, heads[i & mask]))
			i++;
	if (used == a->out)
		i = end;
	a->astray = i != end;
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
nm_virtio_kick_tx(struct nm_hw_ring *r)
{
	nm_virtio_kick(r->nic);
}

/* Receive: the index of the used entry for a position, which is less than the whole ring after the one where the sync began. */
static __always_inline u16
nm_virtio_index(const struct nm_virtio_ring *a, uint32_t desc)
{
	return a->next + ((desc - a->next) & a->pos);
}

/*
 * Receive: position p is offered by each entry of the available ring whose index it is, modulo positions, so that the entries need not
 * be written again for each frame.
 */
static void
nm_virtio_offer(struct nm_virtio_ring *a, uint32_t p)
{
	u32 i;

	for (i = p; i <= a->mask; i += a->pos + 1)
		a->avail->ring[i] = cpu_to_virtio16(a->vdev, a->at[p]);
}

/*
 * The device used another buffer than the one of this position, which changes places with it. It has taken both entries, since it takes
 * them in order.
 */
static noinline bool
nm_virtio_swap(struct nm_hw_ring *r, uint32_t desc, u32 id)
{
	struct nm_virtio_ring *a = r->nic;
	uint32_t i;

	for (i = desc; i != r->use; i = (i + 1) & a->pos)
		if (a->at[i] == id) {
			swap(a->at[i], a->at[desc]);
			swap(r->buf[i], r->buf[desc]);
			swap(r->buf_offset[i], r->buf_offset[desc]);
			nm_virtio_offer(a, i);
			nm_virtio_offer(a, desc);
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

	if ((s16)(index - a->moved) < 0 || len > r->buf_bytes || !p)
		return;
	a->moved = index + 1u;
	if (r->kr->offsets.mask)
		p += r->buf_offset[desc];
	if (r->map->copies)
		r->core->from_device(r->map, addr, r->map->stride);
	memmove(p + bytes, p, len - bytes);
	memcpy(p, a->hdr + (a->at[desc] / 2) * NM_VIRTIO_HDR, bytes);
	if (r->map->copies)
		r->core->for_device(r->map, addr, r->map->stride);
}

static __always_inline const struct virtio_net_hdr_v1 *
nm_virtio_hdr(const struct nm_virtio_ring *a, u32 id)
{
	return (const void *)(a->hdr + (size_t)id * (NM_VIRTIO_HDR / 2));
}

/* 5.1.6.4: all that is not a whole frame in one buffer, as it was on the wire. Other frames (sums, segments) were not asked for. */
static noinline unsigned int
nm_virtio_get_part(struct nm_hw_ring *r, uint32_t desc, uint32_t *bytes)
{
	struct nm_virtio_ring *a = r->nic;
	u16 index = nm_virtio_index(a, desc);
	const struct vring_used_elem *e = &a->used->ring[index & a->mask];
	u32 id = virtio32_to_cpu(a->vdev, e->id), len = virtio32_to_cpu(a->vdev, e->len);
	const struct virtio_net_hdr_v1 *h;
	u16 part = index - a->first, n;

	if (id != a->at[desc] && !nm_virtio_swap(r, desc, id))
		return NM_HW_DONE | NM_HW_LAST | NM_HW_BAD;
	if (part < a->parts) {
		nm_virtio_move(r, desc, index, len);
		*bytes = part ? len : len - min_t(u32, len, a->hdr_len);
		return NM_HW_DONE | (part + 1u == a->parts ? NM_HW_LAST : 0) | (a->bad ? NM_HW_BAD : 0);
	}
	h = nm_virtio_hdr(a, id);
	n = a->merge ? virtio16_to_cpu(a->vdev, h->num_buffers) : 1;
	a->bad = (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || h->gso_type != VIRTIO_NET_HDR_GSO_NONE || len < a->hdr_len || !n || n > a->pos;
	*bytes = len - min_t(u32, len, a->hdr_len);
	a->parts = 0;
	if (n > 1 && n <= a->pos) {
		a->first = index;
		a->parts = n;
		a->moved = index + 1u;
		a->ready = 0; /* so that the others come here as well */
		return NM_HW_DONE | (a->bad ? NM_HW_BAD : 0);
	}
	return NM_HW_DONE | NM_HW_LAST | (a->bad ? NM_HW_BAD : 0);
}

/* Flags and type of a header (its first two bytes) with which it is not a frame as on the wire. */
#define NM_VIRTIO_UNFINISHED cpu_to_le16(VIRTIO_NET_HDR_F_NEEDS_CSUM | 0xff00)

static noinline unsigned int
nm_virtio_get_more(struct nm_hw_ring *r, uint32_t desc, uint32_t *bytes);

/* A length that is less than the header's becomes one that no buffer has. */
static __always_inline unsigned int
nm_virtio_get_rx(struct nm_hw_ring *r, uint32_t desc, uint32_t *bytes)
{
	struct nm_virtio_ring *a = r->nic;
	const struct virtio_net_hdr_v1 *h;
	const struct vring_used_elem *e;
	u32 id;

	if (unlikely(desc - a->from >= a->ready))
		return nm_virtio_get_more(r, desc, bytes);
	e = &a->elem[desc];
	id = a->at[desc];
	h = nm_virtio_hdr(a, id);
	*bytes = virtio32_to_cpu(a->vdev, e->len) - a->hdr_len;
	if (unlikely(virtio32_to_cpu(a->vdev, e->id) != id || (*(const __le16 *)h & NM_VIRTIO_UNFINISHED) ||
	    h->num_buffers != cpu_to_virtio16(a->vdev, 1)))
		return nm_virtio_get_part(r, desc, bytes);
	return NM_HW_DONE | NM_HW_LAST;
}

/* As far as the device has used them, and the ring goes on without a wrap. */
static noinline unsigned int
nm_virtio_get_more(struct nm_hw_ring *r, uint32_t desc, uint32_t *bytes)
{
	struct nm_virtio_ring *a = r->nic;
	u32 ahead = (desc - a->next) & a->pos, there = (u16)(nm_virtio_used_idx(a) - a->next);

	*bytes = 0;
	if (ahead >= there)
		return 0;
	virtio_rmb(a->weak);
	if (a->parts)
		return nm_virtio_get_part(r, desc, bytes);
	a->from = desc;
	a->ready = min(there - ahead, a->pos + 1 - desc);
	a->elem = a->used->ring + (nm_virtio_index(a, desc) & a->mask) - desc;
	return nm_virtio_get_rx(r, desc, bytes);
}

/* Both descriptors are as nm_virtio_fill_desc made them, but for the address. */
static __always_inline void
nm_virtio_put_rx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr)
{
	struct nm_virtio_ring *a = r->nic;

	(&a->desc[1])[a->at[desc]].addr = cpu_to_virtio64(a->vdev, addr);
}

static __always_inline void
nm_virtio_kick_rx(struct nm_hw_ring *r)
{
	struct nm_virtio_ring *a = r->nic;

	a->out += (r->use - a->out) & a->pos;
	nm_virtio_kick(a);
}

static const struct nm_hw_tx nm_virtio_tx = {
	.put = nm_virtio_put_tx,
	.report = nm_virtio_report,
	.done = nm_virtio_done,
	.kick = nm_virtio_kick_tx,
	.max_parts = NETMAP_MAX_FRAGS,
};

static const struct nm_hw_rx nm_virtio_rx = {
	.get = nm_virtio_get_rx,
	.put = nm_virtio_put_rx,
	.kick = nm_virtio_kick_rx,
};

static const struct nm_hw_bufs nm_virtio_bufs = {.sizes = 256 | 512 | 1024 | 2048 | 4096 | 8192 | 16384, .step = 1};

/*
 * An interrupt is asked for when most of what is under way is done; so a sender that waits has room for much, and its last frames are
 * told of in some steps. False: it was, before the device knew that we want one.
 */
static bool
nm_virtio_want_tx_irq(struct nm_virtio_ring *a)
{
	u16 left = a->out - a->next, index = a->out - 1 - (a->astray ? 0 : left / 4);
	u16 used = nm_virtio_want_irq(a, index);

	if ((u16)(used - a->next) > left)
		return true; /* the device is wrong, there were not so many */
	return a->event ? (s16)(used - index) <= 0 : used == a->seen;
}

/* The driver is not told of another MTU. */
static void
nm_virtio_limits(struct nm_hw_ring *r)
{
	const struct nm_virtio_ring *a = r->nic;

	r->max_bytes = READ_ONCE(a->vi->dev->mtu) + ETH_HLEN + VLAN_HLEN;
	r->max_single = min(r->max_bytes, r->kr->stride);
}

static bool
nm_virtio_txsync(struct nm_hw_ring *r)
{
	struct nm_virtio_ring *a = r->nic;
	bool full;

	nm_virtio_limits(r);
	full = nm_hw_tx(r, &nm_virtio_tx);
	while (r->reports && !nm_virtio_want_tx_irq(a))
		nm_hw_reap(r, &nm_virtio_tx);
	return full;
}

static inline bool
nm_virtio_txforeign(struct nm_hw_ring *r, const struct nm_hw_foreign *f)
{
	nm_virtio_limits(r);
	return nm_hw_put_foreign(r, &nm_virtio_tx, f);
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
		a->next = nm_virtio_index(a, r->clean);
		a->ready = 0;
		n += nm_hw_rx(r, &nm_virtio_rx, budget - n);
		if (r->polled || nm_virtio_want_rx_irq(r, &came))
			return n;
	} while (came && n < budget);
	if (came)
		napi_schedule(a->napi); /* instead of the interrupt */
	return n;
}

#endif
