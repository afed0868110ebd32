/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loop.c - move what can be moved, then sleep until more can.
 *
 * A side is polled for input only while its frames have somewhere to go, and for room only while frames wait for it, with
 * cur at tail, so poll never returns at once for what can't be used. poll also sends what was put into transmit rings
 * and, with POLLIN, gives back what was taken from receive rings; where it does not, an explicit sync gives back. A
 * tick ends a sleep that a signal came just too early for.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <libnetmap.h>

#include "bridge.h"
#include "interval.h"
#include "sig.h"
#include "units.h"

#define TICK_MS 500
#define SECOND_NS 1000000000u
#define DRAIN_TRIES 50
#define DRAIN_MS 10

struct watch {
	struct interval flow[2];
	uint64_t next;
};

static int
broken(const struct bridge *b, int side, const char *how)
{
	fprintf(stderr, "bridge: %s: the engine or the port is gone (%s); start it again and then bridge\n", b->side[side].name, how);
	return -EIO;
}

static struct interval_count
counted(const struct flow *f)
{
	return (struct interval_count){ f->move.count.packets, f->move.count.bytes, f->move.count.batches };
}

static void
print_rates(const struct bridge *b, struct watch *w, uint64_t now)
{
	char pps[UNITS_LEN], bps[UNITS_LEN];
	struct interval_count c;
	struct interval_rate r;
	int i;

	for (i = 0; i < b->nflows; i++) {
		c = counted(&b->flow[i]);
		interval_look(&w->flow[i], now, &c, 0, &r);
		fprintf(stderr, "%s -> %s: %s, %s, %.1f a batch\n", b->side[b->flow[i].from].name, b->side[b->flow[i].to].name,
		    units_format(pps, r.pps, "pps", false), units_format(bps, r.bps, "bps", false), r.batch);
	}
	w->next = now + SECOND_NS;
}

/* One run of each flow. Fills in what to poll for; the timeout in ms, or -errno. */
static int
run_flows(struct bridge *b, struct pollfd pfd[2])
{
	unsigned result[2] = { 0, 0 };
	int i, timeout = TICK_MS;

	for (i = 0; i < b->nsides; i++)
		pfd[i].events = 0;
	for (i = 0; i < b->nflows; i++) {
		struct flow *f = &b->flow[i];

		result[i] = move_run(&f->move);
		if (result[i] & MOVE_AGAIN)
			timeout = 0;
		if (result[i] & (MOVE_WANT_INPUT | MOVE_AGAIN))
			pfd[f->from].events |= POLLIN;
		if (result[i] & MOVE_WANT_ROOM)
			pfd[f->to].events |= POLLOUT;
	}
	for (i = 0; i < b->nflows; i++) {
		int from = b->flow[i].from;

		if ((result[i] & MOVE_RELEASED) && !(pfd[from].events & POLLIN) && ioctl(pfd[from].fd, NIOCRXSYNC, NULL) < 0 &&
		    errno != EINTR)
			return broken(b, from, strerror(errno));
	}
	return timeout;
}

static int
turn(struct bridge *b, struct pollfd pfd[2])
{
	int i, timeout = run_flows(b, pfd);

	if (timeout < 0)
		return timeout;
	if (poll(pfd, (nfds_t)b->nsides, timeout) < 0) {
		if (errno == EINTR)
			return 0;
		return broken(b, 0, strerror(errno));
	}
	for (i = 0; i < b->nsides; i++)
		if (pfd[i].revents & (POLLERR | POLLHUP | POLLNVAL))
			return broken(b, i, pfd[i].revents & POLLERR ? "POLLERR" : pfd[i].revents & POLLHUP ? "POLLHUP" : "POLLNVAL");
	return 0;
}

/* What was moved last is sent before the ports close; not for ever, the receiver may sleep. */
static void
drain(struct bridge *b)
{
	int i, tries;

	for (i = 0; i < b->nflows; i++) {
		int fd = b->side[b->flow[i].to].d->fd;

		for (tries = 0; tries < DRAIN_TRIES; tries++) {
			if (ioctl(fd, NIOCTXSYNC, NULL) < 0 || !move_pending(&b->flow[i].move))
				break;
			poll(NULL, 0, DRAIN_MS);
		}
	}
}

void
loop_wait(const struct bridge *b, unsigned seconds)
{
	struct pollfd pfd[2] = { { .fd = b->side[0].d->fd }, { .fd = b->nsides == 2 ? b->side[1].d->fd : -1 } };
	uint64_t end = interval_now() + (uint64_t)seconds * SECOND_NS, now;

	while (!sig_stopped() && (now = interval_now()) < end) {
		uint64_t ms = (end - now) / 1000000 + 1;

		if (poll(pfd, (nfds_t)b->nsides, ms < TICK_MS ? (int)ms : TICK_MS) > 0)
			break; /* loop_run() will tell */
	}
}

int
loop_run(struct bridge *b, bool verbose)
{
	struct pollfd pfd[2] = { { .fd = -1 }, { .fd = -1 } };
	struct watch w;
	int i, rc = 0;

	for (i = 0; i < b->nsides; i++)
		pfd[i].fd = b->side[i].d->fd;
	b->started = interval_now();
	for (i = 0; i < b->nflows; i++)
		interval_start(&w.flow[i], b->started);
	w.next = b->started + SECOND_NS;
	while (!rc && !sig_stopped()) {
		rc = turn(b, pfd);
		if (verbose && interval_now() >= w.next)
			print_rates(b, &w, interval_now());
	}
	if (!rc)
		drain(b);
	b->ended = interval_now();
	b->why = rc ? "error" : "signal";
	return rc;
}
