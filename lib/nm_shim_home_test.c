/* SPDX-License-Identifier: BSD-2-Clause */
/* Which home a program gets: the decision as a table, and what a user is told when there is none. */
#include "nm_shim.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "own_engine.h"
#include "said.h"

static void
the_choice(void **state)
{
	(void)state;
	assert_int_equal(nm_shim_home(NULL), NM_SHIM_HOME_ANY);
	assert_int_equal(nm_shim_home(""), NM_SHIM_HOME_ANY);
	assert_int_equal(nm_shim_home("kernel"), NM_SHIM_HOME_KERNEL);
	assert_int_equal(nm_shim_home("user"), NM_SHIM_HOME_USER);
	assert_int_equal(nm_shim_home("User"), NM_SHIM_HOME_BAD);
	assert_int_equal(nm_shim_home("kernel "), NM_SHIM_HOME_BAD);
}

static const struct {
	int err;
	enum nm_shim_next any;
} table[] = {
	{ENOENT, NM_SHIM_NEXT_ENGINE},
	{ENOTDIR, NM_SHIM_NEXT_ENGINE},
	{ENXIO, NM_SHIM_NEXT_ENGINE},
	{ENODEV, NM_SHIM_NEXT_ENGINE},
	{EACCES, NM_SHIM_NEXT_ENGINE_DENIED},
	{EPERM, NM_SHIM_NEXT_ENGINE_DENIED},
	{EMFILE, NM_SHIM_NEXT_FAIL},
	{ENFILE, NM_SHIM_NEXT_FAIL},
	{ENOMEM, NM_SHIM_NEXT_FAIL},
	{EBUSY, NM_SHIM_NEXT_FAIL},
	{EINTR, NM_SHIM_NEXT_FAIL},
};

static void
the_next(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(nm_shim_home_next(NM_SHIM_HOME_ANY, table[i].err), table[i].any);
		assert_int_equal(nm_shim_home_next(NM_SHIM_HOME_KERNEL, table[i].err), NM_SHIM_NEXT_FAIL);
	}
}

static void
a_wrong_choice_is_told_once(void **state)
{
	char text[512];

	(void)state;
	setenv("NETMAP_ENGINE", "userland", 1);
	said_listen();
	errno = 0;
	assert_int_equal(open("/dev/netmap", O_RDWR), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(open("/dev/netmap", O_RDWR), -1);
	said_heard(text, sizeof(text));
	setenv("NETMAP_ENGINE", "user", 1);
	assert_string_equal(text, "netmap: NETMAP_ENGINE must be 'kernel', 'user' or not set; it is userland\n");
}

static void
a_missing_engine_is_told(void **state)
{
	char text[512], want[512], *netmapd = strdup(getenv("NETMAPD"));

	(void)state;
	setenv("NETMAPD", "/nonexistent/netmapd", 1);
	said_listen();
	assert_int_equal(open("/dev/netmap", O_RDWR), -1);
	assert_int_equal(errno, ENOENT);
	said_heard(text, sizeof(text));
	setenv("NETMAPD", netmapd, 1);
	free(netmapd);
	snprintf(want, sizeof(want), "netmap: no engine listens on %s and netmapd is not found; install it, or set NETMAPD to its path\n",
	    getenv("NETMAP_SOCKET"));
	assert_string_equal(text, want);
}

/* Without a choice too, where there is no module. */
static void
the_engine_stands_in(void **state)
{
	char text[512];
	int fd;

	(void)state;
	if (access("/dev/netmap", F_OK) == 0) {
		print_message("/dev/netmap exists: not tried\n");
		return;
	}
	unsetenv("NETMAP_ENGINE");
	said_listen();
	errno = 77;
	fd = open("/dev/netmap", O_RDWR | O_CLOEXEC);
	said_heard(text, sizeof(text));
	setenv("NETMAP_ENGINE", "user", 1);
	assert_true(fd >= 0);
	assert_string_equal(text, "");
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	setenv("NETMAP_ENGINE", "kernel", 1);
	errno = 0;
	assert_int_equal(open("/dev/netmap", O_RDWR), -1);
	assert_int_equal(errno, ENOENT);
	setenv("NETMAP_ENGINE", "user", 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_choice), cmocka_unit_test(the_next), cmocka_unit_test(a_wrong_choice_is_told_once),
		cmocka_unit_test(a_missing_engine_is_told), cmocka_unit_test(the_engine_stands_in),
	};

	return cmocka_run_group_tests(tests, own_engine_setup, own_engine_teardown);
}
