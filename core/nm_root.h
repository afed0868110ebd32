/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_root.h - one instance of the whole: regions, ports, switches and limits (one per engine or namespace). */
#ifndef NM_ROOT_H
#define NM_ROOT_H

#include "nm_mem.h"

struct nm_vale;
struct nm_port;

/* What the host may set before the first session. Units in the names. */
struct nm_limits {
	uint32_t page;            /* bytes of the host's page */
	uint32_t buf_size;        /* bytes of a buffer in private regions; a stride off the powers of two spreads over cache sets */
	uint32_t ring_slots;      /* slots when the client asks for none */
	uint32_t max_switches;
	uint32_t bridge_batch;    /* slots looked at per step */
	uint32_t fdb_age_s;       /* an address not heard of for so long is forgotten */
	uint32_t patience_ns;     /* how long frames wait for a full receiver before they are dropped; 0: not at all */
	uint32_t default_mode;    /* access mode of new objects */
	struct nm_mem_geometry global;
};

struct nm_root {
	struct nm_os_mutex lock;  /* all control */
	struct nm_limits limits;
	struct nm_mem *mems, *dead; /* dead: nobody's, to be destroyed */
	struct nm_port *ports;    /* all, by creation */
	struct nm_vale **vales;   /* max_switches entries */
	uint16_t last_mem_id;
	void *host;
};

extern const struct nm_limits nm_root_defaults;
int nm_root_init(struct nm_root *root, const struct nm_limits *limits);
/* Gives up the lock, then destroys the regions that nobody has any more, which may take long. */
void nm_root_unlock(struct nm_root *root);
/* All sessions must be closed. */
void nm_root_fini(struct nm_root *root);

#endif
