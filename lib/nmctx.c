/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nmctx.c - contexts: where messages go, where memory comes from, and what serialises the list of mappings.
 *
 * The built-in context prints to stderr, uses malloc and is thread safe from the start: nmctx_set_threadsafe() only gives
 * back a lock that a program took away. Which context is the default one is a single pointer, exchanged atomically.
 */
#include <libnetmap.h>

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MESSAGE 1024 /* bytes; longer messages are cut */

static pthread_mutex_t builtin_mutex = PTHREAD_MUTEX_INITIALIZER;

static void
builtin_error(struct nmctx *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s\n", text); /* one call, so lines of several threads don't mix */
}

static void *
builtin_malloc(struct nmctx *ctx, size_t size)
{
	(void)ctx;
	return malloc(size);
}

static void
builtin_free(struct nmctx *ctx, void *p)
{
	(void)ctx;
	free(p);
}

static void
builtin_lock(struct nmctx *ctx, int lock)
{
	(void)ctx;
	if (lock)
		pthread_mutex_lock(&builtin_mutex);
	else
		pthread_mutex_unlock(&builtin_mutex);
}

static struct nmctx builtin = {
	.error = builtin_error,
	.malloc = builtin_malloc,
	.free = builtin_free,
	.lock = builtin_lock,
};

static struct nmctx *current = &builtin;

struct nmctx *
nmctx_get(void)
{
	return __atomic_load_n(&current, __ATOMIC_ACQUIRE);
}

struct nmctx *
nmctx_set_default(struct nmctx *ctx)
{
	return __atomic_exchange_n(&current, ctx ? ctx : &builtin, __ATOMIC_ACQ_REL);
}

void
nmctx_set_threadsafe(void)
{
	__atomic_store_n(&builtin.lock, builtin_lock, __ATOMIC_RELEASE);
}

void
nmctx_ferror(struct nmctx *ctx, const char *fmt, ...)
{
	char text[MESSAGE];
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (ctx->error)
		ctx->error(ctx, text);
	errno = saved;
}

void *
nmctx_malloc(struct nmctx *ctx, size_t size)
{
	return ctx->malloc(ctx, size);
}

void
nmctx_free(struct nmctx *ctx, void *p)
{
	ctx->free(ctx, p);
}

void
nmctx_lock(struct nmctx *ctx)
{
	void (*lock)(struct nmctx *, int) = __atomic_load_n(&ctx->lock, __ATOMIC_ACQUIRE);

	if (lock)
		lock(ctx, 1);
}

void
nmctx_unlock(struct nmctx *ctx)
{
	void (*lock)(struct nmctx *, int) = __atomic_load_n(&ctx->lock, __ATOMIC_ACQUIRE);

	if (lock)
		lock(ctx, 0);
}
