/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of several threads on one descriptor: one of many REGISTERs wins, syncs beside them are refused or served, never more. */
#include "ctl.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#define THREADS 6
#define ROUNDS 200

static int fd;
static atomic_int won, busy, odd;
static pthread_barrier_t start;

static void *
registers(void *arg)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = 64, .nr_rx_slots = 64};
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_REGISTER, .nr_body = (uintptr_t)&reg};

	snprintf(h.nr_name, sizeof(h.nr_name), "vale0:%d", (int)(intptr_t)arg);
	pthread_barrier_wait(&start);
	if (!ioctl(fd, NIOCCTRL, &h))
		won++;
	else if (errno == EBUSY)
		busy++;
	else
		odd++;
	return NULL;
}

static void *
syncs(void *arg)
{
	unsigned long what = arg ? NIOCTXSYNC : NIOCRXSYNC;
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};
	int i;

	pthread_barrier_wait(&start);
	for (i = 0; i < 20; i++) {
		if (ioctl(fd, what, NULL) && errno != ENXIO)
			odd++;
		if (poll(&p, 1, 0) < 0)
			odd++;
	}
	return NULL;
}

int
main(void)
{
	pthread_t t[THREADS];
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		fd = ctl_open();
		won = busy = 0;
		pthread_barrier_init(&start, NULL, THREADS);
		for (i = 0; i < THREADS; i++)
			if (pthread_create(&t[i], NULL, i < 4 ? registers : syncs, (void *)(intptr_t)(i < 4 ? i : i - 4)))
				return 1;
		for (i = 0; i < THREADS; i++)
			pthread_join(t[i], NULL);
		pthread_barrier_destroy(&start);
		ctl_equal(won, 1);
		ctl_equal(busy, 3);
		ctl_equal(odd, 0);
		close(fd);
	}
	return ctl_done();
}
