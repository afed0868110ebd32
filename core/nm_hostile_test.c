/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules for memory that others write to: read once, snapshot and bound, never act on a bad ring, bound the integers of
 * requests, hurt nobody else, hand out nothing that is not the frame, clamp what selects memory. Run under ThreadSanitizer a
 * plain read of what the racing thread writes is reported.
 */
#include "host.h"
#include "nm_ring.h"

#define B "\2bbbbb"
#define A "\2aaaaa"
#define SLOTS 64u

static struct nm_root root;
static struct nm_session a, b, c;
static struct nm_session *const sessions[] = {&a, &b, &c, NULL};
static uint8_t frame[64];

static int
open_port(struct nm_session *s, const char *name)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = SLOTS, .nr_rx_slots = SLOTS};

	return host_register(s, name, &reg);
}

static int
setup(void **state)
{
	(void)state;
	return host_begin(&root, sessions);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

/* What the racing thread puts into slots: good ones, bad indices, bad lengths, endless chains. */
static void
spoil_slot(void *arg, uint32_t round)
{
	struct nm_kring *kr = arg;
	struct netmap_slot *s = &kr->slots[round % SLOTS];
	uint32_t good = 2 + round % (kr->nbufs - 2);
	const struct netmap_slot t[] = {
		{.buf_idx = good, .len = 60}, {.buf_idx = 0x7fffffff, .len = 60}, {.buf_idx = good, .len = 65535},
		{.buf_idx = good, .len = 60, .flags = NS_MOREFRAG}, {.buf_idx = 1, .len = 1}, {.buf_idx = good, .len = 2112, .flags = 0xff0f},
		{.buf_idx = good, .len = 14}, {.buf_idx = good, .len = 0, .flags = NS_MOREFRAG},
	};
	uint64_t w;

	memcpy(&w, &t[round / 3 % 8], sizeof(w));
	NM_WRITE_ONCE(*(uint64_t *)(void *)s, w);
}

static void
publish(struct nm_kring *kr, uint32_t n)
{
	uint32_t head = nm_ring_add(kr->rhead, n, kr->nslots);

	NM_WRITE_ONCE(kr->atok->cur, head);
	NM_STORE_RELEASE(&kr->atok->head, head);
}

/* Everything that arrived is within its bounds; gives it back. */
static uint32_t
drain(struct nm_session *s)
{
	struct nm_kring *kr = nm_session_kring(s, NM_DIR_RX, 0);
	uint32_t head = kr->atok->head, n = 0;

	for (; head != kr->ktoa->hwtail; head = nm_ring_add(head, 1, kr->nslots), n++) {
		assert_in_range(kr->slots[head].buf_idx, 2, kr->nbufs - 1);
		assert_true(kr->slots[head].len <= kr->stride);
	}
	kr->atok->cur = head;
	kr->atok->head = head;
	return n;
}

static void
race_on_slots(const char *from, const char *to)
{
	struct nm_kring *tx;
	uint32_t i, got = 0;

	assert_int_equal(open_port(&a, from), 0);
	assert_int_equal(open_port(&b, to), 0);
	tx = nm_session_kring(&a, NM_DIR_TX, 0);
	host_frame(frame, B, A);
	for (i = 2; i < tx->nbufs; i++)
		memcpy(tx->bufs + (size_t)i * tx->stride, frame, sizeof(frame));
	host_race_start(spoil_slot, tx);
	for (i = 0; i < 4000; i++) {
		if (nm_ring_dist(tx->rhead, tx->hwtail, tx->nslots) >= 16)
			publish(tx, 16);
		assert_int_equal(nm_kring_sync(tx), 0);
		got += drain(&b);
	}
	host_race_stop();
	assert_true(got > 0);
	assert_true(tx->stat[NM_STAT_drop_bad_buf] + tx->stat[NM_STAT_drop_bad_len] > 0);
}

static void
slots_that_change_while_they_are_read(void **state)
{
	(void)state;
	race_on_slots("vale0:a", "vale0:b");
}

static void
slots_of_a_pipe_that_change_while_they_are_read(void **state)
{
	(void)state;
	race_on_slots("x{1", "x}1");
}

/* Both indices of a receiver in turn, right and wrong, while frames are put into its ring. */
static void
spoil_indices(void *arg, uint32_t round)
{
	struct nm_kring *kr = arg;
	static const uint32_t bad[] = {SLOTS, 0xffffffff, 0x80000000, 63, 1};

	NM_WRITE_ONCE(kr->atok->head, round % 2 ? bad[round / 2 % 5] : NM_READ_ONCE(kr->ktoa->hwtail));
	NM_WRITE_ONCE(kr->atok->cur, round * 7);
	NM_WRITE_ONCE(kr->slots[round % SLOTS].buf_idx, round % 3 ? 2 + round % 50 : 0xfffffff0u + round);
}

static void
a_receiver_that_lies_costs_only_itself(void **state)
{
	struct nm_kring *tx, *rx;
	uint32_t i, third = 0;

	(void)state;
	assert_int_equal(open_port(&a, "vale0:a"), 0);
	assert_int_equal(open_port(&b, "vale0:b"), 0);
	assert_int_equal(open_port(&c, "vale0:c"), 0);
	tx = nm_session_kring(&a, NM_DIR_TX, 0);
	rx = nm_session_kring(&b, NM_DIR_RX, 0);
	host_frame(frame, "\377\377\377\377\377\377", A);
	host_race_start(spoil_indices, rx);
	for (i = 0; i < 4000; i++) {
		host_put(&a, frame, 60, 0);
		assert_int_equal(nm_kring_sync(tx), 0);
		third += drain(&c);
		assert_in_range(rx->nstack, 0, rx->nslots);
		assert_in_range(rx->hwtail, 0, rx->nslots - 1);
	}
	host_race_stop();
	assert_int_equal(third, 4000); /* each copy of the other port came */
	assert_int_equal(tx->hwcur, tx->rhead);
}

/* The rule in other words: on the way from `from` to `tail` one meets head, then cur. */
static bool
model(uint32_t from, uint32_t head, uint32_t cur, uint32_t tail, uint32_t n)
{
	uint32_t i = from;
	bool met = false;

	for (;;) {
		met |= i == head;
		if (i == cur && met)
			return true;
		if (i == tail)
			return false;
		i = i + 1 == n ? 0 : i + 1;
	}
}

static void
every_head_and_cur_is_judged_by_the_rule(void **state)
{
	uint32_t n, from, tail, head, cur;

	(void)state;
	for (n = 1; n <= 6; n++)
		for (from = 0; from < n; from++)
			for (tail = 0; tail < n; tail++)
				for (head = 0; head < n + 2; head++)
					for (cur = 0; cur < n + 2; cur++)
						assert_int_equal(nm_ring_valid(from, head, cur, tail, n),
						    head < n && cur < n && model(from, head, cur, tail, n));
	assert_false(nm_ring_valid(0, UINT32_MAX, 0, 3, 4));
	assert_false(nm_ring_valid(0, 0, UINT32_MAX, 3, 4));
}

static void
a_bad_ring_is_counted_and_not_acted_on(void **state)
{
	static const uint32_t bad[][2] = {{64, 64}, {UINT32_MAX, 0}, {0, UINT32_MAX}, {5, 4}, {1, 0}, {63, 2}};
	struct nm_kring *tx, *rx;
	uint32_t i, tail;

	(void)state;
	assert_int_equal(open_port(&a, "vale0:a"), 0);
	assert_int_equal(open_port(&b, "vale0:b"), 0);
	tx = nm_session_kring(&a, NM_DIR_TX, 0);
	rx = nm_session_kring(&b, NM_DIR_RX, 0);
	host_frame(frame, B, A);
	host_put(&a, frame, 60, 0);
	host_put(&a, frame, 60, 0);
	host_txsync(&a); /* hwcur is 2 */
	tail = tx->ktoa->hwtail;
	for (i = 0; i < 6; i++) {
		tx->atok->head = bad[i][0];
		tx->atok->cur = bad[i][1];
		assert_int_equal(nm_kring_sync(tx), -EINVAL);
		assert_int_equal(tx->stat[NM_STAT_sync_errors], i + 1);
		assert_int_equal(tx->hwcur, 2);
		assert_int_equal(tx->rhead, 2);
		assert_int_equal(tx->ktoa->hwtail, tail);
	}
	assert_int_equal(tx->stat[NM_STAT_tx_packets], 2);
	tx->atok->head = tx->atok->cur = 2;
	assert_int_equal(nm_kring_sync(tx), 0);
	rx->atok->head = rx->atok->cur = 9; /* beyond what it got */
	assert_int_equal(nm_kring_sync(rx), -EINVAL);
	assert_int_equal(rx->stat[NM_STAT_sync_errors], 1);
	rx->atok->head = rx->atok->cur = 2;
	assert_int_equal(nm_kring_sync(rx), 0);
}

static uint32_t seed = 1;

static uint32_t
rnd(void)
{
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

/* Every request with the extremes of every field, and with noise, on a descriptor that is bound or not. */
static void
integers_of_requests_are_bounded(void **state)
{
	static const uint8_t fill[] = {0x00, 0xff, 0x7f, 0x80, 0x01};
	static union { uint8_t bytes[4096]; uint64_t align[512]; } u;
	static const char *const names[] = {"vale0:a", "x{1", "", "vale0", "nic0", "vale0:a{9"};
	uint32_t type, i, k, n;
	int size;

	(void)state;
	host_quota = host_regions + (64u << 20);
	for (k = 0; k < 400; k++)
		for (type = 1; type < 0x1010; type = type == 15 ? 0x1000 : type + 1) {
			size = nm_ctl_body_size(type);
			if (size < 0)
				continue;
			for (i = 0; i < (uint32_t)size; i++)
				u.bytes[i] = k < 5 ? fill[k] : rnd() % 3 ? 0 : fill[rnd() % 5];
			if (type == NETMAP_REQ_REGISTER && k >= 5) {
				struct nmreq_register *reg = (void *)u.bytes;

				reg->nr_mode %= 10;
				reg->nr_flags &= NR_EXCLUSIVE | NR_TX_RINGS_ONLY;
			}
			n = rnd() % 6;
			host_request(n % 2 ? &a : &b, (uint16_t)type, names[n], size ? u.bytes : NULL);
			if (rnd() % 8 == 0)
				nm_session_close(n % 2 ? &a : &b);
		}
	host_quota = SIZE_MAX;
}

/* All that a client can write is noise: the engine's side goes on, another region does not change by a bit. */
static void
noise_over_a_region_stays_in_it(void **state)
{
	struct nm_kring *tx, *other;
	uint32_t round, i, *w;
	uint8_t *before;
	size_t words;

	(void)state;
	assert_int_equal(open_port(&c, "vale9:c"), 0);
	host_indirect = false; /* the client's own memory is the host's to check */
	before = nm_os_alloc(c.mem->region.size);
	memset(c.mem->pool[NM_POOL_BUF].base, 0x5a, 4096 * 8);
	memcpy(before, host_region(&c.mem->region), c.mem->region.size);
	for (round = 0; round < 60; round++) {
		assert_int_equal(open_port(&a, round % 2 ? "vale0:a" : "x{1"), 0);
		assert_int_equal(open_port(&b, round % 2 ? "vale0:b" : "x}1"), 0);
		tx = nm_session_kring(&a, NM_DIR_TX, 0);
		other = nm_session_kring(&b, NM_DIR_TX, 0);
		w = (void *)host_region(&a.mem->region);
		words = a.mem->region.size / 4;
		for (i = 0; i < 50000; i++)
			w[rnd() % words] = rnd() % 4 ? rnd() % 128 : rnd() * 977;
		for (i = 0; i < SLOTS * 4; i++)
			((uint32_t *)(void *)tx->slots)[i] = rnd() % 3 ? rnd() % 100 : rnd() * 977;
		for (i = 0; i < 40; i++) {
			if (round & 2)
				tx->atok->head = tx->atok->cur = rnd() % (SLOTS + 2);
			nm_kring_sync(tx);
			nm_kring_sync(other);
			nm_kring_sync(nm_session_kring(&a, NM_DIR_RX, 0));
			nm_kring_sync(nm_session_kring(&b, NM_DIR_RX, 0));
		}
		nm_session_close(round & 4 ? &a : &b);
		nm_session_close(round & 4 ? &b : &a);
		assert_null(root.mems->next); /* all is given back but c's */
	}
	assert_memory_equal(before, host_region(&c.mem->region), c.mem->region.size);
	nm_os_free(before);
	host_indirect = true;
}

static void
nothing_but_the_frame_is_delivered(void **state)
{
	static const uint16_t lengths[] = {14, 15, 59, 60, 61, 63, 64, 65, 127, 129, 1000, 1514, 2047, 2048, 2112};
	struct nm_kring *tx, *rx;
	const char *buf;
	uint32_t i, k, head;

	(void)state;
	assert_int_equal(open_port(&a, "vale0:a"), 0);
	assert_int_equal(open_port(&b, "vale0:b"), 0);
	tx = nm_session_kring(&a, NM_DIR_TX, 0);
	rx = nm_session_kring(&b, NM_DIR_RX, 0);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		head = tx->atok->head;
		memset(tx->bufs + (size_t)tx->slots[head].buf_idx * tx->stride, 0xee, tx->stride); /* a secret behind the frame */
		host_frame(frame, B, A);
		host_put(&a, frame, lengths[i] < 64 ? lengths[i] : 64, 0);
		tx->slots[head].len = lengths[i];
		host_txsync(&a);
		assert_int_equal(rx->slots[i].len, lengths[i]);
		buf = rx->bufs + (size_t)rx->slots[i].buf_idx * rx->stride;
		for (k = lengths[i]; k < rx->stride; k++)
			assert_int_equal(buf[k], 0);
	}
}

static void
memory_is_zero_when_it_is_handed_out(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_NULL, .nr_tx_slots = 8, .nr_rx_slots = 8}, more;
	struct nm_kring *kr;
	uint32_t round, i, k;

	(void)state;
	assert_int_equal(host_register(&a, "keeps", &reg), 0);
	for (round = 0; round < 3; round++) {
		more = (struct nmreq_register){.nr_mode = NR_REG_NULL, .nr_mem_id = reg.nr_mem_id, .nr_tx_slots = 8, .nr_rx_slots = 8,
		    .nr_extra_bufs = 4};
		assert_int_equal(host_register(&b, "n", &more), 0);
		kr = nm_session_kring(&b, NM_DIR_TX, 0);
		for (i = 0; i < 8; i++) {
			uint8_t *p = (uint8_t *)kr->bufs + (size_t)kr->slots[i].buf_idx * kr->stride;

			for (k = 0; k < kr->stride; k++)
				assert_int_equal(p[k], 0);
			memset(p, 0xee, kr->stride);
		}
		assert_int_equal(kr->ring->sem[0], 0);
		memset((void *)(uintptr_t)kr->ring->sem, 0xee, sizeof(kr->ring->sem));
		nm_session_close(&b);
	}
}

static void
an_index_beyond_the_end_selects_nothing_beyond(void **state)
{
	static const uint32_t n[] = {1, 2, 7, 64, 1000000, 0x7fffffff};
	uint32_t i, k;

	(void)state;
	for (i = 0; i < 6; i++) {
		assert_int_equal(nm_os_index_nospec(0, n[i]), 0);
		assert_int_equal(nm_os_index_nospec(n[i] - 1, n[i]), n[i] - 1);
		for (k = 0; k < 32; k++)
			assert_true(nm_os_index_nospec(n[i] + (1u << k) - 1, n[i]) < n[i]);
		assert_true(nm_os_index_nospec(UINT32_MAX, n[i]) < n[i]);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(slots_that_change_while_they_are_read),
		T(slots_of_a_pipe_that_change_while_they_are_read),
		T(a_receiver_that_lies_costs_only_itself),
		T(every_head_and_cur_is_judged_by_the_rule),
		T(a_bad_ring_is_counted_and_not_acted_on),
		T(integers_of_requests_are_bounded),
		T(noise_over_a_region_stays_in_it),
		T(nothing_but_the_frame_is_delivered),
		T(memory_is_zero_when_it_is_handed_out),
		T(an_index_beyond_the_end_selects_nothing_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
