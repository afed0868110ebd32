/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_umem_test.c - memory of the program that is moved into a file, or found in one; it goes on working, with its neighbours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nm_shim.h"
#include "nm_shim_real.h"

#define PAGE 4096u

/* What an engine sees of it: a mapping of its own. */
static char *
seen(const struct nm_wire_umem *u, int fd)
{
	uint64_t first = u->offset & ~(uint64_t)(PAGE - 1);
	char *p = mmap(NULL, u->offset - first + u->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)first);

	assert_true(p != MAP_FAILED);
	return p + (u->offset - first);
}

static char why[NM_SHIM_WHY];

/* Memory that is in one piece: u is of the address. */
static int
share(void *at, size_t size, struct nm_wire_umem *u)
{
	struct nm_shim_umems m = {.n = 0};
	int err;

	why[0] = '\0';
	err = nm_shim_umem(&m, (uintptr_t)at, size, why);
	if (err < 0)
		return err;
	assert_int_equal(m.n, 1);
	assert_true(m.at[0].addr <= (uintptr_t)at && m.at[0].addr % PAGE == 0 && m.at[0].addr + m.at[0].size >= (uintptr_t)at + size);
	*u = (struct nm_wire_umem){.addr = (uintptr_t)at, .size = size, .offset = m.at[0].offset + ((uintptr_t)at - m.at[0].addr)};
	return m.fd[0];
}

/* The same memory, seen from here and from the engine's side; its offset is that of the address in its page. */
static void
check_shared(char *at, size_t size)
{
	struct nm_wire_umem u;
	int fd = share(at, size, &u);
	char *p;

	assert_true(fd >= 0);
	assert_int_equal(u.offset % PAGE, (uintptr_t)at % PAGE);
	p = seen(&u, fd);
	assert_memory_equal(p, at, size);
	at[0]++;
	p[size - 1] += 2;
	assert_memory_equal(p, at, size);
	munmap((void *)((uintptr_t)p & ~(uintptr_t)(PAGE - 1)), u.offset % PAGE + size);
	nm_real_close(fd);
}

static void
memory_of_malloc_is_moved(void **state)
{
	char *before = malloc(100), *p = aligned_alloc(64, 10000), *after = malloc(100);
	size_t i;

	(void)state;
	strcpy(before, "before");
	strcpy(after, "after");
	for (i = 0; i < 10000; i++)
		p[i] = (char)(i * 7);
	check_shared(p + 64, 9000);
	for (i = 100; i < 9000; i++)
		assert_int_equal(p[i], (char)(i * 7));
	assert_string_equal(before, "before");
	assert_string_equal(after, "after");
	free(after);
	free(p);
	free(before);
	p = malloc(10000); /* the heap is whole */
	memset(p, 1, 10000);
	free(p);
}

/* The array, what is beside it, and frames above and below in the same pages. */
static __attribute__((noinline)) int
on_the_stack(int depth)
{
	volatile int canary = depth * 3;
	char cells[4 * 64] __attribute__((aligned(256))); /* in one page, so in one piece */
	volatile int other = depth * 5;

	memset(cells, depth, sizeof(cells));
	if (depth > 0)
		assert_int_equal(on_the_stack(depth - 1), (depth - 1) * 8);
	else
		check_shared(cells, sizeof(cells));
	assert_int_equal(cells[100], depth);
	check_shared(cells, sizeof(cells));
	return canary + other;
}

static void
memory_on_the_stack_is_moved(void **state)
{
	(void)state;
	assert_int_equal(on_the_stack(40), 320);
}

static char in_data[2 * 64] __attribute__((aligned(64))) = "data";
static char in_bss[64] __attribute__((aligned(64)));

static void
static_memory_is_moved(void **state)
{
	(void)state;
	check_shared(in_data, sizeof(in_data));
	assert_string_equal(in_data, "eata");
	check_shared(in_bss, sizeof(in_bss));
}

static void
it_is_moved_once(void **state)
{
	char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct nm_wire_umem a, b;
	struct stat x, y;
	int fd, again;

	(void)state;
	p[5 * PAGE] = 5;
	fd = share(p, 8 * PAGE, &a);
	again = share(p + 3 * PAGE, 2 * PAGE, &b);
	assert_true(fd >= 0 && again >= 0 && !fstat(fd, &x) && !fstat(again, &y));
	assert_true(x.st_ino == y.st_ino && a.offset == 0 && b.offset == 3 * PAGE);
	assert_int_equal(p[5 * PAGE], 5);
	assert_int_equal(x.st_size, 8 * PAGE);
	assert_true(y.st_blocks <= 3 * 8); /* what was never written takes no memory */
	assert_int_equal(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	nm_real_close(fd);
	nm_real_close(again);
	munmap(p, 8 * PAGE);
}

/* Two arrays with a page in common, of which the first was moved: what is moved stays where it is. */
static void
neighbours_are_moved_by_themselves(void **state)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *first, *then;
	struct nm_shim_umems m = {.n = 0};
	struct nm_wire_umem u;
	int fd = share(p + PAGE / 2, PAGE, &u);

	(void)state;
	assert_true(fd >= 0);
	first = seen(&u, fd);
	assert_int_equal(nm_shim_umem(&m, (uintptr_t)p + PAGE + PAGE / 2, 2 * PAGE, why), 0);
	assert_int_equal(m.n, 2);
	assert_true(m.at[0].size == PAGE && m.at[0].offset == PAGE && m.at[1].addr == m.at[0].addr + PAGE && m.at[1].size == 2 * PAGE);
	then = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, m.fd[1], (off_t)m.at[1].offset);
	p[PAGE + 1] = 1;
	p[3 * PAGE] = 2;
	assert_int_equal(first[PAGE / 2 + 1], 1);
	assert_int_equal(then[PAGE], 2);
	munmap(then, 2 * PAGE);
	munmap(first - PAGE / 2, 2 * PAGE);
	munmap(p, 4 * PAGE);
	nm_real_close(m.fd[0]);
	nm_real_close(m.fd[1]);
	nm_real_close(fd);
}

static int
open_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 4096; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Memory that was unmapped leaves nothing behind for long. */
static void
what_is_gone_is_forgotten(void **state)
{
	struct nm_wire_umem u;
	int i, before = open_fds();
	char *p;

	(void)state;
	for (i = 0; i < 300; i++) {
		p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		p[0] = 1;
		check_shared(p, PAGE);
		munmap(p, PAGE);
	}
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	nm_real_close(share(p, PAGE, &u));
	munmap(p, PAGE);
	assert_true(open_fds() <= before + 1);
}

static void
a_shared_file_is_passed_on(void **state)
{
	char path[] = "/dev/shm/netmap-test-XXXXXX";
	int fd = mkstemp(path), got;
	struct nm_wire_umem u;
	struct stat x, y;
	char *p;

	(void)state;
	assert_true(fd >= 0 && !ftruncate(fd, 16 * PAGE) && !fstat(fd, &x));
	p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4 * PAGE);
	nm_real_close(fd);
	got = share(p + PAGE, 2 * PAGE, &u);
	assert_true(got >= 0 && !fstat(got, &y) && x.st_ino == y.st_ino);
	assert_int_equal(u.offset, 5 * PAGE);
	nm_real_close(got);
	check_shared(p + 64, 100);
	unlink(path);
	munmap(p, 8 * PAGE);
}

/* A memfd that the program holds, and one that only root finds again. */
static void
a_memfd_is_found_by_its_descriptor(void **state)
{
	int fd = memfd_create("mine", MFD_CLOEXEC), got;
	struct nm_wire_umem u;
	char *p;

	(void)state;
	assert_int_equal(ftruncate(fd, 4 * PAGE), 0);
	p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check_shared(p + PAGE, PAGE);
	nm_real_close(fd);
	got = share(p, PAGE, &u);
	assert_true(got >= 0 || (geteuid() && got == -EOPNOTSUPP));
	if (got >= 0)
		nm_real_close(got);
	munmap(p, 4 * PAGE);
}

static void
shared_anonymous_memory_works(void **state)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	p[PAGE] = 7;
	check_shared(p + PAGE, 2 * PAGE);
	assert_int_equal(p[PAGE], 8);
	munmap(p, 4 * PAGE);
}

static void
what_cannot_be_shared_is_refused(void **state)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct nm_wire_umem u;

	(void)state;
	munmap(p + PAGE, PAGE);
	assert_int_equal(share(p, 2 * PAGE, &u), -EFAULT);
	assert_int_equal(share(p + PAGE, 1, &u), -EFAULT);
	assert_int_equal(mprotect(p + 3 * PAGE, PAGE, PROT_READ), 0);
	assert_int_equal(share(p + 2 * PAGE, PAGE + 1, &u), -EFAULT);
	assert_int_equal(share(p, 0, &u), -EINVAL);
	assert_int_equal(share(p, UINT64_MAX, &u), -EINVAL);
	assert_int_equal(share(p, 2 * PAGE, &u), -EFAULT);
	assert_non_null(strstr(why, "nothing is mapped"));
	p[0] = 1; /* none of it was touched */
	munmap(p, 4 * PAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_of_malloc_is_moved),
		cmocka_unit_test(memory_on_the_stack_is_moved),
		cmocka_unit_test(static_memory_is_moved),
		cmocka_unit_test(it_is_moved_once),
		cmocka_unit_test(neighbours_are_moved_by_themselves),
		cmocka_unit_test(what_is_gone_is_forgotten),
		cmocka_unit_test(a_shared_file_is_passed_on),
		cmocka_unit_test(a_memfd_is_found_by_its_descriptor),
		cmocka_unit_test(shared_anonymous_memory_works),
		cmocka_unit_test(what_cannot_be_shared_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
