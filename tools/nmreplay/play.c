/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * play.c - frames into the port when they are due.
 *
 * What is due is handed over together. Between two hand-overs BATCH_NS pass at least, so that at a high rate the work for each is
 * shared by many frames. A long gap is slept through, all but its last SPIN_NS, for which the clock is watched: a timer wakes late.
 */
#include "play.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <libnetmap.h>
#include <net/netmap_user.h>

#include "fault.h"
#include "interval.h"
#include "sig.h"

#define BATCH_NS 10000u
#define SPIN_NS 60000u
#define POLL_NS 4000000u /* longer sleeps also see the port die */
#define TICK_NS 100000000u
#define TICK_MS 100
#define SECOND_NS 1000000000u
#define FLUSH_NS 1000000000u /* after a signal */

static uint32_t
slots_of(const struct play *p, uint32_t len)
{
	return (len + p->tx->nr_buf_size - 1) / p->tx->nr_buf_size;
}

int
play_open(struct play *p)
{
	const char *name = p->config->port;
	char line[FAULT_LINE];
	uint32_t n;

	fault_listen();
	p->port = nmport_prepare(name);
	if (p->port && (p->port->reg.nr_flags & NR_RX_RINGS_ONLY)) {
		fprintf(stderr, "nmreplay: %s names receive rings only, frames go into transmit rings; leave out the /R\n", name);
		return -EINVAL;
	}
	if (p->port)
		p->port->reg.nr_flags |= NR_TX_RINGS_ONLY;
	if (!p->port || nmport_open_desc(p->port)) {
		int e = errno ? errno : EINVAL;

		fprintf(stderr, "nmreplay: cannot open %s: %s\n", name, fault_line(e, line));
		return -e;
	}
	p->tx = NETMAP_TXRING(p->port->nifp, p->port->first_tx_ring);
	n = slots_of(p, p->trace.longest);
	if (n > NETMAP_MAX_FRAGS || n >= p->tx->num_slots) {
		fprintf(stderr, "nmreplay: %s has frames of %u bytes, which take %u slots of %s; %u are possible\n", p->config->file,
		    p->trace.longest, n, name, p->tx->num_slots - 1 < NETMAP_MAX_FRAGS ? p->tx->num_slots - 1 : NETMAP_MAX_FRAGS);
		return -EMSGSIZE;
	}
	prctl(PR_SET_TIMERSLACK, 1UL);
	return 0;
}

void
play_close(struct play *p)
{
	nmport_close(p->port);
	model_fini(&p->model);
	pcapfile_free(&p->trace);
}

static int
broken(const struct play *p, const char *how)
{
	fprintf(stderr, "nmreplay: %s: the engine or the port is gone (%s); start it again and then nmreplay\n", p->config->port, how);
	return -EIO;
}

/* The next frame of the trace, and when it is due. */
static void
next(struct play *p)
{
	const struct pcapfile_frame *f;

	if (p->at == p->trace.n) {
		p->at = 0;
		if (++p->round == p->config->loops) {
			p->ended = true;
			return;
		}
		model_again(&p->model);
	}
	f = &p->trace.frame[p->at];
	p->fate = model_next(&p->model, f->len, f->ts, &p->due);
}

static void
put(struct play *p, const struct pcapfile_frame *f)
{
	const uint8_t *data = p->trace.data + f->at;
	struct netmap_ring *tx = p->tx;
	uint32_t left = f->len, k = tx->head;

	while (left) {
		struct netmap_slot *s = &tx->slot[k];
		uint32_t n = left < tx->nr_buf_size ? left : tx->nr_buf_size;

		memcpy(NETMAP_BUF(tx, s->buf_idx), data, n);
		s->len = (uint16_t)n;
		s->flags = n < left ? NS_MOREFRAG : 0;
		data += n;
		left -= n;
		k = nm_ring_next(tx, k);
	}
	tx->head = tx->cur = k;
	p->sent++;
	p->bytes += f->len;
}

/* All that is due at `now`. True: there is more, and no room for it. */
static bool
put_due(struct play *p, uint64_t now)
{
	while (!p->ended && p->due <= now) {
		const struct pcapfile_frame *f = &p->trace.frame[p->at];

		if (p->fate == MODEL_SEND) {
			if (slots_of(p, f->len) > nm_ring_space(p->tx))
				return true;
			put(p, f);
			if (p->config->model.rate != RATE_MAX)
				hist_add(&p->late, now - p->due);
		}
		p->lost += p->fate == MODEL_LOST;
		p->overflow += p->fate == MODEL_OVERFLOW;
		p->at++;
		next(p);
	}
	return false;
}

/* poll sends, too. 0 or -errno. */
static int
look(const struct play *p, short events, int ms)
{
	struct pollfd pfd = { .fd = p->port->fd, .events = events };

	if (poll(&pfd, 1, ms) < 0)
		return errno == EINTR ? 0 : broken(p, strerror(errno));
	return pfd.revents & (POLLERR | POLLHUP | POLLNVAL) ? broken(p, "poll") : 0;
}

/* Until then, or a signal, or a tick. */
static int
sleep_until(const struct play *p, uint64_t until)
{
	uint64_t now = interval_now(), end;
	struct timespec t;

	while (now < until && until - now <= SPIN_NS) {
		sched_yield();
		now = interval_now();
	}
	if (now >= until)
		return 0;
	end = until - now > TICK_NS ? now + TICK_NS : until - SPIN_NS;
	if (end - now > POLL_NS)
		return look(p, 0, (int)((end - now) / 1000000));
	t = (struct timespec){ (time_t)(end / SECOND_NS), (long)(end % SECOND_NS) };
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	return 0;
}

/* Frames that the port has not taken. */
static uint64_t
pending(const struct play *p)
{
	uint64_t n = 0;
	uint32_t i;

	for (i = nm_ring_next(p->tx, p->tx->tail); i != p->tx->head; i = nm_ring_next(p->tx, i))
		n += !(p->tx->slot[i].flags & NS_MOREFRAG);
	return n;
}

static int
flush(struct play *p)
{
	uint64_t stop = 0;
	int rc = 0;

	for (;;) {
		if (ioctl(p->port->fd, NIOCTXSYNC, NULL) < 0 && errno != EINTR)
			rc = broken(p, strerror(errno));
		p->unsent = pending(p);
		if (rc || !p->unsent)
			return rc;
		if (sig_stopped() && !stop)
			stop = interval_now() + FLUSH_NS;
		if (stop && interval_now() >= stop)
			return 0;
		rc = look(p, 0, 1);
		if (rc)
			return rc;
	}
}

void
play_wait(const struct play *p, unsigned seconds)
{
	struct pollfd pfd = { .fd = p->port->fd };
	uint64_t end = interval_now() + (uint64_t)seconds * SECOND_NS, now;

	while (!sig_stopped() && (now = interval_now()) < end) {
		uint64_t ms = (end - now) / 1000000 + 1;

		if (poll(&pfd, 1, ms < TICK_MS ? (int)ms : TICK_MS) > 0)
			break; /* play_run() will tell */
	}
}

int
play_run(struct play *p)
{
	uint64_t now, wake, sent, report = 0;
	bool full;
	int rc = 0;

	hist_init(&p->late);
	next(p);
	p->started = interval_now();
	if (p->config->verbose)
		report = p->started + SECOND_NS;
	while (!rc && !p->ended && !sig_stopped()) {
		now = interval_now();
		sent = p->sent;
		full = put_due(p, now - p->started);
		p->batches += p->sent != sent;
		if (full)
			rc = look(p, POLLOUT, TICK_MS);
		else if (p->sent != sent)
			rc = look(p, 0, 0);
		if (!rc && !full && !p->ended) {
			wake = p->started + p->due;
			rc = sleep_until(p, wake < now + BATCH_NS ? now + BATCH_NS : wake);
		}
		if (report && interval_now() >= report) {
			report_rate(p, interval_now());
			report += SECOND_NS;
		}
	}
	if (!rc)
		rc = flush(p);
	p->stopped = interval_now();
	p->why = rc ? "error" : p->ended ? "file" : "signal";
	return rc;
}
