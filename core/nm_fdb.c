/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_fdb.c - the MAC table.
 *
 * 1024 buckets of one cache line, eight words each. A word holds what the bucket's number does not say: the
 * 48 address bits go through a bijection; its low 10 bits choose the bucket, the other 38 are stored,
 * beside the port and the second it was last heard. So an entry is read whole, without a lock.
 *
 *   63            26     25     24       17 16            0
 *   | 38 hash bits  | in a VLAN | port + 1  | second & mask |      learned
 *   | 38 hash bits  | in a VLAN |    255    |     port      |      fixed
 *
 * An address in a VLAN is first mixed with the VLAN's number, so that one in many VLANs has many buckets; the number itself is in
 * a row beside the bucket, which is looked at only where the word says so. Who gives an entry another number makes `gen` odd
 * meanwhile, and a reader looks whether that stayed as it was.
 *
 * Who writes has the lock. That is once a second for an address that is heard of all the time.
 */
#include "nm_fdb.h"

#define BUCKETS 1024u
#define WAYS 8u
#define MASK48 0xffffffffffffull
#define SEC_MASK 0x1ffffu
#define PORT_SHIFT 17
#define KEY_SHIFT 25
#define FIXED 255u
#define SWEEP 64u /* buckets swept a second */
#define MULT 0x5bd1e9955bd1ull
#define VID_MULT 0x9e3779b97f4aull

struct nm_fdb {
	uint64_t e[BUCKETS][WAYS];
	uint16_t vid[BUCKETS][WAYS];
	struct nm_os_spin lock; /* of all writers */
	uint32_t swept_s, hand, nfixed, gen;
};

/* Where an address is, and what its word begins with. */
struct place {
	uint32_t bucket;
	uint32_t vid;
	uint64_t key;
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

static inline struct place
place_of(uint64_t mac, uint32_t vid)
{
	uint64_t h = mix(mac ^ (vid * VID_MULT & MASK48));

	return (struct place){h % BUCKETS, vid, h >> 10 << 1 | (vid != 0)};
}

static inline uint64_t
word(uint64_t key, uint32_t port, uint32_t now_s)
{
	return key << KEY_SHIFT | (uint64_t)(port + 1) << PORT_SHIFT | (now_s & SEC_MASK);
}

static inline bool
is_fixed(uint64_t w)
{
	return (w >> PORT_SHIFT & 0xff) == FIXED;
}

static inline uint32_t
word_port(uint64_t w)
{
	uint32_t p = w >> PORT_SHIFT & 0xff;

	return NM_LIKELY(p != FIXED) ? p - 1 : (uint32_t)w & 0xff;
}

static inline uint32_t
word_age(uint64_t w, uint32_t now_s)
{
	return (now_s - (uint32_t)w) & SEC_MASK;
}

static inline bool
is_old(uint64_t w, uint32_t now_s, uint32_t age_s)
{
	return word_age(w, now_s) > age_s && !is_fixed(w);
}

struct nm_fdb *
nm_fdb_create(void)
{
	struct nm_fdb *f = nm_os_alloc(sizeof(*f));

	if (f)
		nm_os_spin_init(&f->lock);
	return f;
}

void
nm_fdb_destroy(struct nm_fdb *f)
{
	nm_os_free(f);
}

/* The word of way i, read once more, is still w; the second it was heard may be another. */
static inline bool
unchanged(const struct nm_fdb *f, uint32_t bucket, uint32_t i, uint64_t w)
{
	return (NM_LOAD_ACQUIRE(&f->e[bucket][i]) ^ w) >> (is_fixed(w) ? 0 : PORT_SHIFT) == 0;
}

/* The number beside way i while its word is w; -1: the word is another by now, or too many change. */
static int
vid_of(const struct nm_fdb *f, uint32_t bucket, uint32_t i, uint64_t w)
{
	uint32_t tries, gen, vid;

	for (tries = 0; tries < 4; tries++) {
		gen = NM_LOAD_ACQUIRE(&f->gen);
		if (!unchanged(f, bucket, i, w))
			return -1;
		vid = NM_LOAD_ACQUIRE(&f->vid[bucket][i]);
		if (NM_LIKELY(!(gen & 1) && NM_READ_ONCE(f->gen) == gen))
			return (int)vid;
	}
	return -1;
}

/* The address's word, and its way in *way; 0: none. */
static inline uint64_t
find(const struct nm_fdb *f, const struct place *p, uint32_t *way)
{
	const uint64_t *b = f->e[p->bucket];
	uint32_t i;

	for (i = 0; i < WAYS; i++) {
		uint64_t w = NM_READ_ONCE(b[i]);

		if (w >> KEY_SHIFT == p->key && w && (NM_LIKELY(!p->vid) || vid_of(f, p->bucket, i, w) == (int)p->vid)) {
			*way = i;
			return w;
		}
	}
	return 0;
}

uint32_t
nm_fdb_lookup(const struct nm_fdb *f, uint64_t mac, uint32_t vid, uint32_t now_s, uint32_t age_s)
{
	struct place p = place_of(mac, vid);
	uint32_t way;
	uint64_t w = find(f, &p, &way);

	return w && !is_old(w, now_s, age_s) ? word_port(w) : NM_FDB_NONE;
}

uint32_t
nm_fdb_fixed(const struct nm_fdb *f, uint64_t mac, uint32_t vid)
{
	struct place p = place_of(mac, vid);
	uint32_t way;
	uint64_t w = find(f, &p, &way);

	return w && is_fixed(w) ? word_port(w) : NM_FDB_NONE;
}

/* Under the lock: the word into a way that is free or is to be. */
static void
put(struct nm_fdb *f, const struct place *p, uint32_t way, uint64_t w)
{
	uint32_t gen = f->gen;

	if (f->vid[p->bucket][way] == p->vid) {
		NM_WRITE_ONCE(f->e[p->bucket][way], w);
		return;
	}
	NM_WRITE_ONCE(f->gen, gen + 1);
	NM_STORE_RELEASE(&f->e[p->bucket][way], 0);
	NM_STORE_RELEASE(&f->vid[p->bucket][way], (uint16_t)p->vid);
	NM_STORE_RELEASE(&f->e[p->bucket][way], w);
	NM_STORE_RELEASE(&f->gen, gen + 2);
}

/* Under the lock: an empty way, else one that has aged; WAYS: none. */
static uint32_t
spare(const struct nm_fdb *f, const struct place *p, uint32_t now_s, uint32_t age_s)
{
	uint32_t i, found = WAYS;

	for (i = 0; i < WAYS; i++) {
		uint64_t w = f->e[p->bucket][i];

		if (!w)
			return i;
		if (is_old(w, now_s, age_s))
			found = i;
	}
	return found;
}

static enum nm_fdb_result
enter(struct nm_fdb *f, const struct place *p, uint32_t port, uint32_t now_s, uint32_t age_s)
{
	enum nm_fdb_result r = NM_FDB_LEARNED;
	uint32_t way = WAYS;
	uint64_t w;

	nm_os_spin_lock(&f->lock);
	w = find(f, p, &way);
	if (w)
		r = word_port(w) == port ? NM_FDB_KNOWN : is_fixed(w) ? NM_FDB_FIXED : NM_FDB_MOVED;
	else if ((way = spare(f, p, now_s, age_s)) == WAYS)
		r = NM_FDB_FULL;
	if (r != NM_FDB_FULL && !(w && is_fixed(w)))
		put(f, p, way, word(p->key, port, now_s));
	nm_os_spin_unlock(&f->lock);
	return r;
}

enum nm_fdb_result
nm_fdb_learn(struct nm_fdb *f, uint64_t mac, uint32_t vid, uint32_t port, uint32_t now_s, uint32_t age_s)
{
	struct place p = place_of(mac, vid);
	uint32_t way;
	uint64_t w = find(f, &p, &way);

	if (NM_LIKELY(w == word(p.key, port, now_s)))
		return NM_FDB_KNOWN;
	if (w && is_fixed(w))
		return word_port(w) == port ? NM_FDB_KNOWN : NM_FDB_FIXED;
	return enter(f, &p, port, now_s, age_s);
}

/* Under the lock: what was learned and is old, or `all` of it. */
static uint32_t
sweep(struct nm_fdb *f, uint32_t from, uint32_t n, bool all, uint32_t now_s, uint32_t age_s)
{
	uint32_t i, k, gone = 0;

	for (k = 0; k < n; k++) {
		uint64_t *b = f->e[(from + k) % BUCKETS];

		for (i = 0; i < WAYS; i++)
			if (b[i] && !is_fixed(b[i]) && (all || is_old(b[i], now_s, age_s))) {
				NM_WRITE_ONCE(b[i], 0);
				gone++;
			}
	}
	return gone;
}

/* Seconds since the last call of nm_fdb_age; less than 0 for who has an older clock than another worker. */
static int32_t
idle(const struct nm_fdb *f, uint32_t now_s)
{
	return (int32_t)(now_s - NM_READ_ONCE(f->swept_s));
}

uint32_t
nm_fdb_age(struct nm_fdb *f, uint32_t now_s, uint32_t age_s)
{
	int32_t since = idle(f, now_s);
	uint32_t n = 0;

	if (NM_LIKELY(since <= 0))
		return 0;
	nm_os_spin_lock(&f->lock);
	since = idle(f, now_s); /* another may have been faster */
	if (since > 0) {
		bool all = (uint32_t)since > age_s;

		n = sweep(f, f->hand, all ? BUCKETS : SWEEP, all, now_s, age_s);
		f->hand += SWEEP;
		NM_WRITE_ONCE(f->swept_s, now_s);
	}
	nm_os_spin_unlock(&f->lock);
	return n;
}

uint32_t
nm_fdb_flush(struct nm_fdb *f, uint32_t port, bool fixed)
{
	uint32_t b, i, n = 0;

	nm_os_spin_lock(&f->lock);
	for (b = 0; b < BUCKETS; b++)
		for (i = 0; i < WAYS; i++) {
			uint64_t w = f->e[b][i];

			if (!w || (port != UINT32_MAX && word_port(w) != port) || (is_fixed(w) && !fixed))
				continue;
			f->nfixed -= is_fixed(w);
			NM_WRITE_ONCE(f->e[b][i], 0);
			n++;
		}
	nm_os_spin_unlock(&f->lock);
	return n;
}

int
nm_fdb_fix(struct nm_fdb *f, uint64_t mac, uint32_t vid, uint32_t port)
{
	struct place p = place_of(mac, vid);
	uint32_t way = WAYS;
	uint64_t w;

	nm_os_spin_lock(&f->lock);
	w = find(f, &p, &way);
	if (!w)
		way = spare(f, &p, 0, UINT32_MAX);
	if (way == WAYS) /* one that was learned gives way */
		for (way = 0; way < WAYS && is_fixed(f->e[p.bucket][way]); way++)
			;
	if (way < WAYS) {
		f->nfixed += !(w && is_fixed(w));
		put(f, &p, way, p.key << KEY_SHIFT | (uint64_t)FIXED << PORT_SHIFT | port);
	}
	nm_os_spin_unlock(&f->lock);
	return way < WAYS ? 0 : -ENOSPC;
}

int
nm_fdb_unfix(struct nm_fdb *f, uint64_t mac, uint32_t vid)
{
	struct place p = place_of(mac, vid);
	uint32_t way;
	uint64_t w;
	bool found;

	nm_os_spin_lock(&f->lock);
	w = find(f, &p, &way);
	found = w && is_fixed(w);
	if (found) {
		f->nfixed--;
		NM_WRITE_ONCE(f->e[p.bucket][way], 0);
	}
	nm_os_spin_unlock(&f->lock);
	return found ? 0 : -ENOENT;
}

uint32_t
nm_fdb_nfixed(const struct nm_fdb *f)
{
	return NM_READ_ONCE(f->nfixed);
}

uint32_t
nm_fdb_dump(const struct nm_fdb *f, uint32_t *cursor, struct nm_fdb_entry *e, uint32_t max, uint32_t now_s,
    uint32_t age_s)
{
	bool all_old = idle(f, now_s) > (int32_t)age_s;
	uint32_t c, n = 0;

	for (c = *cursor; c < BUCKETS * WAYS && n < max; c++) {
		uint32_t at = nm_os_index_nospec(c, BUCKETS * WAYS), i;
		uint64_t w = NM_READ_ONCE(f->e[at / WAYS][at % WAYS]), mac;
		int vid = w >> KEY_SHIFT & 1 ? vid_of(f, at / WAYS, at % WAYS, w) : 0;

		if (!w || is_old(w, now_s, age_s) || (all_old && !is_fixed(w)) || vid < 0)
			continue;
		mac = unmix(w >> (KEY_SHIFT + 1) << 10 | c / WAYS) ^ ((uint64_t)vid * VID_MULT & MASK48);
		for (i = 0; i < 6; i++)
			e[n].mac[i] = (uint8_t)(mac >> (8 * i));
		e[n].vlan = (uint16_t)vid;
		e[n].port_idx = word_port(w);
		e[n].age_ms = is_fixed(w) ? NM_FDB_STATIC : word_age(w, now_s) * 1000;
		n++;
	}
	*cursor = c < BUCKETS * WAYS ? c : UINT32_MAX;
	return n;
}
