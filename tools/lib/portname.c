/* SPDX-License-Identifier: BSD-2-Clause */
/* portname.c - names of ports. */
#include "portname.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool
is_vale(const char *name)
{
	if (strncmp(name, "vale", 4))
		return false;
	for (name += 4; isalnum((unsigned char)*name) || *name == '_'; name++)
		;
	return *name == ':';
}

bool
portname_is_nic(const char *name)
{
	return !is_vale(name) && !strpbrk(name, "{}");
}

int
portname_full(const char *from, size_t len, char to[PORTNAME_LEN])
{
	bool bare = strncmp(from, "netmap:", 7) && !is_vale(from);

	if (!len || snprintf(to, PORTNAME_LEN, "%s%.*s", bare ? "netmap:" : "", (int)len, from) >= PORTNAME_LEN)
		return -EINVAL;
	return 0;
}
