/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"
#include "nm_policy.h"

#define A "\x02" "aaaaa"
#define B "\x02" "bbbbb"
#define BCAST "\xff\xff\xff\xff\xff\xff"

static struct nm_root root;
static struct nm_session a, b, c, m;
static struct nm_session *const sessions[] = {&a, &b, &c, &m, NULL};
static uint8_t frame[64], got[4096];

static int
mirror(const char *name, uint32_t dirs, const char *to)
{
	struct nmreq_mirror r = {.nr_op = NM_POLICY_SET, .nr_dirs = dirs};

	snprintf(r.nr_to, sizeof(r.nr_to), "%s", to);
	return host_request(&a, NETMAP_REQ_MIRROR, name, &r);
}

static int
vlan(const char *name, uint16_t mode, uint16_t vid, uint32_t allow)
{
	struct nmreq_vlan r = {.nr_op = NM_POLICY_SET, .nr_mode = mode, .nr_vid = vid};

	if (allow)
		r.nr_allowed[allow / 8] = (uint8_t)(1 << allow % 8);
	return host_request(&a, NETMAP_REQ_VLAN, name, &r);
}

/* a and b know of each other; m has room for 15 frames. */
static int
setup(void **state)
{
	static const char *const name[] = {"vale0:a", "vale0:b", "vale0:c", "vale0:m"};
	uint32_t i;

	(void)state;
	if (host_begin(&root, sessions))
		return -1;
	for (i = 0; sessions[i]; i++)
		assert_int_equal(host_register(sessions[i], name[i], &(struct nmreq_register){.nr_mode = NR_REG_ALL_NIC,
		    .nr_rx_slots = i == 3 ? 16 : 0}), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

static void
send_one(struct nm_session *s, const char *dst, const char *src)
{
	host_frame(frame, dst, src);
	host_put(s, frame, 60, 0);
	assert_int_equal(host_txsync(s), 0);
}

static uint32_t
drain(struct nm_session *s)
{
	uint32_t n = 0;

	while (host_take(s, got, NULL) > 0)
		n++;
	return n;
}

static void
drain_all(void)
{
	uint32_t i;

	for (i = 0; sessions[i]; i++)
		if (sessions[i]->port)
			drain(sessions[i]);
}

static void
what_a_port_sends(void **state)
{
	(void)state;
	send_one(&b, BCAST, B);
	send_one(&a, BCAST, A);
	drain_all();
	assert_int_equal(mirror("vale0:a", NM_MIRROR_TX, "vale0:m"), 0);
	send_one(&a, B, A);
	assert_int_equal(host_take(&m, got, NULL), 60);
	assert_memory_equal(got, frame, 60);
	assert_int_equal(drain(&b), 1);
	send_one(&b, A, B);
	assert_int_equal(drain(&m), 0);
	send_one(&a, A, A); /* goes nowhere, but was sent */
	assert_int_equal(drain(&m), 1);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_mirrored), 2);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 3 + 1);
}

static void
what_a_port_receives(void **state)
{
	(void)state;
	send_one(&b, BCAST, B);
	send_one(&a, BCAST, A);
	drain_all();
	assert_int_equal(mirror("vale0:a", NM_MIRROR_RX, "vale0:m"), 0);
	send_one(&a, B, A);
	assert_int_equal(drain(&m), 0);
	send_one(&b, A, B);
	assert_int_equal(host_take(&m, got, NULL), 60);
	assert_memory_equal(got, frame, 60);
	send_one(&c, BCAST, "\x02" "ccccc"); /* its own copy of a broadcast, and that of a */
	assert_int_equal(drain(&m), 2);
	assert_int_equal(mirror("vale0:a", NM_MIRROR_RX | NM_MIRROR_TX, "vale0:m"), 0);
	send_one(&b, A, B);
	send_one(&a, B, A);
	assert_int_equal(drain(&m), 2);
}

/* Only what was delivered is received. */
static void
what_a_full_port_loses_is_not_mirrored(void **state)
{
	uint32_t i, n = 0;

	(void)state;
	/* the small ring is that of the port that is looked at */
	send_one(&m, BCAST, B);
	drain_all();
	assert_int_equal(mirror("vale0:m", NM_MIRROR_RX, "vale0:c"), 0);
	host_frame(frame, B, A);
	for (i = 0; i < 20; i++) {
		host_put(&a, frame, 60, i % 3 ? 0 : NS_MOREFRAG);
		n += i % 3 != 0;
	}
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(drain(&m), 15);
	assert_int_equal(drain(&c), 15);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_mirrored), host_stat(&a, NM_DIR_TX, NM_STAT_forwarded));
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded) + host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), n);
}

static void
a_full_mirror_disturbs_nobody(void **state)
{
	uint32_t i;

	(void)state;
	send_one(&b, BCAST, B);
	drain_all();
	assert_int_equal(mirror("vale0:a", NM_MIRROR_TX, "vale0:m"), 0);
	assert_int_equal(host_request(&a, NETMAP_REQ_LOSSLESS, "vale0", &(struct nmreq_lossless){.nr_op = NM_POLICY_SET, .nr_on = 1}), 0);
	for (i = 0; i < 100; i++)
		send_one(&a, B, A);
	assert_int_equal(drain(&b), 100);
	assert_int_equal(drain(&m), 15);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_mirrored), 15);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_mirror_lost), 85);
	assert_int_equal(host_stat(&m, NM_DIR_RX, NM_STAT_overrun), 85);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_no_space), 0);
	assert_int_equal(mirror("vale0:a", 0, ""), 0);
	assert_int_equal(mirror("vale0:b", NM_MIRROR_RX, "vale0:m"), 0);
	for (i = 0; i < 100; i++)
		send_one(&a, B, A);
	assert_int_equal(drain(&b), 100);
	assert_int_equal(drain(&m), 15);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_mirror_lost), 170);
	assert_false(nm_session_kring(&a, NM_DIR_TX, 0)->blocked);
}

/* What waits for a lossless port is mirrored when it goes, once. */
static void
what_waits_is_mirrored_once(void **state)
{
	uint32_t i;

	(void)state;
	send_one(&m, BCAST, B);
	drain_all();
	assert_int_equal(mirror("vale0:a", NM_MIRROR_TX, "vale0:c"), 0);
	assert_int_equal(host_request(&a, NETMAP_REQ_LOSSLESS, "vale0:m", &(struct nmreq_lossless){.nr_op = NM_POLICY_SET, .nr_on = 1}), 0);
	host_frame(frame, B, A);
	for (i = 0; i < 40; i++)
		host_put(&a, frame, 60, 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(nm_kring_sync(nm_session_kring(&a, NM_DIR_TX, 0)), 0);
		assert_int_equal(nm_kring_sync(nm_session_kring(&a, NM_DIR_TX, 0)), 0);
		assert_int_equal(drain(&m), i < 2 ? 15 : 10);
		assert_int_equal(drain(&c), i < 2 ? 15 : 10);
	}
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_mirrored), 40);
}

static void
no_mirror_of_a_mirror(void **state)
{
	(void)state;
	assert_int_equal(mirror("vale0:a", NM_MIRROR_TX | NM_MIRROR_RX, "vale0:m"), 0);
	assert_int_equal(mirror("vale0:m", NM_MIRROR_TX | NM_MIRROR_RX, "vale0:a"), 0);
	send_one(&b, BCAST, B);
	drain_all();
	send_one(&a, B, A);
	assert_int_equal(drain(&m), 1);
	assert_int_equal(drain(&a), 0);
	assert_int_equal(drain(&b), 1);
}

/* Tags as on the port that is looked at. */
static void
tags_are_those_of_the_port(void **state)
{
	(void)state;
	assert_int_equal(vlan("vale0:a", NM_VLAN_ACCESS, 10, 0), 0);
	assert_int_equal(vlan("vale0:b", NM_VLAN_TRUNK, 0, 10), 0);
	assert_int_equal(mirror("vale0:a", NM_MIRROR_TX, "vale0:m"), 0);
	send_one(&a, BCAST, A);
	assert_int_equal(host_take(&m, got, NULL), 60);
	assert_memory_equal(got, frame, 60);
	assert_int_equal(mirror("vale0:a", 0, ""), 0);
	assert_int_equal(mirror("vale0:b", NM_MIRROR_RX, "vale0:m"), 0);
	send_one(&a, BCAST, A);
	assert_int_equal(host_take(&m, got, NULL), 64);
	assert_memory_equal(got + 12, "\x81\0\0\x0a", 4);
	assert_memory_equal(got + 16, frame + 12, 48);
	assert_int_equal(vlan("vale0:m", NM_VLAN_ACCESS, 10, 0), -EBUSY);
	assert_int_equal(mirror("vale0:b", NM_MIRROR_RX, "vale0:a"), -EINVAL);
	assert_string_equal(a.errtext, "vale0:a is in VLANs and would get copies of frames of others; end that by: vale-ctl vlan vale0:a off");
}

static void
it_ends_with_its_target(void **state)
{
	struct nmreq_mirror r = {.nr_op = NM_POLICY_GET};

	(void)state;
	assert_int_equal(mirror("vale0:a", NM_MIRROR_TX, "vale0:m"), 0);
	assert_int_equal(host_request(&a, NETMAP_REQ_MIRROR, "vale0:a", &r), 0);
	assert_int_equal(r.nr_dirs, NM_MIRROR_TX);
	assert_string_equal(r.nr_to, "vale0:m");
	nm_session_close(&m);
	assert_int_equal(host_request(&a, NETMAP_REQ_MIRROR, "vale0:a", &r), 0);
	assert_int_equal(r.nr_dirs, 0);
	assert_string_equal(r.nr_to, "");
	assert_int_equal(a.port->vale->policies, 0);
	/* another port in its place gets nothing */
	assert_int_equal(host_register(&m, "vale0:new", &(struct nmreq_register){.nr_mode = NR_REG_ALL_NIC}), 0);
	send_one(&b, BCAST, B);
	drain_all();
	send_one(&a, B, A);
	assert_int_equal(drain(&m), 0);
}

static void
requests_that_can_not_be(void **state)
{
	(void)state;
	assert_int_equal(mirror("vale0:a", NM_MIRROR_TX, "vale0:a"), -EINVAL);
	assert_string_equal(a.errtext, "vale0:a can't be its own mirror");
	assert_int_equal(mirror("vale0:a", 4, "vale0:m"), -EINVAL);
	assert_int_equal(mirror("vale0:a", 0, "vale0:m"), -EINVAL);
	assert_int_equal(mirror("vale0:a", NM_MIRROR_TX, ""), -ENXIO);
	assert_int_equal(mirror("vale0:a", NM_MIRROR_TX, "vale0:x"), -ENXIO);
	assert_int_equal(mirror("vale0:x", NM_MIRROR_TX, "vale0:m"), -ENXIO);
	nm_session_close(&m);
	assert_int_equal(host_register(&m, "vale1:m", &(struct nmreq_register){.nr_mode = NR_REG_ALL_NIC}), 0);
	assert_int_equal(mirror("vale0:a", NM_MIRROR_TX, "vale1:m"), -EINVAL);
	assert_string_equal(a.errtext, "vale0:a and vale1:m are not of the same switch");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_a_port_sends),
		T(what_a_port_receives),
		T(what_a_full_port_loses_is_not_mirrored),
		T(a_full_mirror_disturbs_nobody),
		T(what_waits_is_mirrored_once),
		T(no_mirror_of_a_mirror),
		T(tags_are_those_of_the_port),
		T(it_ends_with_its_target),
		T(requests_that_can_not_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
