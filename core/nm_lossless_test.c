/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"
#include "nm_policy.h"

#define A "\x02" "aaaaa"
#define B "\x02" "bbbbb"
#define C "\x02" "ccccc"
#define BCAST "\xff\xff\xff\xff\xff\xff"

static struct nm_root root;
static struct nm_session a, b, c, d;
static struct nm_session *const sessions[] = {&a, &b, &c, &d, NULL};
static uint8_t frame[64], got[4096];
static uint32_t sent, taken;

static int
lossless(const char *name, uint32_t on)
{
	struct nmreq_lossless r = {.nr_op = NM_POLICY_SET, .nr_on = on};

	return host_request(&a, NETMAP_REQ_LOSSLESS, name, &r);
}

/* b has a ring of 16 slots, where 15 frames have room, and is lossless; d is for tests that need another. */
static int
setup(void **state)
{
	struct nmreq_register small = {.nr_mode = NR_REG_ALL_NIC, .nr_rx_slots = 16}, reg = {.nr_mode = NR_REG_ALL_NIC};

	(void)state;
	if (host_begin(&root, sessions))
		return -1;
	assert_int_equal(host_register(&a, "vale0:a", &reg), 0);
	assert_int_equal(host_register(&b, "vale0:b", &small), 0);
	reg = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC};
	assert_int_equal(host_register(&c, "vale0:c", &reg), 0);
	host_frame(frame, BCAST, B);
	host_put(&b, frame, 60, 0);
	assert_int_equal(host_txsync(&b), 0);
	host_frame(frame, BCAST, C);
	host_put(&c, frame, 60, 0);
	assert_int_equal(host_txsync(&c), 0);
	assert_int_equal(host_take(&b, got, NULL), 60);
	assert_int_equal(host_take(&c, got, NULL), 60);
	assert_int_equal(lossless("vale0:b", 1), 0);
	sent = taken = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

static struct nm_kring *
ring(struct nm_session *s)
{
	return nm_session_kring(s, NM_DIR_TX, 0);
}

/* A frame with the next number. */
static void
put(struct nm_session *s, const char *dst, uint16_t flags)
{
	host_frame(frame, dst, A);
	memcpy(frame + 20, &sent, 4);
	sent++;
	host_put(s, frame, 60, flags);
}

static void
sync_once(struct nm_session *s)
{
	assert_int_equal(nm_kring_sync(ring(s)), 0);
}

/* The next frame of s has that number. */
static void
take(struct nm_session *s, uint32_t number)
{
	uint32_t n;

	assert_int_equal(host_take(s, got, NULL), 60);
	memcpy(&n, got + 20, 4);
	assert_int_equal(n, number);
}

static void
wake(struct nm_kring *kr, void *arg)
{
	*(struct nm_kring **)arg = kr;
}

static void
frames_stay_with_their_sender_in_order(void **state)
{
	struct nm_kring *kr = ring(&a), *rx = nm_session_kring(&b, NM_DIR_RX, 0), *woken;
	uint32_t i;

	(void)state;
	for (i = 0; i < 100; i++)
		put(&a, B, 0);
	sync_once(&a);
	assert_int_equal(nm_ring_dist(kr->hwcur, kr->rhead, kr->nslots), 85);
	assert_true(kr->blocked && rx->blocked);
	assert_ptr_equal(nm_lossless_waits(kr), b.port);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_tx_packets), 15);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_tx_bytes), 15 * 60);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 15);
	sync_once(&a); /* once more, and still none */
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_tx_packets), 15);
	while (taken < 100) {
		for (i = 0; i < 7 && taken < 100; i++)
			take(&b, taken++);
		woken = NULL;
		if (taken < 93) {
			nm_lossless_resume(rx, wake, &woken);
			assert_ptr_equal(woken, kr);
			assert_false(rx->blocked);
		}
		sync_once(&a);
	}
	assert_false(kr->blocked);
	assert_int_equal(kr->hwcur, kr->rhead);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_tx_packets), 100);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_tx_bytes), 6000);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 100);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 0);
	assert_int_equal(host_take(&b, got, NULL), -1);
}

/* Frames to others, bad ones, ones of several slots, before and behind where a sender waits: each goes once and is counted once. */
static void
what_is_behind_waits_too_and_counts_once(void **state)
{
	struct nm_kring *kr = ring(&a);
	uint32_t i, k, at_b = 0, at_c = 0, parts = 0;

	(void)state;
	for (i = 0; i < 40; i++) {
		put(&a, B, 0);
		put(&a, C, 0);
		host_put(&a, frame, 5, 0);             /* short */
		host_put(&a, frame, 60, NS_MOREFRAG);  /* to C, of two slots */
		host_put(&a, frame, 60, 0);
		put(&a, A, 0);                         /* to itself */
	}
	do {
		for (k = 0; k < 50; k++)
			sync_once(&a);
		while (host_take(&b, got, NULL) > 0)
			at_b++;
		while (host_take(&c, got, NULL) > 0) {
			at_c++;
			parts++;
		}
	} while (kr->hwcur != kr->rhead);
	while (host_take(&b, got, NULL) > 0)
		at_b++;
	assert_int_equal(at_b, 40);
	assert_int_equal(at_c, 40 * 3);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_tx_packets), 40 * 5);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_short), 40);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_self), 40);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 40 * 3);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_tx_bytes), 40 * (60 + 60 + 120 + 60));
}

static void
a_flood_to_several_waits_for_nobody(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 30; i++)
		put(&a, BCAST, 0);
	sync_once(&a);
	assert_false(ring(&a)->blocked);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 15);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_flood_copies), 60);
	/* but one to all others, where that is b alone, does */
	nm_session_close(&c);
	for (i = 0; i < 15; i++)
		take(&b, i);
	for (i = 0; i < 30; i++)
		put(&a, BCAST, 0);
	sync_once(&a);
	assert_true(ring(&a)->blocked);
	for (i = 0; i < 15; i++)
		take(&b, 30 + i);
	sync_once(&a);
	for (i = 15; i < 30; i++)
		take(&b, 30 + i);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 15);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_flooded), 60);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_flood_copies), 90);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 45 + 30);
}

static void
nobody_else_waits(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 30; i++)
		put(&a, B, 0);
	sync_once(&a);
	assert_true(ring(&a)->blocked);
	host_frame(frame, A, C);
	for (i = 0; i < 300; i++) {
		host_put(&c, frame, 60, 0);
		host_put(&c, frame, 60, 0);
		assert_int_equal(host_txsync(&c), 0);
	}
	assert_false(ring(&c)->blocked);
	assert_int_equal(host_stat(&c, NM_DIR_TX, NM_STAT_forwarded), 600 + 2);
}

/* When the receiver closes, when the mode ends, when the sender leaves. */
static void
a_wait_ends(void **state)
{
	struct nm_kring *kr = ring(&a);
	unsigned told;
	uint32_t i;

	(void)state;
	for (i = 0; i < 30; i++)
		put(&a, B, 0);
	sync_once(&a);
	told = host_changed;
	assert_int_equal(lossless("vale0:b", 0), 0);
	assert_int_equal(host_changed, told + 1);
	sync_once(&a);
	assert_false(kr->blocked);
	assert_int_equal(kr->hwcur, kr->rhead);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 15);
	assert_int_equal(lossless("vale0", 1), 0);
	put(&a, B, 0);
	sync_once(&a);
	assert_true(kr->blocked);
	told = host_changed;
	nm_session_close(&b);
	assert_true(host_changed > told + 1); /* b's own, and a's */
	sync_once(&a);
	assert_false(kr->blocked);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 15);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 16); /* to c, since b's address has gone */
	for (i = 0; i < 3000; i++) {
		put(&a, C, 0);
		sync_once(&a);
	}
	assert_true(kr->blocked);
	kr->last_call = true;
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(kr->hwcur, kr->rhead);
	assert_false(kr->last_call);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded) + host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), sent);
}

/* It would wait for ever. */
static void
a_frame_that_no_ring_of_its_receiver_holds_is_dropped(void **state)
{
	uint32_t i;

	(void)state;
	put(&a, B, 0);
	for (i = 0; i < 16; i++) {
		host_put(&a, frame, 60, i < 15 ? NS_MOREFRAG : 0);
	}
	put(&a, B, 0);
	sync_once(&a);
	assert_true(ring(&a)->blocked);
	take(&b, 0);
	sync_once(&a);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 1);
	take(&b, 1);
}

/* More slots than a step takes, of a receiver with smaller buffers: it has room, so nobody waits for it. */
static void
a_full_step_is_not_a_full_receiver(void **state)
{
	static uint8_t big[2112];
	struct nm_kring *kr = ring(&a);
	uint32_t i;

	(void)state;
	root.limits.buf_size = 1024;
	assert_int_equal(host_register(&d, "vale0:d", &(struct nmreq_register){.nr_mode = NR_REG_ALL_NIC}), 0);
	root.limits.buf_size = 2112;
	host_frame(frame, A, "\x02" "ddddd");
	host_put(&d, frame, 60, 0);
	assert_int_equal(host_txsync(&d), 0);
	assert_int_equal(lossless("vale0", 1), 0);
	memcpy(big, "\x02" "ddddd" A, 12);
	for (i = 0; i < 250; i++)
		host_put(&a, big, 2112, 0);
	for (i = 0; i < 10; i++) {
		sync_once(&a);
		assert_false(kr->blocked);
	}
	assert_int_equal(kr->hwcur, kr->rhead);
	for (i = 0; i < 750; i++)
		assert_true(host_take(&d, got, NULL) > 0);
	assert_int_equal(host_take(&d, got, NULL), -1);
}

/* A ring goes, its port stays. */
static void
who_waits_for_a_ring_that_goes_is_told(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ONE_NIC, .nr_rx_rings = 2, .nr_rx_slots = 16}, one = {.nr_mode = NR_REG_ONE_NIC, .nr_ringid = 1};
	uint32_t i;
	unsigned told;

	(void)state;
	nm_session_close(&b);
	assert_int_equal(host_register(&b, "vale0:two", &reg), 0);
	assert_int_equal(host_register(&d, "vale0:two", &one), 0);
	host_frame(frame, A, B);
	host_put(&d, frame, 60, 0); /* by the other's only ring */
	host_put(&b, frame, 60, 0);
	assert_int_equal(host_txsync(&b), 0);
	assert_int_equal(lossless("vale0:two", 1), 0);
	for (i = 0; i < 30; i++)
		put(&a, B, 0);
	sync_once(&a);
	assert_true(ring(&a)->blocked);
	told = host_changed;
	nm_session_close(&b);
	assert_int_equal(host_changed, told + 2); /* its own port, and a's */
	sync_once(&a);
	assert_false(ring(&a)->blocked);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_dest), 15);
}

/* What waits has not used up its sender's limit. */
static void
a_limit_counts_what_went(void **state)
{
	struct nmreq_storm r = {.nr_op = NM_POLICY_SET, .nr_limit = {{.pps = 1, .burst = 32}}};
	uint32_t i;

	(void)state;
	nm_session_close(&c);
	assert_int_equal(host_request(&a, NETMAP_REQ_STORM, "vale0:a", &r), 0);
	for (i = 0; i < 32; i++)
		put(&a, BCAST, 0);
	for (i = 0; i < 5; i++)
		sync_once(&a);
	for (i = 0; i < 32; i++) {
		take(&b, i);
		sync_once(&a);
	}
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_storm_broadcast), 0);
	put(&a, BCAST, 0);
	sync_once(&a);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_storm_broadcast), 1);
}

static void
requests(void **state)
{
	struct nmreq_lossless r = {.nr_op = NM_POLICY_GET};
	struct nm_session x;

	(void)state;
	assert_int_equal(host_request(&a, NETMAP_REQ_LOSSLESS, "vale0:b", &r), 0);
	assert_int_equal(r.nr_on, 1);
	assert_int_equal(host_request(&a, NETMAP_REQ_LOSSLESS, "vale0", &r), 0);
	assert_int_equal(r.nr_on, 0);
	assert_int_equal(lossless("vale0", 2), -EINVAL);
	assert_string_equal(a.errtext, "vale0: nr_on is 2, 0 (off) and 1 (on) are possible");
	assert_int_equal(lossless("vale7", 1), -ENXIO);
	assert_int_equal(lossless("vale0:z", 1), -ENXIO);
	r.nr_reserved[0] = 9;
	assert_int_equal(host_request(&a, NETMAP_REQ_LOSSLESS, "vale0", &r), -EINVAL);
	r = (struct nmreq_lossless){.nr_op = 7};
	assert_int_equal(host_request(&a, NETMAP_REQ_LOSSLESS, "vale0", &r), -EINVAL);
	r.nr_op = NM_POLICY_SET;
	host_open(&x, &root, 2000);
	assert_int_equal(host_request(&x, NETMAP_REQ_LOSSLESS, "vale0", &r), -EACCES);
	assert_int_equal(host_request(&x, NETMAP_REQ_LOSSLESS, "vale0:a", &r), -EACCES);
	nm_session_close(&x);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(frames_stay_with_their_sender_in_order),
		T(what_is_behind_waits_too_and_counts_once),
		T(a_flood_to_several_waits_for_nobody),
		T(nobody_else_waits),
		T(a_wait_ends),
		T(a_frame_that_no_ring_of_its_receiver_holds_is_dropped),
		T(a_full_step_is_not_a_full_receiver),
		T(who_waits_for_a_ring_that_goes_is_told),
		T(a_limit_counts_what_went),
		T(requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
