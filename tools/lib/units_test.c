/* SPDX-License-Identifier: BSD-2-Clause */
/* units_test.c - numbers for people, checksums, histograms, JSON and rates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "csum.h"
#include "hist.h"
#include "interval.h"
#include "jout.h"
#include "units.h"

static void
test_units(void **state)
{
	static const struct {
		double value;
		bool plain;
		const char *text;
	} cases[] = {
		{ 0, false, "0 pps" }, { 999, false, "999 pps" }, { 1000, false, "1.000 kpps" }, { 999.9996, false, "1.000 kpps" },
		{ 14880952, false, "14.881 Mpps" }, { 1e10, false, "10.000 Gpps" }, { 14880952, true, "14880952 pps" },
		{ 1.5, true, "1.500 pps" }, { 1e21, false, "1000000.000 Ppps" },
	};
	char to[UNITS_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(units_format(to, cases[i].value, "pps", cases[i].plain), cases[i].text);
	assert_string_equal(units_time(to, 999, false), "999 ns");
	assert_string_equal(units_time(to, 1234, false), "1.234 us");
	assert_string_equal(units_time(to, 1234, true), "1234 ns");
	assert_string_equal(units_time(to, 5e12, false), "5000.000 s");
}

static void
test_csum(void **state)
{
	/* the header of RFC 1071's kind: any good header sums to 0 */
	static const uint8_t ip[20] = { 0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7 };
	static const uint8_t odd[3] = { 1, 2, 3 }, even[4] = { 1, 2, 3, 0 };

	(void)state;
	assert_int_equal(csum_fold(csum_add(ip, 20, 0)), 0);
	assert_int_equal(csum_fold(csum_add(odd, 3, 0)), csum_fold(csum_add(even, 4, 0)));
	assert_int_equal(csum_fold(csum_add(ip + 6, 14, csum_add(ip, 6, 0))), 0);
}

static void
test_hist(void **state)
{
	struct hist h, other;
	uint64_t v, q;

	(void)state;
	hist_init(&h);
	assert_int_equal(hist_quantile(&h, 0.5), 0);
	for (v = 1; v <= 1000; v++)
		hist_add(&h, v * 1000);
	assert_int_equal(h.min, 1000);
	assert_int_equal(h.max, 1000000);
	q = hist_quantile(&h, 0.5);
	assert_in_range(q, 500000, 500000 + 500000 / 16);
	assert_in_range(hist_quantile(&h, 0.99), 990000, 1000000);
	assert_int_equal(hist_quantile(&h, 1), 1000000);
	hist_init(&other);
	hist_add(&other, UINT64_MAX);
	hist_add(&other, 0);
	hist_merge(&h, &other);
	assert_int_equal(h.min, 0);
	assert_true(h.max == UINT64_MAX);
	assert_int_equal(h.count, 1002);
}

static void
test_hist_limits_hold_their_values(void **state)
{
	struct hist h;
	uint64_t v;
	unsigned i;

	(void)state;
	for (v = 1; v && v < UINT64_MAX / 3; v = v * 3 + 1) {
		hist_init(&h);
		hist_add(&h, v);
		for (i = 0; !h.bucket[i]; i++)
			;
		assert_true(v <= hist_limit(i));
		assert_true(i == 0 || v > hist_limit(i - 1));
	}
}

static void
test_interval(void **state)
{
	struct interval v;
	struct interval_rate r;
	struct interval_count c = { 1000, 60000, 10 };

	(void)state;
	interval_start(&v, 5000000000u);
	interval_look(&v, 5500000000u, &c, 0, &r);
	assert_true(r.pps == 2000 && r.bps == 960000 && r.batch == 100);
	c.packets += 500;
	c.bytes += 30000;
	interval_look(&v, 6500000000u, &c, INTERVAL_FRAMING, &r);
	assert_true(r.pps == 500 && r.bps == 8 * (30000 + 24 * 500) && r.batch == 0);
}

static void
test_json(void **state)
{
	struct json_object *o = json_object_new_object(), *back, *x;
	char text[4096] = "";
	FILE *to = fmemopen(text, sizeof(text), "w");
	struct hist h;

	(void)state;
	hist_init(&h);
	jout_hist(o, "empty", &h);
	hist_add(&h, 7);
	jout_hist(o, "rtt", &h);
	jout_real(o, "pps", 1.0 / 0.0);
	jout_text(o, "error", "say \"no\"\n");
	assert_int_equal(jout_print(o, to, 0), 0);
	fclose(to);
	back = json_tokener_parse(text);
	assert_non_null(back);
	assert_true(json_object_object_get_ex(back, "rtt", &x));
	assert_true(json_object_object_get_ex(x, "median", &x));
	assert_int_equal(json_object_get_int(x), 7);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	json_object_put(back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units), cmocka_unit_test(test_csum), cmocka_unit_test(test_hist),
		cmocka_unit_test(test_hist_limits_hold_their_values), cmocka_unit_test(test_interval), cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
