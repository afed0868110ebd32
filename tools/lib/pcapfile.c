/* SPDX-License-Identifier: BSD-2-Clause */
/* pcapfile.c - pcap files, by libpcap. */
#include "pcapfile.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SNAPLEN 262144

/* What there is memory for, and what of it is used. */
struct room {
	size_t frames, bytes, used;
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
add(struct pcapfile *f, struct room *r, const struct pcapfile_want *want, const struct pcap_pkthdr *h, const uint8_t *data)
{
	size_t at = r->used + want->before;
	int rc = grow((void **)&f->frame, &r->frames, (f->n + 1) * sizeof(*f->frame));

	if (!rc)
		rc = grow((void **)&f->data, &r->bytes, at + h->caplen + want->after);
	if (rc)
		return rc;
	memset(f->data + r->used, 0, want->before);
	memcpy(f->data + at, data, h->caplen);
	f->frame[f->n++] = (struct pcapfile_frame){ at, (uint64_t)h->ts.tv_sec * 1000000000u + (uint64_t)h->ts.tv_usec, h->caplen };
	r->used = at + h->caplen;
	f->bytes += h->caplen;
	f->cut += h->caplen < h->len;
	if (h->caplen > f->longest)
		f->longest = h->caplen;
	if (f->n == 1 || h->caplen < f->shortest)
		f->shortest = h->caplen;
	return 0;
}

static int
load_frames(struct pcapfile *f, pcap_t *p, const char *path, const struct pcapfile_want *want, char *err)
{
	struct room r = { 0, 0, 0 };
	struct pcap_pkthdr *h;
	const uint8_t *data;
	int rc;

	while ((rc = pcap_next_ex(p, &h, &data)) == 1) {
		if (h->caplen < want->least || h->caplen > want->most) {
			snprintf(err, PCAPFILE_ERRLEN, "%s: frame %zu has %u bytes, a frame has %u to %u; take it out, for instance by editcap",
			    path, f->n + 1, h->caplen, want->least, want->most);
			return -EINVAL;
		}
		if (add(f, &r, want, h, data)) {
			snprintf(err, PCAPFILE_ERRLEN, "%s: no memory for its frames, %zu read so far; split the file", path, f->n);
			return -ENOMEM;
		}
	}
	if (rc == PCAP_ERROR) {
		snprintf(err, PCAPFILE_ERRLEN, "%s: damaged after frame %zu: %s", path, f->n, pcap_geterr(p));
		return -EINVAL;
	}
	if (!f->n) {
		snprintf(err, PCAPFILE_ERRLEN, "%s: holds no frame, nothing to send", path);
		return -EINVAL;
	}
	return 0;
}

int
pcapfile_ethernet(struct pcap *p, const char *path, char *err)
{
	const char *name;

	if (pcap_datalink(p) == DLT_EN10MB)
		return 0;
	name = pcap_datalink_val_to_name(pcap_datalink(p));
	snprintf(err, PCAPFILE_ERRLEN, "%s: holds frames of link type %s, only EN10MB (Ethernet) is of use here", path, name ? name : "?");
	return -EINVAL;
}

int
pcapfile_load(struct pcapfile *f, const char *path, const struct pcapfile_want *want, char *err)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	size_t n = strlen(path);
	pcap_t *p;
	int rc;

	memset(f, 0, sizeof(*f));
	p = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, text);
	if (!p) {
		/* of a file that cannot be opened libpcap names the path too */
		snprintf(err, PCAPFILE_ERRLEN, "%s: cannot be read as a pcap file: %s", path,
		    strncmp(text, path, n) == 0 && strncmp(text + n, ": ", 2) == 0 ? text + n + 2 : text);
		return -EINVAL;
	}
	rc = pcapfile_ethernet(p, path, err);
	if (!rc)
		rc = load_frames(f, p, path, want, err);
	pcap_close(p);
	if (rc)
		pcapfile_free(f);
	return rc;
}

void
pcapfile_free(struct pcapfile *f)
{
	free(f->frame);
	free(f->data);
	memset(f, 0, sizeof(*f));
}

/*
 * Records go to the disk in groups of whole ones, so that a file can end behind the last group when the disk is full. pending is less
 * than BUFFER but for one record that is longer, which stdio hands over as it is.
 */
struct pcapfile_writer {
	pcap_t *pcap;
	pcap_dumper_t *dump;
	FILE *file;
	char *buffer;
	off_t safe;      /* bytes of the file that are whole */
	size_t pending;  /* bytes in the buffer */
	uint32_t snaplen;
	int rc;          /* of the first write that failed */
};

#define BUFFER ((size_t)1 << 18)
#define FILE_HEADER 24u
#define RECORD_HEADER 16u

static FILE *
open_output(const char *path)
{
	int fd;
	FILE *f;

	if (strcmp(path, "-"))
		return fopen(path, "w");
	fd = dup(STDOUT_FILENO);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (fd >= 0 && !f)
		close(fd);
	return f;
}

struct pcapfile_writer *
pcapfile_create(const char *path, uint32_t snaplen, char *err)
{
	struct pcapfile_writer *w = calloc(1, sizeof(*w));

	if (!w)
		goto no_memory;
	w->snaplen = snaplen ? snaplen : SNAPLEN;
	w->buffer = malloc(BUFFER);
	w->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, (int)w->snaplen, PCAP_TSTAMP_PRECISION_NANO);
	if (!w->buffer || !w->pcap)
		goto no_memory;
	w->file = open_output(path);
	if (!w->file) {
		snprintf(err, PCAPFILE_ERRLEN, "cannot write %s: %s", path, strerror(errno));
		goto fail;
	}
	setvbuf(w->file, w->buffer, _IOFBF, BUFFER);
	w->dump = pcap_dump_fopen(w->pcap, w->file);
	if (!w->dump) {
		snprintf(err, PCAPFILE_ERRLEN, "cannot write %s: %s", path, pcap_geterr(w->pcap));
		fclose(w->file);
		goto fail;
	}
	w->pending = FILE_HEADER;
	return w;

no_memory:
	snprintf(err, PCAPFILE_ERRLEN, "%s: no memory", path);
fail:
	if (w) {
		if (w->pcap)
			pcap_close(w->pcap);
		free(w->buffer);
		free(w);
	}
	return NULL;
}

/* A file that failed is cut behind its last whole group, a pipe can't be. */
static int
failed(struct pcapfile_writer *w, int rc)
{
	if (!w->rc) {
		w->rc = rc;
		if (ftruncate(fileno(w->file), w->safe) < 0 && errno != EINVAL)
			w->rc = rc; /* what matters is why it could not be written */
	}
	return w->rc;
}

int
pcapfile_flush(struct pcapfile_writer *w)
{
	if (w->rc)
		return w->rc;
	errno = 0;
	if (fflush(w->file))
		return failed(w, errno ? -errno : -EIO);
	w->safe += (off_t)w->pending;
	w->pending = 0;
	return 0;
}

int
pcapfile_write(struct pcapfile_writer *w, const uint8_t *data, uint32_t len, uint64_t ns)
{
	struct pcap_pkthdr h = { .caplen = len < w->snaplen ? len : w->snaplen, .len = len };

	if (w->rc || (w->pending + RECORD_HEADER + h.caplen > BUFFER && pcapfile_flush(w)))
		return w->rc;
	h.ts.tv_sec = (time_t)(ns / 1000000000u);
	h.ts.tv_usec = (suseconds_t)(ns % 1000000000u); /* nanoseconds, by the file's precision */
	errno = 0;
	pcap_dump((u_char *)w->dump, &h, data);
	if (ferror(w->file))
		return failed(w, errno ? -errno : -EIO);
	w->pending += RECORD_HEADER + h.caplen;
	return 0;
}

/* After a failure what is in the buffer must not reach the file any more: the descriptor leads nowhere when that is tried. */
static void
discard(struct pcapfile_writer *w)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, fileno(w->file));
	close(null);
}

int
pcapfile_close(struct pcapfile_writer *w)
{
	int rc = pcapfile_flush(w);

	if (rc)
		discard(w);
	errno = 0;
	if (fclose(w->file) && !rc)
		rc = errno ? -errno : -EIO;
	pcap_close(w->pcap);
	free(w->buffer);
	free(w);
	return rc;
}
