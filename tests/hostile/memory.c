/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.c - attacks by what is written into the region and the sync area. */
#include "attack.h"
#include "scribble.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void
attack_kick(const struct raw_client *c)
{
	(void)!write(c->kick, &(uint64_t){1}, sizeof(uint64_t)); /* full: then it was kicked */
}

uint64_t
attack_stat(struct raw_client *c, const char *port, int stat)
{
	struct nmreq_stats st = {0};

	return raw_request(c, NETMAP_REQ_STATS_GET, port, &st, sizeof(st)) ? UINT64_MAX : st.nr_counter[stat];
}

void
attack_head(struct raw_client *c, uint32_t head, uint32_t cur)
{
	__atomic_store_n(&c->txs->atok.cur, cur, __ATOMIC_RELAXED);
	__atomic_store_n(&c->txs->atok.head, head, __ATOMIC_RELEASE);
	__atomic_fetch_add(&c->sync->sync_req, 1, __ATOMIC_SEQ_CST);
	attack_kick(c);
}

int
attack_watch(struct pair *witness, uint64_t until_ms)
{
	int line = 0;

	do
		line = pair_move(witness, 200);
	while (!line && bed_now_ms() < until_ms);
	return line;
}

/* What an attacker has: two ports and an end of a pipe, and monitors of these and of the witness. */
static const struct {
	const char *name; /* with the attacker's number */
	uint64_t flags;
} attackers[] = {
	{"vale0:x%u0", 0}, {"vale0:x%u1", 0}, {"p%u{1", 0}, {"vale0:x%u0", NR_ZCOPY_MON}, {"vale0:x%u1", NR_MONITOR_TX | NR_MONITOR_RX},
	{"p%u{1", NR_ZCOPY_MON}, {"vale9:a", NR_MONITOR_TX | NR_MONITOR_RX}, {"vale9:b", NR_MONITOR_TX | NR_MONITOR_RX},
};

#define ATTACKERS (sizeof(attackers) / sizeof(attackers[0]))

/* Runs `attack` in processes of their own while the witness goes on. */
static enum verdict
beside_witness(struct bed *b, struct pair *witness, void (*attack_once)(struct raw_client *c, unsigned n, uint32_t round))
{
	pid_t pid[2];
	unsigned i, k;
	int line, status;

	fflush(stdout);
	for (i = 0; i < 2; i++) {
		char name[32];

		pid[i] = fork();
		if (pid[i])
			continue;
		struct raw_client c[ATTACKERS];
		uint32_t round;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		srandom(options.seed + i);
		for (k = 0; k < ATTACKERS; k++) {
			snprintf(name, sizeof(name), attackers[k].name, i);
			if (raw_connect(&c[k], b->path) || raw_register(&c[k], name, attackers[k].flags))
				_exit(1);
		}
		for (round = 0; ; round++)
			for (k = 0; k < ATTACKERS; k++)
				attack_once(&c[k], k, round);
	}
	line = attack_watch(witness, bed_now_ms() + attack_seconds * 1000ull);
	for (i = 0; i < 2; i++) {
		CHECK(waitpid(pid[i], &status, WNOHANG) == 0, "an attacker could not attack: status 0x%x", status);
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
	CHECK(!line, "the witness was hurt (bed.c:%d)", line);
	return OK;
}

/* With the heads moving as they should. */
static void
flicker(struct raw_client *c, unsigned n, uint32_t round)
{
	struct netmap_ring *r = attackers[n].flags ? c->rx : c->tx; /* a monitor's transmit ring is of no use */
	uint32_t tail = __atomic_load_n(&c->txs->ktoa.hwtail, __ATOMIC_ACQUIRE);

	scribble_flicker(r, r->num_slots);
	if (tail < c->tx->num_slots)
		attack_head(c, tail, tail);
	if (round % 4 == 0) {
		__atomic_store_n(&c->rxs->atok.cur, c->rxs->ktoa.hwtail, __ATOMIC_RELAXED);
		__atomic_store_n(&c->rxs->atok.head, c->rxs->ktoa.hwtail, __ATOMIC_RELEASE);
	}
}

enum verdict
slots_change_while_they_are_read(struct bed *b, struct pair *witness)
{
	return beside_witness(b, witness, flicker);
}

/* Rings, slots, netmap_if, sync cells, buffers: all of it, often where it hurts. */
static void
overwrite(struct raw_client *c, unsigned n, uint32_t round)
{
	uint32_t i;
	uint32_t *sync = (void *)((uintptr_t)c->sync & ~(uintptr_t)4095), slots = 2048;

	(void)n;
	for (i = 0; i < 64; i++) {
		scribble_over(c->base, c->size, c->tx, c->rx, slots);
		((volatile uint32_t *)sync)[(uint32_t)random() % 1024] = scribble_value(slots);
		((volatile uint32_t *)(void *)c->txs)[(uint32_t)random() % 32] = scribble_value(slots);
		((volatile uint32_t *)(void *)c->rxs)[(uint32_t)random() % 32] = scribble_value(slots);
	}
	if (round % 2)
		attack_head(c, (uint32_t)random() % slots, (uint32_t)random() % slots);
	else
		attack_kick(c);
}

enum verdict
everything_is_overwritten(struct bed *b, struct pair *witness)
{
	return beside_witness(b, witness, overwrite);
}

/* One frame of slots made by `fill`; afterwards the counter must have grown by one and nothing been delivered. */
static enum verdict
dropped_by(struct raw_client *a, struct raw_client *to, int stat, const char *what,
    uint32_t (*fill)(struct netmap_ring *r, uint32_t head))
{
	uint64_t before = attack_stat(a, "vale0:a", stat);
	uint32_t head = a->tx->head, n = fill(a->tx, head);
	uint16_t len;

	a->tx->head = a->tx->cur = nm_ring_add(head, n, a->tx->num_slots);
	CHECK(!raw_txsync(a), "%s: no answer", what);
	CHECK(attack_stat(a, "vale0:a", stat) == before + 1, "%s: not counted", what);
	CHECK(!raw_take(to, &len), "%s: a frame of %u bytes was delivered", what, len);
	return OK;
}

static uint32_t
index_out_of_range(struct netmap_ring *r, uint32_t head)
{
	static const uint32_t bad[] = {0, 1, 100000, 0x7fffffff, 0xffffffff};
	static unsigned n;

	r->slot[head] = (struct netmap_slot){.buf_idx = bad[n++ % 5], .len = 60};
	return 1;
}

static uint32_t
too_long(struct netmap_ring *r, uint32_t head)
{
	r->slot[head].len = (uint16_t)(r->nr_buf_size + 1);
	r->slot[head].flags = 0;
	return 1;
}

static uint32_t
too_many_fragments(struct netmap_ring *r, uint32_t head)
{
	uint32_t i;

	for (i = 0; i < 65; i++) {
		struct netmap_slot *s = &r->slot[nm_ring_add(head, i, r->num_slots)];

		s->len = 20;
		s->flags = i < 64 ? NS_MOREFRAG : 0;
	}
	return 65;
}

static uint32_t
no_last_fragment(struct netmap_ring *r, uint32_t head)
{
	uint32_t i;

	for (i = 0; i < 3; i++) {
		r->slot[nm_ring_add(head, i, r->num_slots)].len = 20;
		r->slot[nm_ring_add(head, i, r->num_slots)].flags = NS_MOREFRAG;
	}
	return 3;
}

static uint32_t
indirect(struct netmap_ring *r, uint32_t head)
{
	r->slot[head].len = 60;
	r->slot[head].flags = NS_INDIRECT;
	r->slot[head].ptr = 0x4141414141414141u; /* an address of whoever would read it */
	return 1;
}

static uint32_t
too_short(struct netmap_ring *r, uint32_t head)
{
	r->slot[head].len = 13;
	r->slot[head].flags = 0;
	return 1;
}

enum verdict
bad_slots_are_dropped_and_counted(struct bed *b, struct pair *witness)
{
	static const struct {
		int stat;
		const char *what;
		uint32_t (*fill)(struct netmap_ring *r, uint32_t head);
		unsigned times;
	} cases[] = {
		{NM_STAT_drop_bad_len, "a length above the buffer", too_long, 1},
		{NM_STAT_drop_bad_frags, "65 fragments", too_many_fragments, 1},
		{NM_STAT_drop_bad_frags, "a chain without an end", no_last_fragment, 1},
		{NM_STAT_drop_indirect, "an indirect slot", indirect, 1},
		{NM_STAT_drop_short, "13 bytes", too_short, 1},
		{NM_STAT_drop_bad_buf, "an index out of range", index_out_of_range, 5},
	};
	struct pair p;
	unsigned i, k;

	(void)witness;
	CHECK(!pair_open(&p, b, "vale0:a", "vale0:b") && !pair_move(&p, 100), "no ports");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (k = 0; k < cases[i].times; k++)
			if (dropped_by(&p.a, &p.b, cases[i].stat, cases[i].what, cases[i].fill) != OK)
				return FAILED;
	pair_close(&p);
	return OK;
}

/* Each bad pair is refused and counted; then the ring goes on from where it was. */
enum verdict
bad_heads_change_nothing(struct bed *b, struct pair *witness)
{
	struct pair p;
	uint64_t errors;
	static const struct { uint32_t head, cur; bool relative; } bad[] = {
		{0, 0, false}, {0xffffffff, 0, false}, {0x80000000u, 0, false}, {1, 5000, true}, {1, 0x80000000u, true},
		{10, 9, true}, {0xffffffff, 0, true}, {0xfffffff0, 0, true},
	};
	uint32_t n, i, hwcur, head, h, c;

	(void)witness;
	CHECK(!pair_open(&p, b, "vale0:a", "vale0:b") && !pair_move(&p, 100), "no ports");
	n = p.a.tx->num_slots;
	head = p.a.tx->head;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errors = attack_stat(&p.a, "vale0:a", NM_STAT_sync_errors);
		hwcur = __atomic_load_n(&p.a.txs->ktoa.hwcur, __ATOMIC_ACQUIRE);
		h = bad[i].relative ? head + bad[i].head : bad[i].head ? bad[i].head : n;
		c = bad[i].relative ? head + bad[i].cur : h;
		p.a.tx->head = h;
		p.a.tx->cur = c;
		CHECK(!raw_txsync(&p.a), "case %u: no answer", i);
		CHECK(attack_stat(&p.a, "vale0:a", NM_STAT_sync_errors) > errors, "case %u (%u, %u at %u) is not counted", i, h, c, head);
		CHECK(__atomic_load_n(&p.a.txs->ktoa.hwcur, __ATOMIC_ACQUIRE) == hwcur, "case %u: the ring moved", i);
		p.a.tx->head = p.a.tx->cur = head;
		CHECK(!pair_move(&p, 100), "case %u: the ring does not go on", i);
		head = p.a.tx->head;
	}
	/* the receiver's side: frames go on coming to the ring as it was */
	__atomic_store_n(&p.b.rxs->atok.head, n + 5, __ATOMIC_RELEASE);
	errors = attack_stat(&p.a, "vale0:b", NM_STAT_sync_errors);
	CHECK(!pair_move(&p, 100), "a bad head of the receiver stops the ring");
	CHECK(attack_stat(&p.a, "vale0:b", NM_STAT_sync_errors) > errors, "a bad head of the receiver is not counted");
	pair_close(&p);
	return OK;
}

#define SECRET 0xa5

/* The sender's buffer is full of a pattern, the frame is the beginning of it; the receiver looks at all of its buffer. */
enum verdict
nothing_but_the_frame_is_delivered(struct bed *b, struct pair *witness)
{
	static const uint16_t lengths[] = {14, 15, 31, 60, 63, 64, 65, 127, 128, 129, 1000, 1514, 2047, 2111, 2112};
	struct pair p;
	unsigned i, k;

	(void)witness;
	CHECK(!pair_open(&p, b, "vale0:a", "vale0:b"), "no ports");
	for (k = 0; k < 300; k++)
		for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			struct netmap_ring *r = p.a.tx;
			uint8_t *buf = (uint8_t *)r + r->buf_ofs + (size_t)r->slot[r->head].buf_idx * r->nr_buf_size, f[2112];
			const uint8_t *got;
			uint16_t len, at;

			if (lengths[i] > r->nr_buf_size)
				continue;
			memset(buf, SECRET, r->nr_buf_size);
			memset(f, 1, sizeof(f));
			memset(f, 0xff, 6);
			f[6] = 2;
			CHECK(raw_put(&p.a, f, lengths[i]) && !raw_txsync(&p.a), "no frame out");
			got = raw_take(&p.b, &len);
			CHECK(got && len == lengths[i] && !memcmp(got, f, len), "%u bytes: not what was sent", lengths[i]);
			for (at = len; at < p.b.rx->nr_buf_size; at++)
				CHECK(got[at] != SECRET, "%u bytes were sent, byte %u of the sender's buffer came along", len, at);
			raw_release(&p.b);
		}
	pair_close(&p);
	return OK;
}

/*
 * What one client left behind in its buffers is not there when the next one gets them. The first port keeps the region, in
 * which pipes come and go until every buffer was used before.
 */
enum verdict
memory_comes_zeroed(struct bed *b, struct pair *witness)
{
	struct raw_client a, c;
	unsigned round;
	size_t i;

	(void)witness;
	CHECK(!raw_connect(&a, b->path) && !raw_register(&a, "vale0:a", 0), "no port");
	for (round = 0; round < 24; round++) {
		CHECK(!raw_connect(&c, b->path) && !raw_register(&c, "vale0:a{1", 0), "no pipe");
		for (i = 0; i < c.tx->num_slots; i++) {
			char *p = (char *)c.tx + c.tx->buf_ofs + (size_t)c.tx->slot[i].buf_idx * c.tx->nr_buf_size;

			CHECK(p[0] == 0 && !memcmp(p, p + 1, c.tx->nr_buf_size - 1), "round %u: slot %zu names a buffer that is not zero", round, i);
			memset(p, SECRET, c.tx->nr_buf_size);
		}
		raw_close(&c);
	}
	raw_close(&a);
	return OK;
}

/* The clamp itself: the identity below the bound, and never at or above it. */
enum verdict
an_index_stays_in_range(struct bed *b, struct pair *witness)
{
	uint32_t i, n, k;

	(void)b;
	(void)witness;
	for (k = 0; k < 2000000; k++) {
		n = 1 + (uint32_t)random() % 1000000;
		i = k % 2 ? (uint32_t)random() * 2 + k % 3 : (uint32_t)random() % n;
		if (i < n)
			CHECK(nm_os_index_nospec(i, n) == i, "%u of %u became %u", i, n, nm_os_index_nospec(i, n));
		else
			CHECK(nm_os_index_nospec(i, n) < n, "%u of %u became %u", i, n, nm_os_index_nospec(i, n));
	}
	CHECK(nm_os_index_nospec(0xffffffff, 0xffffffff) == 0 && nm_os_index_nospec(0xfffffffe, 0xffffffff) == 0xfffffffe, "the ends");
	return OK;
}
