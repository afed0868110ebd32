/* SPDX-License-Identifier: BSD-2-Clause */
/* soft.h - rings in memory of our own, with frames given to and taken from functions. */
#ifndef PKTGEN_SOFT_H
#define PKTGEN_SOFT_H

#include "frame.h"
#include "port.h"

#define SOFT_SLOTS 1024
#define SOFT_BUF 2048
#define SOFT_FRAME (FRAME_MAX + FRAME_VNET_MAX)

/* One transmit and one receive ring. 0 or -ENOMEM. */
int soft_open(struct port *p, const struct options *o, char *err);
int soft_close(struct port *p);

/* Takes a whole frame. 0, -EAGAIN (later), other -errno. */
typedef int soft_sink(void *arg, const uint8_t *data, uint32_t len);

/* Brings a frame of up to room bytes: its length, -EAGAIN for none now, other -errno. */
typedef int soft_source(void *arg, uint8_t *data, uint32_t room);

int soft_txsync(struct port *p, soft_sink *sink, void *arg);
int soft_rxsync(struct port *p, soft_source *source, void *arg);

/* What is ready of events without asking anyone. */
int soft_ready(const struct port *p, short events);

#endif
