/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a worker lets the hints of its clients lead it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "nm_place.h"

static cpu_set_t before;

static int
save_mask(void **state)
{
	(void)state;
	return sched_getaffinity(0, sizeof(before), &before);
}

static int
restore_mask(void **state)
{
	(void)state;
	return sched_setaffinity(0, sizeof(before), &before);
}

static uint32_t
first_cpu(void)
{
	uint32_t i;

	for (i = 0; !CPU_ISSET(i, &before); i++)
		;
	return i;
}

/* A window in which all deliveries were to receivers that say that they run on `cpu`. */
static void
window(struct nm_place *p, uint32_t cpu)
{
	struct nm_sync_session y = {.cpu = cpu};
	uint32_t i;

	p->since = 0;
	for (i = 0; i < 16; i++) {
		nm_place_receiver(p, &y);
		nm_place_after_pass(p, true);
	}
}

static void
assert_only(uint32_t cpu)
{
	cpu_set_t now;

	assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
	assert_int_equal(CPU_COUNT(&now), 1);
	assert_true(CPU_ISSET(cpu, &now));
}

static void
goes_where_the_receiver_is(void **state)
{
	struct nm_place p;
	uint32_t cpu = first_cpu();

	(void)state;
	nm_place_init(&p);
	window(&p, cpu);
	assert_int_equal(p.cpu, cpu);
	assert_only(cpu);
}

/* The administrator gave the engine one CPU: whatever clients say, and they may say anything, it stays there. */
static void
no_hint_leads_out_of_the_mask_it_started_with(void **state)
{
	struct nm_place p;
	uint32_t cpu = first_cpu(), other;
	cpu_set_t one;

	(void)state;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	nm_place_init(&p);
	for (other = 0; other < 2 * NM_PLACE_CPUS; other++) {
		if (other % NM_PLACE_CPUS == cpu)
			continue;
		window(&p, other);
		assert_int_equal(p.cpu, -1);
		assert_only(cpu);
	}
	window(&p, UINT32_MAX - 1);
	assert_only(cpu);
	window(&p, cpu);
	assert_int_equal(p.cpu, cpu);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(goes_where_the_receiver_is, save_mask, restore_mask),
		cmocka_unit_test_setup_teardown(no_hint_leads_out_of_the_mask_it_started_with, save_mask, restore_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
