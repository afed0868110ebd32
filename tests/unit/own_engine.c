/* SPDX-License-Identifier: BSD-2-Clause */
#include "own_engine.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/netmap-lib-test-XXXXXX";

int
own_engine_setup(void **state)
{
	char exe[512], path[64], *end;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 32);

	(void)state;
	if (n < 0 || !mkdtemp(dir))
		return -1;
	exe[n] = '\0';
	end = strstr(exe, "/test/");
	if (!end)
		return -1;
	strcpy(end, "/netmapd");
	snprintf(path, sizeof(path), "%s/sock", dir);
	setenv("NETMAPD", exe, 1);
	setenv("NETMAP_SOCKET", path, 1);
	setenv("NETMAP_ENGINE", "user", 1);
	return 0;
}

int
own_engine_teardown(void **state)
{
	static const char *const files[] = {"sock", "sock.lock", "sock.srv"};
	char name[80];
	size_t i;

	(void)state;
	snprintf(name, sizeof(name), "%s/sock", dir);
	for (i = 0; i < 2000 && access(name, F_OK) == 0; i++)
		poll(NULL, 0, 10);
	if (access(name, F_OK) == 0) {
		fprintf(stderr, "the engine on %s did not leave\n", name);
		return -1;
	}
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(name, sizeof(name), "%s/%s", dir, files[i]);
		unlink(name);
	}
	return rmdir(dir);
}
