/* SPDX-License-Identifier: BSD-2-Clause */
/* pcapfile.h - pcap and pcapng files: the frames to send, all in memory so that no disk is waited for, and those that came in. */
#ifndef TOOLS_PCAPFILE_H
#define TOOLS_PCAPFILE_H

#include <stddef.h>
#include <stdint.h>

#define PCAPFILE_ERRLEN 512

struct pcap;

struct pcapfile_frame {
	size_t at;   /* in data */
	uint64_t ts; /* ns since 1970 */
	uint32_t len;
};

struct pcapfile {
	struct pcapfile_frame *frame;
	size_t n;
	uint8_t *data;
	uint64_t bytes; /* of all frames */
	uint64_t cut;   /* frames of which the capture kept the beginning only; they count as long as that */
	uint32_t shortest, longest;
};

/* What a program asks of a file. */
struct pcapfile_want {
	uint32_t least, most;   /* bytes of a frame */
	uint32_t before, after; /* zeros before each frame in data, and bytes that may be read behind the last */
};

/* path: - is standard input. 0, or -errno with a line in err (PCAPFILE_ERRLEN bytes). */
int pcapfile_load(struct pcapfile *f, const char *path, const struct pcapfile_want *want, char *err);
void pcapfile_free(struct pcapfile *f);

/* Of what libpcap has opened: 0, or -EINVAL with a line in err if its frames are not of Ethernet. */
int pcapfile_ethernet(struct pcap *p, const char *path, char *err);

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
