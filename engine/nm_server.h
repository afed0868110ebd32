/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_server.h - the control socket and its connections. */
#ifndef NM_SERVER_H
#define NM_SERVER_H

#include "nm_root.h"

#include <sys/types.h>

struct nm_server_config {
	const char *path; /* of the socket */
	mode_t mode;      /* of the socket; 0: 0600 */
	gid_t gid;        /* of the socket; -1: the engine's */
	uint32_t max_clients; /* connections of each user other than the engine's own */
	bool stamps;      /* clients stamp receive rings whether they are asked to or not */
	bool on_demand;   /* leave when the last client has gone */
	int ready_fd;     /* closed after a byte was written when clients can connect; -1: none */
};

/* Before any thread is started: SIGTERM and SIGINT are for the server alone. */
void nm_server_block_signals(void);

/* Serves until SIGTERM or SIGINT, or until idle when on demand. 0 or -errno after a message. */
int nm_server_run(struct nm_root *root, const struct nm_server_config *c);

#endif
