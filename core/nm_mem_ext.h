/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_mem_ext.h - the option EXTMEM: a region in memory that the client brings.
 *
 * The three pools of the ABI lie in it from its first byte on; what is left behind them becomes buffers, down to the last page that
 * holds none. The sync area is the engine's own. The client knows the place of everything by his own pointer, others who join
 * map the region as any other.
 */
#ifndef NM_MEM_EXT_H
#define NM_MEM_EXT_H

#include "nm_ctl.h"

/* The request's option EXTMEM, or NULL. */
struct nm_ctl_opt *nm_mem_ext_option(struct nm_ctl_msg *m);

/*
 * The region in the memory that the option names: the one that is there already, or a new one; referenced, its id in
 * reg->nr_mem_id. The root's lock is given up meanwhile. 0, or -errno with a text and the option's status; -EAGAIN as nm_umem_get. Control.
 */
int nm_mem_ext_open(struct nm_session *s, const char *name, struct nmreq_register *reg, struct nm_ctl_opt *opt, struct nm_mem **out);
/* The request has come to this result, a failure or not: the option's status and what the region is; the reference goes. Control. */
void nm_mem_ext_close(struct nm_mem *mem, struct nm_ctl_opt *opt, int error);

#endif
