/* SPDX-License-Identifier: BSD-2-Clause */
/* NIOCREGIF with nr_cmd, and NIOCGINFO. */
#include "ctl.h"

static void
commands(int fd)
{
	static const struct { uint16_t cmd; const char *name; uint16_t arg1; uint32_t flags; int err; const char *text; } t[] = {
		{NETMAP_BDG_ATTACH, "eth0", 0, 0, EINVAL, "~eth0"},
		{NETMAP_BDG_ATTACH, "vale1:nosuchif", NETMAP_BDG_HOST, 0, ENXIO, "~nosuchif"},
		{NETMAP_BDG_DETACH, "vale1:nosuchif", 0, 0, ENXIO, "~vale1:nosuchif"},
		{NETMAP_BDG_REGOPS, "vale0:a", 0, 0, EINVAL, "command 3 of NIOCREGIF is unknown"},
		{NETMAP_BDG_LIST, "vale0:a", 0, 0, EINVAL, "command 4 of NIOCREGIF is unknown"},
		{NETMAP_BDG_VNET_HDR, "vale0:a", 0, 0, 0, NULL},
		{NETMAP_BDG_VNET_HDR, "vale0:a", 5, 0, EINVAL, "vale0:a: a header of 5 bytes can't be set; switch ports have 0, 10 or 12"},
		{NETMAP_VNET_HDR_GET, "vale0:a", 0, 0, 0, NULL},
		{NETMAP_VNET_HDR_GET, "vale0:b", 0, 0, ENXIO, "there is no port vale0:b; see: vale-ctl list"},
		{NETMAP_BDG_NEWIF, "vale7", 0, 0, EINVAL, "~vale7"},
		{NETMAP_BDG_DELIF, "nosuchif", 0, 0, ENXIO, "~nosuchif"},
		{NETMAP_PT_HOST_CREATE, "vale0:a", 0, 0, EINVAL, "command 8 of NIOCREGIF is unknown"},
		{NETMAP_PT_HOST_DELETE, "vale0:a", 0, 0, EINVAL, "command 9 of NIOCREGIF is unknown"},
		{NETMAP_BDG_POLLING_ON, "vale0:a", 1, NR_REG_ALL_NIC, EOPNOTSUPP, "vale0:a: only interfaces are polled, this is the port of a program"},
		{NETMAP_BDG_POLLING_OFF, "vale0:a", 1, NR_REG_ONE_NIC, EOPNOTSUPP, "vale0:a: only interfaces are polled, this is the port of a program"},
		{NETMAP_BDG_POLLING_ON, "vale0:a", 1, NR_REG_SW, EINVAL, "vale0:a: polling of mode 2 is unknown"},
		{13, "vale0:a", 0, 0, EINVAL, "command 13 of NIOCREGIF is unknown"},
		{65535, "vale0:a", 0, 0, EINVAL, "command 65535 of NIOCREGIF is unknown"},
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct nmreq r = {.nr_version = 11, .nr_cmd = t[i].cmd, .nr_arg1 = t[i].arg1, .nr_flags = t[i].flags};

		snprintf(r.nr_name, sizeof(r.nr_name), "%s", t[i].name);
		ctl_legacy(fd, &r, 1, t[i].err, t[i].text);
		if (!t[i].err)
			ctl_equal(r.nr_arg1, 0);
	}
}

static void
info(int fd)
{
	struct nmreq r = {.nr_name = "vale0:new", .nr_version = 11, .nr_tx_slots = 9, .nr_flags = 0x55};

	ctl_legacy(fd, &r, 0, 0, NULL);
	ctl_equal(r.nr_tx_rings, 1);
	ctl_check(r.nr_tx_slots >= 1024 && r.nr_memsize && r.nr_arg2 > 1);
	ctl_equal(r.nr_flags, 0x55);
	r = (struct nmreq){.nr_version = 14, .nr_tx_slots = 9, .nr_rx_rings = 8};
	ctl_legacy(fd, &r, 0, 0, NULL); /* no name: the memory alone */
	ctl_equal(r.nr_memsize, 343019520);
	ctl_equal(r.nr_arg2, 1);
	ctl_equal(r.nr_tx_slots, 9);
	ctl_equal(r.nr_rx_rings, 8);
	r = (struct nmreq){.nr_name = "nosuchif0", .nr_version = 14};
	ctl_legacy(fd, &r, 0, ENXIO, "there is no interface nosuchif0; a switch port is called valeX:PORT, a pipe NAME{ID");
	r = (struct nmreq){.nr_name = "vale0:a", .nr_version = 10};
	ctl_legacy(fd, &r, 0, EINVAL, "API version 10 is not supported, 11 and later are");
}

static void
list(int fd)
{
	struct nmreq r = {.nr_version = 14, .nr_cmd = NETMAP_BDG_LIST};

	ctl_legacy(fd, &r, 0, 0, NULL);
	ctl_check(!strcmp(r.nr_name, "vale0:a"));
	ctl_equal(r.nr_arg1, 0);
	ctl_equal(r.nr_arg2, 0);
	r.nr_arg2++;
	r.nr_name[0] = 0;
	ctl_legacy(fd, &r, 0, ENOENT, "no more ports");
	r = (struct nmreq){.nr_version = 14, .nr_cmd = NETMAP_BDG_LIST, .nr_name = "vale0:zz"};
	ctl_legacy(fd, &r, 0, 0, NULL);
	ctl_equal(r.nr_arg2, 255);
	r = (struct nmreq){.nr_version = 14, .nr_cmd = NETMAP_BDG_LIST, .nr_name = "eth0"};
	ctl_legacy(fd, &r, 0, EINVAL, "eth0 is no name of a switch or its port");
}

int
main(void)
{
	int fd = ctl_open(), port = ctl_register("vale0:a");

	commands(fd);
	info(fd);
	list(fd);
	close(port);
	return ctl_done();
}
