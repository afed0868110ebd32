/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of clients: which files are taken, what of them is seen, and what happens when they are cut off. */
#include "nm_os_mem.h"
#include "nm_session.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#define PAGES 8u
#define SIZE (PAGES * 4096u)
#define ADDR 0x7f0000001000ull /* what the client calls it */

static struct nm_session s;
static struct nm_os_offer offer;

static int
file(void)
{
	int fd = memfd_create("client", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0 && !ftruncate(fd, SIZE));
	return fd;
}

/* One piece: all of a file. */
static int
setup(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	s.cred.uid = geteuid();
	offer = (struct nm_os_offer){.n = 1, .piece[0] = {.addr = ADDR, .size = SIZE, .fd = file()}};
	s.offer = &offer;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(offer.piece[0].fd);
	return 0;
}

static void
it_is_what_the_client_has(void **state)
{
	struct nm_umem u, v;
	char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, offer.piece[0].fd, 0);

	(void)state;
	strcpy(p + 4096 + 64, "here");
	assert_int_equal(nm_os_umem_get(&s, ADDR + 4096 + 64, 5000, &u), 0);
	assert_string_equal(u.base, "here");
	assert_int_equal(u.size, 5000);
	close(offer.piece[0].fd);
	offer.piece[0].fd = -1; /* the handle needs it no more */
	u.base[4999] = 'x';
	assert_int_equal(p[4096 + 64 + 4999], 'x');
	assert_int_equal(offer.want_size, 0);
	v = u;
	assert_true(nm_os_umem_same(&u, &v));
	nm_os_umem_put(&u);
	assert_int_equal(u.size, 0);
	munmap(p, SIZE);
}

static void
the_same_is_known_again(void **state)
{
	struct nm_umem u, v, w;
	struct nm_os_offer again = {.n = 1, .piece[0] = {.addr = 0x1000, .size = SIZE, .fd = dup(offer.piece[0].fd)}};
	int other = file();

	(void)state;
	assert_int_equal(nm_os_umem_get(&s, ADDR + 4096, 4096, &u), 0);
	s.offer = &again;
	assert_int_equal(nm_os_umem_get(&s, 0x2000, 4096, &v), 0);
	assert_true(nm_os_umem_same(&u, &v));
	nm_os_umem_put(&v);
	assert_int_equal(nm_os_umem_get(&s, 0x1000, 4096, &v), 0);
	assert_false(nm_os_umem_same(&u, &v));
	nm_os_umem_put(&v);
	assert_int_equal(nm_os_umem_get(&s, 0x2000, 4097, &v), 0);
	assert_false(nm_os_umem_same(&u, &v));
	close(again.piece[0].fd);
	again.piece[0].fd = other;
	assert_int_equal(nm_os_umem_get(&s, 0x2000, 4096, &w), 0);
	assert_false(nm_os_umem_same(&u, &w));
	nm_os_umem_put(&u);
	nm_os_umem_put(&v);
	nm_os_umem_put(&w);
	close(other);
}

static void
what_did_not_come_is_asked_for(void **state)
{
	static const struct { uint64_t addr; size_t size; } bad[] = {
		{ADDR - 1, 1}, {ADDR + SIZE, 1}, {ADDR, SIZE + 1}, {ADDR + 4096, SIZE - 4095}, {ADDR + 1, SIZE_MAX / 4},
	};
	struct nm_umem u = {.size = 0};
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		offer.want_size = 0;
		assert_int_equal(nm_os_umem_get(&s, bad[i].addr, bad[i].size, &u), -EAGAIN);
		assert_true(offer.want == bad[i].addr && offer.want_size == bad[i].size);
		assert_int_equal(u.size, 0);
	}
	s.offer = NULL;
	assert_int_equal(nm_os_umem_get(&s, ADDR, 1, &u), -EOPNOTSUPP);
}

/* Pages of two files, one behind the other. */
static void
pieces_are_put_together(void **state)
{
	int second = file();
	struct nm_umem u;

	(void)state;
	assert_int_equal(pwrite(second, "second", 6, 4096), 6);
	offer.n = 2;
	offer.piece[1] = (struct nm_os_piece){.addr = ADDR + SIZE, .size = 2 * 4096, .offset = 4096, .fd = second};
	assert_int_equal(nm_os_umem_get(&s, ADDR + 64, SIZE + 4096, &u), 0);
	assert_string_equal(u.base + SIZE - 64, "second");
	assert_int_equal(pwrite(offer.piece[0].fd, "first", 6, 64), 6);
	assert_string_equal(u.base, "first");
	assert_true(nm_os_umem_same(&u, &u));
	nm_os_umem_put(&u);
	assert_int_equal(nm_os_umem_get(&s, ADDR + 64, SIZE + 2 * 4096, &u), -EAGAIN); /* more than there is */
	offer.piece[1].addr -= 1024;
	assert_int_equal(nm_os_umem_get(&s, ADDR + 64, SIZE + 1, &u), -EINVAL); /* address and offset don't fit */
	offer.piece[1] = (struct nm_os_piece){.addr = ADDR + SIZE - 4096, .size = 2 * 4096, .offset = 0, .fd = second};
	offer.piece[0].size = SIZE - 1024;
	assert_int_equal(nm_os_umem_get(&s, ADDR + 64, SIZE + 1, &u), -EOPNOTSUPP); /* in the middle of a page */
	close(second);
}

/* Takes the first page of fd; what is said then. */
static void
refused(int fd, uint64_t offset, int error, const char *text)
{
	struct nm_umem u = {.size = 0};
	struct nm_os_offer o = {.n = 1, .piece[0] = {.addr = ADDR, .size = 4096, .offset = offset, .fd = fd}};

	s.offer = &o;
	assert_true(fd >= 0);
	assert_int_equal(nm_os_umem_get(&s, ADDR, 4096, &u), -error);
	assert_non_null(strstr(s.errtext, text));
	assert_int_equal(u.size, 0);
	close(fd);
}

static void
other_files_are_refused(void **state)
{
	int fd = file();

	(void)state;
	refused(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), 0, EOPNOTSUPP, "tmpfs");
	refused(open("/dev/null", O_RDWR | O_CLOEXEC), 0, EOPNOTSUPP, "in a file on tmpfs");
	refused(open("/proc/self/environ", O_RDONLY | O_CLOEXEC), 0, EOPNOTSUPP, "this is none");
	refused(dup(fd), SIZE, EFAULT, "beyond the file's end");
	refused(dup(fd), SIZE - 4095 - 1 + 4096, EFAULT, "beyond the file's end");
	refused(dup(fd), UINT64_MAX - 4095, EFAULT, "beyond the file's end");
	refused(dup(fd), 64, EINVAL, "offset 64");
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	refused(dup(fd), 0, EFAULT, "sealed");
	close(fd);
}

static void
it_counts_for_the_user(void **state)
{
	struct nm_umem u, v = {.size = 0};

	(void)state;
	s.cred.uid = geteuid() + 1;
	nm_os_user_quota(2 * 4096, false);
	assert_int_equal(nm_os_umem_get(&s, ADDR + 1, 4096, &u), 0); /* two pages */
	assert_int_equal(nm_os_umem_get(&s, ADDR, 1, &v), -ENOMEM);
	assert_non_null(strstr(s.errtext, "quota"));
	nm_os_umem_put(&u);
	assert_int_equal(nm_os_umem_get(&s, ADDR, 1, &v), 0);
	nm_os_umem_put(&v);
	nm_os_user_quota(SIZE_MAX, false);
}

/* The client cuts its file off: this one handle is private memory then, and its session is told of. */
static void
a_file_cut_off_hurts_its_session_only(void **state)
{
	struct nm_session other = s;
	struct nm_os_offer theirs = {.n = 1, .piece[0] = {.addr = ADDR, .size = SIZE, .fd = file()}};
	struct nm_umem u, v;
	struct pollfd p;

	(void)state;
	assert_int_equal(nm_os_user_init(), 0);
	p = (struct pollfd){.fd = nm_os_user_poison_fd(), .events = POLLIN};
	other.offer = &theirs;
	assert_int_equal(nm_os_umem_get(&s, ADDR, SIZE, &u), 0);
	assert_int_equal(nm_os_umem_get(&other, ADDR, SIZE, &v), 0);
	assert_int_equal(ftruncate(offer.piece[0].fd, 0), 0);
	assert_false(nm_os_user_session_poisoned(&s));
	((volatile char *)u.base)[4096] = 1; /* SIGBUS */
	assert_int_equal(((volatile char *)u.base)[4096], 1);
	((volatile char *)u.base)[SIZE - 1] = 1;
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_true(nm_os_user_session_poisoned(&s));
	assert_false(nm_os_user_session_poisoned(&other));
	v.base[0] = 1;
	nm_os_umem_put(&u);
	assert_false(nm_os_user_session_poisoned(&s));
	nm_os_umem_put(&v);
	close(theirs.piece[0].fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_is_what_the_client_has, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_is_known_again, setup, teardown),
		cmocka_unit_test_setup_teardown(what_did_not_come_is_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(pieces_are_put_together, setup, teardown),
		cmocka_unit_test_setup_teardown(other_files_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(it_counts_for_the_user, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_cut_off_hurts_its_session_only, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
