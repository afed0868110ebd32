// SPDX-License-Identifier: BSD-2-Clause
// veth.cocci - where veth calls our side of it, nm_veth.h. For veth.c.

@@
@@
 struct veth_priv {
+	struct nm_nic_dev *netmap;
 	...
 };

// behind the driver's structures, before what sends
@@
identifier ptr;
@@
 static void veth_ptr_free(void *ptr) { ... }
+#include "nm_veth.h"

@@
identifier skb, dev;
@@
 veth_xmit(struct sk_buff *skb, struct net_device *dev)
 {
+int verdict = nm_veth_takes(skb, dev);
+
+if (verdict != NM_VETH_PASSES)
+	return verdict == NM_VETH_GONE ? NETDEV_TX_OK : NET_XMIT_DROP;
 	...
 }

@@
identifier dev;
@@
 veth_xdp_xmit(struct net_device *dev, ...)
 {
+if (nm_veth_refuses_frames(dev))
+	return -ENXIO;
 	...
 }

@@
identifier dev, xdp;
@@
 veth_xdp(struct net_device *dev, struct netdev_bpf *xdp)
 {
+if (nm_veth_refuses_prog(dev, xdp))
+	return -EBUSY;
 	...
 }

@@
identifier dev;
@@
 veth_open(struct net_device *dev)
 {
 <+...
+nm_veth_opened(dev);
 	return 0;
 ...+>
 }

@@
identifier dev;
@@
 veth_close(struct net_device *dev)
 {
+nm_veth_closes(dev);
 	...
 }

@@
identifier dev;
@@
 veth_dev_init(struct net_device *dev)
 {
 <+...
-	return veth_alloc_queues(dev);
+return nm_veth_init(dev, veth_alloc_queues(dev));
 ...+>
 }

@@
identifier ops =~ "^veth_netdev_ops$", init =~ "^veth_dev_init$";
@@
 struct net_device_ops ops = {
+	.ndo_uninit = nm_veth_op(uninit),
 	.ndo_init = init,
 };
