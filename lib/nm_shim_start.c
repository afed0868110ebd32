/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_start.c - starts a private engine, detached from the program, and waits until it listens. */
#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nm_shim.h"
#include "nm_shim_real.h"

#define READY_FD 3
#define READY_MS 10000

extern char **environ;

static const char *const beside[] = {"", "../sbin/", "../libexec/", "../../sbin/", "../../libexec/", "../../../sbin/", "../bin/",
    "../", "../engine/", "engine/"};

static bool
usable(const char *path)
{
	return path[0] != '\0' && access(path, X_OK) == 0;
}

/* netmapd near the file `of`. */
static bool
search_beside(const char *of, char out[PATH_MAX])
{
	char dir[PATH_MAX], *slash;
	size_t i;

	if (realpath(of, dir) == NULL)
		return false;
	slash = strrchr(dir, '/');
	if (slash == NULL)
		return false;
	slash[1] = '\0';
	for (i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
		if (snprintf(out, PATH_MAX, "%s%snetmapd", dir, beside[i]) < PATH_MAX && usable(out))
			return true;
	return false;
}

static bool
search_path(const char *list, char out[PATH_MAX])
{
	const char *p = list;

	while (p != NULL && *p != '\0') {
		int n = (int)strcspn(p, ":");

		if (p[0] == '/' && snprintf(out, PATH_MAX, "%.*s/netmapd", n, p) < PATH_MAX && usable(out))
			return true;
		p += n;
		if (*p == ':')
			p++;
	}
	return false;
}

static bool
find_netmapd(char out[PATH_MAX])
{
	const char *env = secure_getenv("NETMAPD"), *path = secure_getenv("PATH");
	Dl_info info;

	if (env != NULL && env[0] != '\0')
		return realpath(env, out) != NULL && usable(out);
	if (dladdr((void *)nm_shim_tab, &info) != 0 && info.dli_fname != NULL && search_beside(info.dli_fname, out))
		return true;
	if (search_beside("/proc/self/exe", out))
		return true;
	return search_path(path, out) || search_path("/usr/local/sbin:/usr/sbin:/sbin", out);
}

/* The environment without what was meant for the program alone. */
static char **
engine_env(void)
{
	size_t n = 0, k = 0;
	char **e;

	while (environ != NULL && environ[n] != NULL)
		n++;
	e = calloc(n + 1, sizeof(*e));
	if (e == NULL)
		return NULL;
	for (n = 0; environ != NULL && environ[n] != NULL; n++)
		if (strncmp(environ[n], "LD_PRELOAD=", 11) != 0)
			e[k++] = environ[n];
	return e;
}

/* In the child, where only system calls are allowed. */
static _Noreturn void
become(const char *file, char *const argv[], char *const env[], int ready)
{
	int null, fd;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	null = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
	/* the pipe first: its number may be one of those that are about to be replaced */
	ready = (int)syscall(SYS_fcntl, ready, F_DUPFD, 10);
	for (fd = 0; fd < 3; fd++)
		syscall(SYS_dup3, null, fd, 0);
	syscall(SYS_dup3, ready, READY_FD, 0);
#ifdef SYS_close_range
	if (syscall(SYS_close_range, READY_FD + 1, ~0u, 0) < 0)
#endif
		for (fd = READY_FD + 1; fd < 4096; fd++)
			syscall(SYS_close, fd);
	execve(file, argv, env);
	syscall(SYS_exit_group, 127);
	__builtin_unreachable();
}

/*
 * Twice removed, so that it is nobody's child to wait for; without an exit signal, so that a handler of the
 * program does not see the one in between.
 */
static int
spawn(const char *file, char *const argv[], char *const env[], int ready)
{
	long pid = syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		/* signals of the terminal are not for it; a session of its own would be a scheduling group of its own, which
		 * does not take turns with the program's */
		syscall(SYS_setpgid, 0, 0);
		if (syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, 0UL) == 0)
			become(file, argv, env, ready);
		syscall(SYS_exit_group, 0);
	}
	while (waitpid((pid_t)pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	return 0;
}

static int
wait_ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t end = nm_shim_now() + READY_MS * 1000000ull, now;
	char c;

	while ((now = nm_shim_now()) < end) {
		int n = nm_real_poll(&p, 1, (int)((end - now) / 1000000) + 1);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			return read(fd, &c, 1) == 1 ? 0 : -ENXIO;
	}
	return -ETIMEDOUT;
}

int
nm_shim_start(const char *path)
{
	char file[PATH_MAX], ready[12];
	char *argv[] = {(char *)"netmapd", (char *)"--socket", (char *)path, (char *)"--on-demand",
	    (char *)"--ready-fd", ready, NULL};
	char **env;
	int fd[2], err;

	if (!find_netmapd(file)) {
		fprintf(stderr, "netmap: no engine listens on %s and netmapd is not found; install it, or set NETMAPD to its path\n", path);
		return -ENOENT;
	}
	env = engine_env();
	if (env == NULL)
		return -ENOMEM;
	if (pipe2(fd, O_CLOEXEC) < 0) {
		err = -errno;
		goto err_env;
	}
	snprintf(ready, sizeof(ready), "%d", READY_FD);
	err = spawn(file, argv, env, fd[1]);
	nm_real_close(fd[1]);
	if (err == 0)
		err = wait_ready(fd[0]);
	if (err < 0)
		fprintf(stderr, "netmap: %s did not start on %s: %s\n", file, path, strerror(-err));
	nm_real_close(fd[0]);
err_env:
	free(env);
	return err;
}
