/* SPDX-License-Identifier: BSD-2-Clause */
/* loops.c - clients with a CSB die at any moment, cut off the memory that their entries are in, and write what they like there. */
#include "bed.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define RINGS 2

/* What a victim does while it lives. */
enum manner { SENDS, SCRIBBLES, CUTS, RESTARTS, MANNERS };
static const char *const manner_name[] = {"client that sends", "client that scribbles", "client that cuts its memory off",
    "client that stops and starts"};

struct victim {
	int fd, file;
	bool wakes;
	uint32_t sleep_us;
	struct nm_csb_atok *atok;
	struct nm_csb_ktoa *ktoa;
	struct { struct nmreq_option o; struct { int32_t io, irq; } fd[RINGS]; } fds;
	struct nmreq_opt_sync_kloop_mode mode;
};

static int
control(const struct victim *v, uint16_t type, const char *name, void *body, void *opts)
{
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = type, .nr_body = (uintptr_t)body, .nr_options = (uintptr_t)opts};

	snprintf(h.nr_name, sizeof(h.nr_name), "%s", name);
	return ioctl(v->fd, NIOCCTRL, &h);
}

static void *
loop_main(void *arg)
{
	struct victim *v = arg;
	struct nmreq_sync_kloop_start k = {.sleep_us = v->sleep_us};

	while (v->fd >= 0)
		if (control(v, NETMAP_REQ_SYNC_KLOOP_START, "", &k, v->mode.mode ? (void *)&v->mode : v->wakes ? &v->fds : NULL))
			poll(NULL, 0, 1);
	return NULL;
}

static struct netmap_if *
open_victim(struct victim *v, const char *name)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE};
	struct nmreq_opt_csb csb = {.nro_opt = {.nro_reqtype = NETMAP_REQ_OPT_CSB}};
	char *page, *mem;
	int i;

	v->fd = open("/dev/netmap", O_RDWR);
	v->file = memfd_create("csb", 0);
	if (v->fd < 0 || v->file < 0 || ftruncate(v->file, 4096))
		exit(1);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, v->file, 0);
	v->atok = (void *)page;
	v->ktoa = (void *)(page + 2048);
	csb.csb_atok = (uintptr_t)v->atok;
	csb.csb_ktoa = (uintptr_t)v->ktoa;
	if (control(v, NETMAP_REQ_REGISTER, name, &reg, &csb))
		exit(2);
	mem = mmap(NULL, reg.nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	v->fds.o = (struct nmreq_option){.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, .nro_size = sizeof(v->fds)};
	for (i = 0; i < RINGS; i++) {
		v->fds.fd[i].io = eventfd(0, 0);
		v->fds.fd[i].irq = eventfd(0, 0);
	}
	v->mode.nro_opt = (struct nmreq_option){.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_MODE, .nro_next = (uintptr_t)&v->fds};
	return (struct netmap_if *)(void *)(mem + reg.nr_offset);
}

static void
send_one(struct victim *v, struct netmap_ring *r)
{
	uint32_t head = __atomic_load_n(&v->atok[0].head, __ATOMIC_RELAXED) % r->num_slots;

	r->slot[head].len = 60;
	head = head + 1 == r->num_slots ? 0 : head + 1;
	nm_sync_kloop_appl_write(&v->atok[0], head, head);
	v->atok[1].head = v->atok[1].cur = v->ktoa[1].hwtail;
	if (v->wakes && v->ktoa[0].kern_need_kick)
		(void)!write(v->fds.fd[0].io, &(uint64_t){1}, 8);
}

_Noreturn static void
victim_main(const struct bed *b, enum manner m, unsigned n)
{
	struct victim v = {.wakes = n % 2, .sleep_us = n % 3 * 20, .mode = {.mode = n % 2 ? n / 2 % 4 : 0}};
	struct netmap_if *nifp;
	struct netmap_ring *r;
	pthread_t t;
	char name[32];
	uint32_t x = n;

	setenv("NETMAP_ENGINE", "user", 1);
	setenv("NETMAP_SOCKET", b->path, 1);
	snprintf(name, sizeof(name), "vale0:k%u", n % 4);
	nifp = open_victim(&v, name);
	r = (struct netmap_ring *)(void *)((char *)nifp + nifp->ring_ofs[0]);
	pthread_create(&t, NULL, loop_main, &v);
	for (;; x++) {
		send_one(&v, r);
		if (m == SCRIBBLES)
			((volatile uint32_t *)v.atok)[x % 32] = x * 2654435761u >> x % 31;
		if (m == CUTS && x - n == 200) {
			munmap(v.atok, 4096);
			(void)!ftruncate(v.file, 0);
			pause();
		}
		if (m == RESTARTS && x % 64 == 0)
			control(&v, NETMAP_REQ_SYNC_KLOOP_STOP, "", NULL, NULL);
	}
}

static void *
stop_main(void *arg)
{
	struct victim *v = arg;

	while (__atomic_load_n(&v->ktoa[0].kern_need_kick, __ATOMIC_ACQUIRE) == 7)
		poll(NULL, 0, 1);
	control(v, NETMAP_REQ_SYNC_KLOOP_STOP, "", NULL, NULL);
	return NULL;
}

/* One loop that is signalled: what the engine needs for these it gets once and keeps. */
static enum verdict
first_loop(struct bed *b)
{
	struct nmreq_sync_kloop_start k = {.sleep_us = 0};
	struct victim v = {.wakes = true};
	pthread_t t;
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setenv("NETMAP_ENGINE", "user", 1);
		setenv("NETMAP_SOCKET", b->path, 1);
		open_victim(&v, "vale0:first");
		v.ktoa[0].kern_need_kick = 7; /* until the loop has its say */
		pthread_create(&t, NULL, stop_main, &v);
		_exit(control(&v, NETMAP_REQ_SYNC_KLOOP_START, "", &k, &v.fds) ? 3 : 0);
	}
	CHECK(bed_reap(pid, 20, &status), "the first loop did not end");
	CHECK(!status, "the first loop did not end in order: status 0x%x", status);
	return OK;
}

static pid_t
start_victim(const struct bed *b, unsigned manner, unsigned round)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		victim_main(b, (enum manner)manner, round);
	return pid;
}

static enum verdict
rounds(struct bed *b, struct pair *witness)
{
	static const struct killed killed = {start_victim, manner_name, MANNERS};

	return bed_kill_rounds(b, witness, &killed);
}

enum verdict
loops_die(void)
{
	struct bed b = {0};

	return bed_run(&b, first_loop, rounds);
}
