/* SPDX-License-Identifier: BSD-2-Clause */
/* cgroup.c - a memory cgroup for a test, of version 1 or 2, where the machine lets us make one. */
#include "bed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
put(const char *dir, const char *file, const char *text)
{
	char name[320];
	int fd, error = 0;

	snprintf(name, sizeof(name), "%s/%s", dir, file);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		error = -errno;
	close(fd);
	return error;
}

int
cgroup_make(char name[200], size_t limit)
{
	static unsigned n;
	char text[32];
	bool v1 = access("/sys/fs/cgroup/memory/cgroup.procs", F_OK) == 0;
	int error;

	snprintf(name, 200, "/sys/fs/cgroup/%snetmap-fault-%d-%u", v1 ? "memory/" : "", (int)getpid(), n++);
	snprintf(text, sizeof(text), "%zu", limit);
	if (!v1)
		(void)put("/sys/fs/cgroup", "cgroup.subtree_control", "+memory"); /* on already, or the next step fails */
	if (mkdir(name, 0755)) {
		error = -errno;
		skip("no memory cgroup can be made here (%s: %s)", name, strerror(-error));
		return error;
	}
	error = put(name, v1 ? "memory.limit_in_bytes" : "memory.max", text);
	if (!error && !v1)
		(void)put(name, "memory.swap.max", "0"); /* not there without swap accounting */
	if (error) {
		rmdir(name);
		skip("a memory cgroup here takes no limit (%s)", strerror(-error));
	}
	return error;
}

int
cgroup_enter(const char *name, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	return put(name, "cgroup.procs", text);
}

void
cgroup_remove(const char *name)
{
	unsigned i;

	for (i = 0; i < 200 && rmdir(name) && errno == EBUSY; i++) /* the dead leave a little later */
		poll(NULL, 0, 10);
}
