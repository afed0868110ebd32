/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_vale.h - the switch: its ports, MAC table, counters. Forwarding is in nm_vale_fwd.c. */
#ifndef NM_VALE_H
#define NM_VALE_H

#include "nm_fdb.h"
#include "nm_port.h"

#define NM_VALE_MAX_PORTS 254u
#define NM_VALE_BATCH 1024u
#define NM_VALE_MAX_RINGS 16u   /* of a direction, of an ephemeral port */
#define NM_VALE_MAX_SLOTS 4096u

struct nm_vale {
	struct nm_root *root;
	char name[17];       /* "vale" and up to 12 more */
	uint32_t idx;        /* in root->vales */
	uint32_t nports;
	struct nm_access access;
	struct nm_port *ports[NM_VALE_MAX_PORTS]; /* RCU */
	uint8_t active[NM_VALE_MAX_PORTS];        /* indices in use, nports of them; may be read while it changes */
	struct nm_fdb *fdb;
	uint32_t policies;   /* NM_POLICY_HAS_*: of any port; 0: frames go the short way. RCU */
	bool lossless;       /* all its ports of programs are */
	uint64_t stat[NM_STAT_MAX];
};

/* Splits "valeX:port"; *port points at what follows the colon. -EINVAL with no text set. */
int nm_vale_split(const char *name, char sw[17], const char **port);
bool nm_vale_is_name(const char *name);
struct nm_vale *nm_vale_find(struct nm_root *root, const char *sw);
/* The switch, made if needed; a made one goes again with its last port. */
int nm_vale_get(struct nm_session *s, const char *sw, struct nm_vale **out);
/* Frees a switch without ports. */
void nm_vale_put(struct nm_vale *v);
/* Enters and removes a port; removal waits for readers and forgets the port's addresses. */
int nm_vale_add_port(struct nm_session *s, struct nm_vale *v, struct nm_port *p);
void nm_vale_remove_port(struct nm_port *p);
/* An ephemeral port of name "valeX:p", sized by the request's hints; referenced once. `pipe`: as of nm_port_private_mem. */
struct nmreq_register;
int nm_vale_port_create(struct nm_session *s, const char *name, const struct nmreq_register *reg,
    const struct nmreq_register *pipe, struct nm_port **out);

/* Forwards [hwcur, rhead) of a transmit ring; never blocks, what has no room is counted. Data. */
int nm_vale_txsync(struct nm_kring *kr);
/*
 * The receive ring where the last unicast of transmit ring kr went, if it seems to have no room for what is published now, or
 * for half of itself where that is less; else NULL. For homes where sender and receiver may share a CPU. Data.
 */
struct nm_kring *nm_vale_crowded(struct nm_kring *kr);
/* Nothing to fetch: frames were put in place by the sender. Data. */
int nm_vale_rxsync(struct nm_kring *kr);

#endif
