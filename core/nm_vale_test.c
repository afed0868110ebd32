/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

#define A "\x02" "aaaaa"
#define B "\x02" "bbbbb"
#define D "\x02" "ddddd"
#define C "\x02" "ccccc"
#define BCAST "\xff\xff\xff\xff\xff\xff"

static struct nm_root root;
static struct nm_session a, b, c, d;
static struct nm_session *const sessions[] = {&a, &b, &c, &d, NULL};
static uint8_t frame[64], got[4096];

static void
open_port(struct nm_session *s, const char *name)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};

	host_open(s, &root, 1000);
	assert_int_equal(host_register(s, name, &reg), 0);
}

static int
setup(void **state)
{
	(void)state;
	if (host_begin(&root, NULL))
		return -1;
	open_port(&a, "vale0:a");
	open_port(&b, "vale0:b");
	open_port(&c, "vale0:c");
	host_open(&d, &root, 1000); /* for tests that need another */
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

static void
send_one(struct nm_session *s, const char *dst, const char *src, uint16_t len)
{
	host_frame(frame, dst, src);
	host_put(s, frame, len, 0);
	assert_int_equal(host_txsync(s), 0);
}

static void
unknown_address_is_flooded_but_not_to_the_sender(void **state)
{
	(void)state;
	send_one(&a, B, A, 60);
	assert_int_equal(host_take(&b, got, NULL), 60);
	assert_memory_equal(got, frame, 60);
	assert_int_equal(host_take(&c, got, NULL), 60);
	assert_int_equal(host_take(&a, got, NULL), -1);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_flooded), 1);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_flood_copies), 2);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 2);
}

/* Patience is for a receiver that has no room. The clock of this host stands, so that who waits does so for good. */
static void
frames_do_not_wait_for_a_small_ring_that_is_empty(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_rx_slots = 64};
	struct nm_kring *kr = nm_session_kring(&a, NM_DIR_TX, 0);
	uint32_t i;

	(void)state;
	root.limits.patience_ns = 1000;
	assert_int_equal(host_register(&d, "vale0:d", &reg), 0);
	send_one(&d, BCAST, B, 60);
	host_frame(frame, B, A);
	for (i = 0; i < 3; i++) {
		host_put(&a, frame, 60, 0);
		assert_int_equal(nm_kring_sync(kr), 0);
		assert_int_equal(host_take(&d, got, NULL), 60);
	}
	for (i = 0; i < 40; i++) { /* more than half of it: the last ones wait */
		host_put(&a, frame, 60, 0);
		assert_int_equal(nm_kring_sync(kr), 0);
	}
	assert_int_not_equal(kr->hwcur, kr->rhead);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 0);
}

/* What a sender is told before it sends: that there is no room for this much, or for half a ring of it. */
static void
a_ring_is_crowded_when_it_has_no_room_for_what_comes(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_rx_slots = 64};
	struct nm_kring *kr = nm_session_kring(&a, NM_DIR_TX, 0);
	uint32_t i;

	(void)state;
	assert_int_equal(host_register(&d, "vale0:d", &reg), 0);
	send_one(&d, BCAST, B, 60);
	assert_null(nm_vale_crowded(kr)); /* nobody knows yet who it is for */
	for (i = 0; i < 40; i++)
		send_one(&a, B, A, 60);
	assert_null(nm_vale_crowded(kr));
	kr->rhead = nm_ring_add(kr->hwcur, 23, kr->nslots); /* as nm_kring_accept does */
	assert_null(nm_vale_crowded(kr));
	kr->rhead = nm_ring_add(kr->hwcur, 24, kr->nslots);
	assert_ptr_equal(nm_vale_crowded(kr), nm_session_kring(&d, NM_DIR_RX, 0));
	for (i = 0; i < 40; i++)
		assert_int_equal(host_take(&d, got, NULL), 60);
	assert_null(nm_vale_crowded(kr));
	kr->rhead = nm_ring_add(kr->hwcur, 500, kr->nslots); /* more than it could ever take */
	assert_null(nm_vale_crowded(kr));
	NM_WRITE_ONCE(nm_session_kring(&d, NM_DIR_RX, 0)->atok->head, 64); /* a client's word */
	assert_null(nm_vale_crowded(kr));
	kr->rhead = kr->hwcur;
}

static void
learned_address_gets_it_alone(void **state)
{
	(void)state;
	send_one(&b, BCAST, B, 60);
	send_one(&a, B, A, 60);
	assert_int_equal(host_take(&b, got, NULL), 60);
	assert_int_equal(host_take(&c, got, NULL), 60); /* the broadcast */
	assert_int_equal(host_take(&c, got, NULL), -1);
}

/* Also between frames of the same sender that are learned, and in a frame of several slots. */
static void
a_frame_can_ask_not_to_be_learned(void **state)
{
	(void)state;
	host_frame(frame, BCAST, B);
	host_put(&b, frame, 60, NS_NO_LEARN);
	host_put(&b, frame, 60, NS_NO_LEARN | NS_MOREFRAG);
	host_put(&b, frame, 60, 0);
	assert_int_equal(host_txsync(&b), 0);
	assert_int_equal(host_stat(&b, NM_DIR_TX, NM_STAT_learned), 0);
	send_one(&a, B, A, 60);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_flooded), 1);
	host_frame(frame, BCAST, B);
	host_put(&b, frame, 60, NS_NO_LEARN);
	host_put(&b, frame, 60, 0);
	assert_int_equal(host_txsync(&b), 0);
	assert_int_equal(host_stat(&b, NM_DIR_TX, NM_STAT_learned), 1);
	send_one(&a, B, A, 60);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_flooded), 1);
	assert_int_equal(host_stat(&b, NM_DIR_TX, NM_STAT_tx_packets), 4);
}

static void
address_forgotten_with_its_port_and_with_time(void **state)
{
	(void)state;
	send_one(&b, BCAST, B, 60);
	nm_session_close(&b);
	send_one(&a, B, A, 60);
	assert_int_equal(host_take(&c, got, NULL), 60);
	assert_int_equal(host_take(&c, got, NULL), 60);
	open_port(&b, "vale0:b");
	send_one(&b, BCAST, B, 60);
	host_now += 301ull * 1000000000u;
	send_one(&a, B, A, 60);
	assert_int_equal(host_take(&c, got, NULL), 60);
	assert_int_equal(host_take(&c, got, NULL), 60);
}

static void
own_address_is_not_sent_back(void **state)
{
	(void)state;
	send_one(&a, BCAST, A, 60);
	send_one(&a, A, A, 60);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_self), 1);
}

static void
every_bad_slot_has_its_counter(void **state)
{
	struct nm_kring *kr = nm_session_kring(&a, NM_DIR_TX, 0);
	uint32_t saved;

	(void)state;
	send_one(&a, B, A, 13);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_short), 1);
	send_one(&a, B, A, 0);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_short), 2);
	host_put(&a, frame, 60, NS_INDIRECT);
	host_txsync(&a);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_indirect), 1);
	saved = kr->slots[kr->atok->head].buf_idx;
	host_put(&a, frame, 60, 0);
	kr->slots[kr->hwcur].buf_idx = 0x7fffffff;
	host_txsync(&a);
	kr->slots[nm_ring_add(kr->hwcur, kr->nslots - 1, kr->nslots)].buf_idx = saved;
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_bad_buf), 1);
	host_put(&a, frame, 60, 0);
	kr->slots[kr->hwcur].len = 2113;
	host_txsync(&a);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_bad_len), 1);
	host_put(&a, frame, 60, NS_MOREFRAG);
	host_txsync(&a);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_bad_frags), 1);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_tx_packets), 6);
	assert_int_equal(host_take(&b, got, NULL), -1);
}

static void
fragments_stay_together(void **state)
{
	uint16_t flags;
	int i;

	(void)state;
	host_frame(frame, B, A);
	for (i = 0; i < 5; i++)
		host_put(&a, frame, 64, i < 4 ? NS_MOREFRAG : 0);
	host_txsync(&a);
	for (i = 0; i < 5; i++) {
		assert_int_equal(host_take(&b, got, &flags), 64);
		assert_int_equal(flags, (5 << 8) | (i < 4 ? NS_MOREFRAG : 0));
	}
	assert_int_equal(host_take(&b, got, NULL), -1);
}

/* Of 2112 bytes to one of 2048, as NICs with hooks have them: frames come whole, in order with those that fit. */
static void
frames_fit_into_smaller_buffers(void **state)
{
	static uint8_t whole[5000];
	uint32_t i, at = 0;
	uint16_t flags;
	int len;

	(void)state;
	root.limits.buf_size = 2048;
	assert_int_equal(host_register(&d, "vale0:d", &(struct nmreq_register){.nr_mode = NR_REG_ALL_NIC}), 0);
	assert_int_equal(nm_session_kring(&d, NM_DIR_RX, 0)->stride, 2048);
	for (i = 0; i < sizeof(whole); i++)
		whole[i] = (uint8_t)(i * 7 + i / 251);
	send_one(&d, A, D, 60); /* learned */
	host_frame(whole, D, A);
	send_one(&a, D, A, 60);
	assert_int_equal(host_take(&d, got, NULL), 60);
	host_put(&a, whole, 61, 0);
	host_put(&a, whole, 2112, NS_MOREFRAG);
	host_put(&a, whole + 2112, 2112, NS_MOREFRAG);
	host_put(&a, whole + 4224, 776, 0);
	host_put(&a, whole, 2049, 0);
	host_put(&a, whole, 62, 0);
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(host_take(&d, got, &flags), 61);
	for (i = 0; i < 3; i++, at += (uint32_t)len) {
		len = host_take(&d, got, &flags);
		assert_int_equal(len, i < 2 ? 2048 : 904);
		assert_int_equal(flags, 3 << 8 | (i < 2 ? NS_MOREFRAG : 0));
		assert_memory_equal(got, whole + at, (size_t)len);
	}
	assert_int_equal(host_take(&d, got, &flags), 2048);
	assert_int_equal(flags, 2 << 8 | NS_MOREFRAG);
	assert_int_equal(host_take(&d, got, &flags), 1);
	assert_int_equal(*got, whole[2048]);
	assert_int_equal(host_take(&d, got, &flags), 62);
	assert_int_equal(flags, 1 << 8);
	assert_int_equal(host_take(&d, got, NULL), -1);
	/* what has no room is dropped whole, the next that has some is not */
	for (i = 0; i < nm_session_kring(&d, NM_DIR_RX, 0)->nslots - 3; i++)
		host_put(&a, whole, 60, 0);
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 0);
	host_put(&a, whole, 2112, NS_MOREFRAG);
	host_put(&a, whole, 2112, 0);
	host_put(&a, whole, 63, 0);
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 1);
	for (i = 0; i < nm_session_kring(&d, NM_DIR_RX, 0)->nslots - 3; i++)
		assert_int_equal(host_take(&d, got, NULL), 60);
	assert_int_equal(host_take(&d, got, NULL), 63);
	assert_int_equal(host_take(&d, got, NULL), -1);
	root.limits.buf_size = 2112;
}

static void
chains_above_64_are_refused(void **state)
{
	int i;

	(void)state;
	host_frame(frame, B, A);
	for (i = 0; i < 65; i++)
		host_put(&a, frame, 64, i < 64 ? NS_MOREFRAG : 0);
	for (i = 0; i < 64; i++)
		host_put(&a, frame, 64, i < 63 ? NS_MOREFRAG : 0);
	host_txsync(&a);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_bad_frags), 1);
	for (i = 0; i < 64; i++)
		assert_int_equal(host_take(&b, got, NULL), 64);
	assert_int_equal(host_take(&b, got, NULL), -1);
}

static void
full_receiver_drops_and_counts_but_never_blocks(void **state)
{
	struct nm_kring *kr = nm_session_kring(&a, NM_DIR_TX, 0);
	uint32_t n = kr->nslots - 1, i;

	(void)state;
	host_frame(frame, B, A);
	for (i = 0; i < n; i++)
		host_put(&a, frame, 60, 0);
	host_txsync(&a);
	for (i = 0; i < 10; i++)
		host_put(&a, frame, 60, 0);
	host_txsync(&a);
	assert_int_equal(kr->hwcur, kr->rhead);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 20);
	assert_int_equal(host_stat(&b, NM_DIR_RX, NM_STAT_overrun), 10); /* each receiver knows its own */
	assert_int_equal(host_stat(&c, NM_DIR_RX, NM_STAT_overrun), 10);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 2 * n);
	for (i = 0; i < n; i++)
		assert_int_equal(host_take(&b, got, NULL), 60);
	assert_int_equal(host_take(&b, got, NULL), -1);
}

static void
order_holds_and_buffers_come_back_hot(void **state)
{
	struct nm_kring *rx = nm_session_kring(&b, NM_DIR_RX, 0);
	uint32_t i, k, first = 0;

	(void)state;
	send_one(&b, BCAST, B, 60);
	for (i = 0; i < 10000; i++) {
		for (k = 0; k < 3; k++) {
			host_frame(frame, B, A);
			memcpy(frame + 20, &(uint32_t){3 * i + k}, 4);
			host_put(&a, frame, 60, 0);
		}
		host_txsync(&a);
		if (!i)
			first = rx->slots[0].buf_idx;
		for (k = 0; k < 3; k++) {
			assert_int_equal(host_take(&b, got, NULL), 60);
			assert_int_equal(*(uint32_t *)(void *)(got + 20), 3 * i + k);
		}
	}
	assert_in_range(rx->slots[rx->rel ? rx->rel - 1 : 0].buf_idx, first > 3 ? first - 3 : 2, first + 3);
}

static void
bad_head_changes_nothing(void **state)
{
	struct nm_kring *kr = nm_session_kring(&a, NM_DIR_TX, 0), *rx = nm_session_kring(&b, NM_DIR_RX, 0);

	(void)state;
	kr->atok->head = kr->nslots;
	assert_int_equal(nm_kring_sync(kr), -EINVAL);
	kr->atok->head = 5;
	kr->atok->cur = 4;
	assert_int_equal(nm_kring_sync(kr), -EINVAL);
	assert_int_equal(kr->stat[NM_STAT_sync_errors], 2);
	assert_int_equal(kr->hwcur, 0);
	kr->atok->head = kr->atok->cur = 0;
	rx->atok->head = 77; /* beyond what it got */
	send_one(&a, B, A, 60);
	assert_int_equal(rx->hwtail, 1);
	assert_true(rx->stat[NM_STAT_sync_errors] > 0);
	rx->atok->head = 0;
}

static void
bad_buffer_given_back_costs_only_its_owner(void **state)
{
	struct nm_kring *rx = nm_session_kring(&b, NM_DIR_RX, 0);
	uint32_t i;

	(void)state;
	send_one(&a, B, A, 60);
	rx->slots[0].buf_idx = 0xdeadbeef;
	rx->atok->head = rx->atok->cur = 1;
	for (i = 0; i < 3; i++) {
		send_one(&a, B, A, 60);
		assert_int_equal(host_take(&b, got, NULL), 60);
		assert_int_equal(host_take(&c, got, NULL), 60);
	}
	assert_int_equal(rx->stat[NM_STAT_buf_errors], 1);
}

static void
foreign_user_is_refused(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nm_session x;

	(void)state;
	host_open(&x, &root, 2000);
	assert_int_equal(host_register(&x, "vale0:x", &reg), -EACCES);
	assert_string_equal(x.errtext, "vale0 belongs to user 1000 (mode 0600); its owner can open it: vale-ctl chmod 0660 vale0");
	assert_int_equal(host_register(&x, "vale0:a", &reg), -EACCES);
	nm_session_close(&x);
}

static void
requests_that_can_not_be(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nm_session x;

	(void)state;
	host_open(&x, &root, 1000);
	assert_int_equal(host_register(&a, "vale0:again", &reg), -EBUSY);
	assert_string_equal(a.errtext, "this descriptor is registered to vale0:a already; open another for vale0:again");
	assert_int_equal(host_register(&x, "vale0:aaaaaaaaaaaaaaaa", &reg), -EINVAL);
	assert_int_equal(host_register(&x, "vale0:lo", &reg), -EINVAL);
	assert_int_equal(host_register(&x, "eth7", &reg), -ENXIO);
	reg.nr_mode = NR_REG_ONE_NIC;
	reg.nr_ringid = 3;
	assert_int_equal(host_register(&x, "vale0:x", &reg), -EINVAL);
	assert_string_equal(x.errtext, "vale0:x ring 3 does not exist, there are 1 (0 to 0)");
	reg.nr_mode = NR_REG_SW;
	assert_int_equal(host_register(&x, "vale0:x", &reg), -EINVAL);
	assert_string_equal(x.errtext, "vale0:x has no host rings");
	reg = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE};
	assert_int_equal(host_register(&x, "vale0:a", &reg), -EBUSY);
	host_quota = host_regions + 1000;
	assert_int_equal(host_register(&x, "vale0:x", &reg), -ENOMEM);
	host_quota = SIZE_MAX;
	nm_session_close(&x);
}

static void
pipes_lose_nothing(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC}, reg2 = reg;
	struct nm_session m, s;
	uint32_t sent = 0, taken = 0, i;

	(void)state;
	host_open(&m, &root, 1000);
	host_open(&s, &root, 1000);
	assert_int_equal(host_register(&m, "x{1", &reg), 0);
	host_frame(frame, B, A);
	for (i = 0; i < 100; i++) { /* before the peer is there */
		memcpy(frame + 20, &sent, 4);
		host_put(&m, frame, 60, 0);
		sent++;
	}
	assert_int_equal(host_txsync(&m), 0);
	assert_int_equal(host_register(&s, "x}1", &reg2), 0);
	assert_int_equal(reg.nr_mem_id, reg2.nr_mem_id);
	while (taken < 20000) {
		struct nm_kring *tx = nm_session_kring(&m, NM_DIR_TX, 0);

		while (sent < 20000 && nm_ring_add(tx->atok->head, 1, tx->nslots) != nm_ring_add(tx->ktoa->hwtail, 1, tx->nslots) &&
		    nm_ring_dist(tx->atok->head, tx->ktoa->hwtail, tx->nslots) > 0) {
			memcpy(frame + 20, &sent, 4);
			host_put(&m, frame, 60, 0);
			sent++;
		}
		host_txsync(&m);
		for (i = 0; i < 300 && host_take(&s, got, NULL) == 60; i++, taken++)
			assert_int_equal(*(uint32_t *)(void *)(got + 20), taken);
	}
	assert_int_equal(host_take(&s, got, NULL), -1);
	nm_session_close(&m);
	nm_session_close(&s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(unknown_address_is_flooded_but_not_to_the_sender),
		T(frames_do_not_wait_for_a_small_ring_that_is_empty),
		T(a_ring_is_crowded_when_it_has_no_room_for_what_comes),
		T(learned_address_gets_it_alone),
		T(a_frame_can_ask_not_to_be_learned),
		T(address_forgotten_with_its_port_and_with_time),
		T(own_address_is_not_sent_back),
		T(every_bad_slot_has_its_counter),
		T(fragments_stay_together),
		T(frames_fit_into_smaller_buffers),
		T(chains_above_64_are_refused),
		T(full_receiver_drops_and_counts_but_never_blocks),
		T(order_holds_and_buffers_come_back_hot),
		T(bad_head_changes_nothing),
		T(bad_buffer_given_back_costs_only_its_owner),
		T(foreign_user_is_refused),
		T(requests_that_can_not_be),
		T(pipes_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
