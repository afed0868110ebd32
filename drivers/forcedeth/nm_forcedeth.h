/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_forcedeth.h - the netmap side of the driver of nForce NICs: included by its forcedeth.c, called where forcedeth.cocci says.
 *
 * There is no public data sheet. All that is known of the NIC is in the driver; registers and bits have its names. It has three
 * formats of descriptors: 1 and 2 (struct ring_desc, 32 bits of address, different flags) and 3 (struct ring_desc_ex, the flags of 2).
 */
#ifndef NM_FORCEDETH_H
#define NM_FORCEDETH_H

#include "nm_forcedeth_rings.h"

#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>

static void nv_disable_irq(struct net_device *dev);
static void nv_enable_irq(struct net_device *dev);
static int nv_init_ring(struct net_device *dev);
static void nv_drain_rxtx(struct net_device *dev);
static void nv_start_rxtx(struct net_device *dev);
static void nv_stop_rxtx(struct net_device *dev);
static void nv_txrx_reset(struct net_device *dev);
static void nv_mac_reset(struct net_device *dev);
static void set_bufsize(struct net_device *dev);
static int nv_close(struct net_device *dev);

/* The ring, if it is a program's. */
static inline struct nm_hw_ring *
nm_forcedeth_tx_of(struct net_device *dev)
{
	struct nm_nic_dev *d = READ_ONCE(get_nvpriv(dev)->netmap);

	return d && nm_nic_owns(&d->tx[0]) ? &d->tx[0] : NULL;
}

static inline struct nm_hw_ring *
nm_forcedeth_rx_of(struct net_device *dev)
{
	struct nm_nic_dev *d = READ_ONCE(get_nvpriv(dev)->netmap);

	return d && nm_nic_owns(&d->rx[0]) ? &d->rx[0] : NULL;
}

static inline bool
nm_forcedeth_owns_tx(struct net_device *dev)
{
	return nm_forcedeth_tx_of(dev) != NULL;
}

static inline bool
nm_forcedeth_owns_rx(struct net_device *dev)
{
	return nm_forcedeth_rx_of(dev) != NULL;
}

static netdev_tx_t
nm_forcedeth_host_frame(struct net_device *dev, struct sk_buff *skb)
{
	struct nm_nic_dev *d = get_nvpriv(dev)->netmap;

	return d->core->host_frame(d, skb);
}

static int
nm_forcedeth_rx_irq(struct net_device *dev, int limit)
{
	struct nm_nic_dev *d = get_nvpriv(dev)->netmap;

	return d->core->irq(&d->rx[0], limit);
}

static void
nm_forcedeth_tx_irq(struct net_device *dev)
{
	struct nm_hw_ring *r = nm_forcedeth_tx_of(dev);
	struct fe_priv *np = get_nvpriv(dev);
	struct nm_kring *kr;

	if (!r)
		return;
	rcu_read_lock();
	kr = np->tx_limit ? READ_ONCE(r->kr) : NULL;
	if (kr) {
		nm_os_spin_lock(&kr->lock);
		if (r->kr == kr && r->up)
			nm_forcedeth_advance(r);
		nm_os_spin_unlock(&kr->lock);
	}
	rcu_read_unlock();
	np->netmap->core->irq(r, 0);
}

/* The transmitter was stopped for the new speed: it looks for what it has to send. */
static void
nm_forcedeth_link_up(struct net_device *dev)
{
	if (nm_forcedeth_owns_tx(dev))
		nm_forcedeth_kick(get_nvpriv(dev));
}

/* Tags of VLANs stay in the frame. */
static bool
nm_forcedeth_strips_tags(struct net_device *dev, netdev_features_t features)
{
	return (features & NETIF_F_HW_VLAN_CTAG_RX) && !nm_forcedeth_owns_rx(dev);
}

/* For the next write of the register. */
static void
nm_forcedeth_tags(struct net_device *dev)
{
	struct fe_priv *np = get_nvpriv(dev);

	if (!(np->driver_data & DEV_HAS_VLAN))
		return;
	spin_lock_irq(&np->lock);
	if (nm_forcedeth_strips_tags(dev, dev->features))
		np->txrxctl_bits |= NVREG_TXRXCTL_VLANSTRIP;
	else
		np->txrxctl_bits &= ~NVREG_TXRXCTL_VLANSTRIP;
	spin_unlock_irq(&np->lock);
}

/* Frames that the NIC takes: no longer than what it was told of buffers. */
static u32
nm_forcedeth_rx_max(struct fe_priv *np)
{
	return nm_forcedeth_owns_rx(np->dev) ? min(np->rx_buf_sz, np->netmap->rx[0].buf_bytes) : np->rx_buf_sz;
}

static void
nm_forcedeth_stop(struct net_device *dev)
{
	struct nm_hw_ring *tx = nm_forcedeth_tx_of(dev), *rx = nm_forcedeth_rx_of(dev);

	if (tx)
		tx->core->stop(tx);
	if (rx)
		rx->core->stop(rx);
}

/* The NIC runs, and has nothing: its descriptors are all zeroes (nv_init_ring). Who waits for room finds all of it. */
static void
nm_forcedeth_start(struct net_device *dev)
{
	struct nm_hw_ring *tx = nm_forcedeth_tx_of(dev), *rx = nm_forcedeth_rx_of(dev);
	uint32_t max_bytes = dev->mtu + ETH_HLEN + VLAN_HLEN;
	struct fe_priv *np = get_nvpriv(dev);

	if (rx) {
		rx->nic = np;
		rx->core->start(rx, np->rx_ring_size, 0, max_bytes);
		np->netmap->core->post(rx);
	}
	if (tx) {
		tx->nic = np;
		np->netmap_tail = np->netmap_given = np->netmap_flight = 0;
		tx->core->start(tx, np->tx_ring_size, 0, max_bytes);
		np->netmap->core->irq(tx, 0);
	}
}

/* All resets have these locks, since that of an error (nv_do_nic_poll) comes at any time. */
static void
nm_forcedeth_lock(struct net_device *dev)
{
	netif_tx_lock_bh(dev);
	netif_addr_lock(dev);
}

static void
nm_forcedeth_unlock(struct net_device *dev)
{
	netif_addr_unlock(dev);
	netif_tx_unlock_bh(dev);
}

static void
nm_forcedeth_opened(struct net_device *dev)
{
	nm_forcedeth_lock(dev);
	nm_forcedeth_start(dev);
	nm_forcedeth_unlock(dev);
}

/* Engines stop and forget what they have, as in nv_change_mtu; the PHY keeps its link. With the locks. */
static void
nm_forcedeth_empty(struct net_device *dev)
{
	struct fe_priv *np = get_nvpriv(dev);

	spin_lock(&np->lock);
	nv_stop_rxtx(dev);
	if (np->recover_error && (np->driver_data & DEV_HAS_POWER_CNTRL))
		nv_mac_reset(dev);
	nv_txrx_reset(dev);
	nv_drain_rxtx(dev);
	spin_unlock(&np->lock);
}

/* Until it is up again no timer of the driver's starts the NIC; a reset that one had to do is done then. */
static void
nm_forcedeth_down(struct nm_nic_dev *d)
{
	struct net_device *dev = d->dev;
	struct fe_priv *np = d->priv;

	netif_trans_update(dev); /* the queue stands still for a while, and not because of the NIC */
	netif_tx_disable(dev);
	nv_disable_irq(dev);
	napi_disable(&np->napi);
	spin_lock_irq(&np->lock);
	np->in_shutdown = 1;
	spin_unlock_irq(&np->lock);
	timer_delete_sync(&np->oom_kick);
	timer_delete_sync(&np->nic_poll);
	nm_forcedeth_lock(dev);
	nm_forcedeth_stop(dev);
	nm_forcedeth_empty(dev);
	nm_forcedeth_unlock(dev);
}

/* The receiver may have been started by a change of addresses, so that the NIC is stopped once more. */
static void
nm_forcedeth_up(struct nm_nic_dev *d)
{
	struct net_device *dev = d->dev;
	struct fe_priv *np = d->priv;
	u8 __iomem *base = np->base;

	nm_forcedeth_tags(dev);
	nm_forcedeth_lock(dev);
	nm_forcedeth_empty(dev);
	spin_lock(&np->lock);
	np->in_shutdown = 0;
	np->recover_error = 0;
	np->nic_poll_irq = 0;
	set_bufsize(dev);
	if (nv_init_ring(dev))
		mod_timer(&np->oom_kick, jiffies + OOM_REFILL);
	writel(nm_forcedeth_rx_max(np), base + NvRegOffloadConfig);
	setup_hw_rings(dev, NV_SETUP_RX_RING | NV_SETUP_TX_RING);
	writel(((np->rx_ring_size - 1) << NVREG_RINGSZ_RXSHIFT) + ((np->tx_ring_size - 1) << NVREG_RINGSZ_TXSHIFT), base + NvRegRingSizes);
	pci_push(base);
	nm_forcedeth_kick(np);
	pci_push(base);
	nv_start_rxtx(dev);
	spin_unlock(&np->lock);
	nm_forcedeth_start(dev);
	nm_forcedeth_unlock(dev);
	napi_enable(&np->napi);
	nv_enable_irq(dev);
	writel(np->irqmask, base + NvRegIrqMask);
	if (np->driver_data & (DEV_HAS_STATISTICS_V1 | DEV_HAS_STATISTICS_V2 | DEV_HAS_STATISTICS_V3))
		mod_timer(&np->stats_poll, round_jiffies(jiffies + STATS_INTERVAL));
	netif_wake_queue(dev);
}

/* The MTU has changed, but not so that the driver would reset the NIC: a program's rings are started again with it. */
static int
nm_forcedeth_restart(struct net_device *dev)
{
	struct fe_priv *np = get_nvpriv(dev);

	if (netif_running(dev) && (nm_forcedeth_owns_tx(dev) || nm_forcedeth_owns_rx(dev))) {
		nm_forcedeth_down(np->netmap);
		nm_forcedeth_up(np->netmap);
	}
	return 0;
}

/* The offline test sends and receives in the rings. */
static bool
nm_forcedeth_refuses_test(struct net_device *dev, struct ethtool_test *test)
{
	if (!(test->flags & ETH_TEST_FL_OFFLINE) || (!nm_forcedeth_owns_tx(dev) && !nm_forcedeth_owns_rx(dev)))
		return false;
	netdev_info(dev, "netmap: no offline test while a program has the rings\n");
	test->flags |= ETH_TEST_FL_FAILED;
	return true;
}

/* Nobody gets at the NIC's rings afterwards. */
static void
nm_forcedeth_shutdown(struct net_device *dev)
{
	rtnl_lock();
	nv_close(dev);
	netif_device_detach(dev);
	rtnl_unlock();
}

/* A frame is in one buffer; that its frame check sequence is too, is to be expected. */
static uint32_t
nm_forcedeth_rx_least(const struct nm_nic_dev *d)
{
	return d->dev->mtu + ETH_HLEN + VLAN_HLEN + ETH_FCS_LEN;
}

static const struct nm_nic_driver nm_forcedeth_driver = {
	.version = NM_NIC_VERSION,
	.max_desc = RING_MAX_DESC_VER_2_3,
	.bufs = &nm_forcedeth_bufs,
	.down = nm_forcedeth_down,
	.up = nm_forcedeth_up,
	.txsync = nm_forcedeth_txsync,
	.rxsync = nm_forcedeth_rxsync,
	.txforeign = nm_forcedeth_txforeign,
	.txdone = nm_forcedeth_txdone,
	.rx_least = nm_forcedeth_rx_least,
};

/* With several vectors, which the driver has code for but does not use, rings would be cleaned in hard interrupts. */
static void
nm_forcedeth_attach(struct net_device *dev)
{
	struct fe_priv *np = get_nvpriv(dev);

	if (!(np->msi_flags & NV_MSI_X_CAPABLE))
		WRITE_ONCE(np->netmap, netmap_nic_attach(dev, &nm_forcedeth_driver, np, 1, 1));
}

static void
nm_forcedeth_detach(struct net_device *dev)
{
	struct fe_priv *np = get_nvpriv(dev);

	if (np->netmap)
		np->netmap->core->detach(&np->netmap);
}

#endif
