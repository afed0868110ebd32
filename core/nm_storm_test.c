/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"
#include "nm_storm.h"

#define A "\x02" "aaaaa"
#define B "\x02" "bbbbb"
#define BCAST "\xff\xff\xff\xff\xff\xff"
#define MCAST "\x01" "mmmmm"
#define S 1000000000ull

static struct nm_root root;
static struct nm_session a, b, c;
static struct nm_session *const sessions[] = {&a, &b, &c, NULL};
static uint8_t frame[64], got[4096];

static int
setup(void **state)
{
	(void)state;
	return host_begin_ports(&root, sessions, (const char *const[]){"vale0:a", "vale0:b", "vale0:c", NULL}, 0);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

static int
limit(uint32_t kind, uint32_t pps, uint32_t burst)
{
	struct nmreq_storm r = {.nr_op = NM_POLICY_SET};

	r.nr_limit[kind].pps = pps;
	r.nr_limit[kind].burst = burst;
	return host_request(&a, NETMAP_REQ_STORM, "vale0:a", &r);
}

/* n frames at once; those that b gets. */
static uint32_t
send_many(const char *dst, uint32_t n)
{
	uint32_t i, k = 0;

	host_frame(frame, dst, A);
	for (i = 0; i < n; i++)
		host_put(&a, frame, 60, 0);
	assert_int_equal(host_txsync(&a), 0);
	while (host_take(&b, got, NULL) > 0)
		k++;
	while (host_take(&c, got, NULL) > 0)
		;
	return k;
}

/* Over all rates, in time, and at once after a pause. */
static void
a_bucket_gives_what_it_says(void **state)
{
	static const uint32_t rates[] = {1, 2, 999, 1000, 123456, 1000000, 14880952, NM_STORM_MAX_PPS};
	struct nm_storm t;
	uint64_t now = 77, given, ticks;
	uint32_t i, k;

	(void)state;
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		memset(&t, 0, sizeof(t));
		nm_os_spin_init(&t.lock);
		t.last_ns = now;
		nm_storm_init(&t.bucket[1], rates[i], 64);
		assert_int_equal(nm_storm_take(&t, 1, 100, now), 64);
		assert_int_equal(nm_storm_take(&t, 1, 1, now), 0);
		assert_int_equal(nm_storm_take(&t, 0, 100, now), 100); /* no limit */
		ticks = 20 * S / rates[i] + 1; /* 20 frames each */
		for (given = k = 0; k < 1000; k++) {
			now += ticks;
			given += nm_storm_take(&t, 1, 1000, now);
		}
		if (rates[i] < 100000000) /* beyond, a tick of a nanosecond is more than that */
			assert_in_range(given, 19970, 20030);
		now += 1ull << 50; /* an age */
		assert_int_equal(nm_storm_take(&t, 1, 1000, now), 64);
		nm_storm_give(&t, 1, 10);
		assert_int_equal(nm_storm_take(&t, 1, 1000, now), 10);
		assert_int_equal(nm_storm_take(&t, 1, 1000, now - 5), 0); /* another CPU's clock */
	}
}

static void
the_largest_limits_do_not_overflow(void **state)
{
	struct nm_storm t = {.last_ns = 1};

	(void)state;
	nm_os_spin_init(&t.lock);
	nm_storm_init(&t.bucket[2], NM_STORM_MAX_PPS, NM_STORM_MAX_BURST);
	assert_int_equal(nm_storm_take(&t, 2, UINT32_MAX, 1), NM_STORM_MAX_BURST);
	assert_int_equal(nm_storm_take(&t, 2, UINT32_MAX, 1001), 1000);
	assert_int_equal(nm_storm_take(&t, 2, UINT32_MAX, UINT64_MAX), NM_STORM_MAX_BURST);
	t.last_ns = 1;
	nm_storm_init(&t.bucket[2], 1, 100);
	assert_int_equal(nm_storm_take(&t, 2, 100, 1), 100);
	assert_int_equal(nm_storm_take(&t, 2, 100, UINT64_MAX / t.bucket[2].per_ns + 2), 100); /* which times per_ns is next to nothing */
}

static void
each_kind_has_its_limit(void **state)
{
	(void)state;
	assert_int_equal(limit(NM_STORM_BROADCAST, 1000, 10), 0);
	assert_int_equal(send_many(BCAST, 100), 10);
	assert_int_equal(send_many(MCAST, 100), 100);
	assert_int_equal(send_many(B, 100), 100);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_storm_broadcast), 90);
	assert_int_equal(limit(NM_STORM_MULTICAST, 1000, 10), 0);
	assert_int_equal(send_many(BCAST, 100), 100);
	assert_int_equal(send_many(MCAST, 100), 10);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_storm_multicast), 90);
	assert_int_equal(limit(NM_STORM_UNKNOWN, 1000, 10), 0);
	assert_int_equal(send_many(MCAST, 100), 100);
	assert_int_equal(send_many(B, 100), 10);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_storm_unknown), 90);
	host_now += S / 100;
	assert_int_equal(send_many(B, 5), 5);
	assert_int_equal(send_many(B, 300), 5);
	/* a known one is no storm, other ports have no limit */
	host_frame(frame, BCAST, B);
	for (int i = 0; i < 100; i++)
		host_put(&b, frame, 60, 0);
	assert_int_equal(host_txsync(&b), 0);
	assert_int_equal(host_stat(&b, NM_DIR_TX, NM_STAT_forwarded), 200);
	assert_int_equal(send_many(B, 100), 100);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_storm_unknown), 90 + 295);
}

/* A limit cuts a run of frames, of which some have several slots. */
static void
the_first_frames_of_a_run_go(void **state)
{
	uint16_t flags;
	uint32_t i;

	(void)state;
	assert_int_equal(limit(NM_STORM_BROADCAST, 1000, 3), 0);
	host_frame(frame, BCAST, A);
	for (i = 0; i < 5; i++) {
		frame[20] = (uint8_t)i;
		host_put(&a, frame, 60, NS_MOREFRAG);
		host_put(&a, frame, 30, 0);
	}
	assert_int_equal(host_txsync(&a), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(host_take(&b, got, &flags), 60);
		assert_int_equal(got[20], i);
		assert_int_equal(host_take(&b, got, &flags), 30);
	}
	assert_int_equal(host_take(&b, got, &flags), -1);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_storm_broadcast), 2);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_flooded), 3);
}

static void
requests(void **state)
{
	struct nmreq_storm r = {.nr_op = NM_POLICY_GET};
	struct nm_session x;

	(void)state;
	assert_int_equal(limit(0, NM_STORM_MAX_PPS + 1, 0), -EINVAL);
	assert_string_equal(a.errtext, "vale0:a: 1000000001 broadcasts a second are out of 1 to 1000000000 (0: no limit)");
	assert_int_equal(limit(1, 5, NM_STORM_MAX_BURST + 1), -EINVAL);
	assert_int_equal(limit(2, 0, 5), -EINVAL);
	assert_string_equal(a.errtext, "vale0:a: 5 frames to unknown addresses at once, but no limit a second");
	assert_int_equal(limit(2, 5000, 0), 0);
	assert_int_equal(host_request(&a, NETMAP_REQ_STORM, "vale0:a", &r), 0);
	assert_int_equal(r.nr_limit[2].pps, 5000);
	assert_int_equal(r.nr_limit[2].burst, 500);
	assert_int_equal(r.nr_limit[0].pps, 0);
	assert_int_equal(limit(2, 5, 0), 0);
	assert_int_equal(host_request(&a, NETMAP_REQ_STORM, "vale0:a", &r), 0);
	assert_int_equal(r.nr_limit[2].burst, 32);
	host_fail_after = 0;
	assert_int_equal(limit(0, 5, 0), -ENOMEM);
	host_fail_after = 1;
	assert_int_equal(limit(0, 5, 0), -ENOMEM);
	host_fail_after = -1;
	host_open(&x, &root, 2000);
	assert_int_equal(host_request(&x, NETMAP_REQ_STORM, "vale0:a", &r), -EACCES);
	nm_session_close(&x);
	assert_int_equal(limit(0, 0, 0), 0);
	assert_int_equal(a.port->vale->policies, 0);
	assert_int_equal(limit(1, 9, 0), 0); /* goes with the port */
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_bucket_gives_what_it_says),
		T(the_largest_limits_do_not_overflow),
		T(each_kind_has_its_limit),
		T(the_first_frames_of_a_run_go),
		T(requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
