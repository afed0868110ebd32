/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_ctl_size.c - how long requests and options are; also part of the client library. */
#include "nm_ctl.h"

int
nm_ctl_body_size(uint32_t reqtype)
{
	static const struct { uint32_t type, size; } t[] = {
		{NETMAP_REQ_REGISTER, sizeof(struct nmreq_register)},
		{NETMAP_REQ_PORT_INFO_GET, sizeof(struct nmreq_port_info_get)},
		{NETMAP_REQ_VALE_ATTACH, sizeof(struct nmreq_vale_attach)},
		{NETMAP_REQ_VALE_DETACH, sizeof(struct nmreq_vale_detach)},
		{NETMAP_REQ_VALE_LIST, sizeof(struct nmreq_vale_list)},
		{NETMAP_REQ_PORT_HDR_SET, sizeof(struct nmreq_port_hdr)},
		{NETMAP_REQ_PORT_HDR_GET, sizeof(struct nmreq_port_hdr)},
		{NETMAP_REQ_VALE_NEWIF, sizeof(struct nmreq_vale_newif)},
		{NETMAP_REQ_VALE_DELIF, 0},
		{NETMAP_REQ_VALE_POLLING_ENABLE, sizeof(struct nmreq_vale_polling)},
		{NETMAP_REQ_VALE_POLLING_DISABLE, sizeof(struct nmreq_vale_polling)},
		{NETMAP_REQ_POOLS_INFO_GET, sizeof(struct nmreq_pools_info)},
		{NETMAP_REQ_SYNC_KLOOP_START, sizeof(struct nmreq_sync_kloop_start)},
		{NETMAP_REQ_SYNC_KLOOP_STOP, 0},
		{NETMAP_REQ_CSB_ENABLE, 0},
		{NETMAP_REQ_STATS_GET, sizeof(struct nmreq_stats)},
		{NETMAP_REQ_FDB_GET, sizeof(struct nmreq_fdb)},
		{NETMAP_REQ_FDB_FLUSH, sizeof(struct nmreq_fdb_flush)},
		{NETMAP_REQ_ERROR_GET, sizeof(struct nmreq_error)},
		{NETMAP_REQ_PORT_ACCESS, sizeof(struct nmreq_access)},
		{NETMAP_REQ_PORT_LIST, sizeof(struct nmreq_port_list)},
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (t[i].type == reqtype)
			return (int)t[i].size;
	return -1;
}

uint32_t
nm_ctl_option_size(uint32_t opttype, uint64_t nro_size)
{
	switch (opttype) {
	case NETMAP_REQ_OPT_EXTMEM:
		return sizeof(struct nmreq_opt_extmem);
	case NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS:
		return nro_size < sizeof(struct nmreq_option) ? sizeof(struct nmreq_option) :
		    nro_size > NM_CTL_MAX_BYTES + 1 ? NM_CTL_MAX_BYTES + 1 : (uint32_t)nro_size;
	case NETMAP_REQ_OPT_CSB:
		return sizeof(struct nmreq_opt_csb);
	case NETMAP_REQ_OPT_SYNC_KLOOP_MODE:
		return sizeof(struct nmreq_opt_sync_kloop_mode);
	case NETMAP_REQ_OPT_OFFSETS:
		return sizeof(struct nmreq_opt_offsets);
	default:
		return sizeof(struct nmreq_option);
	}
}
