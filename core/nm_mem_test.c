/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

static struct nm_root root;
static const struct nm_cred user = {.uid = 1000, .gid = 1000}, guest = {.uid = 2000, .gid = 2000};

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

static void
geometry_is_as_asked_and_adds_up(void **state)
{
	const struct nm_mem_geometry g = {.size = {1000, 20481, 2100}, .num = {10, 20, 50}};
	struct nmreq_pools_info i;
	struct nm_mem *m;

	(void)state;
	assert_int_equal(nm_mem_create(&root, &g, &user, true, &m), 0);
	nm_mem_info(m, &i);
	assert_int_equal(i.nr_if_pool_offset, 0);
	assert_int_equal(i.nr_if_pool_objsize, 1024); /* rounded up to 64 */
	assert_int_equal(i.nr_if_pool_objtotal, 10);
	assert_int_equal(i.nr_ring_pool_offset, 12288); /* 10240 up to a page */
	assert_int_equal(i.nr_ring_pool_objsize, 20608); /* to 128, as struct netmap_ring asks */
	assert_int_equal(i.nr_buf_pool_offset, 12288 + 413696);
	assert_int_equal(i.nr_buf_pool_objsize, 2112);
	assert_int_equal(i.nr_buf_pool_objtotal, 50);
	assert_int_equal(i.nr_memsize, 12288 + 413696 + 106496);
	assert_int_equal(i.nr_mem_id, m->id);
	assert_int_equal(m->region.size, nm_mem_bytes(&g));
	assert_true(m->region.size >= i.nr_memsize + 30 * 128); /* a cell for each netmap_if and ring */
	assert_int_equal(m->pool[NM_POOL_BUF].nfree, 48);
	nm_mem_put(m);
}

static void
bounds_of_the_geometry(void **state)
{
	static const struct { struct nm_mem_geometry g; int error; } t[] = {
		{{{56, 256, 64}, {1, 2, 4}}, 0},
		{{{55, 256, 64}, {1, 2, 4}}, -EINVAL},
		{{{56, 255, 64}, {1, 2, 4}}, -EINVAL},
		{{{56, 256, 63}, {1, 2, 4}}, -EINVAL},
		{{{56, 256, 64}, {0, 2, 4}}, -EINVAL},
		{{{56, 256, 64}, {1, 1, 4}}, -EINVAL},
		{{{56, 256, 64}, {1, 2, 3}}, -EINVAL},
		{{{56, 131072, 64}, {1, 2, 4}}, 0},
		{{{56, 131073, 64}, {1, 2, 4}}, -EINVAL},
		{{{56, 256, 65536}, {1, 2, 4}}, 0},
		{{{56, 256, 65537}, {1, 2, 4}}, -EINVAL},
		{{{56, 256, 64}, {1, 2, 1000000}}, 0},
		{{{56, 256, 64}, {1, 2, 1000001}}, -EINVAL},
		{{{56, 256, 64}, {10001, 2, 4}}, -EINVAL},
		{{{UINT32_MAX, UINT32_MAX, UINT32_MAX}, {UINT32_MAX, UINT32_MAX, UINT32_MAX}}, -EINVAL},
	};
	struct nm_mem *m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(nm_mem_create(&root, &t[i].g, &user, true, &m), t[i].error);
		if (!t[i].error)
			nm_mem_put(m);
	}
}

static void
the_region_of_interfaces_is_each_users_own(void **state)
{
	struct nm_mem *a, *b, *c;

	(void)state;
	assert_int_equal(nm_mem_find(&root, 1, &user, &a), 0);
	assert_int_equal(nm_mem_global(&root, &user, &b), 0);
	assert_ptr_equal(a, b);
	assert_int_equal(a->memsize, 343019520);
	assert_int_equal(nm_mem_find(&root, 1, &guest, &c), 0);
	assert_ptr_not_equal(a, c);
	nm_mem_put(a);
	nm_mem_put(b);
	nm_mem_put(c);
	assert_null(root.mems);
}

static void
ids_come_back_late_and_are_checked(void **state)
{
	const struct nm_mem_geometry g = {{56, 256, 64}, {1, 2, 4}};
	struct nm_mem *m, *n, *found;
	uint16_t first;

	(void)state;
	assert_int_equal(nm_mem_create(&root, &g, &user, true, &m), 0);
	first = m->id;
	assert_int_equal(nm_mem_find(&root, first, &user, &found), 0);
	assert_ptr_equal(found, m);
	nm_mem_put(found);
	assert_int_equal(nm_mem_find(&root, first, &guest, &found), -EACCES);
	m->access.mode = 0666;
	assert_int_equal(nm_mem_find(&root, first, &guest, &found), 0);
	nm_mem_put(found);
	nm_mem_put(m);
	assert_int_equal(nm_mem_find(&root, first, &user, &found), -EINVAL);
	assert_int_equal(nm_mem_find(&root, 0, &user, &found), -EINVAL);
	root.last_mem_id = 65534;
	assert_int_equal(nm_mem_create(&root, &g, &user, true, &m), 0);
	assert_int_equal(m->id, 65535);
	assert_int_equal(nm_mem_create(&root, &g, &user, true, &n), 0);
	assert_int_equal(n->id, 2); /* not 0 or 1, which mean something */
	nm_mem_put(m);
	nm_mem_put(n);
}

static struct nm_mem *
small(void)
{
	const struct nm_mem_geometry g = {{1024, 1024, 64}, {4, 4, 12}};
	struct nm_mem *m;

	assert_int_equal(nm_mem_create(&root, &g, &user, true, &m), 0);
	return m;
}

static uint32_t *
word(struct nm_mem *m, uint32_t idx)
{
	return (uint32_t *)(void *)(m->pool[NM_POOL_BUF].base + (size_t)idx * 64);
}

static void
extra_buffers_are_a_chain(void **state)
{
	struct nm_mem *m = small();
	uint32_t head, idx, n;

	(void)state;
	assert_int_equal(nm_mem_extra_alloc(m, 0, &head), 0);
	assert_int_equal(head, 0);
	assert_int_equal(nm_mem_extra_alloc(m, 1000, &head), 10); /* as many as there are */
	for (n = 0, idx = head; idx; n++, idx = *word(m, idx))
		assert_in_range(idx, 2, 11);
	assert_int_equal(n, 10);
	nm_mem_extra_free(m, head);
	assert_int_equal(m->pool[NM_POOL_BUF].nfree, 10);
	nm_mem_put(m);
}

/* What a client leaves there ends the walk at the first thing that can't be. */
static void
a_spoilt_chain_ends(void **state)
{
	static const uint32_t bad[] = {1, 12, 0x80000000, UINT32_MAX};
	struct nm_mem *m = small();
	uint32_t head, i, lost;

	(void)state;
	for (i = 0; i < 4; i++) {
		assert_int_equal(nm_mem_extra_alloc(m, 3, &head), 3);
		lost = *word(m, head);
		*word(m, head) = bad[i];
		nm_mem_extra_free(m, head);
		assert_int_equal(m->pool[NM_POOL_BUF].nfree, 8);
		nm_mem_extra_free(m, lost);
		assert_int_equal(m->pool[NM_POOL_BUF].nfree, 10);
		nm_mem_extra_free(m, bad[i]);
		assert_int_equal(m->pool[NM_POOL_BUF].nfree, 10);
	}
	assert_int_equal(nm_mem_extra_alloc(m, 2, &head), 2);
	*word(m, *word(m, head)) = head; /* a loop */
	nm_mem_extra_free(m, head);
	assert_int_equal(m->pool[NM_POOL_BUF].nfree, 10);
	nm_mem_put(m);
}

static void
slots_get_buffers_or_none_does(void **state)
{
	struct nm_mem *m = small();
	struct netmap_slot s[16] = {{0}};
	uint32_t i;

	(void)state;
	assert_int_equal(nm_mem_fill_slots(m, s, 11), -ENOMEM);
	assert_int_equal(m->pool[NM_POOL_BUF].nfree, 10);
	assert_int_equal(nm_mem_fill_slots(m, s, 4), 0);
	for (i = 0; i < 4; i++) {
		assert_in_range(s[i].buf_idx, 2, 11);
		assert_int_equal(s[i].len, 64);
		assert_int_equal(s[i].flags, 0);
		assert_int_equal(s[i].ptr, 0);
	}
	s[1].buf_idx = s[0].buf_idx; /* twice, none, out of range: one is freed */
	s[2].buf_idx = 0;
	s[3].buf_idx = 99;
	nm_mem_free_slots(m, s, 4);
	assert_int_equal(m->pool[NM_POOL_BUF].nfree, 7);
	nm_mem_put(m);
}

static void
lost_buffers_return_with_the_last_ring(void **state)
{
	struct nm_mem *m = small();
	struct netmap_slot s[4];
	size_t ring = nm_mem_alloc(m, NM_POOL_RING), nifp = nm_mem_alloc(m, NM_POOL_IF);
	uint32_t head;

	(void)state;
	assert_int_equal(nm_mem_fill_slots(m, s, 4), 0);
	assert_int_equal(nm_mem_extra_alloc(m, 3, &head), 3);
	nm_mem_free(m, NM_POOL_RING, ring); /* the buffers were not given back */
	assert_int_equal(m->pool[NM_POOL_BUF].nfree, 3);
	nm_mem_free(m, NM_POOL_IF, nifp);
	assert_int_equal(m->pool[NM_POOL_BUF].nfree, 10);
	memset(word(m, 2), 0, 64);
	nm_mem_put(m);
}

static void
quota_and_memory(void **state)
{
	const struct nm_mem_geometry g = {{56, 256, 64}, {1, 2, 4}};
	struct nm_mem *m;
	long k;
	int error = -ENOMEM;

	(void)state;
	host_quota = nm_mem_bytes(&g) - 1;
	assert_int_equal(nm_mem_create(&root, &g, &user, true, &m), -EDQUOT);
	host_quota = SIZE_MAX;
	for (k = 0; error && k < 100; k++) {
		host_fail_after = k;
		error = nm_mem_create(&root, &g, &user, true, &m);
		host_fail_after = -1;
		assert_int_equal(host_regions != 0, !error);
	}
	assert_int_equal(error, 0);
	nm_mem_put(m);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(geometry_is_as_asked_and_adds_up),
		T(bounds_of_the_geometry),
		T(the_region_of_interfaces_is_each_users_own),
		T(ids_come_back_late_and_are_checked),
		T(extra_buffers_are_a_chain),
		T(a_spoilt_chain_ends),
		T(slots_get_buffers_or_none_does),
		T(lost_buffers_return_with_the_last_ring),
		T(quota_and_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
