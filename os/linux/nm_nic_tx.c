/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_nic_tx.c - from transmit rings to the driver.
 *
 * Data is copied into an skb, so a slot is free as soon as the driver took its frame. What is under way is counted (nm_nic_flight.c):
 * who has too many frames there waits, and goes on when half of them are done. A frame for which the driver's queue has no room
 * stays in its slot. Nobody tells us of room that others' frames made, hence the timer.
 *
 * A driver that has no queues of its own, as veth, puts frames into a queue of the processor that calls it. Who comes from another one
 * than before waits until those that he left there are gone, so that his frames stay in order.
 *
 * The driver is called as the system does below its queueing disciplines: under the queue's lock, in batches.
 */
#include "nm_nic.h"
#include "nm_vale_nic.h"
#include "compat.h"

#include <linux/if_vlan.h>
#include <linux/percpu.h>

/* Of one call: softirqs, which may have to take these frames on, get their turn after that. */
#define STEP_FRAMES 256u
/*
 * Frames of all rings that a driver has at a time where that is no queue of its own but a processor's (netdev_max_backlog): it
 * drops what is over 1000 of all its senders, and two of them face each other.
 */
#define SOFT_FRAMES 480u

static DEFINE_PER_CPU(const struct net_device *, transmitting);

bool
nm_nic_tx_transmits(const struct net_device *dev)
{
	return this_cpu_read(transmitting) == dev;
}

static struct netdev_queue *
queue_of(const struct nm_nic_tx *t, struct net_device *dev)
{
	uint32_t n = READ_ONCE(dev->real_num_tx_queues), i = t->kr->id;

	return netdev_get_tx_queue(dev, i < n ? i : i % n);
}

/*
 * The next frames would come before those that this ring left in the queue of another processor, which may be slow to take them on.
 * Of a sync, in a read section.
 */
static bool
overtakes(const struct nm_nic_tx *t)
{
	return unlikely(t->soft && t->cpu != raw_smp_processor_id()) && nm_nic_flight_out(t);
}

void
nm_nic_tx_later(struct nm_kring *kr)
{
	struct nm_nic *n = kr->port->priv;
	struct nm_nic_tx *t = &n->tx[kr->id];
	struct net_device *dev = NM_RCU_DEREF(n->dev);

	/* before we look again: who makes room after that sees it */
	(void)NM_EXCHANGE(&t->waits, overtakes(t) ? NM_NIC_WAITS_NONE : NM_NIC_WAITS_ROOM);
	if (!dev || !nm_nic_usable(dev))
		return; /* the notifier wakes us */
	if (!overtakes(t) && nm_nic_flight_room(t) && !netif_xmit_frozen_or_drv_stopped(queue_of(t, dev)))
		napi_schedule(&t->napi);
	else
		mod_timer(&t->timer, jiffies + 1);
}

static void
timer_fires(struct timer_list *timer)
{
	struct nm_nic_tx *t = container_of(timer, struct nm_nic_tx, timer);

	napi_schedule(&t->napi);
}

static int
poll(struct napi_struct *napi, int budget)
{
	struct nm_nic_tx *t = container_of(napi, struct nm_nic_tx, napi);
	struct nm_kring *kr = t->kr;

	if (budget <= 0)
		return 0;
	napi_complete_done(napi, 0);
	nm_os_linux_read_lock();
	if (!NM_LOAD_ACQUIRE(&kr->ready) || !NM_EXCHANGE(&t->waits, 0)) {
		nm_os_linux_read_unlock();
		return 0;
	}
	if (kr->wrap)
		nm_vale_nic_resume(kr);
	else
		nm_os_linux_wake(kr, NULL);
	nm_os_linux_read_unlock();
	return 0;
}

void
nm_nic_tx_wake(struct nm_nic *n)
{
	uint32_t i;

	for (i = 0; n->tx && i < n->port->nrings[NM_DIR_TX]; i++)
		if (NM_READ_ONCE(n->tx[i].waits))
			napi_schedule(&n->tx[i].napi);
}

struct sk_buff *
nm_nic_tx_skb(struct nm_nic_tx *t, struct net_device *dev)
{
	const struct nm_frame *f = &t->frame;
	struct sk_buff *skb = nm_nic_flight_skb(t, LL_RESERVED_SPACE(dev), f->bytes + READ_ONCE(dev->needed_tailroom));
	const struct nm_frame_part *p;

	if (unlikely(!skb))
		return NULL;
	for (p = f->part; p < f->part + f->parts; p++)
		nm_os_copy(skb_put(skb, p->len), nm_kring_buf(t->kr, p->buf) + p->offset, p->len);
	skb->dev = dev;
	return skb;
}

void
nm_nic_tx_dress(struct sk_buff *skb, struct net_device *dev, const struct netdev_queue *q)
{
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb->protocol = eth_hdr(skb)->h_proto;
	skb_set_queue_mapping(skb, (u16)(q - dev->_tx));
}

static struct sk_buff *
make(struct nm_nic_tx *t, struct net_device *dev, struct netdev_queue *q)
{
	struct sk_buff *skb = nm_nic_tx_skb(t, dev);

	if (likely(skb))
		nm_nic_tx_dress(skb, dev, q);
	return skb;
}

/* Counts and consumes a frame that can't be sent. */
static void
drop(struct nm_kring *kr, uint32_t slots, int why)
{
	kr->stat[NM_STAT_tx_packets]++;
	kr->stat[why]++;
	kr->hwcur = nm_ring_add(kr->hwcur, slots, kr->nslots);
}

/* Whole frames from hwcur on. A bad one ends the batch, or is consumed when it is the first. *room: memory was there. */
static uint32_t
build(struct nm_nic_tx *t, struct net_device *dev, struct netdev_queue *q, uint32_t max, bool *room)
{
	struct nm_kring *kr = t->kr;
	uint32_t avail = nm_ring_dist(kr->hwcur, kr->rhead, kr->nslots), used = 0, n = 0;
	struct nm_frame *f = &t->frame;

	*room = true;
	while (used < avail && n < max) {
		nm_frame_gather(kr, nm_ring_add(kr->hwcur, used, kr->nslots), avail - used, f);
		if (unlikely(!f->bad && nm_nic_too_long(dev, f->bytes)))
			f->bad = NM_STAT_drop_no_backend;
		if (unlikely(f->bad)) {
			if (n)
				break;
			drop(kr, f->slots, f->bad);
			avail -= f->slots;
			continue;
		}
		t->skb[n] = make(t, dev, q);
		if (unlikely(!t->skb[n])) {
			*room = n > 0;
			break;
		}
		used += f->slots;
		t->bytes[n] = f->bytes;
		t->end[n++] = used;
	}
	return n;
}

uint32_t
nm_nic_tx_transmit(struct sk_buff **skb, uint32_t n, struct net_device *dev, struct netdev_queue *q, uint32_t *lost)
{
	bool seen = dev_nit_active(dev);
	uint32_t i;
	int rc;

	*lost = 0;
	HARD_TX_LOCK(dev, q, smp_processor_id());
	this_cpu_write(transmitting, dev);
	for (i = 0; i < n; i++) {
		if (netif_xmit_frozen_or_drv_stopped(q))
			break;
		if (unlikely(seen))
			dev_queue_xmit_nit(skb[i], dev);
		rc = (int)netdev_start_xmit(skb[i], dev, q, i + 1 < n);
		if (unlikely(!dev_xmit_complete(rc)))
			break;
		*lost += rc != NETDEV_TX_OK;
	}
	this_cpu_write(transmitting, NULL);
	HARD_TX_UNLOCK(dev, q);
	return i;
}

/*
 * Frames that may be sent now. When there was no room for long, one may all the same: a receiver that takes none lets go of what
 * waits for it when that comes.
 */
static uint32_t
room_of(struct nm_nic_tx *t)
{
	uint32_t room = nm_nic_flight_room(t);

	if (overtakes(t) && !time_after(jiffies, t->roomy + NM_NIC_MOVE))
		return 0;
	if (unlikely(!room) && time_after(jiffies, t->roomy + NM_NIC_STALL))
		room = 1;
	if (likely(room)) {
		t->roomy = jiffies;
		t->cpu = raw_smp_processor_id();
	}
	return room;
}

/* One batch. False when the driver can't take more now. */
static bool
send_batch(struct nm_nic_tx *t, struct net_device *dev, struct netdev_queue *q, uint32_t max)
{
	struct nm_kring *kr = t->kr;
	uint32_t n, sent, lost, i;
	bool room;

	max = min3(max, room_of(t), NM_NIC_BATCH);
	if (!max || netif_xmit_frozen_or_drv_stopped(q))
		return false;
	n = build(t, dev, q, max, &room);
	if (!n)
		return room;
	nm_nic_flight_start(t, t->skb, n);
	sent = nm_nic_tx_transmit(t->skb, n, dev, q, &lost);
	for (i = 0; i < sent; i++)
		kr->stat[NM_STAT_tx_bytes] += t->bytes[i];
	kr->stat[NM_STAT_tx_packets] += sent;
	kr->stat[NM_STAT_forwarded] += sent - lost;
	kr->stat[NM_STAT_drop_no_backend] += lost;
	if (sent)
		kr->hwcur = nm_ring_add(kr->hwcur, t->end[sent - 1], kr->nslots);
	for (i = sent; i < n; i++)
		kfree_skb(t->skb[i]);
	return sent == n;
}

int
nm_nic_tx_sync(struct nm_kring *kr)
{
	struct nm_nic *n = kr->port->priv;
	struct nm_nic_tx *t = &n->tx[kr->id];
	struct net_device *dev = NM_RCU_DEREF(n->dev);
	struct netdev_queue *q;
	uint64_t end = kr->stat[NM_STAT_tx_packets] + STEP_FRAMES;
	bool more = true;

	if (NM_READ_ONCE(kr->port->gone) || !dev)
		return -EIO;
	NM_WRITE_ONCE(kr->blocked, false);
	q = queue_of(t, dev);
	while (kr->hwcur != kr->rhead && kr->stat[NM_STAT_tx_packets] < end && more)
		more = nm_nic_usable(dev) && send_batch(t, dev, q, (uint32_t)(end - kr->stat[NM_STAT_tx_packets]));
	if (!more && kr->hwcur != kr->rhead) {
		NM_WRITE_ONCE(kr->blocked, true);
		if (!kr->wrap) /* a switch asks for it itself */
			nm_nic_tx_later(kr);
	}
	kr->hwtail = nm_ring_add(kr->hwcur, kr->nslots - 1, kr->nslots);
	return 0;
}

static bool
lockless(struct nm_nic *n)
{
	struct net_device *dev;
	bool yes;

	rcu_read_lock();
	dev = NM_RCU_DEREF(n->dev);
	yes = dev && nm_compat_lockless_tx(dev);
	rcu_read_unlock();
	return yes;
}

int
nm_nic_tx_init(struct nm_nic_tx *t, struct nm_nic *n, struct nm_kring *kr)
{
	int error = nm_nic_flight_init(t);

	if (error)
		return error;
	t->nic = n;
	t->kr = kr;
	t->total = kr->nslots - 1;
	t->limit = min(t->total, STEP_FRAMES);
	t->soft = lockless(n);
	if (t->soft)
		t->limit = min(t->limit, SOFT_FRAMES / n->port->nrings[NM_DIR_TX]);
	t->roomy = jiffies;
	timer_setup(&t->timer, timer_fires, 0);
	nm_compat_napi_add(n->napi_dev, &t->napi, poll);
	return 0;
}

/* The NAPI is disabled and no sync runs any more; a grace period must pass before t is freed. */
void
nm_nic_tx_fini(struct nm_nic_tx *t)
{
	if (!t->flight)
		return;
	timer_delete_sync(&t->timer);
	nm_nic_flight_fini(t);
}
