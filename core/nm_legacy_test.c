/* SPDX-License-Identifier: BSD-2-Clause */
/* NIOCREGIF and NIOCGINFO on the core; their answers as a client sees them are with the request tests. */
#include "host.h"

static struct nm_root root;
static struct nm_session s;
static struct nm_session *const sessions[] = {&s, NULL};

static int
setup(void **state)
{
	(void)state;
	host_nic_rings[0] = host_nic_rings[1] = 4;
	host_nic_host[0] = host_nic_host[1] = 1;
	return host_begin(&root, sessions);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

/* What a request becomes; modes above the pipes are as they are. */
static const struct {
	uint32_t flags;
	uint16_t ringid;
	uint32_t mode, ring;
	uint64_t nr_flags;
	const char *port;
} t[] = {
	{0, 0, NR_REG_ALL_NIC, 0, 0, "nic0"},
	{0, 3, NR_REG_ALL_NIC, 3, 0, "nic0"},
	{0, NETMAP_SW_RING, NR_REG_SW, 0, 0, "nic0"},
	{0, NETMAP_HW_RING | 3, NR_REG_ONE_NIC, 3, 0, "nic0"},
	{0, NETMAP_SW_RING | NETMAP_HW_RING, NR_REG_SW, 0, 0, "nic0"},
	{NR_REG_NIC_SW, NETMAP_NO_TX_POLL, NR_REG_NIC_SW, 0, NR_NO_TX_POLL, "nic0"},
	{NR_REG_ONE_NIC, NETMAP_DO_RX_POLL | 2, NR_REG_ONE_NIC, 2, NR_DO_RX_POLL, "nic0"},
	{NR_REG_ONE_SW, 0, NR_REG_ONE_SW, 0, 0, "nic0"},
	{NR_REG_ALL_NIC | NR_EXCLUSIVE | NR_TX_RINGS_ONLY, 0, NR_REG_ALL_NIC, 0, NR_EXCLUSIVE | NR_TX_RINGS_ONLY, "nic0"},
	{NR_REG_ALL_NIC | 0xfffc1070, 0, NR_REG_ALL_NIC, 0, 0, "nic0"}, /* bits that nobody knows: what was on the stack */
	{NR_REG_PIPE_MASTER, 0, NR_REG_ALL_NIC, 0, 0, "nic0{0"},
	{NR_REG_PIPE_SLAVE, 4095, NR_REG_ALL_NIC, 0, 0, "nic0}4095"},
};

static void
modes_and_flags_are_translated(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct nmreq r = {.nr_name = "nic0", .nr_version = i % 2 ? 11 : 14, .nr_flags = t[i].flags, .nr_ringid = t[i].ringid},
		    before = r;

		assert_int_equal(nm_legacy_request(&s, &r, true), 0);
		assert_int_equal(s.mode, t[i].mode);
		assert_int_equal(s.ringid, t[i].ring);
		assert_int_equal(s.flags, t[i].nr_flags);
		assert_string_equal(s.port->name, t[i].port);
		assert_string_equal(r.nr_name, "nic0");
		assert_int_equal(r.nr_flags, before.nr_flags);
		assert_int_equal(r.nr_ringid, before.nr_ringid);
		assert_int_equal(r.nr_version, before.nr_version);
		assert_int_equal(r.nr_arg2, 1);
		nm_session_close(&s);
	}
}

static void
old_programs_need_exactly_one_host_ring(void **state)
{
	static const uint32_t versions[] = {11, 12, 13};
	struct nm_session other;
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	size_t i;

	(void)state;
	host_nic_host[0] = 3;
	host_open(&other, &root, 1000);
	assert_int_equal(host_register(&other, "nic0", &reg), 0);
	for (i = 0; i < 3; i++) {
		struct nmreq r = {.nr_name = "nic0", .nr_version = versions[i], .nr_flags = NR_REG_ALL_NIC}, before = r;

		assert_int_equal(nm_legacy_request(&s, &r, true), -EINVAL);
		assert_null(s.port);
		assert_memory_equal(&r, &before, sizeof(r));
	}
	assert_string_equal(s.errtext, "nic0 has 3 host transmit rings, programs of API 13 expect one; recompile for API 14");
	{
		struct nmreq r = {.nr_name = "nic0", .nr_version = 14, .nr_flags = NR_REG_ALL_NIC};

		assert_int_equal(nm_legacy_request(&s, &r, true), 0);
	}
	nm_session_close(&other);
}

static void
a_version_that_is_refused_comes_back_as_the_one_wanted(void **state)
{
	static const uint32_t versions[] = {0, 3, 10};
	size_t i, regif;

	(void)state;
	for (i = 0; i < 3; i++)
		for (regif = 0; regif < 2; regif++) {
			struct nmreq r = {.nr_name = "nic0", .nr_version = versions[i], .nr_flags = NR_REG_ALL_NIC}, before = r;

			assert_int_equal(nm_legacy_request(&s, &r, regif), -EINVAL);
			assert_int_equal(r.nr_version, NETMAP_API);
			before.nr_version = NETMAP_API;
			assert_memory_equal(&r, &before, sizeof(r));
		}
	assert_string_equal(s.errtext, "API version 10 is not supported, 11 and later are");
}

static void
sizes_are_cut_to_32_bits(void **state)
{
	struct nmreq r = {.nr_name = "nic0", .nr_version = 14, .nr_flags = NR_REG_ALL_NIC, .nr_arg3 = 3};

	(void)state;
	root.limits.global.num[NM_POOL_BUF] = 1000000;
	root.limits.global.size[NM_POOL_BUF] = 8192;
	assert_int_equal(nm_legacy_request(&s, &r, true), 0);
	assert_true(s.mem->memsize > UINT32_MAX);
	assert_int_equal(r.nr_memsize, (uint32_t)s.mem->memsize);
	assert_int_equal(r.nr_offset, s.nifp_ofs);
	assert_int_equal(r.nr_arg3, 3);
	assert_int_equal(r.nr_tx_rings, 4);
}

static void
the_last_byte_of_a_name_is_cut(void **state)
{
	struct nmreq r = {.nr_version = 14};

	(void)state;
	memset(r.nr_name, 'x', sizeof(r.nr_name));
	assert_int_equal(nm_legacy_request(&s, &r, false), -ENXIO);
	assert_string_equal(s.errtext, "there is no interface xxxxxxxxxxxxxxx");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(modes_and_flags_are_translated),
		T(old_programs_need_exactly_one_host_ring),
		T(a_version_that_is_refused_comes_back_as_the_one_wanted),
		T(sizes_are_cut_to_32_bits),
		T(the_last_byte_of_a_name_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
