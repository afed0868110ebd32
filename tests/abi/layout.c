/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layout.c - what clients were compiled against: sizes, offsets, constants and ioctl numbers.
 *
 * The wanted numbers are those of the API's description, not of our headers. W(a, b) is a on 64-bit machines, b on
 * i386, where 64-bit fields are aligned to 4 bytes.
 */
#define NETMAP_WITH_LIBS
#include <stddef.h>
#include <stdio.h>

#include <net/netmap.h>
#include <net/netmap_user.h>
#include <net/netmap_virt.h>

#include <libnetmap.h>

static int failed;

static void
is(const char *name, unsigned long long got, unsigned long long want)
{
	if (got == want) {
		printf("ok %s\n", name);
		return;
	}
	printf("not ok %s: got %llu want %llu\n", name, got, want);
	failed = 1;
}

#define W(lp64, i386) (sizeof(void *) == 8 ? (lp64) : (i386))
#define SIZE(type, want) is("sizeof " #type, sizeof(struct type), want)
#define AT(type, field, want) is(#type "." #field, offsetof(struct type, field), want)
#define CONST(name, want) is(#name, (unsigned long long)(name), want)

static void
test_shared(void)
{
	unsigned int tv = sizeof(struct timeval);

	SIZE(netmap_slot, 16);
	AT(netmap_slot, buf_idx, 0);
	AT(netmap_slot, len, 4);
	AT(netmap_slot, flags, 6);
	AT(netmap_slot, ptr, 8);
	SIZE(netmap_ring, 256);
	is("align of netmap_ring", __alignof__(struct netmap_ring), 128);
	AT(netmap_ring, buf_ofs, 0);
	AT(netmap_ring, num_slots, 8);
	AT(netmap_ring, nr_buf_size, 12);
	AT(netmap_ring, ringid, 16);
	AT(netmap_ring, dir, 18);
	AT(netmap_ring, head, 20);
	AT(netmap_ring, cur, 24);
	AT(netmap_ring, tail, 28);
	AT(netmap_ring, flags, 32);
	AT(netmap_ring, ts, W(40, 36));
	AT(netmap_ring, offset_mask, W(56, tv == 8 ? 44 : 52));
	AT(netmap_ring, buf_align, W(64, tv == 8 ? 52 : 60));
	AT(netmap_ring, sem, 128);
	AT(netmap_ring, slot, 256);
	SIZE(netmap_if, 56);
	AT(netmap_if, ni_name, 0);
	AT(netmap_if, ni_version, 16);
	AT(netmap_if, ni_flags, 20);
	AT(netmap_if, ni_tx_rings, 24);
	AT(netmap_if, ni_rx_rings, 28);
	AT(netmap_if, ni_bufs_head, 32);
	AT(netmap_if, ni_host_tx_rings, 36);
	AT(netmap_if, ni_host_rx_rings, 40);
	AT(netmap_if, ni_spare1, 44);
	AT(netmap_if, ring_ofs, 56);
	SIZE(nm_csb_atok, 64);
	AT(nm_csb_atok, head, 0);
	AT(nm_csb_atok, cur, 4);
	AT(nm_csb_atok, appl_need_kick, 8);
	AT(nm_csb_atok, sync_flags, 12);
	SIZE(nm_csb_ktoa, 64);
	AT(nm_csb_ktoa, hwcur, 0);
	AT(nm_csb_ktoa, hwtail, 4);
	AT(nm_csb_ktoa, kern_need_kick, 8);
}

static void
test_requests(void)
{
	SIZE(nmreq_header, 88);
	AT(nmreq_header, nr_version, 0);
	AT(nmreq_header, nr_reqtype, 2);
	AT(nmreq_header, nr_reserved, 4);
	AT(nmreq_header, nr_name, 8);
	AT(nmreq_header, nr_options, 72);
	AT(nmreq_header, nr_body, 80);
	SIZE(nmreq_register, W(56, 52));
	AT(nmreq_register, nr_offset, 0);
	AT(nmreq_register, nr_memsize, 8);
	AT(nmreq_register, nr_tx_slots, 16);
	AT(nmreq_register, nr_rx_slots, 20);
	AT(nmreq_register, nr_tx_rings, 24);
	AT(nmreq_register, nr_rx_rings, 26);
	AT(nmreq_register, nr_host_tx_rings, 28);
	AT(nmreq_register, nr_host_rx_rings, 30);
	AT(nmreq_register, nr_mem_id, 32);
	AT(nmreq_register, nr_ringid, 34);
	AT(nmreq_register, nr_mode, 36);
	AT(nmreq_register, nr_extra_bufs, 40);
	AT(nmreq_register, nr_flags, W(48, 44));
	SIZE(nmreq_port_info_get, 32);
	AT(nmreq_port_info_get, nr_memsize, 0);
	AT(nmreq_port_info_get, nr_tx_slots, 8);
	AT(nmreq_port_info_get, nr_rx_slots, 12);
	AT(nmreq_port_info_get, nr_tx_rings, 16);
	AT(nmreq_port_info_get, nr_rx_rings, 18);
	AT(nmreq_port_info_get, nr_host_tx_rings, 20);
	AT(nmreq_port_info_get, nr_host_rx_rings, 22);
	AT(nmreq_port_info_get, nr_mem_id, 24);
	AT(nmreq_port_info_get, pad, 26);
	SIZE(nmreq_vale_attach, W(64, 60));
	AT(nmreq_vale_attach, reg, 0);
	AT(nmreq_vale_attach, port_index, W(56, 52));
	AT(nmreq_vale_attach, pad1, W(60, 56));
	SIZE(nmreq_vale_detach, 8);
	AT(nmreq_vale_detach, port_index, 0);
	SIZE(nmreq_vale_list, 8);
	AT(nmreq_vale_list, nr_bridge_idx, 0);
	AT(nmreq_vale_list, pad1, 2);
	AT(nmreq_vale_list, nr_port_idx, 4);
	SIZE(nmreq_port_hdr, 8);
	AT(nmreq_port_hdr, nr_hdr_len, 0);
	SIZE(nmreq_vale_newif, 16);
	AT(nmreq_vale_newif, nr_tx_slots, 0);
	AT(nmreq_vale_newif, nr_rx_slots, 4);
	AT(nmreq_vale_newif, nr_tx_rings, 8);
	AT(nmreq_vale_newif, nr_rx_rings, 10);
	AT(nmreq_vale_newif, nr_mem_id, 12);
	AT(nmreq_vale_newif, pad1, 14);
	SIZE(nmreq_vale_polling, 16);
	AT(nmreq_vale_polling, nr_mode, 0);
	AT(nmreq_vale_polling, nr_first_cpu_id, 4);
	AT(nmreq_vale_polling, nr_num_polling_cpus, 8);
	AT(nmreq_vale_polling, pad1, 12);
	SIZE(nmreq_pools_info, 64);
	AT(nmreq_pools_info, nr_memsize, 0);
	AT(nmreq_pools_info, nr_mem_id, 8);
	AT(nmreq_pools_info, nr_if_pool_offset, 16);
	AT(nmreq_pools_info, nr_if_pool_objtotal, 24);
	AT(nmreq_pools_info, nr_if_pool_objsize, 28);
	AT(nmreq_pools_info, nr_ring_pool_offset, 32);
	AT(nmreq_pools_info, nr_ring_pool_objtotal, 40);
	AT(nmreq_pools_info, nr_ring_pool_objsize, 44);
	AT(nmreq_pools_info, nr_buf_pool_offset, 48);
	AT(nmreq_pools_info, nr_buf_pool_objtotal, 56);
	AT(nmreq_pools_info, nr_buf_pool_objsize, 60);
	SIZE(nmreq_sync_kloop_start, 8);
	AT(nmreq_sync_kloop_start, sleep_us, 0);
	AT(nmreq_sync_kloop_start, pad1, 4);
}

static void
test_options(void)
{
	SIZE(nmreq_option, 24);
	AT(nmreq_option, nro_next, 0);
	AT(nmreq_option, nro_reqtype, 8);
	AT(nmreq_option, nro_status, 12);
	AT(nmreq_option, nro_size, 16);
	SIZE(nmreq_opt_extmem, 96);
	AT(nmreq_opt_extmem, nro_usrptr, 24);
	AT(nmreq_opt_extmem, nro_info, 32);
	SIZE(nmreq_opt_sync_kloop_eventfds, 24);
	AT(nmreq_opt_sync_kloop_eventfds, eventfds, 24);
	AT(nmreq_opt_sync_kloop_eventfds, eventfds[1].ioeventfd, 32);
	AT(nmreq_opt_sync_kloop_eventfds, eventfds[1].irqfd, 36);
	SIZE(nmreq_opt_csb, 40);
	AT(nmreq_opt_csb, csb_atok, 24);
	AT(nmreq_opt_csb, csb_ktoa, 32);
	SIZE(nmreq_opt_sync_kloop_mode, W(32, 28));
	AT(nmreq_opt_sync_kloop_mode, mode, 24);
	SIZE(nmreq_opt_offsets, 56);
	AT(nmreq_opt_offsets, nro_max_offset, 24);
	AT(nmreq_opt_offsets, nro_initial_offset, 32);
	AT(nmreq_opt_offsets, nro_offset_bits, 40);
	AT(nmreq_opt_offsets, nro_tx_align, 44);
	AT(nmreq_opt_offsets, nro_min_gap, 48);
	CONST(NETMAP_REQ_OPT_EXTMEM, 1);
	CONST(NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, 2);
	CONST(NETMAP_REQ_OPT_CSB, 3);
	CONST(NETMAP_REQ_OPT_SYNC_KLOOP_MODE, 4);
	CONST(NETMAP_REQ_OPT_OFFSETS, 5);
	CONST(NETMAP_REQ_OPT_MAX, 6);
	CONST(NM_OPT_SYNC_KLOOP_DIRECT_TX, 1);
	CONST(NM_OPT_SYNC_KLOOP_DIRECT_RX, 2);
}

static void
test_legacy(void)
{
	SIZE(nmreq, 60);
	AT(nmreq, nr_name, 0);
	AT(nmreq, nr_version, 16);
	AT(nmreq, nr_offset, 20);
	AT(nmreq, nr_memsize, 24);
	AT(nmreq, nr_tx_slots, 28);
	AT(nmreq, nr_rx_slots, 32);
	AT(nmreq, nr_tx_rings, 36);
	AT(nmreq, nr_rx_rings, 38);
	AT(nmreq, nr_ringid, 40);
	AT(nmreq, nr_cmd, 42);
	AT(nmreq, nr_arg1, 44);
	AT(nmreq, nr_arg2, 46);
	AT(nmreq, nr_arg3, 48);
	AT(nmreq, nr_flags, 52);
	AT(nmreq, spare2, 56);
	SIZE(nm_ifreq, 272);
	AT(nm_ifreq, nifr_name, 0);
	AT(nm_ifreq, data, 16);
	CONST(NR_REG_MASK, 0xf);
	CONST(NETMAP_RING_MASK, 0x0fff);
	CONST(NETMAP_NO_TX_POLL, 0x1000);
	CONST(NETMAP_SW_RING, 0x2000);
	CONST(NETMAP_HW_RING, 0x4000);
	CONST(NETMAP_DO_RX_POLL, 0x8000);
	CONST(NETMAP_BDG_ATTACH, 1);
	CONST(NETMAP_BDG_DETACH, 2);
	CONST(NETMAP_BDG_REGOPS, 3);
	CONST(NETMAP_BDG_LIST, 4);
	CONST(NETMAP_BDG_VNET_HDR, 5);
	CONST(NETMAP_BDG_NEWIF, 6);
	CONST(NETMAP_BDG_DELIF, 7);
	CONST(NETMAP_PT_HOST_CREATE, 8);
	CONST(NETMAP_PT_HOST_DELETE, 9);
	CONST(NETMAP_BDG_POLLING_ON, 10);
	CONST(NETMAP_BDG_POLLING_OFF, 11);
	CONST(NETMAP_VNET_HDR_GET, 12);
	CONST(NETMAP_BDG_HOST, 1);
}

static void
test_numbers(void)
{
	CONST(NIOCGINFO, 0xc03c6991);
	CONST(NIOCREGIF, 0xc03c6992);
	CONST(NIOCTXSYNC, 0x6994);
	CONST(NIOCRXSYNC, 0x6995);
	CONST(NIOCCONFIG, 0xc1106996);
	CONST(NIOCCTRL, 0xc0586997);
	CONST(NETMAP_API, 14);
	CONST(NETMAP_MIN_API, 14);
	CONST(NETMAP_MAX_API, 15);
	CONST(NM_CACHE_ALIGN, 128);
	CONST(NETMAP_MAX_FRAGS, 64);
	CONST(NETMAP_REQ_IFNAMSIZ, 64);
	is("NM_BDG_NAME", strcmp(NM_BDG_NAME, "vale"), 0);
	CONST(NETMAP_REQ_REGISTER, 1);
	CONST(NETMAP_REQ_PORT_INFO_GET, 2);
	CONST(NETMAP_REQ_VALE_ATTACH, 3);
	CONST(NETMAP_REQ_VALE_DETACH, 4);
	CONST(NETMAP_REQ_VALE_LIST, 5);
	CONST(NETMAP_REQ_PORT_HDR_SET, 6);
	CONST(NETMAP_REQ_PORT_HDR_GET, 7);
	CONST(NETMAP_REQ_VALE_NEWIF, 8);
	CONST(NETMAP_REQ_VALE_DELIF, 9);
	CONST(NETMAP_REQ_VALE_POLLING_ENABLE, 10);
	CONST(NETMAP_REQ_VALE_POLLING_DISABLE, 11);
	CONST(NETMAP_REQ_POOLS_INFO_GET, 12);
	CONST(NETMAP_REQ_SYNC_KLOOP_START, 13);
	CONST(NETMAP_REQ_SYNC_KLOOP_STOP, 14);
	CONST(NETMAP_REQ_CSB_ENABLE, 15);
	CONST(NETMAP_POLLING_MODE_SINGLE_CPU, 1);
	CONST(NETMAP_POLLING_MODE_MULTI_CPU, 2);
	CONST(NR_REG_DEFAULT, 0);
	CONST(NR_REG_ALL_NIC, 1);
	CONST(NR_REG_SW, 2);
	CONST(NR_REG_NIC_SW, 3);
	CONST(NR_REG_ONE_NIC, 4);
	CONST(NR_REG_PIPE_MASTER, 5);
	CONST(NR_REG_PIPE_SLAVE, 6);
	CONST(NR_REG_NULL, 7);
	CONST(NR_REG_ONE_SW, 8);
	CONST(NR_MONITOR_TX, 0x100);
	CONST(NR_MONITOR_RX, 0x200);
	CONST(NR_ZCOPY_MON, 0x400);
	CONST(NR_EXCLUSIVE, 0x800);
	CONST(NR_RX_RINGS_ONLY, 0x2000);
	CONST(NR_TX_RINGS_ONLY, 0x4000);
	CONST(NR_ACCEPT_VNET_HDR, 0x8000);
	CONST(NR_DO_RX_POLL, 0x10000);
	CONST(NR_NO_TX_POLL, 0x20000);
	CONST(NI_PRIV_MEM, 1);
	CONST(NR_TIMESTAMP, 2);
	CONST(NR_FORWARD, 4);
	CONST(NS_BUF_CHANGED, 0x0001);
	CONST(NS_REPORT, 0x0002);
	CONST(NS_FORWARD, 0x0004);
	CONST(NS_NO_LEARN, 0x0008);
	CONST(NS_INDIRECT, 0x0010);
	CONST(NS_MOREFRAG, 0x0020);
	CONST(NS_TXMON, 0x0040);
	CONST(NS_PORT_SHIFT, 8);
	CONST(NS_PORT_MASK, 0xff00);
}

static void
test_libraries(void)
{
	if (sizeof(void *) == 8) {
		SIZE(nm_pkthdr, 56);
		SIZE(nm_desc, 760);
		SIZE(nmport_d, 216);
	}
	CONST(NM_OPEN_NO_MMAP, 0x40000);
	CONST(NM_OPEN_IFNAME, 0x80000);
	CONST(NM_OPEN_ARG1, 0x100000);
	CONST(NM_OPEN_ARG2, 0x200000);
	CONST(NM_OPEN_ARG3, 0x400000);
	CONST(NM_OPEN_RING_CFG, 0x800000);
}

static void
test_virt(void)
{
	CONST(PTNETMAP_PCI_VENDOR_ID, 0x1b36);
	CONST(PTNETMAP_PCI_DEVICE_ID, 0x000c);
	CONST(PTNETMAP_PCI_NETIF_ID, 0x000d);
	CONST(PTNETMAP_IO_PCI_BAR, 0);
	CONST(PTNETMAP_MEM_PCI_BAR, 1);
	CONST(PTNETMAP_MSIX_PCI_BAR, 2);
	CONST(PTNET_MDEV_IO_MEMSIZE_LO, 0);
	CONST(PTNET_MDEV_IO_MEMSIZE_HI, 4);
	CONST(PTNET_MDEV_IO_MEMID, 8);
	CONST(PTNET_MDEV_IO_IF_POOL_OFS, 64);
	CONST(PTNET_MDEV_IO_BUF_POOL_OBJSZ, 96);
	CONST(PTNET_IO_PTFEAT, 0);
	CONST(PTNET_IO_PTCTL, 4);
	CONST(PTNET_IO_MAC_LO, 8);
	CONST(PTNET_IO_MAC_HI, 12);
	CONST(PTNET_IO_NIFP_OFS, 24);
	CONST(PTNET_IO_NUM_TX_RINGS, 28);
	CONST(PTNET_IO_NUM_RX_SLOTS, 40);
	CONST(PTNET_IO_VNET_HDR_LEN, 44);
	CONST(PTNET_IO_HOSTMEMID, 48);
	CONST(PTNET_IO_CSB_GH_BAH, 52);
	CONST(PTNET_IO_CSB_GH_BAL, 56);
	CONST(PTNET_IO_CSB_HG_BAH, 60);
	CONST(PTNET_IO_CSB_HG_BAL, 64);
	CONST(PTNET_IO_KICK_BASE, 128);
	CONST(PTNETMAP_F_VNET_HDR, 1);
	CONST(PTNETMAP_PTCTL_CREATE, 1);
	CONST(PTNETMAP_PTCTL_DELETE, 2);
}

/* Requests from 0x1000 on: the same on all machines. */
static void
test_own(void)
{
	CONST(NETMAP_REQ_STATS_GET, 0x1000);
	CONST(NETMAP_REQ_FDB_GET, 0x1001);
	CONST(NETMAP_REQ_FDB_FLUSH, 0x1002);
	CONST(NETMAP_REQ_ERROR_GET, 0x1003);
	CONST(NETMAP_REQ_PORT_ACCESS, 0x1004);
	CONST(NETMAP_REQ_PORT_LIST, 0x1005);
	CONST(NETMAP_REQ_FDB_STATIC, 0x1006);
	CONST(NETMAP_REQ_VLAN, 0x1007);
	CONST(NETMAP_REQ_STORM, 0x1008);
	CONST(NETMAP_REQ_LOSSLESS, 0x1009);
	CONST(NETMAP_REQ_MIRROR, 0x100a);
	SIZE(nmreq_fdb_static, 20);
	SIZE(nmreq_vlan, 528);
	SIZE(nmreq_storm, 36);
	SIZE(nmreq_lossless, 16);
	SIZE(nmreq_mirror, 80);
	SIZE(nmreq_stats, 400);
	AT(nmreq_stats, nr_counter, 16);
	CONST(NM_STAT_MAX, 48);
	is("counters fit", NM_STAT_COUNT <= NM_STAT_MAX, 1);
	CONST(NM_STATS_PORT, 0);
	CONST(NM_STATS_SWITCH, 1);
	CONST(NM_STATS_TXRING, 2);
	CONST(NM_STATS_RXRING, 3);
	SIZE(nm_fdb_entry, 16);
	AT(nm_fdb_entry, vlan, 6);
	AT(nm_fdb_entry, port_idx, 8);
	AT(nm_fdb_entry, age_ms, 12);
	SIZE(nmreq_fdb, 2056);
	AT(nmreq_fdb, nr_entry, 8);
	SIZE(nmreq_fdb_flush, 8);
	SIZE(nmreq_error, 512);
	AT(nmreq_error, nr_text, 8);
	SIZE(nmreq_access, 16);
	AT(nmreq_access, nr_mode, 4);
	SIZE(nmreq_port_list, 104);
	AT(nmreq_port_list, nr_port_name, 8);
	AT(nmreq_port_list, nr_tx_rings, 72);
	AT(nmreq_port_list, nr_sessions, 78);
	AT(nmreq_port_list, nr_tx_slots, 80);
	AT(nmreq_port_list, nr_mode, 88);
	CONST(NM_CURSOR_END, 0xffffffff);
	CONST(NM_ACCESS_SET_MODE, 1);
	CONST(NM_ACCESS_SET_UID, 2);
	CONST(NM_ACCESS_SET_GID, 4);
	CONST(NM_PORT_KIND_NIC, 1);
	CONST(NM_PORT_KIND_HOST, 2);
	CONST(NM_PORT_KIND_VALE, 3);
	CONST(NM_PORT_KIND_VALE_PERSISTENT, 4);
	CONST(NM_PORT_KIND_PIPE, 5);
	CONST(NM_PORT_KIND_MONITOR, 6);
	CONST(NM_PORT_KIND_NULL, 7);
}

/* Built without the library: the constructor's call has nothing to do here. */
void
nmctx_set_threadsafe(void)
{
}

int
main(void)
{
	test_shared();
	test_requests();
	test_options();
	test_legacy();
	test_numbers();
	test_libraries();
	test_virt();
	test_own();
	return failed;
}
