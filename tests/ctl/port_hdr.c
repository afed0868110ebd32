/* SPDX-License-Identifier: BSD-2-Clause */
/* PORT_HDR_SET and PORT_HDR_GET, and who may open a port whose frames have a header. */
#include "ctl.h"

static const char not_accepted[] =
    "vale0:a: its frames begin with a virtio-net header of 12 bytes; programs that know such say so by the flag 0x8000 (NR_ACCEPT_VNET_HDR)";
static int fd, port;

static void
set(const char *name, uint32_t len, int error, const char *text)
{
	struct nmreq_port_hdr h = {.nr_hdr_len = len, .pad1 = 3}; /* not looked at */

	ctl_expect(fd, NETMAP_REQ_PORT_HDR_SET, name, &h, NULL, error, text);
}

static void
get(const char *name, uint32_t len)
{
	struct nmreq_port_hdr h = {.nr_hdr_len = 77, .pad1 = 3};

	ctl_expect(fd, NETMAP_REQ_PORT_HDR_GET, name, &h, NULL, 0, NULL);
	ctl_equal(h.nr_hdr_len, len);
}

/* Those who don't accept a header are refused, by requests of either kind. */
static void
openers(void)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nmreq old = {.nr_version = NETMAP_API, .nr_name = "vale0:a"};
	int other = ctl_open();

	ctl_expect(other, NETMAP_REQ_REGISTER, "vale0:a", &reg, NULL, EIO, not_accepted);
	ctl_legacy(other, &old, 1, EIO, not_accepted);
	old.nr_flags = NR_REG_ALL_NIC | NR_ACCEPT_VNET_HDR;
	ctl_legacy(other, &old, 1, 0, NULL);
	close(other);
	other = ctl_open();
	reg.nr_flags = NR_ACCEPT_VNET_HDR;
	ctl_expect(other, NETMAP_REQ_REGISTER, "vale0:a", &reg, NULL, 0, NULL);
	close(other);
	set("vale0:a", 0, 0, NULL);
	other = ctl_register("vale0:a");
	close(other);
	get("vale0:a", 0);
}

/* A port in VLANs may have one, whichever comes first. */
static void
in_vlans(void)
{
	struct nmreq_vlan v = {.nr_op = NM_POLICY_SET, .nr_mode = NM_VLAN_ACCESS, .nr_vid = 5};

	set("vale0:a", 12, 0, NULL);
	ctl_expect(fd, NETMAP_REQ_VLAN, "vale0:a", &v, NULL, 0, NULL);
	get("vale0:a", 12);
	set("vale0:a", 0, 0, NULL);
	set("vale0:a", 10, 0, NULL);
	v.nr_mode = v.nr_vid = 0;
	ctl_expect(fd, NETMAP_REQ_VLAN, "vale0:a", &v, NULL, 0, NULL);
	get("vale0:a", 10);
}

int
main(void)
{
	static const uint32_t bad[] = {1, 9, 11, 13, 14, 16, 24, 0x80000000u, UINT32_MAX};
	struct nmreq_port_hdr h = {.nr_hdr_len = 0};
	char text[128];
	uint32_t i;
	int pipe;

	fd = ctl_open();
	set("vale0:a", 0, ENXIO, "there is no port vale0:a; see: vale-ctl list");
	ctl_expect(fd, NETMAP_REQ_PORT_HDR_GET, "vale0:a", &h, NULL, ENXIO, "there is no port vale0:a; see: vale-ctl list");
	port = ctl_register("vale0:a");
	get("vale0:a", 0);
	set("vale0:a", 0, 0, NULL);
	set("vale0:a", 10, 0, NULL);
	get("vale0:a", 10);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "vale0:a: a header of %u bytes can't be set; switch ports have 0, 10 or 12", bad[i]);
		set("vale0:a", bad[i], EINVAL, text);
		get("vale0:a", 10);
	}
	set("vale0:a", 12, 0, NULL);
	get("vale0:a", 12);
	openers();
	pipe = ctl_register("x{1");
	set("x{1", 12, EINVAL, "x{1: a header of 12 bytes can't be set, only ports of a switch have virtio-net headers");
	set("x{1", 0, EINVAL, "x{1: a header of 0 bytes can't be set, only ports of a switch have virtio-net headers");
	get("x}1", 0);
	in_vlans();
	close(port);
	port = ctl_register("vale0:a"); /* another one of this name: made anew */
	get("vale0:a", 0);
	close(port);
	close(pipe);
	return ctl_done();
}
