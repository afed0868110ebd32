/* SPDX-License-Identifier: BSD-2-Clause */
/* np_symbols_test.c - the library exports all that the system's does: functions, and data of the same size. */
#include "np_bed.h"

static int
read_list(const char *lib, char (*line)[96], int max)
{
	char cmd[1024];
	FILE *f;
	int n = 0;

	snprintf(cmd, sizeof(cmd), "sh pcap/symbols.sh %s list", lib);
	f = popen(cmd, "r");
	assert_non_null(f);
	while (n < max && fgets(line[n], sizeof(line[n]), f))
		n++;
	assert_int_equal(pclose(f), 0);
	return n;
}

static bool
same(const char *a, const char *b)
{
	char kind[2][16], name[2][64];
	int size[2];

	if (sscanf(a, "%15s %d %63s", kind[0], &size[0], name[0]) != 3 || sscanf(b, "%15s %d %63s", kind[1], &size[1], name[1]) != 3)
		return false;
	return !strcmp(name[0], name[1]) && !strcmp(kind[0], kind[1]) && (strcmp(kind[0], "OBJECT") != 0 || size[0] == size[1]);
}

static void
all_symbols_are_there(void **state)
{
	static char theirs[512][96], ours[512][96];
	int n, m, i, k, missing = 0;
	Dl_info info;

	(void)state;
	assert_true(dladdr((void *)bed_ours.pcap_create, &info) != 0);
	n = read_list(NP_SYSTEM_LIBPCAP, theirs, 512);
	m = read_list(info.dli_fname, ours, 512);
	assert_true(n > 90);
	for (i = 0; i < n; i++) {
		for (k = 0; k < m && !same(theirs[i], ours[k]); k++)
			;
		if (k == m) {
			print_error("not exported, or otherwise: %s", theirs[i]);
			missing++;
		}
	}
	assert_int_equal(missing, 0);
}

extern char pcap_version[];

/* This program has a copy of it, made before anything ran. */
static void
data_are_the_systems(void **state)
{
	(void)state;
	assert_non_null(strstr(pcap_lib_version(), pcap_version));
	assert_true(strlen(pcap_version) > 2);
}

static void
the_soname_is_the_systems(void **state)
{
	Dl_info info;

	(void)state;
	assert_true(dladdr((void *)bed_ours.pcap_create, &info) != 0);
	assert_non_null(strstr(info.dli_fname, "/pcap/libpcap.so.0.8")); /* what this program asks for, by that name alone */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {T(all_symbols_are_there), T(data_are_the_systems), T(the_soname_is_the_systems)};

	return cmocka_run_group_tests(tests, bed_setup, own_engine_teardown);
}
