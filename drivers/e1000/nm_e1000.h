/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_e1000.h - the netmap side of the driver of the 8254x: included by its e1000_main.c, called where e1000.cocci says.
 *
 * Sections are of Intel's "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual" (317453).
 */
#ifndef NM_E1000_H
#define NM_E1000_H

#include "drivers/nm_8254x.h"
#include "nm_e1000_rings.h"

#include <linux/delay.h>

static void e1000_irq_disable(struct e1000_adapter *adapter);
static void e1000_down_and_stop(struct e1000_adapter *adapter);
static void e1000_clean_all_tx_rings(struct e1000_adapter *adapter);
static void e1000_clean_all_rx_rings(struct e1000_adapter *adapter);

static inline bool
nm_e1000_owns_rx(const struct e1000_adapter *a)
{
	const struct nm_nic_dev *d = READ_ONCE(a->netmap);

	return d && nm_nic_owns(&d->rx[0]);
}

static inline bool
nm_e1000_owns_tx(const struct net_device *dev)
{
	const struct e1000_adapter *a = netdev_priv(dev);
	const struct nm_nic_dev *d = READ_ONCE(a->netmap);

	return d && nm_nic_owns(&d->tx[0]);
}

static bool
nm_e1000_xmit(struct net_device *dev, struct sk_buff **skb)
{
	const struct e1000_adapter *a = netdev_priv(dev);

	return nm_8254x_xmit(READ_ONCE(a->netmap), skb);
}

/* 13.4.1: tags of VLANs stay in the frame. */
static u32
nm_e1000_ctrl(struct e1000_adapter *a, u32 ctrl)
{
	return nm_e1000_owns_rx(a) ? ctrl & ~E1000_CTRL_VME : ctrl;
}

static void
nm_e1000_stop(struct e1000_adapter *a)
{
	struct nm_nic_dev *d = a->netmap;

	if (d && nm_nic_owns(&d->tx[0]))
		d->core->hw.stop(&d->tx[0]);
	if (d && nm_nic_owns(&d->rx[0]))
		d->core->hw.stop(&d->rx[0]);
}

static void
nm_e1000_start_tx(struct e1000_adapter *a)
{
	struct nm_nic_dev *d = a->netmap;

	if (!d || !nm_nic_owns(&d->tx[0]))
		return;
	d->tx[0].nic = a;
	d->core->hw.start(&d->tx[0], a->tx_ring[0].count, 0, a->netdev->mtu + ETH_HLEN + VLAN_HLEN);
}

static bool
nm_e1000_start_rx(struct e1000_adapter *a, struct e1000_rx_ring *ring)
{
	struct nm_nic_dev *d = a->netmap;
	struct e1000_hw *hw = &a->hw;

	if (!nm_e1000_owns_rx(a))
		return false;
	ew32(CTRL, nm_e1000_ctrl(a, er32(CTRL)));
	d->rx[0].nic = a;
	d->core->hw.start(&d->rx[0], ring->count, 0, a->netdev->mtu + ETH_HLEN + VLAN_HLEN);
	d->core->post(&d->rx[0]);
	return true;
}

static bool
nm_e1000_rx_irq(struct e1000_adapter *a, int *done, int most)
{
	if (!nm_e1000_owns_rx(a))
		return false;
	*done += a->netmap->core->irq(&a->netmap->rx[0], most - *done);
	return true;
}

static bool
nm_e1000_tx_irq(struct e1000_adapter *a)
{
	if (!nm_e1000_owns_tx(a->netdev))
		return false;
	a->netmap->core->irq(&a->netmap->tx[0], 0);
	return true;
}

static u32
nm_e1000_rctl(struct e1000_adapter *a, u32 rctl)
{
	return nm_e1000_owns_rx(a) ? nm_8254x_rctl(rctl, a->netmap->rx[0].buf_bytes) : rctl & ~E1000_RCTL_SECRC;
}

/*
 * The units for transmit and receive stop, the link stays (13.4.22 RCTL.EN, 13.4.33 TCTL.EN). As in e1000_down, but for the reset of
 * the NIC and the carrier. The watchdog, which starts transmission when a link comes, has to be still before.
 */
static void
nm_e1000_down(struct nm_nic_dev *d)
{
	struct e1000_adapter *a = d->priv;
	struct e1000_hw *hw = &a->hw;

	while (test_and_set_bit(__E1000_RESETTING, &a->flags))
		msleep(1);
	nm_e1000_stop(a);
	netif_tx_disable(d->dev);
	napi_disable(&a->napi);
	e1000_irq_disable(a);
	e1000_down_and_stop(a);
	ew32(RCTL, er32(RCTL) & ~E1000_RCTL_EN);
	ew32(TCTL, er32(TCTL) & ~E1000_TCTL_EN);
	E1000_WRITE_FLUSH();
	msleep(10);
	e1000_clean_all_tx_rings(a);
	e1000_clean_all_rx_rings(a);
}

static void
nm_e1000_up(struct nm_nic_dev *d)
{
	struct e1000_adapter *a = d->priv;
	struct e1000_hw *hw = &a->hw;

	e1000_up(a);
	if (netif_carrier_ok(d->dev))
		ew32(TCTL, er32(TCTL) | E1000_TCTL_EN);
	clear_bit(__E1000_RESETTING, &a->flags);
}

static const struct nm_nic_driver nm_e1000_driver = {
	.version = NM_NIC_VERSION,
	.max_desc = E1000_MAX_82544_TXD,
	.bufs = &nm_e1000_bufs,
	.down = nm_e1000_down,
	.up = nm_e1000_up,
	.txsync = nm_e1000_txsync,
	.rxsync = nm_e1000_rxsync,
	.txforeign = nm_e1000_txforeign,
	.txdone = nm_e1000_txdone,
};

static void
nm_e1000_attach(struct net_device *dev)
{
	struct e1000_adapter *a = netdev_priv(dev);

	a->netmap = netmap_nic_attach(dev, &nm_e1000_driver, a, 1, 1);
}

static void
nm_e1000_detach(struct net_device *dev)
{
	struct e1000_adapter *a = netdev_priv(dev);

	if (a->netmap)
		a->netmap->core->detach(&a->netmap);
}

#endif
