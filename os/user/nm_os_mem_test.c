/* SPDX-License-Identifier: BSD-2-Clause */
/* Regions: seals, quotas, and pages that can't be had. */
#include "nm_os_user.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#define SIZE (16u * 4096u)

static int
create(struct nm_os_region *r, size_t size, uint32_t uid)
{
	memset(r->part, 0, sizeof(r->part));
	r->part[0].size = size;
	r->part[1].offset = r->part[2].offset = r->part[3].offset = size;
	return nm_os_region_create(r, NULL, uid);
}

static void
regions_are_sealed_and_zero(void **state)
{
	struct nm_os_region r = {0};
	uint32_t i;

	(void)state;
	assert_int_equal(create(&r, SIZE, geteuid()), 0);
	assert_int_equal(r.size, SIZE);
	assert_int_equal(fcntl(r.handle, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	for (i = 0; i < SIZE; i++)
		assert_int_equal(r.part[0].base[i], 0);
	nm_os_region_destroy(&r);
}

static void
quotas_hold_for_others(void **state)
{
	struct nm_os_region r[3] = {0};
	uint32_t other = geteuid() + 1;

	(void)state;
	nm_os_user_quota(2 * SIZE, false);
	assert_int_equal(create(&r[0], SIZE, other), 0);
	assert_int_equal(create(&r[1], SIZE + 4096, other), -EDQUOT);
	assert_int_equal(create(&r[1], SIZE, other), 0);
	assert_int_equal(create(&r[2], 4096, other), -EDQUOT);
	assert_int_equal(create(&r[2], 4 * SIZE, geteuid()), 0);
	nm_os_region_destroy(&r[2]);
	nm_os_region_destroy(&r[0]);
	assert_int_equal(create(&r[0], SIZE, other), 0);
	nm_os_region_destroy(&r[0]);
	nm_os_region_destroy(&r[1]);
	nm_os_user_quota(SIZE, true);
	assert_int_equal(create(&r[0], 2 * SIZE, geteuid()), -EDQUOT);
	assert_int_equal(create(&r[0], SIZE, geteuid()), 0);
	nm_os_region_destroy(&r[0]);
	nm_os_user_quota(SIZE_MAX, false);
}

/* An empty file mapped over one page stands for memory that is exhausted. */
static void
a_missing_page_poisons_its_region_only(void **state)
{
	struct nm_os_region a = {0}, b = {0};
	struct pollfd p;
	volatile char *missing;
	uint64_t count;
	int fd;

	(void)state;
	assert_int_equal(nm_os_user_init(), 0); /* here, since cmocka sets a handler of its own for each test */
	p = (struct pollfd){.fd = nm_os_user_poison_fd(), .events = POLLIN};
	assert_int_equal(create(&a, SIZE, geteuid()), 0);
	assert_int_equal(create(&b, SIZE, geteuid()), 0);
	fd = memfd_create("empty", MFD_CLOEXEC);
	missing = mmap(a.part[0].base + 4096, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	assert_ptr_equal(missing, a.part[0].base + 4096);
	assert_int_equal(poll(&p, 1, 0), 0);
	missing[100] = 1; /* SIGBUS */
	assert_int_equal(missing[100], 1);
	assert_int_equal(missing[101], 0);
	assert_true(nm_os_user_poisoned(&a));
	assert_false(nm_os_user_poisoned(&b));
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_int_equal(read(p.fd, &count, sizeof(count)), sizeof(count));
	nm_os_region_destroy(&a);
	nm_os_region_destroy(&b);
	close(fd);
}

static long pool_before = -1;

/* Sets the number of huge pages of the system, or with NULL reads it; -1: can't. */
static long
pool(const char *text)
{
	long n = -1;
	FILE *f = fopen("/proc/sys/vm/nr_hugepages", text ? "w" : "r");

	if (f && text)
		n = fputs(text, f) >= 0 ? 0 : -1;
	else if (f && fscanf(f, "%ld", &n) != 1)
		n = -1;
	if (f && fclose(f))
		n = -1;
	return n;
}

static int
set_pool(long n)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", n);
	return (int)pool(text);
}

static bool
is_huge(const struct nm_os_region *r)
{
	struct stat st;

	assert_int_equal(fstat(r->handle, &st), 0);
	return st.st_blksize >= 2 << 20;
}

static int
give_pool_back(void **state)
{
	(void)state;
	nm_os_user_huge_pages(false);
	return !geteuid() && pool_before >= 0 && pool(NULL) != pool_before ? set_pool(pool_before) : 0;
}

/* Regions take huge pages while there are enough, ordinary ones then; one whose page has left the pool is poisoned. */
static void
huge_pages_run_out(void **state)
{
	struct nm_os_region a = {0}, b = {0};

	(void)state;
	pool_before = pool(NULL);
	if (geteuid() || pool_before < 0) {
		print_message("skipped: only root may set the number of huge pages\n");
		skip();
	}
	if (pool_before > 0) {
		print_message("skipped: the huge pages of this machine are not ours to take\n");
		skip();
	}
	if (set_pool(2) || pool(NULL) != 2) {
		print_message("skipped: no two huge pages could be had\n");
		skip();
	}
	assert_int_equal(nm_os_user_init(), 0);
	nm_os_user_huge_pages(true);
	assert_int_equal(create(&a, 3 << 20, geteuid()), 0);
	assert_int_equal(create(&b, 1 << 20, geteuid()), 0);
	nm_os_user_huge_pages(false);
	assert_true(is_huge(&a));
	assert_false(is_huge(&b));
	assert_int_equal(a.size, 3 << 20);
	assert_int_equal(fcntl(a.handle, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	a.part[0].base[0] = a.part[0].base[(3 << 20) - 1] = b.part[0].base[0] = 1;
	assert_int_equal(a.part[0].base[1], 0);
	/* what a client can do: give a page back to the pool, which somebody else takes then */
	assert_int_equal(fallocate(a.handle, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2 << 20), 0);
	assert_int_equal(set_pool(0), 0);
	((volatile char *)a.part[0].base)[0] = 2; /* SIGBUS */
	assert_true(nm_os_user_poisoned(&a));
	assert_false(nm_os_user_poisoned(&b));
	assert_int_equal(((volatile char *)a.part[0].base)[0], 2);
	nm_os_region_destroy(&a);
	nm_os_region_destroy(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regions_are_sealed_and_zero),
		cmocka_unit_test(quotas_hold_for_others),
		cmocka_unit_test_teardown(huge_pages_run_out, give_pool_back),
		cmocka_unit_test(a_missing_page_poisons_its_region_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
