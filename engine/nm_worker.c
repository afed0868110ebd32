/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_worker.c - a worker serves the transmit rings of its clients.
 *
 * Clients with work are on the active list and are looked at in each pass. One that had none for the busy-poll time
 * is told to kick (need_kick), looked at once more, and left alone. With no active client the worker sleeps in
 * epoll on the kick descriptors. The server hands clients over and takes them back through a command slot.
 */
#include "nm_os_user.h"
#include "nm_worker.h"
#include "nm_closer.h"
#include "nm_monitor.h"
#include "nm_pipe.h"
#include "nm_place.h"
#include "nm_policy.h"

#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * Tags of the epoll set: a client's address, its low bits for the poke descriptor and for ioeventfds, whose count is the client's to
 * take: they are told of by edges. 0 for the wake descriptor.
 */
#define POKE_TAG 1u
#define IO_TAG 2u
#define TAGS 3u

enum command { CMD_NONE, CMD_ADD, CMD_REMOVE, CMD_LEND, CMD_GIVE_BACK, CMD_STOP };

struct nm_worker {
	pthread_t thread;
	int epoll_fd, wake_fd;
	uint64_t busy_poll_ns;
	struct nm_client *active;
	uint32_t nap_us; /* all who are active are loops that found nothing and may be left alone for so long; 0: they are not */
	struct nm_place place;
	/* one command at a time */
	pthread_mutex_t lock;
	pthread_cond_t done;
	uint32_t command;
	struct nm_client *subject;
};

static struct nm_worker *workers;
static uint32_t nworkers;
static __thread struct nm_worker *self;

void
nm_worker_wake_client(struct nm_client *c)
{
	struct nm_sync_session *y = c->session.sync;

	if (y && __atomic_exchange_n(&y->kicked, 1, __ATOMIC_SEQ_CST))
		return;
	/* a full socket is readable already, a closed one is the server's business */
	(void)!send(c->ready_fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Not by kick_fd: its flags are the client's to change, and then a write may block. */
void
nm_worker_poke(struct nm_client *c)
{
	(void)!write(c->poke_fd, &(uint64_t){1}, sizeof(uint64_t));
}

/* The application made its end unwritable; there is room again. */
static void
drain(struct nm_client *c)
{
	char buf[4096];
	uint32_t rounds = 256; /* more than a socket holds; one who refills it meanwhile is not waited for */

	while (rounds-- && nm_closer_recv(c->ready_fd, buf, sizeof(buf), c->session.cred.uid, NULL) == sizeof(buf))
		;
}

/* A client's loop has something on ring i; its memory tells whether it waits for that. */
static void
signal_loop(const struct nm_csb_loop *l, struct nm_kring *kr, uint32_t i)
{
	if (l->fd[i].irq < 0 || !nm_kloop_kick_wanted(NM_READ_ONCE(kr->atok)))
		return;
	__atomic_fetch_add(&kr->stat[NM_STAT_kicks_out], 1, __ATOMIC_RELAXED);
	nm_csb_signal(l->fd[i].irq);
}

void
nm_os_notify(struct nm_kring *kr)
{
	struct nm_session *s;

	NM_MB(); /* hwtail is out before sleep is read; the client does the opposite */
	for (s = NM_RCU_DEREF(kr->port->sessions); s; s = NM_RCU_DEREF(s->next)) {
		struct nm_sync_session *y = s->sync;
		const struct nm_csb_loop *l = NM_LOAD_ACQUIRE(&((struct nm_client *)s->host)->loop);

		if (kr->id < s->first[NM_DIR_RX] || kr->id >= s->last[NM_DIR_RX])
			continue;
		if (l) {
			signal_loop(l, kr, s->last[NM_DIR_TX] - s->first[NM_DIR_TX] + kr->id - s->first[NM_DIR_RX]);
			continue;
		}
		if (self)
			nm_place_receiver(&self->place, y);
		if (NM_READ_ONCE(y->sleep) & NM_SLEEP_RX) {
			__atomic_fetch_add(&kr->stat[NM_STAT_kicks_out], 1, __ATOMIC_RELAXED); /* other workers deliver here too */
			nm_worker_wake_client(s->host);
		}
	}
}

void
nm_os_port_changed(struct nm_port *port)
{
	struct nm_session *s;

	/* its clients are handed over one by one; here they only look whether there is something for them */
	for (s = NM_RCU_DEREF(port->sessions); s; s = NM_RCU_DEREF(s->next)) {
		nm_worker_poke(s->host);
		if (NM_READ_ONCE(port->gone))
			nm_worker_wake_client(s->host);
	}
}

/* All who bind the ring and wait for room on it: the one whose sync moved the frames need not be the one that sleeps. */
static void
wake_senders(struct nm_kring *kr)
{
	uint32_t room = nm_ring_dist(kr->rhead, kr->hwtail, kr->nslots);
	struct nm_session *s;

	if (room < kr->nslots / 2 && kr->hwcur != kr->rhead)
		return;
	NM_MB();
	for (s = NM_RCU_DEREF(kr->port->sessions); s; s = NM_RCU_DEREF(s->next)) {
		const struct nm_csb_loop *l = NM_LOAD_ACQUIRE(&((struct nm_client *)s->host)->loop);

		if (kr->id < s->first[NM_DIR_TX] || kr->id >= s->last[NM_DIR_TX])
			continue;
		if (l)
			signal_loop(l, kr, kr->id - s->first[NM_DIR_TX]);
		if (!(NM_READ_ONCE(s->sync->sleep) & NM_SLEEP_TX))
			continue;
		kr->stat[NM_STAT_kicks_out]++;
		drain(s->host);
		nm_worker_wake_client(s->host);
	}
}

/* One transmit ring; true when frames moved. *whole becomes false when the pass's budget ended before the ring. */
static bool
serve_ring(struct nm_kring *kr, uint32_t *last_head, bool *whole)
{
	uint32_t head = NM_READ_ONCE(kr->atok->head), before = kr->hwcur;

	if (head == *last_head && kr->hwcur == kr->rhead)
		return false;
	*last_head = head;
	nm_kring_sync(kr); /* errors are counted in the ring */
	if (kr->hwcur != kr->rhead && !kr->peer && !NM_READ_ONCE(kr->blocked))
		*whole = false; /* a full pipe or interface is the client's to wait for, not the sync's */
	if (kr->hwcur == before)
		return false;
	wake_senders(kr);
	return true;
}

static void
answer(struct nm_client *c, uint32_t req)
{
	struct nm_sync_session *y = c->session.sync;

	if (NM_READ_ONCE(y->sync_done) == req)
		return;
	__atomic_store_n(&y->sync_done, req, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&y->sync_wait, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &y->sync_done, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void activate_senders(struct nm_worker *w, struct nm_client *c);

/* A loop is not to kick while it is looked at: what its rings give back to those who wait for them is seen here. */
static bool
serve_receivers(struct nm_worker *w, struct nm_client *c)
{
	struct nm_session *s = &c->session;
	uint32_t *last = c->last_head + (s->last[NM_DIR_TX] - s->first[NM_DIR_TX]), i;
	bool moved = false;

	for (i = s->first[NM_DIR_RX]; i < s->last[NM_DIR_RX]; i++, last++) {
		struct nm_kring *kr = nm_session_kring(s, NM_DIR_RX, i);
		uint32_t head;

		if (!NM_READ_ONCE(kr->blocked))
			continue;
		head = NM_READ_ONCE(kr->atok->head);
		if (head == *last)
			continue;
		*last = head;
		if (NM_READ_ONCE(kr->ktoa->kern_need_kick))
			NM_WRITE_ONCE(kr->ktoa->kern_need_kick, 0);
		moved = true;
	}
	if (moved)
		activate_senders(w, c);
	return moved;
}

/* Slots that a client who is watched released: those who swap buffers with it have them now, not with its next frames. */
static bool
serve_watched(struct nm_session *s)
{
	bool moved = false;
	uint32_t i;

	for (i = s->first[NM_DIR_RX]; i < s->last[NM_DIR_RX]; i++) {
		struct nm_kring *kr = nm_session_kring(s, NM_DIR_RX, i);

		if (NM_READ_ONCE(kr->watched))
			moved |= nm_monitor_pull(kr);
	}
	return moved;
}

/* All that the client published; true when something moved. */
static bool
serve(struct nm_worker *w, struct nm_client *c)
{
	struct nm_session *s = &c->session;
	uint32_t req = NM_LOAD_ACQUIRE(&s->sync->sync_req), i, first = s->first[NM_DIR_TX];
	bool moved = false, whole = true;

	nm_place_sender(&w->place, s->sync);
	if (NM_UNLIKELY(NM_READ_ONCE(s->port->swapped)))
		moved = serve_watched(s);
	for (i = first; i < s->last[NM_DIR_TX]; i++)
		moved |= serve_ring(nm_session_kring(s, NM_DIR_TX, i), &c->last_head[i - first], &whole);
	if (c->loop)
		moved |= serve_receivers(w, c);
	if (c->loop && !moved)
		w->place.waits = true; /* it may be on this CPU; where it is, is not known */
	if (whole)
		answer(c, req);
	else if (!moved)
		w->place.waits = true;
	return moved;
}

static void
activate(struct nm_worker *w, struct nm_client *c)
{
	/* what its senders asked for stays asked */
	__atomic_fetch_and(&c->session.sync->need_kick, ~NM_KICK_TX, __ATOMIC_SEQ_CST);
	c->idle_since = 0;
	if (c->active)
		return;
	if (c->loop)
		nm_kloop_need_kick(&c->session, false);
	c->active = true;
	c->next = w->active;
	w->active = c;
}

static void
ask_receiver(struct nm_session *o)
{
	uint32_t i;

	__atomic_fetch_or(&o->sync->need_kick, NM_KICK_RX, __ATOMIC_SEQ_CST);
	if (!NM_LOAD_ACQUIRE(&((struct nm_client *)o->host)->loop))
		return;
	for (i = o->first[NM_DIR_RX]; i < o->last[NM_DIR_RX]; i++)
		NM_WRITE_ONCE(NM_READ_ONCE(nm_session_kring(o, NM_DIR_RX, i)->ktoa)->kern_need_kick, 1);
}

/* Who waits for the receiver of a pipe, or for a lossless port, is told when that gives slots back. Rings that wait. */
static uint32_t
arm_receivers(struct nm_client *c)
{
	struct nm_session *s = &c->session, *o;
	uint32_t i, n = 0;

	for (i = s->first[NM_DIR_TX]; i < s->last[NM_DIR_TX]; i++) {
		struct nm_kring *kr = nm_session_kring(s, NM_DIR_TX, i);

		struct nm_port *to = kr->peer ? kr->peer->port : nm_lossless_waits(kr);

		if (!to || kr->hwcur == kr->rhead)
			continue;
		for (o = NM_RCU_DEREF(to->sessions); o; o = NM_RCU_DEREF(o->next))
			ask_receiver(o);
		n++;
	}
	return n;
}

/* Those who have transmit ring kr: there is room for it. */
static void
activate_sender(struct nm_kring *kr, void *worker)
{
	struct nm_session *o;

	for (o = NM_RCU_DEREF(kr->port->sessions); o; o = NM_RCU_DEREF(o->next)) {
		struct nm_client *sender = o->host;

		if (NM_READ_ONCE(sender->worker) == worker)
			activate(worker, sender);
		else
			nm_worker_poke(sender);
	}
}

/* A kick of c may mean room for those who send to it. */
static void
activate_senders(struct nm_worker *w, struct nm_client *c)
{
	struct nm_session *s = &c->session;
	uint32_t i;

	for (i = s->first[NM_DIR_RX]; i < s->last[NM_DIR_RX]; i++) {
		struct nm_kring *kr = nm_session_kring(s, NM_DIR_RX, i);

		if (!NM_READ_ONCE(kr->blocked))
			continue;
		if (!kr->peer) {
			nm_lossless_resume(kr, activate_sender, w);
			continue;
		}
		if (nm_pipe_waits(kr)) { /* the sender has gone: what it left is ours to fetch, also later */
			__atomic_fetch_or(&s->sync->need_kick, NM_KICK_RX, __ATOMIC_SEQ_CST);
			NM_MB();
			nm_pipe_fetch(kr);
		}
		activate_sender(kr->peer, w);
	}
}

/* Asks for a kick and looks once more; false when the client stays active after all. */
static bool
deactivate(struct nm_worker *w, struct nm_client *c)
{
	struct nm_sync_session *y = c->session.sync;
	uint32_t waiting;

	if (c->loop && !c->loop->wakes)
		return false;
	if (c->loop)
		nm_kloop_need_kick(&c->session, true);
	__atomic_fetch_or(&y->need_kick, NM_READ_ONCE(c->session.port->swapped) ? NM_KICK_TX | NM_KICK_RX : NM_KICK_TX, __ATOMIC_SEQ_CST);
	waiting = arm_receivers(c);
	NM_MB();
	/* a ring may have begun to wait only now: its receiver has to be asked as well, before we leave */
	if (serve(w, c) || arm_receivers(c) != waiting || NM_READ_ONCE(y->sync_req) != NM_READ_ONCE(y->sync_done)) {
		if (c->loop)
			nm_kloop_need_kick(&c->session, false);
		activate(w, c);
		return false;
	}
	c->active = false;
	return true;
}

/* How long the worker may sleep for this client's sake, which had nothing to do. */
static uint32_t
nap_of(const struct nm_client *c)
{
	return c->loop && !c->loop->wakes ? c->loop->sleep_us : 0;
}

/* One pass over the active clients; true when something moved. */
static bool
pass(struct nm_worker *w)
{
	struct nm_client **q = &w->active, *c;
	bool moved = false;

	w->nap_us = UINT32_MAX;
	while ((c = *q)) {
		if (nap_of(c) < w->nap_us)
			w->nap_us = nap_of(c);
		if (serve(w, c)) {
			moved = true;
			c->idle_since = 0;
		} else if (!c->idle_since) {
			c->idle_since = nm_os_now_exact();
		} else if (nm_os_now_exact() - c->idle_since > w->busy_poll_ns && deactivate(w, c)) {
			*q = c->next;
			continue;
		}
		q = &c->next;
	}
	return moved;
}

static void
unlink_active(struct nm_worker *w, struct nm_client *c)
{
	struct nm_client **q;

	for (q = &w->active; *q && *q != c; q = &(*q)->next)
		;
	if (*q)
		*q = c->next;
	c->active = false;
}

/* One ring of a client that leaves. The head is read once: a client that lives on may not keep us here by moving it. */
static void
finish_ring(struct nm_kring *kr)
{
	uint32_t before, head = NM_LOAD_ACQUIRE(&kr->atok->head);

	if (nm_kring_accept(kr, head, head))
		return;
	do {
		before = kr->hwcur;
		kr->impatient = kr->last_call = true; /* nobody comes back for what would wait */
		if (nm_kring_call(kr))
			break;
		nm_kring_publish(kr);
	} while (kr->hwcur != before && kr->hwcur != kr->rhead);
}

static void
lend(struct nm_worker *w, struct nm_client *c)
{
	struct nm_csb_loop *l = c->new_loop;
	struct epoll_event e = {.events = EPOLLIN | EPOLLET};
	uint32_t i;

	nm_kloop_lend(&c->session);
	NM_STORE_RELEASE(&c->loop, l);
	e.data.u64 = (uintptr_t)c | IO_TAG;
	for (i = 0; l->wakes && i < l->n; i++)
		epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, l->fd[i].io, &e);
	NM_MB(); /* indices of before are in the entries now: who waits for them already is told */
	for (i = 0; i < l->n; i++)
		signal_loop(l, nm_kloop_kring(&c->session, i), i);
	unlink_active(w, c);
	activate(w, c);
	activate_senders(w, c);
}

/* The loop's descriptors, and what c->loop points to, stay until read sections have ended. */
static void
give_back(struct nm_worker *w, struct nm_client *c)
{
	struct nm_csb_loop *l = c->loop;
	uint32_t i;

	for (i = 0; l->wakes && i < l->n; i++)
		epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, l->fd[i].io, NULL);
	nm_kloop_give_back(&c->session);
}

/* What was published before the client left still goes out; ends when nothing moves. */
static void
finish_client(struct nm_worker *w, struct nm_client *c)
{
	struct nm_session *s = &c->session;
	uint32_t i;

	for (i = s->first[NM_DIR_TX]; i < s->last[NM_DIR_TX]; i++)
		finish_ring(nm_session_kring(s, NM_DIR_TX, i));
	unlink_active(w, c);
	if (c->loop)
		give_back(w, c);
	epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, c->kick_fd, NULL);
	epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, c->poke_fd, NULL);
	NM_WRITE_ONCE(c->worker, NULL); /* here: until the session has gone, its peers may still ask for it to be served */
}

/* False: stop. */
static bool
run_command(struct nm_worker *w)
{
	struct epoll_event e = {.events = EPOLLIN};
	uint32_t command;

	pthread_mutex_lock(&w->lock);
	command = w->command;
	if (command == CMD_ADD) {
		e.data.u64 = (uintptr_t)w->subject;
		epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->subject->kick_fd, &e);
		e.data.u64 |= POKE_TAG;
		epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->subject->poke_fd, &e);
		activate(w, w->subject);
		activate_senders(w, w->subject); /* they could not ask for its kick before it was here */
	} else if (command == CMD_REMOVE) {
		finish_client(w, w->subject);
	} else if (command == CMD_LEND) {
		lend(w, w->subject);
	} else if (command == CMD_GIVE_BACK) {
		give_back(w, w->subject);
		NM_WRITE_ONCE(w->subject->loop, NULL);
		activate(w, w->subject);
	}
	NM_STORE_RELEASE(&w->command, CMD_NONE);
	pthread_cond_broadcast(&w->done);
	pthread_mutex_unlock(&w->lock);
	return command != CMD_STOP;
}

/* Never sleeps, whatever the client made of the descriptor's flags, and if it took the count itself. */
static void
take_count(int fd)
{
	uint64_t count;
	struct iovec v = {&count, sizeof(count)};

	if (preadv2(fd, &v, 1, -1, RWF_NOWAIT) < 0 && errno != EAGAIN)
		nm_os_log(NM_LOG_WARN, "kick descriptor: %s", strerror(errno));
}

static void
take_kicks(struct nm_worker *w, int timeout_ms)
{
	struct epoll_event e[64];
	int i, n;

	n = epoll_wait(w->epoll_fd, e, 64, timeout_ms);
	for (i = 0; i < n; i++) {
		struct nm_client *c = (void *)(uintptr_t)(e[i].data.u64 & ~(uint64_t)TAGS);

		if (!(e[i].data.u64 & IO_TAG))
			take_count(!c ? w->wake_fd : e[i].data.u64 & POKE_TAG ? c->poke_fd : c->kick_fd);
		if (!c)
			continue;
		activate(w, c);
		activate_senders(w, c);
	}
}

/* Offline only while it waits, for `us` or, if that is 0, as long as it takes: what woke it is looked at as a reader again. */
static void
sleep_for_work(struct nm_worker *w, uint32_t us)
{
	struct timespec ts = {us / 1000000, us % 1000000 * 1000};
	struct pollfd p = {.fd = w->epoll_fd, .events = POLLIN};

	nm_os_user_offline();
	ppoll(&p, 1, us ? &ts : NULL, NULL);
	nm_os_user_online();
	take_kicks(w, 0);
}

static void *
worker_main(void *arg)
{
	struct nm_worker *w = arg;
	uint32_t turn = 0;

	self = w;
	rcu_register_thread();
	for (;;) {
		bool moved;

		if (NM_LOAD_ACQUIRE(&w->command) != CMD_NONE && !run_command(w))
			break;
		moved = pass(w);
		nm_os_user_quiescent();
		if (!w->active)
			sleep_for_work(w, 0);
		else if (!moved && w->nap_us)
			sleep_for_work(w, w->nap_us);
		else if (++turn % 64 == 0)
			take_kicks(w, 0);
		nm_place_after_pass(&w->place, moved);
	}
	rcu_unregister_thread();
	return NULL;
}

static void
command(struct nm_worker *w, uint32_t what, struct nm_client *c)
{
	pthread_mutex_lock(&w->lock);
	while (w->command != CMD_NONE)
		pthread_cond_wait(&w->done, &w->lock);
	w->subject = c;
	NM_STORE_RELEASE(&w->command, what);
	(void)!write(w->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
	while (w->command == what && w->subject == c)
		pthread_cond_wait(&w->done, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

static struct nm_worker *
pick_worker(struct nm_client *c)
{
	struct nm_session *o;
	static uint32_t next;

	for (o = c->session.port->sessions; o; o = o->next)
		if (o != &c->session && ((struct nm_client *)o->host)->worker)
			return ((struct nm_client *)o->host)->worker;
	return &workers[next++ % nworkers];
}

int
nm_worker_add(struct nm_client *c)
{
	c->last_head = calloc(nm_kloop_rings(&c->session) + 1, sizeof(*c->last_head));
	if (!c->last_head)
		return -ENOMEM;
	NM_WRITE_ONCE(c->worker, pick_worker(c));
	command(c->worker, CMD_ADD, c);
	return 0;
}

void
nm_worker_remove(struct nm_client *c)
{
	if (!c->worker)
		return;
	command(c->worker, CMD_REMOVE, c);
	free(c->last_head);
	c->last_head = NULL;
}

void
nm_worker_lend(struct nm_client *c, struct nm_csb_loop *l)
{
	c->new_loop = l;
	command(c->worker, CMD_LEND, c);
}

void
nm_worker_give_back(struct nm_client *c)
{
	command(c->worker, CMD_GIVE_BACK, c);
}

static int
start_one(struct nm_worker *w, const struct nm_worker_config *c)
{
	struct epoll_event e = {.events = EPOLLIN};
	int error;

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->done, NULL);
	w->busy_poll_ns = (uint64_t)c->busy_poll_us * 1000u;
	nm_place_init(&w->place);
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->epoll_fd < 0 || w->wake_fd < 0 || epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->wake_fd, &e))
		return -errno;
	error = pthread_create(&w->thread, NULL, worker_main, w);
	return -error;
}

int
nm_worker_start(const struct nm_worker_config *c)
{
	int error = 0;

	workers = calloc(c->workers, sizeof(*workers));
	if (!workers)
		return -ENOMEM;
	for (nworkers = 0; nworkers < c->workers && !error; nworkers += !error)
		error = start_one(&workers[nworkers], c);
	return error;
}

void
nm_worker_stop(void)
{
	uint32_t i;

	for (i = 0; i < nworkers; i++) {
		command(&workers[i], CMD_STOP, NULL);
		pthread_join(workers[i].thread, NULL);
		close(workers[i].epoll_fd);
		close(workers[i].wake_fd);
	}
	free(workers);
}
