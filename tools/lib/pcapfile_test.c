/* SPDX-License-Identifier: BSD-2-Clause */
/* pcapfile_test.c - pcap files of both precisions and byte orders, pcapng, what is none, and what is written. */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "pcapfile.h"

#define B16(x) (uint8_t)((x) >> 8), (uint8_t)(x)
#define B32(x) B16((x) >> 16), B16(x)
#define L16(x) (uint8_t)(x), (uint8_t)((x) >> 8)
#define L32(x) L16(x), L16((x) >> 16)
#define FRAME 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0, 0x45, 0x17

#define BEFORE 16

static const struct pcapfile_want want = { 14, 65535, BEFORE, 128 };
static char path[] = "/tmp/pcapfile-test-XXXXXX";
static char err[PCAPFILE_ERRLEN];
static struct pcapfile t;
static uint8_t pattern[4096];

static int
load(const uint8_t *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	err[0] = '\0';
	return pcapfile_load(&t, path, &want, err);
}

/* Two frames of 16 and 14 bytes, the second of which was longer. */
static void
check(uint64_t first, uint64_t second)
{
	static const uint8_t frame[] = {FRAME};

	assert_int_equal(t.n, 2);
	assert_int_equal(t.frame[0].at, BEFORE);
	assert_int_equal(t.frame[1].at, BEFORE + 16 + BEFORE);
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
	pcapfile_free(&t);
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
what_is_no_such_file_is_told(void **state)
{
	uint8_t other[sizeof(nano_le)];

	(void)state;
	assert_int_equal(load((const uint8_t *)"hello, hello, hello, hello", 26), -EINVAL);
	assert_non_null(strstr(err, ": cannot be read as a pcap file: unknown file format"));
	assert_null(strstr(strstr(err, path) + 1, path)); /* named once */
	assert_int_equal(load(nano_le, 0), -EINVAL);
	assert_non_null(strstr(err, ": cannot be read as a pcap file: truncated"));
	assert_int_equal(load(nano_le, 24), -EINVAL);
	assert_non_null(strstr(err, "holds no frame, nothing to send"));
	assert_int_equal(load(nano_le, sizeof(nano_le) - 1), -EINVAL);
	assert_non_null(strstr(err, "damaged after frame 1: truncated"));
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
	assert_int_equal(pcapfile_load(&t, path, &want, err), -EINVAL);
	assert_non_null(strstr(err, ": cannot be read as a pcap file: No such file or directory"));
	assert_null(strstr(strstr(err, path) + 1, path));
}

/* Of what a program asks: both bounds, and no bytes beside the frames if it wants none. */
static void
bounds_are_the_programs(void **state)
{
	struct pcapfile_want own = { 14, 16, 0, 0 };

	(void)state;
	assert_int_equal(load(nano_le, sizeof(nano_le)), 0);
	pcapfile_free(&t);
	assert_int_equal(pcapfile_load(&t, path, &own, err), 0);
	assert_int_equal(t.frame[0].at, 0);
	assert_int_equal(t.frame[1].at, 16);
	pcapfile_free(&t);
	own.least = 15;
	assert_int_equal(pcapfile_load(&t, path, &own, err), -EINVAL);
	assert_non_null(strstr(err, "frame 2 has 14 bytes, a frame has 15 to 16"));
	own = (struct pcapfile_want){ 14, 15, 0, 0 };
	assert_int_equal(pcapfile_load(&t, path, &own, err), -EINVAL);
	assert_non_null(strstr(err, "frame 1 has 16 bytes, a frame has 14 to 15"));
}

static void
what_is_written_is_read_again(void **state)
{
	struct pcapfile_writer *w = pcapfile_create(path, 0, err);
	uint32_t i, k;

	(void)state;
	assert_non_null(w);
	for (i = 0; i < 300; i++)
		assert_int_equal(pcapfile_write(w, pattern + i, 1000 + i, 1700000000123456789ull + i), 0);
	assert_int_equal(pcapfile_close(w), 0);
	assert_int_equal(pcapfile_load(&t, path, &want, err), 0);
	assert_int_equal(t.n, 300);
	assert_int_equal(t.shortest, 1000);
	assert_int_equal(t.longest, 1299);
	for (i = 0; i < 300; i++) {
		const uint8_t *p = t.data + t.frame[i].at;

		assert_int_equal(t.frame[i].len, 1000 + i);
		assert_int_equal(t.frame[i].ts, 1700000000123456789ull + i);
		assert_memory_equal(p, pattern + i, 1000 + i);
		for (k = 1; k <= BEFORE; k++)
			assert_int_equal(p[-(int)k], 0);
	}
	pcapfile_free(&t);
	assert_int_equal(truncate(path, 24 + 16 + 500), 0);
	assert_int_equal(pcapfile_load(&t, path, &want, err), -EINVAL);
	assert_non_null(strstr(err, "damaged after frame 0: truncated"));
	assert_null(pcapfile_create("/nowhere/x", 0, err));
	assert_string_equal(err, "cannot write /nowhere/x: No such file or directory");
}

/* What is kept of a frame; and a full disk, which /dev/full is: nothing of what was not written whole stays. */
static void
nothing_is_written_by_half(void **state)
{
	struct pcapfile_writer *w = pcapfile_create(path, 100, err);
	struct rlimit r, small;
	struct stat st;
	uint32_t i;
	int rc = 0;

	(void)state;
	assert_non_null(w);
	assert_int_equal(pcapfile_write(w, pattern, 99, 1), 0);
	assert_int_equal(pcapfile_write(w, pattern, 1514, 2), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(pcapfile_flush(w), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 24 + 16 + 99 + 16 + 100);
	assert_int_equal(pcapfile_close(w), 0);
	assert_int_equal(pcapfile_load(&t, path, &want, err), 0);
	assert_true(t.n == 2 && t.frame[0].len == 99 && t.frame[1].len == 100);
	assert_memory_equal(t.data + t.frame[1].at, pattern, 100);
	pcapfile_free(&t);
	w = pcapfile_create("/dev/full", 0, err);
	assert_non_null(w);
	for (i = 0; i < 1000 && !rc; i++)
		rc = pcapfile_write(w, pattern, 1000, 1);
	assert_int_equal(rc, -ENOSPC);
	assert_int_equal(pcapfile_write(w, pattern, 1000, 1), -ENOSPC);
	assert_int_equal(pcapfile_close(w), -ENOSPC);
	/* a disk that is full in the middle of a group of frames */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	small = (struct rlimit){ 600001, r.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	w = pcapfile_create(path, 0, err);
	assert_non_null(w);
	for (i = 0, rc = 0; i < 1000 && !rc; i++)
		rc = pcapfile_write(w, pattern, 1000, 1);
	assert_int_equal(rc, -EFBIG);
	assert_int_equal(pcapfile_close(w), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
	assert_int_equal(pcapfile_load(&t, path, &want, err), 0);
	assert_in_range(t.n, 2 * ((1 << 18) / 1016) - 1, i);
	for (i = 0; i < t.n; i++)
		assert_int_equal(t.frame[i].len, 1000);
	pcapfile_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_all_kinds),
		cmocka_unit_test(what_is_no_such_file_is_told),
		cmocka_unit_test(bounds_are_the_programs),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(nothing_is_written_by_half),
	};
	int fd = mkstemp(path), rc;
	size_t i;

	if (fd < 0)
		return 1;
	close(fd);
	mallopt(M_PERTURB, 0x5a); /* memory that nobody cleared is not zero */
	for (i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(i * 7 + i / 256);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return rc;
}
