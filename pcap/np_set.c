/* SPDX-License-Identifier: BSD-2-Clause */
/* np_set.c - what may be changed while a handle is active, and what it can tell of itself. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "np_handle.h"
#include "np_sys.h"

/* What the handle is asked before it is active is for its shadow to refuse. */
#define REFUSED(call) \
	do { \
		int refused_ = np_sys.call; \
\
		np_handle_hear(h); \
		return refused_; \
	} while (0)

int
pcap_setfilter(pcap_t *p, struct bpf_program *f)
{
	struct np_handle *h = np_handle_of(p);
	struct bpf_insn *copy;
	size_t size;

	if (!h)
		return np_sys.pcap_setfilter(p, f);
	if (!h->active)
		REFUSED(pcap_setfilter(np_handle_ask(h), f));
	if (!f)
		return np_handle_fail(h, PCAP_ERROR, "setfilter: No filter specified");
	if (!f->bf_insns || !np_sys.bpf_validate(f->bf_insns, (int)f->bf_len))
		return np_handle_fail(h, PCAP_ERROR, "BPF program is not valid");
	size = f->bf_len * sizeof(*copy);
	copy = malloc(size);
	if (!copy)
		return np_handle_fail(h, PCAP_ERROR, "malloc: %s", strerror(errno));
	memcpy(copy, f->bf_insns, size);
	free(h->filter.bf_insns);
	h->filter = (struct bpf_program){.bf_len = f->bf_len, .bf_insns = copy};
	return 0;
}

int
pcap_setdirection(pcap_t *p, pcap_direction_t d)
{
	struct np_handle *h = np_handle_of(p);

	if (!h)
		return np_sys.pcap_setdirection(p, d);
	if (!h->active)
		REFUSED(pcap_setdirection(np_handle_ask(h), d));
	if (d != PCAP_D_INOUT && d != PCAP_D_IN && d != PCAP_D_OUT)
		return np_handle_fail(h, PCAP_ERROR, "Invalid direction");
	if (d == PCAP_D_OUT && !h->monitor)
		return np_handle_fail(h, PCAP_ERROR, "%s receives only what is sent to it; what a port sends is seen by its monitor, PORT/t", h->name);
	h->direction = d;
	return 0;
}

int
pcap_setnonblock(pcap_t *p, int on, char *err)
{
	struct np_handle *h = np_handle_of(p);
	int r;

	if (!h)
		return np_sys.pcap_setnonblock(p, on, err);
	if (!h->active) {
		r = np_sys.pcap_setnonblock(h->shadow, on, err);
		if (r < 0)
			return r;
	}
	h->nonblock = on != 0;
	return 0;
}

int
pcap_getnonblock(pcap_t *p, char *err)
{
	struct np_handle *h = np_handle_of(p);

	if (!h)
		return np_sys.pcap_getnonblock(p, err);
	return h->active ? h->nonblock : np_sys.pcap_getnonblock(h->shadow, err);
}

int
pcap_bufsize(pcap_t *p)
{
	struct np_handle *h = np_handle_of(p);

	if (!h)
		return np_sys.pcap_bufsize(p);
	if (!h->active)
		REFUSED(pcap_bufsize(np_handle_ask(h)));
	return h->nrx ? (int)(h->rx[0].n * h->rx[0].stride) : 0;
}

int
np_set_lost(struct np_handle *h, uint64_t *drop, uint64_t *ifdrop)
{
	struct nmreq_stats st = {.nr_scope = NM_STATS_PORT};
	struct nmreq_header hdr;

	nmreq_header_init(&hdr, NETMAP_REQ_STATS_GET, &st); /* without a name: of our own, which is another than a monitor's target */
	if (ioctl(h->d->fd, NIOCCTRL, &hdr) < 0)
		return -errno;
	*drop = st.nr_counter[NM_STAT_overrun] + st.nr_counter[NM_STAT_missed] + st.nr_counter[NM_STAT_monitor_full];
	*ifdrop = st.nr_counter[NM_STAT_refused] + st.nr_counter[NM_STAT_monitor_bad];
	return 0;
}

int
pcap_stats(pcap_t *p, struct pcap_stat *to)
{
	struct np_handle *h = np_handle_of(p);
	uint64_t drop = 0, ifdrop = 0;
	int err;

	if (!h)
		return np_sys.pcap_stats(p, to);
	if (!h->active)
		REFUSED(pcap_stats(np_handle_ask(h), to));
	err = np_set_lost(h, &drop, &ifdrop);
	if (err)
		return np_handle_fail(h, PCAP_ERROR, "%s: the engine does not tell what was lost: %s", h->name, strerror(-err));
	memset(to, 0, sizeof(*to));
	to->ps_recv = (u_int)h->passed;
	to->ps_drop = (u_int)(drop - h->base_drop + h->bad);
	to->ps_ifdrop = (u_int)(ifdrop - h->base_if);
	return 0;
}
