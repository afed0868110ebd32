/* SPDX-License-Identifier: BSD-2-Clause */
/* fdb.h - the MAC table of a switch as text and as JSON. */
#ifndef VALECTL_FDB_H
#define VALECTL_FDB_H

#include <stdio.h>
#include <json-c/json.h>

#include "ports.h"

struct fdb {
	struct nm_fdb_entry *v;
	size_t n;
};

void fdb_sort(struct fdb *f);
void fdb_text(const struct fdb *f, const struct ports_index *x, FILE *to);
struct json_object *fdb_json(const struct fdb *f, const struct ports_index *x, const char *sw);

/* "00:11:22:33:44:55" */
#define FDB_MAC 18
const char *fdb_mac(const uint8_t mac[6], char to[FDB_MAC]);

#endif
