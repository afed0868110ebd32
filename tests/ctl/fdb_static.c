/* SPDX-License-Identifier: BSD-2-Clause */
/* FDB_STATIC: addresses that are given to a port. */
#include "ctl.h"

#include <libnetmap.h>

static struct nmreq_fdb table;
static int fd;

static void
expect(uint32_t op, const char *name, uint8_t last, uint16_t vid, int err, const char *text)
{
	struct nmreq_fdb_static r = {.nr_op = op, .nr_vid = vid, .nr_mac = {2, 0, 0, 0, 0, last}};

	ctl_expect(fd, NETMAP_REQ_FDB_STATIC, name, &r, NULL, err, text);
}

static uint32_t
entries(void)
{
	table.nr_cursor = 0;
	ctl_expect(fd, NETMAP_REQ_FDB_GET, "vale0", &table, NULL, 0, NULL);
	return table.nr_count;
}

int
main(void)
{
	uint8_t frame[60] = {255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 5};
	struct nmport_d *a = nmport_open("vale0:a"), *b = nmport_open("vale0:b");
	struct nmreq_fdb_static bad = {.nr_op = NM_FDB_ADD, .nr_mac = {1}};
	struct nmreq_fdb_flush f = {.nr_port_idx = NM_CURSOR_END};
	struct nmreq_stats st = {.nr_scope = NM_STATS_PORT};

	fd = ctl_open();
	if (!a || !b)
		return 1;
	expect(0, "vale0:a", 5, 0, EINVAL, "vale0:a: operation 0 is unknown; 1 adds an address, 2 deletes one");
	expect(NM_FDB_ADD, "vale0:a", 5, 4095, EINVAL, "vale0:a: VLAN 4095 is out of 1 to 4094 (0: none)");
	expect(NM_FDB_ADD, "vale0:a", 5, 9, EINVAL, "vale0:a is not in VLAN 9 (0: ports of none); see: vale-ctl vlan vale0:a");
	expect(NM_FDB_ADD, "vale0:q", 5, 0, ENXIO, "there is no port vale0:q; see: vale-ctl list");
	expect(NM_FDB_DELETE, "vale9", 5, 0, ENXIO, "there is no switch vale9; see: vale-ctl list");
	expect(NM_FDB_DELETE, "vale0", 5, 0, ENOENT, "vale0 has no static address 02:00:00:00:00:05 in VLAN 0; see: vale-ctl fdb vale0");
	ctl_expect(fd, NETMAP_REQ_FDB_STATIC, "vale0:a", &bad, NULL, EINVAL, "vale0:a: 01:00:00:00:00:00 is a group, not the address of one station");
	bad.nr_mac[0] = 0;
	ctl_expect(fd, NETMAP_REQ_FDB_STATIC, "vale0:a", &bad, NULL, EINVAL, "vale0:a: 00:00:00:00:00:00 is nobody, not the address of one station");
	bad.nr_reserved[1] = 1;
	ctl_expect(fd, NETMAP_REQ_FDB_STATIC, "vale0:a", &bad, NULL, EINVAL, "vale0:a: the reserved fields are 0x0 and 0x1, not 0");
	expect(NM_FDB_ADD, "vale0:b", 5, 0, 0, NULL);
	ctl_equal(entries(), 1);
	ctl_equal(table.nr_entry[0].age_ms, NM_FDB_STATIC);
	ctl_equal(table.nr_entry[0].port_idx, 1);
	ctl_equal(nmport_inject(a, frame, sizeof(frame)), sizeof(frame));
	ctl_equal(ioctl(a->fd, NIOCTXSYNC, NULL), 0);
	ctl_expect(fd, NETMAP_REQ_STATS_GET, "vale0:a", &st, NULL, 0, NULL);
	ctl_equal(st.nr_counter[NM_STAT_drop_static], 1);
	ctl_equal(st.nr_counter[NM_STAT_forwarded], 0);
	ctl_expect(fd, NETMAP_REQ_FDB_FLUSH, "vale0", &f, NULL, 0, NULL);
	ctl_equal(f.nr_removed, 0);
	ctl_equal(entries(), 1);
	expect(NM_FDB_ADD, "vale0:a", 6, 0, 0, NULL);
	expect(NM_FDB_DELETE, "vale0:a", 5, 0, 0, NULL);
	ctl_equal(entries(), 1);
	nmport_close(a);
	ctl_equal(entries(), 0);
	nmport_close(b);
	return ctl_done();
}
