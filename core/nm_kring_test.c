/* SPDX-License-Identifier: BSD-2-Clause */
/* Rings whose shared side is written by somebody else at the worst moment. */
#include "host.h"
#include "nm_sync.h"

static struct nm_root root;

static int
setup(void **state)
{
	(void)state;
	return nm_root_init(&root);
}

static int
teardown(void **state)
{
	(void)state;
	host_on_alloc = NULL;
	nm_root_fini(&root);
	return 0;
}

static struct nm_session first, second;

/* One who has the region mapped writes to slots of a ring that is being made for another. */
static void
spoil_slots(size_t size)
{
	struct nm_mem *m = first.mem;
	struct nm_pool *rings = &m->pool[NM_POOL_RING];
	uint32_t i, k;

	(void)size;
	for (i = 0; i < rings->objtotal; i++)
		for (k = 0; k < 64; k++) {
			struct netmap_ring *r = (void *)(rings->base + (size_t)i * rings->objsize);

			r->slot[k].buf_idx = 0x7ffffff0u + k;
		}
}

static void
a_new_ring_takes_no_index_that_another_wrote(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 64, .nr_rx_slots = 64};
	struct nm_kring *kr;
	uint32_t i;

	(void)state;
	host_open(&first, &root, 1);
	host_open(&second, &root, 1);
	assert_int_equal(host_register(&first, "vale0:a", &reg), 0);
	reg = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 64, .nr_rx_slots = 64, .nr_mem_id = first.mem->id};
	host_on_alloc = spoil_slots;
	assert_int_equal(host_register(&second, "vale0:b", &reg), 0);
	host_on_alloc = NULL;
	kr = nm_session_kring(&second, NM_DIR_RX, 0);
	for (i = 0; i < kr->nstack; i++)
		assert_in_range(kr->stack[i], 2, kr->nbufs - 1);
	nm_session_close(&second);
	nm_session_close(&first);
}

static void
flood_one(size_t size)
{
	uint8_t f[64];

	(void)size;
	host_frame(f, "\xff\xff\xff\xff\xff\xff", "\2\0\0\0\0\1");
	host_put(&first, f, 60, 0);
	host_txsync(&first);
}

static void
others_flood_to_a_port_that_is_being_made(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};

	(void)state;
	host_open(&first, &root, 1);
	host_open(&second, &root, 1);
	assert_int_equal(host_register(&first, "vale0:a", &reg), 0);
	reg = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC};
	host_on_alloc = flood_one;
	assert_int_equal(host_register(&second, "vale0:b", &reg), 0);
	host_on_alloc = NULL;
	assert_true(host_stat(&first, NM_DIR_TX, NM_STAT_tx_packets) > 5);
	nm_session_close(&second);
	nm_session_close(&first);
}

static void
host_rings_of_a_null_port_can_be_synced(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_NULL, .nr_host_tx_rings = 1, .nr_host_rx_rings = 1};
	struct nm_kring *kr;

	(void)state;
	host_open(&first, &root, 1);
	host_open(&second, &root, 1);
	assert_int_equal(host_register(&first, "none", &reg), 0);
	reg = (struct nmreq_register){.nr_mode = NR_REG_SW};
	assert_int_equal(host_register(&second, "none", &reg), 0);
	kr = nm_session_kring(&second, NM_DIR_TX, second.first[NM_DIR_TX]);
	assert_true(kr->is_host);
	kr->atok->head = kr->atok->cur = 1;
	assert_int_equal(nm_kring_sync(kr), 0);
	nm_session_close(&second);
	nm_session_close(&first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_ring_takes_no_index_that_another_wrote, setup, teardown),
		cmocka_unit_test_setup_teardown(others_flood_to_a_port_that_is_being_made, setup, teardown),
		cmocka_unit_test_setup_teardown(host_rings_of_a_null_port_can_be_synced, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
