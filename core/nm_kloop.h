/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_kloop.h - index blocks in a client's own memory (CSB), and the loop that serves the rings of a session by them.
 *
 * A session with a CSB has a pair of entries for each ring that it bound, transmit rings first. While its loop runs, head and cur
 * come from there, read once and believed as little as those of a ring, and hwcur and hwtail go there. Who runs the loop is the
 * host's business: a worker, to whom the entries are lent as the cells of the rings (nm_kloop_lend), or a thread of the client, which
 * goes from ring to ring (nm_kloop_enter, nm_kring_step, nm_kloop_leave).
 *
 * A host may serve rings where they are signalled, in the context of who signals (direct). What can't be done there is left to the loop,
 * which otherwise has no part in them. So two may come to such a ring, and one is in it at a time: who finds the loop there leaves it
 * to the loop to look again, and the loop has who is there wake it when he leaves.
 *
 * A side that is about to sleep says so (kern_need_kick, appl_need_kick) and looks at the other's indices once more; the other side
 * stores its indices and then looks whether it is to signal. On both sides a full barrier is in between.
 */
#ifndef NM_KLOOP_H
#define NM_KLOOP_H

#include "nm_kring.h"

struct nm_session;
struct nm_ctl_msg;
struct nm_ctl_opt;

#define NM_KLOOP_SLEEP 1000000u /* us between two rounds, the most */

struct nm_kloop {
	struct nm_umem mem[2];      /* of the client: where atok and ktoa point to */
	struct nm_csb_atok *atok;   /* the client writes these; NULL: there is no CSB */
	struct nm_csb_ktoa *ktoa;   /* and the engine these */
	bool running;               /* from nm_kloop_start to nm_kloop_ended */
	bool stop;                  /* it is to end; or was told so before it began, which the next start heeds */
	bool direct[2];             /* by NM_DIR_*: these rings are served where they are signalled. Set by a host before the loop begins */
};

/* The option CSB of a REGISTER. find: NULL if there is none. check: what can be said without the port, whose rings `flags` are for. */
struct nm_ctl_opt *nm_kloop_find(struct nm_ctl_msg *m);
int nm_kloop_check(struct nm_session *s, const char *name, uint64_t flags, struct nm_ctl_opt *opt);
/*
 * The memory that it names, for the rings that the session has selected. The root's lock is given up meanwhile, as in nm_umem_get, and
 * not if it's called once more when the rings were looked at again. If the request fails afterwards, nm_kloop_put. Control.
 */
int nm_kloop_get(struct nm_session *s, const char *name, struct nm_ctl_opt *opt);
/* The first entries, when the rings are bound. Control. */
void nm_kloop_init(struct nm_session *s);
/* Lets go of the memory, if there is any; nobody is in a sync of the rings, no loop runs. */
void nm_kloop_put(struct nm_session *s);

/* Rings of the session, in the order of entries. */
uint32_t nm_kloop_rings(const struct nm_session *s);
struct nm_kring *nm_kloop_kring(const struct nm_session *s, uint32_t i);

/*
 * For a home whose workers look at cells: the entries take their place, or give it back. Transmit rings have to be the caller's; on
 * receive rings others may be at work, and may still look at entries until the read sections that are open have ended.
 */
void nm_kloop_lend(struct nm_session *s);
void nm_kloop_give_back(struct nm_session *s);

/* For a home whose clients call the core themselves: as nm_kring_enter and nm_kring_leave, on ring i by its entries. */
int nm_kloop_enter(struct nm_session *s, uint32_t i);
uint32_t nm_kloop_leave(struct nm_session *s, uint32_t i);

/*
 * Direct rings. Who is signalled calls nm_kloop_enter and, if that is 0, nm_kloop_leave; then hand_over, with `rest` if something is
 * left to do or the ring was busy; true: the loop is to be woken. The loop calls enter_owed, which is -EAGAIN if it has nothing to do
 * there, -EBUSY if it is woken for it later. owe: the loop is to look at all of a direction, and to be woken if it sleeps. Any context.
 */
bool nm_kloop_hand_over(struct nm_session *s, uint32_t i, bool rest);
int nm_kloop_enter_owed(struct nm_session *s, uint32_t i);
void nm_kloop_owe(struct nm_session *s, int dir);

/* Sets kern_need_kick of all rings, but of direct ones, which are always to be signalled; with a barrier behind it. */
void nm_kloop_need_kick(struct nm_session *s, bool on);
/* There is something for the loop: the client has moved head or cur of ring i since it was entered, or it is owed a direct one. */
bool nm_kloop_news(const struct nm_session *s, uint32_t i);
/* The client wants to be signalled: for who has stored hwtail, and a barrier after that. */
static inline bool
nm_kloop_kick_wanted(const struct nm_csb_atok *a)
{
	return NM_READ_ONCE(a->appl_need_kick) != 0;
}

/* For the host, when the loop that it was told to start has ended. Control. */
void nm_kloop_ended(struct nm_session *s);

#endif
