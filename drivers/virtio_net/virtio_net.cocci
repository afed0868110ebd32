// SPDX-License-Identifier: BSD-2-Clause
#spatch --macro-file nm_virtio_net_cocci.h
// virtio_net.cocci - where the driver of virtio NICs calls our side of it: nm_virtio_net.h, nm_virtio_net_dev.h. For virtio_net.c.

@@
@@
 #include <net/net_failover.h>
+#include "nm_virtio_net.h"

// what it needs of the driver is all in this file
@@
@@
 virtio_net_driver_init(...) { ... }
+#include "nm_virtio_net_dev.h"

@@
@@
 struct virtnet_info {
+	struct nm_virtio_net netmap;
 	...
 };

@@
identifier vdev;
@@
 virtnet_validate(struct virtio_device *vdev)
 {
 ...
+nm_virtio_net_validate(vdev);
 return 0;
 }

@@
expression err, vi;
@@
 virtnet_probe(...)
 {
 <+...
 err = virtnet_cpu_notif_add(vi);
 if (err) { ... }
+nm_virtio_net_attach(vi);
 ...+>
 }

@@
expression vi;
@@
 virtnet_remove(...)
 {
 <+...
+nm_virtio_net_detach(vi);
 virtnet_cpu_notif_remove(vi);
 ...+>
 }

@@
expression vi;
@@
 virtnet_freeze(...)
 {
 <+...
+nm_virtio_net_freeze(vi);
 virtnet_cpu_notif_remove(vi);
 ...+>
 }

@@
expression err, vdev;
@@
 virtnet_restore(...)
 {
 <+...
+nm_virtio_net_thaw(vdev->priv);
 err = virtnet_restore_up(vdev);
 ...+>
 }

@@
identifier dev;
@@
 virtnet_open(struct net_device *dev)
 {
+if (nm_virtio_net_open(dev))
+	return -EIO;
 ...
 }

@@
identifier dev;
@@
 virtnet_close(struct net_device *dev)
 {
+if (nm_virtio_net_closed(dev))
+	return 0;
 <+...
+nm_virtio_net_close(dev);
 return 0;
 ...+>
 }

// later drivers take the carrier away; while rings change hands the link stays
@@
expression dev;
identifier vi;
@@
 virtnet_close(...)
 {
 ...
 struct virtnet_info *vi = ...;
 <+...
-netif_carrier_off(dev);
+if (!vi->netmap.quiet)
+	netif_carrier_off(dev);
 ...+>
 }

@@
identifier vi;
@@
 free_unused_bufs(struct virtnet_info *vi)
 {
+if (nm_virtio_net_lost(vi))
+	return;
 ...
 }

@@
identifier vi, rq;
@@
 try_fill_recv(struct virtnet_info *vi, struct receive_queue *rq, ...)
 {
+if (nm_virtio_net_fill(vi, rq))
+	return true;
 ...
 }

@@
identifier napi, budget;
@@
 virtnet_poll(struct napi_struct *napi, int budget)
 {
+if (nm_virtio_net_owns_rx(napi))
+	return nm_virtio_net_poll_rx(napi, budget);
 ...
 }

@@
identifier napi, budget;
@@
 virtnet_poll_tx(struct napi_struct *napi, int budget)
 {
+if (nm_virtio_net_owns_tx(napi))
+	return nm_virtio_net_poll_tx(napi, budget);
 ...
 }

@@
identifier rq;
@@
 virtnet_poll_cleantx(struct receive_queue *rq, ...)
 {
+if (nm_virtio_net_clean_tx(rq))
+	return;
 ...
 }

@@
identifier vq;
@@
 skb_xmit_done(struct virtqueue *vq)
 {
+if (nm_virtio_net_xmit_done(vq))
+	return;
 ...
 }

@@
identifier skb, dev;
@@
 start_xmit(struct sk_buff *skb, struct net_device *dev)
 {
+if (nm_virtio_net_keeps(dev, skb))
+	return nm_virtio_net_host_frame(dev, skb);
 ...
 }

@@
expression vi, q, n;
@@
 virtnet_set_ringparam(...)
 {
 <+...
(
-virtnet_tx_resize(vi, q, n)
+nm_virtio_net_tx_resize(vi, q, n)
|
-virtnet_rx_resize(vi, q, n)
+nm_virtio_net_rx_resize(vi, q, n)
)
 ...+>
 }

@@
identifier dev, channels;
@@
 virtnet_set_channels(struct net_device *dev, struct ethtool_channels *channels)
 {
+if (nm_virtio_net_needs(dev, channels->combined_count))
+	return -EBUSY;
 ...
 }

@@
identifier dev, xdp;
@@
 virtnet_xdp(struct net_device *dev, struct netdev_bpf *xdp)
 {
+if (nm_virtio_net_in_use(dev))
+	return -EBUSY;
 ...
 }

@@
expression vi, offloads;
@@
-virtnet_set_guest_offloads(vi, offloads)
+virtnet_set_guest_offloads(vi, nm_virtio_net_offloads(vi, offloads))
