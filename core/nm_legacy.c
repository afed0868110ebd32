/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_legacy.c - NIOCREGIF and NIOCGINFO: a struct nmreq becomes a request of today and its result goes back. */
#include "nm_ctl.h"
#include "nm_root.h"

#define OLDEST 11u

union body {
	struct nmreq_register reg;
	struct nmreq_port_info_get info;
	struct nmreq_vale_attach attach;
	struct nmreq_vale_detach detach;
	struct nmreq_vale_list list;
	struct nmreq_port_hdr hdr;
	struct nmreq_vale_newif newif;
	struct nmreq_vale_polling polling;
};

static int
run(struct nm_session *s, uint32_t type, union body *b, char name[NETMAP_REQ_IFNAMSIZ])
{
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = (uint16_t)type};
	struct nm_ctl_msg m = {.hdr = &h, .body = b};
	int error;

	snprintf(h.nr_name, sizeof(h.nr_name), "%s", name);
	error = nm_ctl_request(s, &m);
	snprintf(name, NETMAP_REQ_IFNAMSIZ, "%s", h.nr_name);
	return error;
}

/* Mode and ring of nr_flags and nr_ringid; the old pipe modes become names. */
static int
decode_register(struct nm_session *s, const struct nmreq *req, struct nmreq_register *reg, char name[NETMAP_REQ_IFNAMSIZ])
{
	uint32_t mode = req->nr_flags & NR_REG_MASK, ring = req->nr_ringid & NETMAP_RING_MASK;

	*reg = (struct nmreq_register){
		.nr_tx_slots = req->nr_tx_slots, .nr_rx_slots = req->nr_rx_slots,
		.nr_tx_rings = req->nr_tx_rings, .nr_rx_rings = req->nr_rx_rings,
		.nr_mem_id = req->nr_arg2, .nr_extra_bufs = req->nr_arg3,
		.nr_ringid = (uint16_t)ring,
		.nr_flags = req->nr_flags & (NR_MONITOR_TX | NR_MONITOR_RX | NR_ZCOPY_MON | NR_EXCLUSIVE | NR_RX_RINGS_ONLY |
		    NR_TX_RINGS_ONLY | NR_ACCEPT_VNET_HDR | NR_DO_RX_POLL | NR_NO_TX_POLL),
	};
	if (req->nr_ringid & NETMAP_NO_TX_POLL)
		reg->nr_flags |= NR_NO_TX_POLL;
	if (req->nr_ringid & NETMAP_DO_RX_POLL)
		reg->nr_flags |= NR_DO_RX_POLL;
	if (req->nr_version < NETMAP_MIN_API && mode != NR_REG_NULL)
		reg->nr_host_tx_rings = reg->nr_host_rx_rings = 1;
	if (mode == NR_REG_DEFAULT)
		mode = req->nr_ringid & NETMAP_SW_RING ? NR_REG_SW : req->nr_ringid & NETMAP_HW_RING ? NR_REG_ONE_NIC : NR_REG_ALL_NIC;
	if (mode == NR_REG_PIPE_MASTER || mode == NR_REG_PIPE_SLAVE) {
		char id[16];
		size_t n = strlen(name);

		snprintf(id, sizeof(id), "%c%u", mode == NR_REG_PIPE_MASTER ? '{' : '}', ring);
		if (n + strlen(id) >= NETMAP_REQ_IFNAMSIZ)
			return nm_session_error(s, EINVAL, "%s: the name is too long for a pipe", name);
		memcpy(name + n, id, strlen(id) + 1);
		mode = NR_REG_ALL_NIC;
		reg->nr_ringid = 0;
	}
	reg->nr_mode = mode;
	return 0;
}

/* Programs of API 11 to 13 find receive rings behind exactly one host transmit ring. */
static int
check_host_rings(struct nm_session *s, const struct nmreq *req)
{
	uint32_t n = nm_port_host_entries(s->port, NM_DIR_TX);

	if (req->nr_version >= NETMAP_MIN_API || n == 1)
		return 0;
	nm_session_error(s, EINVAL, "%s has %u host transmit rings, programs of API %u expect one; recompile for API %u", s->port->name, n,
	    req->nr_version, NETMAP_API);
	nm_session_close(s);
	return -EINVAL;
}

static int
legacy_register(struct nm_session *s, struct nmreq *req, char *name)
{
	union body b = {0};
	int error = decode_register(s, req, &b.reg, name);

	if (!error)
		error = run(s, NETMAP_REQ_REGISTER, &b, name);
	if (!error)
		error = check_host_rings(s, req);
	if (error)
		return error;
	req->nr_offset = (uint32_t)b.reg.nr_offset;
	req->nr_memsize = (uint32_t)b.reg.nr_memsize;
	req->nr_tx_slots = b.reg.nr_tx_slots;
	req->nr_rx_slots = b.reg.nr_rx_slots;
	req->nr_tx_rings = b.reg.nr_tx_rings;
	req->nr_rx_rings = b.reg.nr_rx_rings;
	req->nr_arg2 = b.reg.nr_mem_id;
	req->nr_arg3 = b.reg.nr_extra_bufs;
	return 0;
}

static int
legacy_info(struct nm_session *s, struct nmreq *req, char *name)
{
	/* what the answer does not tell stays as it was */
	union body b = {.info = {.nr_memsize = req->nr_memsize, .nr_tx_slots = req->nr_tx_slots, .nr_rx_slots = req->nr_rx_slots,
	    .nr_tx_rings = req->nr_tx_rings, .nr_rx_rings = req->nr_rx_rings, .nr_mem_id = req->nr_arg2}};
	int error;

	error = run(s, NETMAP_REQ_PORT_INFO_GET, &b, name);
	if (error)
		return error;
	req->nr_memsize = (uint32_t)b.info.nr_memsize;
	req->nr_tx_slots = b.info.nr_tx_slots;
	req->nr_rx_slots = b.info.nr_rx_slots;
	req->nr_tx_rings = b.info.nr_tx_rings;
	req->nr_rx_rings = b.info.nr_rx_rings;
	req->nr_arg2 = b.info.nr_mem_id;
	return 0;
}

static int
legacy_list(struct nm_session *s, struct nmreq *req, char *name)
{
	union body b = {0};
	int error;

	b.list.nr_bridge_idx = req->nr_arg1;
	b.list.nr_port_idx = req->nr_arg2;
	error = run(s, NETMAP_REQ_VALE_LIST, &b, name);
	req->nr_arg1 = b.list.nr_bridge_idx;
	req->nr_arg2 = (uint16_t)b.list.nr_port_idx;
	if (!error)
		snprintf(req->nr_name, sizeof(req->nr_name), "%.15s", name);
	return error;
}

static int
legacy_newif(struct nm_session *s, struct nmreq *req, char *name)
{
	union body b = {.newif = {req->nr_tx_slots, req->nr_rx_slots, req->nr_tx_rings, req->nr_rx_rings, req->nr_arg2, 0}};
	int error = run(s, NETMAP_REQ_VALE_NEWIF, &b, name);

	if (error)
		return error;
	req->nr_tx_slots = b.newif.nr_tx_slots;
	req->nr_rx_slots = b.newif.nr_rx_slots;
	req->nr_tx_rings = b.newif.nr_tx_rings;
	req->nr_rx_rings = b.newif.nr_rx_rings;
	req->nr_arg2 = b.newif.nr_mem_id;
	return 0;
}

static int
legacy_polling(struct nm_session *s, const struct nmreq *req, char *name)
{
	uint32_t mode = req->nr_flags & NR_REG_MASK;
	union body b = {.polling = {.nr_first_cpu_id = req->nr_ringid & NETMAP_RING_MASK, .nr_num_polling_cpus = req->nr_arg1}};

	if (mode != NR_REG_ALL_NIC && mode != NR_REG_ONE_NIC)
		return nm_session_error(s, EINVAL, "%s: polling of mode %u is unknown", name, mode);
	b.polling.nr_mode = mode == NR_REG_ALL_NIC ? NETMAP_POLLING_MODE_SINGLE_CPU : NETMAP_POLLING_MODE_MULTI_CPU;
	return run(s, req->nr_cmd == NETMAP_BDG_POLLING_ON ? NETMAP_REQ_VALE_POLLING_ENABLE : NETMAP_REQ_VALE_POLLING_DISABLE, &b, name);
}

/* nr_cmd of NIOCREGIF other than 0. */
static int
legacy_command(struct nm_session *s, struct nmreq *req, char *name)
{
	union body b = {0};
	int error;

	switch (req->nr_cmd) {
	case NETMAP_BDG_ATTACH:
		b.attach.reg.nr_mode = req->nr_arg1 & NETMAP_BDG_HOST ? NR_REG_NIC_SW : NR_REG_ALL_NIC;
		b.attach.reg.nr_mem_id = req->nr_arg2;
		return run(s, NETMAP_REQ_VALE_ATTACH, &b, name);
	case NETMAP_BDG_DETACH:
		return run(s, NETMAP_REQ_VALE_DETACH, &b, name);
	case NETMAP_BDG_VNET_HDR:
		b.hdr.nr_hdr_len = req->nr_arg1;
		return run(s, NETMAP_REQ_PORT_HDR_SET, &b, name);
	case NETMAP_VNET_HDR_GET:
		error = run(s, NETMAP_REQ_PORT_HDR_GET, &b, name);
		if (!error)
			req->nr_arg1 = (uint16_t)b.hdr.nr_hdr_len;
		return error;
	case NETMAP_BDG_NEWIF:
		return legacy_newif(s, req, name);
	case NETMAP_BDG_DELIF:
		return run(s, NETMAP_REQ_VALE_DELIF, NULL, name);
	case NETMAP_BDG_POLLING_ON:
	case NETMAP_BDG_POLLING_OFF:
		return legacy_polling(s, req, name);
	default:
		return nm_session_error(s, EINVAL, "command %u of NIOCREGIF is unknown", req->nr_cmd);
	}
}

int
nm_legacy_request(struct nm_session *s, struct nmreq *req, bool regif)
{
	char name[NETMAP_REQ_IFNAMSIZ] = "";

	memcpy(name, req->nr_name, sizeof(req->nr_name));
	name[sizeof(req->nr_name) - 1] = 0;
	if (req->nr_version < OLDEST) {
		nm_session_error(s, EINVAL, "API version %u is not supported, %u and later are", req->nr_version, OLDEST);
		req->nr_version = NETMAP_API;
		return -EINVAL;
	}
	if (regif)
		return req->nr_cmd ? legacy_command(s, req, name) : legacy_register(s, req, name);
	if (req->nr_cmd == NETMAP_BDG_LIST)
		return legacy_list(s, req, name);
	return legacy_info(s, req, name);
}
