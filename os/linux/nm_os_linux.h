/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_os_linux.h - what the files of the Linux home share beside nm_os.h. */
#ifndef NM_OS_LINUX_H
#define NM_OS_LINUX_H

#include "nm_root.h"
#include "nm_session.h"

#include <linux/list.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct net;
struct file;
struct vm_area_struct;

/* One network namespace. */
struct nm_net {
	struct nm_root root;
	struct net *net;
	struct work_struct reap; /* takes away what lost its interface; under root.lock, which notifiers may not take */
};

/* One open descriptor. */
struct nm_file {
	struct nm_session s;
	struct nm_net *net;           /* of who opened it; referenced */
	wait_queue_head_t wait[2];    /* by NM_DIR_* */
	struct mutex ctl;             /* one control request at a time */
	struct mm_struct *mm;         /* of who registered: his alone is the memory that NS_INDIRECT may name; referenced */
	bool bound;                   /* release/acquire: s is complete for syncs, mmap and poll */
	bool late;                    /* a sender gave way to it, and it has not come to its receive rings since */
	unsigned int cpu;             /* where it did so last */
	struct file *file;            /* its own; not referenced */
	struct nm_dev_loop *loop;     /* that a thread of the client is in */
	struct nm_dev_loop *direct;   /* the same while rings are served without that thread; RCU */
	wait_queue_head_t loop_wait;  /* that thread, and who waits for its end */
	unsigned long closing;        /* jiffies of a close of a descriptor, or 0: it may have been the last one */
};

/*
 * Of what control allocates for a client: charged to his group. Where there is none he gets -ENOMEM, and nobody is killed
 * or warned for his sake.
 */
#define NM_OS_GFP (GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

static inline struct nm_file *
nm_os_linux_file(struct nm_session *s)
{
	return container_of(s, struct nm_file, s);
}

/* What nm_port.host points to: what the home does with a port that has an interface behind it. NULL elsewhere. */
struct nm_os_linux_port_ops {
	void (*tx_later)(struct nm_kring *kr); /* see nm_os_tx_later */
	void (*changed)(struct nm_port *p);    /* see nm_os_port_changed; may be NULL */
	/*
	 * For polling by threads, both NULL if the port can't be polled. take: what is delivered to receive ring kr is left to polls
	 * from now on, or comes by itself again; sleeps. poll: does what there is, up to budget frames, and says how many. Data.
	 */
	void (*take)(struct nm_kring *kr, bool on);
	uint32_t (*poll)(struct nm_kring *kr, uint32_t budget);
};

/*
 * Makes vma, whose bounds the caller has checked, a mapping of the region. It holds the pages, not the descriptor: one that is
 * closed lets go of its port whatever is still mapped. 0, -ENOMEM, -ENFILE.
 */
int nm_os_linux_map(const struct nm_os_region *r, struct vm_area_struct *vma);

/*
 * Read sections of the data path: RCU, and no softirq on this CPU, since interfaces deliver in theirs. Nothing in
 * between sleeps.
 */
static inline void
nm_os_linux_read_lock(void)
{
	local_bh_disable();
	rcu_read_lock();
}

static inline void
nm_os_linux_read_unlock(void)
{
	rcu_read_unlock();
	local_bh_enable();
}

/* Wakes those who bind this ring and wait, but for `self` (may be NULL). In a read section. */
void nm_os_linux_wake(struct nm_kring *kr, const struct nm_session *self);

/* Under RTNL, when the interface of a port leaves: its users are told, and the port is undone by and by. Doesn't sleep. */
void nm_os_linux_gone(struct nm_port *p);

/* nm_os_copy.c: data of NS_INDIRECT slots [from, to) is fetched into their buffers, if the caller is who registered. Sleeps. */
void nm_os_linux_indirect(const struct nm_file *f, struct nm_kring *kr, uint32_t from, uint32_t to);

/* nm_param.c */
extern bool nm_param_no_timestamp, nm_param_generic_hwcsum, nm_param_generic_txqdisc, nm_param_fwd;
/* Slots of an interface's rings; which kind of support is asked for. */
enum { NM_PARAM_ADMODE_BEST, NM_PARAM_ADMODE_NATIVE, NM_PARAM_ADMODE_GENERIC };
uint32_t nm_param_ringsize(void);
uint32_t nm_param_admode(void);
/* What parameters say of a new root. */
void nm_param_limits(struct nm_limits *l);
/* Bytes of regions that a user other than root may have. */
size_t nm_param_user_mem(void);

/* nm_netns.c: pernet roots. */
int nm_netns_init(void);
void nm_netns_fini(void);
struct nm_net *nm_netns_of(struct net *net);

/* nm_vif.c: what persistent ports are to the rest of the kernel. */
int nm_vif_init(void);
void nm_vif_fini(void);

/* nm_dev_kloop.c: a loop that a request has started, in the thread that made it. 0 or -errno. */
int nm_dev_kloop_run(struct nm_file *f);
/* Waits until it has ended, or the caller is killed. */
int nm_dev_kloop_wait(struct nm_file *f);
/* A descriptor of the file is closed. */
void nm_dev_kloop_flush(struct nm_file *f);

/* nm_dev_direct.c: ring kr of f has news, which are for itself if it is of a direct mode. In a read section or an interrupt. */
void nm_dev_direct_wake(struct nm_file *f, const struct nm_kring *kr);

/* All steps of a ring that was entered. 0 or -errno. Sleeps. */
int nm_dev_sync_steps(struct nm_file *f, struct nm_kring *kr);
/* In a softirq: about as many slots as one may take there. 1: there is more, or data to be fetched, for who may sleep. */
int nm_dev_sync_at_once(struct nm_file *f, struct nm_kring *kr);
/* nm_dev_sync.c. 0 or -errno; the poll mask. */
int nm_dev_sync(struct nm_file *f, int dir);
__poll_t nm_dev_sync_poll(struct nm_file *f, struct file *file, poll_table *pt);
/* What was published still goes out. */
void nm_dev_sync_drain(struct nm_file *f);

#endif
