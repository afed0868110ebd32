/* SPDX-License-Identifier: BSD-2-Clause */
/* behaviour.c - attacks by what is done, or not done, with the descriptors. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The flags of the kick descriptor belong to both sides. The client makes it block, kicks, and takes the kick away when the
 * engine may have learned of it and not read it yet. A second descriptor of the port has the same worker: it tells.
 */
static void
fight_for_kicks(const struct raw_client *a, struct raw_client *same)
{
	uint64_t count, round, end = bed_now_ms() + attack_seconds * 1000ull;
	struct iovec v = {&count, sizeof(count)};
	unsigned spin;

	fcntl(a->kick, F_SETFL, 0);
	for (round = 0; bed_now_ms() < end; round++) {
		attack_kick(a);
		for (spin = bed_random(1u << bed_random(15)); spin > 0; spin--)
			__atomic_signal_fence(__ATOMIC_SEQ_CST);
		(void)!preadv2(a->kick, &v, 1, -1, RWF_NOWAIT);
		if (round % 4 == 0 && raw_txsync(same))
			_exit(2);
	}
}

enum verdict
kicks_block_nobody(struct bed *b, struct pair *witness)
{
	struct raw_client a, same;
	int line, status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (raw_connect(&a, b->path) || raw_register(&a, "vale0:k", 0) || raw_connect(&same, b->path) ||
		    raw_register(&same, "vale0:k", 0))
			_exit(1);
		fight_for_kicks(&a, &same);
		_exit(0);
	}
	line = attack_watch(witness, bed_now_ms() + attack_seconds * 1000ull);
	CHECK(bed_reap(pid, 30, &status) && !status, "the worker is blocked, or the attacker could not attack: status 0x%x", status);
	CHECK(!line, "the witness was hurt (bed.c:%d)", line);
	return OK;
}

/* Asks and never reads an answer; fills its end of the ready socket; never takes a frame. */
enum verdict
a_mute_client_blocks_nobody(struct bed *b, struct pair *witness)
{
	struct {
		struct nm_wire w;
		struct nmreq_header h;
		struct nmreq_port_list l;
	} m = {.w = {.magic = NM_WIRE_MAGIC, .op = NM_WIRE_CTRL, .len = sizeof(m)},
	    .h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_PORT_LIST}};
	struct raw_client c, sender;
	char fill[4096] = {0};
	unsigned asked;
	int line;

	CHECK(!raw_connect(&c, b->path) && !raw_register(&c, "vale0:mute", 0), "no port");
	CHECK(!raw_connect(&sender, b->path) && !raw_register(&sender, "vale0:sender", 0), "no port");
	while (send(c.ready, fill, sizeof(fill), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	__atomic_store_n(&c.sync->sleep, NM_SLEEP_RX | NM_SLEEP_TX, __ATOMIC_SEQ_CST);
	for (asked = 0; asked < 100000; asked++)
		if (send(c.ctl, &m, sizeof(m), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN)
			break;
	CHECK(asked < 100000, "a client that takes no answers is kept");
	for (asked = 0; asked < 100; asked++) {
		uint8_t f[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};

		while (raw_put(&sender, f, 60))
			;
		CHECK(!raw_txsync(&sender), "a sender waits for a receiver that does not take its frames");
	}
	line = pair_move(witness, 5000);
	CHECK(!line, "the witness was hurt (bed.c:%d)", line);
	raw_close(&c);
	raw_close(&sender);
	return OK;
}

static uint32_t stop_moving;

static void *
move_heads(void *arg)
{
	struct raw_client *c = arg;
	uint32_t n = c->tx->num_slots, head = 0;

	while (!__atomic_load_n(&stop_moving, __ATOMIC_RELAXED)) {
		uint32_t hwcur = __atomic_load_n(&c->txs->ktoa.hwcur, __ATOMIC_ACQUIRE);

		head = hwcur < n ? nm_ring_add(hwcur, n - 1, n) : 0;
		__atomic_store_n(&c->txs->atok.cur, head, __ATOMIC_RELAXED);
		__atomic_store_n(&c->txs->atok.head, head, __ATOMIC_RELEASE);
	}
	return NULL;
}

/*
 * Ends its session but lives on, with the memory mapped, and goes on publishing frames: what is drained at the end is what
 * was published at the end. The engine's server thread waits for that, so a connection tells whether it goes on.
 */
enum verdict
a_leaving_client_keeps_nobody(struct bed *b, struct pair *witness)
{
	unsigned round, i;
	int line;

	for (round = 0; round < 5; round++) {
		struct raw_client c, other;
		pthread_t t[2];

		CHECK(!raw_connect(&c, b->path) && !raw_register(&c, "vale0:leaver", 0), "no port");
		for (i = 0; i < c.tx->num_slots; i++)
			c.tx->slot[i].len = 2000;
		__atomic_store_n(&stop_moving, 0, __ATOMIC_RELAXED);
		for (i = 0; i < 2; i++)
			CHECK(!pthread_create(&t[i], NULL, move_heads, &c), "no thread");
		attack_kick(&c);
		shutdown(c.ctl, SHUT_RDWR);
		CHECK(!raw_connect(&other, b->path), "the engine does not answer");
		raw_close(&other);
		line = pair_move(witness, 500);
		__atomic_store_n(&stop_moving, 1, __ATOMIC_RELAXED);
		for (i = 0; i < 2; i++)
			pthread_join(t[i], NULL);
		CHECK(!line, "the witness was hurt (bed.c:%d)", line);
		raw_close(&c);
	}
	return OK;
}
