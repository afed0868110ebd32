/* SPDX-License-Identifier: BSD-2-Clause */
/* put_test.c - frames into slots and out of them, rings of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "put.h"
#include "soft.h"

static struct options
base(void)
{
	struct options o = { .name = "null", .mode = MODE_TX, .threads = 1, .len = 60, .vnet = -1, .version = 4 };

	return o;
}

static uint8_t pattern[FRAME_MAX + FRAME_SLACK];

static uint8_t kept[FRAME_MAX];
static uint32_t kept_len;

static int
keep(void *arg, const uint8_t *data, uint32_t len)
{
	(void)arg;
	memcpy(kept, data, len);
	kept_len = len;
	return 0;
}

static void
test_fragments_come_together_again(void **state)
{
	static const struct {
		int64_t frags, frag_size;
		uint32_t len;
		enum put_how how;
	} cases[] = {
		{ 0, 0, 60, PUT_MEMCPY }, { 0, 0, 2048, PUT_LINES }, { 2, 0, 3000, PUT_MEMCPY }, { 3, 0, 3001, PUT_LINES },
		{ 0, 64, 64, PUT_MEMCPY }, { 0, 64, 65, PUT_MEMCPY }, { 63, 1, 63, PUT_INDIRECT }, { 32, 2048, 65536, PUT_MEMCPY },
	};
	struct options o = base();
	struct port p;
	struct put put;
	char err[PORT_ERRLEN];
	size_t i;
	int round;

	(void)state;
	for (i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(i * 31 >> 3);
	o.conf[0] = o.conf[1] = 100; /* so that frames wrap round the ring */
	assert_int_equal(port_open(&p, &o, 0, err), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		o.frags = cases[i].frags;
		o.frag_size = cases[i].frag_size;
		o.indirect = cases[i].how == PUT_INDIRECT;
		o.work = cases[i].how == PUT_LINES ? WORK_COPY : 0;
		assert_int_equal(put_init(&put, &o, &p, cases[i].len, err), 0);
		assert_int_equal(put.how, cases[i].how);
		for (round = 0; round < 7; round++) {
			uint32_t head = p.tx[0]->head, first = head, n = put_slots(&put, cases[i].len);

			assert_true(nm_ring_space(p.tx[0]) >= n);
			head = put_frame(&put, p.tx[0], head, pattern, cases[i].len);
			assert_int_equal((head + 101 - first) % 101, n);
			put_publish(p.tx[0], head, head);
			kept_len = 0;
			assert_int_equal(soft_txsync(&p, keep, NULL), 0);
			assert_int_equal(kept_len, cases[i].len);
			assert_memory_equal(kept, pattern, kept_len);
			assert_int_equal(nm_ring_space(p.tx[0]), 100);
		}
	}
	port_close(&p);
}

static void
test_frames_that_do_not_fit(void **state)
{
	static const struct {
		int64_t frags, frag_size;
		uint32_t len;
		const char *text;
	} cases[] = {
		{ 0, 0, 2049, "a frame of 2049 bytes does not fit into 1 slot of 2048 bytes: give -F 2, or -l 2048 or less" },
		{ 2, 0, 5000, "does not fit into 2 slots of 2048 bytes: give -F 3, or -l 4096 or less" },
		{ 2, 100, 201, "does not fit into 2 slots of 100 bytes: give -F 3, or -l 200 or less" },
		{ 0, 100, 6301, "does not fit into 63 slots of 100 bytes: give -l 6300 or less, or a greater -M" },
		{ 0, 4000, 60, "-M 4000 exceeds its buffers of 2048 bytes" },
	};
	struct options o = base();
	struct port p;
	struct put put;
	char err[PORT_ERRLEN];
	size_t i;

	(void)state;
	assert_int_equal(port_open(&p, &o, 0, err), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		o.frags = cases[i].frags;
		o.frag_size = cases[i].frag_size;
		assert_int_equal(put_init(&put, &o, &p, cases[i].len, err), -EINVAL);
		if (!strstr(err, cases[i].text))
			fail_msg("'%s' does not say '%s'", err, cases[i].text);
	}
	port_close(&p);
}

/* Writes slots of a receive ring: lengths, a negative one has NS_MOREFRAG. */
static void
receive(struct netmap_ring *ring, const int *lens)
{
	for (; *lens; lens++) {
		struct netmap_slot *slot = &ring->slot[ring->tail];

		slot->len = (uint16_t)abs(*lens);
		slot->flags = *lens < 0 ? NS_MOREFRAG : 0;
		memset(NETMAP_BUF(ring, slot->buf_idx), abs(*lens) & 0xff, slot->len <= SOFT_BUF ? slot->len : SOFT_BUF);
		ring->tail = nm_ring_next(ring, ring->tail);
	}
}

static void
test_gather(void **state)
{
	static const int slots[] = { 60, -100, -100, 50, 2049, -3000, 7, 64, -1, 0 };
	static const struct {
		int rc;
		uint32_t len, at;
	} want[] = { { 1, 60, 1 }, { 1, 250, 4 }, { -1, 0, 5 }, { -1, 0, 7 }, { 1, 64, 8 }, { 0, 0, 8 } };
	struct options o = base();
	struct port p;
	struct gather g = { 0 };
	char err[PORT_ERRLEN];
	uint32_t at = 0, len = 0, i;
	uint8_t *data;

	(void)state;
	assert_int_equal(port_open(&p, &o, 0, err), 0);
	receive(p.rx[0], slots);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(gather_next(&g, p.rx[0], &at, p.rx[0]->tail, &data, &len), want[i].rc);
		assert_int_equal(at, want[i].at);
		if (want[i].rc == 1)
			assert_int_equal(len, want[i].len);
		if (i == 1)
			assert_true(data[99] == 100 && data[200] == 50);
	}
	assert_int_equal(g.bad, 2);
	gather_free(&g);
	port_close(&p);
}

static void
test_gather_does_not_wait_for_endless_frames(void **state)
{
	struct options o = base();
	struct port p;
	struct gather g = { 0 };
	char err[PORT_ERRLEN];
	uint32_t at = 0, len, i;
	uint8_t *data;
	static const int more[] = { -10, 0 }, last[] = { 10, 0 };

	(void)state;
	assert_int_equal(port_open(&p, &o, 0, err), 0);
	for (i = 0; i < 63; i++) {
		receive(p.rx[0], more);
		assert_int_equal(gather_next(&g, p.rx[0], &at, p.rx[0]->tail, &data, &len), 0);
	}
	receive(p.rx[0], last);
	assert_int_equal(gather_next(&g, p.rx[0], &at, p.rx[0]->tail, &data, &len), 1);
	assert_int_equal(len, 640);
	for (i = 0; i < 64; i++)
		receive(p.rx[0], more);
	assert_int_equal(gather_next(&g, p.rx[0], &at, p.rx[0]->tail, &data, &len), -1);
	assert_int_equal(at, 128);
	gather_free(&g);
	port_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fragments_come_together_again), cmocka_unit_test(test_frames_that_do_not_fit),
		cmocka_unit_test(test_gather), cmocka_unit_test(test_gather_does_not_wait_for_endless_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
