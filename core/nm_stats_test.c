/* SPDX-License-Identifier: BSD-2-Clause */
/* Rings count, ports and switches are their sums; nothing that was counted is forgotten. */
#include "host.h"
#include "nm_stats.h"

#define BCAST "\xff\xff\xff\xff\xff\xff"

static struct nm_root root;
static struct nm_session a, b, c;
static struct nm_session *const sessions[] = {&a, &b, &c, NULL};
static uint8_t frame[64], got[4096];

static int
open_port(struct nm_session *s, const char *name)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 64, .nr_rx_slots = 16};

	host_open(s, &root, 1000);
	return host_register(s, name, &reg);
}

static int
setup(void **state)
{
	(void)state;
	return host_begin(&root, NULL) || open_port(&a, "vale0:a") || open_port(&b, "vale0:b") || open_port(&c, "vale0:c");
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

static const uint64_t *
stats(const char *name, uint32_t scope, uint32_t index)
{
	static struct nmreq_stats st;

	st = (struct nmreq_stats){.nr_scope = scope, .nr_index = index};
	assert_int_equal(host_request(&a, NETMAP_REQ_STATS_GET, name, &st), 0);
	assert_int_equal(st.nr_count, NM_STAT_COUNT);
	return st.nr_counter;
}

static uint64_t
drops(const uint64_t *c64)
{
	return c64[NM_STAT_drop_no_space] + c64[NM_STAT_drop_no_dest] + c64[NM_STAT_drop_short] + c64[NM_STAT_drop_bad_len] +
	    c64[NM_STAT_drop_bad_buf] + c64[NM_STAT_drop_bad_frags] + c64[NM_STAT_drop_self] + c64[NM_STAT_drop_indirect] +
	    c64[NM_STAT_drop_no_backend] + c64[NM_STAT_drop_no_peer];
}

/* tx_packets + flood_copies - flooded = forwarded + drops, and what is forwarded is what others received. */
static void
sums_add_up(void **state)
{
	const uint64_t *p;
	uint64_t sent;
	uint32_t i;

	(void)state;
	for (i = 0; i < 300; i++) {
		host_frame(frame, i % 3 ? "\2bbbbb" : BCAST, "\2aaaaa");
		if (i % 7 == 0)
			host_frame(frame, "\2aaaaa", "\2aaaaa");
		host_put(&a, frame, i % 11 ? 60 : 10, i % 13 ? 0 : NS_MOREFRAG);
		if (i % 13 == 0)
			host_put(&a, frame, 20, 0);
		host_txsync(&a);
		if (i == 5) {
			host_frame(frame, BCAST, "\2bbbbb");
			host_put(&b, frame, 60, 0);
			host_txsync(&b);
		}
		if (i % 5 == 0)
			while (host_take(&b, got, NULL) >= 0)
				;
	}
	p = stats("vale0:a", NM_STATS_PORT, 0);
	assert_int_equal(p[NM_STAT_tx_packets], 300);
	assert_int_equal(p[NM_STAT_tx_packets] + p[NM_STAT_flood_copies] - p[NM_STAT_flooded], p[NM_STAT_forwarded] + drops(p));
	assert_true(p[NM_STAT_drop_no_space] > 0 && p[NM_STAT_drop_short] > 0 && p[NM_STAT_drop_self] > 0);
	sent = stats("vale0", NM_STATS_SWITCH, 0)[NM_STAT_forwarded];
	assert_int_equal(stats("vale0", NM_STATS_SWITCH, 0)[NM_STAT_rx_packets], sent);
	assert_int_equal(stats("vale0:a", NM_STATS_TXRING, 0)[NM_STAT_tx_packets], 300);
	assert_int_equal(stats("vale0:a", NM_STATS_RXRING, 0)[NM_STAT_tx_packets], 0);
	assert_int_equal(stats("vale0:b", NM_STATS_RXRING, 0)[NM_STAT_rx_packets], stats("vale0:b", NM_STATS_PORT, 0)[NM_STAT_rx_packets]);
}

static void
a_switch_remembers_its_ports(void **state)
{
	uint64_t sum[NM_STAT_MAX];
	uint32_t i, k;

	(void)state;
	for (k = 0; k < 3; k++) {
		host_frame(frame, BCAST, "\2bbbbb");
		host_put(&b, frame, 60, 0);
		host_txsync(&b);
		memcpy(sum, stats("vale0", NM_STATS_SWITCH, 0), sizeof(sum));
		assert_int_equal(sum[NM_STAT_tx_packets], k + 1);
		nm_session_close(&b);
		for (i = 0; i < NM_STAT_MAX; i++)
			assert_int_equal(stats("vale0", NM_STATS_SWITCH, 0)[i], sum[i]);
		assert_int_equal(open_port(&b, "vale0:b"), 0);
		assert_int_equal(stats("vale0:b", NM_STATS_PORT, 0)[NM_STAT_tx_packets], 0); /* another port of that name */
		for (i = 0; i < NM_STAT_MAX; i++)
			assert_int_equal(stats("vale0", NM_STATS_SWITCH, 0)[i], sum[i]);
	}
}

static void
a_switch_counts_from_when_a_port_came(void **state)
{
	uint64_t sum[NM_STAT_MAX] = {0};
	uint32_t k;

	(void)state;
	host_frame(frame, BCAST, "\2aaaaa");
	for (k = 0; k < 5; k++) {
		host_put(&a, frame, 60, 0);
		host_txsync(&a);
		if (k == 1)
			nm_stats_take_port(sum, a.port, -1);
	}
	nm_stats_take_port(sum, a.port, 1);
	assert_int_equal(sum[NM_STAT_tx_packets], 3);
	assert_int_equal(sum[NM_STAT_tx_bytes], 180);
}

static void
what_can_not_be_told(void **state)
{
	struct nmreq_stats st = {.nr_scope = NM_STATS_RXRING, .nr_index = 1};
	struct nm_session x;

	(void)state;
	assert_int_equal(host_request(&a, NETMAP_REQ_STATS_GET, "vale0:b", &st), -EINVAL);
	assert_string_equal(a.errtext, "vale0:b has no rx ring 1, there are 1");
	st.nr_scope = 4;
	assert_int_equal(host_request(&a, NETMAP_REQ_STATS_GET, "vale0:b", &st), -EINVAL);
	st.nr_scope = NM_STATS_SWITCH;
	assert_int_equal(host_request(&a, NETMAP_REQ_STATS_GET, "vale0:b", &st), -ENXIO);
	host_open(&x, &root, 2000);
	assert_int_equal(host_request(&x, NETMAP_REQ_STATS_GET, "vale0", &st), -EACCES);
	st.nr_scope = NM_STATS_PORT;
	assert_int_equal(host_request(&x, NETMAP_REQ_STATS_GET, "vale0:b", &st), -EACCES);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(sums_add_up),
		T(a_switch_remembers_its_ports),
		T(a_switch_counts_from_when_a_port_came),
		T(what_can_not_be_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
