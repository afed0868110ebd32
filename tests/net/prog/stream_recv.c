/* SPDX-License-Identifier: BSD-2-Clause */
/* stream_recv.c - checks every byte of what comes in, and that each stream's sequence numbers only grow. */
#include "stream.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAMED_ERRORS 10
#define SEQ_TRIES 256u /* a short frame tells 16 bits of its number: the next ones with these bits that fit its length */

/* A piece of a frame. */
struct piece {
	const uint8_t *at;
	uint32_t len;
};

struct stream_state {
	uint64_t frames, next;
	bool *seen; /* with late=: of so many numbers below next, at number % late */
};

struct receiver {
	const struct stream_options *o;
	struct nmport_d *d;
	struct common_rings rings;
	struct stream_state *stream;
	uint64_t frames, bytes, slots, hello, foreign, host, altered, reordered, late, bad_count, unfinished, naps;
	uint32_t named;
	/* --swap: buffers taken out of the ring with what lay in them, looked at when the slots went back */
	uint32_t spare;            /* list of extra buffers */
	uint32_t *kept, nkept;     /* buffers */
	struct piece *pieces;      /* of these */
	bool *last;                /* ends a frame */
};

static void
report(struct receiver *r, uint64_t *counter, const char *what, uint32_t stream, uint64_t seq, uint32_t len)
{
	++*counter;
	if (r->named++ < NAMED_ERRORS)
		fprintf(stderr, "%s: frame %llu: %s, stream %u number %llu (next is %llu), %u bytes\n", r->o->port,
		    (unsigned long long)r->frames, what, stream, (unsigned long long)seq,
		    (unsigned long long)(stream < PAT_STREAMS ? r->stream[stream].next : 0), len);
}

static void
gather(const struct piece *p, uint32_t n, uint8_t *out, uint32_t want)
{
	uint32_t k, c;

	for (k = 0; k < n && want; k++, want -= c, out += c) {
		c = p[k].len < want ? p[k].len : want;
		memcpy(out, p[k].at, c);
	}
}

/* The number of a frame too short to hold it: the first that may be. ~0 where there is none. */
static uint64_t
guess(const struct receiver *r, uint32_t stream, uint32_t low, uint32_t len)
{
	uint64_t seq = r->stream[stream].next;
	uint32_t i;

	seq += (uint16_t)(low - (uint32_t)seq);
	for (i = 0; i < SEQ_TRIES; i++, seq += 65536)
		if (pat_len(&r->o->pat, stream, seq) == len)
			return seq;
	return ~0ull;
}

static bool
as_sent(const struct pat_frame *f, const struct piece *p, uint32_t n)
{
	uint32_t k, from = 0;

	for (k = 0; k < n; from += p[k].len, k++)
		if (!pat_equal(f, from, p[k].at, p[k].len))
			return false;
	return true;
}

static bool
addressed(const struct receiver *r, const uint8_t *mac, uint32_t *to)
{
	uint8_t own[6];

	pat_mac(own, r->o->id);
	*to = mac[0] == 0xff ? PAT_BROADCAST : r->o->id;
	return mac[0] == 0xff || !memcmp(mac, own, 6);
}

/* The next number of a stream, one that comes late, or one that should not come. */
static void
in_order(struct receiver *r, uint32_t stream, uint64_t seq, uint32_t len)
{
	struct stream_state *s = &r->stream[stream];
	uint32_t window = r->o->late;
	uint64_t n;

	if (window && !s->seen) {
		s->seen = calloc(window, sizeof(*s->seen));
		if (!s->seen)
			die("no memory");
	}
	if (seq < s->next) {
		if (s->next - seq > window) {
			report(r, &r->reordered, window ? "too late to tell whether again" : "again or late", stream, seq, len);
			return;
		}
		if (s->seen[seq % window]) {
			report(r, &r->reordered, "again", stream, seq, len);
			return;
		}
		r->late++;
	} else {
		for (n = seq - s->next < window ? s->next : seq + 1 - window; window && n < seq; n++)
			s->seen[n % window] = false;
		s->next = seq + 1;
	}
	if (window)
		s->seen[seq % window] = true;
}

static void
check(struct receiver *r, const struct piece *p, uint32_t n, uint32_t len)
{
	uint8_t h[PAT_HEADER] = {0};
	struct pat_frame f;
	uint32_t stream, to;
	uint64_t seq;

	r->frames++;
	r->bytes += len;
	r->slots += n;
	gather(p, n, h, len < PAT_HEADER ? len : PAT_HEADER);
	stream = (uint32_t)h[10] << 8 | h[11];
	if (!memcmp(h + 6, "\2\377", 2)) { /* another receiver that announces itself */
		r->hello++;
		return;
	}
	if (len >= 14 && !memcmp(h + 6, r->o->host, 6)) {
		r->host++;
		return;
	}
	if (len < 14 || memcmp(h + 6, "\2\0\0\0", 4) || stream >= PAT_STREAMS) {
		report(r, &r->altered, "no source that sends here", stream, 0, len);
		return;
	}
	if (!addressed(r, h, &to)) {
		report(r, &r->foreign, "not for this port", stream, 0, len);
		return;
	}
	if (len >= PAT_HEADER)
		memcpy(&seq, h + 14, 8);
	else
		seq = guess(r, stream, (uint32_t)h[12] << 8 | h[13], len);
	if (pat_len(&r->o->pat, stream, seq) != len) {
		report(r, &r->altered, "length altered", stream, seq, len);
		return;
	}
	pat_frame(&r->o->pat, stream, seq, to, &f);
	if (!as_sent(&f, p, n)) {
		report(r, &r->altered, "content altered", stream, seq, len);
		return;
	}
	in_order(r, stream, seq, len);
	r->stream[stream].frames++;
}

/* A switch tells the number of slots in each of them; elsewhere the upper byte is 0. */
static void
check_count(struct receiver *r, const struct netmap_ring *ring, uint32_t at, uint32_t n)
{
	uint32_t k, told;

	for (k = 0; k < n; k++, at = common_next(ring, at)) {
		told = NS_RFRAGS(&ring->slot[at]);
		if (told && told != n) {
			report(r, &r->bad_count, "number of slots in the flags is wrong", 0, told, n);
			return;
		}
	}
}

/* Takes the buffer of slot i out of the ring. */
static void
keep(struct receiver *r, struct netmap_ring *ring, uint32_t i, bool last)
{
	uint32_t idx = ring->slot[i].buf_idx;

	r->pieces[r->nkept] = (struct piece){common_buf(ring, i), ring->slot[i].len};
	r->last[r->nkept] = last;
	r->kept[r->nkept++] = idx;
	ring->slot[i].buf_idx = common_extra_pop(ring, &r->spare);
	ring->slot[i].flags = NS_BUF_CHANGED;
}

static void
check_kept(struct receiver *r)
{
	uint32_t i, first = 0, len = 0;

	for (i = 0; i < r->nkept; i++) {
		len += r->pieces[i].len;
		if (!r->last[i])
			continue;
		check(r, r->pieces + first, i + 1 - first, len);
		first = i + 1;
		len = 0;
	}
	for (i = 0; i < r->nkept; i++)
		common_extra_push(r->rings.ring[0], &r->spare, r->kept[i]);
	r->nkept = 0;
}

static void
nap(struct receiver *r)
{
	struct timespec t = {.tv_nsec = (long)r->o->nap_us * 1000};

	if (!r->o->nap_every || r->frames / r->o->nap_every <= r->naps)
		return;
	r->naps = r->frames / r->o->nap_every;
	nanosleep(&t, NULL);
}

/* Whole frames of a ring; returns the slots given back. */
static uint32_t
drain(struct receiver *r, struct netmap_ring *ring)
{
	struct piece p[64];
	uint32_t head = ring->head, avail = nm_ring_space(ring), n, i, len, taken = 0, k;

	while (taken < avail) {
		for (n = 0, i = head, len = 0; taken + n < avail && n < 64;) {
			p[n] = (struct piece){common_buf(ring, i), ring->slot[i].len};
			len += ring->slot[i].len;
			n++;
			if (!(ring->slot[i].flags & NS_MOREFRAG))
				break;
			i = common_next(ring, i);
		}
		if (ring->slot[i].flags & NS_MOREFRAG) {
			r->unfinished++;
			break;
		}
		if (r->o->swap && r->nkept + n > r->o->swap)
			break;
		check_count(r, ring, head, n);
		if (!r->o->swap)
			check(r, p, n, len);
		for (k = 0; k < n; k++, head = common_next(ring, head))
			if (r->o->swap)
				keep(r, ring, head, k + 1 == n);
		taken += n;
	}
	ring->cur = ring->head = head;
	return taken;
}

static uint32_t
drain_all(struct receiver *r)
{
	uint32_t i, n = 0;

	for (i = 0; i < r->rings.n; i++)
		n += drain(r, r->rings.ring[i]);
	if (r->o->swap && n) {
		common_rxsync(r->d); /* the slots are the sender's again, the buffers still ours */
		check_kept(r);
	}
	nap(r);
	return n;
}

/* Teaches the switch where this receiver is. */
static void
announce(struct receiver *r)
{
	struct common_rings tx;
	uint8_t *p;

	common_tx_rings(r->d, &tx);
	if (!tx.n || r->o->quiet)
		return;
	p = common_buf(tx.ring[0], tx.ring[0]->head);
	memset(p, 0, 60);
	memset(p, 0xff, 6);
	pat_mac(p + 6, r->o->id);
	tx.ring[0]->slot[tx.ring[0]->head].len = 60;
	tx.ring[0]->slot[tx.ring[0]->head].flags = 0;
	tx.ring[0]->cur = tx.ring[0]->head = common_next(tx.ring[0], tx.ring[0]->head);
	common_txsync(r->d);
}

static void
summary(const struct receiver *r)
{
	uint32_t i;
	const char *comma = "";

	printf("{\"role\": \"recv\", \"frames\": %llu, \"bytes\": %llu, \"slots\": %llu, \"hello\": %llu, \"foreign\": %llu, "
	    "\"host\": %llu, \"altered\": %llu, \"reordered\": %llu, \"late\": %llu, \"bad_count\": %llu, \"unfinished\": %llu, \"streams\": {",
	    (unsigned long long)r->frames, (unsigned long long)r->bytes, (unsigned long long)r->slots, (unsigned long long)r->hello,
	    (unsigned long long)r->foreign, (unsigned long long)r->host, (unsigned long long)r->altered, (unsigned long long)r->reordered,
	    (unsigned long long)r->late, (unsigned long long)r->bad_count, (unsigned long long)r->unfinished);
	for (i = 0; i < PAT_STREAMS; i++) {
		if (!r->stream[i].frames)
			continue;
		printf("%s\"%u\": {\"frames\": %llu, \"next\": %llu}", comma, i, (unsigned long long)r->stream[i].frames,
		    (unsigned long long)r->stream[i].next);
		comma = ", ";
	}
	puts("}}");
}

static void
receive(struct receiver *r)
{
	while (!stream_end && !stream_leave) {
		common_wait(r->d, POLLIN);
		drain_all(r);
	}
	do
		common_rxsync(r->d);
	while (drain_all(r));
	common_rxsync(r->d);
}

int
stream_recv(const struct stream_options *o)
{
	struct receiver r = {.o = o, .d = common_open(o->port, o->swap)};
	uint32_t i;

	r.stream = calloc(PAT_STREAMS, sizeof(*r.stream));
	r.kept = calloc(o->swap + 1, sizeof(*r.kept));
	r.pieces = calloc(o->swap + 1, sizeof(*r.pieces));
	r.last = calloc(o->swap + 1, sizeof(*r.last));
	if (!r.stream || !r.kept || !r.pieces || !r.last)
		die("no memory");
	common_rx_rings(r.d, &r.rings);
	if (!r.rings.n)
		die("%s: no receive ring", o->port);
	r.spare = r.d->nifp->ni_bufs_head;
	announce(&r);
	puts("ready");
	receive(&r);
	summary(&r);
	stream_hold();
	r.d->nifp->ni_bufs_head = r.spare;
	nmport_close(r.d);
	for (i = 0; i < PAT_STREAMS; i++)
		free(r.stream[i].seen);
	free(r.stream);
	free(r.kept);
	free(r.pieces);
	free(r.last);
	return 0;
}
