/* SPDX-License-Identifier: BSD-2-Clause */
/* sides.c - opens the ports and pairs their rings. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <libnetmap.h>
#include <net/netmap_user.h>

#include "bridge.h"
#include "fault.h"

/* then: what to do, NULL: as the line itself says. */
static int
refuse(const char *name, const char *then)
{
	int e = errno ? errno : EINVAL;
	char line[FAULT_LINE];

	fprintf(stderr, "bridge: cannot open %s: %s%s%s\n", name, fault_line(e, line), then ? "; " : "", then ? then : "");
	return -e;
}

/* host: bind the host rings instead of those the name says. */
static int
open_side(struct side *s, const char *name, bool host)
{
	fault_listen();
	snprintf(s->name, sizeof(s->name), "%s%s", name, host ? " (host)" : "");
	s->d = nmport_prepare(name);
	if (!s->d)
		return refuse(s->name, NULL);
	if (host) {
		if (s->d->reg.nr_mode == NR_REG_SW || s->d->reg.nr_mode == NR_REG_ONE_SW || s->d->reg.nr_mode == NR_REG_NIC_SW) {
			fprintf(stderr, "bridge: %s names host rings already; leave out the ^ or *, or give two ports\n", name);
			return -EINVAL;
		}
		s->d->reg.nr_mode = NR_REG_SW;
		s->d->reg.nr_ringid = 0;
	}
	s->d->reg.nr_flags |= NR_ACCEPT_VNET_HDR;
	if (nmport_open_desc(s->d) == 0)
		return 0;
	return refuse(s->name, host && errno == EINVAL ? "give a second port, or -L to send back on this one" : NULL);
}

/* A request about the header of a side's port. 0 or -errno. */
static int
header(struct side *s, uint16_t type, uint32_t *len)
{
	struct nmreq_port_hdr body = { .nr_hdr_len = *len };
	struct nmreq_header hdr = s->d->hdr;

	hdr.nr_reqtype = type;
	hdr.nr_options = 0;
	hdr.nr_body = (uintptr_t)&body;
	if (ioctl(s->d->fd, NIOCCTRL, &hdr))
		return -errno;
	*len = body.nr_hdr_len;
	return 0;
}

/* Pipes and the like carry headers without knowing of them. */
static int
set_header(struct side *s, uint32_t len, bool nic)
{
	uint32_t has = 0;
	int rc = header(s, NETMAP_REQ_PORT_HDR_GET, &has);

	if ((rc ? 0 : has) == len)
		return 0;
	rc = header(s, NETMAP_REQ_PORT_HDR_SET, &len);
	if (!rc)
		fprintf(stderr, "bridge: %s: virtio-net headers of %u bytes\n", s->name, len);
	else if (nic)
		fprintf(stderr, "bridge: %s can't have virtio-net headers of %u bytes (%s), and frames are passed on as they are; give a port of a switch, "
		    "and attach the interface to that: vale-ctl -a\n", s->name, len, strerror(-rc));
	return nic ? rc : 0;
}

/* Frames go over as they are, so both sides have headers of one length: the one that was asked for, else that of the port that has one. */
static int
agree_on_headers(struct bridge *b, const struct config *c)
{
	uint32_t len = 0;
	int i, rc = 0;

	for (i = 0; c->vnet < 0 && !len && i < b->nsides; i++)
		if (header(&b->side[i], NETMAP_REQ_PORT_HDR_GET, &len))
			len = 0; /* an older module, or a port that knows no such */
	if (c->vnet >= 0)
		len = (uint32_t)c->vnet;
	for (i = 0; !rc && i < b->nsides; i++)
		rc = set_header(&b->side[i], len, portname_is_nic(c->shape == CONFIG_PAIR ? c->port[i] : c->port[0]));
	return rc;
}

/* Rings of a direction that the side has bound; put into move if that is not NULL. */
static uint32_t
receive_rings(const struct nmport_d *d, struct move_in *in)
{
	const struct netmap_if *nifp = d->nifp;
	uint32_t i, n = 0, base = nifp->ni_tx_rings + nifp->ni_host_tx_rings;

	for (i = 0; i < nifp->ni_rx_rings + nifp->ni_host_rx_rings; i++) {
		if (!nifp->ring_ofs[base + i])
			continue;
		if (in)
			in[n].ring = NETMAP_RXRING(nifp, i);
		n++;
	}
	return n;
}

static uint32_t
transmit_rings(const struct nmport_d *d, struct netmap_ring **out)
{
	const struct netmap_if *nifp = d->nifp;
	uint32_t i, n = 0;

	for (i = 0; i < nifp->ni_tx_rings + nifp->ni_host_tx_rings; i++) {
		if (!nifp->ring_ofs[i])
			continue;
		if (out)
			out[n] = NETMAP_TXRING(nifp, i);
		n++;
	}
	return n;
}

/* A flow between two sides; none where the name of one has left out the rings (/R, /T). */
static int
add_flow(struct bridge *b, const struct config *c, int from, int to)
{
	struct nmport_d *src = b->side[from].d, *dst = b->side[to].d;
	uint32_t nin = receive_rings(src, NULL), nout = transmit_rings(dst, NULL);
	struct flow *f = &b->flow[b->nflows];

	if (!nin || !nout)
		return 0;
	if (move_init(&f->move, nin, nout, (uint32_t)c->burst)) {
		fprintf(stderr, "bridge: no memory for %u rings\n", nin + nout);
		return -ENOMEM;
	}
	receive_rings(src, f->move.in);
	transmit_rings(dst, f->move.out);
	f->move.swap = !c->copy && src->mem == dst->mem && move_can_swap(&f->move);
	f->from = from;
	f->to = to;
	b->nflows++;
	return 0;
}

int
sides_open(struct bridge *b, const struct config *c)
{
	int rc;

	b->nsides = 1;
	rc = open_side(&b->side[0], c->port[0], false);
	if (!rc && c->shape != CONFIG_LOOP) {
		b->nsides = 2;
		rc = open_side(&b->side[1], c->shape == CONFIG_HOST ? c->port[0] : c->port[1], c->shape == CONFIG_HOST);
	}
	if (!rc)
		rc = agree_on_headers(b, c);
	if (!rc)
		rc = add_flow(b, c, 0, b->nsides - 1);
	if (!rc && b->nsides == 2)
		rc = add_flow(b, c, 1, 0);
	if (!rc && !b->nflows) {
		fprintf(stderr, "bridge: no port has receive rings for transmit rings of the other; check the /R and /T of the names\n");
		rc = -EINVAL;
	}
	return rc;
}

void
sides_close(struct bridge *b)
{
	int i;

	for (i = 0; i < b->nflows; i++)
		move_fini(&b->flow[i].move);
	for (i = 0; i < b->nsides; i++)
		if (b->side[i].d)
			nmport_close(b->side[i].d);
	b->nflows = b->nsides = 0;
}
