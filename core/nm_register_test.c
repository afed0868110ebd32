/* SPDX-License-Identifier: BSD-2-Clause */
/* REGISTER: which rings a request selects, what it writes back, what it refuses and in which words. */
#include "host.h"

static struct nm_root root;
static struct nm_session s, t;
static struct nm_session *const sessions[] = {&t, &s, NULL};

static int
setup(void **state)
{
	(void)state;
	host_nic_rings[0] = 3, host_nic_rings[1] = 2;
	host_nic_host[0] = 2, host_nic_host[1] = 1;
	host_nic_dma_sizes = 0;
	return host_begin(&root, sessions);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

/* Rings of a port with 3 + 2 transmit and 2 + 1 receive rings, host rings behind the others. */
static const struct {
	uint32_t mode, ring;
	uint64_t flags;
	uint32_t tx[2], rx[2];
	int error;
} selections[] = {
	{NR_REG_DEFAULT, 0, 0, {0, 3}, {0, 2}, 0},
	{NR_REG_ALL_NIC, 7, 0, {0, 3}, {0, 2}, 0},
	{NR_REG_SW, 0, 0, {3, 5}, {2, 3}, 0},
	{NR_REG_NIC_SW, 0, 0, {0, 5}, {0, 3}, 0},
	{NR_REG_ONE_NIC, 0, 0, {0, 1}, {0, 1}, 0},
	{NR_REG_ONE_NIC, 1, 0, {1, 2}, {1, 2}, 0},
	{NR_REG_ONE_NIC, 2, 0, {2, 3}, {0, 1}, 0}, /* fewer receive rings: ring 0 */
	{NR_REG_ONE_NIC, 3, 0, {0, 0}, {0, 0}, -EINVAL},
	{NR_REG_ONE_NIC, 0xffff, 0, {0, 0}, {0, 0}, -EINVAL},
	{NR_REG_ONE_SW, 0, 0, {3, 4}, {2, 3}, 0},
	{NR_REG_ONE_SW, 1, 0, {4, 5}, {2, 3}, 0},
	{NR_REG_ONE_SW, 2, 0, {0, 0}, {0, 0}, -EINVAL},
	{NR_REG_ALL_NIC, 0, NR_TX_RINGS_ONLY, {0, 3}, {0, 0}, 0},
	{NR_REG_ALL_NIC, 0, NR_RX_RINGS_ONLY, {0, 0}, {0, 2}, 0},
	{NR_REG_ONE_NIC, 2, NR_RX_RINGS_ONLY, {2, 2}, {0, 1}, 0},
	{NR_REG_NIC_SW, 0, NR_TX_RINGS_ONLY, {0, 5}, {0, 0}, 0},
	{NR_REG_ALL_NIC, 0, NR_DO_RX_POLL | NR_NO_TX_POLL | NR_ACCEPT_VNET_HDR, {0, 3}, {0, 2}, 0},
	{9, 0, 0, {0, 0}, {0, 0}, -EINVAL},
	{0xffffffff, 0, 0, {0, 0}, {0, 0}, -EINVAL},
	{NR_REG_PIPE_MASTER, 0, 0, {0, 0}, {0, 0}, -EINVAL},
	{NR_REG_PIPE_SLAVE, 0, 0, {0, 0}, {0, 0}, -EINVAL},
};

static void
each_mode_selects_its_rings(void **state)
{
	const ssize_t *ofs;
	size_t i;
	uint32_t k;

	(void)state;
	for (i = 0; i < sizeof(selections) / sizeof(selections[0]); i++) {
		struct nmreq_register reg = {.nr_mode = selections[i].mode, .nr_ringid = (uint16_t)selections[i].ring,
		    .nr_flags = selections[i].flags};

		assert_int_equal(host_register(&s, "nic0", &reg), selections[i].error);
		if (selections[i].error)
			continue;
		assert_int_equal(reg.nr_mode, selections[i].mode);
		assert_int_equal(reg.nr_ringid, selections[i].ring);
		assert_int_equal(reg.nr_flags, selections[i].flags);
		assert_int_equal(reg.nr_tx_rings, 3);
		assert_int_equal(reg.nr_rx_rings, 2);
		assert_int_equal(reg.nr_host_tx_rings, 2);
		assert_int_equal(reg.nr_host_rx_rings, 1);
		assert_int_equal(reg.nr_tx_slots, 64);
		assert_int_equal(reg.nr_mem_id, 1);
		assert_int_equal(reg.nr_memsize, 343019520);
		assert_int_equal(s.nifp->ni_flags, 0); /* the region of interfaces is not private */
		ofs = s.nifp->ring_ofs;
		for (k = 0; k < 5; k++)
			assert_int_equal(ofs[k] != 0, k >= selections[i].tx[0] && k < selections[i].tx[1]);
		for (k = 0; k < 3; k++)
			assert_int_equal(ofs[5 + k] != 0, k >= selections[i].rx[0] && k < selections[i].rx[1]);
		nm_session_close(&s);
	}
}

static void
what_is_unknown_fails_before_anything_is_done(void **state)
{
	uint64_t known = NR_MONITOR_TX | NR_MONITOR_RX | NR_ZCOPY_MON | NR_EXCLUSIVE | NR_RX_RINGS_ONLY | NR_TX_RINGS_ONLY |
	    NR_ACCEPT_VNET_HDR | NR_DO_RX_POLL | NR_NO_TX_POLL;
	long before = host_allocs;
	uint32_t i;

	(void)state;
	for (i = 0; i < 64; i++) {
		struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = 1ull << i};

		if (known >> i & 1)
			continue;
		host_fail_after = 0; /* one allocation would be one too many */
		assert_int_equal(host_register(&s, "vale0:a", &reg), -EINVAL);
		assert_int_equal(host_allocs, before);
	}
	host_fail_after = -1;
	assert_string_equal(s.errtext, "vale0:a: unknown flags 0x8000000000000000");
}

/* Too many rings or slots, and the most that there can be. */
static const struct {
	const char *name, *text;
	struct nmreq_register reg;
} hints[] = {
	{"vale0:a", "vale0:a: 17 transmit rings asked for, 1 to 16 are possible", {.nr_mode = 1, .nr_tx_rings = 17}},
	{"vale0:a", "vale0:a: 65535 receive rings asked for, 1 to 16 are possible", {.nr_mode = 1, .nr_rx_rings = 65535}},
	{"vale0:a", "vale0:a: 4097 transmit slots asked for, 1 to 4096 are possible", {.nr_mode = 1, .nr_tx_slots = 4097}},
	{"vale0:a", "vale0:a: 4294967295 receive slots asked for, 1 to 4096 are possible", {.nr_mode = 1, .nr_rx_slots = 0xffffffff}},
	{"x{1", "x{1: 257 transmit rings asked for, 1 to 256 are possible", {.nr_mode = 1, .nr_tx_rings = 257}},
	{"x}1", "x}1: 4097 receive slots asked for, 1 to 4096 are possible", {.nr_mode = 1, .nr_rx_slots = 4097}},
	{"n", "n: 1025 receive rings asked for, 1 to 1024 are possible", {.nr_mode = NR_REG_NULL, .nr_rx_rings = 1025}},
	{"n", "n: 8177 transmit slots asked for, 1 to 8176 are possible", {.nr_mode = NR_REG_NULL, .nr_tx_slots = 8177}},
	{"n", "n: 1024 + 1026 rings asked for, 1024 of a direction are possible", {.nr_mode = NR_REG_NULL, .nr_tx_rings = 1000,
	    .nr_rx_rings = 1000, .nr_host_tx_rings = 24, .nr_host_rx_rings = 26}},
	{"vale0:a", NULL, {.nr_mode = 1, .nr_tx_rings = 16, .nr_rx_rings = 16, .nr_tx_slots = 1, .nr_rx_slots = 4096}},
	{"x{1", NULL, {.nr_mode = 1, .nr_tx_rings = 256, .nr_rx_rings = 200, .nr_tx_slots = 64, .nr_rx_slots = 1}},
	{"n", NULL, {.nr_mode = NR_REG_NULL, .nr_tx_rings = 20, .nr_rx_rings = 3, .nr_tx_slots = 8176, .nr_rx_slots = 1}},
};

static void
hints_are_honoured_or_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		struct nmreq_register reg = hints[i].reg;

		if (hints[i].text) {
			assert_int_equal(host_register(&s, hints[i].name, &reg), -EINVAL);
			assert_string_equal(s.errtext, hints[i].text);
			assert_null(root.ports);
			continue;
		}
		assert_int_equal(host_register(&s, hints[i].name, &reg), 0);
		assert_int_equal(reg.nr_tx_rings, hints[i].reg.nr_tx_rings);
		assert_int_equal(reg.nr_rx_rings, hints[i].reg.nr_rx_rings);
		assert_int_equal(reg.nr_tx_slots, hints[i].reg.nr_tx_slots);
		assert_int_equal(reg.nr_rx_slots, hints[i].reg.nr_rx_slots);
		nm_session_close(&s);
	}
}

static void
hints_mean_nothing_to_a_port_that_exists(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 128},
	    more = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 9999, .nr_tx_rings = 77};

	(void)state;
	assert_int_equal(host_register(&s, "vale0:a", &reg), 0);
	assert_int_equal(host_register(&t, "vale0:a", &more), 0);
	assert_int_equal(more.nr_tx_slots, 128);
	assert_int_equal(more.nr_tx_rings, 1);
}

static void
exclusive_rings_are_held_alone(void **state)
{
	struct nmreq_register ex = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE | NR_TX_RINGS_ONLY}, reg;

	(void)state;
	assert_int_equal(host_register(&s, "vale0:a", &ex), 0);
	reg = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC};
	assert_int_equal(host_register(&t, "vale0:a", &reg), -EBUSY);
	assert_string_equal(t.errtext, "vale0:a: tx ring 0 is held exclusively by another descriptor");
	reg.nr_flags = NR_RX_RINGS_ONLY; /* the other direction is free */
	assert_int_equal(host_register(&t, "vale0:a", &reg), 0);
	nm_session_close(&s);
	ex = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE};
	assert_int_equal(host_register(&s, "vale0:a", &ex), -EBUSY);
	assert_string_equal(s.errtext, "vale0:a: rx ring 0 is in use by 1 descriptor(s) and can't be had exclusively");
	nm_session_close(&t);
	assert_int_equal(host_register(&s, "vale0:a", &ex), 0);
	nm_session_close(&s);
	reg = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC};
	assert_int_equal(host_register(&t, "vale0:a", &reg), 0); /* its end freed them */
}

static void
both_ends_of_a_pipe_can_be_exclusive(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE};
	struct nm_session u;

	(void)state;
	assert_int_equal(host_register(&s, "x{1", &reg), 0);
	assert_int_equal(host_register(&t, "x}1", &reg), 0);
	host_open(&u, &root, 1000);
	reg.nr_flags = 0;
	assert_int_equal(host_register(&u, "x}1", &reg), -EBUSY);
}

static void
regions_are_shared_by_id(void **state)
{
	struct nmreq_register a = {.nr_mode = NR_REG_ALL_NIC}, b;

	(void)state;
	assert_int_equal(host_register(&s, "vale0:a", &a), 0);
	b = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_mem_id = (uint16_t)(a.nr_mem_id + 1)};
	assert_int_equal(host_register(&t, "vale0:b", &b), -EINVAL);
	assert_string_equal(t.errtext, "vale0:b: there is no region 3");
	assert_int_equal(host_register(&t, "vale0:a", &b), -EINVAL); /* also where it would not be used */
	b.nr_mem_id = a.nr_mem_id;
	assert_int_equal(host_register(&t, "vale0:b", &b), 0);
	assert_int_equal(b.nr_mem_id, a.nr_mem_id);
	assert_ptr_equal(s.mem, t.mem);
	assert_int_equal(t.nifp->ni_flags, NI_PRIV_MEM);
	nm_session_close(&t);
	b = (struct nmreq_register){.nr_mode = NR_REG_NULL, .nr_mem_id = a.nr_mem_id, .nr_extra_bufs = 3};
	assert_int_equal(host_register(&t, "", &b), 0);
	assert_ptr_equal(s.mem, t.mem);
	assert_int_equal(b.nr_extra_bufs, 3);
}

/* Buffers of 2112 bytes, as switch ports have them, lie across pages. */
static void
a_device_gets_buffers_that_it_can_use(void **state)
{
	struct nmreq_register a = {.nr_mode = NR_REG_ALL_NIC}, b;

	(void)state;
	assert_int_equal(host_register(&s, "vale0:a", &a), 0);
	host_nic_dma_sizes = 1024 | 2048;
	b = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_mem_id = a.nr_mem_id};
	assert_int_equal(host_register(&t, "nic0", &b), -EINVAL);
	assert_string_equal(t.errtext, "nic0: region 2 has buffers of 2112 bytes, which its device can't use; open nic0 first, and give its region "
	    "to the others");
	b.nr_mem_id = 0;
	assert_int_equal(host_register(&t, "nic0", &b), 0);
	nm_session_close(&t);
	host_nic_dma_sizes = 512 | 1024; /* of the interfaces' region, too */
	assert_int_equal(host_register(&t, "nic0", &b), -EINVAL);
	host_nic_dma_sizes = 0;
	b.nr_mem_id = a.nr_mem_id;
	assert_int_equal(host_register(&t, "nic0", &b), 0);
	assert_ptr_equal(s.mem, t.mem);
}

static void
a_device_gets_buffers_of_several_pages_if_it_can_use_them(void **state)
{
	struct nmreq_register a = {.nr_mode = NR_REG_ALL_NIC}, b = {.nr_mode = NR_REG_ALL_NIC};

	(void)state;
	root.limits.buf_size = 16384;
	assert_int_equal(host_register(&s, "vale0:a", &a), 0);
	host_nic_dma_sizes = 2048 | 4096;
	b.nr_mem_id = a.nr_mem_id;
	assert_int_equal(host_register(&t, "nic0", &b), -EINVAL);
	host_nic_dma_sizes |= 8192 | 16384;
	b.nr_mem_id = a.nr_mem_id;
	assert_int_equal(host_register(&t, "nic0", &b), 0);
	assert_ptr_equal(s.mem, t.mem);
	nm_session_close(&t);
	host_nic_dma_sizes = 0;
}

static void
a_device_that_cannot_have_a_region_is_told_of(void **state)
{
	struct nmreq_register a = {.nr_mode = NR_REG_ALL_NIC};

	(void)state;
	host_nic_error = -ENOMEM;
	assert_int_equal(host_register(&s, "nic0", &a), -ENOMEM);
	assert_string_equal(s.errtext, "nic0: there is no memory to start it");
	host_nic_dma_sizes = 2048;
	assert_int_equal(host_register(&s, "nic0", &a), -ENOMEM);
	assert_string_equal(s.errtext, "nic0: there is no memory to start it, or its device can't have all of region 3: bounce buffers (the kernel's "
	    "parameter swiotlb) or an IOMMU's addresses may be used up");
	host_nic_error = 0;
	assert_int_equal(host_register(&s, "nic0", &a), 0);
	host_nic_dma_sizes = 0;
}

static void
another_users_region_is_refused(void **state)
{
	struct nmreq_register a = {.nr_mode = NR_REG_ALL_NIC}, b;

	(void)state;
	assert_int_equal(host_register(&s, "vale0:a", &a), 0);
	host_open(&t, &root, 2000);
	b = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_mem_id = a.nr_mem_id};
	assert_int_equal(host_register(&t, "vale1:b", &b), -EACCES);
	assert_string_equal(t.errtext, "vale1:b: region 2 belongs to another user");
	assert_int_equal(host_register(&t, "vale0:a{1", &b), -EACCES); /* before it is told what is there */
	b.nr_mem_id = 0;
	assert_int_equal(host_register(&t, "vale0:a{1", &b), -EACCES);
	assert_string_equal(t.errtext, "vale0:a belongs to user 1000 (mode 0600); its owner can open it: vale-ctl chmod 0660 vale0:a");
}

static void
interfaces_are_found_again(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};

	(void)state;
	assert_int_equal(host_register(&s, "nic0", &reg), 0);
	assert_int_equal(host_register(&t, "nic0", &reg), 0);
	assert_ptr_equal(s.port, t.port);
	nm_session_close(&t);
	assert_int_equal(host_register(&t, "nic0{a", &reg), 0);
	assert_ptr_equal(t.port->parent, s.port);
	assert_ptr_equal(t.mem, s.mem);
	nm_session_close(&s);
	assert_int_equal(host_register(&s, "nic0", &reg), 0); /* the base stays for its pipe */
	assert_ptr_equal(t.port->parent, s.port);
}

static void
quota_is_told_in_numbers(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 64, .nr_rx_slots = 64};

	(void)state;
	host_quota = host_regions;
	assert_int_equal(host_register(&s, "vale0:a", &reg), -ENOMEM);
	assert_string_equal(s.errtext, "vale0:a: a region of 3684 KiB (1538 buffers) would exceed the memory quota of user 1000");
	host_quota = SIZE_MAX;
	reg = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_tx_rings = 256, .nr_rx_rings = 256, .nr_tx_slots = 4096, .nr_rx_slots = 4096};
	assert_int_equal(host_register(&s, "x{1", &reg), -ENOMEM);
	assert_string_equal(s.errtext,
	    "x: a pipe of 256 + 256 rings of 4096 and 4096 slots needs 4235266 buffers, a region has 1000000 at most");
}

/* Whatever allocation fails: an error, nothing left behind, and the next try is as good as the first. */
static void
no_memory_at_any_step_leaves_nothing(void **state)
{
	static const char *const names[] = {"vale0:a", "x{1", "a{b}c", "n", "vale3:p}q"};
	struct nmreq_register reg;
	size_t i;
	long k;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int error = -ENOMEM;

		for (k = 0; error && k < 1000; k++) {
			long before = host_allocs;

			reg = (struct nmreq_register){.nr_mode = names[i][1] ? NR_REG_ALL_NIC : NR_REG_NULL, .nr_tx_rings = 2};
			host_fail_after = k;
			error = host_register(&s, names[i], &reg);
			host_fail_after = -1;
			if (error) {
				assert_int_equal(error, -ENOMEM);
				assert_true(strlen(s.errtext) > 10);
				assert_null(root.ports);
				assert_int_equal(host_allocs, before);
			}
		}
		assert_int_equal(error, 0);
		assert_true(k > 5);
		nm_session_close(&s);
	}
}

static void
looking_at_a_port_leaves_nothing(void **state)
{
	struct nmreq_port_info_get i = {.nr_tx_slots = 9999};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};

	(void)state;
	assert_int_equal(host_request(&s, NETMAP_REQ_PORT_INFO_GET, "vale0:a", &i), 0);
	assert_int_equal(i.nr_tx_slots, root.limits.ring_slots);
	assert_int_equal(i.nr_tx_rings, 1);
	assert_true(i.nr_mem_id > 1 && i.nr_memsize > 0);
	assert_null(root.ports);
	assert_int_equal(host_request(&s, NETMAP_REQ_PORT_INFO_GET, "x{1", &i), 0);
	assert_null(root.ports);
	assert_int_equal(host_request(&s, NETMAP_REQ_PORT_INFO_GET, "nic0", &i), 0);
	assert_int_equal(i.nr_host_tx_rings, 2);
	assert_int_equal(i.nr_mem_id, 1);
	assert_null(root.ports);
	assert_int_equal(host_register(&s, "vale0:a", &reg), 0);
	i = (struct nmreq_port_info_get){.nr_mem_id = reg.nr_mem_id, .nr_tx_slots = 5};
	assert_int_equal(host_request(&t, NETMAP_REQ_PORT_INFO_GET, "", &i), 0);
	assert_int_equal(i.nr_memsize, reg.nr_memsize);
	assert_int_equal(i.nr_tx_slots, 5); /* of the memory only */
	i.nr_mem_id = 0;
	assert_int_equal(host_request(&t, NETMAP_REQ_PORT_INFO_GET, "", &i), 0);
	assert_int_equal(i.nr_mem_id, 1);
	assert_int_equal(i.nr_memsize, 343019520);
	i.nr_mem_id = 777;
	assert_int_equal(host_request(&t, NETMAP_REQ_PORT_INFO_GET, "", &i), -EINVAL);
	assert_int_equal(host_request(&t, NETMAP_REQ_PORT_INFO_GET, "eth9", &i), -ENXIO);
}

static void
header_length_and_pools_of_a_port(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nmreq_port_hdr h = {.nr_hdr_len = 9};
	struct nmreq_pools_info info;

	(void)state;
	assert_int_equal(host_request(&s, NETMAP_REQ_PORT_HDR_GET, "vale0:a", &h), -ENXIO);
	assert_string_equal(s.errtext, "there is no port vale0:a; see: vale-ctl list");
	assert_int_equal(host_request(&s, NETMAP_REQ_POOLS_INFO_GET, "", &info), -ENXIO);
	assert_int_equal(host_register(&s, "vale0:a", &reg), 0);
	assert_int_equal(host_request(&t, NETMAP_REQ_PORT_HDR_GET, "vale0:a", &h), 0);
	assert_int_equal(h.nr_hdr_len, 0);
	assert_int_equal(host_request(&t, NETMAP_REQ_PORT_HDR_SET, "vale0:a", &h), 0);
	h.nr_hdr_len = 11;
	assert_int_equal(host_request(&t, NETMAP_REQ_PORT_HDR_SET, "vale0:a", &h), -EINVAL);
	assert_int_equal(host_request(&t, NETMAP_REQ_POOLS_INFO_GET, "vale0:a", &info), 0);
	assert_int_equal(info.nr_memsize, reg.nr_memsize);
	assert_int_equal(info.nr_mem_id, reg.nr_mem_id);
	assert_int_equal(info.nr_if_pool_offset, 0);
	assert_int_equal(info.nr_buf_pool_offset + (uint64_t)info.nr_buf_pool_objtotal * info.nr_buf_pool_objsize <= info.nr_memsize, 1);
	host_open(&t, &root, 2000);
	assert_int_equal(host_request(&t, NETMAP_REQ_POOLS_INFO_GET, "vale0:a", &info), -EACCES);
	assert_int_equal(host_request(&t, NETMAP_REQ_PORT_HDR_SET, "vale0:a", &h), -EACCES);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_mode_selects_its_rings),
		T(what_is_unknown_fails_before_anything_is_done),
		T(hints_are_honoured_or_refused),
		T(hints_mean_nothing_to_a_port_that_exists),
		T(exclusive_rings_are_held_alone),
		T(both_ends_of_a_pipe_can_be_exclusive),
		T(regions_are_shared_by_id),
		T(a_device_gets_buffers_that_it_can_use),
		T(a_device_that_cannot_have_a_region_is_told_of),
		T(a_device_gets_buffers_of_several_pages_if_it_can_use_them),
		T(another_users_region_is_refused),
		T(interfaces_are_found_again),
		T(quota_is_told_in_numbers),
		T(no_memory_at_any_step_leaves_nothing),
		T(looking_at_a_port_leaves_nothing),
		T(header_length_and_pools_of_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
