/* SPDX-License-Identifier: BSD-2-Clause */
/* LOSSLESS: a sender keeps what its receiver has no room for, is woken when there is some, and loses nothing. */
#include "ctl.h"

#include <libnetmap.h>
#include <net/netmap_user.h>
#include <poll.h>
#include <pthread.h>

static struct nmreq_lossless req;
static const uint8_t to_b[60] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};

static void
set(int fd, const char *name, uint32_t on, int err, const char *text)
{
	req = (struct nmreq_lossless){.nr_op = NM_POLICY_SET, .nr_on = on};
	ctl_expect(fd, NETMAP_REQ_LOSSLESS, name, &req, NULL, err, text);
}

static uint64_t
counter(int fd, const char *name, int i)
{
	struct nmreq_stats st = {.nr_scope = NM_STATS_PORT};

	ctl_expect(fd, NETMAP_REQ_STATS_GET, name, &st, NULL, 0, NULL);
	return st.nr_counter[i];
}

/* Fills the transmit ring with numbered frames, up to number `end`; how many. */
static uint32_t
fill(struct nmport_d *p, uint32_t *number, uint32_t end)
{
	struct netmap_ring *r = NETMAP_TXRING(p->nifp, 0);
	uint32_t n = 0;

	for (; !nm_ring_empty(r) && *number < end; n++) {
		struct netmap_slot *s = &r->slot[r->head];
		char *b = NETMAP_BUF(r, s->buf_idx);

		memcpy(b, to_b, sizeof(to_b));
		memcpy(b + 20, number, 4);
		++*number;
		s->len = sizeof(to_b);
		s->flags = 0;
		r->head = r->cur = nm_ring_next(r, r->head);
	}
	return n;
}

/* Takes all that is there, which is numbered from *number on. */
static void
take(struct nmport_d *p, uint32_t *number)
{
	struct netmap_ring *r = NETMAP_RXRING(p->nifp, 0);

	for (; !nm_ring_empty(r); r->head = r->cur = nm_ring_next(r, r->head)) {
		uint32_t got;

		memcpy(&got, NETMAP_BUF(r, r->slot[r->head].buf_idx) + 20, 4);
		ctl_equal(got, *number);
		++*number;
	}
}

#define FRAMES 100000u

/* b's program: takes its time now and then, and sleeps when nothing is there. */
static void *
receiver(void *arg)
{
	struct nmport_d *b = arg;
	struct pollfd f = {.fd = b->fd, .events = POLLIN};
	uint32_t seen = 0, round = 0;

	while (seen < FRAMES) {
		if (poll(&f, 1, 20000) != 1) {
			ctl_check(!"frames come");
			break;
		}
		take(b, &seen);
		if (++round % 64 == 0)
			usleep(1000); /* a's ring fills up meanwhile */
	}
	ctl_equal(ioctl(b->fd, NIOCRXSYNC, NULL), 0);
	ctl_equal(seen, FRAMES);
	return NULL;
}

/* Publishes all; false if the ring has no free slot then. */
static int
room(struct nmport_d *p, int timeout_ms)
{
	struct pollfd f = {.fd = p->fd, .events = POLLOUT};

	return poll(&f, 1, timeout_ms) == 1 && (f.revents & POLLOUT);
}

int
main(void)
{
	struct nmport_d *a = nmport_open("vale0:a"), *b, *c;
	uint8_t frame[60] = {255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 2};
	uint32_t sent = 0, rounds;
	int fd = ctl_open();
	pthread_t thread;

	b = nmport_prepare("vale0:b");
	if (!a || !b)
		return 1;
	b->reg.nr_rx_slots = 64;
	if (nmport_open_desc(b) || !(c = nmport_open("vale0:c")))
		return 1;
	ctl_equal(nmport_inject(b, frame, sizeof(frame)), sizeof(frame));
	ctl_equal(ioctl(b->fd, NIOCTXSYNC, NULL), 0);
	set(fd, "vale0", 2, EINVAL, "vale0: nr_on is 2, 0 (off) and 1 (on) are possible");
	set(fd, "vale7", 1, ENXIO, "there is no switch vale7; see: vale-ctl list");
	set(fd, "vale0:z", 1, ENXIO, "there is no port vale0:z; see: vale-ctl list");
	req = (struct nmreq_lossless){.nr_op = 2};
	ctl_expect(fd, NETMAP_REQ_LOSSLESS, "vale0", &req, NULL, EINVAL, "vale0: operation 2 is unknown; 0 looks, 1 changes");
	req = (struct nmreq_lossless){.nr_reserved = {0, 4}};
	ctl_expect(fd, NETMAP_REQ_LOSSLESS, "vale0", &req, NULL, EINVAL, "vale0: the reserved fields are 0x0 and 0x4, not 0");
	set(fd, "vale0:b", 1, 0, NULL);
	req = (struct nmreq_lossless){.nr_op = NM_POLICY_GET};
	ctl_expect(fd, NETMAP_REQ_LOSSLESS, "vale0:b", &req, NULL, 0, NULL);
	ctl_equal(req.nr_on, 1);
	ctl_expect(fd, NETMAP_REQ_LOSSLESS, "vale0", &req, NULL, 0, NULL);
	ctl_equal(req.nr_on, 0);

	/* b takes nothing: a's ring fills up, and a sync does not wait for it */
	for (rounds = 0; rounds < 1000 && (fill(a, &sent, FRAMES) || rounds < 3); rounds++)
		ctl_equal(ioctl(a->fd, NIOCTXSYNC, NULL), 0);
	ctl_check(rounds < 1000);
	ctl_equal(room(a, 0), 0);
	ctl_equal(counter(fd, "vale0:a", NM_STAT_forwarded), 63);
	ctl_equal(counter(fd, "vale0:a", NM_STAT_drop_no_space), 0);
	/* it takes some: a is woken, and nothing is lost or out of order */
	ctl_equal(pthread_create(&thread, NULL, receiver, b), 0);
	while (sent < FRAMES) {
		ctl_check(room(a, 20000));
		if (!fill(a, &sent, FRAMES))
			break;
	}
	while (nm_tx_pending(NETMAP_TXRING(a->nifp, 0))) /* where a program's own calls move its frames, nobody else does */
		ctl_equal(ioctl(a->fd, NIOCTXSYNC, NULL), 0);
	ctl_equal(pthread_join(thread, NULL), 0);
	ctl_equal(counter(fd, "vale0:a", NM_STAT_drop_no_space), 0);
	ctl_equal(counter(fd, "vale0:a", NM_STAT_tx_packets), FRAMES);
	ctl_equal(counter(fd, "vale0:b", NM_STAT_rx_packets), FRAMES);
	/* b goes: what waits has no destination any more, and a goes on */
	for (rounds = 0; rounds < 1000 && (fill(a, &sent, UINT32_MAX) || rounds < 3); rounds++)
		ctl_equal(ioctl(a->fd, NIOCTXSYNC, NULL), 0);
	ctl_equal(room(a, 0), 0);
	nmport_close(b);
	ctl_equal(room(a, 20000), 1);
	nmport_close(a);
	nmport_close(c);
	return ctl_done();
}
