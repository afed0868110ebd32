/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_spec.c - subsystem, port, ring, flags and memory id of a port name; nm_spec_opt.c has the options. */
#include "nm_spec.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define QUOTE_MAX 160 /* characters of a text shown in a message */

/* The C locale's notion, whatever the program has set. */
static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_name(char c)
{
	return is_word(c) || c == '.';
}

int
nm_spec_fail(const struct nm_spec *s, size_t at, int err, const char *fmt, ...)
{
	unsigned char c = (unsigned char)s->text[at];
	char what[256], where[48];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (c == '\0')
		snprintf(where, sizeof(where), "at the end");
	else if (c < 0x20 || c > 0x7e)
		snprintf(where, sizeof(where), "character %zu (\\x%02x)", at + 1, c);
	else
		snprintf(where, sizeof(where), "character %zu ('%c')", at + 1, c);
	nmctx_ferror(s->ctx, "'%.*s%s', %s: %s", QUOTE_MAX, s->text, strlen(s->text) > QUOTE_MAX ? "..." : "", where, what);
	return -err;
}

static int
expected(const struct nm_spec *s, const char *what)
{
	return nm_spec_fail(s, s->at, EINVAL, "expected %s", what);
}

/* Leaves s after the colon; *from is where the engine's name begins. */
static int
subsystem(struct nm_spec *s, size_t *from)
{
	const char *p = s->text + s->at;
	size_t start = s->at;

	if (strncmp(p, "netmap", 6) == 0) {
		s->at += 6;
		if (s->text[s->at] != ':')
			return expected(s, "':'");
		*from = ++s->at;
		return 0;
	}
	if (strncmp(p, NM_BDG_NAME, 4) != 0)
		return expected(s, "'netmap:' or 'vale<name>:'");
	for (s->at += 4; is_word(s->text[s->at]); s->at++) {
		if (s->at - start >= NM_SPEC_SWITCH_MAX)
			return nm_spec_fail(s, s->at, EINVAL, "the name of a switch has %d characters at most", NM_SPEC_SWITCH_MAX);
	}
	if (s->text[s->at] != ':')
		return expected(s, "a letter, a digit, '_' or ':'");
	s->at++;
	*from = start;
	return 0;
}

/* One name, and after it a character of `follow` or the end. */
static int
one_name(struct nm_spec *s, const char *what, const char *follow, const char *follow_text)
{
	if (!is_name(s->text[s->at]))
		return expected(s, what);
	while (is_name(s->text[s->at]))
		s->at++;
	if (s->text[s->at] && !strchr(follow, s->text[s->at]))
		return expected(s, follow_text);
	return 0;
}

int
nm_spec_name(struct nm_spec *s, char *name)
{
	size_t from = 0, len;
	int err = subsystem(s, &from);

	if (err)
		return err;
	err = one_name(s, from < s->at ? "the name of a port" : "the name of an interface",
		       "{}^*-/@", "a letter, a digit, '_', '.', '{', '}', '^', '*', '-', '/', '@' or the end");
	if (err)
		return err;
	if (s->text[s->at] == '{' || s->text[s->at] == '}') {
		s->at++;
		err = one_name(s, "the name of a pipe", "^*-/@",
			       "a letter, a digit, '_', '.', '^', '*', '-', '/', '@' or the end");
		if (err)
			return err;
	}
	len = s->at - from;
	if (len >= NETMAP_REQ_IFNAMSIZ)
		return nm_spec_fail(s, from + NETMAP_REQ_IFNAMSIZ - 1, EINVAL, "the name has %zu characters, %d are the limit", len,
				    NETMAP_REQ_IFNAMSIZ - 1);
	memset(name, 0, NETMAP_REQ_IFNAMSIZ);
	memcpy(name, s->text + from, len);
	return 0;
}

/* A number from min to max; what names it in the message. */
static int
number(struct nm_spec *s, const char *what, unsigned min, unsigned max, uint16_t *out)
{
	size_t start = s->at;
	unsigned n = 0;

	if (!is_digit(s->text[s->at]))
		return nm_spec_fail(s, start, EINVAL, "expected %s, %u to %u", what, min, max);
	for (; is_digit(s->text[s->at]); s->at++) {
		if (n <= max)
			n = n * 10 + (unsigned)(s->text[s->at] - '0');
	}
	if (n < min || n > max)
		return nm_spec_fail(s, start, EINVAL, "expected %s, %u to %u", what, min, max);
	*out = (uint16_t)n;
	return 0;
}

static int
ring(struct nm_spec *s, struct nmreq_register *r)
{
	r->nr_mode = NR_REG_ALL_NIC;
	switch (s->text[s->at]) {
	case '^':
		s->at++;
		r->nr_mode = NR_REG_SW;
		if (!is_digit(s->text[s->at]))
			return 0;
		r->nr_mode = NR_REG_ONE_SW;
		return number(s, "the number of a host ring", 0, NM_SPEC_RING_MAX, &r->nr_ringid);
	case '*':
		s->at++;
		r->nr_mode = NR_REG_NIC_SW;
		return 0;
	case '-':
		s->at++;
		r->nr_mode = NR_REG_ONE_NIC;
		return number(s, "the number of a ring", 0, NM_SPEC_RING_MAX, &r->nr_ringid);
	}
	return 0;
}

static const struct {
	char letter;
	uint32_t flag;
} flag_letters[] = {
	{ 'x', NR_EXCLUSIVE },
	{ 'z', NR_ZCOPY_MON },
	{ 't', NR_MONITOR_TX },
	{ 'r', NR_MONITOR_RX },
	{ 'R', NR_RX_RINGS_ONLY },
	{ 'T', NR_TX_RINGS_ONLY },
};

#define FLAG_LETTERS (sizeof(flag_letters) / sizeof(flag_letters[0]))

/* The flag of a letter, 0 if it has none. */
static uint32_t
flag_of(char c)
{
	size_t i;

	for (i = 0; i < FLAG_LETTERS; i++) {
		if (flag_letters[i].letter == c)
			return flag_letters[i].flag;
	}
	return 0;
}

static int
flags(struct nm_spec *s, struct nmreq_register *r)
{
	uint32_t f;

	s->at++;
	if (flag_of(s->text[s->at]) == 0)
		return expected(s, "a flag: x z t r R or T");
	while ((f = flag_of(s->text[s->at])) != 0) {
		r->nr_flags |= f;
		s->at++;
	}
	if (s->text[s->at] && s->text[s->at] != '/' && s->text[s->at] != '@')
		return expected(s, "a flag (x z t r R or T), '/', '@' or the end");
	return 0;
}

static int
memory_id(struct nm_spec *s, struct nmreq_register *r)
{
	size_t start = ++s->at;
	uint16_t id = 0;
	int err = number(s, "a memory id", 1, NM_SPEC_MEM_ID_MAX, &id);

	if (err)
		return err;
	if (r->nr_mem_id && r->nr_mem_id != id)
		return nm_spec_fail(s, start, EINVAL, "the memory id is %u already", r->nr_mem_id);
	r->nr_mem_id = id;
	return 0;
}

int
nm_spec_mode(struct nm_spec *s, struct nmreq_register *reg)
{
	struct nmreq_register r = *reg;
	size_t start = s->at;
	int err = ring(s, &r);
	bool ringless = s->at == start;

	while (!err && s->text[s->at]) {
		if (s->text[s->at] == '/')
			err = flags(s, &r);
		else if (s->text[s->at] == '@' && is_digit(s->text[s->at + 1]))
			err = memory_id(s, &r);
		else if (s->text[s->at] == '@' && s->text[s->at + 1])
			break; /* options */
		else if (s->text[s->at] == '@')
			err = nm_spec_fail(s, ++s->at, EINVAL, "expected a memory id or an option");
		else
			err = expected(s, ringless ? "'^', '*', '-', '/', '@' or the end" : "'/', '@' or the end");
		ringless = false;
	}
	if (err)
		return err;
	*reg = r;
	return 0;
}
