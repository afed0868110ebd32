/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nm_ctl.h - control requests.
 *
 * The host copies a request in (header, body, options in order), calls nm_ctl_request with these private copies
 * and copies out: the header always, the body when the call succeeded, each option's header always.
 */
#ifndef NM_CTL_H
#define NM_CTL_H

#include "nm_session.h"

#define NM_CTL_MAX_BYTES 4096u /* body and options */
#define NM_CTL_MAX_OPTS 128u

struct nm_ctl_opt {
	struct nmreq_option hdr;
	void *body;     /* the whole option, header included; NULL when only the header is known */
};

struct nm_ctl_msg {
	struct nmreq_header *hdr;
	void *body;     /* nm_ctl_body_size bytes, or NULL */
	struct nm_ctl_opt *opts;
	uint32_t nopts;
};

/* Bytes of a request's body; 0 for none, -1 for an unknown request. Shared with the client library. */
int nm_ctl_body_size(uint32_t reqtype);
/* Bytes of an option, header included, given its nro_size; 24 for an unknown one. Shared likewise. */
uint32_t nm_ctl_option_size(uint32_t opttype, uint64_t nro_size);

/* What a request or option is called, "unknown" for one that we have never heard of. Shared likewise. */
const char *nm_ctl_request_name(uint32_t reqtype);
const char *nm_ctl_option_name(uint32_t opttype);

/* 0 or -errno, the reason in words in s->errtext; option statuses are set. Takes the root's mutex. */
int nm_ctl_request(struct nm_session *s, struct nm_ctl_msg *m);

/* NIOCREGIF (regif) and NIOCGINFO of legacy clients. Takes the root's mutex. */
struct nmreq;
int nm_legacy_request(struct nm_session *s, struct nmreq *req, bool regif);

/* Handlers beside their features; the table is in nm_ctl.c. Under the root's mutex. */
int nm_register(struct nm_session *s, struct nm_ctl_msg *m);
/* Which rings of p the request selects: s->first and last. 0 or -EINVAL with a text. */
int nm_register_rings(struct nm_session *s, const struct nm_port *p, const struct nmreq_register *reg);
int nm_port_info_get(struct nm_session *s, struct nm_ctl_msg *m);
int nm_vale_ctl_attach(struct nm_session *s, struct nm_ctl_msg *m);
int nm_vale_ctl_detach(struct nm_session *s, struct nm_ctl_msg *m);
int nm_vale_poll_on(struct nm_session *s, struct nm_ctl_msg *m);
int nm_vale_poll_off(struct nm_session *s, struct nm_ctl_msg *m);
int nm_vale_ctl_list(struct nm_session *s, struct nm_ctl_msg *m);
int nm_vale_ctl_newif(struct nm_session *s, struct nm_ctl_msg *m);
int nm_vale_ctl_delif(struct nm_session *s, struct nm_ctl_msg *m);
int nm_vale_ctl_hdr_set(struct nm_session *s, struct nm_ctl_msg *m);
int nm_port_hdr_get(struct nm_session *s, struct nm_ctl_msg *m);
int nm_pools_info_get(struct nm_session *s, struct nm_ctl_msg *m);
int nm_stats_get(struct nm_session *s, struct nm_ctl_msg *m);
int nm_fdb_ctl_get(struct nm_session *s, struct nm_ctl_msg *m);
int nm_fdb_ctl_flush(struct nm_session *s, struct nm_ctl_msg *m);
int nm_error_get(struct nm_session *s, struct nm_ctl_msg *m);
int nm_port_access(struct nm_session *s, struct nm_ctl_msg *m);
int nm_port_list(struct nm_session *s, struct nm_ctl_msg *m);
int nm_policy_ctl_fdb(struct nm_session *s, struct nm_ctl_msg *m);
int nm_vlan_ctl(struct nm_session *s, struct nm_ctl_msg *m);
int nm_storm_ctl(struct nm_session *s, struct nm_ctl_msg *m);
int nm_lossless_ctl(struct nm_session *s, struct nm_ctl_msg *m);
int nm_mirror_ctl(struct nm_session *s, struct nm_ctl_msg *m);
int nm_kloop_csb_enable(struct nm_session *s, struct nm_ctl_msg *m);
int nm_kloop_start(struct nm_session *s, struct nm_ctl_msg *m);
int nm_kloop_stop(struct nm_session *s, struct nm_ctl_msg *m);

#endif
