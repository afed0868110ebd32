/* SPDX-License-Identifier: BSD-2-Clause */
/* dump.c - a frame as text. */
#include "dump.h"

#include <stdio.h>

#include "sig.h"
#include "worker.h"

void
dump_frame(struct run *run, const uint8_t *data, uint32_t len)
{
	FILE *to = run->o->json ? stderr : options_text(run->o);
	uint32_t at, i;

	pthread_mutex_lock(&run->print);
	fprintf(to, "frame of %u bytes\n", len);
	for (at = 0; at < len; at += 16) {
		fprintf(to, "%6x ", at);
		for (i = at; i < at + 16; i++)
			if (i < len)
				fprintf(to, "%s%02x", i == at + 8 ? "  " : " ", data[i]);
			else
				fprintf(to, "%s  ", i == at + 8 ? "  " : " ");
		fputs("  ", to);
		for (i = at; i < at + 16 && i < len; i++)
			fputc(data[i] >= 0x20 && data[i] < 0x7f ? data[i] : '.', to);
		fputc('\n', to);
	}
	if (ferror(to)) /* nobody reads any more, or the disk is full */
		sig_stop();
	pthread_mutex_unlock(&run->print);
}
