/* SPDX-License-Identifier: BSD-2-Clause */
/* scribble.h - what a client without manners writes into the memory that it maps, whoever is the other side. */
#ifndef SCRIBBLE_H
#define SCRIBBLE_H

#include <net/netmap.h>

#include <stddef.h>
#include <stdint.h>

/* A number that is likely to be at a bound, for rings of nslots slots. */
uint32_t scribble_value(uint32_t nslots);
/* Slots of a ring go between good and bad, as fast as it goes; in the end they are good. */
void scribble_flicker(struct netmap_ring *r, uint32_t nslots);
/* Somewhere in the region, in its head, and in two rings. */
void scribble_over(void *base, size_t size, struct netmap_ring *tx, struct netmap_ring *rx, uint32_t nslots);

#endif
