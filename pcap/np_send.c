/* SPDX-License-Identifier: BSD-2-Clause */
/* np_send.c - frames out of the port. Several threads may send. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

#include "np_handle.h"
#include "np_sys.h"

#define SHORTEST 14

/* Hands over what was put into the rings, without waiting for its end; with `wait`, until there is room. 0 or an errno. */
static int
flush(struct np_handle *h, bool wait)
{
	struct pollfd p = {.fd = h->d->fd, .events = POLLOUT};
	int n = poll(&p, 1, wait ? -1 : 0);

	if (n < 0)
		return errno == EINTR ? 0 : errno;
	return p.revents & (POLLERR | POLLHUP | POLLNVAL) ? ENETDOWN : 0;
}

static int
send_locked(struct np_handle *h, const void *data, size_t size)
{
	int err;

	while (nmport_inject(h->d, data, size) == 0) {
		err = flush(h, false);
		if (!err && nmport_inject(h->d, data, size) > 0)
			break;
		if (!err && h->nonblock)
			err = EAGAIN;
		if (!err)
			err = flush(h, true);
		if (err)
			return err;
	}
	return flush(h, false);
}

/* Bytes of a frame that an empty ring takes. */
static size_t
longest(const struct nmport_d *d)
{
	const struct netmap_ring *r = NETMAP_TXRING(d->nifp, d->first_tx_ring);
	size_t slots = r->num_slots - 1;

	return (slots < NETMAP_MAX_FRAGS ? slots : NETMAP_MAX_FRAGS) * r->nr_buf_size;
}

static int
inject(struct np_handle *h, const void *data, size_t size)
{
	const struct nmport_d *d = h->d;
	int err = 0;

	if (h->monitor || d->first_tx_ring > d->last_tx_ring)
		err = EOPNOTSUPP; /* or a port that was opened to receive */
	else if (size < SHORTEST)
		err = EINVAL;
	else if (size > longest(d))
		err = EMSGSIZE;
	if (!err) {
		pthread_mutex_lock(&h->tx_lock);
		err = send_locked(h, data, size);
		pthread_mutex_unlock(&h->tx_lock);
	}
	if (!err)
		return (int)size;
	np_handle_fail(h, PCAP_ERROR, "send: %s", strerror(err));
	errno = err;
	return PCAP_ERROR;
}

int
pcap_inject(pcap_t *p, const void *data, size_t size)
{
	struct np_handle *h = np_handle_of(p);
	int r;

	if (!h)
		return np_sys.pcap_inject(p, data, size);
	if (h->active && size <= INT_MAX)
		return inject(h, data, size);
	r = np_sys.pcap_inject(np_handle_ask(h), data, size);
	np_handle_hear(h);
	return r;
}

int
pcap_sendpacket(pcap_t *p, const u_char *data, int size)
{
	struct np_handle *h = np_handle_of(p);
	int r;

	if (!h)
		return np_sys.pcap_sendpacket(p, data, size);
	if (h->active && size >= 0)
		return inject(h, data, (size_t)size) < 0 ? PCAP_ERROR : 0;
	r = np_sys.pcap_sendpacket(np_handle_ask(h), data, size);
	np_handle_hear(h);
	return r;
}
