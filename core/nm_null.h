/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_null.h - ports without a peer: they own memory, and what is sent to them stays where it is. */
#ifndef NM_NULL_H
#define NM_NULL_H

#include "nm_session.h"

struct nmreq_register;
int nm_null_create(struct nm_session *s, const char *name, const struct nmreq_register *reg,
    const struct nmreq_register *pipe, struct nm_port **out);

#endif
