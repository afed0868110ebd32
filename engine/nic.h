/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic.h - a port whose other side is an interface of the system, reached through descriptors.
 *
 * Transmit runs in the worker that has the port. Receive has a thread of its own: each batch is a system call, and the
 * worker's switches and pipes shall not wait for those. The thread leases slots as any sender of the switch does.
 */
#ifndef NIC_H
#define NIC_H

#include "nm_port.h"

#include <sys/uio.h>

#define NIC_BATCH 32u        /* frames of one system call */
#define NIC_IN_MAX 65664u    /* bytes of what an interface hands over: a merged one of 64 KiB, its header and tag */

/* A received frame, in the space of the back-end until its next receive. */
struct nic_in {
	char *data;
	uint32_t len;
};

/* A frame to send. */
struct nic_out {
	struct iovec *iov;
	uint32_t niov;
};

struct nic;

struct nic_kind {
	/* Sets rx_fd and tx_fd, not blocking. 0, -EBUSY to try the next kind, or -errno. Control. */
	int (*open)(struct nic *n, const char *ifname);
	/* Up to max <= NIC_BATCH frames; 0: none there; -errno. */
	int (*receive)(struct nic *n, struct nic_in *in, uint32_t max);
	/* Returns how many of the count <= NIC_BATCH frames went; -EAGAIN: wait for tx_fd; -errno: the first is refused. */
	int (*transmit)(struct nic *n, const struct nic_out *out, uint32_t count);
	/* Frames the system lost since the last call because we were slow; may be NULL. */
	uint32_t (*lost)(struct nic *n);
};

struct nic {
	const struct nic_kind *kind;
	struct nm_port *port;
	unsigned ifindex;
	int rx_fd, tx_fd;   /* may be the same */
	int wake_fd;        /* to the thread: look at stop and tx_waits */
	uint32_t stop, tx_waits;
	pthread_t thread;
	char *space;        /* NIC_BATCH times NIC_IN_MAX, for receive */
};

/* The thread looks again at what it waits for. Any thread. */
void nic_wake(struct nic *n);
/* Data. */
int nic_tx_sync(struct nm_kring *kr);

extern const struct nic_kind nic_tap_kind, nic_packet_kind;

#endif
