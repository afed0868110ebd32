/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_fdb.h - the MAC table: buckets of single atomic words, no locks, aged. */
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

enum nm_fdb_result { NM_FDB_KNOWN, NM_FDB_LEARNED, NM_FDB_MOVED, NM_FDB_FULL };

/* Port of mac, or NM_FDB_NONE when unknown or older than age_s. now_s: seconds of the host's clock. Data. */
uint32_t nm_fdb_lookup(const struct nm_fdb *f, uint64_t mac, uint32_t now_s, uint32_t age_s);
enum nm_fdb_result nm_fdb_learn(struct nm_fdb *f, uint64_t mac, uint32_t port, uint32_t now_s, uint32_t age_s);
/* Drops what is older than age_s, a part of the table once a second; returns how many. Data. */
uint32_t nm_fdb_age(struct nm_fdb *f, uint32_t now_s, uint32_t age_s);
/* Forgets the addresses of a port (UINT32_MAX: of all); returns how many. Control. */
uint32_t nm_fdb_flush(struct nm_fdb *f, uint32_t port);
/* Up to max entries from *cursor on; *cursor is UINT32_MAX at the end. Control. */
uint32_t nm_fdb_dump(const struct nm_fdb *f, uint32_t *cursor, struct nm_fdb_entry *e, uint32_t max, uint32_t now_s,
    uint32_t age_s);

#endif
