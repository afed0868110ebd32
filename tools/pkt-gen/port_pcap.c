/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port_pcap.c - pcap:FILE and pcap:DEVICE as a port. A name that is an interface is captured from and sent to live; any
 * other is a file, read when receiving and written when sending.
 */
#include <errno.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pcapfile.h"
#include "soft.h"

#define LIVE_ROOM (16 << 20) /* bytes the kernel keeps of what came in */

struct pcap_port {
	struct port *port;
	uint64_t frames; /* read */
	pcap_t *pcap;
	struct pcapfile_writer *writer;
	bool live, receives, ended;
};

static int
open_live(struct pcap_port *pp, const char *name, const struct options *o, char *text)
{
	pcap_t *p = pcap_create(name, text);

	if (!p)
		return -ENODEV;
	pcap_set_snaplen(p, FRAME_MAX);
	pcap_set_promisc(p, 1);
	/* each frame at once costs a slot of the greatest length; who only receives can wait for some together */
	pcap_set_immediate_mode(p, !options_receives(o));
	pcap_set_buffer_size(p, LIVE_ROOM);
	pcap_set_timeout(p, 10);
	if (pcap_activate(p) < 0) {
		snprintf(text, PCAP_ERRBUF_SIZE, "%.200s", pcap_geterr(p));
		pcap_close(p);
		return -EACCES;
	}
	if (pcap_setnonblock(p, 1, text) != 0) {
		pcap_close(p);
		return -EIO;
	}
	pp->pcap = p;
	pp->live = true;
	return 0;
}

static int
open_any(struct pcap_port *pp, struct port *p, const struct options *o, char *err)
{
	const char *name = p->name + strlen("pcap:");
	char text[PCAP_ERRBUF_SIZE] = "", why[PCAPFILE_ERRLEN];
	int rc = 0;

	if (if_nametoindex(name)) {
		port_look_up(p, name);
		rc = open_live(pp, name, o, text);
		pp->receives = !options_sends(o);
	} else if (options_sends(o)) {
		pp->writer = pcapfile_create(name, 0, why);
		if (!pp->writer) {
			snprintf(err, PORT_ERRLEN, "%.60s: %.400s", p->name, why);
			return -EIO;
		}
	} else if (options_receives(o)) {
		pp->pcap = pcap_open_offline(name, text);
		if (!pp->pcap)
			rc = -EINVAL;
	} else {
		snprintf(err, PORT_ERRLEN, "%s: no interface of this name, and a file cannot ping or pong", p->name);
		return -EINVAL;
	}
	if (rc) {
		snprintf(err, PORT_ERRLEN, "%s: neither a usable interface nor a pcap file: %s; see: ip link, file NAME", p->name, text);
	} else if (pp->pcap) {
		rc = pcapfile_ethernet(pp->pcap, p->name, why);
		if (rc) {
			snprintf(err, PORT_ERRLEN, "%s", why);
			pcap_close(pp->pcap);
		}
	}
	return rc;
}

static int
pcap_port_open(struct port *p, const struct options *o, unsigned thread, char *err)
{
	struct pcap_port *pp;
	int rc;

	(void)thread;
	rc = soft_open(p, o, err);
	if (rc)
		return rc;
	pp = calloc(1, sizeof(*pp));
	if (pp) {
		rc = open_any(pp, p, o, err);
	} else {
		snprintf(err, PORT_ERRLEN, "%s: no memory", p->name);
		rc = -ENOMEM;
	}
	if (rc) {
		free(pp);
		soft_close(p);
		return rc;
	}
	pp->port = p;
	p->home = pp;
	return 0;
}

static int
pcap_port_close(struct port *p)
{
	struct pcap_port *pp = p->home;
	int rc = pp->writer ? pcapfile_close(pp->writer) : 0;
	struct pcap_stat st;

	if (pp->live && pp->receives && pcap_stats(pp->pcap, &st) == 0 && st.ps_drop)
		fprintf(stderr, "pkt-gen: %s: %u frames were dropped: they came in faster than they were taken\n", p->name, st.ps_drop);
	if (rc && !p->why[0])
		fprintf(stderr, "pkt-gen: %s: cannot write to it: %s; free some space or write elsewhere\n", p->name, strerror(-rc));
	if (pp->pcap)
		pcap_close(pp->pcap);
	free(pp);
	soft_close(p);
	return rc;
}

static int
sink(void *arg, const uint8_t *data, uint32_t len)
{
	struct pcap_port *pp = arg;
	struct timespec t;
	int rc;

	if (pp->writer) {
		clock_gettime(CLOCK_REALTIME, &t);
		rc = pcapfile_write(pp->writer, data, len, (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
		if (rc)
			snprintf(pp->port->why, PORT_WHYLEN, "cannot write to it: %s; free some space or write elsewhere", strerror(-rc));
		return rc;
	}
	if (pcap_inject(pp->pcap, data, len) >= 0)
		return 0;
	return errno == ENOBUFS || errno == EWOULDBLOCK ? -EAGAIN : errno ? -errno : -EIO;
}

static int
source(void *arg, uint8_t *data, uint32_t room)
{
	struct pcap_port *pp = arg;
	struct pcap_pkthdr *h;
	const uint8_t *from;
	int rc = pp->pcap && !pp->ended ? pcap_next_ex(pp->pcap, &h, &from) : 0;

	if (rc == 1 && h->caplen <= room) {
		pp->frames++;
		memcpy(data, from, h->caplen);
		return (int)h->caplen;
	}
	if (rc == 1) {
		snprintf(pp->port->why, PORT_WHYLEN, "frame %llu has %u bytes, %u fit into the ring; take it out, for instance by editcap, "
		    "or give more slots by -C", (unsigned long long)pp->frames + 1, h->caplen, room);
		return -EMSGSIZE;
	}
	if (rc == PCAP_ERROR && !pp->live)
		snprintf(pp->port->why, PORT_WHYLEN, "the file is damaged after frame %llu: %.150s; cut it there, for instance by editcap",
		    (unsigned long long)pp->frames, pcap_geterr(pp->pcap));
	if (rc == PCAP_ERROR)
		return -EIO;
	if (rc < 0)
		pp->ended = true;
	return -EAGAIN;
}

static int
pcap_txsync(struct port *p)
{
	return soft_txsync(p, sink, p->home);
}

static int
pcap_rxsync(struct port *p)
{
	struct pcap_port *pp = p->home;
	int rc = soft_rxsync(p, source, pp);

	p->ended = pp->ended;
	return rc;
}

static int
pcap_wait(struct port *p, short events, int timeout_ms)
{
	struct pcap_port *pp = p->home;
	struct pollfd pfd = { .fd = pp->live ? pcap_get_selectable_fd(pp->pcap) : -1, .events = events };
	int rc, round, ready;

	for (round = 0;; round++) {
		rc = pcap_txsync(p);
		if (!rc && (events & POLLIN))
			rc = pcap_rxsync(p);
		if (rc)
			return rc;
		ready = soft_ready(p, events);
		if (ready || round || pp->ended)
			return ready;
		poll(&pfd, 1, timeout_ms);
	}
}

const struct port_ops port_pcap_ops = { pcap_port_open, pcap_port_close, pcap_txsync, pcap_rxsync, pcap_wait };
