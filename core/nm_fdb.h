/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_fdb.h - the MAC table: buckets of single atomic words, read without locks, aged; an address is known for each VLAN by itself. */
#ifndef NM_FDB_H
#define NM_FDB_H

#include "nm_os.h"
#include <net/netmap.h>

struct nm_fdb;

#define NM_FDB_NONE 0xffffu

struct nm_fdb *nm_fdb_create(void);
void nm_fdb_destroy(struct nm_fdb *f);

/* A MAC as the low 48 bits, first byte lowest. */
static inline uint64_t
nm_fdb_mac(const void *p)
{
	/* not memcpy: some kernels are compiled so that it would be a call, twice a frame */
	typedef struct { uint64_t v; } __attribute__((packed, may_alias)) unaligned;

	return ((const unaligned *)p)->v & 0xffffffffffffull;
}

/* FIXED: the address was given to another port by nm_fdb_fix. */
enum nm_fdb_result { NM_FDB_KNOWN, NM_FDB_LEARNED, NM_FDB_MOVED, NM_FDB_FULL, NM_FDB_FIXED };

/* vid: VLAN, 0 where there is none. now_s: seconds of the host's clock. */

/* Port of mac, or NM_FDB_NONE when unknown or older than age_s. Data. */
uint32_t nm_fdb_lookup(const struct nm_fdb *f, uint64_t mac, uint32_t vid, uint32_t now_s, uint32_t age_s);
enum nm_fdb_result nm_fdb_learn(struct nm_fdb *f, uint64_t mac, uint32_t vid, uint32_t port, uint32_t now_s, uint32_t age_s);
/*
 * Drops what is older than age_s, a part of the table once a second, or all that was learned if nobody has called for longer
 * than age_s; returns how many. To be called before entries are looked at, which tell an age modulo 2^17 only. Data.
 */
uint32_t nm_fdb_age(struct nm_fdb *f, uint32_t now_s, uint32_t age_s);
/* Forgets what was learned of a port (UINT32_MAX: of all), and what was fixed to it if `fixed`; returns how many. Control. */
uint32_t nm_fdb_flush(struct nm_fdb *f, uint32_t port, bool fixed);
/* The address is that port's until it is unfixed: it does not age or move. 0, or -ENOSPC: 8 others have its bucket. Control. */
int nm_fdb_fix(struct nm_fdb *f, uint64_t mac, uint32_t vid, uint32_t port);
/* 0, or -ENOENT. Control. */
int nm_fdb_unfix(struct nm_fdb *f, uint64_t mac, uint32_t vid);
/* How many are fixed. */
uint32_t nm_fdb_nfixed(const struct nm_fdb *f);
/* The port that a fixed address was given to, NM_FDB_NONE for others. Data. */
uint32_t nm_fdb_fixed(const struct nm_fdb *f, uint64_t mac, uint32_t vid);
/* Up to max entries from *cursor on; *cursor is UINT32_MAX at the end. Control. */
uint32_t nm_fdb_dump(const struct nm_fdb *f, uint32_t *cursor, struct nm_fdb_entry *e, uint32_t max, uint32_t now_s,
    uint32_t age_s);

#endif
