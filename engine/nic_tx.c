/* SPDX-License-Identifier: BSD-2-Clause */
/* nic_tx.c - from a transmit ring to the interface, by batches. Runs in the worker. */
#include "nic.h"
#include "nm_frame.h"
#include "nm_root.h"

struct batch {
	struct iovec iov[NIC_BATCH + NETMAP_MAX_FRAGS];
	struct nic_out out[NIC_BATCH];
	uint32_t end[NIC_BATCH]; /* slots used up to and with this frame */
	uint32_t bytes[NIC_BATCH];
	uint32_t n, niov;
};

/* A slot as an element to send; 0 or the counter of why not. */
static int
take_slot(struct nm_kring *kr, const struct netmap_slot *s, struct iovec *v)
{
	uint32_t offset;
	int bad = nm_frame_slot(kr, s, &offset);

	if (!bad)
		*v = (struct iovec){nm_kring_buf(kr, s->buf_idx) + offset, s->len};
	return bad;
}

/* The frame at slot i into the batch; returns its slots. *bad is the counter of why it can't be sent, or 0. */
static uint32_t
take_frame(struct nm_kring *kr, struct batch *b, uint32_t i, uint32_t avail, int *bad)
{
	struct iovec *first = &b->iov[b->niov];
	uint32_t used = 0, bytes = 0;
	struct netmap_slot s;
	int why;

	*bad = 0;
	do {
		s = nm_kring_snapshot(&kr->slots[i]);
		why = used < NETMAP_MAX_FRAGS ? take_slot(kr, &s, &first[used]) : NM_STAT_drop_bad_frags;
		if (why && !*bad)
			*bad = why;
		if (s.flags & (NS_BUF_CHANGED | NS_REPORT)) /* what makes a frame bad stays: it may be looked at again */
			NM_WRITE_ONCE(kr->slots[i].flags, s.flags & ~(NS_BUF_CHANGED | NS_REPORT));
		bytes += s.len;
		used++;
		i = nm_ring_add(i, 1, kr->nslots);
	} while ((s.flags & NS_MOREFRAG) && used < avail);
	if (s.flags & NS_MOREFRAG)
		*bad = NM_STAT_drop_bad_frags;
	if (!*bad && bytes < 14)
		*bad = NM_STAT_drop_short;
	b->bytes[b->n] = bytes;
	b->out[b->n] = (struct nic_out){first, used};
	return used;
}

/* Whole frames from hwcur on. A bad one ends the batch, or is consumed when it is the first. */
static void
gather(struct nm_kring *kr, struct batch *b)
{
	uint32_t avail = nm_ring_dist(kr->hwcur, kr->rhead, kr->nslots), used = 0, slots;
	int bad;

	b->n = b->niov = 0;
	while (used < avail && b->n < NIC_BATCH && b->niov < NIC_BATCH) {
		slots = take_frame(kr, b, nm_ring_add(kr->hwcur, used, kr->nslots), avail - used, &bad);
		if (bad && b->n)
			break;
		if (bad) {
			kr->stat[NM_STAT_tx_packets]++;
			kr->stat[bad]++;
			kr->hwcur = nm_ring_add(kr->hwcur, slots, kr->nslots);
			avail -= slots;
			continue;
		}
		used += slots;
		b->niov += slots;
		b->end[b->n++] = used;
	}
}

/* Counts and consumes the first n frames of the batch. */
static void
consume(struct nm_kring *kr, const struct batch *b, uint32_t n, int counter)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		kr->stat[NM_STAT_tx_bytes] += b->bytes[i];
	kr->stat[NM_STAT_tx_packets] += n;
	kr->stat[counter] += n;
	if (n)
		kr->hwcur = nm_ring_add(kr->hwcur, b->end[n - 1], kr->nslots);
}

static struct nic_link *
link_of(struct nm_kring *kr)
{
	struct nic *n = kr->port->priv;

	return &n->link[kr->is_host ? NIC_HOST : NIC_WIRE];
}

int
nic_tx_sync(struct nm_kring *kr)
{
	struct nic_link *l = link_of(kr);
	uint32_t budget = kr->port->root->limits.bridge_batch / NIC_BATCH + 1;
	struct batch b;
	int sent;

	if (NM_READ_ONCE(kr->port->gone) || !l->kind)
		return -EIO;
	NM_WRITE_ONCE(kr->blocked, false);
	while (kr->hwcur != kr->rhead && budget--) {
		gather(kr, &b);
		if (!b.n)
			continue;
		sent = l->kind->transmit(l, b.out, b.n);
		if (sent == -EAGAIN) { /* the thread kicks the senders when there is room; in a switch, that asks for it */
			NM_WRITE_ONCE(kr->blocked, true);
			if (!kr->wrap)
				nm_os_tx_later(kr);
			break;
		}
		if (sent < 0)
			consume(kr, &b, 1, NM_STAT_drop_no_backend);
		else
			consume(kr, &b, (uint32_t)sent, NM_STAT_forwarded);
	}
	kr->hwtail = nm_ring_add(kr->hwcur, kr->nslots - 1, kr->nslots);
	return 0;
}
