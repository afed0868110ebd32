/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_null.c - ports without a peer: rings in a region, for pipes to lie in or for a program that only wants the memory. */
#include "nm_null.h"
#include "nm_pipe.h"
#include "nm_root.h"
#include "nm_vale.h"

#define MAX_SLOTS 8176u /* what the largest ring of a region holds */

static int
null_sync(struct nm_kring *kr)
{
	(void)kr;
	return 0;
}

static const struct nm_port_ops null_ops = {
	.kind = NM_PORT_KIND_NULL,
	.offsets = true,
	.txsync = null_sync,
	.rxsync = null_sync,
	.host_txsync = null_sync,
	.host_rxsync = null_sync,
};

/* As asked for; a request that says nothing gets a ring of each direction. */
static int
port_shape(struct nm_session *s, struct nm_port *p, const struct nmreq_register *reg)
{
	uint32_t tx = reg->nr_tx_rings, rx = reg->nr_rx_rings;
	int error = nm_port_hints_check(s, p->name, reg, NM_PORT_MAX_RINGS, MAX_SLOTS);

	if (error)
		return error;
	if (!tx && !rx)
		tx = rx = 1;
	if (tx + reg->nr_host_tx_rings > NM_PORT_MAX_RINGS || rx + reg->nr_host_rx_rings > NM_PORT_MAX_RINGS)
		return nm_session_error(s, EINVAL, "%s: %u + %u rings asked for, %u of a direction are possible", p->name,
		    tx + reg->nr_host_tx_rings, rx + reg->nr_host_rx_rings, NM_PORT_MAX_RINGS);
	p->nrings[NM_DIR_TX] = (uint16_t)tx;
	p->nrings[NM_DIR_RX] = (uint16_t)rx;
	p->nhost[NM_DIR_TX] = reg->nr_host_tx_rings;
	p->nhost[NM_DIR_RX] = reg->nr_host_rx_rings;
	p->nslots[NM_DIR_TX] = reg->nr_tx_slots ? reg->nr_tx_slots : s->root->limits.ring_slots;
	p->nslots[NM_DIR_RX] = reg->nr_rx_slots ? reg->nr_rx_slots : s->root->limits.ring_slots;
	return 0;
}

int
nm_null_create(struct nm_session *s, const char *name, const struct nmreq_register *reg, const struct nmreq_register *pipe,
    struct nm_port **out)
{
	struct nm_port *p = nm_port_alloc(s->root, name, &null_ops, &s->cred);
	int error;

	if (!p)
		return nm_session_error(s, ENOMEM, "%s: no memory for a port", name);
	/* its name is free, but must not stand in the way of a port that means something by that name */
	p->anonymous = !*name || nm_vale_is_name(name) || nm_pipe_brace(name) || nm_os_ifname_exists(s, name) ||
	    nm_port_find(s->root, name);
	error = port_shape(s, p, reg);
	if (!error)
		error = nm_port_private_mem(s, p, reg, pipe);
	if (error) {
		nm_port_put(p);
		return error;
	}
	nm_port_link(p);
	*out = p;
	return 0;
}
