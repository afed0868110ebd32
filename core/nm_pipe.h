/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_pipe.h - pipes: two ends in one region, frames move by exchange of buffers. */
#ifndef NM_PIPE_H
#define NM_PIPE_H

#include "nm_session.h"

/* Where the last '{' (else the last '}') of the name is, or NULL: no pipe name. */
const char *nm_pipe_brace(const char *name);
/* The end called name, both ends made if needed; referenced once. Control. */
struct nmreq_register;
int nm_pipe_get(struct nm_session *s, const char *name, const struct nmreq_register *reg, struct nm_port **out);

/* Moves [hwcur, rhead) of a transmit ring to its peer as far as there is room. Data. */
int nm_pipe_sync_tx(struct nm_kring *kr);
int nm_pipe_sync_rx(struct nm_kring *kr);
/* The sender of this receive ring closed while frames waited for room. Data, by who serves rx, as is the next. */
bool nm_pipe_waits(const struct nm_kring *rx);
/* Fetches these as far as there is room. */
void nm_pipe_fetch(struct nm_kring *rx);

#endif
