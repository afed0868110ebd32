/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_conn.h - one connection of a client: its messages, its session, its end. */
#ifndef NM_CONN_H
#define NM_CONN_H

#include "nm_wire.h"
#include "nm_worker.h"

struct nm_conn {
	struct nm_client client; /* first: session.host points here */
	struct nm_conn *next;
	int ctl_fd;
	bool stamps;             /* told to the client */
	int app_fd;              /* the application's end until HELLO sent it, then -1 */
};

/* A connection on ctl_fd, which it owns from then on. NULL and errno: then ctl_fd is still the caller's. */
struct nm_conn *nm_conn_new(struct nm_root *root, int ctl_fd);
/* Answers the HELLO that comes, or came, by -errno; closes ctl_fd. */
void nm_conn_refuse(int ctl_fd, int error);
/* The same answer for a connection that is about to be closed. */
void nm_conn_tell(struct nm_conn *c, int error);
/* Ends the session; frees c. */
void nm_conn_close(struct nm_conn *c);
/* Serves one message. 0, or -errno: the connection must be closed. */
int nm_conn_message(struct nm_conn *c);
/* Tells the client that the engine leaves. */
void nm_conn_abandon(struct nm_conn *c);

#endif
