/* SPDX-License-Identifier: BSD-2-Clause */
/* Monitors that get the buffers themselves, once their owner is done with them. */
#include "nm_monitor.h"
#include "numbered.h"

static struct nm_root root;
static struct nm_session a, b, m, m2;
static struct nm_session *const sessions[] = {&a, &b, &m, &m2, NULL};
static uint8_t got[4096];

/* As the flag says: both directions. */
static int
monitor(struct nm_session *s, const char *name, uint32_t slots)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_rx_slots = slots, .nr_flags = NR_ZCOPY_MON};
	int error = host_register(s, name, &reg);

	assert_int_equal(reg.nr_flags, NR_ZCOPY_MON | NR_MONITOR_TX | NR_MONITOR_RX);
	return error;
}

static int
setup(void **state)
{
	(void)state;
	return host_begin(&root, sessions);
}

static int
setup_vale(void **state)
{
	(void)state;
	return host_begin_ports(&root, sessions, (const char *const[]){"vale0:a", "vale0:b", NULL}, 64);
}

static int
setup_pipe(void **state)
{
	(void)state;
	return host_begin_ports(&root, sessions, (const char *const[]){"x{1", "x}1", NULL}, 16);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

/* The owner's sync, in a home that has one for receive rings. */
static void
rxsync(struct nm_session *s)
{
	assert_int_equal(nm_kring_call(nm_session_kring(s, NM_DIR_RX, 0)), 0);
}

static void
sent_buffers_go_to_the_monitor(void **state)
{
	struct nm_kring *tx = nm_session_kring(&a, NM_DIR_TX, 0);
	uint32_t first = tx->slots[0].buf_idx, second = tx->slots[1].buf_idx;

	(void)state;
	assert_int_equal(monitor(&m, "vale0:a", 0), 0);
	assert_ptr_equal(m.mem, a.mem);
	numbered_send(&a, 1, 60, NS_REPORT);
	numbered_send(&a, 2, 61, 0);
	host_txsync(&a);
	numbered_expect(&b, 1, 60, 1 << 8);
	numbered_expect(&b, 2, 61, 1 << 8);
	assert_int_equal(nm_session_kring(&m, NM_DIR_RX, 0)->slots[0].buf_idx, first);
	assert_int_equal(nm_session_kring(&m, NM_DIR_RX, 0)->slots[1].buf_idx, second);
	assert_int_not_equal(tx->slots[0].buf_idx, first);
	assert_in_range(tx->slots[0].buf_idx, 2, tx->nbufs - 1);
	assert_int_equal(tx->slots[0].flags, NS_BUF_CHANGED);
	assert_int_equal(tx->slots[2].flags, 0);
	numbered_expect(&m, 1, 60, NS_TXMON);
	numbered_expect(&m, 2, 61, NS_TXMON);
	numbered_expect_none(&m);
	assert_int_equal(host_stat(&m, NM_DIR_RX, NM_STAT_rx_packets), 2);
}

/* Not when it arrives, but when it is released: and that is not later than the owner's sync. */
static void
received_buffers_come_when_they_are_released(void **state)
{
	uint32_t i, idx;

	(void)state;
	assert_int_equal(monitor(&m, "vale0:b", 0), 0);
	for (i = 0; i < 3; i++)
		numbered_send(&a, (uint8_t)i, 60, 0);
	host_txsync(&a);
	idx = nm_session_kring(&b, NM_DIR_RX, 0)->slots[0].buf_idx;
	numbered_expect_none(&m);
	numbered_expect(&b, 0, 60, 1 << 8);
	numbered_expect(&b, 1, 60, 1 << 8);
	numbered_expect_none(&m);
	rxsync(&b);
	assert_int_equal(nm_session_kring(&m, NM_DIR_RX, 0)->slots[0].buf_idx, idx);
	numbered_expect(&m, 0, 60, 0);
	numbered_expect(&m, 1, 60, 0);
	numbered_expect_none(&m);
	numbered_expect(&b, 2, 60, 1 << 8);
	assert_true(nm_monitor_pull(nm_session_kring(&b, NM_DIR_RX, 0)));
	assert_false(nm_monitor_pull(nm_session_kring(&b, NM_DIR_RX, 0)));
	numbered_expect(&m, 2, 60, 0);
	/* round and round: no buffer is lost */
	for (i = 0; i < 1000; i++) {
		numbered_send(&a, (uint8_t)i, 60, 0);
		host_txsync(&a);
		numbered_expect(&b, (uint8_t)i, 60, 1 << 8);
		rxsync(&b);
		numbered_expect(&m, (uint8_t)i, 60, 0);
	}
	assert_int_equal(host_stat(&b, NM_DIR_RX, NM_STAT_buf_errors), 0);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 0);
}

/* A client may give back the slots of a frame one by one: what it kept of it keeps the rest. */
static void
half_a_frame_waits_for_its_rest(void **state)
{
	struct nm_kring *rx = nm_session_kring(&b, NM_DIR_RX, 0);
	uint32_t i;

	(void)state;
	assert_int_equal(monitor(&m, "vale0:b", 0), 0);
	numbered_send(&a, 1, 60, 0);
	for (i = 0; i < 3; i++)
		numbered_send(&a, (uint8_t)(10 + i), 40, i < 2 ? NS_MOREFRAG : 0);
	host_txsync(&a);
	for (i = 0; i < 3; i++)
		host_take(&b, got, NULL);
	rxsync(&b);
	assert_int_equal(rx->rel, 1);
	numbered_expect(&m, 1, 60, 0);
	numbered_expect_none(&m);
	host_take(&b, got, NULL);
	rxsync(&b);
	assert_int_equal(rx->rel, 4);
	for (i = 0; i < 3; i++)
		numbered_expect(&m, (uint8_t)(10 + i), 40, i < 2 ? NS_MOREFRAG : 0);
	numbered_expect_none(&m);
}

/* Marks that the owner made of what was a frame hold nothing back for ever. */
static void
a_chain_without_end_is_let_go(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_rx_slots = 256, .nr_tx_slots = 256};
	struct nm_kring *rx;
	uint32_t i;

	(void)state;
	nm_session_close(&b);
	host_open(&b, &root, 1000);
	assert_int_equal(host_register(&b, "vale0:b", &reg), 0);
	assert_int_equal(monitor(&m, "vale0:b", 0), 0);
	rx = nm_session_kring(&b, NM_DIR_RX, 0);
	for (i = 0; i < 63; i++)
		numbered_send(&a, (uint8_t)i, 60, 0);
	host_txsync(&a);
	for (i = 0; i < 10; i++)
		numbered_send(&a, (uint8_t)i, 60, 0);
	host_txsync(&a);
	for (i = 0; i < 73; i++) {
		rx->slots[i].flags |= NS_MOREFRAG;
		host_take(&b, got, NULL);
	}
	rxsync(&b);
	assert_int_equal(rx->rel, 73);
	assert_int_equal(host_stat(&m, NM_DIR_RX, NM_STAT_monitor_bad), 1);
	numbered_expect_none(&m);
}

/* Without room the buffers stay with their owner, who does not notice. */
static void
a_full_monitor_leaves_the_buffers(void **state)
{
	struct nm_kring *tx = nm_session_kring(&a, NM_DIR_TX, 0);
	uint32_t i, idx;

	(void)state;
	assert_int_equal(monitor(&m, "vale0:a", 4), 0);
	for (i = 0; i < 10; i++)
		numbered_send(&a, (uint8_t)i, 60, 0);
	idx = tx->slots[0].buf_idx;
	host_txsync(&a);
	assert_int_equal(tx->slots[0].buf_idx, idx); /* the newest are kept */
	assert_int_equal(tx->slots[6].flags, 0);
	assert_int_equal(tx->slots[7].flags, NS_BUF_CHANGED);
	assert_int_equal(host_stat(&m, NM_DIR_RX, NM_STAT_monitor_full), 7);
	numbered_send(&a, 20, 60, 0);
	host_txsync(&a);
	assert_int_equal(host_stat(&m, NM_DIR_RX, NM_STAT_monitor_full), 8);
	for (i = 7; i < 10; i++)
		numbered_expect(&m, (uint8_t)i, 60, NS_TXMON);
	numbered_expect_none(&m);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 11);
}

/* One gets the buffers, the other copies; and when one leaves the other gets them. */
static void
two_see_the_same(void **state)
{
	struct nm_kring *tx = nm_session_kring(&a, NM_DIR_TX, 0);
	uint32_t idx;

	(void)state;
	assert_int_equal(monitor(&m, "vale0:a", 0), 0);
	assert_int_equal(monitor(&m2, "vale0:a", 0), 0);
	numbered_send(&a, 1, 60, 0);
	host_txsync(&a);
	numbered_expect(&m, 1, 60, NS_TXMON);
	numbered_expect(&m2, 1, 60, NS_TXMON);
	nm_session_close(&m);
	idx = tx->slots[1].buf_idx;
	numbered_send(&a, 2, 60, 0);
	host_txsync(&a);
	assert_int_equal(nm_session_kring(&m2, NM_DIR_RX, 0)->slots[1].buf_idx, idx);
	numbered_expect(&m2, 2, 60, NS_TXMON);
	nm_session_close(&m2);
	numbered_send(&a, 3, 60, 0);
	host_txsync(&a);
	assert_int_equal(tx->slots[2].flags, 0);
	assert_ptr_equal(tx->sync, nm_vale_txsync);
	assert_int_equal(tx->upto, 0);
	assert_int_equal(a.port->swapped, 0);
}

/* What was sent through a pipe is seen when its receiver is done with it. */
static void
a_pipe_is_seen_at_its_other_end(void **state)
{
	struct nm_kring *tx = nm_session_kring(&a, NM_DIR_TX, 0);
	uint32_t i, round;

	(void)state;
	assert_int_equal(monitor(&m, "x{1", 8), 0);
	assert_int_equal(monitor(&m2, "x}1", 8), 0);
	assert_int_equal(b.port->swapped, 2);
	for (round = 0; round < 40; round++) {
		for (i = 0; i < 5; i++)
			numbered_send(&a, (uint8_t)i, 60, 0);
		host_txsync(&a);
		numbered_expect_none(&m);
		for (i = 0; i < 5; i++)
			numbered_expect(&b, (uint8_t)i, 60, 0);
		rxsync(&b);
		for (i = 0; i < 5; i++) {
			numbered_expect(&m, (uint8_t)i, 60, NS_TXMON);
			numbered_expect(&m2, (uint8_t)i, 60, 0);
		}
	}
	numbered_send(&b, 9, 60, 0);
	host_txsync(&b);
	numbered_expect(&a, 9, 60, 0);
	rxsync(&a);
	numbered_expect(&m, 9, 60, 0);
	numbered_expect(&m2, 9, 60, NS_TXMON);
	assert_int_equal(tx->stat[NM_STAT_forwarded], 200);
	/* the end that it watches closes: its hands are off the other one too */
	nm_session_close(&a);
	assert_true(m.port->gone);
	assert_false(m2.port->gone);
	assert_int_equal(b.port->swapped, 1);
	host_open(&a, &root, 1000);
}

/* A NIC that keeps slots for a while: they are shown when the owner has them back, and he is told of no others. */
static void
a_nic_gives_back_later(void **state)
{
	struct nm_kring *tx;
	uint32_t i, idx;

	(void)state;
	assert_int_equal(host_open_port(&a, "nic0", 0), 0);
	assert_int_equal(monitor(&m, "nic0", 0), 0);
	tx = nm_session_kring(&a, NM_DIR_TX, 0);
	idx = tx->slots[0].buf_idx;
	host_nic_keeps = 3;
	for (i = 0; i < 5; i++)
		numbered_send(&a, (uint8_t)i, 60, 0);
	host_txsync(&a);
	assert_int_equal(tx->ktoa->hwtail, 1);
	numbered_expect(&m, 0, 60, NS_TXMON);
	numbered_expect(&m, 1, 60, NS_TXMON);
	numbered_expect_none(&m);
	assert_int_equal(nm_session_kring(&m, NM_DIR_RX, 0)->slots[0].buf_idx, idx);
	assert_int_equal(tx->slots[1].flags, NS_BUF_CHANGED);
	assert_int_equal(tx->slots[2].flags, 0);
	/* what the NIC gives back behind the sync's back is not told before it was shown */
	tx->hwtail = 4;
	nm_kring_publish(tx);
	assert_int_equal(tx->ktoa->hwtail, 1);
	tx->ring->head = tx->ring->cur = tx->rhead;
	assert_int_equal(nm_kring_enter(tx), 0);
	nm_kring_leave(tx);
	assert_int_equal(tx->ring->tail, 1);
	host_nic_keeps = 0;
	host_txsync(&a);
	assert_int_equal(tx->ktoa->hwtail, 4);
	for (i = 2; i < 5; i++)
		numbered_expect(&m, (uint8_t)i, 60, NS_TXMON);
	numbered_expect_none(&m);
	/* without the monitor nothing is kept back any more */
	nm_session_close(&m);
	tx->hwtail = 2;
	nm_kring_publish(tx);
	assert_int_equal(tx->ktoa->hwtail, 2);
	tx->hwtail = 4;
}

/* Frames begin where buffers do, for a monitor that knows no offsets. */
static void
offsets_end_at_the_monitor(void **state)
{
	struct nmreq_opt_offsets o = {.nro_max_offset = 64}, asked = {.nro_max_offset = 8};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC}, mon = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_ZCOPY_MON};

	(void)state;
	assert_int_equal(host_register_at(&a, "vale0:o", &reg, &o), 0);
	assert_int_equal(host_register_at(&m, "vale0:o", &mon, &asked), -EOPNOTSUPP);
	assert_int_equal(monitor(&m, "vale0:o", 0), 0);
	numbered_send(&a, 1, 64, 0);
	nm_session_kring(&a, NM_DIR_TX, 0)->slots[0].ptr = 10;
	nm_session_kring(&a, NM_DIR_TX, 0)->slots[0].len = 50;
	host_txsync(&a);
	assert_int_equal(host_take(&m, got, NULL), 50);
	assert_memory_equal(got, numbered_frame + 10, 50);
	assert_int_equal(nm_session_kring(&m, NM_DIR_RX, 0)->slots[0].ptr, 0);
}

/* A bad index that is given back stays lost to its owner, and comes to nobody else. */
static void
bad_buffers_are_not_passed_on(void **state)
{
	struct nm_kring *rx = nm_session_kring(&b, NM_DIR_RX, 0);
	uint32_t i;

	(void)state;
	assert_int_equal(monitor(&m, "vale0:b", 0), 0);
	for (i = 0; i < 3; i++)
		numbered_send(&a, (uint8_t)i, 60, 0);
	host_txsync(&a);
	for (i = 0; i < 3; i++)
		host_take(&b, got, NULL);
	rx->slots[0].buf_idx = 1;
	rx->slots[1].len = 60000;
	rxsync(&b);
	numbered_expect(&m, 2, 60, 0);
	numbered_expect_none(&m);
	assert_int_equal(host_stat(&m, NM_DIR_RX, NM_STAT_monitor_bad), 2);
	assert_int_equal(host_stat(&b, NM_DIR_RX, NM_STAT_buf_errors), 1);
}

/* Somebody writes to all that is shared while frames pass: each index that is used was looked at. */
static void
scribble(void *arg, uint32_t round)
{
	struct nm_session *s = arg;
	uint32_t x = round * 2654435761u + 12345;
	int dir;

	for (dir = 0; dir < 2; dir++) {
		struct nm_kring *kr = nm_session_kring(s, dir, 0);
		struct netmap_slot *slot = &kr->slots[x % kr->nslots];

		NM_WRITE_ONCE(slot->buf_idx, x >> 3);
		NM_WRITE_ONCE(slot->len, (uint16_t)(x >> 7));
		NM_WRITE_ONCE(slot->flags, (uint16_t)(x >> 11));
		NM_WRITE_ONCE(slot->ptr, ~(uint64_t)x);
		if (x & 64)
			NM_WRITE_ONCE(kr->atok->head, x >> 13 & 127);
	}
}

static void
shared_memory_is_not_believed(struct nm_session *hostile, struct nm_session *sender)
{
	struct nm_kring *rx = nm_session_kring(&b, NM_DIR_RX, 0);
	uint32_t i, k;

	host_race_start(scribble, hostile);
	for (i = 0; i < 3000; i++) {
		for (k = 0; k < 8; k++)
			numbered_send(sender, (uint8_t)k, 60, k == 3 ? NS_MOREFRAG : 0);
		host_txsync(sender);
		NM_WRITE_ONCE(rx->atok->head, rx->hwtail); /* not read: who may write there is hostile */
		nm_monitor_pull(rx);
	}
	host_race_stop();
}

static void
a_hostile_monitor_hurts_nobody(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_MONITOR_TX | NR_MONITOR_RX};

	(void)state;
	assert_int_equal(monitor(&m, "vale0:b", 0), 0);
	assert_int_equal(host_register(&m2, "vale0:a", &reg), 0);
	shared_memory_is_not_believed(&m, &a);
	shared_memory_is_not_believed(&m2, &a);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_tx_packets),
	    host_stat(&a, NM_DIR_TX, NM_STAT_forwarded) + host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space) +
	    host_stat(&a, NM_DIR_TX, NM_STAT_drop_bad_buf) + host_stat(&a, NM_DIR_TX, NM_STAT_drop_bad_len));
}

static void
a_hostile_owner_hurts_no_monitor(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_MONITOR_TX | NR_MONITOR_RX};
	uint32_t i;

	(void)state;
	assert_int_equal(monitor(&m, "vale0:b", 0), 0);
	assert_int_equal(host_register(&m2, "vale0:b", &reg), 0);
	shared_memory_is_not_believed(&b, &a);
	for (i = 0; i < 64; i++) {
		struct netmap_slot *s = &nm_session_kring(&m2, NM_DIR_RX, 0)->slots[i];

		assert_in_range(s->buf_idx, 2, m2.mem->pool[NM_POOL_BUF].objtotal - 1);
		assert_in_range(s->len, 0, 2112);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define N(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define V(f) cmocka_unit_test_setup_teardown(f, setup_vale, teardown)
#define P(f) cmocka_unit_test_setup_teardown(f, setup_pipe, teardown)
		V(sent_buffers_go_to_the_monitor),
		V(received_buffers_come_when_they_are_released),
		V(half_a_frame_waits_for_its_rest),
		V(a_chain_without_end_is_let_go),
		V(a_full_monitor_leaves_the_buffers),
		V(two_see_the_same),
		P(a_pipe_is_seen_at_its_other_end),
		N(a_nic_gives_back_later),
		N(offsets_end_at_the_monitor),
		V(bad_buffers_are_not_passed_on),
		V(a_hostile_monitor_hurts_nobody),
		V(a_hostile_owner_hurts_no_monitor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
