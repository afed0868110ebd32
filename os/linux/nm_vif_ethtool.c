/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_vif_ethtool.c - what ethtool tells of a persistent port: rings, slots, and the counters of each ring. Under RTNL. */
#include "nm_vif.h"
#include "compat.h"

#include <linux/ethtool.h>

static const char *const counter_name[] = {
#define NAME(symbol, json, text) json,
	NM_STAT_LIST(NAME)
#undef NAME
};

/* Rings of the port by direction; it says tx of what it transmits and the host receives. */
static uint32_t
rings_of(const struct net_device *dev, int dir)
{
	return dir == NM_DIR_TX ? dev->num_rx_queues : dev->num_tx_queues;
}

static void
get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	const struct nm_vif *v = netdev_priv(dev);

	strscpy(info->driver, "netmap", sizeof(info->driver));
	if (v->port)
		strscpy(info->bus_info, v->port->name, sizeof(info->bus_info));
}

static void
get_channels(struct net_device *dev, struct ethtool_channels *c)
{
	c->max_rx = c->rx_count = dev->num_rx_queues;
	c->max_tx = c->tx_count = dev->num_tx_queues;
}

/* Of the host, which sends what the port receives. */
static void
get_ringparam(struct net_device *dev, struct ethtool_ringparam *r NM_COMPAT_RINGPARAM_MORE)
{
	const struct nm_vif *v = netdev_priv(dev);

	if (!v->port)
		return;
	r->rx_max_pending = r->rx_pending = v->port->nslots[NM_DIR_TX];
	r->tx_max_pending = r->tx_pending = v->port->nslots[NM_DIR_RX];
}

static int
get_sset_count(struct net_device *dev, int set)
{
	return set == ETH_SS_STATS ? (dev->num_rx_queues + dev->num_tx_queues) * NM_STAT_COUNT : -EOPNOTSUPP;
}

static void
get_strings(struct net_device *dev, u32 set, u8 *text)
{
	uint32_t i, k;
	int dir;

	if (set != ETH_SS_STATS)
		return;
	for (dir = 0; dir < 2; dir++)
		for (i = 0; i < rings_of(dev, dir); i++)
			for (k = 0; k < NM_STAT_COUNT; k++, text += ETH_GSTRING_LEN)
				snprintf((char *)text, ETH_GSTRING_LEN, "%s%u_%s", dir == NM_DIR_TX ? "txring" : "rxring", i, counter_name[k]);
}

static void
get_stats(struct net_device *dev, struct ethtool_stats *st, u64 *value)
{
	const struct nm_vif *v = netdev_priv(dev);
	uint32_t i, k;
	int dir;

	for (dir = 0; dir < 2; dir++)
		for (i = 0; i < rings_of(dev, dir); i++)
			for (k = 0; k < NM_STAT_COUNT; k++)
				*value++ = v->port ? NM_READ_COUNTER(v->port->krings[dir][i].stat[k]) : 0;
}

const struct ethtool_ops nm_vif_ethtool_ops = {
	.get_drvinfo = get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_ts_info = ethtool_op_get_ts_info,
	.get_channels = get_channels,
	.get_ringparam = get_ringparam,
	.get_sset_count = get_sset_count,
	.get_strings = get_strings,
	.get_ethtool_stats = get_stats,
};
