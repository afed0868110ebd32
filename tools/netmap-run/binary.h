/* SPDX-License-Identifier: BSD-2-Clause */
/* binary.h - what a file is to the one who would execute it: a program with a loader, one without, a script. */
#ifndef NETMAP_RUN_BINARY_H
#define NETMAP_RUN_BINARY_H

#include <limits.h>
#include <stdint.h>

enum binary_kind {
	BINARY_DYNAMIC, /* of our class and machine, with a loader of shared libraries */
	BINARY_STATIC,  /* of our class and machine, without */
	BINARY_FOREIGN, /* ELF of another class, byte order or machine */
	BINARY_SCRIPT,  /* begins with #! */
	BINARY_OTHER,
};

struct binary {
	enum binary_kind kind;
	unsigned bits;         /* 32 or 64 */
	uint16_t machine;      /* EM_* of elf.h */
	char by[PATH_MAX];     /* the loader, or a script's interpreter; else empty */
};

/* 0, or -errno where the file can't be read; -ENOEXEC: it is an ELF file that ends too early or has numbers that can't be. */
int binary_read(const char *path, struct binary *b);

#endif
