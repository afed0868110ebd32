/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_dev_kloop.h - a loop of SYNC_KLOOP_START: its thread (nm_dev_kloop.c), and rings that are served without it (nm_dev_direct.c). */
#ifndef NM_DEV_KLOOP_H
#define NM_DEV_KLOOP_H

#include "nm_os_linux.h"

#include <linux/interrupt.h>
#include <linux/irq_work.h>

struct eventfd_ctx;

struct nm_dev_loop {
	struct nm_file *f;
	uint32_t sleep_us, n;
	bool wakes;
	bool kicked;             /* since the round began */
	poll_table pt;
	wait_queue_entry_t port[2]; /* in the queues of the descriptor, by NM_DIR_* */
	struct nm_dev_loop_ring {
		struct nm_dev_loop *l;
		struct file *io;         /* NULL: none */
		struct eventfd_ctx *irq; /* likewise */
		bool bad;                /* the entry was, as it was read last; of rings that only the thread serves */
		wait_queue_head_t *queue;
		wait_queue_entry_t entry;
		struct tasklet_struct serve; /* of a direct mode, like the next */
		struct irq_work raise;
	} ring[];
};

/* The thread goes round once more. Any context. */
void nm_dev_kloop_kick(struct nm_dev_loop *l);
/* Ends nm_kloop_enter and tells the client; true when there is something new for him. Any context but under a lock of an eventfd. */
bool nm_dev_kloop_leave(struct nm_dev_loop_ring *r);

/* Before anybody may signal; afterwards nobody is served any more. Both sleep. */
void nm_dev_direct_start(struct nm_dev_loop *l);
void nm_dev_direct_stop(struct nm_dev_loop *l);
/* The client has signalled a ring of a direct mode. Any context. */
void nm_dev_direct_signal(struct nm_dev_loop_ring *r);

static inline uint32_t
nm_dev_kloop_index(const struct nm_dev_loop_ring *r)
{
	return (uint32_t)(r - r->l->ring);
}

#endif
