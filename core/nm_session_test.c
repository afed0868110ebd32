/* SPDX-License-Identifier: BSD-2-Clause */
/* Binding: the netmap_if and its rings as a client finds them, extra buffers, and what an end gives back. */
#include "host.h"

static struct nm_root root;
static struct nm_session s, t;
static struct nm_session *const sessions[] = {&t, &s, NULL};

static int
setup(void **state)
{
	(void)state;
	host_nic_rings[0] = 2, host_nic_rings[1] = 1;
	host_nic_host[0] = 0, host_nic_host[1] = 0;
	return host_begin(&root, sessions);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

static int
open_port(struct nm_session *x, const char *name, uint64_t flags, uint32_t extra)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = flags, .nr_tx_rings = 2, .nr_tx_slots = 8, .nr_rx_slots = 16,
	    .nr_extra_bufs = extra};

	return host_register(x, name, &reg);
}

/* As a client finds them, by offsets in what it has mapped. */
static const struct netmap_ring *
ring(const struct nm_session *x, uint32_t entry)
{
	return (const void *)(host_region(&x->mem->region) + (ssize_t)x->nifp_ofs + x->nifp->ring_ofs[entry]);
}

static void
the_client_finds_its_rings(void **state)
{
	const struct netmap_ring *r;
	uint32_t i, k;
	bool seen[1000] = {0};

	(void)state;
	assert_int_equal(open_port(&s, "vale0:a", 0, 0), 0);
	assert_string_equal(s.nifp->ni_name, "vale0:a");
	assert_int_equal(s.nifp->ni_version, 0);
	assert_int_equal(s.nifp->ni_flags, NI_PRIV_MEM);
	assert_int_equal(s.nifp->ni_tx_rings, 2);
	assert_int_equal(s.nifp->ni_rx_rings, 1);
	assert_int_equal(s.nifp->ni_host_tx_rings, 1);
	assert_int_equal(s.nifp->ni_host_rx_rings, 1);
	assert_int_equal(s.nifp->ni_bufs_head, 0);
	assert_int_equal(s.nifp->ring_ofs[2], 0); /* stand-ins of the host */
	assert_int_equal(s.nifp->ring_ofs[4], 0);
	for (k = 0; k < 4; k++) {
		if (k == 2)
			continue;
		r = ring(&s, k);
		assert_int_equal(r->dir, k < 2);
		assert_int_equal(r->ringid, k < 2 ? k : 0);
		assert_int_equal(r->num_slots, k < 2 ? 8 : 16);
		assert_int_equal(r->nr_buf_size, root.limits.buf_size);
		assert_int_equal(r->head, 0);
		assert_int_equal(r->cur, 0);
		assert_int_equal(r->tail, k < 2 ? 7 : 0);
		assert_int_equal(r->flags, 0);
		assert_int_equal(r->offset_mask, 0);
		assert_ptr_equal((const char *)r + r->buf_ofs, host_region(&s.mem->region) + s.mem->pool[NM_POOL_BUF].offset);
		assert_int_equal((uintptr_t)r % 64, 0);
		for (i = 0; i < r->num_slots; i++) {
			assert_in_range(r->slot[i].buf_idx, 2, s.mem->pool[NM_POOL_BUF].objtotal - 1);
			assert_false(seen[r->slot[i].buf_idx % 1000]); /* fresh, each its own */
			seen[r->slot[i].buf_idx % 1000] = true;
			assert_int_equal(r->slot[i].len, r->nr_buf_size);
			assert_int_equal(r->slot[i].flags, 0);
			assert_int_equal(r->slot[i].ptr, 0);
		}
	}
}

static void
it_finds_them_in_memory_by_parts(void **state)
{
	uint32_t i, n = 0;

	host_lazy = true;
	the_client_finds_its_rings(state);
	nm_session_close(&s);
	assert_int_equal(open_port(&s, "vale0:a", 0, 9), 0);
	for (i = s.nifp->ni_bufs_head; i; n++)
		memcpy(&i, host_region(&s.mem->region) + s.mem->pool[NM_POOL_BUF].offset + (size_t)i * root.limits.buf_size, sizeof(i));
	assert_int_equal(n, 9);
}

static void
several_descriptors_see_one_ring(void **state)
{
	struct nmreq_register one = {.nr_mode = NR_REG_ONE_NIC, .nr_ringid = 1};

	(void)state;
	assert_int_equal(open_port(&s, "vale0:a", 0, 0), 0);
	assert_int_equal(host_register(&t, "vale0:a", &one), 0);
	assert_ptr_not_equal(s.nifp, t.nifp);
	assert_ptr_equal(ring(&s, 1), ring(&t, 1));
	assert_ptr_equal(ring(&s, 3), ring(&t, 3)); /* fewer receive rings: ring 0 */
	assert_int_equal(t.nifp->ring_ofs[0], 0);
	host_put(&s, "0123456789abcdef", 16, 0);
	nm_session_close(&t);
	assert_int_equal(host_txsync(&s), 0); /* the others go on */
}

static void
extra_buffers_come_back_as_the_client_left_them(void **state)
{
	struct nm_pool *p;
	uint32_t before, *w;

	(void)state;
	assert_int_equal(open_port(&t, "vale0:a", NR_RX_RINGS_ONLY, 0), 0); /* keeps the region */
	p = &t.mem->pool[NM_POOL_BUF];
	before = p->nfree;
	assert_int_equal(open_port(&s, "vale0:a", NR_RX_RINGS_ONLY, 5), 0);
	assert_int_equal(p->nfree, before - 5);
	assert_int_equal(s.nifp->ni_bufs_head, s.extra);
	nm_session_close(&s);
	assert_int_equal(p->nfree, before);
	assert_int_equal(open_port(&s, "vale0:a", NR_RX_RINGS_ONLY, 5), 0);
	w = (void *)(p->base + (size_t)s.nifp->ni_bufs_head * p->objsize);
	*w = 0xffffffff; /* the rest is lost, not the engine */
	nm_session_close(&s);
	assert_int_equal(p->nfree, before - 4);
	assert_int_equal(open_port(&s, "vale0:a", NR_RX_RINGS_ONLY, 0), 0);
	s.nifp->ni_bufs_head = 3; /* he had none: nothing is his to give */
	nm_session_close(&s);
	assert_int_equal(p->nfree, before - 4);
	assert_int_equal(open_port(&s, "vale0:a", NR_RX_RINGS_ONLY, 0xffffffff), 0); /* all there are */
	assert_int_equal(p->nfree, 0);
	nm_session_close(&s);
	assert_int_equal(p->nfree, before - 4);
}

/* One who is refused half-way: nobody may still deliver to rings that go again, and those of others stay. */
static void
a_bind_that_fails_waits_for_senders(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_NULL, .nr_tx_slots = 4, .nr_rx_slots = 4},
	    wide = {.nr_mode = NR_REG_ONE_NIC, .nr_rx_rings = 16, .nr_tx_slots = 8, .nr_rx_slots = 8};
	struct nm_session u;
	unsigned synced;
	uint32_t i, k, nfree;

	(void)state;
	assert_int_equal(host_register(&s, "n", &reg), 0); /* a small region */
	wide.nr_mem_id = reg.nr_mem_id;
	host_open(&u, &root, 1000);
	assert_int_equal(host_register(&u, "vale0:b", &wide), 0); /* a port with more rings than there is room for */
	nfree = s.mem->pool[NM_POOL_BUF].nfree;
	for (i = 0; i < 3; i++) {
		struct nmreq_register all = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = i == 2 ? NR_RX_RINGS_ONLY : 0};

		synced = host_synced;
		assert_int_equal(host_register(&t, "vale0:b", &all), -ENOMEM);
		assert_int_equal(host_synced, synced + 1);
		assert_non_null(strstr(t.errtext, "vale0:b: region 2 is too full or too small: "));
		assert_null(t.port);
		assert_int_equal(s.mem->pool[NM_POOL_BUF].nfree, nfree);
		for (k = 0; k < 16; k++) {
			assert_int_equal(u.port->krings[NM_DIR_RX][k].users, k == 0);
			assert_int_equal(u.port->krings[NM_DIR_RX][k].ready, k == 0);
		}
		assert_int_equal(u.port->krings[NM_DIR_TX][0].users, 1);
	}
	nm_session_close(&u);
}

static void
a_region_has_a_limited_number_of_descriptors(void **state)
{
	struct nm_session *x = nm_os_alloc(100 * sizeof(*x));
	uint32_t i;

	(void)state;
	assert_int_equal(open_port(&s, "vale0:a", 0, 0), 0);
	for (i = 0; i < 100; i++) {
		host_open(&x[i], &root, 1000);
		if (open_port(&x[i], "vale0:a", 0, 0))
			break;
	}
	assert_in_range(i, 10, 50);
	assert_non_null(strstr(x[i].errtext, " 0 of "));
	while (i-- > 0)
		nm_session_close(&x[i]);
	nm_os_free(x);
	assert_int_equal(open_port(&t, "vale0:a", 0, 0), 0);
}

/* Two ports in a region that grows: who was there first finds the buffers of who comes, and the other way round. */
static void
a_region_grows_under_its_ports(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 64, .nr_rx_slots = 64, .nr_tx_rings = 2};
	uint8_t out[64], in[64];
	const struct nm_pool *p;
	uint32_t i, before;
	int dir;

	(void)state;
	host_lazy = true;
	assert_int_equal(host_register(&s, "vale0:a", &reg), 0);
	p = &s.mem->pool[NM_POOL_BUF];
	before = p->ready;
	assert_in_range(before, 3 * 64 + 2, 3 * 64 + 4);
	assert_in_range(host_regions, 3 * 20480, 3 * 20480 + 200 * 2112 + 3 * 4096);
	reg.nr_extra_bufs = 100;
	assert_int_equal(host_register(&t, "vale0:b", &reg), 0);
	assert_ptr_equal(s.mem, t.mem);
	assert_in_range(p->ready, 2 + 6 * 64 + 100, 2 * (2 + 6 * 64 + 100));
	for (dir = 0; dir < 2; dir++)
		for (i = 0; i < 2u - (uint32_t)dir; i++) {
			assert_ptr_equal(nm_session_kring(&s, dir, i)->bufs, p->base);
			assert_int_equal(nm_session_kring(&s, dir, i)->nbufs, p->ready);
			assert_ptr_equal(nm_session_kring(&t, dir, i)->bufs, p->base);
		}
	host_frame(out, "\2\0\0\0\0\1", "\2\0\0\0\0\2");
	for (i = 0; i < 200; i++) { /* by each buffer */
		out[30] = (uint8_t)i;
		host_put(i % 2 ? &s : &t, out, 64, 0);
		assert_int_equal(host_txsync(i % 2 ? &s : &t), 0);
		assert_int_equal(host_take(i % 2 ? &t : &s, in, NULL), 64);
		assert_memory_equal(in, out, 64);
	}
	nm_session_close(&t);
	host_quota = host_regions + 4096;
	reg = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 256, .nr_rx_slots = 256};
	assert_int_equal(host_register(&t, "vale0:c", &reg), -ENOMEM);
	assert_string_equal(t.errtext, "vale0:c: 1097 KiB more in region 3 would exceed the memory quota of user 1000");
	host_quota = SIZE_MAX;
	assert_int_equal(host_register(&t, "vale0:c", &reg), 0);
}

static unsigned turns;

static void
another_opens_and_closes(void)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nm_session x;

	host_on_fill = host_on_destroy = NULL;
	host_open(&x, &root, 1000);
	assert_int_equal(host_register(&x, "vale1:x", &reg), 0);
	nm_session_close(&x);
	turns++;
}

/* Nobody waits for one who wants much, not even to close; what he gets is what he would have got. */
static void
others_have_their_turn_while_memory_is_got(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_extra_bufs = 20000};

	(void)state;
	host_lazy = true;
	turns = 0;
	host_on_fill = another_opens_and_closes;
	assert_int_equal(host_register(&s, "vale0:a", &reg), 0);
	assert_int_equal(turns, 1);
	assert_int_equal(reg.nr_extra_bufs, 20000);
	host_on_destroy = another_opens_and_closes;
	nm_session_close(&s);
	assert_int_equal(turns, 2);
	host_quota = 40 << 20;
	reg = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_extra_bufs = 20000};
	host_on_fill = another_opens_and_closes;
	assert_int_equal(host_register(&s, "vale0:a", &reg), 0); /* as many as there is memory for */
	assert_int_equal(turns, 3);
	assert_in_range(reg.nr_extra_bufs, 8000, 19000);
}

static void
takes_the_port(void)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE};

	host_on_fill = NULL;
	assert_int_equal(host_register(&t, "nic0", &reg), 0);
}

/* What was true before the wait need not be after it. */
static void
the_port_is_looked_at_again_after_it(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_extra_bufs = 20000};

	(void)state;
	host_lazy = true;
	host_on_fill = takes_the_port;
	assert_int_equal(host_register(&s, "nic0", &reg), -EBUSY);
	assert_string_equal(s.errtext, "nic0: tx ring 0 is held exclusively by another descriptor");
	nm_session_close(&t);
	assert_int_equal(host_register(&s, "nic0", &reg), 0);
	nm_session_close(&s);
	host_quota = 1 << 20;
	reg = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_tx_rings = 16, .nr_tx_slots = 1024};
	assert_int_equal(host_register(&s, "vale0:a", &reg), -ENOMEM);
	assert_non_null(strstr(s.errtext, "would exceed the memory quota of user 1000"));
}

static void
closing_twice_or_unbound_is_nothing(void **state)
{
	(void)state;
	nm_session_close(&s);
	assert_int_equal(open_port(&s, "vale0:a", 0, 2), 0);
	nm_session_close(&s);
	nm_session_close(&s);
	assert_null(s.nifp);
	assert_int_equal(open_port(&s, "vale0:a", 0, 0), 0);
}

static void
a_port_that_goes_tells_its_sessions(void **state)
{
	(void)state;
	assert_int_equal(open_port(&s, "vale0:a", 0, 0), 0);
	assert_int_equal(s.sync->dead, 0);
	nm_port_set_gone(s.port);
	assert_int_equal(s.sync->dead, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_client_finds_its_rings),
		T(it_finds_them_in_memory_by_parts),
		T(several_descriptors_see_one_ring),
		T(extra_buffers_come_back_as_the_client_left_them),
		T(a_bind_that_fails_waits_for_senders),
		T(a_region_has_a_limited_number_of_descriptors),
		T(a_region_grows_under_its_ports),
		T(others_have_their_turn_while_memory_is_got),
		T(the_port_is_looked_at_again_after_it),
		T(closing_twice_or_unbound_is_nothing),
		T(a_port_that_goes_tells_its_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
