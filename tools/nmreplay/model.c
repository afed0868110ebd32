/* SPDX-License-Identifier: BSD-2-Clause */
/* model.c - the link that a trace is played over. */
#include "model.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define ETHER_LEAST 60u
#define ETHER_MORE 24u /* preamble 8, FCS 4, gap 12 */
#define FLIGHT_MOST (1u << 26)

/* SplitMix64 */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

double
model_random(uint64_t *state)
{
	return (double)(next_random(state) >> 11) * 0x1p-53;
}

int
model_init(struct model *m, const struct model_conf *c, uint32_t shortest)
{
	uint64_t seed = c->seed, room = c->buffer / shortest + 1;

	*m = (struct model){ .c = *c };
	m->random[0] = next_random(&seed);
	m->random[1] = next_random(&seed);
	if (!c->buffer)
		return 0;
	m->room = room < FLIGHT_MOST ? (uint32_t)room : FLIGHT_MOST;
	m->flight = calloc(m->room, sizeof(*m->flight));
	return m->flight ? 0 : -ENOMEM;
}

void
model_fini(struct model *m)
{
	free(m->flight);
	m->flight = NULL;
}

/* When a frame enters the link. */
static uint64_t
enter(struct model *m, uint32_t len, uint64_t ts)
{
	uint64_t at = 0;

	switch (m->c.rate) {
	case RATE_CONSTANT:
	case RATE_ETHER:
		at = (uint64_t)((unsigned __int128)m->bits * 1000000000u / m->c.bps);
		if (m->c.rate == RATE_ETHER)
			len = (len < ETHER_LEAST ? ETHER_LEAST : len) + ETHER_MORE;
		m->bits += 8 * (uint64_t)len;
		break;
	case RATE_REAL:
		if (!m->steps++)
			m->first = m->last = ts;
		if (ts > m->last)
			m->last = ts;
		at = m->base + (uint64_t)((double)(m->last - m->first) / m->c.speed);
		break;
	}
	return at;
}

static bool
lost(struct model *m, uint32_t len)
{
	double u = model_random(&m->random[0]), p = m->c.p;

	if (m->c.loss == LOSS_BIT) /* that not all bits come through */
		p = -expm1(8.0 * len * log1p(-p));
	return u < p;
}

static uint64_t
delay(struct model *m)
{
	double u = model_random(&m->random[1]), span = (double)(m->c.delay_ns[1] - m->c.delay_ns[0]);

	switch (m->c.delay) {
	case DELAY_UNIFORM:
		return m->c.delay_ns[0] + (uint64_t)(u * (span + 1));
	case DELAY_EXPONENTIAL:
		return m->c.delay_ns[0] + (uint64_t)(-log1p(-u) * span);
	default:
		return m->c.delay_ns[0];
	}
}

/* Bytes that wait when a frame enters. */
static void
leave(struct model *m, uint64_t now)
{
	while (m->n && m->flight[m->begin].out <= now) {
		m->waiting -= m->flight[m->begin].len;
		m->begin = (m->begin + 1) % m->room;
		m->n--;
	}
}

enum model_fate
model_next(struct model *m, uint32_t len, uint64_t ts, uint64_t *due)
{
	uint64_t wait = delay(m); /* also of those that are lost, so that losses do not change the others' delays */
	bool gone = lost(m, len);

	m->in = enter(m, len, ts);
	*due = m->in;
	if (gone)
		return MODEL_LOST;
	if (m->c.buffer) {
		leave(m, m->in);
		if (m->waiting + len > m->c.buffer || m->n == m->room)
			return MODEL_OVERFLOW;
	}
	if (m->in + wait > m->out)
		m->out = m->in + wait;
	*due = m->out;
	if (m->c.buffer) {
		m->flight[(m->begin + m->n++) % m->room] = (struct model_flight){ m->out, len };
		m->waiting += len;
	}
	return MODEL_SEND;
}

void
model_again(struct model *m)
{
	uint64_t span = (uint64_t)((double)(m->last - m->first) / m->c.speed);

	if (m->c.rate != RATE_REAL || !m->steps)
		return;
	m->base += span + (m->steps > 1 ? span / (m->steps - 1) : 0);
	m->steps = 0;
}
