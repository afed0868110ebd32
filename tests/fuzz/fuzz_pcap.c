/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_pcap.c - files given to pkt-gen -P. */
#include "frame.h"
#include "pcapfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pcapfile_want want = { FRAME_MIN, FRAME_MAX, FRAME_VNET_MAX, FRAME_SLACK };
	char path[32], err[PCAPFILE_ERRLEN] = "";
	struct pcapfile f;
	int fd = memfd_create("input", MFD_CLOEXEC), error;
	size_t i, sum = 0;
	uint64_t bytes = 0;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	error = pcapfile_load(&f, path, &want, err);
	if (error && !err[0])
		abort(); /* refused in silence */
	for (i = 0; !error && i < f.n; i++) {
		uint32_t k, len = f.frame[i].len;

		if (len > f.longest || len < f.shortest || len < FRAME_MIN || len > FRAME_MAX)
			abort();
		bytes += len;
		for (k = 0; k < len + FRAME_SLACK; k++)
			sum += f.data[f.frame[i].at + k];
		for (k = 0; k < FRAME_VNET_MAX; k++)
			if (f.data[f.frame[i].at - FRAME_VNET_MAX + k])
				abort();
	}
	if (!error && (bytes != f.bytes || f.cut > f.n))
		abort();
	if (!error)
		pcapfile_free(&f);
	close(fd);
	return sum == 1 ? -1 : 0;
}
