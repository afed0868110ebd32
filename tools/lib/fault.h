/* SPDX-License-Identifier: BSD-2-Clause */
/* fault.h - why a port failed, in one line that says what to do: from the library's words and an errno. */
#ifndef TOOLS_FAULT_H
#define TOOLS_FAULT_H

#include <stddef.h>

struct nmctx;

#define FAULT_LINE 512

/* Keeps what the library says to this thread from now on, instead of printing it. */
void fault_listen(void);

/*
 * "why; what to do" of the last failure, e being its errno (0: unknown). What the library said comes first; if it has no advice of
 * its own, which follows a semicolon, ours is added. Returns to.
 */
const char *fault_line(int e, char to[FAULT_LINE]);

/* The same of words given; "" if there are none. */
const char *fault_text(const char *said, int e, char to[FAULT_LINE]);

#endif
