/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loop.c - distribute what there is, then sleep until there is more, or room for what waits.
 *
 * poll also sends what was put into pipes, without waiting until it was taken; only those that have something new are polled.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <libnetmap.h>
#include <net/netmap_user.h>

#include "interval.h"
#include "lb.h"
#include "sig.h"

#define TICK_MS 500
#define SECOND_NS 1000000000u
#define DRAIN_TRIES 50
#define DRAIN_MS 10

static int
broken(const char *name, const char *how)
{
	fprintf(stderr, "lb: %s: the engine or the port is gone (%s); start it again and then lb\n", name, how);
	return -EIO;
}

/* One run, and one poll: of the port, then of pipes[] in the order of which[]. */
static int
turn(struct lb *l, struct pollfd *pfd, uint32_t *which, int timeout)
{
	struct spread *s = &l->spread;
	nfds_t n = 1, k;
	uint32_t i;

	if (spread_run(s))
		timeout = 0;
	pfd[0].events = POLLIN;
	for (i = 0; i < s->nout; i++) {
		if (!spread_touched(&s->out[i]))
			continue;
		pfd[n] = (struct pollfd){ .fd = l->pipe[i].d->fd, .events = spread_waiting(&s->out[i]) ? POLLOUT : 0 };
		which[n++] = i;
	}
	if (poll(pfd, n, timeout) < 0)
		return errno == EINTR ? 0 : broken(l->config->port, strerror(errno));
	if (pfd[0].revents & (POLLERR | POLLHUP | POLLNVAL))
		return broken(l->config->port, "poll");
	for (k = 1; k < n; k++) {
		if (pfd[k].revents & (POLLERR | POLLHUP | POLLNVAL))
			return broken(l->pipe[which[k]].name, "poll");
		spread_synced(&s->out[which[k]]);
	}
	return 0;
}

/* What came before the signal is passed on, and what waits gets a last chance: not for ever, readers may sleep. */
static void
drain(struct lb *l)
{
	bool waits = true;
	uint32_t i;
	int tries;

	if (ioctl(l->port->fd, NIOCRXSYNC, NULL) < 0)
		return;
	while (spread_run(&l->spread))
		;
	for (tries = 0; tries < DRAIN_TRIES && waits; tries++) {
		if (tries)
			poll(NULL, 0, DRAIN_MS);
		spread_flush(&l->spread);
		waits = false;
		for (i = 0; i < l->spread.nout; i++) {
			if (ioctl(l->pipe[i].d->fd, NIOCTXSYNC, NULL) < 0)
				return;
			waits |= spread_waiting(&l->spread.out[i]) || nm_tx_pending(l->spread.out[i].ring);
		}
	}
}

void
loop_wait(const struct lb *l, unsigned seconds)
{
	struct pollfd pfd = { .fd = l->port->fd };
	uint64_t end = interval_now() + (uint64_t)seconds * SECOND_NS, now;

	while (!sig_stopped() && (now = interval_now()) < end) {
		uint64_t ms = (end - now) / 1000000 + 1;

		if (poll(&pfd, 1, ms < TICK_MS ? (int)ms : TICK_MS) > 0)
			break; /* loop_run() will tell */
	}
}

/* ms to sleep at most: a tick ends a sleep that a signal came just too early for. */
static int
patience(const struct lb *l, uint64_t next)
{
	uint64_t now, ms;

	if (l->config->busy)
		return 0;
	if (!next)
		return TICK_MS;
	now = interval_now();
	ms = now < next ? (next - now) / 1000000 + 1 : 0;
	return ms < TICK_MS ? (int)ms : TICK_MS;
}

int
loop_run(struct lb *l)
{
	uint64_t step = (uint64_t)(l->config->interval * SECOND_NS), next = 0;
	struct pollfd *pfd = calloc(l->npipes + 1, sizeof(*pfd));
	uint32_t *which = calloc(l->npipes + 1, sizeof(*which));
	int rc = pfd && which ? 0 : -ENOMEM;

	if (rc)
		fprintf(stderr, "lb: no memory\n");
	else
		pfd[0].fd = l->port->fd;
	l->started = interval_now();
	if (step)
		next = l->started + step;
	while (!rc && !sig_stopped()) {
		rc = turn(l, pfd, which, patience(l, next));
		if (next && interval_now() >= next) {
			report(l, interval_now(), false);
			next += step;
		}
	}
	if (!rc)
		drain(l);
	l->ended = interval_now();
	l->why = rc ? "error" : "signal";
	free(pfd);
	free(which);
	return rc;
}
