/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_policy.h - what a switch does beyond learning and forwarding, port by port.
 *
 * A port has a policy object, or none. Requests replace it as a whole, and data read it under RCU. Where no port of a switch
 * has one (nm_vale.policies is 0) frames go the short way of nm_vale_fwd.c; else that of nm_policy_fwd.c.
 */
#ifndef NM_POLICY_H
#define NM_POLICY_H

#include "nm_session.h"
#include "nm_storm.h"
#include "nm_vale.h"
#include "nm_vlan.h"

#define NM_POLICY_HAS_VLAN 1u
#define NM_POLICY_HAS_STATIC 2u
#define NM_POLICY_HAS_STORM 4u
#define NM_POLICY_HAS_LOSSLESS 8u
#define NM_POLICY_HAS_MIRROR 16u

struct nm_policy {
	struct nm_vlan vlan;
	struct nm_storm *storm;  /* NULL: no limit; goes with the policy that has it last */
	bool lossless;
	uint16_t mirror[2];      /* by NM_DIR_*: index of the port that gets copies + 1, 0: none; cleared in place when that leaves */
};

/*
 * The port of a switch by that name, for a request of kind NM_POLICY_*; 0, or -errno with a text, also for another kind and
 * for fields that are reserved. Control.
 */
int nm_policy_port(struct nm_session *s, const char *name, uint32_t op, const uint32_t reserved[2], struct nm_port **out);
/* Kind and reserved fields alone. */
int nm_policy_check(struct nm_session *s, const char *name, uint32_t op, const uint32_t reserved[2]);
/* The switch of a name, that of a port of it included, which the client may look at, or change. Control. */
int nm_policy_switch(struct nm_session *s, const char *name, uint32_t want, struct nm_vale **out);
/* A copy of the port's policy to be changed, or a new one; NULL with a text. Control. */
struct nm_policy *nm_policy_copy(struct nm_session *s, const struct nm_port *p);
/* Puts it in the place of the old one, which nobody reads any more on return, like what it means for the switch. Control, sleeps. */
void nm_policy_set(struct nm_port *p, struct nm_policy *n);
/* Finds out anew what the switch has. Control. */
void nm_policy_update(struct nm_vale *v);
/* Of a port that has left the switch and that nobody reads. Control. */
void nm_policy_leave(struct nm_vale *v, struct nm_port *p);

/* Who sends to this port waits for room. Data. */
static inline bool
nm_lossless_is(const struct nm_vale *v, const struct nm_port *p)
{
	const struct nm_policy *c = NM_RCU_DEREF(p->policy);

	return (NM_READ_ONCE(v->lossless) || (c && c->lossless)) && !p->wrap;
}

/*
 * nm_lossless.c. Transmit ring kr waits for room: for this port, or NULL. Data.
 */
struct nm_port *nm_lossless_waits(struct nm_kring *kr);
/* The transmit rings that wait for receive ring d, which has room again, one by one; those that still find none ask once more. Data. */
void nm_lossless_resume(struct nm_kring *d, void (*wake)(struct nm_kring *kr, void *arg), void *arg);
/* All senders that wait in the switch look again. Control. */
void nm_lossless_wake_all(struct nm_vale *v);

/* nm_mirror.c: p gets copies of another's frames. Control. */
bool nm_mirror_is_target(const struct nm_port *p);
/* Nobody is mirrored to p any more. Control. */
void nm_mirror_forget(struct nm_vale *v, const struct nm_port *p);

/* nm_policy_fwd.c: in the place of nm_vale_classify and delivery, for what was collected from `used` slots. Returns the slots done. Data. */
struct nm_vale_work;
uint32_t nm_policy_forward(struct nm_kring *kr, struct nm_vale *v, struct nm_vale_work *w, uint32_t used, uint32_t now_s);

#endif
