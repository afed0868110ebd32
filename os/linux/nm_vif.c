/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_vif.c - persistent ports: how their interfaces come and go. */
#include "nm_vif.h"
#include "compat.h"
#include "nm_vale.h"

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>

/* Classes of our own: a frame may go on from our transmit queue to that of another interface. */
static int
vif_init_dev(struct net_device *dev)
{
	netdev_lockdep_set_classes(dev);
	return 0;
}

/* Somebody else deletes it, or the namespace that it is in ends. */
static void
vif_uninit(struct net_device *dev)
{
	struct nm_vif *v = netdev_priv(dev);
	struct nm_port *p = v->port;

	if (!p)
		return;
	NM_RCU_ASSIGN(v->port, NULL);
	NM_RCU_ASSIGN(p->priv, NULL);
	nm_os_linux_gone(p);
}

static void
add_count(struct nm_vif_count *sum, const struct nm_vif_count *c)
{
	sum->packets += READ_ONCE(c->packets);
	sum->bytes += READ_ONCE(c->bytes);
	sum->dropped += READ_ONCE(c->dropped);
}

static void
vif_stats(struct net_device *dev, struct rtnl_link_stats64 *st)
{
	struct nm_vif_count sent = {0}, received = {0};
	struct nm_vif *v = netdev_priv(dev);
	uint32_t i;

	for (i = 0; i < dev->num_tx_queues; i++)
		add_count(&sent, &v->q[i].sent);
	for (i = 0; i < dev->num_rx_queues; i++)
		add_count(&received, &v->q[i].received);
	st->tx_packets = sent.packets;
	st->tx_bytes = sent.bytes;
	st->tx_dropped = sent.dropped;
	st->rx_packets = received.packets;
	st->rx_bytes = received.bytes;
	st->rx_dropped = received.dropped;
}

static const struct net_device_ops vif_netdev_ops = {
	.ndo_init = vif_init_dev,
	.ndo_uninit = vif_uninit,
	.ndo_open = nm_vif_open,
	.ndo_stop = nm_vif_stop,
	.ndo_start_xmit = nm_vif_send,
	.ndo_get_stats64 = vif_stats,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
};

/* None can be made by `ip link add`: there is no setup. */
static struct rtnl_link_ops link_ops = {
	.kind = "netmap",
	.dellink = unregister_netdevice_queue,
};

int
nm_vif_init(void)
{
	return rtnl_link_register(&link_ops);
}

void
nm_vif_fini(void)
{
	rtnl_link_unregister(&link_ops);
}

static void
vif_setup(struct net_device *dev)
{
	const netdev_features_t copied = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HW_CSUM | NETIF_F_HIGHDMA;

	ether_setup(dev);
	dev->netdev_ops = &vif_netdev_ops;
	dev->ethtool_ops = &nm_vif_ethtool_ops;
	dev->rtnl_link_ops = &link_ops;
	dev->needs_free_netdev = true;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_DISABLE_NETPOLL; /* netpoll would come with interrupts off */
	dev->features |= copied; /* checksums are made while frames are copied */
	dev->hw_features |= copied;
	dev->vlan_features |= copied;
	eth_hw_addr_random(dev);
	netif_carrier_off(dev);
}

/* Takes the interface from under the port, if it has not left itself. */
static void
vif_leave(struct nm_port *p)
{
	struct nm_vif *v;
	bool registered = false;

	rtnl_lock();
	v = p->priv;
	if (v) {
		NM_RCU_ASSIGN(p->priv, NULL);
		NM_RCU_ASSIGN(v->port, NULL);
		registered = v->registered;
		if (registered)
			unregister_netdevice(v->dev);
	}
	rtnl_unlock();
	if (v && !registered)
		free_netdev(v->dev);
}

/* NEWIF enables the port once it is complete; it stays so until it is removed. */
static int
vif_enable(struct nm_port *p, bool on)
{
	struct nm_vif *v;
	int error;

	if (!on) {
		vif_leave(p);
		return 0;
	}
	rtnl_lock();
	v = p->priv; /* was not visible to anybody until now */
	v->dev->max_mtu = min_t(size_t, (size_t)NETMAP_MAX_FRAGS * p->mem->pool[NM_POOL_BUF].objsize - VLAN_ETH_HLEN, ETH_MAX_MTU);
	v->dev->mtu = min(v->dev->mtu, v->dev->max_mtu);
	error = register_netdevice(v->dev);
	if (!error) {
		v->registered = true;
		NM_RCU_ASSIGN(v->port, p);
	}
	rtnl_unlock();
	return error;
}

/* There is a carrier as long as a program or a switch has a ring. Queues may have stopped for a ring that has gone since. */
static void
vif_changed(struct nm_port *p)
{
	struct nm_vif *v;
	bool used = false;
	uint32_t i;
	int dir;

	for (dir = 0; dir < 2; dir++)
		for (i = 0; i < p->nrings[dir]; i++)
			used |= READ_ONCE(p->krings[dir][i].ready);
	smp_mb(); /* with that of the sender between stopping its queue and looking at the ring */
	nm_os_linux_read_lock();
	v = nm_vif_of(p);
	if (v && used)
		netif_carrier_on(v->dev);
	else if (v)
		netif_carrier_off(v->dev);
	if (v)
		netif_tx_wake_all_queues(v->dev);
	nm_os_linux_read_unlock();
}

static const struct nm_os_linux_port_ops vif_host_ops = {
	.tx_later = nm_vif_tx_later,
	.changed = vif_changed,
};

static const struct nm_port_ops vif_ops = {
	.kind = NM_PORT_KIND_VALE_PERSISTENT,
	.offsets = true,
	.enable = vif_enable,
	.txsync = nm_vif_txsync,
	.rxsync = nm_vif_rxsync,
	.destroy = vif_leave,
};

/* What was asked for, within what a port of a switch may have. */
static uint32_t
shape_of(uint32_t asked, uint32_t initial, uint32_t least, uint32_t most)
{
	return asked ? clamp_t(uint32_t, asked, least, most) : initial;
}

static struct nm_vif *
vif_alloc(const struct nm_port *p, struct net *net)
{
	uint16_t sends = p->nrings[NM_DIR_RX], receives = p->nrings[NM_DIR_TX];
	struct net_device *dev;
	struct nm_vif *v;
	uint32_t i;

	dev = alloc_netdev_mqs(struct_size(v, q, max(sends, receives)), p->name, NET_NAME_USER, vif_setup, sends, receives);
	if (!dev)
		return NULL;
	dev_net_set(dev, net);
	v = netdev_priv(dev);
	v->dev = dev;
	for (i = 0; i < max(sends, receives); i++) {
		v->q[i].v = v;
		v->q[i].id = i;
		skb_queue_head_init(&v->q[i].backlog);
		if (i < receives)
			nm_compat_napi_add(dev, &v->q[i].napi, nm_vif_poll);
	}
	return v;
}

int
nm_os_vif_create(struct nm_root *root, struct nm_session *s, const char *name, struct nm_os_vif_shape *shape,
    struct nm_port **out)
{
	struct nm_net *n = root->host;
	struct nm_port *p;
	int dir;

	if (!s->cred.admin)
		return nm_session_error(s, EPERM, "%s: user %u may not make interfaces; that needs CAP_NET_ADMIN", name, s->cred.uid);
	if (!dev_valid_name(name) || strchr(name, '%'))
		return nm_session_error(s, EINVAL, "%s is no name for an interface", name);
	p = nm_port_alloc(root, name, &vif_ops, &s->cred);
	if (!p)
		return nm_session_error(s, ENOMEM, "%s: no memory for a port", name);
	for (dir = 0; dir < 2; dir++) {
		p->nslots[dir] = shape_of(shape->slots[dir], root->limits.ring_slots, 2, NM_VALE_MAX_SLOTS);
		p->nrings[dir] = shape_of(shape->rings[dir], 1, 1, NM_VALE_MAX_RINGS);
	}
	p->host = (void *)&vif_host_ops;
	p->priv = vif_alloc(p, n->net);
	if (!p->priv) {
		nm_port_put(p);
		return nm_session_error(s, ENOMEM, "%s: no memory for an interface", name);
	}
	*out = p;
	return 0;
}
