/* SPDX-License-Identifier: BSD-2-Clause */
#include "nic_bed.h"

#define MOST 4096u     /* descriptors, and slots */
#define FRAME_MAX NIC_FRAME_MAX
#define BATCH 256u
#define BATCHES 400u
#define TURNS 100000u  /* after which a test that waits for frames has failed */

struct nm_hw_ring nic_tx, nic_rx;

static const struct nic_model *model;
static struct nm_root root;
static struct nm_session s;
static struct nm_session *const sessions[] = {&s, NULL};
struct nm_hw_map nic_map;
struct nic_told nic_to, nic_from, nic_for;
static uint64_t addrs[1u << 16];
static uint32_t tx_at, rx_at; /* where the NIC is */
uint8_t nic_foreign[FRAME_MAX];
static uint32_t foreign_sent, foreign_lost;

static void
foreign_gone(struct nm_hw_ring *r, void *owner, bool sent)
{
	assert_ptr_equal(r, &nic_tx);
	assert_ptr_equal(owner, nic_foreign);
	*(sent ? &foreign_sent : &foreign_lost) += 1;
}

static void
to_device(const struct nm_hw_map *m, uint64_t addr, uint32_t len)
{
	nic_to = (struct nic_told){addr, len};
}

static void
from_device(const struct nm_hw_map *m, uint64_t addr, uint32_t len)
{
	nic_from = (struct nic_told){addr, len};
}

static void
for_device(const struct nm_hw_map *m, uint64_t addr, uint32_t len)
{
	nic_for = (struct nic_told){addr, len};
}

static const struct nm_hw_core core = {nm_kring_room, nm_kring_publish, nm_hw_frame, to_device, from_device, for_device, nm_hw_start, nm_hw_stop, foreign_gone};

/* Called as netmap.ko does. */
static bool (*volatile txsync)(struct nm_hw_ring *r);
static uint32_t (*volatile rxsync)(struct nm_hw_ring *r, uint32_t budget);

int
nic_setup(void **state)
{
	(void)state;
	return host_begin(&root, sessions);
}

int
nic_teardown(void **state)
{
	(void)state;
	nm_hw_ring_fini(&nic_tx);
	nm_hw_ring_fini(&nic_rx);
	return host_end(&root, sessions);
}

void
nic_start(struct nm_hw_ring *r, int dir)
{
	model->reset(r, dir);
	*(dir == NM_DIR_TX ? &tx_at : &rx_at) = 0;
	nm_hw_start(r, model->ndesc, 0, FRAME_MAX);
	if (dir == NM_DIR_RX)
		rxsync(r, 0);
}

static void
open_with(const struct nic_model *m, uint32_t slots, uint32_t buf_size, struct nmreq_opt_offsets *o)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_NULL, .nr_tx_slots = slots, .nr_rx_slots = slots, .nr_tx_rings = 1, .nr_rx_rings = 1};
	struct nm_kring *kr;
	uint32_t i;

	model = m;
	foreign_sent = foreign_lost = 0;
	txsync = m->txsync;
	rxsync = m->rxsync;
	root.limits.buf_size = buf_size;
	assert_int_equal(host_register_at(&s, "n", &reg, o), 0);
	kr = nm_session_kring(&s, NM_DIR_TX, 0);
	for (i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++)
		addrs[i] = (uintptr_t)kr->bufs + (uint64_t)i * kr->stride;
	nic_map = (struct nm_hw_map){.n = kr->nbufs, .stride = kr->stride, .addr = addrs};
	assert_true(nic_map.n <= sizeof(addrs) / sizeof(addrs[0]));
	assert_int_equal(nm_hw_ring_init(&nic_tx, &core, NM_DIR_TX, MOST), 0);
	assert_int_equal(nm_hw_ring_init(&nic_rx, &core, NM_DIR_RX, MOST), 0);
	nic_tx.map = nic_rx.map = &nic_map;
	nic_tx.kr = kr;
	nic_rx.kr = nm_session_kring(&s, NM_DIR_RX, 0);
	nm_hw_set_bufs(&nic_rx, nic_rx.kr, m->bufs);
	nic_start(&nic_tx, NM_DIR_TX);
	nic_start(&nic_rx, NM_DIR_RX);
}

void
nic_open(const struct nic_model *m, uint32_t slots)
{
	open_with(m, slots, 2048, NULL);
	assert_int_equal(nic_rx.buf_bytes, nic_map.stride);
}

void
nic_open_at(const struct nic_model *m, uint32_t slots, uint32_t max, uint32_t first, uint32_t gap)
{
	struct nmreq_opt_offsets o = {.nro_max_offset = max, .nro_initial_offset = first, .nro_offset_bits = 16, .nro_min_gap = gap};

	open_with(m, slots, 2048, &o);
}

struct netmap_slot *
nic_slot_of(struct nm_hw_ring *r, uint32_t i)
{
	return &r->kr->slots[i % r->kr->nslots];
}

void
nic_slot(uint32_t i, uint32_t bytes, uint16_t flags)
{
	struct netmap_slot *p = nic_slot_of(&nic_tx, i);

	p->len = (uint16_t)bytes;
	p->flags = flags;
}

char *
nic_buf(struct nm_hw_ring *r, uint32_t i)
{
	uint64_t ptr = nic_slot_of(r, i)->ptr & r->kr->offsets.mask;

	return nm_kring_buf(r->kr, nic_slot_of(r, i)->buf_idx) + (ptr < r->kr->offsets.max ? ptr : r->kr->offsets.max);
}

bool
nic_transmit(uint32_t n)
{
	struct nm_kring *kr = nic_tx.kr;
	uint32_t head = nm_ring_add(kr->rhead, n, kr->nslots);
	bool full;

	kr->rtail = kr->hwtail;
	assert_int_equal(nm_kring_accept(kr, head, head), 0);
	full = txsync(&nic_tx);
	nm_kring_publish(kr);
	return full;
}

uint32_t
nic_room(void)
{
	struct nm_kring *kr = nic_tx.kr;

	return nm_ring_dist(kr->rhead, kr->hwtail, kr->nslots);
}

uint64_t
nic_below_4g(uint32_t low)
{
	uint64_t at = ((uintptr_t)nic_tx.kr->bufs & ~(uint64_t)UINT32_MAX) | low;

	if (low - (uint32_t)(uintptr_t)nic_foreign < sizeof(nic_foreign))
		return (uintptr_t)nic_foreign + (low - (uint32_t)(uintptr_t)nic_foreign);
	return at < (uintptr_t)nic_tx.kr->bufs ? at + (1ull << 32) : at;
}

/* Within a buffer of the client's, or what is sent for somebody else. */
static void
is_ours(uint64_t addr, uint32_t len)
{
	uint64_t at = addr - (uintptr_t)nic_tx.kr->bufs;

	if (addr - (uintptr_t)nic_foreign < sizeof(nic_foreign)) {
		assert_true(len > 0 && addr - (uintptr_t)nic_foreign + len <= sizeof(nic_foreign));
		return;
	}
	assert_true(at / nic_map.stride >= 2 && at / nic_map.stride < nic_map.n);
	assert_true(len > 0 && at % nic_map.stride + len <= nic_map.stride);
}

uint32_t
nic_sends(uint32_t n, struct nic_part *p)
{
	struct nic_part here = {0};
	uint32_t k;

	for (k = 0; k < n && model->sends(tx_at, &here); k++) {
		is_ours(here.addr, here.len);
		if (p)
			p[k] = here;
		if (here.report)
			model->sent(tx_at);
		tx_at = nm_ring_add(tx_at, 1, model->ndesc);
		here = (struct nic_part){0};
	}
	return k;
}

bool
nic_gets(uint32_t len, unsigned flags, uint8_t first)
{
	uint64_t addr;
	uint32_t size = 0;

	if (!model->posted(rx_at, &addr, &size))
		return false;
	is_ours(addr, size);
	assert_int_equal(size, nic_rx.buf_bytes);
	assert_true(!model->bufs->align || !(addr & (model->bufs->align - 1)));
	*(uint8_t *)(uintptr_t)addr = first;
	model->fill(rx_at, len, flags);
	rx_at = nm_ring_add(rx_at, 1, model->ndesc);
	return true;
}

uint32_t
nic_got(void)
{
	return nm_ring_dist(nic_rx.kr->atok->head, nic_rx.kr->hwtail, nic_rx.kr->nslots);
}

void
nic_give_back(void)
{
	struct nm_kring *kr = nic_rx.kr;

	kr->atok->head = kr->atok->cur = kr->ktoa->hwtail;
}

uint32_t
nic_random(void)
{
	static uint32_t seed = 1;

	seed = seed * 1103515245 + 12345;
	return seed >> 8;
}

static void
frames_leave_as_they_are(void **state)
{
	uint32_t sent = 0, seen = 0, turns = 0, k, n;
	struct nic_part p[64];

	(void)state;
	nic_open(model, 300);
	while (seen < 5000) {
		assert_true(++turns < TURNS);
		n = nic_random() % 64;
		if (n > nic_room())
			n = nic_room();
		for (k = 0; k < n; k++)
			nic_slot(sent + k, 60 + (sent + k) % 1400, k % 7 == 0 ? NS_BUF_CHANGED : 0);
		sent += n;
		nic_transmit(n);
		for (k = 0; k < n && nic_tx.kr->hwcur == nic_tx.kr->rhead; k++)
			assert_int_equal(nic_slot_of(&nic_tx, sent - n + k)->flags, 0);
		n = nic_sends(nic_random() % 64, p);
		for (k = 0; k < n; k++, seen++) {
			assert_ptr_equal((void *)(uintptr_t)p[k].addr, nic_buf(&nic_tx, seen));
			assert_int_equal(p[k].len, 60 + seen % 1400);
			assert_true(p[k].last);
			assert_int_equal(p[k].first, model->tells_first);
			assert_true(!p[k].whole || p[k].whole == p[k].len);
		}
	}
	nic_transmit(0);
	while (nic_sends(64, NULL))
		nic_transmit(0);
	assert_int_equal(nic_room(), 299);
	assert_int_equal(nic_tx.kr->stat[NM_STAT_tx_packets], sent);
	assert_int_equal(nic_tx.kr->stat[NM_STAT_forwarded], sent);
}

/* With txdone, as where one waits for room. */
static void
all_but_one_descriptor_are_used(void **state)
{
	uint32_t k;

	(void)state;
	nic_open(model, model->ndesc + 100);
	for (k = 0; k < model->ndesc + 100; k++)
		nic_slot(k, 60, 0);
	assert_true(nic_transmit(model->ndesc + 50) || nm_hw_out(&nic_tx) == model->ndesc - 1);
	while (nic_tx.kr->hwcur != model->ndesc - 1)
		nic_transmit(0); /* a call has an end */
	assert_true(nic_transmit(0));
	assert_int_equal(nm_hw_out(&nic_tx), model->ndesc - 1);
	assert_false(model->txdone(&nic_tx));
	for (k = 0; nic_tx.reports; k++) {
		assert_true(k < MOST);
		nic_sends(33, NULL);
		if (model->txdone(&nic_tx))
			nic_transmit(0);
	}
	assert_int_equal(nic_room(), model->ndesc + 99);
}

static void
frames_of_several_slots_are_chains(void **state)
{
	struct nic_part p[512];
	uint32_t sent = 0, k, n, bytes, slots, round;

	(void)state;
	nic_open(model, 300);
	for (round = 0; round < 2000; round++) {
		slots = 1 + nic_random() % 5;
		for (k = bytes = 0; k < slots; k++) {
			n = k && k == nic_random() % 5 ? 0 : 20 + nic_random() % 1500;
			nic_slot(sent + k, n, (k + 1 < slots ? NS_MOREFRAG : 0) | (nic_random() % 4 ? 0 : NS_REPORT));
			bytes += n;
		}
		if (bytes < model->min_bytes)
			bytes = model->min_bytes;
		assert_false(nic_transmit(slots));
		n = nic_sends(64, p);
		for (k = 0; k < n; k++, sent++) {
			while (!nic_slot_of(&nic_tx, sent)->len)
				sent++;
			assert_ptr_equal((void *)(uintptr_t)p[k].addr, nic_buf(&nic_tx, sent));
			assert_true(p[k].len == nic_slot_of(&nic_tx, sent)->len || k + 1 == n);
			assert_int_equal(p[k].last, k + 1 == n);
			assert_int_equal(p[k].first, model->tells_first && !k);
			assert_true(k || !p[k].whole || p[k].whole == bytes);
			bytes -= p[k].len;
			slots--;
		}
		for (; !nic_slot_of(&nic_tx, sent)->len && sent % 300 != nic_tx.kr->rhead; sent++)
			;
		assert_int_equal(bytes, 0);
		assert_int_equal(sent % 300, nic_tx.kr->rhead);
	}
	nic_transmit(0);
	assert_int_equal(nic_room(), 299);
	assert_int_equal(nic_tx.kr->stat[NM_STAT_forwarded], 2000);
}

static void
slots_that_are_out_of_rule_reach_no_descriptor(void **state)
{
	static const struct { uint32_t buf; uint16_t len, flags; int why; } bad[] = {
		{0, 60, 0, NM_STAT_drop_bad_buf}, {1, 60, 0, NM_STAT_drop_bad_buf}, {UINT32_MAX, 60, 0, NM_STAT_drop_bad_buf},
		{0x80000002, 60, 0, NM_STAT_drop_bad_buf}, {2, 13, 0, NM_STAT_drop_short}, {2, 0, 0, NM_STAT_drop_short},
		{2, 2049, 0, NM_STAT_drop_bad_len}, {2, 65535, 0, NM_STAT_drop_bad_len}, {2, 60, NS_INDIRECT, NM_STAT_drop_indirect},
		{2, 60, NS_MOREFRAG, NM_STAT_drop_bad_frags},
	};
	uint32_t k, n = sizeof(bad) / sizeof(bad[0]);
	struct nic_part p[4];
	uint64_t before;

	(void)state;
	nic_open(model, 256);
	for (k = 0; k < n; k++) {
		before = nic_tx.kr->stat[bad[k].why];
		*nic_slot_of(&nic_tx, 2 * k) = (struct netmap_slot){.buf_idx = bad[k].buf, .len = bad[k].len, .flags = bad[k].flags};
		assert_false(nic_transmit(1));
		assert_int_equal(nic_tx.kr->stat[bad[k].why], before + 1);
		assert_int_equal(nic_sends(4, p), 0);
		nic_slot(2 * k + 1, 100, 0);
		assert_false(nic_transmit(1));
		assert_int_equal(nic_sends(4, p), 1);
		assert_ptr_equal((void *)(uintptr_t)p[0].addr, nic_buf(&nic_tx, 2 * k + 1));
	}
	/* as many slots as a frame may have, and one more */
	for (k = 0; k < NETMAP_MAX_FRAGS; k++)
		nic_slot(2 * n + k, 60, k + 1 < NETMAP_MAX_FRAGS ? NS_MOREFRAG : 0);
	nic_transmit(NETMAP_MAX_FRAGS);
	assert_int_equal(nic_sends(128, NULL), NETMAP_MAX_FRAGS <= model->max_parts ? NETMAP_MAX_FRAGS : 0);
	for (k = 0; k <= NETMAP_MAX_FRAGS; k++)
		nic_slot(2 * n + NETMAP_MAX_FRAGS + k, 60, k < NETMAP_MAX_FRAGS ? NS_MOREFRAG : 0);
	nic_transmit(NETMAP_MAX_FRAGS + 1);
	assert_int_equal(nic_tx.kr->stat[NM_STAT_drop_bad_frags], 2);
	assert_int_equal(nic_sends(4, p), 0);
}

static void
short_frames_are_long_enough(void **state)
{
	static const uint8_t zero[64];
	struct nic_part p[2];
	uint32_t len;

	(void)state;
	nic_open(model, 256);
	for (len = 14; len < 64; len++) {
		char *buf = nic_buf(&nic_tx, len - 14);

		nic_slot(len - 14, len, 0);
		memset(buf, 0x55, 100);
		assert_false(nic_transmit(1));
		assert_int_equal(nic_sends(2, p), 1);
		assert_int_equal(p[0].len, len < model->min_bytes ? model->min_bytes : len);
		assert_int_equal(buf[len - 1], 0x55);
		assert_memory_equal(buf + len, zero, p[0].len - len);
		assert_int_equal(buf[p[0].len], 0x55);
	}
}

/* Frames of the host between those of the client, whose room is what its own frames leave. */
static void
foreign_frames_go_between(void **state)
{
	struct nm_hw_foreign f = {nic_foreign, (uintptr_t)nic_foreign, 0, nic_foreign};
	struct nic_part p[64];
	uint32_t k, n, len, sent = 0;

	(void)state;
	nic_open(model, 300);
	for (len = 14; len <= FRAME_MAX; len += 1 + len / 7) {
		uint32_t whole = len < model->min_bytes ? model->min_bytes : len;

		f.len = len;
		nic_slot(sent++, 60, 0);
		nic_transmit(1);
		assert_true(model->txforeign(&nic_tx, &f));
		nic_slot(sent++, 61, 0);
		nic_transmit(1);
		n = nic_sends(64, p);
		assert_int_equal(n, 2 + (whole + nic_map.stride - 1) / nic_map.stride);
		assert_ptr_equal((void *)(uintptr_t)p[0].addr, nic_buf(&nic_tx, sent - 2));
		assert_ptr_equal((void *)(uintptr_t)p[n - 1].addr, nic_buf(&nic_tx, sent - 1));
		assert_true(!p[1].whole || p[1].whole == whole);
		for (k = 1; k + 1 < n; k++) {
			assert_int_equal(p[k].addr, f.addr + (k - 1) * nic_map.stride);
			assert_int_equal(p[k].last, k + 2 == n);
			assert_int_equal(p[k].first, model->tells_first && k == 1);
			whole -= p[k].len;
		}
		assert_int_equal(whole, 0);
	}
	f.len = FRAME_MAX + 1;
	assert_false(model->txforeign(&nic_tx, &f));
	for (nic_transmit(0); nic_sends(64, NULL); nic_transmit(0))
		;
	assert_int_equal(nic_room(), 299);
	assert_int_equal(foreign_sent, sent / 2);
	assert_int_equal(nic_tx.kr->stat[NM_STAT_forwarded], sent);
	/* no room; the NIC forgets them */
	f.len = 60;
	for (n = 0; model->txforeign(&nic_tx, &f); n++)
		assert_true(n < model->ndesc);
	assert_int_equal(n, model->ndesc - 1);
	assert_int_equal(nic_sends(1, p), 1);
	nm_hw_stop(&nic_tx);
	assert_int_equal(foreign_lost, n);
	assert_int_equal(nic_tx.kr->stat[NM_STAT_drop_no_backend], 0);
}

static void
frames_come_as_they_are(void **state)
{
	uint32_t came = 0, seen = 0, turns = 0, k, n;

	(void)state;
	nic_open(model, 300);
	while (seen < 5000) {
		assert_true(++turns < TURNS);
		for (k = nic_random() % 64; k && nic_gets(60 + came % 1400, NM_HW_LAST, (uint8_t)came); k--)
			came++;
		rxsync(&nic_rx, 1 + nic_random() % 100);
		if (nic_random() % 3)
			continue;
		n = nic_got();
		for (k = 0; k < n; k++, seen++) {
			assert_int_equal(nic_slot_of(&nic_rx, seen)->len, 60 + seen % 1400);
			assert_int_equal(nic_slot_of(&nic_rx, seen)->flags, 0);
			assert_int_equal((uint8_t)*nic_buf(&nic_rx, seen), (uint8_t)seen);
		}
		nic_give_back();
	}
	assert_int_equal(nic_rx.kr->stat[NM_STAT_refused] + nic_rx.kr->stat[NM_STAT_buf_errors], 0);
	assert_int_equal(nic_rx.kr->stat[NM_STAT_rx_packets], seen);
}

static void
wrong_frames_are_refused(void **state)
{
	uint32_t k;

	(void)state;
	nic_open(model, 300);
	for (k = 0; k < 40; k++) {
		assert_true(nic_gets(60, NM_HW_LAST | NM_HW_BAD, 1));
		assert_true(nic_gets(nic_map.stride + 1 + k, NM_HW_LAST, 2)); /* which its buffer does not hold */
		assert_true(nic_gets(100, NM_HW_LAST, (uint8_t)(3 + k)));
		rxsync(&nic_rx, 1 + k % 5);
	}
	rxsync(&nic_rx, 300);
	assert_int_equal(nic_got(), 40);
	for (k = 0; k < 40; k++)
		assert_int_equal((uint8_t)*nic_buf(&nic_rx, k), 3 + k);
	assert_int_equal(nic_rx.kr->stat[NM_STAT_refused], 80);
	nic_give_back();
	rxsync(&nic_rx, 0);
	assert_int_equal(nm_hw_out(&nic_rx) + nic_rx.kr->nstack, 300);
}

static void
frames_of_several_buffers_are_joined_or_refused(void **state)
{
	static const uint32_t parts[] = {1, 2, 3, 5};
	uint32_t k, i, n = 0;

	(void)state;
	nic_open(model, 300);
	for (k = 0; k < 40; k++) {
		for (i = 0; i < parts[k % 4]; i++)
			assert_true(nic_gets(i + 1 < parts[k % 4] ? nic_map.stride : 99, i + 1 < parts[k % 4] ? 0 : NM_HW_LAST, (uint8_t)(k + i)));
		rxsync(&nic_rx, 1 + k % 3);
	}
	rxsync(&nic_rx, 300);
	for (k = 0; k < 40; k++)
		for (i = 0; i < parts[k % 4] && (model->joins || parts[k % 4] == 1); i++, n++) {
			assert_int_equal(nic_slot_of(&nic_rx, n)->flags, i + 1 < parts[k % 4] ? NS_MOREFRAG : 0);
			assert_int_equal(nic_slot_of(&nic_rx, n)->len, i + 1 < parts[k % 4] ? nic_map.stride : 99);
			assert_int_equal((uint8_t)*nic_buf(&nic_rx, n), k + i);
		}
	assert_int_equal(nic_got(), n);
	nic_give_back();
	rxsync(&nic_rx, 0);
	assert_int_equal(nm_hw_out(&nic_rx) + nic_rx.kr->nstack, 300);
}

/* Buffers of more than a page: a frame takes one, as long as the NIC is told that it may be. */
static void
long_frames_in_buffers_of(uint32_t size)
{
	struct nic_part p[2];
	uint32_t len, most, k = 0, n = 0;

	if (!(model->bufs->sizes & size))
		return;
	open_with(model, 128, size, NULL);
	assert_int_equal(nic_map.stride, size);
	assert_int_equal(nic_rx.buf_bytes, model->bufs->most && model->bufs->most < size ? model->bufs->most : size);
	most = min(nic_rx.buf_bytes, FRAME_MAX);
	for (len = 60; k < 100; k++, len = k % 10 ? 60 + nic_random() % (most - 59) : most) {
		nic_slot(k, len, 0);
		assert_false(nic_transmit(1));
		assert_int_equal(nic_sends(2, p), 1);
		assert_ptr_equal((void *)(uintptr_t)p[0].addr, nic_buf(&nic_tx, k));
		assert_int_equal(p[0].len, len);
		if (nic_rx.buf_bytes < FRAME_MAX) {
			assert_true(nic_gets(nic_rx.buf_bytes + 1, NM_HW_LAST, 0));
			n++;
		}
		assert_true(nic_gets(len, NM_HW_LAST, (uint8_t)k));
		rxsync(&nic_rx, 2);
		assert_int_equal(nic_got(), 1);
		assert_int_equal(nic_slot_of(&nic_rx, k)->len, len);
		assert_int_equal((uint8_t)*nic_buf(&nic_rx, k), k);
		nic_give_back();
	}
	assert_int_equal(nic_rx.kr->stat[NM_STAT_rx_packets], 100);
	assert_int_equal(nic_rx.kr->stat[NM_STAT_refused], n);
}

static void
buffers_of_8192_bytes_hold_long_frames(void **state)
{
	(void)state;
	long_frames_in_buffers_of(8192);
}

static void
buffers_of_16384_bytes_hold_long_frames(void **state)
{
	(void)state;
	long_frames_in_buffers_of(16384);
}

static void
buffers_that_are_not_there_are_not_posted(void **state)
{
	static const uint32_t bad[] = {0, 1, UINT32_MAX, 0x80000002, 1u << 20};
	uint32_t k, round;

	(void)state;
	nic_open(model, 64);
	for (round = 0; round < 10; round++) {
		for (k = 0; k < 30; k++)
			nic_gets(60, NM_HW_LAST, 0); /* asserts that it writes to buffers that are */
		rxsync(&nic_rx, 300);
		if (nic_got())
			nic_slot_of(&nic_rx, nic_rx.kr->atok->head)->buf_idx = bad[round % 5];
		nic_give_back();
	}
	rxsync(&nic_rx, 300);
	assert_int_equal(nic_rx.kr->stat[NM_STAT_buf_errors], 10);
	assert_int_equal(nm_hw_out(&nic_rx) + nic_rx.kr->nstack, 54);
}

static void
a_reset_is_not_seen_by_the_client(void **state)
{
	uint32_t k, round;

	(void)state;
	nic_open(model, 300);
	for (k = 0; k < 300; k++)
		nic_slot(k, 60, 0);
	for (round = 0; round < 50; round++) {
		nic_transmit(nic_room() < 50 ? nic_room() : 50);
		nic_sends(nic_random() % 60, NULL);
		for (k = nic_random() % 60; k && nic_gets(60, NM_HW_LAST, 0); k--)
			;
		rxsync(&nic_rx, nic_random() % 60);
		if (round % 3 == 0)
			nic_give_back();
		nm_hw_stop(&nic_tx);
		nm_hw_stop(&nic_rx);
		nic_start(&nic_tx, NM_DIR_TX);
		nic_start(&nic_rx, NM_DIR_RX);
	}
	nic_give_back();
	rxsync(&nic_rx, 0);
	assert_int_equal(nm_hw_out(&nic_rx) + nic_rx.kr->nstack, 300);
	assert_int_equal(nic_tx.kr->stat[NM_STAT_forwarded] + nic_tx.kr->stat[NM_STAT_drop_no_backend], nic_tx.kr->stat[NM_STAT_tx_packets]);
}

/* For bench/instructions.sh, which divides by the number that this prints. */
static void
batches_pass(void **state)
{
	uint32_t batch = min(BATCH, model->ndesc - 1), n, k, turns;

	(void)state;
	nic_open(model, 1024);
	for (n = 0; n < 1024; n++)
		nic_slot(n, 64, 0);
	for (n = 0; n < BATCHES; n++) {
		nic_transmit(batch);
		for (k = turns = 0; k < batch; k += nic_sends(batch - k, NULL)) {
			assert_true(turns <= batch);
			if (turns++)
				nic_transmit(0); /* a NIC that does not take them all at once */
		}
		for (k = 0; k < batch; k++)
			assert_true(nic_gets(64, NM_HW_LAST, 0));
		assert_int_equal(rxsync(&nic_rx, 1024), batch);
		nic_give_back();
	}
	assert_int_equal(nic_tx.kr->stat[NM_STAT_tx_packets], BATCHES * batch);
	print_message("frames %u%s%s\n", BATCHES * batch, model->name ? " " : "", model->name ? model->name : "");
}

#define T(f) cmocka_unit_test_setup_teardown(f, nic_setup, nic_teardown)

int
nic_main(int argc, char **argv, const struct nic_model *const *models, size_t n, const struct CMUnitTest *tests, size_t ntests)
{
	const struct CMUnitTest common[] = {
		T(frames_leave_as_they_are),
		T(all_but_one_descriptor_are_used),
		T(frames_of_several_slots_are_chains),
		T(slots_that_are_out_of_rule_reach_no_descriptor),
		T(short_frames_are_long_enough),
		T(foreign_frames_go_between),
		T(frames_come_as_they_are),
		T(wrong_frames_are_refused),
		T(frames_of_several_buffers_are_joined_or_refused),
		T(buffers_of_8192_bytes_hold_long_frames),
		T(buffers_of_16384_bytes_hold_long_frames),
		T(buffers_that_are_not_there_are_not_posted),
		T(a_reset_is_not_seen_by_the_client),
		T(batches_pass),
	};
	int failed = 0;
	size_t i;

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	for (i = 0; i < n; i++) {
		if (argc > 2 && i != (size_t)(argv[2][0] - '0')) /* a model alone */
			continue;
		model = models[i];
		failed |= cmocka_run_group_tests(common, NULL, NULL);
		failed |= nic_offsets_main(model);
	}
	return failed | (ntests ? _cmocka_run_group_tests("its own", tests, ntests, NULL, NULL) : 0);
}
