/* SPDX-License-Identifier: BSD-2-Clause */
/* gone.c - the engine dies or leaves: clients learn of it, open again, and a new engine takes the old one's place. */
#include "bed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libnetmap.h>

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* How a client waits when the engine goes. */
enum way { POLL_RX, POLL_TX, TXSYNC, RXSYNC, REQUEST, WAYS };
static const char *const way_name[] = {"poll for receive", "poll for transmit", "NIOCTXSYNC", "NIOCRXSYNC", "a request"};

/* Of a client process, shared with us. */
struct report {
	uint32_t ready;   /* it waits */
	int32_t error;    /* what it got, errno or -1 for POLLERR */
	uint64_t at_ms;
};

static int
stat_request(int fd)
{
	struct nmreq_port_list l = {0};
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_PORT_LIST, .nr_body = (uintptr_t)&l};

	return ioctl(fd, NIOCCTRL, &h);
}

/* Returns when the engine is gone: errno, -1 for POLLERR, or 0 when something else happened. */
static int
wait_for_end(struct nmport_d *d, enum way way, struct report *r)
{
	struct pollfd p = {.fd = d->fd, .events = way == POLL_TX ? POLLOUT : POLLIN};
	struct netmap_ring *tx = NETMAP_TXRING(d->nifp, 0);
	int n;

	for (;;) {
		__atomic_store_n(&r->ready, 1, __ATOMIC_SEQ_CST);
		switch (way) {
		case POLL_RX:
		case POLL_TX:
			if (way == POLL_TX) /* a pipe with no reader fills up, and the sender sleeps */
				tx->head = tx->cur = tx->tail;
			n = poll(&p, 1, 60000);
			if (n <= 0)
				return n ? errno : 0;
			if (p.revents & POLLERR)
				return -1;
			break;
		case REQUEST:
			if (stat_request(d->fd))
				return errno;
			break;
		default:
			tx->head = tx->cur = tx->tail; /* the last one is never answered */
			if (ioctl(d->fd, way == TXSYNC ? NIOCTXSYNC : NIOCRXSYNC, NULL))
				return errno;
		}
	}
}

static void
client(const struct bed *b, enum way way, struct report *r)
{
	char name[32];
	struct nmport_d *d;

	snprintf(name, sizeof(name), way == POLL_TX ? "netmap:w%d{1" : "vale0:w%d", (int)way);
	setenv("NETMAP_SOCKET", b->path, 1);
	setenv("NETMAP_ENGINE", "user", 1);
	d = nmport_open(name);
	if (!d)
		_exit(1);
	r->error = wait_for_end(d, way, r);
	r->at_ms = bed_now_ms();
	nmport_close(d);
	_exit(0);
}

/* One death of the engine with a client waiting in each way. Adds the slowest to *worst_ms. */
static enum verdict
one_death(struct bed *b, struct report *r, uint64_t took_ms[WAYS])
{
	pid_t pid[WAYS];
	uint64_t killed;
	unsigned w, tries;
	int status;

	memset(r, 0, WAYS * sizeof(*r));
	for (w = 0; w < WAYS; w++) {
		fflush(stdout);
		pid[w] = fork();
		if (!pid[w])
			client(b, (enum way)w, &r[w]);
	}
	for (w = 0; w < WAYS; w++) {
		for (tries = 0; tries < 4000 && !__atomic_load_n(&r[w].ready, __ATOMIC_SEQ_CST); tries++)
			poll(NULL, 0, 5);
		CHECK(tries < 4000, "%s: the client did not start", way_name[w]);
	}
	poll(NULL, 0, (int)bed_random(50)); /* at a random moment of their waits */
	killed = bed_now_ms();
	bed_end(b, SIGKILL);
	for (w = 0; w < WAYS; w++) {
		CHECK(bed_reap(pid[w], 20, &status) && WIFEXITED(status) && !WEXITSTATUS(status),
		    "%s: the client did not learn that the engine was gone", way_name[w]);
		CHECK(r[w].error == (w <= POLL_TX ? -1 : EIO), "%s: error %d (%s)", way_name[w], r[w].error, strerror(r[w].error));
		took_ms[w] = r[w].at_ms - killed;
	}
	return OK;
}

static enum verdict
deaths(struct bed *b, struct report *r)
{
	uint64_t took[WAYS], best[WAYS], worst[WAYS] = {0};
	struct holdings before, after;
	struct pair p;
	unsigned i, w;
	int error;

	for (w = 0; w < WAYS; w++)
		best[w] = UINT64_MAX;
	CHECK(!bed_count(b, &before), "nothing to count");
	for (i = 0; i < options.engine_kills; i++) {
		if (one_death(b, r, took) != OK)
			return FAILED;
		for (w = 0; w < WAYS; w++) {
			best[w] = took[w] < best[w] ? took[w] : best[w];
			worst[w] = took[w] > worst[w] ? took[w] : worst[w];
		}
		error = bed_start(b); /* over the socket and the lock that the dead one left */
		CHECK(!error, "round %u: no new engine: %s", i, strerror(-error));
		CHECK(!pair_open(&p, b, "vale0:a", "vale0:b") && !pair_move(&p, 1000), "round %u: the new engine does not work", i);
		pair_close(&p);
	}
	CHECK(!bed_count(b, &after) && after.ports == before.ports && after.regions == before.regions, "%u ports and %u regions are left",
	    after.ports, after.regions);
	for (w = 0; w < WAYS; w++) {
		printf("%s: ended %llu to %llu ms after the engine\n", way_name[w], (unsigned long long)best[w], (unsigned long long)worst[w]);
		/* the machine may delay one, hardly all */
		CHECK(best[w] <= 100, "%s: 100 ms are allowed", way_name[w]);
	}
	return OK;
}

enum verdict
the_engine_dies(void)
{
	struct report *r = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct bed b = {0};
	enum verdict v;
	int error;

	CHECK(r != MAP_FAILED, "no memory");
	error = bed_start(&b);
	CHECK(!error, "no engine: %s", strerror(-error));
	v = deaths(&b, r);
	bed_clean(&b);
	munmap(r, 4096);
	return v;
}

enum verdict
clients_learn_of_sigterm(void)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	struct bed b = {0};
	struct pair p;
	struct pollfd f;
	size_t i;
	int error, status;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		error = bed_start(&b);
		CHECK(!error, "no engine: %s", strerror(-error));
		CHECK(!pair_open(&p, &b, "vale0:a", "x{1"), "no ports");
		status = bed_end(&b, signals[i]);
		CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "signal %d: the engine's status is 0x%x", signals[i], status);
		f = (struct pollfd){.fd = p.a.ready};
		CHECK(poll(&f, 1, 0) == 1 && (f.revents & POLLHUP), "signal %d: no hang-up", signals[i]);
		CHECK(p.a.sync->dead == 1 && p.b.sync->dead == 1, "signal %d: the clients' pages do not say so", signals[i]);
		CHECK(access(b.path, F_OK) && errno == ENOENT, "signal %d: the socket is left", signals[i]);
		pair_close(&p);
	}
	bed_clean(&b);
	return OK;
}

static uint64_t
received(const struct bed *b, const char *name)
{
	struct nmreq_stats st = {0};
	struct raw_client c;
	uint64_t n = 0;

	if (raw_connect(&c, b->path))
		return 0;
	if (!raw_request(&c, NETMAP_REQ_STATS_GET, name, &st, sizeof(st)))
		n = st.nr_counter[NM_STAT_rx_packets];
	raw_close(&c);
	return n;
}

static bool
flows(const struct bed *b, const char *name)
{
	uint64_t first = 0, now;
	unsigned tries;

	for (tries = 0; tries < 6000; tries++) {
		now = received(b, name);
		if (!first)
			first = now;
		else if (now > first)
			return true;
		poll(NULL, 0, 5);
	}
	return false;
}

static enum verdict
reconnect(struct bed *b, pid_t tx, pid_t rx, int out)
{
	char text[65536];
	unsigned i;
	ssize_t n;
	int error, status;

	CHECK(flows(b, "vale0:rx"), "pkt-gen does not run");
	for (i = 0; i < 2; i++) {
		bed_end(b, SIGKILL);
		error = bed_start(b);
		if (error) { /* then one of the two has started an engine itself: as good, but not ours to count in */
			poll(NULL, 0, 100);
			CHECK(flows(b, "vale0:rx"), "restart %u: nothing flows", i);
			return skip("a client was quicker than the test to start a new engine");
		}
		CHECK(flows(b, "vale0:rx"), "restart %u: pkt-gen did not resume", i);
	}
	kill(tx, SIGINT);
	CHECK(bed_reap(tx, 20, &status) && WIFEXITED(status) && !WEXITSTATUS(status), "the sender's status is 0x%x", status);
	kill(rx, SIGINT);
	CHECK(bed_reap(rx, 20, &status) && WIFEXITED(status) && !WEXITSTATUS(status), "the receiver's status is 0x%x", status);
	n = pread(out, text, sizeof(text) - 1, 0);
	CHECK(n > 0, "no output");
	text[n] = 0;
	CHECK(strstr(text, "open again") && strstr(text, "\"reconnects\""), "the receiver says: %s", text);
	return OK;
}

/* NETMAPD names something that can't be run, so that only the test restarts the engine. */
enum verdict
pkt_gen_reconnects(void)
{
	struct bed b = {0};
	enum verdict v;
	pid_t tx, rx;
	int error = bed_start(&b), out = memfd_create("output", MFD_CLOEXEC), status;

	CHECK(!error, "no engine: %s", strerror(-error));
	setenv("NETMAPD", "/nonexistent/netmapd", 1);
	tx = bed_tool(&b, -1, ARGS("pkt-gen", "-i", "vale0:tx", "-f", "tx", "--reconnect", "-R", "10000"));
	rx = bed_tool(&b, out, ARGS("pkt-gen", "-i", "vale0:rx", "-f", "rx", "--reconnect", "--json"));
	unsetenv("NETMAPD");
	v = reconnect(&b, tx, rx, out);
	if (v != OK) {
		kill(tx, SIGKILL);
		kill(rx, SIGKILL);
		waitpid(tx, &status, 0);
		waitpid(rx, &status, 0);
	}
	close(out);
	bed_clean(&b);
	return v;
}

/* One engine per path; one that leaves is waited for; what is not a socket is not removed. */
enum verdict
sockets_and_locks(void)
{
	struct bed b = {0}, second = {0};
	char lock[128];
	int error = bed_start(&b), fd;
	pid_t holder;

	CHECK(!error, "no engine: %s", strerror(-error));
	strcpy(second.path, b.path);
	CHECK(bed_start(&second) == -ECHILD, "two engines serve one path");
	CHECK(!bed_count(&b, &(struct holdings){0}), "the first engine has lost its socket");
	bed_end(&b, SIGKILL);
	CHECK(access(b.path, F_OK) == 0, "a killed engine left no socket");
	snprintf(lock, sizeof(lock), "%s.srv", b.path);
	/* as an engine on its way out: the lock held, nobody listening */
	holder = fork();
	if (!holder) {
		fd = open(lock, O_RDWR);
		if (fd < 0 || flock(fd, LOCK_EX))
			_exit(1);
		kill(getppid(), SIGCONT);
		poll(NULL, 0, 400);
		_exit(0);
	}
	for (fd = open(lock, O_RDWR | O_CLOEXEC); !flock(fd, LOCK_EX | LOCK_NB); poll(NULL, 0, 5))
		flock(fd, LOCK_UN);
	close(fd);
	error = bed_start(&b);
	CHECK(!error, "an engine that is leaving is not waited for");
	waitpid(holder, NULL, 0);
	bed_end(&b, SIGTERM);
	fd = open(b.path, O_CREAT | O_EXCL | O_WRONLY, 0600);
	CHECK(fd >= 0, "%s", strerror(errno));
	close(fd);
	CHECK(bed_start(&b) == -ECHILD, "a file at the socket's path is taken for a socket");
	CHECK(access(b.path, F_OK) == 0, "a file at the socket's path was removed");
	bed_clean(&b);
	return OK;
}
