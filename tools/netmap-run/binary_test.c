/* SPDX-License-Identifier: BSD-2-Clause */
/* binary_test.c - what files are, those that end too early or lie among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binary.h"

static char path[] = "/tmp/netmap-run-binary-XXXXXX";

static int
make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int
remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

/* What a file of these bytes is: 0 or -errno. */
static int
read_of(const void *bytes, size_t n, struct binary *b)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	return binary_read(path, b);
}

static void
own_program(void **state)
{
	struct binary b;

	(void)state;
	assert_int_equal(binary_read("/proc/self/exe", &b), 0);
	assert_int_equal(b.kind, BINARY_DYNAMIC);
	assert_int_equal(b.bits, 8 * sizeof(void *));
	assert_non_null(strstr(b.by, "/ld"));
	assert_int_equal(binary_read("/nonexistent", &b), -ENOENT);
	assert_int_equal(binary_read("/", &b), -EISDIR);
}

static void
scripts_and_others(void **state)
{
	char line[300];
	struct binary b;

	(void)state;
	assert_int_equal(read_of("#!/bin/sh\necho", 14, &b), 0);
	assert_int_equal(b.kind, BINARY_SCRIPT);
	assert_string_equal(b.by, "/bin/sh");
	assert_int_equal(read_of("#! \t/usr/bin/env python3 -u", 27, &b), 0);
	assert_string_equal(b.by, "/usr/bin/env");
	assert_int_equal(read_of("#!\n", 3, &b), -ENOEXEC);
	assert_int_equal(read_of("#!", 2, &b), -ENOEXEC);
	memset(line, 'x', sizeof(line));
	memcpy(line, "#!", 2);
	assert_int_equal(read_of(line, sizeof(line), &b), 0); /* cut, as by the kernel */
	assert_int_equal(strlen(b.by), 253);
	assert_int_equal(read_of("", 0, &b), 0);
	assert_int_equal(b.kind, BINARY_OTHER);
	assert_int_equal(read_of("text", 4, &b), 0);
	assert_int_equal(b.kind, BINARY_OTHER);
}

/* The head of our own file with n program headers at `at`. */
struct image {
	ElfW(Ehdr) e;
	ElfW(Phdr) p[2];
	char text[32];
};

static struct image
image(void)
{
	struct image m = {.p = {{.p_type = PT_LOAD}, {.p_type = PT_INTERP, .p_offset = offsetof(struct image, text), .p_filesz = 8}}, .text = "/lib/ld"};
	FILE *f = fopen("/proc/self/exe", "r");

	assert_non_null(f);
	assert_int_equal(fread(&m.e, sizeof(m.e), 1, f), 1);
	fclose(f);
	m.e.e_phoff = offsetof(struct image, p);
	m.e.e_phnum = 2;
	return m;
}

static void
heads_of_elf(void **state)
{
	struct image m = image();
	struct binary b;

	(void)state;
	assert_int_equal(read_of(&m, sizeof(m), &b), 0);
	assert_int_equal(b.kind, BINARY_DYNAMIC);
	assert_string_equal(b.by, "/lib/ld");
	m.e.e_phnum = 1;
	assert_int_equal(read_of(&m, sizeof(m), &b), 0);
	assert_int_equal(b.kind, BINARY_STATIC);
	m.e.e_phnum = 0;
	assert_int_equal(read_of(&m, sizeof(m), &b), 0);
	assert_int_equal(b.kind, BINARY_STATIC);
	m = image();
	m.e.e_machine ^= 1;
	assert_int_equal(read_of(&m, sizeof(m), &b), 0);
	assert_int_equal(b.kind, BINARY_FOREIGN);
	m = image();
	m.e.e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
	assert_int_equal(read_of(&m, sizeof(m), &b), 0);
	assert_int_equal(b.kind, BINARY_FOREIGN);
	assert_int_equal(b.bits, sizeof(void *) == 8 ? 32 : 64);
	m = image();
	m.e.e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
	m.e.e_machine = __builtin_bswap16(EM_ARM);
	assert_int_equal(read_of(&m, sizeof(m), &b), 0);
	assert_int_equal(b.kind, BINARY_FOREIGN);
	assert_int_equal(b.machine, EM_ARM);
}

/* Numbers that lead beyond the file, or would take for ever. */
static void
heads_that_lie(void **state)
{
	struct image m = image();
	struct binary b;
	size_t n;

	(void)state;
	for (n = 4; n < offsetof(struct image, text) + 8; n++)
		assert_int_equal(read_of(&m, n, &b), -ENOEXEC);
	m.e.e_phnum = 65535;
	assert_int_equal(read_of(&m, sizeof(m), &b), -ENOEXEC);
	m = image();
	m.e.e_phentsize = 1;
	assert_int_equal(read_of(&m, sizeof(m), &b), -ENOEXEC);
	m = image();
	m.e.e_phoff = (ElfW(Off))-1;
	assert_int_equal(read_of(&m, sizeof(m), &b), -ENOEXEC);
	m = image();
	m.p[1].p_offset = (ElfW(Off))-8;
	assert_int_equal(read_of(&m, sizeof(m), &b), -ENOEXEC);
	m = image();
	m.p[1].p_filesz = PATH_MAX + 1;
	assert_int_equal(read_of(&m, sizeof(m), &b), -ENOEXEC);
	m.p[1].p_filesz = 1;
	assert_int_equal(read_of(&m, sizeof(m), &b), -ENOEXEC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_program), cmocka_unit_test(scripts_and_others), cmocka_unit_test(heads_of_elf),
		cmocka_unit_test(heads_that_lie),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
