/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"
#include "nm_kring.h"

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
	assert_int_equal(m->region.size, nm_mem_bytes(&root, &g));
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
	host_quota = nm_mem_bytes(&root, &g) - 1;
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

/* Whole pages of the host: a part begins at one, whatever its size. */
static void
parts_are_whole_pages_of_the_host(void **state)
{
	static const uint32_t pages[] = {4096, 16384, 65536};
	const struct nm_mem_geometry g = {.size = {1000, 20481, 2100}, .num = {10, 20, 50}};
	struct nmreq_pools_info info;
	struct nm_mem *m;
	uint32_t i, k;

	(void)state;
	for (i = 0; i < 3; i++) {
		root.limits.page = pages[i];
		assert_int_equal(nm_mem_create(&root, &g, &user, true, &m), 0);
		nm_mem_info(m, &info);
		assert_int_equal(info.nr_memsize % pages[i], 0);
		assert_int_equal(info.nr_ring_pool_offset, 10240 + (pages[i] - 10240 % pages[i]) % pages[i]);
		for (k = 0; k < NM_POOLS; k++) {
			const struct nm_os_part *p = &m->region.part[k];

			assert_int_equal(p->offset % pages[i], 0);
			assert_int_equal(p->size % pages[i], 0);
			assert_int_equal(p->offset, m->pool[k].offset);
			assert_true((size_t)m->pool[k].objsize * m->pool[k].objtotal <= p->size);
		}
		nm_mem_put(m);
	}
}

/* What a device may use, whose page is the host's. */
static void
large_buffers_are_in_one_piece(void **state)
{
	static const struct { uint32_t size, page; size_t block; } b[] = {
		{2048, 4096, 0}, {4096, 4096, 0}, {8192, 4096, 8192}, {16384, 4096, 16384}, {8256, 4096, 0}, {12288, 4096, 0},
		{8190, 4096, 8192}, {16384, 16384, 0}, {65536, 16384, 65536},
	};
	struct nm_mem_geometry g = {.size = {1024, 20480}, .num = {10, 20, 50}};
	struct nm_mem *m;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < sizeof(b) / sizeof(b[0]); i++) {
		root.limits.page = b[i].page;
		g.size[NM_POOL_BUF] = b[i].size;
		assert_int_equal(nm_mem_create(&root, &g, &user, true, &m), 0);
		for (k = 0; k < NM_POOLS; k++)
			assert_int_equal(m->region.part[k].block, k == NM_POOL_BUF ? b[i].block : 0);
		assert_true(!b[i].block || m->region.part[NM_POOL_BUF].size % b[i].block == 0);
		nm_mem_put(m);
	}
}

static const struct nm_mem_geometry wide = {{1024, 4096, 2048}, {100, 200, 100000}};

/* Where memory comes by parts, a region takes what is handed out, and its shape is the same. */
static void
memory_comes_with_what_is_handed_out(void **state)
{
	const uint32_t need[NM_POOLS] = {1, 2, 64, 3};
	struct netmap_slot s[200];
	struct nmreq_pools_info whole, info;
	struct nm_mem *m;
	uint32_t head, i;
	size_t ring;
	char *first;

	(void)state;
	assert_int_equal(nm_mem_create(&root, &wide, &user, true, &m), 0);
	nm_mem_info(m, &whole);
	nm_os_mutex_lock(&root.lock);
	nm_mem_put(m);
	nm_root_unlock(&root);
	host_lazy = true;
	assert_int_equal(nm_mem_create(&root, &wide, &user, true, &m), 0);
	nm_mem_info(m, &info);
	info.nr_mem_id = whole.nr_mem_id;
	assert_memory_equal(&info, &whole, sizeof(info));
	assert_int_equal(host_regions, 0);
	assert_int_equal(nm_mem_prepare(m, need), 0);
	assert_int_equal(host_regions, 4096 + 2 * 4096 + 66 * 2048 + 4096);
	ring = nm_mem_alloc(m, NM_POOL_RING);
	memset(nm_mem_ptr(m, NM_POOL_RING, ring), 0x11, 4096);
	first = m->pool[NM_POOL_BUF].base;
	assert_int_equal(nm_mem_fill_slots(m, s, 64), 0);
	assert_int_equal(host_regions, 4096 + 2 * 4096 + 66 * 2048 + 4096); /* it was prepared */
	for (i = 0; i < 64; i++)
		memset(first + s[i].buf_idx * (size_t)2048, (int)i, 2048);
	assert_int_equal(nm_mem_fill_slots(m, s + 64, 100), 0); /* seen elsewhere; what there was is the same memory */
	assert_ptr_not_equal(m->pool[NM_POOL_BUF].base, first);
	for (i = 0; i < 64; i++)
		assert_int_equal(m->pool[NM_POOL_BUF].base[s[i].buf_idx * (size_t)2048 + 99], i);
	first[s[3].buf_idx * (size_t)2048] = 77;
	assert_int_equal(m->pool[NM_POOL_BUF].base[s[3].buf_idx * (size_t)2048], 77);
	assert_int_equal(host_region(&m->region)[m->pool[NM_POOL_BUF].offset + s[3].buf_idx * (size_t)2048], 77);
	assert_int_equal(host_region(&m->region)[ring], 0x11);
	assert_int_equal(nm_mem_extra_alloc(m, 1000, &head), 1000);
	assert_in_range(host_regions, 1166 * 2048, 1170 * 2048 + 4 * 4096);
	assert_int_equal(nm_mem_extra_alloc(m, 200000, &head), 100000 - 2 - 1164); /* all there are */
	assert_int_equal(nm_mem_fill_slots(m, s, 1), -ENOMEM);
	assert_int_equal(m->why, 0); /* not for lack of memory */
	nm_mem_put(m);
}

/* One at a time, again and again: the number of views of a part stays small. */
static void
growth_is_in_steps(void **state)
{
	uint32_t i, moves = 0;
	char *base = NULL;
	struct nm_mem *m;

	(void)state;
	host_lazy = true;
	assert_int_equal(nm_mem_create(&root, &wide, &user, true, &m), 0);
	for (i = 0; i < 99998; i++) {
		assert_true(nm_mem_alloc(m, NM_POOL_BUF) != SIZE_MAX);
		moves += m->pool[NM_POOL_BUF].base != base;
		base = m->pool[NM_POOL_BUF].base;
	}
	assert_in_range(moves, 10, 60);
	assert_true(nm_mem_alloc(m, NM_POOL_BUF) == SIZE_MAX);
	nm_mem_put(m);
}

/* What a quota or the machine leaves is used up to the last page; what fails leaves all as it was. */
static void
growth_may_fail(void **state)
{
	struct netmap_slot s[64];
	uint32_t head, n;
	struct nm_mem *m;

	(void)state;
	host_lazy = true;
	assert_int_equal(nm_mem_create(&root, &wide, &user, true, &m), 0);
	assert_int_equal(nm_mem_fill_slots(m, s, 62), 0);
	host_quota = host_regions + 4096;
	assert_int_equal(nm_mem_fill_slots(m, s, 3), -ENOMEM);
	assert_int_equal(m->why, -EDQUOT);
	assert_int_equal(m->asked, 3 * 2048);
	assert_int_equal(m->pool[NM_POOL_BUF].ready, 64);
	assert_int_equal(nm_mem_fill_slots(m, s, 2), 0); /* a quarter more can't be had, as much as is needed can */
	host_quota = host_regions + 100 * 4096;
	n = nm_mem_extra_alloc(m, 1000, &head); /* as many as there is memory for */
	assert_in_range(n, 100, 200);
	host_quota = SIZE_MAX;
	nm_mem_extra_alloc(m, m->pool[NM_POOL_BUF].nfree, &head);
	host_fail_after = 0;
	assert_int_equal(nm_mem_fill_slots(m, s, 10), 0); /* the roomy try failed, the exact one did not */
	nm_mem_put(m);
}

/* Rings look for buffers where they are now, and take an index for good only when everybody knows where it is. */
static void
rings_follow_their_region(void **state)
{
	struct nm_kring kr[3] = {0};
	struct nm_mem *m, *other;
	struct netmap_slot s[10];
	unsigned synced;
	uint32_t i;

	(void)state;
	host_lazy = true;
	assert_int_equal(nm_mem_create(&root, &wide, &user, true, &m), 0);
	assert_int_equal(nm_mem_create(&root, &wide, &user, true, &other), 0);
	for (i = 0; i < 3; i++)
		nm_mem_watch(m, &kr[i]);
	assert_int_equal(kr[0].nbufs, 0);
	synced = host_synced;
	assert_int_equal(nm_mem_fill_slots(m, s, 10), 0);
	assert_int_equal(host_synced, synced); /* none is in use */
	for (i = 0; i < 3; i++) {
		assert_ptr_equal(kr[i].bufs, m->pool[NM_POOL_BUF].base);
		assert_int_equal(kr[i].nbufs, 12);
		assert_int_equal(kr[i].stride, 2048);
	}
	nm_mem_watch(other, &kr[1]);
	nm_mem_watch(NULL, &kr[2]);
	kr[0].users = 1;
	assert_int_equal(nm_mem_fill_slots(m, s, 10), 0);
	assert_int_equal(host_synced, synced + 1);
	assert_ptr_equal(kr[0].bufs, m->pool[NM_POOL_BUF].base);
	assert_int_equal(kr[0].nbufs, 22);
	assert_int_equal(kr[1].nbufs, 0);
	assert_int_equal(nm_mem_fill_slots(other, s, 10), 0);
	assert_ptr_equal(kr[1].bufs, other->pool[NM_POOL_BUF].base);
	nm_mem_watch(m, &kr[1]);
	nm_mem_watch(NULL, &kr[0]);
	nm_mem_watch(NULL, &kr[1]);
	assert_null(m->krings);
	assert_null(other->krings);
	nm_mem_put(m);
	nm_mem_put(other);
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
		T(parts_are_whole_pages_of_the_host),
		T(large_buffers_are_in_one_piece),
		T(memory_comes_with_what_is_handed_out),
		T(growth_is_in_steps),
		T(growth_may_fail),
		T(rings_follow_their_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
