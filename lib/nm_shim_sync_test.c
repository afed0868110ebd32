/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_shim_sync_test.c - syncs and poll on rings of memory made here: what is published, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nm_shim.h"

#define N 8u
#define BUF 256u
#define NBUF 32u

static struct fix {
	struct nm_shim_obj *o;
	struct nm_shim_ring r[2];
	struct nm_sync_ring cell[2];
	struct nm_sync_session sync;
	struct netmap_ring *ring[2];
	char bufs[NBUF * BUF];
	int fd, peer;
} f;

static void
ring_init(int dir, uint32_t tail)
{
	struct nm_shim_ring *r = &f.r[dir];
	uint32_t i;

	f.ring[dir] = aligned_alloc(128, sizeof(struct netmap_ring) + N * sizeof(struct netmap_slot));
	memset(f.ring[dir], 0, sizeof(struct netmap_ring) + N * sizeof(struct netmap_slot));
	for (i = 0; i < N; i++)
		f.ring[dir]->slot[i].buf_idx = 2 + i;
	f.ring[dir]->tail = tail;
	*r = (struct nm_shim_ring){.ring = f.ring[dir], .atok = &f.cell[dir].atok, .ktoa = &f.cell[dir].ktoa, .n = N,
	    .tail = tail, .buf_size = BUF, .nbufs = NBUF, .bufs = f.bufs};
	r->ktoa->hwtail = tail;
}

static int
setup(void **state)
{
	int sv[2];
	struct stat st;

	(void)state;
	memset(&f, 0, sizeof(f));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	f.fd = sv[0];
	f.peer = sv[1];
	ring_init(NM_SHIM_TX, N - 1);
	ring_init(NM_SHIM_RX, 0);
	f.o = nm_shim_obj_new();
	f.o->kick = eventfd(0, EFD_NONBLOCK);
	f.o->rings[0] = &f.r[0];
	f.o->rings[1] = &f.r[1];
	f.o->nrings[0] = f.o->nrings[1] = 1;
	f.o->sync = &f.sync;
	f.o->bound = 1;
	f.sync.cpu_worker = UINT32_MAX;
	assert_int_equal(fstat(f.fd, &st), 0);
	f.o->dev = st.st_dev;
	f.o->ino = st.st_ino;
	assert_int_equal(nm_shim_fd_set(f.fd, f.o), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	f.o->rings[0] = f.o->rings[1] = NULL;
	f.o->bound = 0;
	nm_shim_fd_drop(f.fd);
	nm_shim_obj_put(f.o);
	close(f.fd);
	close(f.peer);
	free(f.ring[0]);
	free(f.ring[1]);
	return 0;
}

/* The engine: takes one transmit batch and answers. */
static void *
answer(void *arg)
{
	(void)arg;
	while (NM_LOAD_ACQUIRE(&f.sync.sync_req) == 0)
		sched_yield();
	usleep(2000); /* longer than the client spins: it has to be found asleep or about to */
	f.cell[0].ktoa.hwcur = f.cell[0].atok.head;
	NM_STORE_RELEASE(&f.cell[0].ktoa.hwtail, (f.cell[0].atok.head + N - 1) % N);
	NM_STORE_RELEASE(&f.sync.sync_done, 1);
	return NULL;
}

static void
test_txsync_waits(void **state)
{
	pthread_t t;
	uint64_t kicks;

	(void)state;
	f.sync.need_kick = NM_KICK_TX;
	pthread_create(&t, NULL, answer, NULL);
	f.ring[0]->head = f.ring[0]->cur = 3;
	assert_int_equal(nm_shim_txsync(f.o, f.fd), 0);
	assert_int_equal(f.cell[0].atok.head, 3);
	assert_int_equal(f.ring[0]->tail, 2);
	assert_int_equal(read(f.o->kick, &kicks, sizeof(kicks)), sizeof(kicks));
	assert_int_equal(f.sync.need_kick, 0);
	pthread_join(t, NULL);
	/* nothing new: no request, no wait */
	assert_int_equal(nm_shim_txsync(f.o, f.fd), 0);
	assert_int_equal(f.sync.sync_req, 1);
}

static void
test_bad_tx(void **state)
{
	static const uint32_t bad[][2] = {{N, N}, {99999, 0}, {0, N}, {4, 3}, {0, UINT32_MAX}};
	struct pollfd p = {.fd = f.fd, .events = POLLOUT};
	size_t i;

	(void)state;
	f.ring[0]->slot[1].buf_idx = 1;
	f.ring[0]->slot[2].buf_idx = NBUF;
	f.ring[0]->slot[3].len = BUF + 1;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f.ring[0]->head = bad[i][0];
		f.ring[0]->cur = bad[i][1];
		assert_int_equal(nm_shim_txsync(f.o, f.fd), 0);
		assert_int_equal(f.ring[0]->head, 0);
		assert_int_equal(f.ring[0]->cur, 0);
		assert_int_equal(f.ring[0]->tail, N - 1);
		assert_int_equal(f.cell[0].atok.head, 0);
		assert_int_equal(f.r[0].bad, i + 1);
		p.fd = f.fd;
		assert_int_equal(poll(&p, 1, 0), 1);
		assert_true(p.revents & POLLERR);
		assert_int_equal(poll(&p, 1, 0), 1);
		assert_int_equal(p.revents, POLLOUT);
	}
	assert_int_equal(f.sync.sync_req, 0);
	assert_int_equal(f.ring[0]->slot[1].buf_idx, 0);
	assert_int_equal(f.ring[0]->slot[2].buf_idx, 0);
	assert_int_equal(f.ring[0]->slot[3].len, 0);
	assert_int_equal(f.ring[0]->slot[4].buf_idx, 6);
}

static void
test_head_goes_back(void **state)
{
	(void)state;
	f.sync.sync_done = 1;
	f.ring[0]->head = f.ring[0]->cur = 5;
	assert_int_equal(nm_shim_txsync(f.o, f.fd), 0);
	f.ring[0]->head = f.ring[0]->cur = 4;
	assert_int_equal(nm_shim_txsync(f.o, f.fd), 0);
	assert_int_equal(f.r[0].bad, 1);
	assert_int_equal(f.ring[0]->head, 5);
}

static void
test_tail_is_ours(void **state)
{
	(void)state;
	f.ring[0]->tail = 3;
	assert_int_equal(nm_shim_txsync(f.o, f.fd), 0);
	assert_int_equal(f.ring[0]->tail, N - 1);
	f.cell[0].ktoa.hwtail = 77; /* nonsense of the engine */
	assert_int_equal(nm_shim_txsync(f.o, f.fd), 0);
	assert_int_equal(f.ring[0]->tail, N - 1);
}

static void
test_indirect(void **state)
{
	static const char data[] = "elsewhere";
	struct netmap_slot *s = f.ring[0]->slot;

	(void)state;
	f.sync.sync_done = 1;
	s[0].flags = s[1].flags = NS_INDIRECT | NS_MOREFRAG;
	s[0].len = s[1].len = sizeof(data);
	s[0].ptr = (uintptr_t)data;
	s[1].ptr = 16;
	f.ring[0]->head = f.ring[0]->cur = 2;
	assert_int_equal(nm_shim_txsync(f.o, f.fd), 0);
	assert_string_equal(f.bufs + 2 * BUF, data);
	assert_int_equal(s[0].flags, NS_MOREFRAG);
	assert_int_equal(s[0].len, sizeof(data));
	assert_int_equal(s[1].len, 0);
}

static void
test_rxsync(void **state)
{
	(void)state;
	f.sync.need_kick = NM_KICK_RX;
	assert_int_equal(nm_shim_rxsync(f.o, f.fd), 0);
	assert_int_equal(f.sync.sleep, NM_SLEEP_RX); /* empty: say when */
	f.cell[1].ktoa.hwtail = 4;
	assert_int_equal(nm_shim_rxsync(f.o, f.fd), 0);
	assert_int_equal(f.ring[1]->tail, 4);
	assert_int_equal(f.sync.sleep, 0);
	assert_int_equal(f.sync.need_kick, NM_KICK_RX); /* nothing given back: no kick */
	f.ring[1]->head = f.ring[1]->cur = 2;
	assert_int_equal(nm_shim_rxsync(f.o, f.fd), 0);
	assert_int_equal(f.cell[1].atok.head, 2);
	assert_int_equal(f.sync.need_kick, 0);
	f.cell[1].ktoa.hwtail = 6; /* beyond what was told, within what there is: accepted */
	f.ring[1]->head = f.ring[1]->cur = 6;
	assert_int_equal(nm_shim_rxsync(f.o, f.fd), 0);
	assert_int_equal(f.cell[1].atok.head, 6);
	f.ring[1]->head = f.ring[1]->cur = 7;
	assert_int_equal(nm_shim_rxsync(f.o, f.fd), 0);
	assert_int_equal(f.r[1].bad, 1);
	assert_int_equal(f.ring[1]->head, 6);
}

static void
test_rxsync_takes_the_byte(void **state)
{
	char c;

	(void)state;
	assert_int_equal(write(f.peer, "k", 1), 1);
	f.sync.kicked = 1;
	assert_int_equal(nm_shim_rxsync(f.o, f.fd), 0);
	assert_int_equal(f.sync.kicked, 0);
	assert_int_equal(recv(f.fd, &c, 1, MSG_DONTWAIT), -1);
}

static void
test_skips_when_busy(void **state)
{
	(void)state;
	f.ring[0]->head = f.ring[0]->cur = 3;
	assert_true(nm_shim_busy_try(f.o, NM_SHIM_TX));
	assert_int_equal(nm_shim_txsync(f.o, f.fd), 0);
	assert_int_equal(f.cell[0].atok.head, 0);
	nm_shim_busy_put(f.o, NM_SHIM_TX);
}

static void
test_poll_for_room_fetches_if_told_to(void **state)
{
	struct pollfd p = {.fd = f.fd, .events = POLLOUT};

	(void)state;
	f.cell[1].ktoa.hwtail = 4;
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_int_equal(f.ring[1]->tail, 0);
	f.o->flags = NR_DO_RX_POLL;
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_int_equal(p.revents, POLLOUT);
	assert_int_equal(f.ring[1]->tail, 4);
	f.ring[1]->head = f.ring[1]->cur = 3;
	p.events = 0;
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(f.cell[1].atok.head, 3);
}

/* Times: where the ring asks at each sync, where the engine was told to when frames came, else none. */
static void
test_stamps(void **state)
{
	static const struct { uint32_t flags; bool engine, news, stamped; } t[] = {
		{0, false, false, false}, {0, false, true, false}, {0, true, false, false}, {0, true, true, true},
		{NR_TIMESTAMP, false, false, true}, {NR_TIMESTAMP, false, true, true}, {NR_TIMESTAMP, true, true, true},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		f.ring[1]->ts = (struct timeval){0, 0};
		f.ring[1]->flags = t[i].flags;
		f.o->stamps = t[i].engine;
		f.cell[1].ktoa.hwtail = (f.cell[1].ktoa.hwtail + t[i].news) % N;
		assert_int_equal(nm_shim_rxsync(f.o, f.fd), 0);
		assert_int_equal(f.ring[1]->ts.tv_sec != 0, t[i].stamped);
	}
}

static void *
deliver(void *arg)
{
	(void)arg;
	while (!(NM_READ_ONCE(f.sync.sleep) & NM_SLEEP_RX))
		sched_yield();
	NM_STORE_RELEASE(&f.cell[1].ktoa.hwtail, 1);
	NM_MB();
	NM_WRITE_ONCE(f.sync.kicked, 1);
	assert_int_equal(write(f.peer, "k", 1), 1);
	return NULL;
}

static void
test_poll_wakes(void **state)
{
	struct pollfd p = {.fd = f.fd, .events = POLLIN};
	pthread_t t;

	(void)state;
	assert_int_equal(poll(&p, 1, 0), 0);
	pthread_create(&t, NULL, deliver, NULL);
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(p.revents, POLLIN);
	assert_int_equal(f.sync.sleep, 0);
	pthread_join(t, NULL);
}

static void
test_poll_among_others(void **state)
{
	struct pollfd p[2] = {{.fd = f.fd, .events = POLLIN}};
	int pipefd[2];

	(void)state;
	assert_int_equal(pipe(pipefd), 0);
	p[1] = (struct pollfd){.fd = pipefd[0], .events = POLLIN};
	assert_int_equal(poll(p, 2, 1), 0);
	assert_int_equal(write(pipefd[1], "x", 1), 1);
	assert_int_equal(poll(p, 2, -1), 1);
	assert_int_equal(p[1].revents, POLLIN);
	f.cell[1].ktoa.hwtail = 1;
	assert_int_equal(poll(p, 2, -1), 2);
	close(pipefd[0]);
	close(pipefd[1]);
}

static void
test_dead(void **state)
{
	struct pollfd p = {.fd = f.fd, .events = POLLIN};

	(void)state;
	shutdown(f.peer, SHUT_RDWR);
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(p.revents, POLLERR);
	f.ring[0]->head = f.ring[0]->cur = 1;
	assert_int_equal(nm_shim_txsync(f.o, f.fd), -EIO);
	f.sync.dead = 1;
	assert_int_equal(nm_shim_rxsync(f.o, f.fd), -EIO);
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_int_equal(p.revents, POLLERR);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_txsync_waits), T(test_bad_tx), T(test_head_goes_back), T(test_tail_is_ours), T(test_indirect),
		T(test_rxsync), T(test_stamps), T(test_poll_for_room_fetches_if_told_to), T(test_rxsync_takes_the_byte), T(test_skips_when_busy), T(test_poll_wakes),
		T(test_poll_among_others), T(test_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
