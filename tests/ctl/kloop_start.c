/* SPDX-License-Identifier: BSD-2-Clause */
/* SYNC_KLOOP_START: what is refused, loops that look by themselves and such that are signalled, bad entries, and how they end. */
#include "csb.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static void
refused(int fd, uint32_t us, void *opts, int err, const char *text)
{
	struct nmreq_sync_kloop_start k = {.sleep_us = us};
	struct nmreq_option *h = opts;

	ctl_expect(fd, NETMAP_REQ_SYNC_KLOOP_START, "", &k, opts, err, text);
	if (h)
		ctl_equal(h->nro_status, err);
}

static void
bad_starts(int fd)
{
	struct csb_fds f = csb_eventfds(), g = f, closed = f, twice = f;
	struct nmreq_opt_sync_kloop_mode m = {.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_MODE}, .mode = NM_OPT_SYNC_KLOOP_DIRECT_TX};
	struct { struct nmreq_option o; int32_t fd[140]; } many = {.o = {.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, .nro_size = sizeof(many)}};

	refused(fd, 1000001, NULL, EINVAL, "vale0:a: a loop that sleeps 1000001 us between rounds, 1000000 are the most");
	ctl_expect(fd, NETMAP_REQ_SYNC_KLOOP_START, "", NULL, NULL, EINVAL, "request 13 (SYNC_KLOOP_START) has a body of 8 bytes, none is given");
	g.o.nro_size = 32;
	refused(fd, 0, &g, EINVAL, "vale0:a: the option SYNC_KLOOP_EVENTFDS has nro_size 32, 40 are expected for 2 rings");
	g.o.nro_size = 41;
	refused(fd, 0, &g, EINVAL, "vale0:a: the option SYNC_KLOOP_EVENTFDS has nro_size 41, 40 are expected for 2 rings");
	g.o.nro_size = 3;
	refused(fd, 0, &g, EINVAL, "vale0:a: the option SYNC_KLOOP_EVENTFDS has nro_size 3, 40 are expected for 2 rings");
	refused(fd, 0, &many, EINVAL, "vale0:a: the option SYNC_KLOOP_EVENTFDS has nro_size 584, 40 are expected for 2 rings");
	g = f;
	g.fd[1].irq = fd;
	refused(fd, 0, &g, EINVAL, "vale0:a: the irqfd of entry 1 is not an eventfd");
	g.fd[0].io = 0; /* standard input */
	refused(fd, 0, &g, EINVAL, "vale0:a: the ioeventfd of entry 0 is not an eventfd");
	closed.fd[1].io = 900;
	refused(fd, 0, &closed, EBADF, "vale0:a: the ioeventfd of entry 1 is not an open descriptor");
	refused(fd, 0, &m, EINVAL, "~only if all have an ioeventfd");
	m.mode = 8;
	refused(fd, 0, &m, EINVAL, "vale0:a: mode 0x8 of the loop has unknown bits, 0x3 are known");
	f.o.nro_next = (uintptr_t)&twice;
	refused(fd, 0, &f, EINVAL, "option 2 (SYNC_KLOOP_EVENTFDS) is given twice");
	f.o.nro_next = (uintptr_t)&f;
	ctl_expect(fd, NETMAP_REQ_SYNC_KLOOP_START, "", &(struct nmreq_sync_kloop_start){0}, &f, EMSGSIZE, NULL);
	csb_close_fds(&twice);
}

static void
states(void)
{
	struct csb *c = csb_new();
	struct csb_loop l, m;
	int fd = ctl_open();

	refused(fd, 0, NULL, ENXIO, "this descriptor is not registered, so it has no rings for a loop");
	close(fd);
	fd = ctl_register("vale0:a");
	refused(fd, 0, NULL, EINVAL, "vale0:a: a loop needs a CSB; give it by the option CSB, of REGISTER or of CSB_ENABLE");
	close(fd);
	fd = csb_open("vale0:a", c, NULL);
	bad_starts(fd);
	csb_loop_start(&l, fd, 1000, NULL);
	csb_loop_wait(fd, c);
	refused(fd, 0, NULL, EBUSY, "vale0:a: its loop runs already");
	csb_loop_start(&m, fd, 0, NULL);
	ctl_equal(csb_loop_join(&m), EBUSY);
	ctl_check(!__atomic_load_n(&l.done, __ATOMIC_ACQUIRE));
	ctl_expect(fd, NETMAP_REQ_SYNC_KLOOP_STOP, "", NULL, NULL, 0, NULL);
	ctl_equal(csb_loop_join(&l), 0);
	close(fd);
	munmap(c, sizeof(*c));
}

/* A switch port sends to another; both are served by loops and make no call. */
static void
frames_move(uint32_t us)
{
	struct csb *a = csb_new(), *b = csb_new();
	struct csb_loop la, lb;
	struct netmap_if *na, *nb;
	int fa = csb_open("vale0:a", a, &na), fb = csb_open("vale0:b", b, &nb);
	unsigned i;

	csb_loop_start(&la, fa, us, NULL);
	csb_loop_start(&lb, fb, us, NULL);
	for (i = 0; i < 5000; i++) { /* more than once round the rings */
		csb_send(na, a, (uint8_t)i);
		if (i % 100 == 99) {
			unsigned k;

			for (k = i - 99; k <= i; k++)
				ctl_equal(csb_await(nb, b, 1), k % 256);
		}
	}
	ctl_equal(csb_take(nb, b, 1), -1);
	ctl_expect(fa, NETMAP_REQ_SYNC_KLOOP_STOP, "", NULL, NULL, 0, NULL);
	ctl_expect(fb, NETMAP_REQ_SYNC_KLOOP_STOP, "", NULL, NULL, 0, NULL);
	ctl_equal(csb_loop_join(&la), 0);
	ctl_equal(csb_loop_join(&lb), 0);
	close(fa);
	close(fb);
	munmap(a, sizeof(*a));
	munmap(b, sizeof(*b));
}

/* Both sides sleep and wake each other; each in turn has nothing to do. */
static void
eventfds_wake(uint32_t mode)
{
	struct csb *a = csb_new(), *b = csb_new();
	struct csb_fds ea = csb_eventfds(), eb = csb_eventfds();
	struct nmreq_opt_sync_kloop_mode m = {.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_MODE}, .mode = mode};
	struct csb_loop la, lb;
	struct netmap_if *na, *nb;
	int fa = csb_open("vale0:a", a, &na), fb = csb_open("vale0:b", b, &nb), i;

	m.nro_opt.nro_next = (uintptr_t)&eb;
	csb_loop_start(&la, fa, 0, &ea);
	csb_loop_start(&lb, fb, 0, &m);
	for (i = 0; i < 300; i++) {
		/* long enough apart, now and then, for a loop to fall asleep */
		if (i % 10 == 0)
			while (!__atomic_load_n(&a->ktoa[0].kern_need_kick, __ATOMIC_ACQUIRE))
				csb_pause();
		csb_send(na, a, (uint8_t)i);
		csb_kick(a, 0, ea.fd[0].io);
		ctl_equal(csb_sleep_for(nb, b, 1, eb.fd[1].irq), i % 256);
		csb_kick(b, 1, eb.fd[1].io);
	}
	ctl_expect(fa, NETMAP_REQ_SYNC_KLOOP_STOP, "", NULL, NULL, 0, NULL);
	ctl_expect(fb, NETMAP_REQ_SYNC_KLOOP_STOP, "", NULL, NULL, 0, NULL);
	ctl_equal(csb_loop_join(&la), 0);
	ctl_equal(csb_loop_join(&lb), 0);
	ctl_equal(ea.o.nro_status, 0);
	ctl_equal(eb.o.nro_status, 0);
	ctl_equal(m.nro_opt.nro_status, 0);
	ctl_equal(write(eb.fd[0].io, &(uint64_t){1}, 8), 8); /* of a loop that is no more */
	close(fa);
	close(fb);
	csb_close_fds(&ea);
	csb_close_fds(&eb);
	munmap(a, sizeof(*a));
	munmap(b, sizeof(*b));
}

/* Entries out of rule move nothing; good ones go on where it was. */
static void
bad_entries(void)
{
	static const uint32_t bad[][2] = {{UINT32_MAX, UINT32_MAX}, {70000, 70000}, {10, 5}, {1u << 31, 0}};
	struct csb *a = csb_new(), *b = csb_new();
	struct nmreq_stats st = {.nr_scope = NM_STATS_PORT};
	struct csb_loop la, lb;
	struct netmap_if *na, *nb;
	int fa = csb_open("vale0:a", a, &na), fb = csb_open("vale0:b", b, &nb);
	unsigned i;

	csb_loop_start(&la, fa, 0, NULL);
	csb_loop_start(&lb, fb, 0, NULL);
	for (i = 0; i < 4; i++) {
		csb_send(na, a, 1);
		ctl_equal(csb_await(nb, b, 1), 1);
		st.nr_counter[NM_STAT_sync_errors] = 0;
		nm_sync_kloop_appl_write(&a->atok[0], bad[i][1], bad[i][0]);
		while (st.nr_counter[NM_STAT_sync_errors] < i + 1) {
			csb_pause();
			ctl_expect(fb, NETMAP_REQ_STATS_GET, "vale0:a", &st, NULL, 0, NULL);
		}
		nm_sync_kloop_appl_write(&a->atok[0], i + 1, i + 1);
	}
	csb_send(na, a, 77);
	ctl_equal(csb_await(nb, b, 1), 77);
	close(fa); /* closing ends a loop, too */
	ctl_equal(csb_loop_join(&la), EBADF);
	close(fb);
	ctl_equal(csb_loop_join(&lb), EBADF);
	munmap(a, sizeof(*a));
	munmap(b, sizeof(*b));
}

/* Frames still go from one port to another. */
static void
others_are_served(void)
{
	struct csb *a = csb_new(), *b = csb_new();
	struct csb_loop la, lb;
	struct netmap_if *na, *nb;
	int fa = csb_open("vale1:a", a, &na), fb = csb_open("vale1:b", b, &nb), i;

	csb_loop_start(&la, fa, 50, NULL);
	csb_loop_start(&lb, fb, 50, NULL);
	for (i = 0; i < 20; i++) {
		csb_send(na, a, (uint8_t)i);
		ctl_equal(csb_await(nb, b, 1), i);
	}
	close(fa);
	close(fb);
	ctl_equal(csb_loop_join(&la), EBADF);
	ctl_equal(csb_loop_join(&lb), EBADF);
	munmap(a, sizeof(*a));
	munmap(b, sizeof(*b));
}

/* An irqfd whose count is at its end, where a write would wait for ever; an ioeventfd that is; one descriptor for all there is. */
static void
full_eventfds(void)
{
	struct csb *a = csb_new();
	struct csb_fds f = csb_eventfds();
	struct csb_loop l;
	struct netmap_if *n;
	int fd = csb_open("vale0:a", a, &n), i, keep = f.fd[1].io;

	close(f.fd[0].irq);
	f.fd[0].irq = f.fd[1].irq;
	f.fd[1].io = f.fd[0].io;
	ctl_equal(fcntl(f.fd[0].irq, F_SETFL, 0), 0);
	ctl_equal(write(f.fd[0].irq, &(uint64_t){UINT64_MAX - 1}, 8), 8);
	ctl_equal(write(f.fd[0].io, &(uint64_t){UINT64_MAX - 1}, 8), 8);
	csb_loop_start(&l, fd, 0, &f);
	csb_loop_wait(fd, a);
	for (i = 0; i < 100; i++) {
		csb_send(n, a, 1);
		if (__atomic_load_n(&a->ktoa[0].kern_need_kick, __ATOMIC_ACQUIRE)) {
			uint64_t count;

			ctl_equal(read(f.fd[0].io, &count, sizeof(count)), 8);
			ctl_equal(write(f.fd[0].io, &(uint64_t){UINT64_MAX - 1}, 8), 8);
		}
		while (__atomic_load_n(&a->ktoa[0].hwcur, __ATOMIC_ACQUIRE) != a->atok[0].head)
			csb_kick(a, 1, keep); /* of no use: the loop was not told of this one */
		if (i == 50)
			others_are_served();
	}
	close(fd);
	ctl_equal(csb_loop_join(&l), EBADF);
	f.fd[1].io = keep;
	csb_close_fds(&f);
	munmap(a, sizeof(*a));
}

/* The file of the entries is cut off, or they are unmapped, while the loop runs: it may end, and nobody else notices. */
static void
memory_goes(int cut)
{
	int file = memfd_create("csb", 0), fd;
	struct csb *a;
	struct netmap_if *n;
	struct csb_loop l;

	ctl_equal(ftruncate(file, 4096), 0);
	a = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	ctl_check(a != MAP_FAILED);
	fd = csb_open("vale0:a", a, &n);
	csb_loop_start(&l, fd, 0, NULL);
	csb_loop_wait(fd, a);
	csb_send(n, a, 1);
	if (cut)
		ctl_equal(ftruncate(file, 0), 0);
	munmap(a, 4096);
	others_are_served();
	close(fd);
	ctl_check(csb_loop_join(&l) == EBADF || (cut && l.error == EIO));
	close(file);
}

static void
nothing(int sig)
{
	(void)sig;
}

/* A signal with a handler ends the call, as it does others that wait; one whose handler lets calls go on does not. */
static void
signals(void)
{
	struct csb *c = csb_new();
	struct sigaction sa = {.sa_handler = nothing};
	struct csb_loop l;
	int fd = csb_open("vale0:a", c, NULL), i;

	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &sa, NULL);
	sa.sa_flags = 0;
	sigaction(SIGUSR2, &sa, NULL);
	for (i = 0; i < 20; i++) {
		csb_loop_start(&l, fd, 100, NULL);
		csb_loop_wait(fd, c);
		pthread_kill(l.thread, SIGUSR1);
		csb_pause();
		ctl_check(!__atomic_load_n(&l.done, __ATOMIC_ACQUIRE));
		while (!__atomic_load_n(&l.done, __ATOMIC_ACQUIRE)) {
			pthread_kill(l.thread, SIGUSR2);
			csb_pause();
		}
		ctl_equal(csb_loop_join(&l), EINTR);
	}
	close(fd);
	munmap(c, sizeof(*c));
}

/* Whoever is killed leaves nothing behind that is in the way of the next one. */
static void
kills(void)
{
	int i;

	for (i = 0; i < 30; i++) {
		int ready[2], status;
		pid_t pid;
		char byte;

		ctl_equal(pipe(ready), 0);
		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			struct csb *c = csb_new();
			struct csb_fds f = csb_eventfds();
			struct netmap_if *n;
			struct csb_loop l;
			int fd = csb_open("vale0:a", c, &n);

			csb_loop_start(&l, fd, i % 3, i % 2 ? &f : NULL);
			csb_loop_wait(fd, c);
			ctl_equal(write(ready[1], "", 1), 1);
			for (;;) {
				csb_send(n, c, 5);
				csb_kick(c, 0, f.fd[0].io);
			}
		}
		close(ready[1]);
		ctl_equal(read(ready[0], &byte, 1), 1);
		close(ready[0]);
		kill(pid, SIGKILL);
		ctl_equal(waitpid(pid, &status, 0), pid);
	}
}

int
main(void)
{
	states();
	frames_move(0);
	frames_move(100);
	eventfds_wake(0);
	eventfds_wake(NM_OPT_SYNC_KLOOP_DIRECT_TX | NM_OPT_SYNC_KLOOP_DIRECT_RX);
	bad_entries();
	full_eventfds();
	memory_goes(0);
	memory_goes(1);
	signals();
	kills();
	return ctl_done();
}
