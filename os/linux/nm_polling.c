/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_polling.c - threads that poll receive rings of an interface in a switch.
 *
 * A thread takes its rings' work from softirqs when it begins and gives it back when it ends: told to, or by SIGKILL. It goes
 * round without a pause, but lets others on its CPU run after each turn.
 */
#include "nm_os_linux.h"

#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#define BUDGET 64u /* frames of a ring and turn */

struct poller {
	struct task_struct *task;
	const struct nm_os_linux_port_ops *ops;
	struct nm_kring *first;
	uint32_t nrings;
};

struct nm_os_polling {
	uint32_t n;
	struct poller poller[];
};

static void
take(struct poller *p, bool on)
{
	uint32_t i;

	for (i = 0; i < p->nrings; i++)
		p->ops->take(&p->first[i], on);
}

static int
poller_main(void *arg)
{
	struct poller *p = arg;
	uint32_t i, n;

	allow_signal(SIGKILL);
	take(p, true);
	while (!kthread_should_stop() && !signal_pending(current)) {
		n = 0;
		nm_os_linux_read_lock();
		for (i = 0; i < p->nrings; i++)
			n += p->ops->poll(&p->first[i], BUDGET);
		nm_os_linux_read_unlock();
		if (!n)
			cpu_relax();
		cond_resched();
	}
	take(p, false);
	/* one that was killed waits to be stopped */
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE | TASK_NOLOAD);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

int
nm_os_polling_cpus(struct nm_session *s, struct nm_port *nic)
{
	const struct nm_os_linux_port_ops *ops = nic->host;

	if (!ops || !ops->poll)
		return nm_session_error(s, EOPNOTSUPP, "%s can't be polled: its frames come from the host directly", nic->name);
	if (!s->cred.admin)
		return nm_session_error(s, EPERM, "%s: user %u may not have CPUs polling; that needs CAP_NET_ADMIN", nic->name, s->cred.uid);
	return num_online_cpus();
}

static int
start_one(struct nm_session *s, struct nm_port *nic, struct poller *p, uint32_t cpu)
{
	struct task_struct *t;

	if (cpu >= nr_cpu_ids || !cpu_online(cpu))
		return nm_session_error(s, EINVAL, "%s: CPU %u is not there, there are %u", nic->name, cpu, num_online_cpus());
	t = kthread_create(poller_main, p, "netmap/%u/%s", cpu, nic->name);
	if (IS_ERR(t))
		return nm_session_error(s, -(int)PTR_ERR(t), "%s: no thread could be made for CPU %u (error %d)", nic->name, cpu,
		    -(int)PTR_ERR(t));
	kthread_bind(t, cpu);
	p->task = t;
	return 0;
}

int
nm_os_polling_start(struct nm_session *s, struct nm_port *nic, const struct nm_os_polling_plan *plan, struct nm_os_polling **out)
{
	struct nm_os_polling *t = kzalloc(struct_size(t, poller, plan->ncpus), GFP_KERNEL);
	uint32_t each = plan->nrings / plan->ncpus, i;
	int error;

	if (!t)
		return nm_session_error(s, ENOMEM, "%s: no memory for %u threads", nic->name, plan->ncpus);
	for (i = 0; i < plan->ncpus; i++) {
		struct poller *p = &t->poller[i];

		p->ops = nic->host;
		p->first = &nic->krings[NM_DIR_RX][plan->first_ring + i * each];
		p->nrings = each;
		error = start_one(s, nic, p, plan->first_cpu + i);
		if (error) {
			nm_os_polling_stop(t);
			return error;
		}
		t->n++;
	}
	for (i = 0; i < t->n; i++)
		wake_up_process(t->poller[i].task);
	*out = t;
	return 0;
}

void
nm_os_polling_stop(struct nm_os_polling *t)
{
	uint32_t i;

	for (i = 0; i < t->n; i++)
		kthread_stop(t->poller[i].task); /* of one that has not run yet: it never will */
	kfree(t);
}
