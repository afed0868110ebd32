/* SPDX-License-Identifier: BSD-2-Clause */
/* soft.c - rings in memory of our own. */
#include "soft.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUF 2u /* as in a region: 0 and 1 are nobody's */

static struct netmap_ring *
make_ring(uint32_t slots, uint16_t dir)
{
	size_t head = sizeof(struct netmap_ring) + slots * sizeof(struct netmap_slot);
	size_t at = (head + 4095) & ~(size_t)4095, size = at + (size_t)(slots + FIRST_BUF) * SOFT_BUF;
	struct netmap_ring *ring = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);
	uint32_t i;

	if (!ring)
		return NULL;
	memset(ring, 0, size);
	/* constant to programs, and we are the engine here */
	*(int64_t *)(uintptr_t)&ring->buf_ofs = (int64_t)at;
	*(uint32_t *)(uintptr_t)&ring->num_slots = slots;
	*(uint32_t *)(uintptr_t)&ring->nr_buf_size = SOFT_BUF;
	*(uint16_t *)(uintptr_t)&ring->dir = dir;
	for (i = 0; i < slots; i++)
		ring->slot[i] = (struct netmap_slot){ .buf_idx = i + FIRST_BUF, .len = SOFT_BUF };
	ring->tail = dir ? slots - 1 : 0;
	return ring;
}

int
soft_open(struct port *p, const struct options *o, char *err)
{
	if (o->threads > 1) {
		snprintf(err, PORT_ERRLEN, "%s: has one ring, -p %lld needs more; leave -p out", p->name, (long long)o->threads);
		return -EINVAL;
	}
	p->tx[0] = make_ring(o->conf[0] ? o->conf[0] + 1 : SOFT_SLOTS, 1);
	p->rx[0] = make_ring(o->conf[1] ? o->conf[1] + 1 : SOFT_SLOTS, 0);
	if (!p->tx[0] || !p->rx[0]) {
		free(p->tx[0]);
		free(p->rx[0]);
		snprintf(err, PORT_ERRLEN, "%s: no memory for the rings; give fewer slots by -C", p->name);
		return -ENOMEM;
	}
	p->ntx = p->nrx = 1;
	p->vnet = o->vnet > 0 ? (unsigned)o->vnet : 0;
	return 0;
}

int
soft_close(struct port *p)
{
	free(p->tx[0]);
	free(p->rx[0]);
	return 0;
}

/* Slots of the frame at `at`, 0 if its end is not before head. */
static uint32_t
frame_slots(struct netmap_ring *ring, uint32_t at, uint32_t head)
{
	uint32_t n = 0;

	while (at != head) {
		n++;
		if (!(ring->slot[at].flags & NS_MOREFRAG))
			return n;
		at = nm_ring_next(ring, at);
	}
	return 0;
}

static const uint8_t *
slot_data(struct netmap_ring *ring, const struct netmap_slot *slot)
{
	if (slot->flags & NS_INDIRECT)
		return (const uint8_t *)(uintptr_t)slot->ptr;
	return (const uint8_t *)NETMAP_BUF(ring, slot->buf_idx);
}

int
soft_txsync(struct port *p, soft_sink *sink, void *arg)
{
	struct netmap_ring *ring = p->tx[0];
	uint8_t whole[NETMAP_MAX_FRAGS * SOFT_BUF];
	uint32_t at = nm_ring_next(ring, ring->tail), n, i, len;
	int rc = 0;

	while (sink && (n = frame_slots(ring, at, ring->head)) > 0) {
		const uint8_t *data = slot_data(ring, &ring->slot[at]);
		uint32_t next = at;

		for (i = len = 0; i < n; i++, next = nm_ring_next(ring, next)) {
			if (n > 1 && i < NETMAP_MAX_FRAGS)
				memcpy(whole + len, slot_data(ring, &ring->slot[next]), ring->slot[next].len);
			len += ring->slot[next].len;
		}
		rc = sink(arg, (n > 1 ? whole : data) + p->vnet, len - p->vnet);
		if (rc)
			break;
		at = next;
	}
	if (!sink)
		at = ring->head;
	ring->tail = at == 0 ? ring->num_slots - 1 : at - 1;
	return rc == -EAGAIN ? 0 : rc;
}

/* A frame of len bytes with its header into as many slots as it needs. */
static void
spread(struct netmap_ring *ring, const uint8_t *data, uint32_t len)
{
	uint32_t part;

	do {
		struct netmap_slot *slot = &ring->slot[ring->tail];

		part = len < SOFT_BUF ? len : SOFT_BUF;
		memcpy(NETMAP_BUF(ring, slot->buf_idx), data, part);
		slot->len = (uint16_t)part;
		slot->flags = part < len ? NS_MOREFRAG : 0;
		ring->tail = nm_ring_next(ring, ring->tail);
		data += part;
		len -= part;
	} while (len);
}

int
soft_rxsync(struct port *p, soft_source *source, void *arg)
{
	struct netmap_ring *ring = p->rx[0];
	/* as much as the longest frame needs, or the ring has */
	uint32_t most = (SOFT_FRAME + SOFT_BUF - 1) / SOFT_BUF, want = most < ring->num_slots - 1 ? most : ring->num_slots - 1;
	uint32_t stop = ring->head == 0 ? ring->num_slots - 1 : ring->head - 1;
	uint8_t whole[SOFT_FRAME];
	int n = 0;

	memset(whole, 0, p->vnet);
	while ((stop + ring->num_slots - ring->tail) % ring->num_slots >= want) {
		n = source(arg, whole + p->vnet, (want < most ? want * SOFT_BUF : SOFT_FRAME) - p->vnet);
		if (n < 0)
			break;
		spread(ring, whole, (uint32_t)n + p->vnet);
	}
	return n >= 0 || n == -EAGAIN ? 0 : n;
}

int
soft_ready(const struct port *p, short events)
{
	int ready = 0;

	if ((events & POLLIN) && p->rx[0]->cur != p->rx[0]->tail)
		ready |= POLLIN;
	if ((events & POLLOUT) && p->tx[0]->cur != p->tx[0]->tail)
		ready |= POLLOUT;
	return ready;
}
