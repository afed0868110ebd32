/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream.h"

#include <string.h>

#define STARTS 4096u

static uint8_t table[STARTS + PAT_MAX + 8];

void
pat_init(void)
{
	uint64_t word, i;

	for (i = 0; i + 8 <= sizeof(table); i += 8) {
		word = common_mix(i);
		memcpy(table + i, &word, 8);
	}
}

void
pat_mac(uint8_t mac[6], uint32_t receiver)
{
	if (receiver == PAT_BROADCAST)
		memset(mac, 0xff, 6);
	else
		memcpy(mac, (uint8_t[]){2, 0xff, 0, 0, (uint8_t)(receiver >> 8), (uint8_t)receiver}, 6);
}

static inline uint64_t
mixed(uint32_t stream, uint64_t seq)
{
	return common_mix(seq ^ (uint64_t)stream << 48);
}

static inline uint32_t
length(const struct pat *p, uint64_t mix)
{
	return p->min + (uint32_t)((mix >> 32) * (p->max - p->min + 1) >> 32);
}

uint32_t
pat_len(const struct pat *p, uint32_t stream, uint64_t seq)
{
	return length(p, mixed(stream, seq));
}

void
pat_frame(const struct pat *p, uint32_t stream, uint64_t seq, uint32_t to, struct pat_frame *f)
{
	uint64_t mix = mixed(stream, seq);

	f->len = length(p, mix);
	f->nhdr = f->len < PAT_HEADER ? 14 : PAT_HEADER;
	f->data = table + mix % STARTS;
	pat_mac(f->hdr, to);
	memcpy(f->hdr + 6, (uint8_t[]){2, 0, 0, 0, (uint8_t)(stream >> 8), (uint8_t)stream}, 6);
	memcpy(f->hdr + 12, (uint8_t[]){(uint8_t)(seq >> 8), (uint8_t)seq}, 2);
	memcpy(f->hdr + 14, &seq, 8);
}

void
pat_put(const struct pat_frame *f, uint32_t from, uint8_t *at, uint32_t n)
{
	memcpy(at, f->data + from, n);
	if (from < f->nhdr)
		memcpy(at, f->hdr + from, n < f->nhdr - from ? n : f->nhdr - from);
}

bool
pat_equal(const struct pat_frame *f, uint32_t from, const uint8_t *at, uint32_t n)
{
	uint32_t h = from < f->nhdr ? f->nhdr - from : 0;

	if (h > n)
		h = n;
	return !memcmp(at, f->hdr + from, h) && !memcmp(at + h, f->data + from + h, n - h);
}
