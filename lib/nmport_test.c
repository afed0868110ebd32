/* SPDX-License-Identifier: BSD-2-Clause */
/* Ports on a real engine, started on demand: open, share a mapping, send, wait, and what errors say. */
#include <libnetmap.h>

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "own_engine.h"

static char said[4096];

static void
hear(struct nmctx *ctx, const char *text)
{
	(void)ctx;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", text);
}

static struct nmctx ctx;

static int
setup(void **state)
{
	if (own_engine_setup(state))
		return -1;
	ctx = *nmctx_get();
	ctx.error = hear;
	nmctx_set_default(&ctx);
	return 0;
}

static struct netmap_ring *
rx_ring(struct nmport_d *d)
{
	uint32_t skip = d->nifp->ni_tx_rings + d->nifp->ni_host_tx_rings;

	return (struct netmap_ring *)(void *)((char *)d->nifp + d->nifp->ring_ofs[skip + d->first_rx_ring]);
}

static void
a_frame_travels(void **state)
{
	struct nmport_d *a = nmport_open("vale0:a"), *b = nmport_open("vale0:b");
	unsigned char frame[100];
	struct netmap_ring *r;

	(void)state;
	if (!a || !b)
		fail_msg("%s", said);
	assert_int_equal(a->register_done, 1);
	assert_int_equal(a->mmap_done, 1);
	assert_int_equal(a->first_tx_ring, 0);
	assert_int_equal(a->last_tx_ring, 0);
	assert_ptr_not_equal(a->mem, b->mem);
	assert_int_equal(nmport_poll(&b, 1, POLLIN, 0), 0);
	memset(frame, 0xff, sizeof(frame));
	assert_int_equal(nmport_inject(a, frame, sizeof(frame)), sizeof(frame));
	assert_int_equal(ioctl(a->fd, NIOCTXSYNC, NULL), 0);
	assert_int_equal(nmport_poll(&b, 1, POLLIN, 2000), 1);
	r = rx_ring(b);
	assert_int_equal(nm_ring_space(r), 1);
	assert_int_equal(r->slot[r->head].len, sizeof(frame));
	assert_int_equal(nmport_poll((struct nmport_d *[]){ a, b }, 2, POLLIN | POLLOUT, 2000), 2);
	nmport_close(a);
	nmport_close(b);
	assert_null(ctx.mem_descs);
}

static void
inject_splits_long_frames_and_stops_when_full(void **state)
{
	struct nmport_d *a = nmport_open("vale1:a@conf:slots=64");
	static char frame[9000];
	struct netmap_ring *t;
	uint32_t i, size, n;

	(void)state;
	assert_non_null(a);
	t = (struct netmap_ring *)(void *)((char *)a->nifp + a->nifp->ring_ofs[0]);
	size = t->nr_buf_size;
	n = (sizeof(frame) + size - 1) / size;
	assert_int_equal(nmport_inject(a, frame, sizeof(frame)), sizeof(frame));
	assert_int_equal(t->head, n);
	assert_int_equal(t->cur, n);
	for (i = 0; i + 1 < n; i++) {
		assert_int_equal(t->slot[i].len, size);
		assert_int_equal(t->slot[i].flags, NS_MOREFRAG);
	}
	assert_int_equal(t->slot[n - 1].flags, 0);
	assert_int_equal(t->slot[n - 1].len, sizeof(frame) - (n - 1) * size);
	for (i = nm_ring_space(t); i > 0; i--)
		assert_int_equal(nmport_inject(a, frame, 60), 60);
	assert_int_equal(nmport_inject(a, frame, 60), 0);
	nmport_close(a);
}

static void
clones_and_shares_have_one_mapping(void **state)
{
	struct nmport_d *a = nmport_open("vale2:a"), *b, *c;

	(void)state;
	assert_non_null(a);
	said[0] = '\0';
	b = nmport_open("vale2:b@share=vale2:a");
	if (!b)
		fail_msg("%s", said);
	c = nmport_clone(a);
	assert_non_null(c);
	assert_int_equal(c->register_done, 0);
	assert_int_equal(nmport_open_desc(c), 0);
	assert_ptr_equal(a->mem, b->mem);
	assert_ptr_equal(a->mem, c->mem);
	assert_int_equal(a->mem->refcount, 3);
	assert_ptr_not_equal(a->nifp, c->nifp);
	nmport_close(a);
	assert_ptr_equal(ctx.mem_descs, b->mem);
	assert_int_equal(nm_ring_space(rx_ring(b)), 0); /* still mapped */
	nmport_close(c);
	nmport_close(b);
	assert_null(ctx.mem_descs);
}

static void
steps_out_of_order_are_refused(void **state)
{
	struct nmport_d *a = nmport_prepare("vale3:a");

	(void)state;
	assert_int_equal(nmport_mmap(a), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(nmport_register(a), 0);
	assert_int_equal(nmport_register(a), -1);
	assert_int_equal(errno, EALREADY);
	assert_int_equal(nmport_offset(a, 0, 0, 0, 0), -1);
	assert_int_equal(nmport_extmem(a, said, sizeof(said)), -1);
	assert_int_equal(nmport_inject(a, said, 60), 0);
	assert_int_equal(nmport_mmap(a), 0);
	assert_int_equal(nmport_mmap(a), -1);
	assert_int_equal(errno, EALREADY);
	nmport_undo_mmap(a);
	nmport_undo_mmap(a);
	assert_int_equal(nmport_mmap(a), 0);
	nmport_close(a);
	nmport_close(NULL);
}

static void
failures_name_option_errno_and_reason(void **state)
{
	struct nmreq_option strange = { .nro_reqtype = 4711 };
	struct nmport_d *a = nmport_prepare("vale4:a");

	(void)state;
	nmreq_push_option(&a->hdr, &strange);
	said[0] = '\0';
	assert_int_equal(nmport_open_desc(a), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(a->fd, -1);
	assert_non_null(strstr(said, "'vale4:a': option 'unknown' (4711) failed: EOPNOTSUPP (Operation not supported)\n"));
	assert_non_null(strstr(said, "'vale4:a': register failed: EOPNOTSUPP (Operation not supported)"));
	nmreq_remove_option(&a->hdr, &strange);
	a->reg.nr_mode = NR_REG_ONE_NIC;
	a->reg.nr_ringid = 77;
	said[0] = '\0';
	assert_int_equal(nmport_register(a), -1);
	assert_int_equal(errno, EINVAL);
	if (!strstr(said, "register failed: EINVAL (Invalid argument): "))
		fail_msg("no reason: %s", said); /* the engine's text comes last */
	nmport_undo_prepare(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_travels),
		cmocka_unit_test(inject_splits_long_frames_and_stops_when_full),
		cmocka_unit_test(clones_and_shares_have_one_mapping),
		cmocka_unit_test(steps_out_of_order_are_refused),
		cmocka_unit_test(failures_name_option_errno_and_reason),
	};

	return cmocka_run_group_tests(tests, setup, own_engine_teardown);
}
