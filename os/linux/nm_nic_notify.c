/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_nic_notify.c - interfaces come up, get a carrier, and leave.
 *
 * An interface that leaves, or moves to another namespace, is let go at once: its port is marked, who sleeps on it is woken and
 * gets errors, and the rest is left to the reaper. A port keeps the name under which it was opened when its interface is given
 * another one, since programs know it by that.
 */
#include "nm_nic.h"

#include <linux/rtnetlink.h>

static LIST_HEAD(nics);

const struct nm_port *
nm_nic_notify_add(struct nm_nic *n)
{
	const struct nm_nic *o;

	ASSERT_RTNL();
	list_for_each_entry(o, &nics, all)
		if (o->dev == n->dev)
			return o->port;
	list_add_tail(&n->all, &nics);
	return NULL;
}

void
nm_nic_notify_del(struct nm_nic *n)
{
	ASSERT_RTNL();
	if (!list_empty(&n->all))
		list_del_init(&n->all);
}

void
nm_nic_notify_release(struct nm_nic *n)
{
	struct net_device *dev = n->dev;

	ASSERT_RTNL();
	if (!dev)
		return;
	nm_nic_host_detach(n);
	nm_native_release(n);
	if (n->handler)
		netdev_rx_handler_unregister(dev);
	if (n->promiscuous)
		dev_set_promiscuity(dev, -1);
	n->handler = n->promiscuous = false;
	NM_RCU_ASSIGN(n->dev, NULL);
	nm_nic_notify_del(n);
	dev_put(dev);
}

static void
leave(struct nm_nic *n)
{
	nm_os_log(NM_LOG_WARN, "%s: the interface is gone", n->port->name);
	nm_os_linux_gone(n->port);
	nm_nic_notify_release(n);
}

static int
event(struct notifier_block *nb, unsigned long what, void *info)
{
	struct net_device *dev = netdev_notifier_info_to_dev(info);
	struct nm_nic *n;

	(void)nb;
	list_for_each_entry(n, &nics, all)
		if (n->dev == dev)
			break;
	if (list_entry_is_head(n, &nics, all))
		return NOTIFY_DONE;
	switch (what) {
	case NETDEV_UNREGISTER:
		leave(n);
		break;
	case NETDEV_UP:
		if (nm_nic_host_attach(n))
			nm_os_log(NM_LOG_WARN, "%s: no memory to take the interface from the host", n->port->name);
		fallthrough;
	case NETDEV_CHANGE:
		if (n->hw)
			nm_native_wake(n);
		else
			nm_nic_tx_wake(n);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block notifier = {.notifier_call = event};

int
nm_nic_notify_init(void)
{
	return register_netdevice_notifier(&notifier);
}

void
nm_nic_notify_fini(void)
{
	unregister_netdevice_notifier(&notifier);
}
