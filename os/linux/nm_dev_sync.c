/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_dev_sync.c - NIOCTXSYNC, NIOCRXSYNC and poll: the client's own thread does the work of its rings.
 *
 * A call works in steps of limits.bridge_batch slots, with softirqs and the scheduler let in between, and ends between two of
 * them for a thread that is killed. Another thread that comes to a ring meanwhile passes it over.
 */
#include "nm_os_linux.h"
#include "nm_policy.h"
#include "nm_trace.h"
#include "nm_vale.h"

#include <linux/hrtimer.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>

#define GIVE_WAY_NS 200000 /* a receiver takes a ring's frames in less */

static DECLARE_WAIT_QUEUE_HEAD(senders); /* who gave way */

/* Who asks for times gets each sync's, exactly; others, where no_timestamp is off, that of frames as the clock's last tick has it. */
static void
stamp(struct nm_kring *kr, bool news)
{
	bool asked = NM_READ_ONCE(kr->ring->flags) & NR_TIMESTAMP;
	struct timespec64 t;

	if (!asked && (!news || nm_param_no_timestamp))
		return;
	if (asked)
		ktime_get_real_ts64(&t);
	else
		ktime_get_coarse_real_ts64(&t);
	kr->ring->ts.tv_sec = t.tv_sec;
	kr->ring->ts.tv_usec = t.tv_nsec / NSEC_PER_USEC;
}

/* Who binds this receive ring, has run on this CPU, and was not given way to since. In a read section. */
static struct nm_file *
receiver_here(struct nm_kring *kr)
{
	struct nm_session *s;

	for (s = NM_RCU_DEREF(kr->port->sessions); s; s = NM_RCU_DEREF(s->next)) {
		struct nm_file *f = nm_os_linux_file(s);

		if (kr->id >= s->first[NM_DIR_RX] && kr->id < s->last[NM_DIR_RX] && READ_ONCE(f->cpu) == raw_smp_processor_id() &&
		    !READ_ONCE(f->late))
			return f;
	}
	return NULL;
}

/*
 * A scheduler lets who is running run on for a while, which is many frames: on one CPU the receiver would get a ring of them
 * and lose the rest. So a sender about to find no room lets it have the CPU, until it comes back to the ring. That happens once, and
 * once more after the receiver has: one that is stopped costs nothing further.
 */
static void
give_way(struct nm_kring *kr)
{
	ktime_t limit = ns_to_ktime(GIVE_WAY_NS);
	struct nm_file *f = NULL;
	struct nm_kring *d;
	DEFINE_WAIT(w);

	nm_os_linux_read_lock();
	d = NM_READ_ONCE(kr->port->gone) ? NULL : nm_vale_crowded(kr);
	if (d)
		f = receiver_here(d);
	if (f) {
		prepare_to_wait(&senders, &w, TASK_KILLABLE);
		WRITE_ONCE(f->late, true);
	}
	nm_os_linux_read_unlock();
	if (!f)
		return;
	schedule_hrtimeout(&limit, HRTIMER_MODE_REL);
	finish_wait(&senders, &w);
}

/* The receiver comes to its rings again. */
static void
back(struct nm_file *f)
{
	WRITE_ONCE(f->cpu, raw_smp_processor_id());
	if (!READ_ONCE(f->late))
		return;
	WRITE_ONCE(f->late, false);
	wake_up(&senders);
}

static void
wake_sender(struct nm_kring *kr, void *self)
{
	nm_os_linux_wake(kr, self);
}

/* Receive ring kr has room again: for the other end of a pipe, or for those who send to a lossless port. In a read section. */
static void
wake_blocked(struct nm_file *f, struct nm_kring *kr)
{
	if (!NM_READ_ONCE(kr->blocked))
		return;
	if (kr->peer)
		nm_os_linux_wake(kr->peer, &f->s);
	else
		nm_lossless_resume(kr, wake_sender, &f->s);
}

/* Who waits for what the steps did is told. In a read section. */
static void
tell_others(struct nm_file *f, struct nm_kring *kr, uint32_t before)
{
	if (kr->dir == NM_DIR_TX && kr->hwcur != before)
		nm_os_linux_wake(kr, &f->s);
	if (kr->dir == NM_DIR_RX)
		wake_blocked(f, kr);
}

int
nm_dev_sync_at_once(struct nm_file *f, struct nm_kring *kr)
{
	uint32_t before = kr->hwcur, most = f->s.root->limits.bridge_batch;
	struct nm_trace_drops drops;
	int more;

	nm_trace_drops_begin(&drops, kr);
	kr->fetches = true;
	nm_os_linux_read_lock();
	do
		more = NM_READ_ONCE(kr->port->gone) ? -EIO : nm_kring_step(kr);
	while (more > 0 && nm_ring_dist(before, kr->hwcur, kr->nslots) < most);
	tell_others(f, kr, before);
	nm_os_linux_read_unlock();
	kr->fetches = false;
	nm_trace_drops_end(&drops, kr);
	return more == -EAGAIN ? 1 : more;
}

int
nm_dev_sync_steps(struct nm_file *f, struct nm_kring *kr)
{
	struct nm_trace_drops drops;
	uint32_t before = kr->hwcur;
	int more;

	nm_trace_drops_begin(&drops, kr);
	kr->fetches = true;
	do {
		if (kr->dir == NM_DIR_TX)
			give_way(kr);
		nm_os_linux_read_lock();
		more = NM_READ_ONCE(kr->port->gone) ? -EIO : nm_kring_step(kr);
		nm_os_linux_read_unlock();
		if (more == -EAGAIN) {
			nm_os_linux_indirect(f, kr, kr->hwcur, kr->rhead);
			kr->fetches = false;
			more = 1;
		} else if (more > 0) {
			cond_resched();
		}
	} while (more > 0 && !fatal_signal_pending(current));
	kr->fetches = false;
	nm_os_linux_read_lock();
	tell_others(f, kr, before);
	nm_os_linux_read_unlock();
	nm_trace_drops_end(&drops, kr);
	return more < 0 ? more : 0;
}

/* One ring. NM_KRING_* or -errno; a ring that another thread is in counts as having nothing. */
static int
sync_ring(struct nm_file *f, struct nm_kring *kr)
{
	uint32_t found;
	int error = nm_kring_enter(kr);

	if (error == -EINVAL)
		trace_netmap_sync_error(kr, READ_ONCE(kr->seen_head), READ_ONCE(kr->seen_cur));
	if (error)
		return error == -EBUSY ? 0 : error;
	error = nm_dev_sync_steps(f, kr);
	found = nm_kring_leave(kr);
	if (kr->dir == NM_DIR_RX && !f->s.ofs32)
		stamp(kr, found & NM_KRING_NEWS);
	return error ? error : (int)found;
}

/* All rings of a direction: NM_KRING_* of any; *error is the last one's, if any. */
static uint32_t
sync_rings(struct nm_file *f, int dir, int *error)
{
	uint32_t i, found = 0;

	for (i = f->s.first[dir]; i < f->s.last[dir] && !fatal_signal_pending(current); i++) {
		int r = sync_ring(f, nm_session_kring(&f->s, dir, i));

		if (r < 0)
			*error = r;
		else
			found |= r;
	}
	return found;
}

int
nm_dev_sync(struct nm_file *f, int dir)
{
	int error = 0;

	if (!smp_load_acquire(&f->bound))
		return -ENXIO;
	if (NM_READ_ONCE(f->s.port->gone))
		return -EIO;
	if (NM_READ_ONCE(f->s.kloop.atok))
		return -EBUSY;
	if (dir == NM_DIR_RX)
		back(f);
	sync_rings(f, dir, &error);
	return error == -EINVAL ? 0 : error; /* a bad ring was reset; poll is what tells of it */
}

__poll_t
nm_dev_sync_poll(struct nm_file *f, struct file *file, poll_table *pt)
{
	__poll_t events = poll_requested_events(pt), mask = 0;
	bool in = events & (EPOLLIN | EPOLLRDNORM), out = events & (EPOLLOUT | EPOLLWRNORM);
	int error = 0;

	if (!smp_load_acquire(&f->bound) || NM_READ_ONCE(f->s.kloop.atok))
		return EPOLLERR;
	back(f);
	/* in the queues first: what comes after the sync wakes us */
	if (out)
		poll_wait(file, &f->wait[NM_DIR_TX], pt);
	if (in || !out)
		poll_wait(file, &f->wait[NM_DIR_RX], pt);
	if (NM_READ_ONCE(f->s.port->gone))
		return EPOLLERR;
	if (out || !(f->s.flags & NR_NO_TX_POLL))
		if ((sync_rings(f, NM_DIR_TX, &error) & NM_KRING_READY) && out)
			mask |= EPOLLOUT | EPOLLWRNORM;
	if (in || (f->s.flags & NR_DO_RX_POLL))
		if ((sync_rings(f, NM_DIR_RX, &error) & NM_KRING_READY) && in)
			mask |= EPOLLIN | EPOLLRDNORM;
	return error ? mask | EPOLLERR : mask;
}

void
nm_dev_sync_drain(struct nm_file *f)
{
	uint32_t i, n;
	int error = 0;

	if (!f->bound || NM_READ_ONCE(f->s.port->gone))
		return;
	for (i = f->s.first[NM_DIR_TX]; i < f->s.last[NM_DIR_TX]; i++)
		NM_WRITE_ONCE(nm_session_kring(&f->s, NM_DIR_TX, i)->last_call, true);
	if (!f->s.kloop.atok) {
		sync_rings(f, NM_DIR_TX, &error);
		return;
	}
	n = f->s.last[NM_DIR_TX] - f->s.first[NM_DIR_TX];
	for (i = 0; i < n; i++)
		if (!nm_kloop_enter(&f->s, i)) {
			nm_dev_sync_steps(f, nm_kloop_kring(&f->s, i));
			nm_kloop_leave(&f->s, i);
		}
}
