/* SPDX-License-Identifier: BSD-2-Clause */
/* queue.c - frames that wait for room in their pipes. */
#include "queue.h"

#include <errno.h>
#include <net/netmap.h>
#include <stdlib.h>

int
queue_init(struct queue_pool *p, uint32_t n)
{
	uint32_t i;

	*p = (struct queue_pool){ .nslots = n, .free = QUEUE_NONE };
	if (!n)
		return 0;
	p->slot = calloc(n, sizeof(*p->slot));
	p->buf = calloc(n, sizeof(*p->buf));
	if (!p->slot || !p->buf) {
		queue_fini(p);
		return -ENOMEM;
	}
	for (i = n; i-- > 0;) {
		p->slot[i].next = p->free;
		p->free = i;
	}
	return 0;
}

void
queue_fini(struct queue_pool *p)
{
	free(p->slot);
	free(p->buf);
	*p = (struct queue_pool){ .free = QUEUE_NONE };
}

void
queue_give(struct queue_pool *p, uint32_t buf)
{
	p->buf[p->nbufs++] = buf;
}

uint32_t
queue_take(struct queue_pool *p)
{
	return p->buf[--p->nbufs];
}

void
queue_start(struct queue *q)
{
	*q = (struct queue){ .first = QUEUE_NONE, .last = QUEUE_NONE };
}

void
queue_put(struct queue_pool *p, struct queue *q, struct queue_slot s, bool begins)
{
	uint32_t i = p->free;

	p->free = p->slot[i].next;
	if (begins)
		p->clock++;
	s.when = p->clock;
	s.next = QUEUE_NONE;
	p->slot[i] = s;
	if (q->first == QUEUE_NONE)
		q->first = i;
	else
		p->slot[q->last].next = i;
	q->last = i;
	q->slots++;
	q->frames += !(s.flags & NS_MOREFRAG);
}

struct queue_slot
queue_get(struct queue_pool *p, struct queue *q)
{
	uint32_t i = q->first;
	struct queue_slot s = p->slot[i];

	q->first = s.next;
	if (q->first == QUEUE_NONE)
		q->last = QUEUE_NONE;
	q->slots--;
	q->frames -= !(s.flags & NS_MOREFRAG);
	p->slot[i].next = p->free;
	p->free = i;
	return s;
}

uint32_t
queue_frame(const struct queue_pool *p, const struct queue *q)
{
	uint32_t i = q->first, n = 1;

	for (; p->slot[i].flags & NS_MOREFRAG; i = p->slot[i].next)
		n++;
	return n;
}

uint64_t
queue_when(const struct queue_pool *p, const struct queue *q)
{
	return q->first == QUEUE_NONE ? UINT64_MAX : p->slot[q->first].when;
}
