/* SPDX-License-Identifier: BSD-2-Clause */
/* program.c - finds a program and says why it can't be run with a library before it. */
#include "program.h"

#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "binary.h"

#define SCRIPTS_MAX 5 /* scripts whose interpreter is a script, as the kernel has it */

static int refuse(char why[PROGRAM_WHY], int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int
refuse(char why[PROGRAM_WHY], int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, PROGRAM_WHY, fmt, ap);
	va_end(ap);
	return -err;
}

/* -EISDIR counts as absent in a search, as for execvp(3). */
static int
executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == EACCES ? -EACCES : -ENOENT;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return access(path, X_OK) < 0 ? -EACCES : 0;
}

int
program_find(const char *name, char path[PATH_MAX])
{
	const char *list = getenv("PATH"), *p, *end;
	int found = -ENOENT, err;
	char file[PATH_MAX];

	if (strlen(name) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (strchr(name, '/') != NULL || name[0] == '\0') {
		strcpy(path, name);
		return name[0] ? executable(name) : -ENOENT;
	}
	for (p = list ? list : "/bin:/usr/bin";; p = end + 1) {
		end = strchrnul(p, ':');
		/* an empty entry is the current folder */
		if (snprintf(file, sizeof(file), "%.*s%s%s", (int)(end - p), p, end > p ? "/" : "./", name) < (int)sizeof(file)) {
			err = executable(file);
			if (err == 0 || (err == -EACCES && found != err)) /* the first one is told of that may not be executed */
				strcpy(path, file);
			if (err == 0)
				return 0;
			if (err == -EACCES)
				found = err;
		}
		if (*end == '\0')
			return found;
	}
}

/* Would the kernel give the program other rights than ours? Then its loader is in secure mode. */
static int
check_rights(const char *path, char why[PROGRAM_WHY])
{
	static const char *const mend = "the loader ignores preloaded libraries then; run a copy without that, with the rights it needs by other means";
	struct statvfs fs;
	struct stat st;

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return 0;
	if (stat(path, &st) < 0)
		return refuse(why, errno, "%s: %s", path, strerror(errno));
	if (statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOSUID))
		return 0;
	if ((st.st_mode & S_ISUID) && st.st_uid != getuid())
		return refuse(why, EPERM, "%s is set-user-ID, it runs as user %u: %s", path, (unsigned)st.st_uid, mend);
	if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st.st_gid != getgid())
		return refuse(why, EPERM, "%s is set-group-ID, it runs as group %u: %s", path, (unsigned)st.st_gid, mend);
	if (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
		return refuse(why, EPERM, "%s has file capabilities: %s", path, mend);
	return 0;
}

static const char *
machine_name(uint16_t m)
{
	switch (m) {
	case EM_386:
		return "i386";
	case EM_X86_64:
		return "x86-64";
	case EM_ARM:
		return "ARM";
	case EM_AARCH64:
		return "AArch64";
	case EM_RISCV:
		return "RISC-V";
	}
	return "another machine";
}

static const char *
base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Another C library's loader can't load what was linked with ours. */
static int
check_loader(const char *path, const struct binary *b, char why[PROGRAM_WHY])
{
	struct binary self;

	if (binary_read("/proc/self/exe", &self) < 0 || self.kind != BINARY_DYNAMIC || strcmp(base(self.by), base(b->by)) == 0)
		return 0;
	return refuse(why, ENOEXEC, "%s is loaded by %s, but the library that serves /dev/netmap is for %s", path, b->by, self.by);
}

static int
check_binary(const char *path, const struct binary *b, char why[PROGRAM_WHY])
{
	switch (b->kind) {
	case BINARY_DYNAMIC:
		return check_loader(path, b, why);
	case BINARY_STATIC:
		return refuse(why, ENOEXEC, "%s is linked statically, so no library can stand between it and the system; "
		    "link it dynamically, or with -lnetmap", path);
	case BINARY_FOREIGN:
		return refuse(why, ENOEXEC, "%s is a program of %u bits for %s; the library that serves /dev/netmap is of %zu bits, for this machine only",
		    path, b->bits, machine_name(b->machine), 8 * sizeof(void *));
	default:
		return refuse(why, ENOEXEC, "%s is no program: neither ELF, nor does it begin with #!", path);
	}
}

int
program_check(const char *path, char why[PROGRAM_WHY])
{
	char file[PATH_MAX];
	struct binary b;
	int depth, err;

	snprintf(file, sizeof(file), "%s", path);
	for (depth = 0; depth <= SCRIPTS_MAX; depth++) {
		err = executable(file);
		if (err)
			return refuse(why, -err, "%s%s: %s", file, depth ? ", the interpreter of a script" : "",
			    err == -EACCES ? "is not an executable file" : strerror(-err));
		err = binary_read(file, &b);
		/* who may execute and not read it: the loader is in secure mode too */
		if (err == -EACCES)
			return refuse(why, EACCES, "%s can't be read, and is not looked into therefore", file);
		if (err)
			return refuse(why, -err, "%s: %s", file, err == -ENOEXEC ? "its head is damaged" : strerror(-err));
		if (b.kind != BINARY_SCRIPT) {
			err = check_binary(file, &b, why);
			return err ? err : check_rights(file, why);
		}
		snprintf(file, sizeof(file), "%s", b.by);
	}
	return refuse(why, ELOOP, "%s: interpreters of scripts are scripts, more than %d in a row", path, SCRIPTS_MAX);
}
