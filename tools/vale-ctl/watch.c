/* SPDX-License-Identifier: BSD-2-Clause */
/* watch.c - shows again and again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "app.h"
#include "out.h"
#include "sig.h"

#define HOME "\033[H"
#define TO_END_OF_LINE "\033[K"
#define TO_END_OF_SCREEN "\033[J"

void
watch_screen(FILE *to, const char *block, unsigned rows)
{
	unsigned line;
	size_t n;

	fputs(HOME, to);
	for (line = 1; *block; line++) {
		n = strcspn(block, "\n");
		if (rows > 1 && line == rows && block[n] && block[n + 1]) {
			/* a line more would scroll */
			fputs("..." TO_END_OF_LINE, to);
			break;
		}
		fwrite(block, 1, n, to);
		fputs(TO_END_OF_LINE, to);
		if (block[n] && !(rows && line == rows))
			fputc('\n', to);
		block += n + (block[n] != '\0');
	}
	fputs(TO_END_OF_SCREEN, to);
}

static void
heading(FILE *to)
{
	char text[64];
	struct tm tm;
	time_t now = time(NULL);

	if (localtime_r(&now, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
		fprintf(to, "%s\n", text);
}

static unsigned
terminal_rows(void)
{
	struct winsize w;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) < 0 ? 0 : w.ws_row;
}

/* One block, made whole before it is shown. */
static int
once(struct app *a, action_fn show, bool screen, bool first)
{
	char *block = NULL;
	size_t size;
	FILE *f = open_memstream(&block, &size);
	int rc;

	if (!f)
		return -ENOMEM;
	if (!a->config.json)
		heading(f);
	rc = show(a, f);
	fclose(f);
	if (!rc && screen)
		watch_screen(stdout, block, terminal_rows());
	else if (!rc)
		printf("%s%s", first || a->config.json ? "" : "\n", block);
	free(block);
	if (!rc)
		rc = out_flush(stdout); /* nobody reads any more, or the disk is full */
	return rc;
}

int
watch_run(struct app *a, action_fn show)
{
	bool screen = !a->config.json && isatty(STDOUT_FILENO);
	bool first = true;
	int rc = 0;

	sig_install();
	if (screen)
		fputs(HOME TO_END_OF_SCREEN, stdout);
	while (!rc && !sig_stopped()) {
		rc = once(a, show, screen, first);
		first = false;
		if (!rc && !sig_stopped())
			sig_wait((int)a->config.watch_ms);
	}
	if (screen)
		fputc('\n', stdout);
	return rc;
}
