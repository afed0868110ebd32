/* SPDX-License-Identifier: BSD-2-Clause */
/* wire.c - see wire.h */
#include <string.h>
#include "wire.h"

#define LEAST 60u     /* of a frame, without its check sequence */
#define AROUND 24u    /* bytes of time around it: preamble, check sequence, gap */
#define BURST 512u    /* frames at one go */
#define AHEAD 100000u /* ns that a sender may be ahead of the wire, as if into a FIFO, so that it need not be woken for each frame */

static void resume(void *arg)
{
	struct wire_end *e = arg;

	e->resume(e->nic);
}

void wire_join(struct wire_end *a, struct wire_end *b)
{
	a->other = b;
	b->other = a;
	a->timer = (struct timer){.fire = resume, .arg = a};
	b->timer = (struct timer){.fire = resume, .arg = b};
}

bool wire_up(const struct wire_end *e) { return e->ready && e->other->ready; }

void wire_ready(struct wire_end *e, bool ready)
{
	bool was = wire_up(e);

	e->ready = ready;
	if (wire_up(e) == was)
		return;
	e->link(e->nic, !was);
	e->other->link(e->other->nic, !was);
}

void wire_rate(struct wire_end *e, uint64_t rate) { e->rate = rate; }

bool wire_free(struct wire_end *e)
{
	uint64_t now = loop_now();

	if (e->round != loop_round())
		e->burst = 0;
	e->round = loop_round();
	if (e->busy_until <= now + AHEAD && e->burst++ < BURST)
		return true;
	timer_set(&e->timer, e->busy_until > now ? e->busy_until : now + 1);
	return false;
}

void wire_send(struct wire_end *e, const uint8_t *frame, size_t length)
{
	uint8_t filled[LEAST] = {0};
	uint64_t now = loop_now();

	if (length < LEAST) {
		memcpy(filled, frame, length);
		frame = filled;
		length = LEAST;
	}
	if (e->busy_until < now)
		e->busy_until = now;
	if (e->rate)
		e->busy_until += (length + AROUND) * 8 * 1000000000ull / e->rate;
	if (wire_up(e))
		e->other->receive(e->other->nic, frame, length);
}
