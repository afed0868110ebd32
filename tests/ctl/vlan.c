/* SPDX-License-Identifier: BSD-2-Clause */
/* VLAN: modes of ports, what is refused, and that frames go by them. */
#include "ctl.h"

#include <libnetmap.h>
#include <net/netmap_user.h>

static struct nmreq_vlan vlan;

static void
set(int fd, const char *name, uint16_t mode, uint16_t vid, int allow)
{
	vlan = (struct nmreq_vlan){.nr_op = NM_POLICY_SET, .nr_mode = mode, .nr_vid = vid};
	if (allow)
		vlan.nr_allowed[allow / 8] = (uint8_t)(1 << allow % 8);
	ctl_expect(fd, NETMAP_REQ_VLAN, name, &vlan, NULL, 0, NULL);
}

static void
refused(int fd, uint16_t mode, uint16_t vid, int allow, const char *text)
{
	vlan = (struct nmreq_vlan){.nr_op = NM_POLICY_SET, .nr_mode = mode, .nr_vid = vid};
	if (allow >= 0)
		vlan.nr_allowed[allow / 8] = (uint8_t)(1 << allow % 8);
	ctl_expect(fd, NETMAP_REQ_VLAN, "vale0:a", &vlan, NULL, EINVAL, text);
}

/* The next frame's length, 0 if there is none; *tci of its tag, -1: it has none. */
static uint32_t
receive(struct nmport_d *p, int *tci)
{
	struct netmap_ring *r = NETMAP_RXRING(p->nifp, 0);
	const uint8_t *b;
	uint32_t len;

	ctl_equal(ioctl(p->fd, NIOCRXSYNC, NULL), 0);
	if (nm_ring_empty(r))
		return 0;
	b = (const uint8_t *)NETMAP_BUF(r, r->slot[r->head].buf_idx);
	len = r->slot[r->head].len;
	*tci = b[12] == 0x81 && b[13] == 0 ? b[14] << 8 | b[15] : -1;
	r->head = r->cur = nm_ring_next(r, r->head);
	return len;
}

static void
send_frame(struct nmport_d *p, int tci)
{
	uint8_t frame[60] = {255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 0};

	if (tci >= 0) {
		frame[12] = 0x81;
		frame[13] = 0;
		frame[14] = (uint8_t)(tci >> 8);
		frame[15] = (uint8_t)tci;
	}
	ctl_equal(nmport_inject(p, frame, sizeof(frame)), sizeof(frame));
	ctl_equal(ioctl(p->fd, NIOCTXSYNC, NULL), 0);
}

int
main(void)
{
	struct nmport_d *a = nmport_open("vale0:a"), *b = nmport_open("vale0:b"), *c = nmport_open("vale0:c"), *t = nmport_open("vale0:t");
	struct nmreq_stats st = {.nr_scope = NM_STATS_PORT};
	int fd = ctl_open(), tci = 0;

	if (!a || !b || !c || !t)
		return 1;
	ctl_expect(fd, NETMAP_REQ_VLAN, "vale0:a", &vlan, NULL, 0, NULL);
	ctl_equal(vlan.nr_mode, NM_VLAN_NONE);
	ctl_expect(fd, NETMAP_REQ_VLAN, "vale0:zzz", &vlan, NULL, ENXIO, "there is no port vale0:zzz; see: vale-ctl list");
	ctl_expect(fd, NETMAP_REQ_VLAN, "vale0", &vlan, NULL, ENXIO, "there is no port vale0; see: vale-ctl list");
	vlan.nr_op = 5;
	ctl_expect(fd, NETMAP_REQ_VLAN, "vale0:a", &vlan, NULL, EINVAL, "vale0:a: operation 5 is unknown; 0 looks, 1 changes");
	vlan.nr_op = 1;
	vlan.nr_reserved[0] = 3;
	ctl_expect(fd, NETMAP_REQ_VLAN, "vale0:a", &vlan, NULL, EINVAL, "vale0:a: the reserved fields are 0x3 and 0x0, not 0");
	refused(fd, NM_VLAN_ACCESS, 0, -1, "vale0:a: VLAN 0 is out of 1 to 4094");
	refused(fd, NM_VLAN_ACCESS, 4095, -1, "vale0:a: VLAN 4095 is out of 1 to 4094");
	refused(fd, NM_VLAN_ACCESS, 7, 9, "vale0:a: an access port is in VLAN 7 alone; a set of VLANs is for trunks");
	refused(fd, NM_VLAN_TRUNK, 65535, 9, "vale0:a: native VLAN 65535 is out of 1 to 4094 (0: none)");
	refused(fd, NM_VLAN_TRUNK, 1, 0, "vale0:a: VLAN 0 can't be allowed, 1 to 4094 can");
	refused(fd, NM_VLAN_TRUNK, 1, 4095, "vale0:a: VLAN 4095 can't be allowed, 1 to 4094 can");
	refused(fd, NM_VLAN_TRUNK, 0, -1, "vale0:a: a trunk without any VLAN would pass nothing; allow some or give a native one");
	refused(fd, NM_VLAN_NONE, 1, -1, "~mode 0 (none) has none");
	refused(fd, 77, 1, -1, "vale0:a: VLAN mode 77 is unknown; 0 is none, 1 access, 2 trunk");
	set(fd, "vale0:a", NM_VLAN_ACCESS, 10, 0);
	set(fd, "vale0:b", NM_VLAN_ACCESS, 10, 0);
	set(fd, "vale0:t", NM_VLAN_TRUNK, 20, 10);
	memset(&vlan, 0, sizeof(vlan));
	ctl_expect(fd, NETMAP_REQ_VLAN, "vale0:t", &vlan, NULL, 0, NULL);
	ctl_equal(vlan.nr_mode, NM_VLAN_TRUNK);
	ctl_equal(vlan.nr_vid, 20);
	ctl_equal(vlan.nr_allowed[1], 4);
	send_frame(a, -1);
	ctl_equal(receive(b, &tci), 60);
	ctl_equal(tci, -1);
	ctl_equal(receive(t, &tci), 64);
	ctl_equal(tci, 10);
	ctl_equal(receive(c, &tci), 0);
	send_frame(t, 10);
	ctl_equal(receive(a, &tci), 56);
	ctl_equal(tci, -1);
	ctl_equal(receive(c, &tci), 0);
	send_frame(a, 11);
	ctl_equal(receive(c, &tci), 0);
	ctl_equal(receive(t, &tci), 0);
	ctl_expect(fd, NETMAP_REQ_STATS_GET, "vale0:a", &st, NULL, 0, NULL);
	ctl_equal(st.nr_counter[NM_STAT_drop_vlan], 1);
	set(fd, "vale0:a", NM_VLAN_NONE, 0, 0);
	send_frame(a, 10);
	ctl_equal(receive(c, &tci), 60);
	ctl_equal(tci, 10);
	ctl_equal(receive(t, &tci), 0);
	nmport_close(a);
	nmport_close(b);
	nmport_close(c);
	nmport_close(t);
	return ctl_done();
}
