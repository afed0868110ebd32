/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

static struct nm_root root;
static struct nm_session s, t;
static struct nm_session *const sessions[] = {&t, &s, NULL};

static int
setup(void **state)
{
	(void)state;
	return host_begin(&root, sessions);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

static void
hints_are_taken_as_they_are(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_NULL}, only_rx = {.nr_mode = NR_REG_NULL, .nr_rx_rings = 3, .nr_rx_slots = 5},
	    host = {.nr_mode = NR_REG_NULL, .nr_tx_rings = 1, .nr_host_tx_rings = 2, .nr_host_rx_rings = 3};

	(void)state;
	assert_int_equal(host_register(&s, "n", &reg), 0);
	assert_int_equal(reg.nr_tx_rings, 1);
	assert_int_equal(reg.nr_rx_rings, 1);
	assert_int_equal(reg.nr_tx_slots, root.limits.ring_slots);
	nm_session_close(&s);
	assert_int_equal(host_register(&s, "n", &only_rx), 0);
	assert_int_equal(only_rx.nr_tx_rings, 0);
	assert_int_equal(only_rx.nr_rx_rings, 3);
	assert_int_equal(only_rx.nr_rx_slots, 5);
	assert_int_equal(s.last[NM_DIR_TX], s.first[NM_DIR_TX]);
	nm_session_close(&s);
	assert_int_equal(host_register(&s, "n", &host), 0);
	assert_int_equal(host.nr_host_tx_rings, 2);
	assert_int_equal(host.nr_host_rx_rings, 3);
	assert_int_equal(s.nifp->ni_host_tx_rings, 2);
	assert_int_equal(s.last[NM_DIR_TX], 1); /* without the host's */
}

static void
what_is_sent_stays(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_NULL, .nr_tx_slots = 4, .nr_rx_slots = 4};
	struct nm_kring *kr;

	(void)state;
	assert_int_equal(host_register(&s, "n", &reg), 0);
	kr = nm_session_kring(&s, NM_DIR_TX, 0);
	kr->atok->head = kr->atok->cur = 2;
	assert_int_equal(nm_kring_sync(kr), 0);
	assert_int_equal(kr->rhead, 2);
	assert_int_equal(kr->hwcur, 0);
	assert_int_equal(nm_kring_sync(nm_session_kring(&s, NM_DIR_RX, 0)), 0);
}

static void
its_name_stands_in_nobodys_way(void **state)
{
	static const char *const names[] = {"vale0:a", "nic0", "x{1", ""};
	struct nmreq_register all = {.nr_mode = NR_REG_ALL_NIC};
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct nmreq_register reg = {.nr_mode = NR_REG_NULL, .nr_tx_slots = 4, .nr_rx_slots = 4};

		assert_int_equal(host_register(&s, names[i], &reg), 0);
		assert_null(nm_port_find(&root, names[i]));
		all = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC};
		if (*names[i]) {
			assert_int_equal(host_register(&t, names[i], &all), 0);
			assert_ptr_not_equal(t.port, s.port);
			assert_int_not_equal(t.port->ops->kind, NM_PORT_KIND_NULL);
		}
		nm_session_close(&t);
		nm_session_close(&s);
	}
}

static void
two_of_one_name_are_two(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_NULL}, reg2 = reg;

	(void)state;
	assert_int_equal(host_register(&s, "n", &reg), 0);
	assert_int_equal(host_register(&t, "n", &reg2), 0);
	assert_ptr_not_equal(s.port, t.port);
	assert_int_not_equal(reg.nr_mem_id, reg2.nr_mem_id);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(hints_are_taken_as_they_are),
		T(what_is_sent_stays),
		T(its_name_stands_in_nobodys_way),
		T(two_of_one_name_are_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
