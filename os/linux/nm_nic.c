/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_nic.c - see nm_nic.h: life of an interface as a port. */
#include "nm_nic.h"
#include "compat.h"

#include <linux/if_arp.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>

static uint32_t
count_of(const struct nm_port *p, int dir)
{
	return (uint32_t)p->nrings[dir] + p->nhost[dir];
}

static void
rings_free(struct nm_nic *n)
{
	uint32_t i;

	for (i = 0; n->rx && i < count_of(n->port, NM_DIR_RX); i++)
		netif_napi_del(&n->rx[i].napi);
	for (i = 0; n->tx && i < count_of(n->port, NM_DIR_TX); i++)
		if (n->tx[i].flight) {
			netif_napi_del(&n->tx[i].napi);
			nm_nic_tx_fini(&n->tx[i]);
		}
	synchronize_net();
	for (i = 0; n->rx && i < count_of(n->port, NM_DIR_RX); i++)
		nm_nic_rx_purge(&n->rx[i]);
	kvfree(n->rx);
	kvfree(n->tx);
	n->rx = NULL;
	n->tx = NULL;
}

int
nm_nic_rings(struct nm_nic *n)
{
	struct nm_port *p = n->port;
	struct nm_nic_rx *rx;
	uint32_t i;

	if (n->rx)
		return 0;
	rx = kvcalloc(count_of(p, NM_DIR_RX), sizeof(*rx), GFP_KERNEL);
	n->tx = kvcalloc(count_of(p, NM_DIR_TX), sizeof(*n->tx), GFP_KERNEL);
	for (i = 0; n->tx && rx && i < count_of(p, NM_DIR_TX); i++)
		if (nm_nic_tx_init(&n->tx[i], n, &p->krings[NM_DIR_TX][i]))
			break;
	if (!n->tx || !rx || i < count_of(p, NM_DIR_TX)) {
		rings_free(n);
		kvfree(rx);
		return -ENOMEM;
	}
	for (i = 0; i < count_of(p, NM_DIR_RX); i++)
		nm_nic_rx_init(&rx[i], n, &p->krings[NM_DIR_RX][i]);
	n->rx = rx;
	return 0;
}

static void
enable_napis(struct nm_nic *n, bool on)
{
	void (*set)(struct napi_struct *napi) = on ? napi_enable : napi_disable;
	uint32_t i;

	for (i = 0; i < count_of(n->port, NM_DIR_RX); i++)
		set(&n->rx[i].napi);
	for (i = 0; i < count_of(n->port, NM_DIR_TX); i++)
		set(&n->tx[i].napi);
}

static int
connect(struct nm_nic *n)
{
	bool in_switch = n->port->krings[NM_DIR_RX][0].wrap;
	int error;

	ASSERT_RTNL();
	if (!n->dev)
		return -ENXIO;
	if (n->hw) {
		error = nm_native_enable(n, true);
		if (error)
			return error;
	} else {
		error = netdev_rx_handler_register(n->dev, nm_nic_rx_handler, n);
		if (error)
			return error;
		n->handler = true;
		dev_disable_lro(n->dev);
	}
	if (in_switch) /* as a bridge of the system does */
		n->promiscuous = !dev_set_promiscuity(n->dev, 1);
	return 0;
}

static void
disconnect(struct nm_nic *n)
{
	ASSERT_RTNL();
	if (!n->dev)
		return;
	if (n->hw)
		nm_native_enable(n, false);
	if (n->handler)
		netdev_rx_handler_unregister(n->dev);
	if (n->promiscuous)
		dev_set_promiscuity(n->dev, -1);
	n->handler = n->promiscuous = false;
}

static int
nic_enable(struct nm_port *p, bool on)
{
	struct nm_nic *n = p->priv;
	int error = on ? nm_nic_rings(n) : 0;

	if (error)
		return error;
	if (on)
		enable_napis(n, true);
	rtnl_lock();
	if (on)
		error = connect(n);
	else
		disconnect(n);
	rtnl_unlock();
	if (!on || error)
		enable_napis(n, false);
	return error;
}

static void
nic_destroy(struct nm_port *p)
{
	struct nm_nic *n = p->priv;

	if (!n)
		return;
	rtnl_lock();
	nm_nic_notify_release(n);
	rtnl_unlock();
	rings_free(n);
	nm_compat_dummy_free(n->napi_dev);
	kfree(n);
	module_put(THIS_MODULE);
}

static const struct nm_port_ops nic_ops = {
	.kind = NM_PORT_KIND_NIC,
	.offsets = true,
	.enable = nic_enable,
	.host = nm_nic_host_set,
	.txsync = nm_nic_tx_sync,
	.rxsync = nm_nic_rx_sync,
	.host_txsync = nm_nic_host_tx_sync,
	.host_rxsync = nm_nic_rx_sync,
	.release = nm_nic_fwd_release,
	.unbound = nm_nic_rx_unbound,
	.destroy = nic_destroy,
};

static const struct nm_os_linux_port_ops linux_ops = {
	.tx_later = nm_nic_tx_later,
	.take = nm_nic_rx_take,
	.poll = nm_nic_rx_poll,
};

/* Where the driver gives its rings: what is otherwise is that these are not ours. */
static const struct nm_port_ops native_ops = {
	.kind = NM_PORT_KIND_NIC,
	.offsets = true,
	.admit = nm_native_admit,
	.enable = nic_enable,
	.host = nm_nic_host_set,
	.txsync = nm_native_tx_sync,
	.rxsync = nm_native_rx_sync,
	.host_txsync = nm_nic_host_tx_sync,
	.host_rxsync = nm_nic_rx_sync,
	.release = nm_nic_fwd_release,
	.unbound = nm_nic_rx_unbound,
	.destroy = nic_destroy,
};

static const struct nm_os_linux_port_ops native_linux_ops = {
	.tx_later = nm_native_tx_later,
	.changed = nm_native_changed,
	.take = nm_native_take,
	.poll = nm_native_poll,
};

/* And where there is no device behind the driver: frames come and go as those of other interfaces, too. */
static const struct nm_port_ops soft_ops = {
	.kind = NM_PORT_KIND_NIC,
	.offsets = true,
	.enable = nic_enable,
	.host = nm_nic_host_set,
	.txsync = nm_native_tx_sync,
	.rxsync = nm_native_soft_rx_sync,
	.host_txsync = nm_nic_host_tx_sync,
	.host_rxsync = nm_nic_rx_sync,
	.release = nm_nic_fwd_release,
	.unbound = nm_nic_rx_unbound,
	.destroy = nic_destroy,
};

static const struct nm_os_linux_port_ops soft_linux_ops = {
	.tx_later = nm_native_soft_tx_later,
	.changed = nm_native_changed,
	.take = nm_nic_rx_take,
	.poll = nm_native_soft_poll,
};

/* Under RTNL: why dev can't be a port; 0 or -errno with a text. */
static int
check_device(struct nm_session *s, const char *name, struct net_device *dev)
{
	const struct net_device *upper;

	if (dev->type != ARPHRD_ETHER)
		return nm_session_error(s, EOPNOTSUPP, "%s is not an Ethernet interface (its type is %u, %u is expected)", name, dev->type,
		    ARPHRD_ETHER);
	if (dev->priv_flags & IFF_NO_RX_HANDLER)
		return nm_session_error(s, EOPNOTSUPP, "%s does not let its frames be taken (IFF_NO_RX_HANDLER)", name);
	if (!netdev_is_rx_handler_busy(dev))
		return 0;
	upper = netdev_master_upper_dev_get(dev);
	return upper ? nm_session_error(s, EBUSY, "%s belongs to %s, which takes its frames; release it: ip link set %s nomaster", name,
	    upper->name, name) :
	    nm_session_error(s, EBUSY, "the frames of %s are taken by something else, as a macvlan or a port under another name", name);
}

/* Under RTNL: n->hw, if the driver gives rings and they are wanted; 0 or -errno with a text. */
static int
find_driver(struct nm_session *s, const char *name, struct nm_nic *n, uint32_t size)
{
	uint32_t admode = nm_param_admode();
	struct nm_nic_dev *d = admode == NM_PARAM_ADMODE_GENERIC ? NULL : nm_native_find(n->dev);
	const char *why = d && d->driver->refuses ? d->driver->refuses(d) : NULL;

	if (!d && admode == NM_PARAM_ADMODE_NATIVE)
		return nm_session_error(s, EOPNOTSUPP, "%s: its driver has no native support, and the module's parameter admode=1 asks for it",
		    name);
	if (why && admode == NM_PARAM_ADMODE_NATIVE)
		return nm_session_error(s, EBUSY, "%s: its driver does not give rings now, because of %s, and the module's parameter admode=1 "
		    "asks for them", name, why);
	if (why) {
		nm_os_log(NM_LOG_WARN, "%s: its driver does not give rings now, because of %s; frames are copied", name, why);
		return 0;
	}
	if (size && d && !d->driver->soft && (!is_power_of_2(size) || !(d->driver->bufs->sizes & size))) {
		if (admode == NM_PARAM_ADMODE_NATIVE)
			return nm_session_error(s, EINVAL, "%s: its driver can't receive into buffers of %u bytes (the module's parameters buf_size, "
			    "and priv_buf_size of the regions of switch ports); 2048 is possible, or admode=0", name, size);
		nm_os_log(NM_LOG_WARN, "%s: its driver does not receive into buffers of %u bytes, as its region has them; frames are copied",
		    name, size);
		return 0;
	}
	n->hw = d;
	n->soft = d && d->driver->soft;
	return 0;
}

static int
find_device(struct nm_session *s, const char *name, struct nm_nic *n, uint32_t buf_size)
{
	const struct nm_port *other;
	int error;

	n->dev = __dev_get_by_name(nm_os_linux_file(s)->net->net, name);
	if (!n->dev)
		return nm_session_error(s, ENXIO, "there is no interface %s; a switch port is called valeX:PORT, a pipe NAME{ID", name);
	error = find_driver(s, name, n, buf_size);
	if (!error && !n->hw)
		error = check_device(s, name, n->dev);
	other = error ? NULL : nm_nic_notify_add(n);
	if (other)
		error = nm_session_error(s, EBUSY, "%s is open already under its former name %s", name, other->name);
	if (error) {
		n->dev = NULL;
		n->hw = NULL;
	} else {
		dev_hold(n->dev);
	}
	if (!error && n->hw)
		n->hw->nic = n;
	return error;
}

static uint16_t
rings_of(uint32_t queues)
{
	return (uint16_t)clamp(queues, 1u, NM_NIC_MAX_RINGS);
}

/* Slots as many as the pool of rings has room for. */
static uint32_t
slots_of(const struct nm_root *root)
{
	uint32_t max = (root->limits.global.size[NM_POOL_RING] - (uint32_t)sizeof(struct netmap_ring)) / sizeof(struct netmap_slot);

	return min(nm_param_ringsize(), max);
}

static int
make_port(struct nm_session *s, const char *name, struct nm_nic *n, uint32_t buf_size, struct nm_port **out)
{
	struct nm_port *p = nm_port_alloc(s->root, name, &nic_ops, &s->cred);
	int dir, error;

	if (!p)
		return nm_session_error(s, ENOMEM, "%s: no memory for a port", name);
	n->port = p;
	rtnl_lock();
	error = find_device(s, name, n, buf_size);
	if (!error) {
		p->nrings[NM_DIR_TX] = rings_of(n->hw ? min(n->hw->ntx, n->dev->real_num_tx_queues) : n->dev->real_num_tx_queues);
		p->nrings[NM_DIR_RX] = rings_of(n->hw ? min(n->hw->nrx, n->dev->real_num_rx_queues) : n->dev->real_num_rx_queues);
		p->nhost[NM_DIR_TX] = p->nhost[NM_DIR_RX] = 1;
		p->max_host = NM_NIC_MAX_HOST;
		for (dir = 0; dir < 2; dir++)
			p->nslots[dir] = slots_of(s->root);
	}
	rtnl_unlock();
	if (error) {
		nm_port_put(p);
		return error;
	}
	if (n->hw)
		p->ops = n->soft ? &soft_ops : &native_ops;
	if (n->hw && !n->soft)
		p->dma_sizes = n->hw->driver->bufs->sizes;
	__module_get(THIS_MODULE); /* we are in a call of an open descriptor */
	p->priv = n;
	p->host = (void *)(uintptr_t)(n->soft ? &soft_linux_ops : n->hw ? &native_linux_ops : &linux_ops);
	*out = p;
	return 0;
}

int
nm_os_nic_create(struct nm_root *root, struct nm_session *s, const char *name, uint32_t buf_size, struct nm_port **out)
{
	struct nm_nic *n;
	int error;

	(void)root;
	n = kzalloc(sizeof(*n), GFP_KERNEL);
	if (n)
		n->napi_dev = nm_compat_dummy_alloc();
	if (!n || !n->napi_dev) {
		kfree(n);
		return nm_session_error(s, ENOMEM, "%s: no memory for a port", name);
	}
	INIT_LIST_HEAD(&n->all);
	error = make_port(s, name, n, buf_size, out);
	if (error) {
		nm_compat_dummy_free(n->napi_dev);
		kfree(n);
	}
	return error;
}
