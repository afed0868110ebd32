/* SPDX-License-Identifier: BSD-2-Clause */
#include "bed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct options options = {.kills = 40, .engine_kills = 5};
char why_skipped[160];

void
failed_at(const char *file, int line, const char *text, const char *fmt, ...)
{
	va_list ap;

	printf("%s:%d: not so: %s: ", file, line, text);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

enum verdict
skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why_skipped, sizeof(why_skipped), fmt, ap);
	va_end(ap);
	return SKIPPED;
}

bool
bed_wanted(int argc, char **argv, const char *name)
{
	int i;

	for (i = optind; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return optind == argc;
}

uint64_t
bed_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

unsigned
bed_random(unsigned below)
{
	return (unsigned)random() % below;
}

static void
limit(int what, rlim_t n)
{
	if (n && setrlimit(what, &(struct rlimit){n, n}))
		_exit(126);
}

static void
become_engine(const struct bed *b, int ready)
{
	char exe[PATH_MAX], fd[16];
	const char *argv[32] = {exe, "--foreground", "--log-level", options.verbose ? "2" : "0", "--socket", b->path, "--ready-fd", fd};
	unsigned n = 8, i;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that is killed leaves nothing */
	snprintf(exe, sizeof(exe), "%s/netmapd", b->exe_dir);
	snprintf(fd, sizeof(fd), "%d", ready);
	for (i = 0; b->args[i]; i++)
		argv[n++] = b->args[i];
	argv[n] = NULL;
	limit(RLIMIT_NOFILE, b->nofile);
	limit(RLIMIT_AS, b->as);
	limit(RLIMIT_FSIZE, b->fsize);
	if (b->cgroup && cgroup_enter(b->cgroup, getpid()))
		_exit(126);
	execv(exe, (char *const *)(uintptr_t)argv);
	_exit(127);
}

static int
find_tools(struct bed *b)
{
	ssize_t n = readlink("/proc/self/exe", b->exe_dir, sizeof(b->exe_dir) - 1);
	char *end;

	if (n < 0)
		return -errno;
	b->exe_dir[n] = 0;
	end = strstr(b->exe_dir, "/test/");
	if (!end)
		return -ENOENT;
	*end = 0;
	return 0;
}

int
bed_start(struct bed *b)
{
	char dir[] = "/tmp/netmap-fault-XXXXXX", byte;
	int p[2], error = find_tools(b);
	ssize_t n;

	if (error)
		return error;
	if (!*b->path) {
		if (!mkdtemp(dir))
			return -errno;
		chmod(dir, 0755);
		snprintf(b->path, sizeof(b->path), "%s/sock", dir);
	}
	if (pipe2(p, O_CLOEXEC))
		return -errno;
	b->pid = fork();
	if (!b->pid) {
		fcntl(p[1], F_SETFD, 0);
		become_engine(b, p[1]);
	}
	close(p[1]);
	n = read(p[0], &byte, 1);
	close(p[0]);
	if (n == 1)
		return 0;
	waitpid(b->pid, NULL, 0);
	b->pid = 0;
	return -ECHILD;
}

int
bed_end(struct bed *b, int sig)
{
	int status = -1;

	if (!b->pid)
		return -1;
	kill(b->pid, sig);
	if (!bed_reap(b->pid, 30, &status))
		printf("the engine had to be killed\n");
	b->pid = 0;
	return status;
}

void
bed_clean(struct bed *b)
{
	static const char *const suffix[] = {"", ".srv", ".lock"};
	char name[128];
	size_t i;

	bed_end(b, SIGKILL);
	if (!*b->path)
		return;
	for (i = 0; i < sizeof(suffix) / sizeof(suffix[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", b->path, suffix[i]);
		unlink(name);
	}
	snprintf(name, sizeof(name), "%s", b->path);
	*strrchr(name, '/') = 0;
	rmdir(name);
}

static unsigned
count_entries(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

static void
count_maps(const char *file, struct holdings *h)
{
	char line[4096];
	FILE *f = fopen(file, "r");

	while (f && fgets(line, sizeof(line), f)) {
		h->maps++;
		h->regions += strstr(line, "memfd:netmap") != NULL;
	}
	if (f)
		fclose(f);
}

static void
count_status(const char *file, struct holdings *h)
{
	char line[256];
	FILE *f = fopen(file, "r");

	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "VmRSS: %lu", &h->rss_kib);
		sscanf(line, "VmSize: %lu", &h->vm_kib);
		sscanf(line, "Threads: %u", &h->threads);
	}
	if (f)
		fclose(f);
}

int
bed_count(const struct bed *b, struct holdings *h)
{
	struct nmreq_port_list l = {0};
	struct raw_client c;
	char name[64];
	int error = raw_connect(&c, b->path);

	memset(h, 0, sizeof(*h));
	if (error)
		return error;
	while (!(error = raw_request(&c, NETMAP_REQ_PORT_LIST, "", &l, sizeof(l))))
		h->ports++;
	snprintf(name, sizeof(name), "/proc/%d/fd", b->pid);
	h->files = count_entries(name);
	snprintf(name, sizeof(name), "/proc/%d/maps", b->pid);
	count_maps(name, h);
	snprintf(name, sizeof(name), "/proc/%d/status", b->pid);
	count_status(name, h);
	raw_close(&c);
	return error == -ENOENT ? 0 : error;
}

/* Memory of the allocator may stay with it; regions, whose mappings are counted, are far larger. */
#define SLACK_KIB 4096u

bool
bed_settled(const struct bed *b, const struct holdings *before, char what[200])
{
	struct holdings h;
	unsigned tries;

	for (tries = 0; tries < 2000; tries++) {
		if (bed_count(b, &h)) {
			snprintf(what, 200, "the engine does not answer");
			return false;
		}
		if (h.ports == before->ports && h.regions == before->regions && h.files == before->files && h.threads == before->threads &&
		    h.maps <= before->maps + 4 && h.rss_kib <= before->rss_kib + SLACK_KIB && h.vm_kib <= before->vm_kib + SLACK_KIB)
			return true;
		poll(NULL, 0, 5);
	}
	snprintf(what, 200, "ports %u -> %u, regions %u -> %u, descriptors %u -> %u, threads %u -> %u, maps %u -> %u, RSS %lu -> %lu KiB, "
	    "VmSize %lu -> %lu KiB", before->ports, h.ports, before->regions, h.regions, before->files, h.files, before->threads, h.threads,
	    before->maps, h.maps, before->rss_kib, h.rss_kib, before->vm_kib, h.vm_kib);
	return false;
}

pid_t
bed_tool(const struct bed *b, int out, const char *const *argv)
{
	char exe[PATH_MAX];
	pid_t pid = fork();
	int null;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(exe, sizeof(exe), "%s/%s", b->exe_dir, argv[0]);
	setenv("NETMAP_SOCKET", b->path, 1);
	setenv("NETMAP_ENGINE", "user", 1);
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(out >= 0 ? out : null, 1);
	dup2(out >= 0 ? out : null, 2);
	execv(exe, (char *const *)(uintptr_t)argv);
	_exit(127);
}

bool
bed_reap(pid_t pid, int seconds, int *status)
{
	uint64_t end = bed_now_ms() + (uint64_t)seconds * 1000;

	while (waitpid(pid, status, WNOHANG) != pid) {
		if (bed_now_ms() > end) {
			kill(pid, SIGKILL);
			waitpid(pid, status, 0);
			return false;
		}
		poll(NULL, 0, 5);
	}
	return true;
}

int
pair_open(struct pair *p, const struct bed *b, const char *a_name, const char *b_name)
{
	int error = raw_connect(&p->a, b->path);

	p->sent = p->got = 0;
	if (!error)
		error = raw_register(&p->a, a_name, 0);
	if (!error)
		error = raw_connect(&p->b, b->path);
	return error ? error : raw_register(&p->b, b_name, 0);
}

static void
number(uint8_t f[256], uint32_t n)
{
	unsigned i;

	memset(f, 0xff, 6);
	memset(f + 6, 2, 8);
	memcpy(f + 14, &n, sizeof(n));
	for (i = 18; i < 256; i++)
		f[i] = (uint8_t)(n + i);
}

int
pair_move(struct pair *p, uint32_t n)
{
	uint32_t from = p->sent, end = p->sent + n, tries;
	uint8_t f[256], want[256];
	const uint8_t *got;
	uint16_t len;

	for (tries = 0; p->got != end; tries++) {
		if (tries > 100000)
			return __LINE__;
		for (number(f, p->sent); p->sent != end && p->sent - p->got < 500 && raw_put(&p->a, f, 256); number(f, ++p->sent))
			;
		if (raw_txsync(&p->a))
			return __LINE__;
		while ((got = raw_take(&p->b, &len))) {
			number(want, p->got);
			if (len != 256 || memcmp(got, want, 256))
				return __LINE__;
			p->got++;
		}
		raw_release(&p->b);
	}
	return p->sent - from == n ? 0 : __LINE__;
}

void
pair_close(struct pair *p)
{
	raw_close(&p->a);
	raw_close(&p->b);
}

static enum verdict
run_with_witness(struct bed *b, enum verdict (*f)(struct bed *b, struct pair *witness))
{
	struct holdings before;
	struct pair witness;
	enum verdict v;
	char what[200];
	int error = pair_open(&witness, b, "vale9:a", "vale9:b"), line;

	CHECK(!error, "no witnesses: %s", strerror(-error));
	line = pair_move(&witness, 5000);
	CHECK(!line, "the witnesses do not begin (bed.c:%d)", line);
	CHECK(!bed_count(b, &before), "the engine does not answer");
	if (b->hoards) {
		before.vm_kib = before.rss_kib = 1ul << 40;
		before.maps = 1u << 30;
	}
	v = f(b, &witness);
	line = pair_move(&witness, 1000);
	CHECK(!line, "the witnesses do not go on (bed.c:%d)", line);
	CHECK(v != OK || bed_settled(b, &before, what), "what the engine holds is not what it was: %s", what);
	pair_close(&witness);
	return v;
}

enum verdict
bed_run(struct bed *b, enum verdict (*first)(struct bed *b), enum verdict (*f)(struct bed *b, struct pair *witness))
{
	int error = bed_start(b), status;
	enum verdict v;

	CHECK(!error, "no engine: %s", strerror(-error));
	v = first ? first(b) : OK;
	if (v == OK)
		v = run_with_witness(b, f);
	status = bed_end(b, SIGTERM);
	if (status) {
		printf("the engine ended with status 0x%x\n", status);
		v = FAILED;
	}
	bed_clean(b);
	return v;
}

enum verdict
bed_kill_rounds(const struct bed *b, struct pair *witness, const struct killed *k)
{
	unsigned round;
	int status, line;

	for (round = 0; round < options.kills; round++) {
		unsigned kind = bed_random(k->kinds);
		pid_t pid = k->start(b, kind, round);

		poll(NULL, 0, (int)bed_random(round % 2 ? 20 : 120)); /* a random moment is the point */
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		CHECK(WIFSIGNALED(status), "round %u: the %s had left with status 0x%x before it was killed", round, k->name[kind], status);
		line = pair_move(witness, 200);
		CHECK(!line, "round %u: after the death of a %s the witnesses stopped (bed.c:%d)", round, k->name[kind], line);
	}
	return OK;
}
