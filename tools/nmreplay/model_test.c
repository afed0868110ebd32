/* SPDX-License-Identifier: BSD-2-Clause */
/* model_test.c - times, losses and delays: exactly where they are computed, and by their distribution where they are random. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "model.h"

#define FRAMES 100000u
#define LEN 125u /* 1000 bits */

static struct model m;

static void
begin(const struct model_conf *c)
{
	assert_int_equal(model_init(&m, c, 60), 0);
}

static uint64_t
due(uint32_t len, uint64_t ts)
{
	uint64_t at;

	assert_int_equal(model_next(&m, len, ts, &at), MODEL_SEND);
	return at;
}

static void
constant_rate(void **state)
{
	static const uint32_t len[] = {125, 250, 60, 60, 1514, 125};
	static const uint64_t at[] = {0, 1000, 3000, 3480, 3960, 16072};
	const struct model_conf c = {.rate = RATE_CONSTANT, .bps = 1000000000};
	size_t i;

	(void)state;
	begin(&c);
	for (i = 0; i < 6; i++)
		assert_int_equal(due(len[i], 0), at[i]);
	model_fini(&m);
}

/* Times do not drift: they are computed from the bits since the start. */
static void
a_rate_that_does_not_divide(void **state)
{
	const struct model_conf c = {.rate = RATE_CONSTANT, .bps = 3000000};
	uint32_t i;

	(void)state;
	begin(&c);
	for (i = 0; i < 3000000; i++)
		assert_int_equal(due(LEN, 0), i * 1000000ull / 3);
	model_fini(&m);
}

static void
rate_of_the_wire(void **state)
{
	const struct model_conf c = {.rate = RATE_ETHER, .bps = 1000000000};

	(void)state;
	begin(&c);
	assert_int_equal(due(60, 0), 0);
	assert_int_equal(due(40, 0), 672); /* 60 and 24 bytes */
	assert_int_equal(due(1514, 0), 1344);
	assert_int_equal(due(60, 0), 1344 + 12304);
	model_fini(&m);
}

static void
times_of_the_trace(void **state)
{
	static const uint64_t ts[] = {5000000000, 5000001000, 5000001000, 5000000500, 5000004000};
	static const uint64_t at[] = {0, 500, 500, 500, 2000}; /* one that goes back leaves with the one before it */
	const struct model_conf c = {.rate = RATE_REAL, .speed = 2};
	size_t i, round;

	(void)state;
	begin(&c);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 5; i++)
			assert_int_equal(due(60, ts[i]), at[i] + round * 2500); /* the last frame's time and an average gap */
		model_again(&m);
	}
	model_fini(&m);
}

static void
times_before_the_first(void **state)
{
	const struct model_conf c = {.rate = RATE_REAL, .speed = 1};

	(void)state;
	begin(&c);
	assert_int_equal(due(60, 5000000000), 0);
	assert_int_equal(due(60, 1000000000), 0);
	assert_int_equal(due(60, 5000000700), 700);
	model_fini(&m);
}

static void
as_fast_as_can_be(void **state)
{
	const struct model_conf c = {.rate = RATE_MAX};
	uint32_t i;

	(void)state;
	begin(&c);
	for (i = 0; i < 100; i++)
		assert_int_equal(due(1514, i), 0);
	model_fini(&m);
}

static uint32_t
count_lost(const struct model_conf *c, uint32_t len)
{
	uint32_t i, lost = 0;
	uint64_t at;

	begin(c);
	for (i = 0; i < FRAMES; i++)
		lost += model_next(&m, len, 0, &at) == MODEL_LOST;
	model_fini(&m);
	return lost;
}

static void
losses_of_frames(void **state)
{
	struct model_conf c = {.rate = RATE_MAX, .loss = LOSS_PACKET, .seed = 1};

	(void)state;
	assert_int_equal(count_lost(&c, 60), 0);
	c.p = 1;
	assert_int_equal(count_lost(&c, 60), FRAMES);
	c.p = 0.1;
	assert_int_equal(count_lost(&c, 60), 9894);
	assert_in_range(count_lost(&c, 1514), 9715, 10285); /* three standard deviations, whatever the length */
	c.seed = 2;
	assert_int_not_equal(count_lost(&c, 60), 9894);
	assert_in_range(count_lost(&c, 60), 9715, 10285);
}

static void
losses_of_bits(void **state)
{
	struct model_conf c = {.rate = RATE_MAX, .loss = LOSS_BIT, .seed = 1};

	(void)state;
	assert_int_equal(count_lost(&c, 1250), 0);
	c.p = 1;
	assert_int_equal(count_lost(&c, 1250), FRAMES);
	c.p = 1e-5; /* 1 - (1 - 1e-5)^10000 = 0.09516, and ^1000 = 0.00995 */
	assert_in_range(count_lost(&c, 1250), 9238, 9795);
	assert_in_range(count_lost(&c, 125), 900, 1090);
}

/* Delays of frames that are so far apart that none waits for the one before. */
static uint64_t
one_delay(uint32_t i)
{
	const uint64_t apart = 1000000000000;

	return due(60, i * apart) - i * apart;
}

static void
constant_delay(void **state)
{
	const struct model_conf c = {.rate = RATE_CONSTANT, .bps = 1000000000, .delay = DELAY_CONSTANT, .delay_ns = {7000, 7000}};
	uint32_t i;

	(void)state;
	begin(&c);
	for (i = 0; i < 1000; i++)
		assert_int_equal(due(LEN, 0), 7000 + i * 1000);
	model_fini(&m);
}

static void
uniform_delay(void **state)
{
	const struct model_conf c = {.rate = RATE_REAL, .speed = 1, .delay = DELAY_UNIFORM, .delay_ns = {1000, 2999}, .seed = 1};
	uint32_t i, part[20] = {0};
	double sum = 0;

	(void)state;
	begin(&c);
	for (i = 0; i < FRAMES; i++) {
		uint64_t d = one_delay(i);

		assert_in_range(d, 1000, 2999);
		part[(d - 1000) / 100]++;
		sum += (double)d;
	}
	model_fini(&m);
	for (i = 0; i < 20; i++)
		assert_in_range(part[i], 4690, 5310); /* 5000, four and a half standard deviations */
	assert_true(fabs(sum / FRAMES - 1999.5) < 6);
}

static void
exponential_delay(void **state)
{
	const struct model_conf c = {.rate = RATE_REAL, .speed = 1, .delay = DELAY_EXPONENTIAL, .delay_ns = {5000, 105000}, .seed = 1};
	uint32_t i, above[3] = {0};
	double sum = 0;

	(void)state;
	begin(&c);
	for (i = 0; i < FRAMES; i++) {
		uint64_t d = one_delay(i);

		assert_true(d >= 5000);
		above[0] += d > 105000;
		above[1] += d > 205000;
		above[2] += d > 305000;
		sum += (double)d;
	}
	model_fini(&m);
	assert_true(fabs(sum / FRAMES - 105000) < 1000);
	assert_in_range(above[0], 36330, 37250); /* 1/e */
	assert_in_range(above[1], 13200, 13860); /* 1/e^2 */
	assert_in_range(above[2], 4770, 5190);   /* 1/e^3 */
}

/* The same seed: the same run. Losses do not change the delays of those that remain. */
static void
runs_repeat(void **state)
{
	static const uint64_t first[] = {466966, 34331, 45969, 563635, 398562};
	struct model_conf c = {.rate = RATE_REAL, .speed = 1, .delay = DELAY_UNIFORM, .delay_ns = {0, 999999}, .seed = 1};
	static uint64_t delay[1000];
	uint32_t i, same = 0, kept = 0;
	uint64_t at;

	(void)state;
	begin(&c);
	for (i = 0; i < 1000; i++)
		delay[i] = one_delay(i);
	model_fini(&m);
	for (i = 0; i < 5; i++)
		assert_int_equal(delay[i], first[i]);
	c.p = 0.5;
	begin(&c);
	for (i = 0; i < 1000; i++)
		if (model_next(&m, 60, i * 1000000000000ull, &at) == MODEL_SEND) {
			kept++;
			assert_int_equal(at, i * 1000000000000ull + delay[i]);
		}
	model_fini(&m);
	assert_in_range(kept, 400, 600);
	c.p = 0;
	c.seed = 2;
	begin(&c);
	for (i = 0; i < 1000; i++)
		same += one_delay(i) == delay[i];
	model_fini(&m);
	assert_true(same < 5);
}

static void
no_frame_overtakes_another(void **state)
{
	const struct model_conf c = {.rate = RATE_CONSTANT, .bps = 1000000000, .delay = DELAY_EXPONENTIAL, .delay_ns = {0, 100000}, .seed = 3};
	uint64_t last = 0, at;
	uint32_t i, waited = 0;

	(void)state;
	begin(&c);
	for (i = 0; i < FRAMES; i++, last = at) {
		at = due(LEN, 0);
		assert_true(at >= last && at >= i * 1000ull);
		waited += at == last;
	}
	model_fini(&m);
	assert_true(waited > FRAMES / 2); /* frames a hundred times closer than delays differ */
}

/* Four frames fit; each enters 1000 ns after the one before and leaves 10000 ns later. */
static void
what_the_buffer_has_no_room_for(void **state)
{
	const struct model_conf c = {.rate = RATE_CONSTANT, .bps = 1000000000, .delay = DELAY_CONSTANT, .delay_ns = {10000, 10000}, .buffer = 4 * LEN};
	uint64_t at;
	uint32_t i;

	(void)state;
	begin(&c);
	for (i = 0; i < 1000; i++) {
		enum model_fate fate = model_next(&m, LEN, 0, &at);

		assert_int_equal(fate, i % 10 < 4 ? MODEL_SEND : MODEL_OVERFLOW);
		assert_int_equal(at, i * 1000 + (fate == MODEL_SEND ? 10000 : 0));
	}
	model_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constant_rate),
		cmocka_unit_test(a_rate_that_does_not_divide),
		cmocka_unit_test(rate_of_the_wire),
		cmocka_unit_test(times_of_the_trace),
		cmocka_unit_test(times_before_the_first),
		cmocka_unit_test(as_fast_as_can_be),
		cmocka_unit_test(losses_of_frames),
		cmocka_unit_test(losses_of_bits),
		cmocka_unit_test(constant_delay),
		cmocka_unit_test(uniform_delay),
		cmocka_unit_test(exponential_delay),
		cmocka_unit_test(runs_repeat),
		cmocka_unit_test(no_frame_overtakes_another),
		cmocka_unit_test(what_the_buffer_has_no_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
