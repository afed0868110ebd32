/* SPDX-License-Identifier: BSD-2-Clause */
/* preload.h - the library that serves /dev/netmap: where it is, and how a loader is told of it. */
#ifndef NETMAP_RUN_PRELOAD_H
#define NETMAP_RUN_PRELOAD_H

#include <limits.h>
#include <stddef.h>

#define PRELOAD_LIBRARY "libnetmap-preload.so"

/* Beside this program, else in ../lib/netmap from there, else where it is installed. 0, or -ENOENT. */
int preload_find(char path[PATH_MAX]);

/*
 * The value of LD_PRELOAD: what the user has there, then ours, once. To be freed; NULL with errno: ENOMEM, or EINVAL for a path
 * that the loader would take for several.
 */
char *preload_join(const char *old, const char *path);

#endif
