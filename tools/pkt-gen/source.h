/* SPDX-License-Identifier: BSD-2-Clause */
/* source.h - the frames a thread sends, one after the other. */
#ifndef PKTGEN_SOURCE_H
#define PKTGEN_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "flow.h"
#include "frame.h"
#include "pcapfile.h"

struct source {
	struct frame frame;
	struct flow flow;
	const struct pcapfile *file; /* NULL: frames are built */
	size_t at;                   /* next of file */
	unsigned vnet;
	uint32_t min, max;           /* length without virtio-net header */
	uint64_t seed;
	bool constant;               /* all frames are the same */
	bool vary_len, csum, stamp, numbered;
	uint16_t stream;
	uint64_t number;
};

/* The frames of a file, as source_init() wants them. 0, or -errno with a line in err (PCAPFILE_ERRLEN bytes). */
int source_load(struct pcapfile *f, const char *path, char *err);

/* own: MAC address of the port, 0: none. stream: of numbered frames. */
void source_init(struct source *s, const struct options *o, const struct pcapfile *file, uint64_t own, unsigned vnet, uint16_t stream);

/* The next frame, from its virtio-net header on. Good until the next call. */
const uint8_t *source_next(struct source *s, uint32_t *len);

/* Most bytes that source_next() gives. */
uint32_t source_longest(const struct source *s);

#endif
