/* SPDX-License-Identifier: BSD-2-Clause */
/* kills.c - clients die, stop, and damage their memory, while others exchange frames. */
#include "bed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

enum victim { SENDER, RECEIVER, BRIDGE, PIPE_SENDER, PIPE_RECEIVER, VICTIMS };
static const char *const victim_name[] = {"sender", "receiver", "bridge", "pipe sender", "pipe receiver"};

static pid_t
start_victim(const struct bed *b, unsigned v, unsigned n)
{
	char one[32], two[32];

	switch (v) {
	case SENDER:
		snprintf(one, sizeof(one), "vale0:s%u", n);
		return bed_tool(b, -1, ARGS("pkt-gen", "-i", one, "-f", "tx", "-l", n % 2 ? "60" : "1514"));
	case RECEIVER:
		snprintf(one, sizeof(one), "vale0:r%u", n);
		return bed_tool(b, -1, ARGS("pkt-gen", "-i", one, "-f", "rx"));
	case BRIDGE:
		snprintf(one, sizeof(one), "vale0:b%u", n);
		snprintf(two, sizeof(two), "vale1:b%u", n);
		return bed_tool(b, -1, ARGS("bridge", "-i", one, "-i", two));
	case PIPE_SENDER:
		return bed_tool(b, -1, ARGS("pkt-gen", "-i", "netmap:p{1", "-f", "tx"));
	default:
		return bed_tool(b, -1, ARGS("pkt-gen", "-i", "netmap:p}1", "-f", "rx"));
	}
}

struct load {
	pid_t pid[4];
};

/* Lasts as long as the kills: a sender and a receiver on vale0, and both ends of a pipe. */
static void
start_load(struct load *l, const struct bed *b)
{
	l->pid[0] = bed_tool(b, -1, ARGS("pkt-gen", "-i", "vale0:tx", "-f", "tx", "-R", "200000"));
	l->pid[1] = bed_tool(b, -1, ARGS("pkt-gen", "-i", "vale0:rx", "-f", "rx"));
	l->pid[2] = bed_tool(b, -1, ARGS("pkt-gen", "-i", "netmap:q{1", "-f", "tx", "-R", "200000"));
	l->pid[3] = bed_tool(b, -1, ARGS("pkt-gen", "-i", "netmap:q}1", "-f", "rx"));
}

/* By SIGINT; 0 when all were still there and left in order. */
static int
end_load(struct load *l)
{
	int i, status, bad = 0;

	for (i = 0; i < 4; i++)
		bad += waitpid(l->pid[i], &status, WNOHANG) != 0;
	for (i = 0; i < 4; i++)
		kill(l->pid[i], SIGINT);
	for (i = 0; i < 4; i++)
		if (!bed_reap(l->pid[i], 20, &status) || !WIFEXITED(status) || WEXITSTATUS(status))
			bad++;
	return bad;
}

static enum verdict
kills(struct bed *b, struct pair *witness)
{
	static const struct killed killed = {start_victim, victim_name, VICTIMS};
	struct load load;
	enum verdict v;

	start_load(&load, b);
	v = bed_kill_rounds(b, witness, &killed);
	CHECK(!end_load(&load), "a client that was not killed had left, or did not leave in order");
	return v;
}

enum verdict
kills_under_load(void)
{
	struct bed b = {0};

	return bed_run(&b, NULL, kills);
}

static int
stats(struct raw_client *c, const char *name, struct nmreq_stats *st)
{
	memset(st, 0, sizeof(*st));
	return raw_request(c, NETMAP_REQ_STATS_GET, name, st, sizeof(*st));
}

static uint64_t
dropped(const struct nmreq_stats *st)
{
	uint64_t n = 0;
	unsigned i;

	for (i = NM_STAT_drop_no_space; i <= NM_STAT_drop_no_peer; i++)
		n += st->nr_counter[i];
	return n;
}

/* Waits for frames to have come to the port `name`; false when none do. */
static bool
receives(struct raw_client *c, const char *name)
{
	struct nmreq_stats st;
	unsigned tries;

	for (tries = 0; tries < 2000; tries++) {
		if (!stats(c, name, &st) && st.nr_counter[NM_STAT_rx_packets])
			return true;
		poll(NULL, 0, 5);
	}
	return false;
}

static enum verdict
stopped(struct bed *b, pid_t receiver)
{
	struct nmreq_stats st, rx, later;
	struct pair p;
	unsigned tries;
	int line;

	CHECK(!pair_open(&p, b, "vale0:a", "vale0:b"), "no ports");
	for (tries = 0; tries < 2000 && stats(&p.a, "vale0:stopped", &rx); tries++)
		poll(NULL, 0, 5);
	CHECK(!pair_move(&p, 1000) && receives(&p.a, "vale0:stopped"), "the receiver does not run");
	kill(receiver, SIGSTOP);
	line = pair_move(&p, 50000);
	CHECK(!line, "a stopped receiver stops the others (bed.c:%d)", line);
	CHECK(!stats(&p.a, "vale0:a", &st), "no statistics");
	CHECK(st.nr_counter[NM_STAT_drop_no_space] > 0, "the drops are not counted");
	CHECK(st.nr_counter[NM_STAT_tx_packets] + st.nr_counter[NM_STAT_flood_copies] - st.nr_counter[NM_STAT_flooded] ==
	    st.nr_counter[NM_STAT_forwarded] + dropped(&st), "the counters do not add up");
	CHECK(!stats(&p.a, "vale0:stopped", &rx), "no statistics of the stopped port");
	CHECK(st.nr_counter[NM_STAT_drop_no_space] + rx.nr_counter[NM_STAT_rx_packets] == 51000, "%llu dropped, %llu delivered, 51000 sent",
	    (unsigned long long)st.nr_counter[NM_STAT_drop_no_space], (unsigned long long)rx.nr_counter[NM_STAT_rx_packets]);
	kill(receiver, SIGCONT);
	for (tries = 0; tries < 2000; tries++) { /* its ring empties, and frames go in again */
		CHECK(!pair_move(&p, 1) && !stats(&p.a, "vale0:stopped", &later), "no frames after SIGCONT");
		if (later.nr_counter[NM_STAT_rx_packets] > rx.nr_counter[NM_STAT_rx_packets])
			break;
		poll(NULL, 0, 5);
	}
	CHECK(tries < 2000, "the receiver gets nothing after SIGCONT");
	pair_close(&p);
	return OK;
}

enum verdict
a_stopped_receiver_stops_nobody(void)
{
	struct bed b = {0};
	enum verdict v;
	pid_t receiver;
	int error = bed_start(&b), status;

	CHECK(!error, "no engine: %s", strerror(-error));
	receiver = bed_tool(&b, -1, ARGS("pkt-gen", "-i", "vale0:stopped", "-f", "rx"));
	v = stopped(&b, receiver);
	kill(receiver, SIGCONT);
	kill(receiver, SIGKILL);
	waitpid(receiver, &status, 0);
	bed_clean(&b);
	return v;
}

/*
 * A seal against shrinking does not forbid holes. The client punches them into all of its memory while it sends and
 * receives; what the engine reads there is zero.
 */
static enum verdict
punch(struct bed *b, struct pair *witness)
{
	struct pair victim;
	uint8_t f[256] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 2, 2, 2, 2, 2};
	unsigned round;
	int line, error;

	CHECK(!pair_open(&victim, b, "vale0:x", "vale0:y"), "no ports");
	for (round = 0; round < 200; round++) {
		struct raw_client *c = round % 2 ? &victim.a : &victim.b;
		size_t page = sysconf(_SC_PAGESIZE), from = bed_random((unsigned)(c->size / page)) * page;
		size_t len = round % 4 ? page * (1 + bed_random(16)) : c->size - from;

		error = fallocate(c->mem, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)len) ? -errno : 0;
		CHECK(!error, "no hole: %s", strerror(-error));
		__atomic_store_n(&victim.a.txs->atok.head, (round * 50) % victim.a.tx->num_slots + 0u, __ATOMIC_RELEASE);
		(void)!write(victim.a.kick, &(uint64_t){1}, sizeof(uint64_t));
		(void)raw_put(&victim.b, f, 60);
		raw_publish(&victim.b);
		line = pair_move(witness, 50);
		CHECK(!line, "round %u: holes in another's memory stop the witnesses (bed.c:%d)", round, line);
	}
	pair_close(&victim);
	return OK;
}

enum verdict
holes_are_survived(void)
{
	struct bed b = {0};

	return bed_run(&b, NULL, punch);
}
