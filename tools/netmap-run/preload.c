/* SPDX-License-Identifier: BSD-2-Clause */
/* preload.c - finds the library beside this program or where it was installed, and puts it into LD_PRELOAD. */
#include "preload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef NETMAP_LIBDIR
#error "NETMAP_LIBDIR is the folder of libraries that make install has: see the Makefile"
#endif

int
preload_find(char path[PATH_MAX])
{
	static const char *const from_here[] = { "", "../lib/netmap/" };
	char self[PATH_MAX], file[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t i;

	self[n > 0 ? n : 0] = '\0';
	for (i = 0; n > 0 && i < sizeof(from_here) / sizeof(from_here[0]); i++) {
		int dir = (int)(strrchr(self, '/') - self);

		if (snprintf(file, sizeof(file), "%.*s/%s" PRELOAD_LIBRARY, dir, self, from_here[i]) < (int)sizeof(file) &&
		    access(file, R_OK) == 0 && realpath(file, path) != NULL)
			return 0;
	}
	return realpath(NETMAP_LIBDIR "/netmap/" PRELOAD_LIBRARY, path) != NULL && access(path, R_OK) == 0 ? 0 : -ENOENT;
}

/* Is path one of the words of the list? */
static int
listed(const char *list, const char *path)
{
	size_t len = strlen(path), n;

	for (; *list; list += n + strspn(list + n, ": ")) {
		n = strcspn(list, ": ");
		if (n == len && memcmp(list, path, n) == 0)
			return 1;
	}
	return 0;
}

char *
preload_join(const char *old, const char *path)
{
	char *all = NULL;

	if (strpbrk(path, ": ") != NULL) {
		errno = EINVAL;
		return NULL;
	}
	if (old == NULL || *old == '\0')
		return strdup(path);
	if (listed(old, path))
		return strdup(old);
	return asprintf(&all, "%s:%s", old, path) < 0 ? NULL : all;
}
