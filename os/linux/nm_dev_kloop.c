/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_dev_kloop.c - the loop of SYNC_KLOOP_START, in the thread that asked for it.
 *
 * The thread goes from ring to ring. After a round that found nothing it sleeps for sleep_us or, where all rings have an ioeventfd,
 * until it is woken; the client was told before (kern_need_kick). Then a signal of the client wakes it, or what comes to the port, a stop, a
 * signal of the process, or the close of the last descriptor, which a thread in a call keeps from being a release.
 *
 * Rings of a direct mode are served where they are signalled (nm_dev_direct.c); the thread only does what is left over there.
 */
#include "nm_dev_kloop.h"
#include "nm_trace.h"
#include "compat.h"

#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#define CLOSING HZ /* after a close, other calls on the descriptor may take so long to let go of it */

void
nm_dev_kloop_kick(struct nm_dev_loop *l)
{
	WRITE_ONCE(l->kicked, true);
	wake_up(&l->f->loop_wait);
}

static bool
is_direct(const struct nm_dev_loop *l, uint32_t i)
{
	return l->f->s.kloop.direct[nm_kloop_kring(&l->f->s, i)->dir];
}

/* In whatever context the eventfd is written to. */
static int
io_wake(wait_queue_entry_t *w, unsigned int mode, int flags, void *key)
{
	struct nm_dev_loop_ring *r = container_of(w, struct nm_dev_loop_ring, entry);

	(void)mode;
	(void)flags;
	if (key && !(key_to_poll(key) & EPOLLIN))
		return 0;
	if (is_direct(r->l, nm_dev_kloop_index(r)))
		nm_dev_direct_signal(r);
	else
		nm_dev_kloop_kick(r->l);
	return 0;
}

/* Frames or room of a direct ring are told to itself; what has become of the port is the thread's to see, for all rings. */
static int
port_wake(wait_queue_entry_t *w, unsigned int mode, int flags, void *key)
{
	struct nm_dev_loop *l = w->private;
	int dir = w == &l->port[NM_DIR_RX] ? NM_DIR_RX : NM_DIR_TX;

	(void)mode;
	(void)flags;
	if (l->f->s.kloop.direct[dir]) {
		if (!(key_to_poll(key) & EPOLLERR))
			return 0;
		nm_kloop_owe(&l->f->s, dir);
	}
	nm_dev_kloop_kick(l);
	return 0;
}

static void
io_queue(struct file *file, wait_queue_head_t *queue, poll_table *pt)
{
	struct nm_dev_loop *l = container_of(pt, struct nm_dev_loop, pt);
	uint32_t i;

	for (i = 0; i < l->n; i++)
		if (l->ring[i].io == file && !l->ring[i].queue) {
			l->ring[i].queue = queue;
			init_waitqueue_func_entry(&l->ring[i].entry, io_wake);
			add_wait_queue(queue, &l->ring[i].entry);
			return;
		}
}

static void
free_loop(struct nm_dev_loop *l)
{
	uint32_t i;

	for (i = 0; i < l->n; i++) {
		if (l->ring[i].io)
			fput(l->ring[i].io);
		if (l->ring[i].irq)
			eventfd_ctx_put(l->ring[i].irq);
	}
	kfree(l);
}

static int
bad_fd(struct nm_session *s, long error, const char *what, uint32_t i)
{
	return nm_session_error(s, error == -EBADF ? EBADF : EINVAL, error == -EBADF ? "%s: the %s of entry %u is not an open descriptor" :
	    "%s: the %s of entry %u is not an eventfd", s->port->name, what, i);
}

static int
take_fds(struct nm_session *s, struct nm_dev_loop_ring *r, const struct nm_os_kloop_fds *fds, uint32_t i)
{
	struct file *io;
	struct eventfd_ctx *irq;

	if (fds->io >= 0) {
		io = eventfd_fget(fds->io);
		if (IS_ERR(io))
			return bad_fd(s, PTR_ERR(io), "ioeventfd", i);
		r->io = io;
	}
	if (fds->irq >= 0) {
		irq = eventfd_ctx_fdget(fds->irq);
		if (IS_ERR(irq))
			return bad_fd(s, PTR_ERR(irq), "irqfd", i);
		r->irq = irq;
	}
	return 0;
}

int
nm_os_kloop_start(struct nm_session *s, const struct nm_os_kloop_plan *plan)
{
	struct nm_file *f = nm_os_linux_file(s);
	struct nm_dev_loop *l = kzalloc(struct_size(l, ring, plan->nrings), NM_OS_GFP);
	uint32_t i;
	int error = 0;

	if (!l)
		return nm_session_error(s, ENOMEM, "%s: no memory for a loop", s->port->name);
	l->f = f;
	l->n = plan->nrings;
	l->sleep_us = plan->sleep_us;
	l->wakes = plan->wakes;
	for (i = 0; i < l->n; i++)
		l->ring[i].l = l;
	for (i = 0; plan->fds && !error && i < l->n; i++)
		error = take_fds(s, &l->ring[i], &plan->fds[i], i);
	if (error) {
		free_loop(l);
		return error;
	}
	memcpy(s->kloop.direct, plan->direct, sizeof(plan->direct));
	f->closing = 0;
	f->loop = l;
	return 0;
}

void
nm_os_kloop_stop(struct nm_session *s)
{
	wake_up(&nm_os_linux_file(s)->loop_wait);
}

void
nm_dev_kloop_flush(struct nm_file *f)
{
	if (!NM_READ_ONCE(f->s.kloop.running))
		return;
	WRITE_ONCE(f->closing, jiffies | 1);
	wake_up(&f->loop_wait);
}

int
nm_dev_kloop_wait(struct nm_file *f)
{
	return wait_event_killable(f->loop_wait, !NM_READ_ONCE(f->s.kloop.running)) ? -EINTR : 0;
}

/* A descriptor was closed a moment ago. */
static bool
closing(const struct nm_file *f)
{
	unsigned long since = READ_ONCE(f->closing);

	return since && time_before(jiffies, since + CLOSING);
}

/* Why the loop ends: 1 when it was stopped, or -errno; 0: it goes on. */
static int
ends(struct nm_file *f)
{
	if (NM_READ_ONCE(f->s.kloop.stop))
		return 1;
	if (signal_pending(current))
		return -ERESTARTSYS;
	if (NM_READ_ONCE(f->s.port->gone))
		return -EIO;
	return closing(f) && file_count(f->file) == 1 ? -EBADF : 0; /* the one is that of this call */
}

bool
nm_dev_kloop_leave(struct nm_dev_loop_ring *r)
{
	struct nm_session *s = &r->l->f->s;
	uint32_t i = nm_dev_kloop_index(r);

	if (!(nm_kloop_leave(s, i) & NM_KRING_NEWS))
		return false;
	smp_mb();
	if (r->irq && nm_kloop_kick_wanted(&s->kloop.atok[i])) {
		nm_kloop_kring(s, i)->stat[NM_STAT_kicks_out]++;
		nm_compat_eventfd_signal(r->irq);
	}
	return true;
}

static int
enter(struct nm_dev_loop *l, uint32_t i)
{
	struct nm_session *s = &l->f->s;
	struct nm_kring *kr = nm_kloop_kring(s, i);
	int error;

	if (is_direct(l, i))
		error = nm_kloop_enter_owed(s, i);
	else if (l->ring[i].bad && !nm_kloop_news(s, i))
		return -EAGAIN; /* it was told of and counted */
	else
		error = nm_kloop_enter(s, i);
	l->ring[i].bad = error == -EINVAL;
	if (error == -EINVAL)
		trace_netmap_sync_error(kr, READ_ONCE(kr->seen_head), READ_ONCE(kr->seen_cur));
	return error;
}

/* One ring: true when something moved, or is to be looked at again. */
static bool
serve(struct nm_dev_loop *l, uint32_t i)
{
	struct nm_kring *kr = nm_kloop_kring(&l->f->s, i);
	bool moved;
	uint32_t hwcur;

	if (enter(l, i))
		return false;
	hwcur = kr->hwcur;
	nm_dev_sync_steps(l->f, kr);
	moved = kr->hwcur != hwcur;
	return nm_dev_kloop_leave(&l->ring[i]) || moved;
}

static bool
round_of(struct nm_dev_loop *l)
{
	bool moved = false;
	uint32_t i;

	for (i = 0; i < l->n; i++)
		moved |= serve(l, i);
	return moved;
}

static bool
any_news(const struct nm_dev_loop *l)
{
	bool news = false;
	uint32_t i;

	for (i = 0; i < l->n && !news; i++)
		news = nm_kloop_news(&l->f->s, i);
	return news;
}

/* Until somebody has something for the loop. After a close it looks again with each tick. */
static void
sleep_until_kicked(struct nm_dev_loop *l)
{
	struct nm_file *f = l->f;

	nm_kloop_need_kick(&f->s, true);
	if (!any_news(l))
		wait_event_interruptible_timeout(f->loop_wait, READ_ONCE(l->kicked) || ends(f) || closing(f), MAX_SCHEDULE_TIMEOUT);
	if (closing(f) && !READ_ONCE(l->kicked) && !ends(f))
		schedule_timeout_interruptible(1);
	nm_kloop_need_kick(&f->s, false);
}

static void
sleep_between_rounds(struct nm_dev_loop *l)
{
	if (l->sleep_us)
		wait_event_interruptible_hrtimeout(l->f->loop_wait, ends(l->f), ns_to_ktime((u64)l->sleep_us * NSEC_PER_USEC));
	else
		cond_resched();
}

static int
go_round(struct nm_dev_loop *l)
{
	int why;

	for (;;) {
		WRITE_ONCE(l->kicked, false);
		smp_mb(); /* what kicks from here on is seen before the thread sleeps */
		why = ends(l->f);
		if (why)
			return why < 0 ? why : 0;
		if (round_of(l))
			cond_resched();
		else if (l->wakes)
			sleep_until_kicked(l);
		else
			sleep_between_rounds(l);
	}
}

static void
watch_all(struct nm_dev_loop *l)
{
	uint32_t i;
	int dir;

	for (dir = 0; dir < 2; dir++) {
		init_waitqueue_func_entry(&l->port[dir], port_wake);
		l->port[dir].private = l;
		add_wait_queue(&l->f->wait[dir], &l->port[dir]);
	}
	init_poll_funcptr(&l->pt, io_queue);
	for (i = 0; i < l->n; i++)
		if (l->ring[i].io)
			vfs_poll(l->ring[i].io, &l->pt);
}

static void
unwatch_all(struct nm_dev_loop *l)
{
	uint32_t i;
	int dir;

	for (i = 0; i < l->n; i++)
		if (l->ring[i].queue)
			remove_wait_queue(l->ring[i].queue, &l->ring[i].entry);
	for (dir = 0; dir < 2; dir++)
		remove_wait_queue(&l->f->wait[dir], &l->port[dir]);
}

int
nm_dev_kloop_run(struct nm_file *f)
{
	struct nm_dev_loop *l = f->loop;
	int error;

	if (!l)
		return 0; /* a stop came first */
	nm_dev_direct_start(l);
	if (l->wakes)
		watch_all(l);
	nm_kloop_need_kick(&f->s, false);
	error = go_round(l);
	nm_kloop_need_kick(&f->s, true);
	if (l->wakes)
		unwatch_all(l);
	nm_dev_direct_stop(l);
	free_loop(l);
	nm_os_mutex_lock(&f->s.root->lock);
	f->loop = NULL;
	nm_kloop_ended(&f->s);
	nm_os_mutex_unlock(&f->s.root->lock);
	wake_up_all(&f->loop_wait);
	return error;
}
