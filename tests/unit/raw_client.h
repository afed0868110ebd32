/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_client.h - speaks to netmapd without the library, so that tests can also say what the library never would. */
#ifndef RAW_CLIENT_H
#define RAW_CLIENT_H

#include "nm_ring.h"
#include "nm_sync.h"
#include "nm_wire.h"

#include <stdbool.h>
#include <sys/types.h>

struct raw_client {
	int ctl, ready, kick, mem;
	uint32_t engine;                /* what the engine said of itself: NM_WIRE_STAMPS */
	char *base;                     /* the whole region, sync area included */
	size_t size;                    /* of which so much is mapped */
	struct nm_sync_session *sync;
	struct netmap_ring *tx, *rx;    /* first rings, NULL when not bound */
	struct nm_sync_ring *txs, *rxs;
};

/* Starts netmapd (beside the test program) on a socket in a folder of its own. */
pid_t raw_engine_start(char path[64]);
/* The same with one option more, or NULL. */
pid_t raw_engine_start_with(char path[64], const char *option);
/* SIGTERM, then waits; the exit status as of wait(2). */
int raw_engine_stop(pid_t pid, const char *path);

/* 0 or -errno of the first thing that failed. */
int raw_connect(struct raw_client *c, const char *path);
int raw_register(struct raw_client *c, const char *name, uint64_t flags);
/* Memory that goes along with a request: descriptors, and what is said of them. */
struct raw_memory {
	struct nm_wire_umem at[NM_WIRE_MAX_UMEM + 1];
	uint32_t n;                     /* entries that are sent */
	int fd[NM_WIRE_MAX_UMEM];
	uint32_t nfds;
};
/*
 * REGISTER with the option EXTMEM: `size` bytes at `addr`, an address of whatever process, in memory that is sent in m. Maps the region as
 * the engine has it. 0, -errno, or -EAGAIN if the engine asks for memory.
 */
int raw_register_in(struct raw_client *c, const char *name, uint64_t addr, uint64_t size, const struct raw_memory *m);
/* A request without options; its body goes out and comes back. */
int raw_request(struct raw_client *c, uint16_t type, const char *name, void *body, size_t size);
void raw_close(struct raw_client *c);

/* Puts a frame into the transmit ring; false when it is full. Visible after raw_publish. */
bool raw_put(struct raw_client *c, const void *frame, uint16_t len);
void raw_publish(struct raw_client *c);
/* Publishes and waits until the engine has served it; 0 or -ETIMEDOUT. */
int raw_txsync(struct raw_client *c);
/* The next received frame, or NULL. It stays valid until raw_release. */
const void *raw_take(struct raw_client *c, uint16_t *len);
void raw_release(struct raw_client *c);

#endif
