/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SYNC_KLOOP_MODE: what is refused, and rings that are served where they are signalled: the loops' threads have no part in that, of
 * bad entries nothing comes, and loops end while they are signalled without a pause.
 */
#include "csb.h"

#include <signal.h>
#include <sys/wait.h>

#define BOTH (NM_OPT_SYNC_KLOOP_DIRECT_TX | NM_OPT_SYNC_KLOOP_DIRECT_RX)

/* A port of a switch, with a loop. */
struct end {
	struct csb *c;
	struct csb_fds fds;
	struct nmreq_opt_sync_kloop_mode m;
	struct csb_loop loop;
	struct netmap_if *nifp;
	int fd;
};

static void
open_end(struct end *e, const char *name, uint32_t mode)
{
	e->c = csb_new();
	e->fds = csb_eventfds();
	e->m = (struct nmreq_opt_sync_kloop_mode){.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_MODE, .nro_status = 99}, .mode = mode};
	e->m.nro_opt.nro_next = (uintptr_t)&e->fds;
	e->fd = csb_open(name, e->c, &e->nifp);
}

static void
begin(struct end *e)
{
	csb_loop_start(&e->loop, e->fd, 0, &e->m);
	csb_loop_wait(e->fd, e->c);
}

static void
end(struct end *e)
{
	ctl_expect(e->fd, NETMAP_REQ_SYNC_KLOOP_STOP, "", NULL, NULL, 0, NULL);
	ctl_equal(csb_loop_join(&e->loop), 0);
	ctl_equal(e->m.nro_opt.nro_status, 0);
	ctl_equal(e->fds.o.nro_status, 0);
}

static void
free_end(struct end *e)
{
	close(e->fd);
	csb_close_fds(&e->fds);
	munmap(e->c, sizeof(*e->c));
}

static void
transmit(struct end *e, uint8_t mark)
{
	csb_send(e->nifp, e->c, mark);
	csb_kick(e->c, 0, e->fds.fd[0].io);
}

static int
receive(struct end *e)
{
	int mark = csb_sleep_for(e->nifp, e->c, 1, e->fds.fd[1].irq);

	csb_kick(e->c, 1, e->fds.fd[1].io);
	return mark;
}

static void
refused(struct end *e, void *opts, const char *text)
{
	struct nmreq_sync_kloop_start k = {.sleep_us = 0};

	ctl_expect(e->fd, NETMAP_REQ_SYNC_KLOOP_START, "", &k, opts, EINVAL, text);
	ctl_equal(e->m.nro_opt.nro_status, EINVAL);
}

static void
bad_modes(void)
{
	struct end e;
	int i, io;

	open_end(&e, "vale0:a", BOTH);
	e.m.nro_opt.nro_next = 0;
	refused(&e, &e.m, "~only if all have an ioeventfd");
	e.m.nro_opt.nro_next = (uintptr_t)&e.fds;
	for (i = 0; i < 2; i++) { /* one is missing: the ring of the other direction has it, that is not enough */
		io = e.fds.fd[i].io;
		e.fds.fd[i].io = -1;
		for (e.m.mode = 1; e.m.mode <= BOTH; e.m.mode++)
			refused(&e, &e.m, "~only if all have an ioeventfd");
		e.fds.fd[i].io = io;
	}
	for (i = 2; i < 32; i++) {
		char text[80];

		e.m.mode = 1u << i | 1;
		snprintf(text, sizeof(text), "vale0:a: mode 0x%x of the loop has unknown bits, 0x3 are known", e.m.mode);
		refused(&e, &e.m, text);
	}
	e.m.mode = BOTH; /* in the other order; without a mode; none is direct */
	e.m.nro_opt.nro_next = 0;
	e.fds.o.nro_next = (uintptr_t)&e.m;
	csb_loop_start(&e.loop, e.fd, 0, &e.fds);
	csb_loop_wait(e.fd, e.c);
	end(&e);
	e.fds.o.nro_next = 0;
	e.m.nro_opt.nro_next = (uintptr_t)&e.fds;
	for (e.m.mode = 0; e.m.mode <= BOTH; e.m.mode++) {
		begin(&e);
		end(&e);
	}
	free_end(&e);
}

/* How often thread `tid` was switched to or from, in all. */
static long
switches(int tid)
{
	char path[64], line[256];
	long n = 0, k;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	f = fopen(path, "r");
	ctl_check(f != NULL);
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "voluntary_ctxt_switches: %ld", &k) == 1 || sscanf(line, "nonvoluntary_ctxt_switches: %ld", &k) == 1)
			n += k;
	if (f)
		fclose(f);
	return n;
}

/* Of a loop that has come to rest. */
static long
at_rest(struct end *e)
{
	long before, now = -1;
	int i;

	do {
		before = now;
		for (i = 0; i < 5; i++)
			csb_pause();
		now = switches(e->loop.tid);
	} while (now != before);
	return now;
}

/* Frames arrive as they were sent, and each is slept for; meanwhile neither loop's thread runs. */
static void
threads_have_no_part(const char *from, const char *to)
{
	struct end a, b;
	long na, nb;
	int i;

	open_end(&a, from, BOTH);
	open_end(&b, to, BOTH);
	begin(&a);
	begin(&b);
	transmit(&a, 77);
	ctl_equal(receive(&b), 77);
	na = at_rest(&a);
	nb = at_rest(&b);
	for (i = 0; i < 300; i++) {
		transmit(&a, (uint8_t)i);
		ctl_equal(receive(&b), i % 256);
	}
	ctl_equal(switches(a.loop.tid), na);
	ctl_equal(switches(b.loop.tid), nb);
	end(&a);
	end(&b);
	free_end(&a);
	free_end(&b);
}

/* One direction is direct, the other the loop's. */
static void
one_direction(uint32_t mode)
{
	struct end a, b;
	int i;

	open_end(&a, "vale0:a", mode);
	open_end(&b, "vale0:b", mode);
	begin(&a);
	begin(&b);
	for (i = 0; i < 100; i++) {
		transmit(&a, (uint8_t)i);
		ctl_equal(receive(&b), i % 256);
		transmit(&b, (uint8_t)~i);
		ctl_equal(receive(&a), (uint8_t)~i);
	}
	end(&a);
	end(&b);
	free_end(&a);
	free_end(&b);
}

/* What was published and signalled before the loop began is served by its start; and of the next loop, too. */
static void
signals_before_the_start(void)
{
	struct end a, b;
	int i;

	open_end(&a, "vale0:a", BOTH);
	open_end(&b, "vale0:b", BOTH);
	begin(&b);
	for (i = 0; i < 10; i++) {
		transmit(&a, (uint8_t)i);
		begin(&a);
		ctl_equal(receive(&b), i);
		end(&a);
	}
	end(&b);
	free_end(&a);
	free_end(&b);
}

/* A pipe that is full goes on as its receiver gives back, and who sends is told. */
static void
room_is_told_of(void)
{
	uint32_t tail, cur, sent = 0, received = 0;
	struct end a, b;
	int i;

	open_end(&a, "w{1", BOTH);
	open_end(&b, "w}1", BOTH);
	begin(&a);
	begin(&b);
	for (i = 0; i < 2; i++) {
		a.c->atok[0].appl_need_kick = 0;
		for (;; sent++) {
			nm_sync_kloop_appl_read(&a.c->ktoa[0], &tail, &cur);
			if (a.c->atok[0].head == tail)
				break;
			transmit(&a, (uint8_t)sent);
		}
		(void)!read(a.fds.fd[0].irq, &(uint64_t){0}, 8); /* of before */
		a.c->atok[0].appl_need_kick = 1;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		for (; received < sent; received++)
			ctl_equal(receive(&b), received % 256);
		ctl_check(csb_signalled(a.fds.fd[0].irq));
	}
	close(a.fd);
	close(b.fd);
	ctl_equal(csb_loop_join(&a.loop), EBADF);
	ctl_equal(csb_loop_join(&b.loop), EBADF);
	free_end(&a);
	free_end(&b);
}

/* Of the engine the data is nowhere; in the kernel it is fetched, where that is possible. What comes after it goes out in any case. */
static void
data_elsewhere(void)
{
	static uint8_t data[60];
	struct end a, b;
	struct netmap_ring *r;
	uint32_t head;
	int i, mark, kernel = !strcmp(getenv("NETMAP_ENGINE") ?: "", "kernel");

	open_end(&a, "vale0:a", BOTH);
	open_end(&b, "vale0:b", BOTH);
	r = NETMAP_TXRING(a.nifp, 0);
	begin(&a);
	begin(&b);
	memset(data, 0xff, 12);
	for (i = 0; i < 30; i++) {
		memset(data + 12, i, 48);
		head = a.c->atok[0].head;
		r->slot[head] = (struct netmap_slot){.buf_idx = r->slot[head].buf_idx, .len = 60, .flags = NS_INDIRECT, .ptr = (uintptr_t)data};
		head = nm_ring_next(r, head);
		r->slot[head].flags = 0;
		nm_sync_kloop_appl_write(&a.c->atok[0], head, head);
		csb_kick(a.c, 0, a.fds.fd[0].io);
		transmit(&a, 200);
		mark = receive(&b);
		if (kernel || mark != 200) {
			ctl_equal(mark, i);
			mark = receive(&b);
		}
		ctl_equal(mark, 200);
		r->slot[nm_ring_next(r, a.c->atok[0].head)].flags = 0;
	}
	end(&a);
	end(&b);
	free_end(&a);
	free_end(&b);
}

static void
bad_entries(void)
{
	static const uint32_t bad[][2] = {{UINT32_MAX, UINT32_MAX}, {70000, 70000}, {10, 5}, {1u << 31, 0}};
	struct nmreq_stats st = {.nr_scope = NM_STATS_PORT};
	struct end a, b;
	unsigned i, n;

	open_end(&a, "vale0:a", BOTH);
	open_end(&b, "vale0:b", BOTH);
	begin(&a);
	begin(&b);
	for (i = 0; i < 4; i++) {
		transmit(&a, 1);
		ctl_equal(receive(&b), 1);
		n = 0;
		nm_sync_kloop_appl_write(&a.c->atok[0], bad[i][1], bad[i][0]);
		do {
			csb_kick(a.c, 0, a.fds.fd[0].io);
			csb_pause();
			st.nr_counter[NM_STAT_sync_errors] = 0;
			ctl_expect(b.fd, NETMAP_REQ_STATS_GET, "vale0:a", &st, NULL, 0, NULL);
		} while (st.nr_counter[NM_STAT_sync_errors] < i + 1 && n++ < 10000);
		ctl_check(st.nr_counter[NM_STAT_sync_errors] > i);
		nm_sync_kloop_appl_write(&a.c->atok[0], i + 1, i + 1);
		b.c->atok[1].head = bad[i][0]; /* of the receiver: frames come all the same */
		csb_kick(b.c, 1, b.fds.fd[1].io);
		b.c->atok[1].head = i + 1;
		csb_kick(b.c, 1, b.fds.fd[1].io);
	}
	transmit(&a, 78);
	ctl_equal(receive(&b), 78);
	end(&a);
	end(&b);
	free_end(&a);
	free_end(&b);
}

/* Who signals without a pause. */
struct storm {
	pthread_t thread;
	struct end *e;
	int stop, scribbles;
	unsigned long n;
};

static void *
storm_main(void *arg)
{
	struct storm *s = arg;
	uint32_t x = 1;

	while (!__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE)) {
		x = x * 1664525 + 1013904223;
		if (s->scribbles)
			__atomic_store_n((uint32_t *)s->e->c->atok + (x >> 8) % 32, x >> x % 29, __ATOMIC_RELAXED);
		(void)!write(s->e->fds.fd[x >> 16 & 1].io, &(uint64_t){1}, 8);
		__atomic_store_n(&s->n, s->n + 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void
storm_begin(struct storm *s, struct end *e, int scribbles)
{
	*s = (struct storm){.e = e, .scribbles = scribbles};
	ctl_equal(pthread_create(&s->thread, NULL, storm_main, s), 0);
}

static void
storm_end(struct storm *s)
{
	__atomic_store_n(&s->stop, 1, __ATOMIC_RELEASE);
	pthread_join(s->thread, NULL);
}

/* Others, who are not part of it, are served. */
static void
others_are_served(struct end *c, struct end *d)
{
	int i;

	for (i = 0; i < 20; i++) {
		transmit(c, (uint8_t)i);
		ctl_equal(receive(d), i);
	}
}

/* Loops begin and end under signals, of the client and of who sends to it; its entries may be anything meanwhile. */
static void
ends_under_signals(int scribbles)
{
	struct end a, b, c, d;
	struct storm s;
	int i, k;

	open_end(&a, "vale0:a", BOTH);
	open_end(&b, "vale0:b", BOTH);
	open_end(&c, "vale1:c", BOTH);
	open_end(&d, "vale1:d", BOTH);
	begin(&b);
	begin(&c);
	begin(&d);
	storm_begin(&s, &a, scribbles);
	for (i = 0; i < 10; i++) {
		unsigned long n = __atomic_load_n(&s.n, __ATOMIC_RELAXED);

		begin(&a);
		for (k = 0; k < 50; k++)
			if (b.c->atok[0].head != b.c->ktoa[0].hwtail)
				transmit(&b, 3);
		while (__atomic_load_n(&s.n, __ATOMIC_RELAXED) < n + 20)
			sched_yield();
		if (i % 5 == 0)
			others_are_served(&c, &d);
		end(&a);
	}
	begin(&a);
	close(a.fd);
	ctl_equal(csb_loop_join(&a.loop), EBADF);
	storm_end(&s);
	end(&b);
	end(&c);
	end(&d);
	csb_close_fds(&a.fds);
	munmap(a.c, sizeof(*a.c));
	free_end(&b);
	free_end(&c);
	free_end(&d);
}

/* The client closes its ends of the eventfds: frames come all the same, and the loop ends as it should. */
static void
eventfds_are_closed(void)
{
	struct end a, b;
	int i;

	open_end(&a, "vale0:a", BOTH);
	open_end(&b, "vale0:b", BOTH);
	begin(&a);
	begin(&b);
	csb_close_fds(&b.fds);
	for (i = 0; i < 100; i++) {
		transmit(&a, (uint8_t)i);
		ctl_equal(csb_await(b.nifp, b.c, 1), i);
	}
	end(&a);
	end(&b);
	free_end(&a);
	close(b.fd);
	munmap(b.c, sizeof(*b.c));
}

/* Killed while they signal and are sent to. */
static void
kills(void)
{
	struct end b;
	int i;

	open_end(&b, "vale0:b", BOTH);
	begin(&b);
	for (i = 0; i < 8; i++) {
		int ready[2], status;
		pid_t pid;
		char byte;

		ctl_equal(pipe(ready), 0);
		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			struct storm s;
			struct end a;

			close(b.fd);
			open_end(&a, "vale0:a", BOTH);
			begin(&a);
			storm_begin(&s, &a, i % 2);
			ctl_equal(write(ready[1], "", 1), 1);
			for (;;)
				transmit(&a, 5);
		}
		close(ready[1]);
		ctl_equal(read(ready[0], &byte, 1), 1);
		close(ready[0]);
		transmit(&b, 9);
		kill(pid, SIGKILL);
		ctl_equal(waitpid(pid, &status, 0), pid);
	}
	end(&b);
	free_end(&b);
}

int
main(void)
{
	bad_modes();
	threads_have_no_part("vale0:a", "vale0:b");
	threads_have_no_part("w{1", "w}1");
	one_direction(NM_OPT_SYNC_KLOOP_DIRECT_TX);
	one_direction(NM_OPT_SYNC_KLOOP_DIRECT_RX);
	signals_before_the_start();
	room_is_told_of();
	data_elsewhere();
	bad_entries();
	ends_under_signals(0);
	ends_under_signals(1);
	eventfds_are_closed();
	kills();
	return ctl_done();
}
