// SPDX-License-Identifier: BSD-2-Clause
// r8169.cocci - where the driver of Realtek's gigabit NICs calls our side of it, nm_r8169.h. For r8169_main.c.

@@
typedef __le64;
@@
 struct rtl8169_private {
+	struct nm_nic_dev *netmap;
+	unsigned int netmap_given;
+	__le64 netmap_addr[NUM_RX_DESC];
 	...
 };

@@
identifier tp;
@@
 typedef void (*rtl_generic_fct)(struct rtl8169_private *tp);
+#include "nm_r8169.h"

// its task resets the NIC without RTNL
@task@
identifier tp;
@@
 rtl8169_down(struct rtl8169_private *tp)
 {
 <+...
 disable_work_sync(&tp->wk.work);
 ...+>
 }

@depends on task@
@@
+#define NM_R8169_TASK_ALONE
 #include "nm_r8169.h"

@@
expression rc, dev;
@@
 rtl_init_one(...)
 {
 <+...
 rc = register_netdev(dev);
 if (rc) return rc;
+nm_r8169_attach(dev);
 ...+>
 }

@@
expression dev;
@@
 rtl_remove_one(...)
 {
 <+...
+nm_r8169_detach(dev);
 unregister_netdev(dev);
 ...+>
 }

@@
identifier tp;
@@
 rtl8169_cleanup(struct rtl8169_private *tp)
 {
+nm_r8169_stop(tp);
 <+...
 rtl8169_tx_clear(tp);
+nm_r8169_give_back(tp);
 ...+>
 }

// a NIC that is no longer there
@@
expression dev;
@@
 rtl_task(...)
 {
 <+...
+nm_r8169_stop(tp);
 netif_device_detach(dev);
 ...+>
 }

@@
identifier tp;
@@
 rtl_reset_work(struct rtl8169_private *tp)
 {
 <+...
+nm_r8169_start_rx(tp);
 napi_enable(&tp->napi);
 ...
 rtl_hw_start(tp);
+nm_r8169_start_tx(tp);
 ...+>
 }

@@
expression device;
@@
 rtl8169_resume(...)
 {
 <+...
-return rtl8169_runtime_resume(device);
+return nm_r8169_resume(device);
 ...+>
 }

@@
identifier dev;
@@
 rtl8169_change_mtu(struct net_device *dev, ...)
 {
 <+...
+nm_r8169_restart(dev);
 return 0;
 ...+>
 }

@@
symbol CPlusCmd;
expression tp, value;
@@
-RTL_W16(tp, CPlusCmd, value);
+RTL_W16(tp, CPlusCmd, nm_r8169_cp_cmd(tp, value));

// of the RTL8125, where RxConfig says it; of the others it is CPlusCmd
@@
identifier tp, features;
@@
 rtl_set_rx_config_features(struct rtl8169_private *tp, netdev_features_t features)
 {
 <+...
-features & NETIF_F_HW_VLAN_CTAG_RX
+nm_r8169_strips_tags(tp, features)
 ...+>
 }

@@
symbol RxMaxSize;
expression tp, value;
@@
-RTL_W16(tp, RxMaxSize, value);
+RTL_W16(tp, RxMaxSize, nm_r8169_rx_max(tp, value));

@@
identifier dev, tp, budget;
@@
 rtl_rx(struct net_device *dev, struct rtl8169_private *tp, int budget)
 {
+if (nm_r8169_owns_rx(tp))
+	return nm_r8169_rx_irq(tp, budget);
 ...
 }

@@
identifier dev, tp, budget;
@@
 rtl_tx(struct net_device *dev, struct rtl8169_private *tp, int budget)
 {
+if (nm_r8169_tx_irq(tp))
+	return;
 ...
 }

@@
identifier skb, dev;
@@
 rtl8169_start_xmit(struct sk_buff *skb, struct net_device *dev)
 {
+if (nm_r8169_owns_tx(netdev_priv(dev)))
+	return nm_r8169_host_frame(netdev_priv(dev), skb);
 ...
 }
