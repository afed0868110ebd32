/* SPDX-License-Identifier: BSD-2-Clause */
/* limits.c - descriptors, quota, connections, address space and memory run out: the request fails, nobody else does. */
#include "bed.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 400
#define HUGE_PAGES 60 /* enough for one region of a port, not for two */

/* Opens ports with a region each until that fails; the error of the one that failed, its text in `text`. */
static int
open_until_refused(const struct bed *b, struct raw_client *c, unsigned *n, char text[512])
{
	struct nmreq_error e = {0};
	char name[32];
	int error;

	*text = 0;
	for (*n = 0; *n < MOST; ++*n) {
		snprintf(name, sizeof(name), "vale%u:p%u", *n / 100, *n);
		error = raw_connect(&c[*n], b->path);
		if (error)
			return error;
		error = raw_register(&c[*n], name, 0);
		if (!error)
			continue;
		if (!raw_request(&c[*n], NETMAP_REQ_ERROR_GET, "", &e, sizeof(e)))
			snprintf(text, 512, "%s", e.nr_text);
		raw_close(&c[*n]);
		return error;
	}
	return 0;
}

static void
close_all(struct raw_client *c, unsigned n)
{
	while (n > 0)
		raw_close(&c[--n]);
}

/* Three times into the limit and back: each time as many fit, the others go on, and all is given back. */
static enum verdict
into_the_limit(struct bed *b, const int *errors, const char *wanted_text, unsigned at_least)
{
	static struct raw_client c[MOST];
	struct holdings before;
	struct pair witness;
	unsigned n, first = 0, round, i;
	char text[512], what[200];
	int error, line;

	CHECK(!pair_open(&witness, b, "vale7:a", "vale7:b") && !pair_move(&witness, 5000), "no ports at all");
	CHECK(!bed_count(b, &before), "nothing to count");
	for (round = 0; round < 3; round++) {
		error = open_until_refused(b, c, &n, text);
		for (i = 0; errors[i] && errors[i] != -error; i++)
			;
		CHECK(errors[i], "after %u ports the error is %s (%s)", n, strerror(-error), text);
		CHECK(!*text || !wanted_text || strstr(text, wanted_text), "the text is: %s", text);
		CHECK(n >= at_least, "only %u ports fit", n);
		CHECK(!round || n == first, "round %u: %u ports fit, at first %u did", round, n, first);
		first = n;
		line = pair_move(&witness, 1000);
		CHECK(!line, "the limit stops the others (bed.c:%d)", line);
		close_all(c, n);
		CHECK(bed_settled(b, &before, what), "round %u: what the engine holds is not what it was: %s", round, what);
	}
	pair_close(&witness);
	return OK;
}

static enum verdict
with_engine(struct bed *b, const int *errors, const char *wanted_text, unsigned at_least)
{
	enum verdict v;
	int error = bed_start(b);

	CHECK(!error, "no engine: %s", strerror(-error));
	v = into_the_limit(b, errors, wanted_text, at_least);
	if (v == OK && bed_end(b, SIGTERM)) {
		printf("the engine did not end in order\n");
		v = FAILED;
	}
	bed_clean(b);
	return v;
}

enum verdict
descriptors_run_out(void)
{
	struct bed b = {.nofile = 64};
	static const int errors[] = {ENFILE, EMFILE, 0};

	return with_engine(&b, errors, NULL, 4);
}

enum verdict
the_quota_is_reached(void)
{
	struct bed b = {.args = {"--quota", "512"}};
	static const int errors[] = {ENOMEM, 0};

	return with_engine(&b, errors, "quota of user", 2);
}

enum verdict
address_space_runs_out(void)
{
	struct bed as = {.as = (rlim_t)1 << 30}, files = {.fsize = 1 << 20};
	static const int errors[] = {ENOMEM, 0};
	struct raw_client c;
	enum verdict v = with_engine(&as, errors, NULL, 2);
	int error;

	if (v != OK)
		return v;
	/* a file size limit bounds memfds too, by a signal unless that is ignored */
	error = bed_start(&files);
	CHECK(!error, "no engine: %s", strerror(-error));
	CHECK(!raw_connect(&c, files.path) && raw_register(&c, "vale0:a", 0) == -EFBIG, "a region above the file size limit");
	raw_close(&c);
	CHECK(!raw_connect(&c, files.path), "the engine is gone");
	raw_close(&c);
	bed_clean(&files);
	return OK;
}

/* In a process of another user, who connects as often as he can; reports the number and the error. */
static void
connect_often(const struct bed *b, int out)
{
	struct raw_client c;
	int32_t result[2] = {0};

	if (setgid(12345) || setuid(12345))
		_exit(1);
	for (; result[0] < 100 && !(result[1] = raw_connect(&c, b->path)); result[0]++)
		;
	if (write(out, result, sizeof(result)) != sizeof(result))
		_exit(1);
	for (;;)
		pause(); /* holds what it has */
}

enum verdict
connections_are_limited(void)
{
	struct bed b = {.args = {"--mode", "0666", "--clients", "10"}};
	struct holdings before;
	int32_t result[2] = {0};
	char what[200];
	struct pair p;
	int error, out[2];
	pid_t pid;

	if (geteuid())
		return skip("only root can be another user");
	error = bed_start(&b);
	CHECK(!error, "no engine: %s", strerror(-error));
	CHECK(!bed_count(&b, &before) && !pipe(out), "nothing to count");
	fflush(stdout);
	pid = fork();
	if (!pid)
		connect_often(&b, out[1]);
	close(out[1]);
	CHECK(read(out[0], result, sizeof(result)) == sizeof(result), "no answer of the other user");
	CHECK(result[0] == 10 && result[1] == -EDQUOT, "he has %d connections, then: %s", result[0], strerror(-result[1]));
	CHECK(!pair_open(&p, &b, "vale0:a", "vale0:b") && !pair_move(&p, 100), "he keeps others out");
	pair_close(&p);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(out[0]);
	CHECK(bed_settled(&b, &before, what), "what the engine holds is not what it was: %s", what);
	bed_clean(&b);
	return OK;
}

/* Touches all of its region until it is killed. */
static void
eat(const struct bed *b, const char *cgroup)
{
	struct raw_client c;
	size_t i;

	if (cgroup_enter(cgroup, getpid()) || raw_connect(&c, b->path) || raw_register(&c, "vale0:eater", 0))
		_exit(1);
	for (i = c.size / 8; i < c.size / 8 * 7; i += 4096)
		((volatile char *)c.base)[i] = 1;
	_exit(2); /* all of it fits: no limit was reached */
}

enum verdict
a_client_reaches_its_memory_limit(void)
{
	struct bed b = {0};
	struct holdings before;
	struct pair witness;
	char cgroup[200], what[200];
	int error, status, line;
	pid_t pid;

	if (cgroup_make(cgroup, 24u << 20))
		return SKIPPED;
	error = bed_start(&b);
	CHECK(!error, "no engine: %s", strerror(-error));
	CHECK(!pair_open(&witness, &b, "vale0:a", "vale0:b") && !pair_move(&witness, 5000) && !bed_count(&b, &before), "no ports");
	fflush(stdout);
	pid = fork();
	if (!pid)
		eat(&b, cgroup);
	waitpid(pid, &status, 0);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the client was not stopped by its limit: status 0x%x", status);
	line = pair_move(&witness, 10000);
	CHECK(!line, "the others stop (bed.c:%d)", line);
	CHECK(bed_settled(&b, &before, what), "what the engine holds is not what it was: %s", what);
	pair_close(&witness);
	bed_clean(&b);
	cgroup_remove(cgroup);
	return OK;
}

/* Frames into many ports whose receivers do not take them: the copies are memory of the engine's cgroup. */
static void
flood(struct raw_client *c, unsigned n)
{
	uint8_t f[2048] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9};
	struct pollfd p = {.fd = c[0].ready};
	unsigned rounds;

	(void)n;
	for (rounds = 0; rounds < 200 && poll(&p, 1, 0) == 0; rounds++) {
		while (raw_put(&c[0], f, 1514))
			;
		raw_publish(&c[0]);
		poll(NULL, 0, 2);
	}
}

/* The kernel kills the engine: as any death of it, this leaves clients that know, and a path that can be served. */
enum verdict
the_engine_reaches_its_memory_limit(void)
{
	static struct raw_client c[MOST];
	struct bed b = {0};
	struct pollfd p;
	char cgroup[200], text[512], name[32];
	struct pair pair;
	unsigned n;
	int error, status;

	if (cgroup_make(cgroup, 24u << 20))
		return SKIPPED;
	b.cgroup = cgroup;
	error = bed_start(&b);
	CHECK(!error, "no engine: %s", strerror(-error));
	*text = 0;
	for (n = 0; n < 30; n++) {
		snprintf(name, sizeof(name), "vale0:p%u", n);
		if (raw_connect(&c[n], b.path))
			break;
		if (raw_register(&c[n], name, 0)) {
			raw_close(&c[n]);
			break;
		}
	}
	CHECK(n > 1, "no ports");
	flood(c, n);
	status = 0;
	CHECK(waitpid(b.pid, &status, WNOHANG) == b.pid && WIFSIGNALED(status), "%u ports: the limit was not reached", n);
	b.pid = 0;
	p = (struct pollfd){.fd = c[n - 1].ready};
	CHECK(poll(&p, 1, 10000) == 1 && (p.revents & POLLHUP), "a client does not see that the engine is gone");
	close_all(c, n);
	b.cgroup = NULL;
	error = bed_start(&b);
	CHECK(!error, "no new engine: %s", strerror(-error));
	CHECK(!pair_open(&pair, &b, "vale0:a", "vale0:b") && !pair_move(&pair, 1000), "the new engine does not work");
	pair_close(&pair);
	bed_clean(&b);
	cgroup_remove(cgroup);
	return OK;
}

/* A number of /proc/meminfo, or of the system's pool of huge pages with a value to set; -1: can't. */
static long
meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "r");
	size_t len = strlen(name);
	char line[128];
	long n = -1;

	while (f && n < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			n = atol(line + len + 1);
	if (f)
		fclose(f);
	return n;
}

static bool
set_huge_pages(long n)
{
	FILE *f = fopen("/proc/sys/vm/nr_hugepages", "w");
	bool ok = f && fprintf(f, "%ld", n) > 0;

	return f && !fclose(f) && ok && meminfo("HugePages_Total") == n;
}

/* The kernel gives pages back a moment after the last mapping has gone. */
static bool
huge_pages_back(void)
{
	int i;

	for (i = 0; i < 500 && meminfo("HugePages_Free") - meminfo("HugePages_Rsvd") != HUGE_PAGES; i++)
		poll(NULL, 0, 10);
	return i < 500;
}

/* With pages for one port's region: it takes them, the next ones are made of ordinary pages, and all give back. */
static enum verdict
with_few_huge_pages(struct bed *b)
{
	struct holdings before;
	struct pair pair;
	char what[200];
	int error = bed_start(b), line;

	CHECK(!error, "no engine: %s", strerror(-error));
	CHECK(!bed_count(b, &before), "can't count");
	line = pair_open(&pair, b, "vale0:a", "vale0:b");
	CHECK(!line, "no ports (bed.c:%d)", line);
	CHECK(HUGE_PAGES - meminfo("HugePages_Free") + meminfo("HugePages_Rsvd") > HUGE_PAGES / 2, "no region took huge pages");
	line = pair_move(&pair, 10000);
	CHECK(!line, "frames are lost or wrong (bed.c:%d)", line);
	pair_close(&pair);
	CHECK(bed_settled(b, &before, what), "what the engine holds is not what it was: %s", what);
	CHECK(huge_pages_back(), "huge pages did not come back");
	CHECK(!bed_end(b, SIGTERM), "the engine did not end in order");
	return OK;
}

enum verdict
huge_pages_run_out(void)
{
	struct bed b = {.args = {"--huge-pages"}};
	enum verdict v;

	if (geteuid())
		return skip("only root may set the number of huge pages");
	if (meminfo("HugePages_Total"))
		return skip("the huge pages of this machine are not ours to take");
	v = set_huge_pages(HUGE_PAGES) ? with_few_huge_pages(&b) : skip("%u huge pages could not be had", HUGE_PAGES);
	bed_clean(&b);
	if (!set_huge_pages(0)) {
		printf("the huge pages could not be given back\n");
		v = FAILED;
	}
	return v;
}
