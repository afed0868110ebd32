/* SPDX-License-Identifier: BSD-2-Clause */
/* NIOCREGIF: versions, modes, what is written back. */
#include "ctl.h"

static void
versions(void)
{
	static const struct { uint32_t version; int err; } t[] = {
		{3, EINVAL}, {10, EINVAL}, {11, 0}, {12, 0}, {13, 0}, {14, 0}, {15, 0}, {200, 0}, {0xffffffff, 0},
	};
	char text[80];
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct nmreq r = {.nr_name = "vale0:a", .nr_version = t[i].version, .nr_flags = NR_REG_ALL_NIC}, before = r;
		int fd = ctl_open();

		snprintf(text, sizeof(text), "API version %u is not supported, 11 and later are", t[i].version);
		ctl_legacy(fd, &r, 1, t[i].err, t[i].err ? text : NULL);
		ctl_equal(r.nr_version, t[i].err ? NETMAP_API : t[i].version); /* one that is refused is told which is wanted */
		before.nr_version = r.nr_version;
		if (t[i].err)
			ctl_check(!memcmp(&r, &before, sizeof(r)));
		close(fd);
	}
}

static void
outputs(void)
{
	struct nmreq r = {.nr_name = "vale0:a", .nr_version = NETMAP_API, .nr_flags = NR_REG_ALL_NIC | NR_EXCLUSIVE | 0x1000,
	    .nr_ringid = NETMAP_NO_TX_POLL, .nr_tx_rings = 3, .nr_rx_slots = 100, .nr_arg1 = 4, .nr_arg3 = 6, .spare2 = {0x1234}};
	int fd = ctl_open();

	ctl_legacy(fd, &r, 1, 0, NULL);
	ctl_check(!strcmp(r.nr_name, "vale0:a"));
	ctl_equal(r.nr_tx_rings, 3);
	ctl_equal(r.nr_rx_rings, 1);
	ctl_equal(r.nr_rx_slots, 100);
	ctl_check(r.nr_tx_slots >= 1024 && r.nr_memsize > 0);
	ctl_check(r.nr_arg2 > 1);
	ctl_equal(r.nr_arg3, 6);
	ctl_equal(r.nr_arg1, 4);
	ctl_equal(r.nr_flags, NR_REG_ALL_NIC | NR_EXCLUSIVE | 0x1000); /* unknown bits are ignored, nothing is rewritten */
	ctl_equal(r.nr_ringid, NETMAP_NO_TX_POLL);
	ctl_legacy(fd, &r, 1, EBUSY, "this descriptor is registered to vale0:a already; open another for vale0:a");
	close(fd);
}

static void
modes(void)
{
	static const struct { const char *name; uint32_t flags; uint16_t ringid; int err; const char *text, *port; } t[] = {
		{"vale0:a", 0, 0, 0, NULL, "vale0:a"},
		{"vale0:a", 0, NETMAP_HW_RING, 0, NULL, "vale0:a"},
		{"vale0:a", 0, NETMAP_HW_RING | 1, EINVAL, "vale0:a ring 1 does not exist, there are 1 (0 to 0)", NULL},
		{"vale0:a", 0, NETMAP_SW_RING, EINVAL, "vale0:a has no host rings", NULL},
		{"vale0:a", NR_REG_ONE_NIC, NETMAP_DO_RX_POLL, 0, NULL, "vale0:a"},
		{"vale0:a", 15, 0, EINVAL, "vale0:a: mode 15 is unknown", NULL},
		{"vale0:a", NR_REG_ALL_NIC | NR_MONITOR_RX, 0, EINVAL,
		    "vale0:a can't be monitored: no program and no switch has it open; open it first", NULL},
		{"p", NR_REG_PIPE_MASTER, 7, 0, NULL, "p{7"},
		{"p", NR_REG_PIPE_SLAVE, 4095, 0, NULL, "p}4095"},
		{"p{q", NR_REG_ALL_NIC, 0, 0, NULL, "p{q"},
		{"nosuchif0", NR_REG_ALL_NIC, 0, ENXIO, "there is no interface nosuchif0; a switch port is called valeX:PORT, a pipe NAME{ID", NULL},
	};
	struct nmreq_pools_info i;
	int probe = ctl_open();
	size_t k;

	for (k = 0; k < sizeof(t) / sizeof(t[0]); k++) {
		struct nmreq r = {.nr_version = 11, .nr_flags = t[k].flags, .nr_ringid = t[k].ringid};
		int fd = ctl_open();

		snprintf(r.nr_name, sizeof(r.nr_name), "%s", t[k].name);
		ctl_legacy(fd, &r, 1, t[k].err, t[k].text);
		if (t[k].port)
			ctl_expect(probe, NETMAP_REQ_POOLS_INFO_GET, t[k].port, &i, NULL, 0, NULL);
		ctl_check(!strcmp(r.nr_name, t[k].name));
		close(fd);
	}
}

static void
unterminated_name(void)
{
	struct nmreq r = {.nr_version = 14, .nr_flags = NR_REG_ALL_NIC};
	struct nmreq_pools_info i;
	int fd = ctl_open();

	memcpy(r.nr_name, "vale0:abcdefghijklm", sizeof(r.nr_name));
	ctl_legacy(fd, &r, 1, 0, NULL);
	ctl_expect(fd, NETMAP_REQ_POOLS_INFO_GET, "vale0:abcdefghi", &i, NULL, 0, NULL);
	close(fd);
}

int
main(void)
{
	versions();
	outputs();
	modes();
	unterminated_name();
	return ctl_done();
}
