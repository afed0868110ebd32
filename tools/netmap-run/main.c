/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - netmap-run: puts the library that serves /dev/netmap before a program, and becomes that program. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "config.h"
#include "opt.h"
#include "preload.h"
#include "program.h"

/* As env(1), nohup(1) and others that run programs have it; what is below is the program's own status. */
enum { FAILED = 125, CANNOT_RUN = 126, NOT_FOUND = 127 };

static int
set(const char *name, const char *value)
{
	if (setenv(name, value, 1) == 0)
		return 0;
	fprintf(stderr, "netmap-run: no memory for the environment\n");
	return FAILED;
}

/* The program may change its folder before it opens the device. */
static int
set_socket(const char *path)
{
	size_t max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	char here[PATH_MAX] = "", *all = NULL;
	int rc;

	if (path[0] != '/' && getcwd(here, sizeof(here)) == NULL) {
		fprintf(stderr, "netmap-run: --socket %s: the current folder is not known: %s\n", path, strerror(errno));
		return FAILED;
	}
	if (asprintf(&all, "%s%s%s", here, here[0] ? "/" : "", path) < 0)
		return set("NETMAP_SOCKET", path);
	if (path[0] == '\0' || strlen(all) > max) {
		fprintf(stderr, "netmap-run: --socket '%s': the name of a socket has 1 to %zu bytes%s\n", path, max,
		    path[0] == '\0' || path[0] == '/' ? "" : ", with the folder that it is in");
		rc = FAILED;
	} else
		rc = set("NETMAP_SOCKET", all);
	free(all);
	return rc;
}

static int
set_preload(void)
{
	char library[PATH_MAX], *all;
	int rc;

	if (preload_find(library) < 0) {
		fprintf(stderr, "netmap-run: " PRELOAD_LIBRARY " is neither beside netmap-run nor in " NETMAP_LIBDIR "/netmap; install it there\n");
		return FAILED;
	}
	all = preload_join(getenv("LD_PRELOAD"), library);
	if (all == NULL) {
		fprintf(stderr, "netmap-run: %s: %s\n", library, errno == EINVAL ?
		    "the loader takes spaces and colons for the end of a name; install it elsewhere" : strerror(errno));
		return FAILED;
	}
	rc = set("LD_PRELOAD", all);
	free(all);
	return rc;
}

static int
set_environment(const struct config *c)
{
	static const char *const homes[] = { "", "user", "kernel" };
	int rc = set_preload();

	if (!rc && c->socket)
		rc = set_socket(c->socket);
	if (!rc && c->engine >= 0)
		rc = set("NETMAP_ENGINE", homes[c->engine]);
	if (!rc && c->verbose)
		rc = set("NETMAP_VERBOSE", "1");
	return rc;
}

static const char *
shown(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : "not set";
}

static int
run(const struct config *c)
{
	char path[PATH_MAX], why[PROGRAM_WHY];
	int err = program_find(c->program[0], path);

	if (err == -ENOENT) {
		fprintf(stderr, "netmap-run: %s: there is no such program%s\n", c->program[0], strchr(c->program[0], '/') ? "" : " in PATH");
		return NOT_FOUND;
	}
	if (err) {
		fprintf(stderr, "netmap-run: %s: %s\n", path, err == -EACCES ? "is not an executable file" : strerror(-err));
		return CANNOT_RUN;
	}
	if (program_check(path, why) < 0) {
		fprintf(stderr, "netmap-run: %s\n", why);
		return CANNOT_RUN;
	}
	err = set_environment(c);
	if (err)
		return err;
	if (c->verbose)
		fprintf(stderr, "netmap-run: %s with LD_PRELOAD=%s; NETMAP_ENGINE %s, NETMAP_SOCKET %s\n", path, shown("LD_PRELOAD"),
		    shown("NETMAP_ENGINE"), shown("NETMAP_SOCKET"));
	execv(path, c->program);
	fprintf(stderr, "netmap-run: %s: %s\n", path, strerror(errno));
	return CANNOT_RUN;
}

int
main(int argc, char **argv)
{
	struct config c;
	int rc = config_parse(&c, argc, argv);

	if (rc)
		return rc == OPT_LEAVE ? 0 : FAILED;
	return run(&c);
}
