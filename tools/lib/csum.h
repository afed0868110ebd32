/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * csum.h - the Internet checksum (RFC 1071).
 *
 * Sums are kept in 32 bits or more, in network order of the bytes as they lie in memory; fold them at the end. Pieces of odd length
 * must come last.
 */
#ifndef TOOLS_CSUM_H
#define TOOLS_CSUM_H

#include <stddef.h>
#include <stdint.h>

/* Adds len bytes to a sum. */
uint64_t csum_add(const void *data, size_t len, uint64_t sum);

/* The checksum as it is stored in a header. */
uint16_t csum_fold(uint64_t sum);

#endif
