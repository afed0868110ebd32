/* SPDX-License-Identifier: BSD-2-Clause */
/* netmapd: the userspace engine. */
#include "nm_os_user.h"
#include "nm_server.h"
#include "nm_worker.h"

#include <getopt.h>
#include <grp.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_NS 100000u

struct options {
	struct nm_server_config server;
	struct nm_worker_config worker;
	uint64_t quota_mib;
	bool quota_given, foreground;
};

enum { OPT_WORKERS = 256, OPT_BUSY, OPT_SOCKET, OPT_DEMAND, OPT_READY, OPT_QUOTA, OPT_HUGE, OPT_CLIENTS, OPT_STAMPS, OPT_MODE, OPT_GROUP, OPT_LOG, OPT_FOREGROUND, OPT_HELP };

static const struct {
	struct option o;
	const char *arg, *help;
	uint64_t max;
} table[] = {
	{{"foreground", no_argument, NULL, OPT_FOREGROUND}, "", "stay in the foreground, log to standard error", 0},
	{{"workers", required_argument, NULL, OPT_WORKERS}, " N", "threads that move frames (1 to 64; default: 1 on two CPUs, else up to 4)", 64},
	{{"busy-poll", required_argument, NULL, OPT_BUSY}, " US", "look for work so many microseconds before sleeping (default 50)", 1000000000},
	{{"socket", required_argument, NULL, OPT_SOCKET}, " PATH", "where clients connect", 0},
	{{"mode", required_argument, NULL, OPT_MODE}, " OCTAL", "of the socket (default 0600; 0660 with a group)", 0},
	{{"group", required_argument, NULL, OPT_GROUP}, " NAME", "group of the socket", 0},
	{{"huge-pages", no_argument, NULL, OPT_HUGE}, "", "take regions from the system's huge pages (vm.nr_hugepages) while there are enough", 0},
	{{"quota", required_argument, NULL, OPT_QUOTA}, " MIB", "memory of regions of each user (default: half of the machine's, own user free)", 1u << 30},
	{{"clients", required_argument, NULL, OPT_CLIENTS}, " N", "connections that each other user may have (default 1024 or less)", 65536},
	{{"timestamps", no_argument, NULL, OPT_STAMPS}, "", "stamp all receive rings that get frames, not only those that ask for it", 0},
	{{"log-level", required_argument, NULL, OPT_LOG}, " N", "0 errors, 1 warnings, 2 information (default), 3 debugging", 3},
	{{"on-demand", no_argument, NULL, OPT_DEMAND}, "", "leave when the last client has gone", 0},
	{{"ready-fd", required_argument, NULL, OPT_READY}, " FD", "write a byte there when clients can connect", 65536},
	{{"help", no_argument, NULL, OPT_HELP}, "", "this text", 0},
};

#define NOPTIONS (sizeof(table) / sizeof(table[0]))

static int
usage(FILE *f)
{
	size_t i;
	char left[40];

	fprintf(f, "usage: netmapd [options]\nThe userspace engine of netmap: switches, pipes and their memory.\n");
	for (i = 0; i < NOPTIONS; i++) {
		snprintf(left, sizeof(left), "--%s%s", table[i].o.name, table[i].arg);
		fprintf(f, "  %-18s %s\n", left, table[i].help);
	}
	return f == stdout ? 0 : 2;
}

static int
mode(const char *text, mode_t *out)
{
	char *end;
	unsigned long m = strtoul(text, &end, 8);

	if (end == text || *end || m > 0777 || !(m & 0600)) {
		fprintf(stderr, "netmapd: --mode %s: an octal mode such as 0660 is expected\n", text);
		return -1;
	}
	*out = (mode_t)m;
	return 0;
}

static int
group(const char *name, gid_t *out)
{
	const struct group *g = getgrnam(name);
	char *end;
	unsigned long n = strtoul(name, &end, 10);

	if (g) {
		*out = g->gr_gid;
		return 0;
	}
	if (end != name && !*end && n < (gid_t)-1) {
		*out = (gid_t)n;
		return 0;
	}
	fprintf(stderr, "netmapd: --group %s: there is no such group; make it by: groupadd --system %s\n", name, name);
	return -1;
}

static int
number(const char *name, const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || *out > max) {
		fprintf(stderr, "netmapd: --%s %s: a number from 0 to %llu is expected\n", name, text, (unsigned long long)max);
		return -1;
	}
	return 0;
}

/* 0, or an exit status + 1. */
static int
parse(int argc, char **argv, struct options *o)
{
	struct option longs[NOPTIONS + 1] = {{0}};
	uint64_t n = 0;
	size_t i;
	int c, index;

	for (i = 0; i < NOPTIONS; i++)
		longs[i] = table[i].o;
	while ((c = getopt_long(argc, argv, "", longs, &index)) != -1) {
		if (c == '?')
			return usage(stderr) + 1;
		if (c == OPT_HELP)
			return usage(stdout) + 1;
		if (table[index].max && number(table[index].o.name, optarg, table[index].max, &n))
			return 3;
		switch (c) {
		case OPT_FOREGROUND: o->foreground = true; break;
		case OPT_WORKERS: o->worker.workers = (uint32_t)n; break;
		case OPT_BUSY: o->worker.busy_poll_us = (uint32_t)n; break;
		case OPT_SOCKET: o->server.path = optarg; break;
		case OPT_MODE:
			if (mode(optarg, &o->server.mode))
				return 3;
			break;
		case OPT_GROUP:
			if (group(optarg, &o->server.gid))
				return 3;
			break;
		case OPT_HUGE: nm_os_user_huge_pages(true); break;
		case OPT_QUOTA: o->quota_mib = n, o->quota_given = true; break;
		case OPT_CLIENTS: o->server.max_clients = (uint32_t)n; break;
		case OPT_STAMPS: o->server.stamps = true; break;
		case OPT_LOG: nm_os_user_log_level((int)n); break;
		case OPT_DEMAND: o->server.on_demand = true; break;
		case OPT_READY: o->server.ready_fd = (int)n; break;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "netmapd: unexpected argument %s\n", argv[optind]);
		return 3;
	}
	return 0;
}

/* The system's service: its folder is open to all, its socket to the group netmap if there is one. */
static const char *
system_path(struct nm_server_config *c)
{
	const struct group *g = getgrnam("netmap");

	if (!mkdir("/run/netmap", 0755) && chmod("/run/netmap", 0755)) /* the umask may have closed it */
		nm_os_log(NM_LOG_WARN, "/run/netmap: %s", strerror(errno));
	if (c->gid == (gid_t)-1 && g)
		c->gid = g->gr_gid;
	else if (c->gid == (gid_t)-1 && !c->mode)
		nm_os_log(NM_LOG_INFO, "only root can connect; for others make a group: groupadd --system netmap");
	return "/run/netmap/netmapd.sock";
}

/* $NETMAP_SOCKET, the system's path for root, else the user's runtime folder or one of mode 0700 in /tmp. */
static const char *
default_path(struct nm_server_config *c)
{
	static char path[200];
	const char *e = getenv("NETMAP_SOCKET"), *run = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (e && *e)
		return e;
	if (!geteuid())
		return system_path(c);
	if (run && *run) {
		snprintf(path, sizeof(path), "%s/netmapd.sock", run);
		return path;
	}
	snprintf(path, sizeof(path), "/tmp/netmapd-%u", geteuid());
	mkdir(path, 0700);
	if (lstat(path, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077)) {
		fprintf(stderr, "netmapd: %s is not a folder of yours alone; remove it or give --socket PATH\n", path);
		exit(1);
	}
	strcat(path, "/netmapd.sock");
	return path;
}

/* A client takes up to six descriptors; one user gets half of them at most. */
#define CLIENT_FILES 6u

static void
raise_files(struct nm_server_config *c)
{
	struct rlimit r = {1024, 1024};
	uint32_t most;

	if (!getrlimit(RLIMIT_NOFILE, &r)) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
	most = r.rlim_cur / 2 / CLIENT_FILES > 1024 ? 1024 : (uint32_t)(r.rlim_cur / 2 / CLIENT_FILES);
	if (!c->max_clients)
		c->max_clients = most ? most : 1;
}

/* Without --quota the engine's own user is bounded by his machine only. */
static void
set_quota(const struct options *o)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

	if (o->quota_given)
		nm_os_user_quota((size_t)o->quota_mib << 20, true);
	else
		nm_os_user_quota(pages > 0 && page > 0 ? (size_t)pages * (size_t)page / 2 : (size_t)1 << 30, false);
}

int
main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct options o = {
		.server = {.ready_fd = -1, .gid = (gid_t)-1},
		.worker = {.workers = cpus <= 2 ? 1 : cpus / 2 > 4 ? 4 : (uint32_t)cpus / 2, .busy_poll_us = 50},
	};
	struct nm_limits limits = nm_root_defaults;
	static struct nm_root root;
	int error = parse(argc, argv, &o);

	if (error)
		return error - 1;
	if (!o.worker.workers) {
		fprintf(stderr, "netmapd: --workers 0: at least one is needed\n");
		return 2;
	}
	if (!o.server.path)
		o.server.path = default_path(&o.server);
	if (!o.server.mode)
		o.server.mode = o.server.gid == (gid_t)-1 ? 0600 : 0660;
	if (!o.foreground && !o.server.on_demand && daemon(0, 1)) {
		perror("netmapd: daemon");
		return 1;
	}
	/* memory is allotted when things are opened and closed, never where frames move: an arena for each thread would be waste */
	mallopt(M_ARENA_MAX, 1);
	raise_files(&o.server);
	nm_server_block_signals();
	set_quota(&o);
	error = nm_os_user_init();
	limits.page = (uint32_t)sysconf(_SC_PAGESIZE);
	limits.patience_ns = PATIENCE_NS;
	limits.default_mode = geteuid() ? 0600 : 0660; /* the system's engine has users with groups of their own */
	if (!error)
		error = nm_root_init(&root, &limits);
	if (!error)
		error = nm_worker_start(&o.worker);
	if (!error)
		error = nm_server_run(&root, &o.server);
	nm_worker_stop();
	nm_root_fini(&root);
	if (error)
		fprintf(stderr, "netmapd: %s\n", strerror(-error));
	return error ? 1 : 0;
}
