/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs of netmap_user.h alone: nm_open and its family, as captures, replayers and hypervisors use them. */
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "own_engine.h"
#include "said.h"

#define FRAMES 20000u

struct tally {
	uint32_t next, lost, more, bad;
	struct timeval first;
};

static void
frame_make(unsigned char *f, uint32_t n, size_t len)
{
	memset(f, 0xff, 6);
	memset(f + 6, 6, len - 6);
	memcpy(f + 20, &n, sizeof(n));
}

/* What a capture does in its callback. */
static void
see(u_char *arg, const struct nm_pkthdr *h, const u_char *buf)
{
	struct tally *t = (struct tally *)(void *)arg;
	uint32_t n;

	memcpy(&n, buf + 20, sizeof(n));
	if (h->len != 60 || h->caplen != 60 || n < t->next || h->ts.tv_sec == 0)
		t->bad++;
	if (!t->first.tv_sec)
		t->first = h->ts;
	t->lost += n - t->next;
	t->next = n + 1;
	t->more += (h->flags & NM_MORE_PKTS) != 0;
}

static void *
capture(void *arg)
{
	static struct tally t;
	struct nm_desc *d = arg;
	struct pollfd p = {.fd = NETMAP_FD(d), .events = POLLIN};

	while (t.next < FRAMES && poll(&p, 1, 20000) > 0 && !(p.revents & POLLERR))
		nm_dispatch(d, -1, see, (u_char *)&t);
	return &t;
}

/* Over a pipe, so that nothing may be lost. The sender never calls anything but nm_inject and poll. */
static void
replay_and_capture(void **state)
{
	struct nm_desc *tx = nm_open("netmap:x{3", NULL, 0, NULL), *rx = nm_open("netmap:x}3", NULL, 0, NULL);
	struct pollfd p = {.events = POLLOUT};
	unsigned char frame[60];
	struct timeval now;
	pthread_t thread;
	struct tally *t;
	uint32_t i = 0;

	(void)state;
	assert_true(IS_NETMAP_DESC(tx) && IS_NETMAP_DESC(rx));
	assert_int_equal(tx->req.nr_arg2, rx->req.nr_arg2);
	p.fd = tx->fd;
	pthread_create(&thread, NULL, capture, rx);
	while (i < FRAMES) {
		frame_make(frame, i, sizeof(frame));
		if (nm_inject(tx, frame, sizeof(frame)) == (int)sizeof(frame))
			i++;
		else
			assert_int_equal(poll(&p, 1, 20000), 1);
	}
	while (nm_tx_pending(NETMAP_TXRING(tx->nifp, 0)))
		assert_int_equal(ioctl(tx->fd, NIOCTXSYNC, NULL), 0);
	pthread_join(thread, (void **)&t);
	assert_int_equal(t->next, FRAMES);
	assert_int_equal(t->lost, 0);
	assert_int_equal(t->bad, 0);
	assert_int_equal(rx->st.ps_recv, FRAMES);
	gettimeofday(&now, NULL);
	assert_in_range(now.tv_sec - t->first.tv_sec, 0, 60);
	assert_int_equal(nm_close(tx), 0);
	assert_int_equal(nm_close(rx), 0);
}

/* A hypervisor's backend: NO_TX_POLL, slots filled by hand, a frame over three slots, sync by ioctl. */
static void
fragments_by_hand(void **state)
{
	struct nm_desc *a = nm_open("vale3:vm0", NULL, NETMAP_NO_TX_POLL, NULL), *b = nm_open("vale3:vm1", NULL, 0, NULL);
	struct netmap_ring *r;
	struct nm_pkthdr h;
	unsigned char big[5000];
	u_char *got;
	uint32_t i;

	(void)state;
	assert_true(a && b);
	assert_true(a->req.nr_ringid & NETMAP_NO_TX_POLL);
	assert_string_equal(a->req.nr_name, "vale3:vm0");
	r = NETMAP_TXRING(a->nifp, a->cur_tx_ring);
	frame_make(big, 1, sizeof(big));
	for (i = 0; i < 3; i++) {
		size_t at = i * 2000u, len = i < 2 ? 2000 : sizeof(big) - at;

		nm_pkt_copy(big + at, NETMAP_BUF(r, r->slot[r->cur].buf_idx), (int)len);
		r->slot[r->cur].len = (uint16_t)len;
		r->slot[r->cur].flags = i < 2 ? NS_MOREFRAG : 0;
		r->cur = nm_ring_next(r, r->cur);
	}
	r->head = r->cur;
	/* poll does not transmit for this descriptor, unless it asks for room */
	assert_int_equal(poll(&(struct pollfd){.fd = a->fd, .events = POLLIN}, 1, 0), 0);
	assert_int_equal(ioctl(b->fd, NIOCRXSYNC, NULL), 0);
	assert_null(nm_nextpkt(b, &h));
	assert_int_equal(ioctl(a->fd, NIOCTXSYNC, NULL), 0);
	assert_int_equal(ioctl(b->fd, NIOCRXSYNC, NULL), 0);
	r = NETMAP_RXRING(b->nifp, 0);
	assert_int_equal(nm_ring_space(r), 3);
	assert_int_equal(NS_RFRAGS(&r->slot[r->head]), 3);
	got = nm_nextpkt(b, &h);
	assert_non_null(got);
	assert_int_equal(h.len, sizeof(big));
	assert_memory_equal(got, big, 2000);
	assert_null(nm_nextpkt(b, &h));
	nm_close(a);
	nm_close(b);
}

/* A ring each of one port, in one mapping, as multi-threaded programs open them. */
static void
children_share_the_mapping(void **state)
{
	struct nmreq base = {.nr_tx_rings = 4, .nr_rx_rings = 4, .nr_tx_slots = 128, .nr_rx_slots = 256, .nr_arg3 = 5};
	struct nm_desc *p = nm_open("vale4:a", &base, 0, NULL), *c[4], *own, want;
	int i;

	(void)state;
	assert_non_null(p);
	assert_int_equal(p->req.nr_tx_rings, 4);
	assert_int_equal(p->req.nr_tx_slots, 128);
	assert_int_equal(p->req.nr_rx_slots, 256);
	assert_int_equal(p->req.nr_arg3, 5);
	assert_int_equal(p->last_tx_ring, 3);
	for (i = 0; i < 4; i++) {
		want = *p;
		want.self = &want;
		want.req.nr_flags = NR_REG_ONE_NIC;
		want.req.nr_ringid = (uint16_t)i;
		want.req.nr_arg3 = 0;
		c[i] = nm_open("vale4:a", NULL, NM_OPEN_NO_MMAP | NM_OPEN_IFNAME | NM_OPEN_ARG3, &want);
		assert_non_null(c[i]);
		assert_ptr_equal(c[i]->mem, p->mem);
		assert_int_equal(c[i]->done_mmap, 0);
		assert_ptr_equal(NETMAP_TXRING(c[i]->nifp, i), NETMAP_TXRING(p->nifp, i));
		assert_ptr_equal(NETMAP_TXRING(c[i]->nifp, (i + 1) % 4), c[i]->nifp);
		assert_int_equal(nm_inject(c[i], "0123456789abcdef", 16), 16);
		assert_int_equal(NETMAP_TXRING(p->nifp, i)->head, 1);
	}
	own = nm_open("vale4:b", NULL, 0, p); /* another region: a mapping of its own */
	assert_non_null(own);
	assert_ptr_not_equal(own->mem, p->mem);
	assert_int_equal(own->done_mmap, 1);
	for (i = 0; i < 4; i++)
		assert_int_equal(nm_close(c[i]), 0);
	assert_int_equal(nm_close(own), 0);
	assert_int_equal(nm_close(p), 0);
}

static void
names_that_fail(void **state)
{
	char text[2048];
	struct nm_desc *d;

	(void)state;
	errno = 5;
	assert_null(nm_open("eth0", NULL, 0, NULL));
	assert_int_equal(errno, 0); /* not netmap's: libpcap tries others then */
	said_listen();
	assert_null(nm_open("netmap:averyverylongname", NULL, 0, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(nm_open("vale0:a/q", NULL, 0, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(nm_open("netmap:nosuchif", NULL, 0, NULL));
	assert_int_equal(errno, ENXIO);
	assert_null(nm_open("vale0:a-9", NULL, 0, NULL));
	assert_int_equal(errno, EINVAL);
	said_heard(text, sizeof(text));
	d = nm_open("vale0:a/x", NULL, 0, NULL);
	assert_non_null(d);
	assert_null(nm_open("vale0:a", NULL, 0, NULL));
	assert_int_equal(errno, EBUSY);
	nm_close(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replay_and_capture), cmocka_unit_test(fragments_by_hand),
		cmocka_unit_test(children_share_the_mapping), cmocka_unit_test(names_that_fail),
	};

	return cmocka_run_group_tests(tests, own_engine_setup, own_engine_teardown);
}
