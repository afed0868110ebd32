/* SPDX-License-Identifier: BSD-2-Clause */
/* names.c - names of switches and ports, and the other words of the command line. */
#include "names.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <net/netmap.h>

/* Bytes of the switch's name that text begins with, 0 if it begins with none. */
static size_t
switch_len(const char *text)
{
	size_t n = strlen(NM_BDG_NAME);

	if (strncmp(text, NM_BDG_NAME, n))
		return 0;
	while (isalnum((unsigned char)text[n]) || text[n] == '_')
		n++;
	return n < NAMES_SWITCH ? n : 0;
}

int
names_split(const char *name, char sw[NAMES_SWITCH], const char **port)
{
	size_t n = switch_len(name);

	if (!n || name[n] != ':' || !name[n + 1])
		return -EINVAL;
	memcpy(sw, name, n);
	sw[n] = '\0';
	*port = name + n + 1;
	return 0;
}

bool
names_is_switch(const char *name)
{
	size_t n = switch_len(name);

	return n && !name[n];
}

bool
names_match(const char *port, const char *want)
{
	size_t n;

	if (!want || !strcmp(port, want))
		return true;
	n = strlen(want);
	return names_is_switch(want) && !strncmp(port, want, n) && port[n] == ':';
}

/* Up to max numbers with commas between. Returns how many, or -EINVAL. */
static int
numbers(const char *text, unsigned long *v, int max, unsigned long limit)
{
	char *end;
	int n = 0;

	for (;;) {
		if (n == max || !isdigit((unsigned char)*text))
			return -EINVAL;
		errno = 0;
		v[n] = strtoul(text, &end, 10);
		if (errno || v[n] > limit)
			return -EINVAL;
		n++;
		if (!*end)
			return n;
		if (*end != ',')
			return -EINVAL;
		text = end + 1;
	}
}

int
names_shape(const char *text, struct names_shape *s, char err[NAMES_ERRLEN])
{
	unsigned long v[4] = { 0 };
	int n = numbers(text, v, 4, 65535);

	if (n < 0) {
		snprintf(err, NAMES_ERRLEN, "'%s' is not SLOTS[,SLOTS[,RINGS[,RINGS]]], transmit first, each up to 65535", text);
		return -EINVAL;
	}
	s->slots[0] = (uint32_t)v[0];
	s->slots[1] = (uint32_t)(n > 1 ? v[1] : v[0]);
	s->rings[0] = (uint16_t)v[2];
	s->rings[1] = (uint16_t)(n > 3 ? v[3] : v[2]);
	return 0;
}

int
names_polling(const char *text, struct names_polling *p, char err[NAMES_ERRLEN])
{
	unsigned long v[2] = { 0, 1 };
	size_t n = strcspn(text, ",");

	if ((n == 1 && *text == '1') || (n == 6 && !strncmp(text, "single", 6)))
		p->mode = NETMAP_POLLING_MODE_SINGLE_CPU;
	else if ((n == 1 && *text == '2') || (n == 5 && !strncmp(text, "multi", 5)))
		p->mode = NETMAP_POLLING_MODE_MULTI_CPU;
	else
		goto bad;
	if (text[n] && numbers(text + n + 1, v, 2, 65535) < 0)
		goto bad;
	p->first = (uint32_t)v[0];
	p->count = (uint32_t)v[1];
	return 0;

bad:
	snprintf(err, NAMES_ERRLEN, "'%s' is not MODE[,FIRST[,COUNT]] with MODE single (1) or multi (2) and CPU numbers", text);
	return -EINVAL;
}

int
names_mode(const char *text, uint32_t *mode, char err[NAMES_ERRLEN])
{
	char *end;
	unsigned long n = strtoul(text, &end, 8);

	if (!isdigit((unsigned char)*text) || *end || n > 0777) {
		snprintf(err, NAMES_ERRLEN, "'%s' is not an octal mode from 0 to 0777, such as 0660", text);
		return -EINVAL;
	}
	*mode = (uint32_t)n;
	return 0;
}

static int
plain_id(const char *text, uint32_t *id)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || n >= UINT32_MAX)
		return -EINVAL;
	*id = (uint32_t)n;
	return 0;
}

static int
user_id(const char *text, uint32_t *uid, char err[NAMES_ERRLEN])
{
	struct passwd *pw = getpwnam(text);

	if (pw) {
		*uid = pw->pw_uid;
		return 0;
	}
	if (plain_id(text, uid)) {
		snprintf(err, NAMES_ERRLEN, "there is no user '%s'", text);
		return -EINVAL;
	}
	return 0;
}

static int
group_id(const char *text, uint32_t *gid, char err[NAMES_ERRLEN])
{
	struct group *gr = getgrnam(text);

	if (gr) {
		*gid = gr->gr_gid;
		return 0;
	}
	if (plain_id(text, gid)) {
		snprintf(err, NAMES_ERRLEN, "there is no group '%s'", text);
		return -EINVAL;
	}
	return 0;
}

int
names_owner(const char *text, uint32_t *uid, uint32_t *gid, uint32_t *valid, char err[NAMES_ERRLEN])
{
	size_t n = strcspn(text, ":");
	char user[64];

	*valid = 0;
	if (n >= sizeof(user) || (!n && !text[n]) || (text[n] && !text[n + 1])) {
		snprintf(err, NAMES_ERRLEN, "'%s' is not USER, USER:GROUP or :GROUP", text);
		return -EINVAL;
	}
	memcpy(user, text, n);
	user[n] = '\0';
	if (n) {
		if (user_id(user, uid, err))
			return -EINVAL;
		*valid |= NM_ACCESS_SET_UID;
	}
	if (text[n]) {
		if (group_id(text + n + 1, gid, err))
			return -EINVAL;
		*valid |= NM_ACCESS_SET_GID;
	}
	return 0;
}

const char *
names_of_owner(uint32_t uid, uint32_t gid, char to[NAMES_OWNER])
{
	struct passwd *pw = getpwuid(uid);
	struct group *gr = getgrgid(gid);
	char u[12], g[12];

	snprintf(u, sizeof(u), "%u", uid);
	snprintf(g, sizeof(g), "%u", gid);
	snprintf(to, NAMES_OWNER, "%.32s:%.32s", pw ? pw->pw_name : u, gr ? gr->gr_name : g);
	return to;
}
