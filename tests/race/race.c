/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * race [--seconds N] - the engine's server and workers, and its clients, as threads of one process, for the thread
 * sanitizer (BUILD=build/tsan), which can't see accesses of another process. The clients use the engine's own mapping of
 * their regions, so that both sides are seen at the same addresses. They behave: hostile ones race by intent.
 */
#include "nm_os_user.h"
#include "nm_port.h"
#include "nm_server.h"
#include "nm_worker.h"
#include "raw_client.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define THREADS 7u

static struct nm_root root;
static char path[64];
static uint64_t end_ns;
static uint32_t failures;

static bool
over(void)
{
	return nm_os_now_exact() > end_ns;
}

static void
fail(const char *who, const char *what, int error)
{
	printf("%s: %s: %s\n", who, what, error ? strerror(-error) : "not as it should be");
	__atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
}

static char *
engine_base(const char *name)
{
	struct nm_port *p;
	char *base;

	nm_os_mutex_lock(&root.lock);
	p = nm_port_find(&root, name);
	base = p ? p->mem->region.part[0].base : NULL;
	nm_os_mutex_unlock(&root.lock);
	return base;
}

#define MOVE(p, d) ((p) = (p) ? (void *)((char *)(p) + (d)) : NULL)

/* As `seen` lists it, which is another name for a monitor. 0 or -errno. */
static int
open_as(struct raw_client *c, const char *name, uint64_t flags, const char *seen)
{
	int error = raw_connect(c, path);
	char *base;
	ptrdiff_t d;

	if (error)
		return error;
	error = raw_register(c, name, flags);
	if (error) {
		raw_close(c);
		return error;
	}
	base = engine_base(seen);
	d = base - c->base;
	munmap(c->base, c->size);
	c->base = NULL; /* not ours to unmap */
	MOVE(c->sync, d);
	MOVE(c->tx, d);
	MOVE(c->rx, d);
	MOVE(c->txs, d);
	MOVE(c->rxs, d);
	return 0;
}

static int
open_port(struct raw_client *c, const char *name)
{
	return open_as(c, name, 0, name);
}

/* Frames with a number and a pattern from one port to another; none may be lost or changed. */
static void
exchange(const char *from_name, const char *to_name)
{
	struct raw_client from, to;
	uint32_t sent = 0, got = 0, n;
	uint8_t f[200] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};
	const uint8_t *r;
	uint16_t len;
	int error = open_port(&from, from_name);

	if (!error)
		error = open_port(&to, to_name);
	if (error) {
		fail(from_name, "open", error);
		return;
	}
	while (!over() || got != sent) {
		for (; !over() && sent - got < 300; sent++) {
			memcpy(f + 14, &sent, sizeof(sent));
			memset(f + 18, (int)sent, sizeof(f) - 18);
			if (!raw_put(&from, f, sizeof(f)))
				break;
		}
		if (raw_txsync(&from)) {
			fail(from_name, "sync", -ETIMEDOUT);
			break;
		}
		while ((r = raw_take(&to, &len))) {
			memcpy(&n, r + 14, sizeof(n));
			if (len != sizeof(f) || n != got || r[18] != (uint8_t)n || r[199] != (uint8_t)n)
				fail(to_name, "frame", 0);
			got++;
		}
		raw_release(&to);
	}
	if (!got)
		fail(from_name, "nothing was received", 0);
	raw_close(&from);
	raw_close(&to);
}

static void *
switch_traffic(void *arg)
{
	(void)arg;
	exchange("vale0:a", "vale0:b");
	return NULL;
}

static void *
pipe_traffic(void *arg)
{
	(void)arg;
	exchange("p{1", "p}1");
	return NULL;
}

/* Ports of a switch come and go while others flood to it, with frames on the way. */
static void *
churn(void *arg)
{
	const char *name = arg;
	uint8_t f[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 4};
	struct raw_client c;
	uint32_t i, rounds;
	int error;

	for (rounds = 0; !over(); rounds++) {
		error = open_port(&c, name);
		if (error) {
			fail(name, "open", error);
			break;
		}
		for (i = 0; i < rounds % 50 && raw_put(&c, f, sizeof(f)); i++)
			;
		raw_publish(&c);
		raw_close(&c);
	}
	return NULL;
}

/* A monitor comes, sees a few frames as they were sent, and goes. */
static void *
monitor(void *arg)
{
	static const struct { const char *name, *seen; uint64_t flags; } of[] = {
		{"vale0:a", "vale0:a.mon1", NR_MONITOR_TX}, {"vale0:b", "vale0:b.mon1", NR_MONITOR_RX}, {"p{1", "p{1.mon1", NR_MONITOR_TX},
		{"p}1", "p}1.mon1", NR_MONITOR_RX},
	};
	uint32_t round, n, tries;
	struct raw_client c;
	const uint8_t *r;
	uint16_t len;

	(void)arg;
	for (round = 0; !over(); round++) {
		if (open_as(&c, of[round % 4].name, of[round % 4].flags, of[round % 4].seen)) {
			poll(NULL, 0, 1); /* the port is not there yet, or no more */
			continue;
		}
		for (tries = 0; tries < 100 && !over(); tries++) {
			while ((r = raw_take(&c, &len))) {
				memcpy(&n, r + 14, sizeof(n));
				if (len != 200 || r[18] != (uint8_t)n || r[199] != (uint8_t)n)
					fail(of[round % 4].seen, "frame", 0);
			}
			raw_release(&c);
			poll(NULL, 0, 1);
		}
		raw_close(&c);
	}
	return NULL;
}

/* Looks at everything meanwhile. */
static void *
watch(void *arg)
{
	struct nmreq_port_list l;
	struct nmreq_stats st;
	struct nmreq_fdb fdb;
	struct raw_client c;
	int error = raw_connect(&c, path);

	(void)arg;
	if (error) {
		fail("watch", "connect", error);
		return NULL;
	}
	while (!over()) {
		memset(&l, 0, sizeof(l));
		while (!raw_request(&c, NETMAP_REQ_PORT_LIST, "", &l, sizeof(l))) {
			memset(&st, 0, sizeof(st));
			(void)raw_request(&c, NETMAP_REQ_STATS_GET, l.nr_port_name, &st, sizeof(st)); /* it may be gone */
		}
		memset(&fdb, 0, sizeof(fdb));
		(void)raw_request(&c, NETMAP_REQ_FDB_GET, "vale1", &fdb, sizeof(fdb));
		poll(NULL, 0, 1);
	}
	raw_close(&c);
	return NULL;
}

/* Changes what applies to the ports, of which some are just not there; the first switch must lose nothing by it. */
static void *
change_policies(void *arg)
{
	struct raw_client c;
	uint32_t i;
	int error = raw_connect(&c, path);

	(void)arg;
	if (error) {
		fail("policies", "connect", error);
		return NULL;
	}
	for (i = 0; !over(); i++) {
		const char *name = i & 1 ? "vale1:x" : "vale1:y", *other = i & 1 ? "vale1:y" : "vale1:x";
		struct nmreq_vlan vlan = {.nr_op = NM_POLICY_SET, .nr_mode = i % 3, .nr_vid = i % 3 ? 10 : 0};
		struct nmreq_storm storm = {.nr_op = NM_POLICY_SET, .nr_limit = {{.pps = i & 2 ? NM_STORM_MAX_PPS : 0}}};
		struct nmreq_lossless lossless = {.nr_op = NM_POLICY_SET, .nr_on = i & 1};
		struct nmreq_mirror mirror = {.nr_op = NM_POLICY_SET, .nr_dirs = i & 3};
		struct nmreq_fdb_static fixed = {.nr_op = NM_FDB_ADD, .nr_mac = {2, 9, 9, 9, 9, (uint8_t)i}};

		if (mirror.nr_dirs)
			snprintf(mirror.nr_to, sizeof(mirror.nr_to), "%s", other);
		(void)raw_request(&c, NETMAP_REQ_VLAN, name, &vlan, sizeof(vlan)); /* these may be gone */
		(void)raw_request(&c, NETMAP_REQ_MIRROR, name, &mirror, sizeof(mirror));
		(void)raw_request(&c, NETMAP_REQ_FDB_STATIC, name, &fixed, sizeof(fixed));
		(void)raw_request(&c, NETMAP_REQ_STORM, name, &storm, sizeof(storm));
		(void)raw_request(&c, NETMAP_REQ_STORM, "vale0:a", &storm, sizeof(storm));
		(void)raw_request(&c, NETMAP_REQ_LOSSLESS, i & 4 ? "vale0" : "vale1", &lossless, sizeof(lossless));
		if (!(i % 64))
			poll(NULL, 0, 1);
	}
	raw_close(&c);
	return NULL;
}

static void *
serve(void *arg)
{
	int error = nm_server_run(&root, arg);

	if (error)
		fail("server", "run", error);
	return NULL;
}

static const struct {
	void *(*run)(void *);
	const char *arg;
} clients[THREADS] = {{switch_traffic, NULL}, {pipe_traffic, NULL}, {churn, "vale1:x"}, {churn, "vale1:y"}, {watch, NULL},
    {change_policies, NULL}, {monitor, NULL}};

int
main(int argc, char **argv)
{
	struct nm_worker_config w = {.workers = 2, .busy_poll_us = 50};
	struct nm_server_config s = {.path = path, .mode = 0600, .gid = (gid_t)-1, .max_clients = 1000};
	unsigned seconds = argc == 3 && !strcmp(argv[1], "--seconds") ? (unsigned)atoi(argv[2]) : 5, i;
	char dir[] = "/tmp/netmap-race-XXXXXX", byte, name[80];
	pthread_t server, t[THREADS];
	int ready[2];

	if (!mkdtemp(dir) || pipe(ready))
		return 1;
	snprintf(path, sizeof(path), "%s/sock", dir);
	s.ready_fd = ready[1];
	nm_server_block_signals();
	nm_os_user_log_level(0);
	if (nm_os_user_init() || nm_root_init(&root, &nm_root_defaults) || nm_worker_start(&w) || pthread_create(&server, NULL, serve, &s))
		return 1;
	if (read(ready[0], &byte, 1) != 1)
		return 1;
	end_ns = nm_os_now_exact() + seconds * 1000000000ull;
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&t[i], NULL, clients[i].run, (void *)(uintptr_t)clients[i].arg))
			return 1;
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	kill(getpid(), SIGTERM); /* taken by the server's signalfd */
	pthread_join(server, NULL);
	nm_worker_stop();
	if (root.ports || root.mems)
		fail("engine", "ports or regions are left", 0);
	nm_root_fini(&root);
	snprintf(name, sizeof(name), "%s.srv", path);
	unlink(name);
	rmdir(dir);
	printf("%u passed, %u failed\n", failures ? 0 : 1, failures);
	return failures != 0;
}
