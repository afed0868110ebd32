/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hostile [--seconds N] [--seed S] [--interface NAME] - clients without manners on /dev/netmap: processes of two threads that write over all
 * they map while they sync and poll, and one that makes requests of random content. Beside them a well-behaved pair exchanges
 * frames and looks at every byte. --interface: attackers bind it too, with its host rings.
 */
#include "dev.h"
#include "scribble.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ATTACKERS 3u
#define PORTS 4u

static unsigned seconds = 3;
static const char *interface;
/* As it was when they registered: what is shared is theirs to destroy. */
static struct { struct dev d; uint32_t ntx, nrx; } victim[PORTS];

static void
take_ports(unsigned n)
{
	char name[32];
	unsigned k;

	for (k = 0; k < PORTS; k++) {
		struct nmreq_register reg = {.nr_mode = k == 3 && interface ? NR_REG_NIC_SW : NR_REG_ALL_NIC};
		struct dev *d = &victim[k].d;
		int error;

		snprintf(name, sizeof(name), k == 2 ? "p%u%c1" : "vale%u:x%u%u", k == 2 ? n / 2 : 0, k == 2 ? n % 2 ? '{' : '}' : n, k);
		if (k == 3 && interface)
			snprintf(name, sizeof(name), "%s", interface);
		error = dev_open(d);
		CHECK(!error, "open: %s", strerror(-error));
		error = dev_bind(d, name, &reg);
		CHECK(!error, "%s: %s", name, dev_reason(d->fd));
		error = dev_map(d);
		CHECK(!error && d->tx && d->rx, "%s can't be mapped", name);
		victim[k].ntx = d->tx->num_slots;
		victim[k].nrx = d->rx->num_slots;
	}
}

/* What a good client does now and then, so that there is something to attack. */
static void
go_on(struct dev *d)
{
	d->tx->head = d->tx->cur = d->tx->tail;
	d->rx->head = d->rx->cur = d->rx->tail;
}

static void *
writes(void *arg)
{
	uint32_t round;
	unsigned k;

	(void)arg;
	for (round = 0; ; round++)
		for (k = 0; k < PORTS; k++) {
			struct dev *d = &victim[k].d;
			unsigned i;

			scribble_flicker(d->tx, victim[k].ntx);
			for (i = 0; i < 64 && round % 2; i++)
				scribble_over(d->mem, d->size, d->tx, d->rx, victim[k].ntx);
			d->tx->head = (uint32_t)random() % victim[k].ntx;
			d->tx->cur = round % 3 ? d->tx->head : scribble_value(victim[k].ntx);
			d->rx->head = d->rx->cur = round % 5 ? d->rx->tail : scribble_value(victim[k].nrx);
			sched_yield();
		}
	return NULL;
}

/* The witness has to come to its turns where there is one processor. */
static void
nice_to_others(void)
{
	CHECK(nice(10) >= 0, "nice");
}

/* What an attacker maps is also the others': none begins before all have found their rings in it. */
static void
attack(unsigned n, unsigned seed, int ready, int go)
{
	char byte;
	pthread_t t;
	uint32_t round;
	unsigned k;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	nice_to_others();
	srandom(seed + n);
	take_ports(n);
	CHECK(write(ready, "x", 1) == 1, "write");
	close(ready);
	CHECK(read(go, &byte, 1) == 0, "read");
	CHECK(!pthread_create(&t, NULL, writes, NULL), "no thread");
	for (round = 0; ; round++)
		for (k = 0; k < PORTS; k++) {
			struct dev *d = &victim[k].d;

			if (round % 16 == 0)
				go_on(d);
			switch (random() % 4) {
			case 0: ioctl(d->fd, NIOCRXSYNC, NULL); break;
			case 1: poll(&(struct pollfd){d->fd, POLLIN | POLLOUT, 0}, 1, 0); break;
			default: ioctl(d->fd, NIOCTXSYNC, NULL);
			}
		}
}

/* Addresses that can't be read, can't be written, change, lie at a bound, or are good. */
static uint64_t
address(char *good, size_t size, char *guarded)
{
	switch (random() % 8) {
	case 0: return 0;
	case 1: return (uint64_t)random();
	case 2: return 0xffffffffffffff00u + (uint64_t)random() % 256;
	case 3: return 0xffff888000000000u + (uint64_t)random() * 16;
	case 4: return (uintptr_t)guarded - (uint64_t)random() % 64; /* ends before the object does */
	case 5: return (uintptr_t)guarded + (uint64_t)random() % 64;
	default: return (uintptr_t)good + (uint64_t)random() % (size - 4096);
	}
}

static void
random_request(int fd, char *good, size_t size, char *guarded)
{
	static const uint16_t types[] = {1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x1000, 0x1001, 0x1002, 0x1003, 0x1004, 0x1005};
	static const char *const names[] = {"vale0:r", "vale0:x00", "vale7:r{1", "p{3", "p}3", "", "vale0:", "lo", "nosuch0", "nif", "vale0:lo", "%s%n",
	    "vale123456789012345678901234567890123456789012345678901234567890"};
	struct nmreq_header h = {.nr_version = random() % 16 ? NETMAP_API : (uint16_t)random(), .nr_reqtype = types[random() % 23]};
	uint32_t *w = (void *)good;
	size_t i;

	for (i = 0; i < size / 4; i += 1 + (size_t)random() % 64)
		w[i] = random() % 4 ? (uint32_t)(random() % 4) : scribble_value(1024);
	/* a list of options that leads back into itself, or anywhere */
	for (i = 0; i < 8; i++) {
		struct nmreq_option *o = (void *)(good + 8192 + i * 64);

		o->nro_next = random() % 3 ? (uintptr_t)good + 8192 + (uintptr_t)(random() % 8) * 64 : address(good, size, guarded);
		o->nro_reqtype = (uint32_t)random() % 8;
		o->nro_size = random() % 2 ? (uint64_t)random() % 8192 : (uint64_t)random() << 33;
	}
	snprintf(h.nr_name, sizeof(h.nr_name), "%s", names[random() % (sizeof(names) / sizeof(names[0]))]);
	if (random() % 8 == 0)
		h.nr_name[random() % sizeof(h.nr_name)] = (char)random();
	h.nr_body = random() % 2 ? (uintptr_t)good : address(good, size, guarded);
	h.nr_options = random() % 4 ? 0 : random() % 2 ? (uintptr_t)good + 8192 : address(good, size, guarded);
	if (random() % 16 == 0)
		ioctl(fd, NIOCCTRL, (void *)(uintptr_t)address(good, size, guarded));
	else if (random() % 8 == 0)
		ioctl(fd, random() % 2 ? NIOCREGIF : NIOCGINFO, (void *)(uintptr_t)(random() % 2 ? (uintptr_t)good : address(good, size, guarded)));
	else
		ioctl(fd, NIOCCTRL, &h);
}

static void *
changes(void *arg)
{
	uint32_t *w = arg;

	for (;; sched_yield())
		w[(uint32_t)random() % 4096] = scribble_value(1024);
	return NULL;
}

/* Requests of random content, whose memory another thread changes meanwhile. */
static void
ask(unsigned seed)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 4 * page;
	char *good = mmap(NULL, size + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *guarded = good + size;
	pthread_t t;
	uint32_t round;
	int fd = -1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	srandom(seed + 100);
	nice_to_others();
	CHECK(good != MAP_FAILED && !mprotect(guarded, page, PROT_NONE) && !mprotect(guarded + page, page, PROT_READ), "no memory");
	CHECK(!pthread_create(&t, NULL, changes, good), "no thread");
	for (round = 0; ; round++) {
		if (round % 8 == 0) {
			close(fd);
			fd = open("/dev/netmap", O_RDWR);
			CHECK(fd >= 0, "open: %s", strerror(errno));
		}
		random_request(fd, good, size, guarded);
	}
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"seconds", required_argument, NULL, 'n'}, {"seed", required_argument, NULL, 's'}, {"interface", required_argument, NULL, 'i'}, {0},
	};
	unsigned seed = (unsigned)getpid(), i;
	struct dev_pair witness;
	pid_t pid[ATTACKERS + 1];
	uint64_t end;
	int c, line, ready[2], go[2];

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'n': seconds = (unsigned)atoi(optarg); break;
		case 's': seed = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'i': interface = optarg; break;
		default: fprintf(stderr, "usage: hostile [--seconds N] [--seed S] [--interface NAME]\n"); return 2;
		}
	}
	printf("seed %u\n", seed);
	CHECK(!dev_pair_open(&witness, "vale9:a", "vale9:b") && !dev_pair_move(&witness, 1000), "no witness");
	fflush(stdout);
	CHECK(!pipe(ready) && !pipe(go), "pipe");
	for (i = 0; i <= ATTACKERS; i++) {
		char byte;

		/* requests of random content may ask for all the memory there is: they come when the others have theirs */
		if (i == ATTACKERS) {
			close(ready[1]);
			for (c = 0; c < (int)ATTACKERS; c++)
				CHECK(read(ready[0], &byte, 1) == 1, "an attacker could not attack");
			close(go[1]);
		}
		pid[i] = fork();
		if (pid[i])
			continue;
		if (i < ATTACKERS) {
			close(go[1]);
			attack(i, seed, ready[1], go[0]);
		}
		ask(seed);
	}
	end = dev_now_ms() + seconds * 1000ull;
	do
		line = dev_pair_move(&witness, 200);
	while (!line && dev_now_ms() < end);
	for (i = 0; i <= ATTACKERS; i++) {
		int status = 0;

		CHECK(waitpid(pid[i], &status, WNOHANG) == 0, "attacker %u could not attack: status 0x%x", i, (unsigned)status);
		kill(pid[i], SIGKILL);
		CHECK(dev_reap(pid[i], 60) >= 0, "SIGKILL does not end attacker %u", i);
	}
	CHECK(!line, "the witness was hurt (dev.c:%d)", line);
	line = dev_pair_move(&witness, 1000);
	CHECK(!line, "the witness does not go on (dev.c:%d)", line);
	printf("%u frames of the witness\n", witness.got);
	dev_pair_close(&witness);
	return 0;
}
