/* SPDX-License-Identifier: BSD-2-Clause */
/* nmport_io.c - sending a frame by copying it, and waiting for several ports. */
#include <libnetmap.h>

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "nmport_int.h"

#define PORTS_ON_STACK 64

/* Where a slot's data go; *room is what fits there. */
static char *
slot_room(struct netmap_ring *ring, uint32_t i, size_t *room)
{
	const struct netmap_slot *slot = &ring->slot[i];
	uint64_t ofs = slot->ptr & ring->offset_mask;

	*room = ofs < ring->nr_buf_size ? ring->nr_buf_size - ofs : 0;
	if (*room > UINT16_MAX)
		*room = UINT16_MAX;
	return (char *)ring + ring->buf_ofs + (size_t)slot->buf_idx * ring->nr_buf_size + ofs;
}

static uint32_t
next(const struct netmap_ring *ring, uint32_t i)
{
	return i + 1 == ring->num_slots ? 0 : i + 1;
}

/* Slots the frame takes from head on; 0 if it doesn't fit. */
static unsigned
slots_for(struct netmap_ring *ring, size_t size)
{
	uint32_t i = ring->head;
	unsigned n;
	size_t room;

	for (n = 1; n <= NETMAP_MAX_FRAGS && i != ring->tail; n++, i = next(ring, i)) {
		slot_room(ring, i, &room);
		if (size <= room)
			return n;
		size -= room;
	}
	return 0;
}

static void
put(struct netmap_ring *ring, const char *buf, size_t size, unsigned n)
{
	uint32_t i = ring->head;
	size_t room;
	char *to;

	for (; n > 0; n--, i = next(ring, i)) {
		to = slot_room(ring, i, &room);
		if (room > size)
			room = size;
		memcpy(to, buf, room);
		ring->slot[i].len = (uint16_t)room;
		ring->slot[i].flags = n > 1 ? NS_MOREFRAG : 0;
		buf += room;
		size -= room;
	}
	ring->cur = i;
	__atomic_store_n(&ring->head, i, __ATOMIC_RELEASE);
}

int
nmport_inject(struct nmport_d *d, const void *buf, size_t size)
{
	unsigned rings = (unsigned)d->last_tx_ring - d->first_tx_ring + 1, i, n;
	struct netmap_ring *ring;

	if (!d->nifp || d->first_tx_ring > d->last_tx_ring || size > INT32_MAX)
		return 0;
	for (i = 0; i < rings; i++) {
		ring = (struct netmap_ring *)((char *)d->nifp + d->nifp->ring_ofs[d->cur_tx_ring]);
		n = slots_for(ring, size);
		if (n > 0) {
			put(ring, buf, size, n);
			return (int)size;
		}
		d->cur_tx_ring = d->cur_tx_ring == d->last_tx_ring ? d->first_tx_ring : d->cur_tx_ring + 1;
	}
	return 0;
}

/* Counts the ready ones; -1 if one has an error, which is reported. */
static int
count_ready(struct nmport_d **d, const struct pollfd *p, unsigned n, short events)
{
	int ready = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		if (p[i].revents & POLLHUP)
			return nmport_int_refuse(d[i], EPIPE, "the engine has gone");
		if (p[i].revents & (POLLERR | POLLNVAL))
			return nmport_int_refuse(d[i], EIO, "poll says that a ring or the port is in error");
		if (p[i].revents & events)
			ready++;
	}
	return ready;
}

int
nmport_poll(struct nmport_d **d, unsigned int n, short events, int timeout_ms)
{
	struct pollfd few[PORTS_ON_STACK], *p = few;
	struct nmctx *ctx = n ? d[0]->ctx : NULL;
	unsigned i;
	int ret;

	if (n > PORTS_ON_STACK) {
		p = nmctx_malloc(ctx, n * sizeof(*p));
		if (!p)
			return nmport_int_refuse(d[0], ENOMEM, "no memory to wait for so many ports");
	}
	for (i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = d[i]->fd, .events = events };
	ret = poll(p, n, timeout_ms);
	if (ret > 0)
		ret = count_ready(d, p, n, events);
	if (p != few) {
		int err = errno;

		nmctx_free(ctx, p);
		errno = err;
	}
	return ret;
}
