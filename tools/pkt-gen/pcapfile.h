/* SPDX-License-Identifier: BSD-2-Clause */
/* pcapfile.h - pcap files: the frames to send, and those that came in. */
#ifndef PKTGEN_PCAPFILE_H
#define PKTGEN_PCAPFILE_H

#include <stddef.h>
#include <stdint.h>

#define PCAPFILE_ERRLEN 512

struct pcapfile_frame {
	size_t at; /* in data */
	uint32_t len;
};

/* All frames of a file. The data have FRAME_SLACK bytes after the last and FRAME_VNET_MAX zeros before each frame. */
struct pcapfile {
	struct pcapfile_frame *frame;
	size_t n;
	uint8_t *data;
	uint32_t longest;
};

/* 0, or -errno with a line in err (PCAPFILE_ERRLEN bytes). Frames cut by the capture count as long as what there is. */
int pcapfile_load(struct pcapfile *f, const char *path, char *err);
void pcapfile_free(struct pcapfile *f);

struct pcapfile_writer;

/* path: - is standard output. snaplen: bytes of a frame that are kept; 0: all. */
struct pcapfile_writer *pcapfile_create(const char *path, uint32_t snaplen, char *err);
/* 0 or -errno, which stays. ns: since 1970. What was written until then can be read: the file ends with a whole frame. */
int pcapfile_write(struct pcapfile_writer *w, const uint8_t *data, uint32_t len, uint64_t ns);
/* Lets a reader see what was written so far. */
int pcapfile_flush(struct pcapfile_writer *w);
/* 0 or -errno of what was not written. */
int pcapfile_close(struct pcapfile_writer *w);

#endif
