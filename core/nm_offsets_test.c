/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_offsets_test.c - the option OFFSETS: frames that begin at an offset in their buffers. */
#include "host.h"

#define SLOTS 64u

static struct nm_root root;
static struct nm_session a, b, c;
static struct nm_session *const sessions[] = {&a, &b, &c, NULL};
static uint8_t frame[64];

static int
setup(void **state)
{
	(void)state;
	host_frame(frame, "\2bbbbb", "\2aaaaa");
	return host_begin(&root, sessions);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

/* With *o, or without offsets if it is NULL. */
static int
ask(struct nm_session *s, const char *name, uint32_t mode, struct nmreq_opt_offsets *o)
{
	struct nmreq_register reg = {.nr_mode = mode, .nr_tx_slots = SLOTS, .nr_rx_slots = SLOTS};

	return host_register_at(s, name, &reg, o);
}

static int
open_at(struct nm_session *s, const char *name, uint64_t max, uint64_t first)
{
	struct nmreq_opt_offsets o = {.nro_max_offset = max, .nro_initial_offset = first, .nro_offset_bits = 16};

	return ask(s, name, NR_REG_ALL_NIC, &o);
}

static struct nm_kring *
ring(struct nm_session *s, int dir)
{
	return nm_session_kring(s, dir, 0);
}

/* The next slot to send, at that offset; the ptr has more bits than those that count. */
static void
put(struct nm_session *s, uint32_t offset, uint16_t len, uint16_t flags)
{
	struct nm_kring *kr = ring(s, NM_DIR_TX);
	struct netmap_slot *p = &kr->slots[kr->atok->head];

	memcpy(kr->bufs + (size_t)p->buf_idx * kr->stride + offset, frame, len < sizeof(frame) ? len : sizeof(frame));
	p->len = len;
	p->flags = flags;
	p->ptr = kr->offsets.mask ? offset | 0xabc0000 : 0;
	kr->atok->head = kr->atok->cur = nm_ring_add(kr->atok->head, 1, kr->nslots);
}

/* The same, one byte longer than `part`, which begins as the frame does. */
static void
put_longer(struct nm_session *s, uint32_t part)
{
	struct nm_kring *kr = ring(s, NM_DIR_TX);

	kr->bufs[(size_t)kr->slots[kr->atok->head].buf_idx * kr->stride + part] = (char)*frame;
	put(s, 0, (uint16_t)(part + 1), 0);
}

/* The next that was received is of so many bytes, at that offset, and begins with the frame. */
static void
comes(struct nm_session *s, uint32_t offset, uint16_t len)
{
	struct nm_kring *kr = ring(s, NM_DIR_RX);
	struct netmap_slot *p = &kr->slots[kr->atok->head];

	assert_int_not_equal(kr->atok->head, kr->ktoa->hwtail);
	assert_int_equal(p->len, len);
	assert_int_equal(p->ptr & 0xffff, offset);
	assert_memory_equal(kr->bufs + (size_t)p->buf_idx * kr->stride + offset, frame, len < sizeof(frame) ? len : sizeof(frame));
	kr->atok->head = kr->atok->cur = nm_ring_add(kr->atok->head, 1, kr->nslots);
}

static void
nothing_comes(struct nm_session *s)
{
	assert_int_equal(ring(s, NM_DIR_RX)->atok->head, ring(s, NM_DIR_RX)->ktoa->hwtail);
}

static void
what_is_out_of_rule_is_refused(void **state)
{
	static const struct { struct nmreq_opt_offsets o; const char *why; } bad[] = {
		{{.nro_max_offset = 64, .nro_offset_bits = 65}, "vale0:a: an offset of 65 bits, 64 are the most"},
		{{.nro_max_offset = 64, .nro_offset_bits = UINT32_MAX}, "vale0:a: an offset of 4294967295 bits, 64 are the most"},
		{{.nro_max_offset = 2113}, "vale0:a: an offset of up to 2113, buffers have 2112 bytes"},
		{{.nro_max_offset = UINT64_MAX}, "vale0:a: an offset of up to 18446744073709551615, buffers have 2112 bytes"},
		{{.nro_max_offset = 64, .nro_offset_bits = 6}, "vale0:a: an offset of up to 64, which 6 bits don't hold"},
		{{.nro_max_offset = 64, .nro_initial_offset = 65}, "vale0:a: the first offset, 65, is above the greatest, 64"},
		{{.nro_max_offset = 64, .nro_initial_offset = UINT64_MAX}, "vale0:a: the first offset, 18446744073709551615, is above the greatest, 64"},
	};
	struct nmreq_opt_offsets o;
	size_t i;

	(void)state;
	root.limits.buf_size = 2112;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		o = bad[i].o;
		assert_int_equal(ask(&a, "vale0:a", NR_REG_ALL_NIC, &o), -EINVAL);
		assert_string_equal(a.errtext, bad[i].why);
		assert_int_equal(o.nro_opt.nro_status, EINVAL);
		assert_null(a.port);
	}
	o = (struct nmreq_opt_offsets){.nro_max_offset = 63, .nro_offset_bits = 6};
	assert_int_equal(ask(&a, "vale0:a", NR_REG_ALL_NIC, &o), 0);
	assert_int_equal(o.nro_opt.nro_status, 0);
	assert_int_equal(ring(&a, NM_DIR_TX)->ring->offset_mask, 63);
}

static void
what_a_nic_can_be_told_of(void **state)
{
	const struct nm_hw_bufs powers = {.sizes = 256 | 1024}, any = {.sizes = 2048, .step = 1}, kib = {.sizes = 2048, .step = 1024};
	const struct nm_hw_bufs most = {.sizes = 16384, .step = 4, .most = 9163};

	(void)state;
	assert_int_equal(nm_hw_buf_size(&powers, 255), 0);
	assert_int_equal(nm_hw_buf_size(&powers, 256), 256);
	assert_int_equal(nm_hw_buf_size(&powers, 1023), 256);
	assert_int_equal(nm_hw_buf_size(&powers, 4096), 1024);
	assert_int_equal(nm_hw_buf_size(&any, 1999), 1999);
	assert_int_equal(nm_hw_buf_size(&any, 0), 0);
	assert_int_equal(nm_hw_buf_size(&kib, 1023), 0);
	assert_int_equal(nm_hw_buf_size(&kib, 3071), 2048);
	assert_int_equal(nm_hw_buf_size(&most, 4095), 4092);
	assert_int_equal(nm_hw_buf_size(&most, 16384), 9160);
}

/* Which of them a NIC is to be told of, and what it is not asked for. */
static void
a_nic_admits_what_leaves_it_enough(void **state)
{
	static const struct { struct nm_hw_bufs bufs; uint32_t least, most; } nic[] = {
		{{.sizes = 256 | 512 | 1024 | 2048}, 0, 2048 - 256},
		{{.sizes = 256 | 512 | 1024 | 2048}, 1000, 1024},
		{{.sizes = 1024 | 2048 | 4096, .step = 1024, .align = 2}, 0, 1024},
		{{.sizes = 2048 | 4096, .step = 8, .align = 8}, 1522, 520},
		{{.sizes = 2048, .step = 1}, 1518, 530},
		{{.sizes = 2048 | 4096}, 0, 0},
	};
	struct nmreq_opt_offsets o;
	char text[200];
	size_t i;

	(void)state;
	host_nic_rings[0] = host_nic_rings[1] = 1;
	root.limits.global.size[NM_POOL_BUF] = 2048;
	for (i = 0; i < sizeof(nic) / sizeof(nic[0]); i++) {
		uint32_t most = nic[i].most;

		host_nic_bufs = &nic[i].bufs;
		host_nic_least = nic[i].least;
		o = (struct nmreq_opt_offsets){.nro_max_offset = most + 1};
		assert_int_equal(ask(&a, "nic0", NR_REG_ALL_NIC, &o), -EINVAL);
		assert_int_equal(o.nro_opt.nro_status, EINVAL);
		if (most)
			snprintf(text, sizeof(text), "nic0: offsets that leave %u of a buffer's 2048 bytes are too large for its NIC, which needs %u to "
			    "receive; ask for at most %u", 2048 - most - 1, 2048 - most, most);
		else
			snprintf(text, sizeof(text), "nic0: its NIC needs all of a buffer's 2048 bytes to receive; offsets need larger buffers");
		assert_string_equal(a.errtext, text);
		assert_null(a.port);
		/* the room is what counts, and only where something is received */
		o = (struct nmreq_opt_offsets){.nro_max_offset = 2048, .nro_min_gap = most};
		assert_int_equal(ask(&a, "nic0", NR_REG_ALL_NIC, &o), most ? 0 : -EINVAL);
		nm_session_close(&a);
		o = (struct nmreq_opt_offsets){.nro_max_offset = 2048};
		assert_int_equal(ask(&a, "nic0", NR_REG_SW, &o), 0);
		nm_session_close(&a);
		assert_int_equal(open_at(&a, "nic0", most, 0), 0);
		/* others have no more */
		o = (struct nmreq_opt_offsets){.nro_max_offset = most + 1, .nro_offset_bits = 16};
		assert_int_equal(ask(&b, "nic0", NR_REG_ALL_NIC, &o), -EBUSY);
		assert_int_equal(o.nro_opt.nro_status, EBUSY);
		nm_session_close(&a);
	}
	host_nic_bufs = NULL;
}

static void
rings_with_offsets_are_not_for_programs_of_32_bits(void **state)
{
	(void)state;
	a.ofs32 = b.ofs32 = true;
	assert_int_equal(ask(&a, "vale0:a", NR_REG_ALL_NIC, NULL), 0);
	assert_int_equal(open_at(&c, "vale0:a", 64, 0), -EBUSY);
	nm_session_close(&a);
	assert_int_equal(open_at(&c, "vale0:a", 64, 0), 0);
	assert_int_equal(ask(&b, "vale0:a", NR_REG_ALL_NIC, NULL), -EBUSY);
	assert_string_equal(b.errtext, "vale0:a: tx ring 0 is in use with offsets, which a program of 32 bits can't see; build it for 64 bits");
	a.ofs32 = b.ofs32 = false;
}

static void
interfaces_that_know_none_have_none(void **state)
{
	struct nmreq_opt_offsets o = {.nro_max_offset = 64};

	(void)state;
	host_nic_rings[0] = host_nic_rings[1] = 1;
	assert_int_equal(ask(&a, "nic0", NR_REG_ALL_NIC, &o), -EOPNOTSUPP);
	assert_string_equal(a.errtext, "nic0: option 5 (OFFSETS) is not supported yet for ports of this kind");
	assert_int_equal(o.nro_opt.nro_status, EOPNOTSUPP);
}

static void
programs_of_32_bits_have_none(void **state)
{
	struct nmreq_opt_offsets o = {.nro_max_offset = 64};

	(void)state;
	a.ofs32 = true;
	assert_int_equal(ask(&a, "vale0:a", NR_REG_ALL_NIC, &o), -EOPNOTSUPP);
	assert_string_equal(a.errtext,
	    "vale0:a: option 5 (OFFSETS) is not for programs of 32 bits: where their rings have offset_mask depends on their time_t");
	assert_int_equal(o.nro_opt.nro_status, EOPNOTSUPP);
	assert_null(a.port);
}

static void
slots_begin_with_the_first_offset(void **state)
{
	struct nmreq_opt_offsets o = {.nro_max_offset = 2048, .nro_initial_offset = 96};
	uint32_t i;
	int dir;

	(void)state;
	assert_int_equal(ask(&a, "n", NR_REG_NULL, &o), 0);
	for (dir = 0; dir < 2; dir++) {
		assert_true(ring(&a, dir)->ring->offset_mask == UINT64_MAX);
		for (i = 0; i < SLOTS; i++)
			assert_int_equal(ring(&a, dir)->slots[i].ptr, 96);
	}
}

static void
who_comes_later_asks_for_less(void **state)
{
	struct nmreq_opt_offsets o = {.nro_max_offset = 100, .nro_offset_bits = 8};

	(void)state;
	assert_int_equal(open_at(&a, "vale0:a", 256, 32), 0);
	ring(&a, NM_DIR_TX)->slots[5].ptr = 77;
	assert_int_equal(open_at(&b, "vale0:a", 257, 0), -EBUSY);
	o.nro_offset_bits = 17;
	assert_int_equal(ask(&b, "vale0:a", NR_REG_ALL_NIC, &o), -EBUSY);
	assert_int_equal(o.nro_opt.nro_status, EBUSY);
	o.nro_offset_bits = 8;
	assert_int_equal(ask(&b, "vale0:a", NR_REG_ALL_NIC, &o), 0);
	assert_int_equal(o.nro_max_offset, 256); /* what the ring has */
	assert_int_equal(ring(&b, NM_DIR_TX)->ring->offset_mask, 0xffff);
	assert_int_equal(ring(&b, NM_DIR_TX)->slots[5].ptr, 77);
	assert_int_equal(ring(&b, NM_DIR_TX)->slots[6].ptr, 32);
	nm_session_close(&a);
	nm_session_close(&b);

	/* rings whose client knows of none */
	assert_int_equal(ask(&a, "vale0:a", NR_REG_ALL_NIC, NULL), 0);
	assert_int_equal(ring(&a, NM_DIR_TX)->ring->offset_mask, 0);
	assert_int_equal(ring(&a, NM_DIR_TX)->slots[6].ptr, 0);
	assert_int_equal(open_at(&b, "vale0:a", 0, 0), -EBUSY);
}

static void
a_switch_reads_and_writes_at_offsets(void **state)
{
	uint32_t stride, next;
	struct nm_kring *rx;

	(void)state;
	assert_int_equal(open_at(&a, "vale0:a", 2048, 0), 0);
	assert_int_equal(open_at(&b, "vale0:b", 512, 33), 0);
	assert_int_equal(ask(&c, "vale0:c", NR_REG_ALL_NIC, NULL), 0);
	stride = ring(&a, NM_DIR_TX)->stride;
	put(&a, 128, 60, 0);
	put(&a, 0, 61, 0);
	put(&a, 200, 40, NS_MOREFRAG);
	put(&a, 7, 30, 0);
	assert_int_equal(host_txsync(&a), 0);
	comes(&b, 33, 60);
	comes(&b, 33, 61);
	comes(&b, 33, 40);
	comes(&b, 33, 30);
	comes(&c, 0, 60);
	comes(&c, 0, 61);
	comes(&c, 0, 40);
	comes(&c, 0, 30);
	nothing_comes(&b);

	/* to the last byte of a buffer, and to the next one's first */
	put(&a, 2048, (uint16_t)(stride - 2048), 0);
	put(&a, 2048, (uint16_t)(stride - 2048 + 1), 0);
	put(&a, 0, (uint16_t)(stride - 512), 0);
	put_longer(&a, stride - 512); /* more than b takes in a buffer */
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_bad_len), 1);
	comes(&b, 33, (uint16_t)(stride - 2048));
	comes(&b, 33, (uint16_t)(stride - 512));
	comes(&b, 33, (uint16_t)(stride - 512));
	comes(&b, 33, 1);
	nothing_comes(&b);
	comes(&c, 0, (uint16_t)(stride - 2048));
	comes(&c, 0, (uint16_t)(stride - 512));
	comes(&c, 0, (uint16_t)(stride - 511));

	/* a slot that the receiver set; one beyond the most */
	rx = ring(&b, NM_DIR_RX);
	next = rx->atok->head;
	rx->slots[next].ptr = 512;
	rx->slots[nm_ring_add(next, 1, SLOTS)].ptr = 0xffff;
	put(&a, 10, 60, 0);
	put(&a, 10, 60, 0);
	assert_int_equal(host_txsync(&a), 0);
	comes(&b, 512, 60);
	comes(&b, 512, 60);

	/* from who has none */
	put(&c, 0, 60, 0);
	assert_int_equal(host_txsync(&c), 0);
	comes(&b, 33, 60);
	comes(&a, 0, 60);
}

/* The room that frames may take is what is not to be left free: they begin before their offset, if they must. */
static void
a_gap_gives_more_room(void **state)
{
	struct nmreq_opt_offsets o = {.nro_max_offset = 1024, .nro_initial_offset = 1024, .nro_offset_bits = 16, .nro_min_gap = 128};
	struct nm_kring *rx;
	uint32_t stride;
	char *after;

	(void)state;
	assert_int_equal(ask(&b, "vale0:b", NR_REG_ALL_NIC, &o), 0);
	assert_int_equal(ask(&a, "vale0:a", NR_REG_ALL_NIC, NULL), 0);
	rx = ring(&b, NM_DIR_RX);
	stride = rx->stride;
	memset(rx->bufs + 2 * (size_t)stride, 0x55, (size_t)(rx->nbufs - 2) * stride);
	put(&a, 0, (uint16_t)(stride - 128), 0);
	put_longer(&a, stride - 128);
	put(&a, 0, 60, 0);
	assert_int_equal(host_txsync(&a), 0);
	after = rx->bufs + ((size_t)rx->slots[0].buf_idx + 1) * stride;
	if (rx->slots[0].buf_idx + 1 < rx->nbufs && rx->slots[0].buf_idx + 1 != rx->slots[1].buf_idx)
		assert_int_equal(*after, 0x55);
	comes(&b, 128, (uint16_t)(stride - 128));
	/* what leaves no such gap comes in two parts */
	assert_int_equal(rx->slots[1].flags, 2 << 8 | NS_MOREFRAG);
	assert_int_equal(rx->slots[2].flags, 2 << 8);
	comes(&b, 128, (uint16_t)(stride - 128));
	comes(&b, 1024, 1);
	comes(&b, 1024, 60);
	nothing_comes(&b);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded), 3);
}

/* Offsets up to a buffer's end, with that much to be left free, leave no byte for frames. */
static void
a_gap_of_a_whole_buffer_takes_no_frame(void **state)
{
	(void)state;
	root.limits.buf_size = 2112;
	assert_int_equal(open_at(&b, "vale0:b", 2112, 0), 0);
	assert_int_equal(ask(&a, "vale0:a", NR_REG_ALL_NIC, NULL), 0);
	put(&a, 0, 60, 0);
	assert_int_equal(host_txsync(&a), 0);
	nothing_comes(&b);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_bad_len), 1);
}

static void
a_pipe_hands_offsets_over(void **state)
{
	struct nm_kring *tx;
	uint32_t stride;

	(void)state;
	assert_int_equal(open_at(&a, "x{1", 1024, 16), 0);
	assert_int_equal(open_at(&b, "x}1", 512, 8), 0);
	tx = ring(&a, NM_DIR_TX);
	stride = tx->stride;
	assert_int_equal(tx->slots[3].ptr, 16);
	assert_int_equal(ring(&b, NM_DIR_RX)->slots[3].ptr, 8);
	put(&a, 100, 60, 0);
	put(&a, 512, 40, NS_MOREFRAG);
	put(&a, 0, 30, 0);
	put(&a, 513, 61, 0); /* the receiver has no such offsets */
	put(&a, 1024, (uint16_t)(stride - 1024), 0);
	put(&a, 1024, (uint16_t)(stride - 1023), 0);
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(tx->slots[0].ptr, 100);
	comes(&b, 100, 60);
	comes(&b, 512, 40);
	comes(&b, 0, 30);
	comes(&b, 0, 61);
	comes(&b, 0, (uint16_t)(stride - 1024));
	nothing_comes(&b);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_drop_bad_len), 1);
}

static void
a_pipe_to_who_knows_no_offsets(void **state)
{
	(void)state;
	assert_int_equal(open_at(&a, "x{1", 1024, 16), 0);
	put(&a, 100, 60, 0);
	assert_int_equal(host_txsync(&a), 0);
	put(&a, 101, 61, 0);
	assert_int_equal(ask(&b, "x}1", NR_REG_ALL_NIC, NULL), 0);
	assert_int_equal(ring(&b, NM_DIR_RX)->ring->offset_mask, 0);
	assert_int_equal(host_txsync(&a), 0);
	comes(&b, 0, 60);
	comes(&b, 0, 61);
	/* what b never saw is with the pipe: who comes next finds it where buffers begin */
	put(&a, 50, 62, 0);
	assert_int_equal(host_txsync(&a), 0);
	nm_session_close(&b);
	assert_int_equal(open_at(&b, "x}1", 512, 8), 0);
	comes(&b, 0, 62);
	assert_int_equal(ring(&b, NM_DIR_RX)->slots[9].ptr, 8);
	/* and the sender's stay while the pipe does */
	nm_session_close(&a);
	assert_int_equal(open_at(&a, "x{1", 1025, 0), -EBUSY);
	assert_int_equal(open_at(&a, "x{1", 1024, 0), 0);
	assert_int_equal(ring(&a, NM_DIR_TX)->slots[9].ptr, 16);
}

static void
spoil_offset(void *arg, uint32_t round)
{
	static const uint64_t t[] = {0, 64, 2048, 2049, 0xffff, UINT32_MAX, UINT64_MAX, 1ull << 32, 0x8000000000000000, 1000};
	static const uint16_t len[] = {60, 64, 65, 14, 2112, 65535, 1112, 1113};
	struct nm_kring *kr = arg;
	struct netmap_slot *s = &kr->slots[round % SLOTS];

	NM_WRITE_ONCE(s->ptr, t[round / 3 % 10]);
	NM_WRITE_ONCE(s->len, len[round / 5 % 8]);
	if (round % 17 == 0)
		NM_WRITE_ONCE(s->buf_idx, round % 34 ? 2 + round % (kr->nbufs - 2) : round);
}

static void
race(struct nm_session *from, struct nm_session *to, struct nm_kring *spoiled)
{
	struct nm_kring *tx = ring(from, NM_DIR_TX), *rx = ring(to, NM_DIR_RX);
	uint32_t round, head;

	memset(tx->bufs + 2 * (size_t)tx->stride, 0xff, (size_t)(tx->nbufs - 2) * tx->stride); /* to all */
	host_race_start(spoil_offset, spoiled);
	for (round = 0; round < 20000; round++) {
		head = nm_ring_add(tx->rhead, nm_ring_dist(tx->rhead, tx->hwtail, SLOTS) / 2, SLOTS);
		NM_WRITE_ONCE(tx->atok->cur, head);
		NM_STORE_RELEASE(&tx->atok->head, head);
		nm_kring_sync(tx);
		for (head = rx->atok->head; head != rx->ktoa->hwtail; head = nm_ring_add(head, 1, SLOTS)) {
			struct netmap_slot s = nm_kring_snapshot(&rx->slots[head]);

			if (spoiled == rx)
				continue;
			assert_in_range(s.buf_idx, 2, rx->nbufs - 1);
			assert_true(s.ptr <= 2048 && s.len <= rx->stride && s.ptr + s.len <= rx->stride);
		}
		rx->atok->head = rx->atok->cur = head;
	}
	host_race_stop();
}

/* Offsets and lengths that change at any time stay within a buffer; AddressSanitizer has no say in a region, its last buffer's end has. */
static void
offsets_that_change_meanwhile(void **state)
{
	(void)state;
	root.limits.buf_size = 2112;
	assert_int_equal(open_at(&a, "vale0:a", 2048, 0), 0);
	assert_int_equal(open_at(&b, "vale0:b", 2048, 0), 0);
	race(&a, &b, ring(&a, NM_DIR_TX));
	race(&a, &b, ring(&b, NM_DIR_RX));
	assert_true(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded) > 0);
	nm_session_close(&a);
	nm_session_close(&b);
	assert_int_equal(open_at(&a, "x{1", 2048, 0), 0);
	assert_int_equal(open_at(&b, "x}1", 2048, 0), 0);
	race(&a, &b, ring(&a, NM_DIR_TX));
	race(&a, &b, ring(&b, NM_DIR_RX));
	assert_true(host_stat(&a, NM_DIR_TX, NM_STAT_forwarded) > 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_out_of_rule_is_refused),
		T(what_a_nic_can_be_told_of),
		T(a_nic_admits_what_leaves_it_enough),
		T(rings_with_offsets_are_not_for_programs_of_32_bits),
		T(interfaces_that_know_none_have_none),
		T(programs_of_32_bits_have_none),
		T(slots_begin_with_the_first_offset),
		T(who_comes_later_asks_for_less),
		T(a_switch_reads_and_writes_at_offsets),
		T(a_gap_gives_more_room),
		T(a_gap_of_a_whole_buffer_takes_no_frame),
		T(a_pipe_hands_offsets_over),
		T(a_pipe_to_who_knows_no_offsets),
		T(offsets_that_change_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
