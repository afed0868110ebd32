/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of a home without cells: a client that moves head and cur of its ring and calls the core itself. */
#include "host.h"

static struct nm_root root;
static struct nm_session tx, rx;

static int
setup(void **state)
{
	(void)state;
	return host_begin(&root, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, NULL);
}

static struct nm_kring *
ring(struct nm_session *s, int dir)
{
	return nm_session_kring(s, dir, 0);
}

static void
open_two(const char *sender, const char *receiver, uint32_t slots)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = slots, .nr_rx_slots = slots};

	host_open(&tx, &root, 1);
	host_open(&rx, &root, 1);
	assert_int_equal(host_register(&tx, sender, &reg), 0);
	reg = (struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = slots, .nr_rx_slots = slots};
	assert_int_equal(host_register(&rx, receiver, &reg), 0);
}

static void
close_two(void)
{
	nm_session_close(&rx);
	nm_session_close(&tx);
}

/* n frames from the ring's head on, as a client writes them. */
static void
fill(struct nm_kring *kr, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct netmap_slot *s = &kr->slots[kr->ring->head];
		uint8_t f[64];

		host_frame(f, "\2\0\0\0\0\2", "\2\0\0\0\0\1");
		memcpy(nm_kring_buf(kr, s->buf_idx), f, sizeof(f));
		s->len = 60;
		kr->ring->head = nm_ring_add(kr->ring->head, 1, kr->nslots);
	}
	kr->ring->cur = kr->ring->head;
}

/* A whole call; what leave says, the steps in *steps. */
static uint32_t
call(struct nm_kring *kr, unsigned *steps)
{
	unsigned n = 0;

	assert_int_equal(nm_kring_enter(kr), 0);
	do
		n++;
	while (nm_kring_step(kr) == 1);
	if (steps)
		*steps = n;
	return nm_kring_leave(kr);
}

static void
what_was_sent_is_found_by_the_receivers_call(void **state)
{
	struct nm_kring *t, *r;
	unsigned steps;

	(void)state;
	root.limits.bridge_batch = 256;
	open_two("vale0:a", "vale0:b", 1024);
	t = ring(&tx, NM_DIR_TX), r = ring(&rx, NM_DIR_RX);
	assert_int_equal(call(r, NULL), 0);
	fill(t, 1000);
	assert_int_equal(call(t, &steps) & NM_KRING_READY, NM_KRING_READY);
	assert_int_equal(steps, 4);
	assert_int_equal(t->ring->tail, 999);
	assert_int_equal(r->ring->tail, 0);
	assert_int_equal(call(r, NULL), NM_KRING_READY | NM_KRING_NEWS);
	assert_int_equal(r->ring->tail, 1000);
	assert_int_equal(call(r, NULL), NM_KRING_READY);
	/* cur at the tail: wants more before it wakes; head stays */
	r->ring->cur = 1000;
	assert_int_equal(call(r, NULL), 0);
	fill(t, 23);
	call(t, NULL);
	assert_int_equal(call(r, NULL), NM_KRING_READY | NM_KRING_NEWS);
	assert_int_equal(r->ring->tail, 1023);
	/* nothing was given back, so there is no room */
	fill(t, 1);
	call(t, NULL);
	assert_int_equal(host_stat(&tx, NM_DIR_TX, NM_STAT_drop_no_space), 1);
	r->ring->head = r->ring->cur = 1023;
	call(r, NULL);
	fill(t, 1000);
	call(t, NULL);
	assert_int_equal(host_stat(&tx, NM_DIR_TX, NM_STAT_forwarded), 2023);
	close_two();
}

static uint32_t released[8], nreleased;

static void
note_release(struct nm_kring *kr, uint32_t from, uint32_t to)
{
	assert_int_equal(NM_READ_ONCE(kr->atok->head), from); /* it does not count yet */
	released[nreleased++] = from;
	released[nreleased++] = to;
}

static void
a_port_sees_released_slots_before_they_are_filled_again(void **state)
{
	struct nm_port_ops ops;
	const struct nm_port_ops *old;
	struct nm_kring *t, *r;

	(void)state;
	open_two("vale0:a", "vale0:b", 64);
	t = ring(&tx, NM_DIR_TX), r = ring(&rx, NM_DIR_RX);
	old = rx.port->ops;
	ops = *old;
	ops.release = note_release;
	rx.port->ops = &ops;
	nreleased = 0;
	fill(t, 10);
	call(t, NULL);
	call(r, NULL);
	assert_int_equal(nreleased, 0);
	r->ring->head = 4, r->ring->cur = 10;
	call(r, NULL);
	call(r, NULL);
	r->ring->head = 2; /* back over what was released, and not taken yet: nothing is released again */
	call(r, NULL);
	r->ring->head = 10;
	call(r, NULL);
	assert_int_equal(nreleased, 4);
	assert_int_equal(released[0], 0);
	assert_int_equal(released[1], 4);
	assert_int_equal(released[2], 2);
	assert_int_equal(released[3], 10);
	rx.port->ops = old;
	close_two();
}

static uint32_t nunbound[2];

static void
note_unbound(struct nm_kring *kr)
{
	assert_false(kr->ready);
	assert_non_null(kr->ring);
	nunbound[kr->dir]++;
}

static void
a_port_is_told_of_rings_that_nobody_has_any_more(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_RX_RINGS_ONLY};
	struct nm_port_ops ops;
	struct nm_session too;

	(void)state;
	open_two("vale0:a", "vale0:b", 64);
	host_open(&too, &root, 1);
	assert_int_equal(host_register(&too, "vale0:b", &reg), 0);
	ops = *rx.port->ops;
	ops.unbound = note_unbound;
	rx.port->ops = &ops;
	nunbound[0] = nunbound[1] = 0;
	nm_session_close(&rx);
	assert_int_equal(nunbound[NM_DIR_TX], 1);
	assert_int_equal(nunbound[NM_DIR_RX], 0); /* somebody else has it */
	nm_session_close(&too);
	assert_int_equal(nunbound[NM_DIR_RX], 1);
	nm_session_close(&tx);
}

static void
one_call_at_a_time_is_in_a_ring(void **state)
{
	struct nm_kring *t;

	(void)state;
	open_two("vale0:a", "vale0:b", 64);
	t = ring(&tx, NM_DIR_TX);
	assert_int_equal(nm_kring_enter(t), 0);
	assert_int_equal(nm_kring_enter(t), -EBUSY);
	nm_kring_leave(t);
	assert_int_equal(nm_kring_enter(t), 0);
	nm_kring_leave(t);
	close_two();
}

/* head and cur that the rules refuse: the ring is as the core knows it, the error counted once, and the next call goes. */
static void
refuse(struct nm_session *s, int dir, uint32_t head, uint32_t cur, uint32_t want_head, uint32_t want_tail)
{
	struct nm_kring *kr = ring(s, dir);
	uint64_t errors = host_stat(s, dir, NM_STAT_sync_errors);

	kr->ring->head = head;
	kr->ring->cur = cur;
	kr->ring->tail = 77;
	kr->slots[5].buf_idx = 0x7fffffff;
	kr->slots[6].len = 0xffff;
	assert_int_equal(nm_kring_enter(kr), -EINVAL);
	assert_int_equal(host_stat(s, dir, NM_STAT_sync_errors), errors + 1);
	assert_int_equal(kr->ring->head, want_head);
	assert_int_equal(kr->ring->cur, want_head);
	assert_int_equal(kr->ring->tail, want_tail);
	assert_int_equal(kr->slots[5].buf_idx, 0);
	assert_int_equal(kr->slots[6].len, 0);
	call(kr, NULL);
	assert_int_equal(host_stat(s, dir, NM_STAT_sync_errors), errors + 1);
}

static void
a_bad_ring_is_reset_and_counted(void **state)
{
	struct nm_kring *t, *r;

	(void)state;
	open_two("vale0:a", "vale0:b", 64);
	t = ring(&tx, NM_DIR_TX), r = ring(&rx, NM_DIR_RX);
	fill(t, 10);
	call(t, NULL);
	call(r, NULL);
	refuse(&tx, NM_DIR_TX, 64, 64, 10, 9);
	refuse(&tx, NM_DIR_TX, 9, 10, 10, 9);   /* back */
	refuse(&tx, NM_DIR_TX, 20, 15, 10, 9);  /* cur before head */
	refuse(&tx, NM_DIR_TX, 10, 0xffffffff, 10, 9);
	refuse(&rx, NM_DIR_RX, 11, 11, 0, 10);  /* beyond the tail */
	refuse(&rx, NM_DIR_RX, 0xffffffff, 3, 0, 10);
	refuse(&rx, NM_DIR_RX, 5, 4, 0, 10);
	close_two();
}

static void
a_receiver_fetches_what_its_pipes_sender_left(void **state)
{
	struct nm_kring *t, *r;

	(void)state;
	open_two("x{1", "x}1", 64);
	t = ring(&tx, NM_DIR_TX), r = ring(&rx, NM_DIR_RX);
	fill(t, 63);
	call(t, NULL);
	assert_int_equal(call(r, NULL), NM_KRING_READY | NM_KRING_NEWS);
	fill(t, 40);
	assert_int_equal(call(t, NULL), NM_KRING_READY);
	assert_int_equal(t->hwcur, 63);
	assert_true(r->blocked);
	nm_session_close(&tx);
	r->ring->head = r->ring->cur = 20;
	assert_int_equal(call(r, NULL), NM_KRING_READY | NM_KRING_NEWS);
	assert_int_equal(r->ring->tail, 19);
	nm_session_close(&rx);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static struct nm_kring *shared;
static uint32_t published;

/* One more frame where there is room, and a call of another thread, wherever this one is just now. */
static void
publish_and_call(void)
{
	struct nm_kring *kr = shared;
	uint32_t head = kr->ring->head;

	if (nm_ring_dist(head, kr->ring->tail, kr->nslots) > 2) {
		kr->ring->head = kr->ring->cur = nm_ring_add(head, 1, kr->nslots);
		published++;
	}
	if (nm_kring_enter(kr))
		return;
	while (nm_kring_step(kr) == 1)
		;
	nm_kring_leave(kr);
}

/* What a call goes by is what the client has when the call is alone in the ring: an older head would be nearly a ring of frames. */
static void
calls_of_two_threads_send_each_frame_once(void **state)
{
	(void)state;
	open_two("vale0:a", "vale0:b", 64);
	shared = ring(&tx, NM_DIR_TX);
	published = 0;
	host_interrupts_start(publish_and_call);
	while (NM_READ_ONCE(published) < 5000) {
		if (nm_kring_enter(shared))
			continue;
		while (nm_kring_step(shared) == 1)
			;
		nm_kring_leave(shared);
	}
	host_interrupts_stop();
	call(shared, NULL);
	assert_int_equal(host_stat(&tx, NM_DIR_TX, NM_STAT_sync_errors), 0);
	assert_int_equal(host_stat(&tx, NM_DIR_TX, NM_STAT_tx_packets), published);
	close_two();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_was_sent_is_found_by_the_receivers_call),
		T(a_port_sees_released_slots_before_they_are_filled_again),
		T(a_port_is_told_of_rings_that_nobody_has_any_more),
		T(one_call_at_a_time_is_in_a_ring),
		T(calls_of_two_threads_send_each_frame_once),
		T(a_bad_ring_is_reset_and_counted),
		T(a_receiver_fetches_what_its_pipes_sender_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
