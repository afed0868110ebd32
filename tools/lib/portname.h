/* SPDX-License-Identifier: BSD-2-Clause */
/* portname.h - names of ports as users write them. */
#ifndef TOOLS_PORTNAME_H
#define TOOLS_PORTNAME_H

#include <stdbool.h>
#include <stddef.h>

#define PORTNAME_LEN 512

/* The first len bytes of a name, as libnetmap wants it: a bare one gets "netmap:". 0, or -EINVAL if it is empty or too long. */
int portname_full(const char *from, size_t len, char to[PORTNAME_LEN]);

/* A network interface, neither a switch port nor a pipe. */
bool portname_is_nic(const char *name);

#endif
