/* SPDX-License-Identifier: BSD-2-Clause */
/* words.h - what follows the name in vlan, fdb, storm, lossless and mirror. */
#ifndef VALECTL_WORDS_H
#define VALECTL_WORDS_H

#include <stdbool.h>
#include <net/netmap.h>

#include "names.h"

#define WORDS_MAX 16

struct words {
	const char *v[WORDS_MAX];
	unsigned n;
};

/* Each fills in a request of kind NM_POLICY_SET. 0, or -EINVAL with a text. */
int words_vlan(const struct words *w, struct nmreq_vlan *r, char err[NAMES_ERRLEN]);
/* kinds[i]: limit i is given, the others are to stay. */
int words_storm(const struct words *w, struct nmreq_storm *r, bool kinds[NM_STORM_COUNT], char err[NAMES_ERRLEN]);
int words_lossless(const struct words *w, struct nmreq_lossless *r, char err[NAMES_ERRLEN]);
/* nr_to is the word that was given; see words_port. */
int words_mirror(const struct words *w, struct nmreq_mirror *r, char err[NAMES_ERRLEN]);
/* *port: the word that was given, NULL for NM_FDB_DELETE. */
int words_fdb(const struct words *w, struct nmreq_fdb_static *r, const char **port, char err[NAMES_ERRLEN]);

/* A port of the switch that `name` is, or is of: "vale0:a" for "a" or "vale0:a". 0 or -EINVAL where that is too long. */
int words_port(const char *name, const char *port, char to[NETMAP_REQ_IFNAMSIZ]);

/* "1,10-12,4000": the bits of a set of VLANs. Returns to. */
#define WORDS_SET 24576
const char *words_of_set(const uint8_t set[512], char to[WORDS_SET]);

/* "broadcast", ... */
extern const char *const words_storm_kind[NM_STORM_COUNT];

#endif
