/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_native.c - interfaces whose driver gives its rings: see drivers/nm_nic.h.
 *
 * A ring is taken from its driver when somebody binds it and given back when nobody does, each time by stopping and starting the
 * NIC; other rings of it go on being the host's. Host rings are those of nm_nic.h. A program's own calls move its frames; the NIC's
 * interrupts only wake it. For a switch they do all.
 *
 * Lock order: root->lock, RTNL, locks of rings; of these that of a transmit ring before that of a receive ring. A driver that leaves
 * comes with RTNL only, takes its rings along, and leaves the rest to the reaper, as an interface does.
 */
#include "nm_nic.h"
#include "nm_os_mem.h"
#include "nm_trace.h"
#include "nm_vale_nic.h"
#include "compat.h"

#include <linux/dma-mapping.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/pm_runtime.h>
#include <linux/rtnetlink.h>

static LIST_HEAD(devices); /* under RTNL */

static struct nm_dma *
dma_of(const struct nm_hw_map *m)
{
	return container_of(m, struct nm_dma, hw);
}

static void
to_device(const struct nm_hw_map *m, uint64_t addr, uint32_t len)
{
	dma_sync_single_for_device(dma_of(m)->dev, addr, len, DMA_BIDIRECTIONAL);
}

static void
from_device(const struct nm_hw_map *m, uint64_t addr, uint32_t len)
{
	dma_sync_single_for_cpu(dma_of(m)->dev, addr, len, DMA_BIDIRECTIONAL);
}

/* Of a foreign frame, in its skb. */
struct foreign {
	struct device *dev;          /* NULL: the address is physical */
	dma_addr_t addr;
	uint32_t bytes;
};

static void
foreign_gone(struct nm_hw_ring *r, void *owner, bool sent)
{
	struct sk_buff *skb = owner;
	const struct foreign *f = (const void *)skb->cb;

	if (f->dev)
		dma_unmap_single(f->dev, f->addr, f->bytes, DMA_TO_DEVICE);
	if (sent) {
		dev_consume_skb_any(skb);
	} else {
		nm_compat_tx_dropped(skb->dev);
		dev_kfree_skb_any(skb);
	}
}

static struct nm_hw_ring *
ring_of(const struct nm_kring *kr)
{
	const struct nm_nic *n = kr->port->priv;
	struct nm_nic_dev *d = READ_ONCE(n->hw);

	if (!d || kr->is_host || kr->id >= (kr->dir == NM_DIR_TX ? d->ntx : d->nrx))
		return NULL;
	return kr->dir == NM_DIR_TX ? &d->tx[kr->id] : &d->rx[kr->id];
}

/* Locked, and up; NULL and not locked where the NIC is stopped. In a read section. */
static struct nm_hw_ring *
hold(struct nm_kring *kr)
{
	struct nm_hw_ring *r = ring_of(kr);

	if (!r)
		return NULL;
	nm_os_spin_lock(&kr->lock);
	if (r->kr == kr && r->up)
		return r;
	nm_os_spin_unlock(&kr->lock);
	return NULL;
}

struct nm_hw_ring *
nm_native_hold(struct nm_kring *kr)
{
	return hold(kr);
}

static const struct nm_nic_driver *
driver_of(const struct nm_kring *kr)
{
	return ((const struct nm_nic *)kr->port->priv)->hw->driver;
}

int
nm_native_tx_sync(struct nm_kring *kr)
{
	struct nm_nic *n = kr->port->priv;
	struct net_device *dev = NM_RCU_DEREF(n->dev);
	struct nm_hw_ring *r;
	bool full;

	if (NM_READ_ONCE(kr->port->gone) || !dev)
		return -EIO;
	r = nm_nic_usable(dev) ? hold(kr) : NULL;
	if (r) {
		full = driver_of(kr)->txsync(r);
		nm_os_spin_unlock(&kr->lock);
	} else {
		full = kr->hwcur != kr->rhead;
	}
	NM_WRITE_ONCE(kr->blocked, full);
	return 0;
}

int
nm_native_rx_sync(struct nm_kring *kr)
{
	struct nm_hw_ring *r = hold(kr);

	if (r) {
		driver_of(kr)->rxsync(r, kr->nslots);
		nm_os_spin_unlock(&kr->lock);
	}
	return 0;
}

/* There is, or may be by now, what nm_nic_tx's NAPI goes on with. */
static bool
reported(struct nm_kring *kr)
{
	struct nm_hw_ring *r = hold(kr);
	bool yes;

	if (!r)
		return false;
	yes = r->reports ? driver_of(kr)->txdone(r) : true;
	nm_os_spin_unlock(&kr->lock);
	return yes;
}

void
nm_native_tx_later(struct nm_kring *kr)
{
	struct nm_nic *n = kr->port->priv;
	struct nm_nic_tx *t = &n->tx[kr->id];

	if (kr->is_host) {
		nm_nic_tx_later(kr);
		return;
	}
	(void)NM_EXCHANGE(&t->waits, NM_NIC_WAITS_ROOM); /* before we look again: the interrupt that comes after sees it */
	if (reported(kr))
		napi_schedule(&t->napi);
}

/* What a switch gets from a receive ring; frames. In a read section. */
static uint32_t
to_switch(struct nm_kring *kr, uint32_t budget)
{
	uint32_t seen = 0, n;

	do {
		struct nm_hw_ring *r = hold(kr);

		if (!r)
			return 0;
		n = driver_of(kr)->rxsync(r, budget - seen);
		nm_os_spin_unlock(&kr->lock);
		if (n)
			nm_trace_notify(kr);
		seen += n;
	} while (n && seen < budget);
	return seen;
}

/* To the device of ring r, which is locked and up. */
static bool
send_foreign(struct nm_hw_ring *r, struct sk_buff *skb)
{
	struct foreign *f = (struct foreign *)skb->cb;
	struct nm_hw_foreign g = {.data = skb->data, .len = skb->len, .owner = skb};

	BUILD_BUG_ON(sizeof(*f) > sizeof(skb->cb));
	f->dev = dma_of(r->map)->dev;
	f->bytes = max(skb->len, NM_HW_FOREIGN);
	f->addr = f->dev ? dma_map_single(f->dev, skb->data, f->bytes, DMA_TO_DEVICE) : virt_to_phys(skb->data);
	if (f->dev && dma_mapping_error(f->dev, f->addr))
		return false;
	g.addr = f->addr;
	if (driver_of(r->kr)->txforeign(r, &g))
		return true;
	if (f->dev)
		dma_unmap_single(f->dev, f->addr, f->bytes, DMA_TO_DEVICE);
	return false;
}

bool
nm_native_send(struct nm_nic *n, struct net_device *dev, struct sk_buff *skb)
{
	struct nm_kring *kr = &n->port->krings[NM_DIR_TX][0];
	struct nm_hw_ring *r;
	bool sent;

	if (skb->len < NM_HW_FOREIGN && skb_pad(skb, NM_HW_FOREIGN - skb->len))
		return false; /* it was freed */
	if (dev_nit_active(dev))
		dev_queue_xmit_nit(skb, dev);
	r = nm_nic_usable(dev) ? hold(kr) : NULL;
	sent = r && send_foreign(r, skb);
	if (r)
		nm_os_spin_unlock(&kr->lock);
	if (!sent)
		kfree_skb(skb);
	return sent;
}

/* There is room in a transmit ring, or may be. In a read section. */
static void
tx_goes_on(struct nm_kring *kr)
{
	struct nm_nic *n = kr->port->priv;

	if (READ_ONCE(n->tx[kr->id].waits))
		napi_schedule(&n->tx[kr->id].napi);
	else if (!READ_ONCE(kr->wrap))
		nm_os_linux_wake(kr, NULL);
}

void
nm_native_wake(struct nm_nic *n)
{
	uint32_t i;

	nm_os_linux_read_lock();
	for (i = 0; n->hw && i < n->hw->ntx; i++) {
		struct nm_kring *kr = READ_ONCE(n->hw->tx[i].kr);

		if (kr && NM_LOAD_ACQUIRE(&kr->ready))
			tx_goes_on(kr);
	}
	nm_os_linux_read_unlock();
}

static uint32_t
irq_in_section(struct nm_hw_ring *r, uint32_t budget)
{
	struct nm_kring *kr = READ_ONCE(r->kr);

	if (!kr || !NM_LOAD_ACQUIRE(&kr->ready))
		return 0;
	if (kr->dir == NM_DIR_TX)
		tx_goes_on(kr);
	else if (!READ_ONCE(kr->wrap))
		nm_trace_notify(kr);
	else if (!r->polled)
		return to_switch(kr, budget);
	return 0;
}

/* Some drivers look after their transmit rings in the interrupt itself, which is a read section of its own. */
static uint32_t
irq(struct nm_hw_ring *r, uint32_t budget)
{
	uint32_t seen;

	if (in_hardirq())
		return irq_in_section(r, budget);
	nm_os_linux_read_lock();
	seen = irq_in_section(r, budget);
	nm_os_linux_read_unlock();
	return seen;
}

static void
post(struct nm_hw_ring *r)
{
	struct nm_kring *kr = hold(r->kr) ? r->kr : NULL;

	if (!kr)
		return;
	driver_of(kr)->rxsync(r, 0);
	nm_os_spin_unlock(&kr->lock);
}

static netdev_tx_t
host_frame(struct nm_nic_dev *d, struct sk_buff *skb)
{
	nm_compat_tx_dropped(d->dev);
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static void
host_lost(struct nm_nic_dev *d)
{
	nm_compat_tx_dropped(d->dev);
}

/* Who is to have it changes; `none`: the driver gets all. */
static bool
moves(const struct nm_kring *kr, bool none)
{
	return (ring_of(kr)->kr != NULL) != (!none && kr->ready);
}

/* Marks the rings that move; is there one? */
static bool
mark(struct nm_nic *n, bool none)
{
	bool any = false;
	uint32_t i, dir;

	for (dir = 0; dir < 2; dir++)
		for (i = 0; i < n->port->nrings[dir]; i++) {
			struct nm_kring *kr = &n->port->krings[dir][i];

			WRITE_ONCE(ring_of(kr)->moves, moves(kr, none));
			any |= ring_of(kr)->moves;
		}
	return any;
}

/* Gives each ring that is bound to the port, none if `none`, and the others to the driver. Under RTNL. */
static void
assign(struct nm_nic *n, bool none)
{
	struct nm_nic_dev *d = n->hw;
	struct device *parent = d->dev->dev.parent;
	uint32_t i, dir;
	bool on;

	if (!mark(n, none))
		return;
	/* A device that sleeps without a link is woken by its bus without RTNL, and so isn't while its rings change hands. */
	if (parent)
		pm_runtime_get_sync(parent);
	on = netif_running(d->dev) && netif_device_present(d->dev);
	if (on)
		d->driver->down(d);
	for (dir = 0; dir < 2; dir++)
		for (i = 0; i < n->port->nrings[dir]; i++) {
			struct nm_kring *kr = &n->port->krings[dir][i];
			struct nm_hw_ring *r = ring_of(kr);

			if (n->dma)
				r->map = &n->dma->hw;
			if (d->driver->bufs && dir == NM_DIR_RX && !none && kr->ready)
				nm_hw_set_bufs(r, kr, d->driver->bufs);
			smp_store_release(&r->kr, !none && kr->ready ? kr : NULL);
		}
	netdev_update_features(d->dev); /* those that its driver can't have for all rings */
	if (on)
		d->driver->up(d);
	for (dir = 0; dir < 2; dir++)
		for (i = 0; i < n->port->nrings[dir]; i++)
			smp_store_release(&ring_of(&n->port->krings[dir][i])->moves, false);
	if (parent)
		pm_runtime_put(parent);
}

struct nm_nic_dev *
nm_native_find(const struct net_device *dev)
{
	struct nm_nic_dev *d;

	ASSERT_RTNL();
	list_for_each_entry(d, &devices, all)
		if (d->dev == dev)
			return d;
	return NULL;
}

static struct device *
dma_device(struct nm_nic_dev *d)
{
	return d->driver->dma_device ? d->driver->dma_device(d) : d->dev->dev.parent;
}

int
nm_native_admit(struct nm_port *p, struct nm_session *s)
{
	struct nm_nic *n = p->priv;
	const struct nm_nic_driver *driver;
	int error = 0;

	rtnl_lock();
	driver = n->hw ? n->hw->driver : NULL;
	if (driver)
		error = nm_hw_admit(s, p, driver->bufs, driver->rx_least ? driver->rx_least(n->hw) : 0);
	rtnl_unlock();
	return error;
}

void
nm_native_changed(struct nm_port *p)
{
	struct nm_nic *n = p->priv;

	rtnl_lock();
	if (n->hw && n->gives)
		assign(n, false);
	rtnl_unlock();
}

int
nm_native_enable(struct nm_nic *n, bool on)
{
	const struct nm_pool *bufs = &n->port->mem->pool[NM_POOL_BUF];
	int error = 0;

	ASSERT_RTNL();
	if (!n->hw)
		return on ? -ENXIO : 0;
	if (on && !n->soft) {
		n->dma = nm_dma_map(&n->port->mem->region, dma_device(n->hw), bufs->objsize, bufs->objtotal);
		error = n->dma ? 0 : -ENOMEM;
	}
	n->gives = on && !error;
	if (!error)
		assign(n, !on);
	if (!on && n->dma) {
		nm_dma_unmap(n->dma);
		n->dma = NULL;
	}
	return error;
}

void
nm_native_release(struct nm_nic *n)
{
	ASSERT_RTNL();
	if (!n->hw)
		return;
	if (n->gives)
		nm_native_enable(n, false);
	n->hw->nic = NULL;
	WRITE_ONCE(n->hw, NULL);
}

static void
free_dev(struct nm_nic_dev *d)
{
	uint32_t i;

	for (i = 0; d->tx && i < d->ntx; i++)
		nm_hw_ring_fini(&d->tx[i]);
	for (i = 0; d->rx && i < d->nrx; i++)
		nm_hw_ring_fini(&d->rx[i]);
	kvfree(d->tx);
	kvfree(d->rx);
	kfree(d);
}

static void
free_later(struct rcu_head *h)
{
	free_dev(container_of(h, struct nm_nic_dev, rcu));
}

/* Soft drivers come with RTNL, as their interfaces do. */
static void
lock_rtnl(const struct nm_nic_driver *driver)
{
	if (driver->soft)
		ASSERT_RTNL();
	else
		rtnl_lock();
}

static void
detach(struct nm_nic_dev **of_driver)
{
	struct nm_nic_dev *d = *of_driver;

	lock_rtnl(d->driver);
	if (d->nic) {
		nm_os_log(NM_LOG_WARN, "%s: its driver leaves", d->nic->port->name);
		nm_os_linux_gone(d->nic->port);
		nm_native_release(d->nic);
	}
	list_del(&d->all);
	WRITE_ONCE(*of_driver, NULL);
	if (d->driver->soft) {
		call_rcu(&d->rcu, free_later);
		return;
	}
	rtnl_unlock();
	synchronize_net(); /* syncs that have found a ring, the driver's own ways that have found that there is none */
	free_dev(d);
}

static const struct nm_nic_core nic_core = {
	.hw = {
		.room = nm_kring_room,
		.publish = nm_kring_publish,
		.frame = nm_hw_frame,
		.to_device = to_device,
		.from_device = from_device,
		.for_device = to_device,
		.start = nm_hw_start,
		.stop = nm_hw_stop,
		.foreign_gone = foreign_gone,
		.gather = nm_frame_gather,
		.finish = nm_kring_finish_locked,
	},
	.detach = detach,
	.post = post,
	.irq = irq,
	.host_frame = host_frame,
	.host_lost = host_lost,
	.transmit = nm_native_soft_transmit,
	.transmits = nm_nic_tx_transmits,
	.filled = nm_native_soft_filled,
	.receive = nm_native_soft_receive,
};

struct nm_nic_dev *
netmap_nic_attach(struct net_device *dev, const struct nm_nic_driver *driver, void *priv, uint32_t ntx, uint32_t nrx)
{
	struct nm_nic_dev *d;
	uint32_t i;

	if (driver->version != NM_NIC_VERSION) {
		pr_err("netmap: %s: its driver was built for another netmap.ko (contract %u, here %u); build both from the same source\n",
		    dev->name, driver->version, NM_NIC_VERSION);
		return NULL;
	}
	d = kzalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		return NULL;
	d->core = &nic_core;
	d->driver = driver;
	d->dev = dev;
	d->priv = priv;
	d->ntx = ntx;
	d->nrx = nrx;
	d->tx = kvcalloc(ntx, sizeof(*d->tx), GFP_KERNEL);
	d->rx = kvcalloc(nrx, sizeof(*d->rx), GFP_KERNEL);
	if (!d->tx || !d->rx)
		goto fail;
	for (i = 0; i < ntx; i++)
		if (nm_hw_ring_init(&d->tx[i], &nic_core.hw, NM_DIR_TX, driver->max_desc))
			goto fail;
	for (i = 0; i < nrx; i++)
		if (nm_hw_ring_init(&d->rx[i], &nic_core.hw, NM_DIR_RX, driver->max_desc))
			goto fail;
	lock_rtnl(driver);
	list_add_tail(&d->all, &devices);
	if (!driver->soft)
		rtnl_unlock();
	return d;

fail:
	pr_err("netmap: %s: no memory for its rings\n", dev->name);
	free_dev(d);
	return NULL;
}
EXPORT_SYMBOL_GPL(netmap_nic_attach);

/* Of what came while its interrupts meant nothing no other will tell, and some drivers ask for the next one when the ring is empty. */
void
nm_native_take(struct nm_kring *kr, bool on)
{
	struct nm_hw_ring *r = ring_of(kr);
	uint32_t seen = NM_NIC_BATCH;

	if (r)
		WRITE_ONCE(r->polled, on);
	while (r && !on && seen == NM_NIC_BATCH) {
		nm_os_linux_read_lock();
		seen = to_switch(kr, NM_NIC_BATCH);
		nm_os_linux_read_unlock();
		cond_resched();
	}
}

uint32_t
nm_native_poll(struct nm_kring *kr, uint32_t budget)
{
	return to_switch(kr, budget);
}
