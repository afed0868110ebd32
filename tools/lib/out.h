/* SPDX-License-Identifier: BSD-2-Clause */
/* out.h - results on standard output, which may be a full disk or a pipe that nobody reads. */
#ifndef TOOLS_OUT_H
#define TOOLS_OUT_H

#include <stdio.h>

/* In between: 0 or -errno, which is kept for the end. */
int out_flush(FILE *to);
/* At the end: 0 if all was written or nobody reads any more; else -errno after one line on stderr. */
int out_end(const char *tool, FILE *to);

#endif
