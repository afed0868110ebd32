/* SPDX-License-Identifier: BSD-2-Clause */
/* show_test.c - what is printed: tables, JSON, rates, failures, screens. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "app.h"
#include "fdb.h"
#include "list.h"
#include "stats.h"

static char *text;
static size_t size;

static FILE *
begin(void)
{
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	return f;
}

/* What was printed is this. */
static void
is(FILE *f, const char *want)
{
	fclose(f);
	assert_string_equal(text, want);
	free(text);
}

static void
has(FILE *f, const char *want, const char *not)
{
	fclose(f);
	assert_non_null(strstr(text, want));
	if (not)
		assert_null(strstr(text, not));
	free(text);
}

static struct nmreq_port_list
port(const char *name, uint32_t kind)
{
	struct nmreq_port_list l = {
		.nr_kind = kind, .nr_tx_rings = 1, .nr_rx_rings = 2, .nr_tx_slots = 1024, .nr_rx_slots = 512, .nr_mem_id = 3,
		.nr_sessions = 4, .nr_mode = 0640, .nr_uid = 3999999999u, .nr_gid = 3999999998u,
	};

	snprintf(l.nr_port_name, sizeof(l.nr_port_name), "%s", name);
	return l;
}

static void
list_as_a_table(void **state)
{
	struct nmreq_port_list v[] = { port("vale0:a", NM_PORT_KIND_VALE), port("vale0:b", 0) };
	struct ports p = { v, 2 }, none = { NULL, 0 };
	FILE *f = begin();

	(void)state;
	list_text(&p, f);
	is(f,
	    "PORT          KIND        TX        RX        USERS  REGION  MODE  OWNER\n"
	    "vale0:a       vale        1x1024    2x512         4       3  0640  3999999999:3999999998\n"
	    "vale0:b\n");
	f = begin();
	list_text(&none, f);
	is(f, "no ports\n");
}

static void
list_as_json(void **state)
{
	struct nmreq_port_list v[] = { port("vale0:a", NM_PORT_KIND_VALE), port("eth0", 0) };
	struct ports p = { v, 2 };
	struct json_object *o = list_json(&p);

	(void)state;
	assert_string_equal(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
	    "{\"ports\":[{\"name\":\"vale0:a\",\"switch\":\"vale0\",\"kind\":\"vale\",\"tx_rings\":1,\"rx_rings\":2,\"tx_slots\":1024,"
	    "\"rx_slots\":512,\"users\":4,\"region\":3,\"mode\":\"0640\",\"uid\":3999999999,\"gid\":3999999998,"
	    "\"owner\":\"3999999999:3999999998\"},{\"name\":\"eth0\",\"switch\":null}]}");
	json_object_put(o);
}

static void
switches_are_named_once(void **state)
{
	struct nmreq_port_list v[] = { port("vale0:a", 3), port("eth0", 1), port("vale0:b", 3), port("vale1:a", 3) };
	struct ports p = { v, 4 };

	(void)state;
	assert_string_equal(ports_switch(&p, 0), "vale0");
	assert_null(ports_switch(&p, 1));
	assert_null(ports_switch(&p, 2));
	assert_string_equal(ports_switch(&p, 3), "vale1");
}

static void
rates_need_a_last_look(void **state)
{
	struct stats_item before = { .name = "vale0:a", .scope = NM_STATS_PORT, .count = NM_STAT_COUNT };
	struct stats_item v[2] = { before, before };
	struct stats last = { &before, 1, 1000000000 }, now = { v, 2, 3000000000 };

	(void)state;
	before.counter[NM_STAT_tx_packets] = 100;
	before.counter[NM_STAT_rx_packets] = 100;
	v[0].counter[NM_STAT_tx_packets] = 300;
	v[0].counter[NM_STAT_rx_packets] = 10; /* opened again */
	v[1].scope = NM_STATS_SWITCH;
	stats_rate(&now, &last);
	assert_true(v[0].rated);
	assert_false(v[1].rated);
	assert_true(v[0].rate[NM_STAT_tx_packets] == 100.0);
	assert_true(v[0].rate[NM_STAT_rx_packets] == 0.0);
}

static void
stats_as_text(void **state)
{
	struct stats_item v = { .name = "vale0:a", .scope = NM_STATS_PORT, .count = NM_STAT_COUNT + 1 };
	struct stats s = { &v, 1, 0 };
	FILE *f = begin();

	(void)state;
	stats_text(&s, false, f);
	is(f, "vale0:a\n  nothing counted yet\n");
	v.counter[NM_STAT_tx_bytes] = 12345;
	v.counter[NM_STAT_COUNT] = 9; /* of an engine that knows more */
	f = begin();
	stats_text(&s, false, f);
	has(f, "  tx_bytes                        12345  bytes", "rx_bytes");
	f = begin();
	stats_text(&s, true, f);
	has(f, "  counter_", NULL);
	v.rated = true;
	v.rate[NM_STAT_tx_bytes] = 2500;
	f = begin();
	stats_text(&s, false, f);
	has(f, "      2.500 kB/s  bytes", NULL);
}

static void
stats_as_json(void **state)
{
	struct stats_item v = { .name = "vale0", .scope = NM_STATS_SWITCH, .count = 2, .counter = { 5, 6 } };
	struct stats s = { &v, 1, 0 };
	struct json_object *o = stats_json(&s);

	(void)state;
	assert_string_equal(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
	    "{\"stats\":[{\"name\":\"vale0\",\"scope\":\"switch\",\"counters\":{\"rx_packets\":5,\"rx_bytes\":6}}]}");
	json_object_put(o);
}

static void
addresses(void **state)
{
	struct nm_fdb_entry v[] = {
		{ .mac = { 2, 0, 0, 0, 0, 9 }, .vlan = 5, .port_idx = 7, .age_ms = 1500 },
		{ .mac = { 2, 0, 0, 0, 0, 1 }, .port_idx = 1 },
	};
	char names[2][NETMAP_REQ_IFNAMSIZ] = { "", "vale0:b" };
	struct ports_index x = { names, 2 };
	struct fdb f = { v, 2 };
	struct json_object *o;
	FILE *to = begin();

	(void)state;
	fdb_sort(&f);
	fdb_text(&f, &x, to);
	is(to,
	    "ADDRESS            VLAN      AGE  PORT\n"
	    "02:00:00:00:00:01     0    0.0 s  vale0:b\n"
	    "02:00:00:00:00:09     5    1.5 s  #7\n");
	f.n = 1;
	o = fdb_json(&f, &x, "vale0");
	assert_string_equal(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
	    "{\"switch\":\"vale0\",\"entries\":[{\"mac\":\"02:00:00:00:00:01\",\"vlan\":0,\"port\":\"vale0:b\",\"port_index\":1,"
	    "\"age_ms\":0}]}");
	json_object_put(o);
	f.n = 0;
	to = begin();
	fdb_text(&f, &x, to);
	is(to, "no addresses\n");
}

static void
failures_say_what_and_why(void **state)
{
	struct ctl c = { .fd = -1, .error = ENXIO, .type = NETMAP_REQ_STATS_GET };
	char line[CTL_LINE];

	(void)state;
	assert_string_equal(ctl_line(&c, "read", "vale0", line),
	    "can't read vale0: No such device or address (ENXIO); wrong name? see: vale-ctl list");
	strcpy(c.text, "there is no switch vale0");
	assert_string_equal(ctl_line(&c, "read", "vale0", line),
	    "can't read vale0: there is no switch vale0 (ENXIO); wrong name? see: vale-ctl list");
	strcpy(c.text, "vale0: gone; open it");
	assert_string_equal(ctl_line(&c, "read", "vale0", line), "can't read vale0: gone; open it (ENXIO)");
	c.error = EINVAL;
	strcpy(c.text, "odd");
	assert_string_equal(ctl_line(&c, "list", "", line), "can't list: odd (EINVAL)");
	assert_string_equal(ctl_errno_name(EBUSY), "EBUSY");
	assert_null(ctl_errno_name(99999));
}

static void
long_names_are_refused(void **state)
{
	struct ctl c = { .fd = -1 };
	char to[NETMAP_REQ_IFNAMSIZ], name[NETMAP_REQ_IFNAMSIZ + 1];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[NETMAP_REQ_IFNAMSIZ - 1] = '\0';
	assert_int_equal(ctl_name(&c, 1, to, name), 0);
	assert_string_equal(to, name);
	name[NETMAP_REQ_IFNAMSIZ - 1] = 'a';
	name[NETMAP_REQ_IFNAMSIZ] = '\0';
	assert_int_equal(ctl_name(&c, 1, to, name), -ENAMETOOLONG);
	assert_int_equal(c.error, ENAMETOOLONG);
}

static void
screens_are_overwritten(void **state)
{
	FILE *f = begin();

	(void)state;
	watch_screen(f, "a\nb\n", 0);
	is(f, "\033[Ha\033[K\nb\033[K\n\033[J");
	f = begin();
	watch_screen(f, "a\nb\nc\nd\n", 3);
	is(f, "\033[Ha\033[K\nb\033[K\n...\033[K\033[J");
	f = begin();
	watch_screen(f, "a\nb\nc\n", 3);
	is(f, "\033[Ha\033[K\nb\033[K\nc\033[K\033[J");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_as_a_table), cmocka_unit_test(list_as_json), cmocka_unit_test(switches_are_named_once),
		cmocka_unit_test(rates_need_a_last_look), cmocka_unit_test(stats_as_text), cmocka_unit_test(stats_as_json),
		cmocka_unit_test(addresses), cmocka_unit_test(failures_say_what_and_why), cmocka_unit_test(long_names_are_refused),
		cmocka_unit_test(screens_are_overwritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
