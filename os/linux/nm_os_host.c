/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_os_host.c - clock, read sections, wake-ups, interfaces' names. */
#include "nm_os_linux.h"
#include "nm_trace.h"

#include <linux/ktime.h>
#include <linux/netdevice.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>

void
nm_os_rcu_sync(void)
{
	synchronize_rcu();
}

uint64_t
nm_os_now(void)
{
	return ktime_to_ns(ktime_get_coarse());
}

uint64_t
nm_os_now_exact(void)
{
	return ktime_get_ns();
}

bool
nm_os_ifname_exists(struct nm_session *s, const char *name)
{
	bool there;

	rcu_read_lock();
	there = dev_get_by_name_rcu(nm_os_linux_file(s)->net->net, name) != NULL;
	rcu_read_unlock();
	return there;
}

void
nm_os_linux_wake(struct nm_kring *kr, const struct nm_session *self)
{
	__poll_t what = kr->dir == NM_DIR_RX ? EPOLLIN | EPOLLRDNORM : EPOLLOUT | EPOLLWRNORM;
	struct nm_session *s;

	for (s = NM_RCU_DEREF(kr->port->sessions); s; s = NM_RCU_DEREF(s->next)) {
		struct nm_file *f = nm_os_linux_file(s);

		if (s == self || kr->id < s->first[kr->dir] || kr->id >= s->last[kr->dir])
			continue;
		if (!wq_has_sleeper(&f->wait[kr->dir])) /* a full barrier: hwtail is out before the queue is looked at */
			continue;
		nm_dev_direct_wake(f, kr); /* the loop's thread is in the queue, too */
		kr->stat[NM_STAT_kicks_out]++;
		trace_netmap_wake(kr);
		wake_up_interruptible_poll(&f->wait[kr->dir], what);
	}
}

void
nm_os_notify(struct nm_kring *kr)
{
	nm_os_linux_wake(kr, NULL);
}

static void
wake_all(struct nm_session *s)
{
	int dir;

	for (dir = 0; dir < 2; dir++)
		wake_up_interruptible_poll(&nm_os_linux_file(s)->wait[dir], EPOLLIN | EPOLLOUT | EPOLLERR);
}

/* Whoever waits looks again. Under the root's mutex, so that the list stays. */
void
nm_os_port_changed(struct nm_port *port)
{
	const struct nm_os_linux_port_ops *ops = port->host;
	struct nm_session *s;

	for (s = port->sessions; s; s = s->next)
		wake_all(s);
	if (ops && ops->changed)
		ops->changed(port);
}

void
nm_os_tx_later(struct nm_kring *kr)
{
	const struct nm_os_linux_port_ops *ops = kr->port->host;

	ops->tx_later(kr);
}

void
nm_os_linux_gone(struct nm_port *p)
{
	struct nm_net *n = p->root->host;
	struct nm_session *s;

	NM_WRITE_ONCE(p->gone, true);
	rcu_read_lock();
	for (s = NM_RCU_DEREF(p->sessions); s; s = NM_RCU_DEREF(s->next)) {
		NM_WRITE_ONCE(s->sync->dead, 1);
		wake_all(s);
	}
	rcu_read_unlock();
	schedule_work(&n->reap);
}
