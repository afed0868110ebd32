/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_spec_opt.c - options of a port name: "@key", "@key=value", "@key:k1=v1,k2=v2". */
#include "nm_spec.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* One option while it is parsed: a copy of its text, in which separators become NULs. */
struct option {
	struct nm_spec *s;
	size_t from;               /* where in s the copy begins */
	char *copy;
	size_t len;
	struct nmreq_opt_parser *parser;
	struct nmreq_parse_ctx found;
};

/* Place in the whole text of a pointer into the copy. */
static size_t
place(const struct option *o, const char *p)
{
	return o->from + (size_t)(p - o->copy);
}

/* The words are equal but for "-" and "_"; one ends with NUL, the other after len. */
static bool
same_key(const char *key, const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < len && key[i]; i++) {
		char a = key[i] == '-' ? '_' : key[i], b = word[i] == '-' ? '_' : word[i];

		if (a != b)
			return false;
	}
	return i == len && key[i] == '\0';
}

static int
find_parser(struct option *o, struct nmreq_opt_parser *list, size_t len)
{
	struct nmreq_opt_parser *p;

	for (p = list; p; p = p->next) {
		if (same_key(p->prefix, o->copy, len))
			break;
	}
	if (!p)
		return nm_spec_fail(o->s, o->from, EOPNOTSUPP, "no option is called '%.*s'", (int)len, o->copy);
	if (p->flags & NMREQ_OPTF_DISABLED)
		return nm_spec_fail(o->s, o->from, EOPNOTSUPP, "option '%s' is not enabled", p->prefix);
	o->parser = p;
	return 0;
}

static int
set_value(struct option *o, const struct nmreq_opt_key *key, const char *value)
{
	if (key->id < 0 || key->id >= NMREQ_OPT_MAXKEYS)
		return nm_spec_fail(o->s, place(o, value), EINVAL, "the table of '%s' is wrong", key->key);
	if (o->found.keys[key->id])
		return nm_spec_fail(o->s, place(o, value), EINVAL, "'%s' is set already", key->key);
	if (*value == '\0' && !(key->flags & NMREQ_OPTK_ALLOWEMPTY))
		return nm_spec_fail(o->s, place(o, value), EINVAL, "expected a value for '%s'", key->key);
	o->found.keys[key->id] = value;
	return 0;
}

static const struct nmreq_opt_key *
find_key(const struct nmreq_opt_parser *p, const char *word, size_t len)
{
	int i;

	for (i = 0; i < p->nr_keys && i < NMREQ_OPT_MAXKEYS; i++) {
		if (same_key(p->keys[i].key, word, len))
			return &p->keys[i];
	}
	return NULL;
}

/* "k=v" or "k", up to its NUL. */
static int
one_pair(struct option *o, char *pair)
{
	size_t len = strcspn(pair, "=");
	const struct nmreq_opt_key *key;

	if (len == 0)
		return nm_spec_fail(o->s, place(o, pair), EINVAL, "expected a key of option '%s'", o->parser->prefix);
	key = find_key(o->parser, pair, len);
	if (!key)
		return nm_spec_fail(o->s, place(o, pair), EINVAL, "option '%s' has no key '%.*s'", o->parser->prefix, (int)len, pair);
	return set_value(o, key, pair[len] ? pair + len + 1 : pair + len);
}

static int
all_pairs(struct option *o, char *p)
{
	size_t len;
	bool last;
	int err;

	do {
		len = strcspn(p, ",");
		last = p[len] == '\0';
		p[len] = '\0';
		err = one_pair(o, p);
		p += len + 1;
	} while (!err && !last);
	return err;
}

static int
default_value(struct option *o, const char *value)
{
	int i;

	for (i = 0; i < o->parser->nr_keys && i < NMREQ_OPT_MAXKEYS; i++) {
		if (o->parser->keys[i].id == o->parser->default_key)
			return set_value(o, &o->parser->keys[i], value);
	}
	return nm_spec_fail(o->s, place(o, value) - 1, EINVAL, "expected ':' and keys for option '%s'",
			    o->parser->prefix);
}

/* Every key that must be there is. */
static int
complete(const struct option *o)
{
	const struct nmreq_opt_parser *p = o->parser;
	int i;

	for (i = 0; i < p->nr_keys && i < NMREQ_OPT_MAXKEYS; i++) {
		if ((p->keys[i].flags & NMREQ_OPTK_MUSTSET) && !o->found.keys[p->keys[i].id])
			return nm_spec_fail(o->s, o->from + o->len, EINVAL, "option '%s' needs the key '%s'", p->prefix,
					    p->keys[i].key);
	}
	return 0;
}

static int
call_parser(struct option *o)
{
	errno = 0;
	if (o->parser->parse(&o->found) >= 0)
		return 0;
	return errno > 0 ? -errno : -EINVAL;
}

/* The option in o->copy. */
static int
one_option(struct option *o, struct nmreq_opt_parser *list)
{
	size_t len = strcspn(o->copy, ":=");
	int err;

	if (len == 0)
		return nm_spec_fail(o->s, o->from, EINVAL, "expected the name of an option");
	err = find_parser(o, list, len);
	if (err)
		return err;
	if (o->copy[len] == ':')
		err = all_pairs(o, o->copy + len + 1);
	else if (o->copy[len] == '=')
		err = default_value(o, o->copy + len + 1);
	else if (!(o->parser->flags & NMREQ_OPTF_ALLOWEMPTY))
		err = nm_spec_fail(o->s, o->from + len, EINVAL, "expected %s for option '%s'",
				   o->parser->default_key < 0 ? "':' and keys" : "'=' and a value, or ':' and keys,", o->parser->prefix);
	if (!err)
		err = complete(o);
	return err ? err : call_parser(o);
}

/* One option from s->at on, behind its "@". */
static int
next_option(struct nm_spec *s, struct nmreq_opt_parser *list, void *token, struct nmreq_opt_parser **parser)
{
	struct option o = { .s = s, .from = s->at, .found = { .ctx = s->ctx, .token = token } };
	int err;

	o.len = strcspn(s->text + s->at, "@");
	o.copy = nmctx_malloc(s->ctx, o.len + 1);
	if (!o.copy)
		return nm_spec_fail(s, s->at, ENOMEM, "no memory");
	memcpy(o.copy, s->text + s->at, o.len);
	o.copy[o.len] = '\0';
	err = one_option(&o, list);
	nmctx_free(s->ctx, o.copy);
	s->at += o.len;
	*parser = o.parser;
	return err;
}

/* Calls the parsers that want to be called in any case, unless their option was given: then their bit is set. */
static int
call_absent(struct nm_spec *s, struct nmreq_opt_parser *list, void *token, uint64_t given)
{
	struct nmreq_opt_parser *p;
	int err = 0;

	for (p = list; p && !err; p = p->next, given >>= 1) {
		struct option o = { .parser = p, .found = { .ctx = s->ctx, .token = token } };

		if ((p->flags & NMREQ_OPTF_DEFAULT) && !(p->flags & NMREQ_OPTF_DISABLED) && !(given & 1))
			err = call_parser(&o);
	}
	return err;
}

/* The bit of a parser; the list is taken to have 64 at most. */
static uint64_t
bit_of(struct nmreq_opt_parser *list, struct nmreq_opt_parser *parser)
{
	uint64_t bit = 1;

	for (; list && list != parser; list = list->next)
		bit <<= 1;
	return bit;
}

int
nm_spec_options(struct nm_spec *s, struct nmreq_opt_parser *list, void *token)
{
	struct nmreq_opt_parser *parser = NULL;
	uint64_t given = 0;
	int err = 0;

	while (!err && s->text[s->at]) {
		if (s->text[s->at] != '@')
			return nm_spec_fail(s, s->at, EINVAL, "expected '@' and an option");
		s->at++;
		err = next_option(s, list, token, &parser);
		given |= bit_of(list, parser);
	}
	return err ? err : call_absent(s, list, token, given);
}
