/* SPDX-License-Identifier: BSD-2-Clause */
/* config.h - what vale-ctl is asked to do. */
#ifndef VALECTL_CONFIG_H
#define VALECTL_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "names.h"

enum action {
	ACTION_NONE, /* as list */
	ACTION_LIST,
	ACTION_STATS,
	ACTION_FDB,
	ACTION_CHMOD,
	ACTION_CHOWN,
	ACTION_ATTACH,
	ACTION_ATTACH_HOST,
	ACTION_DETACH,
	ACTION_NEWIF,
	ACTION_DELIF,
	ACTION_INFO,
	ACTION_POLLING_ON,
	ACTION_POLLING_OFF,
};

struct config {
	enum action action;
	const char *name;    /* switch or port; NULL: all */
	const char *value;   /* first word of chmod and chown */
	const char *shape;   /* -C */
	int64_t mem_id;      /* -m, 0: none */
	int64_t watch_ms;    /* 0: once */
	bool flush, verbose, json;
	struct names_shape ring;
	struct names_polling polling;
	uint32_t mode, uid, gid, valid; /* as of struct nmreq_access */
};

/* 0, OPT_LEAVE (opt.h), or -EINVAL after one line on stderr. Replaces strings of argv. */
int config_parse(struct config *c, int argc, char **argv);

#endif
