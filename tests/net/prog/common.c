/* SPDX-License-Identifier: BSD-2-Clause */
#include "common.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

static volatile sig_atomic_t *caught[NSIG];
static int caught_fd = -1; /* readable once a signal was caught */

void
die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

struct nmport_d *
common_open(const char *name, uint32_t extra)
{
	struct nmport_d *d = nmport_prepare(name);

	if (!d)
		die("%s: no name of a port", name);
	d->reg.nr_extra_bufs = extra;
	if (nmport_open_desc(d))
		die("%s: can't be opened: %s", name, strerror(errno));
	if (d->reg.nr_extra_bufs < extra)
		die("%s: %u extra buffers, %u are needed", name, d->reg.nr_extra_bufs, extra);
	return d;
}

/* Bound rings of ring_ofs[at .. at + n). */
static void
bound(const struct nmport_d *d, uint32_t at, uint32_t n, struct common_rings *out)
{
	uint32_t i;

	out->n = 0;
	for (i = 0; i < n && out->n < sizeof(out->ring) / sizeof(out->ring[0]); i++)
		if (d->nifp->ring_ofs[at + i])
			out->ring[out->n++] = (struct netmap_ring *)((char *)d->nifp + d->nifp->ring_ofs[at + i]);
}

void
common_tx_rings(const struct nmport_d *d, struct common_rings *out)
{
	bound(d, 0, d->nifp->ni_tx_rings, out);
}

void
common_rx_rings(const struct nmport_d *d, struct common_rings *out)
{
	bound(d, d->nifp->ni_tx_rings + d->nifp->ni_host_tx_rings, d->nifp->ni_rx_rings, out);
}

void
common_txsync(struct nmport_d *d)
{
	if (ioctl(d->fd, NIOCTXSYNC, NULL))
		die("%s: NIOCTXSYNC: %s", d->hdr.nr_name, strerror(errno));
}

void
common_rxsync(struct nmport_d *d)
{
	if (ioctl(d->fd, NIOCRXSYNC, NULL))
		die("%s: NIOCRXSYNC: %s", d->hdr.nr_name, strerror(errno));
}

static void
on_signal(int sig)
{
	const uint64_t one = 1;
	int saved = errno;

	*caught[sig] = 1;
	if (write(caught_fd, &one, sizeof(one)) != sizeof(one))
		abort();
	errno = saved;
}

void
common_catch(int sig, volatile sig_atomic_t *flag)
{
	struct sigaction sa = {.sa_handler = on_signal};

	if (caught_fd < 0 && (caught_fd = eventfd(0, EFD_CLOEXEC)) < 0)
		die("eventfd: %s", strerror(errno));
	caught[sig] = flag;
	sigaction(sig, &sa, NULL);
}

bool
common_wait_or(struct nmport_d *d, short events, int fd)
{
	struct pollfd p[] = {{.fd = d->fd, .events = events}, {.fd = caught_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	uint64_t n;

	if (poll(p, 3, -1) < 0 && errno != EINTR)
		die("%s: poll: %s", d->hdr.nr_name, strerror(errno));
	if (p[0].revents & (POLLERR | POLLHUP | POLLNVAL))
		die("%s: poll says %#x", d->hdr.nr_name, p[0].revents);
	if (p[1].revents && read(caught_fd, &n, sizeof(n)) != sizeof(n))
		die("eventfd: %s", strerror(errno));
	return p[2].revents != 0;
}

void
common_wait(struct nmport_d *d, short events)
{
	common_wait_or(d, events, -1);
}

bool
common_tx_empty(const struct common_rings *tx)
{
	uint32_t i;

	for (i = 0; i < tx->n; i++)
		if (nm_tx_pending(tx->ring[i]))
			return false;
	return true;
}

void
common_put(struct netmap_ring *r, const void *data, uint32_t len)
{
	if (!nm_ring_space(r))
		die("ring %u of direction %u is full", r->ringid, r->dir);
	memcpy(common_buf(r, r->head), data, len);
	r->slot[r->head].len = (uint16_t)len;
	r->slot[r->head].flags = 0;
	r->cur = r->head = common_next(r, r->head);
}

void
common_frame(uint8_t *out, const uint8_t dst[6], const uint8_t src[6], uint32_t len, uint8_t first)
{
	uint32_t i;

	memcpy(out, dst, 6);
	memcpy(out + 6, src, 6);
	out[12] = 0x88;
	out[13] = 0xb5; /* for local experiments */
	for (i = 14; i < len; i++)
		out[i] = (uint8_t)(first + i);
}

uint32_t
common_extra_pop(struct netmap_ring *any, uint32_t *head)
{
	uint32_t idx = *head;

	if (idx)
		memcpy(head, NETMAP_BUF(any, idx), sizeof(*head));
	return idx;
}

void
common_extra_push(struct netmap_ring *any, uint32_t *head, uint32_t idx)
{
	memcpy(NETMAP_BUF(any, idx), head, sizeof(*head));
	*head = idx;
}
