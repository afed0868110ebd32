/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.h - all frames of a pcap or pcapng file, in memory, so that no disk is waited for while they are sent. */
#ifndef NMREPLAY_TRACE_H
#define NMREPLAY_TRACE_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_ERRLEN 512
#define TRACE_LEAST 14u
#define TRACE_MOST 65535u

struct trace_frame {
	size_t at;    /* in data */
	uint64_t ts;  /* ns since 1970 */
	uint32_t len;
};

struct trace {
	struct trace_frame *frame;
	size_t n;
	uint8_t *data;
	uint64_t bytes;
	uint64_t cut; /* frames of which the capture kept the beginning only */
	uint32_t shortest, longest;
};

/* path: - is standard input. 0, or -errno with a line in err (TRACE_ERRLEN bytes). */
int trace_load(struct trace *t, const char *path, char *err);
void trace_free(struct trace *t);

#endif
