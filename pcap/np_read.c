/* SPDX-License-Identifier: BSD-2-Clause */
/* np_read.c - dispatch, loop, next: how many frames, and how long to wait for them. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "np_handle.h"
#include "np_sys.h"

/* The call to break was heard. */
static int
broken(struct np_handle *h)
{
	uint64_t n;

	while (read(h->wake, &n, sizeof(n)) < 0 && errno == EINTR)
		;
	__atomic_store_n(&h->broken, 0, __ATOMIC_RELEASE);
	return PCAP_ERROR_BREAK;
}

/* Hands over `max` frames at most, at least one unless the time passes. Their number, 0 or an error. */
static int
read_some(struct np_handle *h, int max, pcap_handler cb, u_char *user, bool block, bool hold)
{
	uint64_t end = 0;
	int n;

	for (;;) {
		if (__atomic_load_n(&h->broken, __ATOMIC_ACQUIRE)) {
			n = broken(h);
			break;
		}
		n = np_take(h, max, cb, user, hold);
		if (n > 0)
			break;
		if (__atomic_load_n(&h->broken, __ATOMIC_ACQUIRE))
			continue;
		n = np_wait(h, block, &end);
		if (n <= 0)
			break;
	}
	/* slots that the engine does not know to be free are no room for what comes before the next call */
	if (n > 0 && h->given > h->rx[0].n / 4)
		(void)np_wait_sync(h); /* its error comes again */
	np_wait_settle(h);
	return n;
}

int
pcap_dispatch(pcap_t *p, int cnt, pcap_handler cb, u_char *user)
{
	struct np_handle *h = np_handle_of(p);
	int r;

	if (!h)
		return np_sys.pcap_dispatch(p, cnt, cb, user);
	if (h->active)
		return read_some(h, cnt > 0 ? cnt : -1, cb, user, !h->nonblock, false);
	r = np_sys.pcap_dispatch(np_handle_ask(h), cnt, cb, user);
	np_handle_hear(h);
	return r;
}

int
pcap_loop(pcap_t *p, int cnt, pcap_handler cb, u_char *user)
{
	struct np_handle *h = np_handle_of(p);
	int r;

	if (!h)
		return np_sys.pcap_loop(p, cnt, cb, user);
	if (!h->active) {
		r = np_sys.pcap_loop(np_handle_ask(h), cnt, cb, user);
		np_handle_hear(h);
		return r;
	}
	for (;;) {
		/* it has to wait in either mode: in the non-blocking one, too, it returns for an end only */
		r = read_some(h, cnt > 0 ? cnt : -1, cb, user, true, false);
		if (r < 0)
			return r;
		if (cnt > 0) {
			cnt -= r;
			if (cnt <= 0)
				return 0;
		}
	}
}

/* Who selects by itself gets a copy, since what is held would count as unread. */
static void
keep(u_char *user, const struct pcap_pkthdr *hdr, const u_char *data)
{
	struct np_handle *h = (struct np_handle *)(void *)user;

	h->last = *hdr;
	h->last_data = data;
	if (h->exposed && data != h->whole) {
		memcpy(h->whole, data, hdr->caplen);
		h->last_data = h->whole;
	}
}

static int
next_one(struct np_handle *h)
{
	return read_some(h, 1, keep, (u_char *)h, !h->nonblock, !h->exposed);
}

int
pcap_next_ex(pcap_t *p, struct pcap_pkthdr **hdr, const u_char **data)
{
	struct np_handle *h = np_handle_of(p);
	int r;

	if (!h)
		return np_sys.pcap_next_ex(p, hdr, data);
	if (!h->active) {
		r = np_sys.pcap_next_ex(np_handle_ask(h), hdr, data);
		np_handle_hear(h);
		return r;
	}
	r = next_one(h);
	*hdr = r > 0 ? &h->last : NULL;
	*data = r > 0 ? h->last_data : NULL;
	return r;
}

const u_char *
pcap_next(pcap_t *p, struct pcap_pkthdr *hdr)
{
	struct np_handle *h = np_handle_of(p);
	const u_char *data;

	if (!h)
		return np_sys.pcap_next(p, hdr);
	if (!h->active) {
		data = np_sys.pcap_next(np_handle_ask(h), hdr);
		np_handle_hear(h);
		return data;
	}
	if (next_one(h) <= 0)
		return NULL;
	*hdr = h->last;
	return h->last_data;
}
