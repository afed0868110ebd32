/* SPDX-License-Identifier: BSD-2-Clause */
/* app_port.h - a port as programs open it by hand: open, NIOCCTRL, mmap. Frames carry a number. */
#ifndef APP_PORT_H
#define APP_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/netmap.h>
#include <net/netmap_user.h>

struct app_port {
	int fd;
	char *mem;
	size_t size;
	struct nmreq_register reg;
	struct netmap_if *nifp;
	struct netmap_ring *tx, *rx; /* the first ones */
};

/* REGISTER on p->fd with what p->reg asks. 0, or -1 and errno. */
int app_port_register(struct app_port *p, const char *name);
int app_port_map(struct app_port *p);
/* Opens, registers with nr_mode ALL_NIC and flags, maps; the test fails if one of them does. */
void app_port_open(struct app_port *p, const char *name, uint64_t flags);
void app_port_close(struct app_port *p);

/* Puts a broadcast frame of 60 bytes with number n on the ring; false: no room. No sync. */
bool app_port_put(struct netmap_ring *r, uint32_t n);
/* Takes the next one; false: none. */
bool app_port_take(struct netmap_ring *r, uint32_t *n);

/* The text of the last failed request. */
const char *app_port_error(int fd);

#endif
