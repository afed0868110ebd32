/* SPDX-License-Identifier: BSD-2-Clause */
/* jout.h - JSON results, over json-c. Keys come out in the order they were added. */
#ifndef TOOLS_JOUT_H
#define TOOLS_JOUT_H

#include <stdint.h>
#include <stdio.h>
#include <json-c/json.h>

#include "hist.h"

void jout_text(struct json_object *o, const char *key, const char *text);
void jout_count(struct json_object *o, const char *key, uint64_t n);
void jout_real(struct json_object *o, const char *key, double x);

/* {"count", "min", "mean", "median", "p90", "p99", "p999", "max", "histogram": [[highest, count], ...]}; nulls if empty. */
void jout_hist(struct json_object *o, const char *key, const struct hist *h);

/* Prints the object on one line, or indented, and frees it. 0 or -errno. */
int jout_print(struct json_object *o, FILE *to, int pretty);

#endif
