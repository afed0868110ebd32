/* SPDX-License-Identifier: BSD-2-Clause */
/* app.h - what all actions have, and the actions. Each returns 0, or -errno after one line on stderr. */
#ifndef VALECTL_APP_H
#define VALECTL_APP_H

#include <stdio.h>

#include "config.h"
#include "ctl.h"
#include "ports.h"

struct stats;

struct app {
	struct config config;
	struct ctl ctl;
	struct stats *stats; /* what was counted last, for rates; NULL at first */
};

typedef int (*action_fn)(struct app *a, FILE *to);

int list_show(struct app *a, FILE *to);
int stats_show(struct app *a, FILE *to);
void stats_free(struct app *a);
int fdb_show(struct app *a, FILE *to);

int port_attach(struct app *a, FILE *to);
int port_detach(struct app *a, FILE *to);
int port_newif(struct app *a, FILE *to);
int port_delif(struct app *a, FILE *to);
int port_info(struct app *a, FILE *to);
int port_polling(struct app *a, FILE *to);
int port_access(struct app *a, FILE *to);
int policy_show(struct app *a, FILE *to);

/* Shows again and again until a signal. */
int watch_run(struct app *a, action_fn show);

/* A block on a terminal of so many rows (0: unknown), in place of the block before. */
void watch_screen(FILE *to, const char *block, unsigned rows);

#endif
