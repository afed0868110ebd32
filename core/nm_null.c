/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_null.h"
#include "nm_root.h"

static int
null_sync(struct nm_kring *kr)
{
	(void)kr;
	return 0;
}

static const struct nm_port_ops null_ops = {
	.kind = NM_PORT_KIND_NULL,
	.txsync = null_sync,
	.rxsync = null_sync,
	.host_txsync = null_sync,
	.host_rxsync = null_sync,
};

static uint32_t
or_default(uint32_t v, uint32_t dflt)
{
	return v ? v : dflt;
}

int
nm_null_create(struct nm_session *s, const char *name, const struct nmreq_register *reg, struct nm_port **out)
{
	struct nm_port *p = nm_port_alloc(s->root, name, &null_ops, &s->cred);
	int error;

	if (!p)
		return nm_session_error(s, ENOMEM, "%s: no memory for a port", name);
	p->nrings[NM_DIR_TX] = (uint16_t)or_default(reg->nr_tx_rings, 1);
	p->nrings[NM_DIR_RX] = (uint16_t)or_default(reg->nr_rx_rings, 1);
	p->nhost[NM_DIR_TX] = reg->nr_host_tx_rings;
	p->nhost[NM_DIR_RX] = reg->nr_host_rx_rings;
	p->nslots[NM_DIR_TX] = or_default(reg->nr_tx_slots, s->root->limits.ring_slots);
	p->nslots[NM_DIR_RX] = or_default(reg->nr_rx_slots, s->root->limits.ring_slots);
	if (p->nrings[0] + p->nhost[0] > NM_PORT_MAX_RINGS || p->nrings[1] + p->nhost[1] > NM_PORT_MAX_RINGS)
		error = nm_session_error(s, EINVAL, "%s: %u + %u rings asked for, %u of a direction are possible", name,
		    p->nrings[0] + p->nhost[0], p->nrings[1] + p->nhost[1], NM_PORT_MAX_RINGS);
	else if (p->nslots[0] > 65536 || p->nslots[1] > 65536 || p->nslots[0] < 2 || p->nslots[1] < 2)
		error = nm_session_error(s, EINVAL, "%s: %u and %u slots asked for, 2 to 65536 are possible", name, p->nslots[0],
		    p->nslots[1]);
	else
		error = nm_port_private_mem(s, p, reg);
	if (error) {
		nm_port_put(p);
		return error;
	}
	nm_port_link(p);
	*out = p;
	return 0;
}
