/* SPDX-License-Identifier: BSD-2-Clause */
/* said.h - what is said on stderr, kept for a test to look at. Included once. */
#ifndef SAID_H
#define SAID_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static FILE *said_kept;
static int said_saved;

/* From here on what stderr gets is kept; said_heard() gives it, at most size - 1 bytes, and puts stderr back. */
static inline void
said_listen(void)
{
	fflush(stderr);
	said_saved = dup(2);
	said_kept = tmpfile();
	if (said_saved < 0 || !said_kept || dup2(fileno(said_kept), 2) < 0)
		abort();
}

static inline void
said_heard(char *text, size_t size)
{
	size_t n;

	fflush(stderr);
	if (dup2(said_saved, 2) < 0)
		abort();
	close(said_saved);
	rewind(said_kept);
	n = fread(text, 1, size - 1, said_kept);
	text[n] = '\0';
	fclose(said_kept);
}

#endif
