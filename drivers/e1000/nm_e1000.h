/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_e1000.h - the netmap side of the driver of the 8254x: included by its e1000_main.c, called where e1000.cocci says.
 *
 * Sections are of Intel's "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual" (317453).
 */
#ifndef NM_E1000_H
#define NM_E1000_H

#include "drivers/nm_8254x.h"

#include <linux/delay.h>

static void e1000_irq_disable(struct e1000_adapter *adapter);
static void e1000_down_and_stop(struct e1000_adapter *adapter);
static void e1000_clean_all_tx_rings(struct e1000_adapter *adapter);
static void e1000_clean_all_rx_rings(struct e1000_adapter *adapter);

static inline struct e1000_adapter *
nm_e1000_of(const struct nm_hw_ring *r)
{
	return r->nic;
}

static __always_inline void
nm_e1000_put_tx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr, uint32_t len, unsigned int flags)
{
	struct e1000_adapter *a = nm_e1000_of(r);

	nm_8254x_put_tx(E1000_TX_DESC(a->tx_ring[0], desc), addr, len, flags, a->txd_cmd);
}

static __always_inline void
nm_e1000_report(struct nm_hw_ring *r, uint32_t desc)
{
	nm_8254x_report(E1000_TX_DESC(nm_e1000_of(r)->tx_ring[0], desc));
}

static __always_inline bool
nm_e1000_done(struct nm_hw_ring *r, uint32_t desc)
{
	return nm_8254x_done(E1000_TX_DESC(nm_e1000_of(r)->tx_ring[0], desc));
}

/* 13.4.38: the tail is the first descriptor that is not the NIC's. */
static __always_inline void
nm_e1000_kick_tx(struct nm_hw_ring *r)
{
	struct e1000_adapter *a = nm_e1000_of(r);

	dma_wmb();
	writel(r->use, a->hw.hw_addr + a->tx_ring[0].tdt);
}

/* Receive, 3.2.3: a frame may take several descriptors, errors are told with its last. */
static __always_inline unsigned int
nm_e1000_get_rx(struct nm_hw_ring *r, uint32_t desc, uint32_t *bytes)
{
	struct e1000_rx_desc *d = E1000_RX_DESC(nm_e1000_of(r)->rx_ring[0], desc);
	u8 status = READ_ONCE(d->status);

	if (!(status & E1000_RXD_STAT_DD))
		return 0;
	dma_rmb();
	*bytes = le16_to_cpu(d->length);
	if (likely(status & E1000_RXD_STAT_EOP))
		return NM_HW_DONE | NM_HW_LAST | (unlikely(d->errors & E1000_RXD_ERR_FRAME_ERR_MASK) ? NM_HW_BAD : 0);
	return NM_HW_DONE;
}

static __always_inline void
nm_e1000_put_rx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr)
{
	struct e1000_rx_desc *d = E1000_RX_DESC(nm_e1000_of(r)->rx_ring[0], desc);

	d->buffer_addr = cpu_to_le64(addr);
	d->status = 0;
}

/* 13.4.30 */
static __always_inline void
nm_e1000_kick_rx(struct nm_hw_ring *r)
{
	struct e1000_adapter *a = nm_e1000_of(r);

	dma_wmb();
	writel(r->use, a->hw.hw_addr + a->rx_ring[0].rdt);
}

/* Frames shorter than 60 bytes are filled up by us: see what the driver says of the NIC's own padding in e1000_xmit_frame. */
static const struct nm_hw_tx nm_e1000_tx = {
	.put = nm_e1000_put_tx,
	.report = nm_e1000_report,
	.done = nm_e1000_done,
	.kick = nm_e1000_kick_tx,
	.max_parts = NETMAP_MAX_FRAGS,
	.min_bytes = ETH_ZLEN,
};

static const struct nm_hw_rx nm_e1000_rx = {
	.get = nm_e1000_get_rx,
	.put = nm_e1000_put_rx,
	.kick = nm_e1000_kick_rx,
};

static bool
nm_e1000_txsync(struct nm_hw_ring *r)
{
	return nm_hw_tx(r, &nm_e1000_tx);
}

static uint32_t
nm_e1000_rxsync(struct nm_hw_ring *r, uint32_t budget)
{
	return nm_hw_rx(r, &nm_e1000_rx, budget);
}

static bool
nm_e1000_txforeign(struct nm_hw_ring *r, const struct nm_hw_foreign *f)
{
	return nm_hw_put_foreign(r, &nm_e1000_tx, f);
}

static bool
nm_e1000_txdone(struct nm_hw_ring *r)
{
	return nm_e1000_done(r, r->report[r->report_first].desc);
}

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
	return nm_e1000_owns_rx(a) ? nm_8254x_rctl(rctl, a->netmap->buf_size) : rctl & ~E1000_RCTL_SECRC;
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
	.buf_sizes = 256 | 512 | 1024 | 2048 | 4096,
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
