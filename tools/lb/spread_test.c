/* SPDX-License-Identifier: BSD-2-Clause */
/* spread_test.c - rings made in memory: who gets which frame, what waits, what is dropped, and that no buffer is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "flow.h"
#include "spread.h"

#define BUF 256u
#define RINGS 5u
#define SLOTS 8u
#define EXTRA 6u
#define BUFS (2 + RINGS * SLOTS + EXTRA)

/* A region: one receive ring, four transmit rings, buffers; ring r begins with buffers 2 + r * SLOTS and up. */
static struct world {
	char *mem;
	struct netmap_ring *ring[RINGS];
	struct spread s;
	uint32_t looks;
	uint32_t room; /* that the engine finds when it is asked */
} w;

static void
set_const(const void *field, uint64_t value, size_t size)
{
	memcpy((void *)(uintptr_t)field, &value, size);
}

static size_t
ring_size(void)
{
	return (sizeof(struct netmap_ring) + SLOTS * sizeof(struct netmap_slot) + 127) & ~(size_t)127;
}

static void
look(struct spread_out *o)
{
	w.looks++;
	o->ring->tail = (o->ring->tail + w.room) % SLOTS;
}

/* Two groups of two pipes, or one of as many as `first` says. */
static void
make(uint32_t first, uint32_t second, uint32_t extra)
{
	uint32_t n, i;

	memset(&w, 0, sizeof(w));
	w.mem = aligned_alloc(128, RINGS * ring_size() + BUFS * BUF);
	assert_non_null(w.mem);
	memset(w.mem, 0, RINGS * ring_size() + BUFS * BUF);
	assert_int_equal(spread_init(&w.s, 1, first + second, second ? 2 : 1), 0);
	assert_int_equal(queue_init(&w.s.pool, extra), 0);
	for (n = 0; n < RINGS; n++) {
		struct netmap_ring *r = w.ring[n] = (struct netmap_ring *)(w.mem + n * ring_size());

		set_const(&r->buf_ofs, (RINGS - n) * ring_size(), sizeof(r->buf_ofs));
		set_const(&r->num_slots, SLOTS, sizeof(r->num_slots));
		set_const(&r->nr_buf_size, BUF, sizeof(r->nr_buf_size));
		for (i = 0; i < SLOTS; i++)
			r->slot[i].buf_idx = 2 + n * SLOTS + i;
	}
	for (i = 0; i < first + second; i++) {
		w.s.out[i].ring = w.ring[1 + i];
		w.ring[1 + i]->tail = SLOTS - 1;
		w.s.out[i].swap = true;
	}
	for (i = 0; i < extra; i++)
		queue_give(&w.s.pool, 2 + RINGS * SLOTS + i);
	w.s.in[0].ring = w.ring[0];
	w.s.group[1] = first;
	w.s.group[w.s.ngroups] = first + second;
	w.s.batch = 1000;
	w.s.bufs = w.mem + RINGS * ring_size();
	w.s.buf_size = BUF;
	w.s.look = look;
}

/* Each buffer is in one place: no two slots, waiting frames or free entries name the same. */
static void
destroy(void)
{
	uint8_t seen[BUFS] = {0};
	uint32_t n, i;

	spread_give_up(&w.s);
	for (n = 0; n < RINGS; n++)
		for (i = 0; i < SLOTS; i++)
			assert_int_equal(seen[w.ring[n]->slot[i].buf_idx]++, 0);
	assert_int_equal(w.s.pool.nbufs, w.s.pool.nslots);
	for (i = 0; i < w.s.pool.nbufs; i++)
		assert_int_equal(seen[w.s.pool.buf[i]]++, 0);
	spread_fini(&w.s);
	free(w.mem);
}

static uint8_t *
buf(struct netmap_ring *r, uint32_t i)
{
	return (uint8_t *)r + r->buf_ofs + (size_t)r->slot[i].buf_idx * BUF;
}

/* A frame of UDP, whose flow is that of `flow`, and whose content is `id`; more: it goes on in another slot. */
static void
arrive(uint8_t flow, uint8_t id, bool more)
{
	static const uint8_t head[34] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 1, 0, 1};
	struct netmap_ring *r = w.ring[0];
	uint32_t i = r->tail;

	memset(buf(r, i), id, 60);
	memcpy(buf(r, i), head, sizeof(head));
	buf(r, i)[29] = flow;
	r->slot[i].len = 60;
	r->slot[i].flags = more ? NS_MOREFRAG : 0;
	r->tail = (i + 1) % SLOTS;
}

/* A flow that goes to pipe `want` of n. */
static uint8_t
flow_to(uint32_t want, uint32_t n)
{
	uint8_t f[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 1, 0, 1};
	uint32_t flow;

	for (flow = 0; flow < 256; flow++) {
		memset(f + 34, 0, 26);
		f[29] = (uint8_t)flow;
		if (flow_choose(flow_hash(f, sizeof(f)), n) == want)
			return (uint8_t)flow;
	}
	fail_msg("no flow for pipe %u of %u", want, n);
	return 0;
}

/* Frames whose ports, too, are 0. */
static void
arrive_for(uint32_t want, uint32_t n, uint8_t id)
{
	struct netmap_ring *r = w.ring[0];
	uint32_t i = r->tail;

	arrive(flow_to(want, n), id, false);
	memset(buf(r, i) + 34, 0, 25);
	buf(r, i)[59] = id;
}

static uint8_t
id_at(uint32_t out, uint32_t slot)
{
	return buf(w.s.out[out].ring, slot)[59];
}

/* The reader of a pipe takes all that it has. */
static void
take_all(uint32_t out)
{
	w.s.out[out].ring->tail = (w.s.out[out].ring->head + SLOTS - 1) % SLOTS;
}

static void
check(uint32_t out, uint64_t forwarded, uint64_t dropped, uint32_t queued)
{
	assert_int_equal(w.s.out[out].count.forwarded, forwarded);
	assert_int_equal(w.s.out[out].count.dropped, dropped);
	assert_int_equal(w.s.out[out].queue.frames, queued);
}

static void
flows_stay_together(void **state)
{
	uint32_t i, id = 0, round;

	(void)state;
	make(4, 0, 0);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 4; i++)
			arrive_for(i, 4, (uint8_t)++id);
		assert_false(spread_run(&w.s));
		for (i = 0; i < 4; i++) {
			struct netmap_ring *r = w.s.out[i].ring;
			uint32_t last = (r->head + SLOTS - 1) % SLOTS;

			check(i, round + 1, 0, 0);
			assert_int_equal(id_at(i, last), round * 4 + i + 1);
			assert_int_equal(r->slot[last].len, 60);
			assert_int_equal(r->slot[last].flags, NS_BUF_CHANGED);
			take_all(i);
		}
		assert_int_equal(w.ring[0]->head, w.ring[0]->tail);
	}
	assert_int_equal(w.s.received, 80);
	assert_int_equal(w.s.bytes, 4800);
	assert_int_equal(w.looks, 0);
	destroy();
}

static void
each_group_gets_all(void **state)
{
	uint32_t was;

	(void)state;
	make(2, 1, 0);
	arrive_for(0, 2, 7);
	arrive_for(1, 2, 8);
	was = w.ring[0]->slot[0].buf_idx;
	spread_run(&w.s);
	check(0, 1, 0, 0);
	check(1, 1, 0, 0);
	check(2, 2, 0, 0);
	assert_int_equal(w.s.out[0].ring->slot[0].buf_idx, was); /* the buffer itself */
	assert_int_equal(id_at(0, 0), 7);
	assert_int_equal(id_at(1, 0), 8);
	assert_int_equal(w.s.out[2].ring->slot[0].flags, 0); /* a copy */
	assert_int_equal(id_at(2, 0), 7);
	assert_int_equal(id_at(2, 1), 8);
	destroy();
}

/* One that is full does not hold up the others, nor the other group. */
static void
without_extra_buffers_the_newest_is_dropped(void **state)
{
	uint32_t i;

	(void)state;
	make(2, 1, 0);
	for (i = 0; i < 9; i++) {
		arrive_for(0, 2, (uint8_t)(i + 1));
		spread_run(&w.s);
		take_all(2);
	}
	check(0, 7, 2, 0);
	check(2, 9, 0, 0);
	for (i = 0; i < 7; i++)
		assert_int_equal(id_at(0, i), i + 1);
	assert_int_equal(w.looks, 2); /* once for each run that found it full */
	arrive_for(1, 2, 99);
	spread_run(&w.s);
	check(1, 1, 0, 0);
	destroy();
}

static void
the_engine_is_asked_before_a_frame_is_dropped(void **state)
{
	uint32_t i;

	(void)state;
	make(1, 0, 0);
	w.room = 3;
	for (i = 0; i < 7; i++)
		arrive_for(0, 1, 1);
	spread_run(&w.s);
	check(0, 7, 0, 0);
	for (i = 0; i < 4; i++)
		arrive_for(0, 1, 2);
	spread_run(&w.s);
	check(0, 10, 1, 0); /* three found room, and then it is not asked again in this run */
	assert_int_equal(w.looks, 1);
	destroy();
}

/* In order: what waits goes before what comes, and nothing passes it. */
static void
frames_wait_in_extra_buffers(void **state)
{
	uint32_t i;

	(void)state;
	make(1, 0, EXTRA);
	for (i = 0; i < 12; i++) {
		arrive_for(0, 1, (uint8_t)(i + 1));
		spread_run(&w.s);
	}
	check(0, 7, 0, 5);
	assert_true(spread_waiting(&w.s.out[0]) && spread_touched(&w.s.out[0]));
	assert_int_equal(w.s.out[0].ring->cur, w.s.out[0].ring->tail); /* more room wakes */
	w.s.out[0].ring->tail = (w.s.out[0].ring->tail + 2) % SLOTS;
	arrive_for(0, 1, 13);
	spread_run(&w.s);
	check(0, 9, 0, 4);
	assert_int_equal(w.s.out[0].count.waited, 2);
	assert_int_equal(id_at(0, 7), 8);
	assert_int_equal(id_at(0, 0), 9);
	take_all(0);
	spread_run(&w.s);
	check(0, 13, 0, 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(id_at(0, 1 + i), 10 + i);
	assert_int_equal(w.s.pool.nbufs, EXTRA);
	assert_int_equal(w.s.out[0].ring->cur, w.s.out[0].ring->head);
	destroy();
}

/* When there are no more, the frame goes that waits longest, whatever its pipe. */
static void
the_oldest_makes_room(void **state)
{
	uint32_t i;

	(void)state;
	make(2, 0, 4);
	for (i = 0; i < 10; i++) {
		arrive_for(0, 2, (uint8_t)(i + 1)); /* 8, 9, 10 wait */
		spread_run(&w.s);
	}
	for (i = 0; i < 10; i++) {
		arrive_for(1, 2, (uint8_t)(i + 101)); /* 108, 109, 110: two of them push out 8 and 9 */
		spread_run(&w.s);
	}
	check(0, 7, 2, 1);
	check(1, 7, 0, 3);
	take_all(0);
	take_all(1);
	spread_run(&w.s);
	assert_int_equal(id_at(0, 7), 10);
	assert_int_equal(id_at(1, 7), 108);
	check(0, 8, 2, 0);
	check(1, 10, 0, 0);
	for (i = 0; i < 11; i++) { /* all four wait for the second pipe; then one for the first */
		arrive_for(1, 2, (uint8_t)i);
		spread_run(&w.s);
	}
	for (i = 0; i < 8; i++) {
		arrive_for(0, 2, (uint8_t)i);
		spread_run(&w.s);
	}
	assert_int_equal(w.s.out[0].count.dropped, 2);
	assert_true(w.s.out[1].count.dropped > 0);
	destroy();
}

/* A pipe of another region, and a group that gets copies: the same with copies. */
static void
copies_wait_too(void **state)
{
	uint32_t i;

	(void)state;
	make(1, 1, EXTRA);
	w.s.out[0].swap = false;
	for (i = 0; i < 9; i++) {
		arrive_for(0, 1, (uint8_t)(i + 1));
		spread_run(&w.s);
	}
	check(0, 7, 0, 2);
	check(1, 7, 0, 2);
	take_all(0);
	take_all(1);
	spread_run(&w.s);
	for (i = 0; i < 2; i++) {
		assert_int_equal(id_at(0, (7 + i) % SLOTS), 8 + i);
		assert_int_equal(id_at(1, (7 + i) % SLOTS), 8 + i);
	}
	destroy();
}

static void
frames_of_several_slots_stay_whole(void **state)
{
	(void)state;
	make(1, 0, 5);
	arrive(1, 1, true);
	spread_run(&w.s);
	assert_int_equal(w.s.received, 0); /* its end has not come */
	assert_int_equal(w.ring[0]->cur, w.ring[0]->tail);
	arrive(77, 2, true);
	arrive(78, 3, false);
	spread_run(&w.s);
	check(0, 1, 0, 0);
	assert_int_equal(w.s.received, 1);
	assert_int_equal(w.s.bytes, 180);
	assert_int_equal(w.s.out[0].ring->head, 3);
	assert_int_equal(w.s.out[0].ring->slot[1].flags, NS_BUF_CHANGED | NS_MOREFRAG);
	assert_int_equal(w.s.out[0].ring->slot[2].flags, NS_BUF_CHANGED);
	arrive(1, 4, true);
	arrive(1, 5, true);
	arrive(1, 6, false);
	spread_run(&w.s);
	arrive(1, 7, true); /* room for one slot: the whole frame waits */
	arrive(1, 8, true);
	arrive(1, 9, false);
	spread_run(&w.s);
	check(0, 2, 0, 1);
	assert_int_equal(w.s.out[0].queue.slots, 3);
	arrive(1, 10, true); /* not enough extra buffers for both: the first goes, all of it */
	arrive(1, 11, true);
	arrive(1, 12, false);
	spread_run(&w.s);
	check(0, 2, 1, 1);
	w.s.out[0].ring->tail = (w.s.out[0].ring->tail + 1) % SLOTS;
	spread_run(&w.s);
	check(0, 2, 1, 1); /* room for two slots of three */
	arrive(1, 13, false); /* for which there is room, but not before the other one */
	spread_run(&w.s);
	check(0, 2, 1, 2);
	take_all(0);
	spread_run(&w.s);
	check(0, 4, 1, 0);
	assert_int_equal(id_at(0, 6), 10);
	assert_int_equal(id_at(0, 0), 12);
	assert_int_equal(id_at(0, 1), 13);
	destroy();
}

/* More slots than the pipe has, or more bytes than its buffers: counted, and passed over. */
static void
misfits_are_counted(void **state)
{
	uint32_t i;

	(void)state;
	make(1, 0, 0);
	set_const(&w.ring[1]->num_slots, 3, 4);
	w.ring[1]->tail = 2;
	for (i = 0; i < 4; i++)
		arrive(1, 1, i < 3);
	spread_run(&w.s);
	assert_int_equal(w.s.out[0].count.misfits, 1);
	set_const(&w.ring[1]->nr_buf_size, 59, 4);
	w.s.out[0].swap = false;
	arrive(1, 1, false);
	spread_run(&w.s);
	assert_int_equal(w.s.out[0].count.misfits, 2);
	check(0, 0, 0, 0);
	assert_int_equal(w.s.received, 2);
	/* a whole ring without an end is no frame; what belongs to it is passed over as well */
	for (i = 0; i < 7; i++)
		arrive(1, 1, true);
	spread_run(&w.s);
	assert_int_equal(w.s.bad, 1);
	arrive(1, 1, true);
	spread_run(&w.s);
	arrive(1, 1, false);
	spread_run(&w.s);
	assert_int_equal(w.s.bad, 1);
	assert_int_equal(w.s.received, 2);
	destroy();
}

static void
a_batch_ends_between_frames(void **state)
{
	uint32_t i;

	(void)state;
	make(1, 0, 0);
	w.s.batch = 2;
	for (i = 0; i < 5; i++)
		arrive_for(0, 1, (uint8_t)(i + 1));
	assert_true(spread_run(&w.s));
	check(0, 2, 0, 0);
	assert_int_equal(w.ring[0]->cur, 2);
	assert_true(spread_run(&w.s));
	assert_false(spread_run(&w.s));
	check(0, 5, 0, 0);
	assert_true(spread_touched(&w.s.out[0]));
	spread_synced(&w.s.out[0]);
	assert_false(spread_run(&w.s));
	assert_false(spread_touched(&w.s.out[0]));
	destroy();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flows_stay_together),
		cmocka_unit_test(each_group_gets_all),
		cmocka_unit_test(without_extra_buffers_the_newest_is_dropped),
		cmocka_unit_test(the_engine_is_asked_before_a_frame_is_dropped),
		cmocka_unit_test(frames_wait_in_extra_buffers),
		cmocka_unit_test(the_oldest_makes_room),
		cmocka_unit_test(copies_wait_too),
		cmocka_unit_test(frames_of_several_slots_stay_whole),
		cmocka_unit_test(misfits_are_counted),
		cmocka_unit_test(a_batch_ends_between_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
