/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_session.h - one open descriptor: who it is, what it bound, its last error in words. */
#ifndef NM_SESSION_H
#define NM_SESSION_H

#include "nm_kloop.h"
#include "nm_port.h"
#include "nm_sync.h"

#define NM_ERRTEXT 504

struct nm_session {
	struct nm_session *next; /* of the port */
	struct nm_root *root;
	struct nm_cred cred;
	struct nm_port *port;    /* NULL: not registered */
	struct nm_mem *mem;      /* of the port, referenced */
	struct netmap_if *nifp;
	size_t nifp_ofs;         /* in the region */
	bool ofs32;              /* the client's ssize_t, of which ring_ofs is made, has 4 bytes; set before REGISTER */
	uint64_t flags;          /* NR_* of REGISTER */
	uint32_t mode, ringid;
	uint32_t first[2], last[2]; /* rings bound, [first, last), by NM_DIR_* */
	struct nm_offsets offsets;  /* that REGISTER asks for */
	uint32_t extra;          /* head of the list as handed out */
	uint32_t cell;           /* its cell in the sync area */
	struct nm_sync_session *sync;
	struct nm_kloop kloop;
	int errnum;
	char errtext[NM_ERRTEXT];
	struct nm_os_offer *offer; /* of a host whose clients send memory with their requests: what came with this one */
	void *host;
};

void nm_session_init(struct nm_session *s, struct nm_root *root, const struct nm_cred *c);
/* Unbinds; what was published has been drained by the host. Control. */
void nm_session_close(struct nm_session *s);

/*
 * Memory for a bind, with the root's lock given up meanwhile if it's much (nm_mem_reserve): what was known of the port, to which
 * the caller has a reference, is to be looked at again. Control.
 */
int nm_session_reserve(struct nm_session *s, struct nm_port *p, uint32_t extra);
/* Binds rings [first, last) of both directions and builds the netmap_if. Control, see nm_register.c. */
int nm_session_bind(struct nm_session *s, struct nm_port *p, uint32_t extra_wanted, uint32_t *extra_got);
void nm_session_unbind(struct nm_session *s);

/* Remembers why a request fails and returns -errno: return nm_session_error(s, ENXIO, "...", ...). */
int nm_session_error(struct nm_session *s, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* nm_port_mem.c; these set a text when they fail. */
/* Rings and slots asked for a port that is made: 0 (the default) to the maximum. */
int nm_port_hints_check(struct nm_session *s, const char *name, const struct nmreq_register *reg, uint32_t max_rings,
    uint32_t max_slots);
/* The region with this id, for the port called name; referenced. */
int nm_port_mem_find(struct nm_session *s, const char *name, uint16_t id, struct nm_mem **out);
/* It becomes p->mem, if the port can use its buffers; -EINVAL with a text if not. */
int nm_port_use_mem(struct nm_session *s, struct nm_port *p, struct nm_mem *mem);
/*
 * The memory of a port made by this request: region reg->nr_mem_id, else a private one. A base that is made for the sake
 * of a pipe has room for what `pipe` asks for.
 */
int nm_port_private_mem(struct nm_session *s, struct nm_port *p, const struct nmreq_register *reg,
    const struct nmreq_register *pipe);

static inline struct nm_kring *
nm_session_kring(const struct nm_session *s, int dir, uint32_t i)
{
	return &s->port->krings[dir][i];
}

#endif
