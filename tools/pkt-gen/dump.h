/* SPDX-License-Identifier: BSD-2-Clause */
/* dump.h - a frame as text. */
#ifndef PKTGEN_DUMP_H
#define PKTGEN_DUMP_H

#include <stdint.h>

struct run;

/* Hexadecimal and ASCII, 16 bytes a line; on stderr with --json. */
void dump_frame(struct run *run, const uint8_t *data, uint32_t len);

#endif
