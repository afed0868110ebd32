/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"
#include "nm_pipe.h"

static struct nm_root root;
static struct nm_session m, s;
static struct nm_session *const sessions[] = {&m, &s, NULL};
static uint8_t frame[64], got[4096];

static int
setup(void **state)
{
	(void)state;
	host_frame(frame, "\2bbbbb", "\2aaaaa");
	return host_begin(&root, sessions);
}

static int
setup_pair(void **state)
{
	(void)state;
	host_frame(frame, "\2bbbbb", "\2aaaaa");
	return host_begin_ports(&root, sessions, (const char *const[]){"x{1", "x}1", NULL}, 16);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

static void
the_last_brace_splits(void **state)
{
	static const struct { const char *name; int at; } t[] = {
		{"x{1", 1}, {"x}1", 1}, {"x{1{2", 3}, {"x}1}2", 3}, {"x{1}2", 1}, {"x}1{2", 3}, {"vale0:a{b", 7}, {"{", 0},
		{"x", -1}, {"", -1},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_ptr_equal(nm_pipe_brace(t[i].name), t[i].at < 0 ? NULL : t[i].name + t[i].at);
}

static void
buffers_are_exchanged_not_copied(void **state)
{
	struct nm_kring *tx = nm_session_kring(&m, NM_DIR_TX, 0), *rx = nm_session_kring(&s, NM_DIR_RX, 0);
	uint32_t sent = tx->slots[0].buf_idx;
	uint16_t flags;

	(void)state;
	host_put(&m, frame, 60, NS_BUF_CHANGED | NS_REPORT);
	host_put(&m, frame, 61, 0);
	assert_int_equal(host_txsync(&m), 0);
	assert_int_equal(rx->slots[0].buf_idx, sent);
	assert_int_not_equal(tx->slots[0].buf_idx, sent);
	assert_in_range(tx->slots[0].buf_idx, 2, tx->nbufs - 1);
	assert_int_equal(tx->slots[0].flags, 0); /* cleared in the own slot, passed to the peer's */
	assert_int_equal(host_take(&s, got, &flags), 60);
	assert_int_equal(flags, NS_BUF_CHANGED);
	assert_memory_equal(got, frame, 60);
	assert_int_equal(host_take(&s, got, &flags), 61);
	assert_int_equal(flags, 0);
	assert_int_equal(host_stat(&m, NM_DIR_TX, NM_STAT_tx_packets), 2);
	assert_int_equal(host_stat(&m, NM_DIR_TX, NM_STAT_tx_bytes), 121);
	assert_int_equal(host_stat(&s, NM_DIR_RX, NM_STAT_rx_packets), 2);
	assert_int_equal(host_stat(&s, NM_DIR_RX, NM_STAT_rx_bytes), 121);
}

static void
only_whole_frames_are_published(void **state)
{
	struct nm_kring *tx = nm_session_kring(&m, NM_DIR_TX, 0);
	uint16_t flags;

	(void)state;
	host_put(&m, frame, 60, 0);
	host_put(&m, frame, 30, NS_MOREFRAG);
	host_put(&m, frame, 31, NS_MOREFRAG);
	host_txsync(&m);
	assert_int_equal(tx->hwcur, 1);
	assert_int_equal(host_take(&s, got, NULL), 60);
	assert_int_equal(host_take(&s, got, NULL), -1);
	host_put(&m, frame, 32, 0);
	host_txsync(&m);
	assert_int_equal(host_take(&s, got, &flags), 30);
	assert_int_equal(flags, NS_MOREFRAG);
	assert_int_equal(host_take(&s, got, &flags), 31);
	assert_int_equal(flags, NS_MOREFRAG);
	assert_int_equal(host_take(&s, got, &flags), 32);
	assert_int_equal(flags, 0);
	assert_int_equal(host_stat(&m, NM_DIR_TX, NM_STAT_forwarded), 2); /* frames, not slots */
}

static void
a_frame_waits_until_all_of_it_fits(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 13; i++)
		host_put(&m, frame, 60, 0);
	host_txsync(&m);
	for (i = 0; i < 3; i++)
		host_put(&m, frame, 40, i < 2 ? NS_MOREFRAG : 0);
	host_txsync(&m);
	assert_true(nm_session_kring(&s, NM_DIR_RX, 0)->blocked);
	for (i = 0; i < 13; i++)
		assert_int_equal(host_take(&s, got, NULL), 60);
	assert_int_equal(host_take(&s, got, NULL), -1);
	host_txsync(&m);
	assert_false(nm_session_kring(&s, NM_DIR_RX, 0)->blocked);
	for (i = 0; i < 3; i++)
		assert_int_equal(host_take(&s, got, NULL), 40);
}

static void
a_bad_slot_costs_its_whole_frame(void **state)
{
	struct nm_kring *tx = nm_session_kring(&m, NM_DIR_TX, 0);
	uint32_t saved = tx->slots[1].buf_idx;

	(void)state;
	host_put(&m, frame, 20, NS_MOREFRAG);
	host_put(&m, frame, 21, NS_MOREFRAG);
	tx->slots[1].buf_idx = 0x7fffffff;
	host_put(&m, frame, 22, 0);
	host_put(&m, frame, 60, 0);
	tx->slots[3].len = 2113;
	host_put(&m, frame, 61, 0);
	host_txsync(&m);
	assert_int_equal(host_take(&s, got, NULL), 61);
	assert_int_equal(host_take(&s, got, NULL), -1);
	assert_int_equal(host_stat(&m, NM_DIR_TX, NM_STAT_drop_bad_buf), 1);
	assert_int_equal(host_stat(&m, NM_DIR_TX, NM_STAT_drop_bad_len), 1);
	assert_int_equal(host_stat(&m, NM_DIR_TX, NM_STAT_tx_packets), 3);
	assert_int_equal(host_stat(&m, NM_DIR_TX, NM_STAT_forwarded), 1);
	tx->slots[1].buf_idx = saved;
}

static void
chains_that_can_never_go_do_not_block(void **state)
{
	struct nm_kring *tx;
	uint32_t i;

	(void)state;
	assert_int_equal(host_open_port(&m, "x{1", 128), 0);
	assert_int_equal(host_open_port(&s, "x}1", 128), 0);
	tx = nm_session_kring(&m, NM_DIR_TX, 0);
	for (i = 0; i < 65; i++)
		host_put(&m, frame, 60, i < 64 ? NS_MOREFRAG : 0);
	host_put(&m, frame, 61, 0);
	host_txsync(&m);
	assert_int_equal(host_stat(&m, NM_DIR_TX, NM_STAT_drop_bad_frags), 1);
	for (i = 0; i < 127; i++) /* the ring is full and the frame has no end; there would be no room for it either */
		host_put(&m, frame, 60, NS_MOREFRAG);
	host_txsync(&m);
	assert_int_equal(host_take(&s, got, NULL), 61);
	assert_int_equal(tx->hwcur, tx->rhead);
	assert_int_equal(host_stat(&m, NM_DIR_TX, NM_STAT_drop_bad_frags), 2);
	host_put(&m, frame, 62, 0);
	host_txsync(&m);
	assert_int_equal(host_take(&s, got, NULL), 62);
}

static void
a_full_receiver_holds_the_sender_back(void **state)
{
	struct nm_kring *tx = nm_session_kring(&m, NM_DIR_TX, 0);
	uint32_t sent = 0, taken = 0, round, i;

	(void)state;
	for (round = 0; taken < 1000; round++) {
		while (nm_ring_dist(tx->atok->head, tx->ktoa->hwtail, tx->nslots) > 0) {
			memcpy(frame + 20, &sent, 4);
			host_put(&m, frame, 60, 0);
			sent++;
		}
		host_txsync(&m);
		for (i = 0; i < round % 5 && host_take(&s, got, NULL) == 60; i++, taken++)
			assert_int_equal(*(uint32_t *)(void *)(got + 20), taken);
		assert_true(sent - taken <= 30); /* two rings full */
	}
	assert_int_equal(host_stat(&m, NM_DIR_TX, NM_STAT_forwarded) - host_stat(&s, NM_DIR_RX, NM_STAT_rx_packets), 0);
}

static void
the_slave_is_the_masters_mirror(void **state)
{
	struct nmreq_register a = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_rings = 3, .nr_rx_rings = 2, .nr_tx_slots = 32, .nr_rx_slots = 64},
	    b = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 77};
	uint32_t i;

	(void)state;
	assert_int_equal(host_register(&s, "x}1", &a), 0); /* the slave may be first */
	assert_int_equal(host_register(&m, "x{1", &b), 0);
	assert_int_equal(a.nr_tx_rings, 3);
	assert_int_equal(b.nr_tx_rings, 2);
	assert_int_equal(b.nr_rx_rings, 3);
	assert_int_equal(b.nr_tx_slots, 64);
	assert_int_equal(b.nr_rx_slots, 32);
	for (i = 0; i < 3; i++)
		assert_ptr_equal(nm_session_kring(&s, NM_DIR_TX, i)->peer, nm_session_kring(&m, NM_DIR_RX, i));
	for (i = 0; i < 2; i++)
		assert_ptr_equal(nm_session_kring(&m, NM_DIR_TX, i)->peer, nm_session_kring(&s, NM_DIR_RX, i));
}

static void
state_is_kept_while_either_end_is_open(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 20; i++) { /* 15 go over, the rest wait */
		memcpy(frame + 20, &i, 4);
		if (i == 15)
			host_txsync(&m);
		host_put(&m, frame, 60, 0);
	}
	host_txsync(&m);
	assert_int_equal(host_take(&s, got, NULL), 60);
	m.nifp->ni_bufs_head = 77;
	nm_session_kring(&m, NM_DIR_TX, 0)->ring->head = 0xffff; /* as left by one who died */
	nm_session_close(&m);
	nm_session_close(&s);
	assert_null(root.ports);
	assert_int_equal(host_open_port(&m, "x{1", 16), 0); /* both had gone: a new pipe */
	assert_int_equal(host_open_port(&s, "x}1", 16), 0);
	assert_int_equal(host_take(&s, got, NULL), -1);
	for (i = 0; i < 20; i++) {
		memcpy(frame + 20, &i, 4);
		if (i == 15)
			host_txsync(&m);
		host_put(&m, frame, 60, 0);
	}
	host_txsync(&m);
	nm_session_kring(&m, NM_DIR_TX, 0)->ring->head = 0xffff;
	nm_session_close(&m);
	assert_int_equal(host_open_port(&m, "x{1", 16), 0);
	assert_int_equal(nm_session_kring(&m, NM_DIR_TX, 0)->ring->head, nm_session_kring(&m, NM_DIR_TX, 0)->rhead);
	for (i = 0; i < 7; i++)
		assert_int_equal(host_take(&s, got, NULL), 60);
	nm_session_close(&s);
	host_txsync(&m); /* what waited in the sender's ring goes on, into a ring that nobody has open */
	assert_int_equal(host_open_port(&s, "x}1", 16), 0);
	for (i = 7; i < 20; i++) {
		assert_int_equal(host_take(&s, got, NULL), 60);
		assert_int_equal(*(uint32_t *)(void *)(got + 20), i);
	}
	assert_int_equal(host_take(&s, got, NULL), -1);
}

/* A sender that closed while its peer was full: the peer fetches the rest, until somebody opens the end again. */
static void
what_a_sender_left_is_fetched(void **state)
{
	struct nm_kring *rx = nm_session_kring(&s, NM_DIR_RX, 0), *tx = nm_session_kring(&m, NM_DIR_TX, 0);
	uint32_t i, got_n = 0;
	unsigned synced, changed;

	(void)state;
	for (i = 0; i < 25; i++) {
		memcpy(frame + 20, &i, 4);
		if (i == 15)
			host_txsync(&m);
		host_put(&m, frame, 60, 0);
	}
	host_txsync(&m);
	nm_pipe_fetch(rx);
	assert_int_equal(rx->hwtail, 15); /* not while the sender is there */
	assert_int_equal(host_take(&s, got, NULL), 60);
	got_n++;
	assert_false(nm_pipe_waits(rx));
	changed = host_changed;
	nm_session_close(&m);
	assert_true(host_changed > changed + 1); /* the receiver's host is told */
	assert_true(nm_pipe_waits(rx));
	nm_pipe_fetch(rx);
	assert_int_equal(nm_ring_dist(tx->hwcur, tx->rhead, 16), 9);
	synced = host_synced;
	assert_int_equal(host_open_port(&m, "x{1", 16), 0);
	assert_int_equal(host_synced, synced + 1); /* a fetch that runs is waited for */
	assert_false(nm_pipe_waits(rx));
	nm_session_close(&m);
	while (got_n < 25) {
		nm_pipe_fetch(rx);
		assert_int_equal(host_take(&s, got, NULL), 60);
		assert_int_equal(*(uint32_t *)(void *)(got + 20), got_n);
		got_n++;
	}
	assert_false(nm_pipe_waits(rx));
	assert_int_equal(tx->stat[NM_STAT_forwarded], 25);
}

static void
ends_close_in_any_order(void **state)
{
	struct nm_session base;

	(void)state;
	host_open(&base, &root, 1000);
	assert_int_equal(host_open_port(&base, "vale0:b", 16), 0);
	assert_int_equal(host_open_port(&m, "vale0:b{1", 16), 0);
	assert_int_equal(host_open_port(&s, "vale0:b}1", 16), 0);
	assert_ptr_equal(m.mem, base.mem);
	nm_session_close(&base); /* the base first: its port stays for the pipe */
	assert_non_null(nm_port_find(&root, "vale0:b"));
	host_put(&m, frame, 60, 0);
	host_txsync(&m);
	assert_int_equal(host_take(&s, got, NULL), 60);
	nm_session_close(&m);
	host_put(&s, frame, 60, 0);
	host_txsync(&s);
	nm_session_close(&s);
	assert_null(root.ports);
	assert_int_equal(host_open_port(&m, "vale0:b{1", 16), 0); /* no base at all: made, and gone again */
	assert_non_null(nm_vale_find(&root, "vale0"));
	nm_session_close(&m);
	assert_null(nm_vale_find(&root, "vale0"));
}

static void
a_pipe_can_be_a_base(void **state)
{
	(void)state;
	assert_int_equal(host_open_port(&m, "a{b{c", 16), 0);
	assert_non_null(nm_port_find(&root, "a"));
	assert_non_null(nm_port_find(&root, "a{b"));
	assert_non_null(nm_port_find(&root, "a}b"));
	assert_ptr_equal(m.port->parent, nm_port_find(&root, "a{b"));
	assert_int_equal(host_open_port(&s, "a{b}c", 16), 0); /* its other end */
	assert_ptr_equal(nm_session_kring(&m, NM_DIR_TX, 0)->peer, nm_session_kring(&s, NM_DIR_RX, 0));
}

static void
names_that_are_none(void **state)
{
	(void)state;
	assert_int_equal(host_open_port(&m, "{1", 16), -EINVAL);
	assert_string_equal(m.errtext, "{1: a pipe is called BASE{ID or BASE}ID");
	assert_int_equal(host_open_port(&m, "x{", 16), -EINVAL);
	assert_int_equal(host_open_port(&m, "lo{1", 16), -ENXIO); /* an interface that can't be opened is no free name */
	assert_int_equal(host_open_port(&s, "a{b}c", 16), 0);     /* its other end is a}b}c */
	assert_int_equal(host_open_port(&m, "a}b{c", 16), -EBUSY);
	assert_string_equal(m.errtext, "a}b{c: the name of the other end, a}b}c, is taken");
}

static void
a_pipe_has_no_host_rings(void **state)
{
	static const uint32_t modes[] = {NR_REG_SW, NR_REG_NIC_SW, NR_REG_ONE_SW};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct nmreq_register reg = {.nr_mode = modes[i]};

		assert_int_equal(host_register(&m, "x{1", &reg), -EINVAL);
		assert_null(root.ports);
	}
}

static void
a_base_has_64_pipes_at_most(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 4, .nr_rx_slots = 4, .nr_tx_rings = 64, .nr_rx_rings = 64};
	struct nm_session *x = nm_os_alloc(65 * sizeof(*x));
	char name[16];
	uint32_t i;

	(void)state;
	assert_int_equal(host_register(&m, "b{large", &reg), 0); /* makes a base with room */
	for (i = 0; i < 65; i++) {
		host_open(&x[i], &root, 1000);
		snprintf(name, sizeof(name), "b%c%u", "{}"[i % 2], i);
		assert_int_equal(host_open_port(&x[i], name, 4), i < 64 ? 0 : -EINVAL);
		if (!i)
			nm_session_close(&m);
	}
	assert_string_equal(x[64].errtext, "b{64: b has 64 pipes already, the most there can be");
	for (i = 0; i < 64; i++)
		nm_session_close(&x[i]);
	nm_os_free(x);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define P(f) cmocka_unit_test_setup_teardown(f, setup_pair, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_last_brace_splits),
		P(buffers_are_exchanged_not_copied),
		P(only_whole_frames_are_published),
		P(a_frame_waits_until_all_of_it_fits),
		P(a_bad_slot_costs_its_whole_frame),
		T(chains_that_can_never_go_do_not_block),
		P(a_full_receiver_holds_the_sender_back),
		T(the_slave_is_the_masters_mirror),
		P(state_is_kept_while_either_end_is_open),
		P(what_a_sender_left_is_fetched),
		T(ends_close_in_any_order),
		T(a_pipe_can_be_a_base),
		T(names_that_are_none),
		T(a_pipe_has_no_host_rings),
		T(a_base_has_64_pipes_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
