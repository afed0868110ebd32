/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_test.c - pcap files of both precisions and byte orders, pcapng, and what is none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "trace.h"

#define B16(x) (uint8_t)((x) >> 8), (uint8_t)(x)
#define B32(x) B16((x) >> 16), B16(x)
#define L16(x) (uint8_t)(x), (uint8_t)((x) >> 8)
#define L32(x) L16(x), L16((x) >> 16)
#define FRAME 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0, 0x45, 0x17

static char path[] = "/tmp/nmreplay-test-XXXXXX";
static char err[TRACE_ERRLEN];
static struct trace t;

static int
load(const uint8_t *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	err[0] = '\0';
	return trace_load(&t, path, err);
}

/* Two frames of 16 and 14 bytes, the second of which was longer. */
static void
check(uint64_t first, uint64_t second)
{
	static const uint8_t frame[] = {FRAME};

	assert_int_equal(t.n, 2);
	assert_int_equal(t.frame[0].len, 16);
	assert_memory_equal(t.data + t.frame[0].at, frame, 16);
	assert_int_equal(t.frame[1].len, 14);
	assert_memory_equal(t.data + t.frame[1].at, frame, 14);
	assert_int_equal(t.frame[0].ts, first);
	assert_int_equal(t.frame[1].ts, second);
	assert_int_equal(t.bytes, 30);
	assert_int_equal(t.cut, 1);
	assert_int_equal(t.shortest, 14);
	assert_int_equal(t.longest, 16);
	trace_free(&t);
}

#define PCAP(magic, e16, e32) magic, e16(2), e16(4), e32(0), e32(0), e32(65535), e32(1), \
	e32(1000), e32(7), e32(16), e32(16), FRAME, \
	e32(1001), e32(999), e32(14), e32(1000), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0

static const uint8_t micro_le[] = {PCAP(L32(0xa1b2c3d4), L16, L32)}, micro_be[] = {PCAP(B32(0xa1b2c3d4), B16, B32)},
    nano_le[] = {PCAP(L32(0xa1b23c4d), L16, L32)}, nano_be[] = {PCAP(B32(0xa1b23c4d), B16, B32)};

/* A section, an interface whose times are in units of 10^-9 s, and enhanced blocks. */
static const uint8_t ng[] = {
	L32(0x0a0d0d0a), L32(28), L32(0x1a2b3c4d), L16(1), L16(0), L32(0xffffffff), L32(0xffffffff), L32(28),
	L32(1), L32(32), L16(1), L16(0), L32(65535), L16(9), L16(1), 9, 0, 0, 0, L16(0), L16(0), L32(32),
	L32(6), L32(48), L32(0), L32(232), L32(0xd4a51007), L32(16), L32(16), FRAME, L32(48),
	L32(6), L32(48), L32(0), L32(233), L32(0x103fdde7), L32(14), L32(1000), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0, 0, 0, L32(48),
};

static void
files_of_all_kinds(void **state)
{
	(void)state;
	assert_int_equal(load(micro_le, sizeof(micro_le)), 0);
	check(1000000007000, 1001000999000);
	assert_int_equal(load(micro_be, sizeof(micro_be)), 0);
	check(1000000007000, 1001000999000);
	assert_int_equal(load(nano_le, sizeof(nano_le)), 0);
	check(1000000000007, 1001000000999);
	assert_int_equal(load(nano_be, sizeof(nano_be)), 0);
	check(1000000000007, 1001000000999);
	assert_int_equal(load(ng, sizeof(ng)), 0);
	check(1000000000007, 1001000000999);
}

static void
what_is_no_trace_is_told(void **state)
{
	uint8_t other[sizeof(nano_le)];

	(void)state;
	assert_int_equal(load((const uint8_t *)"hello, hello, hello, hello", 26), -EINVAL);
	assert_non_null(strstr(err, ": cannot be read as a pcap file: "));
	assert_null(strstr(strstr(err, path) + 1, path)); /* named once */
	assert_int_equal(load(nano_le, 24), -EINVAL);
	assert_non_null(strstr(err, "holds no frame, nothing to send"));
	assert_int_equal(load(nano_le, sizeof(nano_le) - 1), -EINVAL);
	assert_non_null(strstr(err, "damaged after frame 1: "));
	memcpy(other, nano_le, sizeof(other));
	other[20] = 113;
	assert_int_equal(load(other, sizeof(other)), -EINVAL);
	assert_non_null(strstr(err, "link type LINUX_SLL, only EN10MB (Ethernet)"));
	other[20] = 1;
	other[24 + 8] = 13;
	assert_int_equal(load(other, sizeof(other)), -EINVAL);
	assert_non_null(strstr(err, "frame 1 has 13 bytes, a frame has 14 to 65535"));
	assert_null(t.frame);
	unlink(path);
	assert_int_equal(trace_load(&t, path, err), -EINVAL);
	assert_non_null(strstr(err, "No such file or directory"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_all_kinds),
		cmocka_unit_test(what_is_no_trace_is_told),
	};
	int fd = mkstemp(path), rc;

	if (fd < 0)
		return 1;
	close(fd);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return rc;
}
