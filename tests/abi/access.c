/* SPDX-License-Identifier: BSD-2-Clause */
/* access.c - the macros and inline functions that turn offsets and indices into pointers, on rings laid out here. */
#include <stdio.h>
#include <string.h>

#include <net/netmap_user.h>

static int failed;

static void
is(const char *name, long long got, long long want)
{
	if (got == want) {
		printf("ok %s\n", name);
		return;
	}
	printf("not ok %s: got %lld want %lld\n", name, got, want);
	failed = 1;
}

static union {
	char bytes[65536];
	uint64_t align;
} __attribute__((aligned(128))) mem;

#define SET(field, value) \
	do { \
		__typeof__(field) value_ = (value); \
		memcpy((void *)(uintptr_t)&(field), (const void *)&value_, sizeof(value_)); \
	} while (0)

static void
test_pointers(void)
{
	struct netmap_if *nifp = NETMAP_IF(mem.bytes, 128);
	struct netmap_ring *r;

	is("interface", (char *)nifp - mem.bytes, 128);
	/* 2 transmit rings, 3 of the host, so the receive rings begin at entry 5 */
	SET(nifp->ni_tx_rings, 2);
	SET(nifp->ni_host_tx_rings, 3);
	SET(nifp->ring_ofs[1], 1024);
	SET(nifp->ring_ofs[5], 4096);
	is("transmit ring", (char *)NETMAP_TXRING(nifp, 1) - (char *)nifp, 1024);
	is("receive ring", (char *)NETMAP_RXRING(nifp, 0) - (char *)nifp, 4096);
	is("ring not bound", NETMAP_RING_BOUND(nifp, NETMAP_TXRING(nifp, 0)), 0);
	is("ring bound", NETMAP_RING_BOUND(nifp, NETMAP_TXRING(nifp, 1)), 1);

	r = NETMAP_TXRING(nifp, 1);
	SET(r->buf_ofs, -512);
	SET(r->nr_buf_size, 192);
	is("buffer before the ring", NETMAP_BUF(r, 0) - (char *)r, -512);
	is("buffer", NETMAP_BUF(r, 7) - (char *)r, 7 * 192 - 512);
	is("index of buffer", (long long)NETMAP_BUF_IDX(r, NETMAP_BUF(r, 7)), 7);
	is("index of a byte in it", (long long)NETMAP_BUF_IDX(r, NETMAP_BUF(r, 7) + 191), 7);

	SET(r->offset_mask, 0xff);
	r->slot[0].buf_idx = 3;
	r->slot[0].ptr = 0xabcd12;
	is("offset", (long long)NETMAP_ROFFSET(r, &r->slot[0]), 0x12);
	is("data", NETMAP_BUF_OFFSET(r, &r->slot[0]) - NETMAP_BUF(r, 3), 0x12);
	NETMAP_WOFFSET(r, &r->slot[0], 0x1034);
	is("offset written, other bits kept", (long long)r->slot[0].ptr, 0xabcd34);
	r->slot[0].flags = 0x0520;
	is("fragments", NS_RFRAGS(&r->slot[0]), 5);
}

static void
test_indices(void)
{
	static const struct { uint32_t head, tail, space; int empty, pending; } t[] = {
		{0, 0, 0, 1, 1}, {0, 7, 7, 0, 0}, {3, 2, 7, 0, 0}, {6, 1, 3, 0, 1}, {7, 7, 0, 1, 1}, {1, 7, 6, 0, 1},
	};
	struct netmap_ring *r = (struct netmap_ring *)(void *)mem.bytes;
	char what[64];
	size_t i;

	memset(mem.bytes, 0, 4096);
	SET(r->num_slots, 8);
	is("next", nm_ring_next(r, 3), 4);
	is("next of the last", nm_ring_next(r, 7), 0);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		r->head = t[i].head;
		r->cur = t[i].tail; /* does not matter */
		r->tail = t[i].tail;
		snprintf(what, sizeof(what), "space of %u..%u", t[i].head, t[i].tail);
		is(what, nm_ring_space(r), t[i].space);
		snprintf(what, sizeof(what), "empty %u..%u", t[i].head, t[i].tail);
		is(what, nm_ring_empty(r) != 0, t[i].empty);
		snprintf(what, sizeof(what), "pending %u..%u", t[i].head, t[i].tail);
		is(what, nm_tx_pending(r) != 0, t[i].pending);
	}
}

static void
test_index_block(void)
{
	struct nm_csb_atok a;
	struct nm_csb_ktoa k;
	uint32_t hwtail = 0, hwcur = 0;

	memset(&a, 0x55, sizeof(a));
	memset(&k, 0, sizeof(k));
	k.hwcur = 3;
	k.hwtail = 9;
	nm_sync_kloop_appl_write(&a, 12, 11);
	nm_sync_kloop_appl_read(&k, &hwtail, &hwcur);
	is("head written", a.head, 11);
	is("cur written", a.cur, 12);
	is("no more written", a.appl_need_kick, 0x55555555);
	is("hwtail read", hwtail, 9);
	is("hwcur read", hwcur, 3);
}

static void
test_copy(void)
{
	char from[200], to[200];
	int len, ok = 1;

	memset(from, 'a', sizeof(from));
	for (len = 0; len <= 150; len++) {
		memset(to, 'b', sizeof(to));
		nm_pkt_copy(from, to, len);
		ok &= memcmp(from, to, (size_t)len) == 0 && to[len] == 'b';
	}
	is("copies as much as asked", ok, 1);
}

int
main(void)
{
	test_pointers();
	test_indices();
	test_index_block();
	test_copy();
	return failed;
}
