/* SPDX-License-Identifier: BSD-2-Clause */
/* Monitors that copy: what they see, what they miss and count, what ends them. */
#include "nm_monitor.h"
#include "nm_vale_nic.h"
#include "numbered.h"

static struct nm_root root;
static struct nm_session a, b, m, m2, m3;
static struct nm_session *const sessions[] = {&a, &b, &m, &m2, &m3, NULL};
static uint8_t got[4096];

static int
monitor(struct nm_session *s, const char *name, uint64_t flags, uint32_t slots)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_rx_slots = slots, .nr_flags = flags};

	return host_register(s, name, &reg);
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

static uint64_t
full(struct nm_session *s)
{
	return host_stat(s, NM_DIR_RX, NM_STAT_monitor_full);
}

static uint64_t
shown(struct nm_session *s)
{
	return host_stat(s, NM_DIR_RX, NM_STAT_rx_packets);
}

static void
both_directions_are_seen(void **state)
{
	(void)state;
	assert_int_equal(monitor(&m, "vale0:a", NR_MONITOR_TX | NR_MONITOR_RX, 0), 0);
	assert_string_equal(m.port->name, "vale0:a.mon1");
	assert_ptr_not_equal(m.mem, a.mem);
	numbered_send(&a, 1, 60, 0);
	assert_int_equal(host_txsync(&a), 0);
	numbered_send(&b, 2, 61, 0);
	host_txsync(&b);
	numbered_expect(&b, 1, 60, 1 << 8);
	numbered_expect(&a, 2, 61, 1 << 8);
	numbered_expect(&m, 1, 60, NS_TXMON);
	numbered_expect(&m, 2, 61, 0);
	numbered_expect_none(&m);
	assert_int_equal(shown(&m), 2);
	assert_int_equal(host_stat(&m, NM_DIR_RX, NM_STAT_rx_bytes), 121);
	assert_int_equal(m.port->nrings[NM_DIR_TX], 1);
	assert_int_equal(nm_kring_call(nm_session_kring(&m, NM_DIR_TX, 0)), -EIO);
	assert_int_equal(nm_kring_call(nm_session_kring(&m, NM_DIR_RX, 0)), 0);
}

static void
one_direction_is_seen(void **state)
{
	(void)state;
	assert_int_equal(monitor(&m, "vale0:a", NR_MONITOR_TX, 0), 0);
	assert_int_equal(monitor(&m2, "vale0:a", NR_MONITOR_RX, 0), 0);
	assert_string_equal(m2.port->name, "vale0:a.mon2");
	numbered_send(&a, 1, 60, 0);
	host_txsync(&a);
	numbered_send(&b, 2, 60, 0);
	host_txsync(&b);
	numbered_expect(&m, 1, 60, NS_TXMON);
	numbered_expect_none(&m);
	numbered_expect(&m2, 2, 60, 0);
	numbered_expect_none(&m2);
}

/* The first of them leaves, and then the other: what is seen by others does not change. */
static void
each_of_several_sees_all(void **state)
{
	(void)state;
	assert_int_equal(monitor(&m, "vale0:a", NR_MONITOR_TX, 0), 0);
	assert_int_equal(monitor(&m2, "vale0:a", NR_MONITOR_TX | NR_MONITOR_RX, 0), 0);
	numbered_send(&a, 1, 60, 0);
	host_txsync(&a);
	numbered_expect(&m, 1, 60, NS_TXMON);
	numbered_expect(&m2, 1, 60, NS_TXMON);
	nm_session_close(&m);
	numbered_send(&a, 2, 60, 0);
	host_txsync(&a);
	numbered_expect(&m2, 2, 60, NS_TXMON);
	nm_session_close(&m2);
	assert_ptr_equal(nm_session_kring(&a, NM_DIR_TX, 0)->sync, nm_vale_txsync);
	assert_ptr_equal(nm_session_kring(&a, NM_DIR_RX, 0)->sync, nm_vale_rxsync);
	assert_null(nm_session_kring(&a, NM_DIR_TX, 0)->watched);
	assert_null(nm_session_kring(&a, NM_DIR_RX, 0)->watched);
	assert_null(a.port->monitors);
	numbered_send(&a, 3, 60, 0);
	host_txsync(&a);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 3);
}

/* On a pipe: frames that wait for room are seen when they are submitted, and only then. */
static void
waiting_frames_are_seen_once(void **state)
{
	uint32_t i;

	(void)state;
	assert_int_equal(monitor(&m, "x{1", NR_MONITOR_TX, 64), 0);
	for (i = 0; i < 15; i++)
		numbered_send(&a, (uint8_t)i, 60, 0);
	host_txsync(&a);
	for (i = 15; i < 20; i++)
		numbered_send(&a, (uint8_t)i, 60, 0);
	host_txsync(&a);
	host_txsync(&a);
	assert_int_equal(shown(&m), 20);
	for (i = 0; i < 20; i++)
		numbered_expect(&m, (uint8_t)i, 60, NS_TXMON);
	for (i = 0; i < 15; i++)
		numbered_expect(&b, (uint8_t)i, 60, 0);
	host_txsync(&a);
	assert_int_equal(shown(&m), 20);
	assert_int_equal(host_stat(&b, NM_DIR_RX, NM_STAT_rx_packets), 20);
}

static void
frames_are_whole_or_not_shown(void **state)
{
	(void)state;
	assert_int_equal(monitor(&m, "x{1", NR_MONITOR_TX, 0), 0);
	numbered_send(&a, 1, 60, 0);
	numbered_send(&a, 2, 40, NS_MOREFRAG);
	numbered_send(&a, 3, 41, NS_MOREFRAG);
	host_txsync(&a);
	numbered_expect(&m, 1, 60, NS_TXMON);
	numbered_expect_none(&m);
	numbered_send(&a, 4, 42, 0);
	host_txsync(&a);
	numbered_expect(&m, 2, 40, NS_TXMON | NS_MOREFRAG);
	numbered_expect(&m, 3, 41, NS_TXMON | NS_MOREFRAG);
	numbered_expect(&m, 4, 42, NS_TXMON);
	numbered_expect_none(&m);
	assert_int_equal(shown(&m), 2);
}

/* A switch takes a frame without its end for a bad one: it is counted, and the next is seen. */
static void
a_cut_frame_is_counted(void **state)
{
	(void)state;
	assert_int_equal(monitor(&m, "vale0:a", NR_MONITOR_TX, 0), 0);
	numbered_send(&a, 1, 60, 0);
	numbered_send(&a, 2, 40, NS_MOREFRAG);
	numbered_send(&a, 3, 40, NS_MOREFRAG);
	host_txsync(&a);
	numbered_send(&a, 4, 61, 0);
	host_txsync(&a);
	numbered_expect(&m, 1, 60, NS_TXMON);
	numbered_expect(&m, 4, 61, NS_TXMON);
	numbered_expect_none(&m);
	assert_int_equal(host_stat(&m, NM_DIR_RX, NM_STAT_monitor_bad), 1);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_bad_frags), 1);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_tx_packets), shown(&m) + 1);
}

static void
bad_slots_are_counted_and_not_read(void **state)
{
	struct nm_kring *tx = nm_session_kring(&a, NM_DIR_TX, 0);

	(void)state;
	assert_int_equal(monitor(&m, "vale0:a", NR_MONITOR_TX, 0), 0);
	numbered_send(&a, 1, 60, 0);
	tx->slots[0].buf_idx = tx->nbufs;
	numbered_send(&a, 2, 60, 0);
	tx->slots[1].len = 2113;
	numbered_send(&a, 3, 30, NS_MOREFRAG);
	tx->slots[2].buf_idx = 1;
	numbered_send(&a, 4, 30, 0);
	numbered_send(&a, 5, 62, 0);
	host_txsync(&a);
	numbered_expect(&m, 5, 62, NS_TXMON);
	numbered_expect_none(&m);
	assert_int_equal(host_stat(&m, NM_DIR_RX, NM_STAT_monitor_bad), 3);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_tx_packets), 4);
}

static void
too_many_fragments_are_not_shown(void **state)
{
	uint32_t i;

	(void)state;
	assert_int_equal(host_open_port(&m3, "vale1:c", 256), 0);
	assert_int_equal(monitor(&m, "vale1:c", NR_MONITOR_TX, 0), 0);
	for (i = 0; i < 65; i++)
		numbered_send(&m3, 1, 20, i < 64 ? NS_MOREFRAG : 0);
	for (i = 0; i < 64; i++)
		numbered_send(&m3, 2, 20, i < 63 ? NS_MOREFRAG : 0);
	host_txsync(&m3);
	assert_int_equal(host_stat(&m, NM_DIR_RX, NM_STAT_monitor_bad), 1);
	assert_int_equal(shown(&m), 1);
	for (i = 0; i < 64; i++)
		numbered_expect(&m, 2, 20, NS_TXMON | (i < 63 ? NS_MOREFRAG : 0));
	numbered_expect_none(&m);
}

/* 7 slots of room: of a batch of 20 the last seven are shown; then nothing until the reader has released some. */
static void
the_newest_of_a_batch_are_kept(void **state)
{
	uint32_t i;

	(void)state;
	assert_int_equal(monitor(&m, "vale0:a", NR_MONITOR_TX, 8), 0);
	for (i = 0; i < 20; i++)
		numbered_send(&a, (uint8_t)i, 60, 0);
	host_txsync(&a);
	assert_int_equal(full(&m), 13);
	for (i = 20; i < 30; i++)
		numbered_send(&a, (uint8_t)i, 60, 0);
	host_txsync(&a);
	assert_int_equal(full(&m), 23);
	assert_int_equal(shown(&m), 7);
	for (i = 13; i < 16; i++)
		numbered_expect(&m, (uint8_t)i, 60, NS_TXMON);
	for (i = 30; i < 35; i++)
		numbered_send(&a, (uint8_t)i, 60, 0);
	host_txsync(&a);
	for (i = 16; i < 20; i++)
		numbered_expect(&m, (uint8_t)i, 60, NS_TXMON);
	for (i = 32; i < 35; i++)
		numbered_expect(&m, (uint8_t)i, 60, NS_TXMON);
	numbered_expect_none(&m);
	assert_int_equal(full(&m), 25);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_tx_packets), shown(&m) + full(&m));
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 35); /* its owner does not notice */
}

/* Frames of three slots: one that does not fit whole leaves room for none of it. */
static void
room_is_for_whole_frames(void **state)
{
	uint32_t i;

	(void)state;
	assert_int_equal(monitor(&m, "vale0:a", NR_MONITOR_TX, 8), 0);
	for (i = 0; i < 9; i++)
		numbered_send(&a, (uint8_t)i, 30, i % 3 < 2 ? NS_MOREFRAG : 0);
	host_txsync(&a);
	assert_int_equal(full(&m), 1);
	for (i = 3; i < 9; i++)
		numbered_expect(&m, (uint8_t)i, 30, NS_TXMON | (i % 3 < 2 ? NS_MOREFRAG : 0));
	numbered_expect_none(&m);
	for (i = 0; i < 6; i++)
		numbered_send(&a, (uint8_t)i, 30, i % 3 < 2 ? NS_MOREFRAG : 0);
	host_txsync(&a);
	assert_int_equal(full(&m), 1);
	for (i = 0; i < 6; i++)
		numbered_send(&a, (uint8_t)i, 30, i % 3 < 2 ? NS_MOREFRAG : 0);
	host_txsync(&a);
	assert_int_equal(full(&m), 3);
	assert_int_equal(shown(&m), 4);
}

/* What is received is counted likewise, and the receiver gets all. */
static void
a_full_monitor_does_not_disturb_a_receiver(void **state)
{
	uint32_t i;

	(void)state;
	assert_int_equal(monitor(&m, "vale0:b", NR_MONITOR_RX, 4), 0);
	for (i = 0; i < 10; i++) {
		numbered_send(&a, (uint8_t)i, 60, 0);
		host_txsync(&a);
	}
	for (i = 0; i < 10; i++)
		numbered_expect(&b, (uint8_t)i, 60, 1 << 8);
	assert_int_equal(shown(&m), 3);
	assert_int_equal(full(&m), 7);
	for (i = 0; i < 3; i++)
		numbered_expect(&m, (uint8_t)i, 60, 0);
}

static void
monitors_are_monitored(void **state)
{
	(void)state;
	assert_int_equal(monitor(&m, "vale0:a", NR_MONITOR_TX | NR_MONITOR_RX, 0), 0);
	assert_int_equal(monitor(&m2, "vale0:a.mon1", NR_MONITOR_RX, 0), 0);
	assert_string_equal(m2.port->name, "vale0:a.mon1.mon1");
	numbered_send(&a, 1, 60, 0);
	host_txsync(&a);
	numbered_send(&b, 2, 60, 0);
	host_txsync(&b);
	numbered_expect(&m2, 1, 60, NS_TXMON);
	numbered_expect(&m2, 2, 60, 0);
	numbered_expect(&m, 1, 60, NS_TXMON);
	numbered_expect(&m, 2, 60, 0);
	assert_int_equal(monitor(&m3, "vale0:a.mon1", NR_MONITOR_TX, 0), -EINVAL);
	assert_string_equal(m3.errtext, "vale0:a.mon1 is a monitor, which transmits nothing; watch what it receives (NR_MONITOR_RX)");
}

static void
they_are_stacked_seven_deep(void **state)
{
	static struct nm_session s[8];
	char name[NETMAP_REQ_IFNAMSIZ] = "vale0:a";
	uint32_t i;

	(void)state;
	for (i = 0; i < 8; i++) {
		host_open(&s[i], &root, 1000);
		assert_int_equal(monitor(&s[i], name, NR_MONITOR_TX | NR_MONITOR_RX, 0), i < 7 ? 0 : -EINVAL);
		if (i < 7)
			snprintf(name, sizeof(name), "%s", s[i].port->name);
	}
	assert_string_equal(s[7].errtext + strlen(name), ": monitors of monitors can be stacked 7 deep, not 8");
	numbered_send(&a, 1, 60, 0);
	host_txsync(&a);
	for (i = 0; i < 7; i++)
		numbered_expect(&s[i], 1, 60, NS_TXMON);
	nm_session_close(&a);
	for (i = 0; i < 8; i++) {
		assert_int_equal(i < 7 && !s[i].port->gone, 0);
		nm_session_close(&s[i]);
	}
	host_open(&a, &root, 1000);
}

/* Its owner closes: those who watch, and those who watch them, are told, and the names are free. */
static void
the_end_of_a_port_ends_its_monitors(void **state)
{
	(void)state;
	assert_int_equal(monitor(&m, "vale0:a", NR_MONITOR_TX, 0), 0);
	assert_int_equal(monitor(&m2, "vale0:a.mon1", NR_MONITOR_RX, 0), 0);
	numbered_send(&a, 1, 60, 0);
	host_txsync(&a);
	nm_session_close(&a);
	assert_int_equal(m.sync->dead, 1);
	assert_int_equal(m2.sync->dead, 1);
	assert_true(m.port->gone && m2.port->gone);
	assert_int_equal(nm_kring_call(nm_session_kring(&m, NM_DIR_RX, 0)), -EIO);
	assert_int_equal(nm_kring_call(nm_session_kring(&m2, NM_DIR_RX, 0)), -EIO);
	assert_int_equal(monitor(&m3, "vale0:a.mon1", NR_MONITOR_RX, 0), -EINVAL);
	assert_int_equal(monitor(&m3, "vale0:a", NR_MONITOR_TX, 0), -EINVAL);
	host_open(&a, &root, 1000);
	assert_int_equal(host_open_port(&a, "vale0:a", 0), 0);
	assert_int_equal(monitor(&m3, "vale0:a", NR_MONITOR_TX, 0), 0);
	assert_string_equal(m3.port->name, "vale0:a.mon1");
	numbered_expect(&m, 1, 60, NS_TXMON); /* what it had is still there */
}

/* One of two who share a port closes: the other goes on, and is seen. */
static void
a_port_that_is_shared_stays(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ONE_NIC, .nr_tx_rings = 2, .nr_rx_rings = 2};
	struct nmreq_register second = {.nr_mode = NR_REG_ONE_NIC, .nr_ringid = 1};

	(void)state;
	nm_session_close(&a);
	host_open(&a, &root, 1000);
	assert_int_equal(host_register(&a, "vale0:a", &reg), 0);
	assert_int_equal(host_register(&m3, "vale0:a", &second), 0);
	assert_int_equal(monitor(&m, "vale0:a", NR_MONITOR_TX, 0), 0);
	numbered_send(&m3, 1, 60, 0);
	host_txsync(&m3);
	assert_int_equal(m.port->krings[NM_DIR_RX][1].stat[NM_STAT_rx_packets], 1);
	nm_session_close(&a);
	assert_false(m.port->gone);
	numbered_send(&m3, 2, 60, 0);
	host_txsync(&m3);
	assert_int_equal(m.port->krings[NM_DIR_RX][1].stat[NM_STAT_rx_packets], 2);
	/* the ring comes back, from its beginning */
	host_open(&a, &root, 1000);
	assert_int_equal(host_register(&a, "vale0:a", &reg), 0);
	numbered_send(&a, 3, 60, 0);
	host_txsync(&a);
	assert_int_equal(m.port->krings[NM_DIR_RX][0].stat[NM_STAT_rx_packets], 1);
	nm_session_close(&m3);
	host_open(&m3, &root, 1000);
	assert_false(m.port->gone);
}

/* A ring out of rule goes back to what was sent; what is published then is seen, also where other frames were. */
static void
a_reset_ring_is_seen_again(void **state)
{
	struct nm_kring *tx = nm_session_kring(&a, NM_DIR_TX, 0);
	uint32_t i;

	(void)state;
	assert_int_equal(monitor(&m, "x{1", NR_MONITOR_TX, 64), 0);
	for (i = 0; i < 15; i++)
		numbered_send(&a, (uint8_t)i, 60, 0);
	host_txsync(&a);
	for (i = 15; i < 25; i++)
		numbered_send(&a, (uint8_t)i, 60, 0); /* these wait */
	host_txsync(&a);
	assert_int_equal(shown(&m), 25);
	tx->atok->head = 999;
	assert_int_equal(nm_kring_sync(tx), -EINVAL);
	tx->atok->head = tx->atok->cur = tx->hwcur;
	for (i = 30; i < 40; i++)
		numbered_send(&a, (uint8_t)i, 60, 0);
	assert_int_equal(nm_kring_sync(tx), 0);
	assert_int_equal(shown(&m), 35);
	for (i = 0; i < 25; i++)
		host_take(&m, got, NULL);
	for (i = 30; i < 40; i++)
		numbered_expect(&m, (uint8_t)i, 60, NS_TXMON);
}

static const struct {
	const char *name;
	struct nmreq_register reg;
	int error;
	const char *text;
} bad[] = {
	{"vale0:c", {.nr_flags = NR_MONITOR_TX}, -EINVAL, "vale0:c can't be monitored: no program and no switch has it open; open it first"},
	{"lo", {.nr_flags = NR_MONITOR_TX}, -EINVAL, "lo can't be monitored: no program and no switch has it open; open it first"},
	{"y{1", {.nr_flags = NR_MONITOR_RX}, -EINVAL, "y{1 can't be monitored: no program and no switch has it open; open it first"},
	{"nosuch", {.nr_flags = NR_MONITOR_RX}, -ENXIO, "there is no port nosuch to be monitored; see: vale-ctl list"},
	{"vale0:a", {.nr_flags = NR_MONITOR_RX, .nr_mode = NR_REG_NULL}, -EINVAL,
	    "vale0:a: a port without peer, which mode 7 makes, is new; there is nothing to be monitored"},
	{"vale0:a", {.nr_flags = NR_MONITOR_RX, .nr_mode = NR_REG_SW}, -EINVAL, "vale0:a has no host rings"},
	{"vale0:a", {.nr_flags = NR_MONITOR_RX, .nr_mode = NR_REG_ONE_NIC, .nr_ringid = 1}, -EINVAL,
	    "vale0:a ring 1 does not exist, there are 1 (0 to 0)"},
	{"vale0:a", {.nr_flags = NR_MONITOR_RX, .nr_rx_slots = 4097}, -EINVAL, "vale0:a: 4097 receive slots asked for, 1 to 4096 are possible"},
	{"vale0:a", {.nr_flags = NR_MONITOR_RX, .nr_tx_slots = 4097}, -EINVAL, "vale0:a: 4097 transmit slots asked for, 1 to 4096 are possible"},
	{"vale0:a", {.nr_flags = NR_MONITOR_TX | NR_RX_RINGS_ONLY}, -EINVAL,
	    "vale0:a: no ring is left to be monitored: of its 1 + 1 rings and 0 + 0 host rings none is selected in a direction that is asked for"},
	{"vale0:a", {.nr_flags = NR_MONITOR_RX, .nr_mem_id = 4711}, -EINVAL, "vale0:a: there is no region 4711"},
	{"vale0:a", {.nr_flags = NR_ZCOPY_MON, .nr_mem_id = 1}, -EINVAL,
	    "vale0:a: region 1 is asked for, a zero-copy monitor has that of the port, 2"},
};

static void
bad_requests_are_refused_in_words(void **state)
{
	size_t i;
	long before;

	(void)state;
	nm_session_close(&b);
	host_open(&b, &root, 1000);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct nmreq_register reg = bad[i].reg;

		before = host_allocs;
		assert_int_equal(host_register(&m, bad[i].name, &reg), bad[i].error);
		assert_string_equal(m.errtext, bad[i].text);
		assert_int_equal(host_allocs, before);
		assert_null(a.port->monitors);
		assert_null(a.port->next);
	}
}

static void
others_are_not_watched(void **state)
{
	(void)state;
	nm_session_close(&m);
	host_open(&m, &root, 1001);
	assert_int_equal(monitor(&m, "vale0:a", NR_MONITOR_RX, 0), -EACCES);
	assert_string_equal(m.errtext, "vale0:a belongs to user 1000 (mode 0600); its owner can let you monitor it: vale-ctl chmod 0660 vale0:a");
	a.port->access.mode = 0666;
	assert_int_equal(monitor(&m, "vale0:a", NR_MONITOR_RX, 0), 0); /* a copy: his own memory */
	assert_int_equal(m.port->access.uid, 1001);
	nm_session_close(&m2);
	host_open(&m2, &root, 1001);
	assert_int_equal(monitor(&m2, "vale0:a", NR_ZCOPY_MON, 0), -EACCES);
	assert_string_equal(m2.errtext,
	    "vale0:a: its memory, region 2, belongs to user 1000 (mode 0600); a monitor that copies needs none of it");
}

static void
memory_that_runs_out_leaves_nothing(void **state)
{
	struct nm_kring *tx = nm_session_kring(&a, NM_DIR_TX, 0);
	int error = -1;
	long n, before = host_allocs;

	(void)state;
	for (n = 0; error && n < 100; n++) {
		host_fail_after = n;
		error = monitor(&m, "vale0:a", n % 2 ? NR_MONITOR_TX | NR_MONITOR_RX : NR_ZCOPY_MON, 0);
		host_fail_after = -1;
		if (!error)
			break;
		assert_int_equal(error, -ENOMEM);
		assert_int_equal(host_allocs, before);
		assert_ptr_equal(tx->sync, nm_vale_txsync);
		assert_null(tx->watched);
		assert_null(a.port->monitors);
	}
	assert_in_range(n, 10, 60);
}

/* All rings of a NIC and of its host; each has the monitor's ring of its number. */
static void
host_rings_are_seen(void **state)
{
	struct nmreq_register all = {.nr_mode = NR_REG_NIC_SW}, sw = {.nr_mode = NR_REG_SW, .nr_flags = NR_MONITOR_TX | NR_MONITOR_RX};
	struct nmreq_register one = {.nr_mode = NR_REG_ONE_NIC, .nr_ringid = 1, .nr_flags = NR_MONITOR_TX | NR_MONITOR_RX};
	struct nm_kring *host;

	(void)state;
	host_nic_rings[NM_DIR_RX] = 3;
	assert_int_equal(host_register(&m3, "nic0", &all), 0);
	assert_int_equal(host_register(&m, "nic0", &sw), 0);
	assert_int_equal(m.port->nrings[NM_DIR_RX], 3);
	assert_int_equal(m.port->nhost[NM_DIR_RX], 1);
	assert_int_equal(m.first[NM_DIR_RX], 3);
	assert_int_equal(m.last[NM_DIR_RX], 4);
	assert_int_equal(m.first[NM_DIR_TX], m.last[NM_DIR_TX]);
	/* what is sent to the host */
	m3.first[NM_DIR_TX] = 1;
	numbered_send(&m3, 1, 60, 0);
	host_txsync(&m3);
	numbered_expect(&m, 1, 60, NS_TXMON);
	m3.first[NM_DIR_TX] = 0;
	/* and what comes from it */
	host = nm_session_kring(&m3, NM_DIR_RX, 3);
	host->slots[0].len = 60;
	host->lease = 1;
	nm_kring_finish(host, 0, 1, 1, 60);
	assert_int_equal(host_take(&m, got, NULL), 60);
	/* the direction with fewer rings has ring 0, which is shown in the one that was asked for */
	assert_int_equal(host_register(&m2, "nic0", &one), 0);
	numbered_send(&m3, 2, 60, 0);
	host_txsync(&m3);
	numbered_expect_none(&m);
	numbered_expect(&m2, 2, 60, NS_TXMON);
	host_nic_rings[NM_DIR_RX] = 1;
}

static void
offsets_of_both_sides_are_honoured(void **state)
{
	struct nmreq_opt_offsets theirs = {.nro_max_offset = 64, .nro_initial_offset = 10}, ours = {.nro_max_offset = 32, .nro_initial_offset = 8};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC}, mon = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_MONITOR_TX};
	struct nm_kring *kr;

	(void)state;
	assert_int_equal(host_register_at(&m3, "vale1:o", &reg, &theirs), 0);
	mon.nr_flags = NR_MONITOR_TX;
	assert_int_equal(host_register(&m, "vale1:o", &mon), 0);
	mon = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_MONITOR_TX};
	assert_int_equal(host_register_at(&m2, "vale1:o", &mon, &ours), 0);
	kr = nm_session_kring(&m3, NM_DIR_TX, 0);
	numbered_send(&m3, 1, 64, 0);
	kr->slots[0].ptr = 10;
	kr->slots[0].len = 50;
	host_txsync(&m3);
	assert_int_equal(host_take(&m, got, NULL), 50);
	assert_memory_equal(got, numbered_frame + 10, 50);
	kr = nm_session_kring(&m2, NM_DIR_RX, 0);
	assert_int_equal(kr->slots[0].len, 50);
	assert_int_equal(kr->slots[0].ptr, 8);
	assert_memory_equal(nm_kring_buf(kr, kr->slots[0].buf_idx) + 8, numbered_frame + 10, 50);
}

/* Into a region with smaller buffers, if it is asked for: the frame is cut anew. */
static void
long_slots_are_cut_for_short_buffers(void **state)
{
	struct nm_mem_geometry g = {.size = {1024, 36864, 256}, .num = {4, 4, 256}};
	struct nmreq_register mon = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_MONITOR_TX, .nr_rx_slots = 64};
	struct nm_mem *mem;
	uint8_t sent[2000];
	uint32_t i, k;

	(void)state;
	assert_int_equal(nm_mem_create(&root, &g, &a.cred, true, &mem), 0);
	mon.nr_mem_id = mem->id;
	assert_int_equal(host_register(&m, "vale0:a", &mon), 0);
	for (i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 7);
	host_put(&a, sent, 700, 0);
	host_put(&a, sent, 100, NS_MOREFRAG);
	host_put(&a, sent + 100, 0, NS_MOREFRAG);
	host_put(&a, sent + 100, 500, 0);
	host_put(&a, sent, 60, 0);
	host_txsync(&a);
	for (i = 0; i < 700; i += 256) {
		assert_int_equal(host_take(&m, got, NULL), 700 - i < 256 ? 700 - i : 256);
		assert_memory_equal(got, sent + i, 700 - i < 256 ? 700 - i : 256);
	}
	for (k = i = 0; i < 600; i += 256, k++) {
		uint16_t flags;

		assert_int_equal(host_take(&m, got, &flags), 600 - i < 256 ? 600 - i : 256);
		assert_int_equal(flags, NS_TXMON | (k < 2 ? NS_MOREFRAG : 0));
		assert_memory_equal(got, sent + i, 600 - i < 256 ? 600 - i : 256);
	}
	assert_int_equal(host_take(&m, got, NULL), 60);
	assert_int_equal(shown(&m), 3);
	nm_mem_put(mem);
}

/* From a region of larger buffers: the monitor's own are as large. */
static void
its_buffers_hold_what_slots_hold(void **state)
{
	struct nm_mem_geometry g = {.size = {1024, 36864, 9216}, .num = {8, 24, 512}};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_rx_slots = 16, .nr_tx_slots = 16};
	struct nm_mem *mem;

	(void)state;
	assert_int_equal(nm_mem_create(&root, &g, &a.cred, true, &mem), 0);
	reg.nr_mem_id = mem->id;
	assert_int_equal(host_register(&m3, "vale1:big", &reg), 0);
	nm_mem_put(mem);
	assert_int_equal(monitor(&m, "vale1:big", NR_MONITOR_TX, 0), 0);
	assert_int_equal(nm_session_kring(&m, NM_DIR_RX, 0)->stride, 9216);
}

/* Data of NS_INDIRECT slots is what is seen. */
static void
indirect_data_are_seen(void **state)
{
	struct nm_kring *tx = nm_session_kring(&a, NM_DIR_TX, 0);
	static uint8_t data[64];

	(void)state;
	assert_int_equal(monitor(&m, "vale0:a", NR_MONITOR_TX, 0), 0);
	memset(data, 0x5a, sizeof(data));
	numbered_send(&a, 1, 60, NS_INDIRECT);
	tx->slots[0].ptr = (uintptr_t)data;
	host_txsync(&a);
	assert_int_equal(host_take(&m, got, NULL), 60);
	assert_memory_equal(got, data, 60);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_indirect), 0);
}

/* An interface in a switch, from both sides of the seam. */
static void
an_attached_interface_is_seen(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nm_kring *rx;
	uint32_t index;

	(void)state;
	assert_int_equal(nm_vale_nic_attach(&m3, "vale0:nic0", &reg, &index), 0);
	assert_int_equal(monitor(&m, "vale0:nic0", NR_MONITOR_TX | NR_MONITOR_RX, 0), 0);
	assert_int_equal(monitor(&m2, "nic0", NR_MONITOR_TX | NR_MONITOR_RX, 0), 0);
	numbered_send(&a, 1, 60, 0);
	host_txsync(&a); /* to all: the interface as well */
	numbered_expect(&m, 1, 60, 0);
	numbered_expect(&m2, 1, 60, NS_TXMON);
	rx = &nm_port_find(&root, "nic0")->krings[NM_DIR_RX][0];
	assert_in_range(nm_kring_lease_begin(rx), 1, 63);
	assert_int_equal(nm_kring_lease_commit(rx, 1, rx->done + 1), 0);
	numbered_frame[20] = 2;
	memcpy(rx->bufs + (size_t)rx->done[1] * rx->stride, numbered_frame, 60);
	nm_kring_put_slot(&rx->slots[0], rx->done[1], 60, 0);
	rx->done[1] = 0;
	nm_kring_finish(rx, 0, 1, 1, 60);
	rx->notify(rx);
	numbered_expect(&m2, 2, 60, 0);
	numbered_expect(&m, 2, 60, NS_TXMON);
	assert_int_equal(monitor(&m3, "nic0", NR_ZCOPY_MON, 0), -EBUSY);
	nm_vale_nic_detach(nm_vale_nic_find(&root, "vale0:nic0"));
	assert_true(m.port->gone && m2.port->gone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define V(f) cmocka_unit_test_setup_teardown(f, setup_vale, teardown)
#define P(f) cmocka_unit_test_setup_teardown(f, setup_pipe, teardown)
		V(both_directions_are_seen),
		V(one_direction_is_seen),
		V(each_of_several_sees_all),
		P(waiting_frames_are_seen_once),
		P(frames_are_whole_or_not_shown),
		V(a_cut_frame_is_counted),
		V(bad_slots_are_counted_and_not_read),
		V(too_many_fragments_are_not_shown),
		V(the_newest_of_a_batch_are_kept),
		V(room_is_for_whole_frames),
		V(a_full_monitor_does_not_disturb_a_receiver),
		V(monitors_are_monitored),
		V(they_are_stacked_seven_deep),
		V(the_end_of_a_port_ends_its_monitors),
		V(a_port_that_is_shared_stays),
		P(a_reset_ring_is_seen_again),
		V(bad_requests_are_refused_in_words),
		V(others_are_not_watched),
		V(memory_that_runs_out_leaves_nothing),
		V(host_rings_are_seen),
		V(offsets_of_both_sides_are_honoured),
		V(long_slots_are_cut_for_short_buffers),
		V(its_buffers_hold_what_slots_hold),
		V(indirect_data_are_seen),
		V(an_attached_interface_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
