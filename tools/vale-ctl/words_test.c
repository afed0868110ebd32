/* SPDX-License-Identifier: BSD-2-Clause */
/* words_test.c - what follows the name. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "words.h"

static char text[1024], err[NAMES_ERRLEN];

static const struct words *
split(const char *line)
{
	static struct words w;
	char *save = NULL, *word;

	snprintf(text, sizeof(text), "%s", line);
	w.n = 0;
	for (word = strtok_r(text, " ", &save); word && w.n < WORDS_MAX; word = strtok_r(NULL, " ", &save))
		w.v[w.n++] = word;
	return &w;
}

static void
vlans(void **state)
{
	static char set[WORDS_SET];
	struct nmreq_vlan r;
	unsigned i;
	static const char *const bad[] = {
		"access", "access 0", "access 4095", "access 1x", "access 1 2", "trunk", "trunk native", "trunk native 0", "trunk allow 0",
		"trunk allow 5-4", "trunk allow 1,", "trunk allow ,1", "trunk allow 1-", "trunk allow 4095", "trunk allow 99999999999", "trunk 5",
		"trunk 5 6", "off 5", "none",
	};

	(void)state;
	assert_int_equal(words_vlan(split("off"), &r, err), 0);
	assert_int_equal(r.nr_mode, NM_VLAN_NONE);
	assert_int_equal(r.nr_op, NM_POLICY_SET);
	assert_int_equal(words_vlan(split("access 4094"), &r, err), 0);
	assert_int_equal(r.nr_mode, NM_VLAN_ACCESS);
	assert_int_equal(r.nr_vid, 4094);
	assert_int_equal(words_vlan(split("trunk native 1 allow 10,20-30,7,4094"), &r, err), 0);
	assert_int_equal(r.nr_mode, NM_VLAN_TRUNK);
	assert_int_equal(r.nr_vid, 1);
	assert_string_equal(words_of_set(r.nr_allowed, set), "7,10,20-30,4094");
	assert_int_equal(words_vlan(split("trunk allow all"), &r, err), 0);
	assert_int_equal(r.nr_vid, 0);
	assert_string_equal(words_of_set(r.nr_allowed, set), "1-4094");
	assert_int_equal(words_vlan(split("trunk native 9"), &r, err), 0);
	assert_string_equal(words_of_set(r.nr_allowed, set), "");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(words_vlan(split(bad[i]), &r, err), -EINVAL);
	assert_int_equal(words_vlan(split("trunk allow 5-4"), &r, err), -EINVAL);
	assert_string_equal(err, "'5-4' is not a set of VLANs from 1 to 4094, such as 10,20-30");
	memset(r.nr_allowed, 0x55, sizeof(r.nr_allowed)); /* the longest text */
	assert_true(strlen(words_of_set(r.nr_allowed, set)) < WORDS_SET - 1);
}

static void
storms(void **state)
{
	struct nmreq_storm r;
	bool k[NM_STORM_COUNT];
	unsigned i;
	static const char *const bad[] = {
		"broadcast", "broadcast 0", "broadcast 1,0", "broadcast 1,1048577", "broadcast 1000000001", "any 5", "broadcast 5 multicast", "broadcast pps",
		"broadcast -1", "broadcast 1,2,3",
	};

	(void)state;
	assert_int_equal(words_storm(split("broadcast 1000pps unknown 2k,64"), &r, k, err), 0);
	assert_true(k[NM_STORM_BROADCAST] && !k[NM_STORM_MULTICAST] && k[NM_STORM_UNKNOWN]);
	assert_int_equal(r.nr_limit[NM_STORM_BROADCAST].pps, 1000);
	assert_int_equal(r.nr_limit[NM_STORM_BROADCAST].burst, 0);
	assert_int_equal(r.nr_limit[NM_STORM_UNKNOWN].pps, 2000);
	assert_int_equal(r.nr_limit[NM_STORM_UNKNOWN].burst, 64);
	assert_int_equal(words_storm(split("multicast off"), &r, k, err), 0);
	assert_true(!k[NM_STORM_BROADCAST] && k[NM_STORM_MULTICAST]);
	assert_int_equal(words_storm(split("off"), &r, k, err), 0);
	assert_true(k[0] && k[1] && k[2]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(words_storm(split(bad[i]), &r, k, err), -EINVAL);
}

static void
others(void **state)
{
	struct nmreq_lossless l;
	struct nmreq_mirror m;
	struct nmreq_fdb_static f;
	const char *port;
	unsigned i;
	static const char *const bad_mirror[] = {"to", "rx", "to a b", "off a", "to a rx tx", "from a"};
	static const char *const bad_fdb[] = {
		"add", "add 02:00:00:00:00:01", "add 02:00:00:00:00 a", "add 02:00:00:00:00:01 a vlan", "add 02:00:00:00:00:01 a vlan 0", "del", "del x",
		"del 02:00:00:00:00:011", "del 02:00:00:00:00:01 vlan 5 6", "remove 02:00:00:00:00:01",
	};

	(void)state;
	assert_int_equal(words_lossless(split("on"), &l, err), 0);
	assert_int_equal(l.nr_on, 1);
	assert_int_equal(words_lossless(split("off"), &l, err), 0);
	assert_int_equal(l.nr_on, 0);
	assert_int_equal(words_lossless(split("maybe"), &l, err), -EINVAL);
	assert_int_equal(words_lossless(split("on on"), &l, err), -EINVAL);
	assert_int_equal(words_mirror(split("to vale0:b"), &m, err), 0);
	assert_int_equal(m.nr_dirs, NM_MIRROR_TX | NM_MIRROR_RX);
	assert_string_equal(m.nr_to, "vale0:b");
	assert_int_equal(words_mirror(split("to b tx"), &m, err), 0);
	assert_int_equal(m.nr_dirs, NM_MIRROR_TX);
	assert_int_equal(words_mirror(split("off"), &m, err), 0);
	assert_int_equal(m.nr_dirs, 0);
	for (i = 0; i < sizeof(bad_mirror) / sizeof(bad_mirror[0]); i++)
		assert_int_equal(words_mirror(split(bad_mirror[i]), &m, err), -EINVAL);
	assert_int_equal(words_fdb(split("add 02:00:00:00:00:0a b vlan 7"), &f, &port, err), 0);
	assert_int_equal(f.nr_op, NM_FDB_ADD);
	assert_int_equal(f.nr_mac[5], 10);
	assert_int_equal(f.nr_vid, 7);
	assert_string_equal(port, "b");
	assert_int_equal(words_fdb(split("del 02:00:00:00:00:0a"), &f, &port, err), 0);
	assert_int_equal(f.nr_op, NM_FDB_DELETE);
	assert_null(port);
	for (i = 0; i < sizeof(bad_fdb) / sizeof(bad_fdb[0]); i++)
		assert_int_equal(words_fdb(split(bad_fdb[i]), &f, &port, err), -EINVAL);
}

static void
ports(void **state)
{
	char to[NETMAP_REQ_IFNAMSIZ], in_place[NETMAP_REQ_IFNAMSIZ] = "vale1:c";

	(void)state;
	assert_int_equal(words_port("vale0", "a", to), 0);
	assert_string_equal(to, "vale0:a");
	assert_int_equal(words_port("vale0:x", "a", to), 0);
	assert_string_equal(to, "vale0:a");
	assert_int_equal(words_port("vale0:x", "vale1:b", to), 0);
	assert_string_equal(to, "vale1:b");
	assert_int_equal(words_port("vale0:x", in_place, in_place), 0);
	assert_string_equal(in_place, "vale1:c");
	assert_int_equal(words_port("eth0", "a", to), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vlans), cmocka_unit_test(storms), cmocka_unit_test(others), cmocka_unit_test(ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
