/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_session.h - one open descriptor: who it is, what it bound, its last error in words. */
#ifndef NM_SESSION_H
#define NM_SESSION_H

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
	uint32_t nifp_num;       /* ring_ofs entries */
	uint64_t flags;          /* NR_* of REGISTER */
	uint32_t mode, ringid;
	uint32_t first[2], last[2]; /* rings bound, [first, last), by NM_DIR_* */
	uint32_t extra;          /* head of the list as handed out */
	uint32_t cell;           /* its cell in the sync area */
	struct nm_sync_session *sync;
	int errnum;
	char errtext[NM_ERRTEXT];
	void *host;
};

void nm_session_init(struct nm_session *s, struct nm_root *root, const struct nm_cred *c);
/* Unbinds; what was published has been drained by the host. Control. */
void nm_session_close(struct nm_session *s);

/* Binds rings [first, last) of both directions and builds the netmap_if. Control, see nm_register.c. */
int nm_session_bind(struct nm_session *s, struct nm_port *p, uint32_t extra_wanted, uint32_t *extra_got);
void nm_session_unbind(struct nm_session *s);

/* Remembers why a request fails and returns -errno: return nm_session_error(s, ENXIO, "...", ...). */
int nm_session_error(struct nm_session *s, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The memory of a port made by this request: region reg->nr_mem_id, else a private one. 0 or a text. */
struct nmreq_register;
int nm_port_private_mem(struct nm_session *s, struct nm_port *p, const struct nmreq_register *reg);

static inline struct nm_kring *
nm_session_kring(const struct nm_session *s, int dir, uint32_t i)
{
	return &s->port->krings[dir][i];
}

#endif
