/* SPDX-License-Identifier: BSD-2-Clause */
/* Index blocks in memory of the client: what is refused, what they say first, and rings that are served by them. */
#include "host.h"

#define MAX_RINGS 8u

static struct nm_root root;
static struct nm_session a, b;
static struct nm_session *const sessions[] = {&a, &b, NULL};

/* Of both sessions, each with entries for all of its rings. */
struct blocks {
	struct nm_csb_atok atok[MAX_RINGS];
	struct nm_csb_ktoa ktoa[MAX_RINGS];
};
static struct blocks blocks[2] __attribute__((aligned(64)));
static struct blocks *const ofa = &blocks[0], *const ofb = &blocks[1];

static int
setup(void **state)
{
	(void)state;
	memset(blocks, 0x55, sizeof(blocks));
	return host_begin(&root, sessions);
}

static int
teardown(void **state)
{
	(void)state;
	return host_end(&root, sessions);
}

static struct nm_ctl_opt
csb_option(struct nmreq_opt_csb *o, void *atok, void *ktoa)
{
	*o = (struct nmreq_opt_csb){.csb_atok = (uintptr_t)atok, .csb_ktoa = (uintptr_t)ktoa};
	return (struct nm_ctl_opt){.hdr = {.nro_reqtype = NETMAP_REQ_OPT_CSB, .nro_status = 99}, .body = o};
}

static int
request(struct nm_session *s, uint16_t type, const char *name, void *body, struct nm_ctl_opt *opts, uint32_t n)
{
	struct nmreq_header h = {.nr_version = NETMAP_API, .nr_reqtype = type};
	struct nm_ctl_msg m = {.hdr = &h, .body = body, .opts = opts, .nopts = n};

	snprintf(h.nr_name, sizeof(h.nr_name), "%s", name);
	return nm_ctl_request(s, &m);
}

/* REGISTER with a CSB at these addresses; the option's status is the error. */
static int
open_at(struct nm_session *s, const char *name, uint64_t flags, uint16_t rings, void *atok, void *ktoa)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = flags, .nr_tx_rings = rings, .nr_rx_rings = rings,
	    .nr_tx_slots = 64, .nr_rx_slots = 64};
	struct nmreq_opt_csb o;
	struct nm_ctl_opt opt = csb_option(&o, atok, ktoa);
	int error = request(s, NETMAP_REQ_REGISTER, name, &reg, &opt, 1);

	assert_int_equal(opt.hdr.nro_status, error == -EBUSY ? 0 : -error); /* that is not for the option's sake */
	return error;
}

static void
open_csb(struct nm_session *s, const char *name, struct blocks *k)
{
	assert_int_equal(open_at(s, name, NR_EXCLUSIVE, 1, k->atok, k->ktoa), 0);
}

static int
enable(struct nm_session *s, void *atok, void *ktoa)
{
	struct nmreq_opt_csb o;
	struct nm_ctl_opt opt = csb_option(&o, atok, ktoa);
	int error = request(s, NETMAP_REQ_CSB_ENABLE, "", NULL, &opt, 1);

	assert_int_equal(opt.hdr.nro_status, -error);
	return error;
}

static int
start(struct nm_session *s, uint32_t us)
{
	struct nmreq_sync_kloop_start k = {.sleep_us = us};

	return host_request(s, NETMAP_REQ_SYNC_KLOOP_START, "", &k);
}

static int
stop(struct nm_session *s)
{
	return host_request(s, NETMAP_REQ_SYNC_KLOOP_STOP, "", NULL);
}

static void
a_bad_block_is_refused_before_a_port_is_made(void **state)
{
	char *p = (void *)ofa;

	(void)state;
	assert_int_equal(open_at(&a, "vale0:a", 0, 1, ofa->atok, ofa->ktoa), -EINVAL);
	assert_string_equal(a.errtext, "vale0:a: a CSB is for rings that nobody else has; register with NR_EXCLUSIVE");
	assert_int_equal(open_at(&a, "vale0:a", NR_EXCLUSIVE, 1, p + 8, ofa->ktoa), -EINVAL);
	assert_non_null(strstr(a.errtext, "csb_atok: address 0x"));
	assert_int_equal(open_at(&a, "vale0:a", NR_EXCLUSIVE, 1, ofa->atok, p + 32), -EINVAL);
	assert_non_null(strstr(a.errtext, "csb_ktoa: address 0x"));
	assert_int_equal(open_at(&a, "vale0:a", NR_EXCLUSIVE, 1, NULL, ofa->ktoa), -EINVAL);
	assert_int_equal(open_at(&a, "vale0:a", NR_EXCLUSIVE, 1, ofa->atok, (void *)(uintptr_t)-64), -EINVAL);
	host_umem_error = EFAULT;
	assert_int_equal(open_at(&a, "vale0:a", NR_EXCLUSIVE, 1, ofa->atok, ofa->ktoa), -EFAULT);
	host_umem_error = 0;
	assert_int_equal(host_umems, 0);
	assert_null(root.ports);
	assert_null(a.kloop.atok);
}

static void
entries_begin_with_what_the_rings_have(void **state)
{
	uint32_t i;

	(void)state;
	assert_int_equal(open_at(&a, "vale0:a", NR_EXCLUSIVE, 3, ofa->atok, ofa->ktoa), 0);
	assert_int_equal(nm_kloop_rings(&a), 6);
	for (i = 0; i < 6; i++) {
		const struct nm_kring *kr = nm_kloop_kring(&a, i);

		assert_int_equal(kr->dir, i < 3 ? NM_DIR_TX : NM_DIR_RX);
		assert_int_equal(kr->id, i % 3);
		assert_int_equal(ofa->atok[i].head, 0);
		assert_int_equal(ofa->atok[i].cur, 0);
		assert_int_equal(ofa->atok[i].appl_need_kick, 1);
		assert_int_equal(ofa->atok[i].sync_flags, 1);
		assert_int_equal(ofa->ktoa[i].hwcur, 0);
		assert_int_equal(ofa->ktoa[i].hwtail, i < 3 ? 63 : 0);
		assert_int_equal(ofa->ktoa[i].kern_need_kick, 1);
	}
	assert_int_equal(ofa->atok[6].head, 0x55555555); /* no further */
	assert_int_equal(ofa->ktoa[6].hwcur, 0x55555555);
}

static void
a_block_comes_later_goes_on_and_can_be_exchanged(void **state)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE, .nr_tx_slots = 64, .nr_rx_slots = 64};
	struct nmreq_register open = {.nr_mode = NR_REG_ALL_NIC};
	uint8_t f[64];

	(void)state;
	assert_int_equal(enable(&a, ofa->atok, ofa->ktoa), -ENXIO);
	assert_int_equal(host_register(&a, "vale0:a", &reg), 0);
	assert_int_equal(host_register(&b, "vale0:b", &open), 0);
	assert_int_equal(enable(&b, ofb->atok, ofb->ktoa), -EINVAL); /* not exclusive */
	assert_int_equal(host_request(&a, NETMAP_REQ_CSB_ENABLE, "", NULL), -EINVAL);
	assert_string_equal(a.errtext, "CSB_ENABLE says where the CSB is by the option CSB, which is missing");
	host_frame(f, "\2\0\0\0\0\2", "\2\0\0\0\0\1");
	host_put(&a, f, 60, 0);
	assert_int_equal(host_txsync(&a), 0);
	host_put(&b, f, 60, 0);
	assert_int_equal(host_txsync(&b), 0);
	assert_int_equal(host_take(&a, f, NULL), 60);
	assert_int_equal(enable(&a, ofa->atok, ofa->ktoa), 0);
	assert_int_equal(ofa->atok[0].head, 1);
	assert_int_equal(ofa->ktoa[0].hwcur, 1);
	assert_int_equal(ofa->ktoa[0].hwtail, 0);
	assert_int_equal(ofa->atok[1].head, 1);
	assert_int_equal(ofa->ktoa[1].hwtail, 1);
	assert_int_equal(enable(&a, (char *)ofb->atok + 4, ofb->ktoa), -EINVAL);
	assert_ptr_equal(a.kloop.atok, ofa->atok); /* the first one stays */
	assert_int_equal(host_umems, 2);
	assert_int_equal(enable(&a, ofb->atok, ofb->ktoa), 0);
	assert_ptr_equal(a.kloop.atok, ofb->atok);
	assert_int_equal(host_umems, 2);
	assert_int_equal(start(&a, 0), 0);
	assert_int_equal(enable(&a, ofa->atok, ofa->ktoa), -EBUSY);
	assert_ptr_equal(a.kloop.atok, ofb->atok);
	assert_int_equal(stop(&a), 0);
}

static void
loops_start_once_and_stop(void **state)
{
	(void)state;
	assert_int_equal(start(&a, 0), -ENXIO);
	assert_int_equal(stop(&a), -ENXIO);
	assert_int_equal(host_register(&a, "vale0:a", &(struct nmreq_register){.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE}), 0);
	assert_int_equal(start(&a, 0), -EINVAL);
	assert_string_equal(a.errtext, "vale0:a: a loop needs a CSB; give it by the option CSB, of REGISTER or of CSB_ENABLE");
	assert_int_equal(enable(&a, ofa->atok, ofa->ktoa), 0);
	assert_int_equal(start(&a, 1000001), -EINVAL);
	assert_string_equal(a.errtext, "vale0:a: a loop that sleeps 1000001 us between rounds, 1000000 are the most");
	host_kloop_error = ENOMEM;
	assert_int_equal(start(&a, 1), -ENOMEM);
	assert_false(a.kloop.running);
	host_kloop_error = 0;
	assert_int_equal(start(&a, 1000000), 0);
	assert_int_equal(host_kloop.sleep_us, 1000000);
	assert_int_equal(host_kloop.nrings, 2);
	assert_false(host_kloop.wakes);
	assert_int_equal(start(&a, 0), -EBUSY);
	assert_string_equal(a.errtext, "vale0:a: its loop runs already");
	assert_int_equal(stop(&a), 0);
	assert_int_equal(host_kloops, 0);
	assert_int_equal(stop(&a), 0); /* before the start: that one ends at once */
	assert_int_equal(start(&a, 0), 0);
	assert_int_equal(host_kloops, 0);
	assert_false(a.kloop.running);
	assert_int_equal(start(&a, 0), 0);
	assert_int_equal(host_kloops, 1);
	assert_int_equal(stop(&a), 0);
}

struct fds { struct nmreq_option o; struct { int32_t io, irq; } fd[2]; };

static int
start_with(struct nm_session *s, struct fds *f, uint64_t size, uint32_t mode, uint32_t status[2])
{
	struct nmreq_sync_kloop_start k = {.sleep_us = 0};
	struct nmreq_opt_sync_kloop_mode md = {.mode = mode};
	struct nm_ctl_opt o[2] = {{.hdr = {.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_MODE}, .body = &md},
	    {.hdr = {.nro_reqtype = NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, .nro_size = size}, .body = f}};
	int error = request(s, NETMAP_REQ_SYNC_KLOOP_START, "", &k, o, f ? 2 : 1);

	status[0] = o[0].hdr.nro_status;
	status[1] = o[1].hdr.nro_status;
	return error;
}

static void
eventfds_are_one_pair_a_ring_and_direct_needs_all(void **state)
{
	struct fds f = {.fd = {{3, 4}, {5, -1}}};
	uint32_t st[2];

	(void)state;
	open_csb(&a, "vale0:a", ofa);
	assert_int_equal(start_with(&a, &f, 32, 0, st), -EINVAL);
	assert_int_equal(st[1], EINVAL);
	assert_string_equal(a.errtext, "vale0:a: the option SYNC_KLOOP_EVENTFDS has nro_size 32, 40 are expected for 2 rings");
	assert_int_equal(start_with(&a, &f, 48, 0, st), -EINVAL);
	assert_int_equal(start_with(&a, &f, 0, 0, st), -EINVAL);
	assert_int_equal(start_with(&a, &f, UINT64_MAX, 0, st), -EINVAL);
	assert_int_equal(start_with(&a, NULL, 0, NM_OPT_SYNC_KLOOP_DIRECT_TX, st), -EINVAL);
	assert_int_equal(st[0], EINVAL);
	assert_non_null(strstr(a.errtext, "only if all have an ioeventfd"));
	assert_int_equal(start_with(&a, &f, 40, 4, st), -EINVAL);
	assert_string_equal(a.errtext, "vale0:a: mode 0x4 of the loop has unknown bits, 0x3 are known");
	assert_int_equal(start_with(&a, &f, 40, NM_OPT_SYNC_KLOOP_DIRECT_RX, st), 0);
	assert_int_equal(st[0], 0);
	assert_int_equal(st[1], 0);
	assert_true(host_kloop.wakes && host_kloop.direct[NM_DIR_RX] && !host_kloop.direct[NM_DIR_TX]);
	assert_int_equal(host_kloop.fds[1].io, 5);
	assert_int_equal(stop(&a), 0);
	f.fd[1].io = -7;
	assert_int_equal(start_with(&a, &f, 40, NM_OPT_SYNC_KLOOP_DIRECT_RX, st), -EINVAL);
	assert_int_equal(start_with(&a, &f, 40, 0, st), 0);
	assert_false(host_kloop.wakes);
	assert_int_equal(stop(&a), 0);
}

/* One frame more on the transmit ring of s, whose entry is at k. */
static void
publish(struct nm_session *s, struct nm_csb_atok *k)
{
	struct nm_kring *kr = nm_kloop_kring(s, 0);
	struct netmap_slot *slot = &kr->slots[k->head];
	uint8_t f[64];

	host_frame(f, "\2\0\0\0\0\2", "\2\0\0\0\0\1");
	memcpy(nm_kring_buf(kr, slot->buf_idx), f, 60);
	slot->len = 60;
	k->head = k->cur = nm_ring_add(k->head, 1, kr->nslots);
}

static uint32_t
call(struct nm_session *s, uint32_t i)
{
	struct nm_kring *kr = nm_kloop_kring(s, i);

	assert_int_equal(nm_kloop_enter(s, i), 0);
	while (nm_kring_step(kr) == 1)
		;
	return nm_kloop_leave(s, i);
}

static void
calls_go_by_the_entries_alone(void **state)
{
	struct nm_kring *tx, *rx;

	(void)state;
	open_csb(&a, "vale0:a", ofa);
	open_csb(&b, "vale0:b", ofb);
	tx = nm_kloop_kring(&a, 0), rx = nm_kloop_kring(&b, 1);
	call(&b, 1);
	publish(&a, &ofa->atok[0]);
	publish(&a, &ofa->atok[0]);
	tx->ring->head = tx->ring->cur = 17; /* is not looked at */
	assert_true(nm_kloop_news(&a, 0));
	assert_int_equal(call(&a, 0), NM_KRING_READY | NM_KRING_NEWS);
	assert_false(nm_kloop_news(&a, 0));
	assert_int_equal(ofa->ktoa[0].hwcur, 2);
	assert_int_equal(ofa->ktoa[0].hwtail, 1);
	assert_int_equal(ofb->ktoa[1].hwtail, 0);
	assert_int_equal(call(&b, 1), NM_KRING_READY | NM_KRING_NEWS);
	assert_int_equal(ofb->ktoa[1].hwtail, 2);
	ofb->atok[1].cur = 2; /* nothing is released, but no frame before this one is waited for any more */
	assert_true(nm_kloop_news(&b, 1));
	assert_int_equal(call(&b, 1), 0);
	assert_false(nm_kloop_news(&b, 1));
	ofb->atok[1].head = 2;
	assert_true(nm_kloop_news(&b, 1));
	assert_int_equal(call(&b, 1), 0);
	assert_int_equal(rx->atok->head, 2);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_sync_errors), 0);
}

static void
a_bad_entry_changes_nothing(void **state)
{
	static const uint32_t bad[][2] = {{64, 64}, {3, 2}, {0, 64}, {UINT32_MAX, UINT32_MAX}, {2, 1}};
	uint32_t i;

	(void)state;
	open_csb(&a, "vale0:a", ofa);
	open_csb(&b, "vale0:b", ofb);
	publish(&a, &ofa->atok[0]);
	call(&a, 0);
	call(&b, 1);
	for (i = 0; i < 5; i++) {
		ofa->atok[0].head = bad[i][0], ofa->atok[0].cur = bad[i][1];
		assert_int_equal(nm_kloop_enter(&a, 0), -EINVAL);
		ofb->atok[1].head = bad[i][0], ofb->atok[1].cur = bad[i][1];
		assert_int_equal(nm_kloop_enter(&b, 1), -EINVAL);
		assert_false(nm_kloop_news(&a, 0)); /* or the loop would never sleep */
	}
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_sync_errors), 5);
	assert_int_equal(host_stat(&b, NM_DIR_RX, NM_STAT_sync_errors), 5);
	assert_int_equal(nm_kloop_kring(&a, 0)->hwcur, 1);
	ofa->atok[0].head = ofa->atok[0].cur = 1;
	publish(&a, &ofa->atok[0]);
	assert_int_equal(call(&a, 0), NM_KRING_READY | NM_KRING_NEWS);
	ofb->atok[1].head = ofb->atok[1].cur = 0;
	assert_int_equal(call(&b, 1), NM_KRING_READY | NM_KRING_NEWS);
	assert_int_equal(ofb->ktoa[1].hwtail, 2);
}

static void
lent_entries_are_the_cells(void **state)
{
	struct nm_csb_atok *cell;
	uint8_t f[64];

	(void)state;
	open_csb(&a, "vale0:a", ofa);
	open_csb(&b, "vale0:b", ofb);
	cell = nm_kloop_kring(&b, 1)->atok;
	nm_kloop_lend(&a);
	nm_kloop_lend(&b);
	host_frame(f, "\2\0\0\0\0\2", "\2\0\0\0\0\1");
	host_put(&a, f, 60, 0);
	assert_int_equal(ofa->atok[0].head, 1);
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(ofa->ktoa[0].hwcur, 1);
	assert_int_equal(ofb->ktoa[1].hwtail, 1);
	assert_int_equal(host_take(&b, f, NULL), 60);
	ofa->atok[0].head = 70;
	assert_int_equal(nm_kring_sync(nm_kloop_kring(&a, 0)), -EINVAL);
	ofa->atok[0].head = 1;
	nm_kloop_give_back(&b);
	assert_ptr_equal(nm_kloop_kring(&b, 1)->atok, cell);
	assert_int_equal(cell->head, 1); /* what was released is */
	ofb->atok[1].head = 60;
	host_put(&a, f, 60, 0);
	assert_int_equal(host_txsync(&a), 0);
	assert_int_equal(ofb->ktoa[1].hwtail, 1); /* not the client's any more */
	assert_int_equal(host_stat(&b, NM_DIR_RX, NM_STAT_sync_errors), 0);
	ofb->atok[1].head = 1;
	nm_kloop_lend(&b);
	assert_int_equal(ofb->ktoa[1].hwtail, 2);
	nm_kloop_give_back(&b);
	nm_kloop_give_back(&a);
}

static void
kicks_are_asked_for_on_all_rings(void **state)
{
	(void)state;
	open_csb(&a, "vale0:a", ofa);
	nm_kloop_need_kick(&a, false);
	assert_int_equal(ofa->ktoa[0].kern_need_kick + ofa->ktoa[1].kern_need_kick, 0);
	nm_kloop_need_kick(&a, true);
	assert_int_equal(ofa->ktoa[0].kern_need_kick + ofa->ktoa[1].kern_need_kick, 2);
	assert_true(nm_kloop_kick_wanted(&ofa->atok[0]));
	ofa->atok[0].appl_need_kick = 0;
	assert_false(nm_kloop_kick_wanted(&ofa->atok[0]));
}

static void
direct_rings_are_always_to_be_signalled(void **state)
{
	(void)state;
	open_csb(&a, "vale0:a", ofa);
	assert_int_equal(start(&a, 0), 0);
	a.kloop.direct[NM_DIR_TX] = true;
	nm_kloop_need_kick(&a, false);
	assert_int_equal(ofa->ktoa[0].kern_need_kick, 1);
	assert_int_equal(ofa->ktoa[1].kern_need_kick, 0);
	a.kloop.direct[NM_DIR_TX] = false;
	a.kloop.direct[NM_DIR_RX] = true;
	nm_kloop_need_kick(&a, false);
	assert_int_equal(ofa->ktoa[0].kern_need_kick, 0);
	assert_int_equal(ofa->ktoa[1].kern_need_kick, 1);
	assert_int_equal(stop(&a), 0);
	assert_false(a.kloop.direct[NM_DIR_TX] || a.kloop.direct[NM_DIR_RX]); /* nor is the next loop's, if that does not say so */
}

static void
a_loop_comes_to_a_direct_ring_only_when_it_is_told_to(void **state)
{
	(void)state;
	open_csb(&a, "vale0:a", ofa);
	a.kloop.direct[NM_DIR_TX] = true;
	assert_int_equal(nm_kloop_enter_owed(&a, 0), -EAGAIN);
	nm_kloop_owe(&a, NM_DIR_TX);
	assert_false(nm_kloop_kring(&a, 1)->owed);
	assert_true(nm_kloop_news(&a, 0));
	assert_int_equal(nm_kloop_enter_owed(&a, 0), 0);
	assert_false(nm_kloop_news(&a, 0));
	publish(&a, &ofa->atok[0]); /* signalled while the loop is in it: the loop looks again */
	assert_false(nm_kloop_news(&a, 0));
	assert_int_equal(nm_kloop_enter(&a, 0), -EBUSY);
	assert_true(nm_kloop_hand_over(&a, 0, true));
	assert_true(nm_kloop_news(&a, 0));
	nm_kloop_leave(&a, 0);
	assert_int_equal(nm_kloop_enter_owed(&a, 0), 0);
	assert_int_equal(nm_kloop_kring(&a, 0)->rhead, 1);
	nm_kloop_leave(&a, 0);
	assert_int_equal(nm_kloop_enter_owed(&a, 0), -EAGAIN);

	assert_int_equal(nm_kloop_enter(&a, 0), 0); /* nothing is left to do */
	nm_kloop_leave(&a, 0);
	assert_false(nm_kloop_hand_over(&a, 0, false));
	assert_int_equal(nm_kloop_enter_owed(&a, 0), -EAGAIN);

	nm_kloop_owe(&a, NM_DIR_TX); /* the loop finds it busy, and is woken for it */
	assert_int_equal(nm_kloop_enter(&a, 0), 0);
	assert_int_equal(nm_kloop_enter_owed(&a, 0), -EBUSY);
	assert_false(nm_kloop_news(&a, 0));
	nm_kloop_leave(&a, 0);
	assert_true(nm_kloop_hand_over(&a, 0, false));
	assert_int_equal(nm_kloop_enter_owed(&a, 0), 0);
	nm_kloop_leave(&a, 0);
	assert_false(nm_kloop_hand_over(&a, 0, false));
	ofa->atok[0].head = 70; /* a bad entry is told of to both and is nobody's to look at again */
	nm_kloop_owe(&a, NM_DIR_TX);
	assert_int_equal(nm_kloop_enter_owed(&a, 0), -EINVAL);
	assert_int_equal(nm_kloop_enter_owed(&a, 0), -EAGAIN);
	assert_int_equal(nm_kloop_enter(&a, 0), -EINVAL);
	assert_false(nm_kloop_hand_over(&a, 0, false));
	ofa->atok[0].head = ofa->atok[0].cur = 1;
}

/* What a direct ring's two sides share: the loop sleeps while this is 0. */
static uint32_t woken;

static void
loop_round(void *arg, uint32_t round)
{
	struct nm_session *s = arg;

	(void)round;
	if (!NM_EXCHANGE(&woken, 0)) {
		host_yield();
		return;
	}
	if (nm_kloop_enter_owed(s, 0))
		return;
	while (nm_kring_step(nm_kloop_kring(s, 0)) == 1)
		;
	nm_kloop_leave(s, 0);
}

/* Each frame is signalled; every third signal leaves it to the loop. */
static void
nothing_is_forgotten_between_a_loop_and_who_is_signalled(void **state)
{
	struct nm_kring *kr;
	uint32_t i, tries;

	(void)state;
	open_csb(&a, "vale0:a", ofa);
	a.kloop.direct[NM_DIR_TX] = true;
	kr = nm_kloop_kring(&a, 0);
	woken = 0;
	host_race_start(loop_round, &a);
	for (i = 0; i < 3000; i++) {
		uint32_t head = nm_ring_add(ofa->atok[0].head, 1, kr->nslots);
		int error;

		NM_WRITE_ONCE(ofa->atok[0].cur, head);
		NM_STORE_RELEASE(&ofa->atok[0].head, head);
		error = nm_kloop_enter(&a, 0);
		if (!error) {
			if (i % 3)
				nm_kring_step(kr);
			nm_kloop_leave(&a, 0);
		}
		if (nm_kloop_hand_over(&a, 0, error == -EBUSY || i % 3 == 0))
			(void)NM_EXCHANGE(&woken, 1);
		for (tries = 0; NM_LOAD_ACQUIRE(&ofa->ktoa[0].hwcur) != head; tries++) {
			assert_true(tries < 10000000);
			host_yield();
		}
	}
	host_race_stop();
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_sync_errors), 0);
	assert_int_equal(host_stat(&a, NM_DIR_TX, NM_STAT_tx_packets), 3000);
}

/* Meanwhile another descriptor takes the port. */
static void
others_come(void)
{
	struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC, .nr_flags = NR_EXCLUSIVE};

	host_on_umem = NULL;
	assert_int_equal(host_register(&b, "vale0:a", &reg), 0);
}

static void
what_changes_while_memory_is_had_is_seen(void **state)
{
	(void)state;
	host_on_umem = others_come;
	assert_int_equal(open_at(&a, "vale0:a", NR_EXCLUSIVE, 1, ofa->atok, ofa->ktoa), -EBUSY);
	assert_int_equal(host_umems, 0);
	assert_null(a.kloop.atok);
}

static void
scribble(void *arg, uint32_t round)
{
	uint32_t *w = arg;

	NM_WRITE_ONCE(w[round % 4], round * 2654435761u >> (round % 27));
}

/* Entries that change at every look: the trusted side stays in range. */
static void
entries_that_change_at_every_look_do_no_harm(void **state)
{
	struct nm_kring *tx, *rx;
	uint32_t i;

	(void)state;
	open_csb(&a, "vale0:a", ofa);
	open_csb(&b, "vale0:b", ofb);
	tx = nm_kloop_kring(&a, 0), rx = nm_kloop_kring(&b, 1);
	host_race_start(scribble, ofa->atok);
	for (i = 0; i < 20000; i++) {
		uint32_t k = i & 1;

		if (nm_kloop_enter(&a, k))
			continue;
		while (nm_kring_step(nm_kloop_kring(&a, k)) == 1)
			;
		nm_kloop_leave(&a, k);
		assert_true(tx->hwcur < 64 && tx->hwtail < 64 && tx->rhead < 64);
		ofb->atok[1].head = ofb->atok[1].cur = rx->hwtail;
		call(&b, 1);
		assert_true(rx->rel < 64 && rx->lease < 64 && rx->nstack <= 64);
	}
	host_race_stop();
}

int
main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_bad_block_is_refused_before_a_port_is_made),
		T(entries_begin_with_what_the_rings_have),
		T(a_block_comes_later_goes_on_and_can_be_exchanged),
		T(loops_start_once_and_stop),
		T(eventfds_are_one_pair_a_ring_and_direct_needs_all),
		T(calls_go_by_the_entries_alone),
		T(a_bad_entry_changes_nothing),
		T(lent_entries_are_the_cells),
		T(kicks_are_asked_for_on_all_rings),
		T(direct_rings_are_always_to_be_signalled),
		T(a_loop_comes_to_a_direct_ring_only_when_it_is_told_to),
		T(nothing_is_forgotten_between_a_loop_and_who_is_signalled),
		T(what_changes_while_memory_is_had_is_seen),
		T(entries_that_change_at_every_look_do_no_harm),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
