/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_fdb.c - the MAC table.
 *
 * 1024 buckets of one cache line, eight words each. A word holds what the bucket's number does not say: the
 * 48 address bits go through a bijection; its low 10 bits choose the bucket, the other 38 are stored,
 * beside the port and the second it was last heard. So an entry is read and written whole, without a lock.
 *
 *   63            26 25       18 17            0
 *   | 38 hash bits  | port + 1  | second & mask |
 */
#include "nm_fdb.h"

#define BUCKETS 1024u
#define WAYS 8u
#define MASK48 0xffffffffffffull
#define SEC_MASK 0x3ffffu
#define SWEEP 64u /* buckets swept a second */
#define MULT 0x5bd1e9955bd1ull

struct nm_fdb {
	uint64_t e[BUCKETS][WAYS];
	uint32_t swept_s, hand;
};

static inline uint64_t
mix(uint64_t x)
{
	x ^= x >> 24;
	x = x * MULT & MASK48;
	return x ^ x >> 24;
}

static uint64_t
unmix(uint64_t x)
{
	uint64_t inv = MULT; /* Newton: each step doubles the good bits, 3 at first */
	int i;

	for (i = 0; i < 5; i++)
		inv *= 2 - MULT * inv;
	x ^= x >> 24;
	x = x * inv & MASK48;
	return x ^ x >> 24;
}

static inline uint64_t
word(uint64_t hash, uint32_t port, uint32_t now_s)
{
	return hash >> 10 << 26 | (uint64_t)(port + 1) << 18 | (now_s & SEC_MASK);
}

static inline uint32_t
word_port(uint64_t w)
{
	return (uint32_t)(w >> 18 & 0xff) - 1;
}

static inline uint32_t
word_age(uint64_t w, uint32_t now_s)
{
	return (now_s - (uint32_t)w) & SEC_MASK;
}

struct nm_fdb *
nm_fdb_create(void)
{
	return nm_os_alloc(sizeof(struct nm_fdb));
}

void
nm_fdb_destroy(struct nm_fdb *f)
{
	nm_os_free(f);
}

uint32_t
nm_fdb_lookup(const struct nm_fdb *f, uint64_t mac, uint32_t now_s, uint32_t age_s)
{
	uint64_t h = mix(mac), key = h >> 10;
	const uint64_t *b = f->e[h % BUCKETS];
	uint32_t i;

	for (i = 0; i < WAYS; i++) {
		uint64_t w = NM_READ_ONCE(b[i]);

		if (w >> 26 == key && w)
			return word_age(w, now_s) <= age_s ? word_port(w) : NM_FDB_NONE;
	}
	return NM_FDB_NONE;
}

enum nm_fdb_result
nm_fdb_learn(struct nm_fdb *f, uint64_t mac, uint32_t port, uint32_t now_s, uint32_t age_s)
{
	uint64_t h = mix(mac), key = h >> 10, fresh = word(h, port, now_s), w;
	uint64_t *b = f->e[h % BUCKETS];
	uint32_t i, spare = WAYS;

	for (i = 0; i < WAYS; i++) {
		w = NM_READ_ONCE(b[i]);
		if (w >> 26 == key && w) {
			if (w != fresh)
				NM_WRITE_ONCE(b[i], fresh);
			return word_port(w) == port ? NM_FDB_KNOWN : NM_FDB_MOVED;
		}
		if (!w || word_age(w, now_s) > age_s)
			spare = i;
	}
	if (spare == WAYS)
		return NM_FDB_FULL;
	NM_WRITE_ONCE(b[spare], fresh);
	/*
	 * Another worker may have entered the same address meanwhile, and one of the two would go stale: both take the
	 * other's away, and at worst the address is flooded until it is heard again.
	 */
	NM_MB();
	for (i = 0; i < WAYS; i++) {
		w = NM_READ_ONCE(b[i]);
		if (w && w >> 26 == key && i != spare)
			NM_WRITE_ONCE(b[i], 0);
	}
	return NM_FDB_LEARNED;
}

uint32_t
nm_fdb_age(struct nm_fdb *f, uint32_t now_s, uint32_t age_s)
{
	uint32_t i, k, n = 0, hand;

	if (NM_READ_ONCE(f->swept_s) == now_s)
		return 0;
	NM_WRITE_ONCE(f->swept_s, now_s);
	/* two workers may both come here in a second: each sweeps a part of its own */
	hand = NM_FETCH_ADD(&f->hand, SWEEP);
	for (k = 0; k < SWEEP; k++) {
		uint64_t *b = f->e[(hand + k) % BUCKETS];

		for (i = 0; i < WAYS; i++) {
			uint64_t w = NM_READ_ONCE(b[i]);

			if (w && word_age(w, now_s) > age_s) {
				NM_WRITE_ONCE(b[i], 0);
				n++;
			}
		}
	}
	return n;
}

uint32_t
nm_fdb_flush(struct nm_fdb *f, uint32_t port)
{
	uint32_t b, i, n = 0;

	for (b = 0; b < BUCKETS; b++)
		for (i = 0; i < WAYS; i++) {
			uint64_t w = NM_READ_ONCE(f->e[b][i]);

			if (w && (port == UINT32_MAX || word_port(w) == port)) {
				NM_WRITE_ONCE(f->e[b][i], 0);
				n++;
			}
		}
	return n;
}

uint32_t
nm_fdb_dump(const struct nm_fdb *f, uint32_t *cursor, struct nm_fdb_entry *e, uint32_t max, uint32_t now_s,
    uint32_t age_s)
{
	uint32_t c, n = 0;

	for (c = *cursor; c < BUCKETS * WAYS && n < max; c++) {
		uint32_t at = nm_os_index_nospec(c, BUCKETS * WAYS);
		uint64_t w = NM_READ_ONCE(f->e[at / WAYS][at % WAYS]), mac;
		uint32_t i;

		if (!w || word_age(w, now_s) > age_s)
			continue;
		mac = unmix(w >> 26 << 10 | c / WAYS);
		for (i = 0; i < 6; i++)
			e[n].mac[i] = (uint8_t)(mac >> (8 * i));
		e[n].vlan = 0;
		e[n].port_idx = word_port(w);
		e[n].age_ms = word_age(w, now_s) * 1000;
		n++;
	}
	*cursor = c < BUCKETS * WAYS ? c : UINT32_MAX;
	return n;
}
