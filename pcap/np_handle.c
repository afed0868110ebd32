/* SPDX-License-Identifier: BSD-2-Clause */
/* np_handle.c - the handles, and their errors. */
#include "np_handle.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "np_sys.h"

/* A device whose handle has no descriptor before it is activated: those of interfaces leave one behind when they never are. */
#define SHADOW "nflog"

struct np_handle np_handles[NP_HANDLES];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool used[NP_HANDLES];
static uint32_t hint;

static struct np_handle *
take_place(void)
{
	struct np_handle *h = NULL;
	uint32_t i, at;

	pthread_mutex_lock(&lock);
	for (i = 0; i < NP_HANDLES && !h; i++) {
		at = (hint + i) % NP_HANDLES;
		if (!used[at]) {
			used[at] = true;
			hint = at;
			h = &np_handles[at];
		}
	}
	pthread_mutex_unlock(&lock);
	return h;
}

static void
leave_place(struct np_handle *h)
{
	uint32_t at = (uint32_t)(h - np_handles);

	pthread_mutex_lock(&lock);
	used[at] = false;
	if (at < hint)
		hint = at;
	pthread_mutex_unlock(&lock);
}

struct np_handle *
np_handle_new(const char *name, char *err)
{
	struct np_handle *h = take_place();

	if (!h) {
		snprintf(err, PCAP_ERRBUF_SIZE, "%.100s: %d netmap handles are open, which is the most; close some", name, NP_HANDLES);
		return NULL;
	}
	memset(h, 0, sizeof(*h));
	h->ep = h->more = h->wake = -1;
	h->name = strdup(name);
	h->shadow = np_sys.pcap_create(SHADOW, err);
	if (!h->name)
		snprintf(err, PCAP_ERRBUF_SIZE, "%.100s: no memory for a handle", name);
	if (h->name && h->shadow) {
		pthread_mutex_init(&h->tx_lock, NULL);
		return h;
	}
	np_handle_free(h);
	return NULL;
}

void
np_handle_free(struct np_handle *h)
{
	if (h->shadow)
		np_sys.pcap_close(h->shadow);
	free(h->name);
	leave_place(h);
}

pcap_t *
np_handle_ask(struct np_handle *h)
{
	np_sys.pcap_geterr(h->shadow)[0] = '\0';
	return h->shadow;
}

void
np_handle_hear(struct np_handle *h)
{
	const char *text = np_sys.pcap_geterr(h->shadow);

	if (*text)
		snprintf(h->err, sizeof(h->err), "%s", text);
}

int
np_handle_fail(struct np_handle *h, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(h->err, sizeof(h->err), fmt, ap);
	va_end(ap);
	return status;
}

char *
pcap_geterr(pcap_t *p)
{
	struct np_handle *h = np_handle_of(p);

	return h ? h->err : np_sys.pcap_geterr(p);
}

void
pcap_perror(pcap_t *p, const char *prefix)
{
	struct np_handle *h = np_handle_of(p);

	if (h)
		fprintf(stderr, "%s: %s\n", prefix, h->err);
	else
		np_sys.pcap_perror(p, prefix);
}
