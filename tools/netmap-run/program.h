/* SPDX-License-Identifier: BSD-2-Clause */
/* program.h - finding the program, and whether its loader will take the library that is to be put before it. */
#ifndef NETMAP_RUN_PROGRAM_H
#define NETMAP_RUN_PROGRAM_H

#include <limits.h>
#include <stddef.h>

#define PROGRAM_WHY 512 /* bytes of a text */

/* As execvp(3) looks for it. 0, -ENOENT, -EACCES (found, may not be executed) or -ENAMETOOLONG. */
int program_find(const char *name, char path[PATH_MAX]);

/*
 * 0, or -errno with the reason in words in why: the file, or the interpreter of the script that it is, would run without
 * our library, or can't run at all.
 */
int program_check(const char *path, char why[PROGRAM_WHY]);

#endif
