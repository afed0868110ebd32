/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_pool.h"

#define WORDS(n) (((size_t)(n) + 63) / 64)

int
nm_pool_init(struct nm_pool *p, size_t offset, uint32_t objsize, uint32_t objtotal, uint32_t reserved)
{
	p->used = nm_os_alloc(WORDS(objtotal) * 2 * sizeof(uint64_t));
	if (!p->used)
		return -ENOMEM;
	p->dirty = p->used + WORDS(objtotal);
	memset(p->used, 0xff, WORDS(objtotal) * sizeof(uint64_t));
	p->base = NULL;
	p->ready = p->nfree = p->hint = 0;
	p->reserved = reserved;
	p->offset = offset;
	p->objsize = objsize;
	p->objtotal = objtotal;
	return 0;
}

void
nm_pool_fini(struct nm_pool *p)
{
	nm_os_free(p->used);
	p->used = NULL;
}

/* What is not ready, reserved, or fills the last word counts as used. */
static void
set_free(struct nm_pool *p, uint32_t from, uint32_t to)
{
	uint32_t i;

	for (i = from > p->reserved ? from : p->reserved; i < to; i++) {
		p->used[i / 64] &= ~(1ull << (i % 64));
		p->nfree++;
	}
}

void
nm_pool_extend(struct nm_pool *p, char *base, uint32_t ready)
{
	p->base = base;
	set_free(p, p->ready, ready);
	p->ready = ready;
}

void
nm_pool_set_dirty(struct nm_pool *p)
{
	memset(p->dirty, 0xff, WORDS(p->objtotal) * sizeof(uint64_t));
}

void
nm_pool_reset(struct nm_pool *p)
{
	memset(p->used, 0xff, WORDS(p->objtotal) * sizeof(uint64_t));
	p->nfree = p->hint = 0;
	set_free(p, 0, p->ready);
}

static uint32_t
find_free(const struct nm_pool *p)
{
	size_t words = WORDS(p->ready), k;

	for (k = 0; k < words; k++) {
		size_t w = (p->hint + k) % words;

		if (~p->used[w])
			return (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(~p->used[w]);
	}
	return NM_POOL_NONE;
}

uint32_t
nm_pool_alloc(struct nm_pool *p)
{
	uint32_t i = p->nfree ? find_free(p) : NM_POOL_NONE;

	if (i == NM_POOL_NONE)
		return i;
	p->hint = i / 64;
	p->used[i / 64] |= 1ull << (i % 64);
	p->nfree--;
	if (p->dirty[i / 64] >> (i % 64) & 1)
		memset(p->base + (size_t)i * p->objsize, 0, p->objsize);
	p->dirty[i / 64] |= 1ull << (i % 64);
	return i;
}

bool
nm_pool_free(struct nm_pool *p, uint32_t i)
{
	if (i < p->reserved || i >= p->ready)
		return false;
	i = nm_os_index_nospec(i, p->ready);
	if (!(p->used[i / 64] >> (i % 64) & 1))
		return false;
	p->used[i / 64] &= ~(1ull << (i % 64));
	p->nfree++;
	p->hint = i / 64;
	return true;
}
