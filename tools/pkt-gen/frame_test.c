/* SPDX-License-Identifier: BSD-2-Clause */
/* frame_test.c - frames, their addresses, and the sources of frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "source.h"

static struct options
options_for(int version)
{
	struct options o = { .mode = MODE_TX, .version = version, .len = 60, .work = WORK_PREFETCH };

	return o;
}

static void
test_frames_of_all_lengths_are_right(void **state)
{
	struct frame *f = malloc(sizeof(*f));
	struct flow flow;
	struct frame_view v;
	int version;
	uint32_t len, max;

	(void)state;
	for (version = 4; version <= 6; version += 2) {
		struct options o = options_for(version);

		flow_init(&flow, &o, 0x020000000001, 1);
		frame_init(f, version, 0);
		for (len = FRAME_MIN; len <= FRAME_MAX; len += len < 2000 ? 1 : 997) {
			frame_build(f, &flow, len, true);
			assert_int_equal(frame_parse(f->data, len, &v), len >= frame_headers(version));
			if (len < frame_headers(version))
				continue;
			assert_int_equal(v.version, version);
			assert_int_equal(v.data_len, len - frame_headers(version));
			assert_true(frame_verify(f->data, &v));
		}
		max = 1500;
		frame_build(f, &flow, max, true);
		assert_true(frame_parse(f->data, max, &v));
		f->data[max - 1] ^= 1;
		assert_false(frame_verify(f->data, &v));
	}
	free(f);
}

static void
test_layout(void **state)
{
	static const uint8_t head[42] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 0,
		0x45, 0, 0, 46, 0, 0, 0x40, 0, 64, 17, 0x26, 0xbd, 10, 0, 0, 1, 10, 0, 0, 2,
		0x04, 0xd2, 0x04, 0xd2, 0, 26, 0, 0,
	};
	struct options o = options_for(4);
	struct frame *f = malloc(sizeof(*f));
	struct flow flow;

	(void)state;
	flow_init(&flow, &o, 0x020000000001, 1);
	frame_init(f, 4, 12);
	frame_build(f, &flow, 60, false);
	assert_memory_equal(f->data, head, sizeof(head));
	assert_memory_equal(frame_start(f), "\0\0\0\0\0\0\0\0\0\0\0\0\xff", 13);
	free(f);
}

static void
test_answer_goes_back_with_right_checksums(void **state)
{
	struct frame *f = malloc(sizeof(*f));
	struct flow flow;
	struct frame_view v;
	int version;
	uint8_t before[200];

	(void)state;
	for (version = 4; version <= 6; version += 2) {
		struct options o = options_for(version);

		o.has_src = true;
		o.src = (struct range_ip){ version, 0x0b000001, 0x0b000001, 7, 7 };
		flow_init(&flow, &o, 0x020000000001, 1);
		frame_init(f, version, 0);
		frame_build(f, &flow, 200, true);
		memcpy(before, f->data, 200);
		assert_true(frame_parse(f->data, 200, &v));
		frame_answer(f->data, &v);
		assert_true(frame_verify(f->data, &v));
		assert_memory_equal(f->data, before + 6, 6);
		assert_memory_equal(f->data + v.l4, before + v.l4 + 2, 2);
		frame_answer(f->data, &v);
		assert_memory_equal(f->data, before, 200);
	}
	free(f);
}

static void
test_parse_of_damaged_frames(void **state)
{
	struct options o = options_for(4);
	struct frame *f = malloc(sizeof(*f));
	struct frame_view v;
	struct flow flow;
	uint32_t len;

	(void)state;
	flow_init(&flow, &o, 0x020000000001, 1);
	frame_init(f, 4, 0);
	frame_build(f, &flow, 100, true);
	for (len = 0; len < 100; len++)
		assert_false(frame_parse(f->data, len, &v));
	f->data[14] = 0x41; /* header of 4 bytes */
	assert_false(frame_parse(f->data, 100, &v));
	f->data[14] = 0x4f; /* of 60 */
	assert_false(frame_parse(f->data, 60, &v));
	f->data[14] = 0x45;
	f->data[20] = 0x20; /* a fragment */
	assert_false(frame_parse(f->data, 100, &v));
	f->data[20] = 0x40;
	f->data[38] = 0xff; /* UDP length beyond the frame */
	assert_false(frame_parse(f->data, 100, &v));
	free(f);
}

static void
test_sweep(void **state)
{
	struct options o = options_for(4);
	struct flow f;
	int i;

	(void)state;
	o.has_src = o.has_dst = o.has_smac = true;
	o.src = (struct range_ip){ 4, 0x0a000001, 0x0a000002, 10, 12 };
	o.dst = (struct range_ip){ 4, 0x0b000001, 0x0b000002, 20, 20 };
	o.smac = (struct range_mac){ 0x020000000001, 0x020000000002 };
	flow_init(&f, &o, 0, 1);
	assert_true(f.varies);
	for (i = 0; i < 24; i++) {
		assert_int_equal(f.src_port, 10 + i % 3);
		assert_int_equal((uint64_t)f.src_addr, 0x0a000001 + i / 3 % 2);
		assert_int_equal((uint64_t)f.dst_addr, 0x0b000001 + i / 6 % 2);
		assert_int_equal(f.dst_port, 20);
		assert_int_equal(f.src_mac, 0x020000000001 + i % 2);
		flow_next(&f);
	}
}

static void
test_random_stays_in_range(void **state)
{
	struct options o = options_for(4);
	struct flow f;
	uint64_t seed = 1;
	unsigned seen[4] = { 0 }, i;

	(void)state;
	o.has_src = o.random_src = true;
	o.src = (struct range_ip){ 4, 100, 103, 5, 6 };
	flow_init(&f, &o, 0, 1);
	for (i = 0; i < 1000; i++) {
		flow_next(&f);
		assert_in_range((uint64_t)f.src_addr, 100, 103);
		assert_in_range(f.src_port, 5, 6);
		seen[(uint64_t)f.src_addr - 100]++;
	}
	for (i = 0; i < 4; i++)
		assert_in_range(seen[i], 150, 350);
	memset(seen, 0, sizeof(seen));
	for (i = 0; i < 1000; i++) {
		uint32_t n = flow_length(&seed, 60, 63);

		assert_in_range(n, 60, 63);
		seen[n - 60]++;
	}
	for (i = 0; i < 4; i++)
		assert_in_range(seen[i], 150, 350);
}

static void
test_source(void **state)
{
	struct source *s = malloc(sizeof(*s));
	struct options o = options_for(4);
	struct pcapfile_frame frames[2] = { { .at = 16, .len = 20 }, { .at = 52, .len = 30 } };
	uint8_t data[300] = { 0 };
	struct pcapfile file = { .frame = frames, .n = 2, .data = data, .longest = 30 };
	struct frame_view v;
	const uint8_t *p;
	uint32_t len, i;

	(void)state;
	source_init(s, &o, NULL, 1, 0, 0);
	assert_true(s->constant);
	o.len_min = 60;
	o.len = 1514;
	source_init(s, &o, NULL, 1, 10, 0);
	assert_false(s->constant);
	assert_int_equal(source_longest(s), 1524);
	for (i = 0; i < 1000; i++) {
		p = source_next(s, &len);
		assert_in_range(len, 70, 1524);
		assert_true(frame_parse(p + 10, len - 10, &v));
	}
	source_init(s, &o, &file, 1, 10, 0);
	assert_false(s->constant);
	assert_ptr_equal(source_next(s, &len), data + 6);
	assert_int_equal(len, 30);
	assert_ptr_equal(source_next(s, &len), data + 42);
	assert_ptr_equal(source_next(s, &len), data + 6);
	free(s);
}

/* The shortest and the longest frame there can be; one that is neither; and room for the virtio-net header of each. */
static void
test_source_of_a_file(void **state)
{
	static uint8_t bytes[FRAME_MAX + 1];
	char path[] = "/tmp/pkt-gen-test-XXXXXX", err[PCAPFILE_ERRLEN];
	struct source *s = malloc(sizeof(*s));
	struct options o = options_for(4);
	struct pcapfile_writer *w;
	int fd = mkstemp(path);
	struct pcapfile f;
	const uint8_t *p;
	uint32_t len;

	(void)state;
	assert_true(fd >= 0);
	memset(bytes, 0x5a, sizeof(bytes));
	w = pcapfile_create(path, 0, err);
	assert_non_null(w);
	assert_int_equal(pcapfile_write(w, bytes, FRAME_MIN, 1), 0);
	assert_int_equal(pcapfile_write(w, bytes, FRAME_MAX, 2), 0);
	assert_int_equal(pcapfile_flush(w), 0);
	assert_int_equal(source_load(&f, path, err), 0);
	source_init(s, &o, &f, 1, FRAME_VNET_MAX, 0);
	assert_int_equal(source_longest(s), FRAME_MAX + FRAME_VNET_MAX);
	p = source_next(s, &len);
	assert_int_equal(len, FRAME_MIN + FRAME_VNET_MAX);
	assert_memory_equal(p, (const uint8_t[FRAME_VNET_MAX]){ 0 }, FRAME_VNET_MAX);
	assert_memory_equal(p + FRAME_VNET_MAX, bytes, FRAME_MIN);
	p = source_next(s, &len);
	assert_int_equal(len, FRAME_MAX + FRAME_VNET_MAX);
	assert_memory_equal(p, (const uint8_t[FRAME_VNET_MAX]){ 0 }, FRAME_VNET_MAX);
	assert_memory_equal(p + FRAME_VNET_MAX, bytes, FRAME_MAX);
	pcapfile_free(&f);
	assert_int_equal(pcapfile_write(w, bytes, FRAME_MAX + 1, 3), 0);
	assert_int_equal(pcapfile_close(w), 0);
	assert_int_equal(source_load(&f, path, err), -EINVAL);
	assert_non_null(strstr(err, "frame 3 has 65550 bytes, a frame has 14 to 65549"));
	close(fd);
	unlink(path);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_of_all_lengths_are_right), cmocka_unit_test(test_layout),
		cmocka_unit_test(test_answer_goes_back_with_right_checksums), cmocka_unit_test(test_parse_of_damaged_frames),
		cmocka_unit_test(test_sweep), cmocka_unit_test(test_random_stays_in_range), cmocka_unit_test(test_source),
		cmocka_unit_test(test_source_of_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
