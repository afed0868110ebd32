/* SPDX-License-Identifier: BSD-2-Clause */
/* common.h - what the test programs share. */
#ifndef TESTS_NET_COMMON_H
#define TESTS_NET_COMMON_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <libnetmap.h>

/* Prints PROGRAM: text on standard error and ends with status 1. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The port of a name, with `extra` buffers of its own. Dies where there is none, or fewer buffers. */
struct nmport_d *common_open(const char *name, uint32_t extra);

/* Ends of ring lists; rings[] holds those that are bound. */
struct common_rings {
	struct netmap_ring *ring[256];
	uint32_t n;
};

void common_tx_rings(const struct nmport_d *d, struct common_rings *out);
void common_rx_rings(const struct nmport_d *d, struct common_rings *out);

/* ioctl NIOCTXSYNC or NIOCRXSYNC that has to succeed. */
void common_txsync(struct nmport_d *d);
void common_rxsync(struct nmport_d *d);

/* From now on the signal sets *flag and ends a common_wait, also one that begins later. */
void common_catch(int sig, volatile sig_atomic_t *flag);

/* Sleeps until the port is ready for one of the events or a signal was caught: without a limit, which would hide a wake-up
 * that got lost. Dies where poll reports an error. */
void common_wait(struct nmport_d *d, short events);
/* The same, or until another descriptor can be read: true for that. */
bool common_wait_or(struct nmport_d *d, short events, int fd);

/* Everything published was taken by the other side. */
bool common_tx_empty(const struct common_rings *tx);

static inline uint32_t
common_next(const struct netmap_ring *r, uint32_t i)
{
	return i + 1 == r->num_slots ? 0 : i + 1;
}

static inline uint8_t *
common_buf(struct netmap_ring *r, uint32_t i)
{
	return (uint8_t *)NETMAP_BUF(r, r->slot[i].buf_idx);
}

/* SplitMix64: each x has its own well-mixed value. */
static inline uint64_t
common_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* Puts a frame of one slot at the head of the ring, without a sync. Dies where there is no room. */
void common_put(struct netmap_ring *r, const void *data, uint32_t len);

/* An Ethernet frame of len bytes, 14 or more, its payload counted up from `first`. */
void common_frame(uint8_t *out, const uint8_t dst[6], const uint8_t src[6], uint32_t len, uint8_t first);

/* Ends with status 1 and the text unless ok. */
#define CHECK(ok, ...) do { if (!(ok)) die(__VA_ARGS__); } while (0)

/* A list of extra buffers, each with the index of the next in its first four bytes; 0 ends it. */
uint32_t common_extra_pop(struct netmap_ring *any, uint32_t *head);
void common_extra_push(struct netmap_ring *any, uint32_t *head, uint32_t idx);

#endif
