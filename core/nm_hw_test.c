/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_hw_test.c - a NIC of this file's own: a ring of descriptors that the test turns. */
#include "nm_hw.h"
#include "host.h"

#define DESC 64u

struct desc {
	uint64_t addr;
	uint32_t len;
	unsigned flags;   /* of put; of get once `done` */
	bool done;
};

static struct nic {
	struct desc desc[DESC];
	uint32_t tail, kicks, next; /* next: the one that the NIC comes to */
	uint32_t puts, first_put;
} nic;

static struct nm_root root;
static struct nm_session s;
static struct nm_session *const sessions[] = {&s, NULL};
static struct nm_hw_map map;
static struct nm_hw_ring tx, rx;
static uint64_t addrs[8192];
static uint32_t sent_to, got_from, posted_for; /* calls for a device that sees other memory */

static void
put_tx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr, uint32_t len, unsigned flags)
{
	(void)r;
	nic.desc[desc] = (struct desc){.addr = addr, .len = len, .flags = flags};
	nic.first_put = desc;
	nic.puts++;
}

static void
report_tx(struct nm_hw_ring *r, uint32_t desc)
{
	(void)r;
	nic.desc[desc].flags |= NM_HW_REPORT;
}

static bool
done_tx(struct nm_hw_ring *r, uint32_t desc)
{
	(void)r;
	assert_true(nic.desc[desc].flags & NM_HW_REPORT);
	return nic.desc[desc].done;
}

static void
kick(struct nm_hw_ring *r)
{
	nic.tail = r->use;
	nic.kicks++;
}

static unsigned
get_rx(struct nm_hw_ring *r, uint32_t desc, uint32_t *bytes)
{
	(void)r;
	*bytes = nic.desc[desc].len;
	return nic.desc[desc].done ? nic.desc[desc].flags : 0;
}

static void
put_rx(struct nm_hw_ring *r, uint32_t desc, uint64_t addr)
{
	(void)r;
	nic.desc[desc] = (struct desc){.addr = addr};
	nic.puts++;
}

static const struct nm_hw_tx tx_ops = {.put = put_tx, .report = report_tx, .done = done_tx, .kick = kick, .max_parts = 8};
static const struct nm_hw_tx padding_ops = {.put = put_tx, .report = report_tx, .done = done_tx, .kick = kick, .max_parts = 8, .min_bytes = 60};
static const struct nm_hw_rx rx_ops = {.get = get_rx, .put = put_rx, .kick = kick};

static void
to_device(const struct nm_hw_map *m, uint64_t addr, uint32_t len)
{
	(void)m, (void)addr, (void)len;
	sent_to++;
}

static void
from_device(const struct nm_hw_map *m, uint64_t addr, uint32_t len)
{
	(void)m, (void)addr, (void)len;
	got_from++;
}

static void
for_device(const struct nm_hw_map *m, uint64_t addr, uint32_t len)
{
	(void)addr;
	assert_int_equal(len, m->stride);
	posted_for++;
}

static uint32_t came_back, came_back_unsent; /* foreign frames */

static void
foreign_gone(struct nm_hw_ring *r, void *owner, bool sent)
{
	assert_ptr_equal(r, &tx);
	assert_ptr_equal(owner, &nic);
	came_back++;
	came_back_unsent += !sent;
}

static const struct nm_hw_core core = {nm_kring_room, nm_kring_publish, nm_hw_frame, to_device, from_device, for_device, nm_hw_start,
    nm_hw_stop, foreign_gone};

static int
setup(void **state)
{
	(void)state;
	memset(&nic, 0, sizeof(nic));
	sent_to = got_from = posted_for = came_back = came_back_unsent = 0;
	return host_begin(&root, sessions);
}

static int
teardown(void **state)
{
	(void)state;
	nm_hw_ring_fini(&tx);
	nm_hw_ring_fini(&rx);
	return host_end(&root, sessions);
}

static void
open_rings(uint32_t slots)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_NULL, .nr_tx_slots = slots, .nr_rx_slots = slots, .nr_tx_rings = 1, .nr_rx_rings = 1,
	    .nr_extra_bufs = 1};
	struct nm_kring *kr;
	uint32_t i;

	root.limits.buf_size = 2048;
	assert_int_equal(host_register(&s, "n", &reg), 0);
	kr = nm_session_kring(&s, NM_DIR_TX, 0);
	assert_int_equal(kr->stride, 2048);
	for (i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++)
		addrs[i] = (uintptr_t)kr->bufs + (uint64_t)i * 2048;
	map = (struct nm_hw_map){.n = kr->nbufs, .stride = 2048, .addr = addrs};
	assert_int_equal(nm_hw_ring_init(&tx, &core, NM_DIR_TX, DESC), 0);
	assert_int_equal(nm_hw_ring_init(&rx, &core, NM_DIR_RX, DESC), 0);
	tx.map = rx.map = &map;
	tx.kr = kr;
	rx.kr = nm_session_kring(&s, NM_DIR_RX, 0);
	nm_hw_set_bufs(&rx, rx.kr, NULL);
}

static uint32_t
buf_of(uint64_t addr)
{
	uint64_t at = addr - (uintptr_t)tx.kr->bufs;

	assert_int_equal(at % map.stride, 0);
	assert_true(at / map.stride < map.n);
	return (uint32_t)(at / map.stride);
}

static struct netmap_slot *
slot(struct nm_hw_ring *r, uint32_t i)
{
	return &r->kr->slots[i % r->kr->nslots];
}

/* The client publishes what lies before slot `head`, and syncs. */
static bool
transmit_with(const struct nm_hw_tx *ops, uint32_t head)
{
	struct nm_kring *kr = tx.kr;
	bool full;

	kr->rtail = kr->hwtail;
	assert_int_equal(nm_kring_accept(kr, head, head), 0);
	full = nm_hw_tx(&tx, ops);
	nm_kring_publish(kr);
	return full;
}

static bool
transmit(uint32_t head)
{
	return transmit_with(&tx_ops, head);
}

/* The NIC takes n descriptors, all that it was told of if there are fewer; it writes back those that report. */
static uint32_t
nic_sends(uint32_t n)
{
	uint32_t k;

	for (k = 0; k < n && nic.next != nic.tail; k++) {
		nic.desc[nic.next].done = nic.desc[nic.next].flags & NM_HW_REPORT;
		nic.next = nm_ring_add(nic.next, 1, tx.ndesc);
	}
	return k;
}

static uint32_t
receive(uint32_t budget)
{
	return nm_hw_rx(&rx, &rx_ops, budget);
}

/* A piece of a frame arrives in the next buffer, if the NIC has one. */
static bool
nic_gets(uint32_t len, unsigned flags, uint8_t first)
{
	struct desc *d = &nic.desc[nic.next];

	if (nic.next == nic.tail)
		return false;
	*(uint8_t *)(uintptr_t)d->addr = first;
	d->len = len;
	d->flags = flags | NM_HW_DONE;
	d->done = true;
	nic.next = nm_ring_add(nic.next, 1, rx.ndesc);
	return true;
}

/* The client gives back all that it got; how many slots that were. */
static uint32_t
give_back(void)
{
	struct nm_kring *kr = rx.kr;
	uint32_t n = nm_ring_dist(kr->atok->head, kr->ktoa->hwtail, kr->nslots);

	kr->atok->head = kr->atok->cur = kr->ktoa->hwtail;
	return n;
}

/* Each buffer of the receive ring is in one place: with the client, with the NIC or on the stack. */
static void
all_buffers_are_there(void)
{
	static uint8_t seen[1 << 16];
	struct nm_kring *kr = rx.kr;
	uint32_t i, n = 0;

	memset(seen, 0, sizeof(seen));
	for (i = kr->rel; i != kr->hwtail; i = nm_ring_add(i, 1, kr->nslots), n++)
		assert_int_equal(seen[kr->slots[i].buf_idx]++, 0);
	for (i = 0; i < kr->nstack; i++, n++)
		assert_int_equal(seen[kr->stack[i]]++, 0);
	for (i = rx.clean; i != rx.use; i = nm_ring_add(i, 1, rx.ndesc), n++) {
		assert_int_equal(seen[rx.buf[i]]++, 0);
		assert_int_equal(buf_of(nic.desc[i].addr), rx.buf[i]);
	}
	assert_int_equal(n, kr->nslots);
}

static void
frames_leave_in_order_and_slots_return_when_the_nic_is_done(void **state)
{
	uint32_t i;

	(void)state;
	open_rings(256);
	nm_hw_start(&tx, DESC, 0, 1518);
	for (i = 0; i < 100; i++)
		slot(&tx, i)->len = (uint16_t)(60 + i);
	assert_false(transmit(40));
	assert_int_equal(nic.kicks, 1);
	assert_int_equal(nic.tail, 40);
	for (i = 0; i < 40; i++) {
		assert_int_equal(buf_of(nic.desc[i].addr), slot(&tx, i)->buf_idx);
		assert_int_equal(nic.desc[i].len, 60 + i);
		assert_int_equal(nic.desc[i].flags, NM_HW_FIRST | NM_HW_LAST | (i == NM_HW_REPORTS - 1 || i == 39 ? NM_HW_REPORT : 0));
	}
	assert_int_equal(tx.kr->hwcur, 40);
	assert_int_equal(tx.kr->hwtail, 255);
	nic_sends(NM_HW_REPORTS);
	assert_false(transmit(40));
	assert_int_equal(nic.kicks, 1); /* there was nothing to tell */
	assert_int_equal(tx.kr->hwtail, NM_HW_REPORTS - 1);
	assert_int_equal(tx.kr->stat[NM_STAT_forwarded], NM_HW_REPORTS);
	nic_sends(DESC);
	assert_false(transmit(40));
	assert_int_equal(tx.kr->hwtail, 39);
	assert_int_equal(tx.kr->stat[NM_STAT_forwarded], 40);
	assert_int_equal(tx.kr->stat[NM_STAT_tx_packets], 40);
	assert_int_equal(tx.kr->stat[NM_STAT_tx_bytes], 40 * 60 + 39 * 40 / 2);
}

static void
more_than_the_nic_takes_waits(void **state)
{
	uint32_t i;

	(void)state;
	open_rings(256);
	nm_hw_start(&tx, DESC, 10, 1518);
	nic.next = nic.tail = 10;
	for (i = 0; i < 256; i++)
		slot(&tx, i)->len = 60;
	assert_true(transmit(200));
	assert_int_equal(tx.kr->hwcur, DESC - 1);
	assert_true(transmit(200));
	for (i = 0; tx.kr->hwcur != 200; i++) {
		assert_true(i < 20);
		nic_sends(DESC / 2);
		transmit(200);
	}
	nic_sends(DESC);
	assert_false(transmit(200));
	assert_int_equal(tx.kr->hwtail, 199);
	assert_int_equal(tx.kr->stat[NM_STAT_forwarded], 200);
}

static bool
put_foreign(const struct nm_hw_tx *ops, uint32_t len)
{
	static const char frame[16384];

	return nm_hw_put_foreign(&tx, ops, &(struct nm_hw_foreign){frame, (uintptr_t)frame, len, &nic});
}

/* In between those of the program, whose slots come and go as if there were no others. */
static void
foreign_frames_leave_between_others(void **state)
{
	uint64_t addr;
	uint32_t i;

	(void)state;
	open_rings(256);
	nm_hw_start(&tx, DESC, DESC - 12, 9018);
	nic.next = nic.tail = DESC - 12;
	for (i = 0; i < 256; i++)
		slot(&tx, i)->len = 60;
	transmit(10);
	assert_true(put_foreign(&tx_ops, 9018)); /* five parts, around the end of the ring */
	addr = nic.desc[DESC - 2].addr;
	for (i = 0; i < 5; i++) {
		assert_int_equal(nic.desc[(DESC - 2 + i) % DESC].addr, addr + i * 2048);
		assert_int_equal(nic.desc[(DESC - 2 + i) % DESC].len, i < 4 ? 2048 : 9018 - 4 * 2048);
		assert_int_equal(nic.desc[(DESC - 2 + i) % DESC].flags, i == 0 ? NM_HW_FIRST : i < 4 ? 0 : NM_HW_LAST | NM_HW_REPORT);
	}
	transmit(20);
	assert_int_equal(nic.desc[3].addr, addrs[slot(&tx, 10)->buf_idx]);
	for (i = 0; i < 2; i++) {
		nic_sends(i ? 3 : 12); /* the program's first ten, and two parts; then the others */
		transmit(20);
		assert_int_equal(tx.kr->hwtail, 9);
		assert_int_equal(came_back, i);
	}
	/* whoever puts one takes back what is done */
	nic_sends(DESC);
	assert_true(put_foreign(&tx_ops, 60));
	assert_int_equal(tx.kr->hwtail, 19);
	assert_int_equal(came_back, 1);
	nic_sends(DESC);
	transmit(20);
	assert_int_equal(came_back, 2);
	assert_int_equal(tx.kr->stat[NM_STAT_forwarded], 20);
}

static void
foreign_frames_without_room_stay_with_their_owner(void **state)
{
	uint32_t i;

	(void)state;
	open_rings(256);
	nm_hw_start(&tx, DESC, 0, 1518);
	assert_false(put_foreign(&tx_ops, 1519));
	assert_int_equal(nic.puts, 0);
	assert_true(put_foreign(&padding_ops, 14));
	assert_int_equal(nic.desc[0].len, 60);
	for (i = 1; i < DESC - 1; i++)
		assert_true(put_foreign(&tx_ops, 60));
	assert_false(put_foreign(&tx_ops, 60));
	slot(&tx, 0)->len = 60;
	assert_true(transmit(1)); /* the program waits, */
	nic_sends(1);
	assert_false(transmit(1)); /* and has the next room */
	assert_false(put_foreign(&tx_ops, 60));
	/* those that the NIC did not send come back too, and the program's is counted */
	nm_hw_stop(&tx);
	assert_int_equal(came_back, DESC - 1);
	assert_int_equal(came_back_unsent, DESC - 2);
	assert_int_equal(tx.kr->stat[NM_STAT_drop_no_backend], 1);
}

static void
what_is_out_of_rule_never_reaches_a_descriptor(void **state)
{
	static const struct { uint32_t buf; uint16_t len, flags; int why; } bad[] = {
		{0, 60, 0, NM_STAT_drop_bad_buf}, {1, 60, 0, NM_STAT_drop_bad_buf}, {UINT32_MAX, 60, 0, NM_STAT_drop_bad_buf},
		{0x80000002, 60, 0, NM_STAT_drop_bad_buf}, {2, 13, 0, NM_STAT_drop_short}, {2, 0, 0, NM_STAT_drop_short},
		{2, 2049, 0, NM_STAT_drop_bad_len}, {2, 65535, 0, NM_STAT_drop_bad_len}, {2, 1519, 0, NM_STAT_drop_no_backend},
		{2, 60, NS_INDIRECT, NM_STAT_drop_indirect}, {2, 60, NS_MOREFRAG, NM_STAT_drop_bad_frags},
	};
	uint32_t i, n = sizeof(bad) / sizeof(bad[0]);

	(void)state;
	open_rings(256);
	nm_hw_start(&tx, DESC, 0, 1518);
	for (i = 0; i < n; i++) {
		uint64_t before = tx.kr->stat[bad[i].why];

		*slot(&tx, i) = (struct netmap_slot){.buf_idx = bad[i].buf, .len = bad[i].len, .flags = bad[i].flags};
		assert_false(transmit(i + 1));
		assert_int_equal(tx.kr->stat[bad[i].why], before + 1);
		assert_int_equal(nic.puts, 0);
		assert_int_equal(tx.kr->hwtail, i);
	}
	/* also not where a region has grown and the device does not know it yet, of one slot or two */
	map.n = 100;
	*slot(&tx, n) = (struct netmap_slot){.buf_idx = 100, .len = 60};
	*slot(&tx, n + 1) = (struct netmap_slot){.buf_idx = 99, .len = 60, .flags = NS_MOREFRAG};
	*slot(&tx, n + 2) = (struct netmap_slot){.buf_idx = 100, .len = 60};
	assert_false(transmit(n + 3));
	assert_int_equal(nic.puts, 0);
	assert_int_equal(nic.kicks, 0);
	assert_int_equal(tx.kr->stat[NM_STAT_tx_packets], n + 2);
	/* one that is in order, between others that are not */
	*slot(&tx, n + 3) = (struct netmap_slot){.buf_idx = 99, .len = 60};
	*slot(&tx, n + 4) = (struct netmap_slot){.buf_idx = 0, .len = 60};
	assert_false(transmit(n + 5));
	assert_int_equal(nic.puts, 1);
	assert_int_equal(buf_of(nic.desc[0].addr), 99);
	assert_true(nic.desc[0].flags & NM_HW_REPORT);
	nic_sends(1);
	assert_false(transmit(n + 5));
	assert_int_equal(tx.kr->hwtail, n + 4);
}

static void
frames_of_several_slots(void **state)
{
	uint32_t i;

	(void)state;
	open_rings(256);
	nm_hw_start(&tx, DESC, DESC - 2, 9018);
	nic.next = nic.tail = DESC - 2;
	for (i = 0; i < 4; i++) {
		slot(&tx, i)->len = i == 2 ? 0 : (uint16_t)(2048 - i);
		slot(&tx, i)->flags = i < 3 ? NS_MOREFRAG : NS_REPORT;
	}
	assert_false(transmit(4));
	assert_int_equal(nic.puts, 3); /* without the empty one */
	assert_int_equal(nic.first_put, DESC - 2); /* what the NIC comes to first was written last */
	assert_int_equal(nic.tail, 1);
	assert_int_equal(nic.desc[DESC - 2].flags, NM_HW_FIRST);
	assert_int_equal(nic.desc[DESC - 1].flags, 0);
	assert_int_equal(nic.desc[0].flags, NM_HW_LAST | NM_HW_REPORT);
	assert_int_equal(nic.desc[DESC - 1].len, 2047);
	assert_int_equal(nic.desc[0].len, 2045);
	assert_int_equal(slot(&tx, 3)->flags, 0);
	assert_int_equal(tx.kr->hwtail, 255);
	nic_sends(3);
	assert_false(transmit(4));
	assert_int_equal(tx.kr->hwtail, 3);
	assert_int_equal(tx.kr->stat[NM_STAT_forwarded], 1);
	/* more slots than the NIC takes for one */
	for (i = 4; i < 13; i++)
		*slot(&tx, i) = (struct netmap_slot){.buf_idx = 2, .len = 100, .flags = i < 12 ? NS_MOREFRAG : 0};
	assert_false(transmit(13));
	assert_int_equal(nic.puts, 3);
	assert_int_equal(tx.kr->stat[NM_STAT_drop_no_backend], 1);
	/* one that has to wait for room is sent whole then */
	for (i = 13; i < 80; i++)
		*slot(&tx, i) = (struct netmap_slot){.buf_idx = 2, .len = 100, .flags = i == 74 || i == 75 ? NS_MOREFRAG : 0};
	assert_true(transmit(80));
	assert_int_equal(tx.kr->hwcur, 74);
	nic_sends(DESC);
	assert_false(transmit(80));
	assert_int_equal(nm_hw_out(&tx), 6);
}

static void
short_frames_are_filled_up_for_nics_that_need_it(void **state)
{
	static const uint8_t zero[60];
	char *buf;

	(void)state;
	open_rings(256);
	nm_hw_start(&tx, DESC, 0, 1518);
	*slot(&tx, 0) = (struct netmap_slot){.buf_idx = 2, .len = 20};
	buf = nm_kring_buf(tx.kr, 2);
	memset(buf, 0x55, 100);
	assert_false(transmit_with(&padding_ops, 1));
	assert_int_equal(nic.desc[0].len, 60);
	assert_int_equal(buf[19], 0x55);
	assert_memory_equal(buf + 20, zero, 40);
	assert_int_equal(buf[60], 0x55);
	assert_int_equal(tx.kr->stat[NM_STAT_tx_bytes], 20);
}

static void
a_reset_of_the_nic_is_not_seen_by_the_client(void **state)
{
	uint32_t i;

	(void)state;
	open_rings(256);
	nm_hw_start(&tx, DESC, 0, 1518);
	for (i = 0; i < 256; i++)
		slot(&tx, i)->len = 60;
	assert_false(transmit(50));
	nic_sends(NM_HW_REPORTS);
	nm_hw_stop(&tx);
	assert_false(tx.up);
	assert_int_equal(tx.kr->hwtail, 49);
	assert_int_equal(tx.kr->stat[NM_STAT_forwarded] + tx.kr->stat[NM_STAT_drop_no_backend], 50);
	nm_hw_start(&tx, 16, 3, 1518);
	memset(&nic, 0, sizeof(nic));
	nic.next = nic.tail = 3;
	assert_true(transmit(100));
	assert_int_equal(tx.kr->hwcur, 65);
	assert_int_equal(nm_hw_out(&tx), 15);
	nic_sends(16);
	assert_true(transmit(100));
	assert_int_equal(tx.kr->hwcur, 80);

	nm_hw_start(&rx, DESC, 0, 1518);
	memset(&nic, 0, sizeof(nic));
	receive(0);
	assert_int_equal(nm_hw_out(&rx), DESC - 1);
	all_buffers_are_there();
	for (i = 0; i < 10; i++)
		assert_true(nic_gets(60, NM_HW_LAST, (uint8_t)i));
	assert_int_equal(receive(5), 5);
	nm_hw_stop(&rx);
	all_buffers_are_there();
	nm_hw_start(&rx, 8, 0, 1518);
	memset(&nic, 0, sizeof(nic));
	receive(0);
	assert_int_equal(nm_hw_out(&rx), 7);
	assert_true(nic_gets(61, NM_HW_LAST, 77));
	assert_int_equal(receive(100), 1);
	all_buffers_are_there();
	assert_int_equal(rx.kr->hwtail, 6);
	assert_int_equal(slot(&rx, 5)->len, 61);
	assert_int_equal(*nm_kring_buf(rx.kr, slot(&rx, 5)->buf_idx), 77);
}

static void
buffers_go_round(void **state)
{
	uint32_t round, i, n, got = 0, expected = 0;

	(void)state;
	open_rings(128);
	nm_hw_start(&rx, DESC, 7, 1518);
	nic.next = nic.tail = 7;
	receive(0);
	for (round = 0; round < 200; round++) {
		for (i = 0; i < round % 50; i++)
			got += nic_gets(60 + i, NM_HW_LAST, (uint8_t)got);
		receive(1 + round % 64);
		if (round % 3)
			continue;
		n = nm_ring_dist(rx.kr->atok->head, rx.kr->ktoa->hwtail, rx.kr->nslots);
		for (i = 0; i < n; i++, expected++)
			assert_int_equal((uint8_t)*nm_kring_buf(rx.kr, slot(&rx, rx.kr->atok->head + i)->buf_idx), (uint8_t)expected);
		give_back();
		all_buffers_are_there();
	}
	assert_true(expected > 2000);
	assert_int_equal(rx.kr->stat[NM_STAT_buf_errors], 0);
	assert_int_equal(rx.kr->stat[NM_STAT_refused], 0);
}

static void
a_full_ring_leaves_frames_with_the_nic(void **state)
{
	uint32_t i;

	(void)state;
	open_rings(32);
	nm_hw_start(&rx, DESC, 0, 1518);
	receive(0);
	assert_int_equal(nm_hw_out(&rx), 32);
	for (i = 0; i < 32; i++)
		assert_true(nic_gets(60, NM_HW_LAST, (uint8_t)i));
	assert_false(nic_gets(60, NM_HW_LAST, 0));
	assert_int_equal(receive(100), 31);
	assert_int_equal(receive(100), 0);
	assert_int_equal(give_back(), 31);
	assert_int_equal(receive(100), 1);
	assert_int_equal((uint8_t)*nm_kring_buf(rx.kr, slot(&rx, 31)->buf_idx), 31);
	all_buffers_are_there();
}

static void
buffers_that_are_not_there_are_never_posted(void **state)
{
	static const uint32_t bad[] = {0, 1, UINT32_MAX, 0x80000002, 4096 * 2};
	uint32_t i;

	(void)state;
	open_rings(32);
	map.n = s.nifp->ni_bufs_head; /* which the device does not know yet */
	assert_int_equal(map.n, 2 + 2 * 32);
	nm_hw_start(&rx, DESC, 0, 1518);
	receive(0);
	for (i = 0; i < 6; i++)
		nic_gets(60, NM_HW_LAST, 0);
	receive(100);
	for (i = 0; i < 6; i++)
		slot(&rx, i)->buf_idx = i < 5 ? bad[i] : map.n;
	give_back();
	receive(100);
	assert_int_equal(rx.kr->stat[NM_STAT_buf_errors], 5);
	for (i = 0; i < 20; i++)
		nic_gets(60, NM_HW_LAST, 0);
	receive(100);
	give_back();
	receive(100);
	assert_int_equal(rx.kr->stat[NM_STAT_buf_errors], 6);
	for (i = rx.clean; i != rx.use; i = nm_ring_add(i, 1, rx.ndesc))
		buf_of(nic.desc[i].addr);
	assert_int_equal(nm_hw_out(&rx) + rx.kr->nstack, 26);
}

static void
received_frames_of_several_buffers(void **state)
{
	uint32_t i;

	(void)state;
	open_rings(32);
	nm_hw_start(&rx, DESC, 0, 9018);
	receive(0);
	nic_gets(2048, 0, 1);
	nic_gets(2048, 0, 2);
	assert_int_equal(receive(100), 0); /* its end is missing */
	assert_int_equal(rx.kr->hwtail, 0);
	nic_gets(500, NM_HW_LAST, 3);
	nic_gets(60, NM_HW_LAST, 4);
	assert_int_equal(receive(100), 2);
	assert_int_equal(rx.kr->hwtail, 4);
	assert_int_equal(slot(&rx, 0)->flags, NS_MOREFRAG);
	assert_int_equal(slot(&rx, 1)->flags, NS_MOREFRAG);
	assert_int_equal(slot(&rx, 2)->flags, 0);
	assert_int_equal(slot(&rx, 2)->len, 500);
	assert_int_equal(rx.kr->stat[NM_STAT_rx_bytes], 2048 + 2048 + 500 + 60);
	/* one that the NIC found to be wrong, or of a length that no buffer has */
	nic_gets(60, NM_HW_LAST | NM_HW_BAD, 0);
	nic_gets(2048, 0, 0);
	nic_gets(60, NM_HW_LAST | NM_HW_BAD, 0);
	nic_gets(2049, NM_HW_LAST, 0);
	nic_gets(60, NM_HW_LAST, 5);
	receive(100);
	assert_int_equal(rx.kr->hwtail, 5);
	assert_int_equal((uint8_t)*nm_kring_buf(rx.kr, slot(&rx, 4)->buf_idx), 5);
	assert_int_equal(rx.kr->stat[NM_STAT_refused], 3);
	assert_int_equal(rx.kr->stat[NM_STAT_rx_packets], 3);
	all_buffers_are_there();
	/* one that is longer than the client's ring */
	give_back();
	receive(100);
	for (i = 0; i < 70; i++) {
		assert_true(nic_gets(2048, 0, 0));
		receive(100);
	}
	assert_int_equal(rx.kr->hwtail, 5);
	nic_gets(10, NM_HW_LAST, 0);
	nic_gets(60, NM_HW_LAST, 6);
	receive(100);
	assert_int_equal(rx.kr->stat[NM_STAT_refused], 4);
	assert_int_equal(rx.kr->hwtail, 6);
	assert_int_equal((uint8_t)*nm_kring_buf(rx.kr, slot(&rx, 5)->buf_idx), 6);
	all_buffers_are_there();
}

static void
a_frame_longer_than_the_nics_ring_is_refused(void **state)
{
	uint32_t i;

	(void)state;
	open_rings(256);
	nm_hw_start(&rx, 16, 0, 65535);
	receive(0);
	for (i = 0; i < 20; i++) {
		assert_true(nic_gets(2048, 0, 0));
		receive(100);
	}
	nic_gets(10, NM_HW_LAST, 0);
	nic_gets(60, NM_HW_LAST, 6);
	receive(100);
	assert_int_equal(rx.kr->stat[NM_STAT_refused], 1);
	assert_int_equal(rx.kr->hwtail, 1);
	assert_int_equal(slot(&rx, 0)->len, 60);
	all_buffers_are_there();
}

static void
a_device_with_memory_of_its_own_is_told(void **state)
{
	uint32_t i;

	(void)state;
	open_rings(64);
	map.copies = true;
	nm_hw_start(&tx, DESC, 0, 9018);
	for (i = 0; i < 4; i++)
		*slot(&tx, i) = (struct netmap_slot){.buf_idx = 2, .len = 60, .flags = i == 1 ? NS_MOREFRAG : 0};
	assert_false(transmit(4));
	assert_int_equal(sent_to, 4);
	memset(&nic, 0, sizeof(nic));
	nm_hw_start(&rx, DESC, 0, 9018);
	receive(0);
	assert_int_equal(posted_for, DESC - 1);
	nic_gets(60, NM_HW_LAST, 0);
	nic_gets(60, 0, 0);
	nic_gets(60, NM_HW_LAST, 0);
	receive(100);
	assert_int_equal(got_from, 3);
}

/* A client that writes whatever it likes to slots: what the NIC is given lies in its region all the same. */
static void
hostile(void *arg, uint32_t round)
{
	struct netmap_slot *at = slot(round % 2 ? &tx : &rx, round / 2);

	(void)arg;
	nm_kring_put_slot(at, round * 2654435761u >> (round % 32), (uint16_t)(round * 40503u), (uint16_t)(round >> 7));
}

static void
a_client_that_writes_meanwhile_changes_its_own_frames_only(void **state)
{
	uint32_t round, k, head;

	(void)state;
	open_rings(64);
	nm_hw_start(&tx, DESC, 0, 9018);
	host_race_start(hostile, NULL);
	for (round = 0; round < 20000; round++) {
		nic.tail = tx.use;
		nic.next = tx.clean;
		head = nm_ring_add(tx.kr->rhead, round % 20, 64);
		tx.kr->rtail = tx.kr->hwtail;
		if (nm_ring_valid(tx.kr->rhead, head, head, tx.kr->rtail, 64))
			transmit(head);
		for (k = tx.clean; k != tx.use; k = nm_ring_add(k, 1, tx.ndesc)) {
			assert_true(nic.desc[k].len <= map.stride && nic.desc[k].len > 0);
			buf_of(nic.desc[k].addr);
		}
		nic_sends(DESC);
	}
	memset(&nic, 0, sizeof(nic));
	nm_hw_start(&rx, DESC, 0, 9018);
	receive(0);
	for (round = 0; round < 20000; round++) {
		for (k = 0; k < round % 30; k++)
			nic_gets(60, round % 5 ? NM_HW_LAST : 0, 0);
		receive(100);
		for (k = rx.clean; k != rx.use; k = nm_ring_add(k, 1, rx.ndesc))
			buf_of(nic.desc[k].addr);
		give_back();
	}
	host_race_stop();
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(frames_leave_in_order_and_slots_return_when_the_nic_is_done),
		T(more_than_the_nic_takes_waits),
		T(foreign_frames_leave_between_others),
		T(foreign_frames_without_room_stay_with_their_owner),
		T(what_is_out_of_rule_never_reaches_a_descriptor),
		T(frames_of_several_slots),
		T(short_frames_are_filled_up_for_nics_that_need_it),
		T(a_reset_of_the_nic_is_not_seen_by_the_client),
		T(buffers_go_round),
		T(a_full_ring_leaves_frames_with_the_nic),
		T(buffers_that_are_not_there_are_never_posted),
		T(received_frames_of_several_buffers),
		T(a_frame_longer_than_the_nics_ring_is_refused),
		T(a_device_with_memory_of_its_own_is_told),
		T(a_client_that_writes_meanwhile_changes_its_own_frames_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
