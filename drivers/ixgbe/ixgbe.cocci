// SPDX-License-Identifier: BSD-2-Clause
// ixgbe.cocci - where the driver of the 82599 and its successors calls our side of it, nm_ixgbe.h. For ixgbe_main.c, ixgbe_ethtool.c and
// ixgbe.h.

@@
@@
 struct ixgbe_ring {
+	struct nm_nic_dev *netmap;
 	...
 };

@@
@@
 struct ixgbe_adapter {
+	struct nm_nic_dev *netmap;
+	bool netmap_held;
+	bool netmap_whole;
+	bool netmap_told;
 	...
 };

@@
@@
 #include "ixgbe_phy.h"
+#include "drivers/nm_nic.h"

@@
@@
 #include "ixgbe_txrx_common.h"
+#include "nm_ixgbe.h"

@@
expression dev, err;
@@
 ixgbe_probe(...)
 {
 <+...
 err = register_netdev(dev);
 if (err) { ... }
+nm_ixgbe_attach(adapter);
 ...+>
 }

// also where a firmware or a module of the link is found unfit
@@
expression dev;
@@
+nm_ixgbe_detach(adapter);
 unregister_netdev(dev);

@@
identifier adapter;
@@
 ixgbe_down(struct ixgbe_adapter *adapter)
 {
 ...
 if (test_and_set_bit(__IXGBE_DOWN, &adapter->state))
 	return;
+nm_ixgbe_stop(adapter);
 ...
 ixgbe_napi_disable_all(adapter);
+nm_ixgbe_forget(adapter);
 ...
 }

@@
identifier adapter, ring;

@@
 ixgbe_configure_tx_ring(struct ixgbe_adapter *adapter, struct ixgbe_ring *ring)
 {
 <+...
+nm_ixgbe_take_tx(adapter, ring);
 ring->xsk_pool = NULL;
 ...+>
 }

@@
identifier adapter, ring, value;
expression at;
@@
 ixgbe_configure_tx_ring(struct ixgbe_adapter *adapter, struct ixgbe_ring *ring)
 {
 <+...
-IXGBE_WRITE_REG(hw, IXGBE_TXDCTL(at), value);
+IXGBE_WRITE_REG(hw, IXGBE_TXDCTL(at), nm_ixgbe_txdctl(ring, value));
 ...+>
 }

// not the ring with which the driver tries the NIC itself
@@
identifier f =~ "^ixgbe_(configure_tx|txrx_ring_enable)$";
expression adapter, ring;
@@
 f(...)
 {
 <+...
 ixgbe_configure_tx_ring(adapter, ring);
+nm_ixgbe_start_tx(adapter, ring);
 ...+>
 }

@@
identifier adapter, ring;
@@
 ixgbe_configure_rx_ring(struct ixgbe_adapter *adapter, struct ixgbe_ring *ring)
 {
 <+...
+nm_ixgbe_take_rx(adapter, ring);
 xdp_rxq_info_unreg_mem_model(&ring->xdp_rxq);
 ...+>
 }

@@
identifier adapter, ring;
@@
 ixgbe_configure_rx_ring(struct ixgbe_adapter *adapter, struct ixgbe_ring *ring)
 {
 <+...
+if (!nm_ixgbe_leaves_rsc_off(adapter, ring))
 ixgbe_configure_rscctl(adapter, ring);
 ...+>
 }

@@
identifier adapter, ring;
expression n;
@@
 ixgbe_configure_rx_ring(struct ixgbe_adapter *adapter, struct ixgbe_ring *ring)
 {
 <+...
+if (!nm_ixgbe_start_rx(adapter, ring))
 ixgbe_alloc_rx_buffers(ring, n);
 ...+>
 }

// the driver sets these registers at other times too
@@
identifier f =~ "^ixgbe_(configure_rx_ring|vlan_strip_enable)$";
expression at, value;
@@
 f(...)
 {
 <+...
-IXGBE_WRITE_REG(hw, IXGBE_RXDCTL(at), value);
+IXGBE_WRITE_REG(hw, IXGBE_RXDCTL(at), nm_ixgbe_rxdctl(ring, value));
 ...+>
 }

@@
identifier f =~ "^ixgbe_(configure_srrctl|disable_rx_drop)$";
identifier adapter, ring;
expression at, value;
@@
 f(struct ixgbe_adapter *adapter, struct ixgbe_ring *ring)
 {
 <+...
-IXGBE_WRITE_REG(hw, IXGBE_SRRCTL(at), value);
+IXGBE_WRITE_REG(hw, IXGBE_SRRCTL(at), nm_ixgbe_srrctl(ring, value));
 ...+>
 }

@@
identifier adapter, ring;
@@
 ixgbe_clean_tx_irq(..., struct ixgbe_ring *ring, ...)
 {
 ...
 if (test_bit(__IXGBE_DOWN, &adapter->state))
 	return true;
+if (nm_ixgbe_tx_irq(ring))
+	return true;
 ...
 }

@@
identifier ring, budget;
@@
 ixgbe_clean_rx_irq(..., struct ixgbe_ring *ring, const int budget)
 {
 <+...
+if (nm_ixgbe_owns(ring))
+	return nm_ixgbe_rx_irq(ring, budget);
 xdp_init_buff(...);
 ...+>
 }

@@
identifier skb, ring;
expression e, which;
@@
 __ixgbe_xmit_frame(struct sk_buff *skb, ...)
 {
 <+...
 ring = e;
 if (unlikely(test_bit(__IXGBE_TX_DISABLED, which)))
 	return NETDEV_TX_BUSY;
+if (nm_ixgbe_owns(ring))
+	return nm_ixgbe_host_frame(ring, skb);
 ...+>
 }

// fewer queues
@@
identifier dev, channels;
@@
 ixgbe_set_channels(struct net_device *dev, struct ethtool_channels *channels)
 {
 <+...
 if (channels->other_count != NON_Q_VECTORS)
 	return -EINVAL;
+if (nm_nic_needs_more(adapter->netmap, channels->combined_count, channels->combined_count))
+	return -EBUSY;
 ...+>
 }

// sockets of AF_XDP take a pair of queues, or give it back
@@
expression adapter, pool, queue;
@@
-return ixgbe_xsk_pool_setup(adapter, pool, queue);
+return nm_ixgbe_has_queue(adapter, pool, queue) ? -EBUSY : ixgbe_xsk_pool_setup(adapter, pool, queue);

@@
identifier adapter, queue, ring;
@@
 ixgbe_txrx_ring_disable(struct ixgbe_adapter *adapter, int queue)
 {
 <+...
+nm_ixgbe_stop_pair(adapter, queue);
 ring = adapter->rx_ring[queue];
 ...+>
 }
