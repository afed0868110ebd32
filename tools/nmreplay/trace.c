/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.c - all frames of a pcap or pcapng file, which libpcap reads. */
#include "trace.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct room {
	size_t frames, bytes;
};

/* Doubles *buf until it holds need bytes. */
static int
grow(void **buf, size_t *room, size_t need)
{
	size_t n = *room ? *room : 65536;
	void *p;

	while (n < need)
		n *= 2;
	if (n == *room)
		return 0;
	p = realloc(*buf, n);
	if (!p)
		return -ENOMEM;
	*buf = p;
	*room = n;
	return 0;
}

static int
add(struct trace *t, struct room *r, const struct pcap_pkthdr *h, const uint8_t *data)
{
	int rc = grow((void **)&t->frame, &r->frames, (t->n + 1) * sizeof(*t->frame));

	if (!rc)
		rc = grow((void **)&t->data, &r->bytes, t->bytes + h->caplen);
	if (rc)
		return rc;
	memcpy(t->data + t->bytes, data, h->caplen);
	t->frame[t->n++] = (struct trace_frame){ t->bytes, (uint64_t)h->ts.tv_sec * 1000000000u + (uint64_t)h->ts.tv_usec, h->caplen };
	t->bytes += h->caplen;
	t->cut += h->caplen < h->len;
	if (h->caplen > t->longest)
		t->longest = h->caplen;
	if (t->n == 1 || h->caplen < t->shortest)
		t->shortest = h->caplen;
	return 0;
}

static int
load_frames(struct trace *t, pcap_t *p, const char *path, char *err)
{
	struct room r = { 0, 0 };
	struct pcap_pkthdr *h;
	const uint8_t *data;
	int rc;

	while ((rc = pcap_next_ex(p, &h, &data)) == 1) {
		if (h->caplen < TRACE_LEAST || h->caplen > TRACE_MOST) {
			snprintf(err, TRACE_ERRLEN, "%s: frame %zu has %u bytes, a frame has %u to %u; take it out, for instance by editcap",
			    path, t->n + 1, h->caplen, TRACE_LEAST, TRACE_MOST);
			return -EINVAL;
		}
		if (add(t, &r, h, data)) {
			snprintf(err, TRACE_ERRLEN, "%s: no memory for its frames, %zu read so far; split the file", path, t->n);
			return -ENOMEM;
		}
	}
	if (rc == PCAP_ERROR) {
		snprintf(err, TRACE_ERRLEN, "%s: damaged after frame %zu: %s", path, t->n, pcap_geterr(p));
		return -EINVAL;
	}
	if (!t->n) {
		snprintf(err, TRACE_ERRLEN, "%s: holds no frame, nothing to send", path);
		return -EINVAL;
	}
	return 0;
}

int
trace_load(struct trace *t, const char *path, char *err)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	size_t n = strlen(path);
	pcap_t *p;
	int rc;

	memset(t, 0, sizeof(*t));
	p = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, text);
	if (!p) {
		/* of a file that cannot be opened libpcap names the path too */
		snprintf(err, TRACE_ERRLEN, "%s: cannot be read as a pcap file: %s", path,
		    strncmp(text, path, n) == 0 && strncmp(text + n, ": ", 2) == 0 ? text + n + 2 : text);
		return -EINVAL;
	}
	if (pcap_datalink(p) != DLT_EN10MB) {
		const char *name = pcap_datalink_val_to_name(pcap_datalink(p));

		snprintf(err, TRACE_ERRLEN, "%s: holds frames of link type %s, only EN10MB (Ethernet) can be sent", path, name ? name : "?");
		rc = -EINVAL;
	} else {
		rc = load_frames(t, p, path, err);
	}
	pcap_close(p);
	if (rc)
		trace_free(t);
	return rc;
}

void
trace_free(struct trace *t)
{
	free(t->frame);
	free(t->data);
	memset(t, 0, sizeof(*t));
}
