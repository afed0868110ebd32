/* SPDX-License-Identifier: BSD-2-Clause */
/* np_open.c - a handle's life: create, set, activate, close. Names netmap:* and vale*:* are ours. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "np_handle.h"
#include "np_sys.h"

#define SNAPLEN_MAX 262144 /* what the system's library takes for "all", if it is given nothing better */
#define SLOTS_MAX 4096u    /* of a port that is made by opening it */
#define SLOTS_MIN 64u
#define SLOT_BYTES 2048u   /* of the buffer that is asked for */

/* What libnetmap said last in this thread, without its newlines. */
static __thread char said[NP_WHY];

static void
ctx_error(struct nmctx *ctx, const char *text)
{
	(void)ctx;
	snprintf(said, sizeof(said), "%s", text);
}

static void *
ctx_malloc(struct nmctx *ctx, size_t size)
{
	(void)ctx;
	return malloc(size);
}

static void
ctx_free(struct nmctx *ctx, void *p)
{
	(void)ctx;
	free(p);
}

static void
ctx_lock(struct nmctx *ctx, int on)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	(void)ctx;
	if (on)
		pthread_mutex_lock(&lock);
	else
		pthread_mutex_unlock(&lock);
}

static struct nmctx ctx = {.error = ctx_error, .malloc = ctx_malloc, .free = ctx_free, .lock = ctx_lock};

bool
np_open_is_ours(const char *device)
{
	if (!device)
		return false;
	if (strncmp(device, "netmap:", 7) == 0)
		return true;
	return strncmp(device, "vale", 4) == 0 && strchr(device, ':') != NULL;
}

pcap_t *
pcap_create(const char *device, char *err)
{
	struct np_handle *h;

	if (!np_open_is_ours(device))
		return np_sys.pcap_create(device, err);
	err[0] = '\0';
	h = np_handle_new(device, err);
	return h ? np_handle_pcap(h) : NULL;
}

/* The shadow decides whether it may be set now; only then the value is ours. */
#define SETTER(name, field) \
	int name(pcap_t *p, int value) \
	{ \
		struct np_handle *h = np_handle_of(p); \
		int r; \
\
		if (!h) \
			return np_sys.name(p, value); \
		r = np_sys.name(np_handle_ask(h), value); \
		np_handle_hear(h); \
		if (r == 0) \
			h->field = value; \
		return r; \
	}

SETTER(pcap_set_snaplen, snaplen)
SETTER(pcap_set_timeout, timeout_ms)
SETTER(pcap_set_buffer_size, buffer)
SETTER(pcap_set_rfmon, rfmon)

/* The shadow is of a device that knows microseconds only. */
int
pcap_set_tstamp_precision(pcap_t *p, int precision)
{
	struct np_handle *h = np_handle_of(p);
	int r;

	if (!h)
		return np_sys.pcap_set_tstamp_precision(p, precision);
	r = np_sys.pcap_set_tstamp_precision(np_handle_ask(h), precision == PCAP_TSTAMP_PRECISION_NANO ? PCAP_TSTAMP_PRECISION_MICRO : precision);
	np_handle_hear(h);
	if (r == 0)
		h->precision = (u_int)precision;
	return r;
}

int
pcap_get_tstamp_precision(pcap_t *p)
{
	struct np_handle *h = np_handle_of(p);

	return h ? (int)h->precision : np_sys.pcap_get_tstamp_precision(p);
}

int
pcap_can_set_rfmon(pcap_t *p)
{
	return np_handle_of(p) ? 0 : np_sys.pcap_can_set_rfmon(p);
}

/* Slots for so many bytes, as a power of two; as many as possible if nothing was asked. */
static uint32_t
slots_for(int bytes)
{
	uint32_t n = SLOTS_MIN;

	if (bytes <= 0)
		return SLOTS_MAX;
	while (n < SLOTS_MAX && (uint64_t)n * SLOT_BYTES < (uint32_t)bytes)
		n *= 2;
	return n;
}

static int
find_rings(struct np_handle *h)
{
	struct nmport_d *d = h->d;
	const char *end = (const char *)d->mem->mem + d->mem->size;
	uint32_t most = 0, i;

	h->nrx = d->first_rx_ring <= d->last_rx_ring ? (uint32_t)d->last_rx_ring - d->first_rx_ring + 1 : 0;
	h->rx = calloc(h->nrx + 1, sizeof(*h->rx));
	if (!h->rx)
		return -ENOMEM;
	for (i = 0; i < h->nrx; i++) {
		struct np_ring *r = &h->rx[i];

		r->ring = NETMAP_RXRING(d->nifp, d->first_rx_ring + i);
		r->n = r->ring->num_slots;
		r->stride = r->ring->nr_buf_size;
		r->buf0 = (char *)r->ring + r->ring->buf_ofs;
		r->next = r->ring->head;
		r->stuck = UINT32_MAX;
		if (r->n == 0 || r->stride == 0 || r->buf0 > end || r->next >= r->n)
			return -EPROTO;
		r->bufs = (uint32_t)((uint64_t)(end - r->buf0) / r->stride);
		most = r->stride > most ? r->stride : most;
	}
	h->whole_size = (most ? most : SLOT_BYTES) * NETMAP_MAX_FRAGS;
	h->whole = malloc(h->whole_size);
	return h->whole ? 0 : -ENOMEM;
}

static void
close_port(struct np_handle *h)
{
	np_wait_close(h);
	free(h->rx);
	free(h->whole);
	h->rx = NULL;
	h->whole = NULL;
	h->nrx = 0;
	nmport_close(h->d);
	h->d = NULL;
}

/* 0 or -errno, with the reason in `said`. */
static int
open_port(struct np_handle *h)
{
	uint64_t drop, ifdrop;
	int err;

	said[0] = '\0';
	h->d = nmport_new_with_ctx(&ctx);
	if (!h->d)
		return -ENOMEM;
	if (nmport_parse(h->d, h->name) < 0)
		goto fail;
	if (!h->d->reg.nr_rx_slots)
		h->d->reg.nr_rx_slots = slots_for(h->buffer);
	h->d->reg.nr_flags |= NR_NO_TX_POLL;
	if (nmport_open_desc(h->d) < 0)
		goto fail;
	h->monitor = (h->d->reg.nr_flags & (NR_MONITOR_TX | NR_MONITOR_RX)) != 0;
	err = find_rings(h);
	if (!err)
		err = np_wait_open(h);
	if (!err && np_set_lost(h, &drop, &ifdrop) == 0) { /* an engine that does not count has lost nothing that we know of */
		h->base_drop = drop;
		h->base_if = ifdrop;
	}
	if (err)
		close_port(h);
	return err;
fail:
	err = -errno;
	close_port(h);
	return err;
}

static int
status_of(int err)
{
	switch (err) {
	case -ENXIO:
	case -ENODEV:
		return PCAP_ERROR_NO_SUCH_DEVICE;
	case -EACCES:
	case -EPERM:
		return PCAP_ERROR_PERM_DENIED;
	}
	return PCAP_ERROR;
}

static int
activate(struct np_handle *h)
{
	pcap_t *dead;
	int err;

	if (h->rfmon)
		return np_handle_fail(h, PCAP_ERROR_RFMON_NOTSUP, "%s", np_sys.pcap_statustostr(PCAP_ERROR_RFMON_NOTSUP));
	if (h->snaplen <= 0 || h->snaplen > SNAPLEN_MAX)
		h->snaplen = SNAPLEN_MAX;
	dead = np_sys.pcap_open_dead_with_tstamp_precision(DLT_EN10MB, h->snaplen, h->precision);
	if (!dead)
		return np_handle_fail(h, PCAP_ERROR, "no memory for a handle");
	err = open_port(h);
	if (err) {
		np_sys.pcap_close(dead);
		return np_handle_fail(h, status_of(err), "%s", said[0] ? said : strerror(-err));
	}
	np_sys.pcap_close(h->shadow);
	h->shadow = dead;
	h->active = true;
	return 0;
}

int
pcap_activate(pcap_t *p)
{
	struct np_handle *h = np_handle_of(p);
	int r;

	if (!h)
		return np_sys.pcap_activate(p);
	if (!h->active)
		return activate(h);
	r = np_sys.pcap_activate(np_handle_ask(h));
	np_handle_hear(h);
	return r;
}

/* As the system's library words it. */
static void
why_not(const char *device, int status, const char *text, char *err)
{
	if (status == PCAP_ERROR)
		snprintf(err, PCAP_ERRBUF_SIZE, "%s: %.*s", device, PCAP_ERRBUF_SIZE - 5, text);
	else if (*text && (status == PCAP_ERROR_NO_SUCH_DEVICE || status == PCAP_ERROR_PERM_DENIED))
		snprintf(err, PCAP_ERRBUF_SIZE, "%s: %s (%.*s)", device, np_sys.pcap_statustostr(status), PCAP_ERRBUF_SIZE - 6, text);
	else
		snprintf(err, PCAP_ERRBUF_SIZE, "%s: %s", device, np_sys.pcap_statustostr(status));
}

pcap_t *
pcap_open_live(const char *device, int snaplen, int promisc, int timeout_ms, char *err)
{
	pcap_t *p;
	int r;

	if (!np_open_is_ours(device))
		return np_sys.pcap_open_live(device, snaplen, promisc, timeout_ms, err);
	p = pcap_create(device, err);
	if (!p)
		return NULL;
	pcap_set_snaplen(p, snaplen);
	pcap_set_promisc(p, promisc);
	pcap_set_timeout(p, timeout_ms);
	r = pcap_activate(p);
	if (r >= 0)
		return p;
	why_not(device, r, pcap_geterr(p), err);
	pcap_close(p);
	return NULL;
}

void
pcap_close(pcap_t *p)
{
	struct np_handle *h = np_handle_of(p);

	if (!h) {
		np_sys.pcap_close(p);
		return;
	}
	if (h->active) {
		np_take_release(h);
		close_port(h);
		h->active = false;
	}
	free(h->filter.bf_insns);
	pthread_mutex_destroy(&h->tx_lock);
	np_handle_free(h);
}
