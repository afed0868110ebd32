/* SPDX-License-Identifier: BSD-2-Clause */
/* range.c - ranges of addresses, as text and as numbers. */
#include "range.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PART_LEN 80

struct end {
	int version;
	range_addr addr;
	int port; /* -1: not given */
};

/* Splits "a-b" at the first dash; b is empty if there is none. */
static int
split(const char *text, char a[PART_LEN], char b[PART_LEN], char *err)
{
	const char *dash = strchr(text, '-');
	size_t n = dash ? (size_t)(dash - text) : strlen(text);

	if (n == 0 || n >= PART_LEN || (dash && (dash[1] == '\0' || strlen(dash + 1) >= PART_LEN))) {
		snprintf(err, RANGE_ERRLEN, "'%s' is neither an address nor a range FIRST-LAST", text);
		return -EINVAL;
	}
	memcpy(a, text, n);
	a[n] = '\0';
	strcpy(b, dash ? dash + 1 : "");
	return 0;
}

static int
parse_one_mac(const char *text, uint64_t *mac, char *err)
{
	const char *p = text;
	uint64_t v = 0;
	size_t digits;
	int i;

	for (i = 0; i < 6; i++) {
		digits = strspn(p, "0123456789abcdefABCDEF");
		if (digits < 1 || digits > 2 || p[digits] != (i < 5 ? ':' : '\0'))
			break;
		v = v << 8 | strtoul(p, NULL, 16);
		p += digits + 1;
	}
	if (i < 6) {
		snprintf(err, RANGE_ERRLEN, "'%s' is not a MAC address like 02:00:00:00:00:01", text);
		return -EINVAL;
	}
	*mac = v;
	return 0;
}

int
range_parse_mac(const char *text, struct range_mac *r, char *err)
{
	char a[PART_LEN], b[PART_LEN];
	int rc;

	rc = split(text, a, b, err);
	if (!rc)
		rc = parse_one_mac(a, &r->first, err);
	if (rc)
		return rc;
	r->last = r->first;
	if (b[0])
		rc = parse_one_mac(b, &r->last, err);
	if (!rc && r->last < r->first) {
		snprintf(err, RANGE_ERRLEN, "'%s': the range ends before it begins; swap the addresses", text);
		rc = -EINVAL;
	}
	return rc;
}

static range_addr
addr_of(const uint8_t *bytes, int n)
{
	range_addr a = 0;

	while (n--)
		a = a << 8 | *bytes++;
	return a;
}

static int
parse_port(const char *text, int *port)
{
	char *end;
	unsigned long n;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	n = strtoul(text, &end, 10);
	if (*end || n > 65535)
		return -EINVAL;
	*port = (int)n;
	return 0;
}

/* Cuts the port off, and the brackets of an IPv6 address. */
static int
cut_port(char *text, char **addr, int *port)
{
	char *colon, *bracket;

	*addr = text;
	*port = -1;
	if (*text == '[') {
		bracket = strchr(text, ']');
		if (!bracket || (bracket[1] != '\0' && bracket[1] != ':'))
			return -EINVAL;
		*addr = text + 1;
		colon = bracket[1] == ':' ? bracket + 1 : NULL;
		*bracket = '\0';
	} else {
		colon = strchr(text, ':');
		if (colon && strchr(colon + 1, ':'))
			return 0; /* IPv6 without brackets has no port */
	}
	if (!colon)
		return 0;
	*colon = '\0';
	return parse_port(colon + 1, port);
}

static int
parse_end(const char *text, struct end *e, char *err)
{
	char copy[PART_LEN], *addr;
	uint8_t bytes[16];

	strcpy(copy, text);
	if (cut_port(copy, &addr, &e->port) == 0) {
		if (inet_pton(AF_INET, addr, bytes) == 1) {
			e->version = 4;
			e->addr = addr_of(bytes, 4);
			return 0;
		}
		if (inet_pton(AF_INET6, addr, bytes) == 1) {
			e->version = 6;
			e->addr = addr_of(bytes, 16);
			return 0;
		}
	}
	snprintf(err, RANGE_ERRLEN, "'%s' is not an address like 10.0.0.1, 10.0.0.1:1234, fd00::1 or [fd00::1]:1234", text);
	return -EINVAL;
}

int
range_parse_ip(const char *text, uint16_t port, struct range_ip *r, char *err)
{
	char a[PART_LEN], b[PART_LEN];
	struct end first, last;
	int rc;

	rc = split(text, a, b, err);
	if (!rc)
		rc = parse_end(a, &first, err);
	if (rc)
		return rc;
	if (first.port < 0)
		first.port = port;
	last = first;
	if (b[0]) {
		rc = parse_end(b, &last, err);
		if (rc)
			return rc;
		if (last.port < 0)
			last.port = first.port;
	}
	if (first.version != last.version || last.addr < first.addr || last.port < first.port) {
		snprintf(err, RANGE_ERRLEN, "'%s': the range ends before it begins, or mixes IPv4 and IPv6", text);
		return -EINVAL;
	}
	*r = (struct range_ip){ first.version, first.addr, last.addr, (uint16_t)first.port, (uint16_t)last.port };
	return 0;
}

void
range_put_mac(uint8_t to[6], uint64_t mac)
{
	int i;

	for (i = 5; i >= 0; i--, mac >>= 8)
		to[i] = (uint8_t)mac;
}

void
range_put_addr(uint8_t *to, range_addr a, int version)
{
	int i;

	for (i = version == 4 ? 3 : 15; i >= 0; i--, a >>= 8)
		to[i] = (uint8_t)a;
}
