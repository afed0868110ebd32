/* SPDX-License-Identifier: BSD-2-Clause */
/* cmdline.h - a command line, as tests of tools write it: the words of one string. Included once. */
#ifndef CMDLINE_H
#define CMDLINE_H

#include <stdio.h>
#include <string.h>

#define CMDLINE_WORDS 40

/* argv ends with a NULL, and is good until the next call. */
static inline int
cmdline_words(const char *tool, const char *line, char ***argv)
{
	static char text[1024], *word[CMDLINE_WORDS + 1];
	char *save = NULL, *w;
	int n = 0;

	snprintf(text, sizeof(text), "%s %s", tool, line);
	for (w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		assert_in_range(n, 0, CMDLINE_WORDS - 1);
		word[n++] = w;
	}
	word[n] = NULL;
	*argv = word;
	return n;
}

#endif
