/* SPDX-License-Identifier: BSD-2-Clause */
/* nic_rx.c - the thread of an interface: receives, waits for room to transmit, notices that the interface is gone. */
#include "nm_os_user.h"
#include "nic.h"
#include "nm_root.h"
#include "nm_vale_nic.h"
#include "nm_worker.h"

#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_PAUSE_NS 10000000 /* between looks at a receive ring that is full */
#define MIN_PAUSE_NS 100000
#define MAX_CHUNKS 33u        /* of the longest frame, in the smallest buffers that interfaces use */

static struct nm_kring *
link_kring(const struct nic_link *l, int dir)
{
	struct nm_port *p = l->nic->port;

	return &p->krings[dir][l == &l->nic->link[NIC_HOST] ? p->nrings[dir] : 0];
}

/* Nobody else leases here, so that the room can only grow. */
static uint32_t
room_of(struct nm_kring *kr)
{
	uint32_t room = nm_kring_lease_begin(kr), none;

	nm_kring_lease_commit(kr, 0, &none);
	return room;
}

/* Of `chunk` bytes at most; where offsets leave none of a buffer, more than there are. */
static uint32_t
chunks_of(uint32_t chunk, uint32_t len)
{
	return !chunk ? MAX_CHUNKS + 1 : len ? (len + chunk - 1) / chunk : 1;
}

/* Over as many slots as it takes, from the given one on; returns them. */
static uint32_t
put_frame(struct nm_kring *kr, const struct nic_in *in, uint32_t slot, const uint32_t *idx)
{
	uint32_t chunk = nm_kring_chunk(kr), n = chunks_of(chunk, in->len), k;

	for (k = 0; k < n; k++, slot = nm_ring_add(slot, 1, kr->nslots)) {
		uint32_t at = k * chunk, len = in->len - at < chunk ? in->len - at : chunk, offset = nm_kring_place(kr, slot, len);

		memcpy(kr->bufs + (size_t)idx[k] * kr->stride + offset, in->data + at, len);
		nm_kring_put_slot_at(&kr->slots[slot], idx[k], (uint16_t)len, k + 1 < n ? NS_MOREFRAG : 0, offset);
	}
	return n;
}

static void
deliver(struct nm_kring *kr, struct nic_in *in, uint32_t n)
{
	uint32_t idx[NIC_BATCH * MAX_CHUNKS], fit = 0, slots = 0, start, i, need;
	uint32_t room = nm_kring_lease_begin(kr);
	uint64_t bytes = 0;

	for (i = 0; i < n; i++) {
		need = chunks_of(nm_kring_chunk(kr), in[i].len);
		if (need > MAX_CHUNKS)
			kr->stat[NM_STAT_refused]++;
		else if (slots + need > room)
			kr->stat[NM_STAT_missed]++;
		else
			slots += need, in[fit++] = in[i];
	}
	start = nm_kring_lease_commit(kr, slots, idx);
	if (!fit)
		return;
	for (i = 0, need = 0; i < fit; i++) {
		need += put_frame(kr, &in[i], nm_ring_add(start, need, kr->nslots), idx + need);
		bytes += in[i].len;
	}
	nm_kring_finish(kr, start, slots, fit, bytes);
	NM_RCU_DEREF(kr->notify)(kr);
}

/* One batch. Frames received, 0 for none, -ENOBUFS when the ring is full. */
static int
receive(struct nic_link *l)
{
	struct nm_kring *kr = link_kring(l, NM_DIR_RX);
	bool ready = NM_LOAD_ACQUIRE(&kr->ready);
	struct nic_in in[NIC_BATCH];
	uint32_t room = ready ? room_of(kr) : NIC_BATCH;
	int got;

	if (!room)
		return -ENOBUFS;
	got = l->kind->receive(l, in, room < NIC_BATCH ? room : NIC_BATCH);
	if (got > 0 && ready)
		deliver(kr, in, (uint32_t)got);
	else if (got > 0)
		kr->stat[NM_STAT_missed] += (uint32_t)got; /* nobody has the ring */
	return got;
}

/* There is room to transmit: a switch's frames go on from here, the workers of clients look again. */
static void
resume_senders(struct nic_link *l)
{
	struct nm_kring *kr = link_kring(l, NM_DIR_TX);
	struct nm_session *s;

	NM_STORE_RELEASE(&l->tx_waits, 0);
	if (NM_LOAD_ACQUIRE(&kr->ready) && kr->wrap)
		nm_vale_nic_resume(kr);
	for (s = NM_RCU_DEREF(l->nic->port->sessions); s; s = NM_RCU_DEREF(s->next))
		nm_worker_poke(s->host);
}

void
nm_os_tx_later(struct nm_kring *kr)
{
	struct nic *n = kr->port->priv;

	if (!__atomic_exchange_n(&n->link[kr->is_host ? NIC_HOST : NIC_WIRE].tx_waits, 1, __ATOMIC_SEQ_CST))
		(void)!write(n->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
}

/* The interface left: everybody is told, and the server undoes what hangs on it. */
static void
leave(struct nic *n)
{
	struct nm_session *s;

	nm_os_log(NM_LOG_WARN, "%s: the interface is gone", n->port->name);
	NM_WRITE_ONCE(n->port->gone, true);
	for (s = NM_RCU_DEREF(n->port->sessions); s; s = NM_RCU_DEREF(s->next)) {
		NM_WRITE_ONCE(s->sync->dead, 1);
		nm_worker_wake_client(s->host);
	}
	(void)!write(nic_gone_fd(), &(uint64_t){1}, sizeof(uint64_t));
}

enum { AT_WAKE, AT_NEWS, AT_LINK, NPOLL = AT_LINK + 2 * NIC_LINKS };

/* Takes what made the descriptors ready; true when the interface should be looked at. */
static bool
after_poll(struct nic *n, const struct pollfd *p)
{
	bool doubt = false;
	char buf[8192];
	int i, error;
	socklen_t len = sizeof(error);

	if (p[AT_WAKE].revents)
		(void)!read(n->wake_fd, buf, sizeof(uint64_t));
	while (p[AT_NEWS].revents && (recv(n->news_fd, buf, sizeof(buf), MSG_DONTWAIT) >= 0 || errno == ENOBUFS))
		doubt = true;
	for (i = 0; i < NIC_LINKS; i++) {
		const struct pollfd *q = &p[AT_LINK + 2 * i];

		if (q[0].revents & POLLERR) { /* a socket forgets its error when asked for it; the pause is for what does not */
			getsockopt(q[0].fd, SOL_SOCKET, SO_ERROR, &error, &len);
			n->link[i].stalled = doubt = true;
		}
		if (q[1].revents)
			resume_senders(&n->link[i]);
	}
	return doubt;
}

/* Waits for the stop, for room to transmit where that is wanted, and for frames; -1 ns: as long as it takes. */
static bool
wait_for_work(struct nic *n, int64_t ns)
{
	struct timespec t = {.tv_nsec = (long)ns};
	struct pollfd p[NPOLL] = {
		[AT_WAKE] = {.fd = n->wake_fd, .events = POLLIN},
		[AT_NEWS] = {.fd = n->news_fd, .events = POLLIN},
	};
	bool gone = NM_READ_ONCE(n->port->gone);
	int i;

	for (i = 0; i < NIC_LINKS; i++) {
		struct nic_link *l = &n->link[i];
		struct pollfd *q = &p[AT_LINK + 2 * i];

		q[0] = (struct pollfd){.fd = l->kind && !l->stalled && !gone && ns ? l->rx_fd : -1, .events = POLLIN};
		q[1] = (struct pollfd){.fd = l->kind && !gone && NM_READ_ONCE(l->tx_waits) ? l->tx_fd : -1, .events = POLLOUT};
	}
	nm_os_user_offline();
	ppoll(p, NPOLL, ns < 0 ? NULL : &t, NULL);
	nm_os_user_online();
	return after_poll(n, p);
}

/* A look at each link. True when frames came; *paused: one is not to be waited on; *doubt: one failed. */
static bool
receive_all(struct nic *n, bool *paused, bool *doubt)
{
	bool moved = false;
	int i, got;

	*paused = *doubt = false;
	for (i = 0; i < NIC_LINKS; i++) {
		struct nic_link *l = &n->link[i];

		if (!l->kind)
			continue;
		got = receive(l);
		moved |= got > 0;
		l->stalled = got < 0;
		*paused |= got < 0;
		*doubt |= got < 0 && got != -ENOBUFS;
		if (got <= 0 && l->kind->lost)
			l->kind->lost(l, link_kring(l, NM_DIR_RX));
	}
	return moved;
}

static void *
thread_main(void *arg)
{
	struct nic *n = arg;
	int64_t pause_ns = MIN_PAUSE_NS;
	bool paused, doubt, error = false;

	rcu_register_thread();
	while (!NM_LOAD_ACQUIRE(&n->stop)) {
		bool moved = receive_all(n, &paused, &doubt);

		nm_os_user_quiescent();
		if ((doubt || error) && n->link[NIC_WIRE].kind->gone(&n->link[NIC_WIRE])) {
			leave(n);
			break;
		}
		if (moved) {
			pause_ns = MIN_PAUSE_NS;
			error = NM_READ_ONCE(n->link[NIC_WIRE].tx_waits) | NM_READ_ONCE(n->link[NIC_HOST].tx_waits) ? wait_for_work(n, 0) : false;
			continue;
		}
		error = wait_for_work(n, paused ? pause_ns : -1);
		pause_ns = !paused ? MIN_PAUSE_NS : 2 * pause_ns > MAX_PAUSE_NS ? MAX_PAUSE_NS : 2 * pause_ns;
	}
	while (!NM_LOAD_ACQUIRE(&n->stop))
		wait_for_work(n, -1);
	rcu_unregister_thread();
	return NULL;
}

int
nic_start(struct nic *n)
{
	int error;

	n->stop = 0;
	error = -pthread_create(&n->thread, NULL, thread_main, n);
	n->running = !error;
	return error;
}

void
nic_stop(struct nic *n)
{
	if (!n->running)
		return;
	NM_STORE_RELEASE(&n->stop, 1);
	(void)!write(n->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
	pthread_join(n->thread, NULL);
	n->running = false;
}
