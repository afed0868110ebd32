/* SPDX-License-Identifier: BSD-2-Clause */
/* Polling of an interface in a switch: what is refused, what the host is asked for, and when it ends. */
#include "host.h"
#include "nm_vale_nic.h"

static struct nm_root root;
static struct nm_session ctl, a;
static struct nm_session *const sessions[] = {&ctl, &a, NULL};

static int
request(uint16_t type, const char *name)
{
	struct nmreq_vale_polling r = {0};

	return host_request(&ctl, type, name, &r);
}

static int
on(uint32_t mode, uint32_t first, uint32_t count)
{
	struct nmreq_vale_polling r = {.nr_mode = mode, .nr_first_cpu_id = first, .nr_num_polling_cpus = count};

	return host_request(&ctl, NETMAP_REQ_VALE_POLLING_ENABLE, "vale0:nic0", &r);
}

static int
off(void)
{
	return request(NETMAP_REQ_VALE_POLLING_DISABLE, "vale0:nic0");
}

static int
detach(void)
{
	struct nmreq_vale_detach d;

	return host_request(&ctl, NETMAP_REQ_VALE_DETACH, "vale0:nic0", &d);
}

static uint16_t rings_before[2];

/* nic0 with its host is in vale0, beside the port of a program. */
static int
setup(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nmreq_vale_attach v = {.reg.nr_mode = NR_REG_NIC_SW};

	(void)state;
	memcpy(rings_before, host_nic_rings, sizeof(rings_before));
	host_nic_rings[NM_DIR_RX] = 3;
	host_cpus = 8;
	host_polled = 0;
	return host_begin(&root, sessions) || host_register(&a, "vale0:a", &reg) ||
	    host_request(&ctl, NETMAP_REQ_VALE_ATTACH, "vale0:nic0", &v);
}

static int
teardown(void **state)
{
	(void)state;
	nm_session_close(&a);
	nm_session_close(&ctl);
	host_fini(&root);
	assert_int_equal(host_polled, 0);
	memcpy(host_nic_rings, rings_before, sizeof(rings_before));
	return 0;
}

static void
one_cpu_has_all_rings(void **state)
{
	(void)state;
	assert_int_equal(on(NETMAP_POLLING_MODE_SINGLE_CPU, 5, 1), 0);
	assert_int_equal(host_polled, 1);
	assert_int_equal(host_polling.first_ring, 0);
	assert_int_equal(host_polling.nrings, 3);
	assert_int_equal(host_polling.first_cpu, 5);
	assert_int_equal(host_polling.ncpus, 1);
	assert_int_equal(on(NETMAP_POLLING_MODE_SINGLE_CPU, 5, 1), -EFAULT);
	assert_string_equal(ctl.errtext, "vale0:nic0 is polled already; end that first: vale-ctl -P vale0:nic0");
	assert_int_equal(off(), 0);
	assert_int_equal(host_polled, 0);
	assert_int_equal(off(), -EFAULT);
	assert_string_equal(ctl.errtext, "vale0:nic0 is not polled; begin that by: vale-ctl -p vale0:nic0");
}

static void
several_cpus_have_a_ring_each(void **state)
{
	(void)state;
	assert_int_equal(on(NETMAP_POLLING_MODE_MULTI_CPU, 1, 2), 0);
	assert_int_equal(host_polling.first_ring, 1);
	assert_int_equal(host_polling.nrings, 2);
	assert_int_equal(host_polling.first_cpu, 1);
	assert_int_equal(host_polling.ncpus, 2);
}

static void
what_cannot_be_is_refused(void **state)
{
	struct nm_session stranger;
	struct nmreq_vale_polling r = {.nr_mode = NETMAP_POLLING_MODE_SINGLE_CPU, .nr_num_polling_cpus = 1};

	(void)state;
	assert_int_equal(on(0, 0, 1), -EINVAL);
	assert_int_equal(on(3, 0, 1), -EINVAL);
	assert_int_equal(on(NETMAP_POLLING_MODE_SINGLE_CPU, 0, 0), -EINVAL);
	assert_int_equal(on(NETMAP_POLLING_MODE_SINGLE_CPU, 0, 2), -EINVAL);
	assert_int_equal(on(NETMAP_POLLING_MODE_SINGLE_CPU, 8, 1), -EINVAL);
	assert_string_equal(ctl.errtext, "nic0: CPU 8 is not there");
	assert_int_equal(on(NETMAP_POLLING_MODE_MULTI_CPU, 0, 0), -EINVAL);
	assert_int_equal(on(NETMAP_POLLING_MODE_MULTI_CPU, 2, 2), -EINVAL);
	assert_string_equal(ctl.errtext, "nic0: CPU i polls ring i, there are rings 0 to 2; 2 CPUs from 2 on are asked for");
	assert_int_equal(on(NETMAP_POLLING_MODE_MULTI_CPU, 1, UINT32_MAX), -EINVAL);
	assert_int_equal(on(NETMAP_POLLING_MODE_MULTI_CPU, UINT32_MAX, 2), -EINVAL);
	host_cpus = 3;
	assert_int_equal(on(NETMAP_POLLING_MODE_MULTI_CPU, 0, 3), -EINVAL);
	assert_string_equal(ctl.errtext, "vale0:nic0: 3 of 3 CPUs can't all poll; one at least is for the rest of the system");
	host_cpus = 0;
	assert_int_equal(on(NETMAP_POLLING_MODE_SINGLE_CPU, 0, 1), -EOPNOTSUPP);
	assert_int_equal(request(NETMAP_REQ_VALE_POLLING_ENABLE, "vale0:a"), -EOPNOTSUPP);
	assert_int_equal(request(NETMAP_REQ_VALE_POLLING_ENABLE, "vale0:nic0^"), -EOPNOTSUPP);
	assert_int_equal(request(NETMAP_REQ_VALE_POLLING_ENABLE, "vale0:x"), -ENXIO);
	assert_int_equal(request(NETMAP_REQ_VALE_POLLING_DISABLE, "nic0"), -EINVAL);
	host_open(&stranger, &root, 2000);
	assert_int_equal(host_request(&stranger, NETMAP_REQ_VALE_POLLING_ENABLE, "vale0:nic0", &r), -EACCES);
	assert_int_equal(host_polled, 0);
}

static void
it_ends_with_the_interface(void **state)
{
	(void)state;
	assert_int_equal(on(NETMAP_POLLING_MODE_SINGLE_CPU, 0, 1), 0);
	assert_int_equal(detach(), -EBUSY);
	assert_string_equal(ctl.errtext, "vale0:nic0 is polled; end that first: vale-ctl -P vale0:nic0");
	nm_port_find(&root, "nic0")->gone = true;
	nm_vale_nic_reap(&root, false);
	assert_int_equal(host_polled, 0);
	assert_null(nm_port_find(&root, "vale0:nic0"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_cpu_has_all_rings),
		T(several_cpus_have_a_ring_each),
		T(what_cannot_be_is_refused),
		T(it_ends_with_the_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
