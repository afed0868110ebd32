/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_e1000e.h - the netmap side of the driver of the PCIe successors of the 8254x: included by its netdev.c, called where
 * e1000e.cocci says.
 *
 * Sections are of Intel's "82574 GbE Controller Family Datasheet" (revision 3.4).
 */
#ifndef NM_E1000E_H
#define NM_E1000E_H

#include "compat.h"
#include "drivers/nm_8254x.h"
#include "nm_e1000e_rings.h"

static void e1000_irq_disable(struct e1000_adapter *adapter);
static void e1000_clean_tx_ring(struct e1000_ring *tx_ring);
static void e1000_clean_rx_ring(struct e1000_ring *rx_ring);
static void e1000e_flush_descriptors(struct e1000_adapter *adapter);
static void e1000_flush_desc_rings(struct e1000_adapter *adapter);

static inline bool
nm_e1000e_owns_rx(const struct e1000_adapter *a)
{
	const struct nm_nic_dev *d = READ_ONCE(a->netmap);

	return d && nm_nic_owns(&d->rx[0]);
}

static inline bool
nm_e1000e_owns_tx(const struct e1000_adapter *a)
{
	const struct nm_nic_dev *d = READ_ONCE(a->netmap);

	return d && nm_nic_owns(&d->tx[0]);
}

static bool
nm_e1000e_xmit(struct net_device *dev, struct sk_buff **skb)
{
	const struct e1000_adapter *a = netdev_priv(dev);

	return nm_8254x_xmit(READ_ONCE(a->netmap), skb);
}

/* 10.2.2.1: tags of VLANs stay in the frame. */
static u32
nm_e1000e_ctrl(struct e1000_adapter *a, u32 ctrl)
{
	return nm_e1000e_owns_rx(a) ? ctrl & ~E1000_CTRL_VME : ctrl;
}

/* 10.2.5.1. The driver splits long frames (DTYP), a program's buffers are all of one kind. */
static u32
nm_e1000e_rctl(struct e1000_adapter *a, u32 rctl)
{
	if (!nm_e1000e_owns_rx(a))
		return a->flags2 & FLAG2_CRC_STRIPPING ? rctl : rctl & ~E1000_RCTL_SECRC;
	a->rx_ps_pages = 0;
	return nm_8254x_rctl(rctl & ~E1000_RCTL_DTYP_PS, a->netmap->rx[0].buf_bytes);
}

/*
 * Some chips are to be given a descriptor more before they stop, and the driver insists on knowing where (e1000_flush_tx_ring). The
 * NIC is not told of more after this.
 */
static void
nm_e1000e_stop(struct e1000_adapter *a)
{
	struct nm_nic_dev *d = a->netmap;

	if (nm_e1000e_owns_tx(a)) {
		uint32_t tail = readl(a->tx_ring->tail);

		d->core->hw.stop(&d->tx[0]);
		a->tx_ring->next_to_use = tail < a->tx_ring->count ? tail : 0;
	}
	if (nm_e1000e_owns_rx(a))
		d->core->hw.stop(&d->rx[0]);
}

static void
nm_e1000e_start_tx(struct e1000_adapter *a)
{
	struct nm_nic_dev *d = a->netmap;

	if (!nm_e1000e_owns_tx(a))
		return;
	d->tx[0].nic = a->tx_ring;
	d->core->hw.start(&d->tx[0], a->tx_ring->count, 0, a->netdev->mtu + ETH_HLEN + VLAN_HLEN);
}

static bool
nm_e1000e_start_rx(struct e1000_ring *ring)
{
	struct e1000_adapter *a = ring->adapter;
	struct nm_nic_dev *d = a->netmap;
	struct e1000_hw *hw = &a->hw;

	if (!nm_e1000e_owns_rx(a))
		return false;
	ew32(CTRL, nm_e1000e_ctrl(a, er32(CTRL)));
	d->rx[0].nic = ring;
	d->core->hw.start(&d->rx[0], ring->count, 0, a->netdev->mtu + ETH_HLEN + VLAN_HLEN);
	d->core->post(&d->rx[0]);
	return true;
}

static bool
nm_e1000e_rx_irq(struct e1000_ring *ring, int *done, int most)
{
	struct e1000_adapter *a = ring->adapter;

	if (!nm_e1000e_owns_rx(a))
		return false;
	*done += a->netmap->core->irq(&a->netmap->rx[0], most - *done);
	return true;
}

static bool
nm_e1000e_tx_irq(struct e1000_ring *ring)
{
	struct e1000_adapter *a = ring->adapter;

	if (!nm_e1000e_owns_tx(a))
		return false;
	a->netmap->core->irq(&a->netmap->tx[0], 0);
	return true;
}

/*
 * The units for transmit and receive stop, the link stays (10.2.5.1 RCTL.EN, 10.2.6.1 TCTL.EN). As in e1000e_down, but for the reset of
 * the NIC and the carrier.
 */
static void
nm_e1000e_down(struct nm_nic_dev *d)
{
	struct e1000_adapter *a = d->priv;
	struct e1000_hw *hw = &a->hw;

	while (test_and_set_bit(__E1000_RESETTING, &a->state))
		usleep_range(1000, 1100);
	nm_e1000e_stop(a);
	set_bit(__E1000_DOWN, &a->state);
	netif_tx_disable(d->dev);
	if (!(a->flags2 & FLAG2_NO_DISABLE_RX))
		ew32(RCTL, er32(RCTL) & ~E1000_RCTL_EN);
	ew32(TCTL, er32(TCTL) & ~E1000_TCTL_EN);
	e1e_flush();
	usleep_range(10000, 11000);
	e1000_irq_disable(a);
	napi_synchronize(&a->napi);
	timer_delete_sync(&a->watchdog_timer);
	timer_delete_sync(&a->phy_info_timer);
	cancel_work_sync(&a->watchdog_task);
	e1000e_flush_descriptors(a);
	if (hw->mac.type >= e1000_pch_spt)
		e1000_flush_desc_rings(a);
	e1000_clean_tx_ring(a->tx_ring);
	e1000_clean_rx_ring(a->rx_ring);
}

/* The driver's watchdog starts transmission only when a link comes. */
static void
nm_e1000e_up(struct nm_nic_dev *d)
{
	struct e1000_adapter *a = d->priv;
	struct e1000_hw *hw = &a->hw;

	e1000e_up(a);
	if (netif_carrier_ok(d->dev)) {
		ew32(TCTL, er32(TCTL) | E1000_TCTL_EN);
		netif_wake_queue(d->dev);
	}
	clear_bit(__E1000_RESETTING, &a->state);
}

static const struct nm_nic_driver nm_e1000e_driver = {
	.version = NM_NIC_VERSION,
	.max_desc = E1000_MAX_TXD,
	.bufs = &nm_e1000e_bufs,
	.down = nm_e1000e_down,
	.up = nm_e1000e_up,
	.txsync = nm_e1000e_txsync,
	.rxsync = nm_e1000e_rxsync,
	.txforeign = nm_e1000e_txforeign,
	.txdone = nm_e1000e_txdone,
};

static void
nm_e1000e_attach(struct net_device *dev)
{
	struct e1000_adapter *a = netdev_priv(dev);

	a->netmap = netmap_nic_attach(dev, &nm_e1000e_driver, a, 1, 1);
}

static void
nm_e1000e_detach(struct net_device *dev)
{
	struct e1000_adapter *a = netdev_priv(dev);

	if (a->netmap)
		a->netmap->core->detach(&a->netmap);
}

#endif
