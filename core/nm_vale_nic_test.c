/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces in a switch: nic0 of the test's host, one frame at a time. */
#include "host.h"
#include "nm_vale_nic.h"

static struct nm_root root;
static struct nm_session ctl, a;
static struct nm_session *const sessions[] = {&ctl, &a, NULL};
static uint8_t out[64], in[64];

static int
attach(const char *name, uint32_t mode, uint32_t *index)
{
	struct nmreq_vale_attach v = {.reg.nr_mode = mode};
	int error = host_request(&ctl, NETMAP_REQ_VALE_ATTACH, name, &v);

	*index = v.port_index;
	return error;
}

static int
detach(const char *name)
{
	struct nmreq_vale_detach d;

	return host_request(&ctl, NETMAP_REQ_VALE_DETACH, name, &d);
}

static int
setup(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};

	(void)state;
	host_nic_sent = 0;
	host_nic_stuck = false;
	host_nic_keeps = 0;
	host_later = NULL;
	return host_begin(&root, sessions) || host_register(&a, "vale0:a", &reg);
}

static int
teardown(void **state)
{
	(void)state;
	nm_session_close(&a);
	nm_session_close(&ctl);
	host_fini(&root);
	assert_int_equal(host_nic_enabled, 0);
	assert_int_equal(host_nic_taken, NM_PORT_HOST_FREE);
	return 0;
}

/* A frame comes in on a receive ring of nic0, as the host would put it there. */
static void
arrive(uint32_t ring, const uint8_t *f, uint16_t len)
{
	struct nm_kring *kr = &nm_port_find(&root, "nic0")->krings[NM_DIR_RX][ring];
	uint32_t idx, start;

	assert_true(kr->ready);
	assert_true(nm_kring_lease_begin(kr) > 0);
	start = nm_kring_lease_commit(kr, 1, &idx);
	memcpy(kr->bufs + (size_t)idx * kr->stride, f, len);
	nm_kring_put_slot(&kr->slots[start], idx, len, 0);
	nm_kring_finish(kr, start, 1, 1, len);
	kr->notify(kr);
}

static void
frames_pass_both_ways(void **state)
{
	uint32_t index, i;

	(void)state;
	assert_int_equal(attach("vale0:nic0", NR_REG_ALL_NIC, &index), 0);
	assert_int_equal(index, 1);
	assert_int_equal(host_nic_enabled, 1);
	host_frame(out, "\2\0\0\0\0\1", "\2\0\0\0\0\2");
	for (i = 0; i < 500; i++) { /* more than there are slots, so that each is used again */
		out[20] = (uint8_t)i;
		host_put(&a, out, 64, 0);
		assert_int_equal(host_txsync(&a), 0);
		assert_int_equal(host_nic_sent, i + 1);
		assert_memory_equal(host_nic_last, out, 64);
	}
	host_frame(out, "\2\0\0\0\0\2", "\2\0\0\0\0\1");
	for (i = 0; i < 500; i++) {
		out[20] = (uint8_t)i;
		arrive(0, out, 64);
		assert_int_equal(host_take(&a, in, NULL), 64);
		assert_memory_equal(in, out, 64);
	}
	assert_int_equal(nm_port_find(&root, "vale0:nic0")->krings[NM_DIR_TX][0].stat[NM_STAT_forwarded], 500);
	assert_int_equal(detach("vale0:nic0"), 0);
	assert_null(nm_port_find(&root, "nic0"));
	host_put(&a, out, 64, 0);
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(host_nic_sent, 500);
}

/* In memory that comes as it is handed out: all rings that share slots look in the same place. */
static void
frames_pass_in_a_region_that_grows(void **state)
{
	const struct nm_port *p[3];
	uint32_t index, i, k, n = 0;
	int dir;

	host_lazy = true;
	assert_int_equal(attach("vale1:nic0", NR_REG_NIC_SW, &index), 0);
	p[0] = nm_port_find(&root, "nic0");
	p[1] = nm_port_find(&root, "vale1:nic0");
	p[2] = nm_port_find(&root, "vale1:nic0^");
	for (i = 0; i < 3; i++)
		for (dir = 0; dir < 2; dir++)
			for (k = 0; k < (uint32_t)p[i]->nrings[dir] + p[i]->nhost[dir]; k++, n++) {
				assert_ptr_equal(p[i]->krings[dir][k].bufs, p[0]->mem->pool[NM_POOL_BUF].base);
				assert_int_equal(p[i]->krings[dir][k].nbufs, p[0]->mem->pool[NM_POOL_BUF].ready);
			}
	assert_int_equal(n, 8);
	assert_int_equal(detach("vale1:nic0"), 0);
	frames_pass_both_ways(state);
}

static void
a_stuck_interface_goes_on_when_told(void **state)
{
	uint32_t index, i;

	(void)state;
	assert_int_equal(attach("vale0:nic0", NR_REG_ALL_NIC, &index), 0);
	host_frame(out, "\2\0\0\0\0\1", "\2\0\0\0\0\2");
	host_nic_stuck = true;
	for (i = 0; i < 100; i++) { /* its ring has 64 slots */
		host_put(&a, out, 64, 0);
		assert_int_equal(host_txsync(&a), 0);
	}
	assert_ptr_equal(host_later, &nm_port_find(&root, "nic0")->krings[NM_DIR_TX][0]);
	assert_int_equal(host_nic_sent, 0);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 37);
	host_nic_stuck = false;
	nm_vale_nic_resume(host_later);
	assert_int_equal(host_nic_sent, 63);
	host_put(&a, out, 64, 0);
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(host_nic_sent, 64);
}

/* Slots that the NIC still reads are not used again; when they are many, somebody looks after them without a frame that calls. */
static void
slots_return_when_the_interface_is_done(void **state)
{
	struct nm_kring *kr;
	uint32_t index, i, k;

	(void)state;
	assert_int_equal(attach("vale0:nic0", NR_REG_ALL_NIC, &index), 0);
	kr = &nm_port_find(&root, "nic0")->krings[NM_DIR_TX][0]; /* of 64 slots */
	host_frame(out, "\2\0\0\0\0\1", "\2\0\0\0\0\2");
	host_nic_keeps = 20;
	for (i = 0; i < 500; i++) {
		out[20] = (uint8_t)i;
		host_put(&a, out, 64, 0);
		assert_int_equal(host_txsync(&a), 0);
		assert_int_equal(host_nic_sent, i + 1);
		for (k = 0; k < 20 && k <= i; k++) {
			const struct netmap_slot *s = &kr->slots[nm_ring_add(kr->hwcur, kr->nslots - 1 - k, kr->nslots)];

			assert_int_equal((uint8_t)kr->bufs[(size_t)s->buf_idx * kr->stride + 20], (uint8_t)(i - k));
		}
	}
	assert_null(host_later);
	host_nic_keeps = 63;
	for (i = 0; i < 100; i++) {
		host_put(&a, out, 64, 0);
		assert_int_equal(host_txsync(&a), 0);
	}
	assert_ptr_equal(host_later, kr);
	i = host_nic_sent;
	host_nic_keeps = 0;
	while (host_later) {
		host_later = NULL;
		nm_vale_nic_resume(kr);
	}
	host_put(&a, out, 64, 0);
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(host_nic_sent, 500 + 63 - 20 + 1);
	assert_int_equal(detach("vale0:nic0"), 0);
}

static void
the_host_is_a_second_port(void **state)
{
	uint32_t index;
	struct nm_port *p;

	(void)state;
	assert_int_equal(attach("vale0:nic0", NR_REG_NIC_SW, &index), 0);
	assert_int_equal(host_nic_taken, NM_PORT_HOST_TAKEN);
	p = nm_port_find(&root, "vale0:nic0^");
	assert_non_null(p);
	assert_int_equal(p->ops->kind, NM_PORT_KIND_HOST);
	host_frame(out, "\377\377\377\377\377\377", "\2\0\0\0\0\7"); /* the host asks */
	arrive(nm_port_find(&root, "nic0")->nrings[NM_DIR_RX], out, 64);
	assert_int_equal(host_take(&a, in, NULL), 64);
	assert_int_equal(host_nic_sent, 1); /* and the wire has it */
	host_frame(out, "\2\0\0\0\0\7", "\2\0\0\0\0\2");
	host_put(&a, out, 64, 0);
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(host_nic_sent, 2);
	assert_int_equal(p->krings[NM_DIR_RX][0].stat[NM_STAT_rx_packets], 1);
	assert_int_equal(detach("vale0:nic0^"), -EINVAL);
	assert_string_equal(ctl.errtext, "vale0:nic0^ is the host's side of an interface and goes with that: vale-ctl -d vale0:nic0");
	assert_int_equal(detach("vale0:nic0"), 0);
	assert_int_equal(host_nic_taken, NM_PORT_HOST_FREE);
}

/* The switch's are for those devices that can do with them. */
static void
a_device_gets_buffers_that_it_can_use(void **state)
{
	static const struct { uint32_t device, port, got; } b[] = {
		{0, 2112, 2112}, {2048, 2112, 2048}, {2048 | 16384, 16384, 16384}, {2048 | 4096, 16384, 2048}, {2048 | 4096, 6144, 2048},
	};
	uint32_t index;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(b) / sizeof(b[0]); i++) {
		host_nic_dma_sizes = b[i].device;
		root.limits.buf_size = b[i].port;
		assert_int_equal(attach("vale0:nic0", NR_REG_ALL_NIC, &index), 0);
		assert_int_equal(nm_port_find(&root, "nic0")->mem->pool[NM_POOL_BUF].objsize, b[i].got);
		assert_int_equal(detach("vale0:nic0"), 0);
	}
	host_nic_dma_sizes = 0;
}

static void
what_is_attached_is_nobody_elses(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nm_session b;
	uint32_t index;

	(void)state;
	host_open(&b, &root, 1000);
	assert_int_equal(attach("vale0:nic0", NR_REG_ALL_NIC, &index), 0);
	assert_int_equal(host_register(&b, "nic0", &reg), -EBUSY);
	assert_string_equal(b.errtext, "nic0 is an interface in a switch; detach it first: vale-ctl -d vale0:nic0");
	assert_int_equal(host_register(&b, "vale0:nic0", &reg), -EBUSY);
	assert_int_equal(host_register(&b, "vale0:nic0{1", &reg), -EBUSY);
	reg.nr_mem_id = nm_port_find(&root, "vale0:nic0")->mem->id;
	assert_int_equal(host_register(&b, "vale1:b", &reg), -EACCES);
	assert_int_equal(attach("vale0:nic0", NR_REG_ALL_NIC, &index), -EBUSY);
	assert_string_equal(ctl.errtext, "vale0:nic0 is attached already");
	assert_int_equal(attach("vale1:nic0", NR_REG_ALL_NIC, &index), -EBUSY);
	assert_string_equal(ctl.errtext, "nic0 is a port of vale0; detach it first: vale-ctl -d vale0:nic0");
	assert_null(nm_vale_find(&root, "vale1"));
	assert_int_equal(detach("vale0:nic0"), 0);
	reg.nr_mem_id = 0;
	assert_int_equal(host_register(&b, "nic0", &reg), 0);
	assert_int_equal(attach("vale0:nic0", NR_REG_ALL_NIC, &index), -EBUSY);
	assert_string_equal(ctl.errtext, "nic0 is in use by a program; end that first");
	nm_session_close(&b);
}

static void
bad_requests_are_refused(void **state)
{
	struct nmreq_vale_attach v = {.reg = {.nr_mode = NR_REG_ALL_NIC, .nr_ringid = 3}};
	struct nm_session stranger;
	uint32_t index;

	(void)state;
	assert_int_equal(attach("nic0", NR_REG_ALL_NIC, &index), -EINVAL);
	assert_int_equal(attach("vale0:", NR_REG_ALL_NIC, &index), -EINVAL);
	assert_int_equal(attach("vale0:nosuch", NR_REG_ALL_NIC, &index), -ENXIO);
	assert_int_equal(attach("vale0:a", NR_REG_ALL_NIC, &index), -EBUSY);
	assert_int_equal(attach("vale0:nic0", NR_REG_SW, &index), -EINVAL);
	assert_int_equal(host_request(&ctl, NETMAP_REQ_VALE_ATTACH, "vale0:nic0", &v), -EINVAL);
	assert_string_equal(ctl.errtext, "vale0:nic0: ring 3 can't be attached alone; nr_ringid must be 0");
	assert_int_equal(detach("vale0:nic0"), -ENXIO);
	assert_int_equal(detach("vale0:a"), -EINVAL);
	assert_int_equal(attach("vale9:nosuch", NR_REG_ALL_NIC, &index), -ENXIO);
	assert_null(nm_vale_find(&root, "vale9"));
	host_open(&stranger, &root, 2000);
	v.reg.nr_ringid = 0;
	assert_int_equal(host_request(&stranger, NETMAP_REQ_VALE_ATTACH, "vale0:nic0", &v), -EACCES);
	assert_int_equal(attach("vale0:nic0", NR_REG_ALL_NIC, &index), 0);
	assert_int_equal(host_request(&stranger, NETMAP_REQ_VALE_DETACH, "vale0:nic0", &(struct nmreq_vale_detach){0}), -EACCES);
}

static void
memory_that_ends_leaves_nothing(void **state)
{
	size_t quota;
	uint32_t index;

	(void)state;
	host_quota = host_regions;
	assert_int_equal(attach("vale7:nic0", NR_REG_ALL_NIC, &index), -ENOMEM);
	assert_null(nm_port_find(&root, "nic0"));
	assert_null(nm_vale_find(&root, "vale7"));
	quota = SIZE_MAX;
	host_quota = quota;
	assert_int_equal(attach("vale7:nic0", NR_REG_ALL_NIC, &index), 0);
}

static void
a_lost_interface_is_detached(void **state)
{
	uint32_t index;

	(void)state;
	assert_int_equal(attach("vale0:nic0", NR_REG_ALL_NIC, &index), 0);
	nm_vale_nic_reap(&root, false);
	assert_non_null(nm_port_find(&root, "vale0:nic0"));
	assert_true(nm_vale_nic_any(&root));
	nm_port_find(&root, "nic0")->gone = true;
	nm_vale_nic_reap(&root, false);
	assert_null(nm_port_find(&root, "vale0:nic0"));
	assert_false(nm_vale_nic_any(&root));
	assert_int_equal(attach("vale0:nic0", NR_REG_ALL_NIC, &index), 0);
}

static void
persistent_ports_stay(void **state)
{
	struct nmreq_vale_newif n = {.nr_tx_slots = 128, .nr_tx_rings = 9}, again = {0};
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nm_session b;
	uint32_t index;

	(void)state;
	assert_int_equal(host_request(&ctl, NETMAP_REQ_VALE_NEWIF, "valet", &n), -EINVAL);
	assert_int_equal(host_request(&ctl, NETMAP_REQ_VALE_NEWIF, "name-of-16-chars", &n), -EINVAL);
	assert_int_equal(host_request(&ctl, NETMAP_REQ_VALE_NEWIF, "lo", &n), -EEXIST);
	assert_int_equal(host_request(&ctl, NETMAP_REQ_VALE_NEWIF, "v0", &n), 0);
	assert_int_equal(n.nr_tx_slots, 128);
	assert_int_equal(n.nr_rx_slots, 64);
	assert_int_equal(n.nr_tx_rings, 1);
	assert_int_equal(n.nr_rx_rings, 1);
	assert_true(n.nr_mem_id > 1);
	assert_int_equal(host_request(&ctl, NETMAP_REQ_VALE_NEWIF, "v0", &again), -EEXIST);
	assert_memory_equal(&again, &n, sizeof(n));
	assert_int_equal(attach("vale0:v0", NR_REG_ALL_NIC, &index), 0);
	assert_int_equal(host_request(&ctl, NETMAP_REQ_VALE_DELIF, "v0", NULL), -EBUSY);
	assert_int_equal(detach("vale0:v0"), 0);
	host_open(&b, &root, 1000);
	assert_int_equal(host_register(&b, "v0", &reg), 0);
	assert_int_equal(reg.nr_tx_slots, 128);
	assert_int_equal(host_request(&ctl, NETMAP_REQ_VALE_DELIF, "v0", NULL), -EBUSY);
	nm_session_close(&b);
	assert_non_null(nm_port_find(&root, "v0"));
	assert_int_equal(host_request(&ctl, NETMAP_REQ_VALE_DELIF, "v1", NULL), -ENXIO);
	assert_int_equal(host_request(&ctl, NETMAP_REQ_VALE_DELIF, "vale0:a", NULL), -EINVAL);
	assert_int_equal(host_request(&ctl, NETMAP_REQ_VALE_DELIF, "v0", NULL), 0);
	assert_null(nm_port_find(&root, "v0"));
}

/* By it the Linux home knows whether a persistent port has a carrier. */
static void
the_host_hears_of_both(void **state)
{
	unsigned before;
	uint32_t index;

	(void)state;
	before = host_changed;
	assert_int_equal(attach("vale0:nic0", NR_REG_ALL_NIC, &index), 0);
	assert_int_equal(host_changed, before + 1);
	assert_int_equal(detach("vale0:nic0"), 0);
	assert_int_equal(host_changed, before + 2);
}

static void
vlan(const char *name, uint16_t mode, uint16_t vid, uint16_t allow)
{
	struct nmreq_vlan r = {.nr_op = NM_POLICY_SET, .nr_mode = mode, .nr_vid = vid};

	if (allow)
		r.nr_allowed[allow / 8] = (uint8_t)(1 << allow % 8);
	assert_int_equal(host_request(&ctl, NETMAP_REQ_VLAN, name, &r), 0);
}

static uint64_t
tx_stat(const char *name, int stat)
{
	return nm_port_find(&root, name)->krings[NM_DIR_TX][0].stat[stat];
}

/* A trunk to the wire, a program in VLAN 10, the host in VLAN 20. */
static void
vlans_hold_for_interfaces_and_hosts(void **state)
{
	uint32_t index;
	uint8_t tagged[64];

	(void)state;
	assert_int_equal(attach("vale0:nic0", NR_REG_NIC_SW, &index), 0);
	vlan("vale0:a", NM_VLAN_ACCESS, 10, 0);
	vlan("vale0:nic0", NM_VLAN_TRUNK, 0, 10);
	vlan("vale0:nic0^", NM_VLAN_ACCESS, 20, 0);
	host_frame(out, "\xff\xff\xff\xff\xff\xff", "\2\0\0\0\0\2");
	memcpy(tagged, out, 12);
	memcpy(tagged + 12, "\x81\0\0\x0a", 4);
	memcpy(tagged + 16, out + 12, 48);
	host_put(&a, out, 60, 0);
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(host_nic_sent, 1); /* to the wire, not to the host */
	assert_memory_equal(host_nic_last, tagged, 64);
	tagged[11] = 3;
	arrive(0, tagged, 64);
	assert_int_equal(host_take(&a, in, NULL), 60);
	out[11] = 3;
	assert_memory_equal(in, out, 60);
	tagged[15] = 20; /* the host's, which the wire has not */
	arrive(0, tagged, 64);
	arrive(0, out, 60);
	assert_int_equal(tx_stat("vale0:nic0", NM_STAT_drop_vlan), 2);
	out[11] = 4;
	arrive(1, out, 60); /* from the host */
	assert_int_equal(tx_stat("vale0:nic0^", NM_STAT_drop_no_dest), 1);
	assert_int_equal(host_nic_sent, 1);
	assert_int_equal(host_take(&a, in, NULL), -1);
	assert_int_equal(detach("vale0:nic0"), 0);
}

static void
interfaces_neither_wait_nor_are_waited_for(void **state)
{
	struct nmreq_lossless r = {.nr_op = NM_POLICY_SET, .nr_on = 1};
	uint32_t index, i, n = a.port->nslots[NM_DIR_RX];

	(void)state;
	assert_int_equal(attach("vale0:nic0", NR_REG_ALL_NIC, &index), 0);
	assert_int_equal(host_request(&ctl, NETMAP_REQ_LOSSLESS, "vale0:nic0", &r), -EOPNOTSUPP);
	assert_int_equal(host_request(&ctl, NETMAP_REQ_LOSSLESS, "vale0", &r), 0);
	host_nic_stuck = true;
	host_frame(out, "\2\0\0\0\0\1", "\2\0\0\0\0\2");
	for (i = 0; i < 100; i++)
		host_put(&a, out, 64, 0);
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(tx_stat("vale0:a", NM_STAT_forwarded), 63);
	assert_int_equal(tx_stat("vale0:a", NM_STAT_drop_no_space), 37);
	host_frame(out, "\2\0\0\0\0\2", "\2\0\0\0\0\1");
	for (i = 0; i < n + 5; i++)
		arrive(0, out, 64);
	assert_int_equal(tx_stat("vale0:nic0", NM_STAT_drop_no_space), 6);
	host_nic_stuck = false;
	assert_int_equal(detach("vale0:nic0"), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(frames_pass_both_ways),
		T(frames_pass_in_a_region_that_grows),
		T(a_stuck_interface_goes_on_when_told),
		T(slots_return_when_the_interface_is_done),
		T(the_host_is_a_second_port),
		T(a_device_gets_buffers_that_it_can_use),
		T(what_is_attached_is_nobody_elses),
		T(bad_requests_are_refused),
		T(memory_that_ends_leaves_nothing),
		T(a_lost_interface_is_detached),
		T(persistent_ports_stay),
		T(the_host_hears_of_both),
		T(vlans_hold_for_interfaces_and_hosts),
		T(interfaces_neither_wait_nor_are_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
