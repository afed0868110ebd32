/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * np_bed.h - what the tests of this folder share: an engine of their own or, where NET_HOME says kernel, the module; both libraries side
 * by side; frames. Included once.
 */
#ifndef NP_BED_H
#define NP_BED_H

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../tests/unit/own_engine.h"
#include "np_sys.h"

static struct np_sys bed_ours, bed_system;

/* The functions of the library that the test is linked with, or, by its path, of the system's. */
static inline void
bed_fill(struct np_sys *s, void *lib)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#define BED_OWN(name) \
	s->name = (__typeof__(s->name))dlsym(lib, #name); \
	assert_non_null(s->name);
#define BED_PASS(ret, name, params, args) BED_OWN(name)
#define BED_PASSV(name, params, args) BED_OWN(name)
	NP_CALLS(BED_PASS, BED_PASSV, BED_PASS, BED_OWN)
#pragma GCC diagnostic pop
}

static inline bool
bed_in_kernel(void)
{
	const char *home = getenv("NET_HOME");

	return home && strcmp(home, "kernel") == 0;
}

static inline int
bed_setup(void **state)
{
	void *lib = dlopen(NP_SYSTEM_LIBPCAP, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);

	assert_non_null(lib);
	bed_fill(&bed_system, lib);
	bed_fill(&bed_ours, RTLD_DEFAULT);
	assert_ptr_not_equal(bed_ours.pcap_create, bed_system.pcap_create);
	return bed_in_kernel() ? 0 : own_engine_setup(state);
}

static inline int
bed_teardown(void **state)
{
	return bed_in_kernel() ? 0 : own_engine_teardown(state);
}

static inline pcap_t *
bed_open(const char *name, int snaplen, int timeout_ms, int buffer)
{
	char err[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = pcap_create(name, err);

	assert_non_null(p);
	assert_int_equal(pcap_set_snaplen(p, snaplen), 0);
	assert_int_equal(pcap_set_timeout(p, timeout_ms), 0);
	assert_int_equal(pcap_set_buffer_size(p, buffer), 0);
	if (pcap_activate(p) != 0)
		fail_msg("%s: %s", name, pcap_geterr(p));
	return p;
}

/* A frame of UDP to `port`, with its number; to all stations, so that a switch passes it on. */
static inline void
bed_frame(u_char *f, size_t size, uint32_t number, uint16_t port)
{
	static const u_char head[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0,
	    10, 0, 0, 1, 10, 0, 0, 2, 4, 210, 0, 0, 0, 26, 0, 0};
	size_t i;

	assert_true(size >= 46);
	for (i = 0; i < size; i++)
		f[i] = (u_char)(i * 7 + number);
	memcpy(f, head, sizeof(head));
	f[36] = (u_char)(port >> 8);
	f[37] = (u_char)port;
	memcpy(f + 42, &number, 4);
}

static inline void
bed_send(pcap_t *p, uint32_t number, uint16_t port)
{
	u_char f[60];

	bed_frame(f, sizeof(f), number, port);
	if (pcap_sendpacket(p, f, sizeof(f)) != 0)
		fail_msg("send: %s", pcap_geterr(p));
}

#define T(t) cmocka_unit_test(t)

#endif
