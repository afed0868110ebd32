/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may see, open and share what: user 1 owns, user 2 is in his group, user 3 is not, user 0 administers. */
#include "host.h"

static struct nm_root root;
static struct nm_session owner, member, stranger, admin, other;
static struct nm_session *const sessions[] = {&admin, &stranger, &member, &other, &owner, NULL};

static int
setup(void **state)
{
	(void)state;
	if (host_begin(&root, NULL))
		return -1;
	host_open(&owner, &root, 1);
	host_open(&other, &root, 1);
	host_open(&member, &root, 2);
	host_open(&stranger, &root, 3);
	host_open(&admin, &root, 0);
	member.cred.ngroups = 1;
	member.cred.groups[0] = 1;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

static int
open_port(struct nm_session *s, const char *name, uint16_t mem_id)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 64, .nr_rx_slots = 64, .nr_mem_id = mem_id};

	return host_register(s, name, &reg);
}

static int
request(struct nm_session *s, uint16_t type, const char *name, void *body)
{
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = type};
	struct nm_ctl_msg m = {.hdr = &h, .body = body};

	snprintf(h.nr_name, sizeof(h.nr_name), "%s", name);
	return nm_ctl_request(s, &m);
}

static int
set_access(struct nm_session *s, const char *name, uint32_t valid, uint32_t mode, uint32_t uid)
{
	struct nmreq_access a = {.nr_valid = valid, .nr_mode = mode, .nr_uid = uid};

	return request(s, NETMAP_REQ_PORT_ACCESS, name, &a);
}

static void
a_group_gets_in_by_chmod_and_only_then(void **state)
{
	(void)state;
	assert_int_equal(open_port(&owner, "x{1", 0), 0);
	assert_int_equal(open_port(&member, "x}1", 0), -EACCES);
	assert_int_equal(set_access(&member, "x}1", NM_ACCESS_SET_MODE, 0666, 0), -EPERM);
	assert_int_equal(set_access(&owner, "x}1", NM_ACCESS_SET_MODE, 0660, 0), 0);
	assert_int_equal(open_port(&stranger, "x}1", 0), -EACCES);
	assert_int_equal(open_port(&member, "x}1", 0), 0);
}

/* The region of another: joined by leave, but not passed on. */
static void
a_guest_of_a_region_does_not_open_it_to_others(void **state)
{
	(void)state;
	assert_int_equal(open_port(&owner, "a{1", 0), 0);
	assert_int_equal(set_access(&owner, "a{1", NM_ACCESS_SET_MODE, 0660, 0), 0);
	assert_int_equal(open_port(&stranger, "vale2:b", owner.mem->id), -EACCES);
	assert_int_equal(open_port(&member, "vale1:b", owner.mem->id), 0);
	assert_ptr_equal(member.mem, owner.mem);
	assert_int_equal(set_access(&member, "vale1:b", NM_ACCESS_SET_MODE, 0666, 0), 0);
	assert_int_equal(owner.mem->access.uid, 1);
	assert_int_equal(owner.mem->access.mode, 0660);
	assert_int_equal(open_port(&stranger, "vale1:b", 0), -EACCES);
	/* nor does root by giving the guest's port away */
	assert_int_equal(set_access(&admin, "vale1:b", NM_ACCESS_SET_UID | NM_ACCESS_SET_MODE, 0666, 3), 0);
	assert_int_equal(owner.mem->access.uid, 1);
	assert_int_equal(open_port(&stranger, "vale1:b", 0), -EACCES);
}

static uint32_t
ports_listed(struct nm_session *s)
{
	struct nmreq_vale_list l = {0};
	struct nmreq_header h;
	struct nm_ctl_msg m = {.hdr = &h, .body = &l};
	uint32_t n;

	for (n = 0; n < 100; n++) {
		h = (struct nmreq_header){.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_VALE_LIST};
		if (nm_ctl_request(s, &m))
			break;
		l.nr_port_idx++;
	}
	return n;
}

static void
a_shared_switch_does_not_show_private_ports(void **state)
{
	struct nmreq_vale_list l = {0};
	struct nmreq_port_list p = {0};
	struct nmreq_stats st = {0};

	(void)state;
	assert_int_equal(open_port(&owner, "vale0:secret", 0), 0);
	assert_int_equal(ports_listed(&member), 0);
	assert_int_equal(set_access(&owner, "vale0", NM_ACCESS_SET_MODE, 0660, 0), 0);
	assert_int_equal(open_port(&member, "vale0:m", 0), 0);
	assert_int_equal(ports_listed(&owner), 1);
	assert_int_equal(ports_listed(&member), 1);
	assert_int_equal(ports_listed(&admin), 2);
	assert_int_equal(request(&member, NETMAP_REQ_VALE_LIST, "vale0:secret", &l), 0);
	assert_int_equal(l.nr_port_idx, 255); /* as of a port that is not there */
	assert_int_equal(request(&member, NETMAP_REQ_STATS_GET, "vale0:secret", &st), -EACCES);
	assert_int_equal(request(&member, NETMAP_REQ_PORT_LIST, "", &p), 0);
	assert_string_equal(p.nr_port_name, "vale0:m");
	assert_int_equal(request(&stranger, NETMAP_REQ_STATS_GET, "vale0", &(struct nmreq_stats){.nr_scope = NM_STATS_SWITCH}), -EACCES);
	assert_int_equal(request(&stranger, NETMAP_REQ_FDB_GET, "vale0", &(struct nmreq_fdb){0}), -EACCES);
	assert_int_equal(request(&stranger, NETMAP_REQ_FDB_FLUSH, "vale0", &(struct nmreq_fdb_flush){0}), -EACCES);
}

static void
ownership_is_for_root_to_give(void **state)
{
	(void)state;
	assert_int_equal(open_port(&owner, "vale0:a", 0), 0);
	assert_int_equal(set_access(&owner, "vale0:a", NM_ACCESS_SET_UID, 0, 3), -EPERM);
	assert_int_equal(set_access(&owner, "vale0:a", 8, 0, 0), -EINVAL);
	assert_int_equal(set_access(&admin, "vale0:a", NM_ACCESS_SET_UID, 0, 3), 0);
	assert_int_equal(open_port(&other, "vale0:a", 0), -EACCES);
	assert_int_equal(open_port(&stranger, "vale0:a", 0), 0);
}

static void
names_are_printable(void **state)
{
	static const char *const bad[] = {"vale0:a\033[2J", "a b", "vale0:\n", "\177", "\303\244"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(open_port(&owner, bad[i], 0), -EINVAL);
	assert_int_equal(open_port(&owner, bad[0], 0), -EINVAL);
	assert_string_equal(owner.errtext, "character 8 of the name is 0x1b; printable ASCII other than a blank is expected");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_group_gets_in_by_chmod_and_only_then),
		T(a_guest_of_a_region_does_not_open_it_to_others),
		T(a_shared_switch_does_not_show_private_ports),
		T(ownership_is_for_root_to_give),
		T(names_are_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
