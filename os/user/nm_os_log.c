/* SPDX-License-Identifier: BSD-2-Clause */
#include "nm_os_user.h"

#include <time.h>
#include <unistd.h>

#define BURST 50u /* lines a second */

static int max_level = NM_LOG_INFO;

void
nm_os_user_log_level(int level)
{
	max_level = level;
}

void
nm_os_log(int level, const char *fmt, ...)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	static uint32_t second, lines;
	struct timespec t;
	char text[512];
	struct tm tm;
	va_list ap;
	int n;

	if (level > max_level)
		return;
	clock_gettime(CLOCK_REALTIME, &t);
	if (NM_READ_ONCE(second) != (uint32_t)t.tv_sec) {
		NM_WRITE_ONCE(second, (uint32_t)t.tv_sec);
		NM_WRITE_ONCE(lines, 0);
	}
	if (__atomic_add_fetch(&lines, 1, __ATOMIC_RELAXED) > BURST)
		return;
	localtime_r(&t.tv_sec, &tm);
	n = (int)strftime(text, sizeof(text), "%F %T ", &tm);
	n += snprintf(text + n, sizeof(text) - (size_t)n, "netmapd[%d] %s: ", (int)getpid(), names[level]);
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n - 1, fmt, ap);
	va_end(ap);
	n = (int)strlen(text);
	text[n] = '\n';
	if (write(STDERR_FILENO, text, (size_t)n + 1) < 0)
		return; /* nobody left to tell */
}
