/* SPDX-License-Identifier: BSD-2-Clause */
/* words.c - what follows the name in vlan, fdb, storm, lossless and mirror. */
#include "words.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opt.h"

const char *const words_storm_kind[NM_STORM_COUNT] = {
	[NM_STORM_BROADCAST] = "broadcast", [NM_STORM_MULTICAST] = "multicast", [NM_STORM_UNKNOWN] = "unknown",
};

/* A VLAN's number that `text` begins with; *end is behind it. 0 or -EINVAL. */
static int
vid_of(const char *text, unsigned *vid, const char **end)
{
	unsigned n = 0;

	for (*end = text; isdigit((unsigned char)**end) && n < 10000; ++*end)
		n = n * 10 + (unsigned)(**end - '0');
	*vid = n;
	return *end == text || n < 1 || n > 4094 ? -EINVAL : 0;
}

static int
whole_vid(const char *text, uint16_t *vid, char err[NAMES_ERRLEN])
{
	const char *end;
	unsigned n;

	if (!text || vid_of(text, &n, &end) || *end) {
		snprintf(err, NAMES_ERRLEN, "'%s' is not a VLAN, 1 to 4094", text ? text : "");
		return -EINVAL;
	}
	*vid = (uint16_t)n;
	return 0;
}

/* "10,20-30" */
static int
set_of(const char *text, uint8_t set[512], char err[NAMES_ERRLEN])
{
	const char *p = text;
	unsigned a, b;

	do {
		if (vid_of(p, &a, &p))
			goto bad;
		b = a;
		if (*p == '-' && (vid_of(p + 1, &b, &p) || b < a))
			goto bad;
		for (; a <= b; a++)
			set[a / 8] |= (uint8_t)(1 << a % 8);
	} while (*p++ == ',');
	if (!p[-1])
		return 0;
bad:
	snprintf(err, NAMES_ERRLEN, "'%s' is not a set of VLANs from 1 to 4094, such as 10,20-30", text);
	return -EINVAL;
}

const char *
words_of_set(const uint8_t set[512], char to[WORDS_SET])
{
	unsigned a, b, n = 0;

	to[0] = '\0';
	for (a = 1; a < 4096; a = b + 1) {
		b = a;
		if (!(set[a / 8] >> a % 8 & 1))
			continue;
		while (b < 4095 && (set[(b + 1) / 8] >> (b + 1) % 8 & 1))
			b++;
		n += (unsigned)snprintf(to + n, WORDS_SET - n, b > a ? "%s%u-%u" : "%s%u", n ? "," : "", a, b);
	}
	return to;
}

static int
usage(char err[NAMES_ERRLEN], const char *text)
{
	snprintf(err, NAMES_ERRLEN, "%s", text);
	return -EINVAL;
}

int
words_vlan(const struct words *w, struct nmreq_vlan *r, char err[NAMES_ERRLEN])
{
	static const char form[] = "vlan takes: off, access VLAN, or trunk [native VLAN] [allow SET], as in: vlan vale0:a trunk native 1 allow 10,20-30";
	unsigned i;

	*r = (struct nmreq_vlan){ .nr_op = NM_POLICY_SET, .nr_mode = NM_VLAN_NONE };
	if (!strcmp(w->v[0], "off"))
		return w->n == 1 ? 0 : usage(err, form);
	if (!strcmp(w->v[0], "access")) {
		r->nr_mode = NM_VLAN_ACCESS;
		return w->n == 2 ? whole_vid(w->v[1], &r->nr_vid, err) : usage(err, form);
	}
	if (strcmp(w->v[0], "trunk") || w->n < 3 || !(w->n % 2))
		return usage(err, form);
	r->nr_mode = NM_VLAN_TRUNK;
	for (i = 1; i < w->n; i += 2) {
		if (!strcmp(w->v[i], "native")) {
			if (whole_vid(w->v[i + 1], &r->nr_vid, err))
				return -EINVAL;
		} else if (strcmp(w->v[i], "allow")) {
			return usage(err, form);
		} else if (!strcmp(w->v[i + 1], "all")) {
			set_of("1-4094", r->nr_allowed, err);
		} else if (set_of(w->v[i + 1], r->nr_allowed, err)) {
			return -EINVAL;
		}
	}
	return 0;
}

/* "1000", "1000pps", "1k,50": frames a second and at once. */
static int
rate_of(const char *text, uint32_t *pps, uint32_t *burst, char err[NAMES_ERRLEN])
{
	char rate[32];
	size_t n = strcspn(text, ",");
	int64_t a, b = 0;

	if (n >= sizeof(rate))
		goto bad;
	memcpy(rate, text, n);
	rate[n] = '\0';
	if (n > 3 && !strcmp(rate + n - 3, "pps"))
		rate[n - 3] = '\0';
	if (opt_number(rate, &a) || a < 1 || a > NM_STORM_MAX_PPS)
		goto bad;
	if (text[n] && (opt_number(text + n + 1, &b) || b < 1 || b > NM_STORM_MAX_BURST))
		goto bad;
	*pps = (uint32_t)a;
	*burst = (uint32_t)b;
	return 0;
bad:
	snprintf(err, NAMES_ERRLEN, "'%s' is not off or RATE[,BURST], frames a second from 1 to %u and at once from 1 to %u", text, NM_STORM_MAX_PPS,
	    NM_STORM_MAX_BURST);
	return -EINVAL;
}

int
words_storm(const struct words *w, struct nmreq_storm *r, bool kinds[NM_STORM_COUNT], char err[NAMES_ERRLEN])
{
	static const char form[] = "storm takes: off, or pairs of broadcast, multicast or unknown and off or RATE[,BURST], as in: storm vale0:a broadcast 1000pps";
	unsigned i, k;

	*r = (struct nmreq_storm){ .nr_op = NM_POLICY_SET };
	memset(kinds, 0, NM_STORM_COUNT * sizeof(*kinds));
	if (w->n == 1 && !strcmp(w->v[0], "off")) {
		memset(kinds, 1, NM_STORM_COUNT * sizeof(*kinds));
		return 0;
	}
	if (w->n % 2)
		return usage(err, form);
	for (i = 0; i < w->n; i += 2) {
		for (k = 0; k < NM_STORM_COUNT && strcmp(w->v[i], words_storm_kind[k]); k++)
			;
		if (k == NM_STORM_COUNT)
			return usage(err, form);
		kinds[k] = true;
		r->nr_limit[k].pps = r->nr_limit[k].burst = 0;
		if (strcmp(w->v[i + 1], "off") && rate_of(w->v[i + 1], &r->nr_limit[k].pps, &r->nr_limit[k].burst, err))
			return -EINVAL;
	}
	return 0;
}

int
words_lossless(const struct words *w, struct nmreq_lossless *r, char err[NAMES_ERRLEN])
{
	bool on = !strcmp(w->v[0], "on");

	*r = (struct nmreq_lossless){ .nr_op = NM_POLICY_SET, .nr_on = on };
	return w->n == 1 && (on || !strcmp(w->v[0], "off")) ? 0 : usage(err, "lossless takes: on or off, as in: lossless vale0 on");
}

int
words_mirror(const struct words *w, struct nmreq_mirror *r, char err[NAMES_ERRLEN])
{
	static const char form[] = "mirror takes: off, or to PORT [rx|tx|both], as in: mirror vale0:a to vale0:b both";
	const char *dirs = w->n == 3 ? w->v[2] : "both";

	*r = (struct nmreq_mirror){ .nr_op = NM_POLICY_SET };
	if (w->n == 1 && !strcmp(w->v[0], "off"))
		return 0;
	if (w->n < 2 || w->n > 3 || strcmp(w->v[0], "to"))
		return usage(err, form);
	if (!strcmp(dirs, "both"))
		r->nr_dirs = NM_MIRROR_TX | NM_MIRROR_RX;
	else if (!strcmp(dirs, "tx"))
		r->nr_dirs = NM_MIRROR_TX;
	else if (!strcmp(dirs, "rx"))
		r->nr_dirs = NM_MIRROR_RX;
	else
		return usage(err, form);
	if (strlen(w->v[1]) >= sizeof(r->nr_to))
		return usage(err, "a port's name has at most 63 characters");
	memcpy(r->nr_to, w->v[1], strlen(w->v[1]));
	return 0;
}

static int
mac_of(const char *text, uint8_t mac[6], char err[NAMES_ERRLEN])
{
	unsigned m[6], i;
	int n = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5], &n) != 6 || text[n]) {
		snprintf(err, NAMES_ERRLEN, "'%s' is not an address such as 02:00:00:00:00:01", text);
		return -EINVAL;
	}
	for (i = 0; i < 6; i++)
		mac[i] = (uint8_t)m[i];
	return 0;
}

int
words_fdb(const struct words *w, struct nmreq_fdb_static *r, const char **port, char err[NAMES_ERRLEN])
{
	static const char form[] = "fdb takes: add ADDRESS PORT [vlan VLAN], or del ADDRESS [vlan VLAN], as in: fdb vale0 add 02:00:00:00:00:01 vale0:a";
	bool add = !strcmp(w->v[0], "add");
	unsigned at = add ? 3 : 2;

	*r = (struct nmreq_fdb_static){ .nr_op = add ? NM_FDB_ADD : NM_FDB_DELETE };
	*port = NULL;
	if ((!add && strcmp(w->v[0], "del")) || (w->n != at && (w->n != at + 2 || strcmp(w->v[at], "vlan"))))
		return usage(err, form);
	if (add)
		*port = w->v[2];
	if (mac_of(w->v[1], r->nr_mac, err))
		return -EINVAL;
	return w->n > at ? whole_vid(w->v[at + 1], &r->nr_vid, err) : 0;
}

int
words_port(const char *name, const char *port, char to[NETMAP_REQ_IFNAMSIZ])
{
	char sw[NAMES_SWITCH];
	const char *rest;
	size_t n = strlen(port);

	if (strchr(port, ':')) {
		if (n >= NETMAP_REQ_IFNAMSIZ)
			return -EINVAL;
		memmove(to, port, n);
		memset(to + n, 0, NETMAP_REQ_IFNAMSIZ - n);
		return 0;
	}
	if (names_split(name, sw, &rest)) {
		if (!names_is_switch(name))
			return -EINVAL;
		snprintf(sw, sizeof(sw), "%s", name);
	}
	memset(to, 0, NETMAP_REQ_IFNAMSIZ);
	return snprintf(to, NETMAP_REQ_IFNAMSIZ, "%s:%s", sw, port) < NETMAP_REQ_IFNAMSIZ ? 0 : -EINVAL;
}
