/* SPDX-License-Identifier: BSD-2-Clause */
/* Rings whose shared side is written by somebody else at the worst moment. */
#include "host.h"
#include "nm_sync.h"

static struct nm_root root;

static int
setup(void **state)
{
	(void)state;
	return host_begin(&root, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, NULL);
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
rings_are_aligned_whatever_their_size(void **state)
{
	uint32_t slots;

	(void)state;
	for (slots = 1270; slots < 1290; slots++) {
		struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = slots, .nr_rx_slots = slots, .nr_rx_rings = 3};
		uint32_t i;

		host_open(&first, &root, 1);
		assert_int_equal(host_register(&first, "vale0:a", &reg), 0);
		for (i = first.first[NM_DIR_RX]; i < first.last[NM_DIR_RX]; i++)
			assert_int_equal((uintptr_t)nm_session_kring(&first, NM_DIR_RX, i)->ring % 128, 0);
		nm_session_close(&first);
	}
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

static struct nm_kring *
receive_ring(uint32_t slots)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = slots, .nr_rx_slots = slots};

	host_open(&first, &root, 1);
	assert_int_equal(host_register(&first, "vale0:a", &reg), 0);
	return nm_session_kring(&first, NM_DIR_RX, 0);
}

static uint32_t
lease(struct nm_kring *kr, uint32_t n, uint32_t *start)
{
	uint32_t idx[16], room = nm_kring_lease_begin(kr), i;

	n = n < room ? n : room;
	*start = nm_kring_lease_commit(kr, n, idx);
	for (i = 0; i < n; i++)
		nm_kring_put_slot(&kr->slots[nm_ring_add(*start, i, kr->nslots)], idx[i], (uint16_t)(100 + i), 0);
	return n;
}

/* Leases that end in another order than they began are published in the order in which they began. */
static void
leases_are_published_in_order(void **state)
{
	struct nm_kring *kr = receive_ring(16);
	uint32_t a, b, c, round;

	(void)state;
	for (round = 0; round < 40; round++) {
		assert_int_equal(lease(kr, 2, &a), 2);
		assert_int_equal(lease(kr, 3, &b), 3);
		assert_int_equal(lease(kr, 1, &c), 1);
		assert_int_equal(b, nm_ring_add(a, 2, 16));
		nm_kring_finish(kr, c, 1, 1, 10);
		nm_kring_finish(kr, b, 3, 3, 30);
		assert_int_equal(kr->ktoa->hwtail, a); /* the first is still being filled */
		nm_kring_finish(kr, a, 2, 2, 20);
		assert_int_equal(kr->ktoa->hwtail, nm_ring_add(a, 6, 16));
		assert_int_equal(kr->stat[NM_STAT_rx_packets], 6 * (round + 1));
		assert_int_equal(kr->stat[NM_STAT_rx_bytes], 60 * (round + 1));
		kr->atok->cur = kr->atok->head = kr->ktoa->hwtail;
	}
	nm_session_close(&first);
}

/* One slot stays empty; what is given back is used again, what was lost to a bad index is not. */
static void
room_is_what_was_given_back(void **state)
{
	struct nm_kring *kr = receive_ring(8);
	uint32_t a;

	(void)state;
	assert_int_equal(lease(kr, 16, &a), 7);
	nm_kring_finish(kr, a, 7, 7, 0);
	assert_int_equal(lease(kr, 16, &a), 0);
	kr->atok->head = kr->atok->cur = 3;
	kr->slots[1].buf_idx = 0;
	assert_int_equal(lease(kr, 16, &a), 3); /* the stack had one more than the ring has room for */
	nm_kring_finish(kr, a, 3, 3, 0);
	assert_int_equal(kr->stat[NM_STAT_buf_errors], 1);
	kr->atok->head = kr->atok->cur = nm_ring_add(3, 7, 8);
	assert_int_equal(lease(kr, 16, &a), 7);
	nm_kring_finish(kr, a, 7, 7, 0);
	kr->slots[nm_ring_add(a, 2, 8)].buf_idx = kr->nbufs;
	kr->atok->head = kr->atok->cur = kr->ktoa->hwtail;
	assert_int_equal(lease(kr, 16, &a), 6);
	nm_kring_finish(kr, a, 6, 6, 0);
	nm_session_close(&first);
}

/* The ring's memory goes with every buffer in a slot, wherever it was: in use, given back, on the stack. */
static void
no_buffer_is_lost_with_a_ring(void **state)
{
	struct nm_kring *kr = receive_ring(8);
	struct nm_pool *p = &first.mem->pool[NM_POOL_BUF];
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_TX_RINGS_ONLY};
	uint32_t a, with;

	(void)state;
	host_open(&second, &root, 1);
	assert_int_equal(host_register(&second, "vale0:a", &reg), 0); /* keeps the transmit ring */
	with = p->nfree;
	assert_int_equal(lease(kr, 5, &a), 5);
	nm_kring_finish(kr, a, 5, 5, 0);
	kr->atok->head = kr->atok->cur = 2;
	nm_session_close(&first);
	assert_int_equal(p->nfree, with + 8);
	nm_session_close(&second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_ring_takes_no_index_that_another_wrote, setup, teardown),
		cmocka_unit_test_setup_teardown(others_flood_to_a_port_that_is_being_made, setup, teardown),
		cmocka_unit_test_setup_teardown(rings_are_aligned_whatever_their_size, setup, teardown),
		cmocka_unit_test_setup_teardown(host_rings_of_a_null_port_can_be_synced, setup, teardown),
		cmocka_unit_test_setup_teardown(leases_are_published_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(room_is_what_was_given_back, setup, teardown),
		cmocka_unit_test_setup_teardown(no_buffer_is_lost_with_a_ring, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
