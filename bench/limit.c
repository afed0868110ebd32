/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limit.c - what two CPUs can hand over at most: the copy limit.
 *
 * One thread copies frames, of which each has its length, into a ring of 1024 buffers of 2048 bytes; another takes them out and reads the
 * first line of each. No switch, no checks, no process boundary, no sleep: an upper bound for whoever copies once. The frames come from 1024
 * buffers too, as a sender's do; with --sources 1 from a single one that never leaves the cache. With --descriptors nothing is copied or
 * read but the 16 bytes of a slot.
 */
#include "cpus.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SLOTS 1024u
#define STRIDE 2048u
#define LINE 64u

struct slot {
	uint32_t len, flags;
	uint64_t tag;
};

/* The indices of each side on lines of their own, two lines apart: the hardware fetches lines in pairs. */
struct lane {
	_Alignas(128) uint32_t head; /* the producer's, frames published */
	_Alignas(128) uint32_t tail; /* the consumer's, frames given back */
	_Alignas(128) uint32_t stop;
	_Alignas(128) uint8_t *buf;
	const uint8_t *source;
	struct slot *slot, *source_slot;
	uint32_t sources, frame, batch;
	uint64_t ms;
	bool descriptors;
	int cpu[2];
	bool failed;
	uint64_t sink, bytes;
};

typedef uint8_t line_vec __attribute__((vector_size(LINE), aligned(LINE)));

/* Whole lines in wide registers; a branch for the tail would cost more than it saves. */
static inline __attribute__((always_inline)) void
copy_lines(uint8_t *to, const uint8_t *from, uint32_t lines)
{
	uint32_t i;

	for (i = 0; i < lines; i++)
		((line_vec *)(void *)to)[i] = ((const line_vec *)(const void *)from)[i];
}

static inline uint8_t *
buffer(const struct lane *l, uint32_t i)
{
	return l->buf + (size_t)(i % SLOTS) * STRIDE;
}

static bool
stopped(const struct lane *l)
{
	return __atomic_load_n(&l->stop, __ATOMIC_RELAXED);
}

/* False when it is over. *tail: what is known of the consumer's. */
static inline bool
await_room(const struct lane *l, uint32_t head, uint32_t *tail)
{
	while (head + l->batch - *tail > SLOTS) {
		if (stopped(l))
			return false;
		*tail = __atomic_load_n(&l->tail, __ATOMIC_ACQUIRE);
	}
	return true;
}

static void __attribute__((target_clones("avx512f", "avx2", "default")))
produce_frames(struct lane *l)
{
	uint32_t head = 0, tail = 0, end, from, len;

	while (!stopped(l) && await_room(l, head, &tail)) {
		for (end = head + l->batch; head != end; head++) {
			from = head & (l->sources - 1);
			len = l->source_slot[from].len;
			copy_lines(buffer(l, head), l->source + (size_t)from * STRIDE, (len + LINE - 1) / LINE);
			l->slot[head % SLOTS].len = len;
		}
		__atomic_store_n(&l->head, head, __ATOMIC_RELEASE);
	}
}

static void
produce_descriptors(struct lane *l)
{
	uint32_t head = 0, tail = 0, end;

	while (!stopped(l) && await_room(l, head, &tail)) {
		for (end = head + l->batch; head != end; head++)
			l->slot[head % SLOTS] = (struct slot){ l->frame, 0, head };
		__atomic_store_n(&l->head, head, __ATOMIC_RELEASE);
	}
}

static void *
produce(void *arg)
{
	struct lane *l = arg;

	l->failed |= cpus_bind(l->cpu[0]) != 0;
	if (l->descriptors)
		produce_descriptors(l);
	else
		produce_frames(l);
	return NULL;
}

/* All that is there, in batches, each given back when it was read. The new tail. */
static uint32_t
take(struct lane *l, uint32_t tail)
{
	uint32_t head = __atomic_load_n(&l->head, __ATOMIC_ACQUIRE), end;
	uint64_t sink = 0, bytes = 0;

	while (tail != head) {
		end = tail + l->batch;
		if (l->descriptors)
			for (; tail != end; tail++)
				bytes += l->slot[tail % SLOTS].len;
		else
			for (; tail != end; tail++) {
				bytes += l->slot[tail % SLOTS].len;
				sink ^= *(const uint64_t *)(const void *)buffer(l, tail);
			}
		__atomic_store_n(&l->tail, tail, __ATOMIC_RELEASE);
	}
	l->sink ^= sink;
	l->bytes += bytes;
	return tail;
}

/* Frames taken a second, over l->ms after a fifth of that for the caches to settle; negative: failed. */
static double
rate(struct lane *l, uint32_t batch)
{
	uint64_t now = cpus_now(), from = now + l->ms * 200000, began = 0, before = 0, taken = 0;
	uint32_t tail = 0, next;
	pthread_t t;

	l->batch = batch;
	l->head = l->tail = l->stop = 0;
	if (pthread_create(&t, NULL, produce, l)) {
		fprintf(stderr, "limit: cannot start a thread\n");
		return -1;
	}
	for (; !began || now < began + l->ms * 1000000; now = cpus_now()) {
		if (!began && now >= from) {
			began = now;
			before = taken;
		}
		next = take(l, tail);
		taken += next - tail;
		tail = next;
	}
	__atomic_store_n(&l->stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	return l->failed ? -1 : (double)(taken - before) / ((double)(now - began) / 1e9);
}

static void *
memory(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED) {
		perror("limit: mmap");
		return NULL;
	}
	memset(p, 0x5a, bytes); /* pages of its own: those of zeros are one */
	return p;
}

static int
number(const char *text, uint32_t least, uint32_t most, uint32_t *to)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno || end == text || *end || v < least || v > most) {
		fprintf(stderr, "limit: '%s' is no number from %u to %u\n", text, least, most);
		return -1;
	}
	*to = (uint32_t)v;
	return 0;
}

static int
parse(int argc, char **argv, struct lane *l, uint32_t *batch)
{
	static const struct option longs[] = {
		{ "frame", required_argument, NULL, 'f' }, { "ms", required_argument, NULL, 'm' }, { "batch", required_argument, NULL, 'b' },
		{ "sources", required_argument, NULL, 's' }, { "descriptors", no_argument, NULL, 'd' }, { 0 },
	};
	uint32_t ms = 300;
	int c, rc = 0;

	l->frame = 60;
	l->sources = SLOTS;
	while (!rc && (c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'f': rc = number(optarg, 14, STRIDE, &l->frame); break;
		case 'm': rc = number(optarg, 1, 60000, &ms); break;
		case 'b': rc = number(optarg, 1, SLOTS, batch); break;
		case 's': rc = number(optarg, 1, SLOTS, &l->sources); break;
		case 'd': l->descriptors = true; break;
		default: rc = -1;
		}
	}
	if (rc || optind < argc || (l->sources & (l->sources - 1)) || (*batch & (*batch - 1))) {
		fprintf(stderr, "usage: limit [--frame BYTES] [--ms EACH] [--batch N] [--sources N] [--descriptors], N powers of two\n");
		return -1;
	}
	l->ms = ms;
	return 0;
}

/* "MPPS BATCH" of the best batch. */
int
main(int argc, char **argv)
{
	static const uint32_t batches[] = { 16, 64, 256 };
	static struct lane l;
	uint32_t batch = 0, best_batch = 0;
	double best = 0, r;
	size_t i;

	if (parse(argc, argv, &l, &batch))
		return 2;
	if (cpus_pair(l.cpu) || cpus_bind(l.cpu[1]))
		return 1;
	l.buf = memory((size_t)SLOTS * STRIDE);
	l.source = memory((size_t)SLOTS * STRIDE);
	l.slot = memory(SLOTS * sizeof(*l.slot));
	l.source_slot = memory(SLOTS * sizeof(*l.source_slot));
	if (!l.buf || !l.source || !l.slot || !l.source_slot)
		return 1;
	for (i = 0; i < SLOTS; i++)
		l.source_slot[i].len = l.frame;
	for (i = 0; i < (batch ? 1 : sizeof(batches) / sizeof(batches[0])); i++) {
		r = rate(&l, batch ? batch : batches[i]);
		if (r < 0)
			return 1;
		if (r > best) {
			best = r;
			best_batch = batch ? batch : batches[i];
		}
	}
	__asm__ volatile("" : : "r"(l.sink), "r"(l.bytes)); /* used, or nothing would be read */
	printf("%.3f %u\n", best / 1e6, best_batch);
	return 0;
}
