/* SPDX-License-Identifier: BSD-2-Clause */
/* csb.h - for programs of this folder whose rings are served by a CSB. */
#ifndef CSB_H
#define CSB_H

#include "ctl.h"

#include <net/netmap_user.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#define CSB_RINGS 16u

/* Entries for so many rings, in pages of their own. */
struct csb {
	struct nm_csb_atok atok[CSB_RINGS];
	struct nm_csb_ktoa ktoa[CSB_RINGS];
};

static inline struct csb *
csb_new(void)
{
	struct csb *c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (c == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	memset(c, 0x55, sizeof(*c));
	return c;
}

static inline struct nmreq_opt_csb
csb_option(const void *atok, const void *ktoa)
{
	return (struct nmreq_opt_csb){.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_CSB, .nro_status = 99}, .csb_atok = (uintptr_t)atok,
	    .csb_ktoa = (uintptr_t)ktoa};
}

/* A descriptor whose rings nobody else has, with a CSB, and its netmap_if. */
static inline int
csb_open(const char *name, struct csb *c, struct netmap_if **nifp)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE};
	struct nmreq_opt_csb o = csb_option(c->atok, c->ktoa);
	int fd = ctl_open();
	char *mem;

	ctl_expect(fd, NETMAP_REQ_REGISTER, name, &reg, &o, 0, NULL);
	ctl_equal(o.nro_opt.nro_status, 0);
	if (!nifp)
		return fd;
	mem = mmap(NULL, reg.nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	*nifp = NETMAP_IF(mem, reg.nr_offset);
	return fd;
}

/* A thread in SYNC_KLOOP_START; what that said in `error`, when it has returned. */
struct csb_loop {
	pthread_t thread;
	int fd;
	uint32_t sleep_us;
	void *opts;
	int error;
	int done;
	int tid;
};

static inline void *
csb_loop_main(void *arg)
{
	struct csb_loop *l = arg;
	struct nmreq_sync_kloop_start k = {.sleep_us = l->sleep_us};
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_SYNC_KLOOP_START, .nr_body = (uintptr_t)&k,
	    .nr_options = (uintptr_t)l->opts};

	__atomic_store_n(&l->tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
	l->error = ioctl(l->fd, NIOCCTRL, &h) ? errno : 0;
	__atomic_store_n(&l->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

static inline void
csb_loop_start(struct csb_loop *l, int fd, uint32_t sleep_us, void *opts)
{
	*l = (struct csb_loop){.fd = fd, .sleep_us = sleep_us, .opts = opts};
	if (pthread_create(&l->thread, NULL, csb_loop_main, l)) {
		perror("pthread_create");
		exit(1);
	}
}

static inline int
csb_loop_join(struct csb_loop *l)
{
	pthread_join(l->thread, NULL);
	return l->error;
}

static inline void
csb_pause(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* Waits until the loop of this descriptor runs: only then is it in the way of an exchange of its CSB. */
static inline void
csb_loop_wait(int fd, const struct csb *c)
{
	struct nmreq_opt_csb o = csb_option(c->atok, c->ktoa);
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_CSB_ENABLE, .nr_options = (uintptr_t)&o};

	o.csb_atok += 8; /* of no use, and refused when it is not in the way */
	while (!ioctl(fd, NIOCCTRL, &h) || errno != EBUSY)
		csb_pause();
}

/* One frame of 60 bytes that has `mark` in it is published on the first transmit ring. */
static inline void
csb_send(struct netmap_if *nifp, struct csb *c, uint8_t mark)
{
	struct netmap_ring *r = NETMAP_TXRING(nifp, 0);
	uint32_t head = c->atok[0].head, tail, cur;

	do
		nm_sync_kloop_appl_read(&c->ktoa[0], &tail, &cur);
	while (head == tail);
	memset(NETMAP_BUF(r, r->slot[head].buf_idx), 0xff, 12);
	memset(NETMAP_BUF(r, r->slot[head].buf_idx) + 12, mark, 48);
	r->slot[head].len = 60;
	head = nm_ring_next(r, head);
	nm_sync_kloop_appl_write(&c->atok[0], head, head);
}

/* The next frame of the first receive ring, whose entry is behind `ntx` others: its mark; -1: there is none. */
static inline int
csb_take(struct netmap_if *nifp, struct csb *c, uint32_t ntx)
{
	struct netmap_ring *r = NETMAP_RXRING(nifp, 0);
	uint32_t head = c->atok[ntx].head, tail, cur;
	int mark;

	nm_sync_kloop_appl_read(&c->ktoa[ntx], &tail, &cur);
	if (head == tail)
		return -1;
	ctl_equal(r->slot[head].len, 60);
	mark = (unsigned char)NETMAP_BUF(r, r->slot[head].buf_idx)[59];
	head = nm_ring_next(r, head);
	nm_sync_kloop_appl_write(&c->atok[ntx], head, head);
	return mark;
}

/* The same, waited for. */
static inline int
csb_await(struct netmap_if *nifp, struct csb *c, uint32_t ntx)
{
	int mark;

	while ((mark = csb_take(nifp, c, ntx)) < 0)
		csb_pause();
	return mark;
}

/* The option SYNC_KLOOP_EVENTFDS of a port with one ring of each direction. */
struct csb_fds { struct nmreq_option o; struct { int32_t io, irq; } fd[2]; };

static inline struct csb_fds
csb_eventfds(void)
{
	struct csb_fds f = {.o = {.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, .nro_status = 99, .nro_size = sizeof(f)}};
	int i;

	for (i = 0; i < 2; i++) {
		f.fd[i].io = eventfd(0, 0);
		f.fd[i].irq = eventfd(0, EFD_NONBLOCK);
	}
	return f;
}

static inline void
csb_close_fds(const struct csb_fds *f)
{
	int i;

	for (i = 0; i < 2; i++) {
		close(f->fd[i].io);
		close(f->fd[i].irq);
	}
}

/* Waits for a signal of the engine; 0: none came, which is a failure. */
static inline int
csb_signalled(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t n;

	return poll(&p, 1, 20000) == 1 && read(fd, &n, sizeof(n)) == sizeof(n);
}

/* The engine is told of a head of ring i, if it wants to. */
static inline void
csb_kick(struct csb *c, uint32_t i, int fd)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&c->ktoa[i].kern_need_kick, __ATOMIC_RELAXED))
		ctl_equal(write(fd, &(uint64_t){1}, 8), 8);
}

/* The next frame of the first receive ring, which `irq` tells of; the sleep of this side is seen by the engine. */
static inline int
csb_sleep_for(struct netmap_if *nifp, struct csb *c, uint32_t ntx, int irq)
{
	int mark;

	for (;;) {
		c->atok[ntx].appl_need_kick = 0;
		mark = csb_take(nifp, c, ntx);
		if (mark >= 0)
			return mark;
		c->atok[ntx].appl_need_kick = 1;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		mark = csb_take(nifp, c, ntx);
		if (mark >= 0)
			return mark;
		ctl_check(csb_signalled(irq));
	}
}

#endif
