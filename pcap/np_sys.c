/* SPDX-License-Identifier: BSD-2-Clause */
/* np_sys.c - loads the system's libpcap when ours is loaded; without it there is nothing to go on with. */
#include "np_sys.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "np_data.h" /* made with the build: sizes of the data that the system's library exports */

struct np_sys np_sys;

/* Data a program may have a copy of, made before anything runs: so they get their content, by that name, at the start. */
char pcap_version[NP_SIZE_pcap_version];
char eproto_db[NP_SIZE_eproto_db] __attribute__((aligned(16)));

static _Noreturn void
give_up(const char *path, const char *why)
{
	fprintf(stderr, "libpcap over netmap: the system's libpcap, %s, can't be used: %s; set NETMAP_LIBPCAP to its path\n", path, why);
	_exit(127);
}

static void *
symbol(void *lib, const char *path, const char *name)
{
	void *p = dlsym(lib, name);

	if (!p)
		give_up(path, dlerror());
	return p;
}

static void
copy_data(void *lib, const char *name, char *to, size_t size)
{
	const void *from = dlsym(lib, name);

	if (from)
		memcpy(to, from, size);
}

__attribute__((constructor)) static void
load(void)
{
	const char *path = secure_getenv("NETMAP_LIBPCAP");
	void *lib;

	if (!path || !*path)
		path = NP_SYSTEM_LIBPCAP;
	lib = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
	if (!lib)
		give_up(path, dlerror());
	if (dlsym(lib, "pcap_create") == (void *)pcap_create)
		give_up(path, "this is the library over netmap itself");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#define LOAD_OWN(name) np_sys.name = (__typeof__(np_sys.name))symbol(lib, path, #name);
#define LOAD_PASS(ret, name, params, args) LOAD_OWN(name)
#define LOAD_PASSV(name, params, args) LOAD_OWN(name)
	NP_CALLS(LOAD_PASS, LOAD_PASSV, LOAD_PASS, LOAD_OWN)
#pragma GCC diagnostic pop
	copy_data(lib, "pcap_version", pcap_version, sizeof(pcap_version));
	copy_data(lib, "eproto_db", eproto_db, sizeof(eproto_db));
}
