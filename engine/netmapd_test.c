/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine as a process, spoken to over its socket and its shared memory. */
#include "raw_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

static char path[64];
static pid_t engine;
static uint8_t frame[64];

static int
setup(void **state)
{
	(void)state;
	engine = raw_engine_start(path);
	return engine > 0 ? 0 : -1;
}

static int
teardown(void **state)
{
	int status = raw_engine_stop(engine, path);

	(void)state;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -1;
}

static void
open_port(struct raw_client *c, const char *name)
{
	assert_int_equal(raw_connect(c, path), 0);
	assert_int_equal(raw_register(c, name, 0), 0);
}

static void
number_frame(uint32_t n)
{
	memset(frame, 0xff, 6);
	memset(frame + 6, 2, 6);
	memcpy(frame + 20, &n, sizeof(n));
}

/* Sends n frames from a to b, with at most a ring's worth on the way; each must arrive, in order. */
static void
move_frames(struct raw_client *a, struct raw_client *b, uint32_t n)
{
	uint32_t sent = 0, got = 0, value, round;
	const uint8_t *f;
	uint16_t len;

	for (round = 0; got < n && round < 1000000; round++) {
		for (number_frame(sent); sent < n && sent - got < 1000 && raw_put(a, frame, 60); number_frame(++sent))
			;
		assert_int_equal(raw_txsync(a), 0);
		while ((f = raw_take(b, &len))) {
			assert_int_equal(len, 60);
			memcpy(&value, f + 20, sizeof(value));
			assert_int_equal(value, got);
			got++;
		}
		raw_release(b);
	}
	assert_int_equal(got, n);
}

static void
frames_cross_the_switch(void **state)
{
	struct raw_client a, b;

	(void)state;
	open_port(&a, "vale0:a");
	open_port(&b, "vale0:b");
	move_frames(&a, &b, 200000);
	raw_close(&a);
	raw_close(&b);
}

static void
frames_cross_a_pipe(void **state)
{
	struct raw_client a, b;

	(void)state;
	open_port(&a, "x{1");
	open_port(&b, "x}1");
	move_frames(&a, &b, 200000);
	move_frames(&b, &a, 1000);
	raw_close(&a);
	raw_close(&b);
}

/* A sleeping receiver finds its descriptor readable; a pipe's sender goes on when slots come back. */
static void
sleepers_are_woken(void **state)
{
	struct raw_client a, b;
	struct pollfd p;
	uint32_t filled = 0, i;
	uint16_t len;

	(void)state;
	open_port(&a, "x{1");
	open_port(&b, "x}1");
	p = (struct pollfd){.fd = b.ready, .events = POLLIN};
	assert_int_equal(poll(&p, 1, 0), 0);
	__atomic_store_n(&b.sync->sleep, NM_SLEEP_RX, __ATOMIC_SEQ_CST);
	number_frame(0);
	assert_true(raw_put(&a, frame, 60));
	raw_publish(&a);
	assert_int_equal(poll(&p, 1, 10000), 1);
	/* both rings full: the sender waits for the receiver */
	for (i = 0; i < 20 && filled < 2 * a.tx->num_slots; i++) {
		while (raw_put(&a, frame, 60))
			filled++;
		assert_int_equal(raw_txsync(&a), 0);
	}
	assert_false(raw_put(&a, frame, 60));
	__atomic_store_n(&a.sync->sleep, NM_SLEEP_TX, __ATOMIC_SEQ_CST);
	while (raw_take(&b, &len))
		;
	p.fd = a.ready;
	for (i = 0; i < 100 && poll(&p, 1, 100) == 0; i++) /* the engine may not sleep yet: then it sees the store */
		raw_release(&b);
	assert_in_range(i, 0, 99);
	assert_true(raw_put(&a, frame, 60));
	raw_close(&a);
	raw_close(&b);
}

/* A sender that leaves while its peer is full: all that it published still comes, also to one who opens the end later. */
static void
a_sender_that_leaves_loses_nothing(void **state)
{
	struct raw_client a, b;
	struct pollfd p;
	uint32_t sent, got, value, i, round;
	const uint8_t *f;
	uint16_t len;

	(void)state;
	for (round = 0; round < 20; round++) {
		open_port(&a, "x{1");
		open_port(&b, "x}1");
		for (sent = i = 0; i < 1 + round % 2 * 3; i++) {
			for (number_frame(sent); raw_put(&a, frame, 60); number_frame(++sent))
				;
			assert_int_equal(raw_txsync(&a), 0);
		}
		if (round % 2 == 0) { /* the receiver is full; another sender comes, publishes and is gone before it is served */
			raw_close(&a);
			open_port(&a, "x{1");
			for (number_frame(sent); raw_put(&a, frame, 60); number_frame(++sent))
				;
			raw_publish(&a);
		}
		assert_true(sent > a.tx->num_slots);
		raw_close(&a);
		p = (struct pollfd){.fd = b.ready, .events = POLLIN};
		for (got = i = 0; got < sent && i < 1000; i++) {
			__atomic_store_n(&b.sync->sleep, NM_SLEEP_RX, __ATOMIC_SEQ_CST);
			if ((f = raw_take(&b, &len)) == NULL && poll(&p, 1, 10) > 0) {
				(void)!recv(b.ready, &value, 1, MSG_DONTWAIT);
				__atomic_store_n(&b.sync->kicked, 0, __ATOMIC_SEQ_CST);
			}
			for (; f; f = raw_take(&b, &len)) {
				memcpy(&value, f + 20, sizeof(value));
				assert_int_equal(value, got);
				got++;
				if (got % 300 == 299)
					raw_release(&b);
			}
			raw_release(&b);
		}
		assert_int_equal(got, sent);
		raw_close(&b);
	}
}

static void
memory_is_sealed_and_bounded(void **state)
{
	struct raw_client a;

	(void)state;
	open_port(&a, "vale0:a");
	assert_int_equal(ftruncate(a.mem, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(a.mem, (off_t)a.size * 2), -1);
	assert_int_equal(fcntl(a.mem, F_ADD_SEALS, F_SEAL_WRITE), -1);
	assert_int_equal(fcntl(a.mem, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	raw_close(&a);
}

static void
holes_in_memory_hurt_nobody(void **state)
{
	struct raw_client a, b, c;

	(void)state;
	open_port(&a, "vale0:a");
	open_port(&b, "vale0:b");
	open_port(&c, "vale0:c");
	assert_int_equal(fallocate(a.mem, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)a.size), 0);
	__atomic_store_n(&a.txs->atok.head, 100, __ATOMIC_RELEASE);
	__atomic_store_n(&a.txs->atok.cur, 100, __ATOMIC_RELEASE);
	(void)!write(a.kick, &(uint64_t){1}, sizeof(uint64_t));
	move_frames(&b, &c, 10000);
	raw_close(&a);
	raw_close(&b);
	raw_close(&c);
}

/* Random words over everything a client can write, while others exchange frames. */
static void
random_memory_hurts_nobody(void **state)
{
	struct raw_client a, b, c;
	uint32_t round, k;

	(void)state;
	srandom(1);
	open_port(&a, "vale0:a");
	open_port(&b, "vale1:b");
	open_port(&c, "vale1:c");
	for (round = 0; round < 2000; round++) {
		uint32_t *ring = (void *)a.tx, *rx = (void *)a.rx, *cell = (void *)a.txs;

		for (k = 0; k < 200; k++) {
			ring[64 + (uint32_t)random() % (4 * 2048)] = (uint32_t)random() % (round % 2 ? 5000u : 0x7fffffffu);
			rx[64 + (uint32_t)random() % (4 * 2048)] = (uint32_t)random();
		}
		cell[(uint32_t)random() % 2] = (uint32_t)random() % 2100;
		((uint32_t *)(void *)a.rxs)[(uint32_t)random() % 48] = (uint32_t)random() % 2100;
		((uint32_t *)(void *)a.sync)[(uint32_t)random() % 32] = (uint32_t)random();
		(void)!write(a.kick, &(uint64_t){1}, sizeof(uint64_t));
		if (round % 100 == 0)
			move_frames(&b, &c, 1000);
	}
	raw_close(&a);
	move_frames(&b, &c, 1000);
	raw_close(&b);
	raw_close(&c);
}

static void
random_messages_end_only_their_sender(void **state)
{
	struct raw_client a, b, x;
	uint32_t round;
	uint8_t msg[5000];

	(void)state;
	srandom(2);
	open_port(&a, "vale0:a");
	open_port(&b, "vale0:b");
	for (round = 0; round < 2000; round++) {
		struct nm_wire *w = (void *)msg;
		size_t len = (size_t)random() % sizeof(msg), i;

		assert_int_equal(raw_connect(&x, path), 0);
		for (i = 0; i < len; i++)
			msg[i] = (uint8_t)random();
		if (len >= sizeof(*w) + 100 && round % 4) { /* something that looks like a request */
			*w = (struct nm_wire){.magic = NM_WIRE_MAGIC, .op = 2 + (uint32_t)random() % 3, .len = (uint32_t)len,
			    .nopts = (uint32_t)random() % 3};
			memcpy(msg + sizeof(*w), &(struct nmreq_header){.nr_version = 14, .nr_reqtype = (uint16_t)(1 + random() % 15)},
			    sizeof(struct nmreq_header));
		}
		(void)!send(x.ctl, msg, len, MSG_NOSIGNAL);
		raw_close(&x);
	}
	move_frames(&a, &b, 1000);
	raw_close(&a);
	raw_close(&b);
}

static unsigned
open_files(pid_t pid)
{
	char dir[64], name[96];
	unsigned n = 0, i;

	snprintf(dir, sizeof(dir), "/proc/%d/fd", pid);
	for (i = 0; i < 1024; i++) {
		snprintf(name, sizeof(name), "%s/%u", dir, i);
		n += access(name, F_OK) == 0 || faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	}
	return n;
}

/* Clients that are killed under load leave nothing behind and others go on. */
static void
killed_clients_leave_nothing(void **state)
{
	struct raw_client a, b, x;
	unsigned before, after, i, round;
	pid_t pid;

	(void)state;
	srandom(3);
	open_port(&a, "vale0:a");
	open_port(&b, "vale0:b");
	before = open_files(engine);
	for (round = 0; round < 30; round++) {
		pid = fork();
		if (!pid) {
			char name[32];

			snprintf(name, sizeof(name), round % 2 ? "vale0:x%u" : "y%u{1", round);
			if (raw_connect(&x, path) || raw_register(&x, name, 0))
				_exit(1);
			for (;;) {
				number_frame(0);
				frame[0] = 4; /* unknown unicast: flooded */
				while (raw_put(&x, frame, 60))
					;
				raw_publish(&x);
			}
		}
		for (i = (unsigned)random() % 200; i > 0; i--) {
			uint16_t len;

			while (raw_take(&b, &len))
				;
			raw_release(&b);
			usleep(100); /* a random moment is the point */
		}
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	for (i = 0; i < 1000; i++) { /* what they had sent is still arriving */
		uint16_t len;

		while (raw_take(&b, &len))
			;
		raw_release(&b);
		assert_int_equal(raw_connect(&x, path), 0); /* answered after the hang-ups before it */
		raw_close(&x);
	}
	move_frames(&a, &b, 1000);
	for (i = 0; i < 1000 && (after = open_files(engine)) != before; i++)
		poll(NULL, 0, 10);
	assert_int_equal(after, before);
	raw_close(&a);
	raw_close(&b);
}

static void
idle_engine_uses_no_cpu(void **state)
{
	struct raw_client c[10];
	char name[16], stat[64], buf[512];
	unsigned long ticks[2] = {0}, u, s;
	int i, fd;

	(void)state;
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "vale0:p%d", i);
		open_port(&c[i], name);
	}
	snprintf(stat, sizeof(stat), "/proc/%d/stat", engine);
	for (i = 0; i < 2; i++) {
		poll(NULL, 0, i ? 2000 : 500);
		fd = open(stat, O_RDONLY);
		buf[read(fd, buf, sizeof(buf) - 1)] = 0;
		close(fd);
		assert_int_equal(sscanf(strrchr(buf, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &u, &s), 2);
		ticks[i] = u + s;
	}
	assert_in_range(ticks[1] - ticks[0], 0, 2);
	for (i = 0; i < 10; i++)
		raw_close(&c[i]);
}

/* SIGTERM: clients see the end at once. */
static void
clients_learn_of_the_end(void **state)
{
	struct raw_client a;
	struct pollfd p;
	int status;

	(void)state;
	open_port(&a, "vale0:a");
	status = raw_engine_stop(engine, path);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	p = (struct pollfd){.fd = a.ready, .events = 0};
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_true(p.revents & POLLHUP);
	assert_int_equal(a.sync->dead, 1);
	raw_close(&a);
	engine = raw_engine_start(path);
}

/* Whether all receive rings are stamped is the engine's to say, and each client's to do. */
static void
clients_are_told_to_stamp(void **state)
{
	char other[64];
	pid_t pid = raw_engine_start_with(other, "--timestamps");
	struct raw_client a, b;
	int status;

	(void)state;
	assert_true(pid > 0);
	assert_int_equal(raw_connect(&a, path), 0);
	assert_int_equal(a.engine, 0);
	assert_int_equal(raw_connect(&b, other), 0);
	assert_int_equal(b.engine, NM_WIRE_STAMPS);
	raw_close(&a);
	raw_close(&b);
	status = raw_engine_stop(pid, other);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(frames_cross_the_switch),
		T(frames_cross_a_pipe),
		T(a_sender_that_leaves_loses_nothing),
		T(sleepers_are_woken),
		T(memory_is_sealed_and_bounded),
		T(holes_in_memory_hurt_nobody),
		T(random_memory_hurts_nobody),
		T(random_messages_end_only_their_sender),
		T(killed_clients_leave_nothing),
		T(idle_engine_uses_no_cpu),
		T(clients_are_told_to_stamp),
		T(clients_learn_of_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
