/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_kloop.h"
#include "nm_ctl.h"
#include "nm_umem.h"

#define ENTRY 64u /* of both arrays: an entry is a cache line */

static struct nm_ctl_opt *
find(struct nm_ctl_msg *m, uint32_t type)
{
	uint32_t i;

	for (i = 0; i < m->nopts; i++)
		if (m->opts[i].hdr.nro_reqtype == type)
			return &m->opts[i];
	return NULL;
}

struct nm_ctl_opt *
nm_kloop_find(struct nm_ctl_msg *m)
{
	return find(m, NETMAP_REQ_OPT_CSB);
}

uint32_t
nm_kloop_rings(const struct nm_session *s)
{
	return s->last[NM_DIR_TX] - s->first[NM_DIR_TX] + s->last[NM_DIR_RX] - s->first[NM_DIR_RX];
}

struct nm_kring *
nm_kloop_kring(const struct nm_session *s, uint32_t i)
{
	uint32_t ntx = s->last[NM_DIR_TX] - s->first[NM_DIR_TX];

	return i < ntx ? nm_session_kring(s, NM_DIR_TX, s->first[NM_DIR_TX] + i) : nm_session_kring(s, NM_DIR_RX, s->first[NM_DIR_RX] + i - ntx);
}

int
nm_kloop_check(struct nm_session *s, const char *name, uint64_t flags, struct nm_ctl_opt *opt)
{
	int error = 0;

	if (!opt->body)
		error = nm_session_error(s, EINVAL, "%s: the option CSB has no body", name);
	else if (!(flags & NR_EXCLUSIVE))
		error = nm_session_error(s, EINVAL, "%s: a CSB is for rings that nobody else has; register with NR_EXCLUSIVE", name);
	opt->hdr.nro_status = (uint32_t)-error;
	return error;
}

static void
put_memory(struct nm_kloop *k)
{
	nm_umem_put(&k->mem[0]);
	nm_umem_put(&k->mem[1]);
}

int
nm_kloop_get(struct nm_session *s, const char *name, struct nm_ctl_opt *opt)
{
	const struct nmreq_opt_csb *o = opt->body;
	uint32_t n = nm_kloop_rings(s);
	struct nm_umem *m = s->kloop.mem;
	int error = 0;

	if (!n)
		error = nm_session_error(s, EINVAL, "%s: no rings are bound, so there is nothing for a CSB", name);
	else if (m[1].size && m[1].size != n * sizeof(struct nm_csb_ktoa))
		error = nm_session_error(s, EBUSY, "%s: the number of its rings has changed meanwhile", name);
	else if (!m[1].size)
		error = nm_umem_get(s, "csb_atok", o->csb_atok, (uint64_t)n * sizeof(struct nm_csb_atok), ENTRY, &m[0]);
	if (!error && !m[1].size)
		error = nm_umem_get(s, "csb_ktoa", o->csb_ktoa, (uint64_t)n * sizeof(struct nm_csb_ktoa), ENTRY, &m[1]);
	if (error)
		put_memory(&s->kloop);
	opt->hdr.nro_status = (uint32_t)-error;
	return error;
}

void
nm_kloop_put(struct nm_session *s)
{
	s->kloop.atok = NULL;
	s->kloop.ktoa = NULL;
	put_memory(&s->kloop);
}

/* What the client had of the ring until now goes on in its entries; the rest of them is not looked at. */
static void
first_entry(struct nm_kring *kr, struct nm_csb_atok *a, struct nm_csb_ktoa *k)
{
	uint32_t head;

	nm_os_spin_lock(&kr->lock);
	head = NM_READ_ONCE(kr->atok->head); /* its own, where it has a cell */
	if (head >= kr->nslots)
		head = kr->hwcur;
	NM_WRITE_ONCE(a->head, head);
	NM_WRITE_ONCE(a->cur, head);
	NM_WRITE_ONCE(a->appl_need_kick, 1);
	NM_WRITE_ONCE(a->sync_flags, 1);
	NM_WRITE_ONCE(k->hwcur, NM_READ_ONCE(kr->hwcur));
	NM_WRITE_ONCE(k->kern_need_kick, 1);
	NM_STORE_RELEASE(&k->hwtail, NM_READ_ONCE(kr->hwtail));
	nm_os_spin_unlock(&kr->lock);
}

void
nm_kloop_init(struct nm_session *s)
{
	uint32_t i, n = nm_kloop_rings(s);

	s->kloop.atok = (void *)s->kloop.mem[0].base;
	s->kloop.ktoa = (void *)s->kloop.mem[1].base;
	for (i = 0; i < n; i++)
		first_entry(nm_kloop_kring(s, i), &s->kloop.atok[i], &s->kloop.ktoa[i]);
}

int
nm_kloop_csb_enable(struct nm_session *s, struct nm_ctl_msg *m)
{
	struct nm_ctl_opt *opt = nm_kloop_find(m);
	struct nm_kloop before = s->kloop;
	const char *name;
	int error;

	if (!opt)
		return nm_session_error(s, EINVAL, "CSB_ENABLE says where the CSB is by the option CSB, which is missing");
	opt->hdr.nro_status = ENXIO;
	if (!s->port)
		return nm_session_error(s, ENXIO, "this descriptor is not registered, so it has no rings for a CSB");
	name = s->port->name;
	opt->hdr.nro_status = EBUSY;
	if (s->kloop.running)
		return nm_session_error(s, EBUSY, "%s: its loop runs and uses the CSB it has; stop it first (SYNC_KLOOP_STOP)", name);
	error = nm_kloop_check(s, name, s->flags, opt);
	if (error)
		return error;
	memset(s->kloop.mem, 0, sizeof(s->kloop.mem)); /* atok stays: there is a CSB all the while */
	error = nm_kloop_get(s, name, opt);
	if (error) {
		memcpy(s->kloop.mem, before.mem, sizeof(before.mem));
		return error;
	}
	nm_kloop_init(s);
	put_memory(&before);
	return 0;
}

static void
use_cells(struct nm_kring *kr, struct nm_csb_atok *a, struct nm_csb_ktoa *k)
{
	NM_WRITE_ONCE(kr->atok, a);
	NM_WRITE_ONCE(kr->ktoa, k);
	nm_kring_publish(kr);
}

void
nm_kloop_lend(struct nm_session *s)
{
	uint32_t i, n = nm_kloop_rings(s);

	for (i = 0; i < n; i++) {
		struct nm_kring *kr = nm_kloop_kring(s, i);

		nm_os_spin_lock(&kr->lock);
		use_cells(kr, &s->kloop.atok[i], &s->kloop.ktoa[i]);
		nm_os_spin_unlock(&kr->lock);
	}
}

void
nm_kloop_give_back(struct nm_session *s)
{
	uint32_t i, n = nm_kloop_rings(s);

	for (i = 0; i < n; i++) {
		struct nm_kring *kr = nm_kloop_kring(s, i);
		struct nm_sync_ring *cell;
		uint32_t head;

		cell = nm_mem_ptr(s->mem, NM_POOL_SYNC, s->mem->pool[NM_POOL_SYNC].offset + (size_t)kr->csb * NM_SYNC_CELL);
		nm_os_spin_lock(&kr->lock);
		if (kr->dir == NM_DIR_RX)
			nm_kring_room(kr); /* what the client has released is taken */
		head = kr->dir == NM_DIR_TX ? kr->rhead : kr->rel;
		NM_WRITE_ONCE(cell->atok.cur, head);
		NM_STORE_RELEASE(&cell->atok.head, head);
		use_cells(kr, &cell->atok, &cell->ktoa);
		nm_os_spin_unlock(&kr->lock);
	}
}

int
nm_kloop_enter(struct nm_session *s, uint32_t i)
{
	const struct nm_csb_atok *a = &s->kloop.atok[i];

	return nm_kring_enter_at(nm_kloop_kring(s, i), &a->head, &a->cur);
}

uint32_t
nm_kloop_leave(struct nm_session *s, uint32_t i)
{
	return nm_kring_leave_at(nm_kloop_kring(s, i), &s->kloop.ktoa[i]);
}

void
nm_kloop_need_kick(struct nm_session *s, bool on)
{
	uint32_t i, n = nm_kloop_rings(s);

	for (i = 0; i < n; i++)
		NM_WRITE_ONCE(s->kloop.ktoa[i].kern_need_kick, on || s->kloop.direct[nm_kloop_kring(s, i)->dir]);
	NM_MB();
}

bool
nm_kloop_hand_over(struct nm_session *s, uint32_t i, bool rest)
{
	struct nm_kring *kr = nm_kloop_kring(s, i);

	NM_MB(); /* the ring was left, or found busy, before: the loop does the opposite */
	if (!rest && !NM_READ_ONCE(kr->wanted))
		return false;
	NM_WRITE_ONCE(kr->owed, true);
	NM_MB();
	return true;
}

int
nm_kloop_enter_owed(struct nm_session *s, uint32_t i)
{
	struct nm_kring *kr = nm_kloop_kring(s, i);
	int error;

	if (!NM_READ_ONCE(kr->owed))
		return -EAGAIN;
	NM_WRITE_ONCE(kr->owed, false);
	NM_WRITE_ONCE(kr->wanted, true);
	NM_MB();
	error = nm_kloop_enter(s, i);
	if (error != -EBUSY)
		NM_WRITE_ONCE(kr->wanted, false);
	return error;
}

void
nm_kloop_owe(struct nm_session *s, int dir)
{
	uint32_t i;

	for (i = s->first[dir]; i < s->last[dir]; i++)
		NM_WRITE_ONCE(nm_session_kring(s, dir, i)->owed, true);
	NM_MB();
}

bool
nm_kloop_news(const struct nm_session *s, uint32_t i)
{
	const struct nm_kring *kr = nm_kloop_kring(s, i);
	const struct nm_csb_atok *a = &s->kloop.atok[i];

	if (s->kloop.direct[kr->dir])
		return NM_READ_ONCE(kr->owed);
	return NM_READ_ONCE(a->head) != NM_READ_ONCE(kr->seen_head) || NM_READ_ONCE(a->cur) != NM_READ_ONCE(kr->seen_cur);
}

/* Eventfds of the request into the plan, in *opt's own memory. */
static int
take_eventfds(struct nm_session *s, struct nm_ctl_opt *opt, struct nm_os_kloop_plan *p)
{
	const struct nmreq_opt_sync_kloop_eventfds *o = opt->body;
	uint64_t want = sizeof(struct nmreq_option) + (uint64_t)p->nrings * sizeof(o->eventfds[0]);
	uint32_t i;

	if (opt->hdr.nro_size != want)
		return nm_session_error(s, EINVAL, "%s: the option SYNC_KLOOP_EVENTFDS has nro_size %llu, %llu are expected for %u rings", s->port->name,
		    (unsigned long long)opt->hdr.nro_size, (unsigned long long)want, p->nrings);
	p->fds = (void *)(uintptr_t)o->eventfds;
	p->wakes = true;
	for (i = 0; i < p->nrings; i++)
		p->wakes &= p->fds[i].io >= 0;
	return 0;
}

static int
take_mode(struct nm_session *s, const struct nm_ctl_opt *opt, struct nm_os_kloop_plan *p)
{
	const uint32_t known = NM_OPT_SYNC_KLOOP_DIRECT_TX | NM_OPT_SYNC_KLOOP_DIRECT_RX;
	const struct nmreq_opt_sync_kloop_mode *o = opt->body;

	if (o->mode & ~known)
		return nm_session_error(s, EINVAL, "%s: mode 0x%x of the loop has unknown bits, 0x%x are known", s->port->name, o->mode, known);
	if (o->mode && !p->wakes)
		return nm_session_error(s, EINVAL, "%s: rings can be served where they are signalled only if all have an ioeventfd (option "
		    "SYNC_KLOOP_EVENTFDS)", s->port->name);
	p->direct[NM_DIR_TX] = o->mode & NM_OPT_SYNC_KLOOP_DIRECT_TX;
	p->direct[NM_DIR_RX] = o->mode & NM_OPT_SYNC_KLOOP_DIRECT_RX;
	return 0;
}

static int
take_options(struct nm_session *s, struct nm_ctl_msg *m, struct nm_os_kloop_plan *p)
{
	struct nm_ctl_opt *fds = find(m, NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS), *mode = find(m, NETMAP_REQ_OPT_SYNC_KLOOP_MODE);
	int error = 0;

	if (fds) {
		error = take_eventfds(s, fds, p);
		fds->hdr.nro_status = (uint32_t)-error;
	}
	if (mode && !error) {
		error = take_mode(s, mode, p);
		mode->hdr.nro_status = (uint32_t)-error;
	}
	return error;
}

int
nm_kloop_start(struct nm_session *s, struct nm_ctl_msg *m)
{
	const struct nmreq_sync_kloop_start *k = m->body;
	struct nm_os_kloop_plan plan = {.sleep_us = k->sleep_us};
	int error;

	if (!s->port)
		return nm_session_error(s, ENXIO, "this descriptor is not registered, so it has no rings for a loop");
	if (s->port->gone)
		return nm_session_error(s, ENXIO, "%s has left", s->port->name);
	if (!s->kloop.atok)
		return nm_session_error(s, EINVAL, "%s: a loop needs a CSB; give it by the option CSB, of REGISTER or of CSB_ENABLE", s->port->name);
	if (s->kloop.running)
		return nm_session_error(s, EBUSY, "%s: its loop runs already", s->port->name);
	if (k->sleep_us > NM_KLOOP_SLEEP)
		return nm_session_error(s, EINVAL, "%s: a loop that sleeps %u us between rounds, %u are the most", s->port->name, k->sleep_us,
		    NM_KLOOP_SLEEP);
	plan.nrings = nm_kloop_rings(s);
	error = take_options(s, m, &plan);
	if (error)
		return error;
	if (s->kloop.stop) {
		s->kloop.stop = false;
		return 0;
	}
	error = nm_os_kloop_start(s, &plan);
	if (!error)
		NM_STORE_RELEASE(&s->kloop.running, true);
	else if (plan.fds)
		find(m, NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS)->hdr.nro_status = (uint32_t)-error; /* they are what may be wrong */
	return error;
}

int
nm_kloop_stop(struct nm_session *s, struct nm_ctl_msg *m)
{
	(void)m;
	if (!s->port)
		return nm_session_error(s, ENXIO, "this descriptor is not registered, so it has no loop");
	NM_WRITE_ONCE(s->kloop.stop, true);
	if (s->kloop.running)
		nm_os_kloop_stop(s);
	return 0;
}

void
nm_kloop_ended(struct nm_session *s)
{
	s->kloop.stop = false;
	s->kloop.direct[NM_DIR_TX] = s->kloop.direct[NM_DIR_RX] = false;
	NM_STORE_RELEASE(&s->kloop.running, false);
}
