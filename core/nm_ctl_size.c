/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_ctl_size.c - what requests and options are called and how long they are; also part of the client library. */
#include "nm_ctl.h"

#define REQ(id, size) {NETMAP_REQ_##id, size, #id}
static const struct request { uint32_t type, size; const char *name; } requests[] = {
	REQ(REGISTER, sizeof(struct nmreq_register)),
	REQ(PORT_INFO_GET, sizeof(struct nmreq_port_info_get)),
	REQ(VALE_ATTACH, sizeof(struct nmreq_vale_attach)),
	REQ(VALE_DETACH, sizeof(struct nmreq_vale_detach)),
	REQ(VALE_LIST, sizeof(struct nmreq_vale_list)),
	REQ(PORT_HDR_SET, sizeof(struct nmreq_port_hdr)),
	REQ(PORT_HDR_GET, sizeof(struct nmreq_port_hdr)),
	REQ(VALE_NEWIF, sizeof(struct nmreq_vale_newif)),
	REQ(VALE_DELIF, 0),
	REQ(VALE_POLLING_ENABLE, sizeof(struct nmreq_vale_polling)),
	REQ(VALE_POLLING_DISABLE, sizeof(struct nmreq_vale_polling)),
	REQ(POOLS_INFO_GET, sizeof(struct nmreq_pools_info)),
	REQ(SYNC_KLOOP_START, sizeof(struct nmreq_sync_kloop_start)),
	REQ(SYNC_KLOOP_STOP, 0),
	REQ(CSB_ENABLE, 0),
	REQ(STATS_GET, sizeof(struct nmreq_stats)),
	REQ(FDB_GET, sizeof(struct nmreq_fdb)),
	REQ(FDB_FLUSH, sizeof(struct nmreq_fdb_flush)),
	REQ(ERROR_GET, sizeof(struct nmreq_error)),
	REQ(PORT_ACCESS, sizeof(struct nmreq_access)),
	REQ(PORT_LIST, sizeof(struct nmreq_port_list)),
	REQ(FDB_STATIC, sizeof(struct nmreq_fdb_static)),
	REQ(VLAN, sizeof(struct nmreq_vlan)),
	REQ(STORM, sizeof(struct nmreq_storm)),
	REQ(LOSSLESS, sizeof(struct nmreq_lossless)),
	REQ(MIRROR, sizeof(struct nmreq_mirror)),
};
#undef REQ

static const struct request *
find(uint32_t type)
{
	size_t i;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].type == type)
			return &requests[i];
	return NULL;
}

int
nm_ctl_body_size(uint32_t reqtype)
{
	const struct request *r = find(reqtype);

	return r ? (int)r->size : -1;
}

const char *
nm_ctl_request_name(uint32_t reqtype)
{
	const struct request *r = find(reqtype);

	return r ? r->name : "unknown";
}

const char *
nm_ctl_option_name(uint32_t opttype)
{
	static const char *const names[NETMAP_REQ_OPT_MAX] = {
		[NETMAP_REQ_OPT_EXTMEM] = "EXTMEM",
		[NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS] = "SYNC_KLOOP_EVENTFDS",
		[NETMAP_REQ_OPT_CSB] = "CSB",
		[NETMAP_REQ_OPT_SYNC_KLOOP_MODE] = "SYNC_KLOOP_MODE",
		[NETMAP_REQ_OPT_OFFSETS] = "OFFSETS",
	};

	return opttype < NETMAP_REQ_OPT_MAX && names[opttype] ? names[opttype] : "unknown";
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
