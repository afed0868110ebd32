/* SPDX-License-Identifier: BSD-2-Clause */
/* config.h - what vale-ctl is asked to do. */
#ifndef VALECTL_CONFIG_H
#define VALECTL_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "words.h"

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
	ACTION_VLAN,
	ACTION_STORM,
	ACTION_LOSSLESS,
	ACTION_MIRROR,
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
	struct words words;  /* that follow the name */
	union {              /* what they ask for, where there are any */
		struct nmreq_vlan vlan;
		struct nmreq_storm storm;
		struct nmreq_lossless lossless;
		struct nmreq_mirror mirror;
		struct nmreq_fdb_static fixed;
	} req;
	bool kinds[NM_STORM_COUNT]; /* limits that are given */
	const char *port;    /* of fdb ... add */
};

/* 0, OPT_LEAVE (opt.h), or -EINVAL after one line on stderr. Replaces strings of argv. */
int config_parse(struct config *c, int argc, char **argv);

#endif
