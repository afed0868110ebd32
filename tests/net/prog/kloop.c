/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kloop.c - frames from one port to another, both served by loops; content and order are checked.
 *
 *	kloop memory FROM TO COUNT WINDOW   two threads that make no system call while they send and receive: the kernel kills one
 *	                                    that does (strict seccomp)
 *	kloop eventfd FROM TO COUNT WINDOW  both sleep and are woken by eventfds, as the loops are
 *	kloop direct FROM TO COUNT WINDOW   the same, with rings that are served where they are signalled (SYNC_KLOOP_MODE)
 *
 * WINDOW is how many frames may be on their way, for a switch, which drops what finds no room; 0: as many as fit; lossless: likewise,
 * and TO is made a lossless port of its switch.
 */
#include "common.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <linux/seccomp.h>
#include <unistd.h>

#define MAX_LEN 1514u

struct fds { struct nmreq_option o; struct { int32_t io, irq; } fd[2]; };

/* A port with one ring of each direction. */
struct end {
	struct nmport_d *d;
	struct nm_csb_atok *atok; /* [0] transmit, [1] receive */
	struct nm_csb_ktoa *ktoa;
	struct fds fds;
	struct nmreq_opt_sync_kloop_mode mode;
	pthread_t loop, worker;
	bool wakes;
	int loop_error;
};

static struct end from, to;
static uint64_t count, window, received, wrong = UINT64_MAX;

static void
open_end(struct end *e, const char *spec, bool wakes)
{
	static struct nmreq_opt_csb csb[2];
	struct nmreq_opt_csb *o = &csb[e == &to];
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	CHECK(page != MAP_FAILED, "no page");
	e->atok = (void *)page;
	e->ktoa = (void *)(page + 2048);
	e->wakes = wakes;
	*o = (struct nmreq_opt_csb){.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_CSB}, .csb_atok = (uintptr_t)e->atok, .csb_ktoa = (uintptr_t)e->ktoa};
	e->d = nmport_prepare(spec);
	CHECK(e->d, "%s: %s", spec, strerror(errno));
	e->d->reg.nr_flags |= NR_EXCLUSIVE;
	nmreq_push_option(&e->d->hdr, &o->nro_opt);
	CHECK(nmport_open_desc(e->d) == 0, "%s can't be opened", spec);
	CHECK(e->d->reg.nr_tx_rings == 1 && e->d->reg.nr_rx_rings == 1, "%s has more than one ring", spec);
	e->fds.o = (struct nmreq_option){.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, .nro_size = sizeof(e->fds)};
	for (i = 0; i < 2; i++) {
		e->fds.fd[i].io = eventfd(0, 0);
		e->fds.fd[i].irq = eventfd(0, 0);
		CHECK(e->fds.fd[i].io >= 0 && e->fds.fd[i].irq >= 0, "no eventfd");
	}
}

static int
control(struct end *e, uint16_t type, void *body, void *opts)
{
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = type, .nr_body = (uintptr_t)body, .nr_options = (uintptr_t)opts};

	return ioctl(e->d->fd, NIOCCTRL, &h) ? errno : 0;
}

static void *
loop_main(void *arg)
{
	struct end *e = arg;
	struct nmreq_sync_kloop_start k = {.sleep_us = 0};

	e->mode.nro_opt = (struct nmreq_option){.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_MODE, .nro_next = (uintptr_t)&e->fds};
	e->loop_error = control(e, NETMAP_REQ_SYNC_KLOOP_START, &k, e->mode.mode ? (void *)&e->mode : e->wakes ? &e->fds : NULL);
	return NULL;
}

/* What frame number `seq` is. */
static uint32_t
frame_len(uint64_t seq)
{
	return 60 + (uint32_t)(common_mix(seq) % (MAX_LEN - 59));
}

static void
frame_write(uint8_t *p, uint64_t seq, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < 6; i++) {
		p[i] = 0xff;
		p[6 + i] = (uint8_t)(i ? 7 : 2);
	}
	for (i = 12; i < len; i++)
		p[i] = (uint8_t)(seq * 7 + i * 3);
}

static bool
frame_ok(const uint8_t *p, uint64_t seq, uint32_t len)
{
	uint32_t i;

	if (len != frame_len(seq))
		return false;
	for (i = 12; i < len; i++)
		if (p[i] != (uint8_t)(seq * 7 + i * 3))
			return false;
	return true;
}

/* The engine is told of a head, if it sleeps. */
static void
kick(struct end *e, int i)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (e->wakes && __atomic_load_n(&e->ktoa[i].kern_need_kick, __ATOMIC_RELAXED))
		CHECK(write(e->fds.fd[i].io, &(uint64_t){1}, 8) == 8, "ioeventfd");
}

/* hwtail of entry i, once it is not `seen`. */
static uint32_t
await_tail(struct end *e, int i, uint32_t seen)
{
	uint32_t tail, cur;
	uint64_t n;

	for (;;) {
		nm_sync_kloop_appl_read(&e->ktoa[i], &tail, &cur);
		if (tail != seen)
			break;
		if (!e->wakes)
			continue;
		__atomic_store_n(&e->atok[i].appl_need_kick, 1, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		nm_sync_kloop_appl_read(&e->ktoa[i], &tail, &cur);
		if (tail == seen)
			CHECK(read(e->fds.fd[i].irq, &n, sizeof(n)) == sizeof(n), "irqfd");
		__atomic_store_n(&e->atok[i].appl_need_kick, 0, __ATOMIC_RELAXED);
	}
	return tail;
}

/* In the quiet mode no call is possible any more but that which ends the thread; a kernel without seccomp (EINVAL) allows them. */
static void
be_quiet(const struct end *e)
{
	if (!e->wakes && prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) < 0 && errno != EINVAL)
		die("seccomp: %s", strerror(errno));
}

static void *
send_main(void *arg)
{
	struct netmap_ring *r = NETMAP_TXRING(from.d->nifp, from.d->first_tx_ring);
	uint32_t n = r->num_slots, head = from.atok[0].head, tail = head;
	uint64_t seq;

	(void)arg;
	be_quiet(&from);
	for (seq = 0; seq < count; seq++) {
		while (window && seq - __atomic_load_n(&received, __ATOMIC_ACQUIRE) >= window)
			if (from.wakes)
				poll(NULL, 0, 1);
		if (head == tail)
			tail = await_tail(&from, 0, head);
		r->slot[head].len = (uint16_t)frame_len(seq);
		r->slot[head].flags = 0;
		frame_write(common_buf(r, head), seq, frame_len(seq));
		head = head + 1 == n ? 0 : head + 1;
		if (seq % 32 == 31 || seq + 1 == count || window) {
			nm_sync_kloop_appl_write(&from.atok[0], head, head);
			kick(&from, 0);
		}
		if (head == tail) { /* what is there is to go before room comes */
			nm_sync_kloop_appl_write(&from.atok[0], head, head);
			kick(&from, 0);
		}
	}
	if (!from.wakes)
		syscall(SYS_exit, 0);
	return NULL;
}

static void *
receive_main(void *arg)
{
	struct netmap_ring *r = NETMAP_RXRING(to.d->nifp, to.d->first_rx_ring);
	uint32_t n = r->num_slots, head = to.atok[1].head;
	uint64_t seq = 0;

	(void)arg;
	be_quiet(&to);
	while (seq < count && wrong == UINT64_MAX) {
		uint32_t tail = await_tail(&to, 1, head);

		for (; head != tail; head = head + 1 == n ? 0 : head + 1, seq++)
			if (!frame_ok(common_buf(r, head), seq, r->slot[head].len) && wrong == UINT64_MAX)
				wrong = seq;
		nm_sync_kloop_appl_write(&to.atok[1], head, head);
		kick(&to, 1);
		__atomic_store_n(&received, wrong == UINT64_MAX ? seq : count, __ATOMIC_RELEASE);
	}
	if (!to.wakes)
		syscall(SYS_exit, 0);
	return NULL;
}

static void
stop(struct end *e)
{
	CHECK(control(e, NETMAP_REQ_SYNC_KLOOP_STOP, NULL, NULL) == 0, "SYNC_KLOOP_STOP: %s", strerror(errno));
	pthread_join(e->loop, NULL);
	CHECK(e->loop_error == 0, "the loop ended: %s", strerror(e->loop_error));
}

static void
make_lossless(const char *name)
{
	struct nmreq_lossless l = {.nr_op = NM_POLICY_SET, .nr_on = 1};
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_LOSSLESS, .nr_body = (uintptr_t)&l};

	snprintf(h.nr_name, sizeof(h.nr_name), "%s", name);
	CHECK(ioctl(to.d->fd, NIOCCTRL, &h) == 0, "%s can't be made lossless: %s", name, strerror(errno));
}

int
main(int argc, char **argv)
{
	bool direct = argc > 1 && !strcmp(argv[1], "direct"), wakes = direct || (argc > 1 && !strcmp(argv[1], "eventfd")), lossless;

	if (argc != 6 || (!wakes && strcmp(argv[1], "memory")))
		die("usage: kloop memory|eventfd|direct FROM TO COUNT WINDOW");
	if (direct)
		from.mode.mode = to.mode.mode = NM_OPT_SYNC_KLOOP_DIRECT_TX | NM_OPT_SYNC_KLOOP_DIRECT_RX;
	count = strtoull(argv[4], NULL, 10);
	lossless = !strcmp(argv[5], "lossless");
	window = lossless ? 0 : strtoull(argv[5], NULL, 10);
	open_end(&from, argv[2], wakes);
	open_end(&to, argv[3], wakes);
	if (lossless)
		make_lossless(argv[3]);
	pthread_create(&from.loop, NULL, loop_main, &from);
	pthread_create(&to.loop, NULL, loop_main, &to);
	pthread_create(&to.worker, NULL, receive_main, NULL);
	pthread_create(&from.worker, NULL, send_main, NULL);
	pthread_join(to.worker, NULL);
	CHECK(wrong == UINT64_MAX, "frame %llu is not as it was sent", (unsigned long long)wrong);
	CHECK(received == count, "%llu of %llu frames came", (unsigned long long)received, (unsigned long long)count);
	pthread_join(from.worker, NULL);
	stop(&from);
	stop(&to);
	nmport_close(from.d);
	nmport_close(to.d);
	printf("%llu frames, as they were sent and in order\n", (unsigned long long)count);
	return 0;
}
