/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_dev_direct.c - rings of a loop that are served where they are signalled (SYNC_KLOOP_MODE), not by the loop's thread.
 *
 * Each has a tasklet, which runs on the processor that scheduled it, in the thread or softirq that is there, before that goes on. So a
 * ring is served on the account of who signals it, and nobody is switched to:
 *  - frames, or room, that others make are told of with softirqs off; the tasklet runs where they are let in again, after all locks
 *    of rings. However many rings wake each other, none is served from within another;
 *  - the client's write to an eventfd calls us with interrupts off and that eventfd's lock held. Nothing of ours may be locked there,
 *    since that lock is also taken in interrupts, nor may another eventfd be signalled. So an interrupt of this processor is asked for,
 *    which comes as soon as the write lets go of the lock, and the tasklet runs at its end. A machine without such interrupts, and a
 *    kernel that runs them in threads (PREEMPT_RT), have ksoftirqd do it.
 *
 * A softirq can't sleep, and nobody else runs meanwhile: it does up to limits.bridge_batch slots, does not fetch data of NS_INDIRECT
 * slots, and leaves alone rings whose release forwards frames. What is left is the thread's (nm_kloop_hand_over).
 */
#include "nm_dev_kloop.h"
#include "nm_trace.h"
#include "compat.h"

/* What is released may be a ring full of frames, each for the host or the driver. */
static bool
forwards(const struct nm_kring *kr)
{
	return kr->dir == NM_DIR_RX && kr->port->ops->release && (nm_param_fwd || (READ_ONCE(kr->ring->flags) & NR_FORWARD));
}

/* True when something is left to do. */
static bool
serve_ring(struct nm_dev_loop_ring *r, struct nm_kring *kr)
{
	bool more;
	int error;

	if (forwards(kr))
		return true;
	error = nm_kloop_enter(&r->l->f->s, nm_dev_kloop_index(r));
	if (error == -EINVAL)
		trace_netmap_sync_error(kr, READ_ONCE(kr->seen_head), READ_ONCE(kr->seen_cur));
	if (error)
		return error == -EBUSY;
	more = nm_dev_sync_at_once(r->l->f, kr) > 0;
	nm_dev_kloop_leave(r);
	return more;
}

static void
serve(struct tasklet_struct *t)
{
	struct nm_dev_loop_ring *r = container_of(t, struct nm_dev_loop_ring, serve);
	struct nm_session *s = &r->l->f->s;
	uint32_t i = nm_dev_kloop_index(r);

	if (nm_kloop_hand_over(s, i, serve_ring(r, nm_kloop_kring(s, i))))
		nm_dev_kloop_kick(r->l);
}

static void
raise(struct irq_work *w)
{
	tasklet_schedule(&container_of(w, struct nm_dev_loop_ring, raise)->serve);
}

void
nm_dev_direct_signal(struct nm_dev_loop_ring *r)
{
	/* a softirq that is raised where none can come is left to ksoftirqd, but not from within another or an interrupt */
	if (in_interrupt() || !nm_compat_irq_work(&r->raise))
		tasklet_schedule(&r->serve);
}

void
nm_dev_direct_wake(struct nm_file *f, const struct nm_kring *kr)
{
	const struct nm_session *s = &f->s;
	struct nm_dev_loop *l = NM_RCU_DEREF(f->direct);
	uint32_t i = kr->id - s->first[kr->dir];

	if (likely(!l) || !s->kloop.direct[kr->dir])
		return;
	if (kr->dir == NM_DIR_RX)
		i += s->last[NM_DIR_TX] - s->first[NM_DIR_TX];
	tasklet_schedule(&l->ring[i].serve);
}

void
nm_dev_direct_start(struct nm_dev_loop *l)
{
	struct nm_session *s = &l->f->s;
	uint32_t i;
	int dir;

	for (i = 0; i < l->n; i++) {
		tasklet_setup(&l->ring[i].serve, serve);
		init_irq_work(&l->ring[i].raise, raise);
	}
	for (dir = 0; dir < 2; dir++)
		if (s->kloop.direct[dir])
			nm_kloop_owe(s, dir); /* what there is before the first signal */
	if (s->kloop.direct[NM_DIR_TX] || s->kloop.direct[NM_DIR_RX])
		NM_RCU_ASSIGN(l->f->direct, l);
}

/* The client's eventfds don't call us any more. */
void
nm_dev_direct_stop(struct nm_dev_loop *l)
{
	uint32_t i;

	if (!l->f->direct)
		return;
	NM_RCU_ASSIGN(l->f->direct, NULL);
	synchronize_rcu();
	for (i = 0; i < l->n; i++) {
		nm_compat_irq_work_sync(&l->ring[i].raise);
		tasklet_kill(&l->ring[i].serve);
	}
}
