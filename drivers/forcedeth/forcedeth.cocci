// SPDX-License-Identifier: BSD-2-Clause
// forcedeth.cocci - where the driver of nForce NICs calls our side of it, nm_forcedeth.h. For forcedeth.c.

@@
@@
 struct fe_priv {
+	struct nm_nic_dev *netmap;
+	unsigned int netmap_tail;
+	unsigned int netmap_given;
+	unsigned int netmap_flight;
 	...
 };

@@
@@
+#include "nm_forcedeth.h"
 free_rings(...) { ... }

@@
@@
 nv_probe(...)
 {
 <+...
+nm_forcedeth_attach(dev);
 return 0;
 ...+>
 }

// before the driver frees what its NAPI counts in
@@
identifier np, dev;
@@
 nv_remove(...)
 {
 ...
 struct fe_priv *np = netdev_priv(dev);
+nm_forcedeth_detach(dev);
 ...
 }

@@
symbol false;
expression dev;
@@
 nv_open(...)
 {
 <+...
+nm_forcedeth_tags(dev);
 nv_txrx_gate(dev, false);
 ...+>
 }

@@
identifier dev;
@@
 nv_open(struct net_device *dev)
 {
 <+...
+nm_forcedeth_opened(dev);
 return 0;
 ...+>
 }

@@
expression dev;
@@
 nv_close(...)
 {
 <+...
+nm_forcedeth_stop(dev);
 netif_stop_queue(dev);
 ...+>
 }

// resets, each within the same two locks
@@
identifier reset =~ "^nv_(change_mtu|set_ringparam|do_nic_poll)$";
expression dev;
@@
 reset(...)
 {
 <+...
 netif_addr_lock(dev);
+nm_forcedeth_stop(dev);
 ...+>
 }

@@
identifier reset =~ "^nv_(change_mtu|set_ringparam|do_nic_poll)$";
expression np, dev;
@@
 reset(...)
 {
 <+...
 spin_unlock(&np->lock);
+nm_forcedeth_start(dev);
 netif_addr_unlock(dev);
 ...+>
 }

@@
identifier dev;
expression e;
@@
 nv_change_mtu(struct net_device *dev, ...)
 {
 <+...
 if (e)
-	return 0;
+	return nm_forcedeth_restart(dev);
 ...+>
 }

@@
identifier dev;
@@
 nv_tx_timeout(struct net_device *dev, ...)
 {
+if (nm_forcedeth_owns_tx(dev))
+	return;
 ...
 }

@@
identifier dev, test;
@@
 nv_self_test(struct net_device *dev, struct ethtool_test *test, ...)
 {
+if (nm_forcedeth_refuses_test(dev, test))
+	return;
 ...
 }

// sleep and shutdown come without RTNL, under which rings come and go
@@
expression dev;
@@
 nv_suspend(...)
 {
 ...
+rtnl_lock();
 if (netif_running(dev)) { ... }
 netif_device_detach(dev);
+rtnl_unlock();
 ...
 }

@@
expression dev, rc;
@@
 nv_resume(...)
 {
 ...
+rtnl_lock();
 netif_device_attach(dev);
 if (netif_running(dev)) { ... }
+rtnl_unlock();
 return rc;
 }

@@
expression dev;
@@
 nv_shutdown(...)
 {
 <+...
-nv_close(dev);
+nm_forcedeth_shutdown(dev);
 ...+>
 }

@@
identifier dev, features;
@@
 nv_vlan_mode(struct net_device *dev, netdev_features_t features)
 {
 <+...
-features & NETIF_F_HW_VLAN_CTAG_RX
+nm_forcedeth_strips_tags(dev, features)
 ...+>
 }

@@
symbol NvRegOffloadConfig;
identifier np;
expression base;
@@
-writel(np->rx_buf_sz, base + NvRegOffloadConfig)
+writel(nm_forcedeth_rx_max(np), base + NvRegOffloadConfig)

@@
identifier fill =~ "^nv_alloc_rx(_optimized)?$";
identifier dev;
@@
 fill(struct net_device *dev)
 {
+if (nm_forcedeth_owns_rx(dev))
+	return 0;
 ...
 }

@@
identifier clean =~ "^nv_rx_process(_optimized)?$";
identifier dev, limit;
@@
 clean(struct net_device *dev, int limit)
 {
+if (nm_forcedeth_owns_rx(dev))
+	return nm_forcedeth_rx_irq(dev, limit);
 ...
 }

@@
expression dev, work;
@@
 nv_napi_poll(...)
 {
 <+...
+nm_forcedeth_tx_irq(dev);
 nv_change_interrupt_mode(dev, work);
 ...+>
 }

@@
symbol false;
expression dev;
@@
 nv_linkchange(...)
 {
 <+...
 nv_txrx_gate(dev, false);
 nv_start_rx(dev);
+nm_forcedeth_link_up(dev);
 ...+>
 }

@@
identifier xmit =~ "^nv_start_xmit(_optimized)?$";
identifier skb, dev;
@@
 xmit(struct sk_buff *skb, struct net_device *dev)
 {
+if (nm_forcedeth_owns_tx(dev))
+	return nm_forcedeth_host_frame(dev, skb);
 ...
 }
