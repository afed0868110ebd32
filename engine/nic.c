/* SPDX-License-Identifier: BSD-2-Clause */
#include "nic.h"
#include "nm_root.h"
#include "nm_session.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static int gone_fd = -1;

int
nic_gone_fd(void)
{
	if (gone_fd < 0)
		gone_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return gone_fd;
}

/* Frames were put in place by the thread. */
static int
nic_rxsync(struct nm_kring *kr)
{
	(void)kr;
	return 0;
}

static int
nic_enable(struct nm_port *p, bool on)
{
	struct nic *n = p->priv;
	struct nic_link *wire = &n->link[NIC_WIRE];

	if (!on)
		nic_stop(n);
	if (wire->kind->promiscuous && p->krings[NM_DIR_RX][0].wrap) /* for a switch, as for a bridge of the system */
		wire->kind->promiscuous(wire, on);
	return on ? nic_start(n) : 0;
}

int
nic_link_open(struct nic_link *l, const struct nic_kind *kind, const char *ifname)
{
	int error;

	l->rx_fd = l->tx_fd = -1;
	l->tx_waits = 0;
	if (!l->space)
		l->space = malloc((size_t)NIC_BATCH * NIC_IN_MAX);
	l->kind = kind;
	error = l->space ? kind->open(l, ifname) : -ENOMEM;
	if (error)
		nic_link_close(l);
	return error;
}

void
nic_link_close(struct nic_link *l)
{
	if (!l->kind)
		return;
	if (l->kind->close)
		l->kind->close(l);
	if (l->tx_fd >= 0 && l->tx_fd != l->rx_fd)
		close(l->tx_fd);
	if (l->rx_fd >= 0)
		close(l->rx_fd);
	free(l->space);
	*l = (struct nic_link){.nic = l->nic};
}

static void
nic_free(struct nic *n)
{
	nic_divert_stop(&n->divert);
	nic_link_close(&n->link[NIC_HOST]);
	nic_link_close(&n->link[NIC_WIRE]);
	if (n->wake_fd >= 0)
		close(n->wake_fd);
	if (n->news_fd >= 0)
		close(n->news_fd);
	free(n);
}

static void
nic_destroy(struct nm_port *p)
{
	if (p->priv)
		nic_free(p->priv);
}

static const struct nm_port_ops nic_ops = {
	.kind = NM_PORT_KIND_NIC,
	.offsets = true,
	.enable = nic_enable,
	.host = nic_host_set,
	.txsync = nic_tx_sync,
	.rxsync = nic_rxsync,
	.host_txsync = nic_tx_sync,
	.host_rxsync = nic_rxsync,
	.destroy = nic_destroy,
};

static const struct nm_port_ops vif_ops = {
	.kind = NM_PORT_KIND_VALE_PERSISTENT,
	.offsets = true,
	.enable = nic_enable,
	.txsync = nic_tx_sync,
	.rxsync = nic_rxsync,
	.destroy = nic_destroy,
};

/* Hears of interfaces that come, change and go. */
static int
open_news(int *fd)
{
	struct sockaddr_nl a = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};

	*fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	return *fd < 0 || bind(*fd, (void *)&a, sizeof(a)) ? -errno : 0;
}

static int
nic_alloc(unsigned ifindex, struct nic **out)
{
	struct nic *n = calloc(1, sizeof(*n));
	int i, error;

	if (!n)
		return -ENOMEM;
	n->news_fd = -1;
	n->ifindex = ifindex;
	for (i = 0; i < NIC_LINKS; i++)
		n->link[i].nic = n;
	n->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	error = n->wake_fd < 0 || nic_gone_fd() < 0 ? -errno : open_news(&n->news_fd);
	if (error)
		nic_free(n);
	else
		*out = n;
	return error;
}

/* By the first kind that takes the interface. */
static int
open_wire(struct nic *n, const char *name)
{
	int error = nic_link_open(&n->link[NIC_WIRE], &nic_tap_kind, name);

	return error == -EBUSY ? nic_link_open(&n->link[NIC_WIRE], &nic_packet_kind, name) : error;
}

/* Slots as many as the pool of rings has room for. */
static uint32_t
slots_of(const struct nm_root *root)
{
	uint32_t max = (root->limits.global.size[NM_POOL_RING] - (uint32_t)sizeof(struct netmap_ring)) / sizeof(struct netmap_slot);

	return root->limits.ring_slots < max ? root->limits.ring_slots : max;
}

static int
make_port(struct nm_session *s, const char *name, const struct nm_port_ops *ops, struct nic *n, struct nm_port **out)
{
	struct nm_port *p = nm_port_alloc(s->root, name, ops, &s->cred);

	if (!p) {
		nic_free(n);
		return nm_session_error(s, ENOMEM, "%s: no memory for a port", name);
	}
	p->priv = n;
	n->port = p;
	p->nrings[NM_DIR_TX] = p->nrings[NM_DIR_RX] = 1;
	p->nslots[NM_DIR_TX] = p->nslots[NM_DIR_RX] = slots_of(s->root);
	*out = p;
	return 0;
}

int
nm_os_nic_create(struct nm_root *root, struct nm_session *s, const char *name, uint32_t buf_size, struct nm_port **out)
{
	unsigned ifindex = if_nametoindex(name);
	struct nic *n;
	bool has_host;
	int error;

	(void)root;
	(void)buf_size;
	if (!ifindex)
		return nm_session_error(s, ENXIO, "there is no interface %s; a switch port is called valeX:PORT, a pipe NAME{ID", name);
	if (!s->cred.net_raw)
		return nm_session_error(s, EPERM, "%s: user %u may not open interfaces of this engine", name, s->cred.uid);
	error = nic_alloc(ifindex, &n);
	if (!error && (error = open_wire(n, name)))
		nic_free(n);
	if (error == -EPERM || error == -EACCES)
		return nm_session_error(s, EPERM, "%s: the engine may not open interfaces; it needs CAP_NET_RAW (TAP: CAP_NET_ADMIN)", name);
	if (error)
		return nm_session_error(s, -error, "%s: can't be opened: %s", name, strerror(-error));
	has_host = n->link[NIC_WIRE].kind == &nic_packet_kind; /* a TAP has its host at the other end */
	error = make_port(s, name, &nic_ops, n, out);
	if (!error && has_host)
		(*out)->nhost[NM_DIR_TX] = (*out)->nhost[NM_DIR_RX] = 1;
	return error;
}

/* What was asked for, within what a port of a switch may have. */
static uint32_t
clamp_slots(uint32_t asked, uint32_t dflt)
{
	return !asked ? dflt : asked < 2 ? 2 : asked > 4096 ? 4096 : asked;
}

int
nm_os_vif_create(struct nm_root *root, struct nm_session *s, const char *name, struct nm_os_vif_shape *shape,
    struct nm_port **out)
{
	struct nic *n;
	int error, dir;

	if (!s->cred.net_raw)
		return nm_session_error(s, EPERM, "%s: user %u may not make interfaces by this engine", name, s->cred.uid);
	error = nic_alloc(0, &n);
	if (!error && (error = nic_link_open(&n->link[NIC_WIRE], &nic_made_kind, name)))
		nic_free(n);
	if (error == -EPERM || error == -EACCES)
		return nm_session_error(s, EPERM, "%s: the engine may not make TAP devices; it needs CAP_NET_ADMIN and access to /dev/net/tun",
		    name);
	if (error == -ENOENT || error == -ENODEV)
		return nm_session_error(s, EOPNOTSUPP, "%s: this system has no TAP devices (/dev/net/tun): %s", name, strerror(-error));
	if (error)
		return nm_session_error(s, -error, "%s: the TAP device can't be made: %s", name, strerror(-error));
	error = make_port(s, name, &vif_ops, n, out);
	for (dir = 0; !error && dir < 2; dir++)
		(*out)->nslots[dir] = clamp_slots(shape->slots[dir], root->limits.ring_slots);
	return error;
}
