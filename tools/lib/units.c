/* SPDX-License-Identifier: BSD-2-Clause */
/* units.c - numbers for people. */
#include "units.h"

#include <math.h>
#include <stdio.h>

const char *
units_format(char to[UNITS_LEN], double value, const char *unit, bool plain)
{
	static const char *const prefix[] = { "", "k", "M", "G", "T", "P" };
	unsigned i = 0;

	/* 999.9995 would be printed as 1000.000 */
	while (!plain && fabs(value) >= 999.9995 && i + 1 < sizeof(prefix) / sizeof(prefix[0])) {
		value /= 1000;
		i++;
	}
	if (i == 0 && value == floor(value))
		snprintf(to, UNITS_LEN, "%.0f %s", value, unit);
	else
		snprintf(to, UNITS_LEN, "%.3f %s%s", value, prefix[i], unit);
	return to;
}

const char *
units_time(char to[UNITS_LEN], double ns, bool plain)
{
	static const char *const unit[] = { "ns", "us", "ms", "s" };
	unsigned i = 0;

	while (!plain && ns >= 999.9995 && i < 3) {
		ns /= 1000;
		i++;
	}
	if (i == 0)
		snprintf(to, UNITS_LEN, "%.0f %s", ns, unit[0]);
	else
		snprintf(to, UNITS_LEN, "%.3f %s", ns, unit[i]);
	return to;
}
