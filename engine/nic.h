/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic.h - a port whose other side is an interface of the system, reached through descriptors.
 *
 * Transmit runs in whoever has frames to send: the worker of a client, or for an interface in a switch the sender's
 * thread. Receive has a thread of its own: each batch is a system call, and the worker's switches and pipes shall not
 * wait for those. The thread leases slots as any sender of the switch does.
 */
#ifndef NIC_H
#define NIC_H

#include "nic_divert.h"
#include "nm_port.h"

#include <sys/uio.h>

#define NIC_BATCH 32u        /* frames of one call */
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
struct nic_link;

struct nic_kind {
	/* Sets rx_fd and tx_fd, not blocking. 0, -EBUSY to try the next kind, or -errno. Control. */
	int (*open)(struct nic_link *l, const char *ifname);
	/* Frees what is beside the descriptors; may be NULL. Control. */
	void (*close)(struct nic_link *l);
	/* Up to max <= NIC_BATCH frames; 0: none there; -errno. */
	int (*receive)(struct nic_link *l, struct nic_in *in, uint32_t max);
	/* Returns how many of the count <= NIC_BATCH frames went; -EAGAIN: wait for tx_fd; -errno: the first is refused. */
	int (*transmit)(struct nic_link *l, const struct nic_out *out, uint32_t count);
	/* Adds what was lost since the last call to the counters of kr; may be NULL. */
	void (*lost)(struct nic_link *l, struct nm_kring *kr);
	/* All frames, whoever they are for; may be NULL. Control. */
	void (*promiscuous)(struct nic_link *l, bool on);
	/* The interface does not exist any more. */
	bool (*gone)(const struct nic_link *l);
};

enum { NIC_WIRE, NIC_HOST, NIC_LINKS };

/* To the wire, or to the host whose interface was taken. */
struct nic_link {
	const struct nic_kind *kind; /* NULL: not open */
	struct nic *nic;
	int rx_fd, tx_fd;            /* may be the same */
	uint32_t tx_waits;           /* somebody waits for room */
	bool stalled;                /* the thread's: don't wait for frames now */
	char *space;                 /* NIC_BATCH times NIC_IN_MAX, for receive */
	void *priv;                  /* of the kind */
};

struct nic {
	struct nm_port *port;
	unsigned ifindex;
	int wake_fd;        /* to the thread: look at stop and tx_waits */
	int news_fd;        /* interfaces of the system change */
	uint32_t stop;
	bool running;
	pthread_t thread;
	struct nic_link link[NIC_LINKS];
	struct nic_divert divert;
};

/* nic.c: an eventfd that becomes readable when an interface is gone; -1 as long as none was opened. */
int nic_gone_fd(void);
/* Opens a link by this kind, or closes it; not while the thread runs. 0 or -errno. Control. */
int nic_link_open(struct nic_link *l, const struct nic_kind *kind, const char *ifname);
void nic_link_close(struct nic_link *l);

/* nic_rx.c: the thread. Control. */
int nic_start(struct nic *n);
void nic_stop(struct nic *n);

/* nic_host.c: as of nm_port_ops. Control. */
int nic_host_set(struct nm_port *p, enum nm_port_host h, struct nm_session *s);

/* nic_tx.c; data. */
int nic_tx_sync(struct nm_kring *kr);

/* A TAP that exists; one that open makes and that goes with its descriptor; any interface. */
extern const struct nic_kind nic_tap_kind, nic_made_kind, nic_packet_kind;

#endif
