/* SPDX-License-Identifier: BSD-2-Clause */
/* Regions in memory of a client: where things lie, who finds them again, what is refused, and that nothing is left. */
#include "host.h"

#define SIZE ((size_t)4 << 20)
#define SLOTS 64u

static struct nm_root root;
static struct nm_session a, b, c;
static struct nm_session *const sessions[] = {&a, &b, &c, NULL};
static char mem[SIZE] __attribute__((aligned(4096))), other[SIZE] __attribute__((aligned(4096)));

static int
setup(void **state)
{
	(void)state;
	memset(mem, 0xee, SIZE);
	memset(other, 0xee, SIZE);
	return host_begin(&root, sessions);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

static struct nmreq_opt_extmem
at(char *p, size_t size)
{
	return (struct nmreq_opt_extmem){.nro_usrptr = (uintptr_t)p, .nro_info = {.nr_memsize = size}};
}

/* 0 or -errno, which is also the option's status unless the port is why. */
static int
open_in(struct nm_session *s, const char *name, struct nmreq_opt_extmem o)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = SLOTS, .nr_rx_slots = SLOTS};

	return host_register_in(s, name, &reg, &o);
}

static void
everything_lies_in_it(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = SLOTS, .nr_rx_slots = SLOTS, .nr_extra_bufs = 3};
	struct nmreq_opt_extmem o = at(mem, SIZE - 1);
	const struct nm_kring *kr;
	uint32_t i, n;

	(void)state;
	assert_int_equal(host_register_in(&a, "vale0:a", &reg, &o), 0);
	assert_int_equal(o.nro_opt.nro_status, 0);
	assert_int_equal(reg.nr_mem_id, a.mem->id);
	assert_int_equal(o.nro_info.nr_mem_id, a.mem->id);
	assert_int_equal(o.nro_info.nr_memsize, SIZE - 1);
	assert_int_equal(reg.nr_memsize, a.mem->memsize);
	assert_true(a.mem->memsize <= SIZE - 4096 && a.mem->private_mem);
	assert_ptr_equal(a.nifp, mem + reg.nr_offset);
	assert_int_equal(a.nifp->ni_bufs_head, a.extra);
	/* all that is left is buffers: not one more fits */
	n = o.nro_info.nr_buf_pool_objtotal;
	assert_true(o.nro_info.nr_buf_pool_offset + ((size_t)n + 1) * o.nro_info.nr_buf_pool_objsize > SIZE - 4096);
	kr = nm_session_kring(&a, NM_DIR_TX, 0);
	assert_ptr_equal(kr->bufs, mem + o.nro_info.nr_buf_pool_offset);
	assert_ptr_equal(kr->slots, (char *)a.nifp + a.nifp->ring_ofs[0] + sizeof(struct netmap_ring));
	for (i = 0; i < 2 * kr->stride; i++)
		assert_int_equal(kr->bufs[i], 0); /* the two that say nothing */
	for (i = 0; i < kr->stride; i++)
		assert_int_equal(kr->bufs[(size_t)kr->slots[7].buf_idx * kr->stride + i], 0);
	assert_int_equal((unsigned char)mem[SIZE - 1], 0xee);
	/* its sync area is elsewhere */
	assert_false((char *)a.sync >= mem && (char *)a.sync < mem + SIZE);
	assert_int_equal(host_umems, 1);
	nm_session_close(&a);
	assert_int_equal(host_umems, 0);
}

static void
frames_pass(void **state)
{
	uint8_t f[64], g[2112];

	(void)state;
	assert_int_equal(open_in(&a, "vale0:a", at(mem, SIZE)), 0);
	assert_int_equal(open_in(&b, "vale0:b", at(other, SIZE)), 0);
	assert_int_not_equal(a.mem->id, b.mem->id);
	host_frame(f, "\xff\xff\xff\xff\xff\xff", "\2aaaaa");
	host_put(&a, f, 64, 0);
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(host_take(&b, g, NULL), 64);
	assert_memory_equal(f, g, 64);
}

static void
the_same_memory_is_the_same_region(void **state)
{
	struct nm_session theirs;

	(void)state;
	assert_int_equal(open_in(&a, "vale0:a", at(mem, SIZE)), 0);
	assert_int_equal(open_in(&b, "vale1:b", at(mem, SIZE - 1 + 1)), 0);
	assert_ptr_equal(a.mem, b.mem);
	assert_int_equal(host_umems, 1);
	assert_int_equal(open_in(&c, "x{1", at(mem, SIZE)), 0);
	assert_ptr_equal(a.mem, c.mem);
	nm_session_close(&c);
	host_open(&c, &root, 1000);
	assert_int_equal(open_in(&c, "vale0:c", at(mem, SIZE - 4096)), 0); /* not the same */
	assert_ptr_not_equal(a.mem, c.mem);
	host_open(&theirs, &root, 1001);
	assert_int_equal(open_in(&theirs, "vale5:x", at(mem, SIZE)), -EACCES);
	nm_session_close(&theirs);
	nm_session_close(&a);
	assert_int_equal(host_umems, 2);
}

/* An interface that is opened with it is in it as long as it is open. */
static void
an_interface_lies_in_it(void **state)
{
	(void)state;
	assert_int_equal(open_in(&a, "nic0", at(mem, SIZE)), 0);
	assert_int_equal(a.mem->pool[NM_POOL_BUF].objsize, 2048);
	assert_int_equal(open_in(&b, "nic0", at(other, SIZE)), -EBUSY);
	assert_non_null(strstr(b.errtext, "is there already, in region"));
	assert_int_equal(open_in(&b, "nic0", at(mem, SIZE)), 0);
	nm_session_close(&b);
	nm_session_close(&a);
	host_open(&b, &root, 1000);
	assert_int_equal(open_in(&b, "nic0", at(other, SIZE)), 0);
}

static void
a_device_needs_buffers_within_a_page(void **state)
{
	struct nmreq_opt_extmem o = at(mem, SIZE);

	(void)state;
	host_nic_dma_sizes = 2048 | 16384;
	o.nro_info.nr_buf_pool_objsize = 16384;
	assert_int_equal(open_in(&a, "nic0", o), -EINVAL);
	assert_non_null(strstr(a.errtext, "within a page of 4096 bytes"));
	o.nro_info.nr_buf_pool_objsize = 2112;
	assert_int_equal(open_in(&a, "nic0", o), -EINVAL);
	assert_int_equal(host_umems, 0);
	assert_int_equal(open_in(&a, "nic0", at(mem, SIZE)), 0);
	host_nic_dma_sizes = 0;
}

static void
bad_ones_leave_nothing(void **state)
{
	static const struct { size_t offset; uint32_t value; const char *text; } bad[] = {
		{offsetof(struct nmreq_pools_info, nr_if_pool_objsize), 55, "netmap_ifs of 55 bytes, 56 to 32768"},
		{offsetof(struct nmreq_pools_info, nr_if_pool_objsize), UINT32_MAX, "netmap_ifs of 4294967295 bytes"},
		{offsetof(struct nmreq_pools_info, nr_if_pool_objtotal), 10001, "10001 netmap_ifs, 1 to 10000"},
		{offsetof(struct nmreq_pools_info, nr_ring_pool_objsize), 255, "rings of 255 bytes, 256 to 131072"},
		{offsetof(struct nmreq_pools_info, nr_ring_pool_objtotal), 1, "1 rings, 2 to 4096"},
		{offsetof(struct nmreq_pools_info, nr_buf_pool_objsize), 63, "buffers of 63 bytes, 64 to 65536"},
		{offsetof(struct nmreq_pools_info, nr_buf_pool_objtotal), 3, "3 buffers, 4 to 1000000"},
		{offsetof(struct nmreq_pools_info, nr_buf_pool_objtotal), 1000000, "4096 KiB of memory are too little"},
		{offsetof(struct nmreq_pools_info, nr_ring_pool_objtotal), 4096, "4096 KiB of memory are too little"},
	};
	struct nmreq_opt_extmem o;
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		o = at(mem, SIZE);
		memcpy((char *)&o.nro_info + bad[i].offset, &bad[i].value, sizeof(bad[i].value));
		assert_int_equal(open_in(&a, "vale0:a", o), -EINVAL);
		if (!strstr(a.errtext, bad[i].text))
			fail_msg("%s", a.errtext);
	}
	assert_int_equal(open_in(&a, "vale0:a", at(mem + 64, SIZE)), -EINVAL);
	assert_int_equal(open_in(&a, "vale0:a", at((char *)0, SIZE)), -EINVAL);
	assert_int_equal(open_in(&a, "vale0:a", at(mem, 0)), -EINVAL);
	assert_int_equal(open_in(&a, "vale0:a", at(mem, UINT64_MAX)), -EINVAL);
	assert_int_equal(open_in(&a, "vale0:a", at((char *)(uintptr_t)-4096, SIZE)), -EINVAL);
	assert_null(root.mems);
	assert_null(root.ports);
	assert_int_equal((unsigned char)mem[0], 0xee);
	assert_int_equal(open_in(&a, "vale0:a", at(mem, SIZE)), 0);
}

static void
what_the_host_refuses_is_told(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nmreq_opt_extmem o = at(mem, SIZE);

	(void)state;
	host_umem_error = EFAULT;
	assert_int_equal(host_register_in(&a, "vale0:a", &reg, &o), -EFAULT);
	assert_int_equal(o.nro_opt.nro_status, EFAULT);
	host_umem_error = EAGAIN; /* ask the client */
	assert_int_equal(host_register_in(&a, "vale0:a", &reg, &o), -EAGAIN);
	assert_null(root.ports);
	host_umem_error = 0;
	host_quota = 4096;
	assert_int_equal(open_in(&a, "vale0:a", at(mem, SIZE)), -ENOMEM);
	assert_non_null(strstr(a.errtext, "quota"));
	assert_int_equal(host_umems, 0);
}

/* At each allocation that fails: nothing is left, and it can be tried again. */
static void
allocations_fail(void **state)
{
	long n;

	(void)state;
	for (n = 0; n < 100; n++) {
		host_fail_after = n;
		if (!open_in(&a, "vale0:a", at(mem, SIZE)))
			break;
		assert_int_equal(host_umems, 0);
		assert_null(root.mems);
	}
	host_fail_after = -1;
	assert_in_range(n, 4, 99);
}

/* The root's lock is free while the client's memory is fetched: the port may be there then, and the name be another's. */
static void
meanwhile(void)
{
	host_on_umem = NULL;
	assert_int_equal(open_in(&b, "vale0:a", at(other, SIZE)), 0);
}

static void
others_come_first(void **state)
{
	(void)state;
	host_on_umem = meanwhile;
	assert_int_equal(open_in(&a, "vale0:a", at(mem, SIZE)), -EBUSY);
	assert_int_equal(host_umems, 1);
}

/*
 * The program writes all over its memory while frames go by; what is ours is elsewhere. Not instrumented: as a program of its own it
 * is nothing that we could take turns with.
 */
__attribute__((no_sanitize("thread"))) static void
scribble(void *arg, uint32_t round)
{
	volatile uint64_t *page = (volatile uint64_t *)(void *)(mem + (round % 1024) * 4096);
	uint32_t i;

	(void)arg;
	for (i = 0; i < 4096 / sizeof(*page); i++)
		page[i] = round * 0x0101010101010101ull;
}

static void
it_may_be_written_at_any_time(void **state)
{
	uint8_t f[64], g[65536];
	int i;

	(void)state;
	assert_int_equal(open_in(&a, "vale0:a", at(mem, SIZE)), 0);
	assert_int_equal(open_in(&b, "vale0:b", at(other, SIZE)), 0);
	host_frame(f, "\xff\xff\xff\xff\xff\xff", "\2bbbbb");
	host_race_start(scribble, NULL);
	for (i = 0; i < 2000; i++) {
		host_put(&b, f, 64, 0);
		host_txsync(&b);
		nm_kring_sync(nm_session_kring(&a, NM_DIR_RX, 0));
		nm_session_kring(&a, NM_DIR_TX, 0)->atok->head = nm_session_kring(&a, NM_DIR_TX, 0)->atok->cur = (uint32_t)i % SLOTS;
		nm_kring_sync(nm_session_kring(&a, NM_DIR_TX, 0));
		while (host_take(&b, g, NULL) >= 0)
			nm_kring_sync(nm_session_kring(&b, NM_DIR_RX, 0));
	}
	host_race_stop();
	assert_int_equal(host_stat(&b, NM_DIR_TX, NM_STAT_tx_packets), 2000);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(everything_lies_in_it),
		TEST(frames_pass),
		TEST(the_same_memory_is_the_same_region),
		TEST(an_interface_lies_in_it),
		TEST(a_device_needs_buffers_within_a_page),
		TEST(bad_ones_leave_nothing),
		TEST(what_the_host_refuses_is_told),
		TEST(allocations_fail),
		TEST(others_come_first),
		TEST(it_may_be_written_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
