/* SPDX-License-Identifier: BSD-2-Clause */
/* units.h - numbers for people. */
#ifndef TOOLS_UNITS_H
#define TOOLS_UNITS_H

#include <stdbool.h>
#include <stddef.h>

#define UNITS_LEN 48

/* "1.234 Mpps" for (1234000, "pps"); with plain "1234000.000 pps" and, for a whole number, "1234000 pps". Returns to. */
const char *units_format(char to[UNITS_LEN], double value, const char *unit, bool plain);

/* "1.234 us" for 1234 nanoseconds; with plain "1234 ns". */
const char *units_time(char to[UNITS_LEN], double ns, bool plain);

#endif
