/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * later.c - a program that has nothing of netmap or libpcap until it loads it.
 *
 *	later plain|deep|apart FILE	loads FILE, with RTLD_DEEPBIND or into a namespace of its own, and says what its function plugin() returns
 *	later raw			opens the device by a system call of its own
 *	later pcap NAME			loads libpcap by this name and opens vale0:later
 *	later plugin			opens the device by the C library, as FILE does: it can be this file, built as a library
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int plugin(void);

/* This file is the plugin as well. */
int
plugin(void)
{
	int fd = open("/dev/netmap", O_RDWR);

	return fd < 0 ? -errno : close(fd);
}

static int
say(int error)
{
	printf("%s\n", error ? strerror(-error) : "opened");
	return error ? 1 : 0;
}

static int
live(void *lib)
{
	void *(*open_live)(const char *, int, int, int, char *) = (void *(*)(const char *, int, int, int, char *))dlsym(lib, "pcap_open_live");
	char err[256] = "";

	if (!open_live)
		return say(-ENOSYS);
	if (open_live("vale0:later", 100, 0, 10, err))
		return say(0);
	printf("%s\n", err);
	return 1;
}

int
main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	int (*f)(void);
	void *lib;

	if (!strcmp(how, "raw"))
		return say(syscall(SYS_openat, AT_FDCWD, "/dev/netmap", O_RDWR) < 0 ? -errno : 0);
	if (!strcmp(how, "plugin"))
		return say(plugin());
	if (argc != 3)
		return 2;
	if (!strcmp(how, "apart"))
		lib = dlmopen(LM_ID_NEWLM, argv[2], RTLD_NOW);
	else
		lib = dlopen(argv[2], !strcmp(how, "deep") ? RTLD_NOW | RTLD_DEEPBIND : RTLD_NOW);
	if (!lib) {
		printf("%s\n", dlerror());
		return 1;
	}
	if (!strcmp(how, "pcap"))
		return live(lib);
	f = (int (*)(void))dlsym(lib, "plugin");
	return f ? say(f()) : 2;
}
