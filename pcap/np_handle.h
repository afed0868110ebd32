/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * np_handle.h - a pcap_t of ours.
 *
 *   np_handle  the handles and their errors       np_take    frames out of the rings, to a callback
 *   np_open    create, setters, activate, close   np_wait    sync, waiting, what a program may select on
 *   np_read    dispatch, loop, next, breakloop    np_send    inject
 *   np_list    devices, networks                  np_set     filter, direction, non-blocking mode, statistics
 *   np_sys     the system's libpcap               np_pass    what goes there as it is
 *
 * Handles live in an array, so that they are told from the system's by their address, without a look into either.
 *
 * The shadow of a handle is one of the system's library: before activation one that was created and not activated, so that
 * what may be set, and when, and how errors are worded is decided there; then one opened "dead", with our link type and
 * snapshot length, for which filters are compiled and files written.
 *
 * One thread reads from a handle at a time. Others may send, and break the loop, which a signal handler may too.
 */
#ifndef NP_HANDLE_H
#define NP_HANDLE_H

#include <libnetmap.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define NP_HANDLES 4096
#define NP_WHY 512 /* bytes of a text */

struct np_ring {
	struct netmap_ring *ring;
	uint32_t next;  /* the first slot that was not taken; slots from ring->head on are given back by np_take_release */
	uint32_t n;     /* slots, read once */
	uint32_t stride;
	uint32_t stuck; /* the tail at which a frame's end was missing */
	uint32_t bufs;  /* buffers that the region can have */
	char *buf0;
};

struct np_handle {
	pcap_t *shadow;
	char *name;
	bool active;
	/* settings */
	int snaplen, timeout_ms, buffer, rfmon;
	bool nonblock;
	u_int precision;           /* PCAP_TSTAMP_PRECISION_* */
	pcap_direction_t direction;
	struct bpf_program filter; /* bf_insns NULL: none */
	/* the port */
	struct nmport_d *d;
	bool monitor;              /* frames of both directions, marked */
	struct np_ring *rx;
	uint32_t nrx, turn;
	uint32_t given;            /* slots taken since the engine was told */
	u_char *whole;             /* where frames of several slots are put together */
	uint32_t whole_size;
	pthread_mutex_t tx_lock;
	/* waiting */
	int ep, more, wake;        /* what a program selects on; readable while frames are left; wakes a sleeping reader */
	bool exposed, raised;      /* the program has ep; `more` is readable */
	int broken;                /* pcap_breakloop was called */
	/* what was taken */
	struct timespec stamp;     /* of the last sync */
	struct pcap_pkthdr last;   /* of pcap_next_ex */
	const u_char *last_data;
	uint64_t seen, passed, bad;
	uint64_t base_drop, base_if;
	char err[PCAP_ERRBUF_SIZE];
};

extern struct np_handle np_handles[NP_HANDLES];

/* NULL: it is the system's. */
static inline struct np_handle *
np_handle_of(pcap_t *p)
{
	uintptr_t at = (uintptr_t)p - (uintptr_t)np_handles;

	return __builtin_expect(at < sizeof(np_handles), 1) ? (struct np_handle *)(void *)p : NULL;
}

static inline pcap_t *
np_handle_pcap(struct np_handle *h)
{
	return (pcap_t *)(void *)h;
}

/* NULL, with the reason in err. */
struct np_handle *np_handle_new(const char *name, char *err);
void np_handle_free(struct np_handle *h);
/* The shadow, without an error of before; and what it said then. */
pcap_t *np_handle_ask(struct np_handle *h);
void np_handle_hear(struct np_handle *h);
/* Stores the text; returns status. */
int np_handle_fail(struct np_handle *h, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Whether the device is ours. */
bool np_open_is_ours(const char *device);

/*
 * Hands frames over, `max` at most (negative: all that are there), and returns how many. Slots are given back at the end, or, with
 * `hold`, by the next call.
 */
int np_take(struct np_handle *h, int max, pcap_handler cb, u_char *user, bool hold);
void np_take_release(struct np_handle *h);
bool np_take_left(const struct np_handle *h); /* frames that no sync is needed for */

/* Tells the engine what was taken and fetches what came, without waiting. 1: there is something, 0, or PCAP_ERROR. */
int np_wait_sync(struct np_handle *h);
/* The same, and waits until *end (0: not set yet), by the handle's timeout. 0: the time has passed. */
int np_wait(struct np_handle *h, bool block, uint64_t *end);
/* At the end of a call: what the program selects on tells of frames that are left, and of those that come. */
void np_wait_settle(struct np_handle *h);
int np_wait_open(struct np_handle *h); /* 0 or -errno */
void np_wait_close(struct np_handle *h);

/* The counters of the port that say what was lost, since it was activated if `base` is set. 0 or -errno. */
int np_set_lost(struct np_handle *h, uint64_t *drop, uint64_t *ifdrop);

#endif
