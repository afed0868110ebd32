/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_request.h - one request to the engine, and telling why it failed. Functions return -errno. */
#ifndef NM_REQUEST_H
#define NM_REQUEST_H

#include <libnetmap.h>

/* A new descriptor of /dev/netmap; failure is reported. */
int nm_request_open(struct nmctx *ctx);

/*
 * NIOCCTRL. On failure a line for each option that was refused, and one with the port's name, the errno and what the
 * engine says about it (NETMAP_REQ_ERROR_GET, on the same descriptor; engines without it only give the errno).
 */
int nm_request_do(int fd, struct nmreq_header *h, struct nmctx *ctx);

/* "EINVAL (Invalid argument)", in text. */
const char *nm_request_errno(int err, char *text, size_t size);

#endif
