/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_vif.h - a persistent port: an Ethernet interface that we make, whose wire is the port.
 *
 *   host: ndo_start_xmit, queue i  ->  receive ring i    nm_vif_send.c
 *   transmit ring i  ->  NAPI i, netif_receive_skb       nm_vif_recv.c
 *
 * The interface may be renamed, moved to another namespace or deleted under its port; that keeps its name and its root.
 * Under RTNL the two are joined and parted: of port.priv and nm_vif.port either both are set or none; readers are in a read
 * section. RTNL comes after the root's mutex and is never held when that is taken.
 */
#ifndef NM_VIF_H
#define NM_VIF_H

#include "nm_os_linux.h"

#include <linux/netdevice.h>
#include <linux/skbuff.h>

#define NM_VIF_BACKLOG 1024u /* frames that wait for NAPI, for each ring */

/* Plain adds by their one writer. */
struct nm_vif_count {
	uint64_t packets, bytes, dropped;
};

struct nm_vif_queue {
	struct nm_vif *v;
	uint32_t id;
	/* what the host sends; under the lock of its transmit queue */
	struct nm_vif_count sent;
	bool news;                   /* frames were put into the ring and nobody was told yet */
	/* what the host receives */
	struct napi_struct napi;
	struct sk_buff_head backlog;
	uint32_t waits;              /* the ring has frames that found no room in the backlog */
	struct nm_vif_count received;
};

/* The private part of the interface. */
struct nm_vif {
	struct net_device *dev;
	struct nm_port *port;        /* RCU; NULL: has not come or has left */
	bool registered;
	bool open;                   /* its NAPI may be scheduled; cleared, then waited for, before it stops */
	struct nm_vif_queue q[];     /* as many as the more numerous rings */
};

/* Of the port; NULL when the interface is gone. In a read section. */
static inline struct nm_vif *
nm_vif_of(struct nm_port *p)
{
	return NM_RCU_DEREF(p->priv);
}

/* nm_vif_send.c */
netdev_tx_t nm_vif_send(struct sk_buff *skb, struct net_device *dev);
int nm_vif_rxsync(struct nm_kring *kr);

/* nm_vif_recv.c. Data, but for open and stop: these are under RTNL and sleep. */
int nm_vif_txsync(struct nm_kring *kr);
void nm_vif_tx_later(struct nm_kring *kr);
int nm_vif_poll(struct napi_struct *napi, int budget);
int nm_vif_open(struct net_device *dev);
int nm_vif_stop(struct net_device *dev);

extern const struct ethtool_ops nm_vif_ethtool_ops;

#endif
