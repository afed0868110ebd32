/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

static struct nm_root root;
static struct nm_session s;
static struct nm_session *const sessions[] = {&s, NULL};

static int
setup(void **state)
{
	(void)state;
	return host_begin(&root, sessions);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

static int
request(uint16_t type, const char *name, void *body, struct nm_ctl_opt *opts, uint32_t nopts)
{
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = type};
	struct nm_ctl_msg m = {.hdr = &h, .body = body, .opts = opts, .nopts = nopts};

	snprintf(h.nr_name, sizeof(h.nr_name), "%s", name);
	return nm_ctl_request(&s, &m);
}

static void
versions_and_reserved_fields(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nmreq_header h = {.nr_version = 13, .nr_reqtype = NETMAP_REQ_REGISTER, .nr_name = "vale0:a"};
	struct nm_ctl_msg m = {.hdr = &h, .body = &reg};

	(void)state;
	assert_int_equal(nm_ctl_request(&s, &m), -EINVAL);
	assert_string_equal(s.errtext, "API version 13 is not supported, 14 to 15 are");
	assert_int_equal(h.nr_version, NETMAP_API);
	h.nr_version = 16;
	assert_int_equal(nm_ctl_request(&s, &m), -EINVAL);
	assert_int_equal(h.nr_version, NETMAP_API);
	h.nr_version = 15;
	h.nr_reserved = 1;
	assert_int_equal(nm_ctl_request(&s, &m), -EINVAL);
	assert_int_equal(h.nr_version, 15);
	h.nr_reserved = 0;
	h.nr_reqtype = 99;
	assert_int_equal(nm_ctl_request(&s, &m), -EINVAL);
	assert_string_equal(s.errtext, "request 99 is unknown");
}

static void
unknown_option_fails_register_only(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
	struct nmreq_vale_list list = {0};
	struct nm_ctl_opt o[2] = {{.hdr = {.nro_reqtype = 1234}}, {.hdr = {.nro_reqtype = NETMAP_REQ_OPT_CSB}}};

	(void)state;
	assert_int_equal(request(NETMAP_REQ_REGISTER, "vale0:a", &reg, o, 2), -EOPNOTSUPP);
	assert_int_equal(o[0].hdr.nro_status, EOPNOTSUPP);
	assert_null(root.ports); /* before anything was done */
	assert_int_equal(request(NETMAP_REQ_VALE_LIST, "", &list, o, 2), -ENOENT);
	assert_int_equal(o[1].hdr.nro_status, EOPNOTSUPP);
	o[0].hdr.nro_reqtype = NETMAP_REQ_OPT_CSB;
	assert_int_equal(request(NETMAP_REQ_VALE_LIST, "", &list, o, 2), -EINVAL);
	assert_int_equal(o[0].hdr.nro_status, EINVAL);
	assert_int_equal(o[1].hdr.nro_status, EINVAL);
	o[0].hdr.nro_reqtype = 0;
	assert_int_equal(request(NETMAP_REQ_VALE_LIST, "", &list, o, 1), -EINVAL);
}

static void
register_reports_what_it_made(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_rings = 4, .nr_rx_rings = 16, .nr_tx_slots = 100,
	    .nr_extra_bufs = 8};
	const struct netmap_ring *r;
	const struct netmap_if *n;
	const uint32_t *link;
	uint32_t i, idx;

	(void)state;
	assert_int_equal(request(NETMAP_REQ_REGISTER, "vale0:a", &reg, NULL, 0), 0);
	assert_int_equal(reg.nr_tx_rings, 4);
	assert_int_equal(reg.nr_rx_rings, 16);
	assert_int_equal(reg.nr_tx_slots, 100);
	assert_int_equal(reg.nr_rx_slots, root.limits.ring_slots);
	assert_int_equal(reg.nr_extra_bufs, 8);
	n = nm_mem_ptr(s.mem, NM_POOL_IF, reg.nr_offset);
	assert_string_equal(n->ni_name, "vale0:a");
	assert_int_equal(n->ni_host_tx_rings, 1);
	assert_int_equal(n->ring_ofs[4], 0); /* the stand-in of the host */
	assert_int_not_equal(n->ring_ofs[5], 0);
	r = (const void *)((const char *)n + n->ring_ofs[0]);
	assert_int_equal(r->num_slots, 100);
	assert_int_equal(r->tail, 99);
	assert_int_equal(r->dir, 1);
	assert_ptr_equal((const char *)r + r->buf_ofs, s.mem->pool[NM_POOL_BUF].base);
	for (i = 0, idx = n->ni_bufs_head; idx; i++) {
		link = (const void *)((const char *)r + r->buf_ofs + (size_t)idx * r->nr_buf_size);
		idx = *link;
	}
	assert_int_equal(i, 8);
}

static void
legacy_bind_and_its_versions(void **state)
{
	struct nmreq r = {.nr_name = "vale1:x", .nr_version = 11, .nr_flags = NR_REG_ALL_NIC};

	(void)state;
	r.nr_version = 10;
	assert_int_equal(nm_legacy_request(&s, &r, true), -EINVAL);
	r.nr_version = 11;
	assert_int_equal(nm_legacy_request(&s, &r, false), 0);
	assert_int_equal(r.nr_rx_rings, 1);
	assert_null(root.ports); /* looked at, not kept */
	r = (struct nmreq){.nr_name = "y", .nr_version = 200, .nr_flags = NR_REG_PIPE_SLAVE, .nr_ringid = 3};
	assert_int_equal(nm_legacy_request(&s, &r, true), 0);
	assert_string_equal(s.port->name, "y}3");
	assert_int_equal(r.nr_version, 200);
	assert_true(r.nr_arg2 > 1);
	r.nr_cmd = 77;
	assert_int_equal(nm_legacy_request(&s, &r, true), -EINVAL);
}

static void
list_walks_all_ports(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC}, reg2 = reg;
	struct nmreq_vale_list list = {0};
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_VALE_LIST};
	struct nm_ctl_msg m = {.hdr = &h, .body = &list};
	struct nm_session t;

	(void)state;
	host_open(&t, &root, 1000);
	assert_int_equal(host_register(&s, "vale0:a", &reg), 0);
	assert_int_equal(host_register(&t, "valeX:b", &reg2), 0);
	assert_int_equal(nm_ctl_request(&t, &m), 0);
	assert_string_equal(h.nr_name, "vale0:a");
	h.nr_name[0] = 0;
	list.nr_port_idx++;
	assert_int_equal(nm_ctl_request(&t, &m), 0);
	assert_string_equal(h.nr_name, "valeX:b");
	h.nr_name[0] = 0;
	list.nr_port_idx++;
	assert_int_equal(nm_ctl_request(&t, &m), -ENOENT);
	nm_session_close(&t);
}

static void
access_opens_a_switch_to_a_group(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC}, reg2 = reg;
	struct nmreq_access a = {.nr_valid = 1 | 4, .nr_mode = 0660, .nr_gid = 50};
	struct nm_session t;

	(void)state;
	assert_int_equal(host_register(&s, "vale0:a", &reg), 0);
	host_open(&t, &root, 2000);
	t.cred.ngroups = 1;
	t.cred.groups[0] = 50;
	assert_int_equal(host_register(&t, "vale0:b", &reg2), -EACCES);
	assert_int_equal(request(NETMAP_REQ_PORT_ACCESS, "vale0", &a, NULL, 0), 0);
	assert_int_equal(host_register(&t, "vale0:a", &reg2), -EACCES); /* the port is another object */
	assert_int_equal(host_register(&t, "vale0:b", &reg2), 0);
	reg2.nr_mem_id = reg.nr_mem_id;
	nm_session_close(&t);
	reg2 = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_mem_id = reg.nr_mem_id};
	assert_int_equal(host_register(&t, "vale0:b", &reg2), -EACCES); /* nor its memory */
	nm_session_close(&t);
}

static void
two_descriptors_share_a_port(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC}, one = {.nr_mode = NR_REG_ONE_NIC, .nr_flags = NR_TX_RINGS_ONLY};
	struct nm_session t;

	(void)state;
	host_open(&t, &root, 1000);
	assert_int_equal(host_register(&s, "vale0:a", &reg), 0);
	assert_int_equal(host_register(&t, "vale0:a", &one), 0);
	assert_int_equal(reg.nr_mem_id, one.nr_mem_id);
	assert_ptr_equal(nm_session_kring(&s, 0, 0), nm_session_kring(&t, 0, 0));
	assert_int_equal(t.nifp->ring_ofs[2], 0);
	nm_session_close(&s);
	assert_non_null(nm_port_find(&root, "vale0:a"));
	nm_session_close(&t);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(versions_and_reserved_fields),
		T(unknown_option_fails_register_only),
		T(register_reports_what_it_made),
		T(legacy_bind_and_its_versions),
		T(list_walks_all_ports),
		T(access_opens_a_switch_to_a_group),
		T(two_descriptors_share_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
