/* SPDX-License-Identifier: BSD-2-Clause */
/* port_netmap.c - netmap ports, through libnetmap. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <libnetmap.h>

#include "fault.h"
#include "port.h"

static int
fail(struct port *p, int e, const char *what, char *err)
{
	char line[FAULT_LINE];

	if (e <= 0)
		e = EINVAL;
	snprintf(err, PORT_ERRLEN, "cannot %s %s: %s", what, p->name, fault_line(e, line));
	return -e;
}

static void
configure(struct nmport_d *d, const struct options *o, unsigned thread)
{
	struct nmreq_register *reg = &d->reg;

	if (o->conf[0])
		reg->nr_tx_slots = o->conf[0];
	if (o->conf[1])
		reg->nr_rx_slots = o->conf[1];
	if (o->conf[2])
		reg->nr_tx_rings = (uint16_t)o->conf[2];
	if (o->conf[3])
		reg->nr_rx_rings = (uint16_t)o->conf[3];
	reg->nr_flags |= NR_ACCEPT_VNET_HDR;
	if (options_receives(o))
		reg->nr_flags |= NR_NO_TX_POLL;
	if (o->threads > 1) {
		/* a port made by the call gets a ring for each thread; others have what they have */
		if (!reg->nr_tx_rings)
			reg->nr_tx_rings = (uint16_t)o->threads;
		if (!reg->nr_rx_rings)
			reg->nr_rx_rings = (uint16_t)o->threads;
		reg->nr_mode = NR_REG_ONE_NIC;
		reg->nr_ringid = (uint16_t)thread;
	}
}

static int
vnet_request(struct nmport_d *d, uint16_t type, uint32_t *len)
{
	struct nmreq_header hdr;
	struct nmreq_port_hdr ph = { .nr_hdr_len = *len };

	hdr = d->hdr;
	hdr.nr_reqtype = type;
	hdr.nr_options = 0;
	hdr.nr_body = (uintptr_t)&ph;
	if (ioctl(d->fd, NIOCCTRL, &hdr) != 0)
		return -errno;
	*len = ph.nr_hdr_len;
	return 0;
}

static int
set_vnet(struct port *p, struct nmport_d *d, const struct options *o, char *err)
{
	uint32_t len = 0;
	int rc;

	if (o->vnet >= 0) {
		len = (uint32_t)o->vnet;
		rc = vnet_request(d, NETMAP_REQ_PORT_HDR_SET, &len);
		if (rc && len) {
			snprintf(err, PORT_ERRLEN, "%s: -H %u: this port or its engine takes no virtio-net header (%s); leave -H out",
			    p->name, len, strerror(-rc));
			return rc;
		}
	} else if (vnet_request(d, NETMAP_REQ_PORT_HDR_GET, &len)) {
		len = 0; /* ports that know no such header */
	}
	p->vnet = len <= 12 ? len : 12;
	return 0;
}

static int
collect(struct port *p, struct nmport_d *d, const struct options *o, char *err)
{
	unsigned i;
	bool sends = !options_receives(o), receives = !options_sends(o);

	for (i = d->first_tx_ring; i <= d->last_tx_ring && p->ntx < PORT_RINGS; i++)
		if (d->nifp->ring_ofs[i])
			p->tx[p->ntx++] = NETMAP_TXRING(d->nifp, i);
	for (i = d->first_rx_ring; i <= d->last_rx_ring && p->nrx < PORT_RINGS; i++)
		if (d->nifp->ring_ofs[i + d->nifp->ni_tx_rings + d->nifp->ni_host_tx_rings])
			p->rx[p->nrx++] = NETMAP_RXRING(d->nifp, i);
	if ((sends && !p->ntx) || (receives && !p->nrx)) {
		snprintf(err, PORT_ERRLEN, "%s: %u transmit and %u receive rings bound, -f %s needs %s; check the /R or /T of the name",
		    p->name, p->ntx, p->nrx, options_modes[o->mode], sends && receives ? "both" : sends ? "transmit" : "receive");
		return -EINVAL;
	}
	return 0;
}

/* The host's name of the port, for its address: what is before the modifiers. */
static void
look_up(struct port *p, struct nmport_d *d)
{
	if (strncmp(d->hdr.nr_name, "vale", 4) != 0 || !strchr(d->hdr.nr_name, ':'))
		port_look_up(p, d->hdr.nr_name);
}

/* A port that exists keeps its size, and an engine has limits: what -C asked for is not taken for granted. */
static int
check_conf(struct port *p, struct nmport_d *d, const struct options *o, char *err)
{
	static const char *const what[4] = { "transmit slots", "receive slots", "transmit rings", "receive rings" };
	const uint32_t has[4] = { d->reg.nr_tx_slots, d->reg.nr_rx_slots, d->reg.nr_tx_rings, d->reg.nr_rx_rings };
	int i;

	for (i = 0; i < 4; i++) {
		if (has[i] >= o->conf[i])
			continue;
		snprintf(err, PORT_ERRLEN, "%s: -C asks for %u %s, the port has %u: it exists already, or more are not possible; give %u or leave -C out",
		    p->name, o->conf[i], what[i], has[i], has[i]);
		nmport_undo_open_desc(d);
		return -EINVAL;
	}
	return 0;
}

static int
open_desc(struct port *p, struct nmport_d *d, const struct options *o, char *err)
{
	char what[64];

	if (nmport_open_desc(d) == 0)
		return check_conf(p, d, o, err);
	if (o->threads > 1) {
		snprintf(what, sizeof(what), "open ring %u for -p %lld of", (unsigned)d->reg.nr_ringid, (long long)o->threads);
		return fail(p, errno, what, err);
	}
	return fail(p, errno, "open", err);
}

static int
netmap_open(struct port *p, const struct options *o, unsigned thread, char *err)
{
	struct nmport_d *d;
	int rc;

	nmctx_set_threadsafe(); /* threads open their ports again by themselves */
	fault_listen();
	d = nmport_prepare(p->name);
	if (!d)
		return fail(p, errno, "open", err);
	configure(d, o, thread);
	rc = open_desc(p, d, o, err);
	if (rc)
		goto err_prepare;
	rc = set_vnet(p, d, o, err);
	if (!rc)
		rc = collect(p, d, o, err);
	if (rc)
		goto err_desc;
	look_up(p, d);
	p->home = d;
	return 0;

err_desc:
	nmport_undo_open_desc(d);
err_prepare:
	nmport_undo_prepare(d);
	return rc;
}

static int
netmap_close(struct port *p)
{
	nmport_close(p->home);
	return 0;
}

static int
netmap_sync(struct port *p, unsigned long request)
{
	struct nmport_d *d = p->home;

	return ioctl(d->fd, request, NULL) == 0 || errno == EINTR ? 0 : -errno;
}

static int
netmap_txsync(struct port *p)
{
	return netmap_sync(p, NIOCTXSYNC);
}

static int
netmap_rxsync(struct port *p)
{
	return netmap_sync(p, NIOCRXSYNC);
}

static int
netmap_wait(struct port *p, short events, int timeout_ms)
{
	struct nmport_d *d = p->home;
	struct pollfd pfd = { .fd = d->fd, .events = events };
	int n = poll(&pfd, 1, timeout_ms);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n && (pfd.revents & (POLLERR | POLLHUP | POLLNVAL)))
		return -EIO;
	return n ? pfd.revents & events : 0;
}

const struct port_ops port_netmap_ops = { netmap_open, netmap_close, netmap_txsync, netmap_rxsync, netmap_wait };
