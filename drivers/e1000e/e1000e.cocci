// SPDX-License-Identifier: BSD-2-Clause
// e1000e.cocci - where the driver of the PCIe successors of the 8254x calls our side of it, nm_e1000e.h. For netdev.c and e1000.h.

@@
@@
 struct e1000_adapter {
+	struct nm_nic_dev *netmap;
 	...
 };

@@
@@
 #include "e1000.h"
+#include "nm_e1000e.h"

@@
expression dev, err;
@@
 e1000_probe(...)
 {
 <+...
 err = register_netdev(dev);
 if (err) { ... }
+nm_e1000e_attach(dev);
 ...+>
 }

@@
expression dev;
@@
 e1000_remove(...)
 {
 <+...
+nm_e1000e_detach(dev);
 unregister_netdev(dev);
 ...+>
 }

@@
identifier adapter;
@@
 e1000e_down(struct e1000_adapter *adapter, ...)
 {
+nm_e1000e_stop(adapter);
 ...
 }

@@
identifier adapter;
@@
 e1000_configure_tx(struct e1000_adapter *adapter)
 {
 ...
+nm_e1000e_start_tx(adapter);
 }

// a ring of a program has its buffers whole, whatever the MTU
@@
identifier adapter;
expression value;
@@
 e1000_setup_rctl(struct e1000_adapter *adapter)
 {
 <+...
-ew32(RCTL, value);
+ew32(RCTL, nm_e1000e_rctl(adapter, value));
 ...+>
 }

@@
identifier adapter;
expression value;
@@
 e1000e_vlan_strip_enable(struct e1000_adapter *adapter)
 {
 <+...
-ew32(CTRL, value);
+ew32(CTRL, nm_e1000e_ctrl(adapter, value));
 ...+>
 }

// the first filling; a ring of a program is not filled by the driver afterwards
@@
identifier fill =~ "^e1000_alloc_(jumbo_)?rx_buffers(_ps)?$";
identifier ring;
@@
 fill(struct e1000_ring *ring, ...)
 {
+if (nm_e1000e_start_rx(ring))
+	return;
 ...
 }

@@
identifier clean =~ "^e1000_clean_(jumbo_)?rx_irq(_ps)?$";
identifier ring, done, most;
@@
 clean(struct e1000_ring *ring, int *done, int most)
 {
+if (nm_e1000e_rx_irq(ring, done, most))
+	return true;
 ...
 }

@@
identifier ring;
@@
 e1000_clean_tx_irq(struct e1000_ring *ring)
 {
+if (nm_e1000e_tx_irq(ring))
+	return true;
 ...
 }

@@
identifier skb, dev;
@@
 e1000_xmit_frame(struct sk_buff *skb, struct net_device *dev)
 {
+if (nm_e1000e_xmit(dev, &skb))
+	return NETDEV_TX_OK;
 ...
 }
