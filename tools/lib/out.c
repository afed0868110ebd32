/* SPDX-License-Identifier: BSD-2-Clause */
/* out.c - results on standard output. */
#include "out.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

static int first; /* errno of the first out_flush() that failed */

int
out_flush(FILE *to)
{
	errno = 0;
	if (fflush(to) == 0)
		return 0;
	if (!first)
		first = errno;
	return errno ? -errno : -EIO;
}

/* Of a write that failed by itself only the stream's flag is left; a pipe still tells that its reader has gone. */
static int
earlier_error(FILE *to)
{
	struct pollfd pfd = { .fd = fileno(to) };

	if (first)
		return first;
	return poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLERR) ? EPIPE : EIO;
}

int
out_end(const char *tool, FILE *to)
{
	const char *why;
	int e = 0;

	errno = 0;
	if (fflush(to) != 0)
		e = errno ? errno : EIO;
	else if (ferror(to))
		e = earlier_error(to);
	if (!e || e == EPIPE)
		return 0;
	why = e == EIO ? "is the disk full?" : strerror(e);
	fprintf(stderr, "%s: the result could not be written: %s; free some space or write it elsewhere\n", tool, why);
	return -e;
}
