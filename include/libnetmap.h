/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libnetmap.h - ports by name: open, map and use them without filling requests by hand.
 *
 *	struct nmport_d *d = nmport_open("netmap:eth0");     NULL: errno says why, the context's error() in words
 *	... NETMAP_RXRING(d->nifp, i) for i from d->first_rx_ring to d->last_rx_ring, poll(2) on d->fd ...
 *	nmport_close(d);
 *
 * Port names are SUBSYSTEM:NAME[RINGS][OPTIONS]:
 *
 *	netmap:eth0       an interface           vale0:p     port p of switch vale0
 *	NAME{id  NAME}id  the ends of a pipe     NAME/t /r   watch what the port transmits, receives
 *
 *	RINGS    nothing: all rings of the NIC; ^ those of the host, ^N one of them; * both; -N ring N
 *	         /flags: x nobody else may bind the rings, z monitor without copying, t r monitor, R receive rings only, T
 *	         transmit rings only; @N use memory region N
 *	OPTIONS  @KEY=VALUE or @KEY:K1=V1,K2=V2, - and _ are the same in keys
 *	         share=PORT        use the region of PORT
 *	         conf:rings= host-rings= slots= tx-rings= rx-rings= host-tx-rings= host-rx-rings= tx-slots= rx-slots=
 *	         extmem:file= if-num= if-size= ring-num= ring-size= buf-num= buf-size=
 *	         offset:initial= bits=  (after nmport_enable_option("offset"))
 *
 * nmport_open() is nmport_prepare() and nmport_open_desc(); prepare is new and parse, open_desc is register and mmap.
 * Each step has its undo_, and a program may change d->hdr and d->reg, or push options, between parse and register.
 *
 * Functions return 0 or a pointer, and -1 or NULL with errno set on failure, unless they say otherwise.
 *
 * Threads: the default context is made safe before main() by a constructor in each file that includes this one; with
 * LIBNETMAP_NOTHREADSAFE defined first, that file asks for nothing. One descriptor belongs to one thread at a time.
 */
#ifndef LIBNETMAP_H_
#define LIBNETMAP_H_

#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <net/netmap.h>
#include <net/netmap_user.h> /* the access macros; nm_open() and its family only if NETMAP_WITH_LIBS was defined */

#ifdef __cplusplus
extern "C" {
#endif

struct nmctx;
struct nmport_d;
struct nmem_d;
struct nmport_d;

/* ---- the short way ---- */

struct nmport_d *nmport_open(const char *portspec);

/* Undoes nmport_open(): unmaps, closes, frees. d may be NULL. */
void nmport_close(struct nmport_d *d);

/*
 * Copies one frame into the first transmit ring with room, from cur_tx_ring on, over several slots where it is longer
 * than a buffer. No system call: the frame leaves with the next sync or poll. Returns size, or 0 when there is no room.
 */
int nmport_inject(struct nmport_d *d, const void *buf, size_t size);

/* ---- an open port ---- */

struct nmport_d {
	struct nmreq_header hdr;   /* as sent; options hang here */
	struct nmreq_register reg; /* the body; after registration what the engine answered */

	/* Only to be read from here on. */
	struct nmem_d *mem;              /* the mapping: equal for two ports of a context if and only if zero copy is possible */
	struct nmctx *ctx;               /* the context of its creation */
	int register_done;
	int mmap_done;
	struct nmreq_opt_extmem *extmem; /* the option in hdr, or NULL */

	/* Named as in struct nm_desc. */
	int fd;                          /* of the netmap device, -1: not open */
	struct netmap_if *nifp;
	uint16_t first_tx_ring;          /* first .. last: the first run of rings that are bound, host rings included */
	uint16_t last_tx_ring;
	uint16_t first_rx_ring;
	uint16_t last_rx_ring;
	uint16_t cur_tx_ring;            /* where nmport_inject() begins; the program may set it */
	uint16_t cur_rx_ring;            /* for the program */

	struct nmport_cleanup_d *clist;  /* the library's: what undoes the options, last first */
};

/* ---- step by step ---- */

/* An empty descriptor, not open. */
struct nmport_d *nmport_new(void);
struct nmport_d *nmport_new_with_ctx(struct nmctx *ctx); /* nmport_new() uses nmctx_get() */
void nmport_delete(struct nmport_d *d);

/* Fills hdr and reg from a port name. On failure both are zeroed. */
int nmport_parse(struct nmport_d *d, const char *portspec);
void nmport_undo_parse(struct nmport_d *d);

/* nmport_new() and nmport_parse(). */
struct nmport_d *nmport_prepare(const char *portspec);
void nmport_undo_prepare(struct nmport_d *d);

/* Opens the device and binds the port. On failure each refused option is named to the context. EALREADY: done before. */
int nmport_register(struct nmport_d *d);
void nmport_undo_register(struct nmport_d *d);

/* Maps the region, or takes a further reference to the context's mapping of it, and finds nifp and the rings. */
int nmport_mmap(struct nmport_d *d);
void nmport_undo_mmap(struct nmport_d *d);

/* nmport_register() and nmport_mmap(). */
int nmport_open_desc(struct nmport_d *d);
void nmport_undo_open_desc(struct nmport_d *d);

/* A new descriptor of the same name and reg, without options, not registered. One with extmem must be registered first. */
struct nmport_d *nmport_clone(struct nmport_d *d);

/* ---- options of a port, between parse and register ---- */

/* The region is to be made of size bytes at base (page-aligned); base stays the program's. */
int nmport_extmem(struct nmport_d *d, void *base, size_t size);

/* The same from a file on hugetlbfs or tmpfs, mapped whole; unmapped with the last port of this context that has the region. */
int nmport_extmem_from_file(struct nmport_d *d, const char *fname);

/* The layout wanted of the extmem region, to be filled before register; after it what there is. NULL: the port has none. */
struct nmreq_pools_info *nmport_extmem_getinfo(struct nmport_d *d);

/*
 * Frames begin `initial` bytes into their buffers, at most maxoff; the low `bits` bits of a slot's ptr hold the offset
 * (0: all 64). mingap bytes at least are left free between buffers (0: nothing asked).
 */
int nmport_offset(struct nmport_d *d, uint64_t initial, uint64_t maxoff, uint64_t bits, uint64_t mingap);

/* Lets nmport_parse() accept an option by name, or refuse it. EOPNOTSUPP: no such option. */
int nmport_enable_option(const char *opt);
int nmport_disable_option(const char *opt);

/* Runs and empties clist; for the library, exported by history. */
void nmport_do_cleanup(struct nmport_d *d);

/* ---- requests ---- */

/* Zeroes hdr, then sets version, type and body. */
void nmreq_header_init(struct nmreq_header *hdr, uint16_t reqtype, void *body);

/*
 * Reads subsystem and port from *ppspec into hdr->nr_name, and leaves *ppspec at what follows. Nothing is written on
 * failure (EINVAL).
 */
int nmreq_header_decode(const char **ppspec, struct nmreq_header *hdr, struct nmctx *ctx);

/* Reads rings, flags and region from *pmode: sets nr_mode, nr_ringid, nr_flags, nr_mem_id. EINVAL. */
int nmreq_register_decode(const char **pmode, struct nmreq_register *reg, struct nmctx *ctx);

/* The region of the port at *portname; leaves that pointer behind the name. -1: errno. */
int32_t nmreq_get_mem_id(const char **portname, struct nmctx *ctx);

#define NMREQ_OPT_MAXKEYS 16 /* keys of one option at most */

/* What an option's parser is given. */
struct nmreq_parse_ctx {
	struct nmctx *ctx;                   /* for errors and memory */
	void *token;                         /* of nmreq_options_decode() */
	const char *keys[NMREQ_OPT_MAXKEYS]; /* the value of each key, at its id; NULL: not given */
};

/* Returns 0, or -1 with errno. The values live until it returns. */
typedef int (*nmreq_opt_parser_cb)(struct nmreq_parse_ctx *p);

struct nmreq_opt_key {
	const char *key; /* its name, - and _ are the same */
	int id;          /* its place in keys[] */
	unsigned int flags;
};

#define NMREQ_OPTK_ALLOWEMPTY (1U << 0) /* "=value" may be left out; the value is then "" */
#define NMREQ_OPTK_MUSTSET (1U << 1)    /* the option is refused without this key */
#define NMREQ_OPTK_DEFAULT (1U << 2)    /* the key meant by @OPTION=VALUE; one per option at most */

struct nmreq_opt_parser {
	const char *prefix;            /* the option's name */
	nmreq_opt_parser_cb parse;
	int default_key;               /* id of the default key, -1: none */
	int nr_keys;                   /* entries of keys[] */
	int flags;
	struct nmreq_opt_parser *next; /* NULL: last of the list */
	struct nmreq_opt_key keys[NMREQ_OPT_MAXKEYS];
};

#define NMREQ_OPTF_DISABLED (1U << 0)   /* refused until nmport_enable_option() */
#define NMREQ_OPTF_ALLOWEMPTY (1U << 1) /* "@OPTION" alone is accepted */
#define NMREQ_OPTF_DEFAULT (1U << 2)    /* the parser is called even if the option is not given */

/*
 * Splits "@KEY..@KEY.." and calls the parser of each. Stops at the first failure: EINVAL, or EOPNOTSUPP for an
 * option that is unknown or disabled.
 */
int nmreq_options_decode(const char *opt, struct nmreq_opt_parser *parsers, void *token, struct nmctx *ctx);

/* The list of options of a request. Push puts in front; free gives all to free(3) and empties the list. */
void nmreq_push_option(struct nmreq_header *h, struct nmreq_option *o);
void nmreq_remove_option(struct nmreq_header *h, struct nmreq_option *o);
struct nmreq_option *nmreq_find_option(struct nmreq_header *h, uint32_t type);
void nmreq_free_options(struct nmreq_header *h);

/* For messages; never NULL. */
const char *nmreq_option_name(uint32_t type);

#define nmreq_foreach_option(h, o) \
	for ((o) = (struct nmreq_option *)(uintptr_t)(h)->nr_options; (o) != NULL; \
	     (o) = (struct nmreq_option *)(uintptr_t)(o)->nro_next)

/* ---- contexts ---- */

/* A mapped region, shared by the ports of a context. */
struct nmem_d {
	uint16_t mem_id;
	int refcount;        /* ports */
	void *mem;
	size_t size;         /* bytes */
	int is_extmem;       /* the program's memory: not unmapped */
	struct nmem_d *next; /* a ring through the context's mem_descs */
	struct nmem_d *prev;
};

/* Where messages go, where memory comes from, how the mappings are locked. */
struct nmctx {
	int verbose;                                  /* not 0: warnings too */
	void (*error)(struct nmctx *, const char *);  /* one message, no newline; NULL: silence */
	void *(*malloc)(struct nmctx *, size_t);
	void (*free)(struct nmctx *, void *);
	void (*lock)(struct nmctx *, int);            /* 1 locks, 0 unlocks; NULL: one thread only */
	struct nmem_d *mem_descs;                     /* the library's */
};

/* The context of ports made from now on. Set returns the one before; NULL sets the built-in one. */
struct nmctx *nmctx_get(void);
struct nmctx *nmctx_set_default(struct nmctx *ctx);

/* Gives the built-in context a lock. Before the second thread. */
void nmctx_set_threadsafe(void);

void nmctx_ferror(struct nmctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void *nmctx_malloc(struct nmctx *ctx, size_t size);
void nmctx_free(struct nmctx *ctx, void *p);
void nmctx_lock(struct nmctx *ctx);
void nmctx_unlock(struct nmctx *ctx);

#ifndef LIBNETMAP_NOTHREADSAFE
static void __attribute__((constructor))
libnetmap_make_threadsafe(void)
{
	nmctx_set_threadsafe();
}
#endif

/*
 * Additions. nmport_poll syncs n ports and waits until one has what `events` (POLLIN, POLLOUT) asks for, timeout_ms
 * milliseconds at most (-1: for ever); the number of ready ones, 0 at the timeout.
 */
int nmport_poll(struct nmport_d **d, unsigned n, short events, int timeout_ms);

#ifdef __cplusplus
}
#endif

#endif
