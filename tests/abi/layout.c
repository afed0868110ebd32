/* SPDX-License-Identifier: BSD-2-Clause */
/* What clients were compiled against: compiles if and only if sizes, offsets and numbers are theirs. */
#define NETMAP_WITH_LIBS
#include <libnetmap.h>
#include <net/netmap_user.h>

#ifdef __cplusplus
#define CHECK(x) static_assert(x, #x)
#else
#define CHECK(x) _Static_assert(x, #x)
#endif
#define AT(type, field, offset) CHECK(offsetof(struct type, field) == (offset))
#define SIZE(type, size) CHECK(sizeof(struct type) == (size))

SIZE(netmap_slot, 16);
AT(netmap_slot, len, 4);
AT(netmap_slot, flags, 6);
AT(netmap_slot, ptr, 8);
AT(netmap_ring, num_slots, 8);
AT(netmap_ring, nr_buf_size, 12);
AT(netmap_ring, ringid, 16);
AT(netmap_ring, dir, 18);
AT(netmap_ring, head, 20);
AT(netmap_ring, cur, 24);
AT(netmap_ring, tail, 28);
AT(netmap_ring, flags, 32);
AT(netmap_ring, sem, 128);
AT(netmap_ring, slot, 256);
AT(netmap_if, ni_version, 16);
AT(netmap_if, ni_flags, 20);
AT(netmap_if, ni_tx_rings, 24);
AT(netmap_if, ni_rx_rings, 28);
AT(netmap_if, ni_bufs_head, 32);
AT(netmap_if, ni_host_tx_rings, 36);
AT(netmap_if, ni_host_rx_rings, 40);
AT(netmap_if, ring_ofs, 56);
SIZE(nmreq, 60);
AT(nmreq, nr_version, 16);
AT(nmreq, nr_memsize, 24);
AT(nmreq, nr_ringid, 40);
AT(nmreq, nr_arg3, 48);
AT(nmreq, nr_flags, 52);
SIZE(nm_ifreq, 272);
SIZE(nmreq_header, 88);
AT(nmreq_header, nr_name, 8);
AT(nmreq_header, nr_options, 72);
AT(nmreq_header, nr_body, 80);
SIZE(nmreq_option, 24);
AT(nmreq_option, nro_reqtype, 8);
AT(nmreq_option, nro_status, 12);
AT(nmreq_register, nr_mem_id, 32);
AT(nmreq_register, nr_mode, 36);
AT(nmreq_register, nr_extra_bufs, 40);
#ifdef __LP64__
AT(nmreq_register, nr_flags, 48);
SIZE(nmreq_register, 56);
SIZE(nmreq_vale_attach, 64);
AT(netmap_ring, ts, 40);
AT(netmap_ring, offset_mask, 56);
AT(netmap_ring, buf_align, 64);
SIZE(netmap_if, 56);
SIZE(nm_desc, 760);
SIZE(nm_pkthdr, 56);
SIZE(nmport_d, 216);
#elif defined(__i386__) /* 64-bit fields are aligned to 4 there */
SIZE(nmreq_register, 52);
SIZE(nmreq_vale_attach, 60);
#endif
SIZE(nmreq_port_info_get, 32);
AT(nmreq_port_info_get, nr_mem_id, 24);
SIZE(nmreq_vale_detach, 8);
SIZE(nmreq_vale_list, 8);
SIZE(nmreq_port_hdr, 8);
SIZE(nmreq_vale_newif, 16);
SIZE(nmreq_vale_polling, 16);
SIZE(nmreq_pools_info, 64);
AT(nmreq_pools_info, nr_buf_pool_objsize, 60);
SIZE(nmreq_sync_kloop_start, 8);
SIZE(nm_csb_atok, 64);
SIZE(nm_csb_ktoa, 64);
AT(nm_csb_atok, sync_flags, 12);
AT(nm_csb_ktoa, kern_need_kick, 8);
SIZE(nmreq_opt_extmem, 96);
SIZE(nmreq_opt_csb, 40);
SIZE(nmreq_opt_offsets, 56);
AT(nmreq_opt_offsets, nro_min_gap, 48);
AT(nmreq_opt_sync_kloop_mode, mode, 24);
AT(nmreq_opt_sync_kloop_eventfds, eventfds, 24);
CHECK(NIOCGINFO == 0xc03c6991);
CHECK(NIOCREGIF == 0xc03c6992);
CHECK(NIOCTXSYNC == 0x6994);
CHECK(NIOCRXSYNC == 0x6995);
CHECK(NIOCCONFIG == 0xc1106996);
CHECK(NIOCCTRL == 0xc0586997);
CHECK(NETMAP_REQ_CSB_ENABLE == 15);
CHECK(NETMAP_REQ_OPT_OFFSETS == 5);
CHECK(NR_REG_ONE_SW == 8);
CHECK(NM_STAT_COUNT <= NM_STAT_MAX);
CHECK(sizeof(struct nmreq_fdb) + sizeof(struct nmreq_option) <= 4096);

int
main(void)
{
	return 0;
}
