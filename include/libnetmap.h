/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libnetmap.h - opens netmap ports by name, in the kernel or in the userspace engine.
 *
 *	struct nmport_d *d = nmport_open("vale0:a");
 *	for (;;) {
 *		struct pollfd p = { .fd = d->fd, .events = POLLIN };
 *		poll(&p, 1, -1);
 *		... NETMAP_RXRING(d->nifp, i) for d->first_rx_ring <= i <= d->last_rx_ring
 *	}
 *	nmport_close(d);
 *
 * A port is written SUBSYSTEM:NAME[MODE][OPTIONS]; the page nmport_open(3) has the grammar. Functions that return a pointer
 * return NULL on failure, the others -1; errno is set and the text goes to the context's error function, by
 * default to stderr. A descriptor is for one thread at a time; different descriptors are independent once the
 * context is thread safe (nmctx_set_threadsafe).
 */
#ifndef LIBNETMAP_H_
#define LIBNETMAP_H_

#include <stddef.h>
#include <stdint.h>
#include <net/netmap.h>

#ifdef __cplusplus
extern "C" {
#endif

struct nmctx;
struct nmem_d;
struct nmport_cleanup_d;

/* An open port. Descriptors with equal mem can exchange buffers. */
struct nmport_d {
	struct nmreq_header hdr;
	struct nmreq_register reg;    /* as asked for; after registration as granted */
	struct nmem_d *mem;           /* the region's mapping */
	struct nmctx *ctx;
	int register_done;
	int mmap_done;
	struct nmreq_opt_extmem *extmem;
	int fd;                       /* for poll, select, epoll, ioctl */
	struct netmap_if *nifp;
	uint16_t first_tx_ring, last_tx_ring; /* bound rings, both ends included */
	uint16_t first_rx_ring, last_rx_ring;
	uint16_t cur_tx_ring, cur_rx_ring;    /* for the program */
	struct nmport_cleanup_d *clist;
};

/* Opening in one step, in two (prepare, change d->reg, open_desc), or in all steps. */
struct nmport_d *nmport_open(const char *portspec);
void nmport_close(struct nmport_d *d);
struct nmport_d *nmport_prepare(const char *portspec);
void nmport_undo_prepare(struct nmport_d *d);
int nmport_open_desc(struct nmport_d *d);
void nmport_undo_open_desc(struct nmport_d *d);
struct nmport_d *nmport_new(void);
struct nmport_d *nmport_new_with_ctx(struct nmctx *ctx);
void nmport_delete(struct nmport_d *d);
int nmport_parse(struct nmport_d *d, const char *portspec);
void nmport_undo_parse(struct nmport_d *d);
int nmport_register(struct nmport_d *d);
void nmport_undo_register(struct nmport_d *d);
int nmport_mmap(struct nmport_d *d);
void nmport_undo_mmap(struct nmport_d *d);
struct nmport_d *nmport_clone(struct nmport_d *d);

/* Copies a frame into a transmit ring, over several slots if need be; its size, or 0 when there is no room. */
int nmport_inject(struct nmport_d *d, const void *buf, size_t size);

/* Options, before registration. */
int nmport_extmem(struct nmport_d *d, void *base, size_t size);
int nmport_extmem_from_file(struct nmport_d *d, const char *fname);
struct nmreq_pools_info *nmport_extmem_getinfo(struct nmport_d *d);
int nmport_offset(struct nmport_d *d, uint64_t initial, uint64_t maxoff, uint64_t bits, uint64_t mingap);
int nmport_enable_option(const char *opt);
int nmport_disable_option(const char *opt);

/* Requests and their options. The decoders advance *what past what they understood. */
void nmreq_header_init(struct nmreq_header *hdr, uint16_t reqtype, void *body);
int nmreq_header_decode(const char **ppspec, struct nmreq_header *hdr, struct nmctx *ctx);
int nmreq_register_decode(const char **pmode, struct nmreq_register *reg, struct nmctx *ctx);

#define NMREQ_OPT_MAXKEYS 16

struct nmreq_parse_ctx {
	struct nmctx *ctx;
	void *token;                         /* as given to nmreq_options_decode */
	const char *keys[NMREQ_OPT_MAXKEYS]; /* values, NULL where the key was not given */
};

struct nmreq_opt_key {
	const char *key;
	int id;                              /* index in nmreq_parse_ctx.keys */
	unsigned int flags;
#define NMREQ_OPTK_ALLOWEMPTY (1U << 0)
#define NMREQ_OPTK_MUSTSET (1U << 1)
#define NMREQ_OPTK_DEFAULT (1U << 2)
};

struct nmreq_opt_parser {
	const char *prefix;
	int (*parse)(struct nmreq_parse_ctx *ctx);
	int default_key;                     /* of @prefix=value; -1: there is none */
	int nr_keys;
	unsigned int flags;
#define NMREQ_OPTF_DISABLED (1U << 0)
#define NMREQ_OPTF_ALLOWEMPTY (1U << 1)
	struct nmreq_opt_parser *next;
	struct nmreq_opt_key keys[NMREQ_OPT_MAXKEYS];
};

int nmreq_options_decode(const char *opt, struct nmreq_opt_parser parsers[], void *token, struct nmctx *ctx);
int32_t nmreq_get_mem_id(const char **portname, struct nmctx *ctx);
void nmreq_push_option(struct nmreq_header *hdr, struct nmreq_option *opt);
void nmreq_remove_option(struct nmreq_header *hdr, struct nmreq_option *opt);
struct nmreq_option *nmreq_find_option(struct nmreq_header *hdr, uint32_t reqtype);
void nmreq_free_options(struct nmreq_header *hdr);
const char *nmreq_option_name(uint32_t reqtype);

#define nmreq_foreach_option(h_, o_) \
	for ((o_) = (struct nmreq_option *)(uintptr_t)(h_)->nr_options; (o_) != NULL; \
	    (o_) = (struct nmreq_option *)(uintptr_t)(o_)->nro_next)

/* A mapped region, one a context however many ports use it. */
struct nmem_d {
	uint16_t mem_id;
	int refcount;
	void *mem;
	size_t size; /* bytes */
	int is_extmem;
	struct nmem_d *next, *prev;
};

/* Where messages go, where memory comes from, what serialises the list of regions. */
struct nmctx {
	int verbose;
	void (*error)(struct nmctx *ctx, const char *text);
	void *(*malloc)(struct nmctx *ctx, size_t size);
	void (*free)(struct nmctx *ctx, void *p);
	void (*lock)(struct nmctx *ctx, int lock); /* 1 take, 0 release; NULL: one thread */
	struct nmem_d *mem_descs;
};

struct nmctx *nmctx_get(void);
struct nmctx *nmctx_set_default(struct nmctx *ctx);
void nmctx_set_threadsafe(void);
void nmctx_ferror(struct nmctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void *nmctx_malloc(struct nmctx *ctx, size_t size);
void nmctx_free(struct nmctx *ctx, void *p);
void nmctx_lock(struct nmctx *ctx);
void nmctx_unlock(struct nmctx *ctx);

#ifdef __cplusplus
}
#endif

#endif
