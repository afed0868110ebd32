/* SPDX-License-Identifier: BSD-2-Clause */
/* Static addresses. */
#include "host.h"

#define A "\x02" "aaaaa"
#define B "\x02" "bbbbb"
#define S "\x02" "sssss"
#define BCAST "\xff\xff\xff\xff\xff\xff"

static struct nm_root root;
static struct nm_session a, b, c;
static struct nm_session *const sessions[] = {&a, &b, &c, NULL};
static uint8_t frame[64], got[4096];

static int
setup(void **state)
{
	(void)state;
	return host_begin_ports(&root, sessions, (const char *const[]){"vale0:a", "vale0:b", "vale0:c", NULL}, 0);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

static int
fix(uint32_t op, const char *name, const char *mac, uint16_t vid)
{
	struct nmreq_fdb_static r = {.nr_op = op, .nr_vid = vid};

	memcpy(r.nr_mac, mac, 6);
	return host_request(&a, NETMAP_REQ_FDB_STATIC, name, &r);
}

static void
send_one(struct nm_session *s, const char *dst, const char *src, uint16_t flags)
{
	host_frame(frame, dst, src);
	host_put(s, frame, 60, flags);
	assert_int_equal(host_txsync(s), 0);
}

static uint32_t
table(struct nm_fdb_entry *first)
{
	struct nmreq_fdb f = {0};

	assert_int_equal(host_request(&a, NETMAP_REQ_FDB_GET, "vale0", &f), 0);
	*first = f.nr_entry[0];
	return f.nr_count;
}

static void
it_is_known_without_a_frame_and_for_good(void **state)
{
	struct nmreq_fdb_flush f = {.nr_port_idx = NM_CURSOR_END};
	struct nm_fdb_entry e;

	(void)state;
	assert_int_equal(fix(NM_FDB_ADD, "vale0:b", S, 0), 0);
	assert_int_equal(fix(NM_FDB_ADD, "vale0:b", S, 0), 0);
	host_now += 1000ull * 1000000000u; /* long after it would have aged */
	send_one(&a, S, A, 0);
	assert_int_equal(host_take(&b, got, NULL), 60);
	assert_int_equal(host_take(&c, got, NULL), -1);
	assert_int_equal(host_request(&a, NETMAP_REQ_FDB_FLUSH, "vale0", &f), 0);
	assert_int_equal(f.nr_removed, 1); /* A */
	assert_int_equal(table(&e), 1);
	assert_memory_equal(e.mac, S, 6);
	assert_int_equal(e.age_ms, NM_FDB_STATIC);
	assert_int_equal(e.port_idx, b.port->vale_idx);
	send_one(&b, BCAST, S, 0); /* its own */
	assert_int_equal(host_stat(&b, NM_DIR_TX, NM_STAT_learned), 0);
	assert_int_equal(host_stat(&b, NM_DIR_TX, NM_STAT_forwarded), 2);
	assert_int_equal(fix(NM_FDB_DELETE, "vale0", S, 0), 0);
	assert_int_equal(a.port->vale->policies, 0);
	assert_int_equal(fix(NM_FDB_DELETE, "vale0", S, 0), -ENOENT);
	assert_string_equal(a.errtext, "vale0 has no static address 02:73:73:73:73:73 in VLAN 0; see: vale-ctl fdb vale0");
}

static void
nobody_else_sends_in_its_name(void **state)
{
	(void)state;
	assert_int_equal(fix(NM_FDB_ADD, "vale0:b", S, 0), 0);
	send_one(&a, BCAST, S, 0);
	send_one(&a, BCAST, S, NS_NO_LEARN);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_static), 2);
	assert_int_equal(host_take(&c, got, NULL), -1);
	send_one(&a, BCAST, A, NS_NO_LEARN);
	assert_int_equal(host_take(&c, got, NULL), 60);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_learned), 0);
	assert_int_equal(fix(NM_FDB_ADD, "vale0:c", S, 0), 0); /* given to another */
	send_one(&b, BCAST, S, 0);
	assert_int_equal(host_stat(&b, NM_DIR_TX, NM_STAT_drop_static), 1);
	assert_int_equal(host_stat(&b, NM_DIR_TX, NM_STAT_fdb_moved), 0);
}

static void
it_goes_with_its_port(void **state)
{
	struct nm_fdb_entry e;

	(void)state;
	assert_int_equal(fix(NM_FDB_ADD, "vale0:b", S, 0), 0);
	assert_int_equal(fix(NM_FDB_ADD, "vale0:c", B, 0), 0);
	nm_session_close(&b);
	assert_int_equal(table(&e), 1);
	assert_memory_equal(e.mac, B, 6);
	send_one(&a, BCAST, S, 0);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_static), 0);
	nm_session_close(&c);
	assert_int_equal(a.port->vale->policies, 0);
}

static void
expect_numbers(struct nm_session *s, const char *numbers)
{
	for (; *numbers; numbers++) {
		assert_int_equal(host_take(s, got, NULL), 60);
		assert_int_equal(got[20], *numbers);
	}
	assert_int_equal(host_take(s, got, NULL), -1);
}

/* Frames to several ports, some flooded, some of two slots: each port gets its own in the order in which they were sent. */
static void
order_holds_for_each_destination(void **state)
{
	static const char to[] = "bcb*cb*ba*ccbbxb*";
	uint32_t i;

	(void)state;
	send_one(&b, BCAST, B, 0);
	send_one(&c, BCAST, "\x02" "ccccc", 0);
	while (host_take(&a, got, NULL) >= 0 || host_take(&b, got, NULL) >= 0 || host_take(&c, got, NULL) >= 0)
		;
	assert_int_equal(fix(NM_FDB_ADD, "vale0:c", S, 0), 0); /* what is sent from there is refused */
	for (i = 0; to[i]; i++) {
		host_frame(frame, to[i] == 'b' || to[i] == 'x' ? B : to[i] == 'c' ? "\x02" "ccccc" : to[i] == 'a' ? A : BCAST, to[i] == 'x' ? S : A);
		frame[20] = (uint8_t)('A' + i);
		host_put(&a, frame, 60, 0);
	}
	assert_int_equal(host_txsync(&a), 0);
	expect_numbers(&b, "ACDFGHJMNPQ");
	expect_numbers(&c, "BDEGJKLQ");
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_static), 1);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_self), 1);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 11 + 8);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_flooded), 4);
}

static void
requests_that_can_not_be(void **state)
{
	struct nmreq_fdb_static r = {.nr_op = NM_FDB_ADD, .nr_mac = {2}, .nr_reserved = {0, 1}};
	struct nm_session x;

	(void)state;
	assert_int_equal(host_request(&a, NETMAP_REQ_FDB_STATIC, "vale0:a", &r), -EINVAL);
	r.nr_reserved[1] = 0;
	assert_int_equal(fix(0, "vale0:a", S, 0), -EINVAL);
	assert_int_equal(fix(3, "vale0:a", S, 0), -EINVAL);
	assert_int_equal(fix(NM_FDB_ADD, "vale0:a", BCAST, 0), -EINVAL);
	assert_string_equal(a.errtext, "vale0:a: ff:ff:ff:ff:ff:ff is a group, not the address of one station");
	assert_int_equal(fix(NM_FDB_ADD, "vale0:a", "\0\0\0\0\0\0", 0), -EINVAL);
	assert_int_equal(fix(NM_FDB_ADD, "vale0:a", S, 4095), -EINVAL);
	assert_int_equal(fix(NM_FDB_ADD, "vale0:a", S, 7), -EINVAL);
	assert_string_equal(a.errtext, "vale0:a is not in VLAN 7 (0: ports of none); see: vale-ctl vlan vale0:a");
	assert_int_equal(fix(NM_FDB_ADD, "vale0:x", S, 0), -ENXIO);
	assert_int_equal(fix(NM_FDB_ADD, "vale0", S, 0), -ENXIO);
	assert_int_equal(fix(NM_FDB_DELETE, "vale9", S, 0), -ENXIO);
	host_open(&x, &root, 2000);
	assert_int_equal(host_request(&x, NETMAP_REQ_FDB_STATIC, "vale0:a", &r), -EACCES);
	r.nr_op = NM_FDB_DELETE;
	assert_int_equal(host_request(&x, NETMAP_REQ_FDB_STATIC, "vale0", &r), -EACCES);
	nm_session_close(&x);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_is_known_without_a_frame_and_for_good),
		T(nobody_else_sends_in_its_name),
		T(it_goes_with_its_port),
		T(order_holds_for_each_destination),
		T(requests_that_can_not_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
