/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_veth_link_test.c - both ends of a pair, in one region or in two. */
#include "host.h"
#include "nm_veth_link.h"

#define SLOTS 512u
#define BATCH 256u
#define BATCHES 400u
#define MAX_BYTES 9018u

static struct nm_root root;
static struct nm_session a, b;
static struct nm_session *const sessions[] = {&a, &b, NULL};
static struct nm_frame frame;
static const struct nm_hw_core core = {.room = nm_kring_room, .gather = nm_frame_gather, .finish = nm_kring_finish_locked};
static struct nm_veth_link l;
static uint32_t seed, checked; /* bytes: written by the sender, seen at the receiver */

static int
setup(void **state)
{
	(void)state;
	seed = checked = 0;
	return host_begin(&root, sessions);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

/* The receiver is in the sender's region, or, with a size of buffers, in one of its own. With offsets, if these are not NULL. */
static void
open_ends_at(uint32_t size, struct nmreq_opt_offsets *sender, struct nmreq_opt_offsets *receiver)
{
	struct nmreq_register ra = {.nr_mode = NR_REG_NULL, .nr_tx_slots = SLOTS, .nr_rx_slots = SLOTS, .nr_tx_rings = 1, .nr_rx_rings = 1};
	struct nmreq_register rb = ra;

	ra.nr_extra_bufs = 4 * SLOTS; /* room for the other's rings */
	root.limits.buf_size = 2048;
	assert_int_equal(host_register_at(&a, "a", &ra, sender), 0);
	nm_mem_extra_free(a.mem, a.extra);
	a.extra = 0;
	if (size)
		root.limits.buf_size = size;
	else
		rb.nr_mem_id = ra.nr_mem_id;
	assert_int_equal(host_register_at(&b, "b", &rb, receiver), 0);
	l = (struct nm_veth_link){.core = &core, .tx = nm_session_kring(&a, NM_DIR_TX, 0), .rx = nm_session_kring(&b, NM_DIR_RX, 0),
	    .max_bytes = MAX_BYTES};
	assert_int_equal(l.tx->mem == l.rx->mem, !size);
	assert_int_equal(l.rx->stride, size ? size : 2048);
}

static void
open_ends(uint32_t size)
{
	open_ends_at(size, NULL, NULL);
}

static struct netmap_slot *
slot_of(struct nm_kring *kr, uint32_t i)
{
	return &kr->slots[i % kr->nslots];
}

static uint8_t
byte_of(uint32_t i)
{
	return (uint8_t)(i * 167 + (i >> 8));
}

/* Slot `at` of the sender gets the next bytes. */
static void
fill(uint32_t at, uint32_t len, uint16_t flags)
{
	struct netmap_slot *p = slot_of(l.tx, at);
	char *buf = nm_kring_buf(l.tx, p->buf_idx) + nm_kring_offset(&l.tx->offsets, p->ptr);
	uint32_t i;

	for (i = 0; i < len; i++)
		buf[i] = (char)byte_of(seed++);
	p->len = (uint16_t)len;
	p->flags = flags;
}

/* By the name that bench/instructions.sh knows. */
static __attribute__((noinline)) void
nm_veth_txsync(void)
{
	nm_veth_move(&l, &frame);
}

/* The sender publishes n slots more. */
static void
move(uint32_t n)
{
	struct nm_kring *kr = l.tx;
	uint32_t head = nm_ring_add(kr->rhead, n, kr->nslots);

	kr->rtail = kr->hwtail;
	assert_int_equal(nm_kring_accept(kr, head, head), 0);
	nm_veth_txsync();
	assert_int_equal(nm_ring_add(kr->hwtail, 1, kr->nslots), kr->hwcur);
}

/* The receiver looks at n slots from `at` on, and gives them back. */
static void
take(uint32_t at, uint32_t n)
{
	uint32_t i;

	for (; n--; at++) {
		const struct netmap_slot *p = slot_of(l.rx, at);
		const char *buf = nm_kring_buf(l.rx, p->buf_idx) + nm_kring_offset(&l.rx->offsets, p->ptr);

		assert_true(l.rx->offsets.mask || !p->ptr);
		for (i = 0; i < p->len; i++)
			assert_int_equal((uint8_t)buf[i], byte_of(checked++));
	}
	l.rx->atok->head = at % SLOTS;
}

/* No buffer is in two places, none is lost. */
static void
all_buffers_are_there(void)
{
	static uint8_t seen[32 * SLOTS];
	uint32_t i, n = 0, free = SLOTS - nm_ring_dist(l.rx->rel, l.rx->lease, SLOTS);

	memset(seen, 0, sizeof(seen));
	assert_in_range(l.tx->nbufs, 2 * SLOTS, sizeof(seen));
	for (i = 0; i < SLOTS; i++, n++)
		assert_int_equal(seen[slot_of(l.tx, i)->buf_idx]++, 0);
	if (l.tx->mem != l.rx->mem)
		memset(seen, 0, sizeof(seen));
	for (i = l.rx->rel; i != l.rx->lease; i = nm_ring_add(i, 1, SLOTS), n++)
		assert_int_equal(seen[slot_of(l.rx, i)->buf_idx]++, 0);
	assert_int_equal(l.rx->nstack, free);
	for (i = 0; i < l.rx->nstack; i++, n++)
		assert_int_equal(seen[l.rx->stack[i]]++, 0);
	assert_int_equal(n, 2 * SLOTS);
}

static void
buffers_go_over_and_others_come_back(void **state)
{
	uint32_t i, was[3];

	(void)state;
	open_ends(0);
	for (i = 0; i < 3; i++) {
		fill(i, 60 + i, i == 1 ? NS_REPORT : 0);
		was[i] = slot_of(l.tx, i)->buf_idx;
	}
	move(3);
	assert_int_equal(l.frames, 3);
	assert_int_equal(l.slots, 3);
	assert_int_equal(l.bytes, 183);
	assert_false(l.full);
	assert_int_equal(l.rx->hwtail, 3);
	for (i = 0; i < 3; i++) {
		assert_int_equal(slot_of(l.rx, i)->buf_idx, was[i]);
		assert_int_equal(slot_of(l.rx, i)->len, 60 + i);
		assert_int_equal(slot_of(l.rx, i)->flags, 0);
		assert_int_not_equal(slot_of(l.tx, i)->buf_idx, was[i]);
		assert_int_equal(slot_of(l.tx, i)->flags, NS_BUF_CHANGED);
	}
	take(0, 3);
	assert_int_equal(l.tx->stat[NM_STAT_tx_packets], 3);
	assert_int_equal(l.tx->stat[NM_STAT_tx_bytes], 183);
	assert_int_equal(l.tx->stat[NM_STAT_forwarded], 3);
	assert_int_equal(l.rx->stat[NM_STAT_rx_packets], 3);
	assert_int_equal(l.rx->stat[NM_STAT_rx_bytes], 183);
	all_buffers_are_there();
}

static void
other_regions_get_copies(void **state)
{
	uint32_t i, len, at = 0, was;

	(void)state;
	open_ends(512); /* smaller buffers: more slots */
	for (i = 0; i < 300; i++) {
		len = i < 4 ? (i + 1) * 512 : 14 + i * 7 % 2034;
		was = slot_of(l.tx, i)->buf_idx;
		fill(i, len, 0);
		move(1);
		assert_int_equal(l.slots, (len + 511) / 512);
		assert_int_equal(slot_of(l.tx, i)->buf_idx, was);
		take(at, l.slots);
		at += l.slots;
		assert_int_equal(slot_of(l.rx, at - 1)->flags, 0);
		if (l.slots > 1)
			assert_int_equal(slot_of(l.rx, at - 2)->flags, NS_MOREFRAG);
	}
	assert_int_equal(checked, seed);
	/* parts that end anywhere */
	for (i = 0; i < 50; i++) {
		fill(300 + i * 4, 100 + i, NS_MOREFRAG);
		fill(301 + i * 4, 0, NS_MOREFRAG);
		fill(302 + i * 4, 700 + 3 * i, NS_MOREFRAG);
		fill(303 + i * 4, i, 0);
		move(4);
		assert_int_equal(l.slots, (800 + i * 5 + 511) / 512);
		take(at, l.slots);
		at += l.slots;
	}
	assert_int_equal(checked, seed);
	assert_int_equal(l.tx->stat[NM_STAT_forwarded], 350);
	all_buffers_are_there();
}

static void
frames_of_several_slots_stay_whole(void **state)
{
	uint32_t i;

	(void)state;
	open_ends(0);
	fill(0, 2048, NS_MOREFRAG);
	fill(1, 0, NS_MOREFRAG); /* a part without a byte stays here */
	fill(2, 2048, NS_MOREFRAG | NS_REPORT);
	fill(3, 1, NS_MOREFRAG);
	fill(4, 0, 0);
	fill(5, 60, 0);
	move(6);
	assert_int_equal(l.frames, 2);
	assert_int_equal(l.slots, 4);
	for (i = 0; i < 4; i++)
		assert_int_equal(slot_of(l.rx, i)->flags, i < 2 ? NS_MOREFRAG : 0);
	assert_int_equal(slot_of(l.rx, 2)->len, 1);
	take(0, 4);
	assert_int_equal(checked, seed);
	all_buffers_are_there();
}

static void
who_finds_no_room_waits(void **state)
{
	uint32_t i, at = 0;

	(void)state;
	open_ends(0);
	for (i = 0; i < SLOTS - 1; i++)
		fill(i, 60, 0);
	move(SLOTS - 1);
	assert_int_equal(l.frames, SLOTS - 1);
	assert_false(l.full); /* nothing is left */
	fill(SLOTS - 1, 60, 0);
	move(1);
	assert_true(l.full);
	assert_int_equal(l.frames, 0);
	/* one that needs three slots waits for them, and those behind it for it */
	take(at, 1), at++;
	move(0);
	assert_false(l.full);
	assert_int_equal(l.frames, 1);
	fill(SLOTS, 1000, NS_MOREFRAG);
	fill(SLOTS + 1, 1000, NS_MOREFRAG);
	fill(SLOTS + 2, 1000, 0);
	fill(SLOTS + 3, 60, 0);
	take(at, 2), at += 2;
	move(4);
	assert_true(l.full);
	assert_int_equal(l.slots, 0);
	take(at, 2), at += 2;
	move(0);
	assert_int_equal(l.frames, 2);
	assert_false(l.full);
	take(at, SLOTS - 1);
	assert_int_equal(checked, seed);
	assert_int_equal(l.tx->stat[NM_STAT_forwarded], SLOTS + 2);
	all_buffers_are_there();
}

/* Where a frame of the stack is being copied into slots before, these are seen first. */
static void
slots_are_seen_in_the_order_of_their_leases(void **state)
{
	uint32_t idx[2], start, i;

	(void)state;
	open_ends(0);
	assert_in_range(nm_kring_lease_begin(l.rx), 2, SLOTS);
	start = nm_kring_lease_commit(l.rx, 2, idx);
	fill(0, 60, 0);
	move(1);
	assert_int_equal(l.rx->hwtail, 0);
	for (i = 0; i < 2; i++)
		nm_kring_put_slot(slot_of(l.rx, i), idx[i], 0, 0);
	nm_kring_finish(l.rx, start, 2, 2, 0);
	assert_int_equal(l.rx->hwtail, 3);
	take(0, 3);
	assert_int_equal(checked, seed);
	all_buffers_are_there();
}

static void
what_is_out_of_rule_is_counted_by_its_name(void **state)
{
	enum { KEEP = 0xffff, BEYOND = 0xfffe }; /* its own buffer; the first index that is none */
	static const struct { uint32_t len, buf; uint16_t flags; int why; } bad[] = {
		{60, BEYOND, 0, NM_STAT_drop_bad_buf}, {60, 0, 0, NM_STAT_drop_bad_buf}, {60, 1, 0, NM_STAT_drop_bad_buf}, {60, UINT32_MAX, 0, NM_STAT_drop_bad_buf},
		{2049, KEEP, 0, NM_STAT_drop_bad_len}, {65535, KEEP, 0, NM_STAT_drop_bad_len}, {13, KEEP, 0, NM_STAT_drop_short},
		{0, KEEP, 0, NM_STAT_drop_short}, {60, KEEP, NS_INDIRECT, NM_STAT_drop_indirect},
	};
	uint32_t i, at = 0, keep, size;

	(void)state;
	for (size = 0; size <= 1024; size += 1024) {
		open_ends(size);
		seed = checked = 0;
		for (i = at = 0; i < sizeof(bad) / sizeof(bad[0]); i++, at++) {
			struct netmap_slot *p = slot_of(l.tx, at);

			keep = p->buf_idx;
			p->len = (uint16_t)bad[i].len;
			p->flags = bad[i].flags;
			if (bad[i].buf != KEEP)
				p->buf_idx = bad[i].buf == BEYOND ? l.tx->nbufs : bad[i].buf;
			move(1);
			assert_int_equal(l.slots, 0);
			assert_true(l.tx->stat[bad[i].why] > 0);
			p->buf_idx = keep;
		}
		assert_int_equal(l.tx->stat[NM_STAT_drop_bad_buf], 4);
		assert_int_equal(l.tx->stat[NM_STAT_forwarded], 0);
		/* longer than the interface says */
		l.max_bytes = 1518;
		fill(at, 1519, 0);
		seed = 0;
		move(1), at++;
		assert_int_equal(l.tx->stat[NM_STAT_drop_no_backend], 1);
		fill(at, 1518, 0);
		move(1), at++;
		assert_int_equal(l.frames, 1);
		take(0, l.slots);
		assert_int_equal(checked, seed);
		/* its end is not there, and more parts than there can be */
		fill(at, 60, NS_MOREFRAG);
		move(1), at++;
		assert_int_equal(l.tx->stat[NM_STAT_drop_bad_frags], 1);
		for (i = 0; i < NETMAP_MAX_FRAGS + 1; i++)
			fill(at + i, 16, i < NETMAP_MAX_FRAGS ? NS_MOREFRAG : 0);
		move(NETMAP_MAX_FRAGS + 1);
		assert_int_equal(l.tx->stat[NM_STAT_drop_bad_frags], 2);
		assert_int_equal(l.frames, 0);
		all_buffers_are_there();
		teardown(state);
		setup(state);
	}
}

/* Wherever the sender has it begin, and whether or not its buffer goes over. */
static void
frames_begin_where_the_receiver_says(void **state)
{
	static const struct { uint32_t size, tx_max, rx_max, rx_gap; } way[] = {
		{0, 1000, 256, 0}, {0, 1000, 0, 0}, {0, 0, 256, 0}, {0, 300, 2000, 100}, {2048, 1000, 256, 0}, {512, 1000, 200, 0}, {1024, 0, 512, 64},
	};
	uint32_t w, i, k, n, at, round;

	(void)state;
	for (w = 0; w < sizeof(way) / sizeof(way[0]); w++) {
		struct nmreq_opt_offsets tx = {.nro_max_offset = way[w].tx_max, .nro_offset_bits = 16};
		struct nmreq_opt_offsets rx = {.nro_max_offset = way[w].rx_max, .nro_offset_bits = 16, .nro_initial_offset = way[w].rx_max,
		    .nro_min_gap = way[w].rx_gap};

		open_ends_at(way[w].size, way[w].tx_max ? &tx : NULL, way[w].rx_max ? &rx : NULL);
		seed = checked = 0;
		for (round = at = 0, i = 0; round < 400; round++) {
			uint32_t len = 14 + round * 131 % 1030, parts = 1 + round % 3, stride = l.rx->stride, slots;

			for (k = 0; k < parts; k++) {
				slot_of(l.tx, i + k)->ptr = way[w].tx_max ? round * 7919 : 0; /* more than the greatest, at times */
				fill(i + k, len, k + 1 < parts ? NS_MOREFRAG : 0);
			}
			move(parts);
			i += parts;
			slots = l.slots;
			assert_int_equal(l.frames, 1);
			for (k = 0; k < slots; k++) {
				struct netmap_slot *p = slot_of(l.rx, at + k);

				n = at + k < SLOTS ? way[w].rx_max : (at + k) % SLOTS * 13;
				n = n < way[w].rx_max ? n : way[w].rx_max;
				assert_int_equal(p->ptr, n + p->len <= stride ? n : stride - p->len);
				assert_true(p->len <= l.chunk);
			}
			take(at, slots);
			for (k = 0; k < slots; k++)
				slot_of(l.rx, at + k)->ptr = (at + k) % SLOTS * 13 | 0xabcd0000u;
			at += slots;
		}
		assert_int_equal(checked, seed);
		all_buffers_are_there();
		teardown(state);
		setup(state);
	}
}

static void
no_frame_goes_where_offsets_leave_no_byte(void **state)
{
	struct nmreq_opt_offsets o = {.nro_max_offset = 2048};
	uint32_t size;

	(void)state;
	for (size = 0; size <= 2048; size += 2048) {
		open_ends_at(size, &o, &o);
		fill(0, 60, 0);
		slot_of(l.tx, 1)->len = 14;
		slot_of(l.tx, 1)->ptr = 2048;
		move(2);
		assert_int_equal(l.slots, 0);
		assert_int_equal(l.tx->stat[NM_STAT_drop_no_backend], 1);
		assert_int_equal(l.tx->stat[NM_STAT_drop_bad_len], 1);
		all_buffers_are_there();
		teardown(state);
		setup(state);
		o = (struct nmreq_opt_offsets){.nro_max_offset = 2048};
	}
}

static void
one_call_moves_so_many(void **state)
{
	uint32_t i;

	(void)state;
	open_ends(2048);
	for (i = 0; i < NM_VETH_COPIES + 6; i++)
		fill(i, 60, 0);
	move(NM_VETH_COPIES + 6);
	assert_int_equal(l.frames, NM_VETH_COPIES);
	assert_false(l.full);
	move(0);
	assert_int_equal(l.frames, 6);
	take(0, NM_VETH_COPIES + 6);
	assert_int_equal(checked, seed);
}

/* For bench/instructions.sh, which divides by the number that this prints. */
static void
batches_pass(void **state)
{
	uint32_t i, k, at = 0;

	(void)state;
	open_ends(0);
	for (i = 0; i < BATCHES; i++) {
		for (k = 0; k < BATCH; k++)
			slot_of(l.tx, at + k)->len = 64;
		for (k = 0; k < BATCH; k += l.frames)
			move(k ? 0 : BATCH);
		at += BATCH;
		l.rx->atok->head = at % SLOTS;
	}
	assert_int_equal(l.rx->stat[NM_STAT_rx_packets], BATCHES * BATCH);
	print_message("frames %u\n", BATCHES * BATCH);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(buffers_go_over_and_others_come_back),
		T(other_regions_get_copies),
		T(frames_of_several_slots_stay_whole),
		T(who_finds_no_room_waits),
		T(slots_are_seen_in_the_order_of_their_leases),
		T(what_is_out_of_rule_is_counted_by_its_name),
		T(frames_begin_where_the_receiver_says),
		T(no_frame_goes_where_offsets_leave_no_byte),
		T(one_call_moves_so_many),
		T(batches_pass),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
