/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_vale_nic.h - interfaces in a switch, and persistent ports.
 *
 * An attached interface keeps its own port; the switch gets another, "valeX:IF", whose rings lie over the same slots
 * and buffers, with the directions exchanged. What the interface receives is what that port sends, and what the switch
 * delivers to it is what the interface transmits: each frame is copied once, between its region and the other port's.
 * With its host rings the interface is two ports of the switch, the second is called "valeX:IF^".
 */
#ifndef NM_VALE_NIC_H
#define NM_VALE_NIC_H

#include "nm_vale.h"

struct nmreq_register;
struct nmreq_vale_newif;

/* name is "valeX:IF". 0 and the index of the port, or -errno with a text. Control. */
int nm_vale_nic_attach(struct nm_session *s, const char *name, const struct nmreq_register *reg, uint32_t *index);
/* The port of that name, if it is an attached interface and no host's side; else NULL. Control. */
struct nm_port *nm_vale_nic_find(struct nm_root *root, const char *name);
/* Takes it, and the host's side, out of the switch. Control, sleeps. */
void nm_vale_nic_detach(struct nm_port *p);

/* nm_vale_poll.c: ends polling of an attached interface, if there is any. Control, sleeps. */
void nm_vale_poll_stop(struct nm_port *p);

/* A persistent port: an interface of the system that we made, kept until it is removed. Control. */
int nm_vale_nic_newif(struct nm_session *s, const char *name, struct nmreq_vale_newif *req);
int nm_vale_nic_delif(struct nm_session *s, const char *name);

/* Detaches and removes what has lost its interface; `all`: everything. Takes the root's mutex. */
void nm_vale_nic_reap(struct nm_root *root, bool all);
/* Something is attached or persistent. Takes the root's mutex. */
bool nm_vale_nic_any(struct nm_root *root);

/* After nm_os_tx_later(tx). Data. */
void nm_vale_nic_resume(struct nm_kring *tx);

#endif
