/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_spec.h - the grammar of port names, as programs and people write them.
 *
 *   spec    = subsystem ":" port [ring] {"/" flags | "@" memory-id} {"@" option}
 *   subsystem = "netmap" | "vale" {letter | digit | "_"}     "netmap:" is not part of the engine's name, "vale0:" is
 *   port    = name | name "{" name | name "}" name           the latter two: master and slave end of a pipe
 *   name    = one or more letters, digits, "_" and "."
 *   ring    = "^" | "^" number | "*" | "-" number            host rings, one of them, all rings, one ring
 *   flags   = one or more of "xztrRT"
 *   option  = key | key "=" value | key ":" key "=" value {"," key "=" value}
 *
 * An "@" with a digit after it is a memory id; options begin at the first other one. In keys "-" and "_" are the same.
 *
 * Functions return 0 or -errno, EINVAL if nothing else is said, and report by nmctx_ferror(): the text, the
 * number of the offending character from 1, the character, and what was expected there.
 */
#ifndef NM_SPEC_H
#define NM_SPEC_H

#include <libnetmap.h>

#define NM_SPEC_RING_MAX 4094   /* of "-N" and "^N" */
#define NM_SPEC_MEM_ID_MAX 65535
#define NM_SPEC_SWITCH_MAX 16   /* characters of "valeB", without the colon */

struct nm_spec {
	const char *text;   /* the whole, for messages */
	size_t at;          /* what comes next */
	struct nmctx *ctx;
};

/* Reports `what` at the given place of the text; returns -err. */
int nm_spec_fail(const struct nm_spec *s, size_t at, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* subsystem and port; name (NETMAP_REQ_IFNAMSIZ bytes) is written on success only, filled with NUL. */
int nm_spec_name(struct nm_spec *s, char *name);

/*
 * ring, flags and memory id, up to the options. reg is changed on success only: nr_mode, nr_ringid and nr_mem_id are
 * set, nr_flags added to. A memory id that reg has already can't be set to another.
 */
int nm_spec_mode(struct nm_spec *s, struct nmreq_register *reg);

/*
 * Options: each is looked up in the list and given to its parser. EOPNOTSUPP if it is unknown or disabled,
 * ENOMEM, or what errno a parser left.
 */
int nm_spec_options(struct nm_spec *s, struct nmreq_opt_parser *list, void *token);

#endif
