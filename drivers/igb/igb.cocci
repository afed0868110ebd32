// SPDX-License-Identifier: BSD-2-Clause
// igb.cocci - where the driver of the 82575 and later ones calls our side of it, nm_igb.h. For igb_main.c, igb_ethtool.c, igb.h and
// igb_xsk.c.

@@
@@
 struct igb_adapter {
+	struct nm_nic_dev *netmap;
+	bool netmap_reset;
 	...
 };

@@
@@
 #include "igb.h"
+#include "nm_igb.h"

// ours as well; newer kernels have it so
@@
identifier clean =~ "^igb_clean_(tx|rx)_ring$";
@@
-static
 void clean(struct igb_ring *);

@@
identifier clean =~ "^igb_clean_(tx|rx)_ring$";
identifier ring;
@@
-static
 void clean(struct igb_ring *ring)
 { ... }

// at the end, when nothing can fail any more
@@
expression dev;
@@
 igb_probe(...)
 {
 <+...
+nm_igb_attach(pdev);
 pm_runtime_put_noidle(dev);
 ...+>
 }

@@
expression dev;
@@
 igb_remove(...)
 {
 <+...
 pm_runtime_get_noresume(dev);
+nm_igb_detach(pdev);
 ...+>
 }

@@
identifier adapter;
@@
 igb_down(struct igb_adapter *adapter)
 {
+nm_igb_stop(adapter, 0, IGB_MAX_TX_QUEUES);
 ...
 }

@@
identifier adapter, queue;
@@
 igb_txrx_ring_disable(struct igb_adapter *adapter, u16 queue)
 {
+nm_igb_stop(adapter, queue, 1);
 ...
 }

@@
identifier adapter, ring;
expression i, value;
@@
 igb_configure_tx_ring(struct igb_adapter *adapter, struct igb_ring *ring)
 {
 <+...
-wr32(E1000_TXDCTL(i), value);
+wr32(E1000_TXDCTL(i), nm_igb_txdctl(ring, value));
+nm_igb_start_tx(ring);
 ...+>
 }

@@
identifier adapter, ring;
expression i, value;
@@
 igb_setup_srrctl(struct igb_adapter *adapter, struct igb_ring *ring)
 {
 <+...
-wr32(E1000_SRRCTL(i), value);
+wr32(E1000_SRRCTL(i), nm_igb_srrctl(adapter, ring, value));
 ...+>
 }

// the first filling; a ring of a program is not filled by the driver afterwards
@@
identifier ring, n;
@@
 igb_alloc_rx_buffers(struct igb_ring *ring, u16 n)
 {
+if (nm_igb_start_rx(ring))
+	return;
 ...
 }

@@
expression ring, pool, n;
@@
 igb_configure(...)
 {
 <+...
-igb_alloc_rx_buffers_zc(ring, pool, n)
+(void)(nm_igb_start_rx(ring) || igb_alloc_rx_buffers_zc(ring, pool, n))
 ...+>
 }

@@
identifier q, budget;
@@
 igb_clean_rx_irq(struct igb_q_vector *q, const int budget)
 {
+if (nm_igb_taken_rx(q->rx.ring))
+	return nm_igb_rx_irq(q->rx.ring, budget);
 ...
 }

@@
expression q, pool, budget;
@@
 igb_poll(...)
 {
 <+...
-igb_clean_rx_irq_zc(q, pool, budget)
+(nm_igb_taken_rx(q->rx.ring) ? nm_igb_rx_irq(q->rx.ring, budget) : igb_clean_rx_irq_zc(q, pool, budget))
 ...+>
 }

@@
identifier q, budget;
@@
 igb_clean_tx_irq(struct igb_q_vector *q, int budget)
 {
+if (nm_igb_taken_tx(q->tx.ring))
+	return nm_igb_tx_irq(q->tx.ring);
 ...
 }

@@
expression skb, adapter;
@@
 igb_xmit_frame(...)
 {
 <+...
-igb_xmit_frame_ring(skb, igb_tx_queue_mapping(adapter, skb))
+nm_igb_xmit(skb, igb_tx_queue_mapping(adapter, skb))
 ...+>
 }

// frames that XDP sends
@@
identifier adapter, ring, frame;
@@
 igb_xmit_xdp_ring(struct igb_adapter *adapter, struct igb_ring *ring, struct xdp_frame *frame)
 {
+if (nm_igb_taken_tx(ring))
+	return IGB_XDP_CONSUMED;
 ...
 }

@@
expression ring;
@@
-igb_xdp_ring_update_tail(ring);
+if (!nm_igb_taken_tx(ring)) {
+	igb_xdp_ring_update_tail(ring);
+}

@@
identifier dev, xdp;
@@
 igb_xdp(struct net_device *dev, struct netdev_bpf *xdp)
 {
+if (nm_igb_refuses(dev, xdp))
+	return -EBUSY;
 ...
 }

// fewer queues
@@
identifier dev, channels;
@@
 igb_set_channels(struct net_device *dev, struct ethtool_channels *channels)
 {
+if (nm_igb_needs(dev, channels->combined_count))
+	return -EBUSY;
 ...
 }

// tags of VLANs
@@
identifier dev, features;
@@
 igb_fix_features(struct net_device *dev, netdev_features_t features)
 {
+features = nm_igb_features(dev, features);
 ...
 }

@@
identifier dev, features;
@@
 igb_set_features(struct net_device *dev, netdev_features_t features)
 {
+if (nm_igb_asleep(dev))
+	return 0;
 ...
 }
