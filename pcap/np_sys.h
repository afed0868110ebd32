/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * np_sys.h - the system's libpcap behind ours.
 *
 * It has our SONAME, so it is loaded by its path, and with a scope of its own: what it calls of itself is found in itself
 * first, and never in the library that the program was linked with, which is this one. It shares the C library with the
 * program: a FILE, errno and what malloc gave can be handed from one to the other, which a second C library in a link
 * namespace of its own could not do.
 */
#ifndef NP_SYS_H
#define NP_SYS_H

#include <netdb.h>
#include <pcap/pcap.h>
#include <pcap/namedb.h>
#include <stdio.h>

#include "np_calls.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
struct np_sys {
#define FIELD_PASS(ret, name, params, args) __typeof__(name) *name;
#define FIELD_PASSV(name, params, args) __typeof__(name) *name;
#define FIELD_OWN(name) __typeof__(name) *name;
	NP_CALLS(FIELD_PASS, FIELD_PASSV, FIELD_PASS, FIELD_OWN)
#undef FIELD_PASS
#undef FIELD_PASSV
#undef FIELD_OWN
};
#pragma GCC diagnostic pop

/* Filled before the program's first call. */
extern struct np_sys np_sys;

#endif
