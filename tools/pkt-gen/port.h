/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port.h - the port a thread works on: netmap rings, or rings of our own before something else (null, TAP, pcap), so that
 * the loops know rings only.
 */
#ifndef PKTGEN_PORT_H
#define PKTGEN_PORT_H

#include <stdint.h>
#include <net/netmap.h>
#include <net/netmap_user.h>

#include "options.h"

#define PORT_ERRLEN 1024
#define PORT_RINGS 256
#define PORT_WHYLEN 256

struct port;

struct port_ops {
	int (*open)(struct port *p, const struct options *o, unsigned thread, char *err);
	/* 0, or -errno after one line on stderr: what was to be written is not */
	int (*close)(struct port *p);
	/* 0 or -errno; what is before head goes out / what came in is before tail */
	int (*txsync)(struct port *p);
	int (*rxsync)(struct port *p);
	/* POLLIN and POLLOUT of what is ready, 0 after timeout_ms, -errno; -EINTR is none */
	int (*wait)(struct port *p, short events, int timeout_ms);
};

struct port {
	const struct port_ops *ops;
	char name[256];       /* with its prefix */
	struct netmap_ring *tx[PORT_RINGS], *rx[PORT_RINGS];
	unsigned ntx, nrx;
	unsigned vnet;        /* bytes before each frame */
	bool ended;           /* nothing more will come in: end of a file */
	bool interface;       /* the host has an interface of this name: it may need time for its link */
	uint64_t mac;         /* address of the interface, 0: none known */
	void *home;           /* of ops */
	char why[PORT_WHYLEN]; /* what failed, if opening it again is no cure; else empty */
};

/* Rings of thread `thread` of o->threads. 0, or -errno with one line in err (PORT_ERRLEN bytes). */
int port_open(struct port *p, const struct options *o, unsigned thread, char *err);
int port_close(struct port *p);

static inline int
port_txsync(struct port *p)
{
	return p->ops->txsync(p);
}

static inline int
port_rxsync(struct port *p)
{
	return p->ops->rxsync(p);
}

static inline int
port_wait(struct port *p, short events, int timeout_ms)
{
	return p->ops->wait(p, events, timeout_ms);
}

/* Bytes that fit into every buffer of these rings. */
uint32_t port_buf_size(struct netmap_ring *const *rings, unsigned n);

/* Index and mac of a host's interface from its name. */
void port_look_up(struct port *p, const char *ifname);

extern const struct port_ops port_netmap_ops, port_null_ops, port_tap_ops, port_pcap_ops;

#endif
