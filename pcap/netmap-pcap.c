/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netmap-pcap.c - runs a program with libpcap over netmap in front of the system's. That is one variable of the environment; the rest is
 * to say what is wrong where the variable would be ignored in silence.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ME "netmap-pcap"
#define LIBRARY "libpcap.so.0.8"
#define NOT_RUN 126 /* exit status, as of env(1) */
#define NOT_FOUND 127
#define SCRIPTS 4   /* interpreters of interpreters */

#if __SIZEOF_POINTER__ == 8
#define OWN_CLASS ELFCLASS64
#define OTHER_BITS 32
typedef Elf64_Ehdr ehdr_t;
typedef Elf64_Phdr phdr_t;
#else
#define OWN_CLASS ELFCLASS32
#define OTHER_BITS 64
typedef Elf32_Ehdr ehdr_t;
typedef Elf32_Phdr phdr_t;
#endif

static void
help(void)
{
	printf("usage: " ME " PROGRAM [ARGUMENT...]\n"
	    "Runs PROGRAM, which uses libpcap, so that it also captures from and sends to devices of netmap:\n"
	    "  vale0:NAME      a port of the switch vale0, made by naming it\n"
	    "  vale0:NAME/rt   what the port NAME receives and transmits (a monitor)\n"
	    "  netmap:IF       an interface;  netmap:NAME{1 and netmap:NAME}1: the ends of a pipe\n"
	    "All other devices, and files, are the system's libpcap's as before. For example:\n"
	    "  " ME " tcpdump -ni vale0:watch icmp\n"
	    "  --help     print this\n"
	    "  --version  print the version\n"
	    "  --library  print the folder of the library, for LD_LIBRARY_PATH\n");
}

static _Noreturn void
fail(int status, const char *program, const char *text)
{
	fprintf(stderr, ME ": %s: %s\n", program, text);
	exit(status);
}

/* The file that a shell would run; false: none. */
static bool
find_program(const char *name, char out[PATH_MAX])
{
	const char *p = getenv("PATH");
	struct stat st;

	if (strchr(name, '/'))
		return snprintf(out, PATH_MAX, "%s", name) < PATH_MAX && stat(out, &st) == 0;
	for (p = p ? p : "/usr/local/bin:/usr/bin:/bin"; *p; p += *p == ':') {
		int n = (int)strcspn(p, ":");

		if (snprintf(out, PATH_MAX, "%.*s%s%s", n, p, n ? "/" : "", name) < PATH_MAX && stat(out, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(out, X_OK) == 0)
			return true;
		p += n;
	}
	return false;
}

/* The loader takes no library from the environment for who runs with more rights than his own. */
static void
check_rights(const char *path, const struct stat *st)
{
	char caps[64];

	if (((st->st_mode & S_ISUID) && st->st_uid != geteuid()) || ((st->st_mode & S_ISGID) && (st->st_mode & S_IXGRP) && st->st_gid != getegid()))
		fail(NOT_RUN, path, "is set-uid or set-gid, so the loader ignores libraries from the environment; run it as the user it "
		    "would become, or a copy of it without that bit");
	if (geteuid() != 0 && getxattr(path, "security.capability", caps, sizeof(caps)) > 0)
		fail(NOT_RUN, path, "has file capabilities, so the loader ignores libraries from the environment; run it as root, or a copy of "
		    "it, which has none");
}

/* A program of ELF: dynamically linked, for this machine. */
static void
check_elf(const char *path, int fd, const ehdr_t *e)
{
	phdr_t p;
	int i;

	if (e->e_ident[EI_CLASS] != OWN_CLASS) {
		fprintf(stderr, ME ": %s: is a program of %d bits, for which this library was not built\n", path, OTHER_BITS);
		exit(NOT_RUN);
	}
	for (i = 0; i < e->e_phnum; i++)
		if (pread(fd, &p, sizeof(p), (off_t)(e->e_phoff + (size_t)i * e->e_phentsize)) == sizeof(p) && p.p_type == PT_INTERP)
			return;
	fail(NOT_RUN, path, "is linked statically, so it takes its libpcap from nowhere else; link it dynamically");
}

/* The program of a script's first line. */
static bool
interpreter(const char *line, char out[PATH_MAX])
{
	char word[2][256] = {"", ""};

	if (sscanf(line, "#! %255s %255s", word[0], word[1]) < 1)
		return false;
	if (strcmp(word[0], "/usr/bin/env") == 0 && word[1][0] && word[1][0] != '-')
		return find_program(word[1], out);
	snprintf(out, PATH_MAX, "%s", word[0]);
	return true;
}

static void
check(const char *path, int depth)
{
	union { ehdr_t elf; char text[512]; } u;
	char next[PATH_MAX];
	struct stat st;
	ssize_t n;
	int fd;

	if (stat(path, &st) < 0)
		fail(NOT_FOUND, path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		fail(NOT_RUN, path, strerror(EISDIR));
	if (access(path, X_OK) < 0)
		fail(NOT_RUN, path, strerror(errno));
	check_rights(path, &st);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return; /* it may be run and not read; then it can't be looked at */
	memset(&u, 0, sizeof(u));
	n = read(fd, &u, sizeof(u) - 1);
	if (n >= (ssize_t)sizeof(u.elf) && memcmp(u.elf.e_ident, ELFMAG, SELFMAG) == 0)
		check_elf(path, fd, &u.elf);
	else if (n > 2 && depth < SCRIPTS && interpreter(u.text, next))
		check(next, depth + 1);
	close(fd);
}

/* The folder of this program, without its last /. */
static bool
own_folder(char out[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	char *slash;

	if (n <= 0)
		return false;
	out[n] = '\0';
	slash = strrchr(out, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

static bool
has_library(const char *dir)
{
	char file[PATH_MAX + 32];

	return snprintf(file, sizeof(file), "%s/" LIBRARY, dir) < (int)sizeof(file) && access(file, R_OK) == 0;
}

/* Near this program, as it is built or installed, or where it was to be installed. */
static const char *
library_folder(void)
{
	static const char *const near[] = {"pcap", "../lib/netmap/pcap"};
	static char dir[PATH_MAX + 32];
	char own[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(near) / sizeof(near[0]) && own_folder(own); i++)
		if (snprintf(dir, sizeof(dir), "%s/%s", own, near[i]) < (int)sizeof(dir) && has_library(dir))
			return dir;
	if (has_library(NP_LIBRARY_DIR))
		return NP_LIBRARY_DIR;
	fprintf(stderr, ME ": there is no " LIBRARY " in " NP_LIBRARY_DIR "; install it, or build it: make pcap\n");
	exit(NOT_FOUND);
}

/* The engine of the same installation, for who has it not in his PATH. */
static void
name_engine(void)
{
	static const char *const places[] = {"netmapd", "../sbin/netmapd"};
	char own[PATH_MAX], file[PATH_MAX + 32];
	size_t i;

	if (!own_folder(own))
		return;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(file, sizeof(file), "%s/%s", own, places[i]);
		if (access(file, X_OK) == 0) {
			setenv("NETMAPD", file, 0);
			return;
		}
	}
}

int
main(int argc, char **argv)
{
	const char *dir, *before = getenv("LD_LIBRARY_PATH");
	char program[PATH_MAX], *list;

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		help();
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf(ME " " NP_VERSION "\n");
		return 0;
	}
	if (argc < 2 || (argv[1][0] == '-' && strcmp(argv[1], "--library") != 0)) {
		fprintf(stderr, argc < 2 ? "usage: " ME " PROGRAM [ARGUMENT...]; see " ME " --help\n" : ME ": there is no option %s; see " ME " --help\n",
		    argc < 2 ? "" : argv[1]);
		return 2;
	}
	dir = library_folder();
	if (strcmp(argv[1], "--library") == 0) {
		printf("%s\n", dir);
		return 0;
	}
	if (!find_program(argv[1], program))
		fail(NOT_FOUND, argv[1], strchr(argv[1], '/') ? strerror(ENOENT) : "there is no such program in PATH");
	check(program, 0);
	list = malloc(strlen(dir) + (before ? strlen(before) : 0) + 2);
	if (!list)
		fail(NOT_RUN, argv[1], strerror(ENOMEM));
	sprintf(list, "%s%s%s", dir, before && *before ? ":" : "", before ? before : "");
	setenv("LD_LIBRARY_PATH", list, 1);
	name_engine();
	execv(program, argv + 1);
	fail(NOT_RUN, program, strerror(errno));
}
