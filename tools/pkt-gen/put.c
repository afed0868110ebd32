/* SPDX-License-Identifier: BSD-2-Clause */
/* put.c - frames into slots, and out of them. */
#include "put.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_MORE 63u /* fragments that -F takes */

static int
too_long(const struct options *o, const struct port *p, uint32_t longest, uint32_t frag, uint32_t frags, char *err)
{
	uint32_t need = (longest + frag - 1) / frag, most = frag * frags - p->vnet;

	if (need <= NO_MORE)
		snprintf(err, PORT_ERRLEN, "%s: a frame of %u bytes does not fit into %u slot%s of %u bytes: give -F %u, or %s %u or less",
		    p->name, longest, frags, frags == 1 ? "" : "s", frag, need, o->pcap ? "frames of" : "-l", most);
	else
		snprintf(err, PORT_ERRLEN, "%s: a frame of %u bytes does not fit into %u slots of %u bytes: give %s %u or less, or a greater -M",
		    p->name, longest, NO_MORE, frag, o->pcap ? "frames of" : "-l", frag * NO_MORE - p->vnet);
	return -EINVAL;
}

int
put_init(struct put *put, const struct options *o, const struct port *p, uint32_t longest, char *err)
{
	uint32_t buf = port_buf_size(p->tx, p->ntx), frags = o->frags ? (uint32_t)o->frags : o->frag_size ? NO_MORE : 1;
	uint32_t frag = o->frag_size ? (uint32_t)o->frag_size : o->frags ? (longest + frags - 1) / frags : buf;

	if (o->frag_size && frag > buf) {
		snprintf(err, PORT_ERRLEN, "%s: -M %u exceeds its buffers of %u bytes; give -M %u or less", p->name, frag, buf, buf);
		return -EINVAL;
	}
	if (frag > buf)
		frag = buf;
	if (longest > frag * frags)
		return too_long(o, p, longest, frag, frags, err);
	put->frag = frag;
	put->frags = frags;
	put->how = o->rubbish ? PUT_NOTHING : o->indirect ? PUT_INDIRECT : (o->work & WORK_COPY) ? PUT_LINES : PUT_MEMCPY;
	return 0;
}

static inline void
put_slot(const struct put *put, struct netmap_ring *ring, struct netmap_slot *slot, const uint8_t *data, uint32_t len,
    uint16_t flags)
{
	char *buf = NETMAP_BUF(ring, slot->buf_idx);

	switch (put->how) {
	case PUT_MEMCPY:
		memcpy(buf, data, len);
		break;
	case PUT_LINES:
		/* rounded up, but never beyond the buffer */
		if (((len + 63) & ~63u) <= ring->nr_buf_size)
			nm_pkt_copy(data, buf, (int)len);
		else
			memcpy(buf, data, len);
		break;
	case PUT_INDIRECT:
		slot->ptr = (uintptr_t)data;
		flags |= NS_INDIRECT;
		break;
	case PUT_NOTHING:
		break;
	}
	slot->len = (uint16_t)len;
	slot->flags = flags;
}

uint32_t
put_frame(const struct put *put, struct netmap_ring *ring, uint32_t head, const uint8_t *data, uint32_t len)
{
	for (; len > put->frag; len -= put->frag, data += put->frag) {
		put_slot(put, ring, &ring->slot[head], data, put->frag, NS_MOREFRAG);
		head = nm_ring_next(ring, head);
	}
	put_slot(put, ring, &ring->slot[head], data, len, 0);
	return nm_ring_next(ring, head);
}

static int
make_room(struct gather *g, size_t need)
{
	uint8_t *p;

	if (need <= g->room)
		return 0;
	p = realloc(g->whole, need);
	if (!p)
		return -ENOMEM;
	g->whole = p;
	g->room = need;
	return 0;
}

/* Slots of the frame at `at`, 0 if its last is not before end. */
static uint32_t
count_slots(struct netmap_ring *ring, uint32_t at, uint32_t end)
{
	uint32_t n = 0;

	while (at != end) {
		n++;
		if (!(ring->slot[at].flags & NS_MOREFRAG))
			return n;
		at = nm_ring_next(ring, at);
	}
	/* a frame that fills the ring, or has too many slots already, will not get whole */
	return n >= NETMAP_MAX_FRAGS || n + 1 >= ring->num_slots ? n : 0;
}

static int
gather_many(struct gather *g, struct netmap_ring *ring, uint32_t at, uint32_t n, uint8_t **data, uint32_t *len)
{
	uint32_t size = ring->nr_buf_size;
	bool whole = n <= NETMAP_MAX_FRAGS;

	if (whole && make_room(g, (size_t)NETMAP_MAX_FRAGS * size))
		whole = false;
	for (*len = 0; whole && n--; at = nm_ring_next(ring, at)) {
		const struct netmap_slot *slot = &ring->slot[at];
		uint32_t part = slot->len;

		whole = part <= size && (n || !(slot->flags & NS_MOREFRAG));
		if (whole)
			memcpy(g->whole + *len, NETMAP_BUF(ring, slot->buf_idx), part);
		*len += part;
	}
	*data = g->whole;
	return whole ? 1 : -1;
}

int
gather_next(struct gather *g, struct netmap_ring *ring, uint32_t *at, uint32_t end, uint8_t **data, uint32_t *len)
{
	uint32_t first = *at, n = count_slots(ring, first, end), next;
	const struct netmap_slot *slot = &ring->slot[first];
	int rc = 1;

	if (!n)
		return 0;
	next = first + n;
	*at = next < ring->num_slots ? next : next - ring->num_slots;
	if (n > 1 || (slot->flags & NS_MOREFRAG)) {
		rc = gather_many(g, ring, first, n, data, len);
	} else {
		*data = (uint8_t *)NETMAP_BUF(ring, slot->buf_idx);
		*len = slot->len;
		if (*len > ring->nr_buf_size)
			rc = -1;
	}
	if (rc < 0)
		g->bad++;
	return rc;
}

void
gather_free(struct gather *g)
{
	free(g->whole);
	memset(g, 0, sizeof(*g));
}
