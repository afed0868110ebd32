/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_storm.c - token buckets that need no division where frames pass: all of it is done when they are set up. */
#include "nm_storm.h"
#include "nm_ctl.h"
#include "nm_policy.h"

#define SHIFT 40
#define LEAST_BURST 32u

void
nm_storm_init(struct nm_storm_bucket *b, uint32_t pps, uint32_t burst)
{
	memset(b, 0, sizeof(*b));
	if (!pps)
		return;
	b->pps = pps;
	b->burst = burst;
	b->per_ns = ((uint64_t)pps << (SHIFT - 9)) / 1953125u + 1; /* 10^9 is 2^9 times that; 1100 at least, so too much by a thousandth at most */
	b->credit = (uint64_t)burst << SHIFT;
	b->fill_ns = b->credit / b->per_ns + 1;
}

static void
add(struct nm_storm_bucket *b, uint64_t elapsed)
{
	uint64_t full = (uint64_t)b->burst << SHIFT;

	/* full is below 2^61, and so is what is less than it in time */
	if (elapsed >= b->fill_ns || (b->credit += elapsed * b->per_ns) > full)
		b->credit = full;
}

uint32_t
nm_storm_take(struct nm_storm *t, uint32_t kind, uint32_t n, uint64_t now_ns)
{
	struct nm_storm_bucket *b = &t->bucket[kind];
	uint32_t i;

	if (!b->pps)
		return n;
	nm_os_spin_lock(&t->lock);
	if (now_ns > t->last_ns) {
		for (i = 0; i < NM_STORM_COUNT; i++)
			add(&t->bucket[i], now_ns - t->last_ns);
		t->last_ns = now_ns;
	}
	if (n > b->credit >> SHIFT)
		n = (uint32_t)(b->credit >> SHIFT);
	b->credit -= (uint64_t)n << SHIFT;
	nm_os_spin_unlock(&t->lock);
	return n;
}

void
nm_storm_give(struct nm_storm *t, uint32_t kind, uint32_t n)
{
	struct nm_storm_bucket *b = &t->bucket[kind];

	if (!b->pps)
		return;
	nm_os_spin_lock(&t->lock);
	b->credit += (uint64_t)n << SHIFT;
	nm_os_spin_unlock(&t->lock);
}

static const char *const kinds[NM_STORM_COUNT] = {"broadcasts", "multicasts", "frames to unknown addresses"};

static int
check(struct nm_session *s, const char *name, const struct nmreq_storm *r)
{
	uint32_t i;

	for (i = 0; i < NM_STORM_COUNT; i++) {
		uint32_t pps = r->nr_limit[i].pps, burst = r->nr_limit[i].burst;

		if (pps > NM_STORM_MAX_PPS)
			return nm_session_error(s, EINVAL, "%s: %u %s a second are out of 1 to %u (0: no limit)", name, pps, kinds[i], NM_STORM_MAX_PPS);
		if (burst > NM_STORM_MAX_BURST)
			return nm_session_error(s, EINVAL, "%s: %u %s at once are out of 1 to %u (0: a tenth of those of a second, up to that)", name, burst,
			    kinds[i], NM_STORM_MAX_BURST);
		if (burst && !pps)
			return nm_session_error(s, EINVAL, "%s: %u %s at once, but no limit a second", name, burst, kinds[i]);
	}
	return 0;
}

static uint32_t
default_burst(uint32_t pps)
{
	uint32_t burst = pps / 10;

	return burst < LEAST_BURST ? LEAST_BURST : burst > NM_STORM_MAX_BURST ? NM_STORM_MAX_BURST : burst;
}

/* The limits as they are, also into a request that has set them. */
static void
tell(const struct nm_port *p, struct nmreq_storm *r)
{
	uint32_t i;

	for (i = 0; i < NM_STORM_COUNT; i++) {
		r->nr_limit[i].pps = p->policy && p->policy->storm ? p->policy->storm->bucket[i].pps : 0;
		r->nr_limit[i].burst = p->policy && p->policy->storm ? p->policy->storm->bucket[i].burst : 0;
	}
}

/* Buckets for what is asked, NULL in *out for no limit at all. */
static int
build(struct nm_session *s, const struct nmreq_storm *r, struct nm_storm **out)
{
	struct nm_storm *t;
	uint32_t i;

	*out = NULL;
	if (!r->nr_limit[0].pps && !r->nr_limit[1].pps && !r->nr_limit[2].pps)
		return 0;
	t = nm_os_alloc(sizeof(*t));
	if (!t)
		return nm_session_error(s, ENOMEM, "no memory for the limits");
	nm_os_spin_init(&t->lock);
	t->last_ns = nm_os_now_exact();
	for (i = 0; i < NM_STORM_COUNT; i++)
		nm_storm_init(&t->bucket[i], r->nr_limit[i].pps, r->nr_limit[i].burst ? r->nr_limit[i].burst :
		    default_burst(r->nr_limit[i].pps));
	*out = t;
	return 0;
}

int
nm_storm_ctl(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nmreq_storm *r = m->body;
	struct nm_storm *t;
	struct nm_policy *n;
	struct nm_port *p;
	int error = nm_policy_port(s, m->hdr->nr_name, r->nr_op, r->nr_reserved, &p);

	if (!error && r->nr_op == NM_POLICY_SET) {
		error = check(s, m->hdr->nr_name, r);
		if (!error)
			error = build(s, r, &t);
		if (error)
			return error;
		n = nm_policy_copy(s, p);
		if (!n) {
			nm_os_free(t);
			return -ENOMEM;
		}
		n->storm = t;
		nm_policy_set(p, n);
	}
	if (!error)
		tell(p, r);
	return error;
}
