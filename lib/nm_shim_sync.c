/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_shim_sync.c - transmit and receive sync: head and cur are checked and published as stores, the engine is
 * kicked only when it sleeps, tails come back from the sync area.
 *
 * The last accepted head is atok->head: a ring's cell is shared by all descriptors that bind it.
 */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nm_shim.h"
#include "nm_shim_real.h"

#define SPIN_NS 20000
#define SAME_CPU_YIELDS 4
#define SLEEP_NS 20000000L /* then it is looked whether the engine is there at all */

/* The core's ring_reinit: bad slots made harmless, indices as the engine has them. */
static void
ring_reset(struct nm_shim_obj *o, struct nm_shim_ring *r)
{
	uint32_t i, cur = NM_READ_ONCE(r->ktoa->hwcur), tail = NM_LOAD_ACQUIRE(&r->ktoa->hwtail);

	for (i = 0; i < r->n; i++) {
		struct netmap_slot *s = &r->ring->slot[i];
		uint32_t idx = NM_READ_ONCE(s->buf_idx);

		if (idx < 2 || idx >= r->nbufs) {
			NM_WRITE_ONCE(s->buf_idx, 0);
			NM_WRITE_ONCE(s->len, 0);
		} else if (NM_READ_ONCE(s->len) > r->buf_size)
			NM_WRITE_ONCE(s->len, 0);
	}
	/* what was accepted stays accepted, though the engine may not have come to it */
	if (NM_READ_ONCE(r->atok->head) < r->n)
		cur = NM_READ_ONCE(r->atok->head);
	if (cur >= r->n || tail >= r->n)
		cur = tail = 0;
	NM_WRITE_ONCE(r->ring->head, cur);
	NM_WRITE_ONCE(r->ring->cur, cur);
	NM_WRITE_ONCE(r->ring->tail, tail);
	r->tail = tail;
	r->bad++;
	__atomic_store_n(&o->bad, 1, __ATOMIC_RELAXED);
}

/* Data that lies elsewhere is moved into the slot's buffer, so that no address of ours leaves the process. */
static void
indirect(struct nm_shim_ring *r, uint32_t from, uint32_t to)
{
	for (; from != to; from = nm_ring_add(from, 1, r->n)) {
		struct netmap_slot *s = &r->ring->slot[from];
		uint16_t flags = NM_READ_ONCE(s->flags), len;
		uint32_t idx;

		if (__builtin_expect(!(flags & NS_INDIRECT), 1))
			continue;
		idx = NM_READ_ONCE(s->buf_idx);
		len = NM_READ_ONCE(s->len);
		if (idx < 2 || idx >= r->nbufs || len > r->buf_size ||
		    nm_shim_copyin(r->bufs + (size_t)idx * r->buf_size, NM_READ_ONCE(s->ptr), len) < 0)
			NM_WRITE_ONCE(s->len, 0);
		NM_WRITE_ONCE(s->ptr, 0);
		NM_WRITE_ONCE(s->flags, flags & ~NS_INDIRECT);
	}
}

/*
 * Accepts head and cur of the application. 1: news for the engine, 0: none, -1: a bad ring, which was reset. The
 * tail the client was told is tried first; another descriptor may have told it more.
 */
static int
publish(struct nm_shim_obj *o, struct nm_shim_ring *r, int dir)
{
	uint32_t head = NM_READ_ONCE(r->ring->head), cur = NM_READ_ONCE(r->ring->cur);
	uint32_t from = NM_READ_ONCE(r->atok->head);

	if (head == from && cur == NM_READ_ONCE(r->atok->cur))
		return 0;
	if (from >= r->n)
		from = NM_READ_ONCE(r->ktoa->hwcur) % r->n;
	if (r->tail >= r->n || !nm_ring_valid(from, head, cur, r->tail, r->n)) {
		uint32_t tail = NM_LOAD_ACQUIRE(&r->ktoa->hwtail);

		if (tail >= r->n || !nm_ring_valid(from, head, cur, tail, r->n)) {
			ring_reset(o, r);
			return -1;
		}
	}
	if (dir == NM_SHIM_TX && head != from)
		indirect(r, from, head);
	NM_WRITE_ONCE(r->atok->cur, cur);
	NM_STORE_RELEASE(&r->atok->head, head);
	return head != from || dir == NM_SHIM_TX;
}

static void
collect(struct nm_shim_ring *r)
{
	uint32_t tail = NM_LOAD_ACQUIRE(&r->ktoa->hwtail);

	if (tail < r->n)
		r->tail = tail;
	if (NM_READ_ONCE(r->ring->tail) != r->tail)
		NM_WRITE_ONCE(r->ring->tail, r->tail);
}

bool
nm_shim_room(const struct nm_shim_obj *o, int dir)
{
	uint32_t i;

	for (i = 0; i < o->nrings[dir]; i++)
		if (NM_READ_ONCE(o->rings[dir][i].atok->cur) != o->rings[dir][i].tail)
			return true;
	return false;
}

void
nm_shim_kick(struct nm_shim_obj *o, uint32_t what)
{
	uint64_t one = 1;

	if (!(NM_READ_ONCE(o->sync->need_kick) & what))
		return;
	if (!(__atomic_exchange_n(&o->sync->need_kick, 0, __ATOMIC_SEQ_CST) & what))
		return;
	while (write(o->kick, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void
nm_shim_drain(struct nm_shim_obj *o, int fd, bool force)
{
	char buf[64];
	ssize_t n;

	/* taken first, cleared then: the engine's next byte may cost a wake-up, never one lost */
	if (!force && !NM_READ_ONCE(o->sync->kicked))
		return;
	if (nm_shim_find(fd) != o) /* closed meanwhile: the number may be another file's */
		return;
	n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n > 0 || force)
		NM_WRITE_ONCE(o->sync->kicked, 0);
	NM_MB();
}

void
nm_shim_arm(struct nm_shim_obj *o, uint32_t what)
{
	if ((NM_READ_ONCE(o->sync->sleep) & what) != what)
		__atomic_fetch_or(&o->sync->sleep, what, __ATOMIC_SEQ_CST);
	NM_MB();
}

void
nm_shim_disarm(struct nm_shim_obj *o, uint32_t what)
{
	if (NM_READ_ONCE(o->sync->sleep) & what)
		__atomic_fetch_and(&o->sync->sleep, ~what, __ATOMIC_RELAXED);
}

bool
nm_shim_gone(int fd)
{
	struct pollfd p = {.fd = fd};

	return nm_real_poll(&p, 1, 0) > 0;
}

bool
nm_shim_gone_maybe(struct nm_shim_obj *o, int fd)
{
	uint32_t n = NM_READ_ONCE(o->idle) + 1;

	NM_WRITE_ONCE(o->idle, n);
	return n % 4096 == 0 && nm_shim_gone(fd);
}

bool
nm_shim_tx_publish(struct nm_shim_obj *o)
{
	uint32_t i;
	bool news = false;

	nm_shim_note_cpu(o);
	for (i = 0; i < o->nrings[NM_SHIM_TX]; i++)
		news |= publish(o, &o->rings[NM_SHIM_TX][i], NM_SHIM_TX) > 0;
	if (!news)
		return false;
	__atomic_add_fetch(&o->sync->sync_req, 1, __ATOMIC_SEQ_CST);
	NM_MB();
	nm_shim_kick(o, NM_KICK_TX);
	return true;
}

void
nm_shim_tx_collect(struct nm_shim_obj *o)
{
	uint32_t i;

	for (i = 0; i < o->nrings[NM_SHIM_TX]; i++)
		collect(&o->rings[NM_SHIM_TX][i]);
}

static bool
answered(const struct nm_shim_obj *o, uint32_t req)
{
	return (int32_t)(NM_LOAD_ACQUIRE(&o->sync->sync_done) - req) >= 0;
}

/* A worker that has our CPU runs only when we leave it; another's is waited for shortly. */
static bool
spin(struct nm_shim_obj *o, uint32_t req)
{
	uint64_t end;
	int i;

	if (NM_READ_ONCE(o->sync->cpu_worker) == NM_READ_ONCE(o->sync->cpu)) {
		for (i = 0; i < SAME_CPU_YIELDS; i++) {
			sched_yield();
			if (answered(o, req))
				return true;
		}
		return false;
	}
	for (end = nm_shim_now() + SPIN_NS; nm_shim_now() < end;)
		for (i = 0; i < 16; i++) {
			if (answered(o, req))
				return true;
			nm_shim_relax();
		}
	return false;
}

static int
await(struct nm_shim_obj *o, int fd)
{
	struct timespec ts = {0, SLEEP_NS};
	uint32_t req = NM_READ_ONCE(o->sync->sync_req), done;

	if (answered(o, req) || spin(o, req))
		return 0;
	for (;;) {
		__atomic_store_n(&o->sync->sync_wait, 1, __ATOMIC_SEQ_CST);
		NM_MB();
		done = NM_LOAD_ACQUIRE(&o->sync->sync_done);
		if ((int32_t)(done - req) >= 0)
			break;
		if (NM_READ_ONCE(o->sync->dead) || NM_READ_ONCE(o->closing))
			return -EIO;
		syscall(SYS_futex, &o->sync->sync_done, FUTEX_WAIT, done, &ts, NULL, 0);
		if (!answered(o, req) && nm_shim_gone(fd))
			return -EIO;
		/* a kick may have been overtaken by the worker's way to sleep */
		nm_shim_kick(o, NM_KICK_TX);
	}
	NM_WRITE_ONCE(o->sync->sync_wait, 0);
	return 0;
}

int
nm_shim_txsync(struct nm_shim_obj *o, int fd)
{
	int err = 0;

	if (!nm_shim_busy_try(o, NM_SHIM_TX))
		return 0;
	if (!o->bound)
		err = -ENXIO;
	else if (NM_READ_ONCE(o->sync->dead) || nm_shim_is_monitor(o))
		err = -EIO;
	else if (NM_READ_ONCE(o->csb))
		err = -EBUSY;
	else if (o->nrings[NM_SHIM_TX] > 0) {
		nm_shim_tx_publish(o);
		err = await(o, fd);
		nm_shim_tx_collect(o);
	}
	nm_shim_busy_put(o, NM_SHIM_TX);
	return err;
}

/*
 * Who sets NR_TIMESTAMP gets the time of each sync, exactly. Others, where the engine was told to (netmapd --timestamps), that of
 * the last one that brought frames, as the clock's last tick knows it.
 */
static void
stamp(struct nm_shim_ring *r, bool news)
{
	bool exact = NM_READ_ONCE(r->ring->flags) & NR_TIMESTAMP;
	struct timespec ts;

	if (!exact && !news)
		return;
	clock_gettime(exact ? CLOCK_REALTIME : CLOCK_REALTIME_COARSE, &ts);
	r->ring->ts.tv_sec = ts.tv_sec;
	r->ring->ts.tv_usec = ts.tv_nsec / 1000;
}

bool
nm_shim_rx_pass(struct nm_shim_obj *o, bool *changed)
{
	bool any = false;
	uint32_t i;

	nm_shim_note_cpu(o);
	for (i = 0; i < o->nrings[NM_SHIM_RX]; i++) {
		struct nm_shim_ring *r = &o->rings[NM_SHIM_RX][i];
		int k = publish(o, r, NM_SHIM_RX);
		uint32_t tail = r->tail;

		*changed |= k > 0;
		collect(r);
		stamp(r, o->stamps && r->tail != tail);
		any |= NM_READ_ONCE(r->atok->head) != r->tail;
	}
	NM_MB();
	if (*changed)
		nm_shim_kick(o, NM_KICK_RX);
	return any;
}

/* Nothing there: a loop that waits by itself has to see the descriptor become readable. */
int
nm_shim_rxsync(struct nm_shim_obj *o, int fd)
{
	bool changed = false;
	int err = 0;

	if (!nm_shim_busy_try(o, NM_SHIM_RX))
		return 0;
	if (!o->bound)
		err = -ENXIO;
	else if (NM_READ_ONCE(o->sync->dead))
		err = -EIO;
	else if (NM_READ_ONCE(o->csb))
		err = -EBUSY;
	else if (nm_shim_rx_pass(o, &changed))
		nm_shim_disarm(o, NM_SLEEP_RX);
	else if (o->nrings[NM_SHIM_RX] > 0) {
		nm_shim_drain(o, fd, false);
		nm_shim_arm(o, NM_SLEEP_RX);
		if (!nm_shim_rx_pass(o, &changed) && nm_shim_gone_maybe(o, fd))
			err = -EIO;
	}
	nm_shim_busy_put(o, NM_SHIM_RX);
	return err;
}
