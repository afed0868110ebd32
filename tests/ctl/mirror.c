/* SPDX-License-Identifier: BSD-2-Clause */
/* MIRROR: copies of a port's frames to another. */
#include "ctl.h"

#include <libnetmap.h>
#include <net/netmap_user.h>

static struct nmreq_mirror req;

static void
set(int fd, const char *name, uint32_t dirs, const char *to, int err, const char *text)
{
	req = (struct nmreq_mirror){.nr_op = NM_POLICY_SET, .nr_dirs = dirs};
	snprintf(req.nr_to, sizeof(req.nr_to), "%s", to);
	ctl_expect(fd, NETMAP_REQ_MIRROR, name, &req, NULL, err, text);
}

static void
send_frame(struct nmport_d *p, uint8_t dst, uint8_t src)
{
	uint8_t frame[60] = {dst == 255 ? 255 : 2, 255, 255, 255, 255, dst, 2, 255, 255, 255, 255, src};

	ctl_equal(nmport_inject(p, frame, sizeof(frame)), sizeof(frame));
	ctl_equal(ioctl(p->fd, NIOCTXSYNC, NULL), 0);
}

/* Frames that are there, all of which are taken. */
static uint32_t
drain(struct nmport_d *p)
{
	struct netmap_ring *r = NETMAP_RXRING(p->nifp, 0);
	uint32_t n;

	ctl_equal(ioctl(p->fd, NIOCRXSYNC, NULL), 0);
	n = nm_ring_space(r);
	r->head = r->cur = r->tail;
	ctl_equal(ioctl(p->fd, NIOCRXSYNC, NULL), 0);
	return n;
}

int
main(void)
{
	struct nmport_d *a = nmport_open("vale0:a"), *b = nmport_open("vale0:b"), *m = nmport_open("vale0:m"), *x = nmport_open("vale1:x");
	struct nmreq_stats st = {.nr_scope = NM_STATS_PORT};
	struct nmreq_vlan vlan = {.nr_op = NM_POLICY_SET, .nr_mode = NM_VLAN_ACCESS, .nr_vid = 3};
	int fd = ctl_open();

	if (!a || !b || !m || !x)
		return 1;
	set(fd, "vale0:a", 1, "vale0:a", EINVAL, "vale0:a can't be its own mirror");
	set(fd, "vale0:a", 1, "vale1:x", EINVAL, "vale0:a and vale1:x are not of the same switch");
	set(fd, "vale0:a", 8, "vale0:m", EINVAL, "vale0:a: directions 0x8 are unknown; 1 is sent, 2 received, 3 both");
	set(fd, "vale0:a", 0, "vale0:m", EINVAL, "vale0:a: no direction is given for copies to vale0:m; 1 is sent, 2 received, 3 both");
	set(fd, "vale0:a", 1, "vale0:q", ENXIO, "there is no port vale0:q; see: vale-ctl list");
	set(fd, "vale0:q", 1, "vale0:m", ENXIO, "there is no port vale0:q; see: vale-ctl list");
	req = (struct nmreq_mirror){.nr_op = 4};
	ctl_expect(fd, NETMAP_REQ_MIRROR, "vale0:a", &req, NULL, EINVAL, "vale0:a: operation 4 is unknown; 0 looks, 1 changes");
	send_frame(a, 255, 1);
	send_frame(b, 255, 2);
	drain(a);
	drain(b);
	drain(m);
	set(fd, "vale0:a", NM_MIRROR_TX, "vale0:m", 0, NULL);
	send_frame(a, 2, 1);
	send_frame(b, 1, 2);
	ctl_equal(drain(m), 1);
	set(fd, "vale0:a", NM_MIRROR_TX | NM_MIRROR_RX, "vale0:m", 0, NULL);
	send_frame(a, 2, 1);
	send_frame(b, 1, 2);
	ctl_equal(drain(m), 2);
	ctl_equal(drain(a), 2);
	ctl_equal(drain(b), 2);
	ctl_expect(fd, NETMAP_REQ_STATS_GET, "vale0:a", &st, NULL, 0, NULL);
	ctl_equal(st.nr_counter[NM_STAT_mirrored], 2);
	ctl_equal(st.nr_counter[NM_STAT_forwarded], 4);
	ctl_expect(fd, NETMAP_REQ_VLAN, "vale0:m", &vlan, NULL, EBUSY, "~gets copies of frames of all VLANs");
	ctl_expect(fd, NETMAP_REQ_VLAN, "vale0:b", &vlan, NULL, 0, NULL);
	set(fd, "vale0:a", NM_MIRROR_TX, "vale0:b", EINVAL, "~vale0:b is in VLANs and would get copies of frames of others");
	req = (struct nmreq_mirror){.nr_op = NM_POLICY_GET};
	ctl_expect(fd, NETMAP_REQ_MIRROR, "vale0:a", &req, NULL, 0, NULL);
	ctl_equal(req.nr_dirs, 3);
	ctl_equal(strcmp(req.nr_to, "vale0:m"), 0);
	nmport_close(m);
	ctl_expect(fd, NETMAP_REQ_MIRROR, "vale0:a", &req, NULL, 0, NULL);
	ctl_equal(req.nr_dirs, 0);
	nmport_close(a);
	nmport_close(b);
	nmport_close(x);
	return ctl_done();
}
