/* SPDX-License-Identifier: BSD-2-Clause */
/* Contexts: messages, memory, the default one, and locks between threads. */
#include <libnetmap.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define THREADS 8
#define ROUNDS 20000

static char said[4096];
static unsigned allocated, freed;

static void
hear(struct nmctx *ctx, const char *text)
{
	(void)ctx;
	errno = ENOTTY;
	snprintf(said, sizeof(said), "%s", text);
}

static void *
count_malloc(struct nmctx *ctx, size_t size)
{
	(void)ctx;
	allocated++;
	return malloc(size);
}

static void
count_free(struct nmctx *ctx, void *p)
{
	(void)ctx;
	freed++;
	free(p);
}

static void
messages_are_formatted_and_keep_errno(void **state)
{
	struct nmctx ctx = { .error = hear }, silent = { 0 };

	(void)state;
	errno = EBUSY;
	nmctx_ferror(&ctx, "%s has %d rings", "eth0", 4);
	assert_string_equal(said, "eth0 has 4 rings");
	assert_int_equal(errno, EBUSY);
	nmctx_ferror(&ctx, "%3000d", 1);
	assert_in_range(strlen(said), 500, 3000);
	nmctx_ferror(&silent, "nobody hears this");
}

static void
the_default_can_be_changed(void **state)
{
	struct nmctx mine = { .error = hear, .malloc = count_malloc, .free = count_free }, *builtin = nmctx_get();
	struct nmport_d *d;

	(void)state;
	assert_ptr_equal(nmctx_set_default(&mine), builtin);
	assert_ptr_equal(nmctx_get(), &mine);
	d = nmport_prepare("vale0:a@conf:rings=2");
	assert_non_null(d);
	assert_ptr_equal(d->ctx, &mine);
	nmport_close(d);
	assert_null(nmport_open("vale0"));
	assert_ptr_equal(nmctx_set_default(NULL), &mine);
	assert_ptr_equal(nmctx_get(), builtin);
	assert_true(allocated > 0);
	assert_int_equal(allocated, freed);
}

static void *
no_malloc(struct nmctx *ctx, size_t size)
{
	(void)ctx;
	(void)size;
	return NULL;
}

static void
lack_of_memory_is_an_error(void **state)
{
	struct nmctx poor = { .error = hear, .malloc = no_malloc, .free = count_free }, *before = nmctx_set_default(&poor);

	(void)state;
	errno = 0;
	assert_null(nmport_open("vale0:a"));
	assert_int_equal(errno, ENOMEM);
	nmctx_set_default(before);
}

static unsigned long shared; /* under the built-in context's lock */

static void *
add(void *arg)
{
	struct nmctx *ctx = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		nmctx_lock(ctx);
		shared++;
		nmctx_unlock(ctx);
	}
	return NULL;
}

static void
the_lock_excludes(void **state)
{
	struct nmctx *ctx = nmctx_get();
	pthread_t t[THREADS];
	int i;

	(void)state;
	nmctx_set_threadsafe();
	assert_non_null(ctx->lock);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, add, ctx), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	assert_true(shared == (unsigned long)THREADS * ROUNDS);
}

static void
count_error(struct nmctx *ctx, const char *text)
{
	(void)text;
	__atomic_add_fetch(&ctx->verbose, 1, __ATOMIC_RELAXED);
}

static void *
parse_all(void *arg)
{
	struct nmport_d *d;
	int i;

	(void)arg;
	for (i = 0; i < 500; i++) {
		d = nmport_prepare("netmap:eth0-3/x@conf:rings=2");
		if (!d || d->reg.nr_ringid != 3 || d->reg.nr_tx_rings != 2)
			return "wrong";
		nmport_undo_prepare(d);
		if (nmport_prepare("netmap:eth0-3/q") || errno != EINVAL)
			return "accepted";
	}
	return NULL;
}

static void
threads_parse_side_by_side(void **state)
{
	struct nmctx mine = *nmctx_get(), *before;
	pthread_t t[THREADS];
	void *ret;
	int i;

	(void)state;
	mine.error = count_error;
	mine.verbose = 0;
	before = nmctx_set_default(&mine);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, parse_all, NULL), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(t[i], &ret);
		assert_null(ret);
	}
	nmctx_set_default(before);
	assert_int_equal(mine.verbose, THREADS * 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_formatted_and_keep_errno),
		cmocka_unit_test(the_default_can_be_changed),
		cmocka_unit_test(lack_of_memory_is_an_error),
		cmocka_unit_test(the_lock_excludes),
		cmocka_unit_test(threads_parse_side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
