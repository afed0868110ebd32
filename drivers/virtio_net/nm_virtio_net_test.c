/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_virtio_net_test.c - descriptors of virtqueues, with a device of this file's own, which takes and returns them in any order. */
#include "nic_kernel.h"

#include <linux/if_vlan.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

/* What the kernel has besides, as far as nm_virtio_net_rings.h asks for it. */
#define NM_VIRTIO_NET_H
#define virtio16_to_cpu(v, x) ((void)(v), (u16)(x))
#define virtio32_to_cpu(v, x) ((void)(v), (u32)(x))
#define cpu_to_virtio16(v, x) ((void)(v), (__virtio16)(x))
#define cpu_to_virtio32(v, x) ((void)(v), (__virtio32)(x))
#define cpu_to_virtio64(v, x) ((void)(v), (__virtio64)(x))
#define virtio_mb(weak) ((void)(weak), __atomic_thread_fence(__ATOMIC_SEQ_CST), happens())
#define virtio_rmb(weak) ((void)(weak), __atomic_thread_fence(__ATOMIC_ACQUIRE))
#define virtio_wmb(weak) ((void)(weak), __atomic_thread_fence(__ATOMIC_RELEASE))

/* What the device has done when a barrier is through, of which it did not know that it was to tell. */
static void (*meanwhile)(void);

static void
happens(void)
{
	void (*f)(void) = meanwhile;

	meanwhile = NULL;
	if (f)
		f();
}

struct napi_struct { unsigned scheduled; };
struct virtio_device { int unused; };
struct virtqueue { unsigned notified; };
struct virtnet_info { struct net_device *dev; };

static bool
virtqueue_notify(struct virtqueue *vq)
{
	vq->notified++;
	return true;
}

static void
napi_schedule(struct napi_struct *n)
{
	n->scheduled++;
}

#include "nm_virtio_net_rings.h"

/* Called as netmap.ko does. */
static bool (*volatile txsync)(struct nm_hw_ring *r) = nm_virtio_txsync;
static uint32_t (*volatile rxsync)(struct nm_hw_ring *r, uint32_t budget) = nm_virtio_rxsync;

#define MOST 1024u /* entries of a virtqueue */
#define HDR 12u

/* A virtqueue and what a device knows of it. */
struct queue {
	struct nm_virtio_ring a;
	struct nm_hw_ring r;
	struct virtqueue vq;
	struct napi_struct napi;
	struct vring v;
	u16 taken, wanted;         /* entries of the available ring that it took; the event index that it sets itself */
	char hdrs[MOST / 2 * NM_VIRTIO_HDR];
	u16 at[MOST / 2];
	u16 heads[65536];          /* by the entry taken */
	_Alignas(4096) char mem[64 << 10];
};

static struct queue tq, rq;
static struct nm_root root;
static struct nm_session s;
static struct nm_session *const sessions[] = {&s, NULL};
static struct nm_hw_map map;
static uint64_t addrs[8192];
static struct net_device dev = {.mtu = 1500};
static struct virtnet_info vi = {.dev = &dev};
static uint32_t foreign_sent;

static void
foreign_gone(struct nm_hw_ring *r, void *owner, bool sent)
{
	assert_ptr_equal(r, &tq.r);
	assert_ptr_equal(owner, &foreign_sent);
	assert_true(sent);
	foreign_sent++;
}

static const struct nm_hw_core core = {.room = nm_kring_room, .publish = nm_kring_publish, .frame = nm_hw_frame, .start = nm_hw_start,
    .stop = nm_hw_stop, .foreign_gone = foreign_gone};

static int
setup(void **state)
{
	(void)state;
	return host_begin(&root, sessions);
}

static int
teardown(void **state)
{
	(void)state;
	nm_hw_ring_fini(&tq.r);
	nm_hw_ring_fini(&rq.r);
	return host_end(&root, sessions);
}

static void
begin(struct queue *q, u32 n, bool tx, bool merge)
{
	struct nm_virtio_ring *a = &q->a;
	u32 p;

	memset(q->mem, 0, sizeof(q->mem));
	memset(q->hdrs, 0, sizeof(q->hdrs));
	q->vq.notified = q->napi.scheduled = 0;
	q->taken = 0;
	vring_init(&q->v, n, q->mem, 4096);
	*a = (struct nm_virtio_ring){.desc = q->v.desc, .avail = q->v.avail, .used = q->v.used, .at = q->at, .hdr = q->hdrs, .mask = n - 1,
	    .pos = n / 2 - 1, .hdr_len = HDR, .event = true, .weak = true, .merge = merge, .vq = &q->vq, .napi = &q->napi, .vi = &vi};
	for (p = 0; p < n / 2; p++) {
		q->v.desc[2 * p] = (struct vring_desc){(uintptr_t)q->hdrs + (tx ? 0 : p * NM_VIRTIO_HDR), HDR,
		    (u16)(VRING_DESC_F_NEXT | (tx ? 0 : VRING_DESC_F_WRITE)), (u16)(2 * p + 1)};
		q->v.desc[2 * p + 1] = (struct vring_desc){0, merge ? q->r.buf_bytes - HDR : q->r.buf_bytes, tx ? 0 : VRING_DESC_F_WRITE, 0};
		q->at[p] = tx ? 0 : (u16)(2 * p);
		if (!tx)
			nm_virtio_offer(a, p);
		((struct virtio_net_hdr_v1 *)(void *)(q->hdrs + (tx ? 0 : p * NM_VIRTIO_HDR)))->num_buffers = tx ? 0 : 1;
	}
	q->r.nic = a;
	nm_hw_start(&q->r, n / 2, 0, 1518);
}

/* With offsets, if they are not NULL. */
static void
open_rings_at(uint32_t slots, u32 n, bool merge, struct nmreq_opt_offsets *o)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_NULL, .nr_tx_slots = slots, .nr_rx_slots = slots, .nr_tx_rings = 1, .nr_rx_rings = 1};
	struct nm_kring *kr;
	uint32_t i;

	root.limits.buf_size = 2048;
	assert_int_equal(host_register_at(&s, "n", &reg, o), 0);
	kr = nm_session_kring(&s, NM_DIR_TX, 0);
	for (i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++)
		addrs[i] = (uintptr_t)kr->bufs + (uint64_t)i * 2048;
	map = (struct nm_hw_map){.n = kr->nbufs, .stride = 2048, .addr = addrs};
	assert_int_equal(nm_hw_ring_init(&tq.r, &core, NM_DIR_TX, MOST / 2), 0);
	assert_int_equal(nm_hw_ring_init(&rq.r, &core, NM_DIR_RX, MOST / 2), 0);
	tq.r.map = rq.r.map = &map;
	tq.r.kr = kr;
	rq.r.kr = nm_session_kring(&s, NM_DIR_RX, 0);
	nm_hw_set_bufs(&rq.r, rq.r.kr, &nm_virtio_bufs);
	begin(&tq, n, true, false);
	begin(&rq, n, false, merge);
	rxsync(&rq.r, 0);
}

static void
open_rings(uint32_t slots, u32 n, bool merge)
{
	open_rings_at(slots, n, merge, NULL);
}

static struct netmap_slot *
slot(struct queue *q, uint32_t i)
{
	return &q->r.kr->slots[i % q->r.kr->nslots];
}

/* The client publishes n slots more. */
static bool
transmit(uint32_t n)
{
	struct nm_kring *kr = tq.r.kr;
	uint32_t head = nm_ring_add(kr->rhead, n, kr->nslots);
	bool full;

	kr->rtail = kr->hwtail;
	assert_int_equal(nm_kring_accept(kr, head, head), 0);
	full = txsync(&tq.r);
	nm_kring_publish(kr);
	return full;
}

static uint32_t
room(void)
{
	struct nm_kring *kr = tq.r.kr;

	return nm_ring_dist(kr->rhead, kr->hwtail, kr->nslots);
}

/* The device has seen up to n entries more of the available ring; how many. */
static u32
take(struct queue *q, u32 n)
{
	u32 k;

	for (k = 0; k < n && q->taken != q->v.avail->idx; k++) {
		q->heads[q->taken] = q->v.avail->ring[q->taken & (q->v.num - 1)];
		q->taken++;
	}
	vring_avail_event(&q->v) = q->taken;
	return k;
}

/* It returns the k-th entry that it took. True: with an interrupt. */
static bool
give(struct queue *q, u16 k, u32 len)
{
	u16 old = q->v.used->idx, now = old + 1u;

	q->v.used->ring[old & (q->v.num - 1)] = (struct vring_used_elem){q->heads[k], len};
	q->v.used->idx = now;
	return vring_need_event(vring_used_event(&q->v), now, old);
}

static void
frames_have_a_header_of_zeroes_and_slots_return_when_they_are_sent(void **state)
{
	bool told = false;
	u16 k;

	(void)state;
	open_rings(256, 256, false);
	for (k = 0; k < 40; k++)
		slot(&tq, k)->len = (uint16_t)(60 + k);
	assert_false(transmit(40));
	assert_int_equal(tq.vq.notified, 1);
	assert_int_equal(take(&tq, 100), 40);
	for (k = 0; k < 40; k++) {
		const struct vring_desc *d = &tq.v.desc[tq.heads[k]], *f = &tq.v.desc[d->next];

		assert_int_equal(d->flags, VRING_DESC_F_NEXT);
		assert_int_equal(d->len, HDR);
		assert_ptr_equal((void *)(uintptr_t)d->addr, tq.hdrs);
		assert_int_equal(f->flags, 0);
		assert_int_equal(f->len, 60 + k);
		assert_ptr_equal((void *)(uintptr_t)f->addr, nm_kring_buf(tq.r.kr, slot(&tq, k)->buf_idx));
	}
	assert_int_equal(room(), 255 - 40);
	for (k = 0; k < 31; k++)
		told |= give(&tq, k, 0);
	assert_true(told);
	assert_false(transmit(0));
	assert_int_equal(room(), 255 - 40); /* it reports every 32nd */
	told = false;
	for (; k < 40; k++)
		told |= give(&tq, k, 0);
	assert_true(told); /* an interrupt was asked for again */
	assert_false(transmit(0));
	assert_int_equal(room(), 255);
	assert_int_equal(tq.vq.notified, 1);
}

static void
a_frame_of_several_slots_is_one_chain(void **state)
{
	const struct vring_desc *d;
	uint32_t k, n;

	(void)state;
	open_rings(256, 256, false);
	for (k = 0; k < 125; k++)
		slot(&tq, k)->len = 60;
	transmit(125); /* so that it goes over the ring's end */
	take(&tq, 200);
	for (k = 0; k < 125; k++)
		give(&tq, (u16)k, 0);
	for (n = 0; n < 5; n++) {
		slot(&tq, 125 + n)->len = (uint16_t)(100 + n);
		slot(&tq, 125 + n)->flags = n < 4 ? NS_MOREFRAG : 0;
	}
	transmit(5);
	assert_int_equal(take(&tq, 100), 1);
	d = &tq.v.desc[tq.heads[125]];
	assert_int_equal(d->len, HDR);
	for (n = 0; n < 5; n++) {
		assert_int_equal(d->flags, VRING_DESC_F_NEXT);
		d = &tq.v.desc[d->next];
		assert_int_equal(d->len, 100 + n);
		assert_ptr_equal((void *)(uintptr_t)d->addr, nm_kring_buf(tq.r.kr, slot(&tq, 125 + n)->buf_idx));
	}
	assert_int_equal(d->flags, 0);
	give(&tq, 125, 0);
	transmit(0);
	assert_int_equal(room(), 255);
}

/* One of the host's between those of the client. */
static void
a_foreign_frame_is_a_chain_too(void **state)
{
	static const char frame[5000];
	struct nm_hw_foreign f = {frame, (uintptr_t)frame, 5000, &foreign_sent};
	const struct vring_desc *d;
	uint32_t k;

	(void)state;
	open_rings(256, 256, false);
	assert_false(nm_virtio_txforeign(&tq.r, &f));
	dev.mtu = 9000;
	foreign_sent = 0;
	slot(&tq, 0)->len = slot(&tq, 1)->len = 60;
	transmit(1);
	assert_true(nm_virtio_txforeign(&tq.r, &f));
	transmit(1);
	assert_int_equal(take(&tq, 10), 3);
	d = &tq.v.desc[tq.heads[1]];
	assert_int_equal(d->len, HDR);
	for (k = 0; k < 3; k++) {
		assert_int_equal(d->flags, VRING_DESC_F_NEXT);
		d = &tq.v.desc[d->next];
		assert_int_equal(d->addr, f.addr + 2048 * k);
		assert_int_equal(d->len, k < 2 ? 2048 : 5000 - 4096);
	}
	assert_int_equal(d->flags, 0);
	for (k = 0; k < 3; k++)
		give(&tq, (u16)k, 0);
	transmit(0);
	assert_int_equal(foreign_sent, 1);
	assert_int_equal(room(), 255);
	dev.mtu = 1500;
}

static void
frames_that_are_sent_in_another_order_are_done_when_all_are(void **state)
{
	u16 k;

	(void)state;
	open_rings(256, 256, false);
	for (k = 0; k < 64; k++)
		slot(&tq, k)->len = 60;
	transmit(64);
	take(&tq, 64);
	give(&tq, 0, 0);
	for (k = 63; k > 1; k--)
		give(&tq, k, 0);
	transmit(0);
	assert_int_equal(room(), 255 - 64);
	assert_true(give(&tq, 1, 0));
	transmit(0);
	assert_int_equal(room(), 255);
	/* and after that all is as it was */
	transmit(32);
	take(&tq, 32);
	for (k = 64; k < 96; k++)
		give(&tq, k, 0);
	transmit(0);
	assert_int_equal(room(), 255);
}

/* A device that says it has sent more than it got is not believed. */
static void
a_wrong_device_is_not_waited_for(void **state)
{
	(void)state;
	open_rings(256, 256, false);
	slot(&tq, 0)->len = 60;
	transmit(1);
	tq.v.used->idx = 77;
	transmit(0);
	assert_false(nm_virtio_txdone(&tq.r));
	assert_int_equal(room(), 254);
}

/* A sender that waits for an interrupt whenever it has no room gets one, however the device goes about it, also when indices wrap. */
static void
no_sender_waits_for_ever(void **state)
{
	uint32_t sent = 0, seed = 1, n;
	u16 back = 0;

	(void)state;
	open_rings(256, 256, false);
	for (n = 0; n < 256; n++)
		slot(&tq, n)->len = 60;
	while (sent < 200000) {
		bool told = false;

		n = room();
		sent += n;
		(void)transmit(n);
		while (!told) {
			u32 some = (seed = seed * 1103515245 + 12345) >> 16 & 31;

			take(&tq, some);
			for (; some && back != tq.taken; some--)
				told |= give(&tq, back++, 0);
			if (!told)
				assert_true(tq.taken != tq.v.avail->idx || back != tq.taken); /* something is under way */
		}
	}
	assert_int_equal(tq.r.kr->stat[NM_STAT_forwarded] > 190000, 1);
}

/* Without event indices there are flags, which the driver's callback sets and the sync takes back. */
static void
interrupts_are_told_of_by_flags(void **state)
{
	u16 k;

	(void)state;
	open_rings(256, 256, false);
	tq.a.event = rq.a.event = false;
	for (k = 0; k < 8; k++)
		slot(&tq, k)->len = 60;
	tq.v.used->flags = VRING_USED_F_NO_NOTIFY;
	transmit(4);
	assert_int_equal(tq.vq.notified, 0);
	tq.v.used->flags = 0;
	transmit(4);
	assert_int_equal(tq.vq.notified, 1);
	assert_false(nm_virtio_txdone(&tq.r));
	assert_int_equal(tq.v.avail->flags, 0);
	nm_virtio_no_irq(&tq.a);
	assert_int_equal(tq.v.avail->flags, VRING_AVAIL_F_NO_INTERRUPT);
	take(&tq, 8);
	for (k = 0; k < 7; k++)
		give(&tq, k, 0);
	transmit(0);
	assert_int_equal(tq.v.avail->flags, 0); /* the last one is under way */
	give(&tq, 7, 0);
	assert_true(nm_virtio_txdone(&tq.r));
	transmit(0);
	assert_int_equal(room(), 255);
	nm_virtio_no_irq(&rq.a);
	rxsync(&rq.r, 100);
	assert_int_equal(rq.v.avail->flags, 0);
}

/* The device puts `bytes` into a buffer, `parts` of them in the frame, 0: it goes on. The first has a header. */
static bool
put(u16 k, u32 parts, char first, u32 bytes, u8 flags)
{
	const struct vring_desc *d = &rq.v.desc[rq.heads[k]], *f = &rq.v.desc[d->next];
	char *h = (void *)(uintptr_t)d->addr, *p = (void *)(uintptr_t)f->addr;
	struct virtio_net_hdr_v1 *v = (void *)h;
	u32 i;

	assert_int_equal(d->len, HDR);
	assert_true(bytes <= f->len + (parts ? 0 : HDR));
	assert_true(((uintptr_t)p - (uintptr_t)tq.r.kr->bufs) % map.stride + f->len <= map.stride);
	if (parts)
		*v = (struct virtio_net_hdr_v1){.flags = flags, .num_buffers = (u16)parts}; /* 1 where frames are not merged */
	for (i = 0; i < bytes; i++)
		if (parts)
			p[i] = (char)(first + i);
		else if (i < HDR)
			h[i] = (char)(first + i);
		else
			p[i - HDR] = (char)(first + i);
	return give(&rq, k, bytes + (parts ? HDR : 0));
}

static uint32_t
got(void)
{
	return nm_ring_dist(rq.r.kr->rel, rq.r.kr->hwtail, rq.r.kr->nslots);
}

static void
give_back(void)
{
	struct nm_kring *kr = rq.r.kr;

	kr->atok->head = kr->atok->cur = kr->ktoa->hwtail;
	assert_int_equal(nm_kring_accept(kr, kr->ktoa->hwtail, kr->ktoa->hwtail), 0);
}

static void
is(uint32_t at, char first, u32 bytes)
{
	const struct netmap_slot *p = slot(&rq, at);
	const char *b = nm_kring_buf(rq.r.kr, p->buf_idx) + nm_kring_offset(&rq.r.kr->offsets, p->ptr);
	u32 i;

	assert_int_equal(p->len, bytes);
	for (i = 0; i < bytes; i++)
		assert_int_equal(b[i], (char)(first + i));
}

static void
frames_come_without_their_header_and_in_the_order_of_the_device(void **state)
{
	(void)state;
	open_rings(256, 256, true);
	assert_int_equal(take(&rq, 200), 127);
	assert_true(put(0, 1, 1, 60, 0));
	assert_int_equal(rxsync(&rq.r, 100), 1);
	assert_false(put(1, 1, 2, 61, 0) && put(2, 1, 3, 62, 0)); /* one interrupt, until somebody has looked */
	assert_int_equal(rxsync(&rq.r, 100), 2);
	put(9, 1, 4, 63, 0);
	put(3, 1, 5, 64, 0);
	put(8, 1, 6, 65, VIRTIO_NET_HDR_F_DATA_VALID);
	assert_int_equal(rxsync(&rq.r, 100), 3);
	assert_int_equal(got(), 6);
	is(0, 1, 60);
	is(1, 2, 61);
	is(2, 3, 62);
	is(3, 4, 63);
	is(4, 5, 64);
	is(5, 6, 65);
	assert_int_equal(rq.napi.scheduled, 0);
}

static void
a_frame_of_several_buffers_is_put_together(void **state)
{
	(void)state;
	open_rings(256, 256, true);
	take(&rq, 200);
	put(0, 3, 1, 2036, 0);
	put(1, 0, 2, 2048, 0);
	put(2, 0, 3, 7, 0); /* all of it where headers are */
	put(3, 1, 4, 60, 0);
	assert_int_equal(rxsync(&rq.r, 100), 2);
	assert_int_equal(got(), 4);
	is(0, 1, 2036);
	is(1, 2, 2048);
	is(2, 3, 7);
	is(3, 4, 60);
	assert_int_equal(slot(&rq, 0)->flags, NS_MOREFRAG);
	assert_int_equal(slot(&rq, 1)->flags, NS_MOREFRAG);
	assert_int_equal(slot(&rq, 2)->flags, 0);
}

static void
frames_that_are_not_finished_are_refused_and_their_buffers_come_back(void **state)
{
	u32 k;

	(void)state;
	open_rings(256, 256, true);
	take(&rq, 200);
	put(0, 1, 1, 60, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	put(1, 2, 2, 60, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	put(2, 0, 3, 60, 0);
	put(3, 4000, 4, 60, 0); /* more than there are */
	put(4, 1, 5, 60, 0);
	rxsync(&rq.r, 100);
	assert_int_equal(got(), 1);
	is(0, 5, 60);
	assert_int_equal(rq.r.kr->stat[NM_STAT_refused], 3);
	for (k = 5; k < 127; k++)
		put((u16)k, 1, 1, 60, 0);
	rxsync(&rq.r, 200);
	give_back();
	rxsync(&rq.r, 200);
	assert_int_equal(nm_hw_out(&rq.r), 127);
}

static void
a_frame_comes(void)
{
	put(0, 1, 1, 60, 0);
}

static void
a_frame_that_comes_while_an_interrupt_is_asked_for_is_seen(void **state)
{
	(void)state;
	open_rings(256, 256, true);
	take(&rq, 200);
	meanwhile = a_frame_comes;
	assert_int_equal(rxsync(&rq.r, 100), 1);
	assert_int_equal(rq.napi.scheduled, 0);
	teardown(NULL);
	setup(NULL);
	open_rings(256, 256, true);
	take(&rq, 200);
	meanwhile = a_frame_comes;
	assert_int_equal(rxsync(&rq.r, 0), 0); /* it was not to take one */
	assert_int_equal(rq.napi.scheduled, 1);
}

static void
all_is_sent(void)
{
	u16 k;

	take(&tq, 10);
	for (k = 0; k < 10; k++)
		give(&tq, k, 0);
}

static void
all_is_sent_later(void)
{
	meanwhile = all_is_sent;
}

static void
frames_that_are_sent_while_an_interrupt_is_asked_for_are_seen(void **state)
{
	u16 k;

	(void)state;
	open_rings(256, 256, false);
	for (k = 0; k < 10; k++)
		slot(&tq, k)->len = 60;
	meanwhile = all_is_sent_later; /* the first barrier is the notification's */
	transmit(10);
	assert_int_equal(tq.v.used->idx, 10);
	assert_int_equal(room(), 255);
}

/* Who sleeps when there are no frames is woken by the next, however many came while he asked for that, also when indices wrap. */
static void
no_receiver_waits_for_ever(void **state)
{
	uint32_t seen = 0, seed = 1, k;
	u16 next = 0;

	(void)state;
	open_rings(256, 256, false);
	while (seen < 200000) {
		u32 some = 1 + ((seed = seed * 1103515245 + 12345) >> 16 & 63);
		bool told = false;

		take(&rq, 200);
		for (k = 0; k < some && next != rq.taken; k++)
			told |= put(next++, 1, (char)k, 60, 0);
		assert_true(told);
		assert_int_equal(rxsync(&rq.r, 256), k);
		seen += k;
		give_back();
		rxsync(&rq.r, 0);
	}
	assert_int_equal(rq.r.kr->stat[NM_STAT_rx_packets], seen);
}

static void
descriptors_are_shorter_where_slots_have_offsets(void **state)
{
	struct nmreq_opt_offsets o = {.nro_max_offset = 500, .nro_initial_offset = 33, .nro_offset_bits = 16};
	const struct vring_desc *d;
	u32 k;

	(void)state;
	open_rings_at(256, 256, true, &o);
	assert_int_equal(rq.r.buf_bytes, 1548);
	slot(&tq, 0)->ptr = 0xabc01f4;
	slot(&tq, 0)->len = 1548;
	slot(&tq, 1)->ptr = 500;
	slot(&tq, 1)->len = 1549;
	dev.mtu = 9000;
	transmit(2);
	dev.mtu = 1500;
	assert_int_equal(take(&tq, 100), 1);
	d = &tq.v.desc[tq.v.desc[tq.heads[0]].next];
	assert_int_equal(d->len, 1548);
	assert_ptr_equal((void *)(uintptr_t)d->addr, nm_kring_buf(tq.r.kr, slot(&tq, 0)->buf_idx) + 500);
	assert_int_equal(tq.r.kr->stat[NM_STAT_drop_bad_len], 1);

	take(&rq, 200);
	put(0, 1, 1, 1536, 0);
	put(1, 3, 2, 1536, 0);
	put(2, 0, 3, 1548, 0);
	put(3, 0, 4, 7, 0);
	put(9, 1, 5, 60, 0); /* in another order: buffers change places, and their offsets with them */
	put(5, 1, 6, 61, 0);
	assert_int_equal(rxsync(&rq.r, 100), 4);
	for (k = 0; k < 6; k++)
		assert_int_equal(slot(&rq, k)->ptr, 33);
	is(0, 1, 1536);
	is(1, 2, 1536);
	is(2, 3, 1548);
	is(3, 4, 7);
	is(4, 5, 60);
	is(5, 6, 61);
}

/* A slot's ptr is what its buffer was given to the device with, wherever that puts the frame. */
static void
buffers_that_change_places_keep_their_offsets(void **state)
{
	struct nmreq_opt_offsets o = {.nro_max_offset = 1024, .nro_initial_offset = 0, .nro_offset_bits = 16};
	uint32_t seed = 1, round, k, n;
	u16 base = 0, first;

	(void)state;
	open_rings_at(256, 256, true, &o);
	for (round = 0; round < 200; round++) {
		first = base;
		n = take(&rq, 200);
		n = n < 10 ? n : 10;
		rq.taken = (u16)(first + n);
		for (k = n; k-- > 0;)
			put((u16)(first + k), 1, (char)(round + k), 60, 0);
		base = (u16)(first + n);
		assert_int_equal(rxsync(&rq.r, 100), n);
		assert_int_equal(got(), n);
		for (k = 0; k < n; k++) {
			is(rq.r.kr->rel + k, (char)(round + n - 1 - k), 60);
			seed = seed * 1103515245 + 12345;
			slot(&rq, rq.r.kr->rel + k)->ptr = seed >> 8;
		}
		give_back();
		rxsync(&rq.r, 0);
	}
}

/* To count instructions by, see README.md: 400 batches of 256 frames of 64 bytes each way. */
static void
batches_pass(void **state)
{
	uint32_t n, k;
	u16 next = 0, back = 0;

	(void)state;
	open_rings(1024, 1024, true);
	for (n = 0; n < 1024; n++)
		slot(&tq, n)->len = 64;
	for (n = 0; n < 400; n++) {
		transmit(256);
		for (k = take(&tq, 256); k; k--)
			give(&tq, back++, 0);
		take(&rq, 1024);
		for (k = 0; k < 256; k++)
			put(next++, 1, 0, 64, 0);
		assert_int_equal(rxsync(&rq.r, 1024), 256);
		give_back();
	}
	assert_int_equal(tq.r.kr->stat[NM_STAT_tx_packets], 400 * 256);
	print_message("frames %u\n", 400 * 256);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frames_have_a_header_of_zeroes_and_slots_return_when_they_are_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(a_frame_of_several_slots_is_one_chain, setup, teardown),
		cmocka_unit_test_setup_teardown(a_foreign_frame_is_a_chain_too, setup, teardown),
		cmocka_unit_test_setup_teardown(frames_that_are_sent_in_another_order_are_done_when_all_are, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wrong_device_is_not_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(no_sender_waits_for_ever, setup, teardown),
		cmocka_unit_test_setup_teardown(interrupts_are_told_of_by_flags, setup, teardown),
		cmocka_unit_test_setup_teardown(frames_come_without_their_header_and_in_the_order_of_the_device, setup, teardown),
		cmocka_unit_test_setup_teardown(a_frame_of_several_buffers_is_put_together, setup, teardown),
		cmocka_unit_test_setup_teardown(frames_that_are_not_finished_are_refused_and_their_buffers_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_frame_that_comes_while_an_interrupt_is_asked_for_is_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(frames_that_are_sent_while_an_interrupt_is_asked_for_are_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(no_receiver_waits_for_ever, setup, teardown),
		cmocka_unit_test_setup_teardown(descriptors_are_shorter_where_slots_have_offsets, setup, teardown),
		cmocka_unit_test_setup_teardown(buffers_that_change_places_keep_their_offsets, setup, teardown),
		cmocka_unit_test_setup_teardown(batches_pass, setup, teardown),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
