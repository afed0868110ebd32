/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nmport_opt.c - options of a port: those a name can carry, and offsets.
 *
 * A parser finds the values by the numbers of its keys; keys that were not given are NULL.
 */
#include <libnetmap.h>

#include <errno.h>
#include <string.h>

#include "nmport_int.h"

/* A decimal number up to max. */
static int
number(struct nmreq_parse_ctx *p, const char *key, const char *text, uint64_t max, uint64_t *out)
{
	const char *c = text;
	uint64_t n = 0;

	for (; *c >= '0' && *c <= '9' && n <= max; c++) {
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(*c - '0'), &n))
			break;
	}
	if (c > text && !*c && n <= max) {
		*out = n;
		return 0;
	}
	nmctx_ferror(p->ctx, "'%s=%s': expected a number, 0 to %llu", key, text, (unsigned long long)max);
	errno = EINVAL;
	return -1;
}

static int
parse_share(struct nmreq_parse_ctx *p)
{
	struct nmport_d *d = p->token;
	const char *name = p->keys[0];
	int32_t id = nmreq_get_mem_id(&name, p->ctx);

	if (id < 0)
		return -1;
	if (*name) {
		nmctx_ferror(p->ctx, "'share=%s': nothing may follow the name of the port", p->keys[0]);
		errno = EINVAL;
		return -1;
	}
	if (d->reg.nr_mem_id && d->reg.nr_mem_id != id) {
		nmctx_ferror(p->ctx, "'share=%s': that memory id is %d, but %u was asked for", p->keys[0], id, d->reg.nr_mem_id);
		errno = EINVAL;
		return -1;
	}
	d->reg.nr_mem_id = (uint16_t)id;
	return 0;
}

enum { EXTMEM_FILE, EXTMEM_IF_NUM, EXTMEM_IF_SIZE, EXTMEM_RING_NUM, EXTMEM_RING_SIZE, EXTMEM_BUF_NUM, EXTMEM_BUF_SIZE };

static int
parse_extmem(struct nmreq_parse_ctx *p)
{
	static const char *const names[] = { "file", "if-num", "if-size", "ring-num", "ring-size", "buf-num", "buf-size" };
	struct nmport_d *d = p->token;
	struct nmreq_pools_info *info;
	uint32_t *field[7] = { NULL };
	uint64_t n;
	int i;

	if (nmport_extmem_from_file(d, p->keys[EXTMEM_FILE]) < 0)
		return -1;
	info = nmport_extmem_getinfo(d);
	field[EXTMEM_IF_NUM] = &info->nr_if_pool_objtotal;
	field[EXTMEM_IF_SIZE] = &info->nr_if_pool_objsize;
	field[EXTMEM_RING_NUM] = &info->nr_ring_pool_objtotal;
	field[EXTMEM_RING_SIZE] = &info->nr_ring_pool_objsize;
	field[EXTMEM_BUF_NUM] = &info->nr_buf_pool_objtotal;
	field[EXTMEM_BUF_SIZE] = &info->nr_buf_pool_objsize;
	for (i = EXTMEM_IF_NUM; i <= EXTMEM_BUF_SIZE; i++) {
		if (!p->keys[i])
			continue;
		if (number(p, names[i], p->keys[i], UINT32_MAX, &n) < 0)
			return -1;
		*field[i] = (uint32_t)n;
	}
	return 0;
}

/* Sets up to two 16-bit fields, either of which may be NULL. */
static int
conf16(struct nmreq_parse_ctx *p, int id, const char *key, uint16_t *a, uint16_t *b)
{
	uint64_t n;

	if (!p->keys[id])
		return 0;
	if (number(p, key, p->keys[id], UINT16_MAX, &n) < 0)
		return -1;
	*a = (uint16_t)n;
	if (b)
		*b = (uint16_t)n;
	return 0;
}

static int
conf32(struct nmreq_parse_ctx *p, int id, const char *key, uint32_t *a, uint32_t *b)
{
	uint64_t n;

	if (!p->keys[id])
		return 0;
	if (number(p, key, p->keys[id], UINT32_MAX, &n) < 0)
		return -1;
	*a = (uint32_t)n;
	if (b)
		*b = (uint32_t)n;
	return 0;
}

enum { RINGS, HOST_RINGS, SLOTS, TX_RINGS, RX_RINGS, HOST_TX_RINGS, HOST_RX_RINGS, TX_SLOTS, RX_SLOTS };

/* Keys for both directions come first, so that those for one override them. */
static int
parse_conf(struct nmreq_parse_ctx *p)
{
	struct nmport_d *d = p->token;
	struct nmreq_register *r = &d->reg;

	if (conf16(p, RINGS, "rings", &r->nr_tx_rings, &r->nr_rx_rings) < 0 ||
	    conf16(p, HOST_RINGS, "host-rings", &r->nr_host_tx_rings, &r->nr_host_rx_rings) < 0 ||
	    conf32(p, SLOTS, "slots", &r->nr_tx_slots, &r->nr_rx_slots) < 0 ||
	    conf16(p, TX_RINGS, "tx-rings", &r->nr_tx_rings, NULL) < 0 ||
	    conf16(p, RX_RINGS, "rx-rings", &r->nr_rx_rings, NULL) < 0 ||
	    conf16(p, HOST_TX_RINGS, "host-tx-rings", &r->nr_host_tx_rings, NULL) < 0 ||
	    conf16(p, HOST_RX_RINGS, "host-rx-rings", &r->nr_host_rx_rings, NULL) < 0 ||
	    conf32(p, TX_SLOTS, "tx-slots", &r->nr_tx_slots, NULL) < 0 ||
	    conf32(p, RX_SLOTS, "rx-slots", &r->nr_rx_slots, NULL) < 0)
		return -1;
	return 0;
}

static int
parse_offset(struct nmreq_parse_ctx *p)
{
	uint64_t initial, bits = 0;

	if (number(p, "initial", p->keys[0], UINT64_MAX, &initial) < 0)
		return -1;
	if (p->keys[1] && number(p, "bits", p->keys[1], 64, &bits) < 0)
		return -1;
	return nmport_offset(p->token, initial, initial, bits, 0);
}

/* A chain, built from its end. */
static struct nmreq_opt_parser offset_option = {
	.prefix = "offset",
	.parse = parse_offset,
	.default_key = 0,
	.nr_keys = 2,
	.flags = NMREQ_OPTF_DISABLED, /* programs must know to look at slot->ptr */
	.keys = { { "initial", 0, NMREQ_OPTK_MUSTSET | NMREQ_OPTK_DEFAULT }, { "bits", 1, 0 } },
};

static struct nmreq_opt_parser conf_option = {
	.prefix = "conf",
	.parse = parse_conf,
	.default_key = -1,
	.nr_keys = 9,
	.next = &offset_option,
	.keys = {
		{ "rings", RINGS, 0 },
		{ "host-rings", HOST_RINGS, 0 },
		{ "slots", SLOTS, 0 },
		{ "tx-rings", TX_RINGS, 0 },
		{ "rx-rings", RX_RINGS, 0 },
		{ "host-tx-rings", HOST_TX_RINGS, 0 },
		{ "host-rx-rings", HOST_RX_RINGS, 0 },
		{ "tx-slots", TX_SLOTS, 0 },
		{ "rx-slots", RX_SLOTS, 0 },
	},
};

static struct nmreq_opt_parser extmem_option = {
	.prefix = "extmem",
	.parse = parse_extmem,
	.default_key = EXTMEM_FILE,
	.nr_keys = 7,
	.next = &conf_option,
	.keys = {
		{ "file", EXTMEM_FILE, NMREQ_OPTK_MUSTSET | NMREQ_OPTK_DEFAULT },
		{ "if-num", EXTMEM_IF_NUM, 0 },
		{ "if-size", EXTMEM_IF_SIZE, 0 },
		{ "ring-num", EXTMEM_RING_NUM, 0 },
		{ "ring-size", EXTMEM_RING_SIZE, 0 },
		{ "buf-num", EXTMEM_BUF_NUM, 0 },
		{ "buf-size", EXTMEM_BUF_SIZE, 0 },
	},
};

static struct nmreq_opt_parser share_option = {
	.prefix = "share",
	.parse = parse_share,
	.default_key = 0,
	.nr_keys = 1,
	.next = &extmem_option,
	.keys = { { "port", 0, NMREQ_OPTK_MUSTSET | NMREQ_OPTK_DEFAULT } },
};

struct nmreq_opt_parser *
nmport_int_options(void)
{
	return &share_option;
}

static int
switch_option(const char *name, unsigned set, unsigned clear)
{
	struct nmreq_opt_parser *p;

	for (p = nmport_int_options(); p; p = p->next) {
		if (strcmp(p->prefix, name) == 0) {
			p->flags = (p->flags | set) & ~clear;
			return 0;
		}
	}
	errno = EOPNOTSUPP;
	return -1;
}

int
nmport_enable_option(const char *name)
{
	return switch_option(name, 0, NMREQ_OPTF_DISABLED);
}

int
nmport_disable_option(const char *name)
{
	return switch_option(name, NMREQ_OPTF_DISABLED, 0);
}

struct offset {
	struct nmport_cleanup_d up;
	struct nmreq_opt_offsets opt;
};

static void
offset_cleanup(struct nmport_cleanup_d *c, struct nmport_d *d)
{
	nmreq_remove_option(&d->hdr, &((struct offset *)c)->opt.nro_opt);
}

int
nmport_offset(struct nmport_d *d, uint64_t initial, uint64_t maxoff, uint64_t bits, uint64_t mingap)
{
	struct offset *o;

	if (d->register_done)
		return nmport_int_refuse(d, EINVAL, "offsets must be set before the registration");
	if (nmreq_find_option(&d->hdr, NETMAP_REQ_OPT_OFFSETS))
		return nmport_int_refuse(d, EINVAL, "has offsets already");
	if (bits > 64 || initial > maxoff)
		return nmport_int_refuse(d, EINVAL, bits > 64 ? "an offset has 64 bits at most" : "the first offset is above the greatest");
	o = nmctx_malloc(d->ctx, sizeof(*o));
	if (!o)
		return nmport_int_refuse(d, ENOMEM, "no memory for an option");
	memset(o, 0, sizeof(*o));
	o->opt.nro_opt.nro_reqtype = NETMAP_REQ_OPT_OFFSETS;
	o->opt.nro_initial_offset = initial;
	o->opt.nro_max_offset = maxoff;
	o->opt.nro_offset_bits = (uint32_t)bits;
	o->opt.nro_min_gap = mingap;
	o->up.cleanup = offset_cleanup;
	nmreq_push_option(&d->hdr, &o->opt.nro_opt);
	nmport_int_push_cleanup(d, &o->up);
	return 0;
}
