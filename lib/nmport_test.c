/* SPDX-License-Identifier: BSD-2-Clause */
/* Ports on a real engine, started on demand: open, share a mapping, send, wait, and what errors say. */
#include <libnetmap.h>

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Options in a name, as they arrive: sizes, offsets, regions; and one that a program takes away. */
static void
options_reach_the_port(void **state)
{
	struct nmport_d *a = nmport_open("vale5:a@conf:rings=3,slots=128,rx-rings=2,rx-slots=64"), *b;
	unsigned char frame[60];
	struct netmap_ring *r;

	(void)state;
	if (!a)
		fail_msg("%s", said);
	assert_int_equal(a->nifp->ni_tx_rings, 3);
	assert_int_equal(a->nifp->ni_rx_rings, 2);
	assert_int_equal(a->last_tx_ring, 2);
	assert_int_equal(a->last_rx_ring, 1);
	assert_int_equal(a->reg.nr_tx_slots, 128);
	assert_int_equal(rx_ring(a)->num_slots, 64);
	nmport_close(a);
	/* frames begin where the name says, and go by nmport_inject from there */
	assert_int_equal(nmport_enable_option("offset"), 0);
	a = nmport_open("vale5:a@offset:initial=48,bits=16");
	b = nmport_open("vale5:b@offset=16");
	if (!a || !b)
		fail_msg("%s", said);
	memset(frame, 0xff, sizeof(frame));
	frame[59] = 7;
	assert_int_equal(nmport_inject(a, frame, sizeof(frame)), sizeof(frame));
	r = NETMAP_TXRING(a->nifp, 0);
	assert_int_equal(r->offset_mask, 0xffff);
	assert_memory_equal(NETMAP_BUF(r, r->slot[0].buf_idx) + 48, frame, sizeof(frame));
	assert_int_equal(nmport_poll(&a, 1, POLLOUT, 20000), 1);
	assert_int_equal(nmport_poll(&b, 1, POLLIN, 20000), 1);
	r = rx_ring(b);
	assert_true(r->offset_mask == UINT64_MAX);
	assert_int_equal(NETMAP_ROFFSET(r, &r->slot[0]), 16);
	assert_memory_equal(NETMAP_BUF_OFFSET(r, &r->slot[0]), frame, sizeof(frame));
	nmport_close(a);
	nmport_close(b);
	assert_int_equal(nmport_disable_option("offset"), 0);
	/* what is disabled is as if it were not there */
	assert_int_equal(nmport_disable_option("conf"), 0);
	said[0] = '\0';
	assert_null(nmport_open("vale5:a@conf:rings=2"));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_string_equal(said, "'vale5:a@conf:rings=2', character 9 ('c'): option 'conf' is not enabled\n");
	assert_int_equal(nmport_enable_option("conf"), 0);
	assert_int_equal(nmport_disable_option("nonsense"), -1);
	assert_int_equal(errno, EOPNOTSUPP);
}

/* What is beyond the bounds, or not there, is told with the port's name and the reason. */
static void
options_that_can_not_be(void **state)
{
	static const struct {
		const char *name, *text;
		int err;
	} rows[] = {
		{ "vale5:a@conf:rings=65536", "'rings=65536': expected a number, 0 to 65535\n", EINVAL },
		{ "vale5:a@conf:slots=x", "'slots=x': expected a number", EINVAL },
		{ "vale5:a@conf:slots=70000", "'vale5:a': register failed: EINVAL (Invalid argument): ", EINVAL },
		{ "vale5:a@conf:rings=17", "'vale5:a': register failed: EINVAL (Invalid argument): ", EINVAL },
		{ "vale5:a@share=netmap:nosuchinterface", "'nosuchinterface': port info failed: ENXIO", ENXIO },
		{ "vale5:a@share=eth0", "'eth0', character 1 ('e'): expected 'netmap:' or 'vale<name>:'\n", EINVAL },
		{ "vale5:a@share=vale5:b^", "'share=vale5:b^': nothing may follow the name of the port\n", EINVAL },
		{ "vale5:a@60000", "'vale5:a': register failed: EINVAL (Invalid argument): ", EINVAL },
		{ "vale5:a@7@share=vale5:b", "but 7 was asked for\n", EINVAL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		said[0] = '\0';
		errno = 0;
		assert_null(nmport_open(rows[i].name));
		if (errno != rows[i].err || !strstr(said, rows[i].text))
			fail_msg("%s: errno %d, said: %s", rows[i].name, errno, said);
	}
	assert_null(ctx.mem_descs);
}

static void
a_region_by_name(void **state)
{
	const char *name = "vale6:a@conf:rings=2", *p = name;
	struct nmport_d *a = nmport_open("vale6:a");
	int32_t id;

	(void)state;
	assert_non_null(a);
	id = nmreq_get_mem_id(&p, &ctx);
	assert_int_equal(id, a->reg.nr_mem_id);
	assert_string_equal(p, "@conf:rings=2");
	nmport_close(a);
}

/* Each context has its own mappings, memory and messages; who never locks may, with one thread. */
static char other_said[512];
static unsigned pieces;

static void
hear_other(struct nmctx *c, const char *text)
{
	(void)c;
	snprintf(other_said, sizeof(other_said), "%s", text);
}

static void *
count_malloc(struct nmctx *c, size_t size)
{
	(void)c;
	pieces++;
	return malloc(size);
}

static void
count_free(struct nmctx *c, void *p)
{
	(void)c;
	pieces--;
	free(p);
}

static void
contexts_are_apart(void **state)
{
	struct nmctx other = { .error = hear_other, .malloc = count_malloc, .free = count_free };
	struct nmport_d *a = nmport_open("vale6:a"), *b = nmport_new_with_ctx(&other), *c;

	(void)state;
	assert_true(a && b);
	assert_int_equal(nmport_parse(b, "vale6:b@share=vale6:a"), 0);
	assert_int_equal(nmport_open_desc(b), 0);
	assert_int_equal(b->reg.nr_mem_id, a->reg.nr_mem_id);
	assert_ptr_not_equal(b->mem, a->mem);
	assert_ptr_not_equal(b->mem->mem, a->mem->mem);
	assert_ptr_equal(other.mem_descs, b->mem);
	assert_ptr_equal(ctx.mem_descs, a->mem);
	c = nmport_clone(b);
	assert_non_null(c);
	assert_ptr_equal(c->ctx, &other);
	assert_int_equal(nmport_open_desc(c), 0);
	assert_ptr_equal(c->mem, b->mem);
	said[0] = '\0';
	assert_int_equal(nmport_register(c), -1);
	assert_string_equal(other_said, "'vale6:b': registered already");
	assert_string_equal(said, "");
	/* a clone of what is not open yet has its name and no options */
	nmport_undo_open_desc(b);
	assert_int_equal(nmport_enable_option("offset"), 0);
	nmport_undo_parse(b);
	assert_int_equal(nmport_parse(b, "vale6:d-0/x@offset=8"), 0);
	nmport_close(c);
	c = nmport_clone(b);
	assert_non_null(c);
	assert_string_equal(c->hdr.nr_name, "vale6:d");
	assert_true(c->hdr.nr_options == 0 && b->hdr.nr_options != 0);
	assert_int_equal(c->reg.nr_mode, NR_REG_ONE_NIC);
	assert_true(c->reg.nr_flags == NR_EXCLUSIVE);
	assert_int_equal(c->fd, -1);
	assert_int_equal(nmport_disable_option("offset"), 0);
	nmport_close(c);
	nmport_close(b);
	nmport_close(a);
	assert_null(other.mem_descs);
	assert_int_equal(pieces, 0);
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
		cmocka_unit_test(options_reach_the_port),
		cmocka_unit_test(options_that_can_not_be),
		cmocka_unit_test(a_region_by_name),
		cmocka_unit_test(contexts_are_apart),
	};

	return cmocka_run_group_tests(tests, setup, own_engine_teardown);
}
