/* SPDX-License-Identifier: BSD-2-Clause */
/* range_test.c - ranges of addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "range.h"

static void
test_mac(void **state)
{
	static const char *const bad[] = {
		"", "-", "02:00:00:00:00", "02:00:00:00:00:00:00", "02:00:00:00:00:0g", "002:00:00:00:00:00", "02-00-00-00-00-00",
		"02:00:00:00:00:01-", "02:00:00:00:00:02-02:00:00:00:00:01", "02:00:00: 0:00:01", "+2:00:00:00:00:01",
	};
	struct range_mac r;
	char err[RANGE_ERRLEN];
	uint8_t mac[6];
	size_t i;

	(void)state;
	assert_int_equal(range_parse_mac("02:00:00:00:01:ff", &r, err), 0);
	assert_true(r.first == 0x0200000001ffull && r.last == r.first);
	range_put_mac(mac, r.first);
	assert_memory_equal(mac, "\x02\0\0\0\1\xff", 6);
	assert_int_equal(range_parse_mac("0:0:0:0:0:1-ff:FF:ff:ff:ff:ff", &r, err), 0);
	assert_true(r.first == 1 && r.last == 0xffffffffffffull);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err[0] = '\0';
		if (range_parse_mac(bad[i], &r, err) != -EINVAL || !err[0])
			fail_msg("'%s' accepted", bad[i]);
	}
}

static void
test_ip(void **state)
{
	struct range_ip r;
	char err[RANGE_ERRLEN];
	uint8_t a[16];

	(void)state;
	assert_int_equal(range_parse_ip("10.0.0.1", 1234, &r, err), 0);
	assert_true(r.version == 4 && r.first == 0x0a000001 && r.last == r.first && r.port_first == 1234 && r.port_last == 1234);
	assert_int_equal(range_parse_ip("10.0.0.1:5-10.0.1.0:9", 1234, &r, err), 0);
	assert_true(r.last == 0x0a000100 && r.port_first == 5 && r.port_last == 9);
	assert_int_equal(range_parse_ip("10.0.0.1:5-10.0.1.0", 1234, &r, err), 0);
	assert_true(r.port_first == 5 && r.port_last == 5);
	assert_int_equal(range_parse_ip("fd00::1-fd00::1:0", 7, &r, err), 0);
	assert_true(r.version == 6 && r.port_first == 7 && (uint64_t)r.last == 0x10000);
	assert_int_equal(range_parse_ip("[fd00::1]:80-[fd00::2]:90", 7, &r, err), 0);
	assert_true(r.port_first == 80 && r.port_last == 90);
	range_put_addr(a, r.last, 6);
	assert_memory_equal(a, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2", 16);
}

static void
test_bad_ip(void **state)
{
	static const char *const bad[] = {
		"", "10.0.0", "10.0.0.256", "10.0.0.1:65536", "10.0.0.1:", "10.0.0.1:x", "10.0.0.2-10.0.0.1", "10.0.0.1:9-10.0.0.2:8",
		"10.0.0.1-fd00::1", "[fd00::1", "[fd00::1]x", "fd00::1::2", "host", "10.0.0.1-",
		"10.0.0.1000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
	};
	struct range_ip r;
	char err[RANGE_ERRLEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err[0] = '\0';
		if (range_parse_ip(bad[i], 1, &r, err) != -EINVAL || !err[0])
			fail_msg("'%s' accepted", bad[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mac), cmocka_unit_test(test_ip), cmocka_unit_test(test_bad_ip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
