/* SPDX-License-Identifier: BSD-2-Clause */
#include "scribble.h"

#include <stdlib.h>

#define HEAD_WORDS 4096u /* where the netmap_ifs and the first rings are */
#define RING_WORDS 4096u

uint32_t
scribble_value(uint32_t nslots)
{
	const uint32_t values[] = {0, 1, 2, nslots - 1, nslots, nslots + 1, 0x7fffffff, 0x80000000u, 0xffffffffu, (uint32_t)random(),
	    (uint32_t)random() % nslots, (uint32_t)random() % nslots};

	return values[(uint32_t)random() % (sizeof(values) / sizeof(values[0]))];
}

void
scribble_flicker(struct netmap_ring *r, uint32_t nslots)
{
	uint32_t i;

	for (i = 0; i < 4096; i++) {
		volatile struct netmap_slot *s = &r->slot[(uint32_t)random() % nslots];
		uint32_t idx = s->buf_idx;

		s->buf_idx = (uint32_t)random() << 1;
		s->len = (uint16_t)random();
		s->flags = (uint16_t)random() & (NS_MOREFRAG | NS_INDIRECT | NS_BUF_CHANGED);
		s->ptr = (uint64_t)random() << 32 | (uint32_t)random();
		s->buf_idx = idx < 90000 ? idx : 2 + (uint32_t)random() % 1000;
		s->len = 60;
		s->flags = 0;
	}
}

static void
word(void *p, size_t words, uint32_t nslots)
{
	((volatile uint32_t *)p)[(uint32_t)random() % words] = scribble_value(nslots);
}

void
scribble_over(void *base, size_t size, struct netmap_ring *tx, struct netmap_ring *rx, uint32_t nslots)
{
	word(base, size / sizeof(uint32_t), nslots);
	word(base, HEAD_WORDS, nslots);
	word(tx, RING_WORDS, nslots);
	word(rx, RING_WORDS, nslots);
}
