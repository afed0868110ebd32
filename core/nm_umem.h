/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_umem.h - memory of a client that a request names by address; see struct nm_umem in nm_os.h. */
#ifndef NM_UMEM_H
#define NM_UMEM_H

#include "nm_session.h"

/*
 * `size` bytes at addr, a multiple of `align`, a power of two; `what` is what they are, for texts. The root's lock, which the
 * caller has, is given up meanwhile: what was known of ports and regions may have changed. 0, or -errno with a text; -EAGAIN is to be
 * the request's result, with nothing left that it did. Control.
 */
int nm_umem_get(struct nm_session *s, const char *what, uint64_t addr, uint64_t size, uint32_t align, struct nm_umem *u);
/* Needs no lock; no sync uses it any more. A handle without memory is passed over. */
void nm_umem_put(struct nm_umem *u);

#endif
