/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_worker.h - the threads that move frames, and what they know of a client. */
#ifndef NM_WORKER_H
#define NM_WORKER_H

#include "nm_csb.h"
#include "nm_ctl.h"
#include "nm_root.h"

struct nm_worker;

/* A client's descriptor as a worker sees it; part of the connection. */
struct nm_client {
	struct nm_session session;
	int ready_fd; /* our end of what the application holds */
	int kick_fd;  /* eventfd written by the client, who may do anything to it */
	int poke_fd;  /* eventfd written by other threads of the engine */
	struct nm_csb_sent sent; /* while a request is served */
	int end_fd;   /* the client's end of its loop's pipe, until the answer takes it along; -1 */
	struct nm_csb_loop *loop; /* the one that runs; for who delivers, until the end of his read section */
	/* the worker's own */
	struct nm_worker *worker;
	struct nm_client *next;
	bool active;
	uint64_t idle_since; /* ns, 0: was busy in the last pass */
	uint32_t *last_head; /* of each ring, in the order of a CSB, as read last */
	struct nm_csb_loop *new_loop;
};

struct nm_worker_config {
	uint32_t workers;
	uint32_t busy_poll_us;
};

/* Starts the threads. 0 or -errno. */
int nm_worker_start(const struct nm_worker_config *c);
void nm_worker_stop(void);

/* Hands a client with bound rings to a worker, the one that has its port if there is one. 0 or -errno. */
int nm_worker_add(struct nm_client *c);
/* Serves what the client published, then lets go of it. Waits for the worker. */
void nm_worker_remove(struct nm_client *c);

/* The client's rings are served by its CSB from now on, or by its cells again. Both wait for the worker. */
void nm_worker_lend(struct nm_client *c, struct nm_csb_loop *l);
void nm_worker_give_back(struct nm_client *c);

/* Asks the client's worker to serve it again. Any thread, in a read section that found the client. */
void nm_worker_poke(struct nm_client *c);

/* Makes the client's descriptor readable. Any thread. */
void nm_worker_wake_client(struct nm_client *c);

#endif
