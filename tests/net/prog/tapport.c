/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tapport.c - a TAP device and a switch port, tied together until SIGINT.
 *
 *	tapport PORT TAP HEADER		HEADER: bytes of virtio-net header on both, 0, 10 or 12; with one, the host leaves checksums
 *					and the cutting of merged frames to the TAP
 *
 * Prints what passed: frames each way, the longest, and how many asked for something. Frames wait in the TAP while the port has no room.
 */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#define LONGEST (12u + 14u + 65535u) /* bytes */

struct count {
	uint64_t frames, merged, checksums, failed;
	uint32_t longest;
};

static volatile sig_atomic_t ended;
static char frame[LONGEST];
static uint32_t header;

static void
set_header(struct nmport_d *d)
{
	struct nmreq_port_hdr h = {.nr_hdr_len = header};
	struct nmreq_header r = d->hdr;

	r.nr_reqtype = NETMAP_REQ_PORT_HDR_SET;
	r.nr_options = 0;
	r.nr_body = (uintptr_t)&h;
	CHECK(!ioctl(d->fd, NIOCCTRL, &r), "%s: a header of %u bytes: %s", d->hdr.nr_name, header, strerror(errno));
}

static int
open_tap(const char *name)
{
	struct ifreq r = {.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | (header ? IFF_VNET_HDR : 0))};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK), bytes = (int)header;

	CHECK(fd >= 0, "/dev/net/tun: %s", strerror(errno));
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	CHECK(!ioctl(fd, TUNSETIFF, &r), "%s: can't be made: %s", name, strerror(errno));
	if (header) {
		CHECK(!ioctl(fd, TUNSETVNETHDRSZ, &bytes), "%s: a header of %d bytes: %s", name, bytes, strerror(errno));
		CHECK(!ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN), "%s: no offloads: %s", name, strerror(errno));
	}
	return fd;
}

/* Looks at a frame in `frame`. */
static void
note(struct count *c, uint32_t len)
{
	struct virtio_net_hdr h = {0};

	memcpy(&h, frame, header < sizeof(h) ? header : sizeof(h));
	c->frames++;
	c->merged += h.gso_type != VIRTIO_NET_HDR_GSO_NONE;
	c->checksums += (h.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0;
	if (len - header > c->longest)
		c->longest = len - header;
}

/* Slots that the longest frame takes, and one more. */
static uint32_t
most_slots(const struct netmap_ring *r)
{
	return LONGEST / r->nr_buf_size + 2;
}

/* What the host sends, as long as there is room; true if something was put. */
static bool
from_tap(int fd, struct netmap_ring *r, struct count *c)
{
	uint32_t i = r->head, at, n;
	ssize_t len;
	bool any = false;

	while (nm_ring_space(r) >= most_slots(r) && (len = read(fd, frame, sizeof(frame))) > 0) {
		note(c, (uint32_t)len);
		for (at = 0; at < (uint32_t)len; at += n, i = common_next(r, i)) {
			n = (uint32_t)len - at < r->nr_buf_size ? (uint32_t)len - at : r->nr_buf_size;
			memcpy(common_buf(r, i), frame + at, n);
			r->slot[i].len = (uint16_t)n;
			r->slot[i].flags = at + n < (uint32_t)len ? NS_MOREFRAG : 0;
		}
		r->head = r->cur = i;
		any = true;
	}
	return any;
}

static void
to_tap(int fd, struct netmap_ring *r, struct count *c)
{
	uint32_t i = r->head, len = 0;

	for (; i != r->tail; i = common_next(r, i)) {
		CHECK(len + r->slot[i].len <= LONGEST, "a frame longer than %u bytes came", LONGEST);
		memcpy(frame + len, common_buf(r, i), r->slot[i].len);
		len += r->slot[i].len;
		if (r->slot[i].flags & NS_MOREFRAG)
			continue;
		note(c, len);
		if (write(fd, frame, len) != (ssize_t)len)
			c->failed++; /* as while the device is down */
		len = 0;
	}
	CHECK(!len, "a frame came without its last slot");
	r->head = r->cur = i;
}

static void
tell(const char *way, const struct count *c)
{
	printf("\"%s_frames\": %llu, \"%s_longest\": %u, \"%s_merged\": %llu, \"%s_checksums\": %llu, \"%s_failed\": %llu", way,
	    (unsigned long long)c->frames, way, c->longest, way, (unsigned long long)c->merged, way, (unsigned long long)c->checksums, way,
	    (unsigned long long)c->failed);
}

int
main(int argc, char **argv)
{
	struct count sent = {0}, received = {0};
	struct netmap_ring *tx, *rx;
	struct nmport_d *d;
	bool room, frames = true;
	int fd;

	CHECK(argc == 4, "usage: tapport PORT TAP HEADER");
	header = (uint32_t)atoi(argv[3]);
	common_catch(SIGINT, &ended);
	d = common_open(argv[1], 0);
	set_header(d);
	fd = open_tap(argv[2]);
	tx = NETMAP_TXRING(d->nifp, 0);
	rx = NETMAP_RXRING(d->nifp, 0);
	CHECK(most_slots(tx) < tx->num_slots, "%s: %u slots hold no frame of %u bytes", argv[1], tx->num_slots, LONGEST);
	printf("ready\n");
	fflush(stdout);
	while (!ended) {
		room = nm_ring_space(tx) >= most_slots(tx);
		/* while there is no room, cur is where there will be */
		tx->cur = room ? tx->head : tx->tail;
		frames = common_wait_or(d, room ? POLLIN : POLLIN | POLLOUT, room ? fd : -1);
		if (frames && from_tap(fd, tx, &sent))
			common_txsync(d);
		to_tap(fd, rx, &received);
	}
	printf("{");
	tell("sent", &sent);
	printf(", ");
	tell("received", &received);
	printf("}\n");
	nmport_close(d);
	return 0;
}
