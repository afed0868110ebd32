/* SPDX-License-Identifier: BSD-2-Clause */
/* host.h - what unit tests of the core use: a host without threads and a client without a process. */
#ifndef HOST_H
#define HOST_H

#include "nm_ctl.h"
#include "nm_hw.h"
#include "nm_root.h"
#include "nm_vale.h"

#include <setjmp.h>
#include <cmocka.h>

extern unsigned host_notified, host_changed, host_synced;
extern uint64_t host_now;       /* ns; what nm_os_now returns */
extern long host_allocs;        /* allocations not freed */
extern size_t host_quota, host_regions;
extern bool host_lazy;          /* regions begin with nothing, and what they get later is seen at a base of its own */
/* All of a region, another way to see it. */
char *host_region(const struct nm_os_region *r);
extern void (*host_on_alloc)(size_t size); /* called before an allocation: what others do meanwhile */
/* called where memory is got ahead of its use, and given back: others have their turn then */
extern void (*host_on_fill)(void), (*host_on_destroy)(void);
extern void (*host_on_notify)(struct nm_kring *kr); /* called when frames were put into a ring */

extern void (*host_on_umem)(void);  /* called where a client's memory is asked for, without the root's lock */
extern int host_umem_error;         /* of that, an errno */
extern int host_umems;              /* handles that were not given back */
extern long host_fail_after;    /* allocations that succeed before one fails; -1: all do */
extern struct nm_os_kloop_plan host_kloop; /* what was started last */
extern int host_kloops;         /* loops that run; they end when they are told to */
extern int host_kloop_error;    /* none is started, for this reason */
extern bool host_indirect;      /* addresses of NS_INDIRECT slots can be read */
/* Of nic0, the one interface that can be opened; by NM_DIR_*. Its syncs do nothing. lo is only a name. */
extern uint16_t host_nic_rings[2], host_nic_host[2];

/* the interface nic0 */
extern unsigned host_nic_sent;         /* frames it took */
extern const char *host_nic_last;      /* the last of them */
extern int host_nic_enabled;
extern int host_nic_error;             /* of enabling it */
extern bool host_nic_stuck;            /* it takes none */
extern uint32_t host_nic_dma_sizes;    /* its port's dma_sizes */
extern const struct nm_hw_bufs *host_nic_bufs; /* what it asks of buffers with offsets; NULL: it knows no offsets */
extern uint32_t host_nic_least;        /* bytes of one */
extern uint32_t host_nic_keeps;        /* so many slots that it took last are not free yet */
extern enum nm_port_host host_nic_taken;
extern uint32_t host_cpus;             /* of nm_os_polling_cpus; 0: there is no polling */
extern struct nm_os_polling_plan host_polling; /* what was started last */
extern int host_polled;                /* started and not stopped */
extern struct nm_kring *host_later;    /* of nm_os_tx_later */

/*
 * Set-up and tear-down of a test: a root and sessions of user 1000, a NULL behind the last (the list itself may be NULL). The end
 * closes them in this order and fails if a port, region, switch or allocation is left.
 */
int host_begin(struct nm_root *root, struct nm_session *const *sessions);
int host_end(struct nm_root *root, struct nm_session *const *sessions);
/* The last part of the end, for a root that has interfaces attached when its last session closes. */
void host_fini(struct nm_root *root);
void host_open(struct nm_session *s, struct nm_root *root, uint32_t uid);
int host_request(struct nm_session *s, uint16_t type, const char *name, void *body);
int host_register(struct nm_session *s, const char *name, struct nmreq_register *reg);
/* The same with the option OFFSETS, if o is not NULL; which has its status and what was granted then. */
int host_register_at(struct nm_session *s, const char *name, struct nmreq_register *reg, struct nmreq_opt_offsets *o);
/* All rings of its own, of so many slots; 0: as many as the core gives. */
int host_open_port(struct nm_session *s, const char *name, uint32_t slots);
/* The begin of a test whose sessions have a port each, by these names; NULL: those from there on have none. */
int host_begin_ports(struct nm_root *root, struct nm_session *const *sessions, const char *const *names, uint32_t slots);
/* With the option EXTMEM. */
int host_register_in(struct nm_session *s, const char *name, struct nmreq_register *reg, struct nmreq_opt_extmem *o);
/* One frame into the first transmit ring; visible to the next host_txsync. */
void host_put(struct nm_session *s, const void *frame, uint16_t len, uint16_t flags);
int host_txsync(struct nm_session *s);
/* The next received slot: its length, or -1. */
int host_take(struct nm_session *s, void *frame, uint16_t *flags);
uint64_t host_stat(struct nm_session *s, int dir, int stat);
/* Another thread calls f(arg, round) over and over until the stop: one who writes to shared memory meanwhile. */
void host_race_start(void (*f)(void *arg, uint32_t round), void *arg);
void host_race_stop(void);
/* Others that wait for a processor have it first. */
void host_yield(void);
/* This thread is interrupted by calls of f, thousands of times a second and wherever it is, until the stop. */
void host_interrupts_start(void (*f)(void));
void host_interrupts_stop(void);
/* 64 bytes, with addresses of 6 bytes each. */
void host_frame(uint8_t f[64], const char *dst, const char *src);

#endif
