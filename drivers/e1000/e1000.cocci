// SPDX-License-Identifier: BSD-2-Clause
// e1000.cocci - where the driver of the 8254x calls our side of it, nm_e1000.h. For e1000_main.c and e1000.h.

@@
@@
 struct e1000_adapter {
+	struct nm_nic_dev *netmap;
 	...
 };

@@
@@
 #include "e1000.h"
+#include "nm_e1000.h"

@@
expression dev, err;
@@
 e1000_probe(...)
 {
 <+...
 err = register_netdev(dev);
 if (err) { ... }
+nm_e1000_attach(dev);
 ...+>
 }

@@
expression dev;
@@
 e1000_remove(...)
 {
 <+...
+nm_e1000_detach(dev);
 unregister_netdev(dev);
 ...+>
 }

@@
identifier adapter;
@@
 e1000_down(struct e1000_adapter *adapter)
 {
+nm_e1000_stop(adapter);
 ...
 }

@@
identifier adapter;
@@
 e1000_configure_tx(struct e1000_adapter *adapter)
 {
 ...
+nm_e1000_start_tx(adapter);
 }

@@
identifier adapter;
expression value;
@@
 e1000_setup_rctl(struct e1000_adapter *adapter)
 {
 <+...
-ew32(RCTL, value);
+ew32(RCTL, nm_e1000_rctl(adapter, value));
 ...+>
 }

@@
identifier adapter;
expression value;
@@
 __e1000_vlan_mode(struct e1000_adapter *adapter, ...)
 {
 <+...
-ew32(CTRL, value);
+ew32(CTRL, nm_e1000_ctrl(adapter, value));
 ...+>
 }

// the first filling; a ring of a program is not filled by the driver afterwards
@@
identifier fill =~ "^e1000_alloc_(jumbo_)?rx_buffers$";
identifier adapter, ring;
@@
 fill(struct e1000_adapter *adapter, struct e1000_rx_ring *ring, ...)
 {
+if (nm_e1000_start_rx(adapter, ring))
+	return;
 ...
 }

@@
identifier clean =~ "^e1000_clean_(jumbo_)?rx_irq$";
identifier adapter, ring, done, most;
@@
 clean(struct e1000_adapter *adapter, struct e1000_rx_ring *ring, int *done, int most)
 {
+if (nm_e1000_rx_irq(adapter, done, most))
+	return true;
 ...
 }

@@
identifier adapter, ring;
@@
 e1000_clean_tx_irq(struct e1000_adapter *adapter, struct e1000_tx_ring *ring)
 {
+if (nm_e1000_tx_irq(adapter))
+	return true;
 ...
 }

@@
identifier skb, dev;
@@
 e1000_xmit_frame(struct sk_buff *skb, struct net_device *dev)
 {
+if (nm_e1000_xmit(dev, &skb))
+	return NETDEV_TX_OK;
 ...
 }
