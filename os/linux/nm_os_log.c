/* SPDX-License-Identifier: BSD-2-Clause */
/* nm_os_log.c - the kernel's log, where a client can make the core speak as often as it likes: rate-limited as a whole. */
#include "nm_os_linux.h"

#include <linux/printk.h>
#include <linux/ratelimit.h>

void
nm_os_log(int level, const char *fmt, ...)
{
	static const char *const prefix[] = {KERN_ERR, KERN_WARNING, KERN_INFO, KERN_DEBUG};
	static DEFINE_RATELIMIT_STATE(limit, 5 * HZ, 50);
	struct va_format v;
	va_list ap;

	if (!__ratelimit(&limit))
		return;
	va_start(ap, fmt);
	v.fmt = fmt;
	v.va = &ap;
	printk("%snetmap: %pV\n", prefix[level], &v);
	va_end(ap);
}
